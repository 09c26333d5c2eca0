/*
 * The event loop: a thin layer over libev, so that one file sees ev.h.
 *
 * One loop a process, one thread. Callbacks return in under 1 ms (a debug
 * build names those over 5). A watcher may be removed inside its own or
 * another's callback; it never fires after its removal. The watchers are heap
 * objects that the loop creates and the caller removes.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct loop;
struct loop_fd;
struct loop_timer;
struct loop_signal;
struct loop_child;

enum { LOOP_READ = 1, LOOP_WRITE = 2, LOOP_GATHER = 4 }; /* GATHER: bytes may wait a moment */

/* NULL when the kernel gives no epoll. Uses libev's default loop (children). */
struct loop *loop_create(void);
void loop_destroy(struct loop *loop); /* all watchers are removed before */
void loop_run(struct loop *loop);     /* until loop_stop() */
void loop_stop(struct loop *loop);
void *loop_native(struct loop *loop); /* struct ev_loop *, for libwebsockets */

typedef void loop_fd_fn(void *data, int events);
struct loop_fd *loop_fd_add(struct loop *loop, int fd, int events, loop_fd_fn *fn, void *data);
void loop_fd_set(struct loop_fd *watcher, int events); /* 0 = rest */
/* How long the bytes of LOOP_GATHER watchers may wait when there are many: 500 at first. */
void loop_set_gather_us(struct loop *loop, int64_t period_us);
/* Calls those LOOP_GATHER watchers now that have bytes. Not from inside of one. */
void loop_read_gathered(struct loop *loop);
void loop_fd_remove(struct loop_fd *watcher);          /* NULL is fine; leaves the fd open */

/* A timer is born at rest. period_us 0: once. */
typedef void loop_timer_fn(void *data);
struct loop_timer *loop_timer_add(struct loop *loop, loop_timer_fn *fn, void *data);
void loop_timer_start(struct loop_timer *timer, int64_t delay_us, int64_t period_us);
void loop_timer_stop(struct loop_timer *timer);
bool loop_timer_is_running(const struct loop_timer *timer);
void loop_timer_remove(struct loop_timer *timer);

typedef void loop_signal_fn(void *data, int signum);
struct loop_signal *loop_signal_add(struct loop *loop, int signum, loop_signal_fn *fn, void *data);
void loop_signal_remove(struct loop_signal *watcher);

/* Tells the end of a child once; `status` is waitpid's. */
typedef void loop_child_fn(void *data, pid_t pid, int status);
struct loop_child *loop_child_add(struct loop *loop, pid_t pid, loop_child_fn *fn, void *data);
void loop_child_remove(struct loop_child *watcher);
