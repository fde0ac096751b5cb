/* SPDX-License-Identifier: MIT */
/*
 * Drives the first network interface with frames made by hand, to test the driver alone, without a
 * protocol stack. The first word says what to do: ping (nothing said: also ping), exchange, link,
 * control or offload; the others are name=number. The other end is
 * tests/guests/net/test_virtio_net.py.
 */
#include <linux/errno.h>

#include "kernel/exit.h"
#include "kernel/printk.h"
#include "kernel/string.h"
#include "tests/guests/netcheck/netcheck.h"

static int words_count;
static char **words;

static const struct {
	const char *name;
	int (*run)(struct netdev *dev);
} modes[] = {
	{ "ping", netcheck_ping },	 { "exchange", netcheck_exchange },
	{ "link", netcheck_link },	 { "control", netcheck_control },
	{ "offload", netcheck_offload },
};

u64 netcheck_option(const char *name, u64 otherwise)
{
	size_t length = strlen(name);
	u64 value;

	for (int i = 1; i < words_count; i++) {
		if (strncmp(words[i], name, length) || words[i][length] != '=')
			continue;
		if (kstrtou64(words[i] + length + 1, 10, &value))
			machine_stop("netcheck: %s: want a number", words[i]);
		return value;
	}
	return otherwise;
}

static void print_counters(const struct netdev *dev)
{
	struct netdev_counters sent, received;

	for (unsigned int i = 0; i < dev->queue_pairs; i++) {
		netdev_count(dev, i, &sent, &received);
		printk("netcheck: queue %u: sent %llu packets, %llu bytes, %llu errors; received %llu packets, %llu bytes, %llu dropped, %llu errors\n",
		       i, sent.packets, sent.bytes, sent.errors, received.packets, received.bytes,
		       received.dropped, received.errors);
	}
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "ping";
	struct netdev *dev = netdev_get(0);
	int error = -EINVAL;

	words_count = argc;
	words = argv;
	if (!dev) {
		printk("netcheck: E55 no network interface is up (DEVICES=net)\n");
		return 1;
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(modes); i++)
		if (!strcmp(mode, modes[i].name))
			error = modes[i].run(dev);
	print_counters(dev);
	printk("netcheck: %s\n", error ? "failed" : "ok");
	return error ? 1 : 0;
}
