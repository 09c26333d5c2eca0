/* The floor's objects as world.get tells them and world.set changes them; docs/api.md. */
#pragma once

#include "virtual/floor.h"

#include <cjson/cJSON.h>

/* [{"id": "room", "type": "room", ...}, {"id": "box-1", "type": "box", ...}, ...]; the
 * caller's. */
cJSON *plan_tell(const struct floor_plan *plan);
/* Merges the same shape into *plan: new ids are added, "type": null removes. On failure *plan
 * is half changed and *why says what is wrong. */
enum err plan_merge(struct floor_plan *plan, const cJSON *objects, struct why *why);
/* [x, y, ...] of so many numbers; false: it is something else. */
bool plan_read_numbers(const cJSON *json, double *numbers, int count);
/* [x, y, heading] inside the room. */
bool plan_read_pose(const cJSON *json, const struct floor_plan *plan, double pose[3]);
