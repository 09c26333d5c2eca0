/*
 * USB serial boards without USB: umockdev shows an unmodified program (started
 * with libumockdev-preload and UMOCKDEV_DIR) a sysfs with a ttyACM whose far end
 * is a pty, here the simulated board's. The pty has no modem lines, so those
 * ioctls are answered here; a rising DTR resets the board (SIGUSR1), as the
 * capacitor on an Uno does. All other ioctls are done on the pty.
 *
 * Lines on standard input:
 *   plug NAME SEAT VENDOR:PRODUCT SERIAL PTY PID    plug ttyACM0 1-1.2 2341:0043 7573 /dev/pts/4 99
 *   unplug NAME                                     (close the pty's other end first)
 *   hold NAME, release NAME                         as another program that took the line
 * and on standard output:
 *   root DIR, plugged NAME, unplugged NAME, held NAME, released NAME, dtr NAME 0|1
 */
#include <umockdev.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct device {
	char name[32];
	char *usb, *tty;           /* paths in /sys */
	UMockdevIoctlBase *ioctls;
	unsigned lines;            /* TIOCM_... */
	pid_t board;
	int held;                  /* fd of the other program, -1 = none */
};

static UMockdevTestbed *testbed;
static GMainLoop *loop;
static GList *devices;

static void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
}

static void set_lines(struct device *device, unsigned lines)
{
	bool was_up = device->lines & TIOCM_DTR, is_up = lines & TIOCM_DTR;

	device->lines = lines;
	if (was_up != is_up) {
		if (is_up && device->board > 0) {
			kill(device->board, SIGUSR1);
		}
		say("dtr %s %d", device->name, is_up);
	}
}

/* The kernel raises DTR and RTS at open(), and has dropped them at the last close(). */
static void on_open(UMockdevIoctlBase *base, UMockdevIoctlClient *client, gpointer data)
{
	(void)base;
	(void)client;
	set_lines(data, 0);
	set_lines(data, TIOCM_DTR | TIOCM_RTS);
}

static gboolean on_ioctl(UMockdevIoctlBase *base, UMockdevIoctlClient *client, gpointer data)
{
	struct device *device = data;
	gulong request = umockdev_ioctl_client_get_request(client);
	int error = 0;

	(void)base;
	if (request != TIOCMGET && request != TIOCMSET && request != TIOCMBIS &&
		request != TIOCMBIC) {
		long result = umockdev_ioctl_client_execute(client, &error, NULL);

		umockdev_ioctl_client_complete(client, result, error);
		return TRUE;
	}
	UMockdevIoctlData *arg = umockdev_ioctl_data_resolve(
		umockdev_ioctl_client_get_arg(client), 0, sizeof(int), NULL);
	unsigned bits;

	memcpy(&bits, arg->data, sizeof(bits));
	if (request == TIOCMGET) {
		umockdev_ioctl_data_update(arg, 0, (guint8 *)&device->lines, sizeof(device->lines));
	} else if (request == TIOCMSET) {
		set_lines(device, bits);
	} else if (request == TIOCMBIS) {
		set_lines(device, device->lines | bits);
	} else {
		set_lines(device, device->lines & ~bits);
	}
	g_object_unref(arg);
	umockdev_ioctl_client_complete(client, 0, 0);
	return TRUE;
}

static char *node_path(const char *name)
{
	char *root = umockdev_testbed_get_root_dir(testbed);
	char *path = g_strdup_printf("%s/dev/%s", root, name);

	g_free(root);
	return path;
}

static void plug(const char *name, const char *seat, const char *ids, const char *serial,
	const char *pty, pid_t board)
{
	struct device *device = g_new0(struct device, 1);
	char devnode[64], vendor[5] = "", product[5] = "";
	char *node = node_path(name);

	snprintf(device->name, sizeof(device->name), "%s", name);
	snprintf(devnode, sizeof(devnode), "/dev/%s", name);
	sscanf(ids, "%4[0-9a-f]:%4[0-9a-f]", vendor, product);
	device->board = board;
	device->held = -1;
	device->ioctls = umockdev_ioctl_base_new();
	g_signal_connect(device->ioctls, "handle-ioctl", G_CALLBACK(on_ioctl), device);
	g_signal_connect(device->ioctls, "client-connected", G_CALLBACK(on_open), device);
	umockdev_testbed_attach_ioctl(testbed, devnode, device->ioctls, NULL);
	device->usb = umockdev_testbed_add_device(testbed, "usb", seat, NULL,
		"idVendor", vendor, "idProduct", product, "serial", serial,
		"product", "Uno", "manufacturer", "Arduino", "busnum", "1", "devnum", "2", NULL,
		"DEVTYPE", "usb_device", "ID_VENDOR_ID", vendor, "ID_MODEL_ID", product, NULL);
	/* This tells udev's listeners, so the node is there before. */
	if (symlink(pty, node) < 0) {
		say("failed %s: %s", node, strerror(errno));
	}
	device->tty = umockdev_testbed_add_device(testbed, "tty", name, device->usb,
		"dev", "166:0", NULL, "DEVNAME", devnode, NULL);
	g_free(node);
	devices = g_list_prepend(devices, device);
	say("plugged %s", name);
}

static struct device *find(const char *name)
{
	for (GList *item = devices; item; item = item->next) {
		struct device *device = item->data;

		if (strcmp(device->name, name) == 0) {
			return device;
		}
	}
	return NULL;
}

static void release(struct device *device)
{
	if (device->held >= 0) {
		ioctl(device->held, TIOCNXCL);
		close(device->held);
		device->held = -1;
		say("released %s", device->name);
	}
}

static void hold(struct device *device)
{
	/* By the testbed's link: a path in /dev would lead this program into the testbed, too. */
	char *node = node_path(device->name);

	release(device);
	device->held = open(node, O_RDWR | O_NOCTTY);
	if (device->held < 0 || ioctl(device->held, TIOCEXCL) < 0) {
		say("failed %s: %s", node, strerror(errno));
	} else {
		say("held %s", device->name);
	}
	g_free(node);
}

static void unplug(struct device *device)
{
	release(device);
	char devnode[64];
	char *node = node_path(device->name);

	snprintf(devnode, sizeof(devnode), "/dev/%s", device->name);
	unlink(node);
	g_free(node);
	umockdev_testbed_uevent(testbed, device->tty, "remove");
	umockdev_testbed_remove_device(testbed, device->tty);
	umockdev_testbed_uevent(testbed, device->usb, "remove");
	umockdev_testbed_remove_device(testbed, device->usb);
	umockdev_testbed_detach_ioctl(testbed, devnode, NULL);
	devices = g_list_remove(devices, device);
	say("unplugged %s", device->name);
	g_object_unref(device->ioctls);
	g_free(device->usb);
	g_free(device->tty);
	g_free(device);
}

static gboolean on_line(GIOChannel *channel, GIOCondition condition, gpointer data)
{
	char *line = NULL;
	char name[32], seat[32], ids[16], serial[64], pty[256];
	int board = 0;

	(void)condition;
	(void)data;
	if (g_io_channel_read_line(channel, &line, NULL, NULL, NULL) != G_IO_STATUS_NORMAL) {
		g_main_loop_quit(loop);
		return FALSE;
	}
	if (sscanf(line, "plug %31s %31s %15s %63s %255s %d", name, seat, ids, serial, pty,
		&board) == 6) {
		plug(name, seat, ids, serial, pty, board);
	} else if (sscanf(line, "unplug %31s", name) == 1 && find(name)) {
		unplug(find(name));
	} else if (sscanf(line, "hold %31s", name) == 1 && find(name)) {
		hold(find(name));
	} else if (sscanf(line, "release %31s", name) == 1 && find(name)) {
		release(find(name));
	} else {
		say("unknown %s", g_strchomp(line));
	}
	g_free(line);
	return TRUE;
}

int main(void)
{
	testbed = umockdev_testbed_new();
	loop = g_main_loop_new(NULL, FALSE);
	GIOChannel *input = g_io_channel_unix_new(STDIN_FILENO);
	char *root = umockdev_testbed_get_root_dir(testbed);
	char *dev = node_path("");

	g_mkdir_with_parents(dev, 0755);
	g_free(dev);
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
