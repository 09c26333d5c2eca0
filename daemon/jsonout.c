/*
 * The telemetry writer; see jsonout.h.
 *
 * Numbers: an integer or a short decimal (most readings) is printed by hand;
 * the rest by the shortest %.g that reads back.
 */
#include "jsonout.h"

#include "xalloc.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *reserve(struct jsonout *out, size_t more)
{
	if (!out->text || out->length + more > out->room) {
		out->room = (out->length + more) * 2 + 256;
		out->text = xrealloc(out->text, out->room);
	}
	return out->text + out->length;
}

void json_finish(struct jsonout *out)
{
	free(out->text);
	*out = (struct jsonout){0};
}

void json_clear(struct jsonout *out)
{
	out->length = 0;
}

void json_bytes(struct jsonout *out, const char *text, size_t length)
{
	memcpy(reserve(out, length), text, length);
	out->length += length;
}

void json_raw(struct jsonout *out, const char *text)
{
	json_bytes(out, text, strlen(text));
}

/* The character at text[0], of `length` bytes, in JSON; 0: it is no UTF-8. */
static char *put_character(char *at, const char *text, size_t length)
{
	static const char hex[] = "0123456789abcdef";
	unsigned char c = (unsigned char)text[0];

	if (length == 0) {
		memcpy(at, "\xEF\xBF\xBD", 3);
		return at + 3;
	}
	if (c < 0x20 || c == 0x7F) {
		memcpy(at, "\\u00", 4);
		at[4] = hex[c >> 4];
		at[5] = hex[c & 15];
		return at + 6;
	}
	if (c == '"' || c == '\\') {
		*at++ = '\\';
	}
	memcpy(at, text, length);
	return at + length;
}

void json_text(struct jsonout *out, const char *text, size_t length)
{
	/* A byte becomes six at the most. */
	char *at = reserve(out, length * 6 + 2);
	char *begin = at;

	*at++ = '"';
	for (size_t i = 0, bytes; i < length; i += bytes ? bytes : 1) {
		bytes = utf8_character(text + i, length - i);
		at = put_character(at, text + i, bytes);
	}
	*at++ = '"';
	out->length += (size_t)(at - begin);
}

static char *put_unsigned(char *at, uint64_t number)
{
	char digits[20];
	int count = 0;

	do {
		digits[count++] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	while (count) {
		*at++ = digits[--count];
	}
	return at;
}

/* `number` with its last `decimals` digits behind the point. */
static char *put_fixed(char *at, int64_t number, int decimals, int64_t power)
{
	if (number < 0) {
		*at++ = '-';
		number = -number;
	}
	at = put_unsigned(at, (uint64_t)(number / power));
	if (decimals > 0) {
		int64_t rest = number % power;

		*at++ = '.';
		for (int i = decimals - 1; i >= 0; i--) {
			at[i] = (char)('0' + rest % 10);
			rest /= 10;
		}
		at += decimals;
	}
	return at;
}

void json_int(struct jsonout *out, int64_t number)
{
	char *begin = reserve(out, 24);

	out->length += (size_t)(put_fixed(begin, number, 0, 1) - begin);
}

void json_ms(struct jsonout *out, int64_t t_us)
{
	char *begin = reserve(out, 28);

	out->length += (size_t)(put_fixed(begin, t_us, 3, 1000) - begin);
}

void json_number(struct jsonout *out, double number)
{
	char *begin = reserve(out, 40);
	double scaled = number;
	int64_t power = 1;

	if (!isfinite(number)) {
		json_raw(out, "null");
		return;
	}
	for (int decimals = 0; decimals <= 6 && fabs(scaled) < 1e12; decimals++) {
		double whole = nearbyint(scaled);

		if (whole / (double)power == number) {
			out->length += (size_t)(put_fixed(begin, (int64_t)whole, decimals, power) -
				begin);
			return;
		}
		power *= 10;
		scaled = number * (double)power;
	}
	for (int digits = 15; digits <= 17; digits++) {
		int length = snprintf(begin, 40, "%.*g", digits, number);

		if (digits == 17 || strtod(begin, NULL) == number) {
			out->length += (size_t)length;
			return;
		}
	}
}

void json_value(struct jsonout *out, const struct value *value)
{
	switch (value->type) {
	case VALUE_NULL:
		json_raw(out, "null");
		return;
	case VALUE_BOOL:
		json_raw(out, value->boolean ? "true" : "false");
		return;
	case VALUE_INT:
		json_int(out, value->integer);
		return;
	case VALUE_NUMBER:
		json_number(out, value->number);
		return;
	case VALUE_TEXT:
		json_text(out, value->text, value->count);
		return;
	case VALUE_VECTOR:
		json_raw(out, "[");
		for (uint32_t i = 0; i < value->count; i++) {
			json_raw(out, i ? "," : "");
			json_number(out, value->vector[i]);
		}
		json_raw(out, "]");
		return;
	}
}
