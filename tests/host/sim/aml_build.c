// SPDX-License-Identifier: MIT
/* See aml_build.h. */
#include "aml_build.h"

#include "test.h"

u8 aml_bytes[4096];
u32 aml_length;

void aml_put(const void *bytes, u32 size)
{
	CHECK(aml_length + size <= sizeof(aml_bytes));
	memcpy(aml_bytes + aml_length, bytes, size);
	aml_length += size;
}

void aml_put_number(u64 value, u32 width)
{
	for (; width--; value >>= 8)
		aml_put(&value, 1);
}

u32 aml_begin(void)
{
	aml_length += 2;
	return aml_length - 2;
}

void aml_end(u32 at)
{
	u32 size = aml_length - at;

	aml_bytes[at] = (u8)(0x40 | (size & 0x0f));
	aml_bytes[at + 1] = (u8)(size >> 4);
}

u32 aml_begin_device(const char *name)
{
	u32 at;

	PUT("\x5b\x82");
	at = aml_begin();
	aml_put(name, 4);
	return at;
}
