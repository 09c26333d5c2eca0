/* The life of a classroom, and what world.set changes of it; see classroom.h. */
#include "virtual/classroom.h"

#include "virtual/plan.h"
#include "xalloc.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void classroom_destroy(struct classroom *classroom)
{
	if (classroom) {
		for (size_t i = 0; i < classroom->bench_count; i++) {
			bench_destroy(classroom->benches[i]);
		}
		floor_destroy(classroom->floor);
		free(classroom);
	}
}

struct bench *classroom_find(const struct classroom *classroom, const char *label)
{
	for (size_t i = 0; i < classroom->bench_count; i++) {
		if (strcmp(classroom->benches[i]->spec.label, label) == 0) {
			return classroom->benches[i];
		}
	}
	return NULL;
}

/* ---- changing ---- */

static enum err no_kit(const struct classroom *classroom, const char *label, struct why *why)
{
	char labels[160] = "-";
	size_t used = 0;

	for (size_t i = 0; i < classroom->bench_count && used < sizeof(labels); i++) {
		used += (size_t)snprintf(labels + used, sizeof(labels) - used, "%s%s",
			i ? ", " : "", classroom->benches[i]->spec.label);
	}
	return why_set(why, ERR_INVALID, MSG_WORLD_KIT, label, labels);
}

static enum err read_fault(const cJSON *json, const char *label, enum fault *fault,
	struct why *why)
{
	enum fault found = cJSON_IsNull(json) ? FAULT_NONE : FAULT_COUNT;

	if (cJSON_IsString(json)) {
		found = fault_find(json->valuestring);
	}
	if (found == FAULT_COUNT) {
		return why_set(why, ERR_INVALID, MSG_WORLD_FAULT, label);
	}
	*fault = found;
	return ERR_NONE;
}

static enum err read_value(const cJSON *json, const char *label, enum scene_field field,
	double *value, struct why *why)
{
	const struct name *word = scene_word(field);

	if (cJSON_IsNull(json) && !scene_is_bool(field)) {
		*value = NAN; /* by itself again */
	} else if (scene_is_bool(field)) {
		if (!cJSON_IsBool(json)) {
			return why_set(why, ERR_INVALID, MSG_WORLD_BOOL, word->name, label);
		}
		*value = cJSON_IsTrue(json);
	} else {
		if (!cJSON_IsNumber(json) ||
			!(json->valuedouble >= word->min && json->valuedouble <= word->max)) {
			return why_set(why, ERR_INVALID, MSG_WORLD_RANGE, word->name, label,
				word->min, word->max);
		}
		*value = json->valuedouble;
	}
	return ERR_NONE;
}

static enum err set_pose(struct bench *bench, const cJSON *json, const struct floor_plan *plan,
	bool is_done, struct why *why)
{
	double pose[3];

	if (!plan_read_pose(json, plan, pose)) {
		return why_set(why, ERR_INVALID, MSG_WORLD_PLACE, "pose", bench->spec.label,
			"[x, y, heading]", plan->size[0], plan->size[1]);
	}
	if (is_done) {
		floor_place(bench->world.body, pose[0], pose[1], pose[2]);
	}
	return ERR_NONE;
}

/* As if a hand moved it; a joint that is driven goes back. */
static enum err set_joints(struct bench *bench, const cJSON *json, bool is_done, struct why *why)
{
	struct arm *arm = bench->world.arm;
	double angles[ARM_JOINTS_MAX];
	unsigned wrong = 0;

	if (plan_read_numbers(json, angles, (int)arm->count)) {
		while (wrong < arm->count && angles[wrong] >= arm->joints[wrong].min &&
			angles[wrong] <= arm->joints[wrong].max) {
			wrong++;
		}
	}
	if (wrong < arm->count) {
		return why_set(why, ERR_INVALID, MSG_WORLD_JOINTS, bench->spec.label,
			(int)arm->count, (int)wrong + 1, arm->joints[wrong].min,
			arm->joints[wrong].max);
	}
	for (unsigned i = 0; i < arm->count && is_done; i++) {
		arm->joints[i].angle = angles[i];
	}
	return ERR_NONE;
}

/* One field of one kit: only checked, or also done. */
static enum err set_field(struct bench *bench, const cJSON *json, const struct floor_plan *plan,
	bool is_done, struct why *why)
{
	const char *label = bench->spec.label;
	enum scene_field field = scene_find(json->string);
	enum fault fault = FAULT_NONE;
	double value = 0;
	enum err err;

	if (strcmp(json->string, "fault") == 0) {
		err = read_fault(json, label, &fault, why);
		return err == ERR_NONE && is_done ? bench_set_fault(bench, fault, why) : err;
	}
	if (strcmp(json->string, "pose") == 0 && bench->world.body) {
		return set_pose(bench, json, plan, is_done, why);
	}
	if (strcmp(json->string, "joints") == 0 && bench->world.arm) {
		return set_joints(bench, json, is_done, why);
	}
	if (field == SCENE_FIELDS) {
		return why_set(why, ERR_INVALID, MSG_WORLD_FIELD, label, json->string);
	}
	err = read_value(json, label, field, &value, why);
	if (err == ERR_NONE && is_done) {
		bench_set(bench, field, value);
	}
	return err;
}

static enum err set_kits(struct classroom *classroom, const cJSON *kits,
	const struct floor_plan *plan, bool is_done, struct why *why)
{
	const cJSON *kit, *field;

	cJSON_ArrayForEach(kit, kits) {
		struct bench *bench = classroom_find(classroom, kit->string);

		if (!bench) {
			return no_kit(classroom, kit->string, why);
		}
		if (!cJSON_IsObject(kit)) {
			return why_set(why, ERR_INVALID, MSG_WORLD_FORM, kit->string, "{...}");
		}
		cJSON_ArrayForEach(field, kit) {
			enum err err = set_field(bench, field, plan, is_done, why);

			if (err != ERR_NONE) {
				return err;
			}
		}
	}
	return ERR_NONE;
}

enum err classroom_set(struct classroom *classroom, const cJSON *world, struct why *why)
{
	const cJSON *kits = cJSON_GetObjectItemCaseSensitive(world, "kits");
	const cJSON *objects = cJSON_GetObjectItemCaseSensitive(world, "objects");
	enum err err;

	if (!cJSON_IsObject(world)) {
		return why_set(why, ERR_INVALID, MSG_WORLD_FORM, "params", "{\"kits\": {...}}");
	}
	if (kits && !cJSON_IsObject(kits)) {
		return why_set(why, ERR_INVALID, MSG_WORLD_FORM, "kits", "{...}");
	}
	if (objects && !cJSON_IsArray(objects)) {
		return why_set(why, ERR_INVALID, MSG_WORLD_FORM, "objects", "[...]");
	}
	struct floor *floor = classroom->floor;
	struct floor_plan *plan = xcalloc(1, sizeof(*plan)); /* tried on a copy */

	classroom_step(classroom);
	*plan = floor->plan;
	err = plan_merge(plan, objects, why);
	if (err == ERR_NONE) {
		err = set_kits(classroom, kits, plan, false, why);
	}
	if (err == ERR_NONE) {
		if (cJSON_GetArraySize(objects) > 0) {
			floor_set_plan(floor, plan);
		}
		err = set_kits(classroom, kits, plan, true, why);
	}
	free(plan);
	return err;
}
