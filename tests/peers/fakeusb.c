/*
 * Raw USB kits without USB: umockdev shows an unmodified program (started with
 * libumockdev-preload and UMOCKDEV_DIR) a sysfs and usbfs nodes; here their ioctls are answered
 * as the kernel does: transfers are submitted, reaped, discarded. The kit's bytes come from and
 * go to a UNIX socket: a far end of kitlab-virtual, or a test's. The models nxt, ev3 and owi are
 * usb_kits.h's.
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
 */
#include "usbfs.h"

#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static UMockdevTestbed *testbed;
static GMainLoop *loop;
static GList *devices;
static unsigned addresses = 1;

/* ---- plugging ---- */

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

static char *spaces(char *text)
{
	return g_strdelimit(text, "_", ' ');
}

static void make_node(struct device *device, unsigned vendor, unsigned product)
{
	char *root = umockdev_testbed_get_root_dir(testbed);
	uint8_t descriptors[USB_DESCRIPTORS_MAX];
	size_t count = usb_kit_describe(device->kit, vendor, product, descriptors);

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
	device->kit = usb_kit_find(words[2]);
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
	uint8_t bytes[USB_REPORT];
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

	if (count == 9 && strcmp(words[0], "plug") == 0 && usb_kit_find(words[2])) {
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
