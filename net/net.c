// SPDX-License-Identifier: MIT
/* The network as an app sees it: start, and loop. See net.h. */
#include "net/net.h"

#include <linux/errno.h>
#include <lwip/dns.h>
#include <lwip/init.h>
#include <lwip/timeouts.h>

#include "kernel/cmdline.h"
#include "kernel/printk.h"
#include "kernel/string.h"
#include "kernel/time.h"
#include "net/interface.h"

/* How often a device that cannot interrupt is polled. */
#define POLL_NS NSEC_PER_MSEC

BOOT_OPTION(net_ip, "net.ip", "dhcp, none, ADDRESS/PREFIX[,gw=ADDRESS][,dns=ADDRESS]");

static struct net_interface interfaces[NET_INTERFACES_MAX];
static unsigned int interface_count;

static int configure_interface(struct net_interface *interface)
{
	if (interface == &interfaces[0] && net_ip.value && strcmp(net_ip.value, "dhcp"))
		return interface_configure(interface, net_ip.value);
	return lease_start(interface);
}

int net_init(void)
{
	struct netdev *dev;
	int err;

	random_init();
	lwip_init();
	lease_init();
	while (interface_count < NET_INTERFACES_MAX && (dev = netdev_get(interface_count))) {
		struct net_interface *interface = &interfaces[interface_count];

		err = interface_add(interface, dev);
		if (err)
			return err;
		interface_count++;
		err = configure_interface(interface);
		if (err)
			return err;
	}
	if (interface_count)
		return 0;
	printk("net: E55 no network interface is up (DEVICES=net or -device virtio-net-pci)\n");
	return -ENODEV;
}

struct net_interface *net_interface(unsigned int index)
{
	return index < interface_count ? &interfaces[index] : NULL;
}

/* ---- the loop -------------------------------------------------------------------------------- */

/* The condition of wait_event, with interrupts off: arms each device's interrupt, unless one has
 * work already. */
static bool net_something_came(void *context)
{
	bool came = false;

	(void)context;
	for (unsigned int i = 0; i < interface_count; i++)
		came |= !netdev_arm(interfaces[i].dev, NETDEV_RECEIVED);
	return came;
}

static void net_sleep(u64 timeout_ns)
{
	u32 due = sys_timeouts_sleeptime();

	if (due != SYS_TIMEOUTS_SLEEPTIME_INFINITE)
		timeout_ns = min(timeout_ns, due * NSEC_PER_MSEC);
	for (unsigned int i = 0; i < interface_count; i++)
		if (!netdev_can_interrupt(interfaces[i].dev))
			timeout_ns = min(timeout_ns, POLL_NS);
	wait_event(&netdev_waiters, net_something_came, NULL, timeout_ns);
	for (unsigned int i = 0; i < interface_count; i++)
		netdev_disarm(interfaces[i].dev);
}

static void flush_all_interfaces(void)
{
	for (unsigned int i = 0; i < interface_count; i++)
		interface_flush(&interfaces[i]);
}

void net_poll(u64 timeout_ns)
{
	int received = 0;

	flush_all_interfaces(); /* frames that the app sent since the last call */
	for (unsigned int i = 0; i < interface_count; i++)
		received += interface_receive(&interfaces[i]);
	sys_check_timeouts();
	flush_all_interfaces();
	if (!received && timeout_ns)
		net_sleep(timeout_ns);
}

int net_wait(bool (*condition)(void *context), void *context, u64 timeout_ns)
{
	u64 start = ktime_get_ns(), spent;

	while (!condition(context)) {
		spent = ktime_get_ns() - start;
		if (spent >= timeout_ns)
			return -ETIMEDOUT;
		net_poll(timeout_ns - spent);
	}
	return 0;
}

static bool has_address(void *context)
{
	(void)context;
	for (unsigned int i = 0; i < interface_count; i++)
		if (!ip4_addr_isany_val(*netif_ip4_addr(&interfaces[i].netif)))
			return true;
	return false;
}

int net_wait_address(u64 timeout_ns)
{
	return net_wait(has_address, NULL, timeout_ns);
}

/* ---- names ----------------------------------------------------------------------------------- */

/* Static: lwIP may answer after net_resolve has given up. */
static struct {
	bool busy, found;
	unsigned int number; /* answers to earlier questions are ignored */
	ip_addr_t address;
} question;

static void name_answered(const char *name, const ip_addr_t *address, void *number)
{
	(void)name;
	if ((unsigned int)(uintptr_t)number != question.number)
		return;
	question.busy = false;
	question.found = address;
	if (address)
		question.address = *address;
}

static bool name_is_answered(void *context)
{
	(void)context;
	return !question.busy;
}

int net_resolve(const char *name, ip_addr_t *address, u64 timeout_ns)
{
	void *number = (void *)(uintptr_t)++question.number;
	err_t err;

	question.busy = true;
	question.found = false;
	err = dns_gethostbyname(name, address, name_answered, number);
	if (err != ERR_INPROGRESS)
		return err == ERR_OK ? 0 : err == ERR_ARG ? -EINVAL : -ENOENT;
	if (net_wait(name_is_answered, NULL, timeout_ns))
		return -ETIMEDOUT;
	*address = question.address;
	return question.found ? 0 : -ENOENT;
}
