/* EV3: finding out what is there, sensors, angles, lamp and tones, against the far end. */
#include "ev3_rig.h"

#include "virtual/floor.h"

static void it_stops_everything_before_it_is_ready(void **state)
{
	(void)state;
	rig_open(&ev3_driver, &machine_ev3, true);
	assert_int_equal(rig.kit->state, KIT_PROBING);
	assert_false(has_sent("a3000f01"));
	WAIT_UNTIL(has_sent("a3000f01"), 1000);
	assert_int_equal(rig.kit->state, KIT_PROBING);
	WAIT_UNTIL(rig.kit->state == KIT_READY, 1000);
	assert_string_equal(rig.kit->program, "EV3 V1.09H");
	assert_string_equal(described("firmware")->value.text, "EV3 V1.09H");
	assert_string_equal(rig.kit->model, "ev3");
}

static void it_has_what_is_plugged_in(void **state)
{
	(void)state;
	open_brick(true);
	static const char *const there[] = {"touch", "light", "line", "distance", "heading",
		"motor.1", "motor.2", "motor.3", "turned.1", "sensor.1", "sensor.4", "moving",
		"led", "red", "green", "battery", "voltage"};
	static const char *const missing[] = {"motor.4", "turned.4", "sound", "key", "line.1"};

	for (size_t i = 0; i < sizeof(there) / sizeof(there[0]); i++) {
		assert_true(kit_find_property(rig.kit, there[i]) >= 0);
	}
	for (size_t i = 0; i < sizeof(missing) / sizeof(missing[0]); i++) {
		assert_int_equal(kit_find_property(rig.kit, missing[i]), -1);
	}
	assert_int_equal(described("motor.2")->safety, CLASS_MOTION);
	assert_int_equal(described("led")->safety, CLASS_SIGNAL);
	assert_true(kit_find_action(rig.kit, "drive") >= 0);
	assert_false(ev3_driver.has_dead_man);
}

static void sensors_are_read_while_they_are_watched(void **state)
{
	(void)state;
	open_brick(true);
	watches("distance");
	watches("touch");
	watches("light");
	watches("line");
	wait_ms(40);
	assert_true(fabs(number_of("distance") - 42.5) < 0.01);
	assert_int_equal(number_of("touch"), 0);
	assert_true(fabs(number_of("light") - 0.4) < 0.001);
	assert_true(fabs(number_of("line") - 0.5) < 0.001);
	rig.scene[SCENE_DISTANCE] = 399;
	rig.scene[SCENE_BUTTON] = 1;
	rig.scene[SCENE_LIGHT] = 0;
	wait_ms(40);
	assert_int_equal(number_of("distance"), 255);
	assert_int_equal(number_of("touch"), 1);
	assert_int_equal(number_of("line"), 1);
	rig.scene[SCENE_LIGHT] = 1;
	wait_ms(40);
	assert_int_equal(number_of("line"), 0);
	/* Nothing that could wait inside the brick. */
	assert_false(has_sent("991d"));
}

static void unwatched_it_is_asked_twice_a_second_and_battery_now_and_then(void **state)
{
	(void)state;
	open_brick(true);
	wait_ms(600);
	assert_int_equal(number_of("battery"), 80);
	assert_true(fabs(number_of("voltage") - 7.9) < 0.001);
	forget_sent();
	wait_ms(3000);
	assert_in_range(rig.frames, 5, 7);
	/* So that it does not fall asleep. */
	unsigned alive = 0;

	for (int second = 0; second < 125; second++) {
		forget_sent();
		wait_ms(1000);
		alive += has_sent("90e149");
	}
	assert_int_equal(alive, 2);
}

static void set_sensor_changes_the_mode(void **state)
{
	(void)state;
	open_brick(true);
	watches("light");
	wait_ms(40);
	assert_int_equal(acts("set_sensor", value_int(3), text("ambient")), ERR_NONE);
	assert_int_equal(rig.answers, 1);
	assert_int_equal(rig.error, ERR_NONE);
	/* While it changes nothing is known. */
	wait_ms(30);
	assert_int_equal(described("light")->value.type, VALUE_NULL);
	wait_ms(100);
	assert_true(fabs(number_of("light") - 0.5) < 0.001);
	wait_ms(600);
	assert_int_equal(described("line")->value.type, VALUE_NULL);
	acts("set_sensor", value_int(3), text("color"));
	watches("sensor.3");
	wait_ms(700);
	assert_int_equal(described("light")->value.type, VALUE_NULL);
	assert_int_equal(number_of("sensor.3"), 6);
	acts("set_sensor", value_int(3), text("auto"));
	wait_ms(700);
	assert_true(fabs(number_of("light") - 0.4) < 0.001);
}

static void a_sensor_cannot_be_what_it_is_not(void **state)
{
	(void)state;
	open_brick(true);
	assert_int_equal(acts("set_sensor", value_int(1), text("gyro")), ERR_REFUSED);
	assert_string_equal(
		rig.hint, "kit-1 cannot use the sensor at port 1 like that; it is: touch.");
	assert_int_equal(acts("set_sensor", value_int(1), text("lidar")), ERR_INVALID);
}

static void motors_turn_and_their_angles_can_be_cleared(void **state)
{
	(void)state;
	open_brick(true);
	watch_motion();
	assert_int_equal(writes("motor.2", value_number(0.5)), ERR_NONE);
	assert_int_equal(rig.lane, LANE_MOTION);
	WAIT_UNTIL(number_of("moving") == 1, 1000);
	wait_ms(500);
	assert_in_range((int)number_of("turned.2"), 200, 300);
	assert_int_equal(number_of("turned.3"), 0);
	assert_true(fabs(number_of("motor.2") - 0.5) < 1e-9);
	acts("reset_angle", value_int(2));
	wait_ms(40);
	assert_int_equal(rig.answers, 1);
	assert_true(number_of("turned.2") < 60);
	writes("motor.2", value_number(-0.5));
	wait_ms(300);
	assert_true(number_of("turned.2") < 0);
	writes("motor.2", value_number(0));
	WAIT_UNTIL(number_of("moving") == 0, 1000);
	assert_false(turns("turned.2"));
	assert_int_equal(acts("reset_angle", value_int(4)), ERR_REFUSED);
}

static void wheels_that_are_told_together_start_together(void **state)
{
	(void)state;
	open_brick(true);
	watch_motion();
	WAIT_UNTIL(rig.to_machine.count + rig.to_kit.count == 0, 1000);
	forget_sent();
	drives(0.3, -0.25);
	/* A5 B 30, A5 C -25, A6 both */
	assert_true(has_sent("a500021ea5000427a60006"));
	WAIT_UNTIL(rig.answers == 1, 1000);
	assert_int_equal(rig.error, ERR_NONE);
	assert_true(turns("turned.2") && turns("turned.3"));
	forget_sent();
	acts("turn", value_number(0.2));
	WAIT_UNTIL(rig.answers == 2, 1000);
	assert_true(has_sent("a500022ca5000414a60006"));
}

static void set_points_gather_while_an_answer_is_awaited(void **state)
{
	(void)state;
	open_brick(true);
	writes("motor.1", value_number(0.1));
	for (int i = 1; i <= 10; i++) {
		/* The kit itself keeps set-points back while bytes wait: let them go. */
		rig.to_machine.count = rig.to_machine.frame_count = 0;
		writes("motor.1", value_number(i / 100.0));
	}
	assert_int_equal(rig.frames, 1);
	wait_ms(200);
	WAIT_UNTIL(has_sent("a500010aa60001"), 1000);
	assert_false(has_sent("a5000109"));
}

static void the_lamp_is_two_lamps(void **state)
{
	(void)state;
	open_brick(true);
	writes("led", value_bool(true));
	wait_ms(10);
	assert_true(has_sent("821b03"));
	assert_int_equal(number_of("red") + number_of("green"), 2);
	writes("green", value_bool(false));
	wait_ms(10);
	assert_true(has_sent("821b02"));
	assert_int_equal(number_of("led"), 1);
	writes("red", value_bool(false));
	wait_ms(10);
	assert_true(has_sent("821b00"));
	assert_int_equal(number_of("led"), 0);
}

static void a_tone_is_answered_by_the_brick(void **state)
{
	(void)state;
	open_brick(true);
	acts("tone", value_number(440), value_number(0.5));
	assert_int_equal(rig.answers, 0);
	WAIT_UNTIL(rig.answers == 1, 1000);
	assert_true(has_sent("94011e82b80182f401"));
	assert_int_equal(acts("tone", value_number(100), value_number(1)), ERR_INVALID);
}

static void what_is_plugged_in_later_is_described_then(void **state)
{
	(void)state;
	open_brick(true);
	watches("touch");
	parts()->motors[3].type = EV3_TYPE_LARGE_MOTOR;
	parts()->ports[0].type = 29;
	wait_ms(1100);
	assert_true(kit_find_property(rig.kit, "motor.4") >= 0);
	/* Two colour sensors: two probes, and the mean. */
	assert_true(kit_find_property(rig.kit, "line.2") >= 0);
	watches("line.2");
	wait_ms(60);
	assert_int_equal(described("line.2")->value.type, VALUE_BOOL);
	assert_int_equal(described("touch")->value.type, VALUE_NULL);
	assert_true(fabs(number_of("line") - 0.5) < 0.001);
	watches("sensor.1");
	parts()->ports[0].type = EV3_TYPE_NONE;
	parts()->ports[2].type = EV3_TYPE_NONE;
	wait_ms(1100);
	assert_int_equal(described("line")->value.type, VALUE_NULL);
	assert_int_equal(described("line.2")->value.type, VALUE_NULL);
	assert_int_equal(described("sensor.1")->value.type, VALUE_NULL);
}

/* ---- on the floor ---- */

static struct floor *floor_under;

static void move_floor(double dt_s)
{
	(void)dt_s;
	floor_step(floor_under, rig.now_us);
}

static int leave_floor(void **state)
{
	floor_destroy(floor_under);
	floor_under = NULL;
	rig_world_step = NULL;
	return close_kit(state);
}

static void on_the_floor_it_drives_turns_left_and_sees_the_wall(void **state)
{
	(void)state;
	floor_under = floor_create(1000000);
	rig.world.body = floor_add_body(floor_under, 1);
	floor_place(rig.world.body, 1, 1, 0);
	rig_world_step = move_floor;
	rig_open(&ev3_driver, &machine_ev3, true);
	WAIT_UNTIL(rig.kit->state == KIT_READY, 1000);
	watch_motion();
	watches("heading");
	watches("distance");
	wait_ms(50);
	double wall = number_of("distance");

	drives(0.5, 0.5);
	wait_ms(1000);
	assert_true(rig.world.body->x > 1.1);
	assert_true(fabs(rig.world.body->y - 1) < 0.01);
	assert_true(number_of("distance") < wall - 10);
	acts("turn", value_number(0.3));
	wait_ms(400);
	assert_in_range((int)number_of("heading"), 10, 170);
	assert_true(number_of("turned.3") > number_of("turned.2"));
	holds(HOLD_MOTION);
	WAIT_UNTIL(kit_is_held(rig.kit), 1000);
	assert_true(fabs(body_speed(rig.world.body, false)) < 0.01);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_stops_everything_before_it_is_ready),
		TEST(it_has_what_is_plugged_in),
		TEST(sensors_are_read_while_they_are_watched),
		TEST(unwatched_it_is_asked_twice_a_second_and_battery_now_and_then),
		TEST(set_sensor_changes_the_mode),
		TEST(a_sensor_cannot_be_what_it_is_not),
		TEST(motors_turn_and_their_angles_can_be_cleared),
		TEST(wheels_that_are_told_together_start_together),
		TEST(set_points_gather_while_an_answer_is_awaited),
		TEST(the_lamp_is_two_lamps),
		TEST(a_tone_is_answered_by_the_brick),
		TEST(what_is_plugged_in_later_is_described_then),
		cmocka_unit_test_teardown(
			on_the_floor_it_drives_turns_left_and_sees_the_wall, leave_floor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
