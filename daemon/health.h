/*
 * A kit's check-up: in at most 20 s, does it answer, what runs on it, are its sensors
 * plausible, is its battery full, do its motors move? The verdict is for a lab admin:
 * ready, charge, repair. The history is in the store.
 *
 * Motors are tried only with the lease of the person who asked, who holds the kit in the
 * hand and feeds the lease by a finger meanwhile: when the finger goes, they stop.
 */
#pragma once

#include "safety.h"

#include <cjson/cJSON.h>

struct health; /* one check-up under way */

struct health_events {
	/* A step begins: its id ("sensors"), 0..1 of the whole. */
	void (*progress)(void *data, const char *step, double share);
	/* The end. `report` is the receiver's: {kit, at, verdict, steps}; NULL and *why: it was
	 * broken off. The struct health is gone. */
	void (*done)(void *data, cJSON *report, const struct why *why);
};

/*
 * Begins. `lease` "" = motors are not tried. Events and holder are borrowed until `done`.
 * NULL and *why: the kit is not ready, or is being checked already.
 */
struct health *health_start(struct server *server, struct kit *kit, struct lease_holder *holder,
	const char *lease, const struct health_events *events, void *data, struct why *why);
/* Nobody waits any more: it ends now, without `done`. */
void health_cancel(struct health *health);
/* The kit goes: its check-up is broken off. */
void health_kit_gone(struct server *server, const struct kit *kit);
void health_destroy_all(struct server *server);

/* A report with hints and titles in one language: what the wire tells. */
cJSON *health_localise(const cJSON *report, enum lang lang);
