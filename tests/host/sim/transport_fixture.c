// SPDX-License-Identifier: MIT
/* See transport_fixture.h. */
#include "transport_fixture.h"

#include "test.h"

#include <linux/virtio_config.h>

#include "world.h"

struct transport_fixture driver = { .wanted = 2 };

static const struct virtio_device_id ids[] = { { FIXTURE_DEVICE - 0x1040 }, {} };
static const unsigned int features[] = { 3 };

static void callback(struct virtqueue *vq)
{
	driver.called_back[virtqueue_index(vq)]++;
}

static int fixture_probe(struct virtio_device *vdev)
{
	struct virtqueue_info infos[MODERN_QUEUES] = {};

	driver.vdev = vdev;
	for (unsigned int i = 0; i < driver.wanted; i++) {
		infos[i].name = driver.without & 1u << i ? NULL : "fixtureq";
		infos[i].callback = driver.polled & 1u << i ? NULL : callback;
	}
	driver.probe_error = virtio_find_vqs(vdev, driver.wanted, driver.vqs, infos);
	return driver.probe_error;
}

static int fixture_scan(struct virtio_device *vdev)
{
	(void)vdev;
	driver.live = true;
	return 0;
}

static void fixture_remove(struct virtio_device *vdev)
{
	(void)vdev;
	driver.removed++;
	driver.live = false;
}

static void fixture_changed(struct virtio_device *vdev)
{
	(void)vdev;
	driver.config_changes++;
}

static struct virtio_driver fixture_driver = {
	.driver = { .name = "fixture" },
	.id_table = ids,
	.feature_table = features,
	.feature_table_size = ARRAY_SIZE(features),
	.probe = fixture_probe,
	.scan = fixture_scan,
	.remove = fixture_remove,
	.config_changed = fixture_changed,
};
module_virtio_driver(fixture_driver);

void transport_boot(void)
{
	modern_make(FIXTURE_DEVICE, 1, 0);
	modern_boot();
}

static void serve(struct modern *device, unsigned int index, struct ring_chain *chain)
{
	memset(chain->segments[0].address, 0x5a, chain->writable);
	modern_use(device, index, chain->head, (u32)chain->writable);
}

void transport_round_trip(unsigned int index)
{
	struct virtqueue *vq = driver.vqs[index];
	u8 memory[16] = {};
	struct virtqueue_buffer buffer = { memory, sizeof(memory) };
	u64 before = modern.queues[index].notified;
	u32 length;

	modern.serve = serve;
	virtqueue_enable_cb(vq);
	CHECK_EQ(virtqueue_add(vq, &buffer, 0, 1, memory), 0);
	CHECK(virtqueue_kick(vq));
	CHECK_EQ(modern.queues[index].notified, before + 1);
	CHECK(virtqueue_get_buf(vq, &length) == memory);
	CHECK_EQ(length, sizeof(memory));
	CHECK_EQ(memory[15], 0x5a);
}

void transport_refused(const char *line)
{
	transport_boot();
	CHECK_LOG(line);
	CHECK(!driver.live);
	CHECK_EQ(driver.removed, 0);
	CHECK_EQ(modern.status, 0x80);
	CHECK(list_empty(&driver.vdev->vqs));
}

void transport_unregister(void)
{
	unregister_virtio_driver(&fixture_driver);
}
