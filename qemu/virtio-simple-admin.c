/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-simple's administration queue (virtio 1.3, 2.12.1 and 2.13): the device is the one member
 * of its own group, and of commands there are the two by which a driver learns which there are.
 */
#include "qemu/osdep.h"
#include "hw/virtio/virtio-access.h"
#include "qemu/iov.h"
#include "standard-headers/linux/virtio_admin.h"
#include "trace/trace-hw_virtio.h"
#include "virtio-simple.h"

#define SUPPORTED ((1ULL << ADMIN_CMD_LIST_QUERY) | (1ULL << ADMIN_CMD_LIST_USE))

/* The two parts of a command, each with what the longest of them has. */
typedef struct QEMU_PACKED AdminCommand {
	struct admin_cmd_hdr hdr;
	struct admin_cmd_list list;
} AdminCommand;

typedef struct QEMU_PACKED AdminResult {
	struct admin_cmd_status hdr;
	struct admin_cmd_list list;
} AdminResult;

void virtio_simple_reset_admin(VirtIOSimple *s)
{
	s->admin_used = SUPPORTED;
}

static bool opcode_used(VirtIOSimple *s, uint16_t opcode)
{
	return opcode < 64 && (s->admin_used & SUPPORTED & (1ULL << opcode));
}

static uint16_t list_use(VirtIOSimple *s, const AdminCommand *command)
{
	uint64_t opcodes = le64_to_cpu(command->list.opcodes[0]);

	if (opcodes & ~SUPPORTED) {
		return ADMIN_STATUS_Q_INVALID_FIELD;
	}
	s->admin_used = opcodes;
	return ADMIN_STATUS_Q_OK;
}

/* The group is looked at first, then the opcode; neither of the commands is for one member. */
static uint16_t command_run(VirtIOSimple *s, const AdminCommand *command, AdminResult *result)
{
	uint16_t opcode = le16_to_cpu(command->hdr.opcode);

	if (le16_to_cpu(command->hdr.group_type) != ADMIN_GROUP_TYPE_SELF) {
		return ADMIN_STATUS_Q_INVALID_GROUP;
	}
	if (!opcode_used(s, opcode)) {
		return ADMIN_STATUS_Q_INVALID_OPCODE;
	}
	if (opcode == ADMIN_CMD_LIST_USE) {
		return list_use(s, command);
	}
	result->list.opcodes[0] = cpu_to_le64(SUPPORTED);
	return ADMIN_STATUS_Q_OK;
}

static size_t result_size(const AdminResult *result)
{
	return result->list.opcodes[0] ? sizeof(*result) : sizeof(result->hdr);
}

/* Parts shorter or longer than we know are no error: what is missing of the one is zero, and what
 * the other has no room for is not written. */
static void command_answer(VirtIOSimple *s, VirtQueue *vq, VirtQueueElement *elem)
{
	AdminCommand command = { 0 };
	AdminResult result = { 0 };
	uint16_t qualifier;
	size_t written;

	iov_to_buf(elem->out_sg, elem->out_num, 0, &command, sizeof(command));
	qualifier = command_run(s, &command, &result);
	result.hdr.status_qualifier = cpu_to_le16(qualifier);
	result.hdr.status = cpu_to_le16(qualifier ? ADMIN_STATUS_EINVAL : ADMIN_STATUS_OK);
	written = iov_from_buf(elem->in_sg, elem->in_num, 0, &result, result_size(&result));
	trace_virtio_simple_admin(le16_to_cpu(command.hdr.opcode),
				  le16_to_cpu(command.hdr.group_type), qualifier);
	virtio_simple_push(VIRTIO_DEVICE(s), vq, elem, written);
}

void virtio_simple_handle_admin(VirtIODevice *vdev, VirtQueue *vq)
{
	bool any = false;
	VirtQueueElement *elem;

	if (!virtio_simple_may_use(vdev, vq)) {
		return;
	}
	while ((elem = virtqueue_pop(vq, sizeof(*elem)))) {
		command_answer(VIRTIO_SIMPLE(vdev), vq, elem);
		g_free(elem);
		any = true;
	}
	if (any) {
		virtio_notify(vdev, vq);
	}
}
