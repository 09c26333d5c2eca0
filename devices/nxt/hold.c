/*
 * Bringing the brick to rest, and the proof.
 *
 *   SET      Three times "power 0", at once and whatever is under way: braked, for
 *            HOLD_KILL without power.
 *   PROGRAM  A program on the brick is ended; if there was one, SET again.
 *   SOUND    From HOLD_ALL on: silence.
 *   LOOK     Each motor is asked until it says power 0 and has not turned for 25 ms, or
 *            since it was seen before, if it was told no motion since.
 *
 * What the brick says to questions from before the hold proves nothing. Its answers come in
 * order, so a motor whose older questions may still be answered (`late`) has to answer once
 * more for each of these. The lamp of the light sensor stays: it is a part of the sensor.
 */
#include "state.h"

#include <string.h>

enum {
	LOOK_US = 10 * MS_US,	/* between two rounds of looks, when others may ask, too */
	EAGER_US = 300 * MS_US, /* then it is looked at now and then: */
	LATE_LOOK_US = 100 * MS_US,
};

static bool send_first(struct kit *kit, const struct nxt_telegram *out, int64_t now_us)
{
	return exchange_send(kit, out, FOR_HOLD, LANE_FIRST, now_us);
}

/* All or none counts: what does not get out now is sent again as a whole. */
static void set_rest(struct kit *kit, int64_t now_us)
{
	struct nxt_hold *hold = &nxt_of(kit)->hold;

	hold->step = HOLD_SET;
	hold->replies = 0;
	for (unsigned i = 0; i < NXT_MOTORS; i++) {
		struct nxt_telegram out = motors_output(i, 0);

		hold->is_shown[i] = false;
		if (hold->level == HOLD_KILL) {
			out.output.mode = 0;
			out.output.run = NXT_IDLE;
		}
		if (!send_first(kit, &out, now_us)) {
			exchange_forget(kit, FOR_HOLD);
			return;
		}
	}
}

void hold_begin(struct kit *kit, enum hold_level level, uint32_t token, int64_t now_us)
{
	struct nxt *f = nxt_of(kit);
	struct nxt_hold *hold = &f->hold;

	/* A milder one does not give power back. */
	bool keeps = hold->level > level && (hold->is_active || hold->level == HOLD_KILL);

	hold->level = keeps ? hold->level : level;
	hold->is_active = true;
	hold->looks = 0;
	hold->has_ended = false;
	hold->since_us = hold->next_us = now_us;
	for (unsigned i = 0; token && i < KIT_PENDING_MAX; i++) {
		if (hold->tokens[i] == 0) {
			hold->tokens[i] = token;
			token = 0;
		}
	}
	motors_forget(kit);
	exchange_forget(kit, FOR_HOLD);
	if (f->phase != PHASE_ASK) {
		set_rest(kit, now_us);
	}
}

/* An answer may bring the next command: the list is empty by then. */
static void answer(struct kit *kit, const struct why *why)
{
	struct nxt_hold *hold = &nxt_of(kit)->hold;
	uint32_t tokens[KIT_PENDING_MAX];

	memcpy(tokens, hold->tokens, sizeof(tokens));
	memset(hold->tokens, 0, sizeof(hold->tokens));
	hold->is_active = false;
	for (unsigned i = 0; i < KIT_PENDING_MAX; i++) {
		if (tokens[i]) {
			kit_reply(kit, tokens[i], NULL, why);
		}
	}
}

void hold_end(struct kit *kit)
{
	struct nxt_hold *hold = &nxt_of(kit)->hold;
	struct why why;

	if (hold->is_active) {
		why_set(&why, ERR_CONFLICT, MSG_NXT_MOVED_ON, kit->id);
		exchange_forget(kit, FOR_HOLD);
		answer(kit, &why);
	}
	hold->level = HOLD_MOTION;
}

/* ---- step by step ---- */

/* It is not at rest yet. */
static void pause_for_others(struct nxt_hold *hold, int64_t now_us)
{
	bool is_late = now_us - hold->since_us >= EAGER_US;

	hold->next_us = now_us + (is_late ? LATE_LOOK_US : LOOK_US);
}

static bool look(struct kit *kit, int64_t now_us)
{
	struct nxt_hold *hold = &nxt_of(kit)->hold;

	/* The next that has not shown it, after the one that was asked last. */
	for (unsigned i = 1; i <= NXT_MOTORS; i++) {
		unsigned motor = (hold->motor + i) % NXT_MOTORS;
		struct nxt_telegram out = {.op = NXT_GET_OUTPUT, .port = (uint8_t)motor};

		if (!hold->is_shown[motor]) {
			hold->motor = motor;
			return send_first(kit, &out, now_us);
		}
	}
	return false;
}

bool hold_next(struct kit *kit, int64_t now_us)
{
	struct nxt *f = nxt_of(kit);
	struct nxt_hold *hold = &f->hold;
	struct nxt_telegram out = {.op = NXT_STOP_PROGRAM};

	if (!hold->is_active || f->phase == PHASE_ASK || now_us < hold->next_us) {
		return false;
	}
	switch (hold->step) {
	case HOLD_SET:
		set_rest(kit, now_us);
		return f->flight_count > 0;
	case HOLD_PROGRAM:
		return send_first(kit, &out, now_us);
	case HOLD_SOUND:
		out.op = NXT_STOP_SOUND;
		return send_first(kit, &out, now_us);
	case HOLD_LOOK:
		break;
	}
	return look(kit, now_us);
}

static void take_look(struct kit *kit, const struct nxt_telegram *reply, int64_t now_us)
{
	struct nxt *f = nxt_of(kit);
	struct nxt_hold *hold = &f->hold;
	struct nxt_motor *m = &f->motors[reply->port];
	bool is_powered = reply->output.power != 0 ||
		(hold->level == HOLD_KILL && (reply->output.mode & NXT_ON) != 0);

	motors_show(kit, reply, now_us);
	if (m->late > 0) {
		m->late--;
		return;
	}
	if (is_powered) {
		hold->step = HOLD_SET;
		pause_for_others(hold, now_us);
		return;
	}
	hold->is_shown[reply->port] = now_us - m->rotation_us >= STANDS_US;
	if (++hold->looks % NXT_MOTORS == 0) {
		pause_for_others(hold, now_us);
	}
	if (hold->is_shown[0] && hold->is_shown[1] && hold->is_shown[2]) {
		kit_held(kit);
		answer(kit, NULL);
	}
}

static enum nxt_hold_step after_program(const struct nxt_hold *hold)
{
	return hold->level >= HOLD_ALL ? HOLD_SOUND : HOLD_LOOK;
}

void hold_take(struct kit *kit, const struct nxt_telegram *request,
	const struct nxt_telegram *reply, int64_t now_us)
{
	struct nxt_hold *hold = &nxt_of(kit)->hold;
	bool is_well = reply && reply->status == NXT_OK;

	switch (hold->step) {
	case HOLD_SET:
		if (!is_well) {
			exchange_forget(kit, FOR_HOLD);
			pause_for_others(hold, now_us);
		} else if (++hold->replies == NXT_MOTORS) {
			hold->step = hold->has_ended ? after_program(hold) : HOLD_PROGRAM;
		}
		return;
	case HOLD_PROGRAM:
		hold->step = after_program(hold);
		if (is_well) { /* there was one */
			sensors_program_ended(kit, now_us);
			hold->has_ended = true;
			hold->step = HOLD_SET;
		}
		return;
	case HOLD_SOUND:
		hold->step = HOLD_LOOK;
		return;
	case HOLD_LOOK:
		break;
	}
	if (is_well && request->op == NXT_GET_OUTPUT) {
		take_look(kit, reply, now_us);
	}
}
