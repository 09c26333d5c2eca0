/* Values of kits as cJSON and back: for requests and bodies, not for telemetry. */
#pragma once

#include "kit.h"

#include <cjson/cJSON.h>

/* Where a vector from JSON lives; text stays cJSON's. */
struct json_room {
	double numbers[VALUE_VECTOR_MAX];
};

/*
 * JSON true/false, number, text, array of numbers; null is VALUE_NULL. A whole
 * number becomes an integer. False: an object, a mixed array, |integer| too large, too long.
 */
bool json_to_value(const cJSON *json, struct json_room *room, struct value *out);

/* A new item; owned by the caller. */
cJSON *json_from_value(const struct value *value);

/*
 * An action's arguments from {name: value}; `json` NULL or null: none given. `rooms` and
 * `args` have KIT_ARGS_MAX places. False: *why says which one is wrong.
 */
bool json_to_args(const struct action *action, const cJSON *json, struct json_room *rooms,
	struct value *args, struct why *why);
