/*
 * Bringing an EV3 to rest, and the proof of it.
 *
 * The stop is one command: a program of the brick's own is ended, all outputs brake (or let
 * go, at HOLD_KILL), then the motors' speeds and angles are read. Its answer says that the
 * stop was done; that the motors stand is proved by two readings in a row that say speed 0
 * and the same angles, the first of them in that answer at the earliest.
 */
#include "state.h"

#include <string.h>

void rest_put_look(struct ev3_code *code)
{
	for (uint16_t i = 0; i < EV3_MOTORS; i++) {
		EV3_PUT(code, EV3_OUTPUT_READ, ev3_value(0), ev3_value(i),
			ev3_global((uint16_t)(AT_SPEED + i)),
			ev3_global((uint16_t)(AT_STEPS + 4 * i)));
	}
}

static void send_stop(struct kit *kit, int64_t now_us)
{
	struct ev3 *e = ev3_of(kit);
	struct ev3_code code = {.count = 0};

	EV3_PUT(&code, EV3_PROGRAM_STOP, ev3_value(EV3_USER_SLOT));
	EV3_PUT(&code, EV3_OUTPUT_STOP, ev3_value(0), ev3_value(EV3_ALL_PORTS),
		ev3_value(e->level != HOLD_KILL));
	if (e->level != HOLD_MOTION) {
		EV3_PUT(&code, EV3_SOUND, ev3_value(EV3_SOUND_BREAK));
		EV3_PUT(&code, EV3_UI_WRITE, ev3_value(EV3_UI_WRITE_LED), ev3_value(e->led));
	}
	rest_put_look(&code);
	e->stop_us = now_us;
	e->stop_is_unsent = !ev3_send(kit, &code, LOOK_GLOBALS, LANE_FIRST, &e->stop_counter);
}

void rest_begin(struct kit *kit, enum hold_level level, int64_t now_us)
{
	struct ev3 *e = ev3_of(kit);

	/* What a stop that is not answered was for, is still to be done. */
	e->level = e->rest == REST_ASKED && e->level > level ? e->level : level;
	ev3_abandon(kit);
	orders_forget(kit, e->level);
	e->rest = REST_ASKED;
	send_stop(kit, now_us);
}

bool rest_insists(struct kit *kit, int64_t now_us)
{
	struct ev3 *e = ev3_of(kit);

	if (e->rest != REST_ASKED) {
		return false;
	}
	if (e->stop_is_unsent || now_us - e->stop_us >= STOP_AGAIN_US) {
		if (!e->stop_is_unsent) {
			ev3_missed(kit);
		}
		send_stop(kit, now_us);
	}
	return true;
}

static void answer_stops(struct kit *kit, const struct why *why)
{
	struct ev3 *e = ev3_of(kit);
	uint32_t tokens[KIT_PENDING_MAX];

	memcpy(tokens, e->stop_tokens, sizeof(tokens));
	memset(e->stop_tokens, 0, sizeof(e->stop_tokens));
	for (unsigned i = 0; i < KIT_PENDING_MAX; i++) {
		if (tokens[i]) {
			kit_reply(kit, tokens[i], NULL, why);
		}
	}
}

void rest_take_look(struct kit *kit, const uint8_t *globals, int64_t now_us)
{
	struct ev3 *e = ev3_of(kit);
	bool is_standing = true, is_same = e->was_standing;

	for (unsigned i = 0; i < EV3_MOTORS; i++) {
		int32_t steps = poll_i32(globals, AT_STEPS + 4 * i);

		is_standing &= globals[AT_SPEED + i] == 0;
		is_same &= steps == e->steps[i];
		e->steps[i] = steps;
	}
	e->was_standing = is_standing;
	if (e->moving_property >= 0) {
		struct value moving = value_bool(!is_standing);

		kit_set(kit, e->moving_property, &moving);
	}
	if (is_standing && is_same) {
		e->rest = REST_NONE;
		kit_held(kit);
		answer_stops(kit, NULL);
	} else {
		e->look_us = is_standing ? now_us : now_us + PAUSE_US;
	}
}

void rest_take_stop(struct kit *kit, const struct ev3_message *message, int64_t now_us)
{
	struct ev3 *e = ev3_of(kit);

	if (message->type != EV3_DIRECT_DONE || message->count != LOOK_GLOBALS) {
		e->stop_us = now_us - STOP_AGAIN_US; /* the next tick tells it again */
		return;
	}
	e->rest = REST_LOOKED;
	e->was_standing = false;
	rest_take_look(kit, message->body, now_us);
	ev3_settle(kit, now_us);
}

enum err rest_wait(struct kit *kit, uint32_t token, int64_t now_us, struct why *why)
{
	struct ev3 *e = ev3_of(kit);

	for (unsigned i = 0; i < KIT_PENDING_MAX; i++) {
		if (!e->stop_tokens[i]) {
			e->stop_tokens[i] = token;
			rest_begin(kit, HOLD_MOTION, now_us);
			return ERR_NONE;
		}
	}
	return why_set(why, ERR_BUSY, MSG_TOO_MANY_ACTIONS, kit->id, KIT_PENDING_MAX);
}

void rest_end(struct kit *kit)
{
	struct ev3 *e = ev3_of(kit);
	struct why why;

	if (e->rest == REST_LOOKED) {
		e->rest = REST_NONE;
		why_set(&why, ERR_CONFLICT, MSG_MOVED_AGAIN, kit->id);
		answer_stops(kit, &why);
	}
}
