/* Methods of the room: the all-stop; see API.md and safety.h. */
#include "rpc.h"

#include "clock.h"
#include "safety.h"
#include "server.h"
#include "xalloc.h"

#include <stdlib.h>
#include <string.h>

/* "" = the room. */
static bool read_seat(const cJSON *params, const char **seat, struct why *why)
{
	*seat = "";
	return param_text(params, "seat", true, seat, why);
}

static void room_watch(struct server *server, struct request *request, const cJSON *params)
{
	(void)params;
	request->client->watches_room = true;
	request_reply(request, safety_room(server->safety));
}

static void room_unwatch(struct server *server, struct request *request, const cJSON *params)
{
	(void)server;
	(void)params;
	request->client->watches_room = false;
	request_reply_text(request, "{}", 2);
}

/* A stop that waits for the kits. */
struct stopping {
	struct server *server;
	struct request *request;
	char seat[32];
};

static void on_stopped(void *data)
{
	struct stopping *stopping = data;

	request_reply(stopping->request,
		safety_stop_result(stopping->server->safety, stopping->seat));
	free(stopping);
}

static void room_stop(struct server *server, struct request *request, const cJSON *params)
{
	struct client *client = request->client;
	const char *level = "hold", *seat = "";
	struct why why;

	/* A stop is never refused for its form: then it is the room's. */
	param_text(params, "level", true, &level, &why);
	param_text(params, "seat", true, &seat, &why);
	seat = safety_stop_seat(seat);
	struct stopping *stopping = xcalloc(1, sizeof(*stopping));

	stopping->server = server;
	stopping->request = request;
	strncpy(stopping->seat, seat, sizeof(stopping->seat) - 1);
	safety_stop(server->safety, stopping->seat,
		strcmp(level, "kill") == 0 ? HOLD_KILL : HOLD_ALL, client->holder.label,
		client->holder.is_staff, clock_now_us(), on_stopped, stopping);
}

static void room_clear(struct server *server, struct request *request, const cJSON *params)
{
	const char *seat;
	struct why why;

	if (!read_seat(params, &seat, &why)) {
		request_fail(request, &why);
		return;
	}
	safety_clear(server->safety, seat, clock_now_us());
	request_reply_text(request, "{}", 2);
}

const struct rpc_method rpc_room[] = {
	{"room.watch", ROLE_NONE, room_watch},
	{"room.unwatch", ROLE_NONE, room_unwatch},
	{"room.stop", ROLE_NONE, room_stop},
	{"room.clear", ROLE_TEACHER, room_clear},
	{NULL, ROLE_NONE, NULL},
};
