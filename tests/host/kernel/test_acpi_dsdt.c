// SPDX-License-Identifier: MIT
/* Host bridges in the DSDT: as QEMU writes them, and as no firmware should (fault B09). */
#include "test.h"

#include "aml_build.h"
#include "kernel/acpi/acpi.h"
#include "kernel/pci_host.h"
#include "world.h"

/* Copied, so that AddressSanitizer sees a byte read too many. */
static unsigned int find_hosts(struct pci_host *hosts, u32 size)
{
	struct acpi_header *table = malloc(sizeof(*table) + size);
	unsigned int count;

	memset(table, 0, sizeof(*table));
	table->length = (u32)sizeof(*table) + size;
	memcpy(table + 1, aml_bytes, size);
	world_dsdt = table;
	count = acpi_pci_hosts(hosts);
	free(table);
	world_dsdt = NULL;
	return count;
}

/* A buffer of resource descriptors: its size in two bytes. */
static u32 buffer_size;

static u32 begin_buffer(void)
{
	u32 at;

	PUT("\x11");
	at = aml_begin();
	PUT("\x0b");
	buffer_size = aml_length;
	aml_length += 2;
	return at;
}

static void end_buffer(u32 at)
{
	PUT("\x79\x00");
	aml_bytes[buffer_size] = (u8)(aml_length - buffer_size - 2);
	aml_bytes[buffer_size + 1] = (u8)((aml_length - buffer_size - 2) >> 8);
	aml_end(at);
}

/* kind: 0 memory, 1 I/O, 2 buses; width: 2, 4 or 8 bytes */
static void put_range(u32 width, u8 kind, u8 flags, u64 first, u64 last, u64 offset, u64 size)
{
	static const u8 tags[] = { [2] = 0x88, [4] = 0x87, [8] = 0x8a };

	aml_put(&tags[width], 1);
	aml_put_number(3 + 5 * width, 2);
	aml_put(&kind, 1);
	PUT("\x0c"); /* producer, both ends fixed */
	aml_put(&flags, 1);
	aml_put_number(0, width);
	aml_put_number(first, width);
	aml_put_number(last, width);
	aml_put_number(offset, width);
	aml_put_number(size, width);
}

static void put_usual_ranges(void)
{
	put_range(2, 2, 0, 0, 0x7f, 0, 0x80);
	PUT("\x47\x01\xf8\x0c\xf8\x0c\x01\x08"); /* ports 0xcf8 to 0xcff, the bridge's own */
	put_range(2, 1, 3, 0x0d00, 0xffff, 0, 0xf300);
	put_range(4, 0, 1, 0xc0000000, 0xfebfffff, 0, 0x3ec00000);
	put_range(8, 0, 7, 0x100000000, 0x8ffffffff, 0, 0x800000000);
}

static void check_usual(const struct pci_host *host)
{
	CHECK_EQ(host->last_bus, 0x7f);
	CHECK_EQ(host->count, 3);
	CHECK(host->window[0].io && host->window[0].first == 0xd00);
	CHECK(!host->window[1].io && host->window[1].last == 0xfebfffff);
	CHECK(!host->window[1].prefetch && host->window[2].prefetch);
	CHECK_EQ(host->window[2].last, 0x8ffffffff);
}

/* As QEMU 7.2 has it on pc: the ranges apart from the device, and a second bridge whole. */
static void build_qemu(void)
{
	u32 device, inner, scope, buffer;

	aml_length = 0;
	PUT("\x10");
	scope = aml_begin();
	PUT("\\_SB_");
	device = aml_begin_device("PCI0");
	PUT("\x08_HID\x0c\x41\xd0\x0a\x03");
	inner = aml_begin_device("ISA_");
	PUT("\x08_CRS");
	buffer = begin_buffer();
	put_range(4, 0, 1, 0x1000, 0x1fff, 0, 0x1000); /* of the device within */
	end_buffer(buffer);
	aml_end(inner);
	aml_end(device);
	aml_end(scope);
	PUT("\x10");
	scope = aml_begin();
	PUT("\\\x2e_SB_PCI0\x08_CRS");
	buffer = begin_buffer();
	put_usual_ranges();
	end_buffer(buffer);
	aml_end(scope);
	device = aml_begin_device("PC80");
	PUT("\x08_BBN\x0a\x80\x08_HID\x0dPNP0A08\0\x08_CRS");
	buffer = begin_buffer();
	put_range(2, 2, 0, 0x80, 0x82, 0, 3);
	put_range(4, 0, 1, 0xfe000000, 0xfe1fffff, 0, 0x200000);
	end_buffer(buffer);
	aml_end(device);
}

TEST(dsdt_host_bridges_of_qemu)
{
	struct pci_host hosts[PCI_HOSTS_MAX];

	build_qemu();
	CHECK_EQ(find_hosts(hosts, aml_length), 2);
	CHECK_EQ(hosts[0].bus, 0);
	check_usual(&hosts[0]);
	CHECK_EQ(hosts[1].bus, 0x80);
	CHECK_EQ(hosts[1].last_bus, 0x82);
	CHECK_EQ(hosts[1].count, 1);
	CHECK_EQ(hosts[1].window[0].first, 0xfe000000);
}

/* _CRS as a method, with the buffer in it or one that it names. */
TEST(dsdt_ranges_from_a_method)
{
	struct pci_host hosts[PCI_HOSTS_MAX];
	u32 device, method, buffer;

	for (unsigned int named = 0; named < 2; named++) {
		aml_length = 0;
		device = aml_begin_device("PCI0");
		PUT("\x08_HID\x0c\x41\xd0\x0a\x08");
		if (named) {
			PUT("\x08"
			    "CRES");
			buffer = begin_buffer();
			put_usual_ranges();
			end_buffer(buffer);
		}
		PUT("\x14");
		method = aml_begin();
		PUT("_CRS\x08\xa4");
		if (named) {
			PUT("CRES");
		} else {
			buffer = begin_buffer();
			put_usual_ranges();
			end_buffer(buffer);
		}
		aml_end(method);
		aml_end(device);
		CHECK_EQ(find_hosts(hosts, aml_length), 1);
		check_usual(&hosts[0]);
	}
}

static unsigned int windows_of(u32 width, u8 kind, u64 first, u64 last, u64 offset, u64 size)
{
	struct pci_host hosts[PCI_HOSTS_MAX];
	u32 device, buffer;

	aml_length = 0;
	device = aml_begin_device("PCI0");
	PUT("\x08_HID\x0c\x41\xd0\x0a\x08\x08_CRS");
	buffer = begin_buffer();
	put_range(width, kind, 1, first, last, offset, size);
	end_buffer(buffer);
	aml_end(device);
	CHECK_EQ(find_hosts(hosts, aml_length), 1);
	return hosts[0].count;
}

TEST(dsdt_ranges_that_are_none)
{
	CHECK_EQ(windows_of(4, 0, 0xc0000000, 0xcfffffff, 0, 0x10000000), 1);
	CHECK_EQ(windows_of(4, 0, 0xc0000000, 0xcfffffff, 0, 0), 0);
	CHECK_EQ(windows_of(4, 0, 0xc0000000, 0xbfffffff, 0, 0x10000000), 0);
	CHECK_EQ(windows_of(4, 0, 0xc0000000, 0xcfffffff, 0, 0x10000001), 0);
	CHECK_EQ(windows_of(4, 0, 0xc0000000, 0xcfffffff, 0x1000, 0x10000000), 0);
	CHECK_EQ(windows_of(4, 3, 0xc0000000, 0xcfffffff, 0, 0x10000000), 0);
	CHECK_EQ(windows_of(8, 0, 0, ~0ull, 0, ~0ull), 1);
}

/* The last descriptor says that it is longer than what is left of its buffer, and of the table. */
TEST(dsdt_descriptor_that_leaves_its_buffer)
{
	struct pci_host hosts[PCI_HOSTS_MAX];
	u32 device, buffer;

	aml_length = 0;
	device = aml_begin_device("PCI0");
	PUT("\x08_HID\x0c\x41\xd0\x0a\x08\x08_CRS");
	buffer = begin_buffer();
	PUT("\x8a\x2b\x00\x00\x0c\x01");
	aml_bytes[buffer_size] = 200;
	aml_end(buffer);
	aml_end(device);
	CHECK_EQ(find_hosts(hosts, aml_length), 1);
	CHECK_EQ(hosts[0].count, 0);
}

/* More than we keep: the rest is left out. */
TEST(dsdt_more_ranges_and_bridges_than_fit)
{
	struct pci_host hosts[PCI_HOSTS_MAX + 1];
	u32 device, buffer;

	aml_length = 0;
	for (unsigned int i = 0; i < PCI_HOSTS_MAX + 4; i++) {
		device = aml_begin_device("PCI0");
		PUT("\x08_HID\x0c\x41\xd0\x0a\x08");
		aml_end(device);
	}
	device = aml_begin_device("PCI1");
	hosts[PCI_HOSTS_MAX].bus = 77;
	CHECK_EQ(find_hosts(hosts, aml_length), PCI_HOSTS_MAX);
	CHECK_EQ(hosts[PCI_HOSTS_MAX].bus, 77);
	aml_length = 0;
	device = aml_begin_device("PCI0");
	PUT("\x08_HID\x0c\x41\xd0\x0a\x08\x08_CRS");
	buffer = begin_buffer();
	for (unsigned int i = 0; i < PCI_HOST_WINDOWS + 10; i++)
		put_range(4, 0, 1, 0xc0000000, 0xcfffffff, 0, 0x10000000);
	end_buffer(buffer);
	aml_end(device);
	CHECK_EQ(find_hosts(hosts, aml_length), 1);
	CHECK_EQ(hosts[0].count, PCI_HOST_WINDOWS);
}

TEST(dsdt_of_another_segment_or_absent)
{
	struct pci_host hosts[PCI_HOSTS_MAX];
	u32 device;

	CHECK_EQ(acpi_pci_hosts(hosts), 0);
	aml_length = 0;
	CHECK_EQ(find_hosts(hosts, 0), 0);
	device = aml_begin_device("PCI0");
	PUT("\x08_SEG\x01\x08_HID\x0c\x41\xd0\x0a\x08");
	aml_end(device);
	CHECK_EQ(find_hosts(hosts, aml_length), 0);
}

/* B09: cut off at every byte, every byte changed: nothing is read beyond it, and it ends. */
TEST(dsdt_cut_short_or_damaged)
{
	struct pci_host hosts[PCI_HOSTS_MAX];
	u32 whole;

	build_qemu();
	whole = aml_length;
	for (u32 size = 0; size <= whole; size++)
		find_hosts(hosts, size);
	for (u32 at = 0; at < whole; at++) {
		static const u8 values[] = { 0x00, 0x01, 0x3f, 0x40, 0x7f, 0x80, 0xc0, 0xff };
		u8 saved = aml_bytes[at];

		for (unsigned int i = 0; i < sizeof(values); i++) {
			aml_bytes[at] = values[i];
			find_hosts(hosts, whole);
		}
		aml_bytes[at] = saved;
	}
	for (unsigned int round = 0; round < 3000; round++) {
		for (u32 i = 0; i < 200; i++)
			aml_bytes[i] = (u8)world_random(256);
		memcpy(aml_bytes + world_random(180), "\x5b\x82\x4f\x0aPCI0", 8);
		memcpy(aml_bytes + world_random(150), "\x08_HID\x0c\x41\xd0\x0a\x08\x08_CRS\x11",
		       16);
		find_hosts(hosts, 200);
	}
}
