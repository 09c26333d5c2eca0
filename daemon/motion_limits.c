/*
 * Limits of motion; see motion_limits.h.
 *
 * What a number means is read from its name and unit: `drive` and `turn` are speeds of wheels, degrees
 * are angles of joints, the speed of move_joint and move_grip is a joint's, every other
 * share is a motor's speed. A change is judged against where the last 100 ms
 * began, so that a pause does not allow a leap; slowing down is always allowed.
 */
#include "motion_limits.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { STEP_US = 100 * 1000 };

void limits_none(struct limits *limits)
{
	*limits = (struct limits){NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
}

/* ---- which hold ---- */

enum { UNATTENDED_S = 600 };

static bool fits(const char *scope, const char *model, const char *lesson)
{
	if (strncmp(scope, "case:", 5) == 0) {
		return lesson && strcmp(scope + 5, lesson) == 0;
	}
	return !scope[0] || strcmp(scope, model) == 0;
}

void limits_merge(const struct limit_section *sections, int count, const char *model,
	const char *lesson, struct limits *merged)
{
	limits_none(merged);
	for (int i = 0; i < count; i++) {
		const struct limits *limits = &sections[i].limits;

		if (!fits(sections[i].scope, model, lesson)) {
			continue;
		}
		/* fmin and fmax leave NAN out. */
		merged->drive_max = fmin(merged->drive_max, limits->drive_max);
		merged->turn_max = fmin(merged->turn_max, limits->turn_max);
		merged->motor_max = fmin(merged->motor_max, limits->motor_max);
		merged->joint_speed_max = fmin(merged->joint_speed_max, limits->joint_speed_max);
		merged->joint_min = fmax(merged->joint_min, limits->joint_min);
		merged->joint_max = fmin(merged->joint_max, limits->joint_max);
		merged->step_max = fmin(merged->step_max, limits->step_max);
		merged->joint_step_max = fmin(merged->joint_step_max, limits->joint_step_max);
		merged->unattended_s = fmin(merged->unattended_s, limits->unattended_s);
		merged->battery_min = fmax(merged->battery_min, limits->battery_min);
	}
	if (isnan(merged->unattended_s)) {
		merged->unattended_s = UNATTENDED_S;
	}
}

/* ---- one number ---- */

struct number {
	const char *name; /* for people and for its trace: "motor.1", "left" */
	double value;
	double min, max;  /* NAN = open */
	double step;      /* NAN = any change */
	double start;     /* where it is if nothing was commanded yet; NAN = not known */
};

static struct limit_trace *find_trace(struct limit_traces *traces, const struct number *number,
	int64_t now_us)
{
	for (size_t i = 0; i < traces->count; i++) {
		if (strcmp(traces->traces[i].name, number->name) == 0) {
			return &traces->traces[i];
		}
	}
	if (traces->count == LIMIT_TRACES_MAX) {
		return NULL;
	}
	struct limit_trace *trace = &traces->traces[traces->count++];

	*trace = (struct limit_trace){
		.base = number->start, .last = number->start, .base_us = now_us};
	snprintf(trace->name, sizeof(trace->name), "%s", number->name);
	return trace;
}

static bool is_slower(double value, double than)
{
	return value == 0 || (fabs(value) <= fabs(than) && (value < 0) == (than < 0));
}

static enum err check(struct limit_traces *traces, const struct number *number, bool is_angle,
	int64_t now_us, struct why *why)
{
	if (number->value < number->min || number->value > number->max) {
		return why_set(why, ERR_LIMIT, MSG_LIMIT_RANGE, number->name, number->value,
			isnan(number->min) ? -HUGE_VAL : number->min,
			isnan(number->max) ? HUGE_VAL : number->max);
	}
	if (isnan(number->step)) {
		return ERR_NONE;
	}
	struct limit_trace *trace = find_trace(traces, number, now_us);

	if (!trace) {
		return why_set(why, ERR_LIMIT, MSG_LIMIT_TRACES, LIMIT_TRACES_MAX);
	}
	double base = now_us - trace->base_us >= STEP_US ? trace->last : trace->base;
	double change = fabs(number->value - base);

	if (change > number->step + 1e-9 && (is_angle || !is_slower(number->value, base))) {
		return why_set(why, ERR_LIMIT, MSG_LIMIT_STEP, number->name, change, number->step);
	}
	if (now_us - trace->base_us >= STEP_US || isnan(trace->base)) {
		trace->base_us = now_us;
		trace->base = isnan(trace->base) ? number->value : trace->last;
	}
	trace->last = number->value;
	return ERR_NONE;
}

static enum err check_speed(struct limit_traces *traces, const char *name, double value,
	double max, double step, int64_t now_us, struct why *why)
{
	struct number number = {name, value, -max, max, step, 0};

	return check(traces, &number, false, now_us, why);
}

static enum err check_angle(const struct limits *limits, struct limit_traces *traces,
	const char *name, double value, double start, int64_t now_us, struct why *why)
{
	struct number number = {name, value, limits->joint_min, limits->joint_max,
		limits->joint_step_max, start};

	return check(traces, &number, true, now_us, why);
}

/* ---- commands ---- */

static bool is_degrees(const char *unit)
{
	return unit && strcmp(unit, "deg") == 0;
}

static double number_or_nan(const struct value *value)
{
	struct value number;

	return value_as(value, VALUE_NUMBER, &number) ? number.number : NAN;
}

/* Values of the wrong type pass here, and are refused where they are checked. */
enum err limits_write(const struct limits *limits, struct limit_traces *traces,
	const struct property *property, const struct value *value, int64_t now_us, struct why *why)
{
	double number = number_or_nan(value);

	if (isnan(number) || strcmp(property->name, "grip") == 0) {
		return ERR_NONE;
	}
	if (is_degrees(property->unit)) {
		return check_angle(limits, traces, property->name, number,
			number_or_nan(&property->value), now_us, why);
	}
	return check_speed(traces, property->name, number, limits->motor_max, limits->step_max,
		now_us, why);
}

static enum err check_drive(const struct limits *limits, struct limit_traces *traces,
	const struct action *action, const struct value *args, int64_t now_us, struct why *why)
{
	enum err err = ERR_NONE;

	for (unsigned i = 0; i < action->arg_count && !err; i++) {
		bool is_wheel = strcmp(action->args[i].name, "left") == 0 ||
			strcmp(action->args[i].name, "right") == 0;
		double number = number_or_nan(&args[i]);

		if (is_wheel && !isnan(number)) {
			err = check_speed(traces, action->args[i].name, number, limits->drive_max,
				limits->step_max, now_us, why);
		}
	}
	return err;
}

/* Both wheels change, each its own way. */
static enum err check_turn(const struct limits *limits, struct limit_traces *traces,
	double speed, int64_t now_us, struct why *why)
{
	enum err err = check_speed(traces, "left", -speed, limits->turn_max, limits->step_max,
		now_us, why);

	return err ? err
		   : check_speed(traces, "right", speed, limits->turn_max, limits->step_max, now_us,
			     why);
}

static enum err check_pose(const struct limits *limits, struct limit_traces *traces,
	const struct kit *kit, const struct value *angles, int64_t now_us, struct why *why)
{
	enum err err = ERR_NONE;

	for (uint32_t i = 0; angles->type == VALUE_VECTOR && i < angles->count && !err; i++) {
		char name[KIT_NAME_MAX + 1];

		snprintf(name, sizeof(name), "joint.%u", i + 1);
		int index = kit_find_property(kit, name);

		err = check_angle(limits, traces, name, angles->vector[i],
			index < 0 ? NAN : number_or_nan(&kit->properties[index].value), now_us, why);
	}
	return err;
}

enum err limits_act(const struct limits *limits, struct limit_traces *traces,
	const struct kit *kit, const struct action *action, const struct value *args,
	int64_t now_us, struct why *why)
{
	bool is_joint = strncmp(action->name, "move_", 5) == 0;
	enum err err = ERR_NONE;

	if (strcmp(action->name, "drive") == 0) {
		return check_drive(limits, traces, action, args, now_us, why);
	}
	for (unsigned i = 0; i < action->arg_count && !err; i++) {
		const struct argument *arg = &action->args[i];
		double number = number_or_nan(&args[i]);

		if (strcmp(arg->name, "angles") == 0) {
			err = check_pose(limits, traces, kit, &args[i], now_us, why);
		} else if (strcmp(arg->name, "speed") != 0 || isnan(number)) {
			continue;
		} else if (strcmp(action->name, "turn") == 0) {
			err = check_turn(limits, traces, number, now_us, why);
		} else {
			double max = is_joint ? limits->joint_speed_max : limits->motor_max;

			err = check_speed(traces, action->name, number, max,
				is_joint ? NAN : limits->step_max, now_us, why);
		}
	}
	return err;
}
