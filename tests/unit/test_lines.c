/* Lines over a socket pair: whole, cut and joined; ends; what is too much. */
#include "clock.h"
#include "lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATIENCE_US = 10000000 };

static struct loop *loop;
static struct loop_timer *look;
static bool (*condition)(void);
static int64_t give_up_us;
static bool is_met;

static struct {
	struct lines *lines;
	int peer;
	int count, ended;
	size_t longest;
	char last[64];
	bool destroy_at_line, destroy_at_end;
} end;

static void on_look(void *data)
{
	(void)data;
	is_met = condition();
	if (is_met || clock_now_us() > give_up_us) {
		loop_stop(loop);
	}
}

static bool comes(bool (*what)(void))
{
	condition = what;
	give_up_us = clock_now_us() + PATIENCE_US;
	loop_timer_start(look, 0, 1000);
	loop_run(loop);
	loop_timer_stop(look);
	return is_met;
}

static void destroy(void)
{
	lines_destroy(end.lines);
	end.lines = NULL;
}

static void on_line(void *data, const char *line)
{
	(void)data;
	end.count++;
	snprintf(end.last, sizeof(end.last), "%s", line);
	if (strlen(line) > end.longest) {
		end.longest = strlen(line);
	}
	if (end.destroy_at_line) {
		destroy();
	}
}

static void on_ended(void *data)
{
	(void)data;
	end.ended++;
	if (end.destroy_at_end) {
		destroy();
	}
}

static const struct lines_events events = {.line = on_line, .ended = on_ended};

static int set_up(void **state)
{
	int pair[2];

	(void)state;
	memset(&end, 0, sizeof(end));
	loop = loop_create();
	look = loop_timer_add(loop, on_look, NULL);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	end.peer = pair[1];
	end.lines = lines_create(loop, pair[0], &events, NULL);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	destroy();
	close(end.peer);
	loop_timer_remove(look);
	loop_destroy(loop);
	return 0;
}

static void say(const char *text)
{
	assert_int_equal(write(end.peer, text, strlen(text)), strlen(text));
}

static bool has_three(void)
{
	return end.count == 3;
}

static bool has_one(void)
{
	return end.count == 1;
}

static bool has_ended(void)
{
	return end.ended > 0;
}

static void lines_come_whole_however_they_are_cut(void **state)
{
	(void)state;
	say("one\ntw");
	assert_true(comes(has_one));
	assert_string_equal(end.last, "one");
	say("o\n\nfour");
	assert_true(comes(has_three));
	assert_string_equal(end.last, "");
	say("\n");
	lines_read(end.lines); /* by hand, too */
	assert_string_equal(end.last, "four");
}

static void the_end_is_told_once_and_nothing_is_sent_after_it(void **state)
{
	(void)state;
	shutdown(end.peer, SHUT_WR);
	assert_true(comes(has_ended));
	lines_send(end.lines, "too late");
	lines_read(end.lines);
	assert_int_equal(end.ended, 1);
	assert_int_equal(read(end.peer, end.last, sizeof(end.last)), -1);
}

static void a_line_that_is_too_long_ends_the_connection(void **state)
{
	char *text = calloc(1, LINES_BYTES_MAX + 2);
	size_t sent = 0;

	(void)state;
	memset(text, 'x', LINES_BYTES_MAX + 1);
	while (sent <= LINES_BYTES_MAX && end.ended == 0) {
		ssize_t wrote = write(end.peer, text + sent, LINES_BYTES_MAX + 1 - sent);

		if (wrote > 0) {
			sent += (size_t)wrote;
		}
		lines_read(end.lines);
	}
	assert_true(comes(has_ended));
	assert_int_equal(end.count, 0);
	free(text);
}

static char drained[256 * 1024];
static size_t drained_count;
static bool is_drained(void)
{
	ssize_t got = read(end.peer, drained, sizeof(drained));

	drained_count += got > 0 ? (size_t)got : 0;
	return drained_count == 1000 * 1001;
}

static void a_slow_reader_gets_everything_and_one_that_never_reads_is_dropped(void **state)
{
	char line[1001] = "";

	(void)state;
	memset(line, 'y', 1000);
	drained_count = 0;
	for (int i = 0; i < 1000; i++) {
		lines_send(end.lines, line);
	}
	assert_true(comes(is_drained));
	for (int i = 0; i < 2 * LINES_QUEUE_MAX / 1001; i++) {
		lines_send(end.lines, line);
	}
	assert_true(comes(has_ended));
}

static bool is_destroyed(void)
{
	return end.lines == NULL;
}

static void it_may_be_destroyed_in_each_of_its_callbacks(void **state)
{
	(void)state;
	end.destroy_at_line = true;
	say("one\ntwo\n");
	assert_true(comes(is_destroyed));
	assert_int_equal(end.count, 1);
	assert_int_equal(end.ended, 0);
	tear_down(state);
	set_up(state);
	end.destroy_at_end = true;
	shutdown(end.peer, SHUT_WR);
	assert_true(comes(is_destroyed));
	assert_int_equal(end.ended, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lines_come_whole_however_they_are_cut),
		TEST(the_end_is_told_once_and_nothing_is_sent_after_it),
		TEST(a_line_that_is_too_long_ends_the_connection),
		TEST(a_slow_reader_gets_everything_and_one_that_never_reads_is_dropped),
		TEST(it_may_be_destroyed_in_each_of_its_callbacks),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("lines", tests, NULL, NULL);
}
