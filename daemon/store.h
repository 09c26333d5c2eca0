/*
 * What outlives the process: SQLite in the state folder (one connection, WAL,
 * synchronous=FULL, migrations by user_version): kits by identity, with their ids and
 * wiring profiles; which USB socket is which seat; what the kits' check-ups found.
 *
 * Kits and seats are read at the start, into memory; all else that touches the disk
 * happens on the worker's thread (store_worker.h).
 */
#pragma once

#include "err.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

struct store;
struct loop;

struct store_kit {
	char identity[128];
	char id[33];
	char model[33];
	char wiring[33];
	char proof[128]; /* what the kit itself said of who it is; "" = nothing yet */
};

struct store_seat {
	char path[32]; /* of the USB socket: "1-1.2" */
	char seat[32]; /* what the room calls it: "3" */
};

/* NULL and *why: the folder cannot be used (exit code 4). Creates it if it is not there. */
struct store *store_open(struct loop *loop, const char *dir, struct why *why);
void store_close(struct store *store); /* waits for the writes under way */

size_t store_kit_count(const struct store *store);
const struct store_kit *store_kit(const struct store *store, size_t index);
const struct store_kit *store_find(const struct store *store, const char *identity);
/* Into memory now, to disk soon. A failed write is logged and seen in store_is_well(). */
void store_put(struct store *store, const struct store_kit *kit);

void store_forget(struct store *store, const char *identity);

size_t store_seat_count(const struct store *store);
const struct store_seat *store_seat(const struct store *store, size_t index);
/* The seat of a USB socket; NULL = it has none. */
const char *store_seat_of(const struct store *store, const char *path);
/* A seat has one socket and a socket one seat: older pairs of either go. seat "": none. */
void store_bind_seat(struct store *store, const char *path, const char *seat);

/* A check-up of a kit (its id): `report` is JSON. The last STORE_HEALTH_KEPT are kept. */
enum { STORE_HEALTH_KEPT = 100 };
void store_put_health(struct store *store, const char *kit, const char *at, const char *verdict,
	const char *report);
/* Newest first: [[at, verdict, report], ...], or NULL. kit NULL: the newest of each kit,
 * [[kit, at, verdict, report], ...]. False: it cannot be asked now. */
bool store_ask_health(struct store *store, const char *kit,
	void (*done)(void *data, cJSON *rows), void *data);

bool store_is_well(const struct store *store);
