/* SPDX-License-Identifier: MIT */
/*
 * A legacy virtio-pci device (virtio 1.2, 4.1.4.10 and 4.1.5.1.3.1) in the simulated machine: one
 * block of ports, written from the specification. The counterpart of modern.h, for the driver of
 * transport_fixture.h.
 */
#ifndef TESTS_HOST_LEGACY_H
#define TESTS_HOST_LEGACY_H

#include "device_ring.h"
#include "machine.h"

#define LEGACY_QUEUES 4
#define LEGACY_VECTORS 4

enum { LEGACY_PORTS = 0xc000, LEGACY_TABLE = 0xfebe0000, LEGACY_CAP_MSIX = 0x98 };

struct legacy_queue {
	u16 size, vector;
	u32 page;
	struct device_ring ring;
	u64 notified;
};

struct legacy {
	struct function *function;
	u32 offered, accepted;
	u16 select, config_vector;
	u8 status;
	struct legacy_queue queues[LEGACY_QUEUES];
	u8 config[8];
	u32 table[LEGACY_VECTORS * 4];

	/* How it is made. */
	u32 vectors; /* 0: no MSI-X */
	u32 ports;

	/* Faults. */
	bool page_ignored, page_at_reset;
	u32 vectors_refused; /* bit n: queue n */
	u32 unrest;	     /* reads of the configuration that change it; ~0: for ever */

	/* What happened. */
	u8 history[50]; /* status writes */
	unsigned int history_length;
};

extern struct legacy legacy;
void legacy_boot(void);

#endif
