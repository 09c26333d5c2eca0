/*
 * Arms of Dynamixel X servos (Protocol 2.0) behind a U2D2 or another adapter: the chain's
 * words in Dynamixel's language, and the driver's table.
 *
 * An answer carries no number of its question. Its length does: each kind of question asks
 * for lengths of its own, which change with each question (the tag), so that an old or
 * doubled answer is not taken for a new one.
 * What an adapter echoes are instructions, no status: they answer nothing.
 */
#include "busservo/busservo.h"

#include "busservo/bytes.h"
#include "busservo/chain.h"
#include "busservo/dynamixel.h"

#include <math.h>
#include <string.h>

enum {
	MODE_POSITION = 3,
	MODE_POSITION_CURRENT = 5,
	TOP = 4095,
	LIMITS_FROM = DYNAMIXEL_MAX_POSITION - 20,
	HEALTH_FROM = DYNAMIXEL_VOLTAGE - 21,
};

/* Registers that are read together; 0 to 3 more by the tag, before or behind them. */
static const struct window {
	uint16_t address, count;
	enum { BEFORE, BEHIND } more;
} windows[ASK_COUNT] = {
	[ASK_MOTION] = {DYNAMIXEL_LOAD, 10, BEFORE},
	[ASK_GOAL] = {DYNAMIXEL_GOAL, 20, BEFORE},
	[ASK_TORQUE] = {DYNAMIXEL_TORQUE, 14, BEHIND},
	[ASK_MODE] = {DYNAMIXEL_ID, 5, BEHIND},
	[ASK_LIMITS] = {LIMITS_FROM, 28, BEFORE},
	[ASK_HEALTH] = {HEALTH_FROM, 24, BEFORE},
};

enum { PING_PARAMS = 3, TAG_MAX = 3 };

static size_t ask(const struct chain_request *request, const uint8_t *ids, size_t count,
	uint8_t *out, size_t room)
{
	const struct window *window = &windows[request->what];
	unsigned before = window->more == BEFORE ? request->tag : 0;
	struct dynamixel_message message;

	if (request->what == ASK_PING) {
		dynamixel_begin(&message, ids[0], DYNAMIXEL_PING);
		return dynamixel_encode(&message, out, room);
	}
	dynamixel_begin(&message, count == 1 ? ids[0] : DYNAMIXEL_ALL,
		count == 1 ? DYNAMIXEL_READ : DYNAMIXEL_SYNC_READ);
	dynamixel_add(&message, 2, window->address - before);
	dynamixel_add(&message, 2, window->count + request->tag);
	for (size_t i = 0; i < count && count > 1; i++) {
		dynamixel_add(&message, 1, ids[i]);
	}
	return dynamixel_encode(&message, out, room);
}

static size_t answer_bytes(enum chain_what what)
{
	unsigned params = what == ASK_PING ? PING_PARAMS : windows[what].count + TAG_MAX;

	return DYNAMIXEL_STATUS_BYTES + params + params / 3; /* and stuffing */
}

/* ---- answers ---- */

static enum chain_alert alert_of(unsigned bits)
{
	return bits & DYNAMIXEL_ERROR_HEAT	  ? ALERT_HEAT
		: bits & DYNAMIXEL_ERROR_OVERLOAD ? ALERT_OVERLOAD
		: bits & DYNAMIXEL_ERROR_VOLTAGE  ? ALERT_VOLTAGE
						  : ALERT_OTHER;
}

static void read_limits(const uint8_t *at, struct chain_answer *answer)
{
	uint32_t max = bytes_get(at + DYNAMIXEL_MAX_POSITION - LIMITS_FROM, 4);
	uint32_t min = bytes_get(at + DYNAMIXEL_MIN_POSITION - LIMITS_FROM, 4);
	bool is_sound = max <= TOP && min < max;

	answer->told |= TOLD_LIMITS;
	answer->min = is_sound ? (int)min : 0;
	answer->max = is_sound ? (int)max : TOP;
}

static void read_window(enum chain_what what, const uint8_t *at, struct chain_answer *answer)
{
	if (what == ASK_MOTION) {
		answer->told |= TOLD_LOAD | TOLD_POSITION;
		answer->load = (int16_t)bytes_get(at, 2) / 1000.0;
		answer->position = (int32_t)bytes_get(at + DYNAMIXEL_POSITION - DYNAMIXEL_LOAD, 4);
	} else if (what == ASK_GOAL) {
		answer->told |= TOLD_GOAL | TOLD_POSITION;
		answer->goal = (int32_t)bytes_get(at, 4);
		answer->position = (int32_t)bytes_get(at + DYNAMIXEL_POSITION - DYNAMIXEL_GOAL, 4);
	} else if (what == ASK_TORQUE) {
		answer->told |= TOLD_TORQUE;
		answer->torque = at[0] == 1;
		if (answer->alert) {
			answer->alert = alert_of(at[DYNAMIXEL_HARDWARE_ERROR - DYNAMIXEL_TORQUE]);
		}
	} else if (what == ASK_MODE) {
		uint8_t mode = at[DYNAMIXEL_MODE - DYNAMIXEL_ID];

		answer->told |= TOLD_MODE;
		answer->can_position = mode == MODE_POSITION || mode == MODE_POSITION_CURRENT;
	} else if (what == ASK_LIMITS) {
		read_limits(at, answer);
	} else {
		answer->told |= TOLD_VOLTAGE | TOLD_TEMPERATURE;
		answer->voltage = bytes_get(at + DYNAMIXEL_VOLTAGE - HEALTH_FROM, 2) / 10.0;
		answer->temperature = at[DYNAMIXEL_TEMPERATURE - HEALTH_FROM];
	}
}

static void read_status(const struct chain_request *request,
	const struct dynamixel_message *message, struct chain_answer *answer)
{
	const struct window *window = &windows[request->what];

	answer->id = message->id;
	answer->alert = message->error & DYNAMIXEL_ALERT ? ALERT_OTHER : ALERT_NONE;
	answer->error = message->error & (DYNAMIXEL_ALERT - 1);
	if (answer->error) {
		answer->told = TOLD_ALERT | TOLD_ERROR;
	} else if (request->what == ASK_PING && message->count == PING_PARAMS) {
		answer->told = TOLD_ALERT | TOLD_PING | TOLD_MODEL;
		answer->model = bytes_get(message->params, 2);
		answer->firmware = message->params[2];
	} else if (request->what != ASK_PING && message->count == window->count + request->tag) {
		answer->told = TOLD_ALERT;
		read_window(request->what,
			message->params + (window->more == BEFORE ? request->tag : 0), answer);
	}
}

static enum err decode(const struct chain_request *request, const uint8_t *bytes, size_t count,
	size_t *used, struct chain_answer *answer)
{
	struct dynamixel_message message;
	enum err err = dynamixel_decode(bytes, count, used, &message);

	answer->told = 0;
	if (!err && *used > 0 && message.instruction == DYNAMIXEL_STATUS) {
		read_status(request, &message, answer);
	}
	return err;
}

/* ---- what is told ---- */

static uint32_t velocity(double deg_s)
{
	return (uint32_t)fmax(lround(deg_s / DYNAMIXEL_VELOCITY_DEG_S), 1); /* 0 = no limit */
}

/* Profile velocity and goal stand side by side: one write, so that none comes without the
 * other. */
static size_t go(const struct chain_goal *goals, size_t count, uint8_t *out, size_t room)
{
	struct dynamixel_message message;

	if (count == 0) {
		return 0;
	}
	dynamixel_begin(&message, DYNAMIXEL_ALL, DYNAMIXEL_SYNC_WRITE);
	dynamixel_add(&message, 2, DYNAMIXEL_PROFILE_VELOCITY);
	dynamixel_add(&message, 2, 8);
	for (size_t i = 0; i < count; i++) {
		dynamixel_add(&message, 1, goals[i].id);
		dynamixel_add(&message, 4, velocity(goals[i].speed));
		dynamixel_add(&message, 4, (uint32_t)goals[i].to);
	}
	return dynamixel_encode(&message, out, room);
}

static size_t torque_on(const uint8_t *ids, size_t count, uint8_t *out, size_t room)
{
	struct dynamixel_message message;

	dynamixel_begin(&message, DYNAMIXEL_ALL, DYNAMIXEL_SYNC_WRITE);
	dynamixel_add(&message, 2, DYNAMIXEL_TORQUE);
	dynamixel_add(&message, 2, 1);
	for (size_t i = 0; i < count; i++) {
		dynamixel_add(&message, 1, ids[i]);
		dynamixel_add(&message, 1, 1);
	}
	return dynamixel_encode(&message, out, room);
}

static size_t torque_off(uint8_t *out, size_t room)
{
	struct dynamixel_message message;

	dynamixel_begin(&message, DYNAMIXEL_ALL, DYNAMIXEL_WRITE);
	dynamixel_add(&message, 2, DYNAMIXEL_TORQUE);
	dynamixel_add(&message, 1, 0);
	return dynamixel_encode(&message, out, room);
}

static const struct chain_dialect dialect = {
	.model = "dynamixel-arm",
	.latency_us = 16 * 1000, /* of an FTDI chip */
	.degrees = 360.0 / 4096,
	.middle = 2048,
	.top = TOP,
	.slack = 4,
	.setup = 1 << ASK_MODE | 1 << ASK_LIMITS,
	.health = 1 << ASK_HEALTH,
	.has_groups = true,
	.tells_goal = true,
	.tells_load = true,
	.ask = ask,
	.answer_bytes = answer_bytes,
	.decode = decode,
	.go = go,
	.halt = go,
	.torque_on = torque_on,
	.torque_off = torque_off,
};

static void start(struct kit *kit, int64_t now_us)
{
	chain_start(kit, &dialect, now_us);
}

const struct driver dynamixel_driver = {
	.name = "dynamixel",
	.title = {"Arm of Dynamixel X servos", "Dynamixel X \u8235\u673a\u673a\u68b0\u81c2"},
	.baud = 57600,
	.start = start,
	CHAIN_FUNCTIONS,
};
