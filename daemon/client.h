/*
 * A client: somebody who is connected and may ask. ws.c makes one for each
 * WebSocket; it gets frames by client_send().
 */
#pragma once

#include "err.h"
#include "frame.h"
#include "safety.h"

#include <stdbool.h>
#include <stdint.h>

struct server;
struct request;
struct watch;
struct bus_member;

enum role { ROLE_NONE, ROLE_DISPLAY, ROLE_STUDENT, ROLE_TEACHER, ROLE_ADMIN };

struct client {
	struct server *server; /* borrowed, outlives */
	uint64_t number;       /* for the log; never reused */
	enum role role;
	enum lang lang;
	char user[33];         /* "" = nobody */
	struct lease_holder holder; /* of the leases that it took */
	bool watches_kits, watches_room, watches_world, watches_seats;
	double tokens;         /* rpc.c's: requests that it may still make now */
	int64_t tokens_us;

	struct client *next;       /* server's list */
	struct request *requests;  /* without an answer yet */
	struct watch *watches;     /* bus.c's: what it wants of kits */
	struct bus_member *members; /* bus.c's: one a rate */
	/* How a frame goes out; the queue's ceiling is behind it. Borrowed reference. */
	void (*send)(struct client *client, struct frame *frame);
	void *transport; /* ws.c's */
};

static inline void client_send(struct client *client, struct frame *frame)
{
	client->send(client, frame);
}

const char *role_name(enum role role);
