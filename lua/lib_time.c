/*
 * Time in a script: sleep, wait, now, every, after, spawn. All times are
 * seconds of the run's clock.
 */
#include "lib.h"

#include "fault.h"
#include "host.h"
#include "jobs.h"

#include <lauxlib.h>
#include <stdio.h>

enum { WAIT_STEP_US = 20 * 1000 }; /* how often wait() asks its condition */

#define SECONDS_MAX 1e9

int64_t lib_seconds(lua_State *L, int index, const char *what)
{
	lua_Number seconds = lua_tonumber(L, index);
	char got[32];

	if (lua_type(L, index) != LUA_TNUMBER) {
		fault_raise(L, TEXT_SECONDS, what, luaL_typename(L, index), NULL);
	}
	if (!(seconds >= 0 && seconds <= SECONDS_MAX)) {
		snprintf(got, sizeof(got), "%g", seconds);
		fault_raise(L, TEXT_SECONDS, what, got, NULL);
	}
	return (int64_t)(seconds * 1e6 + 0.5);
}

void lib_need_function(
	lua_State *L, int index, const char *what, const char *right, const char *wrong)
{
	if (lua_type(L, index) != LUA_TFUNCTION) {
		fault_raise(L, TEXT_FUNCTION, what, luaL_typename(L, index), right, wrong, NULL);
	}
}

static int time_now(lua_State *L)
{
	host_time(L);
	lua_pushnumber(L, (lua_Number)runner_of(L)->now_us / 1e6);
	return 1;
}

/* When it is `delay` from now. 0: as soon as others have had their turn. */
static int64_t from_now(lua_State *L, int64_t delay_us)
{
	if (delay_us > 0) {
		host_time(L);
		return runner_of(L)->now_us + delay_us;
	}
	return runner_of(L)->now_us + 1;
}

static int slept(lua_State *L, int status, lua_KContext context)
{
	(void)L, (void)status, (void)context;
	return 0;
}

static int time_sleep(lua_State *L)
{
	int64_t delay = lib_seconds(L, 1, "sleep");

	return sched_wait(L, "sleep", TASK_ASLEEP, from_now(L, delay), 0, slept);
}

static int wait_test(lua_State *L);

static int wait_woke(lua_State *L, int status, lua_KContext context)
{
	(void)status, (void)context;
	return wait_test(L);
}

/* The stack: condition, deadline in microseconds, what the condition said. */
static int wait_tested(lua_State *L, int status, lua_KContext context)
{
	int64_t deadline = lua_tointeger(L, 2), next;

	(void)status, (void)context;
	if (lua_toboolean(L, 3)) {
		return 1;
	}
	host_time(L);
	next = runner_of(L)->now_us + WAIT_STEP_US;
	if (deadline <= runner_of(L)->now_us) {
		lua_pushboolean(L, 0);
		return 1;
	}
	return sched_wait(L, "wait", TASK_ASLEEP, next < deadline ? next : deadline, 0, wait_woke);
}

static int wait_test(lua_State *L)
{
	lua_settop(L, 2);
	lua_pushvalue(L, 1);
	lua_callk(L, 0, 1, 0, wait_tested);
	return wait_tested(L, LUA_OK, 0);
}

static int time_wait(lua_State *L)
{
	int64_t deadline = INT64_MAX;

	lib_need_function(L, 1, "wait", "wait(is_dark)", "wait(is_dark())");
	if (!lua_isnoneornil(L, 2)) {
		deadline = from_now(L, lib_seconds(L, 2, "wait"));
	}
	lua_settop(L, 1);
	lua_pushinteger(L, deadline);
	return wait_test(L);
}

static int time_every(lua_State *L)
{
	int64_t period = lib_seconds(L, 1, "every");
	int64_t due;
	struct job *job;
	char got[32];

	lib_need_function(L, 2, "every", "every(1, blink)", "every(1, blink())");
	if (period < 1000) {
		snprintf(got, sizeof(got), "%g", lua_tonumber(L, 1));
		return fault_raise(L, TEXT_PERIOD, got, NULL);
	}
	due = from_now(L, period);
	job = job_add(L, JOB_TIMER, 2);
	job->due_us = due;
	job->period_us = period;
	return 1;
}

static int time_after(lua_State *L)
{
	int64_t delay = lib_seconds(L, 1, "after");
	int64_t due;

	lib_need_function(L, 2, "after", "after(1, blink)", "after(1, blink())");
	due = from_now(L, delay);
	job_add(L, JOB_TIMER, 2)->due_us = due;
	return 1;
}

/* spawn(f, ...): f(...) as a task of its own. */
static int time_spawn(lua_State *L)
{
	int count = lua_gettop(L) - 1;
	struct task *task;

	lib_need_function(L, 1, "spawn", "spawn(blink)", "spawn(blink())");
	lua_pushvalue(L, 1);
	lua_insert(L, 1);
	task = sched_start(L, count);
	task->job = job_add(L, JOB_SPAWN, 1);
	task->job->task = task;
	return 1;
}

void lib_time_open(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{"now", time_now},
		{"sleep", time_sleep},
		{"wait", time_wait},
		{"every", time_every},
		{"after", time_after},
		{"spawn", time_spawn},
		{NULL, NULL},
	};

	lua_pushglobaltable(L);
	luaL_setfuncs(L, functions, 0);
	lua_pop(L, 1);
}
