/* SPDX-License-Identifier: MIT */
/* Leaving the machine, with a status the runner can tell from QEMU's own. */
#ifndef KERNEL_EXIT_H
#define KERNEL_EXIT_H

#include "kernel/types.h"

/*
 * QEMU's isa-debug-exit ends the process with (value << 1) | 1, and QEMU itself fails with 1,
 * so none of these may be 0.
 */
enum machine_exit {
	EXIT_OK = 0x10,	   /* main() returned 0: QEMU ends with 33 */
	EXIT_FAIL = 0x11,  /* main() returned something else: 35 */
	EXIT_PANIC = 0x12, /* panic(): 37 */
	EXIT_STOP = 0x13,  /* the machine cannot run us, with a message: 39 */
};

/* Prints "Doorbell: stop: ..." and leaves with EXIT_STOP; `format` has no newline. */
__noreturn void machine_stop(const char *format, ...) __printf(1, 2);

/* Ends the machine by isa-debug-exit, else by ACPI power-off, else halts for good. */
__noreturn void machine_exit(enum machine_exit status);

/* Reboots the machine: by the reset register of PCI chipsets, else the keyboard controller, else a
 * triple fault. With -no-reboot QEMU exits instead. */
__noreturn void machine_reboot(void);

/* As machine_exit, but prints nothing; for a panic whose printing fails. */
__noreturn void machine_exit_quietly(enum machine_exit status);

#endif
