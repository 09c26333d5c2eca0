/*
 * The scheduler: the tasks of one script, on one thread.
 *
 * A task is a Lua thread that runs until it waits. It waits by sched_wait(),
 * which yields a marker; coroutine.resume and wrap (lib_coroutine.c) hand
 * the marker on, so that a pupil's own coroutines can wait too. What woke a task
 * lies in the task, not in the values of the yield.
 *
 * Between two packets from the daemon the scheduler runs all that can run; it
 * never looks at the socket otherwise, so that the same packets give the same
 * run.
 */
#pragma once

#include "runner.h"

#include <stdbool.h>

enum { TASKS_MAX = 1000 };

enum task_state {
	TASK_READY,
	TASK_ASLEEP,   /* until due_us */
	TASK_CALLING,  /* until the reply `serial` */
	TASK_WATCHING, /* until an event `name` of kit `handle`, or due_us */
};

struct task {
	struct task *next;
	lua_State *co;
	struct job *job; /* whose function it runs; NULL = main, or its timer has ended */
	enum task_state state;
	int64_t due_us;
	uint32_t serial;
	int64_t handle;
	char name[WIRE_NAME_MAX];
	bool has_value; /* user value 2 came */
	/* user values: 1 the Lua thread, 2 the reply's packet or the event's value */
};

void sched_open(lua_State *L);

/*
 * A new task from the function and `count` arguments on top of the stack
 * (popped). It runs at the scheduler's next round.
 */
struct task *sched_start(lua_State *L, int count);
/* Ends a task that waits, closing what it has open. */
void sched_end(lua_State *L, struct task *task);

/*
 * The current task waits; use as `return sched_wait(...)`. Where it cannot (a
 * C function that does not yield is below) an error tells that `what` cannot wait.
 */
int sched_wait(lua_State *L, const char *what, enum task_state state, int64_t due_us,
	lua_KContext context, lua_KFunction then);
/* As above, for the reply to the request in runner->out, which is sent. */
int sched_wait_reply(lua_State *L, const char *what, lua_KContext context, lua_KFunction then);
/* In `then`: the reply. Pushes what the reply borrows from. */
struct wire_in sched_reply(lua_State *L);
/* In `then` of TASK_WATCHING: pushes the event's value, or nil when its time was up. */
void sched_value(lua_State *L);

/* Was this yield of `co` a sched_wait()? Pops the marker. */
bool sched_is_wait(lua_State *co, int count);
/* Hands the wait on to whoever resumed L. */
int sched_pass(lua_State *L, lua_KContext context, lua_KFunction then);

/* A packet that no blocking call waits for. */
void sched_packet(lua_State *L, struct wire_in *in);

/* Runs until nothing is left to do. False: a task failed with *fault. */
bool sched_run(lua_State *L, struct fault *fault);
