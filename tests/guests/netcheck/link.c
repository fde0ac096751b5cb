/* SPDX-License-Identifier: MIT */
/* The link, and what the control queue can do; the person outside pulls the cable to say: go on. */
#include <linux/errno.h>

#include "kernel/printk.h"
#include "tests/guests/netcheck/netcheck.h"

#define PATIENCE_NS (30 * NSEC_PER_SEC)
#define NAP_NS (200 * NSEC_PER_MSEC)

/* What we were told and have not looked at yet: the link may have changed again since. */
static bool told[2];

static void link_changed(struct netdev *dev, void *context)
{
	bool *notes = context;

	if (dev->announce) {
		printk("netcheck: notified: announce\n");
		return;
	}
	notes[dev->link_up] = true;
	printk("netcheck: notified: the link is %s\n", dev->link_up ? "up" : "down");
}

static void ignore(struct netdev *dev, const struct netdev_frame *frame, void *context)
{
	(void)dev;
	(void)frame;
	(void)context;
}

/* Until we are told of it. */
static int await_link(struct netdev *dev, bool up)
{
	u64 start = ktime_get_ns();

	while (!told[up]) {
		if (ktime_get_ns() - start > PATIENCE_NS)
			return -ETIMEDOUT;
		netdev_wait(dev, NETDEV_RECEIVED, NAP_NS);
		if (netdev_poll(dev, 0, 64, ignore, NULL) < 0)
			return -EIO;
	}
	told[up] = false;
	return 0;
}

/* A link that is down takes no frames; once it is up again, they arrive. */
int netcheck_link(struct netdev *dev)
{
	static u8 frame[64];
	int error;

	netdev_on_link_change(dev, link_changed, told);
	printk("netcheck: waiting for the link to go down\n");
	error = await_link(dev, false);
	/* Whoever holds the cable may have been quicker than we. */
	if (!error && netdev_send_sync(dev, 0, frame, sizeof(frame), NULL, PATIENCE_NS) !=
			      (dev->link_up ? 0 : -ENETDOWN))
		printk("netcheck: the link came up just now\n");
	if (!error)
		error = await_link(dev, true);
	return error ? error : netcheck_ping(dev);
}

static const u8 new_mac[ETH_ALEN] = { 0x02, 0x11, 0x22, 0x33, 0x44, 0x55 };
static const u8 groups[2 * ETH_ALEN] = {
	0x33, 0x33, 0, 0, 0, 1, 0x01, 0, 0x5e, 0, 0, 0xfb,
};

static int say(const char *what, int error)
{
	printk("netcheck: %s: %d\n", what, error);
	return error;
}

int netcheck_control(struct netdev *dev)
{
	static const u8 nobody[ETH_ALEN], group[ETH_ALEN] = { 0x01 };
	int error = 0;

	netdev_on_link_change(dev, link_changed, told);
	error |= say("set MAC", netdev_set_mac(dev, new_mac));
	error |= say("set receive mode", netdev_set_receive_mode(dev, false, true));
	error |= say("set multicast", netdev_set_multicast(dev, groups, 2));
	if (netdev_set_mac(dev, nobody) != -EINVAL || netdev_set_mac(dev, group) != -EINVAL ||
	    netdev_set_multicast(dev, new_mac, 1) != -EINVAL ||
	    netdev_set_queue_pairs(dev, dev->max_queue_pairs + 1) != -EINVAL)
		error = say("a nonsensical command is rejected", -EIO);
	printk("netcheck: waiting for the link to go down\n");
	error |= await_link(dev, false);
	error |= say("set receive mode", netdev_set_receive_mode(dev, true, false));
	error |= say("set multicast", netdev_set_multicast(dev, groups, 0));
	printk("netcheck: waiting for the link to come up\n");
	error |= await_link(dev, true);
	return error ? -EIO : netcheck_ping(dev);
}
