/*
 * The door; see door.h.
 *
 * A head is only peeked at (MSG_PEEK) until it is whole, so that whoever gets
 * the socket finds it untouched. SO_RCVLOWAT keeps a half head from waking the
 * loop again and again.
 */
#include "door.h"

#include "clock.h"
#include "config.h"
#include "log.h"
#include "server.h"
#include "xalloc.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	PATIENCE_US = 5 * 1000000,      /* for a head */
	SHORT_PATIENCE_US = 1 * 1000000, /* from an address that has many without one */
	MANY = 8,
	GUESTS_MAX = 256,
	TICK_US = 250 * 1000,
	ACCEPTS_A_TURN = 32,
	BACKLOG = 128,
};

/* A connection whose head is not whole yet. */
struct guest {
	struct guest *next;
	struct door *door;
	int fd;
	struct loop_fd *watcher;
	int64_t since_us;
	struct in6_addr address;
	size_t seen; /* bytes peeked so far */
};

struct door {
	struct server *server; /* borrowed, as http and events */
	struct http *http;
	const struct door_events *events;
	void *data;
	int fd, spare;  /* `spare` is closed to accept one more and refuse it */
	int port;
	int fd_limit;   /* from this number on descriptors are not for the web */
	struct loop_fd *watcher;
	struct loop_timer *timer;
	struct guest *guests; /* owned; newest first */
	size_t guest_count;
	uint64_t refused;
	char head[HTTP_HEAD_MAX];
};

/* ---- guests ---- */

/* Forgets the guest; its socket lives on in the hands of the caller. */
static int let_go(struct guest *guest)
{
	struct door *door = guest->door;
	int fd = guest->fd, one = 1;

	for (struct guest **at = &door->guests; *at; at = &(*at)->next) {
		if (*at == guest) {
			*at = guest->next;
			door->guest_count--;
			break;
		}
	}
	loop_fd_remove(guest->watcher);
	free(guest);
	if (door->guest_count == 0) {
		loop_timer_stop(door->timer);
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &one, sizeof(one));
	return fd;
}

static void refuse(struct guest *guest, const struct http_head *head, int status,
	const struct why *why)
{
	struct http *http = guest->door->http;

	http_serve(http, let_go(guest), head, status, why);
}

static bool is_ours(const struct door *door, const char *host)
{
	const struct config *config = door->server->config;

	return http_host_is_ours(host, config->listen_host, door->port,
		(const char (*)[128])config->hosts, config->host_count);
}

/* 0: may come in; else a status and *why. */
static int judge(const struct door *door, const struct http_head *head, struct why *why)
{
	const char *origin = http_origin_host(head->origin);

	if (!is_ours(door, head->host)) {
		why_set(why, ERR_FORBIDDEN, MSG_HTTP_HOST, head->host);
		return 403;
	}
	if (head->origin[0] && !(origin && is_ours(door, origin))) {
		why_set(why, ERR_FORBIDDEN, MSG_HTTP_ORIGIN, head->origin);
		return 403;
	}
	if (head->upgrades && strcmp(head->path, "/ws") != 0) {
		why_set(why, ERR_NOT_FOUND, MSG_HTTP_NO_PAGE, head->path);
		return 404;
	}
	if (head->upgrades && !head->upgrades_well) {
		why_set(why, ERR_INVALID, MSG_HTTP_UPGRADE);
		return 400;
	}
	if (head->upgrades && !head->has_subprotocol) {
		why_set(why, ERR_INVALID, MSG_HTTP_SUBPROTOCOL);
		return 400;
	}
	return 0;
}

static void refuse_form(struct guest *guest, const struct http_head *head, int status)
{
	struct why why;

	if (status == 505) {
		why_set(&why, ERR_UNSUPPORTED, MSG_HTTP_VERSION);
	} else {
		why_set(&why, ERR_INVALID, MSG_HTTP_BAD);
	}
	refuse(guest, head, status, &why);
}

static void admit(struct guest *guest, const struct http_head *head)
{
	struct door *door = guest->door;
	struct why why;
	int status = judge(door, head, &why);

	if (status) {
		refuse(guest, head, status, &why);
	} else if (head->upgrades) {
		door->events->websocket(door->data, let_go(guest));
	} else {
		http_serve(door->http, let_go(guest), head, 0, NULL);
	}
}

static void look(struct guest *guest)
{
	struct door *door = guest->door;
	struct http_head head = {0};
	ssize_t n = recv(guest->fd, door->head, sizeof(door->head), MSG_PEEK);

	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		return;
	}
	/* No more than before although there was something to read: the end of it. */
	if (n <= 0 || (size_t)n == guest->seen) {
		close(let_go(guest));
		return;
	}
	guest->seen = (size_t)n;
	int status = http_head_parse(door->head, guest->seen, &head);

	if (status == 200) {
		admit(guest, &head);
	} else if (status) {
		refuse_form(guest, &head, status);
	} else {
		int wanted = (int)n + 1;

		setsockopt(guest->fd, SOL_SOCKET, SO_RCVLOWAT, &wanted, sizeof(wanted));
	}
}

static void on_ready(void *data, int events)
{
	(void)events;
	look(data);
}

/* ---- patience ---- */

static size_t count_of(const struct door *door, const struct in6_addr *address)
{
	size_t count = 0;

	for (const struct guest *guest = door->guests; guest; guest = guest->next) {
		count += IN6_ARE_ADDR_EQUAL(&guest->address, address) ? 1 : 0;
	}
	return count;
}

static void turn_out(struct guest *guest)
{
	static const struct http_head nothing;
	struct why why;

	guest->door->refused++;
	why_set(&why, ERR_TIMEOUT, MSG_HTTP_SLOW);
	refuse(guest, &nothing, 408, &why);
}

/*
 * A class behind one address opens sixty pages at once and is through in
 * milliseconds; only those that keep many connections waiting lose patience.
 */
static void on_tick(void *data)
{
	struct door *door = data;
	int64_t now_us = clock_now_us();
	struct guest *next;

	for (struct guest *guest = door->guests; guest; guest = next) {
		int64_t waited_us = now_us - guest->since_us;

		next = guest->next;
		if (waited_us > PATIENCE_US ||
			(waited_us > SHORT_PATIENCE_US &&
				count_of(door, &guest->address) > MANY)) {
			turn_out(guest);
		}
	}
}

static void turn_out_oldest(struct door *door)
{
	struct guest *oldest = door->guests;

	while (oldest->next) {
		oldest = oldest->next;
	}
	turn_out(oldest);
}

/* ---- coming ---- */

static struct in6_addr address_of(const struct sockaddr_storage *from)
{
	struct in6_addr address = IN6ADDR_ANY_INIT;

	if (from->ss_family == AF_INET6) {
		address = ((const struct sockaddr_in6 *)from)->sin6_addr;
	} else if (from->ss_family == AF_INET) {
		memcpy(&address.s6_addr[12], &((const struct sockaddr_in *)from)->sin_addr, 4);
	}
	return address;
}

static void welcome(struct door *door, int fd, const struct sockaddr_storage *from)
{
	struct guest *guest = xcalloc(1, sizeof(*guest));
	int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (door->guest_count == GUESTS_MAX) {
		turn_out_oldest(door);
	}
	if (door->guest_count == 0) {
		loop_timer_start(door->timer, TICK_US, TICK_US);
	}
	guest->door = door;
	guest->fd = fd;
	guest->since_us = clock_now_us();
	guest->address = address_of(from);
	guest->watcher = loop_fd_add(door->server->loop, fd, LOOP_READ, on_ready, guest);
	guest->next = door->guests;
	door->guests = guest;
	door->guest_count++;
	/* Most heads are here already. */
	look(guest);
}

/* There is no room to be polite in: a few fixed words, and it is closed. */
static void send_away(struct door *door, int fd)
{
	static const char full[] = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n"
				   "Retry-After: 2\r\nConnection: close\r\n\r\n";

	door->refused++;
	log_warn("too many files are open: a connection was refused, kits and scripts go on");
	(void)!send(fd, full, sizeof(full) - 1, MSG_NOSIGNAL);
	(void)!recv(fd, door->head, sizeof(door->head), 0);
	close(fd);
}

static int open_spare(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* One connection. False: there is none, or none can be had. */
static bool accept_one(struct door *door)
{
	struct sockaddr_storage from = {0};
	socklen_t length = sizeof(from);
	int flags = SOCK_NONBLOCK | SOCK_CLOEXEC;
	int fd = accept4(door->fd, (struct sockaddr *)&from, &length, flags);

	if (fd < 0 && (errno == EMFILE || errno == ENFILE) && door->spare >= 0) {
		close(door->spare);
		fd = accept4(door->fd, NULL, NULL, flags);
		if (fd >= 0) {
			send_away(door, fd);
		}
		door->spare = open_spare();
		return fd >= 0;
	}
	if (fd < 0) {
		/* A client that left before it was accepted is no reason to stop. */
		return errno == ECONNABORTED || errno == EINTR;
	}
	if (fd >= door->fd_limit) {
		send_away(door, fd);
	} else {
		welcome(door, fd, &from);
	}
	return true;
}

static void on_accept(void *data, int events)
{
	(void)events;
	for (int i = 0; i < ACCEPTS_A_TURN && accept_one(data); i++) {
	}
}

/* ---- listening ---- */

static int listen_on(const struct config *config, struct why *why)
{
	struct addrinfo hints = {
		.ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;
	bool is_name = strcasecmp(config->listen_host, "localhost") == 0;
	char port[8];
	int on = 1;

	snprintf(port, sizeof(port), "%d", config->listen_port);
	if (getaddrinfo(is_name ? "127.0.0.1" : config->listen_host, port, &hints, &found) != 0) {
		why_set(why, ERR_INVALID, MSG_HTTP_LISTEN, config->listen_host, config->listen_port,
			"getaddrinfo");
		return -1;
	}
	int fd = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	bool ok = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
		bind(fd, found->ai_addr, found->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0;

	if (!ok && errno == EADDRINUSE) {
		why_set(why, ERR_BUSY, MSG_HTTP_IN_USE, config->listen_host, config->listen_port);
	} else if (!ok) {
		why_set(why, ERR_IO, MSG_HTTP_LISTEN, config->listen_host, config->listen_port,
			strerror(errno));
	}
	if (!ok && fd >= 0) {
		close(fd);
		fd = -1;
	}
	freeaddrinfo(found);
	return fd;
}

static int port_of(int fd)
{
	struct sockaddr_storage address = {0};
	socklen_t length = sizeof(address);

	if (getsockname(fd, (struct sockaddr *)&address, &length) != 0) {
		return 0;
	}
	return ntohs(address.ss_family == AF_INET6
			? ((const struct sockaddr_in6 *)&address)->sin6_port
			: ((const struct sockaddr_in *)&address)->sin_port);
}

/* An eighth of the descriptors, at most 256 (64 kits, 64 scripts), is not for the web. */
static int web_fd_limit(void)
{
	struct rlimit limit = {.rlim_cur = 1024};

	getrlimit(RLIMIT_NOFILE, &limit);
	int all = limit.rlim_cur < 65536 ? (int)limit.rlim_cur : 65536;

	return all - (all / 8 < 256 ? all / 8 : 256);
}

struct door *door_create(struct server *server, struct http *http,
	const struct door_events *events, void *data, struct why *why)
{
	int fd = listen_on(server->config, why);

	if (fd < 0) {
		return NULL;
	}
	struct door *door = xcalloc(1, sizeof(*door));

	door->server = server;
	door->http = http;
	door->events = events;
	door->data = data;
	door->fd = fd;
	door->spare = open_spare();
	door->port = port_of(fd);
	door->fd_limit = web_fd_limit();
	door->timer = loop_timer_add(server->loop, on_tick, door);
	door->watcher = loop_fd_add(server->loop, fd, LOOP_READ, on_accept, door);
	return door;
}

void door_destroy(struct door *door)
{
	if (!door) {
		return;
	}
	while (door->guests) {
		close(let_go(door->guests));
	}
	loop_fd_remove(door->watcher);
	loop_timer_remove(door->timer);
	close(door->fd);
	if (door->spare >= 0) {
		close(door->spare);
	}
	free(door);
}

int door_port(const struct door *door)
{
	return door->port;
}

uint64_t door_refused(const struct door *door)
{
	return door->refused;
}
