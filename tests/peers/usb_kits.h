/*
 * What the fake USB kits have in common (fakeusb.c): their descriptors, and how
 * transfers become bytes of a far end and back. The far end speaks a stream:
 *   nxt  each telegram has its u16 length before it, as over Bluetooth
 *   ev3  a message begins with its length anyway; on the wire it is a report of 1024 bytes
 *   owi  three bytes; the arm says nothing
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { USB_REPORT = 1024, USB_DESCRIPTORS_MAX = 64 };

struct usb_kit {
	const char *model;
	uint8_t kind;      /* of its endpoints: 2 bulk, 3 interrupt; 0 = it has none */
	uint8_t in;        /* endpoint */
	uint8_t interface; /* class */
	size_t out_max;    /* bytes of a transfer out */
	bool is_fixed;     /* and of no other length */
};

static const struct usb_kit usb_kits[] = {
	{"nxt", 2, 0x82, 0xFF, 64, false},
	{"ev3", 3, 0x81, 0x03, USB_REPORT, true},
	{"owi", 0, 0, 0xFF, 3, true},
};

static inline const struct usb_kit *usb_kit_find(const char *model)
{
	for (size_t i = 0; i < sizeof(usb_kits) / sizeof(usb_kits[0]); i++) {
		if (strcmp(usb_kits[i].model, model) == 0) {
			return &usb_kits[i];
		}
	}
	return NULL;
}

/* Device, configuration, interface, endpoints; the number of bytes. */
static inline size_t usb_kit_describe(
	const struct usb_kit *kit, unsigned vendor, unsigned product, uint8_t *out)
{
	uint8_t endpoints = kit->kind ? 2 : 0;
	uint8_t total = (uint8_t)(18 + endpoints * 7);
	const uint8_t device[] = {18, 1, 0, 2, 0, 0, 0, 64, (uint8_t)vendor, (uint8_t)(vendor >> 8),
		(uint8_t)product, (uint8_t)(product >> 8), 0, 1, 1, 2, 3, 1};
	const uint8_t configuration[] = {9, 2, total, 0, 1, 1, 0, 0xC0, 50,
		9, 4, 0, 0, endpoints, kit->interface, 0, 0, 0};
	const uint8_t ends[] = {7, 5, 0x01, kit->kind, 64, 0, 1, 7, 5, kit->in, kit->kind, 64, 0, 1};

	memcpy(out, device, sizeof(device));
	memcpy(out + sizeof(device), configuration, sizeof(configuration));
	memcpy(out + sizeof(device) + sizeof(configuration), ends, (size_t)endpoints * 7);
	return sizeof(device) + total;
}

/* A transfer out as bytes for the far end: at most USB_REPORT + 2. 0 = the kit refuses it. */
static inline size_t usb_kit_to_far(
	const struct usb_kit *kit, const uint8_t *bytes, size_t count, uint8_t *out)
{
	size_t length = count;

	if (count > kit->out_max || (kit->is_fixed && count != kit->out_max)) {
		return 0;
	}
	if (kit->kind == 2) {
		out[0] = (uint8_t)count;
		out[1] = (uint8_t)(count >> 8);
		memcpy(out + 2, bytes, count);
		return count + 2;
	}
	if (kit->kind == 3) {
		length = (size_t)(bytes[0] | bytes[1] << 8) + 2;
		length = length > count ? count : length;
	}
	memcpy(out, bytes, length);
	return length;
}

/*
 * Cuts a transfer in from the far end's stream: its bytes go to `out` (USB_REPORT of room), the
 * answer is their number, and *used counts those of the stream. 0 and *used 0: not whole yet.
 */
static inline size_t usb_kit_from_far(const struct usb_kit *kit, const uint8_t *bytes, size_t count,
	size_t *used, uint8_t *out)
{
	size_t length = count >= 2 ? (size_t)(bytes[0] | bytes[1] << 8) : 0;

	*used = 0;
	if (kit->kind == 0) {
		*used = count;
		return 0;
	}
	if (count < 2 || count < length + 2 || length + 2 > USB_REPORT) {
		return 0;
	}
	*used = length + 2;
	if (kit->kind == 2) {
		memcpy(out, bytes + 2, length);
		return length;
	}
	memset(out, 0, USB_REPORT);
	memcpy(out, bytes, length + 2);
	return USB_REPORT;
}
