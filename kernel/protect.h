/* SPDX-License-Identifier: MIT */
/* Protections that the CPU offers, for code that runs in ring 0 only; and the compiler's. */
#ifndef KERNEL_PROTECT_H
#define KERNEL_PROTECT_H

/*
 * Draws the stack protector's canary (-fstack-protector-strong), by RDRAND where the CPU has it and
 * from the time stamp counter. Once, before other CPUs run, from a function that never returns: one
 * that was entered with the old canary would take the new one for damage.
 */
void stack_protector_init(void);

/*
 * Switches on, on the calling CPU: write protection in ring 0 (CR0.WP), and SMEP, SMAP and UMIP if
 * the CPU has them (Intel SDM 3A, 2.5 and 4.6). Each CPU calls it once, at its start, with
 * interrupts off. No page belongs to user mode, so SMEP and SMAP only ever catch a damaged page
 * table entry.
 */
void cpu_protect(void);

/* Prints the protections of this CPU: "cpu: protected by WP NX SMEP SMAP UMIP". */
void cpu_print_protections(void);

#endif
