/* SPDX-License-Identifier: MIT */
/* Feature bits of device types as words, also of types that no driver here is for. */
#ifndef DRIVERS_VIRTIO_VIRTIO_FEATURE_NAMES_H
#define DRIVERS_VIRTIO_VIRTIO_FEATURE_NAMES_H

#include "drivers/virtio/virtio.h"

/* The names for a device type, for virtio_format_features; NULL for a type that has none here. */
const struct virtio_feature_name *virtio_feature_names(u32 device);

#endif
