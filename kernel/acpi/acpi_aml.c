// SPDX-License-Identifier: MIT
/* Finds constants in AML; see acpi_aml.h. */
#include "kernel/acpi/acpi_aml.h"

#include "kernel/string.h"

/* ACPI 6.4, 20.3 */
enum {
	ZERO_OP = 0x00,
	ONE_OP = 0x01,
	NAME_OP = 0x08,
	BYTE_PREFIX = 0x0a,
	WORD_PREFIX = 0x0b,
	DWORD_PREFIX = 0x0c,
	QWORD_PREFIX = 0x0e,
	SCOPE_OP = 0x10,
	BUFFER_OP = 0x11,
	PACKAGE_OP = 0x12,
	VAR_PACKAGE_OP = 0x13,
	METHOD_OP = 0x14,
	DUAL_NAME = 0x2e,
	MULTI_NAME = 0x2f,
	EXTENDED = 0x5b,
	ROOT = '\\',
	PARENT = '^',
	DEVICE_OP = 0x82, /* after EXTENDED */
	RETURN_OP = 0xa4,
};

struct aml aml_skip(struct aml aml, u32 count)
{
	count = min(count, aml.size);
	return (struct aml){ aml.at + count, aml.size - count };
}

static bool aml_starts_with(struct aml aml, u8 byte)
{
	return aml.size && aml.at[0] == byte;
}

/* Reads a package length (20.2.4), which includes itself; `body` becomes the rest of the
 * package. */
static bool enter_package(struct aml aml, struct aml *body)
{
	u32 length, more;

	if (!aml.size)
		return false;
	more = aml.at[0] >> 6;
	if (aml.size < 1 + more)
		return false;
	length = more ? aml.at[0] & 0x0f : aml.at[0] & 0x3f;
	for (u32 i = 0; i < more; i++)
		length |= (u32)aml.at[1 + i] << (4 + 8 * i);
	if (length < 1 + more || length > aml.size)
		return false;
	*body = (struct aml){ aml.at + 1 + more, length - 1 - more };
	return true;
}

static bool is_name_part(struct aml aml)
{
	if (aml.size < 4)
		return false;
	for (u32 i = 0; i < 4; i++) {
		u8 c = aml.at[i];

		if (c != '_' && !(c >= 'A' && c <= 'Z') && !(i && c >= '0' && c <= '9'))
			return false;
	}
	return true;
}

/* Reads a name (20.2.2) of one or more parts: stores the last part in `name`, and moves `aml`
 * behind it. */
static bool read_name(struct aml *aml, char name[4])
{
	u32 parts = 1;

	while (aml_starts_with(*aml, ROOT) || aml_starts_with(*aml, PARENT))
		*aml = aml_skip(*aml, 1);
	if (aml_starts_with(*aml, DUAL_NAME)) {
		parts = 2;
		*aml = aml_skip(*aml, 1);
	} else if (aml_starts_with(*aml, MULTI_NAME) && aml->size >= 2) {
		parts = aml->at[1];
		*aml = aml_skip(*aml, 2);
	}
	if (!parts)
		return false;
	*aml = aml_skip(*aml, 4 * (parts - 1));
	if (!is_name_part(*aml))
		return false;
	memcpy(name, aml->at, 4);
	*aml = aml_skip(*aml, 4);
	return true;
}

/* Opens a named package that begins here; its opcode has `opcode_size` bytes. */
static bool open_package(struct aml aml, u32 opcode_size, struct aml_package *package)
{
	return enter_package(aml_skip(aml, opcode_size), &package->body) &&
	       read_name(&package->body, package->name);
}

static bool open_device(struct aml aml, struct aml_package *package)
{
	return aml.size > 2 && aml.at[0] == EXTENDED && aml.at[1] == DEVICE_OP &&
	       open_package(aml, 2, package);
}

static bool open_scope(struct aml aml, struct aml_package *package)
{
	return aml_starts_with(aml, SCOPE_OP) && open_package(aml, 1, package);
}

static bool open_method(struct aml aml, struct aml_package *package)
{
	return aml_starts_with(aml, METHOD_OP) && open_package(aml, 1, package);
}

bool aml_next_spelling(struct aml *rest, const char *name)
{
	for (; rest->size >= 4; *rest = aml_skip(*rest, 1)) {
		if (memcmp(rest->at, name, 4))
			continue;
		*rest = aml_skip(*rest, 4);
		return true;
	}
	return false;
}

bool aml_next_package(struct aml *rest, enum aml_kind kind, struct aml_package *package)
{
	for (; rest->size; *rest = aml_skip(*rest, 1)) {
		if (kind == AML_DEVICE ? open_device(*rest, package) : open_scope(*rest, package)) {
			*rest = aml_skip(*rest, 2);
			return true;
		}
	}
	return false;
}

/* Returns the length of a package that begins here, or else one byte. */
static u32 aml_step(struct aml aml)
{
	struct aml_package package;

	if (open_device(aml, &package) || open_scope(aml, &package) || open_method(aml, &package))
		return (u32)(package.body.at - aml.at) + package.body.size;
	return 1;
}

static bool aml_is_named(struct aml aml, const char *name)
{
	return aml_starts_with(aml, NAME_OP) && aml.size >= 5 && !memcmp(aml.at + 1, name, 4);
}

bool aml_find_name(struct aml body, const char *name, struct aml *value, bool *is_method)
{
	struct aml_package method;

	for (; body.size; body = aml_skip(body, aml_step(body))) {
		*is_method = open_method(body, &method) && !memcmp(method.name, name, 4);
		*value = *is_method ? aml_skip(method.body, 1) : aml_skip(body, 5); /* its flags */
		if (*is_method || aml_is_named(body, name))
			return true;
	}
	return false;
}

/* The bytes of an integer with its opcode (20.2.3); 0 when it is none, or not all there. */
static u32 number_size(struct aml value)
{
	static const u8 sizes[QWORD_PREFIX + 1] = {
		[ZERO_OP] = 1,	   [ONE_OP] = 1,       [BYTE_PREFIX] = 2,
		[WORD_PREFIX] = 3, [DWORD_PREFIX] = 5, [QWORD_PREFIX] = 9,
	};
	u32 size = value.size && value.at[0] < sizeof(sizes) ? sizes[value.at[0]] : 0;

	return size <= value.size ? size : 0;
}

bool aml_number(struct aml value, u64 *number)
{
	u32 size = number_size(value);

	if (!size)
		return false;
	*number = size > 1 ? 0 : value.at[0];
	memcpy(number, value.at + 1, size - 1);
	return true;
}

bool aml_name(struct aml value, char name[4])
{
	return read_name(&value, name);
}

/* Skips the element count, which is a byte or an integer (20.2.5.4); the package's length bounds
 * the elements anyway. */
bool aml_elements(struct aml value, struct aml *elements)
{
	struct aml count;

	if (!value.size || !enter_package(aml_skip(value, 1), elements))
		return false;
	if (value.at[0] == VAR_PACKAGE_OP)
		return aml_next_element(elements, &count);
	*elements = aml_skip(*elements, 1);
	return value.at[0] == PACKAGE_OP;
}

bool aml_next_element(struct aml *elements, struct aml *element)
{
	struct aml rest = *elements, body;
	char name[4];

	*element = rest;
	if (number_size(rest))
		rest = aml_skip(rest, number_size(rest));
	else if (aml_starts_with(rest, PACKAGE_OP) && enter_package(aml_skip(rest, 1), &body))
		rest = aml_skip(rest, (u32)(body.at - rest.at) + body.size);
	else if (!read_name(&rest, name))
		return false;
	element->size -= rest.size;
	*elements = rest;
	return true;
}

#define LARGE_ITEM 0x80
#define SMALL_LENGTH 0x07
#define END_TAG 0x78

bool aml_next_resource(struct aml *bytes, struct aml_resource *resource)
{
	u8 tag = bytes->size ? bytes->at[0] : END_TAG;
	u32 head = tag & LARGE_ITEM ? 3 : 1, length = tag & SMALL_LENGTH;

	if (bytes->size < head || (tag & ~SMALL_LENGTH) == END_TAG)
		return false;
	if (tag & LARGE_ITEM)
		length = bytes->at[1] | (u32)bytes->at[2] << 8;
	if (length > bytes->size - head)
		return false;
	resource->tag = tag & LARGE_ITEM ? tag : tag & (u8)~SMALL_LENGTH;
	resource->data = (struct aml){ bytes->at + head, length };
	*bytes = aml_skip(*bytes, head + length);
	return true;
}

bool aml_buffer(struct aml value, struct aml *bytes)
{
	struct aml body;
	u64 size;

	if (!aml_starts_with(value, BUFFER_OP) || !enter_package(aml_skip(value, 1), &body))
		return false;
	if (!aml_number(body, &size))
		return false;
	if (body.at[0] <= ONE_OP || body.at[0] == QWORD_PREFIX)
		return false;
	*bytes = aml_skip(body, number_size(body));
	bytes->size = (u32)min(size, (u64)bytes->size);
	return true;
}

bool aml_find_buffer(struct aml body, struct aml *bytes)
{
	for (; body.size; body = aml_skip(body, 1))
		if (aml_buffer(body, bytes))
			return true;
	return false;
}

bool aml_return(struct aml code, u64 *number)
{
	return aml_starts_with(code, RETURN_OP) && aml_number(aml_skip(code, 1), number);
}

/* The first Return of a method, or nothing. */
static struct aml aml_find_return(struct aml method)
{
	while (method.size && !aml_starts_with(method, RETURN_OP))
		method = aml_skip(method, 1);
	return method;
}

bool aml_returned_number(struct aml method, u64 *number)
{
	return aml_return(aml_find_return(method), number);
}

bool aml_returned_name(struct aml method, char name[4])
{
	struct aml value = aml_skip(aml_find_return(method), 1);

	if (!is_name_part(value))
		return false;
	memcpy(name, value.at, 4);
	return true;
}
