/*
 * kit.flash: firmware for an AVR board. The answer comes when file and board have been
 * judged and the port is lent; what follows is told by flash.changed.
 */
#include "flash.h"
#include "rpc.h"
#include "server.h"

static void kit_flash(struct server *server, struct request *request, const cJSON *params)
{
	const char *id, *model = "", *name = "firmware.hex", *hex = NULL;
	struct why why;

	if (!param_text(params, "kit", false, &id, &why) ||
		!param_text(params, "board", true, &model, &why) ||
		!param_text(params, "name", true, &name, &why) ||
		!param_text(params, "hex", true, &hex, &why)) {
		request_fail(request, &why);
		return;
	}
	struct kit *kit = lab_need(server->lab, id, &why);

	/* A new program may move as soon as it runs. */
	if (!kit || safety_need_running(server->safety, kit, &why) ||
		flash_start(server, kit, model, name, hex, &why)) {
		request_fail(request, &why);
		return;
	}
	request_reply(request, cJSON_CreateObject());
}

static void list(struct server *server, struct request *request, const cJSON *params)
{
	cJSON *result = cJSON_CreateObject();

	(void)params;
	cJSON_AddItemToObject(result, "flashes", flash_list(server, request->client->lang));
	request_reply(request, result);
}

const struct rpc_method rpc_flash[] = {
	{"kit.flash", ROLE_TEACHER, kit_flash},
	{"flash.list", ROLE_TEACHER, list},
	{NULL, ROLE_NONE, NULL},
};
