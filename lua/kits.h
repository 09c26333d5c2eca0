/*
 * Kits in a script: the objects and the requests about them that kits.c
 * (fields), kits_about.c (what a kit has) and lib_kit.c (open, methods) share.
 *
 * What a kit has comes with WIRE_KIT, again each time it changes, and lies in
 * one table per kit in the registry: id, model, names (a list that is a set too), stems (of
 * numbered names), actions (name -> list of arguments), made (methods and pin groups that were
 * used), object. Every object of the kit has it as its user value. The daemon decides what exists;
 * the table is for methods, for the order of arguments, and for "did you mean".
 */
#pragma once

#include "runner.h"

struct kit_object {
	int64_t handle;
	char stem[WIRE_NAME_MAX]; /* of a group of numbered properties (bench.pin); "" = the kit */
};

/* Pushes the table of a kit, new when there is none yet. */
void kits_push_table(lua_State *L, int64_t handle);
/* Pushes table[field][key] and returns its type. */
int kits_look_up(lua_State *L, int table, const char *field, const char *key);
/* Raises what the daemon refused about `name` of the object at 1, as helpfully as it can. */
int kits_raise(lua_State *L, struct fault *fault, const char *name);

/* Opens the two types; `methods` of kits are on top of the stack (popped). */
void kits_open_types(lua_State *L);
/* Pushes the kit's object. */
void kits_push_object(lua_State *L, int64_t handle);

/* A request about `name` of the object at 1: begins with handle and name. */
void kits_begin(lua_State *L, enum wire_type type, const char *name);
/* Sends it and pushes the value of the reply. */
int kits_finish(lua_State *L, const char *name);

/* The method of an action; upvalue 1 is its name. lib_kit.c's. */
int kits_act(lua_State *L);
