/* SPDX-License-Identifier: MIT */
/* The names of the kernel's functions and variables, from the tables that tools/ksyms.awk makes. */
#ifndef KERNEL_KSYMS_H
#define KERNEL_KSYMS_H

#include "kernel/types.h"

struct ksym {
	const char *name; /* never NULL */
	u64 offset;	  /* of the address in the function, bytes */
	u64 size;	  /* of the function, with the padding behind it, bytes */
};

/* Finds the function that contains `address`. False if none does (it is outside .text), or if there
 * is no table. */
bool ksyms_lookup(u64 address, struct ksym *symbol);

/* As ksyms_lookup, for the variable or constant that contains `address`. */
bool ksyms_lookup_data(u64 address, struct ksym *symbol);

/* Returns only the function's name, or */
const char *ksyms_name(u64 address);

/* The linked app's name, for argv[0]. */
extern const char app_name[];

#endif
