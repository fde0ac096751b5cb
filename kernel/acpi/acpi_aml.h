/* SPDX-License-Identifier: MIT */
/*
 * Just enough of AML's encoding (ACPI 6.4, 20.2) to find constants in it. Nothing here reads beyond
 * the piece that it was given, whatever the lengths inside claim.
 */
#ifndef KERNEL_ACPI_ACPI_AML_H
#define KERNEL_ACPI_ACPI_AML_H

#include "kernel/types.h"

/* A piece of a table. */
struct aml {
	const u8 *at;
	u32 size; /* bytes */
};

enum aml_kind { AML_SCOPE, AML_DEVICE };

struct aml_package {
	char name[4]; /* the last part of the name */
	struct aml body;
};

/* Returns the whole DSDT (kernel/acpi/acpi_dsdt.c) without its head, or an empty piece. */
struct aml acpi_dsdt_body(void);

/* Returns the bytes behind the first `count`, or an empty piece. */
struct aml aml_skip(struct aml aml, u32 count);

/* The next place where `name` is spelt, at any depth: `rest` goes to what stands behind it. */
bool aml_next_spelling(struct aml *rest, const char *name);

/* Finds the next package of a kind, at any depth; `rest` becomes the bytes behind its head. */
bool aml_next_package(struct aml *rest, enum aml_kind kind, struct aml_package *package);

/*
 * Finds Name(name, value) in a device or scope, but not in devices and scopes inside it: `value`
 * begins at the value. Or finds the body of the method of that name.
 */
bool aml_find_name(struct aml body, const char *name, struct aml *value, bool *is_method);

/* Finds the bytes of the buffer that begins here, or of the first one inside. */
bool aml_buffer(struct aml value, struct aml *bytes);
bool aml_find_buffer(struct aml body, struct aml *bytes);

/* Reads the constant integer that begins here. */
bool aml_number(struct aml value, u64 *number);

/* Reads the last part of the name that begins here. */
bool aml_name(struct aml value, char name[4]);

/* Finds the elements of the package that begins here; then returns one after the other, as long as
 * it is a number, a package or a name. False at the end, and at anything else. */
bool aml_elements(struct aml value, struct aml *elements);
bool aml_next_element(struct aml *elements, struct aml *element);

/* A resource descriptor (ACPI 6.4, 6.4): large ones by their tag, small ones without length. */
struct aml_resource {
	u8 tag;
	struct aml data; /* without its head */
};

/* Reads the next one in the bytes of a buffer; false at the end tag, and at one that is too
 * long. */
bool aml_next_resource(struct aml *bytes, struct aml_resource *resource);

/* Reads the value that a method returns, if that is a constant, or a name of four letters; and a
 * constant that is returned here, directly. */
bool aml_returned_number(struct aml method, u64 *number);
bool aml_return(struct aml code, u64 *number);
bool aml_returned_name(struct aml method, char name[4]);

#endif
