/*
 * The web side: one libwebsockets context on the event loop. web.c makes it and
 * decides who may come in (Host, Origin); ws.c is the WebSocket, http.c the
 * pages and /healthz and /metrics, wot.c the Web of Things.
 */
#pragma once

#include "client.h"

struct web;

/* NULL and *why: *why->code is ERR_BUSY when the address is in use (exit code 3). */
struct web *web_create(struct server *server, struct why *why);
int web_port(const struct web *web); /* the port that it got */
/* Closes every client with 1001; calls done when all are gone or after 300 ms. */
void web_shutdown(struct web *web, void (*done)(void *data), void *data);
void web_destroy(struct web *web);
