/* SPDX-License-Identifier: MIT */
/*
 * What this CPU is doing, in words that a panic prints: "while: virtio1 probe by virtio_simple".
 * The driver core sets a step around each call into a driver, do_initcalls and kernel_main around
 * theirs. Any code may add details.
 */
#ifndef KERNEL_STEP_H
#define KERNEL_STEP_H

#include "kernel/types.h"

/* A step, on the stack of the function that begins it. The texts are the caller's, and stay valid
 * until step_end. */
struct step {
	const char *what;   /* "probe" */
	const char *device; /* for example a device's name, or NULL */
	const char *driver; /* or NULL */
	const char *detail; /* the last known point, or NULL */
	struct step *outer;
};

/* Begins a step inside this CPU's present one, if there is one. Steps end in reverse order. */
void step_begin(struct step *step, const char *what, const char *device, const char *driver);
void step_end(struct step *step);

/* Records how far this CPU's innermost step has come; does nothing without a step. Any interrupt
 * state. */
void step_detail(const char *detail);

/* Returns this CPU's innermost step, or NULL. */
const struct step *step_current(void);

#endif
