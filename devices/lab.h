/*
 * The lab: all ports and kits of this PC. Opens ports again after a loss (with
 * back-off, 0.1 to 5 s), finds out what hangs on them (probe.c), gives kits
 * their ids and keeps them over unplugging, feeds bytes and time to them.
 *
 * The daemon drives it through this header and listens by `struct lab_events`.
 */
#pragma once

#include "driver.h"
#include "hotplug.h"
#include "loop.h"
#include "port.h"

struct lab;

struct lab_events {
	/* The row of a kit changed, or is new. */
	void (*kit_changed)(void *data, struct kit *kit);
	/* "port-1" has turned out to be "uno-1": the same struct kit under another id. */
	void (*kit_renamed)(void *data, struct kit *kit, const char *old_id);
	/* The kit is destroyed after this. */
	void (*kit_gone)(void *data, struct kit *kit);
	/* The kit proved that it is at rest (kit_is_held). May be NULL. */
	void (*kit_held)(void *data, struct kit *kit);
	void (*sample)(void *data, struct kit *kit);
	void (*event)(void *data, struct kit *kit, const struct event *event,
		const struct value *value, int64_t t_us);
	/*
	 * What is remembered of an identity. Fills id ("" = none) and wiring
	 * (NULL = none); the lab then calls remember() if it chose an id.
	 */
	void (*recall)(void *data, const char *identity, char id[KIT_ID_MAX + 1],
		const struct wiring **wiring);
	void (*remember)(void *data, const struct kit *kit);
	/*
	 * The kit is ready: is it the one that is remembered? Else (ERR_CONFLICT) it is refused
	 * with *why until lab_accept(). May be NULL.
	 */
	enum err (*verify)(void *data, const struct kit *kit, struct why *why);
	/* What the room calls a USB socket; NULL = it has no name. May be NULL. */
	const char *(*seat_of)(void *data, const char *socket);
	/* Something was plugged in, a kit or not. May be NULL. */
	void (*plugged)(void *data, const struct hotplug_device *device);
	/* A wiring profile by its id; NULL if there is none. */
	const struct wiring *(*find_wiring)(void *data, const char *id);
};

struct lab *lab_create(struct loop *loop, const struct lab_events *events, void *data);
void lab_destroy(struct lab *lab); /* kits are held, stopped, then gone */

/* Every kit to its safe state, with its last bytes queued; drained: they are on the wire. */
void lab_hold(struct lab *lab);
bool lab_is_drained(const struct lab *lab);

/* Adds a port; `model` is known of virtual kits, else NULL. ERR_INVALID: a label given twice. */
enum err lab_add_port(struct lab *lab, const struct port_spec *spec, const char *model,
	struct why *why);

/*
 * Lends the kit's serial device to another program (avrdude): the kit is held, its port
 * closed and kept closed; `path` is the device. The kit is `refused` with `reason` until
 * lab_take_back() opens it again. ERR_UNSUPPORTED: it is not on a line that has a path.
 */
enum err lab_lend(struct lab *lab, struct kit *kit, const struct why *reason, char *path,
	size_t room, struct why *why);
void lab_take_back(struct lab *lab, struct kit *kit);

/* Listens to udev for kits that drivers know, and lists those here now: their number. */
int lab_scan(struct lab *lab);

/* A kit that is known but not here (from the store): its row is `absent`. */
struct kit *lab_add_absent(struct lab *lab, const char *id, const char *identity,
	const char *model);

/* kit_set_wiring, remembered by the kit's identity. NULL = raw pins only. */
enum err lab_set_wiring(struct lab *lab, struct kit *kit, const struct wiring *profile,
	struct why *why);

/* A kit that verify() refused is taken as it is: it starts again. */
void lab_accept(struct lab *lab, struct kit *kit);
/* Forgets a kit that is not here (absent or lost); ERR_REFUSED: it is here. */
enum err lab_forget(struct lab *lab, struct kit *kit, struct why *why);
/* Seats have changed: asks seat_of() anew for all kits. */
void lab_name_seats(struct lab *lab);

/* All kits in id order; borrowed. */
size_t lab_kit_count(const struct lab *lab);
struct kit *lab_kit(const struct lab *lab, size_t index);
struct kit *lab_find(const struct lab *lab, const char *id);
/* As above; fills *why with the ids there are. */
struct kit *lab_need(const struct lab *lab, const char *id, struct why *why);
