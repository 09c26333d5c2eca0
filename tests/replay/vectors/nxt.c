/* LEGO NXT, without lengths, as over USB: PROTOCOLS section 3.1. */
#include "codec.h"

#include "nxt/protocol.h"

const char *take_nxt(struct stream *stream, struct frames *frames)
{
	enum nxt_direction direction = stream->to_kit ? NXT_TO_BRICK : NXT_TO_HOST;
	struct nxt_telegram telegram;

	for (size_t used; stream->at < stream->come; stream->at += used) {
		if (nxt_scan(direction, stream->bytes + stream->at, stream->come - stream->at,
			    &used, &telegram)) {
			return NO_FRAME;
		}
		if (used == 0) {
			break;
		}
		if (!frames_add(frames,
			    nxt_encode(&telegram, frames_end(frames), frames_room(frames)))) {
			return NOT_AGAIN;
		}
	}
	return NULL;
}
