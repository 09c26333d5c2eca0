/*
 * What outlives the process: SQLite in the state folder (one connection, WAL,
 * synchronous=FULL, migrations by user_version). Now: kits by identity, with
 * their ids and wiring profiles. Reads happen at the start, into memory; writes
 * go to one worker thread, so that the loop never waits for a disk.
 */
#pragma once

#include "err.h"

#include <stdbool.h>
#include <stddef.h>

struct store;
struct loop;

struct store_kit {
	char identity[128];
	char id[33];
	char model[33];
	char wiring[33];
};

/* NULL and *why: the folder cannot be used (exit code 4). Creates it if it is not there. */
struct store *store_open(struct loop *loop, const char *dir, struct why *why);
void store_close(struct store *store); /* waits for the writes under way */

size_t store_kit_count(const struct store *store);
const struct store_kit *store_kit(const struct store *store, size_t index);
const struct store_kit *store_find(const struct store *store, const char *identity);
/* Into memory now, to disk soon. A failed write is logged and seen in store_is_well(). */
void store_put(struct store *store, const struct store_kit *kit);
bool store_is_well(const struct store *store);
