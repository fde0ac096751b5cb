/* SPDX-License-Identifier: MIT */
/*
 * The small devices at work: entropy is read, named ports echo what the host sends, the balloon
 * follows the host. Ends when a port receives "quit", or after 20 seconds, or as many as said:
 *
 *     make run APP=chars CMDLINE=60 QEMU_ARGS='-device virtio-rng-pci -device virtio-serial-pci \
 *         -chardev pty,id=p -device virtserialport,chardev=p,name=org.doorbell.echo'
 */
#include <linux/errno.h>

#include "drivers/char/entropy.h"
#include "drivers/char/port.h"
#include "drivers/virtio/balloon/virtio_balloon.h"
#include "kernel/bootinfo.h"
#include "kernel/exit.h"
#include "kernel/memory.h"
#include "kernel/printk.h"
#include "kernel/string.h"
#include "kernel/time.h"

#define SECONDS_USUAL 20
#define ENTROPY_BYTES 4096
#define ENTROPY_AGAIN 16
#define ENTROPY_PAUSE_NS (100 * NSEC_PER_MSEC)
#define ECHO_NS (5 * NSEC_PER_SEC)
#define WAIT_NS (20 * NSEC_PER_MSEC)
#define PORTS_MAX 32

static u8 buffer[8192];
static struct port *opened[PORTS_MAX];
static u64 echoed;

/* Counts values that occur: random bytes have nearly all of them. */
static unsigned int different_bytes(const u8 *bytes, size_t length)
{
	bool seen[256] = {};
	unsigned int count = 0;

	for (size_t i = 0; i < length; i++) {
		count += !seen[bytes[i]];
		seen[bytes[i]] = true;
	}
	return count;
}

static bool read_entropy(void)
{
	struct entropy *entropy;
	int error;

	for (unsigned int i = 0; (entropy = entropy_get(i)); i++) {
		error = entropy_read(entropy, buffer, ENTROPY_BYTES, 5 * NSEC_PER_SEC);
		if (error) {
			printk("chars: %s at %s: error %d\n", entropy->name, entropy->bus_name,
			       error);
			return false;
		}
		printk("chars: %s at %s: %u bytes, %u different\n", entropy->name,
		       entropy->bus_name, ENTROPY_BYTES, different_bytes(buffer, ENTROPY_BYTES));
	}
	return true;
}

/* Now and then the first source is asked again; a line says that it failed, and that it is back. */
static void serve_entropy(void)
{
	static u64 last;
	static bool failed;
	struct entropy *entropy = entropy_get(0);
	int error;

	if (!entropy || ktime_get_ns() - last < ENTROPY_PAUSE_NS)
		return;
	last = ktime_get_ns();
	error = entropy_read(entropy, buffer, ENTROPY_AGAIN, WAIT_NS);
	if (error == -ETIMEDOUT || !error == !failed)
		return;
	failed = error;
	printk("chars: %s at %s: %s\n", entropy->name, entropy->bus_name,
	       error ? "no entropy" : "entropy again");
}

static bool write_all(struct port *port, const u8 *data, size_t length)
{
	int count;

	for (; length; data += count, length -= (size_t)count) {
		count = port_write(port, data, length, ECHO_NS);
		if (count <= 0) {
			printk("chars: %s: %zu bytes not taken: %d\n", port->device_name, length,
			       count);
			return false;
		}
	}
	return true;
}

/* True when the host says quit. */
static bool echo(struct port *port)
{
	int count = port_read(port, buffer, sizeof(buffer), WAIT_NS);

	if (count <= 0)
		return false;
	if (write_all(port, buffer, (size_t)count))
		echoed += (u64)count;
	if (count != 5 || memcmp(buffer, "quit\n", 5) != 0)
		return false;
	port_drain(port, ECHO_NS);
	return true;
}

/* True the first time it is seen. */
static bool is_new(struct port *port)
{
	unsigned int i = 0;

	while (i < PORTS_MAX && opened[i] && opened[i] != port)
		i++;
	if (i == PORTS_MAX || opened[i] == port)
		return false;
	opened[i] = port;
	return true;
}

static bool serve_ports(void)
{
	struct port *port;

	for (unsigned int i = 0; (port = port_get(i)); i++) {
		if (port->is_console)
			continue;
		if (is_new(port)) {
			printk("chars: port %s is \"%s\"\n", port->device_name, port->name);
			port_open(port);
		}
		if (echo(port))
			return false;
	}
	return true;
}

static void print_balloon(struct virtio_balloon *balloon)
{
	struct memory_counters memory;

	memory_count(&memory);
	printk("chars: balloon %u of %u pages, %llu of %llu free\n", virtio_balloon_actual(balloon),
	       virtio_balloon_wanted(balloon), memory.pages_free, memory.pages_total);
}

static void serve_balloon(u32 *last)
{
	struct virtio_balloon *balloon = virtio_balloon_get(0);

	if (!balloon)
		return;
	virtio_balloon_service(balloon);
	if (virtio_balloon_actual(balloon) == *last)
		return;
	*last = virtio_balloon_actual(balloon);
	print_balloon(balloon);
}

static u64 parse_seconds(const char *word)
{
	u64 seconds = 0;

	if (word && kstrtou64(word, 10, &seconds))
		machine_stop("chars: %s: want a number of seconds", word);
	return seconds ? seconds : SECONDS_USUAL;
}

static bool never(void *context)
{
	(void)context;
	return false;
}

int main(int argc, char **argv)
{
	u64 end = ktime_get_ns() + parse_seconds(argc > 1 ? argv[1] : NULL) * NSEC_PER_SEC;
	u32 last = 0;
	bool ok = read_entropy();

	printk("chars: started\n");
	while (ok && ktime_get_ns() < end && serve_ports()) {
		serve_balloon(&last);
		serve_entropy();
		wait_until(never, NULL, NSEC_PER_MSEC);
	}
	printk("chars: %llu bytes echoed\n", echoed);
	return ok ? 0 : 1;
}
