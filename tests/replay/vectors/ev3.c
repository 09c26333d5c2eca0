/* EV3: PROTOCOLS section 3.2. The byte code of a direct command is taken apart and put
 * together again, too. */
#include "codec.h"

#include "ev3/protocol.h"

static const char *recode(struct ev3_message *message, uint8_t *code)
{
	size_t at = 0, count = 0, used;
	struct ev3_op op;

	while (at < message->count) {
		if (!ev3_decode_op(message->body + at, message->count - at, &used, &op)) {
			return "has byte code that is none";
		}
		count += ev3_encode_op(&op, code + count, EV3_CODE_MAX - count);
		at += used;
	}
	message->body = code;
	message->count = count;
	return NULL;
}

static const char *take_ev3(struct ev3_parser *parser, bool to_kit, const uint8_t *bytes,
	size_t count, struct frames *frames)
{
	for (;;) {
		static uint8_t code[EV3_CODE_MAX];
		struct ev3_message message;
		enum ev3_next next = ev3_next(
			parser, to_kit ? EV3_TO_KIT : EV3_TO_HOST, &bytes, &count, &message);

		if (next == EV3_MORE) {
			return NULL;
		}
		if (next == EV3_GARBAGE) {
			return "has bytes that are no frame";
		}
		bool is_direct = to_kit && (message.type & 0x7F) == EV3_DIRECT;
		const char *wrong = is_direct ? recode(&message, code) : NULL;

		if (wrong) {
			return wrong;
		}
		size_t length = ev3_encode(&message, frames->again + frames->bytes,
			sizeof(frames->again) - frames->bytes);

		if (length == 0) {
			return "does not encode again";
		}
		frames->bytes += length;
		frames->lengths[frames->count++] = length;
	}
}

const char *decode_ev3(const struct stream *stream, size_t cut, size_t step, struct frames *frames)
{
	static struct ev3_parser parser;

	parser.count = parser.done = 0;
	for (size_t at = 0, end; at < stream->count; at = end) {
		end = at == 0 ? cut : at + step;
		end = end < stream->count ? end : stream->count;
		const char *wrong =
			take_ev3(&parser, stream->to_kit, stream->bytes + at, end - at, frames);

		if (wrong) {
			return wrong;
		}
	}
	return parser.count > 0 ? "ends in the middle of a frame" : NULL;
}
