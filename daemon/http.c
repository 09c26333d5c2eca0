/*
 * Connections of HTTP: the body in, the answer or the stream out; see http.h.
 *
 * body -> answering -> writing -> lingering, or body -> streaming. After the
 * answer our side is shut and what still comes is read and dropped for a
 * moment: closing over unread bytes would reset the connection and lose the
 * answer on its way.
 */
#include "http.h"

#include "clock.h"
#include "http_chunks.h"
#include "http_text.h"
#include "log.h"
#include "server.h"
#include "xalloc.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	BODY_US = 10 * 1000000,   /* for a body to come */
	STUCK_US = 5 * 1000000,   /* for an answer or a stream to be taken further */
	LINGER_US = 1 * 1000000,
	BEAT_US = 15 * 1000000,   /* a comment in silent streams, to see who is gone */
	ANSWER_US = 30 * 1000000, /* nobody answers slower; a backstop */
};

enum stage { STAGE_BODY, STAGE_ANSWERING, STAGE_WRITING, STAGE_STREAMING, STAGE_LINGERING };

struct http {
	struct server *server;              /* borrowed */
	struct http_connection *connections; /* owned */
	size_t count;
	uint64_t served;
};

struct http_connection {
	struct http_connection *next;
	struct http *http; /* borrowed */
	struct http_request request;
	enum stage stage;
	int fd;
	struct loop_fd *watcher;
	struct loop_timer *timer;
	struct http_chunks chunks;

	char *out; /* owned: head and copied body, or a stream's queue */
	size_t out_length, out_sent, out_room;
	const char *tail; /* borrowed for ever: a static body behind `out` */
	size_t tail_length, tail_sent;
	bool ends; /* a stream: close when all is written */
	void (*drained)(struct http_request *request);
};

struct http *http_create(struct server *server)
{
	struct http *http = xcalloc(1, sizeof(*http));

	http->server = server;
	return http;
}

size_t http_count(const struct http *http)
{
	return http->count;
}

uint64_t http_served(const struct http *http)
{
	return http->served;
}

static void destroy(struct http_connection *connection)
{
	struct http *http = connection->http;
	struct http_request *request = &connection->request;

	for (struct http_connection **at = &http->connections; *at; at = &(*at)->next) {
		if (*at == connection) {
			*at = connection->next;
			http->count--;
			break;
		}
	}
	if (request->cancel) {
		request->cancel(request);
	}
	loop_fd_remove(connection->watcher);
	loop_timer_remove(connection->timer);
	close(connection->fd);
	free(request->body);
	free(connection->out);
	free(connection);
}

void http_destroy(struct http *http)
{
	while (http && http->connections) {
		destroy(http->connections);
	}
	free(http);
}

/* ---- out ---- */

static void append(struct http_connection *connection, const void *bytes, size_t length)
{
	if (connection->out_sent > 4096) {
		connection->out_length -= connection->out_sent;
		memmove(connection->out, connection->out + connection->out_sent,
			connection->out_length);
		connection->out_sent = 0;
	}
	if (connection->out_length + length > connection->out_room) {
		connection->out_room = connection->out_length + length + 512;
		connection->out = xrealloc(connection->out, connection->out_room);
	}
	memcpy(connection->out + connection->out_length, bytes, length);
	connection->out_length += length;
}

static bool is_all_sent(const struct http_connection *connection)
{
	return connection->out_sent == connection->out_length &&
		connection->tail_sent == connection->tail_length;
}

/* Sends from one block; false: the connection is broken. */
static bool send_block(struct http_connection *connection, const char *bytes, size_t length,
	size_t *sent)
{
	while (*sent < length) {
		ssize_t n = send(connection->fd, bytes + *sent, length - *sent, MSG_NOSIGNAL);

		if (n < 0) {
			return errno == EAGAIN || errno == EINTR;
		}
		*sent += (size_t)n;
		loop_timer_start(connection->timer, STUCK_US, 0);
	}
	return true;
}

static void linger(struct http_connection *connection)
{
	connection->stage = STAGE_LINGERING;
	shutdown(connection->fd, SHUT_WR);
	loop_fd_set(connection->watcher, LOOP_READ);
	loop_timer_start(connection->timer, LINGER_US, 0);
}

/* Writes what goes. May destroy the connection. */
static void flush(struct http_connection *connection)
{
	if (!send_block(connection, connection->out, connection->out_length,
		    &connection->out_sent) ||
		(connection->out_sent == connection->out_length &&
			!send_block(connection, connection->tail, connection->tail_length,
				&connection->tail_sent))) {
		destroy(connection);
		return;
	}
	if (!is_all_sent(connection)) {
		loop_fd_set(connection->watcher, LOOP_READ | LOOP_WRITE);
		return;
	}
	connection->out_sent = connection->out_length = 0;
	if (connection->stage == STAGE_WRITING || connection->ends) {
		linger(connection);
		return;
	}
	loop_fd_set(connection->watcher, LOOP_READ);
	loop_timer_start(connection->timer, BEAT_US, 0);
	if (connection->drained) {
		connection->drained(&connection->request);
	}
}

void http_answer(struct http_request *request, const struct http_reply *reply)
{
	struct http_connection *connection = request->connection;
	bool is_head = strcmp(request->head.method, "HEAD") == 0;
	char head[HTTP_TEXT_HEAD_MAX];

	/* 304 and 204 have no body by their nature. */
	size_t length = http_text_head(head, sizeof(head), reply);

	request->cancel = NULL;
	connection->stage = STAGE_WRITING;
	append(connection, head, length);
	if (reply->type && !is_head && reply->is_static) {
		connection->tail = reply->body;
		connection->tail_length = reply->length;
	} else if (reply->type && !is_head) {
		append(connection, reply->body, reply->length);
	}
	loop_timer_start(connection->timer, STUCK_US, 0);
	/* Written by the loop: whoever answers may be deep inside other work. */
	loop_fd_set(connection->watcher, LOOP_READ | LOOP_WRITE);
}

/* ---- streams ---- */

void http_stream_begin(struct http_request *request, void (*drained)(struct http_request *request))
{
	static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
				   "Cache-Control: no-store\r\nX-Accel-Buffering: no\r\n"
				   "Connection: close\r\n\r\n";
	struct http_connection *connection = request->connection;

	connection->stage = STAGE_STREAMING;
	connection->drained = drained;
	append(connection, head, sizeof(head) - 1);
	loop_timer_start(connection->timer, STUCK_US, 0);
	loop_fd_set(connection->watcher, LOOP_READ | LOOP_WRITE);
}

bool http_stream_is_idle(const struct http_request *request)
{
	return is_all_sent(request->connection);
}

static void send_later(struct http_connection *connection, const char *text, size_t length)
{
	if (is_all_sent(connection)) {
		loop_timer_start(connection->timer, STUCK_US, 0);
		loop_fd_set(connection->watcher, LOOP_READ | LOOP_WRITE);
	}
	append(connection, text, length);
}

bool http_stream_send(struct http_request *request, const char *json, size_t length)
{
	struct http_connection *connection = request->connection;

	if (connection->out_length - connection->out_sent + length > HTTP_STREAM_QUEUE_MAX) {
		log_warn("a stream of %s is not read: closed", request->head.path);
		connection->http->server->clients_dropped++;
		destroy(connection);
		return false;
	}
	send_later(connection, "data: ", 6);
	send_later(connection, json, length);
	send_later(connection, "\n\n", 2);
	return true;
}

void http_stream_end(struct http_request *request)
{
	struct http_connection *connection = request->connection;

	request->cancel = NULL;
	connection->drained = NULL;
	connection->ends = true;
	loop_timer_start(connection->timer, STUCK_US, 0);
	loop_fd_set(connection->watcher, LOOP_READ | LOOP_WRITE);
}

/* ---- in ---- */

static void begin_answer(struct http_connection *connection)
{
	connection->stage = STAGE_ANSWERING;
	loop_timer_start(connection->timer, ANSWER_US, 0);
	http_route(&connection->request);
}

/* Reads and drops. False: the other side is gone. */
static bool drain(int fd)
{
	char dropped[4096];
	ssize_t n = recv(fd, dropped, sizeof(dropped), 0);

	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

static void refuse_body(struct http_connection *connection, bool is_long)
{
	struct why why;

	if (is_long) {
		why_set(&why, ERR_LIMIT, MSG_HTTP_BODY, HTTP_BODY_MAX);
	} else {
		why_set(&why, ERR_INVALID, MSG_HTTP_BAD);
	}
	http_fail_as(&connection->request, is_long ? 413 : 400, &why);
}

static void take_chunks(struct http_connection *connection, const char *bytes, size_t count)
{
	struct http_request *request = &connection->request;
	struct http_chunks *chunks = &connection->chunks;

	if (!http_chunks_take(chunks, bytes, count, request->body, HTTP_BODY_MAX)) {
		return;
	}
	if (chunks->state != CHUNKS_DONE) {
		refuse_body(connection, chunks->state == CHUNKS_TOO_LONG);
		return;
	}
	request->body = xrealloc(request->body, chunks->length + 1);
	request->body[chunks->length] = '\0';
	request->body_length = chunks->length;
	begin_answer(connection);
}

static void read_body(struct http_connection *connection)
{
	struct http_request *request = &connection->request;
	bool is_chunked = request->head.is_chunked;
	char piece[4096];
	size_t missing = request->head.content_length - request->body_length;
	ssize_t n = is_chunked ? recv(connection->fd, piece, sizeof(piece), 0)
			       : recv(connection->fd, request->body + request->body_length, missing, 0);

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		destroy(connection);
	} else if (n > 0 && is_chunked) {
		take_chunks(connection, piece, (size_t)n);
	} else if (n > 0) {
		request->body_length += (size_t)n;
		if (request->body_length == request->head.content_length) {
			begin_answer(connection);
		}
	}
}

static void on_ready(void *data, int events)
{
	struct http_connection *connection = data;

	if (connection->stage == STAGE_BODY) {
		read_body(connection);
		return;
	}
	if ((events & LOOP_READ) && !drain(connection->fd)) {
		destroy(connection);
		return;
	}
	if (events & LOOP_WRITE) {
		flush(connection);
	}
}

static void on_time(void *data)
{
	struct http_connection *connection = data;

	if (connection->stage == STAGE_BODY) {
		struct why why;

		why_set(&why, ERR_TIMEOUT, MSG_HTTP_SLOW);
		http_fail_as(&connection->request, 408, &why);
	} else if (connection->stage == STAGE_STREAMING && is_all_sent(connection)) {
		send_later(connection, ":\n\n", 3);
	} else {
		destroy(connection);
	}
}

/* ---- coming ---- */

static void begin(struct http_connection *connection)
{
	struct http_request *request = &connection->request;
	size_t expected = request->head.is_chunked ? HTTP_BODY_MAX : request->head.content_length;

	if (expected > HTTP_BODY_MAX) {
		refuse_body(connection, true);
		return;
	}
	request->body = xcalloc(1, expected + 1);
	if (expected == 0) {
		begin_answer(connection);
		return;
	}
	if (request->head.expects_continue) {
		static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";

		(void)!send(connection->fd, go_on, sizeof(go_on) - 1, MSG_NOSIGNAL);
	}
	loop_timer_start(connection->timer, BODY_US, 0);
	loop_fd_set(connection->watcher, LOOP_READ);
}

/* The head is known already: it is only taken off the socket. */
static void skip_head(int fd, size_t length)
{
	char dropped[HTTP_HEAD_MAX];

	(void)!recv(fd, dropped, length < sizeof(dropped) ? length : sizeof(dropped), 0);
}

void http_serve(struct http *http, int fd, const struct http_head *head, int status,
	const struct why *why)
{
	struct http_connection *connection = xcalloc(1, sizeof(*connection));
	struct http_request *request = &connection->request;
	int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	connection->http = http;
	connection->fd = fd;
	connection->next = http->connections;
	http->connections = connection;
	http->count++;
	request->server = http->server;
	request->head = *head;
	request->connection = connection;
	connection->watcher = loop_fd_add(http->server->loop, fd, 0, on_ready, connection);
	connection->timer = loop_timer_add(http->server->loop, on_time, connection);
	http->served++;
	if (status) {
		http_fail_as(request, status, why);
		return;
	}
	skip_head(fd, head->length);
	begin(connection);
}
