/* What the service manager hears, and that a stalled loop is silent (FAULTS 33). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "clock.h"
#include "watchdog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct loop *loop;
static int manager;
static char heard[4096];

static void listen_as(const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t length = strlen(name);

	memcpy(address.sun_path, name, length);
	if (name[0] == '@') {
		address.sun_path[0] = '\0';
	}
	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(manager, (struct sockaddr *)&address,
				 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)),
		0);
	setenv("NOTIFY_SOCKET", name, 1);
}

/* What has come since the last look, with a space behind each. */
static const char *hear(void)
{
	char text[128];
	ssize_t count;

	heard[0] = '\0';
	while ((count = recv(manager, text, sizeof(text) - 1, 0)) > 0) {
		text[count] = '\0';
		strncat(heard, text, sizeof(heard) - strlen(heard) - 2);
		strncat(heard, " ", 2);
	}
	return heard;
}

static void stop_loop(void *data)
{
	(void)data;
	loop_stop(loop);
}

static void turn_ms(int ms)
{
	struct loop_timer *timer = loop_timer_add(loop, stop_loop, NULL);

	loop_timer_start(timer, (int64_t)ms * 1000, 0);
	loop_run(loop);
	loop_timer_remove(timer);
}

static int setup(void **state)
{
	static int number;
	char name[64];

	(void)state;
	loop = loop_create();
	snprintf(name, sizeof(name), "@kitlab-watchdog-%d-%d", (int)getpid(), number++);
	listen_as(name);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	close(manager);
	loop_destroy(loop);
	return 0;
}

static void fault_33_only_a_loop_that_turns_is_heard(void **state)
{
	(void)state;
	setenv("WATCHDOG_USEC", "80000", 1);
	struct watchdog *watchdog = watchdog_create(loop);

	assert_string_equal(hear(), "");
	turn_ms(200);
	assert_non_null(strstr(hear(), "WATCHDOG=1 WATCHDOG=1 "));
	/* A stall: time goes by, the loop does not turn. */
	for (int64_t end_us = clock_now_us() + 200 * 1000; clock_now_us() < end_us;) {
	}
	assert_string_equal(hear(), "");
	turn_ms(50);
	assert_non_null(strstr(hear(), "WATCHDOG=1"));
	watchdog_destroy(watchdog);
}

static void readiness_and_the_end_are_said(void **state)
{
	(void)state;
	unsetenv("WATCHDOG_USEC");
	struct watchdog *watchdog = watchdog_create(loop);

	watchdog_ready(watchdog);
	assert_string_equal(hear(), "READY=1 ");
	watchdog_ending(watchdog);
	assert_string_equal(hear(), "STOPPING=1 ");
	turn_ms(50);
	assert_string_equal(hear(), "");
	assert_null(getenv("NOTIFY_SOCKET"));
	watchdog_destroy(watchdog);
}

static void without_a_manager_or_with_an_odd_one_nothing_is_said(void **state)
{
	static const char *const names[] = {NULL, "", "/", "relative", "@"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i]) {
			setenv("NOTIFY_SOCKET", names[i], 1);
		} else {
			unsetenv("NOTIFY_SOCKET");
		}
		setenv("WATCHDOG_USEC", "1000", 1);
		struct watchdog *watchdog = watchdog_create(loop);

		watchdog_ready(watchdog);
		turn_ms(10);
		assert_string_equal(hear(), "");
		watchdog_destroy(watchdog);
	}
	setenv("NOTIFY_SOCKET", "/nowhere/at/all", 1);
	struct watchdog *watchdog = watchdog_create(loop);

	watchdog_ready(watchdog);
	watchdog_destroy(watchdog);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(fault_33_only_a_loop_that_turns_is_heard),
		TEST(readiness_and_the_end_are_said),
		TEST(without_a_manager_or_with_an_odd_one_nothing_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
