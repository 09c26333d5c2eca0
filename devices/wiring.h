/*
 * A wiring profile: which part is on which pin, so that a lesson asks for
 * `light` and not for A0. The daemon reads profiles (JSON, docs/drivers.md) and
 * owns them; drivers of raw boards apply them in rewire().
 *
 * A raw reading x (counts/full scale 0..1, or 0/1 of a digital pin) becomes
 * offset + scale * x for numbers, and x != invert for booleans.
 */
#pragma once

#include "kit.h"

enum wiring_mode {
	WIRING_INPUT,
	WIRING_PULLUP,
	WIRING_OUTPUT,
	WIRING_ANALOG,
	WIRING_PWM,
	WIRING_SERVO,
	WIRING_TONE,
};

enum { WIRING_PARTS_MAX = 24 };

struct wiring_part {
	char name[KIT_NAME_MAX + 1]; /* in the vocabulary: "light" */
	enum wiring_mode mode;
	int pin;             /* the board's pin number; analog pins by channel if `analog` */
	bool analog;         /* "A0": pin is the analog channel */
	bool invert;         /* booleans: 0 means true (a button to ground) */
	double scale, offset; /* numbers */
	double min, max;     /* NAN = the vocabulary's */
	enum safety_class safety; /* a part may be declared motion */
};

struct wiring {
	char id[KIT_ID_MAX + 1];
	char title[2][64];               /* by enum lang */
	char models[128];                /* "uno nano mega", "" = any board */
	struct wiring_part parts[WIRING_PARTS_MAX];
	unsigned part_count;
	struct wiring *next;             /* the daemon's list */
};

/* Reads one profile from JSON text; `where` names it in *why. */
enum err wiring_parse(const char *json, const char *where, struct wiring *wiring, struct why *why);
