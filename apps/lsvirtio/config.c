/* SPDX-License-Identifier: MIT */
/*
 * Device configuration, field by field (virtio 1.2, 5.1.4 to 5.19.4): each is read at its own width
 * (4.1.3.1), and named only where the device has it, which its feature bits say (2.5). Gaps that a
 * structure leaves unused show as zeros.
 */
#include <linux/virtio_balloon.h>
#include <linux/virtio_blk.h>
#include <linux/virtio_console.h>
#include <linux/virtio_crypto.h>
#include <linux/virtio_fs.h>
#include <linux/virtio_gpu.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_iommu.h>
#include <linux/virtio_mem.h>
#include <linux/virtio_net.h>
#include <linux/virtio_pmem.h>
#include <linux/virtio_scsi.h>
#include <linux/virtio_snd.h>
#include <linux/virtio_vsock.h>

#include "apps/lsvirtio/lsvirtio.h"
#include "drivers/virtio/uapi/virtio_simple.h"
#include "kernel/printk.h"
#include "kernel/string.h"

#define CONFIG_MAX 128
#define ALWAYS 64 /* no feature bit */

enum field_kind { NUMBER, ADDRESS, TEXT };

struct field {
	const char *name;
	u32 offset, size;
	unsigned int feature; /* a bit, or ALWAYS */
	enum field_kind kind;
};

#define FIELD_KIND(type, member, feature, kind)                                             \
	{                                                                                   \
#member, offsetof(struct virtio_##type##_config, member),                   \
			sizeof(((struct virtio_##type##_config *)0)->member), feature, kind \
	}
#define FIELD(type, member, feature) FIELD_KIND(type, member, feature, NUMBER)

static const struct field net_fields[] = {
	FIELD_KIND(net, mac, VIRTIO_NET_F_MAC, ADDRESS),
	FIELD(net, status, VIRTIO_NET_F_STATUS),
	FIELD(net, max_virtqueue_pairs, VIRTIO_NET_F_MQ),
	FIELD(net, mtu, VIRTIO_NET_F_MTU),
	FIELD(net, speed, VIRTIO_NET_F_SPEED_DUPLEX),
	FIELD(net, duplex, VIRTIO_NET_F_SPEED_DUPLEX),
	{},
};

static const struct field blk_fields[] = {
	FIELD(blk, capacity, ALWAYS),
	FIELD(blk, size_max, VIRTIO_BLK_F_SIZE_MAX),
	FIELD(blk, seg_max, VIRTIO_BLK_F_SEG_MAX),
	FIELD(blk, geometry.cylinders, VIRTIO_BLK_F_GEOMETRY),
	FIELD(blk, geometry.heads, VIRTIO_BLK_F_GEOMETRY),
	FIELD(blk, geometry.sectors, VIRTIO_BLK_F_GEOMETRY),
	FIELD(blk, blk_size, VIRTIO_BLK_F_BLK_SIZE),
	FIELD(blk, physical_block_exp, VIRTIO_BLK_F_TOPOLOGY),
	FIELD(blk, alignment_offset, VIRTIO_BLK_F_TOPOLOGY),
	FIELD(blk, min_io_size, VIRTIO_BLK_F_TOPOLOGY),
	FIELD(blk, opt_io_size, VIRTIO_BLK_F_TOPOLOGY),
	FIELD(blk, wce, 11 /* CONFIG_WCE */),
	FIELD(blk, num_queues, VIRTIO_BLK_F_MQ),
	FIELD(blk, max_discard_sectors, VIRTIO_BLK_F_DISCARD),
	FIELD(blk, max_discard_seg, VIRTIO_BLK_F_DISCARD),
	FIELD(blk, discard_sector_alignment, VIRTIO_BLK_F_DISCARD),
	FIELD(blk, max_write_zeroes_sectors, VIRTIO_BLK_F_WRITE_ZEROES),
	FIELD(blk, max_write_zeroes_seg, VIRTIO_BLK_F_WRITE_ZEROES),
	FIELD(blk, write_zeroes_may_unmap, VIRTIO_BLK_F_WRITE_ZEROES),
	{},
};

static const struct field console_fields[] = {
	FIELD(console, cols, VIRTIO_CONSOLE_F_SIZE),
	FIELD(console, rows, VIRTIO_CONSOLE_F_SIZE),
	FIELD(console, max_nr_ports, VIRTIO_CONSOLE_F_MULTIPORT),
	{},
};

static const struct field balloon_fields[] = {
	FIELD(balloon, num_pages, ALWAYS),
	FIELD(balloon, actual, ALWAYS),
	{},
};

static const struct field scsi_fields[] = {
	FIELD(scsi, num_queues, ALWAYS),
	FIELD(scsi, seg_max, ALWAYS),
	FIELD(scsi, max_sectors, ALWAYS),
	FIELD(scsi, cmd_per_lun, ALWAYS),
	FIELD(scsi, event_info_size, ALWAYS),
	FIELD(scsi, sense_size, ALWAYS),
	FIELD(scsi, cdb_size, ALWAYS),
	FIELD(scsi, max_channel, ALWAYS),
	FIELD(scsi, max_target, ALWAYS),
	FIELD(scsi, max_lun, ALWAYS),
	{},
};

static const struct field gpu_fields[] = {
	FIELD(gpu, events_read, ALWAYS),
	FIELD(gpu, events_clear, ALWAYS),
	FIELD(gpu, num_scanouts, ALWAYS),
	FIELD(gpu, num_capsets, ALWAYS),
	{},
};

static const struct field vsock_fields[] = { FIELD(vsock, guest_cid, ALWAYS), {} };

static const struct field crypto_fields[] = {
	FIELD(crypto, status, ALWAYS),
	FIELD(crypto, max_dataqueues, ALWAYS),
	FIELD(crypto, crypto_services, ALWAYS),
	FIELD(crypto, cipher_algo_l, ALWAYS),
	FIELD(crypto, cipher_algo_h, ALWAYS),
	FIELD(crypto, hash_algo, ALWAYS),
	FIELD(crypto, mac_algo_l, ALWAYS),
	FIELD(crypto, mac_algo_h, ALWAYS),
	FIELD(crypto, aead_algo, ALWAYS),
	FIELD(crypto, max_cipher_key_len, ALWAYS),
	FIELD(crypto, max_auth_key_len, ALWAYS),
	FIELD(crypto, max_size, ALWAYS),
	{},
};

static const struct field iommu_fields[] = {
	FIELD(iommu, page_size_mask, ALWAYS),
	FIELD(iommu, input_range.start, VIRTIO_IOMMU_F_INPUT_RANGE),
	FIELD(iommu, input_range.end, VIRTIO_IOMMU_F_INPUT_RANGE),
	FIELD(iommu, domain_range.start, VIRTIO_IOMMU_F_DOMAIN_RANGE),
	FIELD(iommu, domain_range.end, VIRTIO_IOMMU_F_DOMAIN_RANGE),
	FIELD(iommu, probe_size, VIRTIO_IOMMU_F_PROBE),
	{ "bypass", 36, 1, 6 /* BYPASS_CONFIG */, NUMBER },
	{},
};

static const struct field mem_fields[] = {
	FIELD(mem, block_size, ALWAYS),
	FIELD(mem, node_id, 0 /* ACPI_PXM */),
	FIELD(mem, addr, ALWAYS),
	FIELD(mem, region_size, ALWAYS),
	FIELD(mem, usable_region_size, ALWAYS),
	FIELD(mem, plugged_size, ALWAYS),
	FIELD(mem, requested_size, ALWAYS),
	{},
};

static const struct field pmem_fields[] = {
	FIELD(pmem, start, ALWAYS),
	FIELD(pmem, size, ALWAYS),
	{},
};

static const struct field fs_fields[] = {
	FIELD_KIND(fs, tag, ALWAYS, TEXT),
	FIELD(fs, num_request_queues, ALWAYS),
	{},
};

static const struct field snd_fields[] = {
	FIELD(snd, jacks, ALWAYS),
	FIELD(snd, streams, ALWAYS),
	FIELD(snd, chmaps, ALWAYS),
	{},
};

static const struct field simple_fields[] = {
	FIELD(simple, magic, ALWAYS),
	FIELD(simple, num_request_queues, VIRTIO_SIMPLE_F_MQ),
	FIELD(simple, reserved, ALWAYS),
	FIELD(simple, max_payload, ALWAYS),
	FIELD(simple, writable, ALWAYS),
	FIELD(simple, counter, ALWAYS),
	FIELD_KIND(simple, tag, ALWAYS, TEXT),
	{},
};

static const struct {
	u32 id;
	const struct field *fields;
} types[] = {
	{ VIRTIO_ID_NET, net_fields },	       { VIRTIO_ID_BLOCK, blk_fields },
	{ VIRTIO_ID_CONSOLE, console_fields }, { VIRTIO_ID_BALLOON, balloon_fields },
	{ VIRTIO_ID_SCSI, scsi_fields },       { VIRTIO_ID_SIMPLE, simple_fields },
	{ VIRTIO_ID_GPU, gpu_fields },	       { VIRTIO_ID_VSOCK, vsock_fields },
	{ VIRTIO_ID_CRYPTO, crypto_fields },   { VIRTIO_ID_IOMMU, iommu_fields },
	{ VIRTIO_ID_MEM, mem_fields },	       { VIRTIO_ID_PMEM, pmem_fields },
	{ VIRTIO_ID_FS, fs_fields },	       { VIRTIO_ID_SOUND, snd_fields },
};

static const struct field *fields_of(u32 id)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(types); i++)
		if (types[i].id == id)
			return types[i].fields;
	return NULL;
}

static bool exists(const struct field *field, u64 offered)
{
	return field->feature == ALWAYS || offered & BIT_ULL(field->feature);
}

static void print_value(const struct field *field, const u8 *bytes)
{
	u64 number = 0;

	printk("\t\t%s: ", field->name);
	if (field->kind == ADDRESS) {
		for (u32 i = 0; i < field->size; i++)
			printk(i ? ":%02x" : "%02x", bytes[i]);
	} else if (field->kind == TEXT) {
		printk("\"%.*s\"", (int)field->size, (const char *)bytes);
	} else {
		memcpy(&number, bytes, field->size);
		printk("%llu (0x%llx)", le64_to_cpu(number), le64_to_cpu(number));
	}
	printk("\n");
}

static void print_bytes(const u8 *bytes, u32 length)
{
	for (u32 i = 0; i < length; i++) {
		if (i % 16 == 0)
			printk("\t\t%02x:", i);
		printk(" %02x%s", bytes[i], i % 16 == 15 || i + 1 == length ? "\n" : "");
	}
}

/* Where the last field ends that the device has. */
static u32 length_of(const struct field *fields, u64 offered)
{
	u32 length = 0;

	for (; fields->name; fields++)
		if (exists(fields, offered))
			length = max(length, fields->offset + fields->size);
	return length;
}

/* 2.5.1: a field whose feature is not offered is not read, and shown as zeros. */
static bool read_fields(struct virtio_device *vdev, const struct field *field, u8 *bytes,
			u64 offered)
{
	for (; field->name; field++)
		if (exists(field, offered) &&
		    virtio_config_read(vdev, field->offset, bytes + field->offset, field->size))
			return false;
	return true;
}

/* Input devices (5.8.4) show what one has written a selection for: that is their driver's. */
void show_config(struct virtio_device *vdev, u64 offered)
{
	const struct field *fields = fields_of(vdev->id.device);
	u32 length = fields ? length_of(fields, offered) : 0;
	u8 bytes[CONFIG_MAX] = {};

	if (!length)
		return;
	if (!read_fields(vdev, fields, bytes, offered)) {
		printk("\tConfiguration: shorter than the %u bytes it should have\n", length);
		return;
	}
	printk("\tConfiguration: %u bytes\n", length);
	print_bytes(bytes, length);
	for (; fields->name; fields++)
		if (exists(fields, offered))
			print_value(fields, bytes + fields->offset);
}
