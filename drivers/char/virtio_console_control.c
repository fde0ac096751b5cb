// SPDX-License-Identifier: MIT
/* Control messages of virtio-console (virtio 1.2, 5.3.6.2): ports come, open, close and go. */
#include <linux/errno.h>

#include "drivers/char/virtio_console_priv.h"
#include "kernel/printk.h"
#include "kernel/string.h"

#define SEND_TIMEOUT_NS (500 * NSEC_PER_MSEC)
/* Limits per call for messages, and for complaints: otherwise a call might never end. */
#define MESSAGES_A_CALL 256
#define COMPLAINTS_MAX 8

struct message {
	struct virtio_console_control head;
	char text[VCONSOLE_MESSAGE_SIZE - sizeof(struct virtio_console_control)];
	u32 text_length; /* bytes that the device wrote */
};

static void complain_of_message(struct virtio_console *console, const char *what,
				const struct message *message)
{
	if (console->complaints++ < COMPLAINTS_MAX)
		dev_printk(&console->vdev->dev, "E22 control message %u for port %u ignored: %s\n",
			   le16_to_cpu(message->head.event), le32_to_cpu(message->head.id), what);
}

/* ---- to the device --------------------------------------------------------------------------- */

static u8 *message_slot_out(struct virtio_console *console, unsigned int slot)
{
	return console->control_memory + (size_t)(VCONSOLE_MESSAGES + slot) * VCONSOLE_MESSAGE_SIZE;
}

/* Tests for a free slot. A message that the device has used frees its slot. */
static bool has_free_slot(void *context)
{
	struct virtio_console *console = context;
	u32 length;
	u8 *slot;

	while ((slot = virtqueue_get_buf(console->control_transmitq, &length)))
		console->control_free |=
			BIT_ULL((slot - message_slot_out(console, 0)) / VCONSOLE_MESSAGE_SIZE);
	return console->control_free || virtqueue_is_broken(console->control_transmitq);
}

int vconsole_send(struct virtio_console *console, u32 id, u16 event, u16 value)
{
	struct virtio_console_control head = { cpu_to_le32(id), cpu_to_le16(event),
					       cpu_to_le16(value) };
	struct virtqueue_buffer buffer = { NULL, sizeof(head) };
	unsigned int slot;

	if (poll_until(has_free_slot, console, SEND_TIMEOUT_NS) || !console->control_free) {
		virtqueue_break(console->control_transmitq,
				"the device does not take control messages");
		return -EIO;
	}
	slot = (unsigned int)__builtin_ctzll(console->control_free);
	buffer.address = message_slot_out(console, slot);
	memcpy(buffer.address, &head, sizeof(head));
	/* 5.3.6.1: what is sent is only readable. */
	if (virtqueue_add(console->control_transmitq, &buffer, 1, 0, buffer.address))
		return -EIO;
	console->control_free &= ~BIT_ULL(slot);
	return virtqueue_kick(console->control_transmitq) ? 0 : -EIO;
}

/* ---- from the device ------------------------------------------------------------------------- */

static int post_message_buffer(struct virtio_console *console, u8 *memory)
{
	struct virtqueue_buffer buffer = { memory, VCONSOLE_MESSAGE_SIZE };

	return virtqueue_add(console->control_receiveq, &buffer, 0, 1, memory);
}

static int add_port(struct virtio_console *console, const struct message *message)
{
	u32 id = le32_to_cpu(message->head.id);
	int error;

	if (id >= console->max_ports) {
		complain_of_message(console, "more ports than were set up (virtio_console.ports=)",
				    message);
		return vconsole_send(console, id, VIRTIO_CONSOLE_PORT_READY, 0);
	}
	if (console->ports[id] && console->ports[id]->present) {
		complain_of_message(console, "the port already exists", message);
		return 0;
	}
	error = vconsole_add_port(console, id);
	if (error)
		complain_of_message(console, "out of memory", message);
	if (vconsole_send(console, id, VIRTIO_CONSOLE_PORT_READY, !error))
		return -EIO;
	/* It has come back, and is still open here. */
	if (!error && console->ports[id]->guest_open)
		return vconsole_send(console, id, VIRTIO_CONSOLE_PORT_OPEN, 1);
	return 0;
}

/* Stores the host's name, without unprintable characters. */
static void take_name(struct vport *vport, const struct message *message)
{
	char *name = vport->port.name;
	u32 length = min(message->text_length, (u32)PORT_NAME_MAX);

	for (u32 i = 0; i < length; i++)
		name[i] = message->text[i] >= ' ' && message->text[i] != 0x7f ? message->text[i]
									      : '?';
	name[length] = '\0';
	/* Some hosts send the NUL that 5.3.6.2 leaves out. */
	while (length && message->text[length - 1] == '\0')
		name[--length] = '\0';
	dev_printk(&vport->owner->vdev->dev, "port %u is called \"%s\"\n", vport->id, name);
}

static void take_size(struct virtio_console *console, struct vport *vport,
		      const struct message *message)
{
	u16 size[2];

	if (message->text_length < sizeof(size)) {
		complain_of_message(console, "too short", message);
		return;
	}
	memcpy(size, message->text, sizeof(size));
	vport->port.columns = le16_to_cpu(size[0]);
	vport->port.rows = le16_to_cpu(size[1]);
}

/* Handles a message about an existing port. */
static int obey_port(struct virtio_console *console, struct vport *vport,
		     const struct message *message)
{
	switch (le16_to_cpu(message->head.event)) {
	case VIRTIO_CONSOLE_PORT_REMOVE:
		dev_printk(&console->vdev->dev, "port %u was removed\n", vport->id);
		vconsole_remove_port(vport);
		return 0;
	case VIRTIO_CONSOLE_CONSOLE_PORT:
		vconsole_make_console(vport);
		vport->host_open = true;
		/* 5.3.6.2.2: answered by PORT_OPEN with value 1. */
		return vconsole_send(console, vport->id, VIRTIO_CONSOLE_PORT_OPEN, 1);
	case VIRTIO_CONSOLE_RESIZE:
		take_size(console, vport, message);
		return 0;
	case VIRTIO_CONSOLE_PORT_OPEN:
		vport->host_open = le16_to_cpu(message->head.value);
		return 0;
	case VIRTIO_CONSOLE_PORT_NAME:
		take_name(vport, message);
		return 0;
	default:
		complain_of_message(console, "unknown", message);
		return 0;
	}
}

static int handle_control_message(struct virtio_console *console, const struct message *message)
{
	u32 id = le32_to_cpu(message->head.id);

	if (le16_to_cpu(message->head.event) == VIRTIO_CONSOLE_PORT_ADD)
		return add_port(console, message);
	if (id >= console->max_ports || !console->ports[id] || !console->ports[id]->present) {
		complain_of_message(console, "no such port", message);
		return 0;
	}
	return obey_port(console, console->ports[id], message);
}

/* Copies the message once, because the device can still write there; then posts the buffer
 * again. */
static int take_message(struct virtio_console *console, u8 *memory, u32 length)
{
	struct message message = {};
	int error;

	memcpy(&message, memory, length);
	error = post_message_buffer(console, memory);
	if (error)
		return error;
	if (length < sizeof(message.head)) {
		complain_of_message(console, "too short", &message);
		return 0;
	}
	message.text_length = length - (u32)sizeof(message.head);
	return handle_control_message(console, &message);
}

static int take_messages(struct virtio_console *console)
{
	unsigned int count = 0;
	int error = 0;
	u8 *memory;
	u32 length;

	while (!error && count < MESSAGES_A_CALL &&
	       (memory = virtqueue_get_buf(console->control_receiveq, &length))) {
		error = take_message(console, memory, length);
		count++;
	}
	if (count && !error && !virtqueue_kick(console->control_receiveq))
		error = -EIO;
	return error;
}

static bool virtio_console_is_broken(const struct virtio_console *console)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(console->vqs); i++)
		if (console->vqs[i] && virtqueue_is_broken(console->vqs[i]))
			return true;
	return false;
}

static int virtio_console_recover(struct virtio_console *console)
{
	int error;

	if (console->given_up)
		return -EIO;
	error = virtio_device_restart(console->vdev);
	if (!error)
		return 0;
	console->failed = console->given_up = true;
	vconsole_drop_ports(console);
	memset(console->vqs, 0, sizeof(console->vqs));
	return -EIO;
}

int vconsole_service(struct virtio_console *console)
{
	if (console->failed)
		return virtio_console_recover(console);
	if (!virtio_console_is_broken(console) && (!console->multiport || !take_messages(console)))
		return 0;
	vconsole_fail(console);
	return -EIO;
}

int vconsole_start_control(struct virtio_console *console)
{
	int error = 0;

	console->control_free = ~0ULL;
	for (unsigned int i = 0; i < VCONSOLE_MESSAGES && !error; i++)
		error = post_message_buffer(console, console->control_memory +
							     (size_t)i * VCONSOLE_MESSAGE_SIZE);
	/* A queue with fewer entries than our buffers is not a */
	if (error && error != -ENOSPC)
		return error;
	virtqueue_kick(console->control_receiveq);
	return vconsole_send(console, VIRTIO_CONSOLE_BAD_ID, VIRTIO_CONSOLE_DEVICE_READY, 1);
}
