/*
 * world.*: the small world around virtual kits, and the floor of virtual robots.
 * kitlab-virtual checks and answers; without a virtual classroom there is nothing to ask.
 */
#include "rpc.h"
#include "server.h"
#include "world.h"

static void ask(struct server *server, struct request *request, enum world_question question,
	const cJSON *set)
{
	struct why why;

	if (server->world) {
		world_ask(server->world, request, question, set);
	} else {
		why_set(&why, ERR_UNSUPPORTED, MSG_NO_WORLD);
		request_fail(request, &why);
	}
}

static void world_get(struct server *server, struct request *request, const cJSON *params)
{
	(void)params;
	ask(server, request, WORLD_GET, NULL);
}

static void world_set(struct server *server, struct request *request, const cJSON *params)
{
	static const cJSON nothing = {.type = cJSON_Object};

	ask(server, request, WORLD_SET, params ? params : &nothing);
}

static void world_watch(struct server *server, struct request *request, const cJSON *params)
{
	(void)params;
	ask(server, request, WORLD_WATCH, NULL);
}

static void world_unwatch(struct server *server, struct request *request, const cJSON *params)
{
	(void)server;
	(void)params;
	request->client->watches_world = false;
	request_reply(request, cJSON_CreateObject());
}

const struct rpc_method rpc_world[] = {
	{"world.get", ROLE_TEACHER, world_get},
	{"world.set", ROLE_TEACHER, world_set},
	{"world.watch", ROLE_DISPLAY, world_watch},
	{"world.unwatch", ROLE_DISPLAY, world_unwatch},
	{NULL, ROLE_NONE, NULL},
};
