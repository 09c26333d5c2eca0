/* What port.c and the kinds of ports share; nobody else includes it. */
#pragma once

#include "port.h"

/* A kind of port. Its functions are called by port.c only; it answers by port_opened(),
 * port_fail(), port_flushed() and by the `received` event. */
struct port_backend {
	/* Begins to open. On an error *why is set and nothing is left. */
	enum err (*open)(struct port *port, const struct port_how *how, struct why *why);
	void (*close)(struct port *port);
	/* Sends what it can of the queue; 0 or an errno. */
	int (*flush)(struct port *port);
	size_t (*unsent)(const struct port *port); /* besides the queue */
};

extern const struct port_backend port_fd_backend, port_usb_backend;

struct port {
	struct loop *loop; /* borrowed */
	const struct port_backend *backend; /* NULL: cannot be opened in this version */
	struct port_spec spec;
	char name[PORT_TARGET_MAX + 8];
	const struct port_events *events; /* borrowed */
	void *data;
	bool is_open, is_opening;
	struct loop_timer *timer; /* owned: tells of a failure; else the backend's, by on_timer */
	void (*on_timer)(struct port *port);
	struct why why;           /* a failure to be told */
	struct port_queue queue;

	/* port_fd.c */
	int fd; /* -1 = closed */
	bool is_connecting;
	bool is_blocked;          /* the kernel takes no more; the loop tells when it does */
	struct loop_fd *watcher;  /* owned, with the fd */
	struct serial_open *opening; /* NULL = no serial line is being opened */

	/* port_usb.c */
	struct usb_link *usb; /* NULL = closed */
	bool is_halted;       /* an endpoint stalled: to be cleared at the next open */
};

/* From the loop, never inside the owner's own call. The owner may close or destroy the port
 * in there: touch it no more. */
void port_opened(struct port *port);
/* The queue is empty again. Likewise. */
void port_drained(struct port *port);
/* Closes at once; the owner is told by the loop's next turn. */
void port_fail(struct port *port, const struct why *why);
void port_fail_errno(struct port *port, int error);

/* What an errno means for a port: not there (ERR_LOST), or there but not to be had (ERR_IO). */
enum err port_why(struct why *why, const char *name, int error);

/* port_stream.c: an open, non-blocking fd, or -1 and *why. */
int port_stream_open(const struct port_spec *spec, bool *is_connecting, struct why *why);
/* port_serial.c: the same by port_fd_opened(), from the loop. NULL and errno: no thread. */
struct serial_open *port_serial_open(struct port *port, const struct port_how *how);
void port_serial_abandon(struct serial_open *opening); /* not told, then; NULL is fine */
void port_fd_opened(struct port *port, int fd, const struct why *why);
/* Closes it where the kernel may wait for the line: elsewhere. */
void port_serial_close(int fd, bool discard);
