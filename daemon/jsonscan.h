/*
 * A look at JSON text before cJSON sees it: cJSON checks neither UTF-8 nor
 * depth, is lax about numbers and texts, and takes the first of equal keys in silence.
 */
#pragma once

#include "err.h"

#include <cjson/cJSON.h>
#include <stddef.h>

enum { JSON_DEPTH_MAX = 16 };

/*
 * Parses text of a stranger: valid UTF-8, at most JSON_DEPTH_MAX deep, nothing
 * behind the end, no key twice in one object. NULL and *why: ERR_PROTOCOL = not
 * JSON, ERR_INVALID = too deep, a key twice, or a text with NUL or half a surrogate. Freed by
 * cJSON_Delete().
 */
cJSON *json_parse(const char *text, size_t length, struct why *why);
/* The member "id" of an object that json_parse() called ERR_INVALID: whoever waits for the answer
 * hears of it. NULL = none. Freed by cJSON_Delete(). */
cJSON *json_id(const char *text, size_t length);
