/* SPDX-License-Identifier: MIT */
/*
 * Linker tables and the start-up calls in them. A file adds itself to a table by being linked; no
 * other file names it. linker.ld sorts the sections .table.* by name, so that the entries of a
 * table lie between its markers "0" and "9", in the order of their keys.
 */
#ifndef KERNEL_INIT_H
#define KERNEL_INIT_H

#include "kernel/types.h"

#define LINKER_TABLE_SECTION(table, key) \
	__attribute__((section(".table." #table "." #key), used, aligned(8)))

/* Adds a pointer to `object` to `table`; `key` sorts, from 1 to 8. */
#define linker_table_add(table, key, name, type, object) \
	static type const name LINKER_TABLE_SECTION(table, key) = (object)

/* The start (key 0) or end (key 9) of a table of `type` (a pointer type). The empty statement keeps
 * the compiler from assuming that nothing is in between. */
#define linker_table_bound(table, type, key)                                      \
	({                                                                        \
		static type const bound[0] LINKER_TABLE_SECTION(table, key) = {}; \
		type const *address = bound;                                      \
		__asm__("" : "+r"(address));                                      \
		address;                                                          \
	})

/* Walks it: `entry` points to each of its pointers, in the order of their keys. */
#define linker_table_for_each(entry, table, type)                    \
	for (type const *entry = linker_table_bound(table, type, 0); \
	     entry < linker_table_bound(table, type, 9); entry++)

typedef int (*initcall_t)(void);

/* Buses come first, then drivers, then the scan for devices, so that a device finds its drivers. */
#define core_initcall(function) \
	linker_table_add(initcall, 1, initcall_##function, initcall_t, function)
#define module_init(function) \
	linker_table_add(initcall, 6, initcall_##function, initcall_t, function)
#define late_initcall(function) \
	linker_table_add(initcall, 7, initcall_##function, initcall_t, function)

/* Runs all start-up calls in order. A failure is printed, and the next call runs. */
void do_initcalls(void);

#endif
