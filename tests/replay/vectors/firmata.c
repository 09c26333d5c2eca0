/* Firmata: PROTOCOLS section 1. */
#include "codec.h"

#include "firmata/protocol.h"

const char *take_firmata(struct stream *stream, struct frames *frames)
{
	static struct firmata_parser parser;
	static struct firmata_message message;
	enum firmata_direction direction = stream->to_kit ? FIRMATA_TO_BOARD : FIRMATA_TO_HOST;
	const uint8_t *bytes = stream->bytes + stream->old;
	size_t count = stream->come - stream->old;

	parser.count = stream->old > 0 ? parser.count : 0;
	for (;;) {
		enum firmata_answer next =
			firmata_next(&parser, direction, &bytes, &count, &message);

		stream->at = stream->come - parser.count;
		if (next != FIRMATA_FRAME) {
			return next == FIRMATA_GARBAGE ? NO_FRAME : NULL;
		}
		if (!frames_add(frames,
			    firmata_encode(direction, &message, frames_end(frames),
				    frames_room(frames)))) {
			return NOT_AGAIN;
		}
	}
}
