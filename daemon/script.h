/*
 * The script supervisor: runs pupils' scripts, each in a kitlab-runner process
 * of its own, and serves what they ask (lua/wire.h).
 *
 * A run's life: queued starting running stopping, then finished failed stopped
 * killed. Output is counted and rate-limited here; a runner that does not
 * answer pings while it burns CPU is killed (SAFETY S2). The ended runs are kept in
 * a ring, so that a page which comes late still finds its error.
 */
#pragma once

#include "rpc.h"

struct scripts;
struct run;

struct scripts *scripts_create(struct server *server);
void scripts_destroy(struct scripts *scripts); /* kills what runs */
/* Ends all runs softly, then hard; calls done when none is left (within 1 s). */
void scripts_shutdown(struct scripts *scripts, void (*done)(void *data), void *data);

struct script_start {
	const char *source;
	size_t source_length;
	const char *name;      /* NULL = "script" */
	const char *kit;       /* NULL = the only ready kit, if there is one */
	const char *const *kits; /* further kits that kit.open may give */
	size_t kit_count;
	const char *case_id;   /* NULL = none */
	int64_t seed;          /* of math.random; -1 = by chance */
	bool replace;          /* stop the run that holds the kit first */
	bool is_staff;         /* may replace anybody's run */
	const char *by;        /* user or label, "" = open lab */
	struct client *watcher; /* watches from the start; NULL = nobody */
};

/* *run_id stays valid as long as the run is kept. */
enum err script_start(struct scripts *scripts, const struct script_start *start,
	const char **run_id, struct why *why);

/* The id of the run that uses a kit now, or NULL: for the kit's ROW. */
const char *script_run_of(const struct scripts *scripts, const struct kit *kit);

/* All-stop: ends every run (seat "") or those with a kit of that seat. */
void scripts_stop(struct scripts *scripts, const char *seat, const char *by);

/* The client is gone: it watches no run any more. Its runs go on. */
void scripts_forget(struct scripts *scripts, struct client *client);

/* Runs by state, for /metrics: names and numbers, ends with NULL. */
size_t scripts_count(const struct scripts *scripts, const char *state);
