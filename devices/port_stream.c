/*
 * Streams: ptys (or any device by its path), TCP and UNIX sockets.
 *
 * libserialport refuses what is not in /sys/class/tty, so ptys are opened here.
 * The path is opened anew each time, so a symlink that was moved to another pty
 * is followed. Connects do not block: port.c waits for the fd to get writable.
 */
#include "port_private.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

/* Bytes as they are: no echo, no line editing, no flow control (PROTOCOLS 0). */
static int make_raw(int fd)
{
	struct termios mode;

	if (tcgetattr(fd, &mode) < 0) {
		return -1;
	}
	cfmakeraw(&mode);
	mode.c_iflag &= (tcflag_t) ~(IXOFF | IXANY);
	mode.c_cflag |= CLOCAL | CREAD;
	mode.c_cc[VMIN] = 1;
	mode.c_cc[VTIME] = 0;
	return tcsetattr(fd, TCSANOW, &mode);
}

static int open_path(const char *path, struct why *why)
{
	int fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	struct stat about;

	if (fd < 0 && errno == EISDIR) {
		why_set(why, ERR_INVALID, MSG_PORT_NOT_STREAM, path);
		return -1;
	}
	if (fd < 0) {
		port_why(why, path, errno);
		return -1;
	}
	if (fstat(fd, &about) < 0 || S_ISREG(about.st_mode)) {
		why_set(why, ERR_INVALID, MSG_PORT_NOT_STREAM, path);
		goto fail;
	}
	if (isatty(fd) && make_raw(fd) < 0) {
		port_why(why, path, errno);
		goto fail;
	}
	return fd;
fail:
	close(fd);
	return -1;
}

static int open_socket(const struct port_spec *spec, bool *is_connecting, struct why *why)
{
	struct sockaddr_storage address;
	socklen_t bytes = sizeof(struct sockaddr_un);
	int on = 1;

	if (spec->scheme == PORT_TCP) {
		if (!port_spec_address(spec->target, &address, &bytes)) {
			port_why(why, spec->target, EADDRNOTAVAIL);
			return -1;
		}
	} else {
		struct sockaddr_un *local = (struct sockaddr_un *)&address;

		memset(local, 0, sizeof(*local));
		local->sun_family = AF_UNIX;
		memcpy(local->sun_path, spec->target,
			strnlen(spec->target, sizeof(local->sun_path) - 1));
	}
	int fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0) {
		port_why(why, spec->target, errno);
		return -1;
	}
	if (spec->scheme == PORT_TCP) {
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	}
	bool connected = connect(fd, (struct sockaddr *)&address, bytes) == 0;

	if (!connected && errno != EINPROGRESS) {
		port_why(why, spec->target, errno);
		close(fd);
		return -1;
	}
	*is_connecting = !connected;
	return fd;
}

int port_stream_open(const struct port_spec *spec, bool *is_connecting, struct why *why)
{
	if (spec->scheme == PORT_STREAM) {
		*is_connecting = false;
		return open_path(spec->target, why);
	}
	return open_socket(spec, is_connecting, why);
}
