/*
 * The settings of limits of motion: sections [limits] for all kits, [limits MODEL], and
 * [limits case:ID] for a course case.
 */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *key;
	size_t place; /* in struct limits */
	double min, max;
} table[] = {
	{"drive_max", offsetof(struct limits, drive_max), 0, 1},
	{"turn_max", offsetof(struct limits, turn_max), 0, 1},
	{"motor_max", offsetof(struct limits, motor_max), 0, 1},
	{"joint_speed_max", offsetof(struct limits, joint_speed_max), 0, 1},
	{"joint_min", offsetof(struct limits, joint_min), -360, 360},
	{"joint_max", offsetof(struct limits, joint_max), -360, 360},
	{"step_max", offsetof(struct limits, step_max), 0.01, 2},
	{"joint_step_max", offsetof(struct limits, joint_step_max), 0.1, 360},
	{"unattended_s", offsetof(struct limits, unattended_s), 1, 86400},
	{"battery_min", offsetof(struct limits, battery_min), 0, 100},
};

/* "" = all kits, "mbot", "case:line-following" */
static bool is_scope(const char *scope)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	const char *name = strncmp(scope, "case:", 5) == 0 ? scope + 5 : scope;

	return scope[0] == '\0' ||
		(name[0] != '\0' && name[strspn(name, letters)] == '\0' &&
			strlen(scope) <= LIMIT_SCOPE_MAX);
}

static struct limits *section_of(struct config *config, const char *scope)
{
	for (int i = 0; i < config->limit_count; i++) {
		if (strcmp(config->limits[i].scope, scope) == 0) {
			return &config->limits[i].limits;
		}
	}
	if (config->limit_count == LIMIT_SECTIONS_MAX) {
		return NULL;
	}
	struct limit_section *section = &config->limits[config->limit_count++];

	snprintf(section->scope, sizeof(section->scope), "%s", scope);
	limits_none(&section->limits);
	return &section->limits;
}

/* "0.25", "-90": digits and at most one point. */
static bool read_decimal(const char *text, double min, double max, double *number)
{
	const char *digits = text + (text[0] == '-');
	size_t whole = strspn(digits, "0123456789");
	size_t point = digits[whole] == '.' ? 1 : 0;
	size_t part = point ? strspn(digits + whole + 1, "0123456789") : 0;

	if (whole == 0 || whole > 6 || (point && part == 0) || part > 6 ||
		digits[whole + point + part] != '\0') {
		return false;
	}
	*number = strtod(text, NULL);
	return *number >= min && *number <= max;
}

enum err config_set_limit(struct config *config, const char *key, const char *value,
	struct why *why)
{
	const char *scope = config->limits_scope;
	size_t i = 0;
	double number;

	if (!is_scope(scope)) {
		return why_set(why, ERR_INVALID, MSG_CONFIG_SCOPE, scope);
	}
	struct limits *limits = section_of(config, scope);

	if (!limits) {
		return why_set(why, ERR_INVALID, MSG_CONFIG_LIMITS, LIMIT_SECTIONS_MAX);
	}
	while (strcmp(table[i].key, key) != 0) {
		i++;
	}
	double *place = (double *)((char *)limits + table[i].place);

	if (!isnan(*place)) {
		return why_set(why, ERR_INVALID, MSG_CONFIG_TWICE, key);
	}
	if (!read_decimal(value, table[i].min, table[i].max, &number)) {
		char range[48];

		snprintf(range, sizeof(range), "%g..%g", table[i].min, table[i].max);
		return why_set(why, ERR_INVALID, MSG_CONFIG_VALUE, key, range, value);
	}
	*place = number;
	if (limits->joint_min >= limits->joint_max) {
		return why_set(why, ERR_INVALID, MSG_CONFIG_JOINTS, limits->joint_min,
			limits->joint_max);
	}
	return ERR_NONE;
}
