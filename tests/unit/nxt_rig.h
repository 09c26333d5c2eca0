/*
 * The NXT driver on a table, for the unit tests: the virtual brick on one side, a user on
 * the other, time by hand. What goes over the wire can be counted, lost, kept back, cut to
 * single bytes, or answered by the test in the brick's place. One kit at a time.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kit_motion.h"
#include "nxt/nxt.h"
#include "nxt/protocol.h"
#include "virtual/machines.h"
#include "virtual/nxt.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { REPLIES_MAX = 64 };

static struct {
	struct kit *kit;
	struct brick brick;
	struct machine machine;
	int64_t now_us;
	double scene[SCENE_FIELDS];
	/* the wire */
	bool is_bytewise;
	bool is_deaf;	     /* nothing reaches the brick */
	bool is_blocked;     /* the port has no room */
	bool is_off;	     /* the brick is not served: it is silent */
	int lose_op;	     /* replies of this opcode are lost, -1 = none... */
	unsigned lose_count; /* ...so many of them */
	int override_op;     /* replies of this opcode say... */
	uint8_t override_status;
	int keep_op; /* a reply of this opcode is kept back until let_go() */
	uint8_t kept[NXT_FRAME_MAX];
	size_t kept_count;
	struct {
		uint8_t bytes[NXT_FRAME_MAX];
		size_t count;
	} replies[REPLIES_MAX];
	unsigned reply_count;
	/* what was sent */
	unsigned sent[256]; /* by opcode */
	struct nxt_telegram last;
	struct nxt_output output[NXT_MOTORS]; /* as last sent */
	unsigned first_lane;		      /* telegrams sent in LANE_FIRST */
	bool has_motion_in_order;	      /* a motor got power outside LANE_MOTION */
	/* what came of it */
	unsigned held, answers, samples;
	int64_t held_us;
	enum err error; /* of the last answer or refusal */
	char hint[240];
	char events[256];
} rig;

/* ---- the wire ---- */

static inline void look_at(const uint8_t *bytes, size_t count, enum lane lane)
{
	assert_true(nxt_decode(NXT_TO_BRICK, bytes, count, &rig.last));
	rig.sent[rig.last.op]++;
	rig.first_lane += lane == LANE_FIRST;
	if (rig.last.op == NXT_SET_OUTPUT) {
		rig.output[rig.last.port] = rig.last.output;
		rig.has_motion_in_order |= rig.last.output.power != 0 && lane != LANE_MOTION;
	}
}

static inline bool on_send(void *data, const uint8_t *bytes, size_t count, enum lane lane)
{
	uint8_t framed[NXT_FRAME_MAX];

	(void)data;
	if (rig.is_blocked) {
		return false;
	}
	if (rig.kit->is_packet) {
		assert_true(count <= NXT_TELEGRAM_MAX);
		framed[0] = (uint8_t)count;
		framed[1] = 0;
		memcpy(framed + 2, bytes, count);
	} else {
		memcpy(framed, bytes, count);
		count -= 2;
		assert_int_equal(framed[0], count);
	}
	look_at(framed + 2, count, lane);
	if (!rig.is_deaf) {
		machine_nxt.feed(&rig.machine, framed, count + 2, rig.now_us);
	}
	return true;
}

static inline void on_reply(void *data, const uint8_t *bytes, size_t count)
{
	(void)data;
	uint8_t op = bytes[3];

	if (rig.lose_op == op && rig.lose_count > 0) {
		rig.lose_count--;
		return;
	}
	if (rig.keep_op == op) {
		memcpy(rig.kept, bytes, count);
		rig.kept_count = count;
		rig.keep_op = -1;
		return;
	}
	assert_true(rig.reply_count < REPLIES_MAX);
	memcpy(rig.replies[rig.reply_count].bytes, bytes, count);
	rig.replies[rig.reply_count].count = count;
	if (rig.override_op == op) {
		rig.replies[rig.reply_count].bytes[4] = rig.override_status;
	}
	rig.reply_count++;
}

static inline void hears(const uint8_t *bytes, size_t count)
{
	if (rig.kit->is_packet) {
		kit_feed(rig.kit, bytes + 2, count - 2, rig.now_us);
		return;
	}
	size_t step = rig.is_bytewise ? 1 : count;

	for (size_t at = 0; at < count; at += step) {
		kit_feed(rig.kit, bytes + at, step, rig.now_us);
	}
}

static inline void let_go(void)
{
	assert_true(rig.kept_count > 0);
	hears(rig.kept, rig.kept_count);
	rig.kept_count = 0;
}

static inline void deliver(void)
{
	for (unsigned i = 0; i < rig.reply_count; i++) {
		hears(rig.replies[i].bytes, rig.replies[i].count);
	}
	rig.reply_count = 0;
}

static inline double on_scene(void *data, enum scene_field field)
{
	(void)data;
	return rig.scene[field];
}

/* ---- time ---- */

/* Both sides every millisecond, the kit's ticks every 20. */
static inline void wait_ms(int ms)
{
	for (int i = 0; i < ms; i++) {
		rig.now_us += 1000;
		if (!rig.is_off) {
			machine_nxt.tick(&rig.machine, rig.now_us);
		}
		deliver();
		if (rig.now_us % 20000 == 0) {
			kit_tick(rig.kit, rig.now_us);
		}
	}
}

#define wait_for(condition, ms)                                                                    \
	do {                                                                                       \
		int left_ms = (ms);                                                                \
                                                                                                   \
		while (!(condition) && left_ms-- > 0) {                                            \
			wait_ms(1);                                                                \
		}                                                                                  \
		if (!(condition)) {                                                                \
			fail_msg("not within %d ms: %s", (ms), #condition);                        \
		}                                                                                  \
	} while (0)

/* ---- around the kit ---- */

static inline size_t on_backlog(void *data)
{
	(void)data;
	return 0;
}

static inline void on_changed(void *data, struct kit *kit)
{
	(void)data;
	(void)kit;
}

static inline void on_held(void *data, struct kit *kit)
{
	(void)data;
	rig.held++;
	rig.held_us = kit->held_us;
}

static inline void on_sample(void *data, struct kit *kit)
{
	(void)data;
	(void)kit;
	rig.samples++;
}

static inline void on_event(void *data, struct kit *kit, const struct event *event,
	const struct value *value, int64_t t_us)
{
	(void)data;
	(void)kit;
	(void)value;
	(void)t_us;
	strncat(rig.events, event->name, sizeof(rig.events) - strlen(rig.events) - 1);
	strncat(rig.events, ";", sizeof(rig.events) - strlen(rig.events) - 1);
}

static const struct kit_owner owner = {on_send, on_backlog, on_changed, on_held};
static const struct kit_listener listener = {on_sample, on_event};
static const struct machine_world rig_world = {.send = on_reply, .scene = on_scene};

static inline void on_done(
	void *data, const struct value *result, const struct why *why, int64_t t_us)
{
	(void)data;
	(void)result;
	(void)t_us;
	rig.answers++;
	rig.error = why->code;
	snprintf(rig.hint, sizeof(rig.hint), "%s", why_text(why, LANG_EN));
}

/* A brick with its menu on, and a driver that has just been started. */
static inline void open_kit(bool is_packet)
{
	memset(&rig, 0, sizeof(rig));
	rig.lose_op = rig.override_op = rig.keep_op = -1;
	rig.now_us = 1000000;
	rig.scene[SCENE_DISTANCE] = 50;
	rig.scene[SCENE_LIGHT] = 0.5;
	rig.machine = (struct machine){
		.class = &machine_nxt, .world = &rig_world, .seed = 0x010203, .state = &rig.brick};
	machine_nxt.reset(&rig.machine, rig.now_us);
	rig.kit = kit_create("nxt-1");
	rig.kit->owner = &owner;
	rig.kit->listener = &listener;
	rig.kit->is_packet = is_packet;
	kit_start(rig.kit, &nxt_driver, rig.now_us);
}

static inline void ready(void)
{
	open_kit(false);
	wait_for(rig.kit->state == KIT_READY, 500);
	memset(rig.sent, 0, sizeof(rig.sent));
}

static inline int close_kit(void **state)
{
	(void)state;
	kit_destroy(rig.kit);
	rig.kit = NULL;
	return 0;
}

/* ---- the user ---- */

static inline int property(const char *name)
{
	int index = kit_find_property(rig.kit, name);

	if (index < 0) {
		fail_msg("no property %s", name);
	}
	return index;
}

static inline const struct value *value_of(const char *name)
{
	return &rig.kit->properties[property(name)].value;
}

static inline double number_of(const char *name)
{
	assert_int_equal(value_of(name)->type, VALUE_NUMBER);
	return value_of(name)->number;
}

/* Known, and about so much? */
static inline bool is_near(const char *name, double wanted)
{
	const struct value *value = value_of(name);

	return value->type == VALUE_NUMBER && fabs(value->number - wanted) < 0.001;
}

static inline enum err writes(const char *name, struct value value)
{
	struct why why = {.code = ERR_NONE};
	enum err err =
		kit_write_motion(rig.kit, property(name), &value, rig.now_us, NULL, NULL, &why);

	snprintf(rig.hint, sizeof(rig.hint), "%s", why_text(&why, LANG_EN));
	return err;
}

static inline void watches(const char *name)
{
	kit_watch(rig.kit, property(name), rig.now_us);
}

static inline void unwatches(const char *name)
{
	kit_unwatch(rig.kit, property(name), rig.now_us);
}

static inline enum err acts(const char *name, struct value a, struct value b)
{
	struct value args[KIT_ARGS_MAX] = {a, b};
	struct why why = {.code = ERR_NONE};
	int index = kit_find_action(rig.kit, name);

	assert_true(index >= 0);
	enum err err = kit_act_motion(rig.kit, index, args, rig.now_us, on_done, NULL, &why);

	if (err) {
		snprintf(rig.hint, sizeof(rig.hint), "%s", why_text(&why, LANG_EN));
	}
	return err;
}

static inline void drives(double left, double right)
{
	assert_int_equal(acts("drive", value_number(left), value_number(right)), ERR_NONE);
}

static inline void holds(enum hold_level level)
{
	static const struct why why = {.code = ERR_STOPPED};

	kit_hold(rig.kit, level, &why, rig.now_us);
}

static inline bool is_standing(void)
{
	return rig.brick.motors[0].speed == 0 && rig.brick.motors[1].speed == 0 &&
		rig.brick.motors[2].speed == 0;
}

#define TEST(name) cmocka_unit_test_teardown(name, close_kit)
