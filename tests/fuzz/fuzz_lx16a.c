/*
 * LX-16A's codec and driver, see robot.h. The servos answer the newest question from a
 * little table of what they were told. An answer's first byte in the program says what is
 * odd: bit 0 another place than the goal, 1 hot, 2 another servo's id, 3 noise as data,
 * 4 silence, 5 motor mode.
 */
#include "robot.h"

#include "busservo/busservo.h"
#include "busservo/bytes.h"
#include "busservo/lx16a.h"

enum { SERVOS = 5, HEAT_LIMIT = 85 };

static struct {
	uint16_t goal;
	bool torque;
} servos[SERVOS + 1]; /* by id */

static void set_torque(unsigned id, bool is_on)
{
	for (unsigned i = 0; i <= SERVOS; i++) {
		if (id == i || id == LX16A_ALL) {
			servos[i].torque = is_on;
		}
	}
}

static bool take_frame(const struct lx16a_message *m)
{
	if (m->command == LX16A_MOVE) {
		unsigned goal = bytes_get(m->params, 2), ms = bytes_get(m->params + 2, 2);

		if (goal > LX16A_TOP || ms == 0 || ms > LX16A_MOVE_MS_MAX || m->id == LX16A_ALL) {
			abort();
		}
		servos[m->id <= SERVOS ? m->id : 0].goal = (uint16_t)goal;
		return true;
	}
	if (m->command == LX16A_SET_TORQUE) {
		set_torque(m->id, m->params[0] == 1);
		return m->params[0] != 0;
	}
	/* Else only stops and questions. */
	if (m->command != LX16A_STOP && (m->count > 0 || lx16a_answer_count(m->command) == 0)) {
		abort();
	}
	return false;
}

static bool fuzz_moves(const uint8_t *frame, size_t count)
{
	struct lx16a_message message;
	bool moves = false;
	size_t used;

	for (size_t at = 0; at < count; at += used) {
		if (lx16a_decode(frame + at, count - at, &used, &message) || used == 0) {
			abort();
		}
		moves |= take_frame(&message);
	}
	return moves;
}

static uint32_t fill(struct program *program, unsigned id, unsigned command, unsigned how)
{
	switch (command) {
	case LX16A_READ_ID:
		return id;
	case LX16A_READ_POSITION:
		return servos[id].goal + (how & 1 ? take(program) : 0);
	case LX16A_READ_TORQUE:
		return servos[id].torque;
	case LX16A_READ_MODE:
		return how & 0x20 ? 1 : 0;
	case LX16A_READ_LIMITS:
		return 100 | 900 << 16;
	case LX16A_READ_HEAT_LIMIT:
		return HEAT_LIMIT;
	case LX16A_READ_HEAT:
		return how & 2 ? HEAT_LIMIT + 5 : 30;
	default:
		return 7400;
	}
}

static size_t fuzz_answer(struct program *program, uint8_t *out)
{
	struct lx16a_message message;
	unsigned how = take(program);
	const struct side *side = &program->sides[0];
	size_t used;

	if (side->frame_count == 0 || how & 0x10) {
		return 0;
	}
	lx16a_decode(side->frame, side->frame_count, &used, &message);
	unsigned count = lx16a_answer_count(message.command);

	if (message.id == 0 || message.id > SERVOS || count == 0) {
		return 0;
	}
	bytes_put(message.params, 4, fill(program, message.id, message.command, how));
	for (unsigned i = 0; i < count && how & 8; i++) {
		message.params[i] = (uint8_t)take(program);
	}
	message.id = (uint8_t)(message.id + (how & 4 ? 1 : 0));
	message.count = (uint8_t)count;
	return lx16a_encode(&message, out, LX16A_FRAME_MAX);
}

static void fuzz_check(const struct program *program, const struct side *side)
{
	(void)program;
	check_ranges(side->kit);
}

/* ---- the codec alone ---- */

static void check_frames(const uint8_t *bytes, size_t count)
{
	struct lx16a_message message;
	uint8_t again[LX16A_FRAME_MAX];
	size_t used;

	while (count > 0) {
		enum err err = lx16a_decode(bytes, count, &used, &message);

		if (used == 0) {
			return;
		}
		if (!err &&
			(lx16a_encode(&message, again, sizeof(again)) != used ||
				memcmp(again, bytes, used) != 0)) {
			abort();
		}
		bytes += used;
		count -= used;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
	check_frames(bytes, count);
	memset(servos, 0, sizeof(servos));
	for (unsigned i = 0; i <= SERVOS; i++) {
		servos[i].goal = 500;
	}
	return fuzz_run(&lx16a_driver, NULL, bytes, count);
}
