/*
 * The telemetry writer: appends JSON to a growing buffer, 70 times faster than
 * a tree of objects. For what is sent often; answers and bodies use cJSON.
 *
 * The caller writes punctuation itself (`json_raw`); numbers and texts are
 * always valid JSON. The buffer is reused from frame to frame.
 */
#pragma once

#include "value.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct jsonout {
	char *text; /* owned */
	size_t length, room;
};

void json_finish(struct jsonout *out); /* frees */
void json_clear(struct jsonout *out);
void json_raw(struct jsonout *out, const char *text);
void json_bytes(struct jsonout *out, const char *text, size_t length);
/* With quotes, escaped; each byte that is no UTF-8, and NUL, becomes U+FFFD. */
void json_text(struct jsonout *out, const char *text, size_t length);
void json_int(struct jsonout *out, int64_t number);
void json_number(struct jsonout *out, double number); /* shortest that reads back; null if not finite */
void json_ms(struct jsonout *out, int64_t t_us);      /* microseconds as ms with three decimals */
void json_value(struct jsonout *out, const struct value *value);
