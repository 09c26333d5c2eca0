/*
 * Bringing a board to rest, and having it prove that.
 *
 * Outputs go to their rest: of parts that move at a lease's end, all of them at an all-stop. Then the
 * board is asked for the state of each of these pins (pin state query), and last for a
 * pin that it does not have. It answers in order, so when the answer for that pin comes, the
 * newest answers for all others are younger than the hold. That number is another one for each
 * hold, so that an answer to an older one proves nothing.
 */
#include "state.h"

#include <string.h>

enum { PIN_NUMBERS = 128 };

static bool is_motion(const struct firmata_pin *pin)
{
	return pin->part && pin->part->safety == CLASS_MOTION;
}

static void set_bit(uint64_t bits[2], unsigned number, bool on)
{
	uint64_t bit = UINT64_C(1) << (number % 64);

	bits[number / 64] = on ? bits[number / 64] | bit : bits[number / 64] & ~bit;
}

static void ask(struct kit *kit, unsigned number)
{
	struct firmata_message out = {.type = FIRMATA_PIN_STATE_QUERY, .pin = (uint8_t)number};

	firmata_send(kit, &out);
}

void firmata_hold(struct kit *kit, enum hold_level level)
{
	struct firmata *f = firmata_of(kit);

	if (f->phase != PHASE_RUNNING) {
		return; /* its outputs are at rest when it is ready */
	}
	if (level != HOLD_MOTION) {
		actions_silence(kit);
	}
	memset(f->held_pins, 0, sizeof(f->held_pins));
	memset(f->rest_pins, 0, sizeof(f->rest_pins));
	for (unsigned i = 0; i < f->pin_count; i++) {
		if ((level != HOLD_MOTION || is_motion(&f->pins[i])) &&
			pin_rest(kit, i, level == HOLD_KILL)) {
			set_bit(f->held_pins, i, true);
		}
	}
	for (unsigned i = 0; i < f->pin_count; i++) {
		if (f->held_pins[i / 64] >> (i % 64) & 1) {
			ask(kit, i);
		}
	}
	f->holds++;
	f->is_holding = f->pin_count < PIN_NUMBERS;
	if (f->is_holding) {
		f->hold_end = (uint8_t)(f->pin_count + f->holds % (PIN_NUMBERS - f->pin_count));
		ask(kit, f->hold_end);
	}
}

void firmata_take_state(struct kit *kit, const struct firmata_message *message)
{
	struct firmata *f = firmata_of(kit);

	if (!f->is_holding) {
		return;
	}
	if (message->pin < f->pin_count) {
		set_bit(f->rest_pins, message->pin,
			message->groups > 0 && pin_is_at_rest(kit, message));
		return;
	}
	if (message->pin == f->hold_end) {
		f->is_holding = false;
		if ((f->held_pins[0] & ~f->rest_pins[0]) == 0 &&
			(f->held_pins[1] & ~f->rest_pins[1]) == 0) {
			kit_held(kit);
		}
	}
}
