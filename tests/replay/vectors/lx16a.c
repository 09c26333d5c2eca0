/* LX-16A bus servos: PROTOCOLS section 8.2. */
#include "codec.h"

#include "busservo/lx16a.h"

/* One frame at `bytes`, encoded again. NULL and *used = 0: more is needed. */
static const char *take(const uint8_t *bytes, size_t count, size_t *used, struct frames *frames)
{
	static struct lx16a_message message;

	if (lx16a_decode(bytes, count, used, &message)) {
		return "has bytes that are no frame";
	}
	if (*used == 0) {
		return NULL;
	}
	size_t length = lx16a_encode(
		&message, frames->again + frames->bytes, sizeof(frames->again) - frames->bytes);

	if (length == 0) {
		return "does not encode again";
	}
	frames->bytes += length;
	frames->lengths[frames->count++] = length;
	return NULL;
}

const char *decode_lx16a(
	const struct stream *stream, size_t cut, size_t step, struct frames *frames)
{
	size_t at = 0;

	/* A frame begins at `at`; of it, what came up to `end` is there. */
	for (size_t end = cut;; end += step) {
		size_t there = end < stream->count ? end : stream->count, used;

		do {
			const char *wrong = take(stream->bytes + at, there - at, &used, frames);

			if (wrong) {
				return wrong;
			}
			at += used;
		} while (used > 0);
		if (there == stream->count) {
			return at < there ? "ends in the middle of a frame" : NULL;
		}
	}
}
