/*
 * Lines of text over a connected socket, both ways, on the event loop: the
 * control line between kitlabd and kitlab-virtual. Nothing blocks; a line that
 * is too long, or a peer that does not read, ends the connection.
 */
#pragma once

#include "loop.h"

enum { LINES_BYTES_MAX = 128 * 1024, LINES_QUEUE_MAX = 4 * 1024 * 1024 };

struct lines;

struct lines_events {
	void (*line)(void *data, const char *line); /* without its newline */
	void (*ended)(void *data); /* once; lines_destroy() is still the owner's */
};

/* Takes the fd over. The owner may destroy it inside its callbacks. */
struct lines *lines_create(struct loop *loop, int fd, const struct lines_events *events,
	void *data);
void lines_destroy(struct lines *lines);

/* Adds the newline. After the end it does nothing. */
void lines_send(struct lines *lines, const char *text);
/* Reads what is there, for an owner that does not run the loop yet. */
void lines_read(struct lines *lines);
int lines_fd(const struct lines *lines);
