/*
 * A frame: one encoded message, shared by all connections that get it.
 *
 * Counted references, one thread. libwebsockets wants LWS_PRE bytes before the
 * text; they are part of the block, so that a broadcast is never copied.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct frame {
	unsigned refs;
	size_t length;
	char *text; /* length bytes, not terminated; LWS_PRE bytes of room before */
};

struct frame *frame_create(const char *text, size_t length); /* one reference, copied */
struct frame *frame_take(struct frame *frame);               /* one more; returns it */
void frame_drop(struct frame *frame);                        /* NULL is fine */
