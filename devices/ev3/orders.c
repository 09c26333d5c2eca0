/*
 * What users want of an EV3's motors, lamp and loudspeaker. Orders are set-points: they
 * gather while a command is under way, the newest wins, and all that waits goes out as one
 * command; so wheels that are told together start together. An order whose answer is lost
 * is given again: done twice is done once.
 */
#include "state.h"

#include <math.h>
#include <string.h>

enum { VOLUME = 30, PERCENT = 100, RED = 2, GREEN = 1 };

/* ---- set-points ---- */

void orders_show(struct kit *kit)
{
	struct ev3 *e = ev3_of(kit);
	const struct value led = value_bool(e->led != 0), red = value_bool(e->led & RED),
			   green = value_bool(e->led & GREEN);

	kit_set(kit, e->led_property, &led);
	kit_set(kit, e->red_property, &red);
	kit_set(kit, e->green_property, &green);
	for (unsigned i = 0; i < EV3_MOTORS; i++) {
		if (e->motor_property[i] >= 0) {
			struct value value = value_number((double)e->speeds[i] / PERCENT);

			kit_set(kit, e->motor_property[i], &value);
		}
	}
}

/* It will never be known whether the motors got them. */
static void forget_speeds(struct kit *kit, uint8_t motors)
{
	struct ev3 *e = ev3_of(kit);
	struct value unknown = value_null();

	for (unsigned i = 0; i < EV3_MOTORS; i++) {
		if (motors & 1 << i && e->motor_property[i] >= 0) {
			kit_set(kit, e->motor_property[i], &unknown);
		}
	}
}

static void want_speed(struct kit *kit, unsigned motor, double share)
{
	struct ev3 *e = ev3_of(kit);
	struct value value = value_number(share);

	e->speeds[motor] = (int8_t)lround(share * PERCENT);
	e->orders.motors |= (uint8_t)(1 << motor);
	kit_set(kit, e->motor_property[motor], &value);
}

/* ---- commands ---- */

static bool keep_token(struct ev3 *e, uint32_t token)
{
	for (unsigned i = 0; i < KIT_PENDING_MAX; i++) {
		if (!e->tokens[i].token) {
			e->tokens[i] = (struct ev3_token){.token = token};
			return true;
		}
	}
	return false;
}

enum err orders_write(struct kit *kit, const struct property *property, const struct value *value,
	int64_t now_us, struct why *why)
{
	struct ev3 *e = ev3_of(kit);
	uint8_t bits = (uint8_t)(property->tag & 0xFF);

	(void)why;
	if (property->tag >> 8 == TAG_MOTOR) {
		want_speed(kit, bits, value->number);
	} else {
		e->led = value->boolean ? e->led | bits : e->led & (uint8_t)~bits;
		e->orders.led = true;
		orders_show(kit);
	}
	ev3_go(kit, now_us);
	return ERR_NONE;
}

static void drive(struct kit *kit, double left, double right)
{
	want_speed(kit, LEFT, left);
	want_speed(kit, RIGHT, right);
}

static void tone(struct ev3 *e, double hertz, double seconds)
{
	e->tone_hz = (uint16_t)lround(hertz);
	e->tone_ms = (uint16_t)lround(seconds * 1000);
	e->orders.tone = true;
}

static enum err choose_sensor(
	struct kit *kit, const struct value *args, uint32_t token, struct why *why)
{
	enum err err = sensor_choose(kit, (unsigned)args[0].integer - 1, args[1].text, why);

	if (!err) {
		kit_reply(kit, token, NULL, NULL);
		ev3_describe_more(kit);
	}
	return err;
}

static void do_order(struct kit *kit, enum ev3_action action, const struct value *args)
{
	struct ev3 *e = ev3_of(kit);

	switch (action) {
	case ACTION_DRIVE:
		drive(kit, args[0].number, args[1].number);
		break;
	case ACTION_TURN:
		drive(kit, -args[0].number, args[0].number);
		break;
	case ACTION_TONE:
		tone(e, args[0].number, args[1].number);
		break;
	case ACTION_RESET_ANGLE:
		e->orders.counts |= (uint8_t)(1 << (args[0].integer - 1));
		break;
	case ACTION_STOP:
	case ACTION_SET_SENSOR:
		break;
	}
}

enum err orders_act(struct kit *kit, const struct action *action, const struct value *args,
	uint32_t token, int64_t now_us, struct why *why)
{
	struct ev3 *e = ev3_of(kit);
	enum ev3_action what = (enum ev3_action)action->tag;

	if (what == ACTION_STOP) {
		return rest_wait(kit, token, now_us, why);
	}
	if (what == ACTION_SET_SENSOR) {
		return choose_sensor(kit, args, token, why);
	}
	if (what == ACTION_RESET_ANGLE && !(e->motors & 1 << (args[0].integer - 1))) {
		return why_set(why, ERR_REFUSED, MSG_EV3_NO_MOTOR, kit->id, (int)args[0].integer);
	}
	if (!keep_token(e, token)) {
		return why_set(why, ERR_BUSY, MSG_TOO_MANY_ACTIONS, kit->id, KIT_PENDING_MAX);
	}
	do_order(kit, what, args);
	ev3_go(kit, now_us);
	return ERR_NONE;
}

/* ---- sending ---- */

bool orders_are_waiting(const struct ev3 *e)
{
	return e->orders.motors || e->orders.counts || e->orders.led || e->orders.tone;
}

/* Speeds first, then one start for all. False: they only stop. */
static bool put_motors(const struct ev3 *e, struct ev3_code *code)
{
	int starting = 0, stopping = 0;

	for (unsigned i = 0; i < EV3_MOTORS; i++) {
		int bit = e->orders.motors & 1 << i;

		if (bit && e->speeds[i]) {
			EV3_PUT(code, EV3_OUTPUT_SPEED, ev3_value(0), ev3_value(bit),
				ev3_value(e->speeds[i]));
			starting |= bit;
		} else {
			stopping |= bit;
		}
	}
	if (stopping) {
		EV3_PUT(code, EV3_OUTPUT_STOP, ev3_value(0), ev3_value(stopping), ev3_value(1));
	}
	if (starting) {
		EV3_PUT(code, EV3_OUTPUT_START, ev3_value(0), ev3_value(starting));
	}
	return starting != 0;
}

bool orders_send(struct kit *kit, int64_t now_us)
{
	struct ev3 *e = ev3_of(kit);
	struct ev3_code code = {.count = 0};
	bool is_motion = put_motors(e, &code);

	if (e->orders.counts) {
		EV3_PUT(&code, EV3_OUTPUT_CLR_COUNT, ev3_value(0), ev3_value(e->orders.counts));
	}
	if (e->orders.led) {
		EV3_PUT(&code, EV3_UI_WRITE, ev3_value(EV3_UI_WRITE_LED), ev3_value(e->led));
	}
	if (e->orders.tone) {
		EV3_PUT(&code, EV3_SOUND, ev3_value(EV3_SOUND_TONE), ev3_value(VOLUME),
			ev3_value(e->tone_hz), ev3_value(e->tone_ms));
	}
	if (!ev3_send(kit, &code, 0, is_motion ? LANE_MOTION : LANE_ORDER, &e->flight.counter)) {
		return false;
	}
	if (is_motion) {
		rest_end(kit);
	}
	e->flight.job = JOB_ORDERS;
	e->flight.globals = 0;
	e->flight.sent_us = now_us;
	e->flight.orders = e->orders;
	memset(&e->orders, 0, sizeof(e->orders));
	for (unsigned i = 0; i < KIT_PENDING_MAX; i++) {
		e->tokens[i].is_sent = e->tokens[i].token != 0;
	}
	return true;
}

/* Answers what the command under way was for; all: also what waits. */
static void answer(struct kit *kit, bool all, const struct why *why)
{
	struct ev3 *e = ev3_of(kit);

	for (unsigned i = 0; i < KIT_PENDING_MAX; i++) {
		uint32_t token = all || e->tokens[i].is_sent ? e->tokens[i].token : 0;

		if (token) {
			e->tokens[i] = (struct ev3_token){.token = 0};
			kit_reply(kit, token, NULL, why);
		}
	}
}

void orders_done(struct kit *kit)
{
	ev3_of(kit)->tries = 0;
	answer(kit, false, NULL);
}

/* Newer ones win: set-points that changed meanwhile stand in e->speeds already. */
void orders_again(struct ev3 *e)
{
	const struct ev3_orders *old = &e->flight.orders;

	e->orders.motors |= old->motors;
	e->orders.counts |= old->counts;
	e->orders.led |= old->led;
	e->orders.tone |= old->tone;
	for (unsigned i = 0; i < KIT_PENDING_MAX; i++) {
		e->tokens[i].is_sent = false;
	}
}

void orders_failed(struct kit *kit, const struct why *why)
{
	struct ev3 *e = ev3_of(kit);

	if (++e->tries < TRIES_MAX) {
		orders_again(e);
		return;
	}
	e->tries = 0;
	forget_speeds(kit, e->flight.orders.motors);
	answer(kit, false, why);
}

void orders_drop(struct kit *kit, const struct why *why)
{
	struct ev3 *e = ev3_of(kit);

	e->tries = 0;
	forget_speeds(kit, e->orders.motors);
	memset(&e->orders, 0, sizeof(e->orders));
	answer(kit, true, why);
}

void orders_forget(struct kit *kit, enum hold_level level)
{
	struct ev3 *e = ev3_of(kit);

	memset(e->speeds, 0, sizeof(e->speeds));
	e->orders.motors = 0;
	if (level != HOLD_MOTION) {
		e->led = 0;
		e->orders.led = e->orders.tone = false;
	}
	if (e->phase == PHASE_RUNNING) {
		orders_show(kit);
	}
	if (!orders_are_waiting(e)) {
		struct why why;

		why_set(&why, ERR_STOPPED, MSG_EV3_STOPPED, kit->id);
		answer(kit, true, &why);
	}
}
