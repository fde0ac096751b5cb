/* SPDX-License-Identifier: MIT */
/* Commands that ask devices: configuration spaces, and requests of each class. */
#include <linux/errno.h>

#include "apps/shell/shell.h"
#include "drivers/block/block.h"
#include "drivers/char/entropy.h"
#include "drivers/char/port.h"
#include "drivers/pci/pci.h"
#include "drivers/virtio/virtio.h"
#include "drivers/virtio/balloon/virtio_balloon.h"
#include "drivers/virtio/simple/virtio_simple.h"
#include "kernel/memory.h"
#include "kernel/printk.h"
#include "kernel/string.h"
#include "kernel/time.h"

#define ANSWER_MAX 512
#define RNG_MAX 4096
#define SECTORS_MAX 16
#define PORT_NS (2 * NSEC_PER_SEC)

static u8 buffer[SECTORS_MAX * SECTOR_SIZE];

/* ---- configuration spaces -------------------------------------------------------------------- */

/* By its whole name, or as lspci prints it, without the domain. */
static struct device *find_function(const char *name)
{
	struct device *device = device_find("pci", name);
	char whole[24];

	snprintf(whole, sizeof(whole), "0000:%s", name);
	return device ? device : device_find("pci", whole);
}

static u64 config_space(const struct pci_dev *dev)
{
	return dev->pcie_flags_reg ? dev->bus->ops->space : 256;
}

static int run_config(int argc, char **argv)
{
	struct device *device = argc > 1 ? find_function(argv[1]) : NULL;
	u64 offset = 0, length = 64, space;
	u8 byte;

	if (argc < 2 || argc > 4)
		return usage("config");
	if (!device) {
		printk("config: no PCI function %s; Tab lists them\n", argv[1]);
		return 1;
	}
	space = config_space(to_pci_dev(device));
	if ((argc > 2 && !parse_number("config", argv[2], space - 1, &offset)) ||
	    (argc > 3 && !parse_number("config", argv[3], space - offset, &length)))
		return 1;
	length = min(length, space - offset);
	for (u64 i = 0; i < length; i++) {
		pci_read_config_byte(to_pci_dev(device), (unsigned int)(offset + i), &byte);
		buffer[i] = byte;
	}
	print_bytes(buffer, length, offset);
	return 0;
}

static int run_vconfig(int argc, char **argv)
{
	struct device *device = argc > 1 ? device_find("virtio", argv[1]) : NULL;
	struct virtio_device *vdev = device ? to_virtio_device(device) : NULL;
	u64 offset = 0, length = 4;
	int error;

	if (argc < 2 || argc > 4)
		return usage("vconfig");
	if (!vdev || vdev->failed) {
		printk("vconfig: no virtio device %s, or it is disabled\n", argv[1]);
		return 1;
	}
	if ((argc > 2 && !parse_number("vconfig", argv[2], 4095, &offset)) ||
	    (argc > 3 && !parse_number("vconfig", argv[3], 256, &length)))
		return 1;
	error = virtio_config_read(vdev, (u32)offset, buffer, (u32)length);
	if (error) {
		printk("vconfig: %s has no %llu bytes at %llu: error %d\n", argv[1], length, offset,
		       error);
		return 1;
	}
	print_bytes(buffer, length, offset);
	return 0;
}

/* ---- virtio-simple --------------------------------------------------------------------------- */

static const char *const simple_words[] = { "nop", "echo", "multiply", "crc32", "fill", NULL };

static int call_simple(struct virtio_simple_request *request, const char *what)
{
	struct virtio_simple *simple = virtio_simple_get(0);
	u64 begun = ktime_get_ns();
	int error;

	if (!simple) {
		printk("simple: no virtio-simple device is up\n");
		return 1;
	}
	request->answer = buffer + ANSWER_MAX;
	request->answer_size = ANSWER_MAX;
	error = virtio_simple_call(simple, VIRTQUEUE_INTERRUPT, request);
	if (error || request->status) {
		printk("simple: %s: error %d, status %u\n", what, error, request->status);
		return 1;
	}
	printk("simple: %s: answered after %llu us by %s, %u bytes\n", what,
	       (ktime_get_ns() - begun) / NSEC_PER_USEC, virtio_simple_name(simple),
	       request->answer_length);
	return 0;
}

static int simple_multiply(struct virtio_simple_request *request, char **argv)
{
	u64 factors[2], product;

	if (!parse_number("simple", argv[2], ~0ULL, &factors[0]) ||
	    !parse_number("simple", argv[3], ~0ULL, &factors[1]))
		return 1;
	memcpy(buffer, factors, sizeof(factors));
	request->op = VIRTIO_SIMPLE_OP_MULTIPLY;
	request->payload_length = sizeof(factors);
	if (call_simple(request, "multiply"))
		return 1;
	memcpy(&product, buffer + ANSWER_MAX, sizeof(product));
	printk("%llu\n", product);
	return 0;
}

static int simple_text(struct virtio_simple_request *request, u32 op, const char *text)
{
	u32 crc;

	request->op = op;
	request->payload_length = (u32)min(strlen(text), (size_t)ANSWER_MAX);
	memcpy(buffer, text, request->payload_length);
	if (call_simple(request, op == VIRTIO_SIMPLE_OP_ECHO ? "echo" : "crc32"))
		return 1;
	if (op == VIRTIO_SIMPLE_OP_ECHO) {
		printk("%.*s\n", (int)request->answer_length, (char *)buffer + ANSWER_MAX);
		return 0;
	}
	memcpy(&crc, buffer + ANSWER_MAX, sizeof(crc));
	printk("0x%08x\n", crc);
	return 0;
}

static int simple_fill(struct virtio_simple_request *request, const char *text)
{
	u64 length;

	if (!parse_number("simple", text, ANSWER_MAX, &length))
		return 1;
	request->op = VIRTIO_SIMPLE_OP_FILL;
	request->arg = (u32)length;
	if (call_simple(request, "fill"))
		return 1;
	print_bytes(buffer + ANSWER_MAX, request->answer_length, 0);
	return 0;
}

static int run_simple(int argc, char **argv)
{
	struct virtio_simple_request request = { .payload = buffer };

	if (argc == 2 && !strcmp(argv[1], "nop"))
		return call_simple(&request, "nop");
	if (argc == 4 && !strcmp(argv[1], "multiply"))
		return simple_multiply(&request, argv);
	if (argc == 3 && !strcmp(argv[1], "echo"))
		return simple_text(&request, VIRTIO_SIMPLE_OP_ECHO, argv[2]);
	if (argc == 3 && !strcmp(argv[1], "crc32"))
		return simple_text(&request, VIRTIO_SIMPLE_OP_CRC32, argv[2]);
	if (argc == 3 && !strcmp(argv[1], "fill"))
		return simple_fill(&request, argv[2]);
	printk("simple: nop, echo TEXT, multiply NUMBER NUMBER, crc32 TEXT, fill LENGTH\n");
	return 1;
}

/* ---- disks, entropy, ports, balloon ---------------------------------------------------------- */

/* A list that is empty says so, and how there would be something in it. */
static int list_end(unsigned int listed, const char *nothing)
{
	if (!listed)
		printk("%s\n", nothing);
	return 0;
}

static int list_disks(void)
{
	struct block_device *disk;
	unsigned int i;

	for (i = 0; (disk = block_device_get(i)); i++) {
		block_refresh(disk); /* it may have no way to tell that its size changed */
		printk("%s: %llu sectors of %u bytes, %s at %s\n", disk->name, block_sectors(disk),
		       SECTOR_SIZE, dev_name(disk->dev), disk->bus_name);
	}
	return list_end(i, "blk: no disk (DEVICES=reference)");
}

static int run_blk(int argc, char **argv)
{
	struct block_device *disk = argc > 1 ? block_device_find(argv[1]) : NULL;
	u64 sector = 0, count, failed = 0;
	int error;

	if (argc == 1)
		return list_disks();
	if (argc > 4)
		return usage("blk");
	if (!disk) {
		printk("blk: no disk %s; blk alone lists them\n", argv[1]);
		return 1;
	}
	count = min(disk->properties.logical_block_size / SECTOR_SIZE, (u32)SECTORS_MAX);
	if ((argc > 2 && !parse_number("blk", argv[2], ~0ULL >> 10, &sector)) ||
	    (argc > 3 && !parse_number("blk", argv[3], SECTORS_MAX, &count)))
		return 1;
	error = block_read(disk, sector, count, buffer, BLOCK_TIMEOUT_NS, &failed);
	if (error) {
		printk("blk: %s: sector %llu cannot be read: error %d\n", argv[1], failed, error);
		return 1;
	}
	print_bytes(buffer, count * SECTOR_SIZE, sector * SECTOR_SIZE);
	return 0;
}

static int run_rng(int argc, char **argv)
{
	struct entropy *entropy = entropy_get(0);
	u64 length = 16;
	int error;

	if (argc > 2)
		return usage("rng");
	if (argc > 1 && !parse_number("rng", argv[1], RNG_MAX, &length))
		return 1;
	if (!entropy) {
		printk("rng: no entropy device (QEMU_ARGS='-device virtio-rng-pci')\n");
		return 1;
	}
	error = entropy_read(entropy, buffer, length, 5 * NSEC_PER_SEC);
	if (error) {
		printk("rng: %s: error %d\n", entropy->name, error);
		return 1;
	}
	print_bytes(buffer, length, 0);
	return 0;
}

static int list_ports(void)
{
	struct port *port;
	unsigned int i;

	for (i = 0; (port = port_get(i)); i++)
		printk("%s: \"%s\"%s%s\n", port->device_name, port->name,
		       port->is_console ? ", a console" : "",
		       port_poll(port) & PORT_HOST_OPEN ? ", open at the host" : "");
	return list_end(i, "port: no ports (docs/api.md shows how to add one)");
}

/* Sends a line, and shows what comes back within a while. */
static int run_port(int argc, char **argv)
{
	struct port *port = argc > 1 ? port_find(argv[1], 0) : NULL;
	int count;

	if (argc == 1)
		return list_ports();
	if (argc > 3)
		return usage("port");
	if (!port || port->is_console) {
		printk("port: no port \"%s\"; port alone lists them\n", argv[1]);
		return 1;
	}
	count = port_open(port);
	if (!count && argc > 2)
		count = port_write(port, argv[2], strlen(argv[2]), PORT_NS);
	if (count >= 0)
		count = port_read(port, buffer, sizeof(buffer), PORT_NS);
	if (count < 0) {
		printk("port: %s: error %d%s\n", argv[1], count,
		       count == -EPIPE	     ? ": not open at the host"
		       : count == -ETIMEDOUT ? ": nothing received"
					     : "");
		return 1;
	}
	print_bytes(buffer, (size_t)count, 0);
	return 0;
}

static int run_balloon(int argc, char **argv)
{
	struct virtio_balloon *balloon;
	unsigned int i;

	(void)argc;
	(void)argv;
	for (i = 0; (balloon = virtio_balloon_get(i)); i++)
		printk("%s: the host has %u pages, and wants %u\n", virtio_balloon_name(balloon),
		       virtio_balloon_actual(balloon), virtio_balloon_wanted(balloon));
	return list_end(i, "balloon: no balloon (QEMU_ARGS='-device virtio-balloon-pci')");
}

const struct command device_commands[] = {
	{ "config", run_config, "FUNCTION [OFFSET [LENGTH]]", "PCI configuration space",
	  COMPLETE_PCI, NULL },
	{ "vconfig", run_vconfig, "DEVICE [OFFSET [LENGTH]]", "virtio device configuration",
	  COMPLETE_VIRTIO, NULL },
	{ "simple", run_simple, "OPERATION [ARGUMENT...]", "a request to virtio-simple",
	  COMPLETE_WORDS, simple_words },
	{ "blk", run_blk, "[DISK [SECTOR [COUNT]]]", "lists disks, or dumps sectors", COMPLETE_DISK,
	  NULL },
	{ "rng", run_rng, "[BYTES]", "random bytes", COMPLETE_NOTHING, NULL },
	{ "port", run_port, "[NAME [TEXT]]", "ports; sends and receives", COMPLETE_NOTHING, NULL },
	{ "balloon", run_balloon, "", "memory lent to the host", COMPLETE_NOTHING, NULL },
	{},
};
