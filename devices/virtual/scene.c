/* The world around a bench; see scene.h. */
#include "virtual/scene.h"

#include <math.h>
#include <string.h>

/* Around which value a field wanders, how far, and how long one swing takes. */
static const struct {
	const char *name;
	double rest, swing, period_s;
	double parts; /* of a unit: to which it is rounded for people */
} habits[SCENE_FIELDS] = {
	[SCENE_LIGHT] = {"light", 0.55, 0.15, 37, 1000},
	[SCENE_TEMPERATURE] = {"temperature", 22.5, 0.8, 131, 100},
	[SCENE_BUTTON] = {"button", 0, 0, 1, 1},
	[SCENE_POT] = {"pot", 0.5, 0, 1, 1000},
	[SCENE_DISTANCE] = {"distance", 85, 6, 23, 10},
};

/* Numbers spread evenly from small seeds (the finaliser of SplitMix64): 0 to 1. */
static double spread(uint32_t seed, unsigned index)
{
	uint64_t x = ((uint64_t)seed << 8 | index) + UINT64_C(0x9E3779B97F4A7C15);

	x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
	return (double)((x ^ x >> 31) >> 11) / 9007199254740992.0;
}

void scene_init(struct scene *scene, uint32_t seed, int64_t now_us)
{
	*scene = (struct scene){.seed = seed, .since_us = now_us};
}

enum scene_field scene_find(const char *name)
{
	for (int field = 0; field < SCENE_FIELDS; field++) {
		if (strcmp(habits[field].name, name) == 0) {
			return (enum scene_field)field;
		}
	}
	return SCENE_FIELDS;
}

const struct name *scene_word(enum scene_field field)
{
	return name_find(habits[field].name);
}

bool scene_is_bool(enum scene_field field)
{
	return field == SCENE_BUTTON;
}

double scene_get(const struct scene *scene, enum scene_field field, int64_t now_us)
{
	double value = habits[field].rest;

	if (scene->fields[field].is_set) {
		return scene->fields[field].value;
	}
	if (habits[field].swing > 0) {
		double turns = (double)(now_us - scene->since_us) / 1e6 / habits[field].period_s;
		double slow = sin(2 * M_PI * (turns + spread(scene->seed, (unsigned)field)));
		double quick = sin(2 * M_PI * (2.7 * turns + spread(scene->seed, 16U + field)));

		value += habits[field].swing * (0.75 * slow + 0.25 * quick);
	}
	return round(value * habits[field].parts) / habits[field].parts;
}

void scene_set(struct scene *scene, enum scene_field field, double value)
{
	scene->fields[field].value = value;
	scene->fields[field].is_set = !isnan(value);
}
