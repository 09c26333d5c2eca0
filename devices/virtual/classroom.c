/* The world of a classroom: what world.get tells and world.set changes; see classroom.h. */
#include "virtual/classroom.h"

#include "clock.h"
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

/* ---- telling ---- */

static double rounded(double value, double parts)
{
	return round(value * parts) / parts;
}

/* Tenths of a millimetre and of a milliradian. */
static cJSON *get_pose(const struct body *body)
{
	const double pose[] = {rounded(body->x, 1e4), rounded(body->y, 1e4),
		rounded(body->heading, 1e4)};

	return cJSON_CreateDoubleArray(pose, 3);
}

static cJSON *get_joints(const struct arm *arm)
{
	cJSON *joints = cJSON_CreateArray();

	for (unsigned i = 0; i < arm->count; i++) {
		cJSON_AddItemToArray(joints,
			cJSON_CreateNumber(rounded(arm->joints[i].angle, 100)));
	}
	return joints;
}

static cJSON *get_bench(const struct bench *bench, int64_t now_us)
{
	cJSON *json = cJSON_CreateObject();

	for (int i = 0; i < SCENE_FIELDS; i++) {
		enum scene_field field = (enum scene_field)i;
		double value = bench_feel(bench, field, now_us);
		const char *name = scene_word(field)->name;

		if (scene_is_bool(field)) {
			cJSON_AddBoolToObject(json, name, value != 0);
		} else {
			cJSON_AddNumberToObject(json, name, bench->world.body ? rounded(value, 1e4) : value);
		}
	}
	if (bench->world.body) {
		cJSON_AddItemToObject(json, "pose", get_pose(bench->world.body));
	}
	if (bench->world.arm) {
		cJSON_AddItemToObject(json, "joints", get_joints(bench->world.arm));
	}
	if (bench->fault == FAULT_NONE) {
		cJSON_AddNullToObject(json, "fault");
	} else {
		cJSON_AddStringToObject(json, "fault", fault_word(bench->fault));
	}
	return json;
}

/* Moves all that moves up to now. */
static int64_t step(const struct classroom *classroom)
{
	int64_t now_us = clock_now_us();

	floor_step(classroom->floor, now_us);
	for (size_t i = 0; i < classroom->bench_count; i++) {
		if (classroom->benches[i]->world.arm) {
			arm_step(classroom->benches[i]->world.arm, now_us);
		}
	}
	return now_us;
}

/* A room in which nothing is and nothing rolls is not worth telling. */
static cJSON *get_objects(const struct classroom *classroom)
{
	const struct floor *floor = classroom->floor;

	return floor->body_count || floor->plan.object_count ? plan_tell(&floor->plan)
							     : cJSON_CreateArray();
}

cJSON *classroom_get(const struct classroom *classroom)
{
	cJSON *world = cJSON_CreateObject();
	cJSON *kits = cJSON_AddObjectToObject(world, "kits");
	int64_t now_us = step(classroom);

	for (size_t i = 0; i < classroom->bench_count; i++) {
		const struct bench *bench = classroom->benches[i];

		cJSON_AddItemToObject(kits, bench->spec.label, get_bench(bench, now_us));
	}
	cJSON_AddItemToObject(world, "objects", get_objects(classroom));
	return world;
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

	if (!plan_read_numbers(json, pose, 3) || !(pose[0] >= 0 && pose[0] <= plan->size[0]) ||
		!(pose[1] >= 0 && pose[1] <= plan->size[1])) {
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
	bool fits = plan_read_numbers(json, angles, (int)arm->count);

	for (unsigned i = 0; i < arm->count && fits; i++) {
		fits = angles[i] >= arm->joints[i].min && angles[i] <= arm->joints[i].max;
	}
	if (!fits) {
		return why_set(why, ERR_INVALID, MSG_WORLD_JOINTS, bench->spec.label,
			(int)arm->count, arm->joints[0].min, arm->joints[0].max);
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

	step(classroom);
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
