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

static const char *take_frame(const uint8_t *bytes, struct frames *frames)
{
	struct owi_state state;

	if (memcmp(bytes, setup, SETUP) != 0 || !owi_decode(bytes + SETUP, &state)) {
		return "has bytes that are no frame";
	}
	memcpy(frames->again + frames->bytes, setup, SETUP);
	owi_encode(&state, frames->again + frames->bytes + SETUP);
	frames->bytes += FRAME;
	frames->lengths[frames->count++] = FRAME;
	return NULL;
}

const char *decode_owi(const struct stream *stream, size_t cut, size_t step, struct frames *frames)
{
	uint8_t frame[FRAME];
	size_t held = 0;

	for (size_t at = 0, end; at < stream->count; at = end) {
		end = at == 0 ? cut : at + step;
		end = end < stream->count ? end : stream->count;
		for (size_t i = at; i < end; i++) {
			frame[held++] = stream->bytes[i];
			const char *wrong = held == FRAME ? take_frame(frame, frames) : NULL;

			if (wrong) {
				return wrong;
			}
			held %= FRAME;
		}
	}
	return held > 0		 ? "ends in the middle of a frame"
		: stream->to_kit ? NULL
				 : "comes from an arm, which says nothing";
}
