/* SPDX-License-Identifier: MIT */
/* Stands before the kernel's own header: ports and registers are the simulated world's. */
#ifndef TESTS_HOST_KERNEL_IO_H
#define TESTS_HOST_KERNEL_IO_H

#include "kernel/types.h"

u32 world_mmio_read(const volatile void *address, unsigned int size);
void world_mmio_write(volatile void *address, unsigned int size, u32 value);
u32 world_in(u16 port, unsigned int size);
void world_out(u16 port, unsigned int size, u32 value);

#define WORLD_ACCESSORS(suffix, type)                                        \
	static inline type read##suffix(const volatile void *address)        \
	{                                                                    \
		return (type)world_mmio_read(address, sizeof(type));         \
	}                                                                    \
	static inline void write##suffix(type value, volatile void *address) \
	{                                                                    \
		world_mmio_write(address, sizeof(type), value);              \
	}                                                                    \
	static inline type in##suffix(u16 port)                              \
	{                                                                    \
		return (type)world_in(port, sizeof(type));                   \
	}                                                                    \
	static inline void out##suffix(type value, u16 port)                 \
	{                                                                    \
		world_out(port, sizeof(type), value);                        \
	}

WORLD_ACCESSORS(b, u8)
WORLD_ACCESSORS(w, u16)
WORLD_ACCESSORS(l, u32)

#endif
