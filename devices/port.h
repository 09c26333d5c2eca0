/*
 * A port: where a kit's bytes go in and out. Opens, reads, writes, tells of
 * loss. Serial lines are configured by libserialport (port_serial.c); ptys,
 * UNIX and TCP sockets are streams (port_stream.c); both then live on the event
 * loop by their fd (port_fd.c). Raw USB kits are libusb's (port_usb.c). Nothing here blocks.
 *
 * A port that is gone is closed at once and `lost` is called; opening again is lab.c's.
 */
#pragma once

#include "err.h"
#include "lane.h"
#include "loop.h"
#include "port_queue.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum port_scheme { PORT_SERIAL, PORT_STREAM, PORT_TCP, PORT_UNIX, PORT_UDP, PORT_USB };

enum { PORT_TARGET_MAX = 255 };

/* SCHEME:TARGET[?key=value&...], decoded (API.md, Starting). */
struct port_spec {
	enum port_scheme scheme;
	char target[PORT_TARGET_MAX + 1];
	char driver[24]; /* "" = probe */
	char label[33];
	char seat[32];
	char wiring[33];
	char serial[64];   /* the USB serial number it must have, "" = any */
	unsigned baud;     /* 0 = the driver's */
	unsigned sampling; /* ms, 0 = the driver's */
	int dtr;           /* 1, 0, -1 = the driver's choice */
};

/* Reads a SPEC. On ERR_INVALID *why says what is wrong and where. */
enum err port_spec_parse(const char *text, struct port_spec *spec, struct why *why);

/* "127.0.0.1:5760", "[::1]:5760", "localhost:5760": digits only, no name is looked up. */
bool port_spec_address(const char *target, struct sockaddr_storage *address, socklen_t *bytes);

/*
 * How a raw USB kit's bytes travel: a table of its driver. One port_send() is one transfer
 * out, one received() one transfer in.
 */
struct usb_io {
	enum { USB_BULK, USB_INTERRUPT, USB_CONTROL } kind;
	uint8_t interface;
	uint8_t out, in;     /* endpoint addresses; in 0 = nothing comes in */
	uint16_t packet_max; /* bytes of one transfer in */
	uint16_t report;     /* HID: each transfer out is filled up with 0 to so many bytes; 0 = no */
	/* USB_CONTROL: the setup of each transfer out */
	uint8_t request_type, request;
	uint16_t value, index;
	bool resets;         /* a USB reset before the interface is claimed */
	bool detaches;       /* a kernel driver (usbhid) is sent away first */
};

struct port;

struct port_events {
	void (*opened)(void *data);
	void (*received)(void *data, const uint8_t *bytes, size_t count, int64_t t_us);
	void (*drained)(void *data); /* the queue is empty again */
	void (*lost)(void *data, const struct why *why); /* closed by then; also a failed open */
};

/* Borrowed: events; spec is copied. The port is born closed. */
struct port *port_create(struct loop *loop, const struct port_spec *spec,
	const struct port_events *events, void *data);
void port_destroy(struct port *port); /* closes; calls nothing */
/* How it is to be opened: each kind of port takes what it needs. */
struct port_how {
	unsigned baud;            /* serial lines */
	bool dtr;
	const char *path;         /* usb: ports: "/dev/bus/usb/001/005", NULL = not plugged in */
	const struct usb_io *usb; /* and the driver's table, NULL = no driver for it */
};
/* Answers by opened or lost, from the loop: never inside this call. */
void port_open(struct port *port, const struct port_how *how);
void port_close(struct port *port);   /* drops the queue; calls nothing */
bool port_is_open(const struct port *port);
bool port_is_opening(const struct port *port); /* neither opened nor lost is told yet */
/*
 * One frame (or frames that belong together); all, or false: no room. LANE_FIRST goes ahead of
 * what waits, behind the rest of a frame that began, and drops what waits of LANE_MOTION; it
 * has room of its own.
 */
bool port_send(struct port *port, const uint8_t *bytes, size_t count, enum lane lane);
size_t port_backlog(const struct port *port); /* bytes queued; USB: and those not acknowledged */
size_t port_unsent(const struct port *port);  /* and those that the kernel still holds */

/* What people call it: "/dev/ttyACM0", "tcp:127.0.0.1:5760". */
const char *port_name(const struct port *port);

/* port_holder.c: which program has this device open? False: none that can be seen. */
bool port_holder_find(const char *path, char *program, size_t room);
