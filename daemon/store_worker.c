/* The thread with the database; see store_worker.h. */
#include "store_worker.h"

#include "clock.h"
#include "log.h"
#include "xalloc.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum { RETRY_US = 5000000, JOBS_MAX = 8192 };

struct job {
	struct job *next;
	const char *sql;
	char *key; /* NULL = not replaced */
	char *values[STORE_VALUES_MAX];
	int count;
	store_rows_fn *done; /* NULL = a write */
	void *data;
	cJSON *rows;
};

struct jobs {
	struct job *first, **end;
	size_t count;
};

struct store_worker {
	struct loop_fd *watcher; /* of `event` */
	int event;               /* the worker has answers, or another state of health */
	bool is_well;            /* the loop's */

	pthread_t thread;
	pthread_mutex_t mutex; /* guards what follows */
	pthread_cond_t wake;
	struct jobs queue, answered;
	bool is_ending, failed, has_news;
	char failure[160];

	sqlite3 *db; /* the thread's */
};

/* ---- lists ---- */

static void clear(struct jobs *jobs)
{
	*jobs = (struct jobs){.end = &jobs->first};
}

static void push(struct jobs *jobs, struct job *job)
{
	job->next = NULL;
	*jobs->end = job;
	jobs->end = &job->next;
	jobs->count++;
}

static struct job *pop(struct jobs *jobs)
{
	struct job *job = jobs->first;

	if (job) {
		jobs->first = job->next;
		jobs->count--;
		if (!jobs->first) {
			jobs->end = &jobs->first;
		}
	}
	return job;
}

static void move_all(struct jobs *from, struct jobs *to)
{
	for (struct job *job; (job = pop(from));) {
		push(to, job);
	}
}

static void set_values(struct job *job, const char *const *values, int count)
{
	for (int i = 0; i < job->count; i++) {
		free(job->values[i]);
	}
	job->count = count;
	for (int i = 0; i < count; i++) {
		job->values[i] = xstrdup(values[i]);
	}
}

static void free_job(struct job *job)
{
	set_values(job, NULL, 0);
	cJSON_Delete(job->rows);
	free(job->key);
	free(job);
}

/* ---- the thread ---- */

static bool add_row(sqlite3_stmt *statement, cJSON *rows)
{
	cJSON *row = cJSON_CreateArray();

	for (int i = 0; i < sqlite3_column_count(statement); i++) {
		const char *text = (const char *)sqlite3_column_text(statement, i);

		cJSON_AddItemToArray(row, cJSON_CreateString(text ? text : ""));
	}
	return cJSON_AddItemToArray(rows, row);
}

static bool do_job(sqlite3 *db, struct job *job)
{
	sqlite3_stmt *statement = NULL;
	bool ok = sqlite3_prepare_v2(db, job->sql, -1, &statement, NULL) == SQLITE_OK;
	int step = SQLITE_ROW;

	for (int i = 0; ok && i < job->count; i++) {
		ok = sqlite3_bind_text(statement, i + 1, job->values[i], -1, SQLITE_STATIC) ==
			SQLITE_OK;
	}
	cJSON_Delete(job->rows); /* of a try that failed */
	job->rows = job->done ? cJSON_CreateArray() : NULL;
	while (ok && (step = sqlite3_step(statement)) == SQLITE_ROW) {
		ok = !job->rows || add_row(statement, job->rows);
	}
	sqlite3_finalize(statement);
	return ok && step == SQLITE_DONE;
}

static bool do_jobs(sqlite3 *db, const struct jobs *jobs)
{
	bool ok = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK;

	for (struct job *job = jobs->first; ok && job; job = job->next) {
		ok = do_job(db, job);
	}
	return ok && sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK;
}

/* All that waits, in one transaction; with the mutex held, of which it lets go meanwhile. */
static void work(struct store_worker *worker)
{
	struct jobs jobs;
	char failure[sizeof(worker->failure)] = "";

	clear(&jobs);
	move_all(&worker->queue, &jobs);
	pthread_mutex_unlock(&worker->mutex);
	bool ok = do_jobs(worker->db, &jobs);

	if (!ok) {
		snprintf(failure, sizeof(failure), "%s", sqlite3_errmsg(worker->db));
		if (!sqlite3_get_autocommit(worker->db)) {
			sqlite3_exec(worker->db, "ROLLBACK", NULL, NULL, NULL);
		}
	}
	pthread_mutex_lock(&worker->mutex);
	worker->has_news = worker->has_news || worker->failed == ok;
	worker->failed = !ok;
	memcpy(worker->failure, failure, sizeof(failure));
	if (!ok) { /* in front of what came meanwhile */
		move_all(&worker->queue, &jobs);
	}
	for (struct job *job; (job = pop(&jobs));) {
		if (job->done) { /* also of a failure: nobody waits for a disk to be emptied */
			if (!ok) {
				cJSON_Delete(job->rows);
				job->rows = NULL;
			}
			push(&worker->answered, job);
		} else if (ok) {
			free_job(job);
		} else {
			push(&worker->queue, job);
		}
	}
	if (worker->has_news || worker->answered.first) {
		eventfd_write(worker->event, 1);
	}
}

static void rest(struct store_worker *worker)
{
	int64_t until_us = clock_now_us() + RETRY_US;
	struct timespec until = {until_us / 1000000, until_us % 1000000 * 1000};

	pthread_cond_timedwait(&worker->wake, &worker->mutex, &until);
}

static void *run(void *data)
{
	struct store_worker *worker = data;

	pthread_mutex_lock(&worker->mutex);
	while (worker->queue.first || !worker->is_ending) {
		if (!worker->queue.first) {
			pthread_cond_wait(&worker->wake, &worker->mutex);
			continue;
		}
		work(worker);
		if (worker->failed && worker->is_ending) {
			break;
		}
		if (worker->failed) {
			rest(worker);
		}
	}
	pthread_mutex_unlock(&worker->mutex);
	return NULL;
}

/* ---- the loop's side ---- */

static void on_news(void *data, int events)
{
	struct store_worker *worker = data;
	char failure[sizeof(worker->failure)];
	struct jobs answered;
	eventfd_t count;

	(void)events;
	if (eventfd_read(worker->event, &count) != 0) {
		return;
	}
	clear(&answered);
	pthread_mutex_lock(&worker->mutex);
	bool has_news = worker->has_news, failed = worker->failed;

	worker->has_news = false;
	memcpy(failure, worker->failure, sizeof(failure));
	move_all(&worker->answered, &answered);
	pthread_mutex_unlock(&worker->mutex);
	if (has_news && failed) {
		log_error("the state folder takes no writes (%s): what is new is kept in memory and "
			  "tried again. Look for a full disk.",
			failure);
	} else if (has_news && !worker->is_well) {
		log_info("the state folder takes writes again");
	}
	worker->is_well = !failed;
	for (struct job *job; (job = pop(&answered));) {
		cJSON *rows = job->rows;

		job->rows = NULL;
		job->done(job->data, rows);
		free_job(job);
	}
}

/* The thread takes no signals: they belong to the loop. */
static int start(struct store_worker *worker)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int err = pthread_create(&worker->thread, NULL, run, worker);

	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return err;
}

struct store_worker *store_worker_create(struct loop *loop, sqlite3 *db)
{
	struct store_worker *worker = xcalloc(1, sizeof(*worker));
	pthread_condattr_t monotonic;

	worker->db = db;
	worker->is_well = true;
	worker->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	clear(&worker->queue);
	clear(&worker->answered);
	pthread_mutex_init(&worker->mutex, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&worker->wake, &monotonic);
	pthread_condattr_destroy(&monotonic);
	errno = worker->event < 0 ? errno : start(worker);
	if (errno) {
		int error = errno;

		if (worker->event >= 0) {
			close(worker->event);
		}
		free(worker);
		errno = error;
		return NULL;
	}
	worker->watcher = loop_fd_add(loop, worker->event, LOOP_READ, on_news, worker);
	return worker;
}

static void free_all(struct jobs *jobs)
{
	for (struct job *job; (job = pop(jobs));) {
		free_job(job);
	}
}

void store_worker_destroy(struct store_worker *worker)
{
	if (!worker) {
		return;
	}
	pthread_mutex_lock(&worker->mutex);
	worker->is_ending = true;
	pthread_cond_signal(&worker->wake);
	pthread_mutex_unlock(&worker->mutex);
	pthread_join(worker->thread, NULL);
	if (worker->failed) {
		log_error("%zu changes could not be written: %s", worker->queue.count,
			worker->failure);
	}
	loop_fd_remove(worker->watcher);
	close(worker->event);
	sqlite3_close(worker->db);
	free_all(&worker->queue);
	free_all(&worker->answered);
	pthread_cond_destroy(&worker->wake);
	pthread_mutex_destroy(&worker->mutex);
	free(worker);
}

static struct job *find(const struct jobs *jobs, const char *sql, const char *key)
{
	for (struct job *job = jobs->first; key && job; job = job->next) {
		if (job->sql == sql && job->key && strcmp(job->key, key) == 0) {
			return job;
		}
	}
	return NULL;
}

static bool queue(struct store_worker *worker, struct job *wish, const char *const *values,
	int count)
{
	pthread_mutex_lock(&worker->mutex);
	struct job *job = find(&worker->queue, wish->sql, wish->key);

	if (!job && worker->queue.count < JOBS_MAX) {
		job = xcalloc(1, sizeof(*job));
		*job = *wish;
		job->key = wish->key ? xstrdup(wish->key) : NULL;
		push(&worker->queue, job);
	}
	if (job) {
		set_values(job, values, count);
	}
	pthread_cond_signal(&worker->wake);
	pthread_mutex_unlock(&worker->mutex);
	return job != NULL;
}

void store_worker_put(struct store_worker *worker, const char *sql, const char *key,
	const char *const *values, int count)
{
	struct job wish = {.sql = sql, .key = (char *)key};

	if (!queue(worker, &wish, values, count)) {
		log_error("the state folder is too slow: a change is lost");
	}
}

bool store_worker_ask(struct store_worker *worker, const char *sql, const char *const *values,
	int count, store_rows_fn *done, void *data)
{
	struct job wish = {.sql = sql, .done = done, .data = data};

	return queue(worker, &wish, values, count);
}

bool store_worker_is_well(const struct store_worker *worker)
{
	return worker->is_well;
}
