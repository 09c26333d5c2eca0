/*
 * EV3's codec and driver, see robot.h. An answer has the newest command's counter and size;
 * its first byte in the program says whether it is well, failed or misshapen, a second one
 * how many globals follow from the program (the rest is 0). What proves rest must be an
 * answer: time and the port's queue prove nothing.
 */
#include "robot.h"

#include "ev3/ev3.h"
#include "ev3/protocol.h"

static bool fuzz_moves(const uint8_t *frame, size_t count)
{
	struct ev3_message message;
	struct ev3_op op;
	size_t used;
	bool moves = false;

	/* One whole command that wants an answer, of operations that never wait. */
	if (ev3_decode(EV3_TO_KIT, frame, count, &used, &message) || used != count ||
		message.type != EV3_DIRECT || message.globals > EV3_GLOBALS_MAX) {
		abort();
	}
	for (size_t at = 0; at < message.count; at += used) {
		if (!ev3_decode_op(message.body + at, message.count - at, &used, &op) ||
			op.code == EV3_OUTPUT_READY ||
			(op.code == EV3_INPUT_DEVICE &&
				op.params[0].value == EV3_DEVICE_READY_SI)) {
			abort();
		}
		moves |= op.code == EV3_OUTPUT_START || op.code == EV3_OUTPUT_SPEED;
	}
	return moves;
}

static size_t fuzz_answer(struct program *program, uint8_t *out)
{
	static const uint8_t types[] = {
		EV3_DIRECT_DONE, EV3_DIRECT_DONE, EV3_DIRECT_DONE, EV3_DIRECT_FAILED};
	unsigned how = take(program), given = take(program);
	const struct side *side = &program->sides[0];
	uint8_t globals[1024] = {0};
	struct ev3_message command, answer;
	size_t used;

	if (side->frame_count == 0) {
		return 0;
	}
	ev3_decode(EV3_TO_KIT, side->frame, side->frame_count, &used, &command);
	for (unsigned i = 0; i < given && i < command.globals; i++) {
		globals[i] = (uint8_t)take(program);
	}
	answer = (struct ev3_message){
		.type = types[how & 3],
		.counter = (uint16_t)(command.counter - (how >> 2 & 3)), /* an older one */
		.body = globals,
		.count = how & 0x80 ? command.globals / 2 : command.globals,
	};
	return ev3_encode(&answer, out, EV3_FRAME_MAX);
}

static void fuzz_check(const struct program *program, const struct side *side)
{
	(void)program;
	(void)side;
}

/* ---- the codec alone ---- */

static void check_code(const uint8_t *code, size_t count)
{
	uint8_t again[EV3_CODE_MAX + 64];
	struct ev3_op op, back;
	size_t used, length, used_again;

	while (ev3_decode_op(code, count, &used, &op)) {
		/* It may be shorter said; then it says the same. */
		length = ev3_encode_op(&op, again, sizeof(again));
		if (length == 0 || used > count ||
			!ev3_decode_op(again, length, &used_again, &back) || used_again != length ||
			back.code != op.code || back.count != op.count) {
			abort();
		}
		for (unsigned i = 0; i < op.count; i++) {
			if (op.params[i].kind != back.params[i].kind ||
				op.params[i].value != back.params[i].value) {
				abort();
			}
		}
		code += used;
		count -= used;
	}
}

static void check_frames(enum ev3_direction direction, const uint8_t *bytes, size_t count)
{
	static uint8_t again[EV3_FRAME_MAX];
	struct ev3_message message;
	size_t used;

	while (count > 0) {
		enum err err = ev3_decode(direction, bytes, count, &used, &message);

		if (used == 0) {
			return;
		}
		if (!err &&
			(ev3_encode(&message, again, sizeof(again)) != used ||
				memcmp(again, bytes, used) != 0)) {
			abort();
		}
		if (!err && direction == EV3_TO_KIT) {
			check_code(message.body, message.count);
		}
		bytes += used;
		count -= used;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
	check_frames(EV3_TO_KIT, bytes, count);
	check_frames(EV3_TO_HOST, bytes, count);
	check_code(bytes, count);
	return fuzz_run(&ev3_driver, NULL, bytes, count);
}
