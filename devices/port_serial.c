/*
 * Serial lines: libserialport opens and configures them, then the loop works
 * on a duplicate of its handle, because the library's own waits spin after a
 * hang-up.
 *
 * Two programs on one line each get half of the bytes, so the line is taken
 * three ways: TIOCGEXCL tells of a holder even to root (whom TIOCEXCL does not
 * stop), TIOCEXCL keeps later openers out, flock() keeps out polite ones.
 */
#include "port_private.h"

#include <errno.h>
#include <fcntl.h>
#include <libserialport.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
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

int port_serial_open(const char *path, unsigned baud, bool dtr, struct why *why)
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
