/* SPDX-License-Identifier: MIT */
/*
 * Just enough of AML's encoding (ACPI 6.4, 20.2) to find constants in it. Nothing here reads beyond
 * the piece it is given, whatever the lengths in it say.
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
	char name[4]; /* the last part of it */
	struct aml body;
};

/* The whole DSDT (kernel/acpi/acpi_dsdt.c), without its head; nothing when there is none. */
struct aml acpi_dsdt_body(void);

/* What comes behind the first `count` bytes; nothing when there are fewer. */
struct aml aml_skip(struct aml aml, u32 count);

/* The next place where `name` is spelt, at any depth: `rest` goes to what stands behind it. */
bool aml_next_spelling(struct aml *rest, const char *name);

/* The next package of a kind, at any depth; `rest` goes to what comes behind its head. */
bool aml_next_package(struct aml *rest, enum aml_kind kind, struct aml_package *package);

/*
 * What Name(name, value) of a device or scope says, but not what devices and scopes within it say:
 * `value` begins there. Or the body of the method of that name.
 */
bool aml_find_name(struct aml body, const char *name, struct aml *value, bool *is_method);

/* The bytes of the buffer that begins here, or of the first one in there. */
bool aml_buffer(struct aml value, struct aml *bytes);
bool aml_find_buffer(struct aml body, struct aml *bytes);

/* The constant integer that begins here. */
bool aml_number(struct aml value, u64 *number);

/* The last part of the name that begins here. */
bool aml_name(struct aml value, char name[4]);

/* The elements of the package that begins here; and the next of them, as long as it is a number, a
 * package or a name: false at the end, and at anything else. */
bool aml_elements(struct aml value, struct aml *elements);
bool aml_next_element(struct aml *elements, struct aml *element);

/* A resource descriptor (ACPI 6.4, 6.4): large ones by their tag, small ones without length. */
struct aml_resource {
	u8 tag;
	struct aml data; /* behind its head */
};

/* The next one in the bytes of a buffer; false at the end tag, and at one that does not fit. */
bool aml_next_resource(struct aml *bytes, struct aml_resource *resource);

/* What a method returns, where that is a constant or a name of four letters; and a constant that is
 * returned here, at once. */
bool aml_returned_number(struct aml method, u64 *number);
bool aml_return(struct aml code, u64 *number);
bool aml_returned_name(struct aml method, char name[4]);

#endif
