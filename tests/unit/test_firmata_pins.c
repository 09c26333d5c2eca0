/* Raw pins of a Firmata board as API.md says; texts, reset, rest. */
#include "firmata_rig.h"

static void writing_an_unset_pin_makes_it_an_output(void **state)
{
	(void)state;
	ready(BANNER_2_5, UNO_2_5, NULL);
	assert_int_equal(writes("pin.13", value_int(1)), ERR_NONE);
	assert_sent("f40d01 f50d01");
	assert_bool("pin.13", true);
	assert_int_equal(writes("pin.13", value_bool(false)), ERR_NONE);
	assert_sent("f50d00");
	assert_int_equal(writes("pin.13", value_int(2)), ERR_INVALID);
	/* Pins of the serial line can do nothing. */
	assert_false(described("pin.0")->writable);
	assert_sent("");
}

static void before_2_5_a_port_is_written(void **state)
{
	(void)state;
	ready(BANNER_2_4, UNO_2_4, NULL);
	writes("pin.13", value_bool(true));
	assert_sent("f40d01 912000");
	writes("pin.8", value_bool(true));
	assert_sent("f40801 912100");
	writes("pin.13", value_bool(false));
	assert_sent("910100");
	assert_int_equal(sets_mode(9, "pullup"), ERR_NONE);
	assert_sent("f40900 910300");
	writes("pin.8", value_bool(false));
	assert_sent("910200");
	sets_mode(9, "input");
	assert_sent("f40900");
	writes("pin.8", value_bool(true));
	assert_sent("910100");
}

static void from_2_5_a_pull_up_is_a_mode(void **state)
{
	(void)state;
	ready(BANNER_2_5, UNO_2_5, NULL);
	assert_int_equal(sets_mode(2, "pullup"), ERR_NONE);
	assert_sent("f4020b");
	assert_int_equal(rig.answers, 1);
	watches("pin.2");
	assert_sent("d001");
	hears("900400");
	assert_bool("pin.2", true);
	assert_false(described("pin.2")->writable);
}

static void watching_makes_an_input_and_reports_it(void **state)
{
	(void)state;
	ready(BANNER_2_5, UNO_2_5, NULL);
	watches("pin.2");
	assert_sent("f40200 d001");
	watches("pin.3");
	assert_sent("f40300 d001");
	hears("900c00");
	assert_bool("pin.2", true);
	assert_bool("pin.3", true);
	assert_int_equal(described("pin.4")->seq, 0);
	unwatches("pin.2");
	assert_sent("");
	unwatches("pin.3");
	assert_sent("d000");
	/* A pin that is only read may still become an output. */
	assert_int_equal(writes("pin.2", value_bool(true)), ERR_NONE);
	assert_sent("f40201 f50201");
}

static void analog_channels_are_reported_while_watched(void **state)
{
	(void)state;
	ready(BANNER_2_5, UNO_2_5, NULL);
	assert_int_equal(described("pin.A0")->max, 1023);
	assert_false(described("pin.A0")->writable);
	watches("pin.A0");
	assert_sent("f40e02 c001");
	hears("e06607 e10100");
	assert_int("pin.A0", 998);
	assert_int_equal(described("pin.A1")->seq, 0);
	assert_int_equal(rig.samples, 2);
	wait_ms(20);
	/* The same pin by its number has the type of its mode now. */
	assert_int_equal(described("pin.14")->type, VALUE_INT);
	watches("pin.14");
	hears("e00100");
	assert_int("pin.14", 1);
	unwatches("pin.14");
	forget_sent();
	unwatches("pin.A0");
	assert_sent("c000");
}

static void a_channel_over_15_is_asked_for_by_sysex(void **state)
{
	char capability[1024] = "f06c", map[256] = "f06a";
	size_t capability_length = strlen(capability), map_length = strlen(map);

	(void)state;
	for (int i = 0; i < 20; i++) {
		bool is_last = i == 19;

		capability_length += (size_t)snprintf(capability + capability_length,
			sizeof(capability) - capability_length, "020c7f%s", is_last ? "f7" : "");
		map_length += (size_t)snprintf(map + map_length, sizeof(map) - map_length, "%02x%s",
			i, is_last ? "f7" : "");
	}
	open_kit(NULL);
	hears(BANNER_2_5);
	wait_ms(60);
	hears(capability);
	hears(map);
	forget_sent();
	watches("pin.A18");
	assert_sent("f41202 f0641201f7");
	hears("f06f127f1ff7");
	assert_int("pin.A18", 4095);
	assert_string_equal(rig.kit->model, "uno");
}

static void an_output_that_is_watched_tells_what_was_written(void **state)
{
	(void)state;
	ready(BANNER_2_5, UNO_2_5, NULL);
	writes("pin.13", value_bool(true));
	unsigned before = rig.samples;

	watches("pin.13");
	assert_int_equal(rig.samples, before + 1);
	assert_bool("pin.13", true);
	watches("firmware");
	assert_int_equal(rig.samples, before + 2);
}

static void pwm_is_a_number_to_one(void **state)
{
	(void)state;
	ready(BANNER_2_5, UNO_2_5, NULL);
	assert_int_equal(sets_mode(3, "pwm"), ERR_NONE);
	assert_sent("f40303");
	assert_int_equal(described("pin.3")->type, VALUE_NUMBER);
	assert_int_equal(described("pin.3")->max, 1);
	assert_int_equal(writes("pin.3", value_number(1)), ERR_NONE);
	assert_sent("e37f01");
	writes("pin.3", value_number(0.5));
	assert_sent("e30001");
	assert_number("pin.3", 0.5);
	assert_int_equal(writes("pin.3", value_number(1.01)), ERR_INVALID);
	assert_int_equal(sets_mode(2, "pwm"), ERR_UNSUPPORTED);
	assert_non_null(strstr(rig.hint, "Pin 2"));
	assert_non_null(strstr(rig.hint, "pwm"));
	assert_non_null(strstr(rig.hint, "input, output, servo, pullup"));
}

static void high_pins_are_written_by_extended_analog(void **state)
{
	(void)state;
	ready(BANNER_2_5, UNO_2_5, NULL);
	sets_mode(16, "servo");
	forget_sent();
	writes("pin.16", value_number(90));
	assert_sent("f06f105a00f7");
}

static void a_servo_takes_degrees_and_its_own_pulses(void **state)
{
	(void)state;
	ready(BANNER_2_5, UNO_2_5, NULL);
	assert_int_equal(
		acts("servo_config", value_int(9), value_int(544), value_int(2400)), ERR_NONE);
	assert_sent("f0700920046012f7");
	assert_int_equal(described("pin.9")->type, VALUE_NUMBER);
	assert_string_equal(described("pin.9")->unit, "deg");
	writes("pin.9", value_int(90));
	assert_sent("e95a00");
	assert_int_equal(writes("pin.9", value_int(181)), ERR_INVALID);
	assert_int_equal(
		acts("servo_config", value_int(9), value_int(2400), value_int(544)), ERR_INVALID);
	assert_int_equal(
		acts("servo_config", value_int(0), value_int(1), value_int(2)), ERR_UNSUPPORTED);
}

static void a_pin_that_the_board_does_not_have_is_invalid(void **state)
{
	(void)state;
	ready(BANNER_2_5, UNO_2_5, NULL);
	assert_int_equal(sets_mode(20, "output"), ERR_INVALID);
	assert_int_equal(sets_mode(-1, "output"), ERR_INVALID);
	assert_int_equal(sets_mode(3, "fly"), ERR_INVALID);
	assert_int_equal(sets_mode(14, "analog"), ERR_NONE);
	assert_int_equal(described("pin.14")->type, VALUE_INT);
	/* StandardFirmata reports at once what nobody asked for. */
	assert_sent("f40e02 c000");
}

static void unknown_modes_of_a_pin_are_kept(void **state)
{
	(void)state;
	open_kit(NULL);
	hears(BANNER_2_5);
	wait_ms(60);
	hears("f06c 000101015101 7f f7 f06a7ff7");
	assert_int_equal(rig.kit->state, KIT_READY);
	assert_string_equal(rig.kit->model, "firmata");
	assert_int_equal(sets_mode(0, "pwm"), ERR_UNSUPPORTED);
	assert_non_null(strstr(rig.hint, "mode 81"));
}

static void before_2_4_a_port_that_says_nothing_is_as_it_was(void **state)
{
	(void)state;
	ready("f90203 f07902034600f7", UNO_2_4, NULL);
	watches("pin.2");
	assert_int_equal(described("pin.2")->seq, 0);
	wait_ms(120);
	assert_bool("pin.2", false);
	hears("900400");
	assert_bool("pin.2", true);
}

static void a_full_port_refuses_the_write(void **state)
{
	(void)state;
	ready(BANNER_2_5, UNO_2_5, NULL);
	rig.is_blocked = true;
	assert_int_equal(writes("pin.13", value_bool(true)), ERR_BUSY);
	assert_int_equal(acts("reset", value_null()), ERR_BUSY);
}

static void texts_go_both_ways(void **state)
{
	(void)state;
	ready(BANNER_2_5, UNO_2_5, NULL);
	hears("f0714f006b00f7");
	assert_string_equal(rig.events, "string=Ok;");
	assert_string_equal(described("message")->value.text, "Ok");
	assert_int_equal(acts("send_string", value_text("h\xC3\xA9", 3)), ERR_NONE);
	assert_sent("f071680043012901f7");
	assert_int_equal(acts("send_string", value_text("0123456789012345678901234567890", 31)),
		ERR_INVALID);
}

static void reset_unsets_pins_and_keeps_wiring_and_watches(void **state)
{
	(void)state;
	ready(BANNER_2_5, UNO_2_5, &bench);
	sets_mode(3, "pwm");
	writes("pin.3", value_number(1));
	writes("led", value_bool(true));
	watches("pin.4");
	watches("light");
	forget_sent();
	assert_int_equal(acts("reset", value_null()), ERR_NONE);
	assert_sent("ff f4020b f40603 f40801 f40d01 f40e02 c001 f41002 c200 f40400 d001");
	assert_bool("led", false);
	assert_int_equal(described("pin.3")->type, VALUE_BOOL);
	assert_int_equal(described("pin.3")->value.type, VALUE_NULL);
}

static const struct why hold_why = {.code = ERR_STOPPED};

static void hold_brings_outputs_to_rest_and_stop_resets(void **state)
{
	(void)state;
	ready(BANNER_2_5, UNO_2_5, &bench);
	writes("led", value_bool(true));
	writes("lamp", value_number(1));
	writes("servo", value_number(90));
	writes("pin.4", value_bool(true));
	forget_sent();
	kit_hold(rig.kit, HOLD_ALL, &hold_why, rig.now_us);
	assert_sent("f50400 e60000 f50800 f50d00"
		    "f06d04f7 f06d06f7 f06d08f7 f06d09f7 f06d0df7 f06d15f7");
	assert_bool("led", false);
	assert_number("lamp", 0);
	assert_number("servo", 90);
	kit_stop(rig.kit, rig.now_us);
	assert_sent("ff");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(writing_an_unset_pin_makes_it_an_output),
		TEST(before_2_5_a_port_is_written),
		TEST(from_2_5_a_pull_up_is_a_mode),
		TEST(watching_makes_an_input_and_reports_it),
		TEST(analog_channels_are_reported_while_watched),
		TEST(a_channel_over_15_is_asked_for_by_sysex),
		TEST(an_output_that_is_watched_tells_what_was_written),
		TEST(pwm_is_a_number_to_one),
		TEST(high_pins_are_written_by_extended_analog),
		TEST(a_servo_takes_degrees_and_its_own_pulses),
		TEST(a_pin_that_the_board_does_not_have_is_invalid),
		TEST(unknown_modes_of_a_pin_are_kept),
		TEST(before_2_4_a_port_that_says_nothing_is_as_it_was),
		TEST(a_full_port_refuses_the_write),
		TEST(texts_go_both_ways),
		TEST(reset_unsets_pins_and_keeps_wiring_and_watches),
		TEST(hold_brings_outputs_to_rest_and_stop_resets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
