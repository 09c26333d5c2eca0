/*
 * A kit's driver as libFuzzer sees fit. The input is a small program: bytes from the kit,
 * answers to what was sent, a user who writes, acts, watches and rewires, holds, time, a port
 * that is full or pulled.
 *
 * Two kits live through it, one fed as the bytes come, one byte by byte: what they send,
 * answer and show must be equal. A kit on USB packets lives alone. The target that includes
 * this says what a frame does (fuzz_moves), how the kit answers (fuzz_answer), and what must
 * be true at all times (fuzz_check). Checked here: what is sent after a hold, and until a
 * user wants it, does not move.
 */
#pragma once

#include "driver.h"
#include "kit_motion.h"
#include "log.h"
#include "wiring.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

enum { FRAME_MAX = 2048, GIVEN_MAX = 6 /* a command: what, and 5 values */ };

struct side {
	struct kit *kit;
	uint64_t hash; /* of all that came out */
	bool is_blocked, is_plugged;
	bool is_stopped;	  /* held, and no motion was asked for since */
	bool may_prove;		  /* a proof of rest may come now */
	int64_t motion_us;	  /* when motion was asked for last */
	uint8_t frame[FRAME_MAX]; /* the newest */
	size_t frame_count;
};

struct program {
	const uint8_t *at, *end;
	int64_t now_us;
	struct side sides[2];
	int side_count;
	const struct driver *driver;
	const struct wiring *wirings; /* two, or NULL: it cannot be wired */
};

/* The target's: does this frame, which the driver sent, move something? Aborts at nonsense. */
static bool fuzz_moves(const uint8_t *frame, size_t count);
/* The target's: an answer of the kit to the newest frame; its size. */
static size_t fuzz_answer(struct program *program, uint8_t *out);
/* The target's: after each step. */
static void fuzz_check(const struct program *program, const struct side *side);

static unsigned take(struct program *program)
{
	return program->at < program->end ? *program->at++ : 0;
}

/* For fuzz_check: what can be set has a range. */
static inline void check_ranges(const struct kit *kit)
{
	for (size_t i = 0; i < kit->property_count; i++) {
		if (kit->properties[i].writable &&
			!(kit->properties[i].min < kit->properties[i].max)) {
			abort();
		}
	}
}

/* ---- what comes out ---- */

static void mix(struct side *side, const void *bytes, size_t count)
{
	const uint8_t *byte = bytes;

	for (size_t i = 0; i < count; i++) {
		side->hash = (side->hash ^ byte[i]) * UINT64_C(1099511628211);
	}
}

static void mix_value(struct side *side, const struct value *value)
{
	mix(side, &value->type, sizeof(value->type));
	if (value->type == VALUE_TEXT) {
		if (value->count > VALUE_TEXT_MAX || !utf8_is_valid(value->text, value->count)) {
			abort();
		}
		mix(side, value->text, value->count);
	} else if (value->type == VALUE_VECTOR) {
		mix(side, value->vector, value->count * sizeof(double));
	} else if (value->type == VALUE_BOOL) {
		mix(side, &value->boolean, sizeof(value->boolean));
	} else if (value->type != VALUE_NULL) {
		if (value->type == VALUE_NUMBER && !isfinite(value->number)) {
			abort();
		}
		mix(side, &value->integer, sizeof(value->integer));
	}
}

static bool on_send(void *data, const uint8_t *bytes, size_t count, enum lane lane)
{
	struct side *side = data;
	bool moves = fuzz_moves(bytes, count);

	if (count > FRAME_MAX || (moves && (side->is_stopped || lane != LANE_MOTION))) {
		abort();
	}
	if (side->is_blocked) {
		return false;
	}
	mix(side, bytes, count);
	mix(side, &lane, sizeof(lane));
	memcpy(side->frame, bytes, count);
	side->frame_count = count;
	return true;
}

static size_t on_backlog(void *data)
{
	return ((struct side *)data)->is_blocked;
}

static void on_changed(void *data, struct kit *kit)
{
	mix(data, &kit->state, sizeof(kit->state));
}

static void on_held(void *data, struct kit *kit)
{
	struct side *side = data;

	if (!side->may_prove || !kit_is_held(kit)) {
		abort();
	}
	mix(side, "held", 4);
}

static void on_sample(void *data, struct kit *kit)
{
	(void)data;
	(void)kit;
}

static void on_event(void *data, struct kit *kit, const struct event *event,
	const struct value *value, int64_t t_us)
{
	(void)kit;
	(void)t_us;
	mix(data, event->name, strlen(event->name));
	mix_value(data, value);
}

static void on_done(void *data, const struct value *result, const struct why *why, int64_t t_us)
{
	(void)t_us;
	mix(data, &why->code, sizeof(why->code));
	if (result) {
		mix_value(data, result);
	}
}

static const struct kit_owner owner = {on_send, on_backlog, on_changed, on_held};
static const struct kit_listener listener = {on_sample, on_event};

/* ---- what goes in ---- */

static void feed(struct program *program, const uint8_t *bytes, size_t count)
{
	struct side *whole = &program->sides[0], *pieces = &program->sides[1];

	if (!whole->is_plugged || count == 0) {
		return; /* a port never brings nothing */
	}
	whole->may_prove = pieces->may_prove = true;
	kit_feed(whole->kit, bytes, count, program->now_us);
	for (size_t i = 0; i < count && program->side_count == 2; i++) {
		kit_feed(pieces->kit, bytes + i, 1, program->now_us);
	}
	whole->may_prove = pieces->may_prove = false;
}

static void drain(struct program *program, struct side *side)
{
	side->may_prove = true;
	if (side->is_plugged && !side->is_blocked) {
		kit_drained(side->kit, program->now_us);
	}
	side->may_prove = false;
}

static void wait_ms(struct program *program, int64_t ms)
{
	int64_t until_us = program->now_us + ms * 1000;

	while (program->now_us < until_us) {
		program->now_us += 20000;
		for (int i = 0; i < program->side_count && program->sides[i].is_plugged; i++) {
			kit_tick(program->sides[i].kit, program->now_us);
			fuzz_check(program, &program->sides[i]);
		}
	}
}

static struct value value_from(unsigned what, enum value_type type, const char *choices)
{
	static char word[32];
	static double numbers[VALUE_VECTOR_MAX];

	switch (what % 4) {
	case 0:
		return value_bool(what & 8);
	case 1:
		return value_int((int)(what >> 2) - 4);
	case 2:
		return value_number((double)what / 64 - 2);
	default: /* nothing, bytes, one of the words, or the wrong one */
		if (what == 255) {
			return value_null();
		}
		for (unsigned i = 0; i < VALUE_VECTOR_MAX; i++) {
			numbers[i] = what + i;
		}
		if (type == VALUE_VECTOR) {
			return value_vector(numbers, (what >> 2) % VALUE_VECTOR_MAX);
		}
		for (unsigned skip = what >> 2 & 15; choices && skip > 0; skip--) {
			const char *bar = strchr(choices, '|');

			choices = bar ? bar + 1 : choices;
		}
		word[0] = '\0';
		strncat(word, choices ? choices : "hello", sizeof(word) - 1);
		word[strcspn(word, "|")] = '\0';
		return value_text(word, strlen(word));
	}
}

static void command(struct program *program, struct side *side, unsigned op, const unsigned *given)
{
	struct kit *kit = side->kit;
	unsigned which = given[0];
	struct value args[KIT_ARGS_MAX] = {{0}};
	int64_t now_us = program->now_us;
	struct why why;
	enum err err = ERR_NONE;

	if (op == 2 && which < kit->property_count) {
		bool is_motion = kit->properties[which].safety == CLASS_MOTION;

		args[0] = value_from(given[1], kit->properties[which].type, NULL);
		side->is_stopped &= !is_motion;
		side->motion_us = is_motion ? now_us : side->motion_us;
		err = kit_write_motion(kit, (int)which, &args[0], now_us, on_done, side, &why);
	} else if (op == 3 && which < kit->action_count) {
		const struct action *action = &kit->actions[which];
		bool is_motion = action->safety == CLASS_MOTION;

		for (unsigned i = 0; i < GIVEN_MAX - 1 && i < action->arg_count; i++) {
			args[i] = value_from(
				given[i + 1], action->args[i].type, action->args[i].choices);
		}
		side->is_stopped &= !is_motion;
		side->motion_us = is_motion ? now_us : side->motion_us;
		err = kit_act_motion(kit, (int)which, args, now_us, on_done, side, &why);
	} else if (op == 4 && which < kit->property_count) {
		(given[1] & 1 ? kit_unwatch : kit_watch)(kit, (int)which, now_us);
	}
	mix(side, &err, sizeof(err));
}

static void hold(struct program *program, struct side *side, unsigned level)
{
	static const struct why why = {.code = ERR_STOPPED};

	if (!side->is_plugged) {
		return;
	}
	side->is_stopped = true;
	kit_hold(side->kit, level < 3 ? (enum hold_level)level : HOLD_ALL, &why, program->now_us);
	if (level == 3) { /* the daemon ends, or the port is handed over */
		kit_stop(side->kit, program->now_us);
	}
}

static void change_port(struct program *program, struct side *side, unsigned what)
{
	struct why why;

	why_set(&why, ERR_LOST, MSG_PORT_GONE, "port");
	if (what == 0 && !side->is_plugged) {
		side->is_stopped = true;
		side->is_plugged = true;
		side->frame_count = 0;
		kit_start(side->kit, program->driver, program->now_us);
	} else if (what == 1 && side->is_plugged) {
		side->is_plugged = false;
		side->frame_count = 0;
		kit_lose(side->kit, KIT_LOST, &why, program->now_us);
	} else if (what == 2) {
		side->is_blocked = true;
	} else if (what >= 5 && program->wirings) {
		kit_set_wiring(side->kit, what > 5 ? &program->wirings[what - 6] : NULL,
			program->now_us, &why);
	} else if (what >= 3) {
		side->is_blocked = false;
		drain(program, side);
	}
}

/* ---- the program ---- */

static void step(struct program *program)
{
	unsigned head = take(program), op = head & 7, more = head >> 3;
	unsigned given[GIVEN_MAX] = {0, 0, 0, 0, 255, 255};

	program->now_us += 1000;
	if (op == 0) {
		size_t left = (size_t)(program->end - program->at);
		size_t count = more < left ? more : left;

		feed(program, program->at, count);
		program->at += count;
		return;
	}
	if (op == 1) {
		uint8_t answer[FRAME_MAX];

		for (int i = 0; i < program->side_count; i++) {
			drain(program, &program->sides[i]);
		}
		feed(program, answer, fuzz_answer(program, answer));
		return;
	}
	if (op == 5) {
		wait_ms(program, 10 * (more + 1));
		return;
	}
	for (unsigned i = 0; i < (op == 3 && more == 1 ? GIVEN_MAX : 4) && op >= 2 && op <= 4;
		i++) {
		given[i] = take(program);
	}
	for (int i = 0; i < program->side_count; i++) {
		struct side *side = &program->sides[i];

		if (op == 6) {
			hold(program, side, more & 3);
		} else if (op == 7) {
			change_port(program, side, more & 7);
		} else {
			command(program, side, op, given);
		}
	}
}

static void compare(const struct program *program)
{
	struct side a = program->sides[0], b = program->sides[1];

	if (program->side_count < 2) {
		return;
	}
	if (a.kit->property_count != b.kit->property_count) {
		abort();
	}
	for (size_t i = 0; i < a.kit->property_count; i++) {
		mix_value(&a, &a.kit->properties[i].value);
		mix_value(&b, &b.kit->properties[i].value);
	}
	if (a.hash != b.hash || a.kit->bad_frames != b.kit->bad_frames ||
		kit_is_held(a.kit) != kit_is_held(b.kit)) {
		abort();
	}
}

static int fuzz_run(const struct driver *driver, const struct wiring *wirings, const uint8_t *bytes,
	size_t count)
{
	struct program program = {
		.at = bytes,
		.end = bytes + count,
		.now_us = 1000000,
		.driver = driver,
		.wirings = wirings,
	};
	bool is_packet = take(&program) & 1;

	log_set_level(LOG_ERROR);
	program.side_count = is_packet ? 1 : 2;
	for (int i = 0; i < program.side_count; i++) {
		struct side *side = &program.sides[i];

		side->kit = kit_create("kit-1");
		side->kit->is_packet = is_packet;
		side->kit->owner = &owner;
		side->kit->listener = &listener;
		side->kit->owner_data = side->kit->listener_data = side;
		change_port(&program, side, 0);
	}
	while (program.at < program.end) {
		step(&program);
		for (int i = 0; i < program.side_count; i++) {
			fuzz_check(&program, &program.sides[i]);
		}
		compare(&program);
	}
	for (int i = 0; i < program.side_count; i++) {
		kit_destroy(program.sides[i].kit);
	}
	return 0;
}
