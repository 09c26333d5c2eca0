/*
 * The daemon's parts, held together: every part finds the others here.
 * main.c creates and destroys them in this order.
 */
#pragma once

#include "bus.h"
#include "client.h"
#include "config.h"
#include "lab.h"
#include "loop.h"

struct server {
	const struct config *config;
	struct loop *loop;
	struct store *store;       /* store.h: what outlives the process */
	struct wirings *wirings;   /* wirings.h: profiles, shipped and the lab's own */
	struct lab *lab;
	struct bus *bus;
	struct alarm *alarm;       /* alarm.h: many kits that vanish together */
	struct safety *safety;     /* safety.h: what may move, and the all-stop */
	struct lease_holder http;  /* of the leases of programs without a connection */
	struct client *clients;    /* all that are connected */
	struct spawner *spawner;   /* spawner.h: starts programs beside the loop; NULL = cannot */
	struct scripts *scripts;   /* script.h */
	struct health *healths;    /* health.h: check-ups under way */
	struct flash *flash;       /* flash.h: firmware being written */
	struct cases *cases;       /* cases.h */
	struct world *world;       /* world.h: kitlab-virtual; NULL = no virtual classroom */
	struct reading *readings;  /* reading.h: those that wait or linger */
	struct loop_timer *demo;   /* main.c: --demo waits for a kit; NULL = no */
	struct web *web;           /* web.h: libwebsockets, HTTP and WebSocket */

	struct loop_timer *turns;  /* ws.c: requests get half of each turn's time */
	int64_t turn_us, turn_spent_us;

	/* for /metrics */
	uint64_t samples, events, frames_encoded, frames_sent, clients_dropped, requests;
	int64_t started_us;
};
