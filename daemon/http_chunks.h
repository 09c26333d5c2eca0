/*
 * A body that comes in chunks (RFC 9112, 7.1): pure, piece by piece. Extensions
 * and trailers, which nobody sends, are refused.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum http_chunks_state {
	CHUNKS_SIZE,     /* hex digits */
	CHUNKS_SIZE_LF,
	CHUNKS_DATA,
	CHUNKS_DATA_CR,
	CHUNKS_DATA_LF,
	CHUNKS_END_CR,   /* behind the chunk of size 0 */
	CHUNKS_END_LF,
	CHUNKS_DONE,
	CHUNKS_BAD,
	CHUNKS_TOO_LONG,
};

/* Begins zeroed. */
struct http_chunks {
	enum http_chunks_state state;
	size_t left;   /* of the chunk's data, or its size so far */
	int digits;
	size_t length; /* of the body so far */
};

/* Takes the next bytes; the body grows in `body`. True: done, bad or too long. */
bool http_chunks_take(struct http_chunks *chunks, const char *bytes, size_t count, char *body,
	size_t room);
