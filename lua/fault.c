/*
 * Error tables, and plain words for errors that nobody caught; see fault.h.
 */
#include "fault.h"

#include "near.h"

#include <lauxlib.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEEP = 5000 }; /* calls in calls that only a recursion without end makes */

static const char fault_key = 0; /* its address marks a fault in a metatable */

int fault_line(lua_State *L)
{
	lua_Debug at;

	for (int level = 0; lua_getstack(L, level, &at); level++) {
		lua_getinfo(L, "l", &at);
		if (at.currentline > 0) {
			return at.currentline;
		}
	}
	return 0;
}

static int fault_tostring(lua_State *L)
{
	const struct runner *runner = runner_of(L);

	luaL_checktype(L, 1, LUA_TTABLE);
	lua_getfield(L, 1, "line");
	lua_getfield(L, 1, "message");
	lua_getfield(L, 1, "hint");
	lua_pushfstring(L, "%s:%d: %s%s%s", runner->name, (int)lua_tointeger(L, 2),
		lua_isstring(L, 3) ? lua_tostring(L, 3) : "", lua_isstring(L, 4) ? " " : "",
		lua_isstring(L, 4) ? lua_tostring(L, 4) : "");
	return 1;
}

static void push_fault(lua_State *L, const struct fault *fault)
{
	int lang = runner_of(L)->lang;

	lua_createtable(L, 0, 4);
	lua_pushstring(L, fault->code);
	lua_setfield(L, -2, "code");
	lua_pushstring(L, fault->message[lang]);
	lua_setfield(L, -2, "message");
	if (fault->hint[lang][0]) {
		lua_pushstring(L, fault->hint[lang]);
		lua_setfield(L, -2, "hint");
	}
	lua_pushinteger(L, fault->line);
	lua_setfield(L, -2, "line");

	lua_createtable(L, 0, 3);
	lua_pushcfunction(L, fault_tostring);
	lua_setfield(L, -2, "__tostring");
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	*(struct fault *)lua_newuserdatauv(L, sizeof(*fault), 0) = *fault;
	lua_rawsetp(L, -2, &fault_key);
	lua_setmetatable(L, -2);
}

int fault_throw(lua_State *L, struct fault *fault)
{
	fault->line = fault_line(L);
	push_fault(L, fault);
	return lua_error(L);
}

int fault_raise(lua_State *L, enum text_id id, ...)
{
	struct fault fault;
	const char *args[4] = {NULL};
	va_list list;

	va_start(list, id);
	for (int i = 0; i < 4 && (args[i] = va_arg(list, const char *)); i++) {
	}
	va_end(list);
	fault_set(&fault, id, args[0], args[1], args[2], args[3], NULL);
	return fault_throw(L, &fault);
}

static void offer_keys(lua_State *L, struct near *near)
{
	for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
		if (lua_type(L, -2) == LUA_TSTRING) {
			near_offer(near, lua_tostring(L, -2));
		}
	}
}

/* "Did you mean": a global or a library's function with a name like this one. */
static void hint_name(lua_State *L, const char *raw, struct fault *fault)
{
	static const char *const libraries[] = {"string", "table", "math", "coroutine", "utf8"};
	char name[64];
	struct near near;
	bool is_global = sscanf(raw, "attempt to %*[a-z] a nil value (global '%63[^']", name) == 1;
	bool is_field = sscanf(raw, "attempt to call a nil value (field '%63[^']", name) == 1 ||
		sscanf(raw, "attempt to call a nil value (method '%63[^']", name) == 1;

	if (!is_global && !is_field) {
		return;
	}
	near_begin(&near, name);
	lua_pushglobaltable(L);
	if (is_global) {
		offer_keys(L, &near);
	}
	for (size_t i = 0; is_field && i < sizeof(libraries) / sizeof(libraries[0]); i++) {
		lua_pushstring(L, libraries[i]);
		if (lua_rawget(L, -2) == LUA_TTABLE) {
			offer_keys(L, &near);
		}
		lua_pop(L, 1);
	}
	lua_pop(L, 1);
	if (near.best[0]) {
		fault_hint(fault, TEXT_NEAR, near.best, NULL);
	}
}

/* Cuts "name:line: " from the front of a message of Lua. */
static const char *strip_position(const struct runner *runner, const char *text, int *line)
{
	size_t length = strlen(runner->name);
	char *end;
	long number;

	if (strncmp(text, runner->name, length) || text[length] != ':') {
		return text;
	}
	number = strtol(text + length + 1, &end, 10);
	if (end == text + length + 1 || strncmp(end, ": ", 2)) {
		return text;
	}
	*line = (int)number;
	return end + 2;
}

static void from_text(lua_State *L, int status, struct fault *fault)
{
	const struct runner *runner = runner_of(L);
	lua_Debug at;
	int line = 0;
	const char *raw = strip_position(runner, lua_tostring(L, -1), &line);

	fault->line = line ? line : fault_line(L);
	if (status == LUA_ERRSYNTAX && fault_from_letter(runner, fault)) {
		return;
	}
	/* An endless recursion may meet the limit of memory before that of the stack. */
	fault_explain(
		fault, status == LUA_ERRMEM && lua_getstack(L, DEEP, &at) ? "stack overflow" : raw);
	if (status == LUA_ERRRUN && lua_checkstack(L, 8)) {
		hint_name(L, raw, fault);
	}
}

/* A fault of ours, or a table of the pupil with a message. False: neither. */
static bool from_table(lua_State *L, struct fault *fault)
{
	bool is_known = false;

	if (!lua_checkstack(L, 4)) {
		return false;
	}
	if (lua_getmetatable(L, -1)) {
		if (lua_rawgetp(L, -1, &fault_key) == LUA_TUSERDATA) {
			*fault = *(struct fault *)lua_touserdata(L, -1);
			is_known = true;
		}
		lua_pop(L, 2);
	}
	if (!is_known && lua_istable(L, -1)) {
		lua_pushliteral(L, "message");
		if (lua_rawget(L, -2) == LUA_TSTRING) {
			fault_set(fault, TEXT_OWN, lua_tostring(L, -1), NULL);
			fault->line = fault_line(L);
			is_known = true;
		}
		lua_pop(L, 1);
	}
	return is_known;
}

void fault_from_error(lua_State *L, int status, struct fault *fault)
{
	memset(fault, 0, sizeof(*fault));
	if (lua_type(L, -1) == LUA_TSTRING) {
		from_text(L, status, fault);
	} else if (!from_table(L, fault)) {
		fault_set(fault, TEXT_ERROR_OBJECT, luaL_typename(L, -1), NULL);
		fault->line = fault_line(L);
	}
}
