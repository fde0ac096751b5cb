// SPDX-License-Identifier: MIT
/* The data of virtio-console's ports: streams both ways, and hosts that do not take or give. */
#include "test.h"

#include <linux/errno.h>

#include "console_fixture.h"
#include "console_stub.h"
#include "kernel/time.h"
#include "world.h"

#define MULTIPORT BIT_ULL(VIRTIO_CONSOLE_F_MULTIPORT)
#define TIMEOUT (10 * NSEC_PER_MSEC)
#define IN 4 /* the queues of port 1 */
#define OUT 5
#define ROOM 16384 /* bytes that are buffered for output */

static void announce(u32 id, u16 event)
{
	if (event == VIRTIO_CONSOLE_DEVICE_READY)
		console_tell(1, VIRTIO_CONSOLE_PORT_ADD, 1, NULL, 0);
	else
		console_tell(id, VIRTIO_CONSOLE_PORT_NAME, 1, "p", 1);
}

/* A port whose host is there. */
static struct port *boot(void)
{
	console_ready = announce;
	console_boot(MULTIPORT, 7);
	console_tell(1, VIRTIO_CONSOLE_PORT_OPEN, 1, NULL, 0);
	return port_find("p", TIMEOUT);
}

TEST(virtio_console_input_in_pieces)
{
	struct port *port = boot();
	char text[16];

	CHECK_EQ(port_poll(port), PORT_WRITABLE | PORT_HOST_OPEN);
	console_input(IN, "abcdef", 6);
	console_input(IN, "", 0);
	console_input(IN, "gh", 2);
	CHECK_EQ(port_poll(port), PORT_READABLE | PORT_WRITABLE | PORT_HOST_OPEN);
	CHECK_EQ(port_read(port, text, 4, TIMEOUT), 4);
	CHECK(!memcmp(text, "abcd", 4));
	CHECK_EQ(port_read(port, text, 16, TIMEOUT), 4);
	CHECK(!memcmp(text, "efgh", 4));
	CHECK_EQ(port_read(port, text, 16, TIMEOUT), -ETIMEDOUT);
	CHECK_EQ(port_read(port, text, 0, TIMEOUT), -EINVAL);
	CHECK_NO_LOG("E07");
}

/* Every buffer goes back: a stream may be as long as it likes. */
TEST(virtio_console_1000_pieces_of_input)
{
	struct port *port = boot();
	char text[2048], data[2048];

	for (unsigned int i = 0; i < 1000; i++) {
		memset(data, (int)(i & 0xff), sizeof(data));
		console_input(IN, data, 1 + 2 * i);
		CHECK_EQ(port_read(port, text, sizeof(text), TIMEOUT), 1 + 2 * i);
		CHECK_EQ(text[2 * i], (char)i);
	}
	CHECK_EQ(host.count[IN], 8);
}

/* A device that uses buffers without end and without content ends no call and breaks nothing. */
TEST(virtio_console_input_of_nothing)
{
	struct port *port = boot();
	char text[4];

	for (unsigned int i = 0; i < 8; i++)
		console_input(IN, "", 0);
	CHECK_EQ(port_read(port, text, 4, TIMEOUT), -ETIMEDOUT);
	CHECK_EQ(host.count[IN], 8);
}

TEST(virtio_console_R06_input_longer_than_its_buffer)
{
	struct port *port = boot();
	char text[4];

	host.lie_more = 2048;
	console_input(IN, "x", 1);
	CHECK_EQ(port_read(port, text, 4, TIMEOUT), -EIO);
	CHECK_LOG("E12");
}

/* What was sent before the host closed is read first. */
TEST(virtio_console_host_closes)
{
	struct port *port = boot();
	char text[4];

	console_input(IN, "bye", 3);
	console_tell(1, VIRTIO_CONSOLE_PORT_OPEN, 0, NULL, 0);
	CHECK_EQ(port_read(port, text, 4, TIMEOUT), 3);
	CHECK_EQ(port_read(port, text, 4, TIMEOUT), -EPIPE);
	CHECK_EQ(port_write(port, text, 4, TIMEOUT), -EPIPE);
	CHECK_EQ(port_poll(port), 0);
}

static void send_later(void)
{
	static unsigned int idle;

	if (++idle == 20)
		console_input(IN, "late", 4);
}

TEST(virtio_console_input_is_waited_for)
{
	struct port *port = boot();
	char text[4];

	world_idle_hook = send_later;
	CHECK_EQ(port_read(port, text, 4, NSEC_PER_SEC), 4);
}

TEST(virtio_console_output_of_all_lengths)
{
	struct port *port = boot();
	static char data[20000];
	u32 total = 0;

	for (unsigned int i = 0; i < sizeof(data); i++)
		data[i] = (char)(i * 7);
	CHECK_EQ(port_write(port, data, 0, 0), 0);
	for (unsigned int length = 1; length < 9000; length = 3 * length) {
		CHECK_EQ(port_write(port, data, length, TIMEOUT), length);
		CHECK(!memcmp(host.output[OUT] + total, data, length));
		total += length;
	}
	CHECK_EQ(host.output_length[OUT], total);
}

/* Flow control: what does not fit waits for the host, for as long as the caller says. */
TEST(virtio_console_host_that_does_not_take)
{
	struct port *port = boot();
	static char data[40000];

	host.deaf = true;
	CHECK_EQ(port_write(port, data, sizeof(data), TIMEOUT), ROOM);
	CHECK_EQ(port_write(port, data, sizeof(data), TIMEOUT), -ETIMEDOUT);
	CHECK_EQ(port_write(port, data, 1, 0), -ETIMEDOUT);
	CHECK_EQ(port_poll(port), PORT_HOST_OPEN);
	CHECK_EQ(port_drain(port, TIMEOUT), -ETIMEDOUT);
	console_take_output();
	CHECK_EQ(port_drain(port, TIMEOUT), 0);
	CHECK_EQ(port_poll(port), PORT_WRITABLE | PORT_HOST_OPEN);
	CHECK_EQ(port_write(port, data, 100, 0), 100);
	CHECK_NO_LOG("E07");
}

static void take_later(void)
{
	static unsigned int idle;

	if (++idle % 50 == 0)
		console_take_output();
}

TEST(virtio_console_output_is_waited_for)
{
	struct port *port = boot();
	static char data[30000];

	host.deaf = true;
	world_idle_hook = take_later;
	CHECK_EQ(port_write(port, data, sizeof(data), NSEC_PER_SEC), sizeof(data));
	CHECK_EQ(port_drain(port, NSEC_PER_SEC), 0);
	CHECK_EQ(host.output_length[OUT], sizeof(data));
}

/* hvc0's output returns when the host has it, for the machine may end with that line. */
TEST(virtio_console_hvc_writes_whole_lines)
{
	static char data[20000];

	console_boot(0, 0);
	memset(data, 'x', sizeof(data));
	CHECK_EQ(stub_console->write(stub_console, data, sizeof(data)), sizeof(data));
	CHECK_EQ(host.output_length[1], sizeof(data));
}

/* And when the host does not take it: a tenth of a second once, then the rest is given back. */
TEST(virtio_console_hvc_that_nobody_takes)
{
	u64 begun;

	console_boot(0, 0);
	host.deaf = true;
	CHECK_EQ(stub_console->write(stub_console, "one", 3), 3);
	begun = world_now;
	for (unsigned int i = 0; i < 7; i++)
		CHECK_EQ(stub_console->write(stub_console, "more", 4), 4);
	CHECK_EQ(stub_console->write(stub_console, "lost", 4), 0);
	CHECK(world_now - begun < 10 * NSEC_PER_MSEC);
	console_take_output();
	host.deaf = false;
	CHECK_EQ(stub_console->write(stub_console, "back", 4), 4);
	CHECK_EQ(host.output_length[1], 3 + 7 * 4 + 4);
}
