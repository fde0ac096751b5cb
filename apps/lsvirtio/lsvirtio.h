/* SPDX-License-Identifier: MIT */
/* Shared by the two files of lsvirtio. */
#ifndef APPS_LSVIRTIO_LSVIRTIO_H
#define APPS_LSVIRTIO_LSVIRTIO_H

#include "drivers/virtio/virtio.h"

/* Prints the device configuration as bytes, then the fields that exist with the `offered` bits. */
void show_config(struct virtio_device *vdev, u64 offered);

#endif
