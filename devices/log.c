/* The log: escaped, counted lines on standard error; see log.h. */
#include "log.h"

#include "clock.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 1024, REPEAT_SAID_US = 10 * 1000000 };

static const char *const words[] = {"error", "warn", "info", "debug"};

/* One log a process, as there is one standard error. */
static struct {
	enum log_level level;
	char last[LINE_MAX_BYTES];
	unsigned repeats;
	int64_t said_us;
} state = {.level = LOG_INFO};

void log_set_level(enum log_level level)
{
	state.level = level;
}

enum log_level log_get_level(void)
{
	return state.level;
}

/* Control characters (C0, DEL, C1 as UTF-8) become \xNN. */
static void escape(const char *text, char *out, size_t room)
{
	size_t used = 0;

	for (const unsigned char *c = (const unsigned char *)text; *c && used + 5 < room; c++) {
		bool is_c1 = c[0] == 0xC2 && c[1] >= 0x80 && c[1] < 0xA0;

		if (*c < 0x20 || *c == 0x7F || is_c1) {
			used += (size_t)snprintf(out + used, room - used, "\\x%02x", is_c1 ? *++c : *c);
		} else {
			out[used++] = (char)*c;
		}
	}
	out[used] = '\0';
}

static void put(const char *line)
{
	char text[LINE_MAX_BYTES + 64];
	struct tm tm;
	int64_t utc_ms = clock_utc_ms();
	time_t seconds = (time_t)(utc_ms / 1000);

	gmtime_r(&seconds, &tm);
	size_t used = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	int more = snprintf(text + used, sizeof(text) - used, ".%03dZ %s\n", (int)(utc_ms % 1000),
		line);
	size_t length = used + (size_t)more;

	if (length >= sizeof(text)) {
		length = sizeof(text) - 1;
		text[length - 1] = '\n';
	}
	/* A log that cannot be written must not stop a lesson. */
	ssize_t ignored = write(STDERR_FILENO, text, length);
	(void)ignored;
}

static void put_repeats(int64_t now_us)
{
	char line[96];

	snprintf(line, sizeof(line), "info: the line above came %u more times", state.repeats);
	put(line);
	state.repeats = 0;
	state.said_us = now_us;
}

static void say(enum log_level level, const char *format, va_list args)
{
	char raw[LINE_MAX_BYTES - 64], escaped[LINE_MAX_BYTES - 32], line[LINE_MAX_BYTES];
	int64_t now_us = clock_now_us();

	vsnprintf(raw, sizeof(raw), format, args);
	escape(raw, escaped, sizeof(escaped));
	snprintf(line, sizeof(line), "%s: %s", words[level], escaped);
	if (strcmp(line, state.last) == 0) {
		state.repeats++;
		if (now_us - state.said_us > REPEAT_SAID_US) {
			put_repeats(now_us);
		}
		return;
	}
	if (state.repeats) {
		put_repeats(now_us);
	}
	put(line);
	memcpy(state.last, line, sizeof(line));
	state.said_us = now_us;
}

#define LOG_FUNCTION(name, its_level)                                                              \
	void name(const char *format, ...)                                                         \
	{                                                                                          \
		if (state.level >= (its_level)) {                                                  \
			va_list args;                                                              \
                                                                                                   \
			va_start(args, format);                                                    \
			say(its_level, format, args);                                              \
			va_end(args);                                                              \
		}                                                                                  \
	}

LOG_FUNCTION(log_error, LOG_ERROR)
LOG_FUNCTION(log_warn, LOG_WARN)
LOG_FUNCTION(log_info, LOG_INFO)
LOG_FUNCTION(log_debug, LOG_DEBUG)
