/* Dynamixel Protocol 2.0: PROTOCOLS section 8.1. */
#include "codec.h"

#include "busservo/dynamixel.h"

const char *take_dynamixel(struct stream *stream, struct frames *frames)
{
	static struct dynamixel_message message;

	for (size_t used;; stream->at += used) {
		if (dynamixel_decode(stream->bytes + stream->at, stream->come - stream->at, &used,
			    &message)) {
			return NO_FRAME;
		}
		if (used == 0) {
			return NULL;
		}
		if (!frames_add(frames,
			    dynamixel_encode(&message, frames_end(frames), frames_room(frames)))) {
			return NOT_AGAIN;
		}
	}
}
