/* SPDX-License-Identifier: MIT */
/*
 * Writes down who calls whom, for tests/boot/test_walk_trace.py, which compiles everything with
 * -finstrument-functions: each pair of function and call site once, in the order of first entry,
 * from the first C function to main, and then in one request that is answered by an interrupt.
 */
#include "drivers/virtio/simple/virtio_simple.h"
#include "kernel/printk.h"
#include "kernel/string.h"

#define CALLS_MAX 4096	 /* a power of two, far from full */
#define CALL_DIRECT 0xe8 /* Intel SDM 2A, CALL: then 4 bytes of distance; others go by a pointer */
#define DELAY_US 2000	 /* so long after the notification that the CPU has halted by then */
#define UNTRACED __attribute__((no_instrument_function))

struct call {
	const void *function;
	const u8 *site; /* where it returns to */
};

static struct call calls[CALLS_MAX];
static unsigned int places[CALLS_MAX]; /* by hash: index + 1 */
static unsigned int count;
static bool paused;

UNTRACED void __cyg_profile_func_enter(void *function, void *site);
UNTRACED void __cyg_profile_func_exit(void *function, void *site);

void __cyg_profile_func_enter(void *function, void *site)
{
	unsigned int i = ((u32)(uintptr_t)function * 31 + (u32)(uintptr_t)site) * 2654435761u >> 12;

	if (paused || count == CALLS_MAX / 2)
		return;
	for (; places[i % CALLS_MAX]; i++) {
		const struct call *known = &calls[places[i % CALLS_MAX] - 1];

		if (known->function == function && known->site == site)
			return;
	}
	calls[count] = (struct call){ function, site };
	places[i % CALLS_MAX] = ++count;
}

void __cyg_profile_func_exit(void *function, void *site)
{
	(void)function;
	(void)site;
}

UNTRACED static void print_and_forget(const char *way)
{
	for (unsigned int i = 0; i < count; i++)
		printk("walk: %s %p %p %s\n", way, calls[i].function, calls[i].site,
		       calls[i].site[-5] == CALL_DIRECT ? "direct" : "pointer");
	memset(places, 0, sizeof(places));
	count = 0;
}

UNTRACED int main(int argc, char **argv)
{
	struct virtio_simple *simple;
	u8 payload[16] = { 0 }, answer[16];
	struct virtio_simple_request request = {
		.op = VIRTIO_SIMPLE_OP_DELAY,
		.arg = DELAY_US,
		.payload = payload,
		.payload_length = sizeof(payload),
		.answer = answer,
		.answer_size = sizeof(answer),
	};
	int error;

	(void)argc;
	(void)argv;
	if (!count) {
		printk("walk: nothing is recorded without -finstrument-functions\n");
		return 1;
	}
	paused = true;
	print_and_forget("boot");
	simple = virtio_simple_get(0);
	paused = false;
	error = simple ? virtio_simple_call(simple, VIRTQUEUE_INTERRUPT, &request) : -1;
	paused = true;
	print_and_forget("request");
	return error ? 1 : 0;
}
