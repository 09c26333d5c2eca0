/*
 * The library that pupils see: each file opens its part in the globals of L,
 * docs/lua.en.md describes it.
 */
#pragma once

#include "runner.h"

void lib_base_open(lua_State *L);      /* the whitelist, print, plot, pcall, load, require */
void lib_coroutine_open(lua_State *L); /* coroutines that let waits pass */
void lib_time_open(lua_State *L);      /* every, after, spawn, sleep, wait, now */
void lib_kit_open(lua_State *L);       /* pushes the table that require "kit" gives */

/* WIRE_KIT: what a kit has, new or changed. */
void lib_kit_packet(lua_State *L, struct wire_in *in);

/* The argument at `index`, a time in seconds, in microseconds. */
int64_t lib_seconds(lua_State *L, int index, const char *what);
void lib_need_function(
	lua_State *L, int index, const char *what, const char *right, const char *wrong);
