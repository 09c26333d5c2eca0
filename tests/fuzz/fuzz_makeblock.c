/*
 * Makeblock's codec and driver, see robot.h. The board answers the newest piece that was
 * sent: each of its commands as the program says, well, wrong or not at all.
 */
#include "robot.h"

#include "makeblock/makeblock.h"
#include "makeblock/protocol.h"

enum { RING_MAX = 63 + 20 }; /* the board's ring, and what it reads while the rest arrives */

/* The next command of what was sent; the driver says nothing but zeros between them. */
static bool next_command(const uint8_t **bytes, size_t *count, struct makeblock_message *message)
{
	size_t used;

	while (*count > 0) {
		enum err err = makeblock_decode(MAKEBLOCK_TO_KIT, *bytes, *count, &used, message);

		if (used == 0 || (err && **bytes != 0)) {
			abort();
		}
		*bytes += used;
		*count -= used;
		if (!err) {
			return true;
		}
	}
	return false;
}

static bool fuzz_moves(const uint8_t *frame, size_t count)
{
	struct makeblock_message m;
	bool moves = false;

	if (count == 0 || count > RING_MAX) {
		abort();
	}
	while (next_command(&frame, &count, &m)) {
		if (m.index >= MAKEBLOCK_EVENT_INDEX ||
			(m.action == MAKEBLOCK_GET) != (m.index > 0)) {
			abort();
		}
		if (m.action == MAKEBLOCK_RUN && m.data[0] == MAKEBLOCK_JOYSTICK) {
			moves |= m.data[1] || m.data[2] || m.data[3] || m.data[4];
		} else if (m.action == MAKEBLOCK_RUN && m.data[0] == MAKEBLOCK_MOTOR) {
			abort(); /* one motor alone: the other's state would be a guess */
		}
	}
	return moves;
}

static size_t answer(struct program *program, const struct makeblock_message *command, uint8_t *out)
{
	unsigned how = take(program);
	bool is_version = command->data[0] == MAKEBLOCK_VERSION;
	struct makeblock_message m = {
		.type = command->action == MAKEBLOCK_GET ? MAKEBLOCK_ANSWER : MAKEBLOCK_ACK,
		.index = (uint8_t)(command->index ^ (how & 0x40 ? how & 3 : 0)),
		.value = is_version ? MAKEBLOCK_TEXT : (how >> 2) % 6,
	};
	static const uint8_t bytes[] = {0, 1, 4, 0, 4, 0, 8};

	if (how & 0x80) {
		return 0; /* lost */
	}
	m.count = is_version ? 4 : bytes[m.value];
	for (unsigned i = 0; i < m.count; i++) {
		m.data[i] = is_version ? (uint8_t) "06.1"[i] : (uint8_t)take(program);
	}
	return makeblock_encode(MAKEBLOCK_TO_HOST, &m, out, MAKEBLOCK_FRAME_MAX);
}

static size_t fuzz_answer(struct program *program, uint8_t *out)
{
	const struct side *side = &program->sides[0];
	const uint8_t *bytes = side->frame;
	size_t count = side->frame_count, used = 0;
	struct makeblock_message command;

	while (next_command(&bytes, &count, &command)) {
		used += answer(program, &command, out + used);
	}
	return used;
}

static void fuzz_check(const struct program *program, const struct side *side)
{
	const struct kit *kit = side->kit;
	int motor = kit_find_property(kit, "motor.1");

	(void)program;
	/* What is shown never says that it moves when it was stopped. */
	if (kit->state == KIT_READY && side->is_stopped && motor >= 0 &&
		kit->properties[motor].value.number != 0) {
		abort();
	}
}

static void check_frames(enum makeblock_direction direction, const uint8_t *bytes, size_t count)
{
	struct makeblock_message message;
	uint8_t again[MAKEBLOCK_FRAME_MAX];
	double number;
	size_t used;

	while (count > 0) {
		enum err err = makeblock_decode(direction, bytes, count, &used, &message);

		if (used == 0) {
			return;
		}
		if (!err &&
			(makeblock_encode(direction, &message, again, sizeof(again)) != used ||
				memcmp(again, bytes, used) != 0)) {
			abort();
		}
		if (!err && message.type == MAKEBLOCK_ANSWER) {
			makeblock_number(&message, &number);
		}
		bytes += used;
		count -= used;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
	check_frames(MAKEBLOCK_TO_KIT, bytes, count);
	check_frames(MAKEBLOCK_TO_HOST, bytes, count);
	makeblock_driver.hear(bytes, count);
	return fuzz_run(&makeblock_driver, NULL, bytes, count);
}
