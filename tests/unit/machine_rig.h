/*
 * A driver on a table, for the unit tests: a kit and its far end joined by a line that can be
 * cut into pieces, noisy, deaf or mute, or be USB packets; time by hand. The far end is a
 * virtual machine, or the test itself (no machine: hears()). What went over the line is kept
 * as hex. One pair at a time.
 */
#pragma once

#include "hex.h"

#include "driver.h"
#include "kit_motion.h"
#include "virtual/machines.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { RIG_QUEUE_MAX = 16384, RIG_FRAMES_MAX = 256 };

struct rig_line {
	uint8_t bytes[RIG_QUEUE_MAX];
	size_t count;
	size_t frames[RIG_FRAMES_MAX]; /* their lengths */
	size_t frame_count;
};

/* A bad cable, one way: one in so many bytes or frames (0 = none) suffers. */
struct way {
	unsigned lose, flip, twice;	  /* bytes */
	unsigned lose_whole, twice_whole; /* frames */
	bool is_cut;
};

static struct rig {
	struct machine_world world; /* the test's: rig_open() leaves these two */
	double scene[SCENE_FIELDS];
	struct kit *kit;
	struct machine machine; /* class NULL: the test itself is the far end */
	int64_t now_us;
	int64_t tick_us; /* the kit gets its time so often */
	struct rig_line to_machine, to_kit;
	struct way out, in;
	uint64_t random;
	unsigned flipped;   /* bytes */
	size_t cut;	    /* bytes of a piece; 0 = whole frames */
	unsigned lose;	    /* so many of the next frames to the machine are lost */
	unsigned lose_back; /* and of those to the kit */
	bool is_blocked;    /* the port has no room */
	bool is_slow;	    /* nothing arrives at the machine, it waits */
	bool is_off;	    /* the machine gets no time: it is silent */
	const char *gap;    /* between two frames of `sent` */
	char sent[32768];   /* what the kit sent since the last look, as hex */
	enum lane lane;	    /* of the newest frame */
	unsigned frames;    /* sent since the last look */
	unsigned firsts;    /* of them in LANE_FIRST */
	char events[1024];  /* "name=text;name number number;" */
	unsigned held;	    /* proofs of rest */
	unsigned samples, answers;
	enum err error; /* of the last command or answer */
	char hint[240];
	struct value result; /* of the last answer */
	double vector[VALUE_VECTOR_MAX];
	enum kit_state worst; /* since the last look: any state that is not ready */
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

static inline uint64_t dice(void)
{
	rig.random ^= rig.random << 13;
	rig.random ^= rig.random >> 7;
	rig.random ^= rig.random << 17;
	return rig.random;
}

/* Is it one in so many? */
static inline bool hits(unsigned one_in)
{
	uint64_t number = dice();

	return one_in > 0 && number % one_in == 0;
}

static inline void rig_carry(
	const struct way *way, struct rig_line *line, const uint8_t *bytes, size_t count)
{
	unsigned times = way->is_cut || hits(way->lose_whole) ? 0 : hits(way->twice_whole) ? 2 : 1;
	uint8_t carried[RIG_QUEUE_MAX];
	size_t used = 0;

	for (; times > 0; times--) {
		for (size_t i = 0; i < count; i++) {
			bool is_flipped = hits(way->flip);
			uint8_t flip = is_flipped ? (uint8_t)(1U << (rig.random >> 32 & 7)) : 0;
			unsigned copies = hits(way->lose) ? 0 : hits(way->twice) ? 2 : 1;

			rig.flipped += is_flipped;
			for (; copies > 0; copies--) {
				carried[used++] = bytes[i] ^ flip;
			}
		}
	}
	if (used > 0) {
		rig_push(line, carried, used);
	}
}

static inline bool rig_on_send(void *data, const uint8_t *bytes, size_t count, enum lane lane)
{
	(void)data;
	rig.lane = lane;
	if (rig.is_blocked) {
		return false;
	}
	size_t used = strlen(rig.sent);

	assert_true(used + 2 * count + 2 < sizeof(rig.sent));
	used += (size_t)snprintf(rig.sent + used, 2, "%s", used > 0 ? rig.gap : "");
	for (size_t i = 0; i < count; i++) {
		used += (size_t)snprintf(rig.sent + used, 3, "%02x", bytes[i]);
	}
	rig.frames++;
	rig.firsts += lane == LANE_FIRST;
	if (rig.machine.class) {
		rig_carry(&rig.out, &rig.to_machine, bytes, count);
	}
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
	if (kit->state != KIT_READY) {
		rig.worst = kit->state;
	}
}

static inline void rig_on_held(void *data, struct kit *kit)
{
	(void)data;
	assert_true(kit_is_held(kit));
	rig.held++;
}

static inline void rig_on_sample(void *data, struct kit *kit)
{
	(void)data;
	(void)kit;
	rig.samples++;
}

static inline void rig_on_event(void *data, struct kit *kit, const struct event *event,
	const struct value *value, int64_t t_us)
{
	size_t room = sizeof(rig.events), used = strlen(rig.events);

	(void)data;
	(void)kit;
	(void)t_us;
	used += (size_t)snprintf(rig.events + used, room - used, "%s%s%s", event->name,
		value->type == VALUE_TEXT ? "=" : "", value->type == VALUE_TEXT ? value->text : "");
	for (size_t i = 0; value->type == VALUE_VECTOR && i < value->count; i++) {
		used += (size_t)snprintf(rig.events + used, room - used, " %g", value->vector[i]);
	}
	snprintf(rig.events + used, room - used, ";");
}

static inline void rig_on_machine_send(void *data, const uint8_t *bytes, size_t count)
{
	(void)data;
	rig_carry(&rig.in, &rig.to_kit, bytes, count);
}

static inline double rig_on_scene(void *data, enum scene_field field)
{
	(void)data;
	return rig.scene[field];
}

static inline void rig_feed_machine(const uint8_t *bytes, size_t count)
{
	rig.machine.class->feed(&rig.machine, bytes, count, rig.now_us);
}

static inline void rig_feed_kit(const uint8_t *bytes, size_t count)
{
	kit_feed(rig.kit, bytes, count, rig.now_us);
}

/* The next frame arrives, in pieces if it is to be cut, or is lost. */
static inline void rig_arrive(
	struct rig_line *line, unsigned *lose, void (*feed)(const uint8_t *bytes, size_t count))
{
	uint8_t bytes[RIG_QUEUE_MAX];
	size_t count = rig_pop(line, bytes), step = rig.cut ? rig.cut : count;

	for (size_t at = 0; at < count && *lose == 0; at += step) {
		feed(bytes + at, count - at < step ? count - at : step);
	}
	*lose -= *lose > 0;
}

/* One frame each way arrives. */
static inline void rig_pump(void)
{
	if (rig.to_machine.frame_count > 0 && !rig.is_slow) {
		rig_arrive(&rig.to_machine, &rig.lose, rig_feed_machine);
		if (rig.to_machine.frame_count == 0) {
			kit_drained(rig.kit, rig.now_us);
		}
	}
	if (rig.to_kit.frame_count > 0) {
		rig_arrive(&rig.to_kit, &rig.lose_back, rig_feed_kit);
	}
}

static void (*rig_world_step)(double dt_s); /* what moves the machine's world */

static inline void wait_ms(int ms)
{
	for (int i = 0; i < ms; i++) {
		rig.now_us += 1000;
		if (rig_world_step) {
			rig_world_step(1e-3);
		}
		if (rig.machine.class && !rig.is_off) {
			rig.machine.class->tick(&rig.machine, rig.now_us);
		}
		rig_pump();
		if (rig.now_us % rig.tick_us == 0) {
			kit_tick(rig.kit, rig.now_us);
		}
	}
}

/* Until it is so; fails after so many milliseconds. */
#define WAIT_UNTIL(condition, most_ms)                                                             \
	do {                                                                                       \
		int left_ms = (most_ms);                                                           \
                                                                                                   \
		while (!(condition) && left_ms-- > 0) {                                            \
			wait_ms(1);                                                                \
		}                                                                                  \
		if (!(condition)) {                                                                \
			fail_msg("%s: in %d ms not: %s", rig.kit->driver->name, (int)(most_ms),    \
				#condition);                                                       \
		}                                                                                  \
	} while (0)

/* ---- life ---- */

static const struct kit_owner rig_owner = {
	rig_on_send, rig_on_backlog, rig_on_changed, rig_on_held};
static const struct kit_listener rig_listener = {rig_on_sample, rig_on_event};

/* The machine (NULL: none) has power; its line and the kit are there, and wait for kit_start(). */
static inline void rig_place(const struct machine_class *class)
{
	memset(&rig.kit, 0, sizeof(rig) - offsetof(struct rig, kit));
	rig.now_us = 1000000;
	rig.tick_us = 1000;
	rig.random = UINT64_C(0x9E3779B97F4A7C15);
	rig.gap = " ";
	rig.world.send = rig_on_machine_send;
	rig.world.scene = rig_on_scene;
	if (class) {
		rig.machine = (struct machine){.class = class, .world = &rig.world};
		rig.machine.state = calloc(1, class->state_size);
		class->reset(&rig.machine, rig.now_us);
	}
	rig.kit = kit_create("kit-1");
	rig.kit->owner = &rig_owner;
	rig.kit->listener = &rig_listener;
}

static inline void rig_open(
	const struct driver *driver, const struct machine_class *class, bool is_packet)
{
	rig_place(class);
	if (class->opened) {
		class->opened(&rig.machine, rig.now_us);
	}
	rig.kit->is_packet = is_packet;
	kit_start(rig.kit, driver, rig.now_us);
}

static inline int close_kit(void **state)
{
	(void)state;
	kit_destroy(rig.kit);
	free(rig.machine.state);
	rig.kit = NULL;
	rig.machine.state = NULL;
	return 0;
}

#define TEST(name) cmocka_unit_test_teardown(name, close_kit)

static inline void forget_sent(void)
{
	rig.sent[0] = '\0';
	rig.frames = rig.firsts = 0;
}

/* What was sent since the last look contains these bytes. */
static inline bool has_sent(const char *hex)
{
	return strstr(rig.sent, hex) != NULL;
}

/* Bytes reach the kit that no machine says. */
static inline void hears(const char *hex)
{
	uint8_t bytes[4096];
	size_t count = from_hex(hex, bytes);

	rig.now_us += 1000;
	rig_feed_kit(bytes, count);
}

/* ---- the user ---- */

static inline void rig_on_done(
	void *data, const struct value *result, const struct why *why, int64_t t_us)
{
	(void)data;
	(void)t_us;
	rig.answers++;
	rig.error = why->code;
	snprintf(rig.hint, sizeof(rig.hint), "%s", why_text(why, LANG_EN));
	rig.result = result ? *result : value_null();
	if (rig.result.type == VALUE_VECTOR) {
		memcpy(rig.vector, result->vector, result->count * sizeof(double));
		rig.result.vector = rig.vector;
	}
}

static inline int property(const char *name)
{
	int index = kit_find_property(rig.kit, name);

	if (index < 0) {
		fail_msg("no property %s", name);
	}
	return index;
}

static inline const struct property *described(const char *name)
{
	return &rig.kit->properties[property(name)];
}

static inline const struct value *value_of(const char *name)
{
	return &described(name)->value;
}

static inline enum err writes(const char *name, struct value value)
{
	struct why why = {.code = ERR_NONE};
	enum err err =
		kit_write_motion(rig.kit, property(name), &value, rig.now_us, NULL, NULL, &why);

	snprintf(rig.hint, sizeof(rig.hint), "%s", why_text(&why, LANG_EN));
	return err;
}

static inline enum err rig_act(const char *name, const struct value *args)
{
	struct why why = {.code = ERR_NONE};
	int index = kit_find_action(rig.kit, name);

	assert_true(index >= 0);
	enum err err = kit_act_motion(rig.kit, index, args, rig.now_us, rig_on_done, NULL, &why);

	if (err) {
		snprintf(rig.hint, sizeof(rig.hint), "%s", why_text(&why, LANG_EN));
	}
	return err;
}

/* An action with its arguments; those at the end that are not given are null. */
#define acts(name, ...) rig_act(name, (struct value[KIT_ARGS_MAX]){__VA_ARGS__})

static inline void drives(double left, double right)
{
	assert_int_equal(acts("drive", value_number(left), value_number(right)), ERR_NONE);
}

static inline void holds(enum hold_level level)
{
	static const struct why why = {.code = ERR_STOPPED};

	kit_hold(rig.kit, level, &why, rig.now_us);
}

static inline void watches(const char *name)
{
	kit_watch(rig.kit, property(name), rig.now_us);
}

static inline void unwatches(const char *name)
{
	kit_unwatch(rig.kit, property(name), rig.now_us);
}

/* NAN: none. */
static inline double number_of(const char *name)
{
	const struct value *value = value_of(name);

	return value->type == VALUE_NUMBER  ? value->number
		: value->type == VALUE_INT  ? (double)value->integer
		: value->type == VALUE_BOOL ? value->boolean
					    : (double)NAN;
}

static inline void assert_number(const char *name, double wanted)
{
	assert_int_equal(value_of(name)->type, VALUE_NUMBER);
	assert_true(fabs(value_of(name)->number - wanted) < 1e-9);
}

static inline void assert_bool(const char *name, bool wanted)
{
	assert_int_equal(value_of(name)->type, VALUE_BOOL);
	assert_int_equal(value_of(name)->boolean, wanted);
}
