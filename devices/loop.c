/*
 * The event loop over libev; see loop.h.
 *
 * Each watcher is a heap block that begins with its ev_TYPE. libev forgets a
 * stopped watcher's pending event, so a block can be freed as soon as it is
 * stopped, also inside a callback; a callback that removes its own watcher
 * touches the block no more.
 */
#include "loop.h"

#include "clock.h"
#include "log.h"
#include "xalloc.h"

#include <ev.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { GATHER_US = 500, GATHERED_MAX = 128 };

/*
 * Descriptors whose bytes may wait a moment share an epoll of their own. While
 * they are quiet it is one more descriptor of the loop, and the first byte wakes
 * it at once. When they wake it more often than every period_us, it is looked at
 * so often instead: 64 streaming boards are then 2000 wakings a second or 250,
 * not 6400, and clients and timers are as prompt as before. The clock is a
 * timerfd, because libev's own timers go by whole milliseconds.
 */
struct gather {
	int epoll, clock;
	ev_io quiet, busy;
	bool is_busy;
	int64_t period_us, woken_us;
	struct epoll_event ready[GATHERED_MAX]; /* being served; .ptr NULL = removed meanwhile */
	int ready_count;
};

struct loop {
	struct ev_loop *ev;
	struct gather gather;
};

struct loop_fd {
	ev_io io;
	struct loop *loop;
	bool is_gathered; /* reading is the gather's */
	loop_fd_fn *fn;
	void *data;
};

struct loop_timer {
	ev_timer timer;
	struct ev_loop *ev;
	loop_timer_fn *fn;
	void *data;
};

struct loop_signal {
	ev_signal signal;
	struct ev_loop *ev;
	loop_signal_fn *fn;
	void *data;
};

struct loop_child {
	ev_child child;
	struct ev_loop *ev;
	loop_child_fn *fn;
	void *data;
};

/* A debug log names callbacks that hold up everybody. */
static void name_slow(const char *what, int64_t began_us)
{
	int64_t took_us = clock_now_us() - began_us;

	if (took_us > 5000) {
		log_debug("loop: a %s callback took %lld us", what, (long long)took_us);
	}
}

static void call(struct loop_fd *watcher, int events)
{
	int64_t began_us = log_get_level() == LOG_DEBUG ? clock_now_us() : 0;

	watcher->fn(watcher->data, events); /* may free it */
	if (began_us) {
		name_slow("file", began_us);
	}
}

/* ---- gathered descriptors ---- */

static int serve_gathered(struct gather *gather)
{
	int count = epoll_wait(gather->epoll, gather->ready, GATHERED_MAX, 0);

	gather->ready_count = count;
	for (int i = 0; i < count; i++) {
		struct loop_fd *watcher = gather->ready[i].data.ptr;

		if (watcher) {
			call(watcher, LOOP_READ);
		}
	}
	gather->ready_count = 0;
	return count;
}

/* period_us 0: at rest. */
static void set_clock(struct gather *gather, int64_t period_us)
{
	struct timespec period = {.tv_sec = period_us / 1000000,
		.tv_nsec = period_us % 1000000 * 1000};
	struct itimerspec timer = {period, period};

	timerfd_settime(gather->clock, 0, &timer, NULL);
}

static void set_busy(struct ev_loop *ev, struct gather *gather, bool is_busy)
{
	gather->is_busy = is_busy;
	set_clock(gather, is_busy ? gather->period_us : 0);
	ev_io_stop(ev, is_busy ? &gather->quiet : &gather->busy);
	ev_io_start(ev, is_busy ? &gather->busy : &gather->quiet);
}

static void on_quiet(struct ev_loop *ev, ev_io *io, int events)
{
	struct gather *gather = io->data;
	int64_t now_us = clock_now_us();

	(void)events;
	serve_gathered(gather);
	if (now_us - gather->woken_us < gather->period_us) {
		set_busy(ev, gather, true);
	}
	gather->woken_us = now_us;
}

static void on_busy(struct ev_loop *ev, ev_io *io, int events)
{
	struct gather *gather = io->data;
	uint64_t ticks;

	(void)events;
	if (read(gather->clock, &ticks, sizeof(ticks)) == (ssize_t)sizeof(ticks) &&
		serve_gathered(gather) <= 0) {
		set_busy(ev, gather, false);
	}
}

void loop_set_gather_us(struct loop *loop, int64_t period_us)
{
	struct gather *gather = &loop->gather;

	gather->period_us = period_us;
	if (gather->is_busy) {
		set_clock(gather, period_us);
	}
}

void loop_read_gathered(struct loop *loop)
{
	serve_gathered(&loop->gather);
}

static bool start_gather(struct loop *loop)
{
	struct gather *gather = &loop->gather;

	gather->period_us = GATHER_US;
	gather->epoll = epoll_create1(EPOLL_CLOEXEC);
	gather->clock = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	ev_io_init(&gather->quiet, on_quiet, gather->epoll, EV_READ);
	ev_io_init(&gather->busy, on_busy, gather->clock, EV_READ);
	gather->quiet.data = gather->busy.data = gather;
	if (gather->epoll < 0 || gather->clock < 0) {
		return false;
	}
	ev_io_start(loop->ev, &gather->quiet);
	return true;
}

static void end_gather(struct gather *gather)
{
	if (gather->epoll >= 0) {
		close(gather->epoll);
	}
	if (gather->clock >= 0) {
		close(gather->clock);
	}
}

static void set_gathered(struct loop_fd *watcher, bool is_gathered)
{
	struct gather *gather = &watcher->loop->gather;
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = watcher};

	if (is_gathered != watcher->is_gathered) {
		epoll_ctl(gather->epoll, is_gathered ? EPOLL_CTL_ADD : EPOLL_CTL_DEL,
			watcher->io.fd, &event);
		watcher->is_gathered = is_gathered;
	}
	for (int i = 0; i < gather->ready_count && !is_gathered; i++) {
		if (gather->ready[i].data.ptr == watcher) {
			gather->ready[i].data.ptr = NULL;
		}
	}
}

/* ---- the loop ---- */

struct loop *loop_create(void)
{
	/* The default loop: the only one that sees children end. */
	struct ev_loop *ev = ev_default_loop(EVBACKEND_EPOLL | EVFLAG_NOENV);

	if (!ev) {
		return NULL;
	}
	struct loop *loop = xcalloc(1, sizeof(*loop));

	loop->ev = ev;
	if (!start_gather(loop)) {
		loop_destroy(loop);
		return NULL;
	}
	return loop;
}

void loop_destroy(struct loop *loop)
{
	if (loop) {
		ev_loop_destroy(loop->ev);
		end_gather(&loop->gather);
		free(loop);
	}
}

void loop_run(struct loop *loop)
{
	ev_run(loop->ev, 0);
}

void loop_stop(struct loop *loop)
{
	ev_break(loop->ev, EVBREAK_ALL);
}

void *loop_native(struct loop *loop)
{
	return loop->ev;
}

static void on_io(struct ev_loop *ev, ev_io *io, int events)
{
	(void)ev;
	call((struct loop_fd *)io,
		(events & EV_READ ? LOOP_READ : 0) | (events & EV_WRITE ? LOOP_WRITE : 0));
}

struct loop_fd *loop_fd_add(struct loop *loop, int fd, int events, loop_fd_fn *fn, void *data)
{
	struct loop_fd *watcher = xcalloc(1, sizeof(*watcher));

	watcher->loop = loop;
	watcher->fn = fn;
	watcher->data = data;
	ev_io_init(&watcher->io, on_io, fd, 0);
	loop_fd_set(watcher, events);
	return watcher;
}

void loop_fd_set(struct loop_fd *watcher, int events)
{
	struct ev_loop *ev = watcher->loop->ev;
	bool is_gathered = (events & (LOOP_READ | LOOP_GATHER)) == (LOOP_READ | LOOP_GATHER);
	int wanted = ((events & LOOP_READ) && !is_gathered ? EV_READ : 0) |
		(events & LOOP_WRITE ? EV_WRITE : 0);

	set_gathered(watcher, is_gathered);
	ev_io_stop(ev, &watcher->io);
	ev_io_set(&watcher->io, watcher->io.fd, wanted);
	if (wanted) {
		ev_io_start(ev, &watcher->io);
	}
}

void loop_fd_remove(struct loop_fd *watcher)
{
	if (watcher) {
		set_gathered(watcher, false);
		ev_io_stop(watcher->loop->ev, &watcher->io);
		free(watcher);
	}
}

static void on_timer(struct ev_loop *ev, ev_timer *timer, int events)
{
	struct loop_timer *watcher = (struct loop_timer *)timer;
	int64_t began_us = log_get_level() == LOG_DEBUG ? clock_now_us() : 0;

	(void)ev;
	(void)events;
	watcher->fn(watcher->data);
	if (began_us) {
		name_slow("timer", began_us);
	}
}

struct loop_timer *loop_timer_add(struct loop *loop, loop_timer_fn *fn, void *data)
{
	struct loop_timer *timer = xcalloc(1, sizeof(*timer));

	timer->ev = loop->ev;
	timer->fn = fn;
	timer->data = data;
	ev_timer_init(&timer->timer, on_timer, 0, 0);
	return timer;
}

void loop_timer_start(struct loop_timer *timer, int64_t delay_us, int64_t period_us)
{
	ev_timer_stop(timer->ev, &timer->timer);
	/* libev counts from the loop's own time, which may be some ms old. */
	ev_now_update(timer->ev);
	ev_timer_set(&timer->timer, (double)(delay_us > 0 ? delay_us : 0) / 1e6,
		(double)period_us / 1e6);
	ev_timer_start(timer->ev, &timer->timer);
}

void loop_timer_stop(struct loop_timer *timer)
{
	ev_timer_stop(timer->ev, &timer->timer);
}

bool loop_timer_is_running(const struct loop_timer *timer)
{
	return ev_is_active(&timer->timer);
}

void loop_timer_remove(struct loop_timer *timer)
{
	if (timer) {
		ev_timer_stop(timer->ev, &timer->timer);
		free(timer);
	}
}

static void on_signal(struct ev_loop *ev, ev_signal *signal, int events)
{
	struct loop_signal *watcher = (struct loop_signal *)signal;

	(void)ev;
	(void)events;
	watcher->fn(watcher->data, signal->signum);
}

struct loop_signal *loop_signal_add(struct loop *loop, int signum, loop_signal_fn *fn, void *data)
{
	struct loop_signal *watcher = xcalloc(1, sizeof(*watcher));

	watcher->ev = loop->ev;
	watcher->fn = fn;
	watcher->data = data;
	ev_signal_init(&watcher->signal, on_signal, signum);
	ev_signal_start(loop->ev, &watcher->signal);
	return watcher;
}

void loop_signal_remove(struct loop_signal *watcher)
{
	if (watcher) {
		ev_signal_stop(watcher->ev, &watcher->signal);
		free(watcher);
	}
}

static void on_child(struct ev_loop *ev, ev_child *child, int events)
{
	struct loop_child *watcher = (struct loop_child *)child;

	(void)events;
	ev_child_stop(ev, child);
	watcher->fn(watcher->data, child->rpid, child->rstatus);
}

struct loop_child *loop_child_add(struct loop *loop, pid_t pid, loop_child_fn *fn, void *data)
{
	struct loop_child *watcher = xcalloc(1, sizeof(*watcher));

	watcher->ev = loop->ev;
	watcher->fn = fn;
	watcher->data = data;
	ev_child_init(&watcher->child, on_child, pid, 0);
	ev_child_start(loop->ev, &watcher->child);
	return watcher;
}

void loop_child_remove(struct loop_child *watcher)
{
	if (watcher) {
		ev_child_stop(watcher->ev, &watcher->child);
		free(watcher);
	}
}
