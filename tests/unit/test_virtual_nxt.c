/* The virtual NXT brick as a host sees it: telegrams in, telegrams out, and its motors. */
#include "hex.h"

#include "virtual/machines.h"
#include "virtual/nxt.h"

#include <math.h>
#include <string.h>

static struct {
	struct brick brick;
	struct machine machine;
	int64_t now_us;
	double scene[SCENE_FIELDS];
	char heard[512]; /* hex of replies, without lengths */
	unsigned replies;
} rig;

static void on_reply(void *data, const uint8_t *bytes, size_t count)
{
	(void)data;
	assert_int_equal(bytes[0] + 2, count);
	assert_int_equal(bytes[1], 0);
	rig.heard[0] = '\0';
	for (size_t i = 2; i < count; i++) {
		snprintf(rig.heard + 2 * (i - 2), 3, "%02x", bytes[i]);
	}
	rig.replies++;
}

static double on_scene(void *data, enum scene_field field)
{
	(void)data;
	return rig.scene[field];
}

static const struct machine_world world = {.send = on_reply, .scene = on_scene};

static void wait_ms(int ms)
{
	for (int i = 0; i < ms; i++) {
		rig.now_us += 1000;
		machine_nxt.tick(&rig.machine, rig.now_us);
	}
}

static int boot(void **state)
{
	(void)state;
	memset(&rig, 0, sizeof(rig));
	rig.scene[SCENE_DISTANCE] = 42;
	rig.scene[SCENE_LIGHT] = 0.25;
	rig.machine = (struct machine){.class = &machine_nxt,
		.world = &world,
		.boot_us = 100 * 1000,
		.seed = 0xABCDEF,
		.state = &rig.brick};
	machine_nxt.reset(&rig.machine, 0);
	wait_ms(101);
	return 0;
}

static void says(const char *hex)
{
	uint8_t bytes[NXT_FRAME_MAX];
	size_t count = 2 + from_hex(hex, bytes + 2);

	bytes[0] = (uint8_t)(count - 2);
	bytes[1] = 0;
	rig.heard[0] = '\0';
	machine_nxt.feed(&rig.machine, bytes, count, rig.now_us);
	wait_ms(2);
}

static void assert_answer(const char *request, const char *reply)
{
	says(request);
	assert_string_equal(rig.heard, reply);
}

static void booting_brick_hears_nothing(void **state)
{
	(void)state;
	machine_nxt.reset(&rig.machine, rig.now_us);
	wait_ms(50);
	says("000b");
	assert_int_equal(rig.replies, 0);
	wait_ms(60);
	assert_answer("000b", "020b00aa1e");
}

static void brick_tells_its_name_and_versions(void **state)
{
	(void)state;
	assert_answer("019b",
		"029b004e585400000000000000000000000000"
		"1653abcdef00000000000050"
		"0000");
	assert_answer("0188", "0288007c011f01");
	assert_answer("019841620000000000000000000000000000", "029800");
	says("019b");
	assert_memory_equal(rig.heard, "029b00416200", 12);
}

static void one_reply_a_millisecond_in_order(void **state)
{
	uint8_t bytes[] = {2, 0, 0, 0x0B, 2, 0, 0, 0x0D, 3, 0, 0, 0x06, 0};

	(void)state;
	machine_nxt.feed(&rig.machine, bytes, sizeof(bytes), rig.now_us);
	wait_ms(1);
	assert_int_equal(rig.replies, 1);
	assert_memory_equal(rig.heard, "020b", 4);
	wait_ms(1);
	assert_memory_equal(rig.heard, "020d", 4);
	wait_ms(1);
	assert_memory_equal(rig.heard, "0206", 4);
}

static void telegram_in_pieces_waits_for_its_end(void **state)
{
	uint8_t bytes[] = {2, 0, 0, 0x0B};

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++) {
		assert_int_equal(rig.replies, 0);
		machine_nxt.feed(&rig.machine, bytes + i, 1, rig.now_us);
		wait_ms(5);
	}
	assert_int_equal(rig.replies, 1);
}

static void without_reply_wanted_it_is_done_in_silence(void **state)
{
	(void)state;
	says("80040064070100200000000000");
	assert_int_equal(rig.replies, 0);
}

static void motor_turns_is_regulated_and_brakes(void **state)
{
	(void)state;
	says("800400640701002000000000");
	wait_ms(1000);
	assert_true(fabs(rig.brick.motors[0].speed - 900) < 1);
	assert_in_range(brick_motors_get(&rig.machine, 0).rotation, 780, 880);
	says("800400000300002000000000");
	wait_ms(150);
	assert_true(rig.brick.motors[0].speed == 0);
	says("000600");
	assert_memory_equal(rig.heard, "02060000000300002000000000", 26);
}

static void motor_coasts_longer_than_it_brakes(void **state)
{
	(void)state;
	says("800401640701002000000000");
	wait_ms(500);
	says("800401000000000000000000");
	wait_ms(300);
	assert_true(rig.brick.motors[1].speed > 100);
	wait_ms(2000);
	assert_true(rig.brick.motors[1].speed == 0);
}

static void tacho_limit_ends_the_motion(void **state)
{
	(void)state;
	says("000402ce0701002068010000");
	wait_ms(2000);
	assert_in_range(-brick_motors_get(&rig.machine, 2).tacho, 355, 400);
	assert_true(rig.brick.motors[2].speed == 0);
	says("000a0200");
	assert_int_equal(brick_motors_get(&rig.machine, 2).rotation, 0);
	assert_true(brick_motors_get(&rig.machine, 2).block != 0);
}

static void port_ff_is_all_motors(void **state)
{
	(void)state;
	assert_answer("0004ff320701002000000000", "020400");
	for (int i = 0; i < NXT_MOTORS; i++) {
		assert_int_equal(rig.brick.motors[i].set.power, 50);
	}
}

static void sensors_answer_by_their_types(void **state)
{
	(void)state;
	assert_answer("0005000120", "020500");
	says("000700");
	assert_memory_equal(rig.heard, "0207000000", 10); /* not valid yet */
	wait_ms(30);
	assert_answer("000700", "0207000001000120ff03ff030000ff03");
	rig.scene[SCENE_BUTTON] = 1;
	assert_answer("000700", "0207000001000120b700b7000100b700");
	says("0005020680");
	wait_ms(30);
	assert_answer("000702", "0207000201000680ff02000119000001");
}

static void sonar_measures_on_its_bus(void **state)
{
	(void)state;
	says("0005030b00");
	wait_ms(120);
	assert_answer("000f0302010242", "020f00");
	assert_answer("000e03", "020e2000");
	wait_ms(5);
	assert_answer("000e03", "020e0001");
	assert_answer("001003", "021000012a000000000000000000000000000000");
	assert_answer("000e03", "020e0000");
	/* Its maker's name, from its registers. */
	wait_ms(12);
	says("000f0302080208");
	wait_ms(12);
	assert_answer("001003", "021000084c45474f000000000000000000000000");
	/* Off: no echo. */
	wait_ms(12);
	says("000f030300024100");
	wait_ms(5);
	says("001003");
	wait_ms(12);
	says("000f0302010242");
	wait_ms(5);
	assert_answer("001003", "02100001ff000000000000000000000000000000");
}

static void sonar_asked_too_early_does_not_answer(void **state)
{
	(void)state;
	says("0005030b00");
	assert_answer("000f0302010242", "020f00"); /* no power yet */
	assert_answer("000e03", "020edd00");
	assert_answer("001003", "0210dd0000000000000000000000000000000000");
	wait_ms(120);
	says("000f0302010242");
	wait_ms(5);
	says("001003");
	says("000f0302010242"); /* 10 ms too soon */
	wait_ms(5);
	assert_answer("000e03", "020edd00");
	/* Another address, another port. */
	says("001003");
	wait_ms(15);
	says("000f0302010442");
	wait_ms(5);
	assert_answer("000e03", "020edd00");
	says("0005000b00");
	wait_ms(120);
	says("000f0002010242");
	wait_ms(5);
	assert_answer("000e00", "020edd00");
}

static void wrong_requests_get_their_status(void **state)
{
	(void)state;
	assert_answer("0014", "0214be");
	assert_answer("0077", "0277be");
	assert_answer("000403640701002000000000", "0204c0");
	assert_answer("000603", "0206c000000000000000000000000000000000000000000000");
	assert_answer("000704", "0207c000000000000000000000000000");
	assert_answer("000e04", "020ec0");
	assert_answer("001009", "0210c0");
	assert_answer("000e00", "020ee000"); /* not low speed */
	assert_answer("000f0002010242", "020fe0");
	assert_answer("000f031100", "020fed");
	assert_answer("0003b8", "0203bf");
	assert_answer("0001", "0201ec");
	assert_answer("0011", "0211ec0000000000000000000000000000000000000000");
	assert_answer("00004e6f2e7278650000000000000000000000000000", "0200c0");
	says("0005030b00");
	wait_ms(120);
	says("000f0302010242");
	assert_answer("000f0302010242", "020fe0"); /* busy */
}

static void frame_of_no_length_is_dropped_with_what_came(void **state)
{
	uint8_t bytes[] = {0xFF, 0xFF, 1, 2, 3};

	(void)state;
	machine_nxt.feed(&rig.machine, bytes, sizeof(bytes), rig.now_us);
	wait_ms(5);
	assert_answer("000b", "020b00aa1e");
}

static void program_turns_the_wheels_until_it_is_ended(void **state)
{
	(void)state;
	assert_answer("000044616e63652e7278650000000000000000000000", "020000");
	says("800401000300002000000000");
	wait_ms(300);
	assert_true(rig.brick.motors[1].speed > 300); /* it does not care */
	says("0011");
	assert_memory_equal(rig.heard, "02110044616e6365", 16);
	assert_answer("0001", "020100");
	says("0005000120");
	wait_ms(400);
	assert_int_equal(rig.brick.ports[0].type, NXT_NO_SENSOR); /* reset once more */
	assert_answer("0001", "0201ec");
}

static void brick_sleeps_without_keep_alive(void **state)
{
	(void)state;
	assert_answer("000d", "020d00c0270900");
	rig.now_us += INT64_C(599) * 1000000;
	assert_answer("000b", "020b00aa1e");
	rig.now_us += INT64_C(2) * 1000000;
	wait_ms(10);
	says("000b");
	assert_string_equal(rig.heard, "");
}

#define TEST(name) cmocka_unit_test_setup(name, boot)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(booting_brick_hears_nothing),
		TEST(brick_tells_its_name_and_versions),
		TEST(one_reply_a_millisecond_in_order),
		TEST(telegram_in_pieces_waits_for_its_end),
		TEST(without_reply_wanted_it_is_done_in_silence),
		TEST(motor_turns_is_regulated_and_brakes),
		TEST(motor_coasts_longer_than_it_brakes),
		TEST(tacho_limit_ends_the_motion),
		TEST(port_ff_is_all_motors),
		TEST(sensors_answer_by_their_types),
		TEST(sonar_measures_on_its_bus),
		TEST(sonar_asked_too_early_does_not_answer),
		TEST(wrong_requests_get_their_status),
		TEST(frame_of_no_length_is_dropped_with_what_came),
		TEST(program_turns_the_wheels_until_it_is_ended),
		TEST(brick_sleeps_without_keep_alive),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
