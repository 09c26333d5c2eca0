/*
 * What outlives the process; see store.h.
 *
 * The loop's thread has all rows in memory and never touches the database after
 * the start; the worker has the database and sees only the rows in its queue.
 * What the worker meets comes back over an eventfd, because the log belongs to
 * the loop's thread. A row that waits is replaced by a newer one of its
 * identity, so the queue is never longer than the table.
 */
#include "store.h"

#include "log.h"
#include "loop.h"
#include "store_file.h"
#include "xalloc.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { KITS_MAX = 4096 };

struct rows {
	struct store_kit *rows; /* owned */
	size_t count, room;
};

struct store {
	int lock;                /* holds the folder */
	struct rows kits;        /* the loop's */
	bool is_well;
	struct loop_fd *watcher; /* of `event` */
	int event;               /* the worker has failed */

	pthread_t thread;
	bool has_thread;
	pthread_mutex_t mutex; /* guards what follows */
	pthread_cond_t wake;
	struct rows queue;
	bool is_ending;
	char failure[160];

	sqlite3 *db; /* the worker's, once it runs */
	sqlite3_stmt *put;
};

static struct store_kit *find(const struct rows *rows, const char *identity)
{
	for (size_t i = 0; i < rows->count; i++) {
		if (strcmp(rows->rows[i].identity, identity) == 0) {
			return &rows->rows[i];
		}
	}
	return NULL;
}

static void put_row(struct rows *rows, const struct store_kit *kit)
{
	struct store_kit *row = find(rows, kit->identity);

	if (!row) {
		if (rows->count == rows->room) {
			rows->room = rows->room ? rows->room * 2 : 16;
			rows->rows = xrealloc(rows->rows, rows->room * sizeof(*rows->rows));
		}
		row = &rows->rows[rows->count++];
	}
	*row = *kit;
}

static void copy_column(sqlite3_stmt *query, int column, char *to, size_t room)
{
	const char *text = (const char *)sqlite3_column_text(query, column);

	snprintf(to, room, "%s", text ? text : "");
}

static bool read_kits(struct store *store)
{
	sqlite3_stmt *query = NULL;
	int err = sqlite3_prepare_v2(store->db,
		"SELECT identity, id, model, wiring FROM kit ORDER BY id", -1, &query, NULL);

	if (err == SQLITE_OK) {
		while ((err = sqlite3_step(query)) == SQLITE_ROW && store->kits.count < KITS_MAX) {
			struct store_kit kit;

			copy_column(query, 0, kit.identity, sizeof(kit.identity));
			copy_column(query, 1, kit.id, sizeof(kit.id));
			copy_column(query, 2, kit.model, sizeof(kit.model));
			copy_column(query, 3, kit.wiring, sizeof(kit.wiring));
			put_row(&store->kits, &kit);
		}
	}
	sqlite3_finalize(query);
	return err == SQLITE_DONE || err == SQLITE_ROW;
}

static bool write_row(struct store *store, const struct store_kit *kit)
{
	sqlite3_stmt *put = store->put;

	sqlite3_reset(put);
	return sqlite3_bind_text(put, 1, kit->identity, -1, SQLITE_STATIC) == SQLITE_OK &&
		sqlite3_bind_text(put, 2, kit->id, -1, SQLITE_STATIC) == SQLITE_OK &&
		sqlite3_bind_text(put, 3, kit->model, -1, SQLITE_STATIC) == SQLITE_OK &&
		sqlite3_bind_text(put, 4, kit->wiring, -1, SQLITE_STATIC) == SQLITE_OK &&
		sqlite3_step(put) == SQLITE_DONE;
}

/* All or none of them, in one transaction. */
static bool write_rows(struct store *store, const struct rows *rows)
{
	bool ok = sqlite3_exec(store->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK;

	for (size_t i = 0; ok && i < rows->count; i++) {
		ok = write_row(store, &rows->rows[i]);
	}
	ok = ok && sqlite3_reset(store->put) == SQLITE_OK &&
		sqlite3_exec(store->db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK;
	return ok;
}

/* With the mutex held, of which it lets go while it writes. */
static void work(struct store *store)
{
	struct rows rows = store->queue;

	store->queue = (struct rows){0};
	pthread_mutex_unlock(&store->mutex);
	bool ok = write_rows(store, &rows);
	char failure[sizeof(store->failure)] = "";

	if (!ok) {
		snprintf(failure, sizeof(failure), "%s", sqlite3_errmsg(store->db));
		sqlite3_reset(store->put);
		if (!sqlite3_get_autocommit(store->db)) {
			sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
		}
	}
	free(rows.rows);
	pthread_mutex_lock(&store->mutex);
	if (!ok) {
		memcpy(store->failure, failure, sizeof(failure));
		eventfd_write(store->event, 1);
	}
}

static void *run_worker(void *data)
{
	struct store *store = data;

	pthread_mutex_lock(&store->mutex);
	for (;;) {
		while (store->queue.count == 0 && !store->is_ending) {
			pthread_cond_wait(&store->wake, &store->mutex);
		}
		if (store->queue.count == 0) {
			break;
		}
		work(store);
	}
	pthread_mutex_unlock(&store->mutex);
	return NULL;
}

/* On the loop: the worker has failed. */
static void on_failure(void *data, int events)
{
	struct store *store = data;
	eventfd_t count;
	char failure[sizeof(store->failure)];

	(void)events;
	if (eventfd_read(store->event, &count) != 0) {
		return;
	}
	pthread_mutex_lock(&store->mutex);
	memcpy(failure, store->failure, sizeof(failure));
	pthread_mutex_unlock(&store->mutex);
	store->is_well = false;
	log_error("the state folder takes no writes (%s): names and wiring of kits are kept until "
		  "kitlabd ends. Look for a full disk.",
		failure);
}

/* The worker takes no signals: they belong to the loop. */
static bool start_worker(struct store *store)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int err = pthread_create(&store->thread, NULL, run_worker, store);

	pthread_sigmask(SIG_SETMASK, &before, NULL);
	store->has_thread = err == 0;
	errno = err;
	return err == 0;
}

struct store *store_open(struct loop *loop, const char *dir, struct why *why)
{
	struct store *store = xcalloc(1, sizeof(*store));

	store->event = -1;
	store->is_well = true;
	pthread_mutex_init(&store->mutex, NULL);
	pthread_cond_init(&store->wake, NULL);
	store->lock = store_folder_open(dir, why);
	if (store->lock < 0) {
		goto fail;
	}
	store->db = store_file_open(dir, why);
	if (!store->db) {
		goto fail;
	}
	if (!read_kits(store) ||
		sqlite3_prepare_v3(store->db,
			"INSERT INTO kit (identity, id, model, wiring) VALUES (?, ?, ?, ?) "
			"ON CONFLICT (identity) DO UPDATE SET id = excluded.id, "
			"model = excluded.model, wiring = excluded.wiring",
			-1, SQLITE_PREPARE_PERSISTENT, &store->put, NULL) != SQLITE_OK) {
		why_set(why, ERR_IO, MSG_STORE_FOLDER, dir, sqlite3_errmsg(store->db));
		goto fail;
	}
	store->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (store->event < 0 || !start_worker(store)) {
		why_set(why, ERR_IO, MSG_STORE_FOLDER, dir, strerror(errno));
		goto fail;
	}
	store->watcher = loop_fd_add(loop, store->event, LOOP_READ, on_failure, store);
	return store;
fail:
	store_close(store);
	return NULL;
}

void store_close(struct store *store)
{
	if (!store) {
		return;
	}
	if (store->has_thread) {
		pthread_mutex_lock(&store->mutex);
		store->is_ending = true;
		pthread_cond_signal(&store->wake);
		pthread_mutex_unlock(&store->mutex);
		pthread_join(store->thread, NULL);
		on_failure(store, 0);
	}
	loop_fd_remove(store->watcher);
	if (store->event >= 0) {
		close(store->event);
	}
	sqlite3_finalize(store->put);
	sqlite3_close(store->db);
	if (store->lock >= 0) {
		close(store->lock);
	}
	pthread_cond_destroy(&store->wake);
	pthread_mutex_destroy(&store->mutex);
	free(store->kits.rows);
	free(store->queue.rows);
	free(store);
}

size_t store_kit_count(const struct store *store)
{
	return store->kits.count;
}

const struct store_kit *store_kit(const struct store *store, size_t index)
{
	return &store->kits.rows[index];
}

const struct store_kit *store_find(const struct store *store, const char *identity)
{
	return find(&store->kits, identity);
}

void store_put(struct store *store, const struct store_kit *kit)
{
	if (!find(&store->kits, kit->identity) && store->kits.count >= KITS_MAX) {
		log_warn("%d kits are remembered already: %s is not", KITS_MAX, kit->id);
		return;
	}
	put_row(&store->kits, kit);
	pthread_mutex_lock(&store->mutex);
	put_row(&store->queue, kit);
	pthread_cond_signal(&store->wake);
	pthread_mutex_unlock(&store->mutex);
}

bool store_is_well(const struct store *store)
{
	return store->is_well;
}
