// SPDX-License-Identifier: MIT
/* Data of virtio-console's ports (virtio 1.2, 5.3.6), copied through our own slots in both
 * directions. */
#include <linux/errno.h>

#include "drivers/char/virtio_console_priv.h"
#include "kernel/percpu.h"
#include "kernel/string.h"

/* Output is polled: at first without a pause, because most hosts take it at once. */
#define SPIN_NS (100 * NSEC_PER_USEC)
#define LOOK_NS NSEC_PER_MSEC
/* How long a line on hvcN may wait, with interrupts off, before it goes to the serial port. */
#define CONSOLE_WAIT_NS (100 * NSEC_PER_MSEC)
/* After this many empty answers in a row, this call ignores the device. */
#define EMPTY_MAX 16
#define ALL_SLOTS (BIT_ULL(VCONSOLE_SLOTS) - 1)

static struct vport *to_vport(struct port *port)
{
	return container_of(port, struct vport, port);
}

/* Returns an error that comes before any other, or 0. */
static int vport_check(struct vport *vport)
{
	if (vconsole_service(vport->owner))
		return -EIO;
	return vport->present ? 0 : -ENODEV;
}

/* ---- input ----------------------------------------------------------------------------------- */

static int vport_post(struct vport *vport, u8 *slot)
{
	/* 5.3.6.1: what is posted for input is only writable. */
	struct virtqueue_buffer buffer = { slot, VCONSOLE_SLOT_SIZE };

	return virtqueue_add(vport->receiveq, &buffer, 0, 1, slot);
}

int vconsole_post_input(struct vport *vport)
{
	int error = 0;

	if (vport->posted) /* it was unplugged, and its slots are posted */
		return 0;
	vport->chunk = NULL;
	vport->free_slots = ALL_SLOTS;
	vport->stalled = false;
	for (unsigned int i = 0; i < VCONSOLE_SLOTS && !error; i++)
		error = vport_post(vport, vport->memory + (size_t)i * VCONSOLE_SLOT_SIZE);
	/* A queue with fewer entries than our slots is not a */
	if (error && error != -ENOSPC)
		return error;
	vport->posted = true;
	return virtqueue_kick(vport->receiveq) ? 0 : -EIO;
}

static void vport_give_back(struct vport *vport)
{
	u8 *slot = vport->chunk;

	vport->chunk = NULL;
	/* A failure here leaves the queue broken, which the next call detects. */
	if (!vport_post(vport, slot))
		virtqueue_kick(vport->receiveq);
}

/* Finds the next slot with input. */
static bool next_chunk(struct vport *vport)
{
	for (unsigned int empty = 0; !vport->chunk && empty < EMPTY_MAX; empty++) {
		vport->chunk = virtqueue_get_buf(vport->receiveq, &vport->chunk_length);
		vport->chunk_taken = 0;
		if (!vport->chunk)
			return false;
		if (!vport->chunk_length)
			vport_give_back(vport);
	}
	return vport->chunk;
}

static size_t vport_take_input(struct vport *vport, u8 *buffer, size_t size)
{
	size_t taken = 0, part;

	while (taken < size && next_chunk(vport)) {
		part = min(size - taken, (size_t)(vport->chunk_length - vport->chunk_taken));
		memcpy(buffer + taken, vport->chunk + vport->chunk_taken, part);
		taken += part;
		vport->chunk_taken += (u32)part;
		if (vport->chunk_taken == vport->chunk_length)
			vport_give_back(vport);
	}
	return taken;
}

static int vport_read(struct port *port, void *buffer, size_t size, u64 timeout_ns)
{
	struct vport *vport = to_vport(port);
	u64 begun = ktime_get_ns(), passed = 0;
	struct virtqueue *vqs[2];
	size_t taken;
	int error;

	for (;;) {
		error = vport_check(vport);
		if (error)
			return error;
		taken = vport_take_input(vport, buffer, size);
		if (taken)
			return (int)taken;
		if (!vport->host_open)
			return -EPIPE;
		if (passed >= timeout_ns)
			return -ETIMEDOUT;
		vqs[0] = vport->receiveq;
		vqs[1] = vport->owner->control_receiveq;
		virtqueue_wait_any(vqs, 2, timeout_ns - passed);
		passed = ktime_get_ns() - begun;
	}
}

/* ---- output ---------------------------------------------------------------------------------- */

static u8 *vport_slot_out(struct vport *vport, unsigned int slot)
{
	return vport->memory + (size_t)(VCONSOLE_SLOTS + slot) * VCONSOLE_SLOT_SIZE;
}

/* Takes the lock. A queue that breaks prints, and the console may be this very port; so the CPU
 * that holds the lock may take it again. */
static u64 vport_lock_output(struct vport *vport)
{
	u64 flags = spin_lock_irqsave(&vport->lock);

	WRITE_ONCE(vport->lock_owner, smp_processor_id() + 1);
	return flags;
}

static void vport_unlock_output(struct vport *vport, u64 flags)
{
	WRITE_ONCE(vport->lock_owner, 0);
	spin_unlock_irqrestore(&vport->lock, flags);
}

/* Frees the slots that the host has used. Call with the lock held. */
static void vport_reclaim(struct vport *vport)
{
	u32 length; /* 5.3.6.3: legacy devices put anything there */
	u8 *slot;

	while ((slot = virtqueue_get_buf(vport->transmitq, &length))) {
		vport->free_slots |= 1u << (slot - vport_slot_out(vport, 0)) / VCONSOLE_SLOT_SIZE;
		vport->stalled = false;
	}
}

/* Copies as much as fits into free slots, and notifies the device; returns the number of bytes.
 * Call with the lock held. */
static size_t vport_send(struct vport *vport, const char *data, size_t length)
{
	size_t sent = 0;

	while (sent < length && vport->free_slots) {
		unsigned int slot = (unsigned int)__builtin_ctz(vport->free_slots);
		struct virtqueue_buffer buffer = { vport_slot_out(vport, slot), 0 };

		buffer.length = (u32)min(length - sent, (size_t)VCONSOLE_SLOT_SIZE);
		memcpy(buffer.address, data + sent, buffer.length);
		/* 5.3.6.1: what is sent is only readable. */
		if (virtqueue_add(vport->transmitq, &buffer, 1, 0, buffer.address))
			break;
		vport->free_slots &= ~(1u << slot);
		sent += buffer.length;
	}
	if (sent)
		virtqueue_kick(vport->transmitq);
	return sent;
}

struct sending {
	struct vport *vport;
	u32 wanted; /* slots: any of these, or all */
	bool all;
};

static bool slots_are_free(void *context)
{
	const struct sending *sending = context;
	struct vport *vport = sending->vport;
	u64 flags = vport_lock_output(vport);
	u32 there;

	vport_reclaim(vport);
	there = vport->free_slots & sending->wanted;
	vport_unlock_output(vport, flags);
	return (sending->all ? there == sending->wanted : there != 0) ||
	       virtqueue_is_broken(vport->transmitq);
}

/* Waits for slots. There is no interrupt for output, so it polls, and halts the CPU in between. */
static int await_slots(struct sending *sending, u64 timeout_ns)
{
	u64 begun = ktime_get_ns(), passed = 0;
	int error = poll_until(slots_are_free, sending, min(timeout_ns, SPIN_NS));

	while (error && passed < timeout_ns) {
		error = wait_until(slots_are_free, sending, min(timeout_ns - passed, LOOK_NS));
		passed = ktime_get_ns() - begun;
	}
	return error;
}

static int vport_write(struct port *port, const void *data, size_t length, u64 timeout_ns)
{
	struct vport *vport = to_vport(port);
	struct sending sending = { vport, ALL_SLOTS, false };
	u64 begun = ktime_get_ns(), passed = 0, flags;
	size_t sent = 0;
	int error = 0;

	while (!error && sent < length) {
		error = vport_check(vport);
		if (!error && !vport->host_open)
			error = -EPIPE;
		if (!error)
			error = await_slots(&sending,
					    passed < timeout_ns ? timeout_ns - passed : 0);
		if (error)
			break;
		flags = vport_lock_output(vport);
		sent += vport_send(vport, (const char *)data + sent, length - sent);
		vport_unlock_output(vport, flags);
		passed = ktime_get_ns() - begun;
	}
	return sent ? (int)sent : error;
}

static int vport_drain(struct port *port, u64 timeout_ns)
{
	struct vport *vport = to_vport(port);
	struct sending sending = { vport, ALL_SLOTS, true };
	int error = vport_check(vport);

	if (error)
		return error;
	error = await_slots(&sending, timeout_ns);
	return virtqueue_is_broken(vport->transmitq) ? -EIO : error;
}

/* ---- the rest -------------------------------------------------------------------------------- */

static int vport_open(struct port *port, bool open)
{
	struct vport *vport = to_vport(port);
	int error = vport_check(vport);

	vport->guest_open = open;
	if (error || !vport->owner->multiport)
		return error;
	return vconsole_send(vport->owner, vport->id, VIRTIO_CONSOLE_PORT_OPEN, open);
}

static unsigned int vport_poll(struct port *port)
{
	struct vport *vport = to_vport(port);
	struct sending sending = { vport, ALL_SLOTS, false };
	unsigned int bits;

	if (vport_check(vport))
		return 0;
	bits = vport->host_open ? PORT_HOST_OPEN : 0;
	if (next_chunk(vport))
		bits |= PORT_READABLE;
	if (vport->host_open && slots_are_free(&sending))
		bits |= PORT_WRITABLE;
	return bits;
}

const struct port_ops vconsole_port_ops = {
	.open = vport_open,
	.poll = vport_poll,
	.read = vport_read,
	.write = vport_write,
	.drain = vport_drain,
};

/* ---- hvcN ------------------------------------------------------------------------------------ */

/* Spins until all, or some, slots are free. Call with the lock held and interrupts off. */
static void spin_for_slots(struct vport *vport, u32 wanted)
{
	u64 begun = ktime_get_ns();

	for (;;) {
		vport_reclaim(vport);
		if ((vport->free_slots & wanted) == wanted || vport->stalled ||
		    virtqueue_is_broken(vport->transmitq))
			return;
		if (ktime_get_ns() - begun > CONSOLE_WAIT_NS) {
			vport->stalled = true;
			return;
		}
	}
}

/* Writes to hvcN, and returns when the host has the text, because the machine may end with this
 * line. */
size_t vconsole_console_write(struct console *console, const char *text, size_t length)
{
	struct vport *vport = container_of(console, struct vport, console);
	size_t sent = 0, part;
	u64 flags;

	if (!vport->present || !vport->transmitq ||
	    READ_ONCE(vport->lock_owner) == smp_processor_id() + 1)
		return 0;
	flags = vport_lock_output(vport);
	do {
		spin_for_slots(vport, ALL_SLOTS);
		part = vport_send(vport, text + sent, length - sent);
		sent += part;
	} while (part && sent < length);
	spin_for_slots(vport, ALL_SLOTS);
	vport_unlock_output(vport, flags);
	return sent;
}

int vconsole_console_read(struct console *console, char *buffer, size_t size, u64 timeout_ns)
{
	struct vport *vport = container_of(console, struct vport, console);

	return vport_read(&vport->port, buffer, size, timeout_ns);
}
