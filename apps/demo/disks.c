/* SPDX-License-Identifier: MIT */
/* The demo greets the disks. What one holds is its owner's business, so it only looks. */
#include "apps/demo/demo.h"
#include "drivers/block/block.h"
#include "kernel/memory.h"
#include "kernel/printk.h"
#include "kernel/string.h"

/* Reads the first block twice, over memory that differs: the same both times only if the disk wrote
 * every byte of it. */
static bool reads_well(struct block_device *disk, u8 *memory, u32 bytes)
{
	u32 sectors = bytes / SECTOR_SIZE;
	int error;

	memset(memory, 0x55, bytes);
	memset(memory + bytes, 0xaa, bytes);
	error = block_read(disk, 0, sectors, memory, BLOCK_TIMEOUT_NS, NULL);
	if (!error)
		error = block_read(disk, 0, sectors, memory + bytes, BLOCK_TIMEOUT_NS, NULL);
	if (error) {
		printk("demo: reading the first block of %s failed: error %d\n", disk->name, error);
		return false;
	}
	if (memcmp(memory, memory + bytes, bytes)) {
		printk("demo: the first block of %s reads differently each time\n", disk->name);
		return false;
	}
	return true;
}

static bool greet(struct block_device *disk)
{
	u8 *memory;
	bool ok;

	printk("demo: disk %s is %s at %s: %llu sectors of 512 bytes%s\n", disk->name,
	       dev_name(disk->dev), disk->bus_name, block_sectors(disk),
	       disk->properties.read_only ? ", read-only" : "");
	if (!block_sectors(disk))
		return true;
	memory = alloc_pages_exact(2 * (size_t)disk->properties.logical_block_size);
	ok = memory && reads_well(disk, memory, disk->properties.logical_block_size);
	free_pages_exact(memory, 2 * (size_t)disk->properties.logical_block_size);
	if (ok)
		printk("demo: its first block was read twice, the same both times (%s)\n",
		       block_interrupt_name(disk));
	return ok;
}

bool demo_greet_disks(void)
{
	struct block_device *disk;

	for (unsigned int i = 0; (disk = block_device_get(i)); i++)
		if (!greet(disk))
			return false;
	return true;
}
