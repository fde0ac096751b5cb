/* SPDX-License-Identifier: MIT */
/*
 * Fills, verifies or stress-tests a whole disk:
 *
 *     make run APP=blkcheck DISK=file CMDLINE='mode=write|verify|random seed=N'
 *
 * After `write` and after `random` word i (64 bits, little-endian) of sector n (512 bytes) is
 * splitmix64's output for the state N + 64 n + i, and `verify` looks whether it is, so that a host
 * can check what we wrote, and write what we check: tests/guests/block/pattern.py does both. Also:
 * requests=10000 of the random test, depth=32 at once at most, queue=0 instead of all in turn,
 * disk=vdb instead of the first, cpus=all for a write or a verify by all CPUs at once.
 */
#include "tests/guests/blkcheck/blkcheck.h"
#include "kernel/bootinfo.h"
#include "kernel/printk.h"
#include "kernel/string.h"
#include "kernel/time.h"

#define STEPS 32 /* of a write: each ends with a flush, and with a line */

static struct check check = { .seed = 1, .requests = 10000, .depth = 32 };

struct options {
	const char *mode, *disk;
	u64 queue;
	bool cpus; /* all of them, in the synchronous form */
};

/* ---- the command line ------------------------------------------------------------------------ */

static bool take_number(const char *name, const char *text, struct options *options)
{
	u64 value;

	/* Decimal, or hexadecimal after 0x. */
	if (kstrtou64(text, strncmp(text, "0x", 2) ? 10 : 16, &value))
		return false;
	if (!strcmp(name, "seed"))
		check.seed = value;
	else if (!strcmp(name, "requests"))
		check.requests = value;
	else if (!strcmp(name, "queue"))
		options->queue = value;
	else if (!strcmp(name, "depth") && value && value <= SLOTS_MAX)
		check.depth = (unsigned int)value;
	else
		return false;
	return true;
}

static bool take_option(const char *word, const char *value, struct options *options)
{
	if (!strcmp(word, "mode")) {
		options->mode = value;
		return !strcmp(value, "write") || !strcmp(value, "verify") ||
		       !strcmp(value, "random");
	}
	if (!strcmp(word, "disk")) {
		options->disk = value;
		return true;
	}
	if (!strcmp(word, "cpus")) {
		options->cpus = !strcmp(value, "all");
		return options->cpus;
	}
	return take_number(word, value, options);
}

static bool take_word(char *word, struct options *options)
{
	char *equals = strchr(word, '=');
	bool taken;

	if (!equals)
		return false;
	*equals = '\0';
	taken = take_option(word, equals + 1, options);
	if (!taken)
		*equals = '=';
	return taken;
}

/* What is wrong with the words, or NULL. */
static const char *take_words(int argc, char **argv, struct options *options)
{
	for (int i = 1; i < argc; i++)
		if (!take_word(argv[i], options))
			return argv[i];
	if (!options->mode)
		return "no mode=";
	return options->cpus && !strcmp(options->mode, "random") ? "cpus=all mode=random" : NULL;
}

/* ---- the disk -------------------------------------------------------------------------------- */

static bool find_disk(const struct options *options)
{
	check.disk = options->disk ? block_device_find(options->disk) : block_device_get(0);
	if (!check.disk) {
		printk("blkcheck: there is no disk%s%s\n", options->disk ? " called " : "",
		       options->disk ? options->disk : "");
		return false;
	}
	check.properties = check.disk->properties;
	check.block = check.properties.logical_block_size / SECTOR_SIZE;
	check.sectors = block_sectors(check.disk) / check.block * check.block;
	check.request_sectors = (u32)min(
		(u64)min(check.properties.max_sectors, (u32)REQUEST_SECTORS_MAX), check.sectors);
	check.request_sectors -= check.request_sectors % check.block;
	if (check.request_sectors)
		return true;
	printk("blkcheck: %s holds no sectors to check\n", check.disk->name);
	return false;
}

static bool choose_queues(const struct options *options)
{
	unsigned int queues = check.disk->queue_count;

	check.queues = queues;
	if (options->queue == ~0ULL)
		return true;
	check.queues = 1;
	check.first_queue = (unsigned int)options->queue;
	if (options->queue < queues)
		return true;
	printk("blkcheck: queue %llu: %s has %u\n", options->queue, check.disk->name, queues);
	return false;
}

static bool may_write(const struct options *options)
{
	if (!check.properties.read_only || !strcmp(options->mode, "verify"))
		return true;
	printk("blkcheck: %s is read-only; mode=verify reads it\n", check.disk->name);
	return false;
}

/* ---- the modes ------------------------------------------------------------------------------- */

/* A line says what is safe from now on, whatever happens to the machine. */
static void write_all(void)
{
	u64 step = max(check.sectors / STEPS, (u64)REQUEST_SECTORS_MAX);

	step -= step % check.block;
	for (u64 sector = 0; sector < check.sectors && check.errors < ERRORS_MAX; sector += step) {
		u64 end = min(sector + step, check.sectors);

		range_write(&check, sector, end - sector);
		if (disk_flush(&check) && !check.errors)
			printk("blkcheck: flushed up to sector %llu\n", end);
	}
}

static void run(const struct options *options)
{
	if (options->cpus)
		cpus_run(&check, !strcmp(options->mode, "write"));
	else if (!strcmp(options->mode, "write"))
		write_all();
	else if (!strcmp(options->mode, "verify"))
		range_verify(&check, 0, check.sectors);
	else
		random_test(&check);
}

static int report(const struct options *options, u64 ns)
{
	printk("blkcheck: %s of %s, seed %llu: %llu sectors, %llu wrong, %llu requests failed, %llu.%03llu s\n",
	       options->mode, check.disk->name, check.seed, check.sectors, check.wrong,
	       check.errors, ns / NSEC_PER_SEC, ns / NSEC_PER_MSEC % 1000);
	if (check.wrong || check.errors) {
		printk("blkcheck: failed\n");
		return 1;
	}
	printk("blkcheck: ok\n");
	return 0;
}

int main(int argc, char **argv)
{
	struct options options = { .queue = ~0ULL };
	const char *wrong = take_words(argc, argv, &options);
	u64 start;

	if (wrong) {
		printk("blkcheck: %s: want mode=write|verify|random seed=N [requests=N depth=1..%u queue=N disk=vda cpus=all]\n",
		       wrong, SLOTS_MAX);
		return 1;
	}
	if (!find_disk(&options) || !choose_queues(&options) || !may_write(&options))
		return 1;
	if (!slots_make(&check)) {
		printk("blkcheck: no memory for a request of %u sectors\n", check.request_sectors);
		return 1;
	}
	start = ktime_get_ns();
	run(&options);
	return report(&options, ktime_get_ns() - start);
}
