/*
 * The driver contract: a table of functions over bytes and values, without I/O.
 *
 * A driver has no fd, no clock and no allocation in its parser; all its state
 * is the `state_size` bytes at kit->driver_state, zeroed before start(). It
 * speaks to the world by the functions that kit.h lists "for the driver".
 *
 * Order of calls: start, then feed, write, act, watch, tick, sent, hold in any order,
 * then stop. start() comes again after a loss. Every call carries the lab
 * clock's time. `devices/drivers.c` lists the drivers; docs/drivers.md shows
 * how to write one.
 */
#pragma once

#include "kit.h"

enum evidence {
	EVIDENCE_NO,    /* these bytes are not mine */
	EVIDENCE_MAYBE, /* nothing speaks against it */
	EVIDENCE_YES,   /* only my kit says this */
};

struct usb_match {
	uint16_t vendor, product;
	const char *model; /* "uno": for the kit's id */
	bool shared;       /* a bridge chip that many kits have: ids alone do not decide */
	const char *text;  /* must stand in its manufacturer or product string, and then decides;
			    * NULL = any */
};

struct driver {
	const char *name;        /* "firmata" */
	const char *title[2];    /* for people, by enum lang */
	const struct usb_match *usb; /* ends with vendor 0 */
	size_t state_size;
	unsigned baud;           /* default line speed; 8N1 */
	const struct usb_io *usb_io; /* port.h: how it hangs on raw USB; NULL = serial line */
	/* The kit stops by itself when the host falls silent (SAFETY S3). */
	bool has_dead_man;

	/* Passive evidence in what an unknown port said so far. */
	enum evidence (*hear)(const uint8_t *bytes, size_t count);

	/* Begins the handshake; only after ids or heard bytes left this driver alone. */
	void (*start)(struct kit *kit, int64_t now_us);
	void (*feed)(struct kit *kit, const uint8_t *bytes, size_t count, int64_t now_us);
	/* The value is checked against the description already. Sends, kit_set()s. */
	enum err (*write)(struct kit *kit, const struct property *property,
		const struct value *value, int64_t now_us, struct why *why);
	/* Answers `token` with kit_reply(), now or later. Arguments are checked already. */
	enum err (*act)(struct kit *kit, const struct action *action, const struct value *args,
		uint32_t token, int64_t now_us, struct why *why);
	/* The first watcher came / the last one went. May be NULL. As in write(), the
	 * property is the old one as soon as the driver describes anew. */
	void (*watch)(struct kit *kit, const struct property *property, bool on, int64_t now_us);
	/* Describes anew after kit->profile changed. NULL: this kit has no wiring. */
	enum err (*rewire)(struct kit *kit, int64_t now_us, struct why *why);
	/* Returns when it wants to be called next (lab clock, us). */
	int64_t (*tick)(struct kit *kit, int64_t now_us);
	/*
	 * Bring the kit to its safe state, at once and whatever is under way: what was asked
	 * for and not sent is forgotten, what the kit answers later to older commands is
	 * ignored. Then find out whether it is at rest (its answer, or a question asked here)
	 * and say so by kit_held(). Comes three times, 20 ms apart, at an all-stop.
	 */
	void (*hold)(struct kit *kit, enum hold_level level, int64_t now_us);
	/* All that was sent is with the kit: the port's queue is empty, USB transfers were
	 * acknowledged by the device. May be NULL. */
	void (*sent)(struct kit *kit, int64_t now_us);
	/* Last bytes before the port is closed; hold() came before. */
	void (*stop)(struct kit *kit, int64_t now_us);
};

/* All drivers, ends with NULL. */
extern const struct driver *const drivers[];
const struct driver *driver_find(const char *name); /* NULL if none */
