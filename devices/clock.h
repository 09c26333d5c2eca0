/*
 * The lab clock. Nothing else in Kitlab reads time; functions that need it get
 * `now_us` passed in, so that tests own it.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

/* CLOCK_MONOTONIC in microseconds. */
int64_t clock_now_us(void);

/* UTC in milliseconds since 1970: for people's eyes, never for a deadline. */
int64_t clock_utc_ms(void);

/* "2026-11-22T10:00:00.123Z" */
enum { CLOCK_UTC_TEXT = 25 };
void clock_utc_text(int64_t utc_ms, char text[CLOCK_UTC_TEXT]);

/* The computing time that another process has used, in microseconds; -1 when it is gone. */
int64_t clock_cpu_us(pid_t pid);
