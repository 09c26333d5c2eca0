/*
 * Bringing a board to rest, and having it prove that.
 *
 * Outputs go to their rest: of parts that move at a lease's end, all of them at an all-stop. Then the
 * board is asked for the state of each of these pins (pin state query), and last for a
 * pin that it does not have. It answers in order, so when the answer for that pin comes, the
 * newest answers for all others are younger than the hold. That number is another one for each
 * hold, so that an answer to an older one proves nothing.
 *
 * Only so many questions are under way that their answers fit into the 64 bytes that an AVR keeps
 * for sending: it then never waits for its line, and never lets the 64 bytes for
 * receiving run over, which would lose questions, or what is to be written by the next hold. Where an
 * answer is lost all the same, all is asked once more, under another number.
 */
#include "state.h"

#include <string.h>

enum {
	PIN_NUMBERS = 128,
	ASKED_MAX = 8,		/* answers of 7 bytes */
	ANSWER_US = 60 * 1000,	/* without any: they are lost */
};

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
	firmata_of(kit)->under_way++;
	firmata_of(kit)->under_way_us = kit->now_us;
}

/* Asks on, ahead of all else that waits, as far as there may be questions under way. */
static void ask_more(struct kit *kit)
{
	struct firmata *f = firmata_of(kit);
	enum lane before = kit->lane;

	kit->lane = LANE_FIRST;
	for (; f->ask_next < f->pin_count && f->under_way < ASKED_MAX; f->ask_next++) {
		if (f->held_pins[f->ask_next / 64] >> (f->ask_next % 64) & 1) {
			ask(kit, f->ask_next);
		}
	}
	if (f->ask_next == f->pin_count && f->under_way < ASKED_MAX) {
		f->ask_next++;
		ask(kit, f->hold_end);
	}
	kit->lane = before;
}

static void ask_all(struct kit *kit)
{
	struct firmata *f = firmata_of(kit);

	f->holds++;
	f->hold_end = (uint8_t)(f->pin_count + f->holds % (PIN_NUMBERS - f->pin_count));
	memset(f->rest_pins, 0, sizeof(f->rest_pins));
	f->ask_next = 0;
	ask_more(kit);
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
	for (unsigned i = 0; i < f->pin_count; i++) {
		if ((level != HOLD_MOTION || is_motion(&f->pins[i])) &&
			pin_rest(kit, i, level == HOLD_KILL)) {
			set_bit(f->held_pins, i, true);
		}
	}
	f->is_holding = f->pin_count < PIN_NUMBERS;
	if (f->is_holding) {
		ask_all(kit);
	}
}

void firmata_take_state(struct kit *kit, const struct firmata_message *message)
{
	struct firmata *f = firmata_of(kit);

	f->under_way -= f->under_way > 0;
	f->under_way_us = kit->now_us;
	if (!f->is_holding) {
		return;
	}
	if (message->pin < f->pin_count) {
		set_bit(f->rest_pins, message->pin,
			message->groups > 0 && pin_is_at_rest(kit, message));
	} else if (message->pin == f->hold_end && f->ask_next > f->pin_count) {
		bool is_proved = (f->held_pins[0] & ~f->rest_pins[0]) == 0 &&
			(f->held_pins[1] & ~f->rest_pins[1]) == 0;

		/* What is still under way was asked before this, and will not come. */
		f->is_holding = !is_proved && f->under_way > 0;
		if (is_proved) {
			kit_held(kit);
		} else if (f->is_holding) {
			f->under_way = 0;
			ask_all(kit);
		}
		return;
	}
	ask_more(kit);
}

int64_t firmata_hold_tick(struct kit *kit, int64_t now_us)
{
	struct firmata *f = firmata_of(kit);

	if (f->under_way == 0) {
		return INT64_MAX;
	}
	if (now_us - f->under_way_us >= ANSWER_US) {
		f->under_way_us = now_us;
		/* A board that takes nothing is not asked more and more. */
		if (!kit->owner || kit->owner->backlog(kit->owner_data) == 0) {
			f->under_way = 0;
			if (f->is_holding && kit->state == KIT_READY) {
				ask_all(kit);
			}
		}
	}
	return f->under_way_us + ANSWER_US;
}
