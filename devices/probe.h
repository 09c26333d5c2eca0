/*
 * Finding out what hangs on a port without hurting it: USB ids first, then
 * listening. Nothing is sent from here: a console, a printer and an autopilot all react
 * to stray bytes. A driver's start() asks, and it is started only when ids or heard
 * bytes leave it alone in the choice (PROTOCOLS, common rules).
 *
 * Kits behind the same bridge chip talk at different speeds. So a serial line is listened
 * to at each of them in turn: it is opened anew, which resets the board, and the board says
 * its name again.
 */
#pragma once

#include "driver.h"
#include "hotplug.h"

enum {
	PROBE_HEARD_MAX = 512,
	PROBE_BAUDS_MAX = 4,
	PROBE_LISTEN_US = 5 * 1000000, /* where there is one speed only */
	PROBE_TURN_US = 4 * 1000000,   /* for each of several */
};

struct probe {
	struct hotplug_device device;		     /* vendor 0 = not known */
	unsigned bauds[PROBE_BAUDS_MAX], baud_count; /* 0: a stream, or a speed that was given */
	unsigned turn;				     /* listens at bauds[turn] */
	bool is_second_round;
	bool is_over;			/* it was no use */
	bool heard_any;			/* at any speed */
	uint8_t heard[PROBE_HEARD_MAX]; /* what the port said so far, at this speed */
	size_t heard_count;
	int64_t began_us;
};

enum probe_state {
	PROBE_LISTENS,
	PROBE_TURNS, /* open the port again, at probe_baud() */
	PROBE_FOUND, /* the one driver that is left, by shared ids or heard bytes */
	PROBE_FAILS, /* a person has to choose */
};

/* The driver that USB ids name beyond doubt, and the kit's model; NULL = not decided. */
const struct driver *probe_by_ids(const struct hotplug_device *device, const char **model);

/* Is it a USB id that some driver has, if only through a shared bridge chip? */
bool probe_knows_ids(const struct hotplug_device *device);

/* Anew; finds_baud: at the speeds of the drivers that it may be. */
void probe_start(struct probe *probe, const struct hotplug_device *device, bool finds_baud);
/* The speed to open the port with; 0 = any. */
unsigned probe_baud(const struct probe *probe);
/* The port is open. */
void probe_listen(struct probe *probe, int64_t now_us);
/* Bytes came: the driver that alone can have said them, or NULL. */
const struct driver *probe_hear(struct probe *probe, const uint8_t *bytes, size_t count);
/* Time passed. *driver is set when one is found. */
enum probe_state probe_wait(struct probe *probe, int64_t now_us, const struct driver **driver);
