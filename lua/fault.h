/*
 * Errors in Lua: tables {code, message, hint, line} with __tostring. The
 * metatable keeps the fault in both languages.
 */
#pragma once

#include "runner.h"

/* The line of the script that is running in L, 0 when there is none. */
int fault_line(lua_State *L);

/* Raises a text of the kit library, with the line of the script that called. */
int fault_raise(lua_State *L, enum text_id id, ...) __attribute__((sentinel));
/* Raises a fault that is filled but for its line. */
int fault_throw(lua_State *L, struct fault *fault);

/*
 * What an uncaught error value on top of L's stack tells people; pops nothing.
 * `status` is that of lua_resume, lua_pcall or lua_load.
 */
void fault_from_error(lua_State *L, int status, struct fault *fault);

/* Explains characters that Lua does not know: Chinese punctuation and its like. False: none. */
bool fault_from_letter(const struct runner *runner, struct fault *fault);
