/*
 * Course cases: reads examples/ (or --cases DIR) once at the start, checks each
 * case.json, and gives metadata, guides and starters to pages and programs.
 * A case that is wrong is left out and named in the log with file and reason;
 * the others work.
 *
 * All that is given out is borrowed and lives as long as the cases.
 */
#pragma once

#include "rpc.h"

struct cases;

enum { CASES_FILTER_MAX = 200 };

/* An unreadable folder gives an empty list and a warning. */
struct cases *cases_create(const char *dir);
void cases_destroy(struct cases *cases);
size_t cases_count(const struct cases *cases);
/* case.json of the case at an index: the easier ones first (stage, minutes, id). */
const cJSON *cases_meta(const struct cases *cases, size_t index);

/* By id; NULL if there is no such case. */
const cJSON *cases_find_meta(const struct cases *cases, const char *id);
const char *cases_guide(const struct cases *cases, const char *id, enum lang lang);
/* Text of starter.lua or solution.lua. */
const char *cases_source(const struct cases *cases, const char *id, bool solution);

/*
 * Does a case match what somebody looks for? `filter` is words with spaces
 * between; each must occur in the metadata (case ignored), and `key:word` in the
 * field whose name starts with key: "stage:junior needs:light".
 */
bool cases_match(const cJSON *meta, const char *filter);
