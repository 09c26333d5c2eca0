/*
 * The globals of a script: what is harmless of Lua's own libraries, and print,
 * plot, pcall, load, require of ours.
 *
 * Gone: io, os, package, debug, collectgarbage, dofile, loadfile, string.dump, warn.
 */
#include "lib.h"

#include "fault.h"
#include "host.h"

#include <lauxlib.h>
#include <lualib.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { CURVES_MAX = 8, CURVE_NAME_MAX = 32 };

/* ---- print and plot ---- */

/* The arguments as one line, on top of the stack. */
static void push_line(lua_State *L)
{
	int count = lua_gettop(L);
	luaL_Buffer line;

	luaL_buffinit(L, &line);
	for (int i = 1; i <= count; i++) {
		if (i > 1) {
			luaL_addchar(&line, '\t');
		}
		luaL_tolstring(L, i, NULL);
		luaL_addvalue(&line);
	}
	luaL_addchar(&line, '\n');
	luaL_pushresult(&line);
}

static int write_line(lua_State *L, int stream)
{
	struct runner *runner = runner_of(L);
	size_t length, piece;
	const char *text;

	push_line(L);
	text = lua_tolstring(L, -1, &length);
	for (; length; text += piece, length -= piece) {
		piece = length < WIRE_CHUNK_MAX ? length : WIRE_CHUNK_MAX;
		host_begin(runner, WIRE_PRINT);
		wire_put_int(&runner->out, stream);
		wire_put_text(&runner->out, text, piece);
		host_send(runner);
	}
	return 0;
}

static int base_print(lua_State *L)
{
	return write_line(L, 0);
}

static int base_log(lua_State *L)
{
	return write_line(L, 1);
}

/* Checks one curve (key at -2, value at -1) and gives its number. */
static double curve(lua_State *L)
{
	const char *name;

	if (lua_type(L, -2) != LUA_TSTRING || lua_rawlen(L, -2) > CURVE_NAME_MAX) {
		fault_raise(L, TEXT_PLOT, luaL_typename(L, -2), NULL);
	}
	name = lua_tostring(L, -2);
	if (lua_isboolean(L, -1)) {
		return lua_toboolean(L, -1);
	}
	if (lua_type(L, -1) != LUA_TNUMBER) {
		fault_raise(L, TEXT_PLOT_VALUE, name, luaL_typename(L, -1), NULL);
	}
	if (!isfinite(lua_tonumber(L, -1))) {
		fault_raise(L, TEXT_NOT_FINITE, name, NULL);
	}
	return lua_tonumber(L, -1);
}

/* plot{light = 0.3, target = 0.5}: a point of each curve, now. */
static int base_plot(lua_State *L)
{
	struct runner *runner = runner_of(L);
	char most[16];
	int count = 0;

	if (!lua_istable(L, 1)) {
		return fault_raise(L, TEXT_PLOT, luaL_typename(L, 1), NULL);
	}
	for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1)) {
		curve(L);
		count++;
	}
	if (count > CURVES_MAX) {
		snprintf(most, sizeof(most), "%d", CURVES_MAX);
		return fault_raise(L, TEXT_PLOT_MANY, most, NULL);
	}
	host_begin(runner, WIRE_PLOT);
	wire_put_int(&runner->out, count);
	for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1)) {
		wire_put_string(&runner->out, lua_tostring(L, -2));
		wire_put_number(&runner->out, curve(L));
	}
	host_send(runner);
	return 0;
}

/* ---- pcall, xpcall: as Lua's, but the stop of a run goes through ---- */

static int pcall_end(lua_State *L, int status, lua_KContext extra)
{
	if (status == LUA_OK || status == LUA_YIELD) {
		return lua_gettop(L) - (int)extra;
	}
	if (runner_stop) {
		return runner_raise_stop(L);
	}
	lua_pushboolean(L, 0);
	lua_pushvalue(L, -2);
	return 2;
}

static int base_pcall(lua_State *L)
{
	int status;

	luaL_checkany(L, 1);
	lua_pushboolean(L, 1);
	lua_insert(L, 1);
	status = lua_pcallk(L, lua_gettop(L) - 2, LUA_MULTRET, 0, 0, pcall_end);
	return pcall_end(L, status, 0);
}

/* The pupil's message handler, but not for the stop: it could go on for ever. */
static int handle_message(lua_State *L)
{
	if (runner_stop) {
		return 1;
	}
	lua_pushvalue(L, lua_upvalueindex(1));
	lua_insert(L, 1);
	lua_call(L, 1, 1);
	return 1;
}

static int base_xpcall(lua_State *L)
{
	int count = lua_gettop(L), status;

	luaL_checktype(L, 2, LUA_TFUNCTION);
	lua_pushvalue(L, 2);
	lua_pushcclosure(L, handle_message, 1);
	lua_replace(L, 2);
	lua_pushboolean(L, 1);
	lua_pushvalue(L, 1);
	lua_rotate(L, 3, 2);
	status = lua_pcallk(L, count - 2, LUA_MULTRET, 2, 2, pcall_end);
	return pcall_end(L, status, 2);
}

/* ---- load, require ---- */

/* load(text [, name [, mode [, env]]]): text only, whatever the mode says. */
static int base_load(lua_State *L)
{
	const char *name = luaL_optstring(L, 2, "=load");
	size_t length;
	const char *text;

	if (lua_type(L, 1) != LUA_TSTRING) {
		return fault_raise(L, TEXT_LOAD_TEXT, luaL_typename(L, 1), NULL);
	}
	text = lua_tolstring(L, 1, &length);
	if (luaL_loadbufferx(L, text, length, name, "t") != LUA_OK) {
		lua_pushnil(L);
		lua_insert(L, -2);
		return 2;
	}
	if (!lua_isnone(L, 4)) {
		lua_pushvalue(L, 4);
		lua_setupvalue(L, -2, 1);
	}
	return 1;
}

static int base_require(lua_State *L)
{
	const char *name = luaL_checkstring(L, 1);

	if (strcmp(name, "kit")) {
		return fault_raise(L, TEXT_MODULE, name, NULL);
	}
	lua_pushvalue(L, lua_upvalueindex(1));
	return 1;
}

/* math.randomseed: without arguments it would take the clock, which a run does not have. */
static int base_randomseed(lua_State *L)
{
	if (lua_gettop(L) == 0) {
		lua_pushinteger(L, ++runner_of(L)->seed);
	}
	lua_pushvalue(L, lua_upvalueindex(1));
	lua_insert(L, 1);
	lua_call(L, lua_gettop(L) - 1, 0);
	return 0;
}

/* ---- the whitelist ---- */

static void open_library(lua_State *L, const char *name, lua_CFunction open)
{
	luaL_requiref(L, name, open, 1);
	lua_pop(L, 1);
}

static void remove_unsafe(lua_State *L)
{
	static const char *const gone[] = {"collectgarbage", "dofile", "loadfile", "warn"};

	for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++) {
		lua_pushnil(L);
		lua_setglobal(L, gone[i]);
	}
	lua_getglobal(L, "string");
	lua_pushnil(L);
	lua_setfield(L, -2, "dump");
	lua_pop(L, 1);
	lua_pushliteral(L, ""); /* the metatable of all texts: not to be had */
	lua_getmetatable(L, -1);
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_pop(L, 2);
}

static void seed_random(lua_State *L)
{
	lua_getglobal(L, "math");
	lua_getfield(L, -1, "randomseed");
	lua_pushvalue(L, -1);
	lua_pushinteger(L, runner_of(L)->seed);
	lua_call(L, 1, 0);
	lua_pushcclosure(L, base_randomseed, 1);
	lua_setfield(L, -2, "randomseed");
	lua_pop(L, 1);
}

void lib_base_open(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{"print", base_print},
		{"plot", base_plot},
		{"pcall", base_pcall},
		{"xpcall", base_xpcall},
		{"load", base_load},
		{NULL, NULL},
	};

	open_library(L, LUA_GNAME, luaopen_base);
	open_library(L, LUA_TABLIBNAME, luaopen_table);
	open_library(L, LUA_STRLIBNAME, luaopen_string);
	open_library(L, LUA_MATHLIBNAME, luaopen_math);
	open_library(L, LUA_UTF8LIBNAME, luaopen_utf8);
	remove_unsafe(L);
	seed_random(L);
	lua_pushglobaltable(L);
	luaL_setfuncs(L, functions, 0);
	lib_kit_open(L);
	lua_pushcfunction(L, base_log);
	lua_setfield(L, -2, "log");
	lua_pushcclosure(L, base_require, 1);
	lua_setfield(L, -2, "require");
	lua_pop(L, 1);
}
