/* SPDX-License-Identifier: MIT */
/* Everything about a virtio-net device except its frames: link, sleeping, failure, recovery. */
#include <linux/errno.h>

#include "drivers/net/virtio_net_priv.h"
#include "kernel/irq.h"

/* How often a device that cannot interrupt is checked for changes. */
#define LOOK_NS (100 * NSEC_PER_MSEC)
/* 5.1.4.2: larger values mean unknown. */
#define SPEED_MAX 0x7fffffff

/* ---- the link -------------------------------------------------------------------------------- */

/* Reads the link. 5.1.4.2: without STATUS it counts as up. False if the status cannot be read. */
static bool read_status(struct virtio_net *net, u16 *status)
{
	*status = VIRTIO_NET_S_LINK_UP;
	if (!virtio_has_feature(net->vdev, VIRTIO_NET_F_STATUS))
		return true;
	return !virtio_cread(net->vdev, struct virtio_net_config, status, status);
}

static u32 virtio_net_read_speed(struct virtio_net *net)
{
	u32 speed = 0;

	if (!virtio_has_feature(net->vdev, VIRTIO_NET_F_SPEED_DUPLEX) ||
	    virtio_cread(net->vdev, struct virtio_net_config, speed, &speed) || speed > SPEED_MAX)
		return 0;
	return speed;
}

void virtio_net_read_link(struct virtio_net *net, bool say)
{
	bool announce = virtio_has_feature(net->vdev, VIRTIO_NET_F_GUEST_ANNOUNCE);
	u32 speed;
	u16 status;
	bool up, changed;
	u64 flags;

	if (!read_status(net, &status))
		return;
	speed = virtio_net_read_speed(net);
	up = status & VIRTIO_NET_S_LINK_UP;
	flags = spin_lock_irqsave(&net->link_lock);
	changed = up != net->net.link_up;
	net->link_event |= changed || speed != net->net.speed;
	net->net.link_up = up;
	net->net.speed = speed;
	if (announce && status & VIRTIO_NET_S_ANNOUNCE)
		net->announce_event = true;
	spin_unlock_irqrestore(&net->link_lock, flags);
	wake_up(&netdev_waiters);
	if (changed && say && net->net.name[0])
		dev_printk(&net->vdev->dev, "[%s] link is %s\n", net->net.name, up ? "up" : "down");
}

/* Takes an event, so that it is reported once. */
static bool take_event(struct virtio_net *net, bool *event)
{
	u64 flags = spin_lock_irqsave(&net->link_lock);
	bool was = *event;

	*event = false;
	spin_unlock_irqrestore(&net->link_lock, flags);
	return was;
}

static void call_link_changed(struct virtio_net *net)
{
	if (net->net.link_changed)
		net->net.link_changed(&net->net, net->net.link_context);
}

/* Reports the link. 5.1.6.5.4.1: the app announces our address first, then the device gets its
 * acknowledgement. */
static void tell_link(struct virtio_net *net)
{
	if (take_event(net, &net->announce_event)) {
		net->net.announce = true;
		call_link_changed(net);
		net->net.announce = false;
		virtio_net_ack_announce(net);
	}
	if (take_event(net, &net->link_event))
		call_link_changed(net);
}

/* Checks a polled device, which cannot report its link or NEEDS_RESET. */
static void virtio_net_look(struct virtio_net *net)
{
	u64 now = ktime_get_ns();

	if (virtio_net_can_interrupt(&net->net) || now - READ_ONCE(net->looked_ns) < LOOK_NS)
		return;
	WRITE_ONCE(net->looked_ns, now);
	virtio_config_changed(net->vdev);
}

/* ---- failure and recovery -------------------------------------------------------------------- */

/* Passes every lock once: a CPU that was inside when the device failed has then left, and none
 * enters again. */
static void pass_all_locks(struct virtio_net *net)
{
	for (unsigned int i = 0; i < net->net.max_queue_pairs; i++) {
		spin_lock(&net->rx[i].lock);
		spin_unlock(&net->rx[i].lock);
		spin_lock(&net->tx[i].lock);
		spin_unlock(&net->tx[i].lock);
	}
}

void virtio_net_fail(struct virtio_net *net)
{
	if (__atomic_exchange_n(&net->failed, true, __ATOMIC_SEQ_CST))
		return;
	pass_all_locks(net);
	if (!virtio_reset_device(net->vdev))
		dev_printk(&net->vdev->dev,
			   "[%s] the device was reset; frames in flight are lost\n", net->net.name);
}

static bool virtio_net_vq_is_broken(struct virtio_net *net, spinlock_t *lock,
				    struct virtqueue *const *vq)
{
	bool broken;

	spin_lock(lock);
	broken = !virtio_net_has_failed(net) && virtqueue_is_broken(*vq);
	spin_unlock(lock);
	return broken;
}

static bool virtio_net_is_broken(struct virtio_net *net)
{
	bool broken = false;

	for (unsigned int i = 0; i < net->net.queue_pairs; i++)
		broken |= virtio_net_vq_is_broken(net, &net->rx[i].lock, &net->rx[i].vq) ||
			  virtio_net_vq_is_broken(net, &net->tx[i].lock, &net->tx[i].vq);
	return broken;
}

static void virtio_net_give_up(struct virtio_net *net)
{
	for (unsigned int i = 0; i < net->net.max_queue_pairs; i++)
		net->rx[i].vq = net->tx[i].vq = NULL;
	net->ctrl = NULL;
	WRITE_ONCE(net->dead, true);
	net->net.link_up = false;
	dev_printk(&net->vdev->dev, "E54 [%s] given up: the device does not restart\n",
		   net->net.name);
}

/* True while a handler reads frames, which are the driver's. */
static bool somebody_polls(const struct virtio_net *net)
{
	u32 polling = 0;

	for (unsigned int i = 0; i < net->net.max_queue_pairs; i++)
		polling |= __atomic_load_n(&net->rx[i].polling.taken, __ATOMIC_SEQ_CST);
	return polling || __atomic_load_n(&net->ctrl_busy.taken, __ATOMIC_SEQ_CST);
}

/* Restarts the device, which has been reset. No other CPU uses it. */
static void virtio_net_restart(struct virtio_net *net)
{
	for (unsigned int i = 0; i < net->net.max_queue_pairs; i++)
		virtqueue_forget(net->rx[i].vq);
	virtqueue_forget(net->ctrl);
	if (virtio_device_restart(net->vdev)) {
		virtio_net_give_up(net);
		return;
	}
	virtio_net_read_link(net, true);
	__atomic_store_n(&net->failed, false, __ATOMIC_RELEASE);
}

/* Recovers the device, in one call; others find it down until that is done. */
static void virtio_net_recover(struct virtio_net *net)
{
	if (!spin_trylock(&net->recovering))
		return;
	if (virtio_net_has_failed(net) && !net->dead) {
		virtio_net_end_all(net);
		if (!somebody_polls(net))
			virtio_net_restart(net);
	}
	spin_unlock(&net->recovering);
}

/* Does the periodic work: recovery, changes of the link. 0, -EIO if given up, or -EAGAIN if the
 * device is down for now. */
static int virtio_net_service(struct virtio_net *net)
{
	if (!virtio_net_has_failed(net)) {
		virtio_net_look(net);
		if (virtio_net_is_broken(net))
			virtio_net_fail(net);
	}
	if (virtio_net_has_failed(net))
		virtio_net_recover(net);
	if (READ_ONCE(net->dead))
		return -EIO;
	tell_link(net);
	return virtio_net_has_failed(net) ? -EAGAIN : 0;
}

void virtio_net_abort(struct netdev *dev)
{
	virtio_net_fail(to_virtio_net(dev));
}

int virtio_net_reclaim(struct netdev *dev, unsigned int queue)
{
	struct virtio_net *net = to_virtio_net(dev);
	int error = virtio_net_service(net);

	if (error)
		return error == -EAGAIN ? 0 : error;
	virtio_net_watch(net, queue);
	return virtio_net_take_sent(net, queue);
}

int virtio_net_poll(struct netdev *dev, unsigned int queue, unsigned int budget,
		    netdev_handler_t *handler, void *context)
{
	struct virtio_net *net = to_virtio_net(dev);
	int result = virtio_net_reclaim(dev, queue);

	if (result < 0)
		return result;
	if (!spin_trylock(&net->rx[queue].polling))
		return -EBUSY;
	result = virtio_net_receive(net, queue, budget, handler, context);
	spin_unlock(&net->rx[queue].polling);
	return result;
}

void virtio_net_watch_all(struct netdev *dev)
{
	struct virtio_net *net = to_virtio_net(dev);

	for (unsigned int i = 0; i < dev->queue_pairs; i++)
		virtio_net_watch(net, i);
}

/* ---- sleeping -------------------------------------------------------------------------------- */

/* Requests interrupts of one queue; false if it has work, or is broken. */
static bool arm_queue(struct virtio_net *net, spinlock_t *lock, struct virtqueue *const *vq)
{
	bool armed = false;

	spin_lock(lock);
	if (!virtio_net_has_failed(net))
		armed = !virtqueue_is_broken(*vq) && virtqueue_enable_cb(*vq);
	spin_unlock(lock);
	return armed;
}

static void disarm_queue(struct virtio_net *net, spinlock_t *lock, struct virtqueue *const *vq)
{
	spin_lock(lock);
	if (!virtio_net_has_failed(net))
		virtqueue_disable_cb(*vq);
	spin_unlock(lock);
}

bool virtio_net_arm(struct netdev *dev, unsigned int events)
{
	struct virtio_net *net = to_virtio_net(dev);

	if (virtio_net_has_failed(net) || READ_ONCE(net->link_event) ||
	    READ_ONCE(net->announce_event))
		return false;
	for (unsigned int i = 0; i < dev->queue_pairs; i++) {
		if (events & NETDEV_RECEIVED && !arm_queue(net, &net->rx[i].lock, &net->rx[i].vq))
			return false;
		if (events & NETDEV_SENT && !arm_queue(net, &net->tx[i].lock, &net->tx[i].vq))
			return false;
	}
	return true;
}

void virtio_net_disarm(struct netdev *dev)
{
	struct virtio_net *net = to_virtio_net(dev);

	for (unsigned int i = 0; i < dev->queue_pairs; i++) {
		disarm_queue(net, &net->rx[i].lock, &net->rx[i].vq);
		disarm_queue(net, &net->tx[i].lock, &net->tx[i].vq);
	}
}

/* All queues of a device behave alike. */
bool virtio_net_can_interrupt(const struct netdev *dev)
{
	struct virtio_net *net = to_virtio_net(dev);
	bool can = true;

	spin_lock(&net->rx[0].lock);
	if (!virtio_net_has_failed(net))
		can = virtqueue_can_interrupt(net->rx[0].vq);
	spin_unlock(&net->rx[0].lock);
	return can;
}

static u64 vq_interrupts(struct virtio_net *net, spinlock_t *lock, struct virtqueue *const *vq)
{
	struct virtqueue_counters counters = {};

	spin_lock(lock);
	if (!virtio_net_has_failed(net))
		virtqueue_count(*vq, &counters);
	spin_unlock(lock);
	return counters.interrupts;
}

u64 virtio_net_interrupts(const struct netdev *dev)
{
	struct virtio_net *net = to_virtio_net(dev);
	u64 count = 0;

	for (unsigned int i = 0; i < dev->queue_pairs; i++)
		count += vq_interrupts(net, &net->rx[i].lock, &net->rx[i].vq) +
			 vq_interrupts(net, &net->tx[i].lock, &net->tx[i].vq);
	return count;
}

void virtio_net_give_up_interrupts(struct netdev *dev)
{
	struct virtio_net *net = to_virtio_net(dev);

	spin_lock(&net->rx[0].lock);
	if (!virtio_net_has_failed(net))
		virtqueue_give_up_interrupts(net->rx[0].vq);
	spin_unlock(&net->rx[0].lock);
}
