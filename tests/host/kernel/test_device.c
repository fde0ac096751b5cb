// SPDX-License-Identifier: MIT
/* The driver core (kernel/device.c) with a bus of its own. */
#include "test.h"

#include <linux/errno.h>

#include "kernel/device.h"
#include "kernel/step.h"
#include "world.h"

/* "ab" matches every device whose name holds an a or a b. */
static bool match(struct device *device, const struct device_driver *driver)
{
	return strpbrk(device->name, driver->name);
}

static char history[400];
static int probe_result;
static const char *refusing = "";

static void note(const char *what, const struct device *device)
{
	strcat(history, what);
	strcat(history, device->driver->name);
	strcat(history, "/");
	strcat(history, device->name);
	strcat(history, " ");
}

/* What a panic would say is going on. */
static void check_step(const char *what, const struct device *device)
{
	const struct step *step = step_current();

	if (!step)
		FAIL("no step");
	CHECK(!strcmp(step->what, what) && step->device == device->name);
	CHECK(step->driver == device->driver->name);
}

static int probe(struct device *device)
{
	note("probe:", device);
	check_step("probe", device);
	device->driver_data = device;
	if (!strcmp(refusing, device->driver->name))
		return probe_result;
	return 0;
}

static void remove_device(struct device *device)
{
	note("remove:", device);
	check_step("remove", device);
	CHECK(device->driver_data == device);
}

static void describe(const struct device *device, char *buffer, size_t size)
{
	snprintf(buffer, size, "<%s>", device->name);
}

static struct bus_type bus = {
	.name = "bus",
	.match = match,
	.probe = probe,
	.remove = remove_device,
	.describe = describe,
};
static struct device one = { .name = "a1", .bus = &bus }, two = { .name = "ab2", .bus = &bus };
static struct device three = { .name = "c3", .bus = &bus };
static struct device_driver a = { .name = "a", .bus = &bus }, b = { .name = "b", .bus = &bus };
static struct device_driver c = { .name = "c", .bus = &bus };

static void start(void)
{
	CHECK_EQ(bus_register(&bus), 0);
}

TEST(device_bus_needs_match_probe_and_remove)
{
	struct bus_type bad = bus;

	bad.match = NULL;
	CHECK_EQ(bus_register(&bad), -EINVAL);
	bad = bus;
	bad.probe = NULL;
	CHECK_EQ(bus_register(&bad), -EINVAL);
	bad = bus;
	bad.remove = NULL;
	CHECK_EQ(bus_register(&bad), -EINVAL);
}

TEST(device_step_goes_into_detail_and_ends)
{
	struct step outer, inner;

	step_detail("nobody has begun anything");
	CHECK(!step_current());
	step_begin(&outer, "outer", NULL, NULL);
	step_begin(&inner, "inner", "device", "driver");
	step_detail("near the end");
	CHECK(step_current() == &inner && !strcmp(inner.detail, "near the end"));
	CHECK(inner.outer == &outer && !outer.detail);
	step_end(&inner);
	CHECK(step_current() == &outer);
	step_end(&outer);
	CHECK(!step_current());
}

TEST(device_meets_the_first_driver_that_matches)
{
	start();
	CHECK_EQ(driver_register(&b), 0);
	CHECK_EQ(driver_register(&a), 0);
	CHECK_EQ(device_add(&two), 0);
	CHECK_EQ(device_add(&one), 0);
	CHECK_EQ(device_add(&three), 0);
	CHECK_STR(history, "probe:b/ab2 probe:a/a1 ");
	CHECK(two.driver == &b && one.driver == &a && !three.driver);
}

TEST(device_probe_failure_falls_to_the_next_driver)
{
	start();
	refusing = "b";
	probe_result = -EIO;
	driver_register(&b);
	driver_register(&a);
	CHECK_EQ(device_add(&two), 0);
	CHECK_STR(history, "probe:b/ab2 probe:a/ab2 ");
	CHECK(two.driver == &a);
	CHECK_EQ(two.probe_error, 0);
	CHECK_LOG("b ab2: probe failed: error -5");
}

TEST(device_that_no_driver_could_probe_stays)
{
	start();
	refusing = "b";
	probe_result = -EIO;
	driver_register(&b);
	CHECK_EQ(device_add(&two), 0);
	CHECK(!two.driver && !two.driver_data);
	CHECK_EQ(two.probe_error, -EIO);
	CHECK_EQ(device_attach(&two), -EIO);
	refusing = "";
	CHECK_EQ(device_attach(&two), 0);
	CHECK_EQ(device_attach(&two), 0);
	CHECK_STR(history, "probe:b/ab2 probe:b/ab2 probe:b/ab2 ");
	CHECK_EQ(device_attach(&three), -ENODEV);
}

/* -ENODEV is a driver's polite no, and is not complained about. */
TEST(device_refusal_is_no_failure)
{
	start();
	refusing = "b";
	probe_result = -ENODEV;
	driver_register(&b);
	device_add(&two);
	CHECK_NO_LOG("probe failed");
}

TEST(device_driver_that_comes_later)
{
	start();
	device_add(&one);
	device_add(&two);
	CHECK_EQ(driver_register(&b), 0);
	CHECK_EQ(driver_register(&a), 0);
	CHECK_STR(history, "probe:b/ab2 probe:a/a1 ");
	CHECK_EQ(driver_register(&a), -EEXIST);
}

TEST(device_driver_register_refuses)
{
	struct device_driver no_bus = { .name = "x" }, no_name = { .bus = &bus };

	start();
	CHECK_EQ(driver_register(&no_bus), -EINVAL);
	CHECK_EQ(driver_register(&no_name), -EINVAL);
}

TEST(device_add_refuses_without_bus_or_name)
{
	struct device no_bus = { .name = "x" }, no_name = { .bus = &bus };

	start();
	CHECK_EQ(device_add(&no_bus), -EINVAL);
	CHECK_EQ(device_add(&no_name), -EINVAL);
}

TEST(device_del_removes_the_driver_first)
{
	start();
	driver_register(&a);
	device_add(&one);
	device_del(&one);
	CHECK_STR(history, "probe:a/a1 remove:a/a1 ");
	CHECK(!one.driver && !one.driver_data);
	CHECK(list_empty(&bus.devices));
	device_add(&three);
	device_del(&three);
	device_release_driver(&three);
	CHECK_STR(history, "probe:a/a1 remove:a/a1 ");
}

TEST(device_driver_unregister_takes_it_from_its_devices_only)
{
	start();
	driver_register(&a);
	driver_register(&c);
	device_add(&one);
	device_add(&two);
	device_add(&three);
	history[0] = '\0';
	driver_unregister(&a);
	CHECK_STR(history, "remove:a/a1 remove:a/ab2 ");
	CHECK(three.driver == &c);
	CHECK_EQ(driver_register(&a), 0);
	CHECK(one.driver == &a);
}

static int stop_at_two(struct device *device, void *data)
{
	(void)data;
	return device == &two ? 7 : 0;
}

static int delete_each(struct device *device, void *data)
{
	(void)data;
	device_del(device);
	return 0;
}

TEST(device_walk_stops_at_a_result_and_allows_deletion)
{
	start();
	device_add(&one);
	device_add(&two);
	device_add(&three);
	CHECK_EQ(bus_for_each_dev(&bus, NULL, stop_at_two), 7);
	CHECK_EQ(bus_for_each_dev(&bus, NULL, delete_each), 0);
	CHECK(list_empty(&bus.devices));
}

TEST(device_tree_text)
{
	start();
	refusing = "b";
	probe_result = -EIO;
	driver_register(&a);
	driver_register(&b);
	two.parent = &one;
	three.parent = &two;
	strcpy(three.name, "b3");
	device_add(&one);
	device_add(&two);
	device_add(&three);
	world_log_clear();
	device_print_tree();
	CHECK_STR(world_log(), "devices:\n"
			       "  bus a1 <a1>: driver a\n"
			       "    bus ab2 <ab2>: driver a\n"
			       "      bus b3 <b3>: no driver (the probe failed: -5)\n");
}

TEST(device_printk_names_driver_else_bus)
{
	start();
	dev_printk(&one, "x %d\n", 1);
	driver_register(&a);
	device_add(&one);
	dev_printk(&one, "y %d\n", 2);
	CHECK_STR(world_log(), "bus a1: x 1\na a1: y 2\n");
}

TEST(device_id_tables_are_in_the_image)
{
	device_print_id_tables();
	CHECK_LOG("  pci bus: virtio_pci_id_table, 1 id\n");
	CHECK_LOG("  virtio bus: ");
}
