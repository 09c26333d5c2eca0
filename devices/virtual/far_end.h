/*
 * The far end of a port: what the host opens. A pty (with a stable symlink if
 * wished), or a UNIX or TCP socket that listens; one host at a time.
 *
 * Born unplugged. far_end_plug() makes the pty or socket, far_end_unplug()
 * takes it away like a pulled cable. `opened` and `closed` tell of the host;
 * while it is away, what is sent is lost, as on a serial line.
 *
 * Targets are port SPECs seen from the other side: stream:/link (a pty; an
 * empty target has no link), unix:/path, tcp:HOST:PORT.
 */
#pragma once

#include "port.h"

struct far_hub; /* what the far ends of a process share */
struct far_end;

struct far_events {
	void (*opened)(void *data);
	void (*closed)(void *data);
	void (*received)(void *data, const uint8_t *bytes, size_t count);
};

/* NULL when the system gives no inotify. Outlives its far ends. */
struct far_hub *far_hub_create(struct loop *loop);
void far_hub_destroy(struct far_hub *hub);

/* `events` and `data` are borrowed, spec is copied. */
struct far_end *far_end_create(struct far_hub *hub, const struct port_spec *spec,
	const struct far_events *events, void *data);
void far_end_destroy(struct far_end *far);

enum err far_end_plug(struct far_end *far, struct why *why);
void far_end_unplug(struct far_end *far); /* calls nothing */

/* What the host opens: "/link" or "/dev/pts/5", "unix:/path", "tcp:127.0.0.1:40123". */
const char *far_end_name(const struct far_end *far);

/* Queues a message whole; one that does not fit is lost. */
void far_end_send(struct far_end *far, const uint8_t *bytes, size_t count);
void far_end_flush(struct far_end *far);

/* false: bytes stay unread, and far_end_read() takes some of them. */
void far_end_set_reading(struct far_end *far, bool is_reading);
void far_end_read(struct far_end *far, size_t count_max);
