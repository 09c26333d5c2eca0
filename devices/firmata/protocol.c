/* Firmata's frames and channel messages; see protocol.h. Sysex payloads are sysex.c's. */
#include "protocol.h"

#include "sysex.h"

#include <string.h>

enum {
	BEGIN_SYSEX = 0xF0,
	SET_PIN_MODE = 0xF4,
	SET_PIN_VALUE = 0xF5,
	END_SYSEX = 0xF7,
	VERSION = 0xF9,
	RESET = 0xFF,
};

/* Length of a message that begins with `command`, 0 if there is none in this direction. */
static size_t length_of(enum firmata_direction direction, uint8_t command)
{
	bool to_board = direction == FIRMATA_TO_BOARD;

	switch (command & 0xF0) {
	case 0x90:
	case 0xE0:
		return 3;
	case 0xC0:
	case 0xD0:
		return to_board ? 2 : 0;
	case 0xF0:
		break;
	default:
		return 0;
	}
	switch (command) {
	case SET_PIN_MODE:
	case SET_PIN_VALUE:
		return to_board ? 3 : 0;
	case VERSION:
		return to_board ? 1 : 3;
	case RESET:
		return to_board ? 1 : 0;
	default:
		return 0;
	}
}

static void fill_channel(const uint8_t *bytes, size_t length, struct firmata_message *message)
{
	uint8_t first = length > 1 ? bytes[1] : 0, second = length > 2 ? bytes[2] : 0;

	message->channel = bytes[0] & 0x0F;
	message->value = first | (uint64_t)second << 7;
	switch (bytes[0] & 0xF0) {
	case 0x90:
		message->type = FIRMATA_DIGITAL;
		return;
	case 0xE0:
		message->type = FIRMATA_ANALOG;
		return;
	case 0xC0:
		message->type = FIRMATA_REPORT_ANALOG;
		message->on = first;
		return;
	case 0xD0:
		message->type = FIRMATA_REPORT_DIGITAL;
		message->on = first;
		return;
	}
	switch (bytes[0]) {
	case SET_PIN_MODE:
		message->type = FIRMATA_PIN_MODE;
		message->pin = first;
		message->mode = second;
		return;
	case SET_PIN_VALUE:
		message->type = FIRMATA_PIN_VALUE;
		message->pin = first;
		message->on = second;
		return;
	case VERSION:
		message->type = length == 1 ? FIRMATA_VERSION_QUERY : FIRMATA_VERSION;
		message->major = first;
		message->minor = second;
		return;
	default:
		message->type = FIRMATA_RESET;
	}
}

static enum err decode_sysex(enum firmata_direction direction, const uint8_t *bytes, size_t count,
	size_t *used, struct firmata_message *message)
{
	size_t most = count < FIRMATA_FRAME_MAX ? count : FIRMATA_FRAME_MAX;
	size_t end = 1;

	while (end < most && bytes[end] < 0x80) {
		end++;
	}
	if (end == most) {
		*used = most == FIRMATA_FRAME_MAX ? most : 0;
		return *used ? ERR_PROTOCOL : ERR_NONE;
	}
	if (bytes[end] != END_SYSEX) {
		*used = end; /* a command inside: the sysex was torn */
		return ERR_PROTOCOL;
	}
	*used = end + 1;
	if (end == 1) {
		return ERR_PROTOCOL;
	}
	if (!sysex_decode(direction, bytes + 1, end - 1, message)) {
		message->type = FIRMATA_SYSEX;
		message->id = bytes[1];
		message->count = (uint16_t)(end - 2);
		memcpy(message->data, bytes + 2, end - 2);
	}
	return ERR_NONE;
}

enum err firmata_decode(enum firmata_direction direction, const uint8_t *bytes, size_t count,
	size_t *used, struct firmata_message *message)
{
	*used = 0;
	if (count == 0) {
		return ERR_NONE;
	}
	if (bytes[0] == BEGIN_SYSEX) {
		return decode_sysex(direction, bytes, count, used, message);
	}
	size_t length = length_of(direction, bytes[0]);

	if (length == 0) {
		*used = 1;
		return ERR_PROTOCOL;
	}
	for (size_t i = 1; i < length; i++) {
		if (i == count) {
			return ERR_NONE;
		}
		if (bytes[i] >= 0x80) {
			*used = i;
			return ERR_PROTOCOL;
		}
	}
	*used = length;
	fill_channel(bytes, length, message);
	return ERR_NONE;
}

/* ---- encoding ---- */

static size_t encode_sysex(enum firmata_direction direction, const struct firmata_message *message,
	uint8_t *out, size_t room)
{
	if (room < 3) {
		return 0;
	}
	size_t count = sysex_encode(direction, message, out + 1, room - 2);

	if (count == 0 || count + 2 > FIRMATA_FRAME_MAX) {
		return 0;
	}
	out[0] = BEGIN_SYSEX;
	out[count + 1] = END_SYSEX;
	return count + 2;
}

/* One command and its data bytes, if they are in range. */
static size_t put(
	uint8_t *out, size_t room, size_t length, unsigned command, unsigned first, unsigned second)
{
	if (length == 0 || room < length || command > 0xFF || first > 0x7F || second > 0x7F) {
		return 0;
	}
	out[0] = (uint8_t)command;
	if (length > 1) {
		out[1] = (uint8_t)first;
	}
	if (length > 2) {
		out[2] = (uint8_t)second;
	}
	return length;
}

/* A channel over 15 would be another command. */
static unsigned channel_of(const struct firmata_message *m)
{
	return m->channel < 16 ? m->channel : 0x100;
}

static size_t put_value(unsigned command, const struct firmata_message *m, uint8_t *out,
	size_t room)
{
	unsigned low = (unsigned)m->value & 0x7F;
	unsigned high = m->value < 1 << 14 ? (unsigned)(m->value >> 7) : 0xFF;

	return put(out, room, 3, command + channel_of(m), low, high);
}

size_t firmata_encode(enum firmata_direction direction, const struct firmata_message *m,
	uint8_t *out, size_t room)
{
	bool to_board = direction == FIRMATA_TO_BOARD;

	if (m->type == FIRMATA_ANALOG) {
		return put_value(0xE0, m, out, room);
	}
	if (m->type == FIRMATA_DIGITAL) {
		return put_value(0x90, m, out, room);
	}
	if (m->type == FIRMATA_VERSION) {
		return put(out, room, to_board ? 0 : 3, VERSION, m->major, m->minor);
	}
	if (m->type >= FIRMATA_SYSEX) {
		return encode_sysex(direction, m, out, room);
	}
	if (!to_board) {
		return 0;
	}
	if (m->type == FIRMATA_REPORT_ANALOG) {
		return put(out, room, 2, 0xC0 + channel_of(m), m->on, 0);
	}
	if (m->type == FIRMATA_REPORT_DIGITAL) {
		return put(out, room, 2, 0xD0 + channel_of(m), m->on, 0);
	}
	if (m->type == FIRMATA_PIN_MODE) {
		return put(out, room, 3, SET_PIN_MODE, m->pin, m->mode);
	}
	if (m->type == FIRMATA_PIN_VALUE) {
		return put(out, room, 3, SET_PIN_VALUE, m->pin, m->on);
	}
	return put(out, room, 1, m->type == FIRMATA_RESET ? RESET : VERSION, 0, 0);
}

/* ---- streams ---- */

/* Moves bytes into the parser until its frame may have ended. False: none are left. */
static bool gather(struct firmata_parser *parser, const uint8_t **bytes, size_t *count)
{
	bool in_sysex = parser->bytes[0] == BEGIN_SYSEX;

	while (*count > 0 && parser->count < FIRMATA_FRAME_MAX) {
		uint8_t byte = **bytes;

		parser->bytes[parser->count++] = byte;
		++*bytes;
		--*count;
		if (!in_sysex || byte >= 0x80) {
			return true;
		}
	}
	return parser->count == FIRMATA_FRAME_MAX;
}

enum firmata_answer firmata_next(struct firmata_parser *parser, enum firmata_direction direction,
	const uint8_t **bytes, size_t *count, struct firmata_message *message)
{
	size_t used;
	enum err err;

	if (parser->count == 0) {
		err = firmata_decode(direction, *bytes, *count, &used, message);
		if (used == 0) {
			memcpy(parser->bytes, *bytes, *count);
			parser->count = *count;
			used = *count;
			*bytes += used;
			*count -= used;
			return FIRMATA_MORE;
		}
		*bytes += used;
		*count -= used;
		return err ? FIRMATA_GARBAGE : FIRMATA_FRAME;
	}
	do {
		err = firmata_decode(direction, parser->bytes, parser->count, &used, message);
		if (used > 0) {
			parser->count -= used;
			memmove(parser->bytes, parser->bytes + used, parser->count);
			return err ? FIRMATA_GARBAGE : FIRMATA_FRAME;
		}
	} while (gather(parser, bytes, count));
	return FIRMATA_MORE;
}
