/* SPDX-License-Identifier: MIT */
/*
 * Prints what virtio-simple sends by itself: events, such as what a person types at its chardev,
 * and changes of its configuration. Ends with the event "quit", or after argv[1] seconds (60).
 */
#include <linux/errno.h>

#include "drivers/virtio/simple/virtio_simple.h"
#include "kernel/bootinfo.h"
#include "kernel/printk.h"
#include "kernel/string.h"
#include "kernel/time.h"

#define SECONDS_DEFAULT 60
#define SECONDS_MAX 86400

static u64 parse_seconds(const char *text)
{
	u64 seconds;

	if (kstrtou64(text, 10, &seconds))
		return SECONDS_DEFAULT;
	return min(seconds, (u64)SECONDS_MAX);
}

static const char *type_name(u32 type)
{
	switch (type) {
	case VIRTIO_SIMPLE_EVENT_PAYLOAD:
		return "from a request";
	case VIRTIO_SIMPLE_EVENT_CHARDEV:
		return "from the chardev";
	case VIRTIO_SIMPLE_EVENT_OVERRUN:
		return "overrun";
	default:
		return "of unknown type";
	}
}

static void print_event(const struct virtio_simple_event *event)
{
	static char text[4 * VIRTIO_SIMPLE_EVENT_MAX + 1];
	size_t used = 0;
	__le32 lost;

	text[0] = '\0';

	if (event->type == VIRTIO_SIMPLE_EVENT_OVERRUN && event->length == sizeof(lost)) {
		memcpy(&lost, event->data, sizeof(lost));
		printk("listen: %u events were lost\n", le32_to_cpu(lost));
		return;
	}
	/* One call for the whole line: a handler may print in between. */
	for (u32 i = 0; i < event->length; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 event->data[i] >= ' ' && event->data[i] < 0x7f ? "%c"
											: "\\x%02x",
					 event->data[i]);
	printk("listen: event %s, %u bytes: \"%s\"", type_name(event->type), event->length, text);
	printk(event->cut ? " and %u bytes more\n" : "\n", event->cut);
}

static bool is_quit(const struct virtio_simple_event *event)
{
	return event->length >= 4 && !memcmp(event->data, "quit", 4);
}

static int listen(struct virtio_simple *simple, u64 seconds)
{
	u64 end = ktime_get_ns() + seconds * NSEC_PER_SEC;
	struct virtio_simple_event event;
	int error = 0;

	while (ktime_get_ns() < end) {
		error = virtio_simple_next_event(simple, &event, NSEC_PER_SEC);
		if (error == -ETIMEDOUT)
			continue;
		if (error)
			break;
		print_event(&event);
		if (is_quit(&event))
			break;
	}
	printk("listen: %llu configuration changes; done\n", virtio_simple_config_changes(simple));
	return error && error != -ETIMEDOUT;
}

int main(int argc, char **argv)
{
	struct virtio_simple *simple = virtio_simple_get(0);

	if (!simple) {
		printk("listen: E02 no virtio-simple device is up\n");
		return 1;
	}
	printk("listen: waiting for events and configuration changes\n");
	return listen(simple, argc > 1 ? parse_seconds(argv[1]) : SECONDS_DEFAULT);
}
