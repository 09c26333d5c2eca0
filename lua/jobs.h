/*
 * Jobs: what calls a pupil's function again and again. A timer (every, after),
 * a handler (on), or a spawned task's handle. Each runs at most one task at a
 * time: a timer skips, a handler queues its events in order.
 */
#pragma once

#include "scheduler.h"

enum { QUEUE_MAX = 256 };

enum job_kind { JOB_TIMER, JOB_HANDLER, JOB_SPAWN };

struct job {
	struct job *next;
	enum job_kind kind;
	bool is_active;
	struct task *task;	   /* that runs now, or NULL */
	int64_t due_us, period_us; /* timer; period 0 = once */
	int64_t handle;		   /* handler: of which kit */
	char name[WIRE_NAME_MAX];
	int64_t first, last; /* handler: events in the queue, first > last = none */
	bool has_skipped;
	/* user values: 1 the function, 2 the queue: event n has its value at 2n, its time at 2n+1
	 */
};

void jobs_open(lua_State *L);

/* Pushes a new active job for the function at `function`. */
struct job *job_add(lua_State *L, enum job_kind kind, int function);
/* For scheduler.c: the job's task is gone. */
void job_task_ended(lua_State *L, struct job *job);

/* An event for the handlers; its value is on top of the stack (popped). */
void jobs_event(lua_State *L, int64_t handle, const char *name);
/* Does anybody still want events `name` of a kit? If not, tells the daemon. */
void jobs_unwatch(struct runner *runner, int64_t handle, const char *name);

/* Starts the functions of timers that are due and of handlers with events. */
void jobs_start_due(lua_State *L);
bool jobs_have_work(const struct runner *runner);   /* a free handler has events */
int64_t jobs_next_due(const struct runner *runner); /* INT64_MAX = never */
