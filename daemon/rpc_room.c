/*
 * Methods of the room. The all-stop itself belongs to leases and motion, which
 * this version does not have: room.stop answers `unsupported`, and the room is
 * honestly never stopped.
 */
#include "rpc.h"

static const char running[] =
	"{\"stopped\":false,\"level\":null,\"by\":null,\"at\":null,\"unconfirmed\":[]}";

static void room_watch(struct server *server, struct request *request, const cJSON *params)
{
	(void)server;
	(void)params;
	request->client->watches_room = true;
	request_reply_text(request, running, sizeof(running) - 1);
}

static void room_unwatch(struct server *server, struct request *request, const cJSON *params)
{
	(void)server;
	(void)params;
	request->client->watches_room = false;
	request_reply_text(request, "{}", 2);
}

const struct rpc_method rpc_room[] = {
	{"room.watch", ROLE_NONE, room_watch},
	{"room.unwatch", ROLE_NONE, room_unwatch},
	{NULL, ROLE_NONE, NULL},
};
