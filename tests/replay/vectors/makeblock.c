/* Makeblock: PROTOCOLS section 2. */
#include "codec.h"

#include "makeblock/protocol.h"

const char *take_makeblock(struct stream *stream, struct frames *frames)
{
	static struct makeblock_parser parser;
	static struct makeblock_message message;
	enum makeblock_direction direction = stream->to_kit ? MAKEBLOCK_TO_KIT : MAKEBLOCK_TO_HOST;
	const uint8_t *bytes = stream->bytes + stream->old;
	size_t count = stream->come - stream->old;

	parser.count = stream->old > 0 ? parser.count : 0;
	for (;;) {
		enum makeblock_next next =
			makeblock_next(&parser, direction, &bytes, &count, &message);

		stream->at = stream->come - parser.count;
		if (next != MAKEBLOCK_FRAME) {
			return next == MAKEBLOCK_GARBAGE ? NO_FRAME : NULL;
		}
		if (!frames_add(frames,
			    makeblock_encode(direction, &message, frames_end(frames),
				    frames_room(frames)))) {
			return NOT_AGAIN;
		}
	}
}
