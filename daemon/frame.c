/* Shared messages; see frame.h. */
#include "frame.h"

#include "xalloc.h"

#include <libwebsockets.h>
#include <stdlib.h>
#include <string.h>

struct frame *frame_create(const char *text, size_t length)
{
	struct frame *frame = xcalloc(1, sizeof(*frame) + LWS_PRE + length);

	frame->refs = 1;
	frame->length = length;
	frame->text = (char *)(frame + 1) + LWS_PRE;
	memcpy(frame->text, text, length);
	return frame;
}

struct frame *frame_take(struct frame *frame)
{
	frame->refs++;
	return frame;
}

void frame_drop(struct frame *frame)
{
	if (frame && --frame->refs == 0) {
		free(frame);
	}
}
