/* Lines over a socket; see lines.h. */
#include "lines.h"

#include "xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct lines {
	const struct lines_events *events; /* borrowed */
	void *data;
	int fd;
	struct loop_fd *watcher; /* NULL after the end */
	bool is_calling, is_destroyed; /* destroyed inside a callback: freed after it */
	char *queue; /* owned: what the socket did not take yet */
	size_t queued, room;
	size_t count;
	char bytes[LINES_BYTES_MAX]; /* a line that has not ended */
};

static void end(struct lines *lines)
{
	if (lines->watcher) {
		loop_fd_remove(lines->watcher);
		lines->watcher = NULL;
		lines->events->ended(lines->data);
	}
}

static void flush(struct lines *lines)
{
	while (lines->queued > 0) {
		ssize_t wrote = send(lines->fd, lines->queue, lines->queued, MSG_NOSIGNAL);

		if (wrote < 0) {
			break; /* an error shows at the next read, too */
		}
		lines->queued -= (size_t)wrote;
		memmove(lines->queue, lines->queue + wrote, lines->queued);
	}
	loop_fd_set(lines->watcher, LOOP_READ | (lines->queued ? LOOP_WRITE : 0));
}

void lines_send(struct lines *lines, const char *text)
{
	size_t length = strlen(text), need = lines->queued + length + 1;

	if (!lines->watcher) {
		return;
	}
	if (need > LINES_QUEUE_MAX) {
		shutdown(lines->fd, SHUT_RDWR); /* the end shows at the next read */
		return;
	}
	if (need > lines->room) {
		lines->room = need * 2;
		lines->queue = xrealloc(lines->queue, lines->room);
	}
	memcpy(lines->queue + lines->queued, text, length);
	lines->queue[need - 1] = '\n';
	lines->queued = need;
	flush(lines);
}

static void take_lines(struct lines *lines)
{
	size_t start = 0;
	char *newline;

	while (!lines->is_destroyed &&
		(newline = memchr(lines->bytes + start, '\n', lines->count - start))) {
		*newline = '\0';
		lines->events->line(lines->data, lines->bytes + start);
		start = (size_t)(newline - lines->bytes) + 1;
	}
	lines->count -= start;
	memmove(lines->bytes, lines->bytes + start, lines->count);
}

void lines_read(struct lines *lines)
{
	ssize_t got = lines->watcher
		? read(lines->fd, lines->bytes + lines->count, sizeof(lines->bytes) - lines->count)
		: 0;

	if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
		return;
	}
	lines->is_calling = true;
	if (got > 0) {
		lines->count += (size_t)got;
		take_lines(lines);
	} else {
		end(lines);
	}
	lines->is_calling = false;
	if (lines->is_destroyed) {
		lines_destroy(lines);
	}
}

static void on_fd(void *data, int events)
{
	struct lines *lines = data;

	if (events & LOOP_WRITE) {
		flush(lines);
	}
	if (events & LOOP_READ) {
		lines_read(lines);
	}
}

int lines_fd(const struct lines *lines)
{
	return lines->fd;
}

struct lines *lines_create(struct loop *loop, int fd, const struct lines_events *events,
	void *data)
{
	struct lines *lines = xcalloc(1, sizeof(*lines));

	fcntl(fd, F_SETFL, O_NONBLOCK);
	lines->events = events;
	lines->data = data;
	lines->fd = fd;
	lines->watcher = loop_fd_add(loop, fd, LOOP_READ, on_fd, lines);
	return lines;
}

void lines_destroy(struct lines *lines)
{
	if (!lines) {
		return;
	}
	loop_fd_remove(lines->watcher);
	lines->watcher = NULL;
	if (lines->is_calling) {
		lines->is_destroyed = true;
		return;
	}
	close(lines->fd);
	free(lines->queue);
	free(lines);
}
