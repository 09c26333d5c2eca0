/* Firmata's codec under test: frames as hex, decoded and encoded again. */
#pragma once

#include "hex.h"

#include "firmata/protocol.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const enum firmata_direction TO_BOARD = FIRMATA_TO_BOARD, TO_HOST = FIRMATA_TO_HOST;

static struct firmata_message message;

static inline void to_hex(const uint8_t *bytes, size_t count, char *hex)
{
	hex[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
	}
}

/* Decodes one frame into `message`, and checks that it encodes to the same bytes. */
static inline const struct firmata_message *decoded(
	enum firmata_direction direction, const char *hex)
{
	uint8_t bytes[256], again[256];
	char text[513], wanted[513];
	size_t count = from_hex(hex, bytes), used = 0;

	memset(&message, 0xA5, offsetof(struct firmata_message, value));
	assert_int_equal(firmata_decode(direction, bytes, count, &used, &message), ERR_NONE);
	assert_int_equal(used, count);
	to_hex(again, firmata_encode(direction, &message, again, 256), text);
	to_hex(bytes, count, wanted);
	assert_string_equal(text, wanted);
	return &message;
}

static inline void assert_data(const struct firmata_message *m, const char *hex)
{
	uint8_t bytes[256];
	size_t count = from_hex(hex, bytes);

	assert_int_equal(m->count, count);
	assert_memory_equal(m->data, bytes, count);
}
