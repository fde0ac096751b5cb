// SPDX-License-Identifier: MIT
/*
 * Prints each address that is set or removed, and a DHCP server that does not answer, or no longer.
 * lwIP keeps asking by itself in any case, and an address stays in use until its lease ends.
 */
#include <linux/errno.h>
#include <lwip/dhcp.h>
#include <lwip/dns.h>
#include <lwip/prot/dhcp.h>
#include <lwip/timeouts.h>

#include "kernel/printk.h"
#include "kernel/string.h"
#include "net/interface.h"

#define LOOK_MS 1000
#define PATIENCE 10 /* seconds without an answer, before a line says so */

/* ---- addresses ------------------------------------------------------------------------------- */

static unsigned int prefix_length(const ip4_addr_t *mask)
{
	u32 bits = lwip_ntohl(mask->addr);
	unsigned int length = 0;

	for (; bits; bits <<= 1)
		length++;
	return length;
}

static void tell_dns(void)
{
	for (u8 i = 0; i < DNS_MAX_SERVERS; i++) {
		const ip_addr_t *server = dns_getserver(i);

		if (!ip_addr_isany(server))
			printk("%s%s", i ? ", " : ", DNS ", ipaddr_ntoa(server));
	}
}

/* The text of ip4addr_ntoa is valid until its next call. */
static void tell_ipv4(struct net_interface *interface)
{
	const struct netif *netif = &interface->netif;
	const char *name = interface->dev->name;
	bool has = !ip4_addr_isany_val(*netif_ip4_addr(netif));

	if (!has && interface->had_address)
		printk("net %s: address removed\n", name);
	interface->had_address = has;
	if (!has)
		return;
	printk("net %s: address %s/%u", name, ip4addr_ntoa(netif_ip4_addr(netif)),
	       prefix_length(netif_ip4_netmask(netif)));
	if (!ip4_addr_isany_val(*netif_ip4_gw(netif)))
		printk(", gateway %s", ip4addr_ntoa(netif_ip4_gw(netif)));
	tell_dns();
	if (interface->configuration == NET_CONFIGURED_BY_DHCP)
		printk(" (DHCP, for %u s)\n", netif_dhcp_data(netif)->offered_t0_lease);
	else
		printk(" (net.ip)\n");
}

const char *net_ip6_text(const ip6_addr_t *address)
{
	static char text[IP6ADDR_STRLEN_MAX];

	ip6addr_ntoa_r(address, text, sizeof(text));
	for (char *c = text; *c; c++)
		if (*c >= 'A' && *c <= 'F')
			*c |= 0x20;
	return text;
}

static void tell_ipv6(const struct net_interface *interface,
		      const netif_ext_callback_args_t *arguments)
{
	s8_t index = arguments->ipv6_addr_state_changed.addr_index;
	const struct netif *netif = &interface->netif;

	if (ip6_addr_ispreferred(netif_ip6_addr_state(netif, index)) &&
	    !ip6_addr_ispreferred(arguments->ipv6_addr_state_changed.old_state))
		printk("net %s: address %s (IPv6)\n", interface->dev->name,
		       net_ip6_text(netif_ip6_addr(netif, index)));
}

static void on_address_change(struct netif *netif, netif_nsc_reason_t reason,
			      const netif_ext_callback_args_t *arguments)
{
	struct net_interface *interface = container_of(netif, struct net_interface, netif);

	if (reason & LWIP_NSC_IPV4_ADDRESS_CHANGED)
		tell_ipv4(interface);
	if (reason & LWIP_NSC_IPV6_ADDR_STATE_CHANGED)
		tell_ipv6(interface, arguments);
}

void lease_init(void)
{
	NETIF_DECLARE_EXT_CALLBACK(callback)

	netif_add_ext_callback(&callback, on_address_change);
}

/* ---- DHCP ------------------------------------------------------------------------------------ */

static bool dhcp_is_asking(u8 state)
{
	return state == DHCP_STATE_SELECTING || state == DHCP_STATE_REQUESTING ||
	       state == DHCP_STATE_REBOOTING || state == DHCP_STATE_BACKING_OFF;
}

static void tell_silence(struct net_interface *interface, const struct dhcp *dhcp)
{
	const char *name = interface->dev->name;

	interface->lease_told = true;
	if (dhcp_is_asking(dhcp->state))
		printk("net %s: E60 no DHCP server after %u s; still asking (or set net.ip=)\n",
		       name, interface->seconds);
	else
		printk("net %s: E61 lease of %s not renewed; still in use, asking all servers\n",
		       name, ip4addr_ntoa(&dhcp->offered_ip_addr));
}

/* Watches the states of lwIP's client; only their duration has to be measured here. */
static void look_at_lease(struct net_interface *interface)
{
	const struct dhcp *dhcp = netif_dhcp_data(&interface->netif);
	bool bound = dhcp->state == DHCP_STATE_BOUND;
	bool was_asking = dhcp_is_asking(interface->lease_state);

	if (bound || !netif_is_link_up(&interface->netif)) {
		interface->seconds = 0;
		if (bound && interface->lease_told)
			printk("net %s: a DHCP server answers again\n", interface->dev->name);
		interface->lease_told &= !bound;
	} else if (dhcp_is_asking(dhcp->state) != was_asking) {
		interface->seconds = 0;
		interface->lease_told &= !dhcp_is_asking(dhcp->state);
	} else if (++interface->seconds >= PATIENCE && !interface->lease_told) {
		tell_silence(interface, dhcp);
	}
	interface->lease_state = dhcp->state;
}

static void lease_look(void *context)
{
	look_at_lease(context);
	sys_timeout(LOOK_MS, lease_look, context);
}

int lease_start(struct net_interface *interface)
{
	interface->configuration = NET_CONFIGURED_BY_DHCP;
	if (dhcp_start(&interface->netif) != ERR_OK)
		return -ENOMEM;
	interface->lease_state = DHCP_STATE_SELECTING;
	sys_timeout(LOOK_MS, lease_look, interface);
	return 0;
}

/* ---- net.ip= --------------------------------------------------------------------------------- */

/* Cuts the text at its next comma; returns the part before, or NULL at the end. */
static char *next_part(char **text)
{
	char *part = *text, *comma;

	if (!part)
		return NULL;
	comma = strchr(part, ',');
	*text = comma ? comma + 1 : NULL;
	if (comma)
		*comma = '\0';
	return part;
}

/* Reads four numbers; lwIP's own function would take 1.2.3 for 1.2.0.3. */
static bool read_ip4(const char *text, ip4_addr_t *address)
{
	unsigned int dots = 0;

	for (const char *c = text; *c; c++)
		dots += *c == '.';
	return dots == 3 && ip4addr_aton(text, address);
}

/* Reads "10.0.2.15/24"; without a prefix length it is 24. */
static bool parse_address(char *text, ip4_addr_t *address, ip4_addr_t *mask)
{
	char *slash = strchr(text, '/');
	u64 length = 24;

	if (slash) {
		*slash++ = '\0';
		if (kstrtou64(slash, 10, &length) || length > 32)
			return false;
	}
	mask->addr = length ? lwip_htonl(~0U << (32 - length)) : 0;
	return read_ip4(text, address);
}

/* Reads "gw=10.0.2.2" or "dns=10.0.2.3". */
static bool parse_rest(char *text, ip4_addr_t *gateway)
{
	ip_addr_t server;

	for (char *part = next_part(&text); part; part = next_part(&text)) {
		if (!strncmp(part, "gw=", 3) && read_ip4(part + 3, gateway))
			continue;
		if (strncmp(part, "dns=", 4) || !ipaddr_aton(part + 4, &server))
			return false;
		dns_setserver(0, &server);
	}
	return true;
}

int interface_configure(struct net_interface *interface, const char *text)
{
	ip4_addr_t address, mask, gateway = {};
	char copy[80], *rest = copy, *first;

	if (!strcmp(text, "none"))
		return 0;
	snprintf(copy, sizeof(copy), "%s", text);
	first = next_part(&rest);
	if (!parse_address(first, &address, &mask) || !parse_rest(rest, &gateway)) {
		printk("net: E62 net.ip=%s: want dhcp, none or IP/PREFIX[,gw=IP][,dns=IP]\n", text);
		return -EINVAL;
	}
	interface->configuration = NET_CONFIGURED_BY_OPTION;
	netif_set_addr(&interface->netif, &address, &mask, &gateway);
	return 0;
}
