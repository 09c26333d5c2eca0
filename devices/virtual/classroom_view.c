/* What a classroom tells: all of it (world.get), and what moved (world.watch); see classroom.h. */
#include "virtual/classroom.h"

#include "clock.h"
#include "virtual/plan.h"

#include <math.h>
#include <string.h>

static double rounded(double value, double parts)
{
	return round(value * parts) / parts;
}

static cJSON *get_numbers(const struct bench_place *place)
{
	return cJSON_CreateDoubleArray(place->numbers, place->count);
}

/* Tenths of a millimetre and of a milliradian; hundredths of a degree. */
static struct bench_place find_place(const struct bench *bench)
{
	const struct body *body = bench->world.body;
	const struct arm *arm = bench->world.arm;
	struct bench_place place = {0};

	if (body) {
		place = (struct bench_place){
			.numbers = {rounded(body->x, 1e4), rounded(body->y, 1e4),
				rounded(body->heading, 1e4)},
			.count = 3,
			.speed = rounded(body_ground_speed(body), 1e3),
		};
	}
	for (unsigned i = 0; arm && !body && i < arm->count; i++) {
		place.numbers[place.count++] = rounded(arm->joints[i].angle, 100);
	}
	return place;
}

static cJSON *get_bench(const struct bench *bench, int64_t now_us)
{
	const struct bench_place place = find_place(bench);
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
	if (bench->world.body || bench->world.arm) {
		cJSON_AddItemToObject(json, bench->world.body ? "pose" : "joints",
			get_numbers(&place));
	}
	if (bench->fault == FAULT_NONE) {
		cJSON_AddNullToObject(json, "fault");
	} else {
		cJSON_AddStringToObject(json, "fault", fault_word(bench->fault));
	}
	return json;
}

int64_t classroom_step(const struct classroom *classroom)
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
	int64_t now_us = classroom_step(classroom);

	for (size_t i = 0; i < classroom->bench_count; i++) {
		const struct bench *bench = classroom->benches[i];

		cJSON_AddItemToObject(kits, bench->spec.label, get_bench(bench, now_us));
	}
	cJSON_AddItemToObject(world, "objects", get_objects(classroom));
	return world;
}

/* ---- what moved ---- */

static cJSON *view_bench(const struct bench *bench, const struct bench_place *place)
{
	cJSON *json = cJSON_CreateObject();

	if (bench->world.body) {
		cJSON_AddItemToObject(json, "pose", get_numbers(place));
		cJSON_AddNumberToObject(json, "speed", place->speed);
		cJSON_AddNumberToObject(json, "radius", BODY_RADIUS);
	} else {
		cJSON_AddItemToObject(json, "joints", get_numbers(place));
	}
	return json;
}

static bool is_same(const struct bench_place *one, const struct bench_place *other)
{
	return one->count == other->count && one->speed == other->speed &&
		memcmp(one->numbers, other->numbers, sizeof(one->numbers)) == 0;
}

cJSON *classroom_view(const struct classroom *classroom, struct classroom_seen *seen)
{
	const struct floor *floor = classroom->floor;
	cJSON *view = cJSON_CreateObject(), *kits = cJSON_AddObjectToObject(view, "kits");
	bool is_news = !seen || seen->changes != floor->changes;

	classroom_step(classroom);
	for (size_t i = 0; i < classroom->bench_count; i++) {
		const struct bench *bench = classroom->benches[i];
		const struct bench_place place = find_place(bench);

		if (place.count && !(seen && is_same(&place, &seen->places[i]))) {
			cJSON_AddItemToObject(kits, bench->spec.label, view_bench(bench, &place));
		}
		if (seen) {
			seen->places[i] = place;
		}
	}
	if (is_news) {
		cJSON_AddItemToObject(view, "objects", get_objects(classroom));
	}
	if (seen) {
		seen->changes = floor->changes;
	}
	if (!is_news && !kits->child) {
		cJSON_Delete(view);
		return NULL;
	}
	return view;
}
