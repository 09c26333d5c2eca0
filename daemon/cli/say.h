/*
 * What the command line prints: results for people or as JSON, errors in the
 * reader's language. Texts that come from kits and scripts are printed with
 * control characters escaped, so that they cannot steer a terminal.
 */
#pragma once

#include "cli.h"

#include <cjson/cJSON.h>
#include <stdio.h>

/* A message without conversions, in the reader's language; valid until the next call. */
const char *say_text(const struct cli *cli, enum msg msg);

/* An error on standard error: a line for people, {"error": ...} for programs. */
void say_why(const struct cli *cli, const struct why *why);
/* The error object of an answer. */
void say_error(const struct cli *cli, const cJSON *error);

/* One line of JSON on standard output. False: nobody reads any more. */
bool say_json(const cJSON *json);

/* Text with control characters escaped, but for newline and tab. */
void say_plain(FILE *out, const char *text);
/* A value as a person reads it: texts as they are, all else as JSON. */
void say_value(FILE *out, const cJSON *value);

/* Lines of columns: cells of a table are gathered, then printed with even widths. */
struct table {
	char **cells; /* owned */
	size_t count;
	size_t columns;
};
void table_add(struct table *table, const char *text);
/* A head "kit|state|model": sets the number of columns. */
void table_head(struct table *table, const char *head);
void table_print(struct table *table); /* and frees */
