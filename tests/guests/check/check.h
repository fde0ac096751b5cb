/* SPDX-License-Identifier: MIT */
/* Shared by the files of APP=check. */
#ifndef TESTS_GUESTS_CHECK_CHECK_H
#define TESTS_GUESTS_CHECK_CHECK_H

#include "drivers/virtio/simple/virtio_simple.h"
#include "kernel/types.h"

/* Prints the result of one check and counts it. */
void check(bool ok, const char *what);

/* What only some devices offer: checked where it is there, said where it is not. */
void check_extras(struct virtio_simple *simple);

#endif
