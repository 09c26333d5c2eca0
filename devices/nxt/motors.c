/*
 * Motors: what they shall do and what they say.
 *
 * A set-point is a number that counts up; the newest is sent as soon as no request is under
 * way, so that those in between are never sent, and answered as well. Speeds are regulated by
 * the brick, which brakes at 0. A program on the brick would fight with us for the motors:
 * before the first motion from rest it is looked for and ended; that resets the sensor
 * ports, too.
 */
#include "state.h"

#include "../log.h"

#include <math.h>
#include <stdlib.h>

enum { PLAY = 3 }; /* degrees that a wheel settles by when it stands */

struct nxt_telegram motors_output(unsigned motor, int8_t power)
{
	struct nxt_telegram out = {.op = NXT_SET_OUTPUT, .port = (uint8_t)motor};

	out.output.power = power;
	out.output.mode = NXT_ON | NXT_BRAKE | (power ? NXT_REGULATED : 0);
	out.output.regulation = power ? NXT_SPEED : NXT_FREE;
	out.output.run = NXT_RUNNING;
	return out;
}

void motors_set(struct kit *kit, unsigned motor, double share)
{
	struct nxt_motor *m = &nxt_of(kit)->motors[motor];

	m->power = (int8_t)lround(share * 100);
	m->wanted++;
	if (m->power != 0) {
		m->rotation_us = 0;
	}
	nxt_show(kit, m->property, value_number(share));
}

void motors_repeat(struct kit *kit)
{
	struct nxt *f = nxt_of(kit);

	for (unsigned i = 0; i < NXT_MOTORS; i++) {
		f->motors[i].wanted += f->motors[i].power != 0;
	}
}

/* ---- who waits for a drive ---- */

static bool is_newer(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) > 0;
}

static bool is_done(const struct nxt *f, const struct nxt_drive *drive)
{
	for (unsigned i = 0; i < NXT_MOTORS; i++) {
		if (is_newer(drive->numbers[i], f->motors[i].done)) {
			return false;
		}
	}
	return true;
}

/* An answer may bring the next command: it is not among those answered. */
static void answer_drives(struct kit *kit, bool all, const struct why *why)
{
	struct nxt *f = nxt_of(kit);
	uint32_t tokens[KIT_PENDING_MAX] = {0};

	for (unsigned i = 0; i < KIT_PENDING_MAX; i++) {
		struct nxt_drive *drive = &f->drives[i];

		if (drive->token && (all || is_done(f, drive))) {
			tokens[i] = drive->token;
			drive->token = 0;
		}
	}
	for (unsigned i = 0; i < KIT_PENDING_MAX; i++) {
		if (tokens[i]) {
			kit_reply(kit, tokens[i], NULL, why);
		}
	}
}

/* There are as many places as the kit has pending actions; one that it gave up is taken over. */
void motors_drive(struct kit *kit, double left, double right, uint32_t token)
{
	struct nxt *f = nxt_of(kit);
	struct nxt_drive *place = &f->drives[token % KIT_PENDING_MAX];

	motors_set(kit, LEFT, left);
	motors_set(kit, RIGHT, right);
	for (unsigned i = 0; i < KIT_PENDING_MAX; i++) {
		if (f->drives[i].token == 0) {
			place = &f->drives[i];
		}
	}
	place->token = token;
	for (unsigned i = 0; i < NXT_MOTORS; i++) {
		place->numbers[i] = f->motors[i].wanted;
	}
}

void motors_forget(struct kit *kit)
{
	struct nxt *f = nxt_of(kit);
	struct why why;

	exchange_forget(kit, FOR_MOTOR);
	exchange_forget(kit, FOR_PROGRAM);
	f->program = PROGRAM_UNKNOWN;
	for (unsigned i = 0; i < NXT_MOTORS; i++) {
		struct nxt_motor *m = &f->motors[i];

		m->power = 0;
		m->done = m->wanted;
		nxt_show(kit, m->property, value_number(0));
	}
	why_set(&why, ERR_CONFLICT, MSG_NXT_HELD, kit->id);
	answer_drives(kit, true, &why);
}

/* ---- set-points ---- */

static bool is_at_rest(const struct nxt *f)
{
	for (unsigned i = 0; i < NXT_MOTORS; i++) {
		if (f->motors[i].power != 0) {
			return false;
		}
	}
	return true;
}

static bool ask_program(struct kit *kit, int64_t now_us)
{
	struct nxt_telegram out = {.op = NXT_GET_PROGRAM};

	if (nxt_of(kit)->program == PROGRAM_RUNS) {
		out.op = NXT_STOP_PROGRAM;
	}
	return exchange_send(kit, &out, FOR_PROGRAM, LANE_MOTION, now_us);
}

bool motors_next(struct kit *kit, int64_t now_us)
{
	struct nxt *f = nxt_of(kit);

	for (unsigned i = 0; f->phase == PHASE_RUNNING && i < NXT_MOTORS; i++) {
		struct nxt_motor *m = &f->motors[i];

		if (!is_newer(m->wanted, m->done)) {
			continue;
		}
		if (m->power != 0 && f->program != PROGRAM_NONE) {
			return ask_program(kit, now_us);
		}
		struct nxt_telegram out = motors_output(i, m->power);

		m->sent = m->wanted;
		return exchange_send(kit, &out, FOR_MOTOR, LANE_MOTION, now_us);
	}
	return false;
}

void motors_take(
	struct kit *kit, const struct nxt_telegram *request, const struct nxt_telegram *reply)
{
	struct nxt *f = nxt_of(kit);
	struct nxt_motor *m = &f->motors[request->port];
	struct why why;

	if (!reply && !m->is_again) {
		m->is_again = true; /* the newest set-point goes out again */
		return;
	}
	m->is_again = false;
	m->done = m->sent;
	if (exchange_why(kit, reply, &why)) {
		log_warn("motor.%u is not set: %s", request->port + 1U, why.text[LANG_EN]);
		answer_drives(kit, true, &why);
	} else {
		answer_drives(kit, false, NULL);
	}
	if (is_at_rest(f)) {
		f->program = PROGRAM_UNKNOWN;
	}
}

void motors_take_program(struct kit *kit, const struct nxt_telegram *request,
	const struct nxt_telegram *reply, int64_t now_us)
{
	struct nxt *f = nxt_of(kit);
	bool is_running = reply && reply->status == NXT_OK;

	if (request->op == NXT_GET_PROGRAM && is_running) {
		f->program = PROGRAM_RUNS;
		return;
	}
	/* None, or ended, or a brick that does not say: it is tried without. */
	f->program = PROGRAM_NONE;
	if (request->op == NXT_STOP_PROGRAM && is_running) {
		sensors_program_ended(kit, now_us);
	}
}

/* ---- what they say ---- */

bool motors_is_watched(const struct kit *kit, unsigned motor)
{
	const struct nxt *f = nxt_of(kit);

	return nxt_is_watched(kit, f->moving_property) ||
		nxt_is_watched(kit, f->motors[motor].turned);
}

void motors_show(struct kit *kit, const struct nxt_telegram *reply, int64_t now_us)
{
	struct nxt *f = nxt_of(kit);

	if (reply->status != NXT_OK) {
		return;
	}
	struct nxt_motor *m = &f->motors[reply->port];
	bool is_known = m->rotation_us != 0, was_moving = m->is_moving;
	bool has_turned = !is_known || m->rotation != reply->output.rotation;
	bool is_far = llabs((long long)reply->output.rotation - m->rested) > PLAY;

	/* It has stopped when it stood as long as the proof of rest demands. */
	m->is_moving = reply->output.power != 0 ||
		(is_known && (has_turned ? was_moving || is_far
					 : was_moving && now_us - m->rotation_us < STANDS_US));
	if (!m->is_moving && (was_moving || !is_known)) {
		m->rested = reply->output.rotation;
	}
	if (has_turned) {
		m->rotation = reply->output.rotation;
		m->rotation_us = now_us;
	}
	if (nxt_is_watched(kit, m->turned)) {
		nxt_show(kit, m->turned, value_number(m->rotation));
	}
	if (nxt_is_watched(kit, f->moving_property)) {
		nxt_show(kit, f->moving_property,
			value_bool(f->motors[0].is_moving || f->motors[1].is_moving ||
				f->motors[2].is_moving));
	}
}
