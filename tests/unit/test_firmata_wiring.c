/* Parts of a wiring profile on a Firmata board. */
#include "firmata_rig.h"

static void a_profile_gives_capabilities_in_their_units(void **state)
{
	(void)state;
	ready(BANNER_2_5, UNO_2_5, &bench);
	assert_int_equal(described("led")->type, VALUE_BOOL);
	assert_int_equal(described("lamp")->type, VALUE_NUMBER);
	assert_false(described("button")->writable);
	assert_false(described("light")->writable);
	assert_int_equal(described("servo")->min, 10);
	assert_int_equal(described("servo")->max, 170);
	assert_true(kit_find_property(rig.kit, "tone") < 0);
	assert_true(kit_find_action(rig.kit, "tone") >= 0);
	assert_string_equal(rig.kit->wiring, "bench");
	watches("temperature");
	watches("light");
	watches("button");
	hears("e23300 e07f07 900400");
	assert_number("temperature", -25.0733); /* -50 + 500 * 51 / 1023 */
	assert_number("light", 1);
	assert_bool("button", false);
	hears("900000");
	assert_bool("button", true);
	forget_sent();
	writes("led", value_bool(true));
	assert_sent("f50d01");
	assert_bool("led", true);
	assert_bool("pin.13", true);
	writes("lamp", value_number(0.25));
	assert_sent("e64000");
}

static void a_servo_part_is_still_until_its_first_angle(void **state)
{
	(void)state;
	open_board(BANNER_2_5, UNO_2_5, &bench);
	assert_false(has_sent("f40904"));
	assert_int_equal(described("servo")->value.type, VALUE_NULL);
	forget_sent();
	writes("servo", value_number(45));
	assert_sent("f40904 e92d00");
	assert_number("servo", 45);
	assert_int_equal(writes("servo", value_number(5)), ERR_INVALID);
}

static void a_tone_without_tone_mode_is_the_pin_for_its_time(void **state)
{
	(void)state;
	ready(BANNER_2_5, UNO_2_5, &bench);
	assert_int_equal(acts("tone", value_number(440), value_number(0.5)), ERR_NONE);
	assert_sent("f50801");
	wait_ms(480);
	assert_sent("");
	wait_ms(40);
	assert_sent("f50800");
	assert_int_equal(acts("tone", value_number(5), value_number(1)), ERR_INVALID);
}

static void a_tone_on_a_board_with_tones_is_its_own(void **state)
{
	static const struct wiring sounder = {
		.id = "sounder",
		.part_count = 1,
		.parts = {{.name = "tone", .mode = WIRING_TONE, .pin = 0, .scale = 1}},
	};

	(void)state;
	open_kit(&sounder);
	hears(BANNER_2_5);
	wait_ms(60);
	forget_sent();
	hears("f06c 000101010e01 7f f7 f06a7ff7");
	assert_sent("f07a1300f7 f4000e");
	acts("tone", value_number(440), value_number(0.5));
	assert_sent("f05f000038037403f7");
	acts("tone", value_number(440), value_number(0));
	assert_sent("f05f0100f7");
}

static void another_profile_takes_the_place_of_the_first(void **state)
{
	static const struct wiring other = {
		.id = "other",
		.part_count = 2,
		.parts =
			{
				{.name = "light",
					.mode = WIRING_ANALOG,
					.analog = true,
					.pin = 1,
					.scale = 1,
					.min = NAN,
					.max = NAN},
				{.name = "led",
					.mode = WIRING_OUTPUT,
					.pin = 12,
					.invert = true,
					.scale = 1},
			},
	};
	struct why why;

	(void)state;
	ready(BANNER_2_5, UNO_2_5, &bench);
	watches("light");
	writes("led", value_bool(true));
	forget_sent();
	assert_int_equal(kit_set_wiring(rig.kit, &other, rig.now_us, &why), ERR_NONE);
	/* What lit is dark; an inverted lamp is dark when high; light moves to A1. */
	assert_sent("e60000 f50800 f50d00 c000 f40c01 f50c01 f40f02 c101");
	assert_string_equal(rig.kit->wiring, "other");
	assert_bool("led", false);
	assert_true(kit_find_property(rig.kit, "button") < 0);
	assert_true(kit_find_action(rig.kit, "tone") < 0);
	hears("e07f07 e10000");
	assert_number("light", 0);
	writes("led", value_bool(true));
	assert_sent("f50c00");
	assert_int_equal(kit_set_wiring(rig.kit, NULL, rig.now_us, &why), ERR_NONE);
	assert_true(kit_find_property(rig.kit, "led") < 0);
}

static void a_profile_that_the_board_cannot_have_is_refused_with_its_pin(void **state)
{
	static const struct wiring bad[] = {
		{.id = "a",
			.part_count = 1,
			.parts = {{.name = "lamp", .mode = WIRING_PWM, .pin = 2, .scale = 1}}},
		{.id = "b",
			.part_count = 1,
			.parts = {{.name = "led", .mode = WIRING_OUTPUT, .pin = 40, .scale = 1}}},
		{.id = "c",
			.part_count = 1,
			.parts = {{.name = "light",
				.mode = WIRING_ANALOG,
				.analog = true,
				.pin = 7,
				.scale = 1}}},
		{.id = "d",
			.part_count = 1,
			.parts = {{.name = "firmware",
				.mode = WIRING_OUTPUT,
				.pin = 13,
				.scale = 1}}},
		{.id = "e",
			.part_count = 2,
			.parts = {{.name = "light",
					  .mode = WIRING_ANALOG,
					  .analog = true,
					  .scale = 1},
				{.name = "led", .mode = WIRING_OUTPUT, .pin = 14, .scale = 1}}},
	};
	static const char *const words[][2] = {{"pin 2", "pwm"}, {"pin 40", "\"led\""},
		{"pin A7", "\"light\""}, {"firmware", "name"}, {"same pin", "\"led\""}};
	struct why why;

	(void)state;
	ready(BANNER_2_5, UNO_2_5, &bench);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(kit_set_wiring(rig.kit, &bad[i], rig.now_us, &why), ERR_REFUSED);
		assert_non_null(strstr(why.text[LANG_EN], words[i][0]));
		assert_non_null(strstr(why.text[LANG_EN], words[i][1]));
		assert_string_equal(rig.kit->wiring, "bench");
	}
	assert_sent("");
	assert_true(kit_find_property(rig.kit, "button") >= 0);
}

static void parts_that_a_board_cannot_have_are_left_out_at_start(void **state)
{
	static const struct wiring half = {
		.id = "half",
		.part_count = 2,
		.parts =
			{
				{.name = "lamp", .mode = WIRING_PWM, .pin = 2, .scale = 1},
				{.name = "led", .mode = WIRING_OUTPUT, .pin = 13, .scale = 1},
			},
	};

	(void)state;
	ready(BANNER_2_5, UNO_2_5, &half);
	assert_true(kit_find_property(rig.kit, "lamp") < 0);
	assert_true(kit_find_property(rig.kit, "led") >= 0);
}

static void a_wired_pin_keeps_its_mode_and_its_class(void **state)
{
	static const struct wiring robot = {
		.id = "robot",
		.part_count = 1,
		.parts = {{.name = "lamp",
			.mode = WIRING_PWM,
			.pin = 3,
			.scale = 1,
			.min = NAN,
			.max = NAN,
			.safety = CLASS_MOTION}},
	};
	const struct value on = value_number(1);
	const struct value limits[KIT_ARGS_MAX] = {value_int(3), value_int(1000), value_int(2000)};
	struct why why;

	(void)state;
	ready(BANNER_2_5, UNO_2_5, &robot);
	forget_sent();
	assert_int_equal(sets_mode(3, "output"), ERR_CONFLICT);
	assert_non_null(strstr(rig.hint, "lamp"));
	/* No way around the safety gate by the raw pin. */
	assert_int_equal(described("lamp")->safety, CLASS_MOTION);
	assert_int_equal(described("pin.3")->safety, CLASS_MOTION);
	assert_int_equal(kit_write(rig.kit, property("pin.3"), &on, rig.now_us, NULL, NULL, &why),
		ERR_REFUSED);
	assert_int_equal(kit_act(rig.kit, kit_find_action(rig.kit, "servo_config"), limits,
				 rig.now_us, NULL, NULL, &why),
		ERR_REFUSED);
	assert_sent("");
}

static void fault_21_readings_that_are_no_numbers_are_null_and_counted(void **state)
{
	static const struct wiring odd = {
		.id = "odd",
		.part_count = 3,
		.parts =
			{
				{.name = "light",
					.mode = WIRING_ANALOG,
					.analog = true,
					.pin = 0,
					.scale = 1e308,
					.offset = 1e308,
					.min = -1.7e308,
					.max = 1.7e308},
				{.name = "pot",
					.mode = WIRING_ANALOG,
					.analog = true,
					.pin = 1,
					.scale = 1e307,
					.min = -1.7e308,
					.max = 1.7e308},
				{.name = "sound",
					.mode = WIRING_ANALOG,
					.analog = true,
					.pin = 2,
					.scale = -1e-9,
					.min = -1.7e308,
					.max = 1.7e308},
			},
	};

	(void)state;
	ready(BANNER_2_5, UNO_2_5, &odd);
	watches("light");
	watches("pot");
	watches("sound");
	hears("e00000 e10000 e20000");
	assert_number("light", 1e308);
	hears("e07f07 e17f07 e27f07");
	assert_int_equal(described("light")->value.type, VALUE_NULL);
	assert_int_equal(rig.kit->bad_values, 1);
	assert_true(described("pot")->value.number == 1e307);
	assert_number("sound", 0);
	assert_false(signbit(described("sound")->value.number));
	hears("e00000");
	assert_number("light", 1e308);
}

static void fault_21_readings_that_a_part_cannot_have_are_not_known(void **state)
{
	(void)state;
	ready(BANNER_2_5, UNO_2_5, &bench);
	watches("temperature");
	hears("e21d01"); /* 157 counts: room temperature */
	assert_number("temperature", 26.7351);
	hears("e27704"); /* 631 of 1023: 258 degrees */
	assert_int_equal(described("temperature")->value.type, VALUE_NULL);
	assert_int_equal(rig.kit->bad_values, 1);
	assert_int_equal(rig.kit->state, KIT_READY);
	hears("e21d01");
	assert_number("temperature", 26.7351);
	watches("pin.A2"); /* what the pin measured stays to be seen */
	hears("e27704");
	assert_int("pin.A2", 631);
}

static void watches_outlive_a_lost_port(void **state)
{
	struct why why;

	(void)state;
	ready(BANNER_2_5, UNO_2_5, &bench);
	watches("light");
	why_set(&why, ERR_LOST, MSG_PORT_GONE, "port");
	kit_lose(rig.kit, KIT_LOST, &why, rig.now_us);
	wait_ms(100);
	forget_sent();
	kit_start(rig.kit, &firmata_driver, rig.now_us);
	hears(BANNER_2_5);
	wait_ms(60);
	forget_sent();
	hears(UNO_2_5 UNO_MAP);
	assert_true(has_sent("c001"));
	assert_int_equal(rig.kit->state, KIT_READY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_profile_gives_capabilities_in_their_units),
		TEST(a_servo_part_is_still_until_its_first_angle),
		TEST(a_tone_without_tone_mode_is_the_pin_for_its_time),
		TEST(a_tone_on_a_board_with_tones_is_its_own),
		TEST(another_profile_takes_the_place_of_the_first),
		TEST(a_profile_that_the_board_cannot_have_is_refused_with_its_pin),
		TEST(parts_that_a_board_cannot_have_are_left_out_at_start),
		TEST(a_wired_pin_keeps_its_mode_and_its_class),
		TEST(fault_21_readings_that_are_no_numbers_are_null_and_counted),
		TEST(fault_21_readings_that_a_part_cannot_have_are_not_known),
		TEST(watches_outlive_a_lost_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
