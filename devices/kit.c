/*
 * A kit's life: state, samples, bytes and time; see kit.h. Descriptions are
 * kit_describe.c's, commands kit_command.c's.
 */
#include "kit.h"

#include "driver.h"
#include "kit_private.h"
#include "log.h"
#include "xalloc.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct kit *kit_create(const char *id)
{
	struct kit *kit = xcalloc(1, sizeof(*kit));

	strncpy(kit->id, id, sizeof(kit->id) - 1);
	kit->state = KIT_ABSENT;
	return kit;
}

void kit_destroy(struct kit *kit)
{
	if (!kit) {
		return;
	}
	struct why why;

	why_set(&why, ERR_LOST, MSG_KIT_LOST, kit->id);
	kit_end_commands(kit, &why);
	kit_free_description(kit);
	free(kit->writes);
	free(kit->driver_state);
	free(kit);
}

const char *kit_state_name(enum kit_state state)
{
	static const char *const names[] = {
		[KIT_ABSENT] = "absent",
		[KIT_OPENING] = "opening",
		[KIT_PROBING] = "probing",
		[KIT_READY] = "ready",
		[KIT_STALE] = "stale",
		[KIT_LOST] = "lost",
		[KIT_REFUSED] = "refused",
	};

	return names[state];
}

/* ---- samples: between the outermost begin and end ---- */

void kit_begin(struct kit *kit, int64_t now_us)
{
	if (kit->depth++ == 0) {
		kit->now_us = now_us;
		kit->has_sample = false;
		kit->cuts = 0;
	}
	kit->next_tick_us = 0;
}

static void end_sample(struct kit *kit)
{
	kit->has_sample = false;
	kit->seq++;
	kit->t_us = kit->now_us;
	if (kit->listener) {
		kit->listener->sample(kit->listener_data, kit);
	}
}

void kit_end(struct kit *kit)
{
	if (--kit->depth == 0 && kit->has_sample) {
		end_sample(kit);
	}
}

/* Puts a text or vector into the property's own storage. */
static void keep(struct property *property, struct value *value)
{
	size_t element = value->type == VALUE_TEXT ? 1 : sizeof(double);
	size_t room = value->type == VALUE_TEXT ? VALUE_TEXT_MAX + 1 : VALUE_VECTOR_MAX;

	if (!property->storage) {
		property->storage = xcalloc(room, element);
	}
	memcpy(property->storage, value->type == VALUE_TEXT ? (const void *)value->text
							    : (const void *)value->vector,
		value->count * element);
	if (value->type == VALUE_TEXT) {
		((char *)property->storage)[value->count] = '\0';
		value->text = property->storage;
	} else {
		value->vector = property->storage;
	}
}

static bool is_sound(const struct value *value)
{
	switch (value->type) {
	case VALUE_NULL:
	case VALUE_BOOL:
		return true;
	case VALUE_INT:
		return value->integer > -VALUE_INT_LIMIT && value->integer < VALUE_INT_LIMIT;
	case VALUE_NUMBER:
		return isfinite(value->number);
	case VALUE_TEXT:
		return value->count <= VALUE_TEXT_MAX && utf8_is_valid(value->text, value->count);
	case VALUE_VECTOR:
		for (uint32_t i = 0; i < value->count; i++) {
			if (!isfinite(value->vector[i])) {
				return false;
			}
		}
		return value->count <= VALUE_VECTOR_MAX;
	}
	return false;
}

void kit_set(struct kit *kit, int index, const struct value *value)
{
	struct property *property = &kit->properties[index];
	struct value newest = *value;

	if (!is_sound(&newest)) {
		kit->bad_values++;
		newest = value_null();
	}
	if (property->seq == kit->seq + 1 && kit->cuts < KIT_CUTS_MAX) {
		kit->cuts++;
		end_sample(kit);
	}
	if (!value_equal(&newest, &property->value)) {
		if (newest.type == VALUE_TEXT || newest.type == VALUE_VECTOR) {
			keep(property, &newest);
		}
		property->value = newest;
		property->changed_seq = kit->seq + 1;
	}
	property->seq = kit->seq + 1;
	property->t_us = kit->now_us;
	kit->has_sample = true;
}

void kit_emit(struct kit *kit, int event, const struct value *value)
{
	static const struct value none = {.type = VALUE_NULL};

	if (kit->listener) {
		kit->listener->event(kit->listener_data, kit, &kit->events[event],
			value && is_sound(value) ? value : &none, kit->now_us);
	}
}

/* ---- state ---- */

void kit_set_state(struct kit *kit, enum kit_state state, const struct why *why)
{
	bool is_same = kit->state == state &&
		strcmp(kit->why.text[LANG_EN], why ? why->text[LANG_EN] : "") == 0;

	if (is_same) {
		return;
	}
	kit->state = state;
	kit->why = why ? *why : (struct why){.code = ERR_NONE};
	if (kit->owner) {
		kit->owner->changed(kit->owner_data, kit);
	}
}

void kit_ready(struct kit *kit)
{
	kit_set_state(kit, KIT_READY, NULL);
}

void kit_stale(struct kit *kit, const struct why *why)
{
	if (kit->state == KIT_REFUSED) {
		return; /* what is wrong with it weighs more */
	}
	kit_set_state(kit, KIT_STALE, why);
}

void kit_refuse(struct kit *kit, const struct why *why)
{
	kit_end_commands(kit, why);
	kit_set_state(kit, KIT_REFUSED, why);
}

void kit_lose(struct kit *kit, enum kit_state state, const struct why *why, int64_t now_us)
{
	struct why lost;

	kit->now_us = now_us;
	kit->is_running = false;
	why_set(&lost, ERR_LOST, MSG_KIT_LOST, kit->id);
	kit_end_commands(kit, &lost);
	kit_set_state(kit, state, why);
}

/* ---- bytes and time ---- */

void kit_start(struct kit *kit, const struct driver *driver, int64_t now_us)
{
	if (kit->driver != driver) {
		free(kit->driver_state);
		kit->driver_state = xcalloc(1, driver->state_size);
		kit->driver = driver;
	} else {
		memset(kit->driver_state, 0, driver->state_size);
	}
	kit->is_running = true;
	kit_set_state(kit, KIT_PROBING, NULL);
	kit_begin(kit, now_us);
	driver->start(kit, now_us);
	kit_end(kit);
}

void kit_feed(struct kit *kit, const uint8_t *bytes, size_t count, int64_t now_us)
{
	kit->bytes_in += count;
	kit_begin(kit, now_us);
	kit->driver->feed(kit, bytes, count, now_us);
	kit_end(kit);
}

void kit_tick(struct kit *kit, int64_t now_us)
{
	kit_end_late_acts(kit, now_us);
	if (!kit->driver || !kit->driver->tick || now_us < kit->next_tick_us) {
		return;
	}
	kit_begin(kit, now_us);
	int64_t next_us = kit->driver->tick(kit, now_us);

	kit_end(kit);
	kit->next_tick_us = next_us;
}

/* Something that never moved or lit is at rest as it is. */
void kit_hold(struct kit *kit, enum hold_level level, const struct why *why, int64_t now_us)
{
	kit->now_us = now_us;
	kit_end_motion(kit, why);
	kit->hold_level = level;
	kit->hold_us = now_us;
	kit->held_us = 0;
	if (kit->is_running && kit->driver->hold) {
		enum lane before = kit->lane;

		kit->lane = LANE_FIRST;
		kit_begin(kit, now_us);
		kit->driver->hold(kit, level, now_us);
		kit_end(kit);
		kit->lane = before;
		kit->next_tick_us = 0;
	}
}

bool kit_is_held(const struct kit *kit)
{
	return kit->hold_us != 0 && kit->held_us >= kit->hold_us;
}

void kit_held(struct kit *kit)
{
	if (kit->hold_us == 0 || kit_is_held(kit)) {
		return;
	}
	kit->held_us = kit->now_us;
	if (kit->owner && kit->owner->held) {
		kit->owner->held(kit->owner_data, kit);
	}
}

bool kit_has_motion(const struct kit *kit)
{
	for (size_t i = 0; i < kit->property_count; i++) {
		if (kit->properties[i].safety == CLASS_MOTION && kit->properties[i].writable) {
			return true;
		}
	}
	for (size_t i = 0; i < kit->action_count; i++) {
		if (kit->actions[i].safety == CLASS_MOTION) {
			return true;
		}
	}
	return false;
}

void kit_stop(struct kit *kit, int64_t now_us)
{
	if (kit->driver && kit->driver->stop) {
		kit_begin(kit, now_us);
		kit->driver->stop(kit, now_us);
		kit_end(kit);
	}
}

bool kit_send_lane(struct kit *kit, const uint8_t *bytes, size_t count, enum lane lane)
{
	if (!kit->owner || !kit->owner->send(kit->owner_data, bytes, count, lane)) {
		return false;
	}
	kit->bytes_out += count;
	return true;
}

bool kit_send(struct kit *kit, const uint8_t *bytes, size_t count)
{
	return kit_send_lane(kit, bytes, count, kit->lane);
}

bool kit_send_motion(struct kit *kit, const uint8_t *bytes, size_t count)
{
	return kit_send_lane(kit, bytes, count, LANE_MOTION);
}

void kit_watch(struct kit *kit, int index, int64_t now_us)
{
	struct property *property = &kit->properties[index];

	if (property->watchers++ == 0 && kit->driver && kit->driver->watch) {
		kit_begin(kit, now_us);
		kit->driver->watch(kit, property, true, now_us);
		kit_end(kit);
	}
}

void kit_unwatch(struct kit *kit, int index, int64_t now_us)
{
	struct property *property = &kit->properties[index];

	if (property->watchers > 0 && --property->watchers == 0 && kit->driver &&
		kit->driver->watch) {
		kit_begin(kit, now_us);
		kit->driver->watch(kit, property, false, now_us);
		kit_end(kit);
	}
}

enum err kit_set_wiring(struct kit *kit, const struct wiring *profile, int64_t now_us,
	struct why *why)
{
	if (!kit->driver || !kit->driver->rewire) {
		return why_set(why, ERR_UNSUPPORTED, MSG_NO_WIRING, kit->id);
	}
	const struct wiring *before = kit->profile;
	enum err err = ERR_NONE;

	kit->profile = profile;
	if (kit->state == KIT_READY || kit->state == KIT_STALE) {
		kit_begin(kit, now_us);
		err = kit->driver->rewire(kit, now_us, why);
		kit_end(kit);
	}
	if (err) {
		kit->profile = before;
		return err;
	}
	kit_name_wiring(kit);
	if (kit->owner) {
		kit->owner->changed(kit->owner_data, kit);
	}
	return ERR_NONE;
}
