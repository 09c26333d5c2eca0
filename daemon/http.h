/*
 * HTTP: pages from inside the program, /healthz, /metrics, the course cases'
 * files, and the way to wot.c. Requests are gathered whole (64 KiB at most) and answered
 * whole, but for SSE streams.
 */
#pragma once

#include <libwebsockets.h>

/* protocols[0] of the context; refuses WebSockets (a missing subprotocol is 400). */
int http_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
	size_t length);
size_t http_session_size(void);

/* One request, body whole and terminated. */
struct http_request {
	struct server *server;
	const char *method; /* "GET", "PUT", "POST", ... */
	const char *path;   /* decoded, starts with '/' */
	const char *query;  /* "" = none */
	const char *body;
	size_t body_length;
	const char *host;   /* for absolute addresses */
	enum lang lang;     /* by Accept-Language */
	const char *lease;  /* header Kitlab-Lease, NULL = none */
	void *session;      /* http.c's */
};
