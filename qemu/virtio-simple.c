/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virtio-simple as a device: properties, features, configuration space, life cycle, saved state. */
#include "qemu/osdep.h"
#include "hw/virtio/virtio-access.h"
#include "migration/qemu-file-types.h"
#include "migration/vmstate.h"
#include "qapi/error.h"
#include "qapi/visitor.h"
#include "qemu/host-utils.h"
#include "qemu/log.h"
#include "qemu/main-loop.h"
#include "qemu/module.h"
#include "qemu/units.h"
#include "trace/trace-hw_virtio.h"
#include "compat.h"
#include "virtio-simple.h"

static uint64_t virtio_simple_get_features(VirtIODevice *vdev, uint64_t features, Error **errp)
{
	return features | VIRTIO_SIMPLE(vdev)->offered;
}

static void virtio_simple_get_config(VirtIODevice *vdev, uint8_t *bytes)
{
	VirtIOSimple *s = VIRTIO_SIMPLE(vdev);
	struct virtio_simple_config config = {
		.magic = cpu_to_le32(VIRTIO_SIMPLE_MAGIC),
		.num_request_queues = cpu_to_le16(s->conf.num_request_queues),
		.max_payload = cpu_to_le32(s->conf.max_payload),
		.writable = cpu_to_le32(s->writable),
		.counter = cpu_to_le64(s->counter),
	};

	memcpy(config.tag, s->conf.tag, strlen(s->conf.tag));
	memcpy(bytes, &config, sizeof(config));
}

/* The core shows the whole space as the driver left it; all but one field is read-only. */
static void virtio_simple_set_config(VirtIODevice *vdev, const uint8_t *bytes)
{
	VIRTIO_SIMPLE(vdev)->writable =
		ldl_le_p(bytes + offsetof(struct virtio_simple_config, writable));
}

static void virtio_simple_counter_get(Object *obj, Visitor *v, const char *name, void *opaque,
				      Error **errp)
{
	visit_type_uint64(v, name, &VIRTIO_SIMPLE(obj)->counter, errp);
}

/* The generation moves even before DRIVER_OK, when the core would not raise an interrupt yet. */
static void virtio_simple_counter_set(Object *obj, Visitor *v, const char *name, void *opaque,
				      Error **errp)
{
	VirtIODevice *vdev = VIRTIO_DEVICE(obj);
	VirtIOSimple *s = VIRTIO_SIMPLE(obj);
	uint64_t value;

	if (!visit_type_uint64(v, name, &value, errp) || value == s->counter) {
		return;
	}
	s->counter = value;
	if (vdev->status & VIRTIO_CONFIG_S_DRIVER_OK) {
		virtio_notify_config(vdev);
	} else {
		vdev->generation++;
	}
	trace_virtio_simple_counter(value, vdev->generation);
}

/* Newer versions of the core offer IN_ORDER by a property of this name themselves. */
static bool virtio_simple_in_order_get(Object *obj, Error **errp)
{
	return virtio_has_feature(VIRTIO_DEVICE(obj)->host_features, VIRTIO_F_IN_ORDER);
}

static void virtio_simple_in_order_set(Object *obj, bool value, Error **errp)
{
	VirtIODevice *vdev = VIRTIO_DEVICE(obj);

	if (DEVICE(obj)->realized) {
		error_setg(errp, "in_order is settled when the device starts");
	} else if (value) {
		virtio_add_feature(&vdev->host_features, VIRTIO_F_IN_ORDER);
	} else {
		virtio_clear_feature(&vdev->host_features, VIRTIO_F_IN_ORDER);
	}
}

static bool needs_feature(VirtIODevice *vdev, int index, unsigned int bit, const char *name)
{
	if (virtio_vdev_has_feature(vdev, bit)) {
		return true;
	}
	virtio_error(vdev, "virtio-simple: queue %d notified, but %s was not accepted", index,
		     name);
	return false;
}

/* Whether the driver may use this queue at this time; a modern one must have said DRIVER_OK. */
bool virtio_simple_may_use(VirtIODevice *vdev, VirtQueue *vq)
{
	int index = virtio_get_queue_index(vq);

	if (virtio_vdev_has_feature(vdev, VIRTIO_F_VERSION_1) &&
	    !(vdev->status & VIRTIO_CONFIG_S_DRIVER_OK)) {
		qemu_log_mask(LOG_GUEST_ERROR,
			      "virtio-simple: queue %d notified with status 0x%02x: ignored "
			      "until DRIVER_OK (0x04)\n", index, vdev->status);
		return false;
	}
	if (vq == VIRTIO_SIMPLE(vdev)->adminq) {
		return needs_feature(vdev, index, VIRTIO_F_ADMIN_VQ, "ADMIN_VQ");
	}
	return index < VIRTIO_SIMPLE_REQUESTQ_MORE ||
	       needs_feature(vdev, index, VIRTIO_SIMPLE_F_MQ, "MQ");
}

/* Looks after what was posted before DRIVER_OK, or is still waiting when the machine runs on. */
static void virtio_simple_resume(void *opaque)
{
	VirtIOSimple *s = opaque;
	VirtIODevice *vdev = opaque;

	for (int i = 0; virtio_simple_running(s) && i < virtio_get_num_queues(vdev); i++) {
		VirtQueue *vq = virtio_get_queue(vdev, i);

		if (vq == s->eventq || vdev->broken || virtio_queue_empty(vq)) {
			continue;
		}
		if (vq == s->adminq) {
			virtio_simple_handle_admin(vdev, vq);
		} else {
			virtio_simple_handle_requests(vdev, vq);
		}
	}
	virtio_simple_flush_events(s);
	qemu_chr_fe_accept_input(&s->conf.chardev);
}

/* Some versions of the core make each queue as large as they can, again after each reset. */
static void limit_queue_sizes(VirtIODevice *vdev)
{
	for (int i = 0; i < virtio_get_num_queues(vdev); i++) {
		virtio_queue_set_num(vdev, i, VIRTIO_SIMPLE(vdev)->conf.queue_size);
	}
}

/* What waits is not served at once: the core overwrites the status after this, and so would lose
 * a NEEDS_RESET. */
static void virtio_simple_set_status(VirtIODevice *vdev, uint8_t status)
{
	if (vdev->status == 0 && status != 0) {
		limit_queue_sizes(vdev);
	}
	if (vdev->vm_running && (status & VIRTIO_CONFIG_S_DRIVER_OK)) {
		qemu_bh_schedule(VIRTIO_SIMPLE(vdev)->resume);
	}
}

static void drop_all_requests(VirtIOSimple *s)
{
	for (int i = 0; i < VIRTIO_SIMPLE_MAX_QUEUES; i++) {
		virtio_simple_drop_requests(s, i);
	}
}

static void virtio_simple_reset(VirtIODevice *vdev)
{
	VirtIOSimple *s = VIRTIO_SIMPLE(vdev);

	drop_all_requests(s);
	virtio_simple_drop_events(s);
	virtio_simple_reset_admin(s);
	s->writable = 0;
}

/* What waits for event buffers is no part of a queue, and waits on. */
static void virtio_simple_queue_reset(VirtIODevice *vdev, uint32_t index)
{
	if (index < VIRTIO_SIMPLE_MAX_QUEUES) {
		virtio_simple_drop_requests(VIRTIO_SIMPLE(vdev), index);
	}
}

static bool conf_numbers_ok(const VirtIOSimpleConf *conf, Error **errp)
{
	if (conf->num_request_queues < 1 ||
	    conf->num_request_queues > VIRTIO_SIMPLE_MAX_REQUEST_QUEUES) {
		error_setg(errp, "num-request-queues must be 1 to %d",
			   VIRTIO_SIMPLE_MAX_REQUEST_QUEUES);
	} else if (conf->queue_size < 2 || conf->queue_size > VIRTQUEUE_MAX_SIZE ||
		   !is_power_of_2(conf->queue_size)) {
		error_setg(errp, "queue-size must be a power of two, 2 to %d", VIRTQUEUE_MAX_SIZE);
	} else if (conf->max_payload < VIRTIO_SIMPLE_MIN_PAYLOAD ||
		   conf->max_payload > VIRTIO_SIMPLE_MAX_PAYLOAD) {
		error_setg(errp, "max-payload must be %d to %d bytes", VIRTIO_SIMPLE_MIN_PAYLOAD,
			   (int)VIRTIO_SIMPLE_MAX_PAYLOAD);
	} else if (conf->max_events < 1 || conf->max_events > VIRTQUEUE_MAX_SIZE) {
		error_setg(errp, "max-events must be 1 to %d", VIRTQUEUE_MAX_SIZE);
	} else {
		return true;
	}
	return false;
}

/* The queues after the event queue keep their numbers only if there is an event queue. */
static bool conf_fits_together(VirtIOSimple *s, Error **errp)
{
	bool eventq = virtio_has_feature(s->offered, VIRTIO_SIMPLE_F_EVENTQ);
	bool more = s->conf.num_request_queues > 1;

	if (strlen(s->conf.tag) > VIRTIO_SIMPLE_TAG_LEN) {
		error_setg(errp, "tag must be at most %d bytes", VIRTIO_SIMPLE_TAG_LEN);
	} else if (more && !eventq) {
		error_setg(errp, "num-request-queues above 1 needs eventq=on");
	} else if (more && s->conf.mq == ON_OFF_AUTO_OFF) {
		error_setg(errp, "num-request-queues above 1 needs mq=on or mq=auto");
	} else if (s->conf.in_order_batch && !virtio_has_feature(VIRTIO_DEVICE(s)->host_features,
								 VIRTIO_F_IN_ORDER)) {
		error_setg(errp, "in-order-batch needs in_order=on");
	} else if (!eventq && qemu_chr_fe_backend_connected(&s->conf.chardev)) {
		error_setg(errp, "chardev needs eventq=on");
	} else {
		return true;
	}
	return false;
}

static void add_queues(VirtIOSimple *s)
{
	VirtIODevice *vdev = VIRTIO_DEVICE(s);
	uint16_t size = s->conf.queue_size;

	virtio_add_queue(vdev, size, virtio_simple_handle_requests);
	if (virtio_has_feature(s->offered, VIRTIO_SIMPLE_F_EVENTQ)) {
		s->eventq = virtio_add_queue(vdev, size, virtio_simple_handle_eventq);
	}
	for (int i = 1; i < s->conf.num_request_queues; i++) {
		virtio_add_queue(vdev, size, virtio_simple_handle_requests);
	}
	if (virtio_host_has_feature(vdev, VIRTIO_F_ADMIN_VQ)) {
		s->adminq = virtio_add_queue(vdev, size, virtio_simple_handle_admin);
	}
}

static void virtio_simple_realize(DeviceState *dev, Error **errp)
{
	VirtIODevice *vdev = VIRTIO_DEVICE(dev);
	VirtIOSimple *s = VIRTIO_SIMPLE(dev);

	if (!s->conf.tag) {
		s->conf.tag = g_strdup("");
	}
	if (!conf_numbers_ok(&s->conf, errp) || !conf_fits_together(s, errp)) {
		return;
	}
	if (s->conf.mq == ON_OFF_AUTO_ON || s->conf.num_request_queues > 1) {
		virtio_add_feature(&s->offered, VIRTIO_SIMPLE_F_MQ);
	}
	for (int i = 0; i < VIRTIO_SIMPLE_MAX_QUEUES; i++) {
		QTAILQ_INIT(&s->in_flight[i]);
	}
	QSIMPLEQ_INIT(&s->events);
	virtio_init(vdev, VIRTIO_ID_SIMPLE, sizeof(struct virtio_simple_config));
	add_queues(s);
	virtio_simple_reset_admin(s);
	s->resume = qemu_bh_new(virtio_simple_resume, s);
	virtio_simple_open_chardev(s);
	if (s->shm) { /* by the name of its slot, which the next device there will want */
		vmstate_register_ram(s->shm, DEVICE(memory_region_owner(s->shm)));
	}
}

static void virtio_simple_unrealize(DeviceState *dev)
{
	VirtIODevice *vdev = VIRTIO_DEVICE(dev);
	VirtIOSimple *s = VIRTIO_SIMPLE(dev);

	virtio_simple_close_chardev(s);
	qemu_bh_delete(s->resume);
	drop_all_requests(s);
	virtio_simple_drop_events(s);
	if (s->shm) {
		vmstate_unregister_ram(s->shm, DEVICE(memory_region_owner(s->shm)));
	}
	for (int i = virtio_get_num_queues(vdev) - 1; i >= 0; i--) {
		virtio_del_queue(vdev, i);
	}
	virtio_cleanup(vdev);
}

/* Written by hand: QEMU has no field description for a chain that a driver lent us. */
static void virtio_simple_save(VirtIODevice *vdev, QEMUFile *f)
{
	VirtIOSimple *s = VIRTIO_SIMPLE(vdev);

	qemu_put_be32(f, s->writable);
	qemu_put_be64(f, s->counter);
	qemu_put_be64(f, s->admin_used);
	qemu_put_be64(f, s->served);
	qemu_put_be64(f, s->notifications_with_data);
	qemu_put_be64(f, s->bad_notification_data);
	virtio_simple_save_requests(s, f);
	virtio_simple_save_events(s, f);
}

static int virtio_simple_load(VirtIODevice *vdev, QEMUFile *f, int version)
{
	VirtIOSimple *s = VIRTIO_SIMPLE(vdev);
	int err;

	s->writable = qemu_get_be32(f);
	s->counter = qemu_get_be64(f);
	s->admin_used = qemu_get_be64(f);
	s->served = qemu_get_be64(f);
	s->notifications_with_data = qemu_get_be64(f);
	s->bad_notification_data = qemu_get_be64(f);
	err = virtio_simple_load_requests(s, f);
	return err ? err : virtio_simple_load_events(s, f);
}

static const VMStateDescription vmstate_virtio_simple = {
	.name = "virtio-simple",
	.version_id = 2,
	.minimum_version_id = 2,
	.fields = (VMStateField[]){ VMSTATE_VIRTIO_DEVICE, VMSTATE_END_OF_LIST() },
};

SIMPLE_PROPERTIES(virtio_simple_properties) = {
	DEFINE_PROP_BIT64("eventq", VirtIOSimple, offered, VIRTIO_SIMPLE_F_EVENTQ, true),
	DEFINE_PROP_ON_OFF_AUTO("mq", VirtIOSimple, conf.mq, ON_OFF_AUTO_AUTO),
	DEFINE_PROP_UINT16("num-request-queues", VirtIOSimple, conf.num_request_queues, 1),
	DEFINE_PROP_UINT16("queue-size", VirtIOSimple, conf.queue_size, 128),
	DEFINE_PROP_UINT32("max-payload", VirtIOSimple, conf.max_payload, 64 * KiB),
	DEFINE_PROP_BIT64("notification_data", VirtIOSimple, parent_obj.host_features,
			  VIRTIO_F_NOTIFICATION_DATA, false),
	DEFINE_PROP_BIT64("admin_vq", VirtIOSimple, parent_obj.host_features, VIRTIO_F_ADMIN_VQ,
			  false),
	DEFINE_PROP_BOOL("in-order-batch", VirtIOSimple, conf.in_order_batch, false),
	DEFINE_PROP_UINT32("max-events", VirtIOSimple, conf.max_events, 64),
	DEFINE_PROP_STRING("tag", VirtIOSimple, conf.tag),
	DEFINE_PROP_CHR("chardev", VirtIOSimple, conf.chardev),
	SIMPLE_PROPERTIES_END
};

static void virtio_simple_class_init(ObjectClass *klass, SimpleClassData *data)
{
	DeviceClass *dc = DEVICE_CLASS(klass);
	VirtioDeviceClass *vdc = VIRTIO_DEVICE_CLASS(klass);

	device_class_set_props(dc, virtio_simple_properties);
	object_class_property_add(klass, "counter", "uint64", virtio_simple_counter_get,
				  virtio_simple_counter_set, NULL, NULL);
	if (!object_class_property_find(klass, "in_order")) {
		object_class_property_add_bool(klass, "in_order", virtio_simple_in_order_get,
					       virtio_simple_in_order_set);
	}
	set_bit(DEVICE_CATEGORY_MISC, dc->categories);
	dc->vmsd = &vmstate_virtio_simple;
	vdc->realize = virtio_simple_realize;
	vdc->unrealize = virtio_simple_unrealize;
	vdc->get_features = virtio_simple_get_features;
	vdc->get_config = virtio_simple_get_config;
	vdc->set_config = virtio_simple_set_config;
	vdc->set_status = virtio_simple_set_status;
	vdc->reset = virtio_simple_reset;
	vdc->queue_reset = virtio_simple_queue_reset;
	vdc->save = virtio_simple_save;
	vdc->load = virtio_simple_load;
}

static void virtio_simple_instance_init(Object *obj)
{
	VirtIOSimple *s = VIRTIO_SIMPLE(obj);

	object_property_add_uint64_ptr(obj, "notifications-with-data",
				       &s->notifications_with_data, OBJ_PROP_FLAG_READ);
	object_property_add_uint64_ptr(obj, "bad-notification-data", &s->bad_notification_data,
				       OBJ_PROP_FLAG_READ);
}

static const TypeInfo virtio_simple_info = {
	.name = TYPE_VIRTIO_SIMPLE,
	.parent = TYPE_VIRTIO_DEVICE,
	.instance_size = sizeof(VirtIOSimple),
	.instance_init = virtio_simple_instance_init,
	.class_init = virtio_simple_class_init,
};

static void virtio_simple_register(void)
{
	type_register_static(&virtio_simple_info);
}

type_init(virtio_simple_register)
