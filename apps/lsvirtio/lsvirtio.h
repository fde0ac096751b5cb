/* SPDX-License-Identifier: MIT */
/* Shared by the two files of lsvirtio. */
#ifndef APPS_LSVIRTIO_LSVIRTIO_H
#define APPS_LSVIRTIO_LSVIRTIO_H

#include "drivers/virtio/virtio.h"

/* Prints the device configuration as bytes, then the fields that exist with the `offered` bits. */
void show_config(struct virtio_device *vdev, u64 offered);

/* command.c: the app, with its words behind its name; 0, or 1 after a line that says why. */
int lsvirtio_main(int argc, char **argv);

#endif
