/*
 * Starts runners from a thread of its own: posix_spawn holds its caller up
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

/* NULL when the system gives no thread. `program` is borrowed. */
struct spawner *spawner_create(struct loop *loop, const char *program);
/* Waits for what is under way; those requests are not answered any more. */
void spawner_destroy(struct spawner *spawner);

/* The program with `fd` as its descriptor `as_fd`; fd is taken over and closed here. */
void spawner_start(struct spawner *spawner, int fd, int as_fd, spawner_done_fn *done, void *data);
