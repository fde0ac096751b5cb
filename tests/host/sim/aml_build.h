/* SPDX-License-Identifier: MIT */
/* Writes AML for tests, a piece after the other. */
#ifndef TESTS_HOST_AML_BUILD_H
#define TESTS_HOST_AML_BUILD_H

#include "kernel/types.h"

/* What has been written; a test begins with setting the length to 0. */
extern u8 aml_bytes[4096];
extern u32 aml_length;

void aml_put(const void *bytes, u32 size);
/* Little-endian, `width` bytes. */
void aml_put_number(u64 value, u32 width);
#define PUT(text) aml_put((text), sizeof(text) - 1)

/* A package length of two bytes, filled in when the package ends; aml_end wants what begin gave. */
u32 aml_begin(void);
u32 aml_begin_device(const char *name);
void aml_end(u32 at);

#endif
