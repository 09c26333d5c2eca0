/*
 * Tasks and their rounds; see scheduler.h.
 *
 * A finaliser (__gc) of the pupil can run wherever memory is asked for, and
 * call us. So the collector rests while a packet is read or a list is walked.
 */
#include "scheduler.h"

#include "anchor.h"
#include "fault.h"
#include "host.h"
#include "jobs.h"
#include "lib.h"

#include <stdio.h>
#include <string.h>

static const char tasks_table[] = "kitlab.tasks";
static const char marker = 0;

void sched_open(lua_State *L)
{
	runner_of(L)->sched.tasks_end = &runner_of(L)->sched.tasks;
	runner_of(L)->sched.told_us = INT64_MAX;
	jobs_open(L);
}

/* ---- one task ---- */

struct task *sched_start(lua_State *L, int count)
{
	struct sched *sched = &runner_of(L)->sched;
	struct task *task;
	char most[16];

	if (sched->task_count >= TASKS_MAX) {
		snprintf(most, sizeof(most), "%d", TASKS_MAX);
		fault_raise(L, TEXT_TOO_MANY_TASKS, most, NULL);
	}
	task = lua_newuserdatauv(L, sizeof(*task), 2);
	memset(task, 0, sizeof(*task));
	task->co = lua_newthread(L);
	lua_setiuservalue(L, -2, 1);
	anchor_add(L, tasks_table);
	luaL_checkstack(task->co, count + 8, NULL);
	lua_xmove(L, task->co, count + 1);
	*sched->tasks_end = task;
	sched->tasks_end = &task->next;
	sched->task_count++;
	return task;
}

static void remove_task(lua_State *L, struct task *task)
{
	struct sched *sched = &runner_of(L)->sched;
	struct task **at = &sched->tasks;

	while (*at != task) {
		at = &(*at)->next;
	}
	*at = task->next;
	if (!*at) {
		sched->tasks_end = at;
	}
	sched->task_count--;
	if (task->job) {
		job_task_ended(L, task->job);
	}
	anchor_remove(L, tasks_table, task);
}

void sched_end(lua_State *L, struct task *task)
{
	anchor_push(L, tasks_table, task); /* until its __close handlers have run */
	remove_task(L, task);
	lua_resetthread(task->co);
	lua_pop(L, 1);
}

/* Runs a task until it waits or ends. False: it failed. */
static bool resume(lua_State *L, struct task *task, struct fault *fault)
{
	struct sched *sched = &runner_of(L)->sched;
	bool is_new = lua_status(task->co) == LUA_OK;
	int count, status;

	sched->current = task;
	status = lua_resume(task->co, L, is_new ? lua_gettop(task->co) - 1 : 0, &count);
	sched->current = NULL;
	if (status == LUA_YIELD && sched_is_wait(task->co, count)) {
		return true;
	}
	if (status == LUA_OK) {
		remove_task(L, task);
		return true;
	}
	if (runner_stop) {
		runner_raise_stop(L);
	}
	fault_from_error(task->co, status, fault);
	return false;
}

/* ---- waiting ---- */

static struct task *need_waiter(lua_State *L, const char *what)
{
	struct task *task = runner_of(L)->sched.current;

	if (!task || !lua_isyieldable(L)) {
		fault_raise(L, TEXT_CANNOT_WAIT, what, NULL);
	}
	return task;
}

int sched_wait(lua_State *L, const char *what, enum task_state state, int64_t due_us,
	lua_KContext context, lua_KFunction then)
{
	struct task *task = need_waiter(L, what);

	task->state = state;
	task->due_us = due_us;
	task->has_value = false;
	return sched_pass(L, context, then);
}

int sched_wait_reply(lua_State *L, const char *what, lua_KContext context, lua_KFunction then)
{
	struct task *task = need_waiter(L, what);

	task->serial = runner_of(L)->serial;
	host_send(runner_of(L));
	return sched_wait(L, what, TASK_CALLING, INT64_MAX, context, then);
}

int sched_pass(lua_State *L, lua_KContext context, lua_KFunction then)
{
	lua_pushlightuserdata(L, (void *)&marker);
	return lua_yieldk(L, 1, context, then);
}

bool sched_is_wait(lua_State *co, int count)
{
	if (count != 1 || !lua_islightuserdata(co, -1) || lua_touserdata(co, -1) != &marker) {
		return false;
	}
	lua_pop(co, 1);
	return true;
}

void sched_value(lua_State *L)
{
	struct task *task = runner_of(L)->sched.current;

	if (!task->has_value) {
		lua_pushnil(L);
		return;
	}
	anchor_push(L, tasks_table, task);
	lua_getiuservalue(L, -1, 2);
	lua_remove(L, -2);
}

struct wire_in sched_reply(lua_State *L)
{
	struct wire_in in = {.is_bad = true};
	size_t length;
	const char *bytes;

	sched_value(L);
	bytes = lua_tolstring(L, -1, &length);
	if (bytes) {
		wire_open(&in, (const uint8_t *)bytes, length);
	}
	return in;
}

/* Gives a waiting task its value (top of the stack, popped). */
static void wake(lua_State *L, struct task *task)
{
	anchor_push(L, tasks_table, task);
	lua_insert(L, -2);
	lua_setiuservalue(L, -2, 2);
	lua_pop(L, 1);
	task->has_value = true;
	task->state = TASK_READY;
}

/* ---- packets ---- */

static void take_reply(lua_State *L, const struct wire_in *in)
{
	struct runner *runner = runner_of(L);

	for (struct task *task = runner->sched.tasks; task; task = task->next) {
		if (task->state == TASK_CALLING && task->serial == in->serial) {
			lua_pushlstring(L, (const char *)runner->packet,
				(size_t)(in->bytes + in->left - runner->packet));
			wake(L, task);
			return;
		}
	}
}

static void take_event(lua_State *L, struct wire_in *in)
{
	struct wire_value value;
	char name[WIRE_NAME_MAX];
	int64_t handle = wire_get_int(in);

	wire_get_string(in, name, sizeof(name));
	wire_get(in, &value);
	if (in->is_bad) {
		return;
	}
	for (struct task *task = runner_of(L)->sched.tasks; task; task = task->next) {
		if (task->state == TASK_WATCHING && task->handle == handle &&
			!strcmp(task->name, name)) {
			host_push(L, &value);
			wake(L, task);
		}
	}
	host_push(L, &value);
	jobs_event(L, handle, name);
}

void sched_packet(lua_State *L, struct wire_in *in)
{
	struct runner *runner = runner_of(L);

	if (in->type == WIRE_PING) {
		wire_begin(&runner->out, WIRE_PONG, in->serial, 0);
		host_send(runner);
		return;
	}
	if (in->type == WIRE_TICK) {
		runner->sched.told_us = INT64_MAX;
		return;
	}
	lua_gc(L, LUA_GCSTOP);
	if (in->type == WIRE_REPLY) {
		take_reply(L, in);
	} else if (in->type == WIRE_EVENT) {
		take_event(L, in);
	} else if (in->type == WIRE_KIT) {
		lib_kit_packet(L, in);
	}
	lua_gc(L, LUA_GCRESTART);
}

/* ---- rounds ---- */

static void start_due(lua_State *L)
{
	struct runner *runner = runner_of(L);

	for (struct task *task = runner->sched.tasks; task; task = task->next) {
		if ((task->state == TASK_ASLEEP || task->state == TASK_WATCHING) &&
			task->due_us <= runner->now_us) {
			task->state = TASK_READY;
		}
	}
	lua_gc(L, LUA_GCSTOP);
	jobs_start_due(L);
	lua_gc(L, LUA_GCRESTART);
}

static struct task *first_ready(const struct sched *sched)
{
	struct task *task = sched->tasks;

	while (task && task->state != TASK_READY) {
		task = task->next;
	}
	return task;
}

/* Asks the daemon to tick when the next task or timer is due. */
static void tell_idle(struct runner *runner)
{
	int64_t due = jobs_next_due(runner);

	for (const struct task *task = runner->sched.tasks; task; task = task->next) {
		if ((task->state == TASK_ASLEEP || task->state == TASK_WATCHING) &&
			task->due_us < due) {
			due = task->due_us;
		}
	}
	if (due < runner->sched.told_us) {
		host_begin(runner, WIRE_IDLE);
		wire_put_int(&runner->out, due);
		host_send(runner);
		runner->sched.told_us = due;
	}
}

bool sched_run(lua_State *L, struct fault *fault)
{
	struct sched *sched = &runner_of(L)->sched;
	struct task *task;
	struct wire_in in;

	for (;;) {
		start_due(L);
		while ((task = first_ready(sched))) {
			if (!resume(L, task, fault)) {
				return false;
			}
		}
		if (jobs_have_work(runner_of(L))) {
			continue;
		}
		if (!sched->tasks && !sched->jobs) {
			return true;
		}
		tell_idle(runner_of(L));
		in = host_receive(L);
		sched_packet(L, &in);
	}
}
