/* SPDX-License-Identifier: MIT */
/*
 * Sends a request every few milliseconds for argv[1] seconds (10), whatever happens to the device
 * meanwhile: requests may fail, and the device may be restarted, but the app goes on, and says so.
 */
#include "drivers/virtio/simple/virtio_simple.h"
#include "kernel/bootinfo.h"
#include "kernel/exit.h"
#include "kernel/printk.h"
#include "kernel/string.h"
#include "kernel/time.h"

#define SECONDS_DEFAULT 10
#define DELAY_US 5000

static u64 parse_seconds(int argc, char **argv)
{
	u64 seconds = 0;

	if (argc > 1 && kstrtou64(argv[1], 10, &seconds))
		machine_stop("endure: %s: want a number of seconds", argv[1]);
	return seconds ? seconds : SECONDS_DEFAULT;
}

int main(int argc, char **argv)
{
	struct virtio_simple *simple = virtio_simple_get(0);
	u64 end = ktime_get_ns() + parse_seconds(argc, argv) * NSEC_PER_SEC;
	u32 done = 0, failed = 0, failed_in_a_row = 0;

	if (!simple) {
		printk("endure: E02 no virtio-simple device is up\n");
		return 1;
	}
	printk("endure: started\n");
	/* A device that does not come back fails each request at once. */
	while (ktime_get_ns() < end && failed_in_a_row < 3) {
		struct virtio_simple_request request = {
			.op = VIRTIO_SIMPLE_OP_DELAY,
			.arg = DELAY_US,
		};

		if (virtio_simple_call(simple, VIRTQUEUE_INTERRUPT, &request)) {
			failed++;
			failed_in_a_row++;
			printk("endure: request %u failed\n", done + failed);
		} else {
			if (failed_in_a_row)
				printk("endure: and the next one was answered\n");
			failed_in_a_row = 0;
			done++;
		}
	}
	printk("endure: %u requests answered, %u failed\n", done, failed);
	return done && failed_in_a_row < 3 ? 0 : 1;
}
