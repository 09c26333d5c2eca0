/*
 * world.get and world.set: the small world around virtual kits. kitlab-virtual
 * checks and answers; without a virtual classroom there is nothing to ask.
 */
#include "rpc.h"
#include "server.h"
#include "world.h"

static void ask(struct server *server, struct request *request, const cJSON *set)
{
	struct why why;

	if (server->world) {
		world_ask(server->world, request, set);
	} else {
		why_set(&why, ERR_UNSUPPORTED, MSG_NO_WORLD);
		request_fail(request, &why);
	}
}

static void world_get(struct server *server, struct request *request, const cJSON *params)
{
	(void)params;
	ask(server, request, NULL);
}

static void world_set(struct server *server, struct request *request, const cJSON *params)
{
	static const cJSON nothing = {.type = cJSON_Object};

	ask(server, request, params ? params : &nothing);
}

const struct rpc_method rpc_world[] = {
	{"world.get", ROLE_TEACHER, world_get},
	{"world.set", ROLE_TEACHER, world_set},
	{NULL, ROLE_NONE, NULL},
};
