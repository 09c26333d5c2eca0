/* Values; see value.h. */
#include "value.h"

#include "xalloc.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct value value_null(void)
{
	return (struct value){.type = VALUE_NULL};
}

struct value value_bool(bool boolean)
{
	return (struct value){.type = VALUE_BOOL, .boolean = boolean};
}

struct value value_int(int64_t integer)
{
	return (struct value){.type = VALUE_INT, .integer = integer};
}

struct value value_number(double number)
{
	if (!isfinite(number)) {
		return value_null();
	}
	/* Minus zero would read as another value than zero. */
	return (struct value){.type = VALUE_NUMBER, .number = number == 0 ? 0 : number};
}

struct value value_text(const char *text, size_t bytes)
{
	return (struct value){.type = VALUE_TEXT, .count = (uint32_t)bytes, .text = text};
}

struct value value_vector(const double *vector, size_t count)
{
	return (struct value){.type = VALUE_VECTOR, .count = (uint32_t)count, .vector = vector};
}

bool value_equal(const struct value *a, const struct value *b)
{
	if (a->type != b->type) {
		return false;
	}
	switch (a->type) {
	case VALUE_NULL:
		return true;
	case VALUE_BOOL:
		return a->boolean == b->boolean;
	case VALUE_INT:
		return a->integer == b->integer;
	case VALUE_NUMBER:
		return a->number == b->number;
	case VALUE_TEXT:
		return a->count == b->count && memcmp(a->text, b->text, a->count) == 0;
	case VALUE_VECTOR:
		return a->count == b->count &&
			memcmp(a->vector, b->vector, a->count * sizeof(double)) == 0;
	}
	return false;
}

struct value value_copy(const struct value *value)
{
	struct value copy = *value;

	if (value->type == VALUE_TEXT) {
		char *text = xcalloc(1, value->count + 1);

		memcpy(text, value->text, value->count);
		copy.text = text;
	} else if (value->type == VALUE_VECTOR) {
		double *vector = xcalloc(value->count, sizeof(double));

		memcpy(vector, value->vector, value->count * sizeof(double));
		copy.vector = vector;
	}
	return copy;
}

void value_release(struct value *copied)
{
	if (copied->type == VALUE_TEXT) {
		free((void *)(uintptr_t)copied->text);
	} else if (copied->type == VALUE_VECTOR) {
		free((void *)(uintptr_t)copied->vector);
	}
	*copied = value_null();
}

const char *value_type_name(enum value_type type)
{
	static const char *const names[] = {"null", "bool", "integer", "number", "text", "vector"};

	return names[type];
}

bool value_as(const struct value *value, enum value_type type, struct value *out)
{
	if (value->type == type) {
		*out = *value;
		return true;
	}
	bool is_integer = value->type == VALUE_INT;
	bool is_number = value->type == VALUE_NUMBER;
	double number = is_integer ? (double)value->integer : is_number ? value->number : NAN;

	if (type == VALUE_BOOL && (number == 0 || number == 1)) {
		*out = value_bool(number == 1);
		return true;
	}
	if (type == VALUE_NUMBER && is_integer) {
		*out = value_number(number);
		return true;
	}
	if (type == VALUE_INT && is_number && number == floor(number) &&
		fabs(number) < (double)VALUE_INT_LIMIT) {
		*out = value_int((int64_t)number);
		return true;
	}
	return false;
}

size_t utf8_character(const char *text, size_t left)
{
	const unsigned char *s = (const unsigned char *)text;

	if (s[0] == 0) {
		return 0;
	}
	if (s[0] < 0x80) {
		return 1;
	}
	size_t length = s[0] >= 0xF0 ? 4 : s[0] >= 0xE0 ? 3 : 2;
	unsigned low = 0x80, high = 0xBF; /* of the second byte: no overlong, no surrogate */

	if (s[0] < 0xC2 || s[0] > 0xF4 || left < length) {
		return 0;
	}
	if (s[0] == 0xE0) {
		low = 0xA0;
	} else if (s[0] == 0xED) {
		high = 0x9F;
	} else if (s[0] == 0xF0) {
		low = 0x90;
	} else if (s[0] == 0xF4) {
		high = 0x8F;
	}
	if (s[1] < low || s[1] > high) {
		return 0;
	}
	for (size_t i = 2; i < length; i++) {
		if ((s[i] & 0xC0) != 0x80) {
			return 0;
		}
	}
	return length;
}

bool utf8_is_valid(const char *text, size_t bytes)
{
	while (bytes > 0) {
		size_t length = utf8_character(text, bytes);

		if (length == 0) {
			return false;
		}
		text += length;
		bytes -= length;
	}
	return true;
}
