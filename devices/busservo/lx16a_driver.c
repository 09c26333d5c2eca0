/*
 * Arms of LX-16A servos behind a "bus linker": the chain's words in their language, and the
 * driver's table. Each servo is asked alone. A goal cannot be read back here, nor a load.
 */
#include "busservo/busservo.h"

#include "busservo/bytes.h"
#include "busservo/chain.h"
#include "busservo/lx16a.h"

#include <math.h>
#include <stdlib.h>

#define DEGREES 0.24 /* of a unit */

enum { MOVE_MS_MIN = 20, MODE_SERVO = 0 };

static const uint8_t commands[ASK_COUNT] = {
	[ASK_PING] = LX16A_READ_ID,
	[ASK_MOTION] = LX16A_READ_POSITION,
	[ASK_TORQUE] = LX16A_READ_TORQUE,
	[ASK_MODE] = LX16A_READ_MODE,
	[ASK_LIMITS] = LX16A_READ_LIMITS,
	[ASK_HEAT_LIMIT] = LX16A_READ_HEAT_LIMIT,
	[ASK_HEALTH] = LX16A_READ_HEAT,
	[ASK_VOLTAGE] = LX16A_READ_VIN,
};

static size_t ask(const struct chain_request *request, const uint8_t *ids, size_t count,
	uint8_t *out, size_t room)
{
	struct lx16a_message message = {.id = ids[0], .command = commands[request->what]};

	return count == 1 ? lx16a_encode(&message, out, room) : 0;
}

static size_t answer_bytes(enum chain_what what)
{
	return 6 + lx16a_answer_count(commands[what]);
}

/* ---- answers ---- */

static void read_limits(const uint8_t *params, struct chain_answer *answer)
{
	unsigned min = bytes_get(params, 2), max = bytes_get(params + 2, 2);
	bool is_sound = max <= LX16A_TOP && min < max;

	answer->told = TOLD_LIMITS;
	answer->min = is_sound ? (int)min : 0;
	answer->max = is_sound ? (int)max : LX16A_TOP;
}

static void read_answer(const struct lx16a_message *message, struct chain_answer *answer)
{
	const uint8_t *params = message->params;

	answer->id = message->id;
	switch (message->command) {
	case LX16A_READ_ID:
		answer->told = params[0] == message->id ? TOLD_PING : 0;
		break;
	case LX16A_READ_POSITION:
		answer->position = (int16_t)bytes_get(params, 2);
		if (abs(answer->position - LX16A_TOP / 2) <= LX16A_TOP) { /* its stops are nearer */
			answer->told = TOLD_POSITION;
		}
		break;
	case LX16A_READ_TORQUE:
		answer->told = params[0] <= 1 ? TOLD_TORQUE : 0;
		answer->torque = params[0] != 0;
		break;
	case LX16A_READ_MODE:
		answer->told = TOLD_MODE;
		answer->can_position = params[0] == MODE_SERVO;
		break;
	case LX16A_READ_LIMITS:
		read_limits(params, answer);
		break;
	case LX16A_READ_HEAT_LIMIT:
		answer->told = TOLD_HEAT_LIMIT;
		answer->heat_limit = params[0];
		break;
	case LX16A_READ_HEAT:
		answer->told = TOLD_TEMPERATURE;
		answer->temperature = params[0];
		break;
	case LX16A_READ_VIN:
		answer->told = TOLD_VOLTAGE;
		answer->voltage = bytes_get(params, 2) / 1000.0;
		break;
	default:
		break;
	}
}

/* A question without parameters is an adapter's echo of ours. */
static enum err decode(const struct chain_request *request, const uint8_t *bytes, size_t count,
	size_t *used, struct chain_answer *answer)
{
	struct lx16a_message message;
	enum err err = lx16a_decode(bytes, count, used, &message);

	answer->told = 0;
	if (!err && *used > 0 && message.count > 0 && message.command == commands[request->what]) {
		read_answer(&message, answer);
	}
	return err;
}

/* ---- what is told ---- */

static size_t put(uint8_t *out, size_t room, size_t used, const struct lx16a_message *message)
{
	return used + lx16a_encode(message, out + used, room - used);
}

static size_t go(const struct chain_goal *goals, size_t count, uint8_t *out, size_t room)
{
	size_t used = 0;

	for (size_t i = 0; i < count; i++) {
		double way = fabs((goals[i].to - goals[i].from) * DEGREES);
		double ms = fmin(fmax(way / goals[i].speed * 1000, MOVE_MS_MIN), LX16A_MOVE_MS_MAX);
		struct lx16a_message message = {
			.id = goals[i].id, .command = LX16A_MOVE, .count = 4};

		bytes_put(message.params, 2, (uint32_t)goals[i].to);
		bytes_put(message.params + 2, 2, (uint32_t)lround(ms));
		used = put(out, room, used, &message);
	}
	return used;
}

static size_t halt(const struct chain_goal *goals, size_t count, uint8_t *out, size_t room)
{
	const struct lx16a_message message = {.id = LX16A_ALL, .command = LX16A_STOP};

	(void)goals;
	(void)count;
	return put(out, room, 0, &message);
}

static size_t torque_on(const uint8_t *ids, size_t count, uint8_t *out, size_t room)
{
	size_t used = 0;

	for (size_t i = 0; i < count; i++) {
		const struct lx16a_message message = {
			.id = ids[i], .command = LX16A_SET_TORQUE, .count = 1, .params = {1}};

		used = put(out, room, used, &message);
	}
	return used;
}

static size_t torque_off(uint8_t *out, size_t room)
{
	const struct lx16a_message message = {
		.id = LX16A_ALL, .command = LX16A_SET_TORQUE, .count = 1};

	return put(out, room, 0, &message);
}

static const struct chain_dialect dialect = {
	.model = "lx16a-arm",
	.latency_us = 9 * 1000, /* so that an answer has the 20 ms that it may take */
	.degrees = DEGREES,
	.middle = LX16A_TOP / 2,
	.top = LX16A_TOP,
	.slack = 2,
	.setup = 1 << ASK_MODE | 1 << ASK_LIMITS | 1 << ASK_HEAT_LIMIT,
	.health = 1 << ASK_HEALTH | 1 << ASK_VOLTAGE,
	.ask = ask,
	.answer_bytes = answer_bytes,
	.decode = decode,
	.go = go,
	.halt = halt,
	.torque_on = torque_on,
	.torque_off = torque_off,
};

static void start(struct kit *kit, int64_t now_us)
{
	chain_start(kit, &dialect, now_us);
}

const struct driver lx16a_driver = {
	.name = "lx16a",
	.title = {"Arm of LX-16A servos", "LX-16A \u603b\u7ebf\u8235\u673a\u673a\u68b0\u81c2"},
	.baud = 115200,
	.start = start,
	CHAIN_FUNCTIONS,
};
