/* LEGO NXT, without lengths, as over USB: PROTOCOLS section 3.1. */
#include "codec.h"

#include "nxt/protocol.h"

const char *decode_nxt(const struct stream *stream, size_t cut, size_t step, struct frames *frames)
{
	enum nxt_direction direction = stream->to_kit ? NXT_TO_BRICK : NXT_TO_HOST;
	struct nxt_telegram telegram;
	size_t begin = 0, end = 0, used;

	while (end < stream->count) {
		end = end == 0 ? cut : end + step;
		end = end < stream->count ? end : stream->count;
		while (begin < end) {
			if (nxt_scan(direction, stream->bytes + begin, end - begin, &used,
				    &telegram)) {
				return "has bytes that are no telegram";
			}
			if (used == 0) {
				break;
			}
			size_t length = nxt_encode(&telegram, frames->again + frames->bytes,
				sizeof(frames->again) - frames->bytes);

			if (length == 0) {
				return "does not encode again";
			}
			frames->bytes += length;
			frames->lengths[frames->count++] = length;
			begin += used;
		}
	}
	return begin < end ? "ends in the middle of a telegram" : NULL;
}
