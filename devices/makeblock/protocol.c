/* Makeblock's frames; see protocol.h. */
#include "protocol.h"

#include <string.h>

static const char banner[] = "Version: ";

enum { BANNER_BYTES = sizeof(banner) - 1, HEAD = 0xFF, MARK = 0x55 };

static enum err need_more(size_t *used)
{
	*used = 0;
	return ERR_NONE;
}

/* One byte at a time: a frame may begin at the next. */
static enum err drop(size_t *used)
{
	*used = 1;
	return ERR_PROTOCOL;
}

/* CR LF ends the frame at `at`. *used is 0 while they have not come. */
static enum err decode_end(const uint8_t *bytes, size_t count, size_t at, size_t *used)
{
	for (size_t i = at; i < at + 2; i++) {
		if (i >= count) {
			return need_more(used);
		}
		if (bytes[i] != "\r\n"[i - at]) {
			return drop(used);
		}
	}
	*used = at + 2;
	return ERR_NONE;
}

static enum err decode_banner(
	const uint8_t *bytes, size_t count, size_t *used, struct makeblock_message *message)
{
	size_t same = count < BANNER_BYTES ? count : BANNER_BYTES, end = BANNER_BYTES;

	if (memcmp(bytes, banner, same) != 0) {
		return drop(used);
	}
	while (end < count && bytes[end] > ' ' && bytes[end] < 0x7F) {
		end++;
	}
	size_t length = end - BANNER_BYTES;

	if (length > MAKEBLOCK_VERSION_MAX || (length == 0 && end < count)) {
		return drop(used);
	}
	message->type = MAKEBLOCK_BANNER;
	message->count = (uint8_t)length;
	memcpy(message->data, bytes + BANNER_BYTES, length);
	return decode_end(bytes, count, end, used);
}

/* `bytes` begins with FF 55 and has at least 3. */
static enum err decode_command(
	const uint8_t *bytes, size_t count, size_t *used, struct makeblock_message *message)
{
	size_t length = bytes[2];

	if (length < 2 || length > MAKEBLOCK_LENGTH_MAX) {
		return drop(used);
	}
	if (count < 3 + length) {
		return need_more(used);
	}
	message->type = MAKEBLOCK_COMMAND;
	message->index = bytes[3];
	message->action = bytes[4];
	message->count = (uint8_t)(length - 2);
	memcpy(message->data, bytes + 5, length - 2);
	*used = 3 + length;
	return ERR_NONE;
}

/* Bytes of a value on the wire without its type; a text's come after its length byte. */
static size_t value_bytes(enum makeblock_value value)
{
	switch (value) {
	case MAKEBLOCK_BYTE:
		return 1;
	case MAKEBLOCK_FLOAT:
	case MAKEBLOCK_SHORT:
		return 4;
	case MAKEBLOCK_DOUBLE:
		return 8;
	case MAKEBLOCK_NOTHING:
	case MAKEBLOCK_TEXT:
		break;
	}
	return 0;
}

static enum err decode_answer(
	const uint8_t *bytes, size_t count, size_t *used, struct makeblock_message *message)
{
	bool is_ack = bytes[2] == '\r' && count > 3 && bytes[3] == '\n';
	size_t at = 3, length = 0;

	if (count < 4) {
		return need_more(used);
	}
	message->type = is_ack ? MAKEBLOCK_ACK : MAKEBLOCK_ANSWER;
	message->index = bytes[2];
	message->value = MAKEBLOCK_NOTHING;
	if (is_ack) {
		*used = 4;
		return ERR_NONE;
	}
	if (bytes[3] != '\r') {
		message->value = bytes[3];
		length = value_bytes(message->value);
		at = 4;
		if (message->value == MAKEBLOCK_TEXT) {
			if (count < 5) {
				return need_more(used);
			}
			length = bytes[4];
			at = 5;
		} else if (length == 0) {
			return drop(used);
		}
	}
	enum err err = decode_end(bytes, count, at + length, used);

	if (!err && *used > 0) {
		message->count = (uint8_t)length;
		memcpy(message->data, bytes + at, length);
	}
	return err;
}

enum err makeblock_decode(enum makeblock_direction direction, const uint8_t *bytes, size_t count,
	size_t *used, struct makeblock_message *message)
{
	if (count == 0) {
		return need_more(used);
	}
	if (direction == MAKEBLOCK_TO_HOST && bytes[0] == (uint8_t)banner[0]) {
		return decode_banner(bytes, count, used, message);
	}
	if (bytes[0] != HEAD || (count > 1 && bytes[1] != MARK)) {
		return drop(used);
	}
	if (count < 3) {
		return need_more(used);
	}
	return direction == MAKEBLOCK_TO_KIT ? decode_command(bytes, count, used, message)
					     : decode_answer(bytes, count, used, message);
}

/* ---- encoding ---- */

struct writer {
	uint8_t *out;
	size_t room, count;
};

static void put(struct writer *writer, unsigned byte)
{
	if (writer->count < writer->room) {
		writer->out[writer->count] = (uint8_t)byte;
	}
	writer->count++;
}

static void put_bytes(struct writer *writer, const void *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		put(writer, ((const uint8_t *)bytes)[i]);
	}
}

static bool put_command(struct writer *writer, const struct makeblock_message *message)
{
	put(writer, message->count + 2U);
	put(writer, message->index);
	put(writer, message->action);
	put_bytes(writer, message->data, message->count);
	return message->count <= MAKEBLOCK_COMMAND_MAX;
}

static bool put_answer(struct writer *writer, const struct makeblock_message *message)
{
	enum makeblock_value value = message->value;

	put(writer, message->index);
	if (value != MAKEBLOCK_NOTHING) {
		put(writer, value);
	}
	if (value == MAKEBLOCK_TEXT) {
		put(writer, message->count);
	}
	put_bytes(writer, message->data, message->count);
	put_bytes(writer, "\r\n", 2);
	return value == MAKEBLOCK_TEXT ||
		(value <= MAKEBLOCK_DOUBLE && message->count == value_bytes(value));
}

size_t makeblock_encode(enum makeblock_direction direction, const struct makeblock_message *message,
	uint8_t *out, size_t room)
{
	struct writer writer = {.out = out, .room = room};
	bool is_sound = direction == MAKEBLOCK_TO_HOST;

	if (message->type == MAKEBLOCK_BANNER) {
		put_bytes(&writer, banner, BANNER_BYTES);
		put_bytes(&writer, message->data, message->count);
		put_bytes(&writer, "\r\n", 2);
		is_sound =
			is_sound && message->count > 0 && message->count <= MAKEBLOCK_VERSION_MAX;
	} else {
		put(&writer, HEAD);
		put(&writer, MARK);
		if (message->type == MAKEBLOCK_COMMAND) {
			is_sound = direction == MAKEBLOCK_TO_KIT && put_command(&writer, message);
		} else if (message->type == MAKEBLOCK_ANSWER) {
			is_sound = is_sound && put_answer(&writer, message);
		} else {
			put_bytes(&writer, "\r\n", 2);
		}
	}
	return is_sound && writer.count <= room ? writer.count : 0;
}

bool makeblock_number(const struct makeblock_message *message, double *number)
{
	const uint8_t *data = message->data;
	uint32_t bits = data[0] | (uint32_t)data[1] << 8 | (uint32_t)data[2] << 16 |
		(uint32_t)data[3] << 24;
	float real;

	switch (message->value) {
	case MAKEBLOCK_BYTE:
		*number = data[0];
		return true;
	case MAKEBLOCK_SHORT:
		*number = (int16_t)(uint16_t)bits;
		return true;
	case MAKEBLOCK_FLOAT:
	case MAKEBLOCK_DOUBLE:
		memcpy(&real, &bits, sizeof(real));
		*number = (double)real;
		return true;
	case MAKEBLOCK_NOTHING:
	case MAKEBLOCK_TEXT:
		break;
	}
	return false;
}

/* ---- streams ---- */

enum makeblock_next makeblock_next(struct makeblock_parser *parser,
	enum makeblock_direction direction, const uint8_t **bytes, size_t *count,
	struct makeblock_message *message)
{
	for (;;) {
		size_t used;
		enum err err =
			makeblock_decode(direction, parser->bytes, parser->count, &used, message);

		if (used > 0) {
			parser->count -= used;
			memmove(parser->bytes, parser->bytes + used, parser->count);
			return err ? MAKEBLOCK_GARBAGE : MAKEBLOCK_FRAME;
		}
		if (*count == 0) {
			return MAKEBLOCK_MORE;
		}
		parser->bytes[parser->count++] = *(*bytes)++;
		--*count;
	}
}
