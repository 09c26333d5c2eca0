/* A body in chunks; see http_chunks.h. */
#include "http_chunks.h"

#include <string.h>

enum { DIGITS_MAX = 6 };

static void take_size(struct http_chunks *chunks, char c)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *digit = c ? strchr(digits, c) : NULL;

	if (c == '\r' && chunks->digits > 0) {
		chunks->state = CHUNKS_SIZE_LF;
	} else if (digit && chunks->digits < DIGITS_MAX) {
		chunks->left = chunks->left * 16 + (size_t)(digit - digits) % 16;
		chunks->digits++;
	} else {
		chunks->state = CHUNKS_BAD;
	}
}

static void expect(struct http_chunks *chunks, char c, char wanted, enum http_chunks_state next)
{
	chunks->state = c == wanted ? next : CHUNKS_BAD;
}

/* As much data as there is of this chunk; returns the bytes taken. */
static size_t take_data(struct http_chunks *chunks, const char *bytes, size_t count, char *body,
	size_t room)
{
	size_t piece = count < chunks->left ? count : chunks->left;

	if (piece > room - chunks->length) {
		chunks->state = CHUNKS_TOO_LONG;
		return 0;
	}
	memcpy(body + chunks->length, bytes, piece);
	chunks->length += piece;
	chunks->left -= piece;
	if (chunks->left == 0) {
		chunks->state = CHUNKS_DATA_CR;
	}
	return piece;
}

static void take_mark(struct http_chunks *chunks, char c)
{
	switch (chunks->state) {
	case CHUNKS_SIZE:
		take_size(chunks, c);
		break;
	case CHUNKS_SIZE_LF:
		expect(chunks, c, '\n', chunks->left > 0 ? CHUNKS_DATA : CHUNKS_END_CR);
		break;
	case CHUNKS_DATA_CR:
		expect(chunks, c, '\r', CHUNKS_DATA_LF);
		break;
	case CHUNKS_DATA_LF:
		expect(chunks, c, '\n', CHUNKS_SIZE);
		chunks->digits = 0;
		break;
	case CHUNKS_END_CR:
		expect(chunks, c, '\r', CHUNKS_END_LF);
		break;
	case CHUNKS_END_LF:
		expect(chunks, c, '\n', CHUNKS_DONE);
		break;
	case CHUNKS_DATA:
	case CHUNKS_DONE:
	case CHUNKS_BAD:
	case CHUNKS_TOO_LONG:
		break;
	}
}

bool http_chunks_take(struct http_chunks *chunks, const char *bytes, size_t count, char *body,
	size_t room)
{
	for (size_t at = 0; at < count && chunks->state < CHUNKS_DONE;) {
		if (chunks->state == CHUNKS_DATA) {
			at += take_data(chunks, bytes + at, count - at, body, room);
		} else {
			take_mark(chunks, bytes[at++]);
		}
	}
	return chunks->state >= CHUNKS_DONE;
}
