/* SPDX-License-Identifier: MIT */
/*
 * The driver for virtio-net (virtio 1.2, 5.1): its bring-up. It registers each device as a network
 * interface, drivers/net/netdev.h; the other files of its name are listed in virtio_net_priv.h.
 */
#include <linux/errno.h>

#include "drivers/net/virtio_net_priv.h"
#include "kernel/memory.h"
#include "kernel/printk.h"

/* The longest chain of a command: header, two tables, acknowledgement. */
#define CTRL_BUFFERS 4

static const struct virtio_device_id virtio_net_id_table[] = {
	{ VIRTIO_ID_NET },
	{},
};
MODULE_DEVICE_TABLE(virtio, virtio_net_id_table);

static const char *const receive_names[NETDEV_QUEUE_PAIRS_MAX] = {
	"receiveq1", "receiveq2", "receiveq3", "receiveq4",
	"receiveq5", "receiveq6", "receiveq7", "receiveq8",
};

static const char *const transmit_names[NETDEV_QUEUE_PAIRS_MAX] = {
	"transmitq1", "transmitq2", "transmitq3", "transmitq4",
	"transmitq5", "transmitq6", "transmitq7", "transmitq8",
};

/* ---- queues ---------------------------------------------------------------------------------- */

static int check_queue_size(const struct virtqueue *vq, unsigned int needed)
{
	u16 size = virtqueue_get_vring_size(vq);

	if (size >= needed)
		return 0;
	dev_printk(&virtqueue_device(vq)->dev,
		   "E08 queue %s: %u entries, at least %u needed (queue-size=)\n",
		   virtqueue_name(vq), size, needed);
	return -ENOSPC;
}

/* 5.1.2: receiveq and transmitq of each pair, then the control queue. */
static int take_queues(struct virtio_net *net, struct virtqueue *const *vqs)
{
	int error = 0;

	for (unsigned int i = 0; i < net->net.max_queue_pairs && !error; i++) {
		net->rx[i].vq = vqs[2 * i];
		net->tx[i].vq = vqs[2 * i + 1];
		error = check_queue_size(net->rx[i].vq, net->split_header ? 2 : 1);
		if (!error)
			error = check_queue_size(net->tx[i].vq, 2);
	}
	if (error || !virtio_has_feature(net->vdev, VIRTIO_NET_F_CTRL_VQ))
		return error;
	net->ctrl = vqs[2 * net->device_pairs];
	return check_queue_size(net->ctrl, CTRL_BUFFERS);
}

static void name_queues(const struct virtio_net *net, struct virtqueue_info *infos)
{
	for (unsigned int i = 0; i < net->net.max_queue_pairs; i++) {
		infos[2 * i] = (struct virtqueue_info){ .name = receive_names[i],
							.waiters = &netdev_waiters };
		infos[2 * i + 1] = (struct virtqueue_info){ .name = transmit_names[i],
							    .waiters = &netdev_waiters };
	}
	/* Commands are rare and short, so they are polled */
	if (virtio_has_feature(net->vdev, VIRTIO_NET_F_CTRL_VQ))
		infos[2 * net->device_pairs] = (struct virtqueue_info){ .name = "controlq" };
}

static int virtio_net_find_vqs(struct virtio_net *net)
{
	bool control = virtio_has_feature(net->vdev, VIRTIO_NET_F_CTRL_VQ);
	unsigned int count = control ? 2u * net->device_pairs + 1 : 2 * net->net.max_queue_pairs;
	struct virtqueue_info *infos = kzalloc(count * sizeof(*infos));
	struct virtqueue **vqs = kzalloc(count * sizeof(struct virtqueue *));
	int error = -ENOMEM;

	if (infos && vqs) {
		name_queues(net, infos);
		error = virtio_find_vqs(net->vdev, count, vqs, infos);
	}
	if (!error)
		error = take_queues(net, vqs);
	kfree(vqs);
	kfree(infos);
	return error;
}

/* ---- bring-up -------------------------------------------------------------------------------- */

static void virtio_net_count(const struct netdev *dev, unsigned int queue,
			     struct netdev_counters *sent, struct netdev_counters *received)
{
	const struct virtio_net *net = to_virtio_net(dev);

	*sent = net->tx[queue].counters;
	*received = net->rx[queue].counters;
}

static const struct netdev_ops ops = {
	.send = virtio_net_send,
	.flush = virtio_net_flush,
	.reclaim = virtio_net_reclaim,
	.poll = virtio_net_poll,
	.arm = virtio_net_arm,
	.disarm = virtio_net_disarm,
	.can_interrupt = virtio_net_can_interrupt,
	.watch = virtio_net_watch_all,
	.interrupts = virtio_net_interrupts,
	.give_up_interrupts = virtio_net_give_up_interrupts,
	.abort = virtio_net_abort,
	.set_mac = virtio_net_set_mac,
	.set_receive_mode = virtio_net_set_receive_mode,
	.set_multicast = virtio_net_set_multicast,
	.set_queue_pairs = virtio_net_set_queue_pairs,
	.count = virtio_net_count,
};

static void free_net(struct virtio_net *net)
{
	for (unsigned int i = 0; i < NETDEV_QUEUE_PAIRS_MAX; i++)
		virtio_net_free_buffers(net, i);
	/* If the reset was not confirmed, the device may still write there. */
	if (!net->vdev->failed)
		free_pages_exact(net->ctrl_page, sizeof(*net->ctrl_page));
	kfree(net);
}

static int virtio_net_set_up(struct virtio_net *net)
{
	int error = virtio_net_read_config(net);

	if (!error && virtio_has_feature(net->vdev, VIRTIO_NET_F_CTRL_VQ) && !net->ctrl_page) {
		net->ctrl_page = alloc_pages_exact(sizeof(*net->ctrl_page));
		error = net->ctrl_page ? 0 : -ENOMEM;
	}
	return error ? error : virtio_net_find_vqs(net);
}

static int virtio_net_probe(struct virtio_device *vdev)
{
	struct virtio_net *net = kzalloc(sizeof(*net));
	int error;

	if (!net)
		return -ENOMEM;
	net->vdev = vdev;
	net->net.ops = &ops;
	net->net.device_name = dev_name(&vdev->dev);
	net->net.queue_pairs = 1; /* 5.1.6.5.5: until more are requested */
	INIT_LIST_HEAD(&net->net.node);
	error = virtio_net_set_up(net);
	if (error) {
		free_net(net);
		return error;
	}
	vdev->dev.driver_data = net;
	return 0;
}

/* Restores the interface after a reset, which freed the queues: clears them first, so that no
 * failure below leaves the old ones. Buffers and users rely on the device's properties from
 * before. */
static int virtio_net_restore(struct virtio_device *vdev)
{
	struct virtio_net *net = vdev->dev.driver_data;
	u32 buffer_bytes = net->buffer_bytes, mtu = net->net.mtu;
	unsigned int pairs = net->net.max_queue_pairs;
	int error;

	for (unsigned int i = 0; i < NETDEV_QUEUE_PAIRS_MAX; i++)
		net->rx[i].vq = net->tx[i].vq = NULL;
	net->ctrl = NULL;
	error = virtio_net_set_up(net);
	if (error)
		return error;
	if (net->buffer_bytes == buffer_bytes && net->net.mtu == mtu &&
	    net->net.max_queue_pairs == pairs)
		return 0;
	dev_printk(&vdev->dev,
		   "E50 MTU, queues or features changed by a reset: the device is not restarted\n");
	return -EIO;
}

static void virtio_net_greet(const struct virtio_net *net)
{
	const struct netdev *dev = &net->net;
	const u8 *mac = dev->mac;

	dev_printk(&net->vdev->dev,
		   "[%s] MAC %02x:%02x:%02x:%02x:%02x:%02x, link %s, MTU %u, %u queue pair%s\n",
		   dev->name, mac[0], mac[1], mac[2], mac[3], mac[4], mac[5],
		   dev->link_up ? "up" : "down", dev->mtu, dev->max_queue_pairs,
		   dev->max_queue_pairs == 1 ? "" : "s");
}

/* Runs after each start: posts buffers, and repeats the device's settings. */
static int virtio_net_scan(struct virtio_device *vdev)
{
	struct virtio_net *net = vdev->dev.driver_data;
	bool known = !list_empty(&net->net.node);
	int error = 0;

	for (unsigned int i = 0; i < net->net.queue_pairs && !error; i++)
		error = virtio_net_fill(net, i);
	if (!error)
		error = virtio_net_tell_again(net);
	if (error || known)
		return error;
	virtio_net_read_link(net, false);
	net->link_event = false; /* no one has seen another state */
	error = register_netdev(&net->net);
	if (!error)
		virtio_net_greet(net);
	return error;
}

/* Frees everything. The bus has reset the device, so its buffers are ours again. */
static void virtio_net_remove(struct virtio_device *vdev)
{
	struct virtio_net *net = vdev->dev.driver_data;

	unregister_netdev(&net->net);
	virtio_net_end_all(net);
	for (unsigned int i = 0; i < NETDEV_QUEUE_PAIRS_MAX; i++)
		virtqueue_forget(net->rx[i].vq);
	virtqueue_forget(net->ctrl);
	free_net(net);
}

/* Records a change, in the interrupt or from a poll. A change before DRIVER_OK is read by scan. */
static void virtio_net_config_changed(struct virtio_device *vdev)
{
	virtio_net_read_link(vdev->dev.driver_data, true);
}

static struct virtio_driver virtio_net_driver = {
	.driver = { .name = "virtio_net" },
	.id_table = virtio_net_id_table,
	.feature_table = virtio_net_features,
	.feature_table_size = VIRTIO_NET_FEATURES,
	.validate = virtio_net_validate,
	.probe = virtio_net_probe,
	.scan = virtio_net_scan,
	.restore = virtio_net_restore,
	.remove = virtio_net_remove,
	.config_changed = virtio_net_config_changed,
};
module_virtio_driver(virtio_net_driver);
