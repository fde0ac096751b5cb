// SPDX-License-Identifier: MIT
/* virtio-console: bring-up, control messages that lie, and what becomes of the ports. */
#include "test.h"

#include <linux/errno.h>

#include "console_fixture.h"
#include "console_stub.h"
#include "kernel/device.h"
#include "kernel/time.h"
#include "world.h"

#define SIZE BIT_ULL(VIRTIO_CONSOLE_F_SIZE)
#define MULTIPORT BIT_ULL(VIRTIO_CONSOLE_F_MULTIPORT)
#define EMERG_WRITE BIT_ULL(VIRTIO_CONSOLE_F_EMERG_WRITE)
#define TIMEOUT (10 * NSEC_PER_MSEC)

/* A device with a console and a named port, as QEMU announces them. */
static void announce(u32 id, u16 event)
{
	if (event == VIRTIO_CONSOLE_DEVICE_READY) {
		console_tell(0, VIRTIO_CONSOLE_PORT_ADD, 1, NULL, 0);
		console_tell(1, VIRTIO_CONSOLE_PORT_ADD, 1, NULL, 0);
	} else if (id == 0) {
		console_tell(0, VIRTIO_CONSOLE_CONSOLE_PORT, 1, NULL, 0);
	} else {
		console_tell(id, VIRTIO_CONSOLE_PORT_NAME, 1, "org.test", 8);
		console_tell(id, VIRTIO_CONSOLE_PORT_OPEN, 1, NULL, 0);
	}
}

static struct port *boot(void)
{
	console_ready = announce;
	console_boot(MULTIPORT, 7);
	return port_find("org.test", TIMEOUT);
}

static bool was_sent(u32 id, u16 event, u16 value)
{
	for (unsigned int i = 0; i < host.sent_count; i++)
		if (host.sent[i].id == id && host.sent[i].event == event &&
		    host.sent[i].value == value)
			return true;
	return false;
}

TEST(virtio_console_single_port)
{
	char text[8];

	console_boot(SIZE, 0);
	CHECK_LOG("ready: 1 port of at most 1");
	CHECK_STR(stub_console->name, "hvc0");
	CHECK(!stub_console->emergency);
	CHECK(port_get(0)->is_console);
	CHECK(!port_get(1));
	CHECK_EQ(port_get(0)->columns * 1000 + port_get(0)->rows, 80025);
	console_input(0, "hello", 5);
	CHECK_EQ(stub_console->read(stub_console, text, 8, TIMEOUT), 5);
	CHECK_EQ(stub_console->write(stub_console, "out", 3), 3);
	CHECK(!memcmp(host.output[1], "out", 3));
	CHECK_EQ(host.sent_count, 0);
	CHECK_EQ(port_open(port_get(0)), 0);
}

/* 5.3.6: the size changes with the configuration. */
TEST(virtio_console_size_changes)
{
	console_boot(SIZE, 0);
	modern.config[0] = 132;
	modern_change(&modern);
	CHECK_EQ(port_get(0)->columns, 132);
	CHECK(port_get(0)->rows);
}

/* 2.5.1: without its feature the field says nothing. */
TEST(virtio_console_C11_no_size_without_the_feature)
{
	console_boot(0, 0);
	CHECK(!port_get(0)->columns && !port_get(0)->rows);
}

TEST(virtio_console_multiport)
{
	struct port *port = boot();

	CHECK(port && !port->is_console);
	CHECK_LOG("ready: 2 ports of at most 7");
	CHECK_STR(port->device_name, "virtio0/1");
	CHECK_EQ(host.sent[0].event, VIRTIO_CONSOLE_DEVICE_READY);
	CHECK_EQ(host.sent[0].value, 1);
	CHECK(was_sent(0, VIRTIO_CONSOLE_PORT_READY, 1));
	CHECK(was_sent(0, VIRTIO_CONSOLE_PORT_OPEN, 1));
	CHECK(!was_sent(1, VIRTIO_CONSOLE_PORT_OPEN, 1));
	CHECK_EQ(port_open(port), 0);
	CHECK(was_sent(1, VIRTIO_CONSOLE_PORT_OPEN, 1));
	CHECK_EQ(port_close(port), 0);
	CHECK(was_sent(1, VIRTIO_CONSOLE_PORT_OPEN, 0));
	CHECK_EQ(stub_consoles, 1);
}

TEST(virtio_console_emergency_write)
{
	console_boot(EMERG_WRITE, 0);
	stub_console->emergency(stub_console, '!');
	CHECK_EQ(modern.config[8], '!');
}

static void say_nothing(u32 id, u16 event)
{
	(void)id;
	(void)event;
}

/* Messages that make no sense change nothing, and are told in a line each, eight at most. */
TEST(virtio_console_control_messages_that_lie)
{
	struct port *port = boot();
	unsigned int before = host.sent_count;

	console_ready = say_nothing;
	console_tell(99, VIRTIO_CONSOLE_PORT_OPEN, 1, NULL, 0);
	console_tell(3, VIRTIO_CONSOLE_PORT_REMOVE, 0, NULL, 0);
	console_tell(~0u, VIRTIO_CONSOLE_CONSOLE_PORT, 1, NULL, 0);
	console_tell(1, VIRTIO_CONSOLE_PORT_ADD, 1, NULL, 0);
	console_tell(1, 4711, 1, NULL, 0);
	console_tell(1, VIRTIO_CONSOLE_RESIZE, 0, "abc", 3);
	CHECK(port_find("org.test", 0) == port);
	CHECK_EQ(host.sent_count, before);
	CHECK_EQ(world_log_count("E22"), 6);
	console_input(CONTROL_RECEIVEQ, "short", 5);
	console_input(CONTROL_RECEIVEQ, "", 0);
	console_input(CONTROL_RECEIVEQ, "", 0);
	CHECK(port_find("org.test", 0) == port);
	CHECK_EQ(world_log_count("E22"), 8);
	CHECK_EQ(world_log_count("too short"), 3);
	CHECK(!port_get(2));
}

/* A port beyond those that were set up is refused, as 5.3.6.2 lets a driver do. */
TEST(virtio_console_port_beyond_the_others)
{
	boot();
	console_tell(7, VIRTIO_CONSOLE_PORT_ADD, 1, NULL, 0);
	console_tell(0x80000001, VIRTIO_CONSOLE_PORT_ADD, 1, NULL, 0);
	CHECK(!port_get(2));
	CHECK(was_sent(7, VIRTIO_CONSOLE_PORT_READY, 0));
	CHECK(was_sent(0x80000001, VIRTIO_CONSOLE_PORT_READY, 0));
}

TEST(virtio_console_names_that_lie)
{
	char name[120];
	struct port *port = boot();

	console_tell(1, VIRTIO_CONSOLE_PORT_NAME, 1, "a\nb\0c\0", 6);
	CHECK(port_get(1) == port);
	CHECK_STR(port->name, "a?b?c");
	console_tell(1, VIRTIO_CONSOLE_PORT_NAME, 1, NULL, 0);
	CHECK(port_get(1) == port);
	CHECK_STR(port->name, "");
	memset(name, 'n', sizeof(name));
	console_tell(1, VIRTIO_CONSOLE_PORT_NAME, 1, name, sizeof(name));
	CHECK(port_get(1) == port);
	CHECK_EQ(strlen(port->name), PORT_NAME_MAX);
}

TEST(virtio_console_resize)
{
	u16 size[2] = { 100, 40 };
	struct port *port = boot();

	console_tell(1, VIRTIO_CONSOLE_RESIZE, 0, size, sizeof(size));
	CHECK(port_get(1) == port);
	CHECK_EQ(port->columns * 1000 + port->rows, 100040);
}

/* A flood of messages does not keep a call from returning: the device answers with a new one for
 * each buffer that it gets. */
TEST(virtio_console_flood_of_messages)
{
	boot();
	while (host.count[CONTROL_RECEIVEQ])
		console_tell(1, VIRTIO_CONSOLE_PORT_OPEN, 1, NULL, 0);
	CHECK(port_get(1));
	CHECK_EQ(host.count[CONTROL_RECEIVEQ], 64);
}

TEST(virtio_console_port_goes_and_comes_back)
{
	struct port *port = boot();
	char text[8];

	CHECK_EQ(port_open(port), 0);
	console_tell(1, VIRTIO_CONSOLE_PORT_REMOVE, 0, NULL, 0);
	CHECK_EQ(port_read(port, text, 8, TIMEOUT), -ENODEV);
	CHECK_EQ(port_write(port, text, 8, TIMEOUT), -ENODEV);
	CHECK_EQ(port_poll(port), 0);
	CHECK(!port_find("org.test", TIMEOUT));
	host.sent_count = 0;
	console_tell(1, VIRTIO_CONSOLE_PORT_ADD, 1, NULL, 0);
	CHECK(port_find("org.test", TIMEOUT) == port);
	CHECK(was_sent(1, VIRTIO_CONSOLE_PORT_OPEN, 1)); /* the app still has it open */
	CHECK_EQ(host.count[4], 8);			 /* the buffers that it had before */
	console_input(4, "again", 5);
	CHECK_EQ(port_read(port, text, 8, TIMEOUT), 5);
}

TEST(virtio_console_device_that_takes_no_message)
{
	host.deaf = true;
	modern.queue_size = 64;
	console_ready = say_nothing;
	console_boot(MULTIPORT, 7);
	CHECK_LOG("ready: 0 ports of at most 7");
	CHECK(!port_get(0));
}

/* After a lie the device is reset; the ports come back, the app's pointer stays good. */
TEST(virtio_console_restart)
{
	struct port *port = boot();
	char text[8];

	CHECK_EQ(port_open(port), 0);
	host.lie_more = 5000;
	console_input(4, "lie", 3);
	host.lie_more = 0;
	CHECK_EQ(port_read(port, text, 8, TIMEOUT), -EIO);
	CHECK_LOG("E12");
	memset(host.count, 0, sizeof(host.count));
	host.sent_count = 0;
	CHECK(port_find("org.test", TIMEOUT) == port);
	CHECK_LOG("restart 1 of at most 3");
	CHECK(was_sent(1, VIRTIO_CONSOLE_PORT_OPEN, 1));
	console_input(4, "good", 4);
	CHECK_EQ(port_read(port, text, 8, TIMEOUT), 4);
	CHECK_EQ(stub_consoles, 1);
}

TEST(virtio_console_max_nr_ports_of_any_value)
{
	console_ready = announce;
	console_boot(MULTIPORT, 0xffffffff);
	CHECK_LOG("E08");
	CHECK_EQ(modern.status, 0x80);
}

TEST(virtio_console_gives_back_what_it_took)
{
	struct device *device;
	u64 in_use;

	boot();
	device = device_find("virtio", "virtio0");
	in_use = world_in_use();
	device_release_driver(device);
	CHECK(!port_get(0));
	CHECK_EQ(stub_consoles, 0);
	memset(host.count, 0, sizeof(host.count));
	CHECK_EQ(device_attach(device), 0);
	CHECK(port_find("org.test", TIMEOUT));
	CHECK_EQ(world_in_use(), in_use);
}
