/* What vectors.c asks of each protocol: a codec that it can hold to the vectors. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BYTES_MAX = 65536 };

#define NO_FRAME "has bytes that are no frame"
#define NOT_AGAIN "does not encode again"

/* What a codec made of a stream: its frames encoded again, each with its length. */
struct frames {
	size_t count, bytes;
	size_t lengths[BYTES_MAX];
	uint8_t again[BYTES_MAX];
};

/* The next frame was encoded behind the others, so many bytes. False: none. */
static inline bool frames_add(struct frames *frames, size_t length)
{
	frames->bytes += length;
	frames->lengths[frames->count++] = length;
	return length > 0;
}

static inline uint8_t *frames_end(struct frames *frames)
{
	return frames->again + frames->bytes;
}

static inline size_t frames_room(const struct frames *frames)
{
	return sizeof(frames->again) - frames->bytes;
}

/* A stream that comes piece by piece. */
struct stream {
	bool to_kit; /* host->board */
	const uint8_t *bytes;
	size_t count;
	size_t old, come; /* so many bytes are there, of them the old ones since before */
	size_t at;	  /* the codec's: here begins the frame that is not whole yet */
};

/* Takes the frames that are whole now. NULL: well; else what is wrong. */
typedef const char *take_fn(struct stream *stream, struct frames *frames);

/* One file a protocol; vectors.c lists them. */
take_fn take_firmata;
take_fn take_dynamixel, take_lx16a;
take_fn take_nxt;
take_fn take_makeblock;
take_fn take_owi;
take_fn take_ev3;
