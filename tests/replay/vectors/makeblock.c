/* Makeblock: PROTOCOLS section 2. */
#include "codec.h"

#include "makeblock/protocol.h"

static const char *take_makeblock(struct makeblock_parser *parser, bool to_kit,
	const uint8_t *bytes, size_t count, struct frames *frames)
{
	static struct makeblock_message message;
	enum makeblock_direction direction = to_kit ? MAKEBLOCK_TO_KIT : MAKEBLOCK_TO_HOST;

	for (;;) {
		enum makeblock_next next =
			makeblock_next(parser, direction, &bytes, &count, &message);

		if (next == MAKEBLOCK_MORE) {
			return NULL;
		}
		if (next == MAKEBLOCK_GARBAGE) {
			return "has bytes that are no frame";
		}
		size_t length = makeblock_encode(direction, &message, frames->again + frames->bytes,
			sizeof(frames->again) - frames->bytes);

		if (length == 0) {
			return "does not encode again";
		}
		frames->bytes += length;
		frames->lengths[frames->count++] = length;
	}
}

const char *decode_makeblock(
	const struct stream *stream, size_t cut, size_t step, struct frames *frames)
{
	static struct makeblock_parser parser;
	size_t at = 0;

	parser.count = 0;
	while (at < stream->count) {
		size_t end = at == 0 ? cut : at + step;

		end = end < stream->count ? end : stream->count;
		const char *wrong = take_makeblock(
			&parser, stream->to_kit, stream->bytes + at, end - at, frames);

		if (wrong) {
			return wrong;
		}
		at = end;
	}
	return parser.count > 0 ? "ends in the middle of a frame" : NULL;
}
