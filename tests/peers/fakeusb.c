/*
 * Raw USB kits without USB: umockdev shows an unmodified program (started with
 * libumockdev-preload and UMOCKDEV_DIR) a sysfs and usbfs nodes; here their ioctls are answered
 * as the kernel does: transfers are submitted, reaped, discarded. The kit's bytes come from and
 * go to a UNIX socket: a far end of kitlab-virtual, or a test's. Models:
 *   nxt  bulk 01 and 82, a telegram a transfer; on the socket each has its u16 length before it
 *   ev3  interrupt 01 and 81, reports of 1024 bytes filled up with 0; on the socket without filling
 *   owi  control 40 06 0100 0000, three bytes
 *
 * Lines on standard input:
 *   plug NAME MODEL SEAT VENDOR:PRODUCT SERIAL MAKER PRODUCT SOCKET
 *                     SERIAL "-" = none; "_" in texts is a space; SOCKET "-" = no far end
 *   pull NAME         the wire is gone, udev does not say so yet
 *   unplug NAME       and now it does
 *   deaf NAME 1       takes no more transfers out (they wait for ever), answers no question
 *   deaf NAME 0       takes them again, first those that wait
 *   stall NAME EP     the next transfer of this endpoint (hex) and all after it, until it is cleared
 *   held NAME 0|1     another program has the interface
 *   mode NAME OCTAL   permissions of the node
 *   say NAME HEX      a transfer in, whatever the far end says
 * and on standard output:
 *   root DIR, plugged NAME NODE, unplugged NAME, reset NAME, claimed NAME detached|free,
 *   submitted NAME EP, cleared NAME EP, out NAME HEX, done COMMAND
 *
 * The node is a plain file, so it always polls ready: REAPURBNDELAY waits a moment before it says
 * that there is nothing. ioctls are answered in a thread of umockdev's.
 */
#include <umockdev.h>

#include <errno.h>
#include <glib-unix.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <linux/usbdevice_fs.h>

enum { REPORT = 1024, FAR_MAX = 8192 };

struct urb {
	UMockdevIoctlData *urb, *buffer;
	struct usbdevfs_urb copy;
};

struct device {
	char name[32], model[8], node[64];
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
	uint8_t stalled; /* endpoint, 0 = none (no kit here has an endpoint 0 that stays stalled) */
	bool is_stalled;
};

static UMockdevTestbed *testbed;
static GMainLoop *loop;
static GList *devices;
static GMutex lock;  /* all of the above: two threads */
static GCond news;   /* something can be reaped */
static unsigned addresses = 1;

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

static bool is_model(const struct device *device, const char *model)
{
	return strcmp(device->model, model) == 0;
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

static void forward(struct device *device, const uint8_t *bytes, size_t count)
{
	uint8_t framed[REPORT + 2];
	size_t length = count;

	say_bytes("out", device->name, bytes, count > 64 ? 64 : count);
	if (is_model(device, "nxt")) {
		framed[0] = (uint8_t)count;
		framed[1] = (uint8_t)(count >> 8);
		memcpy(framed + 2, bytes, count);
		length = count + 2;
	} else if (is_model(device, "ev3")) {
		length = (size_t)(bytes[0] | bytes[1] << 8) + 2;
		length = length > count ? count : length;
		memcpy(framed, bytes, length);
	} else {
		memcpy(framed, bytes, count);
	}
	if (device->far >= 0 && send(device->far, framed, length, MSG_NOSIGNAL) < 0) {
		say("failed %s: far end: %s", device->name, strerror(errno));
	}
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
	if (is_model(device, "owi")) {
		if (count != 11 || memcmp(bytes, setup, sizeof(setup)) != 0) {
			return -EPIPE;
		}
		bytes += sizeof(setup);
		count -= sizeof(setup);
	} else if (urb->copy.endpoint != 0x01 || count > REPORT ||
		(is_model(device, "nxt") && count > 64) ||
		(is_model(device, "ev3") && count != REPORT)) {
		return -EPIPE;
	}
	forward(device, bytes, count);
	*actual = (int)count;
	return 0;
}

static void hear_transfer(struct device *device, const uint8_t *bytes, size_t count)
{
	uint8_t report[REPORT] = {0};

	if (is_model(device, "ev3")) {
		memcpy(report, bytes, count > REPORT ? REPORT : count);
		bytes = report;
		count = REPORT;
	}
	g_queue_push_tail(&device->said, g_bytes_new(bytes, count));
	match_in(device);
}

/* The socket is a stream: cut it into the kit's messages. */
static gboolean on_far(gint fd, GIOCondition condition, gpointer data)
{
	struct device *device = data;
	ssize_t got = recv(fd, device->heard + device->heard_count,
		sizeof(device->heard) - device->heard_count, MSG_DONTWAIT);
	size_t at = 0;

	(void)condition;
	if (got <= 0) {
		device->far_source = 0;
		return FALSE;
	}
	g_mutex_lock(&lock);
	device->heard_count += (size_t)got;
	while (device->heard_count - at >= 2) {
		const uint8_t *bytes = device->heard + at;
		size_t length = (size_t)(bytes[0] | bytes[1] << 8) + 2;

		if (is_model(device, "owi")) {
			at = device->heard_count; /* the arm says nothing */
			break;
		}
		if (device->heard_count - at < length) {
			break;
		}
		if (is_model(device, "nxt")) {
			hear_transfer(device, bytes + 2, length - 2);
		} else {
			hear_transfer(device, bytes, length);
		}
		at += length;
	}
	device->heard_count -= at;
	memmove(device->heard, device->heard + at, device->heard_count);
	g_mutex_unlock(&lock);
	return TRUE;
}

static int connect_far(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		say("failed %s: %s", path, strerror(errno));
		close(fd);
		return -1;
	}
	return fd;
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
	if (device->is_held || (is_model(device, "ev3") && !detaches)) {
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
		return claim(device, is_model(device, "ev3")); /* libusb's own, after ours */
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

/* ---- plugging ---- */

static size_t make_descriptors(const char *model, unsigned vendor, unsigned product, uint8_t *out)
{
	bool is_ev3 = strcmp(model, "ev3") == 0, is_owi = strcmp(model, "owi") == 0;
	uint8_t endpoints = is_owi ? 0 : 2, kind = is_ev3 ? 3 : 2;
	uint8_t in = is_ev3 ? 0x81 : 0x82, hid = is_ev3 ? 3 : 0xFF;
	uint8_t total = (uint8_t)(18 + endpoints * 7);
	const uint8_t device[] = {18, 1, 0, 2, 0, 0, 0, 64, (uint8_t)vendor, (uint8_t)(vendor >> 8),
		(uint8_t)product, (uint8_t)(product >> 8), 0, 1, 1, 2, 3, 1};
	const uint8_t configuration[] = {9, 2, total, 0, 1, 1, 0, 0xC0, 50,
		9, 4, 0, 0, endpoints, is_owi ? 0xFF : hid, 0, 0, 0};
	const uint8_t ends[] = {7, 5, 0x01, kind, 64, 0, 1, 7, 5, in, kind, 64, 0, 1};

	memcpy(out, device, sizeof(device));
	memcpy(out + sizeof(device), configuration, sizeof(configuration));
	memcpy(out + sizeof(device) + sizeof(configuration), ends, (size_t)endpoints * 7);
	return sizeof(device) + total;
}

static char *spaces(char *text)
{
	return g_strdelimit(text, "_", ' ');
}

static void make_node(struct device *device, unsigned vendor, unsigned product)
{
	char *root = umockdev_testbed_get_root_dir(testbed);
	uint8_t descriptors[64];
	size_t count = make_descriptors(device->model, vendor, product, descriptors);

	device->file = g_strdup_printf("%s%s", root, device->node);
	g_free(root);

	char *folder = g_path_get_dirname(device->file);

	g_mkdir_with_parents(folder, 0755);
	g_free(folder);
	if (!g_file_set_contents(device->file, (char *)descriptors, (gssize)count, NULL)) {
		say("failed %s", device->file);
	}
	chmod(device->file, 0666);
}

static void plug(char **words)
{
	struct device *device = g_new0(struct device, 1);
	char vendor[5] = "", product[5] = "", address[8];
	bool has_serial = strcmp(words[5], "-") != 0;

	snprintf(device->name, sizeof(device->name), "%s", words[1]);
	snprintf(device->model, sizeof(device->model), "%s", words[2]);
	sscanf(words[4], "%4[0-9a-f]:%4[0-9a-f]", vendor, product);
	device->address = ++addresses;
	snprintf(address, sizeof(address), "%u", device->address);
	snprintf(device->node, sizeof(device->node), "/dev/bus/usb/001/%03u", device->address);
	device->far = strcmp(words[8], "-") == 0 ? -1 : connect_far(words[8]);
	if (device->far >= 0) {
		device->far_source = g_unix_fd_add(device->far, G_IO_IN | G_IO_HUP, on_far, device);
	}
	device->ioctls = umockdev_ioctl_base_new();
	g_signal_connect(device->ioctls, "handle-ioctl", G_CALLBACK(on_ioctl), device);
	g_signal_connect(device->ioctls, "client-vanished", G_CALLBACK(on_close), device);
	make_node(device, (unsigned)strtoul(vendor, NULL, 16), (unsigned)strtoul(product, NULL, 16));
	umockdev_testbed_attach_ioctl(testbed, device->node, device->ioctls, NULL);
	devices = g_list_prepend(devices, device);
	const gchar *attributes[] = {"idVendor", vendor, "idProduct", product, "manufacturer",
		spaces(words[6]), "product", spaces(words[7]), "busnum", "1", "devnum", address,
		has_serial ? "serial" : NULL, words[5], NULL};
	const gchar *properties[] = {"DEVTYPE", "usb_device", "DEVNAME", device->node, NULL};

	/* This tells udev's listeners, so all else is there before. */
	device->sys = umockdev_testbed_add_devicev(testbed, "usb", words[3], NULL,
		(gchar **)attributes, (gchar **)properties);
	say("plugged %s %s", device->name, device->node);
}

static struct device *find(const char *name)
{
	for (GList *item = devices; item && name; item = item->next) {
		struct device *device = item->data;

		if (strcmp(device->name, name) == 0) {
			return device;
		}
	}
	return NULL;
}

static void pull(struct device *device)
{
	struct urb *urb;

	g_mutex_lock(&lock);
	device->is_gone = true;
	while ((urb = g_queue_pop_head(&device->pending))) {
		finish(device, urb, -ESHUTDOWN, 0);
	}
	g_mutex_unlock(&lock);
}

static void unplug(struct device *device)
{
	pull(device);
	unlink(device->file);
	umockdev_testbed_uevent(testbed, device->sys, "remove");
	umockdev_testbed_remove_device(testbed, device->sys);
	if (device->far_source) {
		g_source_remove(device->far_source);
	}
	if (device->far >= 0) {
		close(device->far);
	}
	devices = g_list_remove(devices, device);
	say("unplugged %s", device->name);
	/* The program may still reap from it: what umockdev holds on to stays. */
}

static void say_in(struct device *device, const char *hex)
{
	uint8_t bytes[REPORT];
	size_t count = strlen(hex) / 2;

	for (size_t i = 0; i < count && i < sizeof(bytes); i++) {
		unsigned byte = 0;

		sscanf(hex + i * 2, "%2x", &byte);
		bytes[i] = (uint8_t)byte;
	}
	g_queue_push_tail(&device->said, g_bytes_new(bytes, count));
	match_in(device);
}

static bool command(struct device *device, char **words)
{
	const char *value = words[2];

	if (strcmp(words[0], "deaf") == 0) {
		device->is_deaf = strcmp(value, "1") == 0;
		match_out(device);
	} else if (strcmp(words[0], "held") == 0) {
		device->is_held = strcmp(value, "1") == 0;
	} else if (strcmp(words[0], "stall") == 0) {
		device->is_stalled = true;
		device->stalled = (uint8_t)strtoul(value, NULL, 16);
		match_in(device);
	} else if (strcmp(words[0], "mode") == 0) {
		chmod(device->file, (mode_t)strtoul(value, NULL, 8));
	} else if (strcmp(words[0], "say") == 0) {
		say_in(device, value);
	} else {
		return false;
	}
	return true;
}

static gboolean on_line(GIOChannel *channel, GIOCondition condition, gpointer data)
{
	char *line = NULL;

	(void)condition;
	(void)data;
	if (g_io_channel_read_line(channel, &line, NULL, NULL, NULL) != G_IO_STATUS_NORMAL) {
		g_main_loop_quit(loop);
		return FALSE;
	}
	char **words = g_strsplit(g_strchomp(line), " ", 0);
	guint count = g_strv_length(words);
	struct device *device = count > 1 ? find(words[1]) : NULL;
	bool is_known = true;

	if (count == 9 && strcmp(words[0], "plug") == 0) {
		plug(words);
	} else if (count == 2 && device && strcmp(words[0], "pull") == 0) {
		pull(device);
	} else if (count == 2 && device && strcmp(words[0], "unplug") == 0) {
		unplug(device);
	} else if (count == 3 && device) {
		g_mutex_lock(&lock);
		is_known = command(device, words);
		g_mutex_unlock(&lock);
	} else {
		is_known = false;
	}
	say("%s %s", is_known ? "done" : "unknown", line);
	g_strfreev(words);
	g_free(line);
	return TRUE;
}

int main(void)
{
	testbed = umockdev_testbed_new();
	loop = g_main_loop_new(NULL, FALSE);
	GIOChannel *input = g_io_channel_unix_new(STDIN_FILENO);
	char *root = umockdev_testbed_get_root_dir(testbed);

	signal(SIGPIPE, SIG_IGN);
	g_io_add_watch(input, G_IO_IN | G_IO_HUP, on_line, NULL);
	say("root %s", root);
	g_main_loop_run(loop);
	while (devices) {
		unplug(devices->data);
	}
	g_free(root);
	g_object_unref(testbed);
	return 0;
}
