/*
 * The door: listens, waits for a request's head with a deadline, and decides
 * who may come in (form, Host, Origin, subprotocol) before anybody else reads a
 * byte. HTTP goes to http.c, WebSockets to libwebsockets.
 *
 * It survives floods (FAULTS 35, 47): heads that do not come are cut off, the
 * patience shrinks for an address that has many of them, the last file
 * descriptors are kept for kits and scripts, and one is kept to say no with.
 */
#pragma once

#include "http.h"

struct door;

struct door_events {
	/* A WebSocket that may come in; its head is still unread in the socket. Takes the fd. */
	void (*websocket)(void *data, int fd);
};

/* NULL and *why; why->code is ERR_BUSY when the address is in use. All borrowed. */
struct door *door_create(struct server *server, struct http *http,
	const struct door_events *events, void *data, struct why *why);
void door_destroy(struct door *door); /* stops listening, closes who waits */
int door_port(const struct door *door);
uint64_t door_refused(const struct door *door); /* connections, for lack of room or time */
