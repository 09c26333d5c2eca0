/*
 * Ports on the event loop; see port.h.
 *
 * Out: a command goes straight to the kernel while nothing is queued, because
 * that is the shortest way and one system call; only what the kernel does not
 * take waits in a ring of PORT_QUEUE_MAX bytes. In: one read of at most
 * READ_MAX bytes a turn, so that a board that floods gets its turn like all
 * others. Failures found inside a call of the owner are told from the loop, so
 * that no callback comes out of the owner's own call.
 */
#include "port.h"

#include "clock.h"
#include "hotplug.h"
#include "xalloc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { READ_MAX = 4096, CONNECT_TIMEOUT_US = 5000000 };

struct port {
	struct loop *loop; /* borrowed */
	struct port_spec spec;
	char name[PORT_TARGET_MAX + 8];
	const struct port_events *events; /* borrowed */
	void *data;

	int fd; /* -1 = closed */
	bool is_open;
	bool is_connecting;
	struct loop_fd *watcher;  /* owned, with the fd */
	struct loop_timer *timer; /* owned: tells what happened, ends a connect */
	struct why why;           /* a failure to be told */
	bool looked_for_holder;   /* since it was last open */
	char holder[32];          /* the program that has the line, "" = not seen */

	size_t start, count;
	uint8_t queue[PORT_QUEUE_MAX];
};

enum err port_why(struct why *why, const char *name, int error)
{
	switch (error) {
	case ENOENT:
	case ENODEV:
	case ENXIO:
		return why_set(why, ERR_LOST, MSG_PORT_ABSENT, name);
	case EIO:
	case EPIPE:
	case ECONNRESET:
		return why_set(why, ERR_LOST, MSG_PORT_GONE, name);
	case ECONNREFUSED:
	case EHOSTUNREACH:
	case ENETUNREACH:
	case ETIMEDOUT:
		return why_set(why, ERR_LOST, MSG_PORT_IO, name, strerror(error));
	default:
		return why_set(why, ERR_IO, MSG_PORT_IO, name, strerror(error));
	}
}

static bool is_socket(const struct port *port)
{
	return port->spec.scheme == PORT_TCP || port->spec.scheme == PORT_UNIX;
}

/* Writes as much of the queue as the kernel takes; 0 or an errno. */
static int flush(struct port *port)
{
	while (port->count > 0) {
		size_t piece = PORT_QUEUE_MAX - port->start;

		if (piece > port->count) {
			piece = port->count;
		}
		const uint8_t *bytes = port->queue + port->start;
		ssize_t wrote = is_socket(port) ? send(port->fd, bytes, piece, MSG_NOSIGNAL)
						: write(port->fd, bytes, piece);

		if (wrote < 0) {
			return errno == EAGAIN || errno == EINTR ? 0 : errno;
		}
		port->start = (port->start + (size_t)wrote) % PORT_QUEUE_MAX;
		port->count -= (size_t)wrote;
		if ((size_t)wrote < piece) {
			return 0;
		}
	}
	port->start = 0;
	return 0;
}

void port_close(struct port *port)
{
	loop_timer_stop(port->timer);
	loop_fd_remove(port->watcher);
	port->watcher = NULL;
	if (port->fd >= 0) {
		if (port->spec.scheme == PORT_SERIAL) {
			port_serial_close(port->fd, port->count > 0);
		} else {
			close(port->fd);
		}
	}
	port->fd = -1;
	port->is_open = port->is_connecting = false;
	port->why.code = ERR_NONE;
	port->start = port->count = 0;
}

/* Closes at once; the owner is told by the loop's next turn. */
static void fail(struct port *port, const struct why *why)
{
	struct why kept = *why;

	port_close(port);
	port->why = kept;
	loop_timer_start(port->timer, 0, 0);
}

static void fail_errno(struct port *port, int error)
{
	struct why why;

	port_why(&why, port->name, error);
	fail(port, &why);
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
		fail_errno(port, EIO);
	} else if (errno != EAGAIN && errno != EINTR) {
		fail_errno(port, errno);
	}
}

static void become_open(struct port *port)
{
	port->is_connecting = port->looked_for_holder = false;
	port->is_open = true;
	loop_timer_stop(port->timer);
	loop_fd_set(port->watcher, LOOP_READ | LOOP_GATHER);
	port->events->opened(port->data);
}

static void end_connect(struct port *port)
{
	int error = 0;
	socklen_t bytes = sizeof(error);

	if (getsockopt(port->fd, SOL_SOCKET, SO_ERROR, &error, &bytes) < 0) {
		error = errno;
	}
	if (error) {
		fail_errno(port, error);
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
	if ((events & LOOP_WRITE) && port->count > 0) {
		int error = flush(port);

		if (error) {
			fail_errno(port, error);
			return;
		}
		if (port->count == 0) {
			/* What can be read is still there at the next turn. */
			loop_fd_set(port->watcher, LOOP_READ | LOOP_GATHER);
			port->events->drained(port->data);
			return;
		}
	}
	if (events & LOOP_READ) {
		read_some(port);
	}
}

static void on_timer(void *data)
{
	struct port *port = data;
	struct why why = port->why;

	if (why.code != ERR_NONE) {
		port->why.code = ERR_NONE;
		port->events->lost(port->data, &why);
	} else if (port->is_connecting) {
		why_set(&why, ERR_LOST, MSG_PORT_CONNECT_TIMEOUT, port->name);
		fail(port, &why);
	} else {
		become_open(port);
	}
}

struct port *port_create(struct loop *loop, const struct port_spec *spec,
	const struct port_events *events, void *data)
{
	struct port *port = xcalloc(1, sizeof(*port));
	bool is_path = spec->scheme == PORT_SERIAL || spec->scheme == PORT_STREAM;
	static const char *const prefixes[] = {[PORT_TCP] = "tcp:",
		[PORT_UNIX] = "unix:", [PORT_UDP] = "udp:", [PORT_USB] = "usb:"};

	port->loop = loop;
	port->spec = *spec;
	snprintf(port->name, sizeof(port->name), "%s%s", is_path ? "" : prefixes[spec->scheme],
		spec->target);
	port->events = events;
	port->data = data;
	port->fd = -1;
	port->timer = loop_timer_add(loop, on_timer, port);
	return port;
}

void port_destroy(struct port *port)
{
	if (port) {
		port_close(port);
		loop_timer_remove(port->timer);
		free(port);
	}
}

/* Where a SPEC names a serial number, another board in the socket is not opened. */
static enum err check_serial(const struct port *port, struct why *why)
{
	struct hotplug_device device = {0};

	if (port->spec.serial[0] == '\0') {
		return ERR_NONE;
	}
	if (hotplug_lookup(port->spec.target, &device) &&
		strcmp(device.serial, port->spec.serial) == 0) {
		return ERR_NONE;
	}
	return why_set(why, ERR_REFUSED, MSG_PORT_OTHER_SERIAL, port->name, device.serial,
		port->spec.serial);
}

/* Finding out who takes some ms, so it is not done again at each try. */
static void name_holder(struct port *port, struct why *why)
{
	if (!port->looked_for_holder) {
		port->looked_for_holder = true;
		port->holder[0] = '\0';
		port_holder_find(port->spec.target, port->holder, sizeof(port->holder));
	}
	if (port->holder[0]) {
		why_set(why, ERR_BUSY, MSG_PORT_HELD, port->name, port->holder);
	}
}

void port_open(struct port *port, unsigned baud, bool dtr)
{
	struct why why = {.code = ERR_NONE};

	port_close(port);
	switch (port->spec.scheme) {
	case PORT_SERIAL:
		if (check_serial(port, &why) == ERR_NONE) {
			port->fd = port_serial_open(port->spec.target, baud, dtr, &why);
		}
		if (why.code == ERR_BUSY) {
			name_holder(port, &why);
		}
		break;
	case PORT_STREAM:
	case PORT_TCP:
	case PORT_UNIX:
		port->fd = port_stream_open(&port->spec, &port->is_connecting, &why);
		break;
	case PORT_UDP:
	case PORT_USB:
		why_set(&why, ERR_UNSUPPORTED, MSG_PORT_SCHEME_UNSUPPORTED, port->name);
		break;
	}
	if (port->fd < 0) {
		fail(port, &why);
		return;
	}
	port->watcher = loop_fd_add(
		port->loop, port->fd, port->is_connecting ? LOOP_WRITE : 0, on_ready, port);
	loop_timer_start(port->timer, port->is_connecting ? CONNECT_TIMEOUT_US : 0, 0);
}

bool port_is_open(const struct port *port)
{
	return port->is_open;
}

bool port_send(struct port *port, const uint8_t *bytes, size_t count, enum lane lane)
{
	(void)lane;
	if (!port->is_open || count > PORT_QUEUE_MAX - port->count) {
		return false;
	}
	bool was_empty = port->count == 0;

	for (size_t i = 0; i < count; i++) {
		port->queue[(port->start + port->count + i) % PORT_QUEUE_MAX] = bytes[i];
	}
	port->count += count;
	if (!was_empty) {
		return true; /* the loop is waiting for room already */
	}
	int error = flush(port);

	if (error) {
		fail_errno(port, error);
		return false;
	}
	if (port->count > 0) {
		loop_fd_set(port->watcher, LOOP_READ | LOOP_WRITE);
	}
	return true;
}

size_t port_backlog(const struct port *port)
{
	return port->count;
}

size_t port_unsent(const struct port *port)
{
	int held = 0;

	if (port->fd >= 0 && ioctl(port->fd, TIOCOUTQ, &held) < 0) {
		held = 0;
	}
	return port->count + (size_t)held;
}

const char *port_name(const struct port *port)
{
	return port->name;
}
