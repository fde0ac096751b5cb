/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What differs between the versions of QEMU that virtio-simple compiles in: 7.2 and later. */
#ifndef VIRTIO_SIMPLE_COMPAT_H
#define VIRTIO_SIMPLE_COMPAT_H

#include "hw/qdev-properties.h"
#include "hw/qdev-properties-system.h"
#include "standard-headers/linux/virtio_config.h"

#ifndef VIRTIO_F_NOTIFICATION_DATA
#define VIRTIO_F_NOTIFICATION_DATA 38
#endif
#ifndef VIRTIO_F_ADMIN_VQ
#define VIRTIO_F_ADMIN_VQ 41
#endif

/* From 10.0 on a property list is constant and knows its own length. */
#if QEMU_VERSION_MAJOR >= 10
#define SIMPLE_PROPERTIES(name) static const Property name[]
#define SIMPLE_PROPERTIES_END
#else
#define SIMPLE_PROPERTIES(name) static Property name[]
#define SIMPLE_PROPERTIES_END DEFINE_PROP_END_OF_LIST(),
#endif

/* From 10.1 on a class may not change the data it is made from. */
#if QEMU_VERSION_MAJOR > 10 || (QEMU_VERSION_MAJOR == 10 && QEMU_VERSION_MINOR >= 1)
typedef const void SimpleClassData;
#else
typedef void SimpleClassData;
#endif

#endif
