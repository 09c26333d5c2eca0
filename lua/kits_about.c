/*
 * What a kit has, and what is said when it has not. See kits.h.
 */
#include "kits.h"

#include "fault.h"
#include "lib.h"
#include "near.h"

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

static const char kits_table[] = "kitlab.kits";

enum { NAMES_MAX = 512, ARGS_MAX = 16 };

void kits_push_table(lua_State *L, int64_t handle)
{
	luaL_getsubtable(L, LUA_REGISTRYINDEX, kits_table);
	if (lua_rawgeti(L, -1, (lua_Integer)handle) != LUA_TTABLE) {
		lua_pop(L, 1);
		lua_newtable(L);
		lua_pushvalue(L, -1);
		lua_rawseti(L, -3, (lua_Integer)handle);
	}
	lua_remove(L, -2);
}

int kits_look_up(lua_State *L, int table, const char *field, const char *key)
{
	if (lua_getfield(L, table, field) != LUA_TTABLE) {
		return LUA_TNIL; /* pushed it */
	}
	lua_pushstring(L, key);
	lua_rawget(L, -2);
	lua_remove(L, -2);
	return lua_type(L, -1);
}

static void read_text(lua_State *L, struct wire_in *in)
{
	size_t length;
	const char *text = wire_get_text(in, &length);

	lua_pushlstring(L, text, length);
}

/* Adds the name on top (popped) to the names in the table below it. */
static void add_name(lua_State *L)
{
	lua_getfield(L, -2, "names");
	lua_pushvalue(L, -2);
	lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
	lua_insert(L, -2);
	lua_pushboolean(L, 1);
	lua_rawset(L, -3);
	lua_pop(L, 1);
}

static void read_names(lua_State *L, struct wire_in *in)
{
	size_t count = wire_get_count(in, NAMES_MAX);
	const char *name, *dot;

	for (size_t i = 0; i < count; i++) {
		read_text(L, in);
		name = lua_tostring(L, -1);
		dot = strchr(name, '.');
		if (dot) { /* a numbered name: its stem is a field of the kit */
			lua_getfield(L, -2, "stems");
			lua_pushlstring(L, name, (size_t)(dot - name));
			lua_pushboolean(L, 1);
			lua_rawset(L, -3);
			lua_pop(L, 1);
		}
		add_name(L);
	}
}

static void read_actions(lua_State *L, struct wire_in *in)
{
	size_t count = wire_get_count(in, NAMES_MAX), args;

	for (size_t i = 0; i < count; i++) {
		read_text(L, in);
		lua_getfield(L, -2, "actions");
		lua_pushvalue(L, -2);
		lua_newtable(L);
		args = wire_get_count(in, ARGS_MAX);
		for (size_t j = 0; j < args; j++) {
			read_text(L, in);
			lua_rawseti(L, -2, (lua_Integer)j + 1);
		}
		lua_rawset(L, -3);
		lua_pop(L, 1);
		add_name(L);
	}
}

void lib_kit_packet(lua_State *L, struct wire_in *in)
{
	static const char *const fields[] = {"names", "stems", "actions", "made"};

	kits_push_table(L, wire_get_int(in));
	read_text(L, in);
	lua_setfield(L, -2, "id");
	read_text(L, in);
	lua_setfield(L, -2, "model");
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		lua_newtable(L);
		lua_setfield(L, -2, fields[i]);
	}
	read_names(L, in);
	read_actions(L, in);
	read_names(L, in); /* events */
	lua_pop(L, 1);
}

/* The kit whose table is at `table` has no `name`: tells the nearest, or what it has. */
static int raise_no_name(lua_State *L, int table, const char *name)
{
	char list[160] = "";
	const char *id, *other;
	struct near near;
	size_t at = 0;

	near_begin(&near, name);
	lua_getfield(L, table, "id");
	id = lua_isstring(L, -1) ? lua_tostring(L, -1) : "kit";
	lua_getfield(L, table, "names");
	for (lua_Integer i = 1; lua_istable(L, -1) && lua_rawgeti(L, -1, i) == LUA_TSTRING; i++) {
		other = lua_tostring(L, -1);
		near_offer(&near, other);
		if (!strchr(other, '.') && at < sizeof(list)) { /* raw pins would fill it */
			at += (size_t)snprintf(
				list + at, sizeof(list) - at, "%s%s", at ? ", " : "", other);
		}
		lua_pop(L, 1);
	}
	if (near.best[0]) {
		return fault_raise(L, TEXT_NO_NAME_NEAR, id, name, near.best, NULL);
	}
	return fault_raise(L, TEXT_NO_NAME, id, name, list, NULL);
}

int kits_raise(lua_State *L, struct fault *fault, const char *name)
{
	int table;

	if (strcmp(fault->code, "not_found")) {
		return fault_throw(L, fault);
	}
	lua_getiuservalue(L, 1, 1);
	table = lua_gettop(L);
	if (kits_look_up(L, table, "actions", name) == LUA_TTABLE) {
		return fault_raise(L, TEXT_IS_ACTION, name, NULL);
	}
	if (kits_look_up(L, table, "names", name) == LUA_TNIL) {
		return raise_no_name(L, table, name);
	}
	return fault_throw(L, fault);
}
