/*
 * OWI's codec and driver, see robot.h. An arm answers nothing; what proves rest is the USB
 * device's acknowledgement. No motor may be on for longer than a move lasts.
 */
#include "robot.h"

#include "owi/owi.h"
#include "owi/protocol.h"

enum { LONGEST_US = 5100 * 1000 };

static bool moves(const struct owi_state *state)
{
	for (int i = 0; i < OWI_MOTORS; i++) {
		if (state->motors[i]) {
			return true;
		}
	}
	return false;
}

static bool fuzz_moves(const uint8_t *frame, size_t count)
{
	struct owi_state state;

	if (count != OWI_BYTES || !owi_decode(frame, &state)) {
		abort();
	}
	return moves(&state);
}

static size_t fuzz_answer(struct program *program, uint8_t *out)
{
	(void)program;
	(void)out;
	return 0;
}

static void fuzz_check(const struct program *program, const struct side *side)
{
	struct owi_state state;
	bool is_late = program->now_us - side->motion_us > LONGEST_US;

	if (side->is_plugged && !side->is_blocked && is_late && side->frame_count > 0 &&
		owi_decode(side->frame, &state) && moves(&state)) {
		abort();
	}
	if (!side->kit->is_packet && kit_is_held(side->kit)) {
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
	return fuzz_run(&owi_driver, NULL, bytes, count);
}
