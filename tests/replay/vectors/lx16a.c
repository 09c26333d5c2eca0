/* LX-16A bus servos: PROTOCOLS section 8.2. */
#include "codec.h"

#include "busservo/lx16a.h"

const char *take_lx16a(struct stream *stream, struct frames *frames)
{
	static struct lx16a_message message;

	for (size_t used;; stream->at += used) {
		if (lx16a_decode(stream->bytes + stream->at, stream->come - stream->at, &used,
			    &message)) {
			return NO_FRAME;
		}
		if (used == 0) {
			return NULL;
		}
		if (!frames_add(frames,
			    lx16a_encode(&message, frames_end(frames), frames_room(frames)))) {
			return NOT_AGAIN;
		}
	}
}
