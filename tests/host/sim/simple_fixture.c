// SPDX-License-Identifier: MIT
/* See simple_fixture.h. */
#include "simple_fixture.h"

#include "test.h"

struct simple_lie lie;
struct ring_chain simple_events[64];
unsigned int simple_event_count;
static u64 served;

/* Copies to or from the chain's memory, whatever its segments. */
static void copy(const struct ring_segment *segment, unsigned int count, u8 *memory, u32 length,
		 bool to_chain)
{
	for (; count-- && length; segment++) {
		u32 part = length < segment->length ? length : segment->length;

		if (to_chain)
			memcpy(segment->address, memory, part);
		else
			memcpy(memory, segment->address, part);
		memory += part;
		length -= part;
	}
	CHECK_EQ(length, 0);
}

static void answer(struct modern *device, unsigned int index, struct ring_chain *chain)
{
	static u8 memory[16 + 4096];
	struct virtio_simple_req_hdr request;
	struct virtio_simple_resp_hdr response = {};
	bool lies = served++ >= lie.honest;
	u32 payload = 0, length;

	copy(chain->segments, chain->out, memory, 16, false);
	memcpy(&request, memory, 16);
	for (unsigned int i = 0; i < chain->out; i++)
		payload += chain->segments[i].length;
	payload -= 16;
	length = request.op == VIRTIO_SIMPLE_OP_ECHO ? payload : 0;
	copy(chain->segments, chain->out, memory, 16 + payload, false);
	response.status = request.op <= VIRTIO_SIMPLE_OP_ECHO ? 0 : VIRTIO_SIMPLE_S_UNSUPPORTED;
	response.cookie = request.cookie ^ (lies ? lie.cookie_xor : 0);
	response.len = length + (u32)(lies ? lie.length_more : 0);
	memcpy(memory, &response, 16);
	copy(chain->segments + chain->out, chain->in, memory, 16 + length, true);
	if (lies && lie.silent)
		return;
	if (lies && lie.header_short)
		modern_use(device, index, chain->head, 15);
	else
		modern_use(device, index, chain->head + (lies && lie.id_wrong),
			   16 + length + (u32)(lies ? lie.written_more : 0));
}

static void serve(struct modern *device, unsigned int index, struct ring_chain *chain)
{
	if (index != VIRTIO_SIMPLE_EVENTQ) {
		answer(device, index, chain);
		return;
	}
	CHECK_EQ(chain->out, 0);
	CHECK(simple_event_count < ARRAY_SIZE(simple_events));
	simple_events[simple_event_count++] = *chain;
}

void simple_make(u64 features, u16 request_queues, u16 queues)
{
	struct virtio_simple_config config = { .magic = VIRTIO_SIMPLE_MAGIC,
					       .num_request_queues = request_queues,
					       .max_payload = 4096,
					       .tag = "host" };

	memcpy(modern.config, &config, sizeof(config));
	modern.offered |= features;
	modern.queue_count = queues;
	modern.vectors = 8;
	modern.serve = serve;
	modern_make(0x10f3, 1, 0x1100);
}

struct virtio_simple *simple_boot(u64 features, u16 request_queues, u16 queues)
{
	simple_make(features, request_queues, queues);
	modern_boot();
	return virtio_simple_get(0);
}

/* The device fills the oldest posted buffer with an event whose header says `length`. */
void simple_send_event(u32 length, u32 written)
{
	struct virtio_simple_event_hdr header = { VIRTIO_SIMPLE_EVENT_CHARDEV, length };
	struct ring_chain *chain = &simple_events[0];

	CHECK(simple_event_count);
	memset(chain->segments[0].address, 0x33, chain->segments[0].length);
	memcpy(chain->segments[0].address, &header, sizeof(header));
	modern_use(&modern, VIRTIO_SIMPLE_EVENTQ, chain->head, written);
	memmove(simple_events, simple_events + 1, --simple_event_count * sizeof(simple_events[0]));
}
