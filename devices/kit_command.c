/*
 * Commands to a kit: reading, writing, acting; see kit.h.
 *
 * While the port still has bytes queued, a set-point waits in its property and
 * a newer one takes its place; they go out together when the port is empty, and
 * before any action, so that nothing overtakes them.
 */
#include "kit_motion.h"
#include "kit_private.h"

#include "driver.h"
#include "xalloc.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum err kit_read(struct kit *kit, int index, struct value *value, int64_t *t_us, struct why *why)
{
	enum err err = kit_need_usable(kit, why);

	if (err) {
		return err;
	}
	const struct property *property = &kit->properties[index];

	if (!property->readable) {
		return why_set(why, ERR_REFUSED, MSG_NOT_READABLE, property->name, kit->id);
	}
	*value = property->value;
	*t_us = property->t_us;
	return ERR_NONE;
}

/* ---- checking ---- */

static enum err type_error(const char *name, enum value_type type, struct why *why)
{
	switch (type) {
	case VALUE_BOOL:
		return why_set(why, ERR_INVALID, MSG_VALUE_BOOL, name);
	case VALUE_INT:
		return why_set(why, ERR_INVALID, MSG_VALUE_INTEGER, name);
	case VALUE_NUMBER:
		return why_set(why, ERR_INVALID, MSG_VALUE_NUMBER, name);
	case VALUE_TEXT:
		return why_set(why, ERR_INVALID, MSG_VALUE_TEXT, name);
	case VALUE_VECTOR:
	case VALUE_NULL:
		break;
	}
	return why_set(why, ERR_INVALID, MSG_VALUE_VECTOR, name);
}

static enum err check(const char *name, enum value_type type, double min, double max,
	const struct value *given, struct value *checked, struct why *why)
{
	if (!value_as(given, type, checked)) {
		return type_error(name, type, why);
	}
	double number = checked->type == VALUE_INT ? (double)checked->integer
		: checked->type == VALUE_NUMBER    ? checked->number
						   : NAN;
	bool is_below = !isnan(min) && number < min;
	bool is_above = !isnan(max) && number > max;

	if (is_below || is_above) {
		return why_set(why, ERR_INVALID, MSG_VALUE_RANGE, name, isnan(min) ? -HUGE_VAL : min,
			isnan(max) ? HUGE_VAL : max, number);
	}
	if (checked->type == VALUE_TEXT &&
		(checked->count > VALUE_TEXT_MAX || !utf8_is_valid(checked->text, checked->count))) {
		return why_set(why, ERR_INVALID, MSG_TEXT_FORM, name, VALUE_TEXT_MAX);
	}
	return ERR_NONE;
}

/* Is `word` one of "input|pullup|output"? */
static bool is_choice(const char *choices, const struct value *word)
{
	const char *at = choices;

	while (at) {
		const char *bar = strchr(at, '|');
		size_t length = bar ? (size_t)(bar - at) : strlen(at);

		if (length == word->count && memcmp(at, word->text, length) == 0) {
			return true;
		}
		at = bar ? bar + 1 : NULL;
	}
	return false;
}

static enum err check_args(const struct action *action, const struct value *args,
	struct value *checked, struct why *why)
{
	for (unsigned i = 0; i < action->arg_count; i++) {
		const struct argument *arg = &action->args[i];

		if (args[i].type == VALUE_NULL) {
			if (!arg->optional) {
				return why_set(why, ERR_INVALID, MSG_ARG_MISSING, action->name,
					arg->name);
			}
			checked[i] = value_null();
			continue;
		}
		enum err err = check(arg->name, arg->type, arg->min, arg->max, &args[i], &checked[i],
			why);

		if (err) {
			return err;
		}
		if (arg->choices && !is_choice(arg->choices, &checked[i])) {
			return why_set(why, ERR_INVALID, MSG_ARG_CHOICE, arg->name, arg->choices,
				checked[i].text);
		}
	}
	return ERR_NONE;
}

/* ---- writes ---- */

static size_t backlog(const struct kit *kit)
{
	return kit->owner ? kit->owner->backlog(kit->owner_data) : 0;
}

static enum err write_now(struct kit *kit, struct property *property, const struct value *value,
	struct why *why)
{
	enum lane before = kit->lane;

	kit->lane = property->safety == CLASS_MOTION ? LANE_MOTION : LANE_ORDER;
	kit_begin(kit, kit->now_us);
	enum err err = kit->driver->write(kit, property, value, kit->now_us, why);

	kit_end(kit);
	kit->lane = before;
	return err;
}

/* Sends the set-points that waited. A driver that refuses one now refuses it silently:
 * it was answered by the newer state of the kit. */
static void write_pending(struct kit *kit)
{
	for (size_t i = 0; i < kit->property_count; i++) {
		struct property *property = &kit->properties[i];

		if (!property->has_pending) {
			continue;
		}
		struct value value = property->pending;

		property->pending = value_null();
		property->has_pending = false;
		write_now(kit, property, &value, NULL);
		value_release(&value);
	}
}

static void end_writes(struct kit *kit, const struct why *why)
{
	static const struct why well = {.code = ERR_NONE};
	size_t count = kit->write_count;
	struct pending_write *writes = kit->writes;

	/* A done function may write again: it gets a fresh list. */
	kit->writes = NULL;
	kit->write_count = 0;
	for (size_t i = 0; i < count; i++) {
		if (writes[i].done) {
			writes[i].done(writes[i].data, NULL, why ? why : &well, kit->now_us);
		}
	}
	free(writes);
}

static void add_write(struct kit *kit, kit_done_fn *done, void *data)
{
	if (!kit->writes) {
		kit->writes = xcalloc(KIT_WRITES_MAX, sizeof(*kit->writes));
	}
	kit->writes[kit->write_count++] = (struct pending_write){.done = done, .data = data};
}

enum err kit_write_motion(struct kit *kit, int index, const struct value *value, int64_t now_us,
	kit_done_fn *done, void *data, struct why *why)
{
	struct property *property = &kit->properties[index];
	struct value checked;
	enum err err = kit_need_usable(kit, why);

	if (err) {
		return err;
	}
	if (!property->writable) {
		return why_set(why, ERR_REFUSED, MSG_NOT_WRITABLE, property->name, kit->id);
	}
	err = check(property->name, property->type, property->min, property->max, value, &checked,
		why);
	if (err) {
		return err;
	}
	if (kit->write_count == KIT_WRITES_MAX) {
		return why_set(why, ERR_BUSY, MSG_PORT_FULL, kit->id);
	}
	kit->now_us = now_us;
	if (backlog(kit) > 0) {
		value_release(&property->pending);
		property->pending = value_copy(&checked);
		property->has_pending = true;
	} else {
		err = write_now(kit, property, &checked, why);
		if (err) {
			return err;
		}
	}
	if (done && backlog(kit) == 0 && kit->write_count == 0) {
		static const struct why well = {.code = ERR_NONE};

		done(data, NULL, &well, now_us);
	} else if (done) {
		add_write(kit, done, data);
	}
	return ERR_NONE;
}

enum err kit_write(struct kit *kit, int index, const struct value *value, int64_t now_us,
	kit_done_fn *done, void *data, struct why *why)
{
	const struct property *property = &kit->properties[index];

	if (property->safety == CLASS_MOTION) {
		return why_set(why, ERR_REFUSED, MSG_MOTION_NEEDS_LEASE, property->name);
	}
	return kit_write_motion(kit, index, value, now_us, done, data, why);
}

void kit_drained(struct kit *kit, int64_t now_us)
{
	kit->now_us = now_us;
	if (kit->driver && (kit->state == KIT_READY || kit->state == KIT_STALE)) {
		write_pending(kit);
	}
	if (kit->driver && kit->driver->sent && backlog(kit) == 0) {
		kit_begin(kit, now_us);
		kit->driver->sent(kit, now_us);
		kit_end(kit);
	}
	if (kit->write_count > 0 && backlog(kit) == 0) {
		end_writes(kit, NULL);
	}
}

/* ---- actions ---- */

static struct pending_act *free_place(struct kit *kit)
{
	for (size_t i = 0; i < KIT_PENDING_MAX; i++) {
		if (!kit->acts[i].action) {
			return &kit->acts[i];
		}
	}
	return NULL;
}

static int timeout_ms(const struct action *action)
{
	return action->timeout_ms ? action->timeout_ms : KIT_ACT_TIMEOUT_MS;
}

enum err kit_act_motion(struct kit *kit, int index, const struct value *args, int64_t now_us,
	kit_done_fn *done, void *data, struct why *why)
{
	const struct action *action = &kit->actions[index];
	struct value checked[KIT_ARGS_MAX];
	enum err err = kit_need_usable(kit, why);

	if (err) {
		return err;
	}
	err = check_args(action, args, checked, why);
	if (err) {
		return err;
	}
	struct pending_act *place = free_place(kit);

	if (!place) {
		return why_set(why, ERR_BUSY, MSG_TOO_MANY_ACTIONS, kit->id, KIT_PENDING_MAX);
	}
	kit->now_us = now_us;
	write_pending(kit);
	uint32_t token = ++kit->next_token;

	*place = (struct pending_act){
		.action = action,
		.done = done,
		.data = data,
		.deadline_us = now_us + (int64_t)timeout_ms(action) * 1000,
		.token = token,
	};
	enum lane before = kit->lane;

	kit->lane = action->safety == CLASS_MOTION ? LANE_MOTION : LANE_ORDER;
	kit_begin(kit, now_us);
	err = kit->driver->act(kit, action, checked, token, now_us, why);
	kit_end(kit);
	kit->lane = before;
	if (err && place->token == token) {
		place->action = NULL;
	}
	return err;
}

enum err kit_act(struct kit *kit, int index, const struct value *args, int64_t now_us,
	kit_done_fn *done, void *data, struct why *why)
{
	const struct action *action = &kit->actions[index];

	if (action->safety == CLASS_MOTION) {
		return why_set(why, ERR_REFUSED, MSG_MOTION_NEEDS_LEASE, action->name);
	}
	return kit_act_motion(kit, index, args, now_us, done, data, why);
}

static void end_act(struct kit *kit, struct pending_act *act, const struct value *result,
	const struct why *why)
{
	static const struct why well = {.code = ERR_NONE};
	static const struct value none = {.type = VALUE_NULL};
	kit_done_fn *done = act->done;
	void *data = act->data;

	act->action = NULL;
	act->done = NULL;
	if (done) {
		done(data, result ? result : &none, why ? why : &well, kit->now_us);
	}
}

void kit_reply(struct kit *kit, uint32_t token, const struct value *result, const struct why *why)
{
	for (size_t i = 0; i < KIT_PENDING_MAX; i++) {
		if (kit->acts[i].action && kit->acts[i].token == token) {
			end_act(kit, &kit->acts[i], result, why);
			return;
		}
	}
}

void kit_end_late_acts(struct kit *kit, int64_t now_us)
{
	for (size_t i = 0; i < KIT_PENDING_MAX; i++) {
		struct pending_act *act = &kit->acts[i];
		struct why why;

		if (act->action && now_us >= act->deadline_us) {
			kit->now_us = now_us;
			why_set(&why, ERR_TIMEOUT, MSG_ACT_TIMEOUT, kit->id,
				timeout_ms(act->action) / 1000);
			end_act(kit, act, NULL, &why);
		}
	}
}

void kit_end_motion(struct kit *kit, const struct why *why)
{
	for (size_t i = 0; i < kit->property_count; i++) {
		struct property *property = &kit->properties[i];

		if (property->has_pending && property->safety == CLASS_MOTION) {
			value_release(&property->pending);
			property->has_pending = false;
		}
	}
	for (size_t i = 0; i < KIT_PENDING_MAX; i++) {
		const struct action *action = kit->acts[i].action;

		if (action && action->safety == CLASS_MOTION) {
			end_act(kit, &kit->acts[i], NULL, why);
		}
	}
}

void kit_end_commands(struct kit *kit, const struct why *why)
{
	for (size_t i = 0; i < kit->property_count; i++) {
		value_release(&kit->properties[i].pending);
		kit->properties[i].has_pending = false;
	}
	for (size_t i = 0; i < KIT_PENDING_MAX; i++) {
		if (kit->acts[i].action) {
			end_act(kit, &kit->acts[i], NULL, why);
		}
	}
	if (kit->write_count > 0) {
		end_writes(kit, why);
	}
}

void kit_forget(struct kit *kit, void *data)
{
	for (size_t i = 0; i < KIT_PENDING_MAX; i++) {
		if (kit->acts[i].data == data) {
			kit->acts[i].done = NULL;
		}
	}
	for (size_t i = 0; i < kit->write_count; i++) {
		if (kit->writes[i].data == data) {
			kit->writes[i].done = NULL;
		}
	}
}
