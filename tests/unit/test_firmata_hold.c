/* Bringing a Firmata board to rest, and its proof (SAFETY S3, S5, S6). */
#include "firmata_rig.h"

static const struct wiring rover = {
	.id = "rover",
	.part_count = 5,
	.parts =
		{
			{.name = "motor.1", .mode = WIRING_PWM, .pin = 5, .scale = 1, .min = NAN, .max = NAN,
				.safety = CLASS_MOTION},
			{.name = "motor.2", .mode = WIRING_SERVO, .pin = 10, .scale = 1 / 90.0, .offset = -1,
				.min = -1, .max = 1, .safety = CLASS_MOTION},
			{.name = "servo", .mode = WIRING_SERVO, .pin = 9, .scale = 1, .min = 0, .max = 180,
				.safety = CLASS_MOTION},
			{.name = "led", .mode = WIRING_OUTPUT, .pin = 13, .scale = 1, .min = NAN, .max = NAN},
			{.name = "red", .mode = WIRING_OUTPUT, .pin = 12, .invert = true, .scale = 1},
		},
};

static void moves(const char *name, double value)
{
	assert_int_equal(writes(name, value_number(value)), ERR_NONE);
}

static void drives_off(void)
{
	ready(BANNER_2_5, UNO_2_5, &rover);
	moves("motor.1", 0.5);
	writes("led", value_bool(true));
	forget_sent();
}

static void safety_S3_a_lease_end_rests_what_moves_and_leaves_the_lamp(void **state)
{
	(void)state;
	drives_off();
	holds(HOLD_MOTION);
	assert_sent("e50000 f06d05f7 f06d15f7");
	assert_bool("led", true);
	assert_false(kit_is_held(rig.kit));
	hears("f06e050300f7");
	assert_false(kit_is_held(rig.kit));
	hears("f06e15f7");
	assert_true(kit_is_held(rig.kit));
}

static void an_all_stop_rests_lamps_too(void **state)
{
	(void)state;
	drives_off();
	holds(HOLD_ALL);
	assert_sent("e50000 f50c01 f50d00 f06d05f7 f06d0cf7 f06d0df7 f06d15f7");
	assert_bool("led", false);
	hears("f06e050300f7 f06e0c0101f7 f06e0d0100f7 f06e15f7");
	assert_true(kit_is_held(rig.kit));
}

static void safety_S6_a_pin_that_did_not_obey_is_no_proof(void **state)
{
	(void)state;
	drives_off();
	holds(HOLD_ALL);
	hears("f06e05037f01f7 f06e0c0101f7 f06e0d0100f7 f06e15f7");
	assert_false(kit_is_held(rig.kit));
	holds(HOLD_ALL);
	hears("f06e050300f7 f06e0c0100f7 f06e0d0100f7 f06e16f7");
	assert_false(kit_is_held(rig.kit)); /* "red" is at rest when high */
}

static void safety_S6_bytes_on_the_wire_or_other_answers_are_no_proof(void **state)
{
	(void)state;
	drives_off();
	holds(HOLD_MOTION);
	assert_false(kit_is_held(rig.kit));
	hears("e03200");
	wait_ms(2000);
	hears("f90205");
	assert_false(kit_is_held(rig.kit));
}

static void safety_S6_an_answer_to_an_older_hold_is_no_proof(void **state)
{
	(void)state;
	drives_off();
	holds(HOLD_MOTION);
	moves("motor.1", 1);
	holds(HOLD_MOTION);
	hears("f06e050300f7 f06e15f7"); /* of the first */
	assert_false(kit_is_held(rig.kit));
	hears("f06e05037f01f7 f06e16f7");
	assert_false(kit_is_held(rig.kit));
	holds(HOLD_MOTION);
	hears("f06e050300f7 f06e17f7");
	assert_true(kit_is_held(rig.kit));
}

static void a_board_with_nothing_to_rest_proves_that_it_hears(void **state)
{
	(void)state;
	ready(BANNER_2_5, UNO_2_5, NULL);
	holds(HOLD_ALL);
	assert_sent("f06d15f7");
	hears("f06e15f7");
	assert_true(kit_is_held(rig.kit));
}

static void a_servo_that_turns_for_ever_rests_at_zero(void **state)
{
	(void)state;
	ready(BANNER_2_5, UNO_2_5, &rover);
	moves("motor.2", 1);
	assert_sent("f40a04 ea3401");
	holds(HOLD_MOTION);
	assert_true(has_sent("ea5a00"));
	assert_true(has_sent("f06d0af7"));
}

static void a_servo_keeps_its_angle_until_its_power_is_cut(void **state)
{
	(void)state;
	ready(BANNER_2_5, UNO_2_5, &rover);
	moves("servo", 45);
	forget_sent();
	holds(HOLD_ALL);
	assert_false(has_sent("e9"));
	assert_true(has_sent("f06d09f7"));
	hears("f06e050300f7 f06e09042df7 f06e0c0101f7 f06e0d0100f7 f06e15f7");
	assert_true(kit_is_held(rig.kit));
	forget_sent();
	holds(HOLD_KILL);
	assert_true(has_sent("f40900"));
	assert_int_equal(described("servo")->value.type, VALUE_NULL);
	hears("f06e050300f7 f06e09042df7 f06e0a0000f7 f06e0c0101f7 f06e0d0100f7 f06e16f7");
	assert_false(kit_is_held(rig.kit)); /* it still has pulses */
	forget_sent();
	holds(HOLD_KILL);
	hears("f06e050300f7 f06e090000f7 f06e0a0000f7 f06e0c0101f7 f06e0d0100f7 f06e17f7");
	assert_true(kit_is_held(rig.kit));
	forget_sent();
	moves("servo", 60);
	assert_true(has_sent("f40904e93c00"));
}

static void a_board_that_restarts_proves_nothing_of_before(void **state)
{
	(void)state;
	drives_off();
	holds(HOLD_MOTION);
	hears(BANNER_2_5);
	hears("f06e050300f7 f06e15f7");
	assert_false(kit_is_held(rig.kit));
}

/* ---- a Mega on its line: 57600 baud, and 64 bytes each way in its memory ---- */

enum { MEGA_PINS = 70, RING = 64, BYTE_US = 174 };

static struct {
	uint8_t in[RING], out[RING];
	size_t in_count, out_count;
	uint8_t answer[8]; /* for which there was no room: it waits, and reads nothing */
	size_t answer_count;
	char line[16384]; /* hex that the PC sent and the board did not get yet */
	struct firmata_parser parser;
	unsigned lost;
	bool is_deaf_once; /* loses the next question */
	unsigned channels;
	int64_t report_us;
} avr;

static bool says(const uint8_t *bytes, size_t count)
{
	if (avr.out_count + count > RING) {
		return false;
	}
	memcpy(avr.out + avr.out_count, bytes, count);
	avr.out_count += count;
	return true;
}

/* All outputs are low: it heard that before the questions. */
static void reads(uint8_t byte)
{
	struct firmata_message message;
	const uint8_t *at = &byte;
	size_t left = 1;

	if (firmata_next(&avr.parser, FIRMATA_TO_BOARD, &at, &left, &message) != FIRMATA_FRAME ||
		message.type != FIRMATA_PIN_STATE_QUERY) {
		return;
	}
	if (avr.is_deaf_once) {
		avr.is_deaf_once = false;
		return;
	}
	const uint8_t bytes[] = {0xF0, 0x6E, message.pin, 1, 0, 0xF7};
	bool is_there = message.pin < MEGA_PINS;

	avr.answer_count = is_there ? 6 : 4;
	memcpy(avr.answer, bytes, is_there ? 6 : 3);
	avr.answer[avr.answer_count - 1] = 0xF7;
}

static void works(void)
{
	for (;;) {
		if (avr.answer_count > 0 && !says(avr.answer, avr.answer_count)) {
			return;
		}
		avr.answer_count = 0;
		if (rig.now_us - avr.report_us >= 19000) {
			avr.report_us = rig.now_us;
			for (unsigned i = 0; i < avr.channels; i++) {
				uint8_t report[] = {(uint8_t)(0xE0 | i), 1, 2};

				says(report, sizeof(report));
			}
		}
		if (avr.in_count == 0) {
			return;
		}
		uint8_t byte = avr.in[0];

		memmove(avr.in, avr.in + 1, --avr.in_count);
		reads(byte);
	}
}

/* One byte each way. */
static void line_turns(void)
{
	unsigned byte;

	strncat(avr.line, rig.sent, sizeof(avr.line) - strlen(avr.line) - 1);
	rig.sent[0] = '\0';
	rig.now_us += BYTE_US;
	if (sscanf(avr.line, "%2x", &byte) == 1) {
		memmove(avr.line, avr.line + 2, strlen(avr.line) - 1);
		if (avr.in_count < RING) {
			avr.in[avr.in_count++] = (uint8_t)byte;
		} else {
			avr.lost++;
		}
	}
	works();
	if (avr.out_count > 0) {
		uint8_t first = avr.out[0];

		memmove(avr.out, avr.out + 1, --avr.out_count);
		kit_feed(rig.kit, &first, 1, rig.now_us);
	}
	kit_tick(rig.kit, rig.now_us);
}

static void mega(void)
{
	char capability[2048] = "f06c", map[512] = "f06a", name[16];

	memset(&avr, 0, sizeof(avr));
	for (int i = 0; i < MEGA_PINS; i++) {
		strncat(capability, "000101017f", 11);
		strncat(map, "7f", 3);
	}
	strncat(capability, "f7", 3);
	strncat(map, "f7", 3);
	open_kit(NULL);
	hears(BANNER_2_5);
	wait_ms(60);
	hears(capability);
	hears(map);
	assert_int_equal(rig.kit->state, KIT_READY);
	for (int i = 0; i < MEGA_PINS; i++) {
		snprintf(name, sizeof(name), "pin.%d", i);
		assert_int_equal(writes(name, value_bool(true)), ERR_NONE);
		forget_sent();
	}
}

/* As the all-stop does: three times, 20 ms apart. Answers the ms until the proof. */
static int stops_mega(void)
{
	int64_t began_us = rig.now_us;

	for (int holds_left = 3; !kit_is_held(rig.kit);) {
		if (holds_left > 0 && rig.now_us - began_us >= (3 - holds_left) * 20000) {
			holds(HOLD_ALL);
			holds_left--;
		}
		line_turns();
		assert_true(rig.now_us - began_us < 1000 * 1000);
	}
	return (int)((rig.now_us - began_us) / 1000);
}

static void a_board_of_70_outputs_is_asked_no_faster_than_it_answers(void **state)
{
	(void)state;
	for (unsigned channels = 0; channels <= 6; channels += 6) {
		mega();
		avr.channels = channels;
		assert_true(stops_mega() < 230); /* then the page says: not confirmed */
		assert_int_equal(avr.lost, 0);
		if (channels == 0) {
			close_kit(NULL);
		}
	}
}

static void a_lost_answer_is_asked_for_again(void **state)
{
	(void)state;
	mega();
	holds(HOLD_ALL);
	avr.is_deaf_once = true;
	int64_t began_us = rig.now_us;

	while (!kit_is_held(rig.kit)) {
		line_turns();
		assert_true(rig.now_us - began_us < 1000 * 1000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(safety_S3_a_lease_end_rests_what_moves_and_leaves_the_lamp),
		TEST(an_all_stop_rests_lamps_too),
		TEST(safety_S6_a_pin_that_did_not_obey_is_no_proof),
		TEST(safety_S6_bytes_on_the_wire_or_other_answers_are_no_proof),
		TEST(safety_S6_an_answer_to_an_older_hold_is_no_proof),
		TEST(a_board_with_nothing_to_rest_proves_that_it_hears),
		TEST(a_servo_that_turns_for_ever_rests_at_zero),
		TEST(a_servo_keeps_its_angle_until_its_power_is_cut),
		TEST(a_board_that_restarts_proves_nothing_of_before),
		TEST(a_board_of_70_outputs_is_asked_no_faster_than_it_answers),
		TEST(a_lost_answer_is_asked_for_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
