/*
 * A machine: what runs on a virtual bench and speaks a kit's real bytes: a board, a
 * robot, a brick, an arm. One file (or a few) a machine, the table at its end; machines.c
 * lists them; bench.c gives them line, time, world and faults.
 *
 * No I/O and no clock inside. Bytes out go by machine_send(); what they feel and move is
 * the bench's scene (light, button, ...), the body that rolls on the floor (body.h) and
 * the joints of an arm (arm.h). The same code runs in unit tests with a world of theirs.
 */
#pragma once

#include "virtual/arm.h"
#include "virtual/body.h"
#include "virtual/scene.h"
#include "wiring.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the bench lends a machine. Borrowed, outlives it. */
struct machine_world {
	void (*send)(void *data, const uint8_t *bytes, size_t count);
	double (*scene)(void *data, enum scene_field field); /* in the vocabulary's units */
	void *data;
	struct body *body; /* NULL: it has no wheels */
	struct arm *arm;   /* NULL: it has no joints */
	const struct wiring *wiring; /* parts at its pins; id "" = none */
};

struct machine {
	const struct machine_class *class; /* borrowed for ever */
	const struct machine_world *world; /* borrowed */
	int64_t boot_us;                   /* from reset to its first word */
	uint32_t seed;                     /* its serial number, as it were */
	const char *firmware;              /* one of class->firmwares, borrowed; NULL if it has none */
	void *state;                       /* class->state_size bytes, zeroed; the bench's */
};

struct machine_class {
	const char *model;   /* "mbot": in classrooms, and in the kit's id */
	const char *driver;  /* "makeblock": goes into the port SPEC */
	unsigned baud;       /* of its line; 0 = no serial line */
	bool has_body;       /* wheels: gets a place on the floor */
	unsigned joints;     /* of an arm; 0 = none */
	bool has_pins;       /* parts are wired to it by a profile */
	const char *const *firmwares; /* that it can be, the usual one first, then NULL; NULL = one */
	size_t state_size;
	/* Power came, or the reset button: everything is forgotten, motors stand. */
	void (*reset)(struct machine *machine, int64_t now_us);
	/* The cable is pulled, and with it the power. NULL: it runs on its own battery. */
	void (*power_off)(struct machine *machine);
	/* The host opened the line. NULL: nothing tells it. */
	void (*opened)(struct machine *machine, int64_t now_us);
	void (*feed)(struct machine *machine, const uint8_t *bytes, size_t count, int64_t now_us);
	/* What is due. Returns when to be called next; INT64_MAX: after the next feed. */
	int64_t (*tick)(struct machine *machine, int64_t now_us);
};

static inline void machine_send(struct machine *machine, const uint8_t *bytes, size_t count)
{
	machine->world->send(machine->world->data, bytes, count);
}

/* machines.c */
extern const struct machine_class *const machines[]; /* ends with NULL */
const struct machine_class *machine_find(const char *model); /* NULL if there is none */
void machine_names(char *text, size_t room); /* for messages: "uno, mega, ..." */
/* The class's own copy of that word, or NULL if it has no such firmware; "" = the usual one. */
const char *machine_firmware(const struct machine_class *class, const char *word);
