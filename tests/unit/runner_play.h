/*
 * Plays scripts with the real kitlab-runner and a scripted daemon, for the tests
 * of the runner.
 */
#pragma once

#include "fake_daemon.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct fake fake;

/* A kit is `bench` in the scripts that begin with it. */
#define KIT "local kit = require 'kit' local bench = kit.open() "

/* Runs a script that shall finish well and print this. */
static inline void prints(const char *source, const char *expected)
{
	memset(&fake, 0, sizeof(fake));
	fake.light = 0.25;
	fake_run(&fake, source);
	assert_string_equal(fake.message[0], "");
	assert_string_equal(fake.out, expected);
	assert_true(fake.has_ended && fake.is_ready);
	assert_string_equal(fake.code, "");
}

/* As above, with somebody who sends events. */
static inline void plays(const char *source, void (*idle)(struct fake *fake), const char *expected)
{
	memset(&fake, 0, sizeof(fake));
	fake.idle = idle;
	fake_run(&fake, source);
	assert_string_equal(fake.message[0], "");
	assert_string_equal(fake.out, expected);
	assert_true(fake.has_ended);
}

/* A script that shall fail at this line with a message that has this in it. */
static inline void fails(const char *source, int line, const char *message)
{
	memset(&fake, 0, sizeof(fake));
	fake_run(&fake, source);
	assert_true(fake.has_ended);
	assert_string_not_equal(fake.code, "");
	assert_int_equal(fake.line, line);
	if (!strstr(fake.message[FAKE_EN], message)) {
		assert_string_equal(fake.message[FAKE_EN], message);
	}
}

static inline void ping_once(struct fake *from)
{
	if (from->idles == 1) {
		fake_ping(from);
	}
}
