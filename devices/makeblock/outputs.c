/*
 * What the kit is told: motors, lamps, servo, tones, infrared texts.
 *
 * Each output is kept as it is wished, with a mark when the board does not know it yet; so
 * of many wishes the newest goes out, and a request that was lost is sent again by setting
 * its mark. Motors are only ever set together, by one frame. While they turn they are told
 * again four times a second: there is no checksum, and what was misread is put right so.
 *
 * A tone blocks the board, so it is cut into pieces, shorter ones while the wheels turn:
 * a hold is read after the piece under way.
 */
#include "state.h"

#include <math.h>
#include <string.h>

enum {
	LAMP_PORT = 7,
	LAMP_SLOT = 2,
	SERVO_PORT = 1,
	SERVO_SLOT = 1,
	SPEED_MAX = 255,
	LIGHT_MAX = 255,
	REFRESH_US = 250 * 1000,
	TONE_PIECE_MS = 150, /* the board plays a third longer */
	TONE_DRIVING_MS = 80,
	IR_CHARACTER_US = 90 * 1000, /* measured from the library: 68 ms and a pause of 20 */
	IR_TRIES = 3,
};

static bool send_run(struct kit *kit, const uint8_t *data, size_t count)
{
	return mb_line_send(kit, MAKEBLOCK_RUN, 0, data, count);
}

/* ---- motors ---- */

bool mb_outputs_are_moving(const struct makeblock *makeblock)
{
	return makeblock->motors[0] != 0 || makeblock->motors[1] != 0;
}

static void show_motors(struct kit *kit)
{
	struct makeblock *makeblock = makeblock_of(kit);

	for (unsigned i = 0; i < 2; i++) {
		struct value speed = value_number(makeblock->motors[i] / (double)SPEED_MAX);

		mb_part_set(kit, PART_MOTOR_1 + i, &speed);
	}
}

/* Forward is M1 negative, M2 positive: the motors stand opposite to each other. */
bool mb_outputs_send_motors(struct kit *kit, struct makeblock_request *request, int64_t now_us)
{
	struct makeblock *makeblock = makeblock_of(kit);
	uint16_t left = (uint16_t)-makeblock->motors[0], right = (uint16_t)makeblock->motors[1];
	struct makeblock_message message = {
		.type = MAKEBLOCK_COMMAND,
		.action = MAKEBLOCK_RUN,
		.count = 5,
		.data = {MAKEBLOCK_JOYSTICK, left & 0xFF, left >> 8, right & 0xFF, right >> 8},
	};
	uint8_t bytes[16];
	bool is_old =
		mb_outputs_are_moving(makeblock) && now_us - makeblock->motors_us >= REFRESH_US;

	if (!makeblock->motors_due && !is_old) {
		return false;
	}
	if (!kit_send_motion(kit, bytes,
		    makeblock_encode(MAKEBLOCK_TO_KIT, &message, bytes, sizeof(bytes)))) {
		return false;
	}
	makeblock->motors_due = false;
	makeblock->motors_us = now_us;
	makeblock->driven = makeblock->driving;
	makeblock->driving.count = 0;
	request->what = REQUEST_MOTORS;
	return true;
}

void mb_outputs_drive(struct kit *kit, double left, double right, uint32_t token)
{
	struct makeblock *makeblock = makeblock_of(kit);

	makeblock->motors[0] = (int16_t)lround(left * SPEED_MAX);
	makeblock->motors[1] = (int16_t)lround(right * SPEED_MAX);
	makeblock->motors_due = true;
	mb_tokens_add(&makeblock->driving, token);
	show_motors(kit);
}

void mb_outputs_halt(struct kit *kit, const struct why *why)
{
	struct makeblock *makeblock = makeblock_of(kit);

	makeblock->motors[0] = makeblock->motors[1] = 0;
	makeblock->motors_due = false;
	show_motors(kit);
	mb_tokens_reply(kit, &makeblock->driven, why);
	mb_tokens_reply(kit, &makeblock->driving, why);
}

/* ---- lamps and servo ---- */

static void show_lamps(struct kit *kit)
{
	struct makeblock *makeblock = makeblock_of(kit);
	bool is_same = memcmp(makeblock->lamps[0], makeblock->lamps[1], 3) == 0, is_lit = false;
	struct value value;

	for (unsigned lamp = 0; lamp < MAKEBLOCK_LAMPS; lamp++) {
		double shares[3];

		for (unsigned i = 0; i < 3; i++) {
			shares[i] = makeblock->lamps[lamp][i] / (double)LIGHT_MAX;
			is_lit = is_lit || makeblock->lamps[lamp][i] != 0;
		}
		value = value_vector(shares, 3);
		mb_part_set(kit, PART_RGB_1 + lamp, &value);
		if (lamp == 0) {
			value = is_same ? value : value_null();
			mb_part_set(kit, PART_RGB, &value);
		}
	}
	value = value_bool(is_lit);
	mb_part_set(kit, PART_LED, &value);
}

/* Bits of `which`: lamp 1 left, lamp 2 right. */
static void light(struct kit *kit, unsigned which, const double *shares)
{
	struct makeblock *makeblock = makeblock_of(kit);

	for (unsigned lamp = 0; lamp < MAKEBLOCK_LAMPS; lamp++) {
		if (which & 1U << lamp) {
			for (unsigned i = 0; i < 3; i++) {
				makeblock->lamps[lamp][i] = (uint8_t)lround(shares[i] * LIGHT_MAX);
			}
			makeblock->lamps_due[lamp] = true;
		}
	}
	show_lamps(kit);
}

/* The board counts its lamps from the right; 0 is both. */
static bool send_lamp(struct kit *kit, struct makeblock_request *request)
{
	struct makeblock *makeblock = makeblock_of(kit);
	bool *due = makeblock->lamps_due;
	unsigned lamp = due[0] ? 0 : 1;
	const uint8_t *color = makeblock->lamps[lamp];
	bool is_both = due[0] && due[1] && memcmp(color, makeblock->lamps[1], 3) == 0;
	const uint8_t data[] = {MAKEBLOCK_RGB, LAMP_PORT, LAMP_SLOT,
		(uint8_t)(is_both ? 0 : 2 - lamp), color[0], color[1], color[2]};

	if (!due[lamp] || !send_run(kit, data, sizeof(data))) {
		return false;
	}
	due[lamp] = false;
	due[1] = due[1] && !is_both;
	request->what = REQUEST_LAMP;
	request->which = is_both ? 3 : 1U << lamp;
	return true;
}

static bool send_servo(struct kit *kit, struct makeblock_request *request)
{
	struct makeblock *makeblock = makeblock_of(kit);
	const uint8_t data[] = {MAKEBLOCK_SERVO, SERVO_PORT, SERVO_SLOT, makeblock->servo};

	if (!makeblock->servo_due || !send_run(kit, data, sizeof(data))) {
		return false;
	}
	makeblock->servo_due = false;
	request->what = REQUEST_SERVO;
	return true;
}

static enum err write_rgb(struct kit *kit, enum makeblock_part part, const char *name,
	const struct value *value, struct why *why)
{
	bool is_sound = value->count == 3;

	for (uint32_t i = 0; i < value->count; i++) {
		is_sound = is_sound && value->vector[i] >= 0 && value->vector[i] <= 1;
	}
	if (!is_sound) {
		return why_set(why, ERR_INVALID, MSG_RGB_FORM, name);
	}
	light(kit, part == PART_RGB_1 ? 1 : part == PART_RGB_2 ? 2 : 3, value->vector);
	return ERR_NONE;
}

enum err mb_outputs_write(struct kit *kit, enum makeblock_part part, const char *name,
	const struct value *value, struct why *why)
{
	static const double white[] = {1, 1, 1}, off[] = {0, 0, 0};
	struct makeblock *makeblock = makeblock_of(kit);

	if (part == PART_RGB || part == PART_RGB_1 || part == PART_RGB_2) {
		return write_rgb(kit, part, name, value, why);
	}
	if (part == PART_LED) {
		light(kit, 3, value->boolean ? white : off);
	} else if (part == PART_SERVO) {
		makeblock->servo = (uint8_t)lround(value->number);
		makeblock->servo_due = true;
		mb_part_set(kit, part, value);
	} else {
		makeblock->motors[part - PART_MOTOR_1] = (int16_t)lround(value->number * SPEED_MAX);
		makeblock->motors_due = true;
		show_motors(kit);
	}
	return ERR_NONE;
}

/* ---- tones ---- */

static void answer_tone(struct kit *kit)
{
	uint32_t token = makeblock_of(kit)->tone.token;

	makeblock_of(kit)->tone.token = 0;
	if (token) {
		kit_reply(kit, token, NULL, NULL);
	}
}

/* A new tone ends the one before. */
void mb_outputs_tone(struct kit *kit, double frequency_hz, double duration_s, uint32_t token)
{
	struct makeblock *makeblock = makeblock_of(kit);

	answer_tone(kit);
	makeblock->tone.frequency_hz = (uint16_t)lround(frequency_hz);
	makeblock->tone.left_ms = (unsigned)lround(duration_s * 1000);
	makeblock->tone.token = token;
	if (makeblock->tone.left_ms == 0) {
		answer_tone(kit);
	}
}

/* Answered when it begins, as other kits do: the board itself says nothing until its end. */
bool mb_outputs_send_tone(struct kit *kit, struct makeblock_request *request)
{
	struct makeblock *makeblock = makeblock_of(kit);
	unsigned piece_ms = mb_outputs_are_moving(makeblock) ? TONE_DRIVING_MS : TONE_PIECE_MS;
	unsigned hz = makeblock->tone.frequency_hz;

	piece_ms = makeblock->tone.left_ms < piece_ms ? makeblock->tone.left_ms : piece_ms;
	const uint8_t data[] = {MAKEBLOCK_TONE, hz & 0xFF, (uint8_t)(hz >> 8), piece_ms & 0xFF,
		(uint8_t)(piece_ms >> 8)};

	if (piece_ms == 0 || !send_run(kit, data, sizeof(data))) {
		return false;
	}
	makeblock->tone.left_ms -= piece_ms;
	request->what = REQUEST_TONE;
	request->deadline_us += piece_ms * INT64_C(1000);
	answer_tone(kit);
	return true;
}

/* ---- infrared ---- */

static void answer_ir(struct kit *kit, const struct why *why)
{
	uint32_t token = makeblock_of(kit)->ir.token;

	makeblock_of(kit)->ir.token = 0;
	makeblock_of(kit)->ir.is_due = false;
	if (token) {
		kit_reply(kit, token, NULL, why);
	}
}

enum err mb_outputs_send_ir(
	struct kit *kit, const struct value *text, uint32_t token, struct why *why)
{
	struct makeblock *makeblock = makeblock_of(kit);

	if (text->count > MAKEBLOCK_IR_MAX) {
		return why_set(why, ERR_INVALID, MSG_MAKEBLOCK_IR_LONG, MAKEBLOCK_IR_MAX);
	}
	if (mb_outputs_are_moving(makeblock)) {
		return why_set(why, ERR_REFUSED, MSG_MAKEBLOCK_IR_MOVES, kit->id);
	}
	if (makeblock->ir.token) {
		return why_set(why, ERR_BUSY, MSG_TOO_MANY_ACTIONS, kit->id, 1);
	}
	makeblock->ir.count = (uint8_t)text->count;
	memcpy(makeblock->ir.text, text->text, text->count);
	makeblock->ir.token = token;
	makeblock->ir.tries = 0;
	makeblock->ir.is_due = true;
	return ERR_NONE;
}

static bool send_ir(struct kit *kit, struct makeblock_request *request)
{
	struct makeblock *makeblock = makeblock_of(kit);
	uint8_t data[1 + MAKEBLOCK_IR_MAX] = {MAKEBLOCK_IR};

	memcpy(data + 1, makeblock->ir.text, makeblock->ir.count);
	if (!makeblock->ir.is_due || !send_run(kit, data, 1U + makeblock->ir.count)) {
		return false;
	}
	makeblock->ir.is_due = false;
	makeblock->ir.tries++;
	request->what = REQUEST_IR;
	request->deadline_us += (makeblock->ir.count + 1) * (int64_t)IR_CHARACTER_US;
	return true;
}

/* ---- all of them ---- */

bool mb_outputs_send_signal(struct kit *kit, struct makeblock_request *request)
{
	return send_lamp(kit, request) || send_servo(kit, request) || send_ir(kit, request);
}

void mb_outputs_done(struct kit *kit, const struct makeblock_request *request)
{
	if (request->what == REQUEST_MOTORS) {
		mb_tokens_reply(kit, &makeblock_of(kit)->driven, NULL);
	} else if (request->what == REQUEST_IR) {
		answer_ir(kit, NULL);
	}
}

void mb_outputs_lost(struct kit *kit, const struct makeblock_request *request)
{
	struct makeblock *makeblock = makeblock_of(kit);
	struct why why;

	if (request->what == REQUEST_MOTORS) {
		makeblock->motors_due = true;
		for (unsigned i = 0; i < makeblock->driven.count; i++) {
			mb_tokens_add(&makeblock->driving, makeblock->driven.token[i]);
		}
		makeblock->driven.count = 0;
	} else if (request->what == REQUEST_LAMP) {
		makeblock->lamps_due[0] |= request->which & 1;
		makeblock->lamps_due[1] |= request->which >> 1 & 1;
	} else if (request->what == REQUEST_SERVO) {
		makeblock->servo_due = true;
	} else if (request->what == REQUEST_IR && makeblock->ir.tries < IR_TRIES) {
		makeblock->ir.is_due = makeblock->ir.token != 0;
	} else if (request->what == REQUEST_IR) {
		why_set(&why, ERR_TIMEOUT, MSG_MAKEBLOCK_NO_ANSWER, kit->id);
		answer_ir(kit, &why);
	}
}

void mb_outputs_silence(struct kit *kit, const struct why *why)
{
	static const double off[] = {0, 0, 0};
	struct makeblock *makeblock = makeblock_of(kit);

	light(kit, 3, off);
	makeblock->tone.left_ms = 0;
	answer_tone(kit);
	answer_ir(kit, why);
}

void mb_outputs_reset(struct kit *kit, const struct why *why)
{
	struct value unknown = value_null();

	mb_outputs_halt(kit, why);
	mb_outputs_silence(kit, why);
	makeblock_of(kit)->servo_due = false;
	mb_part_set(kit, PART_SERVO, &unknown);
}

void mb_outputs_show(struct kit *kit)
{
	show_motors(kit);
	show_lamps(kit);
}

void mb_outputs_resend(struct kit *kit)
{
	struct makeblock *makeblock = makeblock_of(kit);

	makeblock->lamps_due[0] = makeblock->lamps_due[1] = true;
	makeblock->servo_due = makeblock->property[PART_SERVO] >= 0 &&
		kit->properties[makeblock->property[PART_SERVO]].value.type != VALUE_NULL;
}
