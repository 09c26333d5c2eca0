/*
 * What is said to a pupil, in English and Chinese: lua/texts.tsv, compiled in.
 *
 * A fault is one failure, told in both languages, because those who look at a
 * run may read different ones. Lua's own messages are looked up in the same
 * table and said in plain words.
 */
#pragma once

#include "lua_texts.h" /* made by the build from texts.tsv */

#include <stddef.h>

enum { TEXT_EN, TEXT_ZH };

struct fault {
	char code[24];
	int line; /* 0 = unknown */
	char message[2][600];
	char hint[2][400]; /* "" = none */
};

/* Fills code, message and hint; the arguments are texts and end with NULL. Leaves line. */
void fault_set(struct fault *fault, enum text_id id, ...) __attribute__((sentinel));
/* Sets only the hint. */
void fault_hint(struct fault *fault, enum text_id id, ...) __attribute__((sentinel));

/* A message of Lua, without its "name:line:", in plain words. */
void fault_explain(struct fault *fault, const char *raw);
