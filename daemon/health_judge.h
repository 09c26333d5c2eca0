/*
 * What a check-up thinks of what it saw: pure functions over a kit's newest values, so
 * that they can be tested without waiting. Each adds one step to the report:
 * {id, passed: true | false | null (cannot be told), hint?: {en, zh}, seen?: {NAME: value}}.
 */
#pragma once

#include "kit.h"

#include <cjson/cJSON.h>

enum { HEALTH_BATTERY_MIN = 20 }; /* % */

void health_judge_answer(const struct kit *kit, uint64_t bytes_before, cJSON *steps);
void health_judge_firmware(const struct kit *kit, cJSON *steps);
void health_judge_sensors(const struct kit *kit, cJSON *steps);
void health_judge_battery(const struct kit *kit, cJSON *steps);

/* Is it one of those that a check-up looks at? */
bool health_is_sensor(const struct property *property);

/* One step; why NULL or ERR_NONE: no hint. The step, to add to. */
cJSON *health_add(cJSON *steps, const char *id, int passed, const struct why *why);
enum { HEALTH_FAILED = 0, HEALTH_PASSED = 1, HEALTH_UNKNOWN = -1 };

/* "repair" if anything but the battery failed, else "charge", else "ready". */
const char *health_verdict(const cJSON *steps);
