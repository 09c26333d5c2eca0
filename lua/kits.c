/*
 * The objects that stand for kits: fields are properties, methods are actions.
 *
 *   bench.light          reads: one request, answered at once, never yields
 *   bench.led = true     writes, likewise
 *   bench.pin[13] = 1    a numbered name, "pin.13"
 *   bench:tone{...}      an action
 *
 * See kits.h.
 */
#include "kits.h"

#include "fault.h"
#include "host.h"

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

static const char kit_type[] = "kit";
static const char group_type[] = "pins";

void kits_begin(lua_State *L, enum wire_type type, const char *name)
{
	struct runner *runner = runner_of(L);
	const struct kit_object *object = lua_touserdata(L, 1);
	struct fault fault = {.code = "not_found"};

	if (strlen(name) >= WIRE_NAME_MAX) {
		kits_raise(L, &fault, name);
	}
	host_request(runner, type);
	wire_put_int(&runner->out, object->handle);
	wire_put_string(&runner->out, name);
}

int kits_finish(lua_State *L, const char *name)
{
	struct wire_in reply = host_call(L);
	struct fault fault = {0};

	if (host_failed(&reply, &fault)) {
		return kits_raise(L, &fault, name);
	}
	return host_result(L, &reply);
}

static int read_property(lua_State *L, const char *name)
{
	kits_begin(L, WIRE_READ, name);
	return kits_finish(L, name);
}

/* The value is at 3. */
static void write_property(lua_State *L, const char *name)
{
	kits_begin(L, WIRE_WRITE, name);
	host_put(L, 3, name);
	kits_finish(L, name);
}

/* ---- objects ---- */

/* Pushes a new object of the kit whose table is at `table`. */
static struct kit_object *push_new(lua_State *L, const char *type, int64_t handle, int table)
{
	struct kit_object *object;

	table = lua_absindex(L, table);
	object = lua_newuserdatauv(L, sizeof(*object), 1);
	memset(object, 0, sizeof(*object));
	object->handle = handle;
	lua_pushvalue(L, table);
	lua_setiuservalue(L, -2, 1);
	luaL_setmetatable(L, type);
	return object;
}

void kits_push_object(lua_State *L, int64_t handle)
{
	kits_push_table(L, handle);
	if (lua_getfield(L, -1, "object") == LUA_TNIL) {
		lua_pop(L, 1);
		push_new(L, kit_type, handle, -1);
		lua_pushvalue(L, -1);
		lua_setfield(L, -3, "object");
	}
	lua_remove(L, -2);
}

/* Keeps what is on top as the kit's `name`, in its table at 3. */
static void keep_made(lua_State *L, const char *name)
{
	lua_getfield(L, 3, "made");
	lua_pushvalue(L, -2);
	lua_setfield(L, -2, name);
	lua_pop(L, 1);
}

/* Pushes the member `name` of the kit at 1, whose table is at 3, if it is no property. */
static bool push_member(lua_State *L, const char *name)
{
	const struct kit_object *self = lua_touserdata(L, 1);

	if (lua_getfield(L, lua_upvalueindex(1), name) == LUA_TFUNCTION || /* on, wait */
		kits_look_up(L, 3, "made", name) != LUA_TNIL) {
		return true;
	}
	if (kits_look_up(L, 3, "actions", name) == LUA_TTABLE) {
		lua_pushvalue(L, 2);
		lua_pushcclosure(L, kits_act, 1);
		keep_made(L, name);
		return true;
	}
	if (kits_look_up(L, 3, "names", name) == LUA_TNIL &&
		kits_look_up(L, 3, "stems", name) == LUA_TBOOLEAN) {
		snprintf(push_new(L, group_type, self->handle, 3)->stem, WIRE_NAME_MAX, "%s", name);
		keep_made(L, name);
		return true;
	}
	return false;
}

static const char *need_name(lua_State *L)
{
	if (lua_type(L, 2) != LUA_TSTRING) {
		fault_raise(L, TEXT_KEY, luaL_typename(L, 2), NULL);
	}
	return lua_tostring(L, 2);
}

static int kit_index(lua_State *L)
{
	const char *name;

	luaL_checkudata(L, 1, kit_type);
	name = need_name(L);
	lua_settop(L, 2);
	lua_getiuservalue(L, 1, 1);
	if (push_member(L, name)) {
		return 1;
	}
	if ((!strcmp(name, "id") || !strcmp(name, "model")) &&
		kits_look_up(L, 3, "names", name) == LUA_TNIL) {
		lua_getfield(L, 3, name);
		return 1;
	}
	return read_property(L, name);
}

static int kit_newindex(lua_State *L)
{
	luaL_checkudata(L, 1, kit_type);
	write_property(L, need_name(L));
	return 0;
}

static int kit_tostring(lua_State *L)
{
	luaL_checkudata(L, 1, kit_type);
	lua_getiuservalue(L, 1, 1);
	lua_getfield(L, -1, "id");
	return 1;
}

/* ---- groups of numbered properties ---- */

/* "pin.13" from bench.pin[13], "pin.A0" from bench.pin.A0. */
static void group_name(lua_State *L, char name[2 * WIRE_NAME_MAX])
{
	const struct kit_object *group = luaL_checkudata(L, 1, group_type);
	int is_integer;
	lua_Integer number = lua_tointegerx(L, 2, &is_integer);

	if (is_integer) {
		snprintf(name, 2 * WIRE_NAME_MAX, "%s.%lld", group->stem, (long long)number);
	} else {
		snprintf(name, 2 * WIRE_NAME_MAX, "%s.%s", group->stem, need_name(L));
	}
}

static int group_index(lua_State *L)
{
	char name[2 * WIRE_NAME_MAX];

	group_name(L, name);
	return read_property(L, name);
}

static int group_newindex(lua_State *L)
{
	char name[2 * WIRE_NAME_MAX];

	group_name(L, name);
	write_property(L, name);
	return 0;
}

/* Pushes a new metatable that scripts cannot get at. */
static void push_type(lua_State *L, const char *type, lua_CFunction newindex)
{
	luaL_newmetatable(L, type);
	lua_pushcfunction(L, newindex);
	lua_setfield(L, -2, "__newindex");
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
}

void kits_open_types(lua_State *L)
{
	push_type(L, kit_type, kit_newindex);
	lua_pushcfunction(L, kit_tostring);
	lua_setfield(L, -2, "__tostring");
	lua_insert(L, -2);
	lua_pushcclosure(L, kit_index, 1);
	lua_setfield(L, -2, "__index");
	lua_pop(L, 1);

	push_type(L, group_type, group_newindex);
	lua_pushcfunction(L, group_index);
	lua_setfield(L, -2, "__index");
	lua_pop(L, 1);
}
