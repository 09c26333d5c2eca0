/* The makeblock driver with a good cable: what an mBot does, and when. */
#include "makeblock_rig.h"

static void fault_07_nothing_is_sent_before_the_board_said_what_it_is(void **state)
{
	(void)state;
	open_kit(true);
	wait_ms(1359);
	assert_string_equal(rig.sent, "");
	assert_int_equal(rig.kit->state, KIT_PROBING);
	WAIT_UNTIL(rig.kit->state == KIT_READY, 100);
	assert_string_equal(rig.kit->program, "mBot 06.01.107");
	assert_string_equal(rig.kit->model, "mbot");
	/* The first word is the stop, after the filler. */
	assert_non_null(strstr(rig.sent, "ff5503010100ff55020004ff55020004ff5503020100"));
}

static void a_board_that_was_not_reset_is_asked_after_3_s(void **state)
{
	(void)state;
	open_kit(false);
	mbot()->motors[0] = -100;
	wait_ms(2999);
	assert_string_equal(rig.sent, "");
	WAIT_UNTIL(rig.kit->state == KIT_READY, 100);
	assert_stands();
	assert_string_equal(value_of("firmware")->text, "mBot 06.01.107");
}

static void everything_begins_at_rest(void **state)
{
	(void)state;
	open_kit(false);
	memset(mbot()->lamps, 77, sizeof(mbot()->lamps));
	WAIT_UNTIL(rig.kit->state == KIT_READY, 4000);
	WAIT_UNTIL(mbot()->lamps[0][0] == 0 && mbot()->lamps[1][2] == 0, 50);
	wait_ms(20);
	assert_number("motor.1", 0);
	assert_bool("led", false);
	assert_bool("button", false);
	assert_int_equal(value_of("servo")->type, VALUE_NULL);
	assert_false(makeblock_driver.has_dead_man);
	assert_true(kit_has_motion(rig.kit));
}

static void forward_is_m1_negative_and_m2_positive(void **state)
{
	(void)state;
	ready();
	drives(0.5, 0.5);
	assert_string_equal(rig.sent, "ff550700020580ff8000");
	assert_int_equal(rig.answers, 0);
	WAIT_UNTIL(rig.answers == 1, 20);
	assert_int_equal(rig.error, ERR_NONE);
	assert_motors(-128, 128);
	assert_number("motor.1", 128 / 255.0);
	assert_int_equal(acts("turn", value_number(1)), ERR_NONE);
	WAIT_UNTIL(rig.answers == 2, 20);
	assert_motors(255, 255);
	assert_int_equal(writes("motor.2", value_number(-1)), ERR_NONE);
	wait_ms(20);
	assert_motors(255, -255);
}

static void the_newest_of_many_speeds_wins(void **state)
{
	(void)state;
	ready();
	for (int i = 1; i <= 10; i++) {
		drives(i / 10.0, 0);
	}
	WAIT_UNTIL(rig.answers == 10, 50);
	assert_motors(-255, 0);
	assert_int_equal(rig.lane, LANE_MOTION); /* a hold drops it while it waits */
	/* The first went out at once; of the others the last. */
	assert_string_equal(rig.sent, "ff5507000205e6ff0000 ff550700020501ff0000");
}

static void speeds_are_told_again_while_the_wheels_turn(void **state)
{
	(void)state;
	ready();
	drives(1, 1);
	wait_ms(100);
	mbot()->motors[0] = 33; /* a flipped bit has no checksum */
	wait_ms(260);
	assert_motors(-255, 255);
	drives(0, 0);
	wait_ms(100);
	forget();
	wait_ms(900);
	assert_null(strstr(rig.sent, "ff55070002"));
}

static void sensors_are_asked_only_while_they_are_watched(void **state)
{
	(void)state;
	ready();
	wait_ms(900);
	assert_string_equal(rig.sent, "");
	watches("light");
	WAIT_UNTIL(value_of("light")->type == VALUE_NUMBER, 20);
	assert_number("light", 512 / 1023.0);
	rig.scene[SCENE_LIGHT] = 1;
	forget();
	wait_ms(2000);
	assert_number("light", 1);
	assert_true(rig.samples >= 36 && rig.samples <= 41);
	kit_unwatch(rig.kit, property("light"), rig.now_us);
	wait_ms(50);
	forget();
	wait_ms(900);
	assert_string_equal(rig.sent, "");
}

/* The board is silent; what it would answer to the line's question is said here. */
static void answers_line(const char *number)
{
	char answer[64];

	forget();
	WAIT_UNTIL(strstr(rig.sent, "011102"), 100);
	snprintf(
		answer, sizeof(answer), "ff55%.2s02%s0d0a", strstr(rig.sent, "011102") - 2, number);
	hears(answer);
}

static void line_probes_are_read_together(void **state)
{
	(void)state;
	ready();
	watches("line");
	wait_ms(20);
	assert_number("line", 0); /* nothing below it: no line */
	assert_bool("line.1", false);
	rig.in.is_cut = true;
	answers_line("0000803f"); /* 1: only the right probe is off the line */
	assert_number("line", 0.5);
	assert_bool("line.1", true);
	assert_bool("line.2", false);
	answers_line("00000040");
	assert_bool("line.1", false);
	assert_bool("line.2", true);
	answers_line("00000000");
	assert_number("line", 1);
	assert_int_equal(rig.kit->bad_values, 0);
	answers_line("00008040"); /* 4 */
	assert_int_equal(value_of("line")->type, VALUE_NULL);
	assert_int_equal(rig.kit->bad_values, 1);
}

static void an_echo_that_does_not_come_leaves_time_for_the_others(void **state)
{
	(void)state;
	ready();
	rig.scene[SCENE_DISTANCE] = 400;
	watches("distance");
	watches("light");
	wait_ms(100);
	forget();
	int64_t far_seq = 0, light_seq = 0;
	uint64_t before[2] = {0, 0};

	for (int i = 0; i < 10000; i++) {
		wait_ms(1);
		uint64_t now[2] = {rig.kit->properties[property("distance")].seq,
			rig.kit->properties[property("light")].seq};

		far_seq += now[0] != before[0];
		light_seq += now[1] != before[1];
		memcpy(before, now, sizeof(now));
	}
	assert_number("distance", 400);
	assert_true(far_seq >= 4 && far_seq <= 7);
	assert_true(light_seq >= 70);
	assert_int_equal(rig.worst, KIT_READY);
}

static void a_near_echo_is_asked_for_20_times_a_second(void **state)
{
	(void)state;
	ready();
	watches("distance");
	watches("line");
	watches("light");
	wait_ms(1000);
	forget();
	wait_ms(1000);
	assert_number("distance", 30);
	assert_true(rig.samples >= 54 && rig.samples <= 61);
}

static void the_button_is_told_at_any_time(void **state)
{
	(void)state;
	ready();
	rig.scene[SCENE_BUTTON] = 1;
	wait_ms(5);
	assert_bool("button", true);
	rig.scene[SCENE_BUTTON] = 0;
	drives(1, 1);
	wait_ms(20);
	assert_bool("button", false);
	assert_int_equal(rig.answers, 1);
}

static void lamps_are_lit_together_and_apart(void **state)
{
	static const double red[] = {1, 0, 0}, dim[] = {0, 0, 0.1}, wrong[] = {1, 0, 1.5};
	static const uint8_t both[2][3] = {{255, 0, 0}, {255, 0, 0}};

	(void)state;
	ready();
	assert_int_equal(writes("rgb", value_vector(red, 3)), ERR_NONE);
	wait_ms(20);
	assert_memory_equal(mbot()->lamps, both, sizeof(both));
	assert_bool("led", true);
	/* The board counts from the right. */
	assert_int_equal(writes("rgb.1", value_vector(dim, 3)), ERR_NONE);
	wait_ms(20);
	assert_int_equal(mbot()->lamps[1][2], 26);
	assert_int_equal(mbot()->lamps[0][0], 255);
	assert_int_equal(value_of("rgb")->type, VALUE_NULL); /* they differ */
	assert_int_equal(value_of("rgb.2")->type, VALUE_VECTOR);
	assert_int_equal(writes("led", value_bool(false)), ERR_NONE);
	wait_ms(20);
	assert_int_equal(mbot()->lamps[1][2] + mbot()->lamps[0][0], 0);
	assert_int_equal(writes("rgb", value_vector(wrong, 3)), ERR_INVALID);
	assert_int_equal(writes("rgb", value_vector(red, 2)), ERR_INVALID);
}

static void the_servo_gets_no_pulse_before_its_first_angle(void **state)
{
	(void)state;
	ready();
	assert_int_equal(mbot()->servo, -1);
	assert_int_equal(writes("servo", value_number(90)), ERR_NONE);
	wait_ms(20);
	assert_int_equal(mbot()->servo, 90);
	assert_int_equal(writes("servo", value_number(181)), ERR_INVALID);
}

static void a_long_tone_is_played_in_pieces_with_the_rest_between(void **state)
{
	(void)state;
	ready();
	watches("light");
	wait_ms(50);
	forget();
	assert_int_equal(acts("tone", value_number(440), value_number(1)), ERR_NONE);
	wait_ms(1);
	assert_int_equal(rig.answers, 1); /* as it begins */
	unsigned samples = rig.samples;

	wait_ms(1400);
	assert_true(rig.samples >= samples + 6);
	assert_non_null(strstr(rig.sent, "22b8019600"));
	assert_int_equal(rig.worst, KIT_READY);
}

static void tones_are_short_while_the_wheels_turn(void **state)
{
	(void)state;
	ready();
	drives(0.2, 0.2);
	wait_ms(20);
	forget();
	assert_int_equal(acts("tone", value_number(1000), value_number(0.25)), ERR_NONE);
	wait_ms(400);
	assert_non_null(strstr(rig.sent, "22e8035000")); /* 80 ms */
	assert_non_null(strstr(rig.sent, "22e8030a00")); /* 10 ms, the rest of 250 */
	assert_null(strstr(rig.sent, "22e8039600"));
}

static void infrared_texts_are_short_and_sent_standing(void **state)
{
	(void)state;
	ready();
	assert_int_equal(acts("send_ir", value_text("hello", 5)), ERR_NONE);
	assert_int_equal(acts("send_ir", value_text("again", 5)), ERR_BUSY);
	wait_ms(400);
	assert_int_equal(rig.answers, 0);
	WAIT_UNTIL(rig.answers == 1, 300);
	assert_int_equal(rig.error, ERR_NONE);
	assert_int_equal(rig.worst, KIT_READY);
	drives(0.1, 0.1);
	wait_ms(20);
	assert_int_equal(acts("send_ir", value_text("hello", 5)), ERR_REFUSED);
	assert_int_equal(acts("send_ir", value_text("123456789012345678901", 21)), ERR_INVALID);
}

static void infrared_texts_and_keys_are_asked_for(void **state)
{
	(void)state;
	ready();
	watches("ir");
	watches("key");
	wait_ms(500);
	assert_int_equal(value_of("ir")->type, VALUE_NULL); /* none came yet */
	assert_int_equal(value_of("key")->integer, 0);
	assert_non_null(strstr(rig.sent, "010d"));
	assert_non_null(strstr(rig.sent, "0112"));
}

static void a_sensor_is_moved_to_another_port(void **state)
{
	(void)state;
	ready();
	assert_true(kit_find_property(rig.kit, "sensor.4") < 0);
	rig.scene[SCENE_POT] = 0.25;
	assert_int_equal(acts("set_sensor", value_int(4), value_text("pot", 3)), ERR_NONE);
	watches("sensor.4");
	wait_ms(30);
	assert_number("sensor.4", 256 / 1023.0);
	assert_int_equal(acts("set_sensor", value_int(1), value_text("distance", 8)), ERR_NONE);
	watches("distance");
	wait_ms(30);
	assert_non_null(strstr(rig.sent, "010101"));
	assert_int_equal(acts("set_sensor", value_int(1), value_text("none", 4)), ERR_NONE);
	assert_true(kit_find_property(rig.kit, "distance") < 0);
	assert_int_equal(acts("set_sensor", value_int(5), value_text("pot", 3)), ERR_INVALID);
}

static void a_silent_line_has_a_beat(void **state)
{
	(void)state;
	ready();
	wait_ms(10000);
	unsigned beats = 0;

	for (const char *at = rig.sent; (at = strstr(at, "01230700")); at++) {
		beats++;
	}
	assert_true(beats >= 9 && beats <= 10);
	assert_int_equal(rig.worst, KIT_READY);
}

static void bytes_that_come_one_by_one_make_no_difference(void **state)
{
	(void)state;
	open_kit(true);
	rig.cut = 1;
	WAIT_UNTIL(rig.kit->state == KIT_READY, 3000);
	drives(1, -1);
	WAIT_UNTIL(rig.answers == 1, 50);
	assert_motors(-255, -255);
	holds(HOLD_MOTION);
	WAIT_UNTIL(rig.held == 1, 50);
	assert_stands();
}

static void another_board_of_the_family_is_refused(void **state)
{
	(void)state;
	open_kit(false);
	hears("56657273696f6e3a2030642e30312e3130370d0a"); /* 0d: Mega2560 */
	assert_int_equal(rig.kit->state, KIT_REFUSED);
	assert_non_null(strstr(rig.kit->why.text[LANG_EN], "0d.01.107"));
	hears("56657273696f6e3a2030362e30312e3030390d0a"); /* the factory's firmware */
	WAIT_UNTIL(rig.kit->state == KIT_READY, 100);
	assert_string_equal(rig.kit->program, "mBot 06.01.009");
}

static void evidence_is_the_banner_or_a_frame(void **state)
{
	static const char said[] = "Version: 06.01.107\r\n";

	(void)state;
	assert_int_equal(makeblock_driver.hear((const uint8_t *)said, 20), EVIDENCE_YES);
	assert_int_equal(makeblock_driver.hear((const uint8_t *)said, 12), EVIDENCE_MAYBE);
	assert_int_equal(makeblock_driver.hear((const uint8_t *)"\xF9\x02\x05", 3), EVIDENCE_NO);
	assert_int_equal(makeblock_driver.hear((const uint8_t *)"\xFF\x55\x80\x01\x01\r\n", 7),
		EVIDENCE_YES);
	assert_int_equal(makeblock_driver.hear((const uint8_t *)">>> ", 4), EVIDENCE_NO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(fault_07_nothing_is_sent_before_the_board_said_what_it_is),
		TEST(a_board_that_was_not_reset_is_asked_after_3_s),
		TEST(everything_begins_at_rest),
		TEST(forward_is_m1_negative_and_m2_positive),
		TEST(the_newest_of_many_speeds_wins),
		TEST(speeds_are_told_again_while_the_wheels_turn),
		TEST(sensors_are_asked_only_while_they_are_watched),
		TEST(line_probes_are_read_together),
		TEST(an_echo_that_does_not_come_leaves_time_for_the_others),
		TEST(a_near_echo_is_asked_for_20_times_a_second),
		TEST(the_button_is_told_at_any_time),
		TEST(lamps_are_lit_together_and_apart),
		TEST(the_servo_gets_no_pulse_before_its_first_angle),
		TEST(a_long_tone_is_played_in_pieces_with_the_rest_between),
		TEST(tones_are_short_while_the_wheels_turn),
		TEST(infrared_texts_are_short_and_sent_standing),
		TEST(infrared_texts_and_keys_are_asked_for),
		TEST(a_sensor_is_moved_to_another_port),
		TEST(a_silent_line_has_a_beat),
		TEST(bytes_that_come_one_by_one_make_no_difference),
		TEST(another_board_of_the_family_is_refused),
		cmocka_unit_test(evidence_is_the_banner_or_a_frame),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
