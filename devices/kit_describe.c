/*
 * A kit's description: its properties, actions and events; see kit.h.
 *
 * A driver describes from begin to end, also anew (another wiring, another pin
 * mode). What keeps its name keeps its value, its watchers and its samples'
 * numbers, so that a page or script that watches it does not notice.
 */
#include "kit_private.h"

#include "driver.h"
#include "log.h"
#include "wiring.h"
#include "xalloc.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ACTIONS_MAX = 32, EVENTS_MAX = 16 };

static const struct name *word_of(const char *name)
{
	const struct name *word = name_find(name);

	if (!word) {
		log_error("devices/NAMES.md lacks \"%s\"", name);
		word = name_find("value");
	}
	return word;
}

static void free_properties(struct property *properties, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(properties[i].storage);
		value_release(&properties[i].pending);
	}
	free(properties);
}

void kit_free_description(struct kit *kit)
{
	free_properties(kit->properties, kit->property_count);
	free_properties(kit->old_properties, kit->old_property_count);
	free(kit->actions);
	free(kit->events);
	kit->properties = kit->old_properties = NULL;
	kit->actions = NULL;
	kit->events = NULL;
	kit->property_count = kit->old_property_count = kit->action_count = kit->event_count = 0;
}

void kit_describe_begin(struct kit *kit)
{
	kit->old_properties = kit->properties;
	kit->old_property_count = kit->property_count;
	kit->properties = xcalloc(KIT_PROPERTIES_MAX, sizeof(*kit->properties));
	kit->property_count = 0;
	/* Acts under way point into the old list: same size, same place. */
	if (!kit->actions) {
		kit->actions = xcalloc(ACTIONS_MAX, sizeof(*kit->actions));
		kit->events = xcalloc(EVENTS_MAX, sizeof(*kit->events));
	}
	kit->action_count = kit->event_count = 0;
}

/* Takes over what an earlier property of the name had. */
static void inherit(struct kit *kit, struct property *property)
{
	for (size_t i = 0; i < kit->old_property_count; i++) {
		struct property *old = &kit->old_properties[i];

		if (strcmp(old->name, property->name) != 0) {
			continue;
		}
		property->watchers = old->watchers;
		property->seq = old->seq;
		property->changed_seq = old->changed_seq;
		if (old->type == property->type) {
			property->value = old->value;
			property->t_us = old->t_us;
			property->storage = old->storage;
			old->storage = NULL;
		} else if (old->value.type != VALUE_NULL) {
			property->changed_seq = property->seq = kit->seq + 1;
			kit->has_sample = true;
		}
		return;
	}
}

struct property *kit_describe_property(struct kit *kit, const char *name, enum value_type type,
	bool readable, bool writable, int tag)
{
	if (kit->property_count == KIT_PROPERTIES_MAX) {
		return NULL;
	}
	struct property *property = &kit->properties[kit->property_count++];

	snprintf(property->name, sizeof(property->name), "%s", name);
	property->word = word_of(name);
	property->type = type;
	property->unit = property->word->unit;
	property->min = property->word->min;
	property->max = property->word->max;
	property->safety = property->word->safety;
	property->readable = readable;
	property->writable = writable;
	property->tag = tag;
	inherit(kit, property);
	return property;
}

struct action *kit_describe_action(struct kit *kit, const char *name, int tag)
{
	if (kit->action_count == ACTIONS_MAX) {
		return NULL;
	}
	struct action *action = &kit->actions[kit->action_count++];

	memset(action, 0, sizeof(*action));
	snprintf(action->name, sizeof(action->name), "%s", name);
	action->word = word_of(name);
	action->safety = action->word->safety;
	action->tag = tag;
	return action;
}

void kit_describe_arg(struct action *action, const char *name, enum value_type type, double min,
	double max, bool optional, const char *choices)
{
	if (action->arg_count == KIT_ARGS_MAX) {
		return;
	}
	action->args[action->arg_count++] = (struct argument){
		.name = name,
		.type = type,
		.unit = word_of(name)->unit,
		.min = min,
		.max = max,
		.optional = optional,
		.choices = choices,
	};
}

void kit_describe_wheels(struct kit *kit, int drive_tag, int turn_tag, int stop_tag)
{
	struct action *action = kit_describe_action(kit, "drive", drive_tag);

	kit_describe_arg(action, "left", VALUE_NUMBER, -1, 1, false, NULL);
	kit_describe_arg(action, "right", VALUE_NUMBER, -1, 1, false, NULL);
	action = kit_describe_action(kit, "turn", turn_tag);
	kit_describe_arg(action, "speed", VALUE_NUMBER, -1, 1, false, NULL);
	kit_describe_action(kit, "stop", stop_tag);
}

struct event *kit_describe_event(struct kit *kit, const char *name, enum value_type type)
{
	if (kit->event_count == EVENTS_MAX) {
		return NULL;
	}
	struct event *event = &kit->events[kit->event_count++];

	snprintf(event->name, sizeof(event->name), "%s", name);
	event->word = word_of(name);
	event->type = type;
	return event;
}

void kit_describe_end(struct kit *kit)
{
	free_properties(kit->old_properties, kit->old_property_count);
	kit->old_properties = NULL;
	kit->old_property_count = 0;
	/* The list keeps its whole room while it grows; here its size is known. */
	kit->properties = xrealloc(kit->properties,
		(kit->property_count ? kit->property_count : 1) * sizeof(*kit->properties));
	kit->description++;
	kit_name_wiring(kit);
	if (kit->owner) {
		kit->owner->changed(kit->owner_data, kit);
	}
}

void kit_name_wiring(struct kit *kit)
{
	snprintf(kit->wiring, sizeof(kit->wiring), "%s", kit->profile ? kit->profile->id : "");
}

/* ---- looking up ---- */

int kit_find_property(const struct kit *kit, const char *name)
{
	for (size_t i = 0; i < kit->property_count; i++) {
		if (strcmp(kit->properties[i].name, name) == 0) {
			return (int)i;
		}
	}
	return -1;
}

int kit_find_action(const struct kit *kit, const char *name)
{
	for (size_t i = 0; i < kit->action_count; i++) {
		if (strcmp(kit->actions[i].name, name) == 0) {
			return (int)i;
		}
	}
	return -1;
}

int kit_find_event(const struct kit *kit, const char *name)
{
	for (size_t i = 0; i < kit->event_count; i++) {
		if (strcmp(kit->events[i].name, name) == 0) {
			return (int)i;
		}
	}
	return -1;
}

/* Levenshtein with swaps of neighbours, for short names; more than 3 is "far". */
static unsigned distance(const char *a, const char *b)
{
	unsigned rows[3][KIT_NAME_MAX + 2];
	size_t m = strnlen(a, KIT_NAME_MAX + 1), n = strnlen(b, KIT_NAME_MAX + 1);

	for (size_t j = 0; j <= n; j++) {
		rows[0][j] = (unsigned)j;
	}
	for (size_t i = 1; i <= m; i++) {
		unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3], *two = rows[(i + 1) % 3];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= n; j++) {
			unsigned cost = above[j - 1] + (a[i - 1] != b[j - 1]);

			cost = above[j] + 1 < cost ? above[j] + 1 : cost;
			cost = row[j - 1] + 1 < cost ? row[j - 1] + 1 : cost;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
				two[j - 2] + 1 < cost) {
				cost = two[j - 2] + 1;
			}
			row[j] = cost;
		}
	}
	return rows[m % 3][n];
}

/* The name most like `name` among `count` structs that begin with theirs; NULL: all are far. */
static const char *nearest(const char *name, const void *first, size_t count, size_t stride)
{
	const char *found = NULL;
	unsigned best = 4;

	for (size_t i = 0; i < count; i++) {
		const char *candidate = (const char *)first + i * stride;
		unsigned far = distance(name, candidate);

		if (strlen(candidate) < 4 && name[0] != candidate[0]) {
			continue; /* "red" is no slip for "led" */
		}
		if (far < best && far <= (strlen(candidate) < 5 ? 1 : 3)) {
			best = far;
			found = candidate;
		}
	}
	return found;
}

/* What a lesson asks for: no raw pins, no settings of the board. */
static bool is_part(const struct property *property)
{
	switch (property->word->kind) {
	case KIND_PIN:
	case KIND_SETTING:
	case KIND_STATUS:
	case KIND_DATA:
		return false;
	case KIND_SENSOR:
	case KIND_BUTTON:
	case KIND_LIGHT:
	case KIND_SOUND:
	case KIND_MOTION:
	case KIND_ANGLE:
	case KIND_COMPASS:
	case KIND_COLOR:
		break;
	}
	return true;
}

/* All capability names, for who guessed far off: " It has light, led." */
static void list_names(const struct kit *kit, char *out, size_t room)
{
	size_t used = 0;

	snprintf(out, room, "pin.N"); /* a board without wiring */
	for (size_t i = 0; i < kit->property_count && used < room; i++) {
		const struct property *property = &kit->properties[i];

		if (is_part(property)) {
			used += (size_t)snprintf(out + used, room - used, "%s%s", used ? ", " : "",
				property->name);
		}
	}
}

enum err kit_need_property(const struct kit *kit, const char *name, int *index, struct why *why)
{
	int found = kit_find_property(kit, name);
	enum err err = kit_need_usable(kit, why);

	if (err) {
		return err;
	}
	if (found >= 0) {
		*index = found;
		return ERR_NONE;
	}
	const char *near = nearest(name, kit->properties, kit->property_count,
		sizeof(kit->properties[0]));

	if (near) {
		return why_set(why, ERR_NOT_FOUND, MSG_NO_PROPERTY_NEAR, kit->id, name, near);
	}
	char names[160];

	list_names(kit, names, sizeof(names));
	return why_set(why, ERR_NOT_FOUND, MSG_NO_PROPERTY, kit->id, name, names);
}

enum err kit_need_action(const struct kit *kit, const char *name, int *index, struct why *why)
{
	int found = kit_find_action(kit, name);
	enum err err = kit_need_usable(kit, why);

	if (err) {
		return err;
	}
	if (found >= 0) {
		*index = found;
		return ERR_NONE;
	}
	const char *near = nearest(name, kit->actions, kit->action_count, sizeof(kit->actions[0]));

	return near ? why_set(why, ERR_NOT_FOUND, MSG_NO_ACTION_NEAR, kit->id, name, near)
		    : why_set(why, ERR_NOT_FOUND, MSG_NO_ACTION, kit->id, name);
}

enum err kit_need_usable(const struct kit *kit, struct why *why)
{
	switch (kit->state) {
	case KIT_READY:
	case KIT_STALE:
		return ERR_NONE;
	case KIT_OPENING:
	case KIT_PROBING:
		return why_set(why, ERR_BUSY, MSG_KIT_NOT_READY, kit->id,
			kit_state_name(kit->state));
	case KIT_REFUSED:
		if (why) {
			*why = kit->why;
			why->code = ERR_REFUSED;
		}
		return ERR_REFUSED;
	case KIT_ABSENT:
	case KIT_LOST:
		break;
	}
	return why_set(why, ERR_LOST, MSG_KIT_LOST, kit->id);
}
