/* The loop's gathered descriptors: prompt while quiet, few wakings while busy. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "clock.h"
#include "loop.h"

#include <unistd.h>

enum { PIPES = 8 };

struct end {
	int fds[2];
	struct loop_fd *watcher;
	struct end *victim; /* removed by this one's callback */
	unsigned calls;
	bool stops;
};

static struct loop *loop;
static struct end ends[PIPES];
static unsigned wanted; /* calls until the loop stops */

static void on_read(void *data, int events)
{
	struct end *end = data;
	char byte;

	assert_int_equal(events, LOOP_READ);
	assert_int_equal(read(end->fds[0], &byte, 1), 1);
	end->calls++;
	if (end->victim) {
		loop_fd_remove(end->victim->watcher);
		end->victim->watcher = NULL;
	}
	if (end->stops || --wanted == 0) {
		loop_stop(loop);
	}
}

static int setup(void **state)
{
	(void)state;
	loop = loop_create();
	for (int i = 0; i < PIPES; i++) {
		ends[i] = (struct end){0};
		assert_int_equal(pipe(ends[i].fds), 0);
		ends[i].watcher = loop_fd_add(loop, ends[i].fds[0], LOOP_READ | LOOP_GATHER,
			on_read, &ends[i]);
	}
	return loop ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	for (int i = 0; i < PIPES; i++) {
		loop_fd_remove(ends[i].watcher);
		close(ends[i].fds[0]);
		close(ends[i].fds[1]);
	}
	loop_destroy(loop);
	return 0;
}

static void the_first_byte_after_quiet_wakes_the_loop(void **state)
{
	(void)state;
	ends[3].stops = true;
	assert_int_equal(write(ends[3].fds[1], "x", 1), 1);
	loop_run(loop);
	assert_int_equal(ends[3].calls, 1);
}

/* A descriptor that is never empty is served by a clock, not without pause. */
static void busy_descriptors_do_not_wake_the_loop_each_time(void **state)
{
	char bytes[50] = {0};

	(void)state;
	for (int i = 0; i < PIPES; i++) {
		assert_int_equal(write(ends[i].fds[1], bytes, sizeof(bytes)), sizeof(bytes));
	}
	wanted = PIPES * sizeof(bytes);
	loop_set_gather_us(loop, 1000);
	int64_t began_us = clock_now_us();
	loop_run(loop);
	for (int i = 0; i < PIPES; i++) {
		assert_int_equal(ends[i].calls, sizeof(bytes));
	}
	assert_true(clock_now_us() - began_us > (int64_t)sizeof(bytes) * 1000 / 2);
}

static void after_a_busy_time_the_loop_is_prompt_again(void **state)
{
	(void)state;
	busy_descriptors_do_not_wake_the_loop_each_time(state);
	wanted = 1;
	assert_int_equal(write(ends[0].fds[1], "x", 1), 1);
	loop_run(loop);
	assert_int_equal(ends[0].calls, 51);
}

static void what_waits_can_be_read_now(void **state)
{
	(void)state;
	wanted = 100;
	assert_int_equal(write(ends[0].fds[1], "x", 1), 1);
	loop_read_gathered(loop);
	assert_int_equal(ends[0].calls, 1);
	loop_read_gathered(loop);
	assert_int_equal(ends[0].calls, 1);
}

static void one_that_another_removes_is_not_called_any_more(void **state)
{
	(void)state;
	for (int i = 0; i < PIPES; i++) {
		ends[i].victim = &ends[i ^ 1];
		assert_int_equal(write(ends[i].fds[1], "x", 1), 1);
	}
	wanted = PIPES / 2;
	loop_run(loop);
	for (int i = 0; i < PIPES; i += 2) {
		assert_int_equal(ends[i].calls + ends[i + 1].calls, 1);
	}
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_first_byte_after_quiet_wakes_the_loop),
		TEST(busy_descriptors_do_not_wake_the_loop_each_time),
		TEST(after_a_busy_time_the_loop_is_prompt_again),
		TEST(what_waits_can_be_read_now),
		TEST(one_that_another_removes_is_not_called_any_more),
	};

	return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
