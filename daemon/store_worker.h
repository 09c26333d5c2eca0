/*
 * The store's worker: one thread that has the database and does jobs in order, so that
 * the loop never waits for a disk. Jobs that wait together are one transaction. What
 * cannot be written (a full disk) stays and is tried again every few seconds.
 */
#pragma once

#include "loop.h"

#include <cjson/cJSON.h>
#include <sqlite3.h>
#include <stdbool.h>

enum { STORE_VALUES_MAX = 6 };

struct store_worker;

/* Rows of a question, [[text, ...], ...]; NULL: it failed. Called from the loop. Takes `rows`. */
typedef void store_rows_fn(void *data, cJSON *rows);

/* Takes the database over once it runs; NULL and errno: no thread. */
struct store_worker *store_worker_create(struct loop *loop, sqlite3 *db);
/* Waits for what is queued, closes the database. Questions are not answered any more. */
void store_worker_destroy(struct store_worker *worker);

/*
 * Queues a statement; `sql` is static, values are copied. A job of the same sql and
 * `key` that still waits is replaced; key NULL: never.
 */
void store_worker_put(struct store_worker *worker, const char *sql, const char *key,
	const char *const *values, int count);
/* Queues a question. False: too many wait. */
bool store_worker_ask(struct store_worker *worker, const char *sql, const char *const *values,
	int count, store_rows_fn *done, void *data);

/* Did the last write succeed? */
bool store_worker_is_well(const struct store_worker *worker);
