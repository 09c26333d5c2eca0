/*
 * Firmata's parser and driver, see robot.h. The board answers who it is, what its pins can and
 * what state those are in that were asked for. An answer's first byte in the program: bits 0
 * and 1 its version, 2 another mode, 3 a state from the program, 4 only the newest pin's.
 * Every frame must encode back to its bytes. (Which pins move is the wiring's business:
 * nothing is said about that here.)
 */
#include "robot.h"

#include "firmata/firmata.h"
#include "firmata/protocol.h"

static const struct wiring wirings[] = {
	{.id = "bench",
		.part_count = 6,
		.parts =
			{
				{.name = "led",
					.mode = WIRING_OUTPUT,
					.pin = 3,
					.invert = true,
					.scale = 1},
				{.name = "button", .mode = WIRING_PULLUP, .pin = 2, .scale = 1},
				{.name = "lamp",
					.mode = WIRING_PWM,
					.pin = 1,
					.scale = 0.5,
					.offset = 0.2},
				{.name = "servo",
					.mode = WIRING_SERVO,
					.pin = 4,
					.scale = -1,
					.offset = 180},
				{.name = "light",
					.mode = WIRING_ANALOG,
					.analog = true,
					.scale = 1e300},
				{.name = "tone", .mode = WIRING_TONE, .pin = 6, .scale = 1},
			}},
	{.id = "other",
		.part_count = 2,
		.parts =
			{
				{.name = "light",
					.mode = WIRING_ANALOG,
					.analog = true,
					.pin = 1,
					.scale = -5},
				{.name = "led", .mode = WIRING_OUTPUT, .pin = 2, .scale = 1},
			}},
};

/* Two bytes of version; eight pins that can all there is, two of them analog and I2C. */
static const uint8_t banner[] = {0xF9, 2, 5, 0xF0, 0x79, 2, 5, 'F', 0, 0xF7};
static const uint8_t pins[] = {0xF0, 0x6C, 0x7F, 0, 1, 1, 1, 3, 8, 0x7F, 0, 1, 1, 1, 0x0B, 1, 0x7F,
	0, 1, 1, 1, 0x51, 3, 0x7F, 0, 1, 1, 1, 4, 14, 0x7F, 2, 10, 0, 1, 6, 1, 0x7F, 1, 1, 0x0E, 1,
	0x7F, 2, 14, 6, 1, 0x7F, 0xF7, 0xF0, 0x6A, 0x7F, 0x7F, 0x7F, 0x7F, 0x7F, 0, 0x7F, 1, 0xF7};

static struct {
	uint8_t mode;
	bool is_asked; /* for its state */
} board[128];	       /* its pins */

static void read_frame(const uint8_t *frame, size_t count, struct firmata_message *message)
{
	size_t used = 0;

	/* The driver itself only says what a board understands, and no more than fits. */
	if (count > FIRMATA_BOARD_SYSEX_MAX + 2 ||
		firmata_decode(FIRMATA_TO_BOARD, frame, count, &used, message) || used != count) {
		abort();
	}
}

static bool fuzz_moves(const uint8_t *frame, size_t count)
{
	static struct firmata_message message;

	read_frame(frame, count, &message);
	if (message.type == FIRMATA_PIN_MODE) {
		board[message.pin].mode = message.mode;
	} else if (message.type == FIRMATA_PIN_STATE_QUERY) {
		board[message.pin].is_asked = true;
	}
	return false;
}

static size_t answer_states(struct program *program, unsigned how, unsigned newest, uint8_t *out)
{
	static struct firmata_message state;
	size_t used = 0;

	for (unsigned i = how & 16 ? newest : 0; i < sizeof(board) / sizeof(board[0]); i++) {
		state.type = FIRMATA_PIN_STATE;
		state.pin = (uint8_t)i;
		state.groups = i < 8;
		state.mode = board[i].mode ^ (how >> 2 & 1);
		state.value = how & 8 ? take(program) & 127 : 0;
		if (board[i].is_asked) {
			used += firmata_encode(
				FIRMATA_TO_HOST, &state, out + used, FRAME_MAX - used);
			board[i].is_asked = false;
		}
	}
	return used;
}

static size_t fuzz_answer(struct program *program, uint8_t *out)
{
	static struct firmata_message question;
	const struct side *side = &program->sides[0];
	unsigned how = take(program);

	question.type = FIRMATA_VERSION_QUERY; /* nobody asked yet */
	if (side->frame_count > 0) {
		read_frame(side->frame, side->frame_count, &question);
	}
	if (question.type == FIRMATA_VERSION_QUERY) {
		memcpy(out, banner, sizeof(banner));
		out[2] = 3 + (how & 3); /* 2.3 to 2.6 */
		return sizeof(banner);
	}
	if (question.type == FIRMATA_CAPABILITY_QUERY ||
		question.type == FIRMATA_ANALOG_MAP_QUERY) {
		memcpy(out, pins, sizeof(pins));
		return sizeof(pins);
	}
	return question.type == FIRMATA_PIN_STATE_QUERY
		? answer_states(program, how, question.pin, out)
		: 0;
}

static void fuzz_check(const struct program *program, const struct side *side)
{
	(void)program;
	(void)side;
}

/* ---- the codec alone ---- */

static void check_frames(enum firmata_direction direction, const uint8_t *bytes, size_t count)
{
	static struct firmata_message message;
	static uint8_t again[FIRMATA_FRAME_MAX];
	size_t used;

	while (count > 0) {
		enum err err = firmata_decode(direction, bytes, count, &used, &message);

		if (used == 0) {
			return;
		}
		if (!err &&
			(firmata_encode(direction, &message, again, sizeof(again)) != used ||
				memcmp(again, bytes, used) != 0)) {
			abort();
		}
		bytes += used;
		count -= used;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
	check_frames(FIRMATA_TO_BOARD, bytes, count);
	check_frames(FIRMATA_TO_HOST, bytes, count);
	firmata_driver.hear(bytes, count);
	memset(board, 0, sizeof(board));
	return fuzz_run(&firmata_driver, wirings, bytes, count);
}
