/* SPDX-License-Identifier: MIT */
/*
 * Reading memory the device can write. Each field is read once, through here, into a local copy
 * that is checked before use: the device may change it again at any moment. A fuzzer or a model
 * checker puts its own header of this name first and answers with what it likes.
 */
#ifndef DRIVERS_VIRTIO_SHARED_MEMORY_H
#define DRIVERS_VIRTIO_SHARED_MEMORY_H

#include "kernel/types.h"

static inline u16 shared_read16(const __le16 *field)
{
	return le16_to_cpu(READ_ONCE(*field));
}

static inline u32 shared_read32(const __le32 *field)
{
	return le32_to_cpu(READ_ONCE(*field));
}

#endif
