/* The all-stop, with time by hand (SAFETY S5, S6, S8). */
#include "safety_rig.h"

static void safety_S5_the_stop_holds_all_kits_three_times_20_ms_apart(void **state)
{
	char id[33];

	(void)state;
	takes(&rig.pupil, rig.a, false, id);
	presses(&rig.other, "", HOLD_ALL);
	assert_log("a:rest;a:hold;b:hold;");
	assert_string_equal(rig.lost, "pupil a stopped by other;");
	waits_ms(20);
	assert_log("a:hold;b:hold;");
	waits_ms(20);
	assert_log("a:hold;b:hold;");
	waits_ms(1000);
	assert_log("");
}

static void safety_S5_a_hold_goes_ahead_of_all_that_waits(void **state)
{
	(void)state;
	rig.lane = LANE_ORDER;
	presses(&rig.pupil, "", HOLD_ALL);
	assert_int_equal(rig.lane, LANE_FIRST);
	rig.lane = LANE_ORDER;
	waits_ms(20);
	assert_int_equal(rig.lane, LANE_FIRST);
}

static void safety_S5_after_a_stop_nothing_is_commanded_until_it_is_cleared(void **state)
{
	char id[33];

	(void)state;
	presses(&rig.pupil, "", HOLD_ALL);
	waits_ms(100);
	rig.log[0] = '\0';
	assert_int_equal(takes(&rig.teacher, rig.a, true, id), ERR_STOPPED);
	assert_int_equal(writes(&rig.teacher, NULL, rig.a, "led", 1), ERR_STOPPED);
	assert_int_equal(writes(&rig.teacher, NULL, rig.a, "motor.1", 1), ERR_STOPPED);
	assert_int_equal(acts(&rig.teacher, NULL, rig.a, "drive", 1, 1), ERR_STOPPED);
	assert_int_equal(safety_need_running(rig.server.safety, NULL, &rig.why), ERR_STOPPED);
	assert_log("");
	assert_int_equal(acts(&rig.pupil, NULL, rig.a, "stop", 0, 0), ERR_NONE);
	assert_log("a:stop;");
	safety_clear(rig.server.safety, "", rig.now_us);
	waits_ms(1000);
	assert_log("");
	assert_int_equal(takes(&rig.pupil, rig.a, false, id), ERR_NONE);
}

static void a_stop_that_was_cleared_takes_no_lamp_back(void **state)
{
	(void)state;
	presses(&rig.pupil, "", HOLD_ALL);
	assert_log("a:hold;b:hold;");
	safety_clear(rig.server.safety, "", rig.now_us);
	assert_int_equal(writes(&rig.pupil, NULL, rig.a, "led", 1), ERR_NONE);
	rig.log[0] = '\0';
	waits_ms(100);
	assert_log("");

	rig.proves = false; /* who has not shown rest is held on */
	presses(&rig.pupil, "", HOLD_ALL);
	safety_clear(rig.server.safety, "", rig.now_us);
	rig.log[0] = '\0';
	waits_ms(20);
	assert_log("a:hold;b:hold;");
}

static void safety_S5_the_answer_comes_with_the_last_confirmation(void **state)
{
	(void)state;
	rig.proves = false;
	presses(&rig.pupil, "", HOLD_ALL);
	assert_int_equal(rig.answers, 0);
	assert_result("", "confirmed unconfirmed a b");
	waits_ms(10);
	kit_says_held(rig.a);
	assert_int_equal(rig.answers, 0);
	kit_says_held(rig.b);
	assert_int_equal(rig.answers, 1);
	assert_result("", "confirmed a b unconfirmed");
	waits_ms(40); /* what comes again does not take it back */
	assert_result("", "confirmed a b unconfirmed");
}

static void safety_S5_the_answer_comes_within_250_ms(void **state)
{
	(void)state;
	rig.proves = false;
	presses(&rig.pupil, "", HOLD_ALL);
	waits_ms(200);
	kit_says_held(rig.b);
	assert_int_equal(rig.answers, 0);
	waits_ms(50);
	assert_int_equal(rig.answers, 1);
	assert_result("", "confirmed b unconfirmed a");
	rig.heard[0] = '\0';
	kit_says_held(rig.a);
	waits_ms(20);
	assert_non_null(strstr(rig.heard, "room.changed"));
	assert_non_null(strstr(rig.heard, "\"unconfirmed\":[]"));
}

static void fault_56_pressing_twice_is_the_same_as_once(void **state)
{
	(void)state;
	for (int i = 0; i < 100; i++) {
		presses(&rig.pupil, "", HOLD_ALL);
	}
	assert_log("a:hold;b:hold;");
	waits_ms(1000);
	assert_int_equal(rig.answers, 100);
	assert_log("a:hold;b:hold;a:hold;b:hold;");
	presses(&rig.pupil, "", HOLD_ALL);
	assert_int_equal(rig.answers, 101);
	assert_log("");
}

static void safety_S6_pressing_again_holds_who_has_not_confirmed(void **state)
{
	(void)state;
	rig.proves = false;
	presses(&rig.pupil, "", HOLD_ALL);
	kit_says_held(rig.b);
	waits_ms(300);
	rig.log[0] = '\0';
	presses(&rig.pupil, "", HOLD_ALL);
	assert_log("a:hold;");
}

static void safety_S5_kill_counts_from_staff_or_as_a_second_press(void **state)
{
	(void)state;
	presses(&rig.pupil, "", HOLD_KILL);
	assert_log("a:hold;b:hold;");
	waits_ms(1900);
	rig.log[0] = '\0';
	presses(&rig.other, "", HOLD_KILL);
	assert_log("a:kill;b:kill;");
	waits_ms(100);
	rig.log[0] = '\0';
	presses(&rig.pupil, "", HOLD_ALL); /* the worse one stays */
	assert_log("");
	safety_clear(rig.server.safety, "", rig.now_us);
	presses(&rig.teacher, "", HOLD_KILL);
	assert_log("a:kill;b:kill;");
}

static void safety_S5_a_late_second_press_is_a_first_one(void **state)
{
	(void)state;
	presses(&rig.pupil, "", HOLD_ALL);
	waits_ms(2100);
	rig.log[0] = '\0';
	presses(&rig.pupil, "", HOLD_KILL);
	assert_log("");
}

static void safety_S5_a_seat_stops_alone(void **state)
{
	char id[33];

	(void)state;
	takes(&rig.pupil, rig.a, false, id);
	takes(&rig.other, rig.b, false, id);
	presses(&rig.pupil, "1", HOLD_ALL);
	assert_log("a:rest;a:hold;");
	assert_string_equal(rig.lost, "pupil a stopped by pupil;");
	assert_result("1", "confirmed a unconfirmed");
	assert_int_equal(writes(&rig.other, id, rig.b, "motor.1", 1), ERR_NONE);
	assert_int_equal(writes(&rig.pupil, NULL, rig.a, "led", 1), ERR_STOPPED);
	assert_int_equal(safety_need_running(rig.server.safety, NULL, &rig.why), ERR_NONE);
	safety_clear(rig.server.safety, "2", rig.now_us);
	assert_int_equal(writes(&rig.pupil, NULL, rig.a, "led", 1), ERR_STOPPED);
	safety_clear(rig.server.safety, "1", rig.now_us);
	assert_int_equal(writes(&rig.pupil, NULL, rig.a, "led", 1), ERR_NONE);
}

static void safety_S5_a_room_stop_outlives_the_clearing_of_a_seat(void **state)
{
	(void)state;
	presses(&rig.pupil, "1", HOLD_ALL);
	presses(&rig.pupil, "", HOLD_ALL);
	safety_clear(rig.server.safety, "1", rig.now_us);
	assert_int_equal(writes(&rig.pupil, NULL, rig.a, "led", 1), ERR_STOPPED);
}

static void safety_S5_more_seats_than_there_can_be_stop_the_room(void **state)
{
	char seat[8];

	(void)state;
	for (int i = 0; i < 100; i++) {
		snprintf(seat, sizeof(seat), "x%d", i);
		presses(&rig.pupil, seat, HOLD_ALL);
	}
	assert_int_equal(writes(&rig.pupil, NULL, rig.b, "led", 1), ERR_STOPPED);
	assert_true(safety_is_stopped(rig.server.safety));
}

static void safety_S5_a_kit_that_comes_during_a_stop_is_held_at_once(void **state)
{
	struct why why;

	(void)state;
	why_set(&why, ERR_LOST, MSG_PORT_GONE, "a");
	kit_lose(rig.a, KIT_LOST, &why, rig.now_us);
	presses(&rig.pupil, "", HOLD_ALL);
	assert_result("", "confirmed b unconfirmed");
	waits_ms(100);
	rig.log[0] = '\0';
	rig.proves = false;
	kit_start(rig.a, &fake_driver, rig.now_us);
	assert_result("", "confirmed b unconfirmed a");
	kit_ready(rig.a);
	assert_log("a:hold;");
	assert_result("", "confirmed b unconfirmed a");
	waits_ms(40);
	assert_log("a:hold;a:hold;");
	kit_says_held(rig.a);
	assert_result("", "confirmed a b unconfirmed");
}

static void safety_S6_a_kit_that_falls_silent_is_not_confirmed_any_more(void **state)
{
	struct why why;

	(void)state;
	presses(&rig.pupil, "", HOLD_ALL);
	assert_result("", "confirmed a b unconfirmed");
	why_set(&why, ERR_TIMEOUT, MSG_CHECK_STALE, "a");
	kit_stale(rig.a, &why);
	assert_result("", "confirmed b unconfirmed a");
	rig.proves = false;
	kit_ready(rig.a);
	assert_result("", "confirmed b unconfirmed a");
}

static void safety_S5_the_room_is_told(void **state)
{
	(void)state;
	presses(&rig.pupil, "", HOLD_ALL);
	assert_non_null(strstr(rig.heard, "\"stopped\":true,\"level\":\"hold\",\"by\":\"pupil\""));
	rig.heard[0] = '\0';
	safety_clear(rig.server.safety, "", rig.now_us);
	assert_non_null(strstr(rig.heard, "\"stopped\":false"));
}

static void safety_S8_of_two_stops_the_worse_holds(void **state)
{
	(void)state;
	presses(&rig.teacher, "1", HOLD_KILL);
	presses(&rig.pupil, "", HOLD_ALL);
	rig.log[0] = '\0';
	waits_ms(40);
	assert_non_null(strstr(rig.log, "a:kill"));
	assert_null(strstr(rig.log, "a:hold"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(safety_S5_the_stop_holds_all_kits_three_times_20_ms_apart),
		TEST(safety_S5_a_hold_goes_ahead_of_all_that_waits),
		TEST(safety_S5_after_a_stop_nothing_is_commanded_until_it_is_cleared),
		TEST(a_stop_that_was_cleared_takes_no_lamp_back),
		TEST(safety_S5_the_answer_comes_with_the_last_confirmation),
		TEST(safety_S5_the_answer_comes_within_250_ms),
		TEST(fault_56_pressing_twice_is_the_same_as_once),
		TEST(safety_S6_pressing_again_holds_who_has_not_confirmed),
		TEST(safety_S5_kill_counts_from_staff_or_as_a_second_press),
		TEST(safety_S5_a_late_second_press_is_a_first_one),
		TEST(safety_S5_a_seat_stops_alone),
		TEST(safety_S5_a_room_stop_outlives_the_clearing_of_a_seat),
		TEST(safety_S5_more_seats_than_there_can_be_stop_the_room),
		TEST(safety_S5_a_kit_that_comes_during_a_stop_is_held_at_once),
		TEST(safety_S6_a_kit_that_falls_silent_is_not_confirmed_any_more),
		TEST(safety_S5_the_room_is_told),
		TEST(safety_S8_of_two_stops_the_worse_holds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
