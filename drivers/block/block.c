/* SPDX-License-Identifier: MIT */
/* The list of disks, their properties and sizes, and the checks of requests. */
#include "drivers/block/block.h"

#include <linux/errno.h>

#include "kernel/memory.h"
#include "kernel/printk.h"
#include "kernel/string.h"
#include "kernel/time.h"

#define SECTORS_MAX (1ULL << (63 - SECTOR_SHIFT)) /* a size in bytes fits 64 bits, with room */
#define LOGICAL_BLOCK_MAX (1u << 20)
#define ERROR_LINES_MAX 10 /* a second; a disk that is gone fails thousands of requests */

static struct list_head disks = LIST_HEAD_INIT(disks);

/* ---- names and sizes ------------------------------------------------------------------------ */

/* vda to vdz, then vdaa: as Linux names them. */
static void format_name(char name[8], unsigned int number)
{
	char letters[4];
	int count = 0;

	for (unsigned int left = number + 1; left && count < 4; left = (left - 1) / 26)
		letters[count++] = (char)('a' + (left - 1) % 26);
	name[0] = 'v';
	name[1] = 'd';
	for (int i = 0; i < count; i++)
		name[2 + i] = letters[count - 1 - i];
	name[2 + count] = 0;
}

static const char *const decimal_units[] = { "B", "kB", "MB", "GB", "TB", "PB", "EB" };
static const char *const binary_units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };

/* Writes three significant digits, rounded: "67.1 MB". */
static void format_in(char *buffer, size_t size, u64 bytes, u32 step, const char *const units[])
{
	u64 thousandths = 0;
	unsigned int unit = 0, decimals;

	for (; bytes >= step; unit++) {
		thousandths = bytes % step * 1000 / step;
		bytes /= step;
	}
	decimals = !unit || bytes >= 100 ? 0 : bytes >= 10 ? 1 : 2;
	thousandths += decimals == 2 ? 5 : decimals == 1 ? 50 : 500;
	if (!unit)
		thousandths = 0;
	bytes += thousandths / 1000;
	thousandths %= 1000;
	if (decimals == 2)
		snprintf(buffer, size, "%llu.%02llu %s", bytes, thousandths / 10, units[unit]);
	else if (decimals == 1)
		snprintf(buffer, size, "%llu.%llu %s", bytes, thousandths / 100, units[unit]);
	else
		snprintf(buffer, size, "%llu %s", bytes, units[unit]);
}

/* With "8.39 MB/8.00 MiB", as Linux prints sizes. */
static void say_size(const struct block_device *disk, const char *what)
{
	u32 block = disk->properties.logical_block_size;
	u64 sectors = READ_ONCE(disk->sectors);
	char decimal[16], binary[16];

	format_in(decimal, sizeof(decimal), sectors << SECTOR_SHIFT, 1000, decimal_units);
	format_in(binary, sizeof(binary), sectors << SECTOR_SHIFT, 1024, binary_units);
	dev_printk(disk->dev, "[%s] %s%llu %u-byte logical blocks (%s/%s)\n", disk->name, what,
		   sectors / (block >> SECTOR_SHIFT), block, decimal, binary);
}

/* ---- the list -------------------------------------------------------------------------------- */

/* Returns what is invalid in a driver's description, or NULL. */
static const char *what_is_wrong_with_disk(const struct block_device *disk)
{
	const struct block_properties *properties = &disk->properties;
	u32 block = properties->logical_block_size;
	u32 step = block >> SECTOR_SHIFT;

	if (block < SECTOR_SIZE || block > LOGICAL_BLOCK_MAX || block & (block - 1))
		return "the logical block size is not a power of two from 512 bytes to 1 MiB";
	if (!properties->max_sectors || properties->max_sectors % step)
		return "a request's limit is not a multiple of a logical block";
	if (properties->max_discard_sectors % step || properties->max_zeroes_sectors % step)
		return "a discard's or zeroing's limit is not a multiple of a logical block";
	if (disk->sectors > SECTORS_MAX)
		return "its size is impossible";
	if (!disk->queue_count || disk->queue_count > BLOCK_QUEUES_MAX)
		return "its number of queues is impossible";
	return NULL;
}

int block_check(const struct block_device *disk)
{
	const char *wrong = what_is_wrong_with_disk(disk);

	if (!wrong)
		return 0;
	dev_printk(
		disk->dev,
		"E41 unusable disk: %s (%llu sectors, blocks of %u, requests of %u, %u queues)\n",
		wrong, disk->sectors, disk->properties.logical_block_size,
		disk->properties.max_sectors, disk->queue_count);
	return -EINVAL;
}

/* The list is in the order of numbers: the first gap is the new one's place. */
int block_register(struct block_device *disk)
{
	struct block_device *next;
	int error = block_check(disk);

	if (error)
		return error;
	disk->number = 0;
	list_for_each_entry(next, &disks, struct block_device, node) {
		if (next->number != disk->number)
			break;
		disk->number++;
	}
	format_name(disk->name, disk->number);
	for (unsigned int i = 0; i < BLOCK_QUEUES_MAX; i++)
		disk->queues[i] = (struct block_queue){ .done_end = &disk->queues[i].done };
	disk->state = BLOCK_STATE_UP;
	say_size(disk, "");
	list_add_tail(&disk->node, &next->node); /* before it, or at the end */
	return 0;
}

void block_unregister(struct block_device *disk)
{
	disk->state = BLOCK_STATE_STOPPING;
	list_del_init(&disk->node);
}

struct block_device *block_device_get(unsigned int index)
{
	return list_nth_entry(index, &disks, struct block_device, node);
}

struct block_device *block_device_find(const char *name)
{
	struct block_device *disk;

	list_for_each_entry(disk, &disks, struct block_device, node)
		if (!strcmp(disk->name, name))
			return disk;
	return NULL;
}

/* ---- size, which may change ------------------------------------------------------------------ */

u64 block_sectors(const struct block_device *disk)
{
	return READ_ONCE(disk->sectors);
}

/* Sets the size. Outstanding requests beyond a new end are the device's to reject, which it does
 * with an error. Later requests are checked against the new size. */
void block_set_sectors(struct block_device *disk, u64 sectors)
{
	u64 flags;

	if (list_empty(&disk->node)) {
		disk->sectors = sectors;
		return;
	}
	if (sectors > SECTORS_MAX) {
		dev_printk(disk->dev, "E41 [%s] impossible new size of %llu sectors; ignored\n",
			   disk->name, sectors);
		return;
	}
	flags = spin_lock_irqsave(&disk->resize_lock);
	if (disk->sectors != sectors) {
		WRITE_ONCE(disk->sectors, sectors);
		say_size(disk, "new size: ");
	}
	spin_unlock_irqrestore(&disk->resize_lock, flags);
}

const char *block_interrupt_name(const struct block_device *disk)
{
	return disk->ops->interrupt_name(disk);
}

int block_refresh(struct block_device *disk)
{
	return READ_ONCE(disk->state) == BLOCK_STATE_UP ? disk->ops->refresh(disk) : -EIO;
}

/* ---- checks of requests --------------------------------------------------------------------- */

static int check_range(const struct block_device *disk, u64 sector, u64 sectors)
{
	u32 step = disk->properties.logical_block_size >> SECTOR_SHIFT;
	u64 end = READ_ONCE(disk->sectors);

	if (!sectors || sector % step || sectors % step)
		return -EINVAL;
	/* virtio 1.2, 5.2.6.1: nothing beyond the capacity. */
	return sector > end || sectors > end - sector ? -ERANGE : 0;
}

static int check_request_memory(const void *data, u64 bytes)
{
	return data && memory_is_ram(virt_to_phys(data), bytes) ? 0 : -EFAULT;
}

u32 block_request_limit(const struct block_device *disk, enum block_op op)
{
	if (op == BLOCK_DISCARD)
		return disk->properties.max_discard_sectors;
	if (op == BLOCK_WRITE_ZEROES)
		return disk->properties.max_zeroes_sectors;
	return disk->properties.max_sectors;
}

int block_check_request(const struct block_device *disk, const struct block_request *request)
{
	bool moves_data = request->op == BLOCK_READ || request->op == BLOCK_WRITE;
	u32 limit = block_request_limit(disk, request->op);
	int error;

	if (request->op == BLOCK_GET_ID)
		return check_request_memory(request->data, BLOCK_ID_SIZE);
	if (request->op == BLOCK_FLUSH)
		return request->sectors || request->sector ? -EINVAL : 0;
	if (request->op > BLOCK_GET_ID || request->flags & ~BLOCK_UNMAP)
		return -EINVAL;
	/* Rejected here, so that the device never sees it */
	if (request->op != BLOCK_READ && disk->properties.read_only)
		return -EROFS;
	if (!limit)
		return -EOPNOTSUPP;
	error = check_range(disk, request->sector, request->sectors);
	if (!error && request->sectors > limit)
		error = -E2BIG;
	if (!error && moves_data)
		error = check_request_memory(request->data, (u64)request->sectors << SECTOR_SHIFT);
	return error;
}

static const char *const op_names[] = { "read",	   "write",	     "flush",
					"discard", "writing zeroes", "asking for the id" };

static const char *error_name(const struct block_request *request)
{
	if (request->error == -EOPNOTSUPP)
		return "the device does not support it";
	return request->error == -EIO ? "I/O error" : "the device's answer is invalid";
}

/* Writes the sector if it is known. For a longer request the device only reports that it failed. */
static void format_place(char *buffer, size_t size, const struct block_device *disk,
			 const struct block_request *request)
{
	if (request->sectors <= disk->properties.logical_block_size >> SECTOR_SHIFT)
		snprintf(buffer, size, "at sector %llu", request->error_sector);
	else
		snprintf(buffer, size, "in sectors %llu to %llu", request->sector,
			 request->sector + request->sectors - 1);
}

/* Prints an error, except for an id, which may not exist, and for requests that end with a reset,
 * which has been reported. */
void block_say_error(struct block_device *disk, const struct block_request *request)
{
	u64 now = ktime_get_ns(), flags;
	unsigned int lines;
	char place[64];

	if (request->op == BLOCK_GET_ID || request->status < 0)
		return;
	flags = spin_lock_irqsave(&disk->resize_lock);
	if (now - disk->error_window >= NSEC_PER_SEC) {
		disk->error_window = now;
		disk->error_lines = 0;
	}
	lines = ++disk->error_lines;
	spin_unlock_irqrestore(&disk->resize_lock, flags);
	if (lines > ERROR_LINES_MAX)
		return;
	format_place(place, sizeof(place), disk, request);
	dev_printk(disk->dev, "E40 [%s] %s failed %s: %s (status %d)%s\n", disk->name,
		   op_names[request->op], place, error_name(request), request->status,
		   lines == ERROR_LINES_MAX ? "; further errors are not printed" : "");
}
