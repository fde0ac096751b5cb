// SPDX-License-Identifier: MIT
/*
 * resolve: finds the addresses of hosts by DNS, and ends.
 *
 *     make run APP=resolve CMDLINE='www.debian.org localhost'
 */
#include "kernel/bootinfo.h"
#include "kernel/printk.h"
#include "kernel/time.h"
#include "net/net.h"

#define PATIENCE_NS (15 * NSEC_PER_SEC)

static int resolve(const char *name)
{
	ip_addr_t address;
	int err = net_resolve(name, &address, PATIENCE_NS);

	if (err)
		printk("resolve: %s: no address: %d\n", name, err);
	else if (IP_IS_V6(&address))
		printk("resolve: %s is %s\n", name, net_ip6_text(ip_2_ip6(&address)));
	else
		printk("resolve: %s is %s\n", name, ip4addr_ntoa(ip_2_ip4(&address)));
	return err;
}

int main(int argc, char **argv)
{
	int result = 0;

	if (net_init() || net_wait_address(PATIENCE_NS))
		return 1;
	for (int i = 1; i < argc; i++)
		if (resolve(argv[i]))
			result = 1;
	return result;
}
