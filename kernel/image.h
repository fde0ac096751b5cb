/* SPDX-License-Identifier: MIT */
/* Where the linked image is. linker.ld defines the bounds; each part is whole pages. */
#ifndef KERNEL_IMAGE_H
#define KERNEL_IMAGE_H

#include "kernel/types.h"

extern const char image_start[], text_end[];	/* code: read, execute */
extern const char rodata_start[], rodata_end[]; /* constants: read */
extern const char data_start[], image_end[];	/* variables and stacks: read, write */

#endif
