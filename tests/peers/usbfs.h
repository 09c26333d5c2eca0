/*
 * usbfs of a fake USB kit (fakeusb.c): its transfers and the ioctls that they come by, as the
 * kernel answers them. What the kit says and hears is usb_kits.h's.
 *
 * The node is a plain file, so it always polls ready: REAPURBNDELAY waits a moment before it says
 * that there is nothing.
 */
#pragma once

#include "usb_kits.h"

#include <umockdev.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <linux/usbdevice_fs.h>

enum { FAR_MAX = 8192 };

struct urb {
	UMockdevIoctlData *urb, *buffer;
	struct usbdevfs_urb copy;
};

struct device {
	char name[32], node[64];
	const struct usb_kit *kit;
	char *sys, *file;
	UMockdevIoctlBase *ioctls;
	unsigned address;
	int far;         /* socket, -1 = none */
	guint far_source;
	uint8_t heard[FAR_MAX]; /* from the far end: less than a transfer */
	size_t heard_count;
	GQueue pending, done; /* struct urb: wait for the kit; wait to be reaped */
	GQueue said;          /* GBytes: transfers in that nobody asked for yet */
	bool is_gone, is_deaf, is_held;
	uint8_t stalled; /* endpoint, if is_stalled */
	bool is_stalled;
};

static GMutex lock;  /* all devices: ioctls come in a thread of umockdev's */
static GCond news;   /* something can be reaped */

static void say(const char *format, ...) G_GNUC_PRINTF(1, 2);
static void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
}

static void say_bytes(const char *what, const char *name, const uint8_t *bytes, size_t count)
{
	GString *hex = g_string_new(NULL);

	for (size_t i = 0; i < count; i++) {
		g_string_append_printf(hex, "%02x", bytes[i]);
	}
	say("%s %s %s", what, name, hex->str);
	g_string_free(hex, TRUE);
}

/* ---- transfers ---- */

static void finish(struct device *device, struct urb *urb, int status, int actual)
{
	urb->copy.status = status;
	urb->copy.actual_length = actual;
	g_queue_push_tail(&device->done, urb);
	g_cond_broadcast(&news);
}

static bool is_stalled(const struct device *device, const struct urb *urb)
{
	return device->is_stalled && device->stalled == urb->copy.endpoint;
}

/* Transfers in that wait meet what the kit said. Their bytes are copied at the reaping. */
static void match_in(struct device *device)
{
	GList *item = device->pending.head;

	while (item) {
		GList *next = item->next;
		struct urb *urb = item->data;
		bool is_in = urb->copy.type != USBDEVFS_URB_TYPE_CONTROL &&
			urb->copy.endpoint & 0x80;

		if (is_in && (is_stalled(device, urb) || device->said.length > 0)) {
			g_queue_delete_link(&device->pending, item);
			if (is_stalled(device, urb)) {
				finish(device, urb, -EPIPE, 0);
			} else {
				finish(device, urb, 0, -1);
			}
		}
		item = next;
	}
}

static int forward(struct device *device, const uint8_t *bytes, size_t count)
{
	uint8_t stream[USB_REPORT + 2];
	size_t length = usb_kit_to_far(device->kit, bytes, count, stream);

	if (length == 0) {
		return -EPIPE;
	}
	say_bytes("out", device->name, bytes, count > 64 ? 64 : count);
	if (device->far >= 0 && send(device->far, stream, length, MSG_NOSIGNAL) < 0) {
		say("failed %s: far end: %s", device->name, strerror(errno));
	}
	return 0;
}

/* The status of a transfer out; its bytes are with the kit then. */
static int take_out(struct device *device, struct urb *urb, int *actual)
{
	static const uint8_t setup[] = {0x40, 0x06, 0x00, 0x01, 0, 0, 3, 0};
	const uint8_t *bytes = urb->buffer->data;
	size_t count = (size_t)urb->copy.buffer_length;

	if (is_stalled(device, urb)) {
		return -EPIPE;
	}
	*actual = (int)count;
	if (urb->copy.type == USBDEVFS_URB_TYPE_CONTROL) {
		if (device->kit->kind || count < sizeof(setup) ||
			memcmp(bytes, setup, sizeof(setup)) != 0) {
			return -EPIPE;
		}
		return forward(device, bytes + sizeof(setup), count - sizeof(setup));
	}
	return urb->copy.endpoint == 0x01 ? forward(device, bytes, count) : -EPIPE;
}

static void hear_transfer(struct device *device, const uint8_t *bytes, size_t count)
{
	g_queue_push_tail(&device->said, g_bytes_new(bytes, count));
	match_in(device);
}

/* The socket is a stream: cut it into the kit's messages. */
static gboolean on_far(gint fd, GIOCondition condition, gpointer data)
{
	struct device *device = data;
	ssize_t got = recv(fd, device->heard + device->heard_count,
		sizeof(device->heard) - device->heard_count, MSG_DONTWAIT);
	uint8_t transfer[USB_REPORT];
	size_t at = 0, used;

	(void)condition;
	if (got <= 0) {
		device->far_source = 0;
		return FALSE;
	}
	g_mutex_lock(&lock);
	device->heard_count += (size_t)got;
	do {
		size_t count = usb_kit_from_far(device->kit, device->heard + at,
			device->heard_count - at, &used, transfer);

		if (count > 0) {
			hear_transfer(device, transfer, count);
		}
		at += used;
	} while (used > 0 && at < device->heard_count);
	device->heard_count -= at;
	memmove(device->heard, device->heard + at, device->heard_count);
	g_mutex_unlock(&lock);
	return TRUE;
}

/* What waited while the kit was deaf. */
static void match_out(struct device *device)
{
	GList *item = device->is_deaf ? NULL : device->pending.head;

	while (item) {
		GList *next = item->next;
		struct urb *urb = item->data;
		int actual = 0;

		if (urb->copy.type == USBDEVFS_URB_TYPE_CONTROL || !(urb->copy.endpoint & 0x80)) {
			g_queue_delete_link(&device->pending, item);
			int status = take_out(device, urb, &actual);

			finish(device, urb, status, actual);
		}
		item = next;
	}
}

/* ---- usbfs ---- */

static int submit(struct device *device, UMockdevIoctlData *arg)
{
	UMockdevIoctlData *data = umockdev_ioctl_data_resolve(arg, 0, sizeof(struct usbdevfs_urb),
		NULL);
	struct urb *urb = g_new0(struct urb, 1);
	int status = 0, actual = 0;

	memcpy(&urb->copy, data->data, sizeof(urb->copy));
	urb->urb = data;
	urb->buffer = umockdev_ioctl_data_resolve(data, offsetof(struct usbdevfs_urb, buffer),
		(gsize)urb->copy.buffer_length, NULL);
	say("submitted %s %02x", device->name, urb->copy.endpoint);
	if (urb->copy.type != USBDEVFS_URB_TYPE_CONTROL && urb->copy.endpoint & 0x80) {
		g_queue_push_tail(&device->pending, urb);
		match_in(device);
	} else if (device->is_deaf) {
		g_queue_push_tail(&device->pending, urb);
	} else {
		status = take_out(device, urb, &actual);
		finish(device, urb, status, actual);
	}
	return 0;
}

static void free_urb(struct urb *urb)
{
	g_object_unref(urb->buffer);
	g_object_unref(urb->urb);
	g_free(urb);
}

/* 0 or an errno. */
static int reap(struct device *device, UMockdevIoctlData *arg)
{
	if (device->done.length == 0 && !device->is_gone) {
		g_cond_wait_until(&news, &lock, g_get_monotonic_time() + 1000);
	}
	struct urb *urb = g_queue_pop_head(&device->done);

	if (!urb) {
		return device->is_gone ? ENODEV : EAGAIN;
	}
	if (urb->copy.actual_length < 0) { /* a transfer in that met what was said */
		GBytes *said = g_queue_pop_head(&device->said);
		gsize count;
		const uint8_t *bytes = g_bytes_get_data(said, &count);

		if (count > (gsize)urb->copy.buffer_length) {
			count = (gsize)urb->copy.buffer_length;
			urb->copy.status = -EOVERFLOW;
		}
		umockdev_ioctl_data_update(urb->buffer, 0, (guint8 *)bytes, (gint)count);
		urb->copy.actual_length = (int)count;
		g_bytes_unref(said);
	}
	struct usbdevfs_urb *theirs = (struct usbdevfs_urb *)(void *)urb->urb->data;

	umockdev_ioctl_data_update(urb->urb,
		(gsize)((uint8_t *)&theirs->status - (uint8_t *)theirs),
		(guint8 *)&urb->copy.status, sizeof(int));
	umockdev_ioctl_data_update(urb->urb,
		(gsize)((uint8_t *)&theirs->actual_length - (uint8_t *)theirs),
		(guint8 *)&urb->copy.actual_length, sizeof(int));

	UMockdevIoctlData *place = umockdev_ioctl_data_resolve(arg, 0, sizeof(void *), NULL);

	umockdev_ioctl_data_set_ptr(place, 0, urb->urb);
	g_object_unref(place);
	free_urb(urb);
	return 0;
}

static int discard(struct device *device, gulong address)
{
	for (GList *item = device->pending.head; item; item = item->next) {
		struct urb *urb = item->data;

		if (urb->urb->client_addr == address) {
			g_queue_delete_link(&device->pending, item);
			finish(device, urb, -ENOENT, 0);
			return 0;
		}
	}
	return EINVAL;
}

static int control(struct device *device, UMockdevIoctlData *arg)
{
	UMockdevIoctlData *data = umockdev_ioctl_data_resolve(arg, 0,
		sizeof(struct usbdevfs_ctrltransfer), NULL);
	struct usbdevfs_ctrltransfer question;
	uint8_t configuration = 1;

	memcpy(&question, data->data, sizeof(question));
	if (device->is_deaf || question.bRequestType != 0x80 || question.bRequest != 8) {
		g_object_unref(data);
		return device->is_deaf ? ETIMEDOUT : EPIPE;
	}
	UMockdevIoctlData *answer = umockdev_ioctl_data_resolve(data,
		offsetof(struct usbdevfs_ctrltransfer, data), 1, NULL);

	umockdev_ioctl_data_update(answer, 0, &configuration, 1);
	g_object_unref(answer);
	g_object_unref(data);
	return 0;
}

static void put(UMockdevIoctlData *arg, const void *bytes, size_t count)
{
	UMockdevIoctlData *place = umockdev_ioctl_data_resolve(arg, 0, count, NULL);

	umockdev_ioctl_data_update(place, 0, (guint8 *)bytes, (gint)count);
	g_object_unref(place);
}

static unsigned get_number(UMockdevIoctlData *arg)
{
	UMockdevIoctlData *place = umockdev_ioctl_data_resolve(arg, 0, sizeof(unsigned), NULL);
	unsigned number;

	memcpy(&number, place->data, sizeof(number));
	g_object_unref(place);
	return number;
}

static int claim(struct device *device, bool detaches)
{
	if (device->is_held || (device->kit->kind == 3 && !detaches)) {
		return EBUSY; /* by a program; by usbhid */
	}
	say("claimed %s %s", device->name, detaches ? "detached" : "free");
	return 0;
}

/* 0 or an errno. */
static int do_ioctl(struct device *device, gulong request, UMockdevIoctlData *arg)
{
	uint32_t caps = USBDEVFS_CAP_ZERO_PACKET | USBDEVFS_CAP_BULK_CONTINUATION |
		USBDEVFS_CAP_NO_PACKET_SIZE_LIM | USBDEVFS_CAP_REAP_AFTER_DISCONNECT;
	struct usbdevfs_connectinfo info = {.devnum = device->address};

	if (request == USBDEVFS_REAPURBNDELAY) {
		return reap(device, arg);
	}
	if (request == USBDEVFS_DISCARDURB) {
		gulong address;

		memcpy(&address, arg->data, sizeof(address));
		return discard(device, address);
	}
	if (device->is_gone) {
		return ENODEV;
	}
	switch (request) {
	case USBDEVFS_GET_CAPABILITIES:
		put(arg, &caps, sizeof(caps));
		return 0;
	case USBDEVFS_CONNECTINFO:
		put(arg, &info, sizeof(info));
		return 0;
	case USBDEVFS_RESET:
		say("reset %s", device->name);
		return 0;
	case USBDEVFS_CLAIMINTERFACE:
		return claim(device, device->kit->kind == 3); /* libusb's own, after ours */
	case USBDEVFS_DISCONNECT_CLAIM:
		return claim(device, true);
	case USBDEVFS_RELEASEINTERFACE:
		return 0;
	case USBDEVFS_CLEAR_HALT:
		say("cleared %s %02x", device->name, get_number(arg));
		device->is_stalled = device->is_stalled && device->stalled != get_number(arg);
		return 0;
	case USBDEVFS_CONTROL:
		return control(device, arg);
	case USBDEVFS_SUBMITURB:
		return submit(device, arg);
	default:
		return ENOTTY;
	}
}

static gboolean on_ioctl(UMockdevIoctlBase *base, UMockdevIoctlClient *client, gpointer data)
{
	(void)base;
	g_mutex_lock(&lock);
	int error = do_ioctl(data, umockdev_ioctl_client_get_request(client),
		umockdev_ioctl_client_get_arg(client));

	g_mutex_unlock(&lock);
	umockdev_ioctl_client_complete(client, error ? -1 : 0, error);
	return TRUE;
}

/* The program closed the device: its transfers end unseen. */
static void on_close(UMockdevIoctlBase *base, UMockdevIoctlClient *client, gpointer data)
{
	struct device *device = data;

	(void)base;
	(void)client;
	g_mutex_lock(&lock);
	g_queue_clear_full(&device->pending, (GDestroyNotify)free_urb);
	g_queue_clear_full(&device->done, (GDestroyNotify)free_urb);
	g_queue_clear_full(&device->said, (GDestroyNotify)g_bytes_unref);
	g_mutex_unlock(&lock);
}
