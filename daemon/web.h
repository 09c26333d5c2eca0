/*
 * The web side: the door (door.c: who may come in), HTTP (http.c: pages,
 * /healthz, /metrics, Web of Things) and the WebSockets (ws.c on libwebsockets),
 * made, counted and ended here.
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

/* for /metrics */
size_t web_http_count(const struct web *web);    /* HTTP connections now */
uint64_t web_http_served(const struct web *web); /* HTTP requests so far */
uint64_t web_refused(const struct web *web);     /* connections for which there was no room or time */
