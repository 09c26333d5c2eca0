/* What vectors.c asks of each protocol: a codec that it can hold to the vectors. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BYTES_MAX = 65536 };

/* What a codec made of a stream: its frames encoded again, each with its length. */
struct frames {
	size_t count, bytes;
	size_t lengths[BYTES_MAX];
	uint8_t again[BYTES_MAX];
};

struct stream {
	bool to_kit; /* host->board */
	const uint8_t *bytes;
	size_t count;
};

/* Decodes a stream that comes in pieces that end at `cut` and then every `step` bytes. NULL:
 * well; else what is wrong. */
typedef const char *decode_fn(
	const struct stream *stream, size_t cut, size_t step, struct frames *frames);

/* One file a protocol; vectors.c lists them. */
decode_fn decode_firmata;
decode_fn decode_dynamixel, decode_lx16a;
decode_fn decode_nxt;
decode_fn decode_makeblock;
decode_fn decode_owi;
decode_fn decode_ev3;
