/* SPDX-License-Identifier: MIT */
/* A driver for virtio id 160 that finds queues through the real PCI transport; tests look on. */
#ifndef TESTS_HOST_TRANSPORT_FIXTURE_H
#define TESTS_HOST_TRANSPORT_FIXTURE_H

#include "drivers/virtio/virtio.h"
#include "drivers/virtio/virtqueue_priv.h"
#include "modern.h"

#define FIXTURE_DEVICE 0x10e0 /* 0x1040 + 160 */

struct transport_fixture {
	unsigned int wanted; /* queues, the first ones */
	u32 without;	     /* bit n: queue n is not used */
	u32 polled;	     /* bit n: queue n has no callback */

	struct virtio_device *vdev; /* NULL until probed */
	struct virtqueue *vqs[MODERN_QUEUES];
	unsigned int called_back[MODERN_QUEUES];
	unsigned int config_changes, removed;
	int probe_error;
	bool live; /* scan was called: DRIVER_OK */
};

extern struct transport_fixture driver;

/* Makes the device and boots. `driver.live` tells whether it came up. */
void transport_boot(void);

/* One request through queue `index`, from add to get_buf; checks what comes back. */
void transport_round_trip(unsigned int index);

/* Boots and checks that the device was refused: FAILED, nothing left, the line named. */
void transport_refused(const char *line);

/* Takes the driver away again. */
void transport_unregister(void);

#endif
