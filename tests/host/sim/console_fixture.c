// SPDX-License-Identifier: MIT
/* See console_fixture.h. */
#include "console_fixture.h"

#include "test.h"

struct console_device host;
void (*console_ready)(u32 id, u16 value);

static void hear(const struct ring_chain *chain)
{
	struct virtio_console_control message;

	CHECK_EQ(chain->segments[0].length, sizeof(message));
	CHECK(host.sent_count < ARRAY_SIZE(host.sent));
	memcpy(&message, chain->segments[0].address, sizeof(message));
	host.sent[host.sent_count++] = message;
	if (console_ready && (message.event == VIRTIO_CONSOLE_DEVICE_READY ||
			      message.event == VIRTIO_CONSOLE_PORT_READY))
		console_ready(message.id, message.event);
}

static void take(unsigned int queue, const struct ring_chain *chain)
{
	for (unsigned int i = 0; i < chain->out; i++) {
		u32 length = chain->segments[i].length;

		CHECK(host.output_length[queue] + length <= sizeof(host.output[queue]));
		memcpy(host.output[queue] + host.output_length[queue], chain->segments[i].address,
		       length);
		host.output_length[queue] += length;
	}
	modern_use(&modern, queue, chain->head, 0);
}

static void serve(struct modern *device, unsigned int queue, struct ring_chain *chain)
{
	/* 5.3.6.1: only readable in a queue of output, only writable in one of input. */
	CHECK_EQ(queue % 2 ? chain->in : chain->out, 0);
	if (queue == CONTROL_TRANSMITQ) {
		modern_use(device, queue, chain->head, 0);
		hear(chain);
	} else if (queue % 2 && !host.deaf) {
		take(queue, chain);
	} else {
		CHECK(host.count[queue] < ARRAY_SIZE(host.chains[queue]));
		host.chains[queue][host.count[queue]++] = *chain;
	}
}

static struct ring_chain oldest(unsigned int queue)
{
	struct ring_chain chain = host.chains[queue][0];

	CHECK(host.count[queue]);
	memmove(host.chains[queue], host.chains[queue] + 1, --host.count[queue] * sizeof(chain));
	return chain;
}

void console_take_output(void)
{
	for (unsigned int queue = 1; queue < CONSOLE_QUEUES; queue += 2)
		while (host.count[queue]) {
			struct ring_chain chain = oldest(queue);

			take(queue, &chain);
		}
}

void console_input(unsigned int queue, const void *data, u32 length)
{
	struct ring_chain chain = oldest(queue);

	CHECK(length <= chain.writable);
	memcpy(chain.segments[0].address, data, length);
	modern_use(&modern, queue, chain.head, length + host.lie_more);
}

void console_tell(u32 id, u16 event, u16 value, const void *text, u32 length)
{
	struct virtio_console_control head = { id, event, value };
	u8 memory[512];

	memcpy(memory, &head, sizeof(head));
	if (length)
		memcpy(memory + sizeof(head), text, length);
	console_input(CONTROL_RECEIVEQ, memory, (u32)sizeof(head) + length);
}

void console_boot(u64 features, u32 max_ports)
{
	struct virtio_console_config config = { 80, 25, max_ports, 0 };

	memset(&host.chains, 0, sizeof(host.chains));
	memcpy(modern.config, &config, sizeof(config));
	modern.config_length = 64;
	modern.offered |= features;
	modern.queue_count = CONSOLE_QUEUES;
	modern.queue_size = 64;
	modern.vectors = 8;
	modern.serve = serve;
	modern_make(0x1043, 1, 0x1100);
	modern_boot();
}
