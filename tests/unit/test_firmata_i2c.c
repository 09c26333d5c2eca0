/* The I2C bus behind a Firmata board. */
#include "firmata_rig.h"

static enum err reads_i2c(int address, int count, struct value reg, struct value continuous)
{
	return acts("i2c_read", value_int(address), value_int(count), reg, continuous);
}

static void i2c_reads_a_register(void **state)
{
	(void)state;
	ready(BANNER_2_5, UNO_2_5, NULL);
	assert_int_equal(reads_i2c(0x50, 4, value_int(2), value_null()), ERR_NONE);
	assert_sent("f0780000f7 f076500802000400f7");
	assert_int_equal(rig.answers, 0);
	hears("f077500002002501240127012601f7");
	assert_int_equal(rig.answers, 1);
	assert_int_equal(rig.error, ERR_NONE);
	assert_int_equal(rig.result.count, 4);
	assert_true(rig.vector[0] == 0xA5 && rig.vector[3] == 0xA6);
	reads_i2c(0x50, 1, value_null(), value_null());
	assert_sent("f07650080100f7");
	hears("f07750007f012501f7");
	assert_int_equal(rig.answers, 2);
	assert_int_equal(rig.result.count, 1);
}

static void i2c_reads_wait_for_each_other(void **state)
{
	(void)state;
	ready(BANNER_2_5, UNO_2_5, NULL);
	reads_i2c(0x50, 1, value_int(1), value_null());
	reads_i2c(0x51, 1, value_int(2), value_null());
	assert_sent("f0780000f7 f076500801000100f7");
	hears("f0775000010005 00f7");
	assert_sent("f076510802000100f7");
	/* Not its answer. */
	hears("f0775000010005 00f7");
	assert_int_equal(rig.answers, 1);
	hears("f07751000200 0600f7");
	assert_int_equal(rig.answers, 2);
	assert_true(rig.vector[0] == 6);
}

static void i2c_without_a_device_is_refused_with_its_address(void **state)
{
	(void)state;
	ready(BANNER_2_5, UNO_2_5, NULL);
	reads_i2c(0x20, 4, value_int(2), value_null());
	forget_sent();
	hears("f0714900320043003a00200054006f006f002000660065007700200062007900740065007300200072"
	      "0065006300650069007600650064 00f7 f07720000200f7");
	assert_int_equal(rig.answers, 1);
	assert_int_equal(rig.error, ERR_REFUSED);
	assert_non_null(strstr(rig.hint, "0x20"));
	assert_string_equal(rig.events, "");
	/* 2.4 sends as many zeros as were asked for. */
	reads_i2c(0x20, 1, value_int(2), value_null());
	hears("f0714900320043003a00200054006f006f002000660065007700200062007900740065007300f7"
	      "f077200002000000f7");
	assert_int_equal(rig.error, ERR_REFUSED);
	/* The next one is well again. */
	reads_i2c(0x50, 1, value_int(2), value_null());
	hears("f077500002000000f7");
	assert_int_equal(rig.error, ERR_NONE);
	assert_int_equal(rig.answers, 3);
}

static void i2c_without_an_answer_times_out_and_lets_the_next_go(void **state)
{
	(void)state;
	ready(BANNER_2_5, UNO_2_5, NULL);
	reads_i2c(0x50, 1, value_int(1), value_null());
	hears("e00000");
	wait_ms(1000);
	reads_i2c(0x51, 1, value_int(1), value_null());
	forget_sent();
	wait_ms(3900);
	assert_int_equal(rig.answers, 0);
	assert_false(has_sent("f0"));
	wait_ms(200);
	assert_int_equal(rig.answers, 1);
	assert_int_equal(rig.error, ERR_TIMEOUT);
	assert_true(has_sent("f076510801000100f7"));
	hears("f0775100010000 00f7");
	assert_int_equal(rig.answers, 2);
	assert_int_equal(rig.error, ERR_NONE);
}

static void i2c_reads_continuously_until_it_is_stopped(void **state)
{
	(void)state;
	ready(BANNER_2_5, UNO_2_5, NULL);
	assert_int_equal(reads_i2c(0x50, 2, value_int(0), value_bool(true)), ERR_NONE);
	assert_sent("f0780000f7 f076501000000200f7");
	hears("f0775000000025012401f7");
	assert_int_equal(rig.answers, 1);
	assert_int_equal(rig.result.count, 2);
	hears("f0775000000001000200f7");
	assert_string_equal(rig.events, "i2c_data 80 0 165 164;i2c_data 80 0 1 2;");
	assert_int_equal(acts("i2c_stop", value_int(0x51)), ERR_NOT_FOUND);
	assert_sent("");
	assert_int_equal(acts("i2c_stop", value_int(0x50)), ERR_NONE);
	assert_sent("f0765018f7");
	hears("f0775000000001000200f7");
	assert_string_equal(rig.events, "i2c_data 80 0 165 164;i2c_data 80 0 1 2;");
}

static void i2c_has_room_for_eight_readers(void **state)
{
	(void)state;
	ready(BANNER_2_5, UNO_2_5, NULL);
	for (int i = 0; i < 8; i++) {
		assert_int_equal(reads_i2c(0x50 + i, 1, value_int(0), value_bool(true)), ERR_NONE);
	}
	assert_int_equal(reads_i2c(0x60, 1, value_int(0), value_bool(true)), ERR_LIMIT);
}

static void i2c_writes_bytes_and_checks_them(void **state)
{
	double bytes[31] = {0}, wake[] = {0}, bad[] = {256}, half[] = {0.5};

	(void)state;
	ready(BANNER_2_5, UNO_2_5, NULL);
	assert_int_equal(acts("i2c_write", value_int(0x68), value_vector(wake, 1), value_int(0x6B)),
		ERR_NONE);
	assert_sent("f0780000f7 f07668006b000000f7");
	assert_int_equal(rig.answers, 1);
	assert_int_equal(acts("i2c_write", value_int(0x68), value_vector(bad, 1)), ERR_INVALID);
	assert_int_equal(acts("i2c_write", value_int(0x68), value_vector(half, 1)), ERR_INVALID);
	assert_int_equal(acts("i2c_write", value_int(0x68), value_vector(bytes, 31)), ERR_INVALID);
	assert_int_equal(acts("i2c_write", value_int(0x68), value_vector(bytes, 30), value_int(1)),
		ERR_INVALID);
	assert_sent("");
	assert_int_equal(acts("i2c_write", value_int(0x68), value_vector(bytes, 29), value_int(1)),
		ERR_NONE);
	assert_int_equal(strlen(rig.sent) / 2, 2 + 63); /* the board's buffer is full */
}

static void i2c_needs_its_pins(void **state)
{
	(void)state;
	ready(BANNER_2_5, UNO_2_5, NULL);
	writes("pin.18", value_bool(true));
	assert_int_equal(reads_i2c(0x50, 1, value_null(), value_null()), ERR_CONFLICT);
	assert_non_null(strstr(rig.hint, "A4"));
	close_kit(NULL);
	open_kit(NULL);
	hears(BANNER_2_5);
	wait_ms(60);
	hears("f06c 00010101 7f f7 f06a7ff7");
	assert_int_equal(reads_i2c(0x50, 1, value_null(), value_null()), ERR_UNSUPPORTED);
}

static void i2c_with_ten_bits_is_for_other_firmwares(void **state)
{
	(void)state;
	ready(BANNER_2_5, UNO_2_5, NULL);
	reads_i2c(0x3FF, 1, value_null(), value_null());
	assert_sent("f0780000f7 f0767f2f0100f7");
	hears("f07131003000 2d0062006900740020006100640064007200650073007300 69006e006700f7");
	assert_int_equal(rig.error, ERR_UNSUPPORTED);
}

static void i2c_under_way_is_lost_with_a_reboot(void **state)
{
	(void)state;
	ready(BANNER_2_5, UNO_2_5, NULL);
	reads_i2c(0x50, 1, value_int(1), value_null());
	hears(BANNER_2_5);
	assert_int_equal(rig.answers, 1);
	assert_int_equal(rig.error, ERR_LOST);
	wait_ms(60);
	hears(UNO_2_5 UNO_MAP);
	forget_sent();
	reads_i2c(0x50, 1, value_int(1), value_null());
	assert_sent("f0780000f7 f076500801000100f7");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(i2c_reads_a_register),
		TEST(i2c_reads_wait_for_each_other),
		TEST(i2c_without_a_device_is_refused_with_its_address),
		TEST(i2c_without_an_answer_times_out_and_lets_the_next_go),
		TEST(i2c_reads_continuously_until_it_is_stopped),
		TEST(i2c_has_room_for_eight_readers),
		TEST(i2c_writes_bytes_and_checks_them),
		TEST(i2c_needs_its_pins),
		TEST(i2c_with_ten_bits_is_for_other_firmwares),
		TEST(i2c_under_way_is_lost_with_a_reboot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
