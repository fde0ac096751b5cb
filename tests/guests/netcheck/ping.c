/* SPDX-License-Identifier: MIT */
/* ARP and ICMP by hand, against the machine that QEMU's user network pretends to be. */
#include <linux/errno.h>

#include "kernel/memory.h"
#include "kernel/printk.h"
#include "kernel/string.h"
#include "tests/guests/netcheck/netcheck.h"

#define ANSWER_TIMEOUT_NS (2 * NSEC_PER_SEC)
#define SEND_TIMEOUT_NS (1 * NSEC_PER_SEC)
#define TRIES 5
#define PINGS 3
#define PING_BYTES 1000
#define ICMP_REQUEST 8

static const u8 our_ip[4] = { 10, 0, 2, 15 };
static const u8 their_ip[4] = { 10, 0, 2, 2 };

struct ethernet {
	u8 to[ETH_ALEN], from[ETH_ALEN], type[2];
} __packed;

struct arp {
	struct ethernet ethernet;
	u8 fixed[6], operation[2];
	u8 sender[ETH_ALEN], sender_ip[4], target[ETH_ALEN], target_ip[4];
} __packed;

struct ping {
	struct ethernet ethernet;
	u8 version, tos, total[2], id[2], fragment[2], ttl, protocol, checksum[2];
	u8 from_ip[4], to_ip[4];
	u8 type, code, icmp_checksum[2], icmp_id[2], sequence[2];
	u8 data[PING_BYTES];
} __packed;

/* What is waited for, and what came. */
struct wanted {
	u8 type[2];
	bool (*is_it)(const u8 *frame, u32 length);
	bool found;
	u8 their_mac[ETH_ALEN];
	struct ping answer;
};

static struct wanted wanted;
static const struct ping *last_ping;

static void put16(u8 *to, unsigned int value)
{
	to[0] = (u8)(value >> 8);
	to[1] = (u8)value;
}

/* RFC 1071. */
static u16 internet_sum(const u8 *data, unsigned int length)
{
	u32 sum = 0;

	for (unsigned int i = 0; i + 1 < length; i += 2)
		sum += (u32)data[i] << 8 | data[i + 1];
	if (length & 1)
		sum += (u32)data[length - 1] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (u16)~sum;
}

static bool is_arp_answer(const u8 *frame, u32 length)
{
	const struct arp *arp = (const struct arp *)frame;

	return length >= sizeof(*arp) && arp->operation[1] == 2 &&
	       !memcmp(arp->sender_ip, their_ip, 4);
}

/* The answer is the request with type 0, addresses swapped, and the same data. */
static bool is_ping_answer(const u8 *frame, u32 length)
{
	const struct ping *ping = (const struct ping *)frame;
	unsigned int icmp_bytes = sizeof(*ping) - offsetof(struct ping, type);

	return length >= sizeof(*ping) && ping->protocol == 1 && ping->type == 0 &&
	       !memcmp(ping->from_ip, their_ip, 4) && !memcmp(ping->to_ip, our_ip, 4) &&
	       !memcmp(ping->sequence, last_ping->sequence, 2) &&
	       !memcmp(ping->data, last_ping->data, PING_BYTES) &&
	       !internet_sum(&ping->type, icmp_bytes) && !internet_sum(&ping->version, 20);
}

static void receive(struct netdev *dev, const struct netdev_frame *frame, void *context)
{
	struct wanted *want = context;
	u8 *bytes = (u8 *)&want->answer;
	u32 length;

	(void)dev;
	if (want->found)
		return;
	length = netdev_copy(frame, 0, bytes, sizeof(want->answer));
	if (memcmp(bytes + 12, want->type, 2) || !want->is_it(bytes, length))
		return;
	memcpy(want->their_mac, bytes + ETH_ALEN, ETH_ALEN);
	want->found = true;
}

/* Looks for the answer for a while; -EIO when the interface was given up. */
static int listen(struct netdev *dev)
{
	u64 start = ktime_get_ns();

	while (!wanted.found && ktime_get_ns() - start < ANSWER_TIMEOUT_NS) {
		netdev_wait(dev, NETDEV_RECEIVED, ANSWER_TIMEOUT_NS / TRIES);
		if (netdev_poll(dev, 0, 64, receive, &wanted) < 0)
			return -EIO;
	}
	return wanted.found ? 0 : -ETIMEDOUT;
}

/* Sends a frame and waits for its answer; once more when none comes, or when the device had to be
 * restarted, for frames may be lost. */
static int ask(struct netdev *dev, void *frame, u32 length, bool (*is_it)(const u8 *, u32))
{
	int error = -ETIMEDOUT;

	memcpy(wanted.type, (u8 *)frame + 12, 2);
	wanted.is_it = is_it;
	wanted.found = false;
	for (unsigned int try = 0; try < TRIES && error; try++) {
		error = netdev_send_sync(dev, 0, frame, length, NULL, SEND_TIMEOUT_NS);
		if (!error)
			error = listen(dev);
	}
	return error;
}

static void fill_ethernet(const struct netdev *dev, struct ethernet *ethernet, const u8 *to,
			  unsigned int type)
{
	memcpy(ethernet->to, to, ETH_ALEN);
	memcpy(ethernet->from, dev->mac, ETH_ALEN);
	put16(ethernet->type, type);
}

static int resolve(struct netdev *dev, struct arp *arp)
{
	static const u8 everybody[ETH_ALEN] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	static const u8 fixed[6] = { 0, 1, 8, 0, ETH_ALEN, 4 };
	const u8 *mac = wanted.their_mac;
	int error;

	fill_ethernet(dev, &arp->ethernet, everybody, ETH_P_ARP);
	memcpy(arp->fixed, fixed, sizeof(fixed));
	put16(arp->operation, 1);
	memcpy(arp->sender, dev->mac, ETH_ALEN);
	memcpy(arp->sender_ip, our_ip, 4);
	memcpy(arp->target_ip, their_ip, 4);
	error = ask(dev, arp, sizeof(*arp), is_arp_answer);
	if (error)
		printk("netcheck: ARP: no answer from 10.0.2.2: error %d\n", error);
	else
		printk("netcheck: ARP: 10.0.2.2 is at %02x:%02x:%02x:%02x:%02x:%02x\n", mac[0],
		       mac[1], mac[2], mac[3], mac[4], mac[5]);
	return error;
}

static void fill_ping(const struct netdev *dev, struct ping *ping, unsigned int sequence)
{
	memset(ping, 0, sizeof(*ping));
	fill_ethernet(dev, &ping->ethernet, wanted.their_mac, ETH_P_IP);
	ping->version = 0x45;
	put16(ping->total, sizeof(*ping) - ETH_HLEN);
	ping->ttl = 64;
	ping->protocol = 1;
	memcpy(ping->from_ip, our_ip, 4);
	memcpy(ping->to_ip, their_ip, 4);
	put16(ping->checksum, internet_sum(&ping->version, 20));
	ping->type = ICMP_REQUEST;
	put16(ping->sequence, sequence);
	for (unsigned int i = 0; i < PING_BYTES; i++)
		ping->data[i] = (u8)(i * 7 + sequence);
	put16(ping->icmp_checksum,
	      internet_sum(&ping->type, sizeof(*ping) - offsetof(struct ping, type)));
}

int netcheck_ping(struct netdev *dev)
{
	u64 count = netcheck_option("count", PINGS), answered = 0;
	struct ping *ping = alloc_pages_exact(sizeof(*ping));
	int error = ping ? resolve(dev, (struct arp *)ping) : -ENOMEM;

	last_ping = ping;
	for (unsigned int i = 1; i <= count && !error; i++) {
		fill_ping(dev, ping, i);
		error = ask(dev, ping, sizeof(*ping), is_ping_answer);
		answered += !error;
	}
	printk("netcheck: %llu of %llu pings of %u bytes answered\n", answered, count, PING_BYTES);
	free_pages_exact(ping, sizeof(*ping));
	return error;
}
