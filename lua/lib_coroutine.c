/*
 * coroutine: Lua's own, but a sleep inside a coroutine makes the whole task
 * wait and goes on inside it, as if it were not there. So resume and wrap hand the
 * scheduler's yields on to whoever resumed them, and resume the coroutine when
 * they are resumed themselves.
 *
 * A coroutine that waits so is not its owner's to resume or close: the registry
 * remembers it in a weak table.
 */
#include "lib.h"

#include "fault.h"
#include "scheduler.h"

#include <lauxlib.h>

static const char waiting_table[] = "kitlab.waiting";

static void set_waiting(lua_State *L, lua_State *co, bool is_waiting)
{
	luaL_getsubtable(L, LUA_REGISTRYINDEX, waiting_table);
	lua_pushthread(co);
	lua_xmove(co, L, 1);
	if (is_waiting) {
		lua_pushboolean(L, 1);
	} else {
		lua_pushnil(L);
	}
	lua_rawset(L, -3);
	lua_pop(L, 1);
}

static bool is_waiting(lua_State *L, int index)
{
	bool waits;

	index = lua_absindex(L, index);
	luaL_getsubtable(L, LUA_REGISTRYINDEX, waiting_table);
	lua_pushvalue(L, index);
	waits = lua_rawget(L, -2) == LUA_TBOOLEAN;
	lua_pop(L, 2);
	return waits;
}

static lua_State *need_coroutine(lua_State *L, int index)
{
	lua_State *co = lua_tothread(L, index);

	luaL_argexpected(L, co, index, "coroutine");
	return co;
}

static const char *status_of(lua_State *L, int index)
{
	lua_State *co = lua_tothread(L, index);
	lua_Debug at;

	if (L == co) {
		return "running";
	}
	if (is_waiting(L, index)) {
		return "normal";
	}
	switch (lua_status(co)) {
	case LUA_YIELD:
		return "suspended";
	case LUA_OK:
		if (lua_getstack(co, 0, &at)) {
			return "normal"; /* it resumed another one */
		}
		return lua_gettop(co) == 0 ? "dead" : "suspended";
	default:
		return "dead";
	}
}

/*
 * Resumes the coroutine at stack index 1 with `count` values from the top. The
 * number of its values, moved to L; -1 with its error on top; or -2: it waits, hand that on.
 */
static int resume(lua_State *L, int count)
{
	lua_State *co = lua_tothread(L, 1);
	int status, results;

	if (!lua_checkstack(co, count)) {
		lua_pushliteral(L, "too many arguments to resume");
		return -1;
	}
	lua_xmove(L, co, count);
	status = lua_resume(co, L, count, &results);
	if (status == LUA_YIELD && sched_is_wait(co, results)) {
		if (lua_isyieldable(L)) {
			set_waiting(L, co, true);
			return -2;
		}
		lua_resetthread(co);
		return fault_raise(L, TEXT_CANNOT_WAIT, "coroutine", NULL);
	}
	if (status != LUA_OK && status != LUA_YIELD) {
		lua_xmove(co, L, 1);
		return -1;
	}
	if (!lua_checkstack(L, results + 1)) {
		lua_pop(co, results);
		lua_pushliteral(L, "too many results to resume");
		return -1;
	}
	lua_xmove(co, L, results);
	return results;
}

/* The stop of a run is no error of the coroutine. */
static void check_stop(lua_State *L)
{
	if (runner_stop) {
		runner_raise_stop(L);
	}
}

static int resume_woke(lua_State *L, int status, lua_KContext is_wrap);

/* Answers as coroutine.resume or as a wrapped function does. The coroutine is at 1. */
static int resume_end(lua_State *L, int results, lua_KContext is_wrap)
{
	if (results == -2) {
		return sched_pass(L, is_wrap, resume_woke);
	}
	if (results < 0) {
		check_stop(L);
	}
	if (!is_wrap) {
		lua_pushboolean(L, results >= 0);
		lua_insert(L, results >= 0 ? -1 - results : -2);
		return results >= 0 ? results + 1 : 2;
	}
	if (results < 0) {
		lua_State *co = lua_tothread(L, 1);
		int status = lua_status(co);

		if (status != LUA_OK &&
			status != LUA_YIELD) { /* it failed: close what it has open */
			lua_resetthread(co);
			lua_settop(co, 0);
		}
		return lua_error(L);
	}
	return results;
}

static int resume_woke(lua_State *L, int status, lua_KContext is_wrap)
{
	(void)status;
	lua_settop(L, 1);
	set_waiting(L, lua_tothread(L, 1), false);
	return resume_end(L, resume(L, 0), is_wrap);
}

/* Why the coroutine at 1 cannot be resumed, or NULL. */
static const char *why_not(lua_State *L)
{
	const char *status = status_of(L, 1);

	if (is_waiting(L, 1)) {
		fault_raise(L, TEXT_CO_BUSY, NULL);
	}
	if (*status == 's') {
		return NULL;
	}
	return *status == 'd' ? "cannot resume dead coroutine"
			      : "cannot resume non-suspended coroutine";
}

static int co_resume(lua_State *L)
{
	const char *why;

	need_coroutine(L, 1);
	why = why_not(L);
	if (why) {
		lua_pushboolean(L, 0);
		lua_pushstring(L, why);
		return 2;
	}
	return resume_end(L, resume(L, lua_gettop(L) - 1), 0);
}

static int co_wrapped(lua_State *L)
{
	const char *why;

	lua_pushvalue(L, lua_upvalueindex(1));
	lua_insert(L, 1);
	why = why_not(L);
	if (why) {
		return luaL_error(L, "%s", why);
	}
	return resume_end(L, resume(L, lua_gettop(L) - 1), 1);
}

static int co_create(lua_State *L)
{
	lua_State *co;

	luaL_checktype(L, 1, LUA_TFUNCTION);
	co = lua_newthread(L);
	lua_pushvalue(L, 1);
	lua_xmove(L, co, 1);
	return 1;
}

static int co_wrap(lua_State *L)
{
	co_create(L);
	lua_pushcclosure(L, co_wrapped, 1);
	return 1;
}

static bool is_task(lua_State *L)
{
	const struct task *task = runner_of(L)->sched.current;

	return task && task->co == L;
}

static int co_yield (lua_State *L)
{
	if (is_task(L)) {
		return luaL_error(L, "attempt to yield from outside a coroutine");
	}
	return lua_yield(L, lua_gettop(L));
}

static int co_status(lua_State *L)
{
	need_coroutine(L, 1);
	lua_pushstring(L, status_of(L, 1));
	return 1;
}

static int co_running(lua_State *L)
{
	lua_pushthread(L);
	lua_pushboolean(L, is_task(L));
	return 2;
}

static int co_isyieldable(lua_State *L)
{
	lua_pushboolean(L, lua_isyieldable(L) && !is_task(L));
	return 1;
}

static int co_close(lua_State *L)
{
	lua_State *co = need_coroutine(L, 1);
	const char *status = status_of(L, 1);

	if (*status != 's' && *status != 'd') {
		return luaL_error(L, "cannot close a %s coroutine", status);
	}
	if (lua_resetthread(co) == LUA_OK) {
		lua_pushboolean(L, 1);
		return 1;
	}
	check_stop(L);
	lua_pushboolean(L, 0);
	lua_xmove(co, L, 1);
	return 2;
}

void lib_coroutine_open(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{"create", co_create},
		{"resume", co_resume},
		{"wrap", co_wrap},
		{"yield", co_yield },
		{"status", co_status},
		{"running", co_running},
		{"isyieldable", co_isyieldable},
		{"close", co_close},
		{NULL, NULL},
	};

	lua_newtable(L);
	lua_createtable(L, 0, 1);
	lua_pushliteral(L, "k");
	lua_setfield(L, -2, "__mode");
	lua_setmetatable(L, -2);
	lua_setfield(L, LUA_REGISTRYINDEX, waiting_table);
	luaL_newlib(L, functions);
	lua_setglobal(L, "coroutine");
}
