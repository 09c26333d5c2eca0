/*
 * A virtual classroom: seats, benches on some of them, and the floor on which robots roll,
 * read from a JSON file. Those of devices/virtual/classrooms are inside the program and are
 * called by name; any other is called by its path.
 *
 *   {"seats": ["1", "2"],
 *    "boards": [{"label": "uno-1", "seat": "1", "model": "uno", "wiring": "starter",
 *                "firmware": "2.5", "boot_ms": 100, "seed": 1, "port": "pty"},
 *               {"label": "mbot-1", "seat": "2", "model": "mbot", "pose": [0.5, 0.5, 0]}],
 *    "objects": [{"id": "box-1", "type": "box", "at": [1, 1], "size": [0.2, 0.2]}]}
 *
 * `label` and `model` are needed; wiring, seat: none; firmware: the model's usual one;
 * boot_ms 100; seed: the board's number; port: "pty" or "unix"; pose: a free place.
 * `objects` has world.set's shape (docs/api.md).
 */
#pragma once

#include "virtual/bench.h"

#include <cjson/cJSON.h>

enum { CLASSROOM_BENCHES_MAX = 256, CLASSROOM_SEATS_MAX = 256 };

/* Where a robot or an arm was when it was told: its pose, or the angles of its joints. */
struct bench_place {
	double numbers[ARM_JOINTS_MAX];
	int count; /* 0: it has no place */
	double speed;
};

/* What somebody who watches was told last. */
struct classroom_seen {
	struct bench_place places[CLASSROOM_BENCHES_MAX];
	uint64_t changes;
};

struct classroom {
	char name[256];
	struct bench *benches[CLASSROOM_BENCHES_MAX]; /* owned */
	size_t bench_count;
	struct floor *floor; /* owned: where the robots are */
	char seats[CLASSROOM_SEATS_MAX][32];
	size_t seat_count;
};

/* Boards are plugged in; their links or sockets appear in `dir`. NULL and *why on failure. */
struct classroom *classroom_create(struct loop *loop, struct far_hub *hub, const char *name,
	const char *dir, struct why *why);
void classroom_destroy(struct classroom *classroom);

struct bench *classroom_find(const struct classroom *classroom, const char *label);

/* The world of all benches, in API.md's shape; owned by the caller. */
cJSON *classroom_get(const struct classroom *classroom);
/* Only what has a place, and the objects; with `seen`, only what changed since then (NULL:
 * nothing did). The caller's. */
cJSON *classroom_view(const struct classroom *classroom, struct classroom_seen *seen);
/* Moves all that moves up to now, and says when that is. */
int64_t classroom_step(const struct classroom *classroom);
/* Merges the same shape; all of it or, with *why, nothing. */
enum err classroom_set(struct classroom *classroom, const cJSON *world, struct why *why);

/* A shipped wiring profile. */
enum err classroom_find_wiring(const char *id, struct wiring *wiring, struct why *why);
