/*
 * A driver and its far end on a table, for the unit tests: a kit and a machine joined by a
 * line that can be cut into pieces, made deaf or mute, or be USB packets; time by hand.
 * What went over the line is kept as hex. One pair at a time.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "driver.h"
#include "kit_motion.h"
#include "virtual/machines.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RIG_QUEUE_MAX = 16384, RIG_FRAMES_MAX = 256 };

struct rig_line {
	uint8_t bytes[RIG_QUEUE_MAX];
	size_t count;
	size_t frames[RIG_FRAMES_MAX]; /* their lengths */
	size_t frame_count;
};

static struct {
	struct kit *kit;
	struct machine machine;
	struct machine_world world;
	int64_t now_us;
	int64_t machine_due_us;
	struct rig_line to_machine, to_kit;
	size_t cut;	    /* bytes of a piece; 0 = whole frames */
	unsigned lose;	    /* so many of the next frames to the machine are lost */
	unsigned lose_back; /* and of those to the kit */
	bool is_full;	    /* the port has no room */
	bool is_slow;	    /* nothing arrives at the machine, it waits */
	char sent[32768];   /* what the kit sent since the last look, as hex */
	enum lane lane;	    /* of the newest frame */
	unsigned frames;    /* sent since the last look */
	unsigned helds;	    /* proofs of rest */
	unsigned answers;
	enum err error; /* of the last command or answer */
	char hint[240];
	double scene[SCENE_FIELDS];
} rig;

/* ---- the line ---- */

static inline void rig_push(struct rig_line *line, const uint8_t *bytes, size_t count)
{
	assert_true(line->count + count <= RIG_QUEUE_MAX && line->frame_count < RIG_FRAMES_MAX);
	memcpy(line->bytes + line->count, bytes, count);
	line->count += count;
	line->frames[line->frame_count++] = count;
}

static inline size_t rig_pop(struct rig_line *line, uint8_t *bytes)
{
	size_t count = line->frames[0];

	memcpy(bytes, line->bytes, count);
	line->count -= count;
	memmove(line->bytes, line->bytes + count, line->count);
	line->frame_count--;
	memmove(line->frames, line->frames + 1, line->frame_count * sizeof(line->frames[0]));
	return count;
}

static inline bool rig_on_send(void *data, const uint8_t *bytes, size_t count, enum lane lane)
{
	(void)data;
	if (rig.is_full) {
		return false;
	}
	size_t used = strlen(rig.sent);

	assert_true(used + 2 * count + 2 < sizeof(rig.sent));
	for (size_t i = 0; i < count; i++) {
		used += (size_t)snprintf(rig.sent + used, 3, "%02x", bytes[i]);
	}
	snprintf(rig.sent + used, 2, " ");
	rig.frames++;
	rig.lane = lane;
	rig_push(&rig.to_machine, bytes, count);
	return true;
}

static inline size_t rig_on_backlog(void *data)
{
	(void)data;
	return rig.to_machine.count;
}

static inline void rig_on_changed(void *data, struct kit *kit)
{
	(void)data;
	(void)kit;
}

static inline void rig_on_held(void *data, struct kit *kit)
{
	(void)data;
	(void)kit;
	rig.helds++;
}

static const struct kit_owner rig_owner = {
	rig_on_send, rig_on_backlog, rig_on_changed, rig_on_held};

static inline void rig_on_machine_send(void *data, const uint8_t *bytes, size_t count)
{
	(void)data;
	rig_push(&rig.to_kit, bytes, count);
}

static inline double rig_on_scene(void *data, enum scene_field field)
{
	(void)data;
	return rig.scene[field];
}

/* One frame each way arrives. */
static inline void rig_pump(void)
{
	uint8_t bytes[RIG_QUEUE_MAX];

	if (rig.to_machine.frame_count > 0 && !rig.is_slow) {
		size_t count = rig_pop(&rig.to_machine, bytes);
		size_t step = rig.cut ? rig.cut : count;

		for (size_t at = 0; at < count && rig.lose == 0; at += step) {
			rig.machine.class->feed(&rig.machine, bytes + at,
				count - at < step ? count - at : step, rig.now_us);
		}
		rig.lose -= rig.lose > 0;
		rig.machine_due_us = 0;
		if (rig.to_machine.frame_count == 0) {
			kit_drained(rig.kit, rig.now_us);
		}
	}
	if (rig.to_kit.frame_count > 0) {
		size_t count = rig_pop(&rig.to_kit, bytes);
		size_t step = rig.cut ? rig.cut : count;

		for (size_t at = 0; at < count && rig.lose_back == 0; at += step) {
			kit_feed(rig.kit, bytes + at, count - at < step ? count - at : step,
				rig.now_us);
		}
		rig.lose_back -= rig.lose_back > 0;
	}
}

static void (*rig_world_step)(double dt_s); /* what moves the machine's world */

static inline void rig_wait_ms(int ms)
{
	for (int i = 0; i < ms; i++) {
		rig.now_us += 1000;
		if (rig_world_step) {
			rig_world_step(1e-3);
		}
		if (rig.now_us >= rig.machine_due_us) {
			rig.machine_due_us = rig.machine.class->tick(&rig.machine, rig.now_us);
		}
		rig_pump();
		kit_tick(rig.kit, rig.now_us);
	}
}

/* ---- life ---- */

static inline void rig_open(
	const struct driver *driver, const struct machine_class *class, bool is_packet)
{
	memset(&rig.to_machine, 0, sizeof(rig.to_machine));
	memset(&rig.to_kit, 0, sizeof(rig.to_kit));
	rig.cut = rig.lose = rig.lose_back = 0;
	rig.is_full = rig.is_slow = false;
	rig.sent[0] = rig.hint[0] = '\0';
	rig.frames = rig.helds = rig.answers = 0;
	rig.error = ERR_NONE;
	rig.now_us = 1000000;
	rig.world.send = rig_on_machine_send;
	rig.world.scene = rig_on_scene;
	rig.machine = (struct machine){.class = class, .world = &rig.world, .boot_us = 0};
	rig.machine.state = calloc(1, class->state_size);
	class->reset(&rig.machine, rig.now_us);
	if (class->opened) {
		class->opened(&rig.machine, rig.now_us);
	}
	rig.kit = kit_create("kit-1");
	rig.kit->owner = &rig_owner;
	rig.kit->is_packet = is_packet;
	kit_start(rig.kit, driver, rig.now_us);
}

static inline int rig_close(void **state)
{
	(void)state;
	kit_destroy(rig.kit);
	free(rig.machine.state);
	rig.kit = NULL;
	rig.machine.state = NULL;
	return 0;
}

static inline void rig_forget_sent(void)
{
	rig.sent[0] = '\0';
	rig.frames = 0;
}

static inline void assert_sent(const char *hex)
{
	assert_string_equal(rig.sent, hex);
	rig_forget_sent();
}

/* ---- the user ---- */

static inline void rig_on_done(
	void *data, const struct value *result, const struct why *why, int64_t t_us)
{
	(void)data;
	(void)result;
	(void)t_us;
	rig.answers++;
	rig.error = why->code;
	snprintf(rig.hint, sizeof(rig.hint), "%s", why_text(why, LANG_EN));
}

static inline const struct property *rig_property(const char *name)
{
	int index = kit_find_property(rig.kit, name);

	if (index < 0) {
		fail_msg("no property %s", name);
	}
	return &rig.kit->properties[index];
}

static inline enum err rig_write(const char *name, struct value value)
{
	struct why why = {.code = ERR_NONE};
	int index = (int)(rig_property(name) - rig.kit->properties);
	enum err err = kit_write_motion(rig.kit, index, &value, rig.now_us, NULL, NULL, &why);

	snprintf(rig.hint, sizeof(rig.hint), "%s", why_text(&why, LANG_EN));
	return err;
}

static inline enum err rig_act(const char *name, struct value a, struct value b, struct value c)
{
	struct value args[KIT_ARGS_MAX] = {a, b, c};
	struct why why = {.code = ERR_NONE};
	int index = kit_find_action(rig.kit, name);

	assert_true(index >= 0);
	enum err err = kit_act_motion(rig.kit, index, args, rig.now_us, rig_on_done, NULL, &why);

	if (err) {
		snprintf(rig.hint, sizeof(rig.hint), "%s", why_text(&why, LANG_EN));
	}
	return err;
}

static inline void rig_hold(enum hold_level level)
{
	static const struct why why = {.code = ERR_STOPPED};

	kit_hold(rig.kit, level, &why, rig.now_us);
}

static inline void rig_watch(const char *name)
{
	kit_watch(rig.kit, (int)(rig_property(name) - rig.kit->properties), rig.now_us);
}

static inline double rig_number(const char *name)
{
	const struct value *value = &rig_property(name)->value;

	return value->type == VALUE_NUMBER  ? value->number
		: value->type == VALUE_INT  ? (double)value->integer
		: value->type == VALUE_BOOL ? value->boolean
					    : (double)NAN;
}

#define RIG_TEST(name) cmocka_unit_test_teardown(name, rig_close)
