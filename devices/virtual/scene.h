/*
 * The small world around one bench: how bright, warm and near it is, and what
 * a finger does to its button and knob.
 *
 * Light, temperature and distance change a little by themselves, as a room's
 * do (a pure function of seed and time), until they are set; a value that was
 * set stays. Names, units and ranges are the vocabulary's (devices/NAMES.md).
 */
#pragma once

#include "names.h"

#include <stdint.h>

enum scene_field {
	SCENE_LIGHT,
	SCENE_TEMPERATURE,
	SCENE_BUTTON,
	SCENE_POT,
	SCENE_DISTANCE,
	SCENE_FIELDS,
};

struct scene {
	uint32_t seed;
	int64_t since_us; /* lab clock of its beginning */
	struct {
		double value;
		bool is_set;
	} fields[SCENE_FIELDS];
};

void scene_init(struct scene *scene, uint32_t seed, int64_t now_us);

/* SCENE_FIELDS if there is none of that name. */
enum scene_field scene_find(const char *name);
const struct name *scene_word(enum scene_field field);
bool scene_is_bool(enum scene_field field);

/* Booleans are 0 and 1. */
double scene_get(const struct scene *scene, enum scene_field field, int64_t now_us);
/* The value is in range already; NAN: it varies by itself again. */
void scene_set(struct scene *scene, enum scene_field field, double value);
