/*
 * The makeblock driver and the virtual mBot on a table, with a cable between them that can
 * be bad; time by hand, in milliseconds. One kit at a time.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kit_motion.h"
#include "makeblock/makeblock.h"
#include "makeblock/protocol.h"
#include "virtual/machines.h"
#include "virtual/mbot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One way of the cable: one in so many bytes or pieces (0 = none) suffers. */
struct way {
	unsigned lose, flip, twice;	  /* bytes */
	unsigned lose_whole, twice_whole; /* what was sent at once */
	bool is_cut;
};

static struct {
	struct kit *kit;
	struct machine machine;
	struct mbot mbot;
	struct machine_world world;
	double scene[SCENE_FIELDS];
	int64_t now_us;
	struct way out, in;
	uint64_t random;
	bool is_bytewise; /* bytes reach the kit one at a time */
	bool is_blocked;  /* its port takes nothing */
	bool is_stuck;	  /* its port takes all and sends nothing */
	uint8_t inbox[4096];
	size_t inbox_count;
	char sent[16384]; /* as hex, a space before each piece; since the last look */
	char events[256];
	enum lane lane; /* of what was sent last */
	unsigned answers, samples, held;
	enum err error; /* of the last answer */
	char hint[240];
	enum kit_state worst; /* since the last look: any state that is not ready */
} rig;

/* ---- the cable ---- */

static inline bool hits(unsigned one_in)
{
	rig.random ^= rig.random << 13;
	rig.random ^= rig.random >> 7;
	rig.random ^= rig.random << 17;
	return one_in > 0 && rig.random % one_in == 0;
}

static inline size_t carry(const struct way *way, const uint8_t *bytes, size_t count, uint8_t *out)
{
	unsigned times = way->is_cut || hits(way->lose_whole) ? 0 : hits(way->twice_whole) ? 2 : 1;
	size_t used = 0;

	for (; times > 0; times--) {
		for (size_t i = 0; i < count; i++) {
			uint8_t byte = bytes[i];

			if (hits(way->flip)) {
				byte ^= (uint8_t)(1U << (rig.random >> 32 & 7));
			}
			for (unsigned n = hits(way->lose)  ? 0
					: hits(way->twice) ? 2
							   : 1;
				n > 0; n--) {
				out[used++] = byte;
			}
		}
	}
	return used;
}

static inline bool on_send(void *data, const uint8_t *bytes, size_t count, enum lane lane)
{
	uint8_t carried[1024];
	size_t used = strlen(rig.sent);

	(void)data;
	rig.lane = lane;
	if (rig.is_blocked) {
		return false;
	}
	for (size_t i = 0; i < count && used + 4 < sizeof(rig.sent); i++) {
		used += (size_t)snprintf(
			rig.sent + used, 4, "%s%02x", i == 0 && used ? " " : "", bytes[i]);
	}
	if (!rig.is_stuck) {
		machine_mbot.feed(
			&rig.machine, carried, carry(&rig.out, bytes, count, carried), rig.now_us);
	}
	return true;
}

static inline void on_board_send(void *data, const uint8_t *bytes, size_t count)
{
	(void)data;
	assert_true(rig.inbox_count + 4 * count < sizeof(rig.inbox));
	rig.inbox_count += carry(&rig.in, bytes, count, rig.inbox + rig.inbox_count);
}

static inline size_t on_backlog(void *data)
{
	(void)data;
	return rig.is_blocked || rig.is_stuck;
}

static inline void on_changed(void *data, struct kit *kit)
{
	(void)data;
	if (kit->state != KIT_READY) {
		rig.worst = kit->state;
	}
}

static inline void on_held(void *data, struct kit *kit)
{
	(void)data;
	assert_true(kit_is_held(kit));
	rig.held++;
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
}

static const struct kit_owner owner = {on_send, on_backlog, on_changed, on_held};
static const struct kit_listener listener = {on_sample, on_event};

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

static inline double feel(void *data, enum scene_field field)
{
	(void)data;
	return rig.scene[field];
}

/* ---- time ---- */

static inline void deliver(void)
{
	uint8_t bytes[sizeof(rig.inbox)];
	size_t count = rig.inbox_count, step = rig.is_bytewise ? 1 : count;

	memcpy(bytes, rig.inbox, count);
	rig.inbox_count = 0;
	for (size_t at = 0; at < count; at += step) {
		kit_feed(rig.kit, bytes + at, step, rig.now_us);
	}
}

static inline void pass_ms(int ms)
{
	for (; ms > 0; ms--) {
		rig.now_us += 1000;
		machine_mbot.tick(&rig.machine, rig.now_us);
		deliver();
		if (rig.now_us % 20000 == 0) {
			kit_tick(rig.kit, rig.now_us);
		}
	}
}

/* Until it is so; fails after so many milliseconds. */
#define PASS_UNTIL(condition, most_ms)                                                             \
	do {                                                                                       \
		int left_ms = (most_ms);                                                           \
		while (!(condition)) {                                                             \
			if (left_ms-- == 0) {                                                      \
				fail_msg("not in %d ms: %s", (most_ms), #condition);               \
			}                                                                          \
			pass_ms(1);                                                                \
		}                                                                                  \
	} while (0)

/* ---- life ---- */

/* The port opens: the board is reset, unless the line has no DTR. */
static inline void open_kit(bool has_dtr)
{
	memset(&rig, 0, sizeof(rig));
	rig.random = UINT64_C(0x9E3779B97F4A7C15);
	rig.now_us = 1000000;
	rig.world = (struct machine_world){.send = on_board_send, .scene = feel};
	rig.scene[SCENE_LIGHT] = 0.5;
	rig.scene[SCENE_DISTANCE] = 30;
	rig.machine = (struct machine){
		.class = &machine_mbot,
		.world = &rig.world,
		.boot_us = 1360 * 1000,
		.state = &rig.mbot,
	};
	machine_mbot.reset(&rig.machine, has_dtr ? rig.now_us : rig.now_us - 5000000);
	if (has_dtr) {
		machine_mbot.opened(&rig.machine, rig.now_us);
	} else {
		machine_mbot.tick(&rig.machine, rig.now_us);
		rig.inbox_count = 0; /* its banner was long ago */
	}
	rig.kit = kit_create("mbot-1");
	rig.kit->owner = &owner;
	rig.kit->listener = &listener;
	kit_start(rig.kit, &makeblock_driver, rig.now_us);
}

static inline void forget(void)
{
	rig.sent[0] = rig.events[0] = '\0';
	rig.answers = rig.samples = rig.held = 0;
	rig.worst = KIT_READY;
}

static inline void ready(void)
{
	open_kit(true);
	PASS_UNTIL(rig.kit->state == KIT_READY, 3000);
	pass_ms(50); /* its button, its lamps */
	forget();
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

static const struct why hold_why = {.code = ERR_STOPPED};

static inline void holds(enum hold_level level)
{
	kit_hold(rig.kit, level, &hold_why, rig.now_us);
}

static inline void assert_motors(int m1, int m2)
{
	assert_int_equal(rig.mbot.motors[0], m1);
	assert_int_equal(rig.mbot.motors[1], m2);
}

static inline void assert_stands(void)
{
	assert_motors(0, 0);
}

static inline void assert_number(const char *name, double wanted)
{
	assert_int_equal(value_of(name)->type, VALUE_NUMBER);
	assert_true(fabs(value_of(name)->number - wanted) < 1e-3);
}

static inline void assert_bool(const char *name, bool wanted)
{
	assert_int_equal(value_of(name)->type, VALUE_BOOL);
	assert_int_equal(value_of(name)->boolean, wanted);
}

/* Bytes come from the board that the virtual one does not say. */
static inline void hears(const char *hex)
{
	uint8_t bytes[512];
	size_t count = 0;

	for (const char *c = hex; *c; c++) {
		unsigned byte;

		if (*c != ' ') {
			assert_int_equal(sscanf(c, "%2x", &byte), 1);
			bytes[count++] = (uint8_t)byte;
			c++;
		}
	}
	kit_feed(rig.kit, bytes, count, rig.now_us);
}

#define TEST(name) cmocka_unit_test_teardown(name, close_kit)
