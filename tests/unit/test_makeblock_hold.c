/* Holding an mBot: at once, ahead of everything, and proven only by its own answers. */
#include "makeblock_rig.h"

static void a_hold_is_proven_in_a_few_milliseconds(void **state)
{
	(void)state;
	ready();
	drives(1, 1);
	wait_ms(30);
	holds(HOLD_MOTION);
	assert_false(kit_is_held(rig.kit));
	assert_int_equal(rig.held, 0);
	WAIT_UNTIL(rig.held == 1, 12);
	assert_stands();
	assert_number("motor.1", 0);
	wait_ms(1000);
	assert_stands();
	assert_int_equal(rig.held, 1);
}

static void a_command_under_way_ends_with_the_reason_and_is_not_sent_again(void **state)
{
	(void)state;
	ready();
	drives(1, 1);
	drives(0.5, 0.5);
	holds(HOLD_MOTION);
	assert_int_equal(rig.answers, 2);
	assert_int_equal(rig.error, ERR_STOPPED);
	forget();
	WAIT_UNTIL(rig.held == 1, 30);
	assert_stands();
	wait_ms(1000);
	assert_stands();
	assert_int_equal(rig.answers, 0);
}

static void the_acknowledgement_of_an_older_command_proves_nothing(void **state)
{
	(void)state;
	ready();
	drives(1, 1);
	rig.out.is_cut = true; /* the hold does not reach the board, the drive did */
	holds(HOLD_MOTION);
	wait_ms(50);
	assert_int_equal(rig.held, 0);
	assert_motors(-255, 255);
	rig.out.is_cut = false;
	WAIT_UNTIL(rig.held == 1, 200);
	assert_stands();
}

static void one_acknowledgement_too_many_proves_nothing(void **state)
{
	(void)state;
	ready();
	rig.in.is_cut = true;
	holds(HOLD_MOTION);
	wait_ms(20);
	char before[3] = {rig.sent[6], rig.sent[7]}, after[3] = {rig.sent[38], rig.sent[39]};
	char answer[128];

	snprintf(answer, sizeof(answer),
		"ff55%s0401360d0a ff550d0a ff550d0a ff550d0a ff55%s0401360d0a", before, after);
	hears(answer);
	assert_int_equal(rig.held, 0);
	rig.in.is_cut = false;
	WAIT_UNTIL(rig.held == 1, 200);
}

static void an_echo_without_its_acknowledgements_proves_nothing(void **state)
{
	(void)state;
	ready();
	rig.in.is_cut = true;
	holds(HOLD_MOTION);
	wait_ms(20);
	char answer[64];

	snprintf(answer, sizeof(answer), "ff55%.2s0401360d0a ff550d0a ff55%.2s0401360d0a",
		rig.sent + 6, rig.sent + 38);
	hears(answer);
	assert_int_equal(rig.held, 0);
	assert_int_equal(rig.kit->state, KIT_READY);
}

static void a_hold_while_the_board_waits_for_an_echo_is_read_right_after(void **state)
{
	(void)state;
	ready();
	drives(1, 1);
	wait_ms(20);
	rig.scene[SCENE_DISTANCE] = 400;
	watches("distance");
	wait_ms(10);
	forget();
	holds(HOLD_ALL);
	assert_true(strlen(rig.sent) > 0); /* at once */
	wait_ms(20);
	holds(HOLD_ALL);
	wait_ms(20);
	holds(HOLD_ALL);
	wait_ms(700);
	assert_int_equal(rig.held, 0); /* it cannot know */
	WAIT_UNTIL(rig.held == 1, 200);
	assert_stands();
	assert_int_equal(mbot()->lost, 0);
}

static void a_hold_that_the_board_does_not_hear_is_sent_again_soon(void **state)
{
	(void)state;
	ready();
	drives(1, 1);
	wait_ms(20);
	assert_int_equal(writes("led", value_bool(true)), ERR_NONE);
	wait_ms(2); /* it sets its lamps, with interrupts off */
	holds(HOLD_MOTION);
	wait_ms(20);
	assert_true(mbot()->lost > 0);
	assert_int_equal(rig.held, 0);
	WAIT_UNTIL(rig.held == 1, 80);
	assert_stands();
	wait_ms(100);
	assert_int_equal(mbot()->lamps[0][0], 255);
}

static void many_holds_while_the_board_is_busy_do_not_flood_it(void **state)
{
	(void)state;
	ready();
	rig.scene[SCENE_DISTANCE] = 400;
	watches("distance");
	wait_ms(10);
	for (int i = 0; i < 40; i++) {
		holds(HOLD_MOTION);
		wait_ms(20);
	}
	forget();
	assert_int_equal(mbot()->lost, 0);
	assert_false(kit_is_held(rig.kit));
	WAIT_UNTIL(kit_is_held(rig.kit), 300);
	/* What was sent before the last hold proves nothing. */
	assert_non_null(strstr(rig.sent, "ff55020004ff55020004"));
	assert_int_equal(rig.worst, KIT_READY);
}

static void a_hold_during_a_tone_ends_the_tone(void **state)
{
	(void)state;
	ready();
	drives(1, 1);
	assert_int_equal(acts("tone", value_number(440), value_number(5)), ERR_NONE);
	wait_ms(150);
	holds(HOLD_ALL);
	WAIT_UNTIL(rig.held == 1, 120);
	assert_stands();
	wait_ms(100);
	forget();
	wait_ms(500);
	assert_null(strstr(rig.sent, "22b801"));
}

static void a_lost_lease_leaves_lamps_and_tones_an_all_stop_does_not(void **state)
{
	(void)state;
	ready();
	assert_int_equal(writes("led", value_bool(true)), ERR_NONE);
	assert_int_equal(acts("tone", value_number(440), value_number(2)), ERR_NONE);
	wait_ms(100);
	holds(HOLD_MOTION);
	WAIT_UNTIL(rig.held == 1, 300);
	forget();
	wait_ms(300);
	assert_int_equal(mbot()->lamps[0][0], 255);
	assert_non_null(strstr(rig.sent, "22b801"));
	assert_int_equal(acts("send_ir", value_text("hello", 5)), ERR_NONE);
	holds(HOLD_ALL);
	assert_int_equal(rig.error, ERR_STOPPED);
	WAIT_UNTIL(mbot()->lamps[0][0] == 0 && mbot()->lamps[1][2] == 0, 1000);
	assert_bool("led", false);
}

static void the_action_stop_is_answered_when_the_wheels_stand(void **state)
{
	(void)state;
	ready();
	drives(1, 1);
	wait_ms(20);
	forget();
	drives(0.3, 0.3);
	assert_int_equal(acts("stop", value_null()), ERR_NONE);
	assert_int_equal(rig.answers, 1); /* the drive that it overtook */
	assert_int_equal(rig.error, ERR_NONE);
	WAIT_UNTIL(rig.answers == 2, 30);
	assert_int_equal(rig.error, ERR_NONE);
	assert_stands();
	assert_int_equal(rig.held, 0); /* nobody held it */
}

static void a_command_after_the_hold_waits_for_its_proof(void **state)
{
	(void)state;
	ready();
	drives(1, 1);
	wait_ms(20);
	rig.in.is_cut = true;
	holds(HOLD_MOTION);
	wait_ms(5);
	forget();
	drives(0.2, 0.2);
	wait_ms(50);
	assert_stands();
	rig.in.is_cut = false;
	WAIT_UNTIL(rig.answers == 1, 200);
	assert_int_equal(rig.held, 1);
	assert_motors(-51, 51);
}

static void a_hold_before_the_board_is_known_sends_nothing_and_is_proven_later(void **state)
{
	(void)state;
	open_kit(true);
	wait_ms(100);
	holds(HOLD_ALL);
	assert_string_equal(rig.sent, "");
	assert_int_equal(rig.held, 0);
	WAIT_UNTIL(rig.kit->state == KIT_READY, 2000);
	assert_int_equal(rig.held, 1);
}

static void the_last_bytes_stop_the_motors(void **state)
{
	(void)state;
	ready();
	assert_int_equal(writes("led", value_bool(true)), ERR_NONE);
	wait_ms(20);
	mbot()->motors[0] = 99;
	forget();
	kit_stop(rig.kit, rig.now_us);
	assert_string_equal(rig.sent, "ff55020004 ff5509000208070200000000");
	wait_ms(20);
	assert_stands();
	assert_int_equal(mbot()->lamps[1][1], 0);
}

static void a_port_that_takes_nothing_is_not_piled_up(void **state)
{
	(void)state;
	ready();
	drives(1, 1);
	wait_ms(20);
	rig.is_slow = true;
	forget();
	holds(HOLD_MOTION);
	wait_ms(2000);
	assert_int_equal(rig.held, 0);
	assert_null(strchr(rig.sent, ' ')); /* only the hold itself */
	rig.is_slow = false;
	WAIT_UNTIL(rig.held == 1, 1200);
	assert_stands();
}

/* ---- bad cables ---- */

static unsigned wrong_proofs;

static void check_held(void *data, struct kit *kit)
{
	(void)data;
	(void)kit;
	rig.held++;
	wrong_proofs += mbot()->motors[0] != 0 || mbot()->motors[1] != 0;
}

static const struct kit_owner suspicious = {
	rig_on_send, rig_on_backlog, rig_on_changed, check_held};

/* Drives and holds for a while; a proof while a wheel is told to turn is wrong. */
static void hold_often(int times)
{
	unsigned proven = 0;

	rig.kit->owner = &suspicious;
	wrong_proofs = 0;
	for (int i = 0; i < times; i++) {
		unsigned held = rig.held;

		if (rig.kit->state == KIT_READY) {
			acts("drive", value_number(i % 2 ? 1 : -1), value_number(0.5));
		}
		wait_ms(1 + i % 17);
		holds(i % 5 ? HOLD_MOTION : HOLD_ALL);
		wait_ms(20 + i % 400);
		proven += rig.held > held;
		forget_sent();
	}
	rig.out = rig.in = (struct way){0};
	holds(HOLD_ALL);
	WAIT_UNTIL(kit_is_held(rig.kit), 3000);
	assert_stands();
	assert_int_equal(wrong_proofs, 0);
	assert_true(proven > (unsigned)times / 10);
}

static void fault_12_bytes_that_are_lost_give_no_false_proof(void **state)
{
	(void)state;
	ready();
	rig.out.lose = rig.in.lose = 100;
	watches("distance");
	watches("line");
	hold_often(600);
}

static void fault_12_bits_that_flip_give_no_false_proof(void **state)
{
	(void)state;
	ready();
	rig.out.flip = rig.in.flip = 200;
	watches("light");
	hold_often(600);
}

static void fault_13_frames_that_come_twice_give_no_false_proof(void **state)
{
	(void)state;
	ready();
	rig.out.twice_whole = rig.in.twice_whole = 7;
	rig.out.twice = rig.in.twice = 150;
	watches("light");
	hold_often(600);
}

static void fault_15_answers_that_are_lost_give_no_false_proof(void **state)
{
	(void)state;
	ready();
	rig.in.lose_whole = 10;
	rig.out.lose_whole = 20;
	watches("distance");
	rig.scene[SCENE_DISTANCE] = 400;
	hold_often(600);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_hold_is_proven_in_a_few_milliseconds),
		TEST(a_command_under_way_ends_with_the_reason_and_is_not_sent_again),
		TEST(the_acknowledgement_of_an_older_command_proves_nothing),
		TEST(one_acknowledgement_too_many_proves_nothing),
		TEST(an_echo_without_its_acknowledgements_proves_nothing),
		TEST(a_hold_while_the_board_waits_for_an_echo_is_read_right_after),
		TEST(a_hold_that_the_board_does_not_hear_is_sent_again_soon),
		TEST(many_holds_while_the_board_is_busy_do_not_flood_it),
		TEST(a_hold_during_a_tone_ends_the_tone),
		TEST(a_lost_lease_leaves_lamps_and_tones_an_all_stop_does_not),
		TEST(the_action_stop_is_answered_when_the_wheels_stand),
		TEST(a_command_after_the_hold_waits_for_its_proof),
		TEST(a_hold_before_the_board_is_known_sends_nothing_and_is_proven_later),
		TEST(the_last_bytes_stop_the_motors),
		TEST(a_port_that_takes_nothing_is_not_piled_up),
		TEST(fault_12_bytes_that_are_lost_give_no_false_proof),
		TEST(fault_12_bits_that_flip_give_no_false_proof),
		TEST(fault_13_frames_that_come_twice_give_no_false_proof),
		TEST(fault_15_answers_that_are_lost_give_no_false_proof),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
