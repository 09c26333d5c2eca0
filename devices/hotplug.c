/*
 * Hot-plug by libudev; see hotplug.h.
 *
 * Of each tty the parent of type usb_device is asked for its ids. Its sysname
 * ("1-1.2": bus, then the hub's sockets) stays the same for the same socket:
 * that is the seat, while ttyACM numbers go by the order of plugging.
 */
#include "hotplug.h"

#include "value.h"
#include "xalloc.h"

#include <libudev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct hotplug {
	struct udev *udev;
	struct udev_monitor *monitor;
	struct loop_fd *watcher;
	const struct hotplug_events *events; /* borrowed */
	void *data;
};

/* Device text comes from the device: kept only if it is text. */
static void copy_text(char *out, size_t room, const char *text)
{
	size_t length = text ? strlen(text) : 0;

	if (length >= room || !utf8_is_valid(text ? text : "", length)) {
		length = 0;
	}
	for (size_t i = 0; i < length; i++) {
		out[i] = (unsigned char)text[i] < 0x20 || text[i] == 0x7F ? ' ' : text[i];
	}
	out[length] = '\0';
}

static uint16_t read_id(struct udev_device *usb, const char *attribute)
{
	const char *text = udev_device_get_sysattr_value(usb, attribute);

	return text ? (uint16_t)strtoul(text, NULL, 16) : 0;
}

/* A USB device, or what hangs on one? The other kind of "usb" is an interface of a device. */
static bool is_usb_device(struct udev_device *device)
{
	const char *type = udev_device_get_devtype(device);

	return type && strcmp(type, "usb_device") == 0;
}

/* False: neither a USB device nor a tty of one. */
static bool describe(struct udev_device *found, struct hotplug_device *device)
{
	bool is_raw = is_usb_device(found);
	/* The parent is borrowed: not to be unreferenced. */
	struct udev_device *usb = is_raw
		? found
		: udev_device_get_parent_with_subsystem_devtype(found, "usb", "usb_device");
	const char *path = udev_device_get_devnode(found);
	struct hotplug_device made = {.is_raw = is_raw};

	if (!usb || !path || strlen(path) >= sizeof(made.path)) {
		return false;
	}
	memcpy(made.path, path, strlen(path) + 1);
	made.vendor = read_id(usb, "idVendor");
	made.product = read_id(usb, "idProduct");
	copy_text(made.serial, sizeof(made.serial), udev_device_get_sysattr_value(usb, "serial"));
	copy_text(made.seat, sizeof(made.seat), udev_device_get_sysname(usb));
	copy_text(made.maker, sizeof(made.maker),
		udev_device_get_sysattr_value(usb, "manufacturer"));
	copy_text(made.title, sizeof(made.title), udev_device_get_sysattr_value(usb, "product"));
	*device = made;
	return true;
}

static void on_udev(void *data, int events)
{
	struct hotplug *hotplug = data;
	struct udev_device *found = udev_monitor_receive_device(hotplug->monitor);
	struct hotplug_device device;

	(void)events;
	if (!found) {
		return;
	}
	const char *action = udev_device_get_action(found);
	const char *path = udev_device_get_devnode(found);

	if (action && strcmp(action, "add") == 0 && describe(found, &device)) {
		hotplug->events->added(hotplug->data, &device);
	} else if (action && strcmp(action, "remove") == 0 && path) {
		hotplug->events->removed(hotplug->data, path);
	}
	udev_device_unref(found);
}

struct hotplug *hotplug_create(struct loop *loop, const struct hotplug_events *events, void *data)
{
	struct hotplug *hotplug = xcalloc(1, sizeof(*hotplug));
	/* Where no udevd runs (a container) the kernel's own messages are the source. */
	const char *source = access("/run/udev/control", F_OK) == 0 ? "udev" : "kernel";

	hotplug->events = events;
	hotplug->data = data;
	hotplug->udev = udev_new();
	hotplug->monitor =
		hotplug->udev ? udev_monitor_new_from_netlink(hotplug->udev, source) : NULL;
	if (!hotplug->monitor ||
		udev_monitor_filter_add_match_subsystem_devtype(hotplug->monitor, "tty", NULL) < 0 ||
		udev_monitor_filter_add_match_subsystem_devtype(
			hotplug->monitor, "usb", "usb_device") < 0 ||
		udev_monitor_enable_receiving(hotplug->monitor) < 0) {
		hotplug_destroy(hotplug);
		return NULL;
	}
	hotplug->watcher = loop_fd_add(
		loop, udev_monitor_get_fd(hotplug->monitor), LOOP_READ, on_udev, hotplug);
	return hotplug;
}

/* Calls fn for each device of a list that was filled in, until it says true. */
static bool scan(struct udev *udev, struct udev_enumerate *list, hotplug_fits_fn *fn, void *data)
{
	struct udev_list_entry *entry;
	bool is_done = false;

	udev_enumerate_scan_devices(list);
	udev_list_entry_foreach(entry, udev_enumerate_get_list_entry(list))
	{
		struct udev_device *found =
			udev_device_new_from_syspath(udev, udev_list_entry_get_name(entry));
		struct hotplug_device device;

		is_done = found && describe(found, &device) && fn(data, &device);
		udev_device_unref(found);
		if (is_done) {
			break;
		}
	}
	return is_done;
}

static bool tell_added(void *data, const struct hotplug_device *device)
{
	struct hotplug *hotplug = data;

	hotplug->events->added(hotplug->data, device);
	return false;
}

void hotplug_list(struct hotplug *hotplug)
{
	struct udev_enumerate *list = udev_enumerate_new(hotplug->udev);

	if (list) {
		udev_enumerate_add_match_subsystem(list, "tty");
		udev_enumerate_add_match_subsystem(list, "usb");
		scan(hotplug->udev, list, tell_added, hotplug);
		udev_enumerate_unref(list);
	}
}

struct search {
	hotplug_fits_fn *fits;
	void *data;
	struct hotplug_device *device;
};

static bool try_fit(void *data, const struct hotplug_device *device)
{
	struct search *search = data;

	if (!device->is_raw || !search->fits(search->data, device)) {
		return false;
	}
	*search->device = *device;
	return true;
}

bool hotplug_find_usb(uint16_t vendor, uint16_t product, hotplug_fits_fn *fits, void *data,
	struct hotplug_device *device)
{
	struct udev *udev = udev_new();
	struct udev_enumerate *list = udev ? udev_enumerate_new(udev) : NULL;
	struct search search = {fits, data, device};
	char ids[2][5];
	bool found = false;

	if (list) {
		snprintf(ids[0], sizeof(ids[0]), "%04x", vendor);
		snprintf(ids[1], sizeof(ids[1]), "%04x", product);
		udev_enumerate_add_match_subsystem(list, "usb");
		udev_enumerate_add_match_sysattr(list, "idVendor", ids[0]);
		udev_enumerate_add_match_sysattr(list, "idProduct", ids[1]);
		found = scan(udev, list, try_fit, &search);
		udev_enumerate_unref(list);
	}
	udev_unref(udev);
	return found;
}

static bool lookup(struct udev *udev, const char *path, struct hotplug_device *device)
{
	const char *slash = path ? strrchr(path, '/') : NULL;
	struct udev_device *tty =
		slash ? udev_device_new_from_subsystem_sysname(udev, "tty", slash + 1) : NULL;
	bool found = tty && describe(tty, device);

	udev_device_unref(tty);
	return found;
}

bool hotplug_lookup(const char *path, struct hotplug_device *device)
{
	struct udev *udev = udev_new();
	bool found = udev && lookup(udev, path, device);

	if (udev && !found) { /* /dev/serial/by-id/... are links */
		char *real = realpath(path, NULL);

		found = lookup(udev, real, device);
		free(real);
	}
	udev_unref(udev);
	return found;
}

void hotplug_destroy(struct hotplug *hotplug)
{
	if (hotplug) {
		loop_fd_remove(hotplug->watcher);
		udev_monitor_unref(hotplug->monitor);
		udev_unref(hotplug->udev);
		free(hotplug);
	}
}
