// SPDX-License-Identifier: MIT
/*
 * lwIP's netif over a network device. Sending: the pieces of a pbuf go to the device as they are,
 * and the pbuf is held until they are sent; lwIP does not change a pbuf that others hold.
 * Receiving: a frame is copied once, before anything in it is used, because its memory still
 * belongs to the device.
 */
#include <linux/errno.h>
#include <lwip/etharp.h>
#include <lwip/ethip6.h>
#include <lwip/inet_chksum.h>
#include <lwip/mld6.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/prot/ethernet.h>
#include <lwip/prot/ip.h>
#include <lwip/prot/tcp.h>
#include <netif/ethernet.h>

#include "kernel/memory.h"
#include "kernel/printk.h"
#include "kernel/string.h"
#include "net/interface.h"

#define CHECKS_OF_TRANSPORT (NETIF_CHECKSUM_CHECK_TCP | NETIF_CHECKSUM_CHECK_UDP)
#define IP6_HEADER_SIZE 40 /* and a frame of TCP over IPv4 is no shorter */
#define TCP_CHECKSUM_OFFSET 16

/* ---- sending --------------------------------------------------------------------------------- */

/* A frame that is outstanding. */
struct sending {
	struct netdev_tx tx;
	struct pbuf *frame; /* our reference */
};

static void interface_sent(struct netdev *dev, struct netdev_tx *tx)
{
	struct sending *sending = container_of(tx, struct sending, tx);

	(void)dev;
	pbuf_free(sending->frame);
	kfree(sending);
}

/* Finds TCP in a frame, and its two addresses; false for any other frame. TCP's headers are in one
 * piece, and never in a fragment: its segments are no longer than the MTU. */
static bool find_tcp(const struct pbuf *frame, u16 *start, u16 *addresses, u16 *address_bytes)
{
	const u8 *bytes = frame->payload;
	u16 type;
	u8 protocol;

	if (frame->len < ETH_HLEN + IP6_HEADER_SIZE)
		return false;
	memcpy(&type, bytes + 12, sizeof(type));
	if (type == PP_HTONS(ETHTYPE_IP)) {
		*start = ETH_HLEN + (bytes[ETH_HLEN] & 0xf) * 4;
		*addresses = ETH_HLEN + 12;
		*address_bytes = 8;
		protocol = bytes[ETH_HLEN + 9];
	} else {
		*start = ETH_HLEN + IP6_HEADER_SIZE;
		*addresses = ETH_HLEN + 8;
		*address_bytes = 32;
		protocol = type == PP_HTONS(ETHTYPE_IPV6) ? bytes[ETH_HLEN + 6] : 0;
	}
	return protocol == IP_PROTO_TCP && frame->len >= *start + TCP_HLEN;
}

/* Prepares a checksum for the device. lwIP leaves TCP's checksum 0 then (interface_init); the
 * device needs the sum of the pseudo header there, not complemented (RFC 9293, 3.1). */
static void leave_checksum(struct pbuf *frame, struct netdev_offload *offload)
{
	u16 start, addresses, address_bytes, partial;
	u8 *bytes = frame->payload;
	u32 sum;

	if (!find_tcp(frame, &start, &addresses, &address_bytes))
		return;
	sum = (u16)~inet_chksum(bytes + addresses, address_bytes);
	sum += lwip_htons(IP_PROTO_TCP) + (u32)lwip_htons((u16)(frame->tot_len - start));
	sum = (sum & 0xffff) + (sum >> 16);
	partial = (u16)((sum & 0xffff) + (sum >> 16));
	memcpy(bytes + start + TCP_CHECKSUM_OFFSET, &partial, sizeof(partial));
	*offload = (struct netdev_offload){ .needs_checksum = true,
					    .checksum_start = start,
					    .checksum_offset = TCP_CHECKSUM_OFFSET };
}

/* Lists the pieces of a chain that are not empty; returns 0 if there are too many. */
static unsigned int list_pieces(const struct pbuf *frame, struct netdev_segment *segments)
{
	unsigned int count = 0;

	for (; frame; frame = frame->next) {
		if (!frame->len)
			continue;
		if (count == NETDEV_SEGMENTS_MAX)
			return 0;
		segments[count++] = (struct netdev_segment){ frame->payload, frame->len };
	}
	return count;
}

/* Returns a referenced frame whose memory will not change while the device reads it, in few enough
 * pieces. NULL without memory. */
static struct pbuf *hold_frame(struct pbuf *frame)
{
	unsigned int pieces = 0;
	bool copy = false;

	for (const struct pbuf *piece = frame; piece; piece = piece->next) {
		copy |= PBUF_NEEDS_COPY(piece);
		pieces++;
	}
	if (copy || pieces > NETDEV_SEGMENTS_MAX)
		return pbuf_clone(PBUF_RAW, PBUF_RAM, frame);
	pbuf_ref(frame);
	return frame;
}

static int send_held_frame(struct net_interface *interface, struct sending *sending)
{
	struct netdev_segment segments[NETDEV_SEGMENTS_MAX];

	sending->tx.segments = segments;
	sending->tx.segment_count = list_pieces(sending->frame, segments);
	sending->tx.done = interface_sent;
	if (interface->dev->features & NETDEV_F_CHECKSUM)
		leave_checksum(sending->frame, &sending->tx.offload);
	return netdev_send(interface->dev, 0, &sending->tx);
}

/* lwIP's linkoutput. ERR_MEM if the device has no room: TCP tries again, others lose a packet. */
static err_t interface_output(struct netif *netif, struct pbuf *frame)
{
	struct net_interface *interface = netif->state;
	struct sending *sending = kzalloc(sizeof(*sending));
	int err;

	if (!sending)
		return ERR_MEM;
	sending->frame = hold_frame(frame);
	if (!sending->frame) {
		kfree(sending);
		return ERR_MEM;
	}
	err = send_held_frame(interface, sending);
	if (!err) {
		interface->flush = true;
		return ERR_OK;
	}
	pbuf_free(sending->frame);
	kfree(sending);
	return err == -ENOSPC ? ERR_MEM : ERR_IF;
}

void interface_flush(struct net_interface *interface)
{
	if (interface->flush)
		netdev_flush(interface->dev, 0);
	interface->flush = false;
}

/* ---- receiving ------------------------------------------------------------------------------- */

static struct pbuf *copy_frame_in(const struct netdev_frame *frame)
{
	struct pbuf *copy;
	u32 offset = 0;

	if (frame->length > UINT16_MAX)
		return NULL;
	copy = pbuf_alloc(PBUF_RAW, (u16_t)frame->length, PBUF_POOL);
	for (struct pbuf *piece = copy; piece; piece = piece->next) {
		netdev_copy(frame, offset, piece->payload, piece->len);
		offset += piece->len;
	}
	return copy;
}

/* True if the frame is for us. Devices also pass on frames for others, and lwIP would answer a
 * broadcast address in them. */
static bool frame_is_for_us(const struct netif *netif, const struct pbuf *frame)
{
	const u8 *address = frame->payload;

	return address[0] & 1 || !memcmp(address, netif->hwaddr, ETH_ALEN);
}

/* Chooses which checksums lwIP verifies: all except those that the device has verified, or that a
 * sender on this host left out. */
static void choose_checksum_checks(struct netif *netif, enum netdev_checksum checksum)
{
	if (checksum == NETDEV_CHECKSUM_NONE)
		netif->chksum_flags |= CHECKS_OF_TRANSPORT;
	else
		netif->chksum_flags &= (u16_t)~CHECKS_OF_TRANSPORT;
}

static bool pcb_is_from(const struct tcp_pcb *pcb, const u8 *address, u16 address_bytes)
{
	if (IP_IS_V6(&pcb->remote_ip))
		return address_bytes == 32 && !memcmp(ip_2_ip6(&pcb->remote_ip)->addr, address, 16);
	return address_bytes == 8 && !memcmp(&ip_2_ip4(&pcb->remote_ip)->addr, address, 4);
}

/*
 * Lets a peer reopen a connection. It may reuse a port while we still wait for stragglers of the
 * last connection, if its sequence numbers continue from there (RFC 9293, 3.6.1). lwIP would answer
 * it with the old connection's numbers, for two minutes; so that connection is dropped first,
 * silently.
 */
static void let_peer_reopen(const struct pbuf *frame)
{
	u16 start, addresses, address_bytes;
	struct tcp_hdr header;

	if (!find_tcp(frame, &start, &addresses, &address_bytes))
		return;
	memcpy(&header, (u8 *)frame->payload + start, sizeof(header));
	if ((TCPH_FLAGS(&header) & (TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN)) != TCP_SYN)
		return;
	for (struct tcp_pcb *pcb = tcp_tw_pcbs; pcb; pcb = pcb->next) {
		if (pcb->local_port != lwip_ntohs(header.dest) ||
		    pcb->remote_port != lwip_ntohs(header.src) ||
		    !pcb_is_from(pcb, (u8 *)frame->payload + addresses, address_bytes))
			continue;
		if ((s32_t)(lwip_ntohl(header.seqno) - pcb->rcv_nxt) > 0)
			tcp_abort(pcb); /* in TIME-WAIT this sends nothing */
		return;
	}
}

static void interface_take_in(struct netdev *dev, const struct netdev_frame *frame, void *context)
{
	struct net_interface *interface = context;
	struct pbuf *copy = copy_frame_in(frame);

	(void)dev;
	if (!copy) {
		interface->no_buffer++;
		return;
	}
	if (!frame_is_for_us(&interface->netif, copy)) {
		pbuf_free(copy);
		return;
	}
	let_peer_reopen(copy);
	choose_checksum_checks(&interface->netif, frame->checksum);
	if (interface->netif.input(copy, &interface->netif) != ERR_OK)
		pbuf_free(copy);
}

int interface_receive(struct net_interface *interface)
{
	int count = netdev_poll(interface->dev, 0, NET_BUDGET, interface_take_in, interface);

	return max(count, 0);
}

/* ---- the link -------------------------------------------------------------------------------- */

static void follow_link(struct netdev *dev, void *context)
{
	struct net_interface *interface = context;
	struct netif *netif = &interface->netif;

	netif->mtu = (u16_t)min(dev->mtu, (u32)UINT16_MAX);
	if (dev->announce && netif_is_link_up(netif)) {
		dev->announce = false;
		etharp_gratuitous(netif);
	}
	if (dev->link_up == !!netif_is_link_up(netif))
		return;
	printk("net %s: the link is %s\n", dev->name, dev->link_up ? "up" : "down");
	if (dev->link_up)
		netif_set_link_up(netif);
	else
		netif_set_link_down(netif);
}

static err_t interface_init(struct netif *netif)
{
	struct net_interface *interface = netif->state;
	const struct netdev *dev = interface->dev;

	netif->name[0] = 'e';
	netif->name[1] = 'n';
	netif->hostname = "doorbell";
	netif->output = etharp_output;
	netif->output_ip6 = ethip6_output;
	netif->linkoutput = interface_output;
	netif->mtu = (u16_t)min(dev->mtu, (u32)UINT16_MAX);
	netif->hwaddr_len = ETH_ALEN;
	memcpy(netif->hwaddr, dev->mac, ETH_ALEN);
	netif->flags =
		NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET | NETIF_FLAG_MLD6;
	if (dev->features & NETDEV_F_CHECKSUM)
		NETIF_SET_CHECKSUM_CTRL(netif, NETIF_CHECKSUM_ENABLE_ALL & ~NETIF_CHECKSUM_GEN_TCP);
	return ERR_OK;
}

int interface_add(struct net_interface *interface, struct netdev *dev)
{
	struct netif *netif = &interface->netif;

	interface->dev = dev;
	interface->configuration = NET_CONFIGURED_NOT;
	if (!netif_add_noaddr(netif, interface, interface_init, ethernet_input))
		return -ENOMEM;
	if (!netif_default)
		netif_set_default(netif);
	netif_create_ip6_linklocal_address(netif, 1);
	netif_set_ip6_autoconfig_enabled(netif, 1);
	netdev_on_link_change(dev, follow_link, interface);
	netif_set_up(netif);
	if (dev->link_up)
		netif_set_link_up(netif);
	else
		printk("net %s: the link is down\n", dev->name);
	return 0;
}
