/* The lab clock; see clock.h. */
#include "clock.h"

#include <stdio.h>
#include <time.h>

int64_t clock_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_utc_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void clock_utc_text(int64_t utc_ms, char text[CLOCK_UTC_TEXT])
{
	time_t seconds = (time_t)(utc_ms / 1000);
	struct tm tm;

	gmtime_r(&seconds, &tm);
	size_t used = strftime(text, CLOCK_UTC_TEXT, "%Y-%m-%dT%H:%M:%S", &tm);

	snprintf(text + used, CLOCK_UTC_TEXT - used, ".%03dZ", (int)(utc_ms % 1000));
}

int64_t clock_cpu_us(pid_t pid)
{
	struct timespec used;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &used)) {
		return -1;
	}
	return (int64_t)used.tv_sec * 1000000 + used.tv_nsec / 1000;
}
