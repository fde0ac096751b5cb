/* SPDX-License-Identifier: MIT */
/*
 * All CPUs at one disk: each takes the next piece that nobody has, in the synchronous form, until
 * none is left. With fewer queues than CPUs they share queues, too.
 */
#include "tests/guests/blkcheck/blkcheck.h"
#include "kernel/printk.h"
#include "kernel/smp.h"

#define PIECE_SECTORS 64
#define CPU_TIMEOUT_NS (10 * 60 * NSEC_PER_SEC)

struct share {
	struct check *check;
	u64 next; /* the first sector that no CPU has taken; atomically */
	bool write;
};

static int do_piece(const struct share *share, u8 *memory, u64 sector, u32 count)
{
	struct check *check = share->check;
	int error;

	if (!share->write) {
		error = block_read(check->disk, sector, count, memory, BLOCK_TIMEOUT_NS, NULL);
		if (!error)
			pattern_compare(check, memory, sector, count);
		return error;
	}
	pattern_fill(check, memory, sector, count, 0);
	return block_write(check->disk, sector, count, memory, BLOCK_TIMEOUT_NS, NULL);
}

static void work(void *context)
{
	struct share *share = context;
	struct check *check = share->check;
	u32 piece = max(PIECE_SECTORS / check->block, 1u) * check->block;
	u8 *memory = check->slots[smp_processor_id() % check->depth].buffer;

	piece = min(piece, check->request_sectors);
	while (__atomic_load_n(&check->errors, __ATOMIC_RELAXED) < ERRORS_MAX) {
		u64 sector = __atomic_fetch_add(&share->next, piece, __ATOMIC_RELAXED);

		if (sector >= check->sectors)
			return;
		if (do_piece(share, memory, sector, (u32)min(check->sectors - sector, (u64)piece)))
			__atomic_add_fetch(&check->errors, 1, __ATOMIC_RELAXED);
	}
}

void cpus_run(struct check *check, bool write)
{
	struct share share = { .check = check, .write = write };
	/* Each needs the memory of a slot of its own. */
	unsigned int count = min(num_online_cpus(), check->depth);

	for (unsigned int cpu = 1; cpu < count; cpu++)
		if (run_on_cpu(cpu, work, &share))
			printk("blkcheck: CPU %u does not take part\n", cpu);
	work(&share);
	for (unsigned int cpu = 1; cpu < count; cpu++)
		if (run_wait(cpu, CPU_TIMEOUT_NS))
			check->errors++;
	if (write)
		disk_flush(check);
	printk("blkcheck: %u CPU%s took part\n", count, count == 1 ? "" : "s");
}
