/*
 * Keeps userdata of the runner's own alive: registry tables keyed by address.
 */
#pragma once

#include <lauxlib.h>

/* Anchors the userdata on top of the stack (popped) in the table of that name. */
static inline void anchor_add(lua_State *L, const char *table)
{
	void *object = lua_touserdata(L, -1);

	luaL_getsubtable(L, LUA_REGISTRYINDEX, table);
	lua_insert(L, -2);
	lua_rawsetp(L, -2, object);
	lua_pop(L, 1);
}

static inline void anchor_push(lua_State *L, const char *table, const void *object)
{
	luaL_getsubtable(L, LUA_REGISTRYINDEX, table);
	lua_rawgetp(L, -1, object);
	lua_remove(L, -2);
}

static inline void anchor_remove(lua_State *L, const char *table, const void *object)
{
	luaL_getsubtable(L, LUA_REGISTRYINDEX, table);
	lua_pushnil(L);
	lua_rawsetp(L, -2, object);
	lua_pop(L, 1);
}
