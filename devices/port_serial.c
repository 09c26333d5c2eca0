/*
 * Serial lines: libserialport opens and configures them, then the loop works
 * on a duplicate of its handle, because the library's own waits spin after a
 * hang-up. Opening asks the board (CDC ACM) or its chip several questions and
 * waits for the answers, 0.1 s and more: that is done beside the loop.
 *
 * Two programs on one line each get half of the bytes, so the line is taken
 * three ways: TIOCGEXCL tells of a holder even to root (whom TIOCEXCL does not
 * stop), TIOCEXCL keeps later openers out, flock() keeps out polite ones.
 */
#include "port_private.h"

#include "aside.h"
#include "hotplug.h"
#include "xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <libserialport.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static enum err open_error(const char *path, int error, struct why *why)
{
	if (error == EBUSY || error == EWOULDBLOCK) {
		return why_set(why, ERR_BUSY, MSG_PORT_HELD_UNSEEN, path);
	}
	if (error == EACCES || error == EPERM) {
		return why_set(why, ERR_IO, MSG_PORT_DENIED, path);
	}
	return port_why(why, path, error);
}

/* The library knows the names of /sys/class/tty only; /dev/serial/by-id/... are links to them. */
static struct sp_port *find(const char *path, struct why *why)
{
	struct sp_port *port = NULL;

	if (access(path, F_OK) < 0) {
		open_error(path, errno, why);
		return NULL;
	}
	if (sp_get_port_by_name(path, &port) == SP_OK) {
		return port;
	}
	char *real = realpath(path, NULL);

	if (!real || sp_get_port_by_name(real, &port) != SP_OK) {
		port = NULL;
		why_set(why, ERR_INVALID, MSG_PORT_NOT_SERIAL, path, path);
	}
	free(real);
	return port;
}

static bool take(int fd)
{
	int taken = 0;

	if (ioctl(fd, TIOCGEXCL, &taken) == 0 && taken) {
		return false;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		return false;
	}
	ioctl(fd, TIOCEXCL);
	return true;
}

/*
 * RTS follows DTR: boards with an ESP32 are held in reset by the two being
 * different. Opening has raised both already; that is what resets an Uno.
 */
static enum err configure(struct sp_port *port, const char *path, unsigned baud, bool dtr,
	struct why *why)
{
	if (sp_set_baudrate(port, (int)baud) != SP_OK) {
		return why_set(why, ERR_IO, MSG_PORT_BAUD, path, baud);
	}
	if (sp_set_flowcontrol(port, SP_FLOWCONTROL_NONE) != SP_OK ||
		sp_set_bits(port, 8) != SP_OK || sp_set_parity(port, SP_PARITY_NONE) != SP_OK ||
		sp_set_stopbits(port, 1) != SP_OK ||
		sp_set_dtr(port, dtr ? SP_DTR_ON : SP_DTR_OFF) != SP_OK ||
		sp_set_rts(port, dtr ? SP_RTS_ON : SP_RTS_OFF) != SP_OK) {
		return port_why(why, path, sp_last_error_code());
	}
	return ERR_NONE;
}

static int open_line(const char *path, unsigned baud, bool dtr, struct why *why)
{
	struct sp_port *port = find(path, why);
	int handle = -1, fd = -1;

	if (!port) {
		return -1;
	}
	if (sp_open(port, SP_MODE_READ_WRITE) != SP_OK) {
		open_error(path, sp_last_error_code(), why);
		goto end;
	}
	if (sp_get_port_handle(port, &handle) != SP_OK || !take(handle)) {
		why_set(why, ERR_BUSY, MSG_PORT_HELD_UNSEEN, path);
	} else if (configure(port, path, baud, dtr, why) == ERR_NONE) {
		fd = fcntl(handle, F_DUPFD_CLOEXEC, 0);
		if (fd < 0) {
			port_why(why, path, errno);
		}
	}
	sp_close(port);
end:
	sp_free_port(port);
	return fd;
}

/* Where a SPEC names a serial number, another board in the socket is not opened. */
static bool is_the_one(const struct port_spec *spec, const char *name, struct why *why)
{
	struct hotplug_device device = {0};

	if (spec->serial[0] == '\0' || (hotplug_lookup(spec->target, &device) &&
						strcmp(device.serial, spec->serial) == 0)) {
		return true;
	}
	why_set(why, ERR_REFUSED, MSG_PORT_OTHER_SERIAL, name, device.serial, spec->serial);
	return false;
}

/* ---- beside the loop ---- */

struct serial_open {
	struct port *port; /* NULL = abandoned; the loop's */
	struct port_spec spec;
	unsigned baud;
	bool dtr;
	int fd; /* the result: -1 and why */
	struct why why;
};

static void open_aside(void *job)
{
	struct serial_open *opening = job;
	const char *path = opening->spec.target;
	char holder[32];

	if (is_the_one(&opening->spec, path, &opening->why)) {
		opening->fd = open_line(path, opening->baud, opening->dtr, &opening->why);
	}
	if (opening->fd < 0 && opening->why.code == ERR_BUSY &&
		port_holder_find(path, holder, sizeof(holder))) {
		why_set(&opening->why, ERR_BUSY, MSG_PORT_HELD, path, holder);
	}
}

static void on_done(void *job)
{
	struct serial_open *opening = job;

	if (opening->port) {
		port_fd_opened(opening->port, opening->fd, &opening->why);
	} else if (opening->fd >= 0) {
		port_serial_close(opening->fd, false);
	}
	free(opening);
}

struct serial_open *port_serial_open(struct port *port, const struct port_how *how)
{
	struct serial_open *opening = xcalloc(1, sizeof(*opening));

	opening->port = port;
	opening->spec = port->spec;
	opening->baud = how->baud;
	opening->dtr = how->dtr;
	opening->fd = -1;
	if (!aside_start(port->loop, open_aside, on_done, opening)) {
		free(opening);
		return NULL;
	}
	return opening;
}

void port_serial_abandon(struct serial_open *opening)
{
	if (opening) {
		opening->port = NULL;
	}
}

static void *close_in_thread(void *fd)
{
	close((int)(intptr_t)fd);
	return NULL;
}

void port_serial_close(int fd, bool discard)
{
	pthread_attr_t detached;
	pthread_t thread;

	if (discard) {
		tcflush(fd, TCIOFLUSH);
	}
	ioctl(fd, TIOCNXCL);
	flock(fd, LOCK_UN);
	/* close() of a tty waits up to 30 s for a board that takes no bytes. */
	pthread_attr_init(&detached);
	pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
	if (pthread_create(&thread, &detached, close_in_thread, (void *)(intptr_t)fd) != 0) {
		close(fd);
	}
	pthread_attr_destroy(&detached);
}
