// SPDX-License-Identifier: MIT
/*
 * The functions that the compiler calls on undefined behaviour, in an image built with UBSAN=1.
 * Each panics and names file, line and column. Names and structures are those of gcc and clang
 * (compiler-rt, lib/ubsan/ubsan_handlers.h). Without UBSAN=1 nothing refers to them, and the linker
 * leaves them out. This file is not instrumented itself.
 */
#include "kernel/panic.h"
#include "kernel/printk.h"
#include "kernel/string.h"
#include "kernel/types.h"

struct source {
	const char *file;
	u32 line, column;
};

struct type {
	u16 kind; /* 0: an integer */
	u16 info; /* of an integer: bit 0 signed, above it log2 of its bits */
	char name[];
};

/* The common head: the place, then the type if there is one. */
struct place_data {
	struct source place;
};

struct type_data {
	struct source place;
	const struct type *type;
};

struct two_types_data {
	struct source place;
	const struct type *left, *right;
};

struct mismatch_data {
	struct source place;
	const struct type *type;
	u8 log_alignment;
	u8 kind;
};

struct argument_data {
	struct source place, attribute;
	int index;
};

struct assumption_data {
	struct source place, assumption;
	const struct type *type;
};

/* -fno-sanitize-recover calls the second name, plain -fsanitize the first; both end here. */
#define HANDLER(name, ...)                                       \
	void __ubsan_handle_##name(__VA_ARGS__);                 \
	void __ubsan_handle_##name##_abort(__VA_ARGS__)          \
		__attribute__((alias("__ubsan_handle_" #name))); \
	void __ubsan_handle_##name(__VA_ARGS__)

/* Removes the "./" of headers found through -I. */
static const char *file_of(const struct source *place)
{
	return strncmp(place->file, "./", 2) ? place->file : place->file + 2;
}

#define REPORT(data, format, ...)                                                      \
	panic("UBSan: %s:%u:%u: " format, file_of(&(data)->place), (data)->place.line, \
	      (data)->place.column, ##__VA_ARGS__)

/* Shows a value. The compiler passes it directly if it fits into a register, else by its
 * address. */
static const char *show_value(const struct type *type, u64 value, char *text, size_t size)
{
	unsigned int bits = 1u << (type->info >> 1), unused = bits < 64 ? 64 - bits : 0;

	if (type->kind || bits > 64)
		snprintf(text, size, "a value");
	else if (type->info & 1)
		snprintf(text, size, "%lld", (long long)(value << unused) >> unused);
	else
		snprintf(text, size, "%llu", value << unused >> unused);
	return text;
}

#define SHOWN_MAX 24

static void report_overflow(const struct type_data *data, u64 left, const char *operator, u64 right)
{
	char first[SHOWN_MAX], second[SHOWN_MAX];

	REPORT(data, "%s %s %s does not fit into %s",
	       show_value(data->type, left, first, sizeof(first)), operator,
	       show_value(data->type, right, second, sizeof(second)), data->type->name);
}

#define OVERFLOW_HANDLER(name, operator)                                 \
	HANDLER(name, const struct type_data *data, u64 left, u64 right) \
	{                                                                \
		report_overflow(data, left, operator, right);            \
	}

OVERFLOW_HANDLER(add_overflow, "+")
OVERFLOW_HANDLER(sub_overflow, "-")
OVERFLOW_HANDLER(mul_overflow, "*")
OVERFLOW_HANDLER(divrem_overflow, "/")

HANDLER(negate_overflow, const struct type_data *data, u64 value)
{
	char text[SHOWN_MAX];

	REPORT(data, "-(%s) does not fit into %s",
	       show_value(data->type, value, text, sizeof(text)), data->type->name);
}

HANDLER(shift_out_of_bounds, const struct two_types_data *data, u64 value, u64 distance)
{
	char first[SHOWN_MAX], second[SHOWN_MAX];

	REPORT(data, "shift of %s, of type %s, by %s",
	       show_value(data->left, value, first, sizeof(first)), data->left->name,
	       show_value(data->right, distance, second, sizeof(second)));
}

HANDLER(out_of_bounds, const struct two_types_data *data, u64 index)
{
	char text[SHOWN_MAX];

	REPORT(data, "index %s is outside of %s",
	       show_value(data->right, index, text, sizeof(text)), data->left->name);
}

HANDLER(type_mismatch_v1, const struct mismatch_data *data, u64 pointer)
{
	static const char *const kinds[] = {
		"load of",	    "store to",	      "reference to",
		"member access in", "member call on", "constructor call on",
		"downcast of",	    "downcast of",    "upcast of",
		"cast to",	    "nonnull use of", "dynamic operation on",
	};
	const char *kind = data->kind < ARRAY_SIZE(kinds) ? kinds[data->kind] : "use of";

	if (!pointer)
		REPORT(data, "%s %s by a null pointer", kind, data->type->name);
	else if (pointer & (BIT_ULL(data->log_alignment) - 1))
		REPORT(data, "%s %s at 0x%llx, which is not aligned to %llu", kind,
		       data->type->name, pointer, BIT_ULL(data->log_alignment));
	else
		REPORT(data, "%s %s at 0x%llx, which has too little room for it", kind,
		       data->type->name, pointer);
}

HANDLER(pointer_overflow, const struct place_data *data, u64 base, u64 result)
{
	REPORT(data, "pointer arithmetic from 0x%llx to 0x%llx", base, result);
}

HANDLER(alignment_assumption, const struct assumption_data *data, u64 pointer, u64 alignment,
	u64 offset)
{
	REPORT(data, "0x%llx (offset %llu) is not aligned to %llu as assumed", pointer, offset,
	       alignment);
}

HANDLER(vla_bound_not_positive, const struct type_data *data, u64 bound)
{
	char text[SHOWN_MAX];

	REPORT(data, "an array of %s elements", show_value(data->type, bound, text, sizeof(text)));
}

HANDLER(load_invalid_value, const struct type_data *data, u64 value)
{
	char text[SHOWN_MAX];

	REPORT(data, "%s is not a valid %s", show_value(data->type, value, text, sizeof(text)),
	       data->type->name);
}

HANDLER(nonnull_arg, const struct argument_data *data)
{
	REPORT(data, "argument %d must not be null", data->index);
}

HANDLER(nonnull_return_v1, const struct place_data *data, const struct source *place)
{
	panic("UBSan: %s:%u:%u: null returned by a function that must not return it",
	      file_of(place), place->line, place->column);
	(void)data;
}

HANDLER(invalid_builtin, const struct place_data *data)
{
	REPORT(data, "count of leading or trailing zeros of 0");
}

/* These two have no second name: execution cannot continue. */
void __ubsan_handle_builtin_unreachable(const struct place_data *data);
void __ubsan_handle_builtin_unreachable(const struct place_data *data)
{
	REPORT(data, "unreachable code was reached");
}

void __ubsan_handle_missing_return(const struct place_data *data);
void __ubsan_handle_missing_return(const struct place_data *data)
{
	REPORT(data, "the end of a function that returns a value");
}
