/* OWI arm: PROTOCOLS section 8.3. A frame is the setup packet of its control transfer and the
 * three bytes. */
#include "codec.h"

#include "owi/protocol.h"

#include <string.h>

enum { SETUP = 8, FRAME = SETUP + OWI_BYTES };

static const uint8_t setup[SETUP] = {
	OWI_REQUEST_TYPE,
	OWI_REQUEST,
	OWI_VALUE & 0xFF,
	OWI_VALUE >> 8,
	OWI_INDEX,
	0,
	OWI_BYTES,
	0,
};

const char *take_owi(struct stream *stream, struct frames *frames)
{
	for (; stream->come - stream->at >= FRAME; stream->at += FRAME) {
		const uint8_t *bytes = stream->bytes + stream->at;
		struct owi_state state;

		if (!stream->to_kit) {
			return "comes from an arm, which says nothing";
		}
		if (memcmp(bytes, setup, SETUP) != 0 || !owi_decode(bytes + SETUP, &state)) {
			return NO_FRAME;
		}
		memcpy(frames_end(frames), setup, SETUP);
		owi_encode(&state, frames_end(frames) + SETUP);
		frames_add(frames, FRAME);
	}
	return NULL;
}
