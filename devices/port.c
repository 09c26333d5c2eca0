/*
 * What all ports have in common; see port.h. Kinds of ports are tables of functions
 * (port_private.h): serial lines and streams live by their fd (port_fd.c), raw USB kits by
 * libusb (port_usb.c).
 *
 * Out: a command goes straight to the kernel while nothing is queued, because
 * that is the shortest way; only what the kernel does not take waits, in lanes
 * (port_queue.h). Failures found inside a call of the owner are told from the
 * loop, so that no callback comes out of the owner's own call.
 */
#include "port_private.h"

#include "xalloc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

void port_close(struct port *port)
{
	loop_timer_stop(port->timer);
	if (port->backend) {
		port->backend->close(port);
	}
	port->is_open = port->is_opening = false;
	port->why.code = ERR_NONE;
	port_queue_init(&port->queue);
}

void port_fail(struct port *port, const struct why *why)
{
	struct why kept = *why;

	port_close(port);
	port->why = kept;
	loop_timer_start(port->timer, 0, 0);
}

void port_fail_errno(struct port *port, int error)
{
	struct why why;

	port_why(&why, port->name, error);
	port_fail(port, &why);
}

void port_opened(struct port *port)
{
	port->is_open = true;
	port->is_opening = false;
	port->events->opened(port->data);
}

void port_drained(struct port *port)
{
	port->events->drained(port->data);
}

static void on_timer(void *data)
{
	struct port *port = data;
	struct why why = port->why;

	if (why.code != ERR_NONE) {
		port->why.code = ERR_NONE;
		port->events->lost(port->data, &why);
	} else {
		port->on_timer(port);
	}
}

static const struct port_backend *find_backend(enum port_scheme scheme)
{
	switch (scheme) {
	case PORT_SERIAL:
	case PORT_STREAM:
	case PORT_TCP:
	case PORT_UNIX:
		return &port_fd_backend;
	case PORT_USB:
		return &port_usb_backend;
	case PORT_UDP:
		break;
	}
	return NULL;
}

struct port *port_create(struct loop *loop, const struct port_spec *spec,
	const struct port_events *events, void *data)
{
	struct port *port = xcalloc(1, sizeof(*port));
	bool is_path = spec->scheme == PORT_SERIAL || spec->scheme == PORT_STREAM;
	static const char *const prefixes[] = {[PORT_TCP] = "tcp:",
		[PORT_UNIX] = "unix:", [PORT_UDP] = "udp:", [PORT_USB] = "usb:"};

	port->loop = loop;
	port->backend = find_backend(spec->scheme);
	port->spec = *spec;
	snprintf(port->name, sizeof(port->name), "%s%s", is_path ? "" : prefixes[spec->scheme],
		spec->target);
	port->events = events;
	port->data = data;
	port->fd = -1;
	port->timer = loop_timer_add(loop, on_timer, port);
	port_queue_init(&port->queue);
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

void port_open(struct port *port, const struct port_how *how)
{
	struct why why;

	port_close(port);
	if (!port->backend) {
		why_set(&why, ERR_UNSUPPORTED, MSG_PORT_SCHEME_UNSUPPORTED, port->name);
		port_fail(port, &why);
	} else if (port->backend->open(port, how, &why) != ERR_NONE) {
		port_fail(port, &why);
	} else {
		port->is_opening = true;
	}
}

bool port_is_open(const struct port *port)
{
	return port->is_open;
}

bool port_is_opening(const struct port *port)
{
	return port->is_opening;
}

bool port_send(struct port *port, const uint8_t *bytes, size_t count, enum lane lane)
{
	if (!port->is_open || !port_queue_add(&port->queue, bytes, count, lane)) {
		return false;
	}
	int error = port->backend->flush(port);

	if (error) {
		port_fail_errno(port, error);
		return false;
	}
	return true;
}

size_t port_backlog(const struct port *port)
{
	return port_queue_count(&port->queue);
}

size_t port_unsent(const struct port *port)
{
	return port_backlog(port) + (port->is_open ? port->backend->unsent(port) : 0);
}

const char *port_name(const struct port *port)
{
	return port->name;
}
