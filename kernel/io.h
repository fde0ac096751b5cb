/* SPDX-License-Identifier: MIT */
/*
 * Port and memory-mapped I/O; only this file uses the instructions. Every access is one instruction
 * of exactly the named width, so a register is never read in pieces (virtio 1.2, 4.1.3.1: natural
 * width).
 */
#ifndef KERNEL_IO_H
#define KERNEL_IO_H

#include "kernel/types.h"

#define IO_PORT_ACCESSORS(suffix, type)                                               \
	static inline void out##suffix(type value, u16 port)                          \
	{                                                                             \
		__asm__ volatile("out" #suffix " %0, %1" : : "a"(value), "Nd"(port)); \
	}                                                                             \
	static inline type in##suffix(u16 port)                                       \
	{                                                                             \
		type value;                                                           \
		__asm__ volatile("in" #suffix " %1, %0" : "=a"(value) : "Nd"(port));  \
		return value;                                                         \
	}

IO_PORT_ACCESSORS(b, u8)
IO_PORT_ACCESSORS(w, u16)
IO_PORT_ACCESSORS(l, u32)

/* The "memory" clobber keeps the access in program order with ordinary loads and stores. */
#define MMIO_ACCESSORS(suffix, type)                                         \
	static inline type read##suffix(const volatile void *address)        \
	{                                                                    \
		type value = *(const volatile type *)address;                \
		__asm__ volatile("" : : : "memory");                         \
		return value;                                                \
	}                                                                    \
	static inline void write##suffix(type value, volatile void *address) \
	{                                                                    \
		__asm__ volatile("" : : : "memory");                         \
		*(volatile type *)address = value;                           \
	}

MMIO_ACCESSORS(b, u8)
MMIO_ACCESSORS(w, u16)
MMIO_ACCESSORS(l, u32)

#endif
