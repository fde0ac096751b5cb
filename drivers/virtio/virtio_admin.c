/* SPDX-License-Identifier: MIT */
/* Administration commands over the administration virtqueue (virtio 1.4, 2.12.1 and 2.13). */
#include "drivers/virtio/virtio_admin.h"

#include <linux/errno.h>

#include "drivers/virtio/virtqueue_priv.h"
#include "kernel/memory.h"
#include "kernel/string.h"
#include "kernel/time.h"

#define COMMAND_TIMEOUT_NS (1000 * NSEC_PER_MSEC)
#define AGAIN_TRIES 10

/* What we know how to use. */
#define KNOWN_OPCODES (BIT_ULL(ADMIN_CMD_LIST_QUERY) | BIT_ULL(ADMIN_CMD_LIST_USE))

/* The two headers of a command, in memory that the device may write. */
struct exchange {
	struct admin_cmd_hdr header;
	struct admin_cmd_status status;
};

/* 2.13.2: whatever lies behind the bytes that the device says it used counts as zero. */
static void admin_clear_unused(struct exchange *wire, struct virtio_admin_cmd *command, u32 used)
{
	u32 status = min(used, (u32)sizeof(wire->status));
	u32 result = min(used - status, command->result_length);

	memset((u8 *)&wire->status + status, 0, sizeof(wire->status) - status);
	if (result < command->result_length)
		memset((u8 *)command->result + result, 0, command->result_length - result);
}

/* One try. A queue that does not answer is broken: the device may still write to what it has. */
static int admin_exchange(struct virtqueue *vq, struct virtio_admin_cmd *command,
			  struct exchange *wire)
{
	struct virtqueue_buffer buffers[4];
	unsigned int out, total;
	u32 length;
	int error;

	out = virtqueue_append(buffers, 0, &wire->header, sizeof(wire->header));
	out = virtqueue_append(buffers, out, command->data, command->data_length);
	total = virtqueue_append(buffers, out, &wire->status, sizeof(wire->status));
	total = virtqueue_append(buffers, total, command->result, command->result_length);
	error = virtqueue_add(vq, buffers, out, total - out, wire);
	if (error)
		return error;
	virtqueue_kick(vq);
	error = virtqueue_wait(vq, VIRTQUEUE_POLL, 1, COMMAND_TIMEOUT_NS);
	if (error) {
		virtqueue_break(vq, "an administration command was not answered");
		return error;
	}
	if (virtqueue_get_buf(vq, &length) != wire)
		return -EIO;
	admin_clear_unused(wire, command, length);
	command->status = le16_to_cpu(READ_ONCE(wire->status.status));
	command->status_qualifier = le16_to_cpu(READ_ONCE(wire->status.status_qualifier));
	return 0;
}

/* 2.12.1.6: a status that is not known is taken as EINVAL. */
static int admin_status_error(u16 status)
{
	switch (status) {
	case ADMIN_STATUS_OK:
		return 0;
	case ADMIN_STATUS_EAGAIN:
	case ADMIN_STATUS_ENOMEM:
	case ADMIN_STATUS_EBUSY:
		return -(int)status;
	default:
		return -EINVAL;
	}
}

static int try_command(struct virtio_device *vdev, struct virtio_admin_cmd *command)
{
	struct exchange *wire;
	int error;

	if (virtqueue_is_broken(vdev->admin_vq))
		return -EIO;
	wire = kzalloc(sizeof(*wire));
	if (!wire)
		return -ENOMEM;
	wire->header.opcode = cpu_to_le16(command->opcode);
	wire->header.group_type = cpu_to_le16(command->group_type);
	wire->header.group_member_id = cpu_to_le64(command->group_member_id);
	if (command->result_length)
		memset(command->result, 0, command->result_length);
	error = admin_exchange(vdev->admin_vq, command, wire);
	/* What was not answered is still the device's. */
	if (error != -ETIMEDOUT && error != -EIO)
		kfree(wire);
	return error ? error : admin_status_error(command->status);
}

int virtio_admin_exec(struct virtio_device *vdev, struct virtio_admin_cmd *command)
{
	int error = -EAGAIN;

	if (!vdev->admin_vq)
		return -EOPNOTSUPP;
	if (command->data_length % 8 || command->result_length % 8)
		return -EINVAL;
	for (unsigned int i = 0; i < AGAIN_TRIES && error == -EAGAIN; i++)
		error = try_command(vdev, command);
	return error;
}

u64 virtio_admin_opcodes(const struct virtio_device *vdev)
{
	return vdev->admin_opcodes;
}

static int exec_list(struct virtio_device *vdev, u16 opcode, const struct admin_cmd_list *use,
		     struct admin_cmd_list *known)
{
	struct virtio_admin_cmd command = {
		.opcode = opcode,
		.group_type = ADMIN_GROUP_TYPE_SELF,
		.data = use,
		.data_length = use ? sizeof(*use) : 0,
		.result = known,
		.result_length = known ? sizeof(*known) : 0,
	};

	return virtio_admin_exec(vdev, &command);
}

int virtio_admin_start(struct virtio_device *vdev)
{
	struct admin_cmd_list *list;
	u64 opcodes;
	int error;

	if (!vdev->admin_vq)
		return 0;
	list = kzalloc(sizeof(*list));
	if (!list)
		return -ENOMEM;
	error = exec_list(vdev, ADMIN_CMD_LIST_QUERY, NULL, list);
	opcodes = le64_to_cpu(READ_ONCE(list->opcodes[0])) & KNOWN_OPCODES;
	list->opcodes[0] = cpu_to_le64(opcodes);
	if (!error)
		error = exec_list(vdev, ADMIN_CMD_LIST_USE, list, NULL);
	if (error)
		dev_printk(&vdev->dev,
			   "E18 administration queue: LIST_QUERY or LIST_USE: error %d\n", error);
	else
		vdev->admin_opcodes = opcodes;
	if (!virtqueue_is_broken(vdev->admin_vq))
		kfree(list);
	return error;
}
