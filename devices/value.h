/*
 * A value: what a kit measures, is told, or tells.
 *
 * Small and copied by assignment. Text and vectors are borrowed for the call
 * (whoever keeps one copies it; a kit keeps its newest values in storage of its
 * own), so that the hot path touches no heap.
 */
#pragma once

#include "err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum value_type {
	VALUE_NULL, /* not known yet */
	VALUE_BOOL,
	VALUE_INT,    /* |x| < 2^53 */
	VALUE_NUMBER, /* always finite */
	VALUE_TEXT,   /* UTF-8, at most VALUE_TEXT_MAX bytes, no NUL inside */
	VALUE_VECTOR, /* at most VALUE_VECTOR_MAX finite numbers */
};

enum { VALUE_TEXT_MAX = 1024, VALUE_VECTOR_MAX = 64 };

#define VALUE_INT_LIMIT (INT64_C(1) << 53)

struct value {
	enum value_type type;
	uint32_t count; /* VALUE_VECTOR: numbers; VALUE_TEXT: bytes */
	union {
		bool boolean;
		int64_t integer;
		double number;
		const char *text;     /* borrowed, NUL-terminated */
		const double *vector; /* borrowed */
	};
};

struct value value_null(void);
struct value value_bool(bool boolean);
struct value value_int(int64_t integer);
struct value value_number(double number); /* NaN and infinity become null */
struct value value_text(const char *text, size_t bytes);
struct value value_vector(const double *vector, size_t count);

bool value_equal(const struct value *a, const struct value *b);

/* A copy that owns its text or vector (one heap block), and its end. */
struct value value_copy(const struct value *value);
void value_release(struct value *copied);

/* "bool", "integer", "number", "text", "vector", "null": API.md's words. */
const char *value_type_name(enum value_type type);

/*
 * Reads a value as another type where nothing is lost: 0 and 1 as bool, an
 * integer as number, a whole number as integer. False: not possible.
 */
bool value_as(const struct value *value, enum value_type type, struct value *out);

/* Bytes of the UTF-8 character at `text`, of which `left` > 0 bytes are there; 0: none, or NUL. */
size_t utf8_character(const char *text, size_t left);
/* Is it valid UTF-8 without NUL? (RFC 3629, no surrogates.) */
bool utf8_is_valid(const char *text, size_t bytes);
