/*
 * Hot-plug, by libudev: what hangs on USB now, and what comes and goes. A USB serial board is
 * told of twice: as a tty, which is opened, and as the USB device behind it (is_raw), which is
 * for kits that libusb drives (port_usb.c).
 */
#pragma once

#include "loop.h"

#include <stdbool.h>
#include <stdint.h>

struct hotplug_device {
	char path[128];     /* "/dev/ttyACM0"; raw: "/dev/bus/usb/001/005" */
	bool is_raw;        /* the USB device itself */
	uint16_t vendor, product;
	char serial[64];    /* iSerial, "" = none */
	char seat[32];      /* USB topology "1-1.2": the same socket, the same seat */
	char maker[96];     /* iManufacturer */
	char title[96];     /* iProduct, for people */
};

struct hotplug_events {
	void (*added)(void *data, const struct hotplug_device *device);
	void (*removed)(void *data, const char *path);
};

struct hotplug;

/* Listens from now on. NULL when udev is not there (then --port still works). */
struct hotplug *hotplug_create(struct loop *loop, const struct hotplug_events *events, void *data);
/* Calls added() for each that is here now. */
void hotplug_list(struct hotplug *hotplug);
/* What is known of one tty; false: not a USB serial port. Works without a struct hotplug. */
bool hotplug_lookup(const char *path, struct hotplug_device *device);
/* The first raw USB device with these ids that fits. Works without a struct hotplug. */
typedef bool hotplug_fits_fn(void *data, const struct hotplug_device *device);
bool hotplug_find_usb(uint16_t vendor, uint16_t product, hotplug_fits_fn *fits, void *data,
	struct hotplug_device *device);
void hotplug_destroy(struct hotplug *hotplug);
