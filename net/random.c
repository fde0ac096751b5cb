// SPDX-License-Identifier: MIT
/*
 * Random numbers for the stack: SipHash-2-4 (Aumasson and Bernstein, 2012) under a secret key.
 * Hashing a counter gives random numbers, hashing the two ends gives sequence numbers.
 */
#include "drivers/char/entropy.h"
#include "kernel/cpu.h"
#include "kernel/printk.h"
#include "kernel/string.h"
#include "kernel/time.h"
#include "net/hooks.h"
#include "net/interface.h"

#define SEED_TIMEOUT_NS NSEC_PER_SEC

static u64 key[2];
static u64 counter;

static u64 rotate_left(u64 value, unsigned int bits)
{
	return value << bits | value >> (64 - bits);
}

static void sip_round(u64 v[4])
{
	v[0] += v[1];
	v[1] = rotate_left(v[1], 13) ^ v[0];
	v[0] = rotate_left(v[0], 32);
	v[2] += v[3];
	v[3] = rotate_left(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotate_left(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotate_left(v[1], 17) ^ v[2];
	v[2] = rotate_left(v[2], 32);
}

/* Hashes whole words, and a last word with only their length in its top byte. */
static u64 siphash_words(const u64 *words, unsigned int count)
{
	u64 v[4] = { key[0] ^ 0x736f6d6570736575ULL, key[1] ^ 0x646f72616e646f6dULL,
		     key[0] ^ 0x6c7967656e657261ULL, key[1] ^ 0x7465646279746573ULL };

	for (unsigned int i = 0; i <= count; i++) {
		u64 word = i < count ? words[i] : (u64)count * 8 << 56;

		v[3] ^= word;
		sip_round(v);
		sip_round(v);
		v[0] ^= word;
	}
	v[2] ^= 0xff;
	for (unsigned int i = 0; i < 4; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static bool seed_from_device(u64 seed[2])
{
	struct entropy *entropy = entropy_get(0);

	return entropy && !entropy_read(entropy, seed, 2 * sizeof(*seed), SEED_TIMEOUT_NS);
}

/* Seeds the key. The CPU's randomness is always mixed in, because a device alone may lie. */
void random_init(void)
{
	u64 seed[2] = {};
	bool device = seed_from_device(seed);

	key[0] = seed[0] ^ rdrand() ^ rdtsc();
	key[1] = seed[1] ^ rdrand() ^ rotate_left(rdtsc(), 32);
	if (!device && !rdrand())
		printk("net: random numbers are predictable: no RDRAND, no entropy device\n");
}

u32 net_random(void)
{
	u64 word = counter++;

	return (u32)siphash_words(&word, 1);
}

/* RFC 6528, 3: a clock of 4 us plus a hash of the two ends. */
u32_t net_tcp_isn(const ip_addr_t *local_ip, u16_t local_port, const ip_addr_t *remote_ip,
		  u16_t remote_port)
{
	u64 words[5] = {};

	if (IP_IS_V6(remote_ip)) {
		memcpy(&words[0], ip_2_ip6(remote_ip)->addr, 16);
		memcpy(&words[2], ip_2_ip6(local_ip)->addr, 16);
	} else {
		words[0] = ip_2_ip4(remote_ip)->addr;
		words[2] = ip_2_ip4(local_ip)->addr;
	}
	words[4] = (u64)local_port << 32 | remote_port;
	return (u32)siphash_words(words, ARRAY_SIZE(words)) + (u32)(ktime_get_ns() / 4000);
}
