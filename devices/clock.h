/*
 * The lab clock. Nothing else in Kitlab reads time; functions that need it get
 * `now_us` passed in, so that tests own it.
 */
#pragma once

#include <stdint.h>

/* CLOCK_MONOTONIC in microseconds. */
int64_t clock_now_us(void);

/* UTC in milliseconds since 1970: for people's eyes, never for a deadline. */
int64_t clock_utc_ms(void);
