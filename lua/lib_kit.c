/*
 * kit.open, and the methods of kits: actions, on, wait. See kits.h for the
 * objects.
 */
#include "lib.h"

#include "fault.h"
#include "host.h"
#include "jobs.h"
#include "kits.h"

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

enum { NEEDS_MAX = 16 };

/* ---- open ---- */

static void put_name(lua_State *L, int index)
{
	size_t length;
	const char *name = lua_tolstring(L, index, &length);

	if (length >= WIRE_NAME_MAX) { /* no name is so long: it will not be found */
		length = WIRE_NAME_MAX - 1;
	}
	wire_put_text(&runner_of(L)->out, name, length);
}

/* {needs = {"light", "led"}} or {needs = "light"}. The list is on top of the stack. */
static void put_needs(lua_State *L)
{
	lua_Unsigned count = lua_rawlen(L, -1);
	bool is_list = lua_istable(L, -1) && count > 0 && count <= NEEDS_MAX;

	if (lua_type(L, -1) == LUA_TSTRING) {
		wire_put_int(&runner_of(L)->out, 1);
		put_name(L, -1);
		return;
	}
	wire_put_int(&runner_of(L)->out, (int64_t)count);
	for (lua_Unsigned i = 1; is_list && i <= count; i++) {
		is_list = lua_rawgeti(L, -1, (lua_Integer)i) == LUA_TSTRING;
		if (is_list) {
			put_name(L, -1);
			lua_pop(L, 1);
		}
	}
	if (!is_list) {
		fault_raise(L, TEXT_OPEN, "table", NULL);
	}
}

static int push_opened(lua_State *L, struct wire_in *reply)
{
	struct fault fault = {0};

	if (host_failed(reply, &fault)) {
		return fault_throw(L, &fault);
	}
	kits_push_object(L, wire_get_int(reply));
	return 1;
}

static int opened(lua_State *L, int status, lua_KContext context)
{
	struct wire_in reply = sched_reply(L);

	(void)status, (void)context;
	return push_opened(L, &reply);
}

/* kit.open(), kit.open "uno-1", kit.open{needs = {...}} */
static int kit_open(lua_State *L)
{
	struct runner *runner = runner_of(L);
	struct wire_in reply;

	lua_settop(L, 1);
	if (lua_istable(L, 1)) {
		lua_getfield(L, 1, "needs");
	} else if (!lua_isnil(L, 1) && lua_type(L, 1) != LUA_TSTRING) {
		return fault_raise(L, TEXT_OPEN, luaL_typename(L, 1), NULL);
	}
	host_request(runner, WIRE_OPEN);
	if (lua_isstring(L, 1)) {
		put_name(L, 1);
	} else {
		wire_put_string(&runner->out, "");
	}
	if (lua_istable(L, 1)) {
		put_needs(L);
	} else {
		wire_put_int(&runner->out, 0);
	}
	if (lua_isyieldable(L)) { /* it may take seconds until a kit is ready */
		return sched_wait_reply(L, "kit.open", 0, opened);
	}
	reply = host_call(L);
	return push_opened(L, &reply);
}

/* ---- actions ---- */

/* How many arguments are given by position, from stack index 2. */
static int count_positional(lua_State *L, const char *name, int list)
{
	int most = (int)lua_rawlen(L, list), top = lua_gettop(L) - 1, count = 0;
	char number[16], got[16], order[160] = "";
	size_t at = 0;

	if (top - 1 > most) {
		for (int i = 1; i <= most && at < sizeof(order); i++) {
			lua_rawgeti(L, list, i);
			at += (size_t)snprintf(order + at, sizeof(order) - at, "%s%s",
				at ? ", " : "", lua_tostring(L, -1));
			lua_pop(L, 1);
		}
		snprintf(number, sizeof(number), "%d", most);
		snprintf(got, sizeof(got), "%d", top - 1);
		fault_raise(L, TEXT_ARGUMENTS, name, number, got, order, NULL);
	}
	for (int i = 2; i <= top; i++) {
		count += !lua_isnil(L, i);
	}
	return count;
}

/* bench:tone(440, 0.5): in the order of the description, whose list is on top of the stack. */
static void put_positional(lua_State *L, const char *name)
{
	struct runner *runner = runner_of(L);
	int list = lua_gettop(L), count = count_positional(L, name, list);

	kits_begin(L, WIRE_ACT, name);
	wire_put_int(&runner->out, count);
	for (int i = 2; i < list; i++) {
		if (lua_isnil(L, i)) {
			continue;
		}
		lua_rawgeti(L, list, i - 1);
		wire_put_string(&runner->out, lua_tostring(L, -1));
		host_put(L, i, lua_tostring(L, -1));
		lua_pop(L, 1);
	}
}

/* bench:tone{frequency = 440}: the table at 2. */
static void put_named(lua_State *L, const char *name)
{
	struct runner *runner = runner_of(L);
	int count = 0;

	for (lua_pushnil(L); lua_next(L, 2); lua_pop(L, 1)) {
		if (lua_type(L, -2) != LUA_TSTRING) {
			fault_raise(L, TEXT_ARGUMENT_NAME, name, luaL_typename(L, -2), NULL);
		}
		count++;
	}
	kits_begin(L, WIRE_ACT, name);
	wire_put_int(&runner->out, count);
	for (lua_pushnil(L); lua_next(L, 2); lua_pop(L, 1)) {
		put_name(L, -2);
		host_put(L, -1, lua_tostring(L, -2));
	}
}

static int acted(lua_State *L, int status, lua_KContext context)
{
	struct wire_in reply = sched_reply(L);
	struct fault fault = {0};

	(void)status, (void)context;
	if (host_failed(&reply, &fault)) {
		return kits_raise(L, &fault, lua_tostring(L, lua_upvalueindex(1)));
	}
	return host_result(L, &reply);
}

static void need_self(lua_State *L, const char *name)
{
	if (!luaL_testudata(L, 1, "kit")) {
		fault_raise(L, TEXT_NEEDS_COLON, name, NULL);
	}
}

int kits_act(lua_State *L)
{
	const char *name = lua_tostring(L, lua_upvalueindex(1));

	need_self(L, name);
	if (lua_gettop(L) == 2 && lua_istable(L, 2) && lua_rawlen(L, 2) == 0) {
		put_named(L, name);
		return sched_wait_reply(L, name, 0, acted);
	}
	lua_getiuservalue(L, 1, 1);
	if (kits_look_up(L, -1, "actions", name) != LUA_TTABLE) {
		lua_newtable(L); /* the kit lost it; the daemon will say so */
	}
	lua_replace(L, -2);
	put_positional(L, name);
	return sched_wait_reply(L, name, 0, acted);
}

/* ---- events ---- */

static const char *need_event(lua_State *L, const char *method)
{
	need_self(L, method);
	if (lua_type(L, 2) != LUA_TSTRING) {
		fault_raise(L, TEXT_NAME_EXPECTED, method, luaL_typename(L, 2), NULL);
	}
	return lua_tostring(L, 2);
}

/* bench:on(name, f): f(value, time) at each event, or each sample of a property. */
static int kit_on(lua_State *L)
{
	const char *name = need_event(L, "on");
	const struct kit_object *kit = lua_touserdata(L, 1);
	struct job *job;

	lib_need_function(L, 3, "on", "bench:on(\"button\", f)", "bench:on(\"button\", f())");
	kits_begin(L, WIRE_ON, name);
	kits_finish(L, name);
	job = job_add(L, JOB_HANDLER, 3);
	job->handle = kit->handle;
	snprintf(job->name, sizeof(job->name), "%s", name);
	return 1;
}

static int watched(lua_State *L, int status, lua_KContext context)
{
	const struct kit_object *kit = lua_touserdata(L, 1);

	(void)status, (void)context;
	jobs_unwatch(runner_of(L), kit->handle, lua_tostring(L, 2));
	sched_value(L);
	return 1;
}

/* bench:wait(name [, seconds]): the next event or sample; nil when the time is up. */
static int kit_wait(lua_State *L)
{
	const char *name = need_event(L, "wait");
	const struct kit_object *kit = lua_touserdata(L, 1);
	struct task *task = runner_of(L)->sched.current;
	int64_t deadline = INT64_MAX;

	if (!lua_isnoneornil(L, 3)) {
		deadline = lib_seconds(L, 3, "wait");
		host_time(L);
		deadline += runner_of(L)->now_us;
	}
	kits_begin(L, WIRE_ON, name);
	kits_finish(L, name);
	if (task) {
		task->handle = kit->handle;
		snprintf(task->name, sizeof(task->name), "%s", name);
	}
	return sched_wait(L, "wait", TASK_WATCHING, deadline, 0, watched);
}

void lib_kit_open(lua_State *L)
{
	static const luaL_Reg methods[] = {{"on", kit_on}, {"wait", kit_wait}, {NULL, NULL}};
	static const luaL_Reg functions[] = {{"open", kit_open}, {NULL, NULL}};

	luaL_newlib(L, methods);
	kits_open_types(L);
	luaL_newlib(L, functions);
}
