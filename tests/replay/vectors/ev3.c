/* EV3: PROTOCOLS section 3.2. The byte code of a direct command is taken apart and put
 * together again, too. */
#include "codec.h"

#include "ev3/protocol.h"

static bool recode(struct ev3_message *message, uint8_t *code)
{
	size_t at = 0, count = 0, used;
	struct ev3_op op;

	while (at < message->count) {
		if (!ev3_decode_op(message->body + at, message->count - at, &used, &op)) {
			return false;
		}
		count += ev3_encode_op(&op, code + count, EV3_CODE_MAX - count);
		at += used;
	}
	message->body = code;
	message->count = count;
	return true;
}

const char *take_ev3(struct stream *stream, struct frames *frames)
{
	static struct ev3_parser parser;
	enum ev3_direction direction = stream->to_kit ? EV3_TO_KIT : EV3_TO_HOST;
	const uint8_t *bytes = stream->bytes + stream->old;
	size_t count = stream->come - stream->old;

	if (stream->old == 0) {
		parser.count = parser.done = 0;
	}
	for (;;) {
		static uint8_t code[EV3_CODE_MAX];
		struct ev3_message message;
		enum ev3_next next = ev3_next(&parser, direction, &bytes, &count, &message);

		stream->at = stream->come - parser.count;
		if (next != EV3_FRAME) {
			return next == EV3_GARBAGE ? NO_FRAME : NULL;
		}
		if (stream->to_kit && (message.type & 0x7F) == EV3_DIRECT &&
			!recode(&message, code)) {
			return "has byte code that is none";
		}
		if (!frames_add(frames,
			    ev3_encode(&message, frames_end(frames), frames_room(frames)))) {
			return NOT_AGAIN;
		}
	}
}
