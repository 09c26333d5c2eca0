/*
 * Limits of motion (SAFETY S9): how fast, how far, how suddenly, how long without
 * a person. Read from the configuration, for all kits, for a model, for a course case;
 * where several sections fit, the strictest of each holds. Commands over a limit are
 * refused, never clamped.
 */
#pragma once

#include "kit.h"

enum { LIMIT_SECTIONS_MAX = 32, LIMIT_SCOPE_MAX = 48, LIMIT_TRACES_MAX = 24 };

/* NAN = no limit of this kind. */
struct limits {
	double drive_max;       /* share of full speed, 0..1 */
	double turn_max;
	double motor_max;
	double joint_speed_max;
	double joint_min, joint_max; /* degrees */
	double step_max;        /* change of a speed in 100 ms */
	double joint_step_max;  /* change of an angle in 100 ms, degrees */
	double unattended_s;
	double battery_min;     /* % */
};

struct limit_section {
	char scope[LIMIT_SCOPE_MAX + 1]; /* "" = all, "mbot" = a model, "case:ID" */
	struct limits limits;
};

/* What was last commanded, to judge changes. Zeroed at a lease's beginning. */
struct limit_trace {
	char name[KIT_NAME_MAX + 1];
	double base, last; /* base: where the 100 ms began */
	int64_t base_us;
};

struct limit_traces {
	struct limit_trace traces[LIMIT_TRACES_MAX];
	size_t count;
};

void limits_none(struct limits *limits);
/* All that holds for this kit in this course case (NULL = none). */
void limits_merge(const struct limit_section *sections, int count, const char *model,
	const char *lesson, struct limits *merged);

/* May this be written or done? Remembers it when it may. ERR_LIMIT names limit and value. */
enum err limits_write(const struct limits *limits, struct limit_traces *traces,
	const struct property *property, const struct value *value, int64_t now_us, struct why *why);
enum err limits_act(const struct limits *limits, struct limit_traces *traces,
	const struct kit *kit, const struct action *action, const struct value *args,
	int64_t now_us, struct why *why);
