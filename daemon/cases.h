/*
 * Course cases: reads examples/ (or --cases DIR) once at the start, checks each
 * case.json, and gives metadata, guides and starters to pages and programs.
 * A case that is wrong is left out and named in the log with file and reason;
 * the others work.
 */
#pragma once

#include "rpc.h"

struct cases;

struct cases *cases_create(const char *dir); /* an unreadable folder gives an empty list and a warning */
void cases_destroy(struct cases *cases);
size_t cases_count(const struct cases *cases);
/* Borrowed text of the case's starter.lua or solution.lua; NULL if there is no such case. */
const char *cases_source(const struct cases *cases, const char *id, bool solution);
