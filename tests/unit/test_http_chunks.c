/* Bodies in chunks: whole, cut anywhere, and as an attacker would send them. FAULTS 49. */
#include "http_chunks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct http_chunks chunks;
static char body[64];

/* In pieces of `step` bytes. */
static enum http_chunks_state take(const char *text, size_t step)
{
	size_t length = strlen(text);

	memset(&chunks, 0, sizeof(chunks));
	memset(body, 0, sizeof(body));
	for (size_t at = 0; at < length; at += step) {
		size_t piece = length - at < step ? length - at : step;

		if (http_chunks_take(&chunks, text + at, piece, body, sizeof(body))) {
			break;
		}
	}
	return chunks.state;
}

static void chunks_become_one_body_however_they_are_cut(void **state)
{
	(void)state;
	static const char text[] = "4\r\ntrue\r\n00a\r\n0123456789\r\n1\r\n\r\r\n0\r\n\r\nbehind";

	for (size_t step = 1; step <= sizeof(text); step++) {
		assert_int_equal(take(text, step), CHUNKS_DONE);
		assert_int_equal(chunks.length, 15);
		assert_string_equal(body, "true0123456789\r");
	}
	assert_int_equal(take("0\r\n\r\n", 1), CHUNKS_DONE);
	assert_int_equal(chunks.length, 0);
}

static void half_a_body_waits(void **state)
{
	(void)state;
	static const char text[] = "4\r\ntrue\r\n0\r\n\r\n";
	char part[sizeof(text)] = "";

	for (size_t i = 0; i + 1 < sizeof(text) - 1; i++) {
		part[i] = text[i];
		assert_true(take(part, 1) < CHUNKS_DONE);
	}
}

static void fault_49_odd_chunks_are_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {"\r\n", "x\r\n", "4;a=b\r\ntrue\r\n", " 4\r\n", "4 \r\n",
		"+4\r\n", "0x4\r\n", "4\ntrue", "4\rx", "4\r\ntrueX", "4\r\ntrue\rX", "4\r\ntrue\n",
		"0\r\nTrailer: x\r\n\r\n", "0\r\n\rX", "1000000\r\n", "ffffffffffffffff\r\n"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (take(bad[i], 1) != CHUNKS_BAD || take(bad[i], 100) != CHUNKS_BAD) {
			fail_msg("\"%s\" is not refused", bad[i]);
		}
	}
}

static void a_body_over_its_room_is_refused(void **state)
{
	(void)state;
	char text[128];

	snprintf(text, sizeof(text), "40\r\n%064d\r\n0\r\n\r\n", 0);
	assert_int_equal(take(text, 7), CHUNKS_DONE);
	snprintf(text, sizeof(text), "41\r\n%065d\r\n0\r\n\r\n", 0);
	assert_int_equal(take(text, 7), CHUNKS_TOO_LONG);
	assert_true(chunks.length <= sizeof(body));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chunks_become_one_body_however_they_are_cut),
		cmocka_unit_test(half_a_body_waits),
		cmocka_unit_test(fault_49_odd_chunks_are_refused),
		cmocka_unit_test(a_body_over_its_room_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
