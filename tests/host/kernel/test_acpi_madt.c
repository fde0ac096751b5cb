// SPDX-License-Identifier: MIT
/* Processors in the MADT, among entries that lie. */
#include "test.h"

#include "kernel/acpi/acpi.h"
#include "kernel/acpi/acpi_madt.h"
#include "wires.h"
#include "world.h"

static u32 ids[64];

static void add_local(u8 id, u32 flags)
{
	const struct madt_local_apic entry = { 0, sizeof(entry), 7, id, flags };

	wires_madt_append(&entry, sizeof(entry));
}

static void add_wide(u32 id, u32 flags)
{
	const struct madt_local_x2apic entry = { 9, sizeof(entry), 0, id, flags, 7 };

	wires_madt_append(&entry, sizeof(entry));
}

TEST(madt_processors_in_order)
{
	wires_madt_clear();
	add_local(0, 1);
	add_local(4, 1);
	add_wide(300, 1);
	add_local(2, 1);
	CHECK_EQ(madt_processors(ids, 64), 4);
	CHECK_EQ(ids[0], 0);
	CHECK_EQ(ids[1], 4);
	CHECK_EQ(ids[2], 2);
	CHECK_EQ(ids[3], 300);
	CHECK_STR(world_log(), "");
}

TEST(madt_processors_disabled_doubled_and_nobodys_are_left_out)
{
	wires_madt_clear();
	add_local(3, 1);
	add_local(4, 0);
	add_local(5, 2); /* may be plugged in later */
	add_local(255, 1);
	add_local(3, 1);
	add_wide(3, 1);
	add_wide(6, 0);
	add_wide(7, 2);
	add_wide(0xffffffff, 1);
	add_wide(255, 1);
	CHECK_EQ(madt_processors(ids, 64), 2);
	CHECK_EQ(ids[0], 3);
	CHECK_EQ(ids[1], 255);
}

TEST(madt_processors_more_than_there_is_room_for)
{
	wires_madt_clear();
	for (u8 id = 0; id < 20; id++)
		add_local(id, 1);
	ids[16] = 99;
	CHECK_EQ(madt_processors(ids, 16), 16);
	CHECK_EQ(ids[15], 15);
	CHECK_EQ(ids[16], 99);
	CHECK_LOG("acpi: MADT: 4 processors beyond the first 16 are not used\n");
}

TEST(madt_processors_entries_of_bad_lengths)
{
	static const u8 short_one[] = { 0, 6, 7, 9, 1, 0 },
			no_length[] = { 0, 0, 7, 8, 1, 0, 0, 0 };
	static const u8 too_long[] = { 0, 9, 7, 8, 1, 0, 0, 0 };

	wires_madt_clear();
	wires_madt_append(short_one, sizeof(short_one)); /* is passed over */
	add_local(1, 1);
	wires_madt_append(no_length, sizeof(no_length)); /* ends the walk */
	add_local(2, 1);
	CHECK_EQ(madt_processors(ids, 64), 1);
	CHECK_EQ(ids[0], 1);

	wires_madt_clear();
	add_local(1, 1);
	wires_madt_append(too_long, sizeof(too_long)); /* past the end of the table */
	CHECK_EQ(madt_processors(ids, 64), 1);
}

TEST(madt_processors_any_bytes)
{
	for (unsigned int round = 0; round < 2000; round++) {
		unsigned int entries = world_random(12), count;

		wires_madt_clear();
		while (entries--) {
			u8 bytes[24];

			for (unsigned int i = 0; i < sizeof(bytes); i++)
				bytes[i] = (u8)(world_random(4) ? world_random(256) : 1);
			bytes[0] = world_random(2) ? 0 : 9;
			bytes[1] = (u8)world_random(24);
			wires_madt_append(bytes, (u8)(2 + world_random(22)));
		}
		count = madt_processors(ids, 8);
		CHECK(count <= 8);
	}
}

TEST(madt_processors_no_table)
{
	world_madt = NULL;
	CHECK_EQ(madt_processors(ids, 64), 0);
}
