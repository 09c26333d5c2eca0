/* OWI arms: the driver against its far end, over USB packets and over a stream. */
#include "machine_rig.h"

#include "owi/owi.h"
#include "owi/protocol.h"

/* Frame by frame. */
static void assert_sent(const char *hex)
{
	assert_string_equal(rig.sent, hex);
	forget_sent();
}

static struct arm arm;

static void open_arm(bool is_packet)
{
	arm_init(&arm, OWI_MOTORS, 0);
	rig.world.arm = &arm;
	rig_open(&owi_driver, &machine_owi, is_packet);
	wait_ms(5);
	assert_int_equal(rig.kit->state, KIT_READY);
	forget_sent();
}

static enum err move_joint(int joint, double speed, double duration)
{
	return acts("move_joint", value_int(joint), value_number(speed), value_number(duration));
}

static enum err move_grip(double speed, double duration)
{
	return acts("move_grip", value_number(speed), value_number(duration));
}

static double angle(unsigned joint)
{
	arm_step(&arm, rig.now_us);
	return arm.joints[joint].angle;
}

static bool any_moves(void)
{
	arm_step(&arm, rig.now_us);
	for (unsigned i = 0; i < OWI_MOTORS; i++) {
		if (arm_is_moving(&arm, i)) {
			return true;
		}
	}
	return false;
}

static void starts_with_everything_off(void **state)
{
	(void)state;
	arm_init(&arm, OWI_MOTORS, 0);
	rig.world.arm = &arm;
	rig_open(&owi_driver, &machine_owi, true);
	assert_sent("000000");
	/* USB: ready when the device has taken the first frame. */
	assert_int_equal(rig.kit->state, KIT_PROBING);
	wait_ms(1);
	assert_int_equal(rig.kit->state, KIT_READY);
}

static void a_joint_turns_for_its_time_and_by_the_sign_of_speed(void **state)
{
	(void)state;
	open_arm(true);
	assert_int_equal(move_joint(3, 0.2, 1), ERR_NONE);
	assert_int_equal(rig.lane, LANE_MOTION);
	assert_sent("100000");
	wait_ms(990);
	assert_sent("");
	assert_true(any_moves());
	wait_ms(30);
	assert_sent("000000");
	assert_false(any_moves());
	assert_true(angle(OWI_ELBOW) > 15);
	double before = angle(OWI_ELBOW);

	move_joint(3, -1, 0.5);
	assert_sent("200000");
	wait_ms(530);
	assert_sent("000000");
	assert_true(angle(OWI_ELBOW) < before);
}

static void each_joint_and_the_grip_have_their_bits(void **state)
{
	(void)state;
	open_arm(true);
	move_joint(1, 1, 0.02);
	assert_sent("000200");
	wait_ms(60);
	forget_sent();
	move_joint(2, -1, 0.02);
	assert_sent("800000");
	wait_ms(60);
	forget_sent();
	move_joint(4, 1, 0.02);
	assert_sent("040000");
	wait_ms(60);
	forget_sent();
	move_grip(1, 0.02);
	assert_sent("010000");
	wait_ms(60);
	assert_sent("000000");
}

static void joints_move_together_each_with_its_own_end(void **state)
{
	(void)state;
	open_arm(true);
	writes("led", value_bool(true));
	move_joint(2, 1, 0.5);
	move_grip(-1, 0.2);
	assert_sent("000001 400001 420001");
	wait_ms(230);
	assert_sent("400001");
	wait_ms(300);
	assert_sent("000001");
	assert_false(any_moves());
}

static void a_new_move_of_a_joint_replaces_the_old_one(void **state)
{
	(void)state;
	open_arm(true);
	move_joint(1, 1, 0.1);
	wait_ms(50);
	move_joint(1, 1, 0.5);
	wait_ms(200);
	assert_true(any_moves());
	move_joint(1, 0, 3);
	wait_ms(5);
	assert_false(any_moves());
}

static void a_move_of_more_than_five_seconds_is_refused(void **state)
{
	(void)state;
	open_arm(true);
	assert_int_equal(move_joint(1, 1, 5.01), ERR_INVALID);
	assert_int_equal(move_grip(1, 6), ERR_INVALID);
	assert_int_equal(move_joint(5, 1, 1), ERR_INVALID);
	assert_int_equal(move_joint(0, 1, 1), ERR_INVALID);
	assert_int_equal(move_joint(1, 1, NAN), ERR_INVALID);
	assert_sent("");
	assert_int_equal(move_joint(1, 1, 0), ERR_NONE);
	assert_sent("000000");
	assert_int_equal(move_joint(1, 1, 5), ERR_NONE);
	wait_ms(4990);
	assert_true(any_moves());
	wait_ms(40);
	assert_false(any_moves());
}

static void motion_needs_the_gate_and_stopping_does_not(void **state)
{
	(void)state;
	open_arm(true);
	for (size_t i = 0; i < rig.kit->action_count; i++) {
		const struct action *action = &rig.kit->actions[i];

		assert_int_equal(action->safety,
			strcmp(action->name, "stop") == 0 ? CLASS_SIGNAL : CLASS_MOTION);
	}
	assert_true(kit_has_motion(rig.kit));
	assert_false(owi_driver.has_dead_man);
}

static void an_action_is_answered_when_the_device_took_it(void **state)
{
	(void)state;
	open_arm(true);
	move_joint(1, 1, 1);
	assert_int_equal(rig.answers, 0);
	rig_pump();
	assert_int_equal(rig.answers, 1);
	assert_int_equal(rig.error, ERR_NONE);
	acts("stop", value_null());
	assert_int_equal(rig.answers, 1);
	rig_pump();
	assert_int_equal(rig.answers, 2);
	assert_false(any_moves());
}

static void safety_S6_a_hold_is_proved_by_the_device_alone(void **state)
{
	(void)state;
	open_arm(true);
	writes("led", value_bool(true));
	move_joint(1, 1, 2);
	move_joint(2, 1, 2);
	wait_ms(100);
	rig.is_slow = true;
	forget_sent();
	holds(HOLD_MOTION);
	assert_int_equal(rig.lane, LANE_FIRST);
	assert_sent("000001");
	wait_ms(100);
	assert_false(kit_is_held(rig.kit));
	rig.is_slow = false;
	wait_ms(1);
	assert_true(kit_is_held(rig.kit));
	assert_int_equal(rig.held, 1);
	assert_false(any_moves());
	/* Neither deadline starts anything again. */
	forget_sent();
	wait_ms(3000);
	assert_sent("");
	holds(HOLD_KILL);
	assert_sent("000000");
}

static void safety_S6_on_a_stream_rest_stays_unconfirmed(void **state)
{
	(void)state;
	open_arm(false);
	move_joint(1, 1, 2);
	assert_int_equal(rig.answers, 1);
	wait_ms(100);
	assert_true(any_moves());
	holds(HOLD_ALL);
	wait_ms(100);
	assert_false(any_moves());
	assert_false(kit_is_held(rig.kit));
	assert_int_equal(rig.held, 0);
}

static void a_lamp_written_while_it_moves_is_motion_too(void **state)
{
	(void)state;
	open_arm(true);
	move_joint(1, -1, 1);
	wait_ms(1);
	writes("led", value_bool(true));
	assert_int_equal(rig.lane, LANE_MOTION);
	assert_sent("000100 000101");
	wait_ms(1100);
	assert_int_equal(rig.lane, LANE_ORDER);
	assert_sent("000001");
}

static void a_full_port_refuses_moves_and_is_asked_again_to_stop(void **state)
{
	(void)state;
	open_arm(true);
	move_joint(1, 1, 0.1);
	wait_ms(10);
	forget_sent();
	rig.is_blocked = true;
	assert_int_equal(move_joint(2, 1, 1), ERR_BUSY);
	wait_ms(200);
	assert_true(any_moves());
	holds(HOLD_ALL);
	rig.is_blocked = false;
	assert_false(kit_is_held(rig.kit));
	wait_ms(30);
	assert_string_equal(rig.sent, "000000");
	assert_false(any_moves());
	assert_true(kit_is_held(rig.kit));
}

static void after_a_loss_it_begins_at_rest(void **state)
{
	(void)state;
	struct why why;

	open_arm(true);
	writes("led", value_bool(true));
	move_joint(1, 1, 5);
	wait_ms(100);
	why_set(&why, ERR_LOST, MSG_PORT_GONE, "port");
	kit_lose(rig.kit, KIT_LOST, &why, rig.now_us);
	wait_ms(500);
	forget_sent();
	kit_start(rig.kit, &owi_driver, rig.now_us);
	assert_sent("000000");
	wait_ms(5000);
	assert_sent("");
	assert_false(any_moves());
	kit_stop(rig.kit, rig.now_us);
	assert_sent("000000");
}

static void the_far_end_stops_at_its_limits_and_outlives_a_lost_byte(void **state)
{
	(void)state;
	static const uint8_t half[] = {0x01}, both[] = {0x03, 0, 0}, elbow[] = {0x10, 0, 0};

	open_arm(false);
	for (int i = 0; i < 3; i++) {
		move_joint(4, 1, 5);
		wait_ms(5100);
	}
	assert_true(angle(OWI_WRIST) <= arm.joints[OWI_WRIST].max);
	machine_owi.feed(&rig.machine, half, sizeof(half), rig.now_us);
	rig.now_us += 100000;
	machine_owi.feed(&rig.machine, both, sizeof(both), rig.now_us);
	assert_false(any_moves());
	machine_owi.feed(&rig.machine, elbow, sizeof(elbow), rig.now_us);
	rig.now_us += 100000;
	assert_true(angle(OWI_ELBOW) > 1);
}

static void bytes_that_mean_nothing_are_no_state(void **state)
{
	(void)state;
	struct owi_state decoded = {.lamp = true};
	uint8_t again[OWI_BYTES];
	unsigned good = 0;

	for (unsigned i = 0; i < 256 * 8; i++) {
		const uint8_t bytes[] = {
			(uint8_t)(i & 255), (uint8_t)(i >> 8 & 3), (uint8_t)(i >> 10)};

		if (owi_decode(bytes, &decoded)) {
			owi_encode(&decoded, again);
			assert_memory_equal(bytes, again, sizeof(again));
			good++;
		}
	}
	assert_int_equal(good, 3 * 3 * 3 * 3 * 3 * 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(starts_with_everything_off),
		TEST(a_joint_turns_for_its_time_and_by_the_sign_of_speed),
		TEST(each_joint_and_the_grip_have_their_bits),
		TEST(joints_move_together_each_with_its_own_end),
		TEST(a_new_move_of_a_joint_replaces_the_old_one),
		TEST(a_move_of_more_than_five_seconds_is_refused),
		TEST(motion_needs_the_gate_and_stopping_does_not),
		TEST(an_action_is_answered_when_the_device_took_it),
		TEST(safety_S6_a_hold_is_proved_by_the_device_alone),
		TEST(safety_S6_on_a_stream_rest_stays_unconfirmed),
		TEST(a_lamp_written_while_it_moves_is_motion_too),
		TEST(a_full_port_refuses_moves_and_is_asked_again_to_stop),
		TEST(after_a_loss_it_begins_at_rest),
		TEST(the_far_end_stops_at_its_limits_and_outlives_a_lost_byte),
		cmocka_unit_test(bytes_that_mean_nothing_are_no_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
