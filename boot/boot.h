/* SPDX-License-Identifier: MIT */
/* The interface between the entry code and the parsers of the loader's information; read by
 * assembly, too. */
#ifndef BOOT_BOOT_H
#define BOOT_BOOT_H

/* Which loader started us. */
#define BOOT_MULTIBOOT2 2
#define BOOT_PVH 3

#define MULTIBOOT2_MAGIC 0x36d76289 /* in %eax; multiboot2 3.3 */
#define PVH_MAGIC 0x336ec578	    /* first word of struct hvm_start_info; Xen PVH boot ABI */

#define BOOT_STACK_SIZE 0x10000

#ifndef __ASSEMBLER__

#include "kernel/bootinfo.h"

/* Physical addresses below this are mapped while the loader's information is read. */
#define BOOT_MAPPED 0x100000000ULL

/* The first C function; `loader` names the loader, `info` is what it left in %ebx. */
__noreturn void boot_start(u32 loader, u32 info);

/*
 * Fill `boot` from the loader's information, which is not trusted: every length is bounded, and
 * invalid parts are dropped with a message. Without a memory map they stop the machine.
 */
void boot_parse_multiboot2(u32 info, struct boot_info *boot);
void boot_parse_pvh(u32 info, struct boot_info *boot);

/*
 * Adds one range of the loader's map. An empty range is skipped. One that wraps, or is beyond
 * BOOT_MEMORY_MAX, is dropped and counted, and the first few are printed. If a dropped range was
 * not RAM, RAM ends before it: only RAM is ever used as RAM.
 */
void boot_add_memory(struct boot_info *boot, u64 base, u64 size, bool usable);

/*
 * Keeps a command line of at most `limit` bytes at physical `address`; a longer one is cut to
 * BOOT_CMDLINE_MAX - 1 bytes. Control characters become spaces.
 */
void boot_set_cmdline(struct boot_info *boot, u64 address, u64 limit);

/* True if [address, address + size) can be read now. */
bool boot_readable(u64 address, u64 size);

#endif
#endif
