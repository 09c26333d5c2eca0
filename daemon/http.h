/*
 * HTTP, one request a connection: pages from inside the program, /healthz,
 * /metrics, /api/v1, and the way to wot.c. A request comes whole (body at most
 * 64 KiB) and is answered whole, now or later, but for SSE streams.
 *
 * libwebsockets would do it too, but drops chunked bodies and odd heads without
 * an answer and normalises what should be refused; it keeps the WebSockets.
 */
#pragma once

#include "http_head.h"

#include <cjson/cJSON.h>
#include <stdint.h>

enum { HTTP_BODY_MAX = 64 * 1024, HTTP_STREAM_QUEUE_MAX = 64 * 1024 };

struct server;
struct http;

struct http *http_create(struct server *server);
void http_destroy(struct http *http); /* closes all connections; their requests are cancelled */

/*
 * Takes over a connected socket whose head was looked at (MSG_PEEK) and waits
 * unread in it. status 0: serve it; else refuse it with that status and *why.
 */
void http_serve(struct http *http, int fd, const struct http_head *head, int status,
	const struct why *why);
size_t http_count(const struct http *http);    /* connections */
uint64_t http_served(const struct http *http); /* requests so far */

/* ---- for those who answer ---- */

/* Lives until it is answered or cancelled. */
struct http_request {
	struct server *server;
	struct http_head head;
	char *body; /* owned, terminated */
	size_t body_length;
	/* The client is gone; set by who answers later. The request ends after it. */
	void (*cancel)(struct http_request *request);
	void *data;
	struct http_connection *connection; /* http.c's */
};

struct http_reply {
	int status;
	const char *type;    /* NULL = no body */
	const char *headers; /* further ones, "Name: value\r\n"..., NULL = none */
	const void *body;    /* copied, unless `is_static` */
	size_t length;
	bool is_static;      /* lives as long as the program */
};

void http_answer(struct http_request *request, const struct http_reply *reply);
void http_answer_json(struct http_request *request, const char *type, cJSON *json); /* takes it */
/* JSON {reason, hint}; the status fits the reason. */
void http_fail(struct http_request *request, const struct why *why);
/* As above with a status of its own: 404, 405, 413, 415, ... */
void http_fail_as(struct http_request *request, int status, const struct why *why);

/* Is the method among `allowed` ("GET HEAD")? False: answered with 405. */
bool http_allows(struct http_request *request, const char *allowed);

/* ---- SSE (text/event-stream) ---- */

/*
 * Turns the request into a stream. `drained` is called when all is written that
 * was sent; cancel when the client goes or is closed because it does not read.
 */
void http_stream_begin(struct http_request *request, void (*drained)(struct http_request *request));
bool http_stream_is_idle(const struct http_request *request);
/* One unnamed message. A queue over 64 KiB closes the stream (then false; request is gone). */
bool http_stream_send(struct http_request *request, const char *json, size_t length);
void http_stream_end(struct http_request *request); /* what is queued still goes out */

/* ---- who answers what ---- */

void http_route(struct http_request *request);     /* http_route.c */
void pages_answer(struct http_request *request);   /* pages.c: files of the dashboard */
void metrics_answer(struct http_request *request); /* metrics.c */
void wot_answer(struct http_request *request);     /* wot.c */
void api_answer(struct http_request *request);     /* api.c: /api/v1 */
void api_begin(struct server *server);             /* who holds the leases of HTTP */
