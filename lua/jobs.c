/*
 * Timers, handlers and handles of spawned tasks; see jobs.h.
 *
 * An active job is anchored in the registry; one that has ended stays so until
 * its task has ended too, because the task points to it.
 */
#include "jobs.h"

#include "anchor.h"
#include "host.h"

#include <stdio.h>
#include <string.h>

static const char jobs_table[] = "kitlab.jobs";
static const char job_type[] = "job";

struct job *job_add(lua_State *L, enum job_kind kind, int function)
{
	struct job **at = &runner_of(L)->sched.jobs;
	struct job *job;

	function = lua_absindex(L, function);
	job = lua_newuserdatauv(L, sizeof(*job), 2);
	memset(job, 0, sizeof(*job));
	job->kind = kind;
	luaL_setmetatable(L, job_type);
	lua_pushvalue(L, function);
	lua_setiuservalue(L, -2, 1);
	lua_newtable(L);
	lua_setiuservalue(L, -2, 2);
	lua_pushvalue(L, -1);
	anchor_add(L, jobs_table);
	job->is_active = true;
	job->first = 1;
	while (*at) {
		at = &(*at)->next;
	}
	*at = job;
	return job;
}

void jobs_unwatch(struct runner *runner, int64_t handle, const char *name)
{
	for (const struct job *job = runner->sched.jobs; job; job = job->next) {
		if (job->kind == JOB_HANDLER && job->handle == handle && !strcmp(job->name, name)) {
			return;
		}
	}
	for (const struct task *task = runner->sched.tasks; task; task = task->next) {
		if (task->state == TASK_WATCHING && task->handle == handle &&
			!strcmp(task->name, name)) {
			return;
		}
	}
	host_begin(runner, WIRE_OFF);
	wire_put_int(&runner->out, handle);
	wire_put_string(&runner->out, name);
	host_send(runner);
}

static void end_job(lua_State *L, struct job *job)
{
	struct job **at = &runner_of(L)->sched.jobs;

	if (!job->is_active) {
		return;
	}
	while (*at != job) {
		at = &(*at)->next;
	}
	*at = job->next;
	job->is_active = false;
	if (job->kind == JOB_HANDLER) {
		jobs_unwatch(runner_of(L), job->handle, job->name);
	}
	if (!job->task) {
		anchor_remove(L, jobs_table, job);
	}
}

void job_task_ended(lua_State *L, struct job *job)
{
	job->task = NULL;
	if (job->kind == JOB_SPAWN) {
		end_job(L, job);
	} else if (!job->is_active) {
		anchor_remove(L, jobs_table, job);
	}
}

/* job:stop(): a timer or handler is not called again; a spawned task that waits ends. */
static int job_stop(lua_State *L)
{
	struct job *job = luaL_checkudata(L, 1, job_type);

	if (job->kind != JOB_SPAWN) {
		end_job(L, job);
	} else if (job->task && job->task != runner_of(L)->sched.current) {
		sched_end(L, job->task);
	}
	return 0;
}

/* Starts the job's function with the `count` arguments on top of the stack (popped). */
static void call_job(lua_State *L, struct job *job, int count)
{
	anchor_push(L, jobs_table, job);
	lua_getiuservalue(L, -1, 1);
	lua_remove(L, -2);
	lua_insert(L, -1 - count);
	job->task = sched_start(L, count);
	job->task->job = job;
}

static void fire_timer(lua_State *L, struct job *job)
{
	int64_t late = runner_of(L)->now_us - job->due_us;

	if (!job->period_us) {
		call_job(L, job, 0);
		end_job(L, job); /* its task outlives it */
		return;
	}
	job->due_us += (late / job->period_us + 1) * job->period_us; /* skip, never pile up */
	if (!job->task) {
		call_job(L, job, 0);
	}
}

/* Drops a handler's oldest event. The queue is on top of the stack. */
static void drop_first(lua_State *L, struct job *job)
{
	lua_pushnil(L);
	lua_rawseti(L, -2, 2 * job->first);
	lua_pushnil(L);
	lua_rawseti(L, -2, 2 * job->first + 1);
	job->first++;
}

static void tell_skipped(struct runner *runner, struct job *job)
{
	struct fault notice;
	char line[sizeof(notice.message[0]) + 1];

	fault_set(&notice, TEXT_SLOW_HANDLER, job->name, NULL);
	snprintf(line, sizeof(line), "%s\n", notice.message[runner->lang]);
	host_begin(runner, WIRE_PRINT);
	wire_put_int(&runner->out, 1);
	wire_put_string(&runner->out, line);
	host_send(runner);
	job->has_skipped = true;
}

/* Puts the value on top of the stack into a handler's queue. */
static void queue_event(lua_State *L, struct job *job)
{
	struct runner *runner = runner_of(L);

	anchor_push(L, jobs_table, job);
	lua_getiuservalue(L, -1, 2);
	if (job->last - job->first + 1 >= QUEUE_MAX) {
		drop_first(L, job);
		if (!job->has_skipped) {
			tell_skipped(runner, job);
		}
	}
	job->last++;
	lua_pushvalue(L, -3);
	lua_rawseti(L, -2, 2 * job->last);
	lua_pushnumber(L, (lua_Number)runner->now_us / 1e6);
	lua_rawseti(L, -2, 2 * job->last + 1);
	lua_pop(L, 2);
}

void jobs_event(lua_State *L, int64_t handle, const char *name)
{
	for (struct job *job = runner_of(L)->sched.jobs; job; job = job->next) {
		if (job->kind == JOB_HANDLER && job->handle == handle && !strcmp(job->name, name)) {
			queue_event(L, job);
		}
	}
	lua_pop(L, 1);
}

static bool has_work(const struct job *job)
{
	return job->kind == JOB_HANDLER && !job->task && job->first <= job->last;
}

static void serve_handler(lua_State *L, struct job *job)
{
	anchor_push(L, jobs_table, job);
	lua_getiuservalue(L, -1, 2);
	lua_rawgeti(L, -1, 2 * job->first);
	lua_rawgeti(L, -2, 2 * job->first + 1);
	lua_rotate(L, -4, 2);
	drop_first(L, job);
	lua_pop(L, 2);
	call_job(L, job, 2);
}

void jobs_start_due(lua_State *L)
{
	struct runner *runner = runner_of(L);
	struct job *next;

	for (struct job *job = runner->sched.jobs; job; job = next) {
		next = job->next;
		if (job->kind == JOB_TIMER && job->due_us <= runner->now_us) {
			fire_timer(L, job);
		} else if (has_work(job)) {
			serve_handler(L, job);
		}
	}
}

bool jobs_have_work(const struct runner *runner)
{
	const struct job *job = runner->sched.jobs;

	while (job && !has_work(job)) {
		job = job->next;
	}
	return job != NULL;
}

int64_t jobs_next_due(const struct runner *runner)
{
	int64_t due = INT64_MAX;

	for (const struct job *job = runner->sched.jobs; job; job = job->next) {
		if (job->kind == JOB_TIMER && job->due_us < due) {
			due = job->due_us;
		}
	}
	return due;
}

void jobs_open(lua_State *L)
{
	static const luaL_Reg methods[] = {{"stop", job_stop}, {NULL, NULL}};

	luaL_newmetatable(L, job_type);
	luaL_newlib(L, methods);
	lua_setfield(L, -2, "__index");
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_pop(L, 1);
}
