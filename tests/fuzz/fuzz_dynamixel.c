/*
 * Dynamixel's codec and driver, see robot.h. The servos answer the newest question from a
 * little table of what they were told. An answer's first byte in the program says what is
 * odd: bit 0 another place than the goal, 1 an alert, 2 an error, 3 a length of an older
 * question, 4 the first servo is silent, 5 noise as data, 6 no limits, 7 wheel mode.
 *
 * A goal that stops looks like a goal that moves; what moves for sure is torque that comes
 * on. (What LX-16A's target sees of the chain is true here as well.)
 */
#include "robot.h"

#include "busservo/busservo.h"
#include "busservo/bytes.h"
#include "busservo/dynamixel.h"

enum { SERVOS = 5, FASTEST = 132 /* units of the profile velocity */ };

static struct {
	uint32_t goal;
	bool torque;
} servos[SERVOS + 1]; /* by id */

/* A goal stays on the circle, with a speed; torque is told as 0 or 1. */
static bool take_write(unsigned id, unsigned address, const uint8_t *data, unsigned count)
{
	if (address == DYNAMIXEL_PROFILE_VELOCITY && count == 8) {
		uint32_t velocity = bytes_get(data, 4), goal = bytes_get(data + 4, 4);

		if (velocity < 1 || velocity > FASTEST || goal > 4095) {
			abort();
		}
		servos[id <= SERVOS ? id : 0].goal = goal;
		return false;
	}
	if (address != DYNAMIXEL_TORQUE || count != 1 || data[0] > 1) {
		abort();
	}
	for (unsigned i = 0; i <= SERVOS; i++) {
		if (id == i || id == DYNAMIXEL_ALL) {
			servos[i].torque = data[0] == 1;
		}
	}
	return data[0] == 1;
}

static bool take_frame(const struct dynamixel_message *m)
{
	bool moves = false;

	switch (m->instruction) {
	case DYNAMIXEL_PING:
	case DYNAMIXEL_READ:
	case DYNAMIXEL_SYNC_READ:
		return false;
	case DYNAMIXEL_WRITE:
		return take_write(m->id, bytes_get(m->params, 2), m->params + 2, m->count - 2U);
	case DYNAMIXEL_SYNC_WRITE: {
		unsigned count = bytes_get(m->params + 2, 2);

		for (unsigned at = 4; at + count < m->count; at += count + 1) {
			moves |= take_write(
				m->params[at], bytes_get(m->params, 2), m->params + at + 1, count);
		}
		return moves;
	}
	default:
		abort();
	}
}

static bool fuzz_moves(const uint8_t *frame, size_t count)
{
	static struct dynamixel_message message;
	bool moves = false;
	size_t used;

	for (size_t at = 0; at < count; at += used) {
		if (dynamixel_decode(frame + at, count - at, &used, &message) || used == 0) {
			abort();
		}
		moves |= take_frame(&message);
	}
	return moves;
}

static void put(uint8_t *table, unsigned address, unsigned count, uint32_t number)
{
	bytes_put(table + address, count, number);
}

static void fill_table(struct program *program, unsigned id, unsigned how, uint8_t *table)
{
	unsigned off = how & 1 ? take(program) : 0;

	for (unsigned i = 0; i < DYNAMIXEL_TABLE_BYTES; i++) {
		table[i] = how & 0x20 ? (uint8_t)take(program) : 0;
	}
	put(table, DYNAMIXEL_ID, 1, id);
	put(table, DYNAMIXEL_MODE, 1, how & 0x80 ? 1 : 3);
	put(table, DYNAMIXEL_MAX_POSITION, 4, how & 0x40 ? 4095 : 3000);
	put(table, DYNAMIXEL_MIN_POSITION, 4, how & 0x40 ? 0 : 1000);
	put(table, DYNAMIXEL_TORQUE, 1, servos[id].torque);
	put(table, DYNAMIXEL_HARDWARE_ERROR, 1, how & 2 ? take(program) : 0);
	put(table, DYNAMIXEL_GOAL, 4, servos[id].goal);
	put(table, DYNAMIXEL_POSITION, 4, servos[id].goal + 16 * off);
	put(table, DYNAMIXEL_VOLTAGE, 2, 120);
	put(table, DYNAMIXEL_TEMPERATURE, 1, 30);
}

/* One servo's status. */
static size_t answer_one(struct program *program, const struct dynamixel_message *question,
	unsigned id, unsigned how, uint8_t *out)
{
	static struct dynamixel_message status;
	uint8_t table[DYNAMIXEL_TABLE_BYTES + 16] = {0};
	unsigned address = bytes_get(question->params, 2);
	unsigned count = bytes_get(question->params + 2, 2) + (how & 8 ? 1 : 0);

	if (id == 0 || id > SERVOS) {
		return 0;
	}
	dynamixel_begin(&status, (uint8_t)id, DYNAMIXEL_STATUS);
	status.error =
		(uint8_t)((how & 2 ? DYNAMIXEL_ALERT : 0) | (how & 4 ? take(program) & 7 : 0));
	fill_table(program, id, how, table);
	if (question->instruction == DYNAMIXEL_PING) {
		address = 0;
		count = 3;
	}
	for (unsigned i = 0; i < count && address + i < sizeof(table); i++) {
		dynamixel_add(&status, 1, table[address + i]);
	}
	return dynamixel_encode(&status, out, DYNAMIXEL_FRAME_MAX);
}

static size_t fuzz_answer(struct program *program, uint8_t *out)
{
	static struct dynamixel_message question;
	unsigned how = take(program);
	const struct side *side = &program->sides[0];
	size_t used, count = 0;

	if (side->frame_count == 0) {
		return 0;
	}
	dynamixel_decode(side->frame, side->frame_count, &used, &question);
	if (question.instruction == DYNAMIXEL_PING || question.instruction == DYNAMIXEL_READ) {
		return how & 0x10 ? 0 : answer_one(program, &question, question.id, how, out);
	}
	for (unsigned i = how & 0x10 ? 5 : 4;
		question.instruction == DYNAMIXEL_SYNC_READ && i < question.count; i++) {
		count += answer_one(program, &question, question.params[i], how, out + count);
	}
	return count;
}

static void fuzz_check(const struct program *program, const struct side *side)
{
	(void)program;
	check_ranges(side->kit);
}

/* ---- the codec alone ---- */

static void check_frames(const uint8_t *bytes, size_t count)
{
	static struct dynamixel_message message;
	static uint8_t again[DYNAMIXEL_FRAME_MAX];
	size_t used;

	while (count > 0) {
		enum err err = dynamixel_decode(bytes, count, &used, &message);

		if (used == 0) {
			return;
		}
		if (!err &&
			(dynamixel_encode(&message, again, sizeof(again)) != used ||
				memcmp(again, bytes, used) != 0)) {
			abort();
		}
		bytes += used;
		count -= used;
	}
}

/* The input as a message's parameters: what is encoded decodes to the same. */
static void check_message(const uint8_t *bytes, size_t count)
{
	static struct dynamixel_message message, again;
	uint8_t frame[DYNAMIXEL_FRAME_MAX];
	size_t used;

	if (count < 3 || count - 3 > DYNAMIXEL_PARAMS_MAX) {
		return;
	}
	dynamixel_begin(&message, bytes[0], bytes[1]);
	message.error = bytes[1] == DYNAMIXEL_STATUS ? bytes[2] : 0;
	message.count = (uint16_t)(count - 3);
	memcpy(message.params, bytes + 3, count - 3);
	size_t length = dynamixel_encode(&message, frame, sizeof(frame));

	if (length > 0 &&
		(dynamixel_decode(frame, length, &used, &again) || used != length ||
			again.id != message.id || again.instruction != message.instruction ||
			again.error != message.error || again.count != message.count ||
			memcmp(again.params, message.params, message.count) != 0)) {
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
	check_frames(bytes, count);
	check_message(bytes, count);
	memset(servos, 0, sizeof(servos));
	for (unsigned i = 0; i <= SERVOS; i++) {
		servos[i].goal = 2048;
	}
	return fuzz_run(&dynamixel_driver, NULL, bytes, count);
}
