// SPDX-License-Identifier: MIT
/* Waiting with a deadline (kernel/time.c) and start-up calls (kernel/init.c, kernel/irq.c). */
#include "test.h"

#include <linux/errno.h>

#include "kernel/init.h"
#include "kernel/irq.h"
#include "kernel/percpu.h"
#include "kernel/time.h"
#include "world.h"

static unsigned int looks;
static u64 true_from;

static bool condition(void *context)
{
	CHECK(context == &looks);
	looks++;
	return world_now >= true_from;
}

static bool condition_with_interrupts_off(void *context)
{
	CHECK(!world_irqs_on);
	return condition(context);
}

TEST(time_true_at_once_looks_once)
{
	CHECK_EQ(poll_until(condition, &looks, 0), 0);
	CHECK_EQ(looks, 1);
	CHECK_EQ(wait_until(condition_with_interrupts_off, &looks, 0), 0);
	CHECK_EQ(looks, 2);
	CHECK(world_irqs_on);
}

TEST(time_late_is_late)
{
	u64 start = world_now;

	true_from = ~0ULL;
	CHECK_EQ(poll_until(condition, &looks, NSEC_PER_MSEC), -ETIMEDOUT);
	CHECK(world_now - start >= NSEC_PER_MSEC && world_now - start < 2 * NSEC_PER_MSEC);
	start = world_now;
	CHECK_EQ(wait_until(condition_with_interrupts_off, &looks, NSEC_PER_MSEC), -ETIMEDOUT);
	CHECK(world_now - start >= NSEC_PER_MSEC && world_now - start < 2 * NSEC_PER_MSEC);
	CHECK(world_irqs_on);
}

/* ---- several CPUs ---------------------------------------------------------------------------- */

static struct wait_queue bell;

static bool look_at_bell(void *context)
{
	u64 *seen = context;

	*seen = bell.cpus;
	return looks++;
}

/* Who waits is in the queue before it looks, and not afterwards. */
TEST(time_waits_in_the_queue)
{
	u64 seen = 0;

	world_cpu_count = 3;
	world_cpu = 2;
	looks = 1;
	CHECK_EQ(wait_event(&bell, look_at_bell, &seen, NSEC_PER_MSEC), 0);
	CHECK_EQ(seen, 4);
	CHECK_EQ(bell.cpus, 0);
}

TEST(time_leaves_the_queue_when_late)
{
	true_from = ~0ULL;
	CHECK_EQ(wait_event(&bell, condition, &looks, NSEC_PER_MSEC), -ETIMEDOUT);
	CHECK_EQ(bell.cpus, 0);
}

TEST(time_wakes_the_others_in_the_queue)
{
	world_cpu_count = 4;
	world_cpu = 1;
	bell.cpus = 0xb;
	wake_up(&bell);
	CHECK_EQ(world_woken, 9);
}

/* What an interrupt changed may be what a CPU waits for that did not take it. */
static int elsewhere;

static void interrupt_elsewhere(void)
{
	world_idle_hook = NULL;
	world_cpu = 1;
	irq_dispatch((unsigned int)elsewhere);
	world_cpu = 0;
}

static void ring_bell(void *context)
{
	(void)context;
	wake_up(&bell);
}

TEST(time_wait_is_woken_by_an_interrupt_elsewhere)
{
	world_cpu_count = 2;
	elsewhere = request_irq(ring_bell, NULL, "test");
	world_idle_hook = interrupt_elsewhere;
	true_from = ~0ULL;
	CHECK_EQ(wait_event(&bell, condition, &looks, NSEC_PER_MSEC), -ETIMEDOUT);
	CHECK_EQ(world_woken, 1);
	CHECK_EQ(irq_count_on(elsewhere, 1), 1);
	world_woken = 0;
	interrupt_elsewhere();
	CHECK_EQ(world_woken, 0);
}

/* A CPU that was away past the deadline still looks once more before it gives up. */
static void long_absence(void)
{
	world_now += NSEC_PER_SEC;
}

/* R28: what was done while the CPU was away is not late. */
TEST(time_looks_once_more_after_the_deadline)
{
	world_idle_hook = long_absence;
	true_from = world_now + NSEC_PER_MSEC;
	CHECK_EQ(poll_until(condition, &looks, 2 * NSEC_PER_MSEC), 0);
	true_from = world_now + NSEC_PER_MSEC;
	CHECK_EQ(wait_until(condition_with_interrupts_off, &looks, 2 * NSEC_PER_MSEC), 0);
}

static bool happened;

static void handler(void *context)
{
	CHECK(context == &happened && !world_irqs_on);
	happened = true;
}

static bool has_happened(void *context)
{
	(void)context;
	looks++;
	return happened;
}

static void raise_late(void)
{
	if (world_now > 3 * NSEC_PER_MSEC)
		world_raise(0x30);
}

/* An interrupt ends the halt; the condition is looked at then, and not all the time. */
TEST(time_interrupt_ends_the_wait)
{
	CHECK_EQ(request_irq(handler, &happened, "test"), 0x30);
	world_idle_hook = raise_late;
	CHECK_EQ(wait_until(has_happened, NULL, NSEC_PER_SEC), 0);
	CHECK(world_now < 4 * NSEC_PER_MSEC);
	CHECK_EQ(looks, 2);
}

static bool raises_after_looking(void *context)
{
	bool result = has_happened(context);

	if (looks == 1)
		world_raise(0x30);
	return result;
}

/* The wake-up between the look and the halt is not lost. */
TEST(time_no_lost_wake_up)
{
	request_irq(handler, &happened, "test");
	CHECK_EQ(wait_until(raises_after_looking, NULL, NSEC_PER_SEC), 0);
	CHECK(world_now < NSEC_PER_MSEC);
}

TEST(time_without_timer_or_with_interrupts_off_it_polls)
{
	world_has_timer = false;
	true_from = world_now + 5 * NSEC_PER_MSEC;
	CHECK_EQ(wait_until(condition, &looks, NSEC_PER_SEC), 0);
	world_has_timer = true;
	local_irq_disable();
	true_from = world_now + 5 * NSEC_PER_MSEC;
	CHECK_EQ(wait_until(condition, &looks, NSEC_PER_SEC), 0);
	CHECK(!world_irqs_on);
}

TEST(time_endless_timeout_does_not_wrap)
{
	request_irq(handler, &happened, "test");
	world_idle_hook = raise_late;
	CHECK_EQ(wait_until(has_happened, NULL, ~0ULL), 0);
	true_from = world_now + 5 * NSEC_PER_MSEC;
	CHECK_EQ(poll_until(condition, &looks, ~0ULL), 0);
}

TEST(time_udelay_waits_at_least_that_long)
{
	u64 start = world_now;

	udelay(10000);
	CHECK(world_now - start >= 10 * NSEC_PER_MSEC);
	start = world_now;
	udelay(~0u);
	CHECK(world_now - start >= 0xffffffffULL * 1000);
}

/* ---- vectors -------------------------------------------------------------------------------- */

TEST(irq_R23_spurious_vector_is_counted)
{
	world_raise(0x55);
	world_raise(0xff);
	CHECK_EQ(irq_local_count(LOCAL_IRQ_SPURIOUS, 0), 2);
	CHECK_EQ(irq_total(), 0);
	CHECK_EQ(world_eois(), 0);
}

/* X06: a vector that nobody holds any more. */
TEST(irq_after_free_is_spurious)
{
	int vector = request_irq(handler, &happened, "test");

	world_raise((unsigned int)vector);
	CHECK_EQ(irq_count(vector), 1);
	free_irq(vector);
	free_irq(vector);
	free_irq(5);
	world_raise((unsigned int)vector);
	CHECK_EQ(irq_local_count(LOCAL_IRQ_SPURIOUS, 0), 1);
	CHECK_EQ(irq_total(), 1);
}

/* ---- start-up calls ------------------------------------------------------------------------- */

static char order[8];
static int middle_result;

static int late(void)
{
	strcat(order, "l");
	return 0;
}

static int middle(void)
{
	strcat(order, "m");
	return middle_result;
}

static int early(void)
{
	strcat(order, "c");
	return 0;
}

late_initcall(late);
module_init(middle);
core_initcall(early);

TEST(init_calls_run_in_the_order_of_their_keys)
{
	middle_result = -EIO;
	do_initcalls();
	CHECK_STR(order, "cml");
	CHECK_LOG("initcall ? failed: -5");
}
