/*
 * The virtual classroom: starts kitlab-virtual, adds the ports that it
 * announces to the lab, and carries world.get, world.set and world.watch to it
 * (JSON lines over its control socket; devices/virtual/control.h lists them).
 *
 * When the process dies, its kits are lost like pulled ones, and it is started
 * again with back-off.
 */
#pragma once

#include "rpc.h"

struct world;

/* NULL and *why when the classroom does not exist or cannot be started. */
struct world *world_create(struct server *server, const char *classroom, struct why *why);
void world_destroy(struct world *world);

enum world_question { WORLD_GET, WORLD_SET, WORLD_WATCH, WORLD_UNWATCH };

/* Asks; the answer comes to `request`. `set`: of WORLD_SET, borrowed. After the answer to
 * WORLD_WATCH its client gets world.changed; when no client wants that, it ends. */
void world_ask(struct world *world, struct request *request, enum world_question question,
	const cJSON *set);

/* Seats of the classroom, for pages that show free benches: "1", "2", ... */
size_t world_seat_count(const struct world *world);
const char *world_seat(const struct world *world, size_t index);
