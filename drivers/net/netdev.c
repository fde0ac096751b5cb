/* SPDX-License-Identifier: MIT */
/*
 * Network interfaces: the list of them, and the code common to all drivers: checks of arguments,
 * sleeping, synchronous sending.
 */
#include "drivers/net/netdev.h"

#include <linux/errno.h>

#include "kernel/printk.h"
#include "kernel/string.h"
#include "kernel/time.h"

#define NETDEV_MAX 100

/* Built at start-up on the boot CPU, one driver after the other; afterwards only read. */
static struct list_head interfaces = LIST_HEAD_INIT(interfaces);

/* ---- the list -------------------------------------------------------------------------------- */

struct netdev *netdev_get(unsigned int index)
{
	return list_nth_entry(index, &interfaces, struct netdev, node);
}

struct netdev *netdev_find(const char *name)
{
	struct netdev *dev;

	list_for_each_entry(dev, &interfaces, struct netdev, node)
		if (!strcmp(dev->name, name))
			return dev;
	return NULL;
}

int register_netdev(struct netdev *dev)
{
	for (unsigned int i = 0; i < NETDEV_MAX; i++) {
		snprintf(dev->name, sizeof(dev->name), "eth%u", i);
		if (netdev_find(dev->name))
			continue;
		list_add_tail(&dev->node, &interfaces);
		return 0;
	}
	dev->name[0] = '\0';
	return -ENFILE;
}

void unregister_netdev(struct netdev *dev)
{
	list_del_init(&dev->node);
}

/* ---- sending --------------------------------------------------------------------------------- */

static bool netdev_queue_in_use(const struct netdev *dev, unsigned int queue)
{
	return queue < dev->queue_pairs;
}

/* Returns the total length, or 0 if a piece is invalid. */
static u32 frame_length(const struct netdev_tx *tx)
{
	u32 length = 0;

	if (!tx->segments || !tx->segment_count || tx->segment_count > NETDEV_SEGMENTS_MAX)
		return 0;
	for (unsigned int i = 0; i < tx->segment_count; i++) {
		const struct netdev_segment *segment = &tx->segments[i];

		if (!segment->address || !segment->length || segment->length > NETDEV_FRAME_MAX)
			return 0;
		length += segment->length; /* 32 of at most 65553: no overflow */
	}
	return length;
}

static unsigned int features_for(const struct netdev_offload *offload)
{
	unsigned int needed = offload->needs_checksum ? NETDEV_F_CHECKSUM : 0;

	if (offload->gso == NETDEV_GSO_TCP4)
		needed |= NETDEV_F_TSO4;
	if (offload->gso == NETDEV_GSO_TCP6)
		needed |= NETDEV_F_TSO6;
	if (offload->gso && offload->gso_ecn)
		needed |= NETDEV_F_TSO_ECN;
	return needed;
}

static int check_offload(const struct netdev *dev, const struct netdev_offload *offload, u32 length)
{
	unsigned int needed = features_for(offload);

	if ((dev->features & needed) != needed)
		return -EOPNOTSUPP;
	if (offload->needs_checksum &&
	    (u32)offload->checksum_start + offload->checksum_offset + 2 > length)
		return -EINVAL;
	if (!offload->gso)
		return 0;
	if (offload->gso > NETDEV_GSO_TCP6 || !offload->needs_checksum || !offload->gso_size)
		return -EINVAL;
	return offload->header_length <= offload->checksum_start || offload->header_length > length
		       ? -EINVAL
		       : 0;
}

static bool has_vlan_tag(const struct netdev_tx *tx)
{
	const u8 *start = tx->segments[0].address;

	return tx->segments[0].length >= ETH_HLEN && start[12] == ETH_P_8021Q >> 8 &&
	       start[13] == (ETH_P_8021Q & 0xff);
}

/* Checks the length: no frame longer than the MTU goes out in one piece (virtio 1.2, 5.1.4.2, and
 * sensible for any device). */
static int netdev_check_length(const struct netdev *dev, const struct netdev_tx *tx)
{
	u32 limit = dev->mtu + ETH_HLEN + (has_vlan_tag(tx) ? VLAN_HLEN : 0);

	if (tx->offload.gso)
		limit = NETDEV_FRAME_MAX;
	return tx->length < ETH_HLEN || tx->length > limit ? -EMSGSIZE : 0;
}

int netdev_send(struct netdev *dev, unsigned int queue, struct netdev_tx *tx)
{
	int error;

	if (!netdev_queue_in_use(dev, queue))
		return -EINVAL;
	tx->length = frame_length(tx);
	if (!tx->length)
		return -EINVAL;
	error = netdev_check_length(dev, tx);
	if (!error)
		error = check_offload(dev, &tx->offload, tx->length);
	/* Do not send while the link is down: no one could receive it, and QEMU 7.2 asks for a
	 * reset when it drops frames of a packed ring. */
	if (!error && !READ_ONCE(dev->link_up))
		error = -ENETDOWN;
	return error ? error : dev->ops->send(dev, queue, tx);
}

void netdev_flush(struct netdev *dev, unsigned int queue)
{
	if (netdev_queue_in_use(dev, queue))
		dev->ops->flush(dev, queue);
}

int netdev_reclaim(struct netdev *dev, unsigned int queue)
{
	return netdev_queue_in_use(dev, queue) ? dev->ops->reclaim(dev, queue) : -EINVAL;
}

/* One frame that a caller waits for. */
struct sync {
	bool done;
	int error;
};

static void netdev_sync_done(struct netdev *dev, struct netdev_tx *tx)
{
	struct sync *sync = tx->context;

	(void)dev;
	sync->error = tx->error;
	sync->done = true;
}

static u64 time_left(u64 start, u64 timeout_ns)
{
	u64 passed = ktime_get_ns() - start;

	return passed < timeout_ns ? timeout_ns - passed : 0;
}

/* Waits until a frame was sent and takes it back; false if there is no time left. */
static bool netdev_wait_and_reclaim(struct netdev *dev, unsigned int queue, u64 start,
				    u64 timeout_ns)
{
	u64 left = time_left(start, timeout_ns);

	netdev_wait(dev, NETDEV_SENT, left);
	netdev_reclaim(dev, queue);
	return left;
}

int netdev_send_sync(struct netdev *dev, unsigned int queue, void *frame, u32 length,
		     const struct netdev_offload *offload, u64 timeout_ns)
{
	struct netdev_segment segment = { frame, length };
	struct sync sync = {};
	struct netdev_tx tx = {
		.segments = &segment, .segment_count = 1, .done = netdev_sync_done, .context = &sync
	};
	u64 start = ktime_get_ns();
	int error;

	if (offload)
		tx.offload = *offload;
	do
		error = netdev_send(dev, queue, &tx);
	while (error == -ENOSPC && netdev_wait_and_reclaim(dev, queue, start, timeout_ns));
	if (error)
		return error;
	netdev_flush(dev, queue);
	netdev_reclaim(dev, queue);
	while (!sync.done && netdev_wait_and_reclaim(dev, queue, start, timeout_ns))
		;
	if (sync.done)
		return sync.error;
	/* The frame and its memory are on our stack, so the device must forget them. */
	dev->ops->abort(dev);
	netdev_reclaim(dev, queue);
	return -ETIMEDOUT;
}

/* ---- receiving ------------------------------------------------------------------------------- */

int netdev_poll(struct netdev *dev, unsigned int queue, unsigned int budget,
		netdev_handler_t *handler, void *context)
{
	if (!netdev_queue_in_use(dev, queue) || !handler)
		return -EINVAL;
	return dev->ops->poll(dev, queue, budget, handler, context);
}

u32 netdev_copy(const struct netdev_frame *frame, u32 offset, void *to, u32 length)
{
	u8 *position = to;

	for (unsigned int i = 0; i < frame->segment_count && length; i++) {
		const struct netdev_segment *segment = &frame->segments[i];
		u32 part;

		if (offset >= segment->length) {
			offset -= segment->length;
			continue;
		}
		part = min(length, segment->length - offset);
		memcpy(position, (const u8 *)segment->address + offset, part);
		position += part;
		length -= part;
		offset = 0;
	}
	return (u32)(position - (u8 *)to);
}

/* ---- sleeping -------------------------------------------------------------------------------- */

/* The cost of a lost interrupt; after several in a row, interrupts are given up. */
#define NAP_NS (100 * NSEC_PER_MSEC)
#define LOST_INTERRUPTS_MAX 3
/* How often a caller that waits for sent frames checks that the device still works on them. */
#define SENT_NAP_NS (10 * NSEC_PER_MSEC)

struct nap {
	struct netdev *dev;
	unsigned int events;
};

struct wait_queue netdev_waiters;

static bool netdev_something_happened(void *context)
{
	const struct nap *nap = context;

	return !netdev_arm(nap->dev, nap->events);
}

bool netdev_arm(struct netdev *dev, unsigned int events)
{
	return dev->ops->arm(dev, events);
}

void netdev_disarm(struct netdev *dev)
{
	dev->ops->disarm(dev);
}

bool netdev_can_interrupt(const struct netdev *dev)
{
	return dev->ops->can_interrupt(dev);
}

/* Counts lost interrupts: there was an event at the end of a whole nap, and no interrupt had ended
 * it. */
static void netdev_count_lost(struct netdev *dev, bool lost)
{
	dev->lost_interrupts = lost ? dev->lost_interrupts + 1 : 0;
	if (dev->lost_interrupts == LOST_INTERRUPTS_MAX)
		dev->ops->give_up_interrupts(dev);
}

static int take_a_nap(struct nap *nap, u64 length_ns)
{
	u64 start = ktime_get_ns(), before = nap->dev->ops->interrupts(nap->dev);
	int error;

	if (!netdev_can_interrupt(nap->dev))
		return poll_until(netdev_something_happened, nap, length_ns);
	error = wait_event(&netdev_waiters, netdev_something_happened, nap, length_ns);
	if (!error)
		netdev_count_lost(nap->dev, ktime_get_ns() - start >= NAP_NS &&
						    nap->dev->ops->interrupts(nap->dev) == before);
	return error;
}

int netdev_wait(struct netdev *dev, unsigned int events, u64 timeout_ns)
{
	struct nap nap = { dev, events };
	u64 start = ktime_get_ns(), nap_ns = events & NETDEV_SENT ? SENT_NAP_NS : NAP_NS;
	int error;

	do {
		dev->ops->watch(dev);
		error = take_a_nap(&nap, min(time_left(start, timeout_ns), nap_ns));
	} while (error && time_left(start, timeout_ns));
	netdev_disarm(dev);
	return error;
}

/* ---- the interface --------------------------------------------------------------------------- */

int netdev_set_mac(struct netdev *dev, const u8 mac[ETH_ALEN])
{
	int error;

	if (!is_valid_ether_addr(mac))
		return -EINVAL;
	if (!(dev->features & NETDEV_F_SET_MAC))
		return -EOPNOTSUPP;
	error = dev->ops->set_mac(dev, mac);
	if (!error)
		memcpy(dev->mac, mac, ETH_ALEN);
	return error;
}

int netdev_set_receive_mode(struct netdev *dev, bool promiscuous, bool all_multicast)
{
	if (!(dev->features & NETDEV_F_RECEIVE_MODE))
		return -EOPNOTSUPP;
	return dev->ops->set_receive_mode(dev, promiscuous, all_multicast);
}

int netdev_set_multicast(struct netdev *dev, const u8 *addresses, unsigned int count)
{
	if (!(dev->features & NETDEV_F_RECEIVE_MODE))
		return -EOPNOTSUPP;
	if (count > NETDEV_MULTICAST_MAX)
		return -EINVAL;
	for (unsigned int i = 0; i < count; i++)
		if (!(addresses[i * ETH_ALEN] & 1))
			return -EINVAL;
	return dev->ops->set_multicast(dev, addresses, count);
}

int netdev_set_queue_pairs(struct netdev *dev, unsigned int pairs)
{
	if (!pairs || pairs > dev->max_queue_pairs)
		return -EINVAL;
	return pairs == dev->queue_pairs ? 0 : dev->ops->set_queue_pairs(dev, pairs);
}

void netdev_on_link_change(struct netdev *dev,
			   void (*link_changed)(struct netdev *dev, void *context), void *context)
{
	dev->link_context = context;
	dev->link_changed = link_changed;
}

void netdev_count(const struct netdev *dev, unsigned int queue, struct netdev_counters *sent,
		  struct netdev_counters *received)
{
	*sent = *received = (struct netdev_counters){};
	if (queue < dev->max_queue_pairs)
		dev->ops->count(dev, queue, sent, received);
}
