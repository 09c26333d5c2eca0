/*
 * Far ends on the event loop; see far_end.h.
 *
 * A pty's master cannot tell when the slave is opened: it polls as hung up
 * while nobody has it, and a close followed by an open at once leaves no trace.
 * So one inotify instance for the process watches the slaves' nodes. It merges
 * equal events, so opens cannot be counted: an open begins a session, EIO at the
 * master ends it, and an open after a close means that the host came anew.
 */
#include "virtual/far_end.h"

#include "xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

enum { QUEUE_MAX = 8192, READ_MAX = 4096 };

struct far_hub {
	struct loop *loop; /* borrowed */
	int inotify;
	struct loop_fd *watcher;
	struct far_end *ends;
};

struct far_end {
	struct far_hub *hub; /* borrowed */
	struct far_end *next;
	struct port_spec spec;
	const struct far_events *events; /* borrowed */
	void *data;
	char name[PORT_TARGET_MAX + 8];

	int listener; /* socket that listens; -1 for ptys and while unplugged */
	struct loop_fd *listen_watcher;
	int fd; /* master, or the host's connection; -1 = none */
	struct loop_fd *watcher;
	int watch; /* inotify's, -1 = none */
	bool is_open, is_reading;
	bool has_closed; /* somebody closed the slave since the session began */
	bool has_path; /* spec.target is our symlink or socket */

	size_t queued;
	uint8_t queue[QUEUE_MAX];
};

static bool is_pty(const struct far_end *far)
{
	return far->spec.scheme == PORT_STREAM;
}

/* ---- bytes ---- */

static void set_watcher(struct far_end *far)
{
	if (far->watcher) {
		loop_fd_set(far->watcher, (far->is_reading ? LOOP_READ : 0) |
						  (far->queued > 0 ? LOOP_WRITE : 0));
	}
}

/* The host is away, or its socket is. Tells it once. */
static void end_session(struct far_end *far)
{
	loop_fd_remove(far->watcher);
	far->watcher = NULL;
	far->queued = 0;
	if (!is_pty(far) && far->fd >= 0) {
		close(far->fd);
		far->fd = -1;
	}
	if (far->is_open) {
		far->is_open = false;
		far->events->closed(far->data);
	}
}

void far_end_read(struct far_end *far, size_t count_max)
{
	uint8_t bytes[READ_MAX];
	ssize_t got;

	if (!far->is_open || !far->watcher) {
		return;
	}
	got = read(far->fd, bytes, count_max < sizeof(bytes) ? count_max : sizeof(bytes));
	if (got > 0) {
		far->events->received(far->data, bytes, (size_t)got);
	} else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
		end_session(far);
	}
}

void far_end_flush(struct far_end *far)
{
	if (!far->is_open || far->queued == 0) {
		return;
	}
	ssize_t wrote = is_pty(far) ? write(far->fd, far->queue, far->queued)
				    : send(far->fd, far->queue, far->queued, MSG_NOSIGNAL);

	if (wrote > 0) {
		far->queued -= (size_t)wrote;
		memmove(far->queue, far->queue + wrote, far->queued);
	} else if (wrote < 0 && errno != EAGAIN && errno != EINTR) {
		far->queued = 0; /* the end is told by the next read */
	}
	set_watcher(far);
}

void far_end_send(struct far_end *far, const uint8_t *bytes, size_t count)
{
	if (far->is_open && count <= sizeof(far->queue) - far->queued) {
		memcpy(far->queue + far->queued, bytes, count);
		far->queued += count;
	}
}

static void on_bytes(void *data, int events)
{
	struct far_end *far = data;

	if (events & LOOP_WRITE) {
		far_end_flush(far);
	}
	if (events & LOOP_READ) {
		far_end_read(far, READ_MAX);
	}
}

static void begin_session(struct far_end *far)
{
	far->is_open = true;
	far->is_reading = true;
	far->has_closed = false;
	far->queued = 0;
	far->watcher = loop_fd_add(far->hub->loop, far->fd, LOOP_READ, on_bytes, far);
	far->events->opened(far->data);
}

void far_end_set_reading(struct far_end *far, bool is_reading)
{
	far->is_reading = is_reading;
	set_watcher(far);
}

const char *far_end_name(const struct far_end *far)
{
	return far->name;
}

/* ---- ptys ---- */

static void on_slave(struct far_end *far, uint32_t mask)
{
	if (mask & IN_CLOSE) {
		far->has_closed = true;
	}
	if (mask & IN_OPEN && far->is_open && far->has_closed) {
		end_session(far);
	}
	if (mask & IN_OPEN && !far->is_open) {
		begin_session(far);
	}
}

static void on_inotify(void *data, int events)
{
	struct far_hub *hub = data;
	_Alignas(struct inotify_event) char bytes[4096];
	ssize_t got = read(hub->inotify, bytes, sizeof(bytes));

	(void)events;
	for (ssize_t at = 0; at < got;) {
		const struct inotify_event *event = (const void *)(bytes + at);

		at += (ssize_t)(sizeof(*event) + event->len);
		for (struct far_end *far = hub->ends; far; far = far->next) {
			if (far->watch == event->wd) {
				on_slave(far, event->mask);
				break;
			}
		}
	}
}

/* A fresh line is raw, so that nothing is echoed before the host sets it up. */
static int make_slave_raw(const char *path)
{
	struct termios mode;
	int fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	int result = fd < 0 ? -1 : tcgetattr(fd, &mode);

	if (result == 0) {
		cfmakeraw(&mode);
		result = tcsetattr(fd, TCSANOW, &mode);
	}
	if (fd >= 0) {
		close(fd);
	}
	return result;
}

/* Replaces a link, nothing else. */
static int make_link(const char *target, const char *path)
{
	struct stat about;

	if (lstat(path, &about) == 0) {
		if (!S_ISLNK(about.st_mode)) {
			errno = EEXIST;
			return -1;
		}
		unlink(path);
	}
	return symlink(target, path);
}

static enum err plug_pty(struct far_end *far, struct why *why)
{
	char slave[64] = "pty";
	const char *link = far->spec.target;

	far->fd = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (far->fd < 0 || grantpt(far->fd) < 0 || unlockpt(far->fd) < 0 ||
		ptsname_r(far->fd, slave, sizeof(slave)) != 0 || make_slave_raw(slave) < 0) {
		return why_set(why, ERR_IO, MSG_PORT_IO, slave, strerror(errno));
	}
	far->watch = inotify_add_watch(far->hub->inotify, slave, IN_OPEN | IN_CLOSE);
	if (far->watch < 0) {
		return why_set(why, ERR_IO, MSG_PORT_IO, slave, strerror(errno));
	}
	if (link[0] && make_link(slave, link) < 0) {
		return why_set(why, ERR_IO, MSG_PORT_IO, link, strerror(errno));
	}
	far->has_path = link[0] != '\0';
	snprintf(far->name, sizeof(far->name), "%s", link[0] ? link : slave);
	return ERR_NONE;
}

/* ---- sockets ---- */

/* Has the host closed its end, with nothing left to read? */
static bool is_finished(int fd)
{
	char byte;

	return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

static void on_connection(void *data, int events)
{
	struct far_end *far = data;
	int fd = accept4(far->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	int on = 1;

	(void)events;
	if (fd >= 0 && far->is_open && is_finished(far->fd)) {
		end_session(far);
	}
	if (fd >= 0 && far->is_open) {
		close(fd); /* a line has one host */
	} else if (fd >= 0) {
		if (far->spec.scheme == PORT_TCP) {
			setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		}
		far->fd = fd;
		begin_session(far);
	}
}

static enum err plug_socket(struct far_end *far, struct why *why)
{
	struct sockaddr_storage address = {.ss_family = AF_UNIX};
	socklen_t bytes = sizeof(struct sockaddr_un);
	const char *target = far->spec.target;
	struct stat about;
	int on = 1;

	if (far->spec.scheme == PORT_TCP) {
		port_spec_address(target, &address, &bytes); /* its form was checked */
	} else {
		struct sockaddr_un *local = (struct sockaddr_un *)&address;

		memcpy(local->sun_path, target, strnlen(target, sizeof(local->sun_path) - 1));
		if (lstat(target, &about) == 0 && S_ISSOCK(about.st_mode)) {
			unlink(target);
		}
	}
	far->listener = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (far->listener < 0 ||
		setsockopt(far->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
		bind(far->listener, (struct sockaddr *)&address, bytes) < 0 ||
		listen(far->listener, 4) < 0) {
		return why_set(why, ERR_IO, MSG_PORT_IO, target, strerror(errno));
	}
	far->has_path = far->spec.scheme == PORT_UNIX;
	far->listen_watcher =
		loop_fd_add(far->hub->loop, far->listener, LOOP_READ, on_connection, far);
	snprintf(far->name, sizeof(far->name), "%s:%s",
		far->spec.scheme == PORT_TCP ? "tcp" : "unix", target);
	return ERR_NONE;
}

/* ---- life ---- */

enum err far_end_plug(struct far_end *far, struct why *why)
{
	if (far->fd >= 0 || far->listener >= 0) {
		return ERR_NONE;
	}
	enum err err = is_pty(far) ? plug_pty(far, why) : plug_socket(far, why);

	if (err != ERR_NONE) {
		far_end_unplug(far);
	}
	return err;
}

void far_end_unplug(struct far_end *far)
{
	far->is_open = false;
	far->queued = 0;
	loop_fd_remove(far->watcher);
	loop_fd_remove(far->listen_watcher);
	far->watcher = far->listen_watcher = NULL;
	if (far->watch >= 0) {
		inotify_rm_watch(far->hub->inotify, far->watch);
	}
	if (far->has_path) {
		unlink(far->spec.target);
	}
	if (far->listener >= 0) {
		close(far->listener);
	}
	if (far->fd >= 0) {
		close(far->fd);
	}
	far->has_path = false;
	far->watch = far->listener = far->fd = -1;
}

struct far_end *far_end_create(struct far_hub *hub, const struct port_spec *spec,
	const struct far_events *events, void *data)
{
	struct far_end *far = xcalloc(1, sizeof(*far));

	far->hub = hub;
	far->spec = *spec;
	far->events = events;
	far->data = data;
	far->listener = far->fd = far->watch = -1;
	far->next = hub->ends;
	hub->ends = far;
	return far;
}

void far_end_destroy(struct far_end *far)
{
	if (!far) {
		return;
	}
	far_end_unplug(far);
	for (struct far_end **at = &far->hub->ends; *at; at = &(*at)->next) {
		if (*at == far) {
			*at = far->next;
			break;
		}
	}
	free(far);
}

struct far_hub *far_hub_create(struct loop *loop)
{
	struct far_hub *hub;
	int inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	if (inotify < 0) {
		return NULL;
	}
	hub = xcalloc(1, sizeof(*hub));
	hub->loop = loop;
	hub->inotify = inotify;
	hub->watcher = loop_fd_add(loop, inotify, LOOP_READ, on_inotify, hub);
	return hub;
}

void far_hub_destroy(struct far_hub *hub)
{
	if (hub) {
		loop_fd_remove(hub->watcher);
		close(hub->inotify);
		free(hub);
	}
}
