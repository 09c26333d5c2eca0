/*
 * Ports that live by a file descriptor: serial lines, ptys, sockets.
 *
 * In: one read of at most READ_MAX bytes a turn, so that a board that floods gets its turn
 * like all others. Out: whatever the kernel takes; of a serial line it is given no more than
 * AHEAD_MAX bytes ahead, because a hold cannot overtake what the kernel has.
 *
 * read() == 0, HUP or EIO mean gone: a pulled line polls ready for ever, so the fd is closed
 * at once.
 */
#include "port_private.h"

#include "clock.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* AHEAD_MAX: the kernel says that a line can be written to when it holds fewer than so many. */
enum { READ_MAX = 4096, AHEAD_MAX = 256, CONNECT_TIMEOUT_US = 5000000 };

static bool is_socket(const struct port *port)
{
	return port->spec.scheme == PORT_TCP || port->spec.scheme == PORT_UNIX;
}

/* Bytes that the kernel took and the line did not send yet. */
static size_t held_by_kernel(const struct port *port)
{
	int held = 0;

	return ioctl(port->fd, TIOCOUTQ, &held) < 0 ? 0 : (size_t)held;
}

static int write_queue(struct port *port)
{
	const uint8_t *bytes;
	size_t count;

	while ((count = port_queue_next(&port->queue, &bytes)) > 0) {
		size_t piece = count;

		if (port->spec.scheme == PORT_SERIAL) {
			if (held_by_kernel(port) >= AHEAD_MAX) {
				return 0;
			}
			piece = count < AHEAD_MAX ? count : AHEAD_MAX;
		}
		ssize_t wrote = is_socket(port) ? send(port->fd, bytes, piece, MSG_NOSIGNAL)
						: write(port->fd, bytes, piece);

		if (wrote < 0) {
			return errno == EAGAIN || errno == EINTR ? 0 : errno;
		}
		port_queue_take(&port->queue, (size_t)wrote);
		if ((size_t)wrote < piece) {
			return 0;
		}
	}
	return 0;
}

static int flush(struct port *port)
{
	int error = port->is_blocked ? 0 : write_queue(port);

	if (!error && !port->is_blocked && port_queue_count(&port->queue) > 0) {
		port->is_blocked = true; /* the loop tells when there is room */
		loop_fd_set(port->watcher, LOOP_READ | LOOP_WRITE);
	}
	return error;
}

static void read_some(struct port *port)
{
	uint8_t bytes[READ_MAX];
	ssize_t count = read(port->fd, bytes, sizeof(bytes));
	int64_t now_us = clock_now_us();

	if (count > 0) {
		/* The owner may close or destroy the port in there: touch it no more. */
		port->events->received(port->data, bytes, (size_t)count, now_us);
	} else if (count == 0) {
		port_fail_errno(port, EIO);
	} else if (errno != EAGAIN && errno != EINTR) {
		port_fail_errno(port, errno);
	}
}

static void become_open(struct port *port)
{
	port->is_connecting = false;
	loop_timer_stop(port->timer);
	loop_fd_set(port->watcher, LOOP_READ | LOOP_GATHER);
	port_opened(port);
}

static void end_connect(struct port *port)
{
	int error = 0;
	socklen_t bytes = sizeof(error);

	if (getsockopt(port->fd, SOL_SOCKET, SO_ERROR, &error, &bytes) < 0) {
		error = errno;
	}
	if (error) {
		port_fail_errno(port, error);
	} else {
		become_open(port);
	}
}

static void on_ready(void *data, int events)
{
	struct port *port = data;

	if (port->is_connecting) {
		end_connect(port);
		return;
	}
	if ((events & LOOP_WRITE) && port->is_blocked) {
		int error = write_queue(port);

		if (error) {
			port_fail_errno(port, error);
			return;
		}
		if (port_queue_count(&port->queue) == 0) {
			/* What can be read is still there at the next turn. */
			port->is_blocked = false;
			loop_fd_set(port->watcher, LOOP_READ | LOOP_GATHER);
			port_drained(port);
			return;
		}
	}
	if (events & LOOP_READ) {
		read_some(port);
	}
}

static void on_timer(struct port *port)
{
	struct why why;

	if (port->is_connecting) {
		why_set(&why, ERR_LOST, MSG_PORT_CONNECT_TIMEOUT, port->name);
		port_fail(port, &why);
	} else {
		become_open(port);
	}
}

static enum err open_port(struct port *port, const struct port_how *how, struct why *why)
{
	if (port->spec.scheme == PORT_SERIAL) {
		port->opening = port_serial_open(port, how);
		return port->opening ? ERR_NONE : port_why(why, port->name, errno);
	}
	port->fd = port_stream_open(&port->spec, &port->is_connecting, why);
	if (port->fd < 0) {
		return why->code;
	}
	port->watcher = loop_fd_add(
		port->loop, port->fd, port->is_connecting ? LOOP_WRITE : 0, on_ready, port);
	port->on_timer = on_timer;
	loop_timer_start(port->timer, port->is_connecting ? CONNECT_TIMEOUT_US : 0, 0);
	return ERR_NONE;
}

void port_fd_opened(struct port *port, int fd, const struct why *why)
{
	port->opening = NULL;
	port->fd = fd;
	if (fd < 0) {
		port_fail(port, why);
	} else {
		port->watcher = loop_fd_add(port->loop, fd, 0, on_ready, port);
		become_open(port);
	}
}

static void close_port(struct port *port)
{
	port_serial_abandon(port->opening);
	port->opening = NULL;
	loop_fd_remove(port->watcher);
	port->watcher = NULL;
	if (port->fd >= 0) {
		if (port->spec.scheme == PORT_SERIAL) {
			port_serial_close(port->fd, port_queue_count(&port->queue) > 0);
		} else {
			close(port->fd);
		}
	}
	port->fd = -1;
	port->is_connecting = port->is_blocked = false;
}

const struct port_backend port_fd_backend = {
	.open = open_port,
	.close = close_port,
	.flush = flush,
	.unsent = held_by_kernel,
};
