/* The makeblock driver with bad cables and boards: nothing is resumed, nothing is believed. */
#include "makeblock_rig.h"

static void fault_08_a_reboot_in_mid_session_is_told_and_leaves_everything_at_rest(void **state)
{
	(void)state;
	ready();
	assert_int_equal(writes("led", value_bool(true)), ERR_NONE);
	drives(1, 1);
	wait_ms(50);
	forget();
	machine_mbot.reset(&rig.machine, rig.now_us); /* its batteries gave way for a moment */
	mbot()->ready_us = rig.now_us + 1000;	      /* so that no request is missed before */
	drives(0.7, 0.7);
	WAIT_UNTIL(rig.events[0], 30);
	assert_string_equal(rig.events, "rebooted;");
	assert_int_equal(rig.worst, KIT_PROBING);
	assert_int_equal(rig.answers, 1);
	assert_int_equal(rig.error, ERR_LOST);
	WAIT_UNTIL(rig.kit->state == KIT_READY, 50);
	wait_ms(1000);
	assert_stands();
	assert_number("motor.2", 0);
	assert_bool("led", false);
	assert_string_equal(rig.events, "rebooted;");
}

static void fault_08_a_real_reboot_takes_a_while_and_resumes_nothing(void **state)
{
	(void)state;
	ready();
	drives(1, 1);
	wait_ms(50);
	machine_mbot.reset(&rig.machine, rig.now_us);
	for (int i = 0; i < 3000; i++) {
		wait_ms(1);
		assert_stands();
	}
	assert_int_equal(rig.kit->state, KIT_READY);
	assert_string_equal(rig.events, "rebooted;");
}

static void fault_08_a_reboot_whose_banner_is_lost_resumes_nothing(void **state)
{
	(void)state;
	ready();
	assert_int_equal(writes("led", value_bool(true)), ERR_NONE);
	drives(1, 1);
	wait_ms(50);
	machine_mbot.reset(&rig.machine, rig.now_us);
	rig.in.is_cut = true;
	wait_ms(1400);
	rig.in.is_cut = false;
	for (int i = 0; i < 2000; i++) {
		wait_ms(1);
		assert_stands();
	}
	assert_int_equal(rig.kit->state, KIT_READY);
	assert_int_equal(mbot()->lamps[0][0], 255); /* told again what it forgot */
}

static void fault_09_a_board_that_falls_silent_is_stale_after_three_beats(void **state)
{
	(void)state;
	ready();
	drives(1, 1);
	wait_ms(50);
	rig.in.is_cut = rig.out.is_cut = true;
	drives(0.5, 0.5);
	forget();
	wait_ms(700);
	assert_int_equal(rig.answers, 1); /* what its wheels should do is too old */
	assert_int_equal(rig.error, ERR_TIMEOUT);
	assert_int_equal(acts("drive", value_number(1), value_number(1)), ERR_TIMEOUT);
	wait_ms(2300);
	assert_int_equal(rig.kit->state, KIT_READY);
	WAIT_UNTIL(rig.kit->state == KIT_STALE, 500);
	assert_int_equal(acts("drive", value_number(1), value_number(1)), ERR_TIMEOUT);
	assert_int_equal(writes("motor.1", value_number(1)), ERR_TIMEOUT);
	holds(HOLD_ALL);
	wait_ms(500);
	assert_int_equal(rig.held, 0);
	rig.in.is_cut = rig.out.is_cut = false;
	WAIT_UNTIL(rig.kit->state == KIT_READY, 1200);
	assert_int_equal(rig.held, 1);
	wait_ms(500);
	assert_stands();
}

static void fault_10_a_flood_of_frames_stops_nothing(void **state)
{
	(void)state;
	ready();
	for (int i = 0; i < 1000; i++) {
		hears("ff558001000d0a ff558001010d0a ff550102 00000000 0d0a");
	}
	drives(1, 1);
	WAIT_UNTIL(rig.answers == 1, 50);
	assert_motors(-255, 255);
}

static void fault_11_noise_between_answers_costs_no_more_than_a_retry(void **state)
{
	(void)state;
	ready();
	watches("light");
	for (int i = 0; i < 2000; i++) {
		char noise[48] = "";

		for (int n = 0; n < 20; n++) {
			snprintf(noise + 2 * n, 3, "%02x", (unsigned)(dice() >> 24 & 0xFF));
		}
		hears(noise);
		wait_ms(3);
	}
	assert_int_equal(rig.kit->state, KIT_READY);
	assert_true(rig.kit->bad_frames > 10000);
	wait_ms(700);
	rig.scene[SCENE_LIGHT] = 0.25;
	wait_ms(120);
	assert_number("light", 256 / 1023.0);
}

static void fault_12_a_torn_command_swallows_the_next_and_is_put_right(void **state)
{
	static const uint8_t torn[] = {0xFF, 0x55, 0x07, 0x00, 0x02, 0x05, 0x01};

	(void)state;
	ready();
	machine_mbot.feed(&rig.machine, torn, sizeof(torn), rig.now_us);
	drives(1, 1);
	wait_ms(100);
	assert_int_equal(rig.answers, 1); /* the torn one was acknowledged, whatever it did */
	wait_ms(600);
	assert_motors(-255, 255); /* told again, and again */
}

static void fault_12_whatever_the_cable_does_the_wheels_do_what_was_said_in_the_end(void **state)
{
	(void)state;
	ready();
	watches("line");
	for (unsigned seed = 1; seed <= 60; seed++) {
		rig.random = seed * UINT64_C(0x9E3779B97F4A7C15);
		rig.out = (struct way){.lose = 60, .flip = 60, .twice = 60, .lose_whole = 10};
		rig.in = rig.out;
		for (int i = 0; i < 20; i++) {
			if (rig.kit->state == KIT_READY) {
				acts("drive", value_number(i / 20.0), value_number(-0.5));
			}
			wait_ms(30);
		}
		forget_sent();
		rig.out = rig.in = (struct way){0};
		WAIT_UNTIL(rig.kit->state == KIT_READY &&
				!acts("drive", value_number(0.2), value_number(0.4)),
			2000);
		wait_ms(900);
		assert_motors(-51, 102);
	}
}

static void fault_13_an_answer_that_comes_twice_or_late_changes_nothing(void **state)
{
	(void)state;
	ready();
	rig.scene[SCENE_LIGHT] = 0;
	watches("light");
	wait_ms(100);
	hears("ff551302 00c07f44 0d0a"); /* 1023 to an index that nobody waits for */
	assert_number("light", 0);
	forget();
	hears("ff550d0a"); /* an acknowledgement that nobody waits for: who is in step? */
	wait_ms(20);
	assert_non_null(strstr(rig.sent, "ff55020004ff55020004"));
	assert_int_equal(rig.worst, KIT_READY);
	drives(1, 1);
	wait_ms(20);
	hears("ff550d0a");
	wait_ms(15);
	assert_motors(-255, 255); /* on it goes */
}

static void fault_15_a_lost_answer_is_asked_for_again_and_told_once(void **state)
{
	(void)state;
	ready();
	rig.in.is_cut = true;
	drives(0.6, 0.6);
	wait_ms(100);
	assert_motors(-153, 153); /* it ran */
	assert_int_equal(rig.answers, 0);
	rig.in.is_cut = false;
	WAIT_UNTIL(rig.answers == 1, 400);
	assert_int_equal(rig.error, ERR_NONE);
	assert_motors(-153, 153);
	rig.in.is_cut = true;
	assert_int_equal(writes("servo", value_number(45)), ERR_NONE);
	wait_ms(20);
	mbot()->servo = 0;
	rig.in.is_cut = false;
	WAIT_UNTIL(mbot()->servo == 45, 500);
}

static void fault_15_a_text_that_is_never_acknowledged_ends_with_timeout(void **state)
{
	(void)state;
	ready();
	rig.in.lose_whole = 1;
	assert_int_equal(acts("send_ir", value_text("hi", 2)), ERR_NONE);
	WAIT_UNTIL(rig.answers == 1, 5500);
	assert_int_equal(rig.error, ERR_TIMEOUT);
}

static void fault_16_a_port_without_room_loses_no_set_point(void **state)
{
	(void)state;
	ready();
	rig.is_blocked = true;
	drives(1, 1);
	assert_int_equal(writes("servo", value_number(45)), ERR_NONE);
	wait_ms(100);
	rig.is_blocked = false;
	kit_drained(rig.kit, rig.now_us);
	WAIT_UNTIL(rig.answers == 1, 50);
	wait_ms(50);
	assert_motors(-255, 255);
	assert_int_equal(mbot()->servo, 45);
}

static void fault_17_noise_is_refused_in_3_s_with_advice(void **state)
{
	(void)state;
	open_kit(true);
	rig.in.is_cut = true;
	for (int i = 0; i < 32; i++) {
		hears("00fe7f8013ff");
		wait_ms(100);
	}
	assert_int_equal(rig.kit->state, KIT_REFUSED);
	assert_non_null(strstr(rig.kit->why.text[LANG_EN], "115200"));
	rig.in.is_cut = false;
	WAIT_UNTIL(rig.kit->state == KIT_READY, 7000); /* the right firmware was installed */
}

static void fault_17_a_silent_port_is_refused_with_what_to_do(void **state)
{
	(void)state;
	open_kit(true);
	rig.in.is_cut = true;
	wait_ms(7900);
	assert_int_equal(rig.kit->state, KIT_PROBING);
	wait_ms(200);
	assert_int_equal(rig.kit->state, KIT_REFUSED);
	assert_non_null(strstr(rig.kit->why.text[LANG_EN], "Switch the mBot on"));
}

static void a_board_that_is_known_but_does_not_settle_is_refused(void **state)
{
	(void)state;
	open_kit(true);
	rig.out.is_cut = true;
	wait_ms(1400);
	assert_int_equal(rig.kit->state, KIT_PROBING);
	wait_ms(8100);
	assert_int_equal(rig.kit->state, KIT_REFUSED);
	rig.out.is_cut = false;
	WAIT_UNTIL(rig.kit->state == KIT_READY, 6000);
}

static void fault_20_a_strange_version_is_text(void **state)
{
	(void)state;
	open_kit(false);
	rig.in.is_cut = true;
	WAIT_UNTIL(rig.sent[0], 3020);
	char answer[96];

	snprintf(answer, sizeof(answer), "ff55%.2s040a3c623e1b5b316d00ff220d0a", rig.sent + 6);
	hears(answer);
	assert_int_equal(rig.kit->state, KIT_REFUSED);
	assert_non_null(strstr(rig.kit->why.text[LANG_EN], "<b>?[1m??\""));
}

static void fault_21_a_number_that_is_none_is_not_shown(void **state)
{
	static const char *const numbers[] = {
		"0000c07f", "0000807f", "000080ff", "ffff7f7f", "000080bf", "00000080"};
	char answer[64];

	(void)state;
	ready();
	watches("distance");
	wait_ms(30);
	rig.in.is_cut = true;
	for (unsigned i = 0; i < 6; i++) {
		forget();
		WAIT_UNTIL(strstr(rig.sent, "010103"), 100);
		snprintf(answer, sizeof(answer), "ff55%.2s02%s0d0a", strstr(rig.sent, "010103") - 2,
			numbers[i]);
		hears(answer);
		/* NaN, infinities, 3e38, -1: unknown. -0 is 0. */
		assert_int_equal(value_of("distance")->type, i < 5 ? VALUE_NULL : VALUE_NUMBER);
	}
	assert_int_equal(rig.kit->bad_values, 5);
}

static void an_unplugged_kit_begins_anew(void **state)
{
	struct why why;

	(void)state;
	ready();
	drives(1, 1);
	wait_ms(1);
	why_set(&why, ERR_LOST, MSG_PORT_GONE, "port");
	kit_lose(rig.kit, KIT_LOST, &why, rig.now_us);
	assert_int_equal(rig.answers, 1);
	assert_int_equal(rig.error, ERR_LOST);
	machine_mbot.opened(&rig.machine, rig.now_us);
	kit_start(rig.kit, &makeblock_driver, rig.now_us);
	rig.to_kit.count = rig.to_kit.frame_count = 0;
	for (int i = 0; i < 2000; i++) {
		wait_ms(1);
		assert_stands();
	}
	assert_int_equal(rig.kit->state, KIT_READY);
	assert_number("motor.1", 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(fault_08_a_reboot_in_mid_session_is_told_and_leaves_everything_at_rest),
		TEST(fault_08_a_real_reboot_takes_a_while_and_resumes_nothing),
		TEST(fault_08_a_reboot_whose_banner_is_lost_resumes_nothing),
		TEST(fault_09_a_board_that_falls_silent_is_stale_after_three_beats),
		TEST(fault_10_a_flood_of_frames_stops_nothing),
		TEST(fault_11_noise_between_answers_costs_no_more_than_a_retry),
		TEST(fault_12_a_torn_command_swallows_the_next_and_is_put_right),
		TEST(fault_12_whatever_the_cable_does_the_wheels_do_what_was_said_in_the_end),
		TEST(fault_13_an_answer_that_comes_twice_or_late_changes_nothing),
		TEST(fault_15_a_lost_answer_is_asked_for_again_and_told_once),
		TEST(fault_15_a_text_that_is_never_acknowledged_ends_with_timeout),
		TEST(fault_16_a_port_without_room_loses_no_set_point),
		TEST(fault_17_noise_is_refused_in_3_s_with_advice),
		TEST(fault_17_a_silent_port_is_refused_with_what_to_do),
		TEST(a_board_that_is_known_but_does_not_settle_is_refused),
		TEST(fault_20_a_strange_version_is_text),
		TEST(fault_21_a_number_that_is_none_is_not_shown),
		TEST(an_unplugged_kit_begins_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
