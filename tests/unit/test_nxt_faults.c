/* What goes wrong between the NXT driver and its brick: silence, loss, noise, refusals. */
#include "nxt_rig.h"

static uint32_t seed = 1;

static unsigned chance(unsigned below)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 16) % below;
}

static void fault_09_silent_brick_is_stale_and_stopped_when_it_returns(void **state)
{
	(void)state;
	ready();
	drives(1, 1);
	wait_ms(300);
	rig.is_off = true;
	WAIT_UNTIL(rig.kit->state == KIT_STALE, 3500);
	assert_non_null(strstr(rig.kit->why.text[LANG_EN], "has not answered for"));
	rig.is_off = false;
	WAIT_UNTIL(rig.kit->state == KIT_READY, 1500);
	WAIT_UNTIL(is_standing(), 300);
	assert_true(number_of("motor.2") == 0);
}

static void fault_09_no_old_set_point_goes_out_once_it_is_stale(void **state)
{
	(void)state;
	ready();
	wait_ms(100);
	rig.is_off = true;
	for (int i = 0; i < 20 && rig.kit->state == KIT_READY; i++) {
		drives(1, 1); /* one after the other: the newest is never answered */
		wait_ms(200);
	}
	assert_int_equal(rig.kit->state, KIT_STALE);
	assert_int_equal(rig.error, ERR_CONFLICT);
	assert_true(number_of("motor.2") == 0);
	unsigned sent = wire.sent[NXT_SET_OUTPUT];

	wait_ms(3000);
	assert_int_equal(wire.sent[NXT_SET_OUTPUT], sent);
}

static void fault_09_command_to_a_silent_brick_ends_with_timeout(void **state)
{
	(void)state;
	ready();
	wait_ms(100);
	rig.is_off = true;
	drives(1, 1);
	WAIT_UNTIL(rig.answers == 1, 1500);
	assert_int_equal(rig.error, ERR_TIMEOUT);
	assert_int_equal(acts("tone", value_number(440), value_number(1)), ERR_NONE);
	WAIT_UNTIL(rig.answers == 2, 4000);
	assert_int_equal(rig.error, ERR_TIMEOUT);
}

static void fault_17_port_without_a_brick_is_refused_in_three_seconds(void **state)
{
	(void)state;
	open_kit(false);
	rig.is_off = true;
	WAIT_UNTIL(rig.kit->state == KIT_REFUSED, 3100);
	assert_non_null(strstr(rig.kit->why.text[LANG_EN], "Switch the brick on"));
	rig.is_off = false; /* somebody does */
	WAIT_UNTIL(rig.kit->state == KIT_READY, 6000);
}

static void fault_17_other_bytes_are_no_brick(void **state)
{
	uint8_t bytes[50];

	(void)state;
	open_kit(false);
	rig.is_off = true;
	for (int i = 0; i < 310; i++) {
		for (size_t j = 0; j < sizeof(bytes); j++) {
			bytes[j] = (uint8_t)chance(256);
		}
		kit_feed(rig.kit, bytes, sizeof(bytes), rig.now_us);
		wait_ms(10);
	}
	assert_int_equal(rig.kit->state, KIT_REFUSED);
	assert_int_equal(wire.sent[NXT_SET_OUTPUT], 0);
}

static void fault_11_stream_is_in_step_again_after_garbage(void **state)
{
	(void)state;
	ready();
	watches("touch");
	for (int i = 0; i < 300; i++) {
		uint8_t byte = (uint8_t)chance(256);

		kit_feed(rig.kit, &byte, 1, rig.now_us);
		wait_ms((int)chance(20));
	}
	rig.scene[SCENE_BUTTON] = 1;
	WAIT_UNTIL(value_of("touch")->boolean, 1000);
	assert_int_equal(rig.kit->state, KIT_READY);
	assert_true(rig.kit->bad_frames > 100);
}

static void fault_12_pieces_of_replies_are_put_together(void **state)
{
	(void)state;
	open_kit(false);
	rig.cut = 1;
	WAIT_UNTIL(rig.kit->state == KIT_READY, 200);
	watches("distance");
	WAIT_UNTIL(is_near("distance", 50), 400);
	assert_int_equal(rig.kit->bad_frames, 0);
}

static void fault_12_transfer_that_is_no_telegram_is_dropped(void **state)
{
	static const uint8_t wrong[][8] = {
		{0}, {2}, {2, 0x0B}, {2, 0x0B, 0, 1}, {1, 0x0B, 0, 1, 2}};

	(void)state;
	open_kit(true);
	WAIT_UNTIL(rig.kit->state == KIT_READY, 200);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		kit_feed(rig.kit, wrong[i], i + 1, rig.now_us);
	}
	kit_feed(rig.kit, wrong[0], 0, rig.now_us);
	assert_int_equal(rig.kit->bad_frames, 6);
	drives(0.5, 0.5);
	WAIT_UNTIL(rig.answers == 1, 50);
	assert_int_equal(rig.error, ERR_NONE);
}

static void fault_13_answers_to_nothing_change_nothing(void **state)
{
	struct nxt_telegram stray = {.kind = NXT_REPLY, .op = NXT_GET_BATTERY, .battery_mv = 1};
	uint8_t bytes[NXT_FRAME_MAX];

	(void)state;
	ready();
	wait_ms(100);
	rig_feed_kit(bytes, nxt_encode_framed(&stray, bytes, sizeof(bytes)));
	stray.op = NXT_GET_OUTPUT;
	stray.port = 200;
	rig_feed_kit(bytes, nxt_encode_framed(&stray, bytes, sizeof(bytes)));
	stray.op = NXT_SET_INPUT;
	rig_feed_kit(bytes, nxt_encode_framed(&stray, bytes, sizeof(bytes)));
	assert_true(number_of("voltage") > 7);
	assert_int_equal(rig.kit->bad_frames, 3);
}

static void fault_15_lost_reply_is_asked_for_once_more(void **state)
{
	(void)state;
	ready();
	wait_ms(50);
	wire.lose_op = NXT_SET_OUTPUT;
	wire.lose_count = 1;
	drives(0.5, 0.5);
	WAIT_UNTIL(rig.answers == 1, 700);
	assert_int_equal(rig.error, ERR_NONE);
	assert_int_equal(wire.sent[NXT_SET_OUTPUT], 3);
}

static void fault_15_lost_setting_is_told_once_more(void **state)
{
	(void)state;
	ready();
	wait_ms(50);
	wire.lose_op = NXT_SET_INPUT;
	wire.lose_count = 1;
	acts("set_sensor", value_int(1), value_text("color", 5));
	WAIT_UNTIL(rig.answers == 1, 700);
	assert_int_equal(rig.error, ERR_NONE);
	assert_int_equal(wire.sent[NXT_SET_INPUT], 2);
	wire.lose_count = 2;
	acts("set_sensor", value_int(1), value_text("touch", 5));
	WAIT_UNTIL(rig.answers == 2, 1000);
	assert_int_equal(rig.error, ERR_TIMEOUT);
	assert_int_equal(wire.sent[NXT_SET_INPUT], 4);
}

static void fault_15_what_must_not_be_done_twice_is_not(void **state)
{
	(void)state;
	ready();
	wait_ms(50);
	wire.lose_op = NXT_PLAY_TONE;
	wire.lose_count = 1;
	acts("tone", value_number(440), value_number(1));
	WAIT_UNTIL(rig.answers == 1, 1000);
	assert_int_equal(rig.error, ERR_TIMEOUT);
	assert_int_equal(wire.sent[NXT_PLAY_TONE], 1);
	wire.lose_op = NXT_RESET_POSITION;
	wire.lose_count = 1;
	acts("reset_angle", value_int(2));
	WAIT_UNTIL(rig.answers == 2, 1000);
	assert_int_equal(wire.sent[NXT_RESET_POSITION], 1);
	wait_ms(500);
	assert_int_equal(wire.sent[NXT_PLAY_TONE], 1);
}

static void fault_15_every_tenth_reply_lost_and_all_goes_on(void **state)
{
	(void)state;
	ready();
	watches("distance");
	watches("touch");
	watches("turned.1");
	for (int i = 0; i < 200; i++) {
		static const uint8_t ops[] = {NXT_LS_WRITE, NXT_LS_STATUS, NXT_LS_READ,
			NXT_GET_INPUT, NXT_GET_OUTPUT, NXT_GET_BATTERY};

		wire.lose_op = ops[chance(sizeof(ops))];
		wire.lose_count = 1;
		wait_ms(50);
	}
	wire.lose_op = -1;
	assert_int_equal(rig.kit->state, KIT_READY);
	rig.scene[SCENE_DISTANCE] = 80;
	WAIT_UNTIL(is_near("distance", 80), 2500);
}

static void fault_08_brick_that_restarted_is_noticed_and_at_rest(void **state)
{
	(void)state;
	ready();
	watches("touch");
	drives(1, 1);
	wait_ms(200);
	machine_nxt.reset(&rig.machine, rig.now_us);
	WAIT_UNTIL(rig.kit->state == KIT_PROBING, 1500);
	assert_string_equal(rig.events, "rebooted;");
	WAIT_UNTIL(rig.kit->state == KIT_READY, 1500);
	assert_true(number_of("motor.2") == 0);
	wait_ms(100);
	assert_true(is_standing());
	assert_int_equal(brick()->ports[0].type, NXT_SWITCH);
	rig.scene[SCENE_BUTTON] = 1;
	WAIT_UNTIL(value_of("touch")->boolean, 200);
}

static void fault_08_idle_brick_that_restarted_is_noticed_by_its_beat(void **state)
{
	(void)state;
	ready();
	wait_ms(500);
	machine_nxt.reset(&rig.machine, rig.now_us);
	WAIT_UNTIL(strcmp(rig.events, "rebooted;") == 0, 2500);
}

static void fault_16_full_port_keeps_the_newest_set_point(void **state)
{
	(void)state;
	ready();
	wait_ms(100);
	rig.is_blocked = true;
	drives(0.2, 0.2);
	wait_ms(100);
	drives(0.9, 0.9);
	rig.is_blocked = false;
	WAIT_UNTIL(rig.answers == 2, 200);
	assert_int_equal(wire.output[1].power, 90);
	assert_int_equal(wire.output[2].power, 90);
}

static void each_bad_status_is_explained(void **state)
{
	static const uint8_t statuses[] = {0x20, 0x40, 0xBD, 0xBE, 0xBF, 0xC0, 0xDD, 0xDE, 0xDF,
		0xE0, 0xEC, 0xED, 0xF0, 0xFF, 0x77};

	(void)state;
	ready();
	wait_ms(100);
	for (unsigned i = 0; i < sizeof(statuses); i++) {
		wire.override_op = NXT_RESET_POSITION;
		wire.override_status = statuses[i];
		rig.hint[0] = '\0';
		acts("reset_angle", value_int(1));
		WAIT_UNTIL(rig.answers == i + 1, 100);
		assert_true(rig.error != ERR_NONE && rig.error != ERR_TIMEOUT);
		assert_true(strlen(rig.hint) > 10);
	}
	assert_non_null(strstr(rig.hint, "status 77"));
}

static void refused_drive_is_answered_with_the_reason(void **state)
{
	(void)state;
	ready();
	wait_ms(100);
	wire.override_op = NXT_SET_OUTPUT;
	wire.override_status = NXT_BAD_INPUT;
	drives(1, 1);
	WAIT_UNTIL(rig.answers == 1, 100);
	assert_int_equal(rig.error, ERR_INVALID);
}

static void refused_sensor_keeps_the_old_layout(void **state)
{
	(void)state;
	ready();
	wait_ms(100);
	wire.override_op = NXT_SET_INPUT;
	wire.override_status = NXT_RANGE;
	acts("set_sensor", value_int(1), value_text("color", 5));
	WAIT_UNTIL(rig.answers == 1, 100);
	assert_int_equal(rig.error, ERR_INVALID);
	assert_true(kit_find_property(rig.kit, "touch") >= 0);
}

static void brick_that_sleeps_is_stale(void **state)
{
	(void)state;
	ready();
	brick()->awake_us = rig.now_us - INT64_C(600) * 1000000;
	WAIT_UNTIL(!brick()->is_on, 20);
	WAIT_UNTIL(rig.kit->state == KIT_STALE, 4000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(fault_09_silent_brick_is_stale_and_stopped_when_it_returns),
		TEST(fault_09_no_old_set_point_goes_out_once_it_is_stale),
		TEST(fault_09_command_to_a_silent_brick_ends_with_timeout),
		TEST(fault_17_port_without_a_brick_is_refused_in_three_seconds),
		TEST(fault_17_other_bytes_are_no_brick),
		TEST(fault_11_stream_is_in_step_again_after_garbage),
		TEST(fault_12_pieces_of_replies_are_put_together),
		TEST(fault_12_transfer_that_is_no_telegram_is_dropped),
		TEST(fault_13_answers_to_nothing_change_nothing),
		TEST(fault_15_lost_reply_is_asked_for_once_more),
		TEST(fault_15_lost_setting_is_told_once_more),
		TEST(fault_15_what_must_not_be_done_twice_is_not),
		TEST(fault_15_every_tenth_reply_lost_and_all_goes_on),
		TEST(fault_08_brick_that_restarted_is_noticed_and_at_rest),
		TEST(fault_08_idle_brick_that_restarted_is_noticed_by_its_beat),
		TEST(fault_16_full_port_keeps_the_newest_set_point),
		TEST(each_bad_status_is_explained),
		TEST(refused_drive_is_answered_with_the_reason),
		TEST(refused_sensor_keeps_the_old_layout),
		TEST(brick_that_sleeps_is_stale),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
