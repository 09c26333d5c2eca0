/* The encoding of lua/wire.h: what is put in comes out, and nothing else gets in. */
#include "wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct wire_out out;

/* A packet with one field of each kind. */
static void write_all(void)
{
	static const double numbers[] = {1.5, -2, 1e300};

	wire_begin(&out, WIRE_REPLY, 0xDEADBEEF, -123456789012345);
	wire_put_nil(&out);
	wire_put_bool(&out, true);
	wire_put_bool(&out, false);
	wire_put_int(&out, INT64_MIN);
	wire_put_number(&out, -0.1);
	wire_put_text(&out, "a\0b", 3);
	wire_put_string(&out, "");
	wire_put_vector(&out, numbers, 3);
}

static void every_kind_of_field_comes_back(void **state)
{
	struct wire_in in;
	struct wire_value value;

	(void)state;
	write_all();
	assert_true(wire_open(&in, out.bytes, out.length));
	assert_int_equal(in.type, WIRE_REPLY);
	assert_int_equal(in.serial, 0xDEADBEEF);
	assert_true(in.t_us == -123456789012345);
	assert_true(wire_get(&in, &value) && value.tag == WIRE_TAG_NIL);
	assert_true(wire_get(&in, &value) && value.tag == WIRE_TAG_TRUE);
	assert_true(wire_get(&in, &value) && value.tag == WIRE_TAG_FALSE);
	assert_true(
		wire_get(&in, &value) && value.tag == WIRE_TAG_INT && value.integer == INT64_MIN);
	assert_true(wire_get(&in, &value) && value.tag == WIRE_TAG_NUMBER && value.number == -0.1);
	assert_true(wire_get(&in, &value) && value.tag == WIRE_TAG_TEXT && value.count == 3);
	assert_memory_equal(value.text, "a\0b", 3);
	assert_true(wire_get(&in, &value) && value.tag == WIRE_TAG_TEXT && value.count == 0);
	assert_true(wire_get(&in, &value) && value.tag == WIRE_TAG_VECTOR && value.count == 3);
	assert_true(value.vector[0] == 1.5 && value.vector[1] == -2 && value.vector[2] == 1e300);
	assert_int_equal(in.left, 0);
	assert_false(in.is_bad);
	assert_false(wire_get(&in, &value));
	assert_true(in.is_bad);
}

/* Reads eight fields of a packet of `length` bytes that stands at the end of its block, so
 * that a sanitizer sees every byte read beyond it. */
static bool read_cut(size_t length)
{
	uint8_t *bytes = malloc(length ? length : 1);
	struct wire_in in;
	struct wire_value value;
	bool is_well;

	memcpy(bytes, out.bytes, length);
	is_well = wire_open(&in, bytes, length);
	for (int i = 0; i < 8; i++) {
		is_well = wire_get(&in, &value) && is_well;
		if (!is_well) {
			assert_int_equal(value.tag, WIRE_TAG_NIL);
			assert_int_equal(value.count, 0);
		}
	}
	free(bytes);
	return is_well;
}

static void packet_that_is_cut_anywhere_is_bad(void **state)
{
	(void)state;
	write_all();
	for (size_t length = 0; length < out.length; length++) {
		assert_false(read_cut(length));
	}
	assert_true(read_cut(out.length));
}

static void field_of_another_tag_is_bad(void **state)
{
	struct wire_in in;
	size_t length = 99;

	(void)state;
	wire_begin(&out, WIRE_READ, 1, 0);
	wire_put_string(&out, "light");
	wire_open(&in, out.bytes, out.length);
	assert_int_equal(wire_get_int(&in), 0);
	assert_true(in.is_bad);
	/* and so it stays */
	assert_string_equal(wire_get_text(&in, &length), "");
	assert_int_equal(length, 0);
}

static void unknown_tag_is_bad(void **state)
{
	struct wire_in in;
	struct wire_value value;

	(void)state;
	wire_begin(&out, WIRE_READ, 1, 0);
	wire_put_word(&out, 99, 1);
	wire_open(&in, out.bytes, out.length);
	assert_false(wire_get(&in, &value));
	assert_int_equal(value.tag, WIRE_TAG_NIL);
}

static void length_beyond_the_packet_is_bad(void **state)
{
	struct wire_in in;
	size_t length;

	(void)state;
	wire_begin(&out, WIRE_PRINT, 0, 0);
	wire_put_word(&out, WIRE_TAG_TEXT, 1);
	wire_put_word(&out, 0xFFFFFFFF, 4);
	wire_open(&in, out.bytes, out.length);
	wire_get_text(&in, &length);
	assert_true(in.is_bad);
	assert_int_equal(length, 0);
}

static void vector_over_the_bound_is_bad_both_ways(void **state)
{
	double numbers[WIRE_VECTOR_MAX + 1] = {0};
	struct wire_in in;
	struct wire_value value;

	(void)state;
	wire_begin(&out, WIRE_WRITE, 1, 0);
	wire_put_vector(&out, numbers, WIRE_VECTOR_MAX + 1);
	assert_true(out.is_full);

	wire_begin(&out, WIRE_WRITE, 1, 0);
	wire_put_word(&out, WIRE_TAG_VECTOR, 1);
	wire_put_word(&out, WIRE_VECTOR_MAX + 1, 1);
	for (int i = 0; i <= WIRE_VECTOR_MAX; i++) {
		wire_put_double(&out, i);
	}
	wire_open(&in, out.bytes, out.length);
	assert_false(wire_get(&in, &value));
	assert_int_equal(value.count, 0);
}

static void count_outside_its_bounds_is_bad(void **state)
{
	static const int64_t counts[] = {-1, 17, INT64_MAX, INT64_MIN};
	struct wire_in in;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		wire_begin(&out, WIRE_ACT, 1, 0);
		wire_put_int(&out, counts[i]);
		wire_open(&in, out.bytes, out.length);
		assert_int_equal(wire_get_count(&in, 16), 0);
		assert_true(in.is_bad);
	}
}

static void string_with_nul_inside_or_too_long_is_bad(void **state)
{
	struct wire_in in;
	char text[4] = "old";

	(void)state;
	wire_begin(&out, WIRE_READ, 1, 0);
	wire_put_text(&out, "a\0b", 3);
	wire_open(&in, out.bytes, out.length);
	wire_get_string(&in, text, sizeof(text));
	assert_true(in.is_bad);
	assert_string_equal(text, "");

	wire_begin(&out, WIRE_READ, 1, 0);
	wire_put_string(&out, "abc");
	wire_put_string(&out, "abcd");
	wire_open(&in, out.bytes, out.length);
	wire_get_string(&in, text, sizeof(text));
	assert_string_equal(text, "abc");
	wire_get_string(&in, text, sizeof(text));
	assert_true(in.is_bad);
}

static void packet_that_is_full_is_marked_and_not_overrun(void **state)
{
	static char text[WIRE_PACKET_MAX];

	(void)state;
	wire_begin(&out, WIRE_PRINT, 0, 0);
	wire_put_text(&out, text, WIRE_PACKET_MAX - WIRE_HEADER - 5);
	assert_false(out.is_full);
	assert_int_equal(out.length, WIRE_PACKET_MAX);
	wire_put_nil(&out);
	assert_true(out.is_full);
	assert_int_equal(out.length, WIRE_PACKET_MAX);
}

static void random_bytes_never_read_beyond_the_packet(void **state)
{
	unsigned seed = 12345;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		size_t length = seed % 200;

		for (size_t j = 0; j < length; j++) {
			seed = seed * 1103515245 + 12345;
			out.bytes[j] = (uint8_t)(seed >> 16) % (j % 3 ? 8 : 255);
		}
		read_cut(length);
		seed = seed * 1103515245 + 12345;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_of_field_comes_back),
		cmocka_unit_test(packet_that_is_cut_anywhere_is_bad),
		cmocka_unit_test(field_of_another_tag_is_bad),
		cmocka_unit_test(unknown_tag_is_bad),
		cmocka_unit_test(length_beyond_the_packet_is_bad),
		cmocka_unit_test(vector_over_the_bound_is_bad_both_ways),
		cmocka_unit_test(count_outside_its_bounds_is_bad),
		cmocka_unit_test(string_with_nul_inside_or_too_long_is_bad),
		cmocka_unit_test(packet_that_is_full_is_marked_and_not_overrun),
		cmocka_unit_test(random_bytes_never_read_beyond_the_packet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
