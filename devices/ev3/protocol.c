/* Messages of EV3's direct commands; see protocol.h. Their byte code is code.c's. */
#include "protocol.h"

#include <string.h>

enum { LENGTH = 2, HEAD = 5, REQUEST_HEAD = 7 };

static uint16_t get_u16(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] | bytes[1] << 8);
}

static void put_u16(uint8_t *out, unsigned value)
{
	out[0] = (uint8_t)value;
	out[1] = (uint8_t)(value >> 8);
}

static bool is_request(uint8_t type)
{
	return (type & 0x7F) <= EV3_SYSTEM;
}

static bool is_reply(uint8_t type)
{
	return type >= EV3_DIRECT_DONE && type <= EV3_SYSTEM_FAILED;
}

static bool is_direct_request(uint8_t type)
{
	return (type & 0x7F) == EV3_DIRECT;
}

enum err ev3_decode(enum ev3_direction direction, const uint8_t *bytes, size_t count, size_t *used,
	struct ev3_message *message)
{
	*used = 0;
	if (count < LENGTH) {
		return ERR_NONE;
	}
	size_t total = LENGTH + (size_t)get_u16(bytes);

	*used = 1;
	if (total < HEAD || total > EV3_FRAME_MAX) {
		return ERR_PROTOCOL;
	}
	if (count < HEAD) {
		*used = 0;
		return ERR_NONE;
	}
	uint8_t type = bytes[4];
	bool is_direct = direction == EV3_TO_KIT && is_direct_request(type);

	if (!(direction == EV3_TO_KIT ? is_request(type) : is_reply(type)) ||
		(is_direct && total < REQUEST_HEAD)) {
		return ERR_PROTOCOL;
	}
	if (count < total) {
		*used = 0;
		return ERR_NONE;
	}
	size_t head = is_direct ? REQUEST_HEAD : HEAD;
	unsigned memory = is_direct ? get_u16(bytes + HEAD) : 0;

	*used = total;
	*message = (struct ev3_message){
		.counter = get_u16(bytes + LENGTH),
		.type = type,
		.globals = memory & 0x3FF,
		.locals = (uint16_t)(memory >> 10),
		.body = bytes + head,
		.count = total - head,
	};
	return ERR_NONE;
}

size_t ev3_encode(const struct ev3_message *message, uint8_t *out, size_t room)
{
	bool is_direct = is_direct_request(message->type);
	size_t head = is_direct ? REQUEST_HEAD : HEAD, total = head + message->count;

	if (total > room || total > EV3_FRAME_MAX || message->globals > 0x3FF ||
		message->locals > EV3_LOCALS_MAX ||
		!(is_request(message->type) || is_reply(message->type))) {
		return 0;
	}
	put_u16(out, (unsigned)(total - LENGTH));
	put_u16(out + LENGTH, message->counter);
	out[4] = message->type;
	if (is_direct) {
		put_u16(out + HEAD, (unsigned)message->locals << 10 | message->globals);
	}
	if (message->count > 0) {
		memcpy(out + head, message->body, message->count);
	}
	return total;
}

/* Drops the first bytes; those that were given out before went already. */
static void drop(struct ev3_parser *parser, size_t count)
{
	parser->count -= count;
	memmove(parser->bytes, parser->bytes + count, parser->count);
}

enum ev3_next ev3_next(struct ev3_parser *parser, enum ev3_direction direction,
	const uint8_t **bytes, size_t *count, struct ev3_message *message)
{
	drop(parser, parser->done);
	parser->done = 0;
	for (;;) {
		size_t room = sizeof(parser->bytes) - parser->count;
		size_t piece = *count < room ? *count : room, used;

		if (piece > 0) {
			memcpy(parser->bytes + parser->count, *bytes, piece);
			parser->count += piece;
			*bytes += piece;
			*count -= piece;
		}
		if (parser->count >= LENGTH && get_u16(parser->bytes) == 0) {
			drop(parser, LENGTH); /* padding */
			continue;
		}
		enum err err = ev3_decode(direction, parser->bytes, parser->count, &used, message);

		parser->done = used;
		if (err) {
			return EV3_GARBAGE;
		}
		return used > 0 ? EV3_FRAME : EV3_MORE;
	}
}
