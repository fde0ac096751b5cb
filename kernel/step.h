/* SPDX-License-Identifier: MIT */
/*
 * What this CPU is doing, in words that a panic repeats: "while: virtio1 probe by virtio_simple".
 * The driver core says so around each call into a driver, do_initcalls and kernel_main around
 * theirs; anybody may go into detail.
 */
#ifndef KERNEL_STEP_H
#define KERNEL_STEP_H

#include "kernel/types.h"

/* On the stack of whoever is doing it; the texts stay the caller's, and valid until step_end. */
struct step {
	const char *what;   /* "probe" */
	const char *device; /* whose: a device's name, say; or NULL */
	const char *driver; /* by whom, or NULL */
	const char *detail; /* the last thing it is known to have reached, or NULL */
	struct step *outer;
};

/* Begins a step inside the one of this CPU, if there is one. Ends are in reverse order. */
void step_begin(struct step *step, const char *what, const char *device, const char *driver);
void step_end(struct step *step);

/* Says how far this CPU's innermost step has come; without a step, nothing. Any interrupt state. */
void step_detail(const char *detail);

/* This CPU's innermost step, or NULL. */
const struct step *step_current(void);

#endif
