/*
 * The WebSocket /ws: clients come and go here, frames are queued and written.
 * One lws_write a writable callback; a queue over 256 KiB that does not move, one over
 * 1 MiB, or 5 s without progress closes with 1013 (API.md, Limits).
 */
#pragma once

#include <libwebsockets.h>

/* The protocol "kitlab.v1". The vhost's user pointer is the struct server. */
int ws_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
	size_t length);
size_t ws_session_size(void);
/* The timer server->turns: messages that waited for their turn are handled. */
void ws_turn(void *server);

struct server;
/* Closes all clients with a close code; they are gone some turns of the loop later. */
void ws_close_all(struct server *server, int code);
