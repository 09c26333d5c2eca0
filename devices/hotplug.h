/*
 * Hot-plug of serial ports, by libudev: what hangs on USB now, and what comes
 * and goes. USB kits without a tty are libusb's (port_usb.c).
 */
#pragma once

#include "loop.h"

#include <stdbool.h>
#include <stdint.h>

struct hotplug_device {
	char path[128];     /* "/dev/ttyACM0" */
	uint16_t vendor, product;
	char serial[64];    /* iSerial, "" = none */
	char seat[32];      /* USB topology "1-1.2": the same socket, the same seat */
	char title[96];     /* iProduct, for people */
};

struct hotplug_events {
	void (*added)(void *data, const struct hotplug_device *device);
	void (*removed)(void *data, const char *path);
};

struct hotplug;

/* Listens from now on. NULL when udev is not there (then --port still works). */
struct hotplug *hotplug_create(struct loop *loop, const struct hotplug_events *events, void *data);
/* Calls added() for each that is here now; returns their number. */
int hotplug_list(struct hotplug *hotplug);
/* What is known of one tty; false: not a USB serial port. Works without a struct hotplug. */
bool hotplug_lookup(const char *path, struct hotplug_device *device);
void hotplug_destroy(struct hotplug *hotplug);
