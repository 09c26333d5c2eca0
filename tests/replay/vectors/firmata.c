/* Firmata: PROTOCOLS section 1. */
#include "codec.h"

#include "firmata/protocol.h"

static const char *take_firmata(struct firmata_parser *parser, bool to_kit, const uint8_t *bytes,
	size_t count, struct frames *frames)
{
	static struct firmata_message message;
	enum firmata_direction direction = to_kit ? FIRMATA_TO_BOARD : FIRMATA_TO_HOST;

	for (;;) {
		enum firmata_answer answer =
			firmata_next(parser, direction, &bytes, &count, &message);

		if (answer == FIRMATA_MORE) {
			return NULL;
		}
		if (answer == FIRMATA_GARBAGE) {
			return "has bytes that are no frame";
		}
		size_t length = firmata_encode(direction, &message, frames->again + frames->bytes,
			sizeof(frames->again) - frames->bytes);

		if (length == 0) {
			return "does not encode again";
		}
		frames->bytes += length;
		frames->lengths[frames->count++] = length;
	}
}

const char *decode_firmata(
	const struct stream *stream, size_t cut, size_t step, struct frames *frames)
{
	static struct firmata_parser parser;
	size_t at = 0;

	parser.count = 0;
	while (at < stream->count) {
		size_t end = at == 0 ? cut : at + step;

		end = end < stream->count ? end : stream->count;
		const char *wrong =
			take_firmata(&parser, stream->to_kit, stream->bytes + at, end - at, frames);

		if (wrong) {
			return wrong;
		}
		at = end;
	}
	return parser.count > 0 ? "ends in the middle of a frame" : NULL;
}
