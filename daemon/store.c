/* What outlives the process; see store.h. */
#include "store.h"

#include "log.h"
#include "loop.h"
#include "store_file.h"
#include "store_worker.h"
#include "xalloc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { KITS_MAX = 4096, SEATS_MAX = 256 };

struct store {
	int lock; /* holds the folder */
	struct store_worker *worker; /* owned; has the database */
	struct store_kit *kits;      /* owned */
	size_t kit_count, kit_room;
	struct store_seat seats[SEATS_MAX];
	size_t seat_count;
};

static const char put_kit[] =
	"INSERT INTO kit (identity, id, model, wiring, proof) VALUES (?, ?, ?, ?, ?) "
	"ON CONFLICT (identity) DO UPDATE SET id = excluded.id, model = excluded.model, "
	"wiring = excluded.wiring, proof = excluded.proof";
static const char drop_kit[] = "DELETE FROM kit WHERE identity = ?";
static const char drop_seat[] = "DELETE FROM seat WHERE path = ? OR seat = ?";
static const char put_seat[] = "INSERT INTO seat (path, seat) VALUES (?, ?)";
static const char put_health[] =
	"INSERT OR REPLACE INTO health (kit, at, verdict, report) VALUES (?, ?, ?, ?)";
static const char trim_health[] =
	"DELETE FROM health WHERE kit = ?1 AND at NOT IN "
	"(SELECT at FROM health WHERE kit = ?1 ORDER BY at DESC LIMIT 100)";
static const char get_health[] =
	"SELECT at, verdict, report FROM health WHERE kit = ? ORDER BY at DESC";
static const char get_newest_health[] =
	"SELECT kit, max(at), verdict, report FROM health GROUP BY kit ORDER BY kit";

static struct store_kit *find(const struct store *store, const char *identity)
{
	for (size_t i = 0; i < store->kit_count; i++) {
		if (strcmp(store->kits[i].identity, identity) == 0) {
			return &store->kits[i];
		}
	}
	return NULL;
}

static void keep_kit(struct store *store, const struct store_kit *kit)
{
	struct store_kit *row = find(store, kit->identity);

	if (!row) {
		if (store->kit_count == store->kit_room) {
			store->kit_room = store->kit_room ? store->kit_room * 2 : 16;
			store->kits =
				xrealloc(store->kits, store->kit_room * sizeof(*store->kits));
		}
		row = &store->kits[store->kit_count++];
	}
	*row = *kit;
}

/* ---- reading at the start ---- */

static void copy_column(sqlite3_stmt *query, int column, char *to, size_t room)
{
	const char *text = (const char *)sqlite3_column_text(query, column);

	snprintf(to, room, "%s", text ? text : "");
}

static void read_kit(struct store *store, sqlite3_stmt *query)
{
	struct store_kit kit;

	copy_column(query, 0, kit.identity, sizeof(kit.identity));
	copy_column(query, 1, kit.id, sizeof(kit.id));
	copy_column(query, 2, kit.model, sizeof(kit.model));
	copy_column(query, 3, kit.wiring, sizeof(kit.wiring));
	copy_column(query, 4, kit.proof, sizeof(kit.proof));
	if (store->kit_count < KITS_MAX) {
		keep_kit(store, &kit);
	}
}

static void read_seat(struct store *store, sqlite3_stmt *query)
{
	if (store->seat_count < SEATS_MAX) {
		struct store_seat *seat = &store->seats[store->seat_count++];

		copy_column(query, 0, seat->path, sizeof(seat->path));
		copy_column(query, 1, seat->seat, sizeof(seat->seat));
	}
}

static bool read_table(struct store *store, sqlite3 *db, const char *sql,
	void (*read_row)(struct store *store, sqlite3_stmt *query))
{
	sqlite3_stmt *query = NULL;
	int err = sqlite3_prepare_v2(db, sql, -1, &query, NULL);

	if (err == SQLITE_OK) {
		while ((err = sqlite3_step(query)) == SQLITE_ROW) {
			read_row(store, query);
		}
	}
	sqlite3_finalize(query);
	return err == SQLITE_DONE;
}

struct store *store_open(struct loop *loop, const char *dir, struct why *why)
{
	struct store *store = xcalloc(1, sizeof(*store));
	sqlite3 *db = NULL;

	store->lock = store_folder_open(dir, why);
	if (store->lock < 0) {
		goto fail;
	}
	db = store_file_open(dir, why);
	if (!db) {
		goto fail;
	}
	if (!read_table(store, db, "SELECT identity, id, model, wiring, proof FROM kit ORDER BY id",
		    read_kit) ||
		!read_table(store, db, "SELECT path, seat FROM seat ORDER BY seat", read_seat)) {
		why_set(why, ERR_IO, MSG_STORE_FOLDER, dir, sqlite3_errmsg(db));
		goto fail;
	}
	store->worker = store_worker_create(loop, db);
	if (!store->worker) {
		why_set(why, ERR_IO, MSG_STORE_FOLDER, dir, strerror(errno));
		goto fail;
	}
	return store;
fail:
	sqlite3_close(db);
	store_close(store);
	return NULL;
}

void store_close(struct store *store)
{
	if (!store) {
		return;
	}
	store_worker_destroy(store->worker);
	if (store->lock >= 0) {
		close(store->lock);
	}
	free(store->kits);
	free(store);
}

bool store_is_well(const struct store *store)
{
	return store_worker_is_well(store->worker);
}

/* ---- kits ---- */

size_t store_kit_count(const struct store *store)
{
	return store->kit_count;
}

const struct store_kit *store_kit(const struct store *store, size_t index)
{
	return &store->kits[index];
}

const struct store_kit *store_find(const struct store *store, const char *identity)
{
	return find(store, identity);
}

void store_put(struct store *store, const struct store_kit *kit)
{
	const char *const values[] = {kit->identity, kit->id, kit->model, kit->wiring, kit->proof};

	if (!find(store, kit->identity) && store->kit_count >= KITS_MAX) {
		log_warn("%d kits are remembered already: %s is not", KITS_MAX, kit->id);
		return;
	}
	keep_kit(store, kit);
	store_worker_put(store->worker, put_kit, kit->identity, values, 5);
}

void store_forget(struct store *store, const char *identity)
{
	struct store_kit *row = find(store, identity);

	if (row) {
		*row = store->kits[--store->kit_count];
		store_worker_put(store->worker, drop_kit, NULL, &identity, 1);
	}
}

/* ---- seats ---- */

size_t store_seat_count(const struct store *store)
{
	return store->seat_count;
}

const struct store_seat *store_seat(const struct store *store, size_t index)
{
	return &store->seats[index];
}

const char *store_seat_of(const struct store *store, const char *path)
{
	for (size_t i = 0; i < store->seat_count; i++) {
		if (strcmp(store->seats[i].path, path) == 0) {
			return store->seats[i].seat;
		}
	}
	return NULL;
}

void store_bind_seat(struct store *store, const char *path, const char *seat)
{
	const char *const values[] = {path, seat};
	size_t kept = 0;

	for (size_t i = 0; i < store->seat_count; i++) {
		const struct store_seat *row = &store->seats[i];

		if (strcmp(row->path, path) != 0 && strcmp(row->seat, seat) != 0) {
			store->seats[kept++] = *row;
		}
	}
	store->seat_count = kept;
	store_worker_put(store->worker, drop_seat, NULL, values, 2);
	if (seat[0] && store->seat_count < SEATS_MAX) {
		struct store_seat *row = &store->seats[store->seat_count++];

		snprintf(row->path, sizeof(row->path), "%s", path);
		snprintf(row->seat, sizeof(row->seat), "%s", seat);
		store_worker_put(store->worker, put_seat, NULL, values, 2);
	}
}

/* ---- check-ups ---- */

void store_put_health(struct store *store, const char *kit, const char *at, const char *verdict,
	const char *report)
{
	const char *const values[] = {kit, at, verdict, report};

	store_worker_put(store->worker, put_health, NULL, values, 4);
	store_worker_put(store->worker, trim_health, NULL, values, 1);
}

bool store_ask_health(struct store *store, const char *kit,
	void (*done)(void *data, cJSON *rows), void *data)
{
	if (!kit) {
		return store_worker_ask(
			store->worker, get_newest_health, NULL, 0, done, data);
	}
	return store_worker_ask(store->worker, get_health, &kit, 1, done, data);
}
