/* Bringing a Firmata board to rest, and its proof (SAFETY S3, S5, S6). */
#include "firmata_rig.h"
#include "kit_motion.h"

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
	struct value number = value_number(value);

	assert_int_equal(kit_write_motion(rig.kit, property(name), &number, rig.now_us, NULL, NULL,
				 NULL),
		ERR_NONE);
}

static void holds(enum hold_level level)
{
	struct why why;

	why_set(&why, ERR_STOPPED, MSG_DAEMON_STOPS);
	rig.now_us += 1000;
	kit_hold(rig.kit, level, &why, rig.now_us);
}

static void drives(void)
{
	ready(BANNER_2_5, UNO_2_5, &rover);
	moves("motor.1", 0.5);
	writes("led", value_bool(true));
	forget_sent();
}

static void safety_S3_a_lease_end_rests_what_moves_and_leaves_the_lamp(void **state)
{
	(void)state;
	drives();
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
	drives();
	holds(HOLD_ALL);
	assert_sent("e50000 f50c01 f50d00 f06d05f7 f06d0cf7 f06d0df7 f06d15f7");
	assert_bool("led", false);
	hears("f06e050300f7 f06e0c0101f7 f06e0d0100f7 f06e15f7");
	assert_true(kit_is_held(rig.kit));
}

static void safety_S6_a_pin_that_did_not_obey_is_no_proof(void **state)
{
	(void)state;
	drives();
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
	drives();
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
	drives();
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
	drives();
	holds(HOLD_MOTION);
	hears(BANNER_2_5);
	hears("f06e050300f7 f06e15f7");
	assert_false(kit_is_held(rig.kit));
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
