// SPDX-License-Identifier: MIT
/* The network interfaces, and the pools that the stack lives from. */
#include "apps/httpd/status.h"
#include "kernel/printk.h"
#include "kernel/string.h"
#include "net/net.h"

static void show_addresses(struct report *report, const struct netif *netif)
{
	char text[200];
	size_t length;

	length = (size_t)snprintf(text, sizeof(text), "%s", ip4addr_ntoa(netif_ip4_addr(netif)));
	for (int i = 0; i < LWIP_IPV6_NUM_ADDRESSES && length < sizeof(text); i++)
		if (ip6_addr_isvalid(netif_ip6_addr_state(netif, i)))
			length += (size_t)snprintf(text + length, sizeof(text) - length, " %s",
						   net_ip6_text(netif_ip6_addr(netif, i)));
	report_text(report, text);
}

/* Sums over the queues in use. */
static void show_counters(struct report *report, const struct net_interface *interface)
{
	struct netdev_counters sent = {}, received = {}, s, r;

	for (unsigned int i = 0; i < interface->dev->queue_pairs; i++) {
		netdev_count(interface->dev, i, &s, &r);
		sent.packets += s.packets;
		sent.bytes += s.bytes;
		received.packets += r.packets;
		received.bytes += r.bytes;
		received.dropped += r.dropped;
		received.errors += r.errors + s.errors;
	}
	report_number(report, received.packets);
	report_number(report, received.bytes);
	report_number(report, sent.packets);
	report_number(report, sent.bytes);
	report_number(report, received.dropped + interface->no_buffer);
	report_number(report, received.errors);
}

static void show_interface(struct report *report, const struct net_interface *interface)
{
	static const char *const how[] = {
		[NET_CONFIGURED_BY_DHCP] = "DHCP",
		[NET_CONFIGURED_BY_OPTION] = "net.ip",
		[NET_CONFIGURED_NOT] = "",
	};
	const struct netdev *dev = interface->dev;

	report_row(report, 0);
	report_text(report, dev->name);
	report_text(report, dev->device_name);
	report_text(report, dev->link_up ? "up" : "down");
	report_format(report, "%02x:%02x:%02x:%02x:%02x:%02x", dev->mac[0], dev->mac[1],
		      dev->mac[2], dev->mac[3], dev->mac[4], dev->mac[5]);
	show_addresses(report, &interface->netif);
	report_text(report, how[interface->configuration]);
	show_counters(report, interface);
}

void status_pools(struct report *report)
{
	static const struct report_column columns[] = {
		{ "pool", "Pool", REPORT_CODE },     { "used", "In use", REPORT_COUNT },
		{ "most", "At most", REPORT_COUNT }, { "size", "Room for", REPORT_COUNT },
		{ "bytes", "Each", REPORT_BYTES },   { "refused", "Refused", REPORT_COUNT },
	};
	struct net_pool pool;

	report_table(report, "pools", "Network memory", columns, ARRAY_SIZE(columns));
	for (unsigned int i = 0; net_pool(i, &pool); i++) {
		report_row(report, 0);
		report_text(report, pool.name);
		report_number(report, pool.used);
		report_number(report, pool.most);
		report_number(report, pool.size);
		report_number(report, pool.object_size);
		report_number(report, pool.refused);
	}
}

void status_network(struct report *report)
{
	static const struct report_column columns[] = {
		{ "name", "Name", REPORT_CODE },	   { "device", "Device", REPORT_TEXT },
		{ "link", "Link", REPORT_TEXT },	   { "mac", "MAC", REPORT_CODE },
		{ "addresses", "Addresses", REPORT_LIST }, { "by", "By", REPORT_TEXT },
		{ "received", "Received", REPORT_COUNT },  { "received_bytes", "", REPORT_BYTES },
		{ "sent", "Sent", REPORT_COUNT },	   { "sent_bytes", "", REPORT_BYTES },
		{ "dropped", "Dropped", REPORT_COUNT },	   { "errors", "Errors", REPORT_COUNT },
	};
	const struct net_interface *interface;

	report_table(report, "network", "Network interfaces", columns, ARRAY_SIZE(columns));
	for (unsigned int i = 0; (interface = net_interface(i)); i++)
		show_interface(report, interface);
}
