/*
 * Starts programs (runners, avrdude) from a thread of its own: posix_spawn holds its caller up
 * until the new program runs, 2 ms on an idle PC and 50 on a busy one, and the loop must not
 * wait so long.
 *
 * The thread lives as long as the daemon: a runner's parent-death signal comes
 * when the thread that started it ends.
 */
#pragma once

#include "loop.h"

struct spawner;

/* `error` is an errno, 0 = well. Called from the loop, once for each request. */
typedef void spawner_done_fn(void *data, pid_t pid, int error);

/* What to start. All but the fd is borrowed until `done` has been called. */
struct spawn {
	char *const *argv;        /* [0]: a path, or a name to look for in PATH */
	char *const *environment; /* ends with NULL */
	int fd;                   /* taken over and closed here */
	int as_fds[2];            /* what it becomes in the program; -1 = not */
};

/* NULL when the system gives no thread. */
struct spawner *spawner_create(struct loop *loop);
/* Waits for what is under way; those requests are not answered any more. */
void spawner_destroy(struct spawner *spawner);

void spawner_start(struct spawner *spawner, const struct spawn *spawn, spawner_done_fn *done,
	void *data);
