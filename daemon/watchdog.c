/*
 * sd_notify's datagrams; see watchdog.h. Thirty lines of our own instead of
 * libsystemd: the protocol is a text in a datagram to $NOTIFY_SOCKET.
 */
#include "watchdog.h"

#include "xalloc.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct watchdog {
	struct loop_timer *timer;
	struct sockaddr_un address;
	socklen_t address_size;
	int fd; /* -1 = nobody wants to hear */
};

static void say(const struct watchdog *watchdog, const char *text)
{
	if (watchdog->fd >= 0) {
		/* A manager that does not take it notices itself. */
		(void)!sendto(watchdog->fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL,
			(const struct sockaddr *)&watchdog->address, watchdog->address_size);
	}
}

static void on_timer(void *data)
{
	say(data, "WATCHDOG=1");
}

/* A path, or an abstract name that begins with @. */
static bool set_address(struct watchdog *watchdog, const char *name)
{
	size_t length = name ? strlen(name) : 0;

	if (length < 2 || length >= sizeof(watchdog->address.sun_path) ||
		(name[0] != '/' && name[0] != '@')) {
		return false;
	}
	watchdog->address.sun_family = AF_UNIX;
	memcpy(watchdog->address.sun_path, name, length);
	if (name[0] == '@') {
		watchdog->address.sun_path[0] = '\0';
	}
	watchdog->address_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
	return true;
}

struct watchdog *watchdog_create(struct loop *loop)
{
	struct watchdog *watchdog = xcalloc(1, sizeof(*watchdog));
	const char *period = getenv("WATCHDOG_USEC");
	long long period_us = period ? strtoll(period, NULL, 10) : 0;

	watchdog->fd = -1;
	if (set_address(watchdog, getenv("NOTIFY_SOCKET"))) {
		watchdog->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	}
	watchdog->timer = loop_timer_add(loop, on_timer, watchdog);
	if (watchdog->fd >= 0 && period_us > 0) {
		loop_timer_start(watchdog->timer, 0, period_us / 4);
	}
	/* Scripts and worlds are no business of the manager. */
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	return watchdog;
}

void watchdog_ready(struct watchdog *watchdog)
{
	say(watchdog, "READY=1");
}

void watchdog_ending(struct watchdog *watchdog)
{
	say(watchdog, "STOPPING=1");
}

void watchdog_destroy(struct watchdog *watchdog)
{
	if (!watchdog) {
		return;
	}
	loop_timer_remove(watchdog->timer);
	if (watchdog->fd >= 0) {
		close(watchdog->fd);
	}
	free(watchdog);
}
