/* SPDX-License-Identifier: MIT */
/*
 * A modern virtio-pci device (virtio 1.2, 4.1) in the simulated machine, written from the
 * specification. A driver that breaks a MUST fails the test at the access that breaks it. Its
 * faults are fields that a test sets before the device is found.
 */
#ifndef TESTS_HOST_MODERN_H
#define TESTS_HOST_MODERN_H

#include "device_ring.h"
#include "machine.h"

#define MODERN_QUEUES 16
#define MODERN_VECTORS 8
#define NO_VECTOR 0xffff

/* Where its structures are: BAR 4, and the MSI-X table in BAR 1. */
enum {
	MODERN_BAR = 0xfe000000,
	MODERN_TABLE = 0xfebd0000,
	MODERN_DOORBELLS = 0xd0000000, /* for notifications that need more room */
	MODERN_COMMON = 0x0000,
	MODERN_ISR = 0x1000,
	MODERN_DEVICE = 0x2000,
	MODERN_NOTIFY = 0x3000,
	MODERN_CAP_COMMON = 0x84,
	MODERN_CAP_ISR = 0x74,
	MODERN_CAP_DEVICE = 0x64,
	MODERN_CAP_NOTIFY = 0x50,
	MODERN_CAP_MSIX = 0x98,
	MODERN_NOTIFY_VALUE = 0x5a00, /* what NOTIF_CONFIG_DATA adds to a queue's index */
	MODERN_GSI = 11,	      /* of its interrupt pin, where there are wires (wires.h) */
};

struct modern_queue {
	u16 size, vector, enable, notify_off;
	bool was_reset; /* on its own (RING_RESET) */
	u64 desc, avail, used;
	struct device_ring ring;
	u64 notified;
};

struct modern {
	struct function *function;
	u32 feature_select, driver_feature_select;
	u64 offered, accepted;
	u16 msix_config, queue_select;
	u8 status, generation;
	u8 isr;
	struct modern_queue queues[MODERN_QUEUES];
	u8 config[64]; /* device-specific */
	u32 config_length;
	u32 table[MODERN_VECTORS * 4];

	/* How it is made. */
	u16 queue_count, queue_size;
	u16 admin_count; /* administration queues, behind the others */
	u32 vectors;
	u32 multiplier;
	/* Called for each chain taken from a notified queue; the device uses it by modern_use. */
	void (*serve)(struct modern *device, unsigned int queue, struct ring_chain *chain);

	/* Faults. */
	u64 features_refused;	  /* FEATURES_OK does not stick when one of these is accepted */
	u32 resets_pending;	  /* status reads junk this often after a reset; ~0: for ever */
	u32 queue_resets_pending; /* queue_reset reads 1 this often; ~0: for ever */
	bool driver_ok_refused, needs_reset_at_driver_ok;
	bool size_ignored, enabled_at_reset, enable_refused, high_ignored;
	u64 vectors_refused;   /* bit n: queue n; bit 63: configuration */
	bool isr_stuck;	       /* reading the ISR status does not clear it */
	bool isr_gone;	       /* the ISR status reads all ones, and the pin stays up */
	u32 generation_unrest; /* reads of the configuration that change it; ~0: for ever */
	/* All accesses from this one on find nobody: configuration space and ports read ones, the
	 * registers `gone_value` (0 or ones). 0: it stays. */
	u64 gone_after;
	u32 gone_value;

	/* What happened. */
	u8 history[200]; /* status writes */
	unsigned int history_length;
	u64 accesses;			 /* of its registers and configuration space */
	u64 config_reads, config_writes; /* of the device-specific configuration */
	u64 isr_reads;
};

/* The one device; slot 4, id 1af4:(0x1040 + id), with all four structures and MSI-X. */
extern struct modern modern;
void modern_make(u16 device_id, u8 revision, u16 subsystem_device);
/* Points a capability elsewhere; what stays the same is read from it. */
void modern_set_cap(u8 position, u8 type, u8 bar, u32 offset, u32 length);

/* The queue takes the answer; the interrupt is raised when the driver wants it. */
void modern_use(struct modern *device, unsigned int queue, u32 id, u32 length);
/* The configuration has changed: generation, and its interrupt (4.1.5.5). */
void modern_change(struct modern *device);

/* The interrupt pin follows the ISR status and the command register. */
void modern_drive_pin(struct modern *device);

/* Counts an access; true when there is nobody to answer it any more. */
bool modern_gone(struct modern *device);

/* Boots the kernel's start-up calls on the machine: all drivers are there, all devices found. */
void modern_boot(void);

#endif
