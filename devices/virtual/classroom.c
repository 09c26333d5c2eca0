/* The world of a classroom: what world.get tells and world.set changes; see classroom.h. */
#include "virtual/classroom.h"

#include "clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void classroom_destroy(struct classroom *classroom)
{
	if (classroom) {
		for (size_t i = 0; i < classroom->bench_count; i++) {
			bench_destroy(classroom->benches[i]);
		}
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

static cJSON *get_bench(const struct bench *bench, int64_t now_us)
{
	cJSON *json = cJSON_CreateObject();

	for (int i = 0; i < SCENE_FIELDS; i++) {
		enum scene_field field = (enum scene_field)i;
		double value = scene_get(&bench->scene, field, now_us);
		const char *name = scene_word(field)->name;

		if (scene_is_bool(field)) {
			cJSON_AddBoolToObject(json, name, value != 0);
		} else {
			cJSON_AddNumberToObject(json, name, value);
		}
	}
	if (bench->fault == FAULT_NONE) {
		cJSON_AddNullToObject(json, "fault");
	} else {
		cJSON_AddStringToObject(json, "fault", fault_word(bench->fault));
	}
	return json;
}

cJSON *classroom_get(const struct classroom *classroom)
{
	cJSON *world = cJSON_CreateObject();
	cJSON *kits = cJSON_AddObjectToObject(world, "kits");
	int64_t now_us = clock_now_us();

	for (size_t i = 0; i < classroom->bench_count; i++) {
		const struct bench *bench = classroom->benches[i];

		cJSON_AddItemToObject(kits, bench->spec.label, get_bench(bench, now_us));
	}
	cJSON_AddArrayToObject(world, "objects");
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

	if (scene_is_bool(field)) {
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

/* One field of one kit: only checked, or also done. */
static enum err set_field(struct bench *bench, const cJSON *json, bool is_done, struct why *why)
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
	if (field == SCENE_FIELDS) {
		return why_set(why, ERR_INVALID, MSG_WORLD_FIELD, label, json->string);
	}
	err = read_value(json, label, field, &value, why);
	if (err == ERR_NONE && is_done) {
		bench_set(bench, field, value);
	}
	return err;
}

static enum err set_kits(struct classroom *classroom, const cJSON *kits, bool is_done,
	struct why *why)
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
			enum err err = set_field(bench, field, is_done, why);

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
	if (cJSON_GetArraySize(objects) > 0) {
		return why_set(why, ERR_UNSUPPORTED, MSG_WORLD_OBJECTS);
	}
	err = set_kits(classroom, kits, false, why);
	return err == ERR_NONE ? set_kits(classroom, kits, true, why) : err;
}
