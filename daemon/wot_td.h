/*
 * Thing Descriptions (W3C WoT TD 1.1) of kits: made from the same description
 * as kit.describe, so that a program which knows only the standard can use a
 * kit. Pure: no request, no kit is touched.
 */
#pragma once

#include "kit.h"

#include <cjson/cJSON.h>

/* `base`: "http://127.0.0.1:8080", before every address. Owned by the caller. */
cJSON *wot_thing(const struct kit *kit, const char *base, enum lang lang);
/* The directory: where the things are listed. */
cJSON *wot_directory(const char *base, enum lang lang);
