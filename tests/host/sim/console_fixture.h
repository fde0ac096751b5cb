/* SPDX-License-Identifier: MIT */
/* The device end of virtio-console for tests (virtio 1.2, 5.3), which lies when told to. */
#ifndef TESTS_HOST_CONSOLE_FIXTURE_H
#define TESTS_HOST_CONSOLE_FIXTURE_H

#include <linux/virtio_console.h>

#include "drivers/char/port.h"
#include "modern.h"

#define CONSOLE_QUEUES 16 /* 7 ports */
#define CONTROL_RECEIVEQ 2
#define CONTROL_TRANSMITQ 3

struct console_device {
	/* Buffers that it holds, the oldest first; those of a queue of output only while `deaf`. */
	struct ring_chain chains[CONSOLE_QUEUES][64];
	unsigned int count[CONSOLE_QUEUES];
	bool deaf;			  /* does not take output */
	u8 output[CONSOLE_QUEUES][32768]; /* of each queue, in order */
	u32 output_length[CONSOLE_QUEUES];
	struct virtio_console_control sent[64]; /* control messages of the driver */
	unsigned int sent_count;
	u32 lie_more; /* claimed beyond the buffer */
};
extern struct console_device host;

/* Sends a message behind its head: `length` bytes of text. */
void console_tell(u32 id, u16 event, u16 value, const void *text, u32 length);
/* Uses the oldest buffer of a queue of input. */
void console_input(unsigned int queue, const void *data, u32 length);
/* Takes all output that was kept while deaf. */
void console_take_output(void);
/* Called when the driver says DEVICE_READY, and for each port that it says is ready. */
extern void (*console_ready)(u32 id, u16 value);

/* Boots with these feature bits and so many ports. */
void console_boot(u64 features, u32 max_ports);

#endif
