/* Methods of leases: kit.lease, lease.*, kit.checks; see API.md and safety.h. */
#include "clock.h"
#include "jsonout.h"
#include "lab.h"
#include "rpc.h"
#include "safety.h"
#include "server.h"

#include <stdio.h>
#include <string.h>

static void on_lost(struct lease_holder *holder, const struct lease_loss *loss)
{
	struct client *client = holder->data;
	struct jsonout out = {0};
	struct frame *frame;

	json_raw(&out, "{\"lease\":\"");
	json_raw(&out, loss->lease);
	json_raw(&out, "\",\"kit\":");
	json_text(&out, loss->kit->id, strlen(loss->kit->id));
	json_raw(&out, ",\"reason\":\"");
	json_raw(&out, lease_end_name(loss->end));
	json_raw(&out, "\"");
	if (loss->by[0]) {
		json_raw(&out, ",\"by\":");
		json_text(&out, loss->by, strlen(loss->by));
	}
	json_raw(&out, ",\"hint\":");
	json_text(&out, why_text(&loss->why, client->lang), strlen(why_text(&loss->why, client->lang)));
	json_raw(&out, "}");
	frame = rpc_notification("lease.lost", out.text, out.length);
	client_send(client, frame);
	frame_drop(frame);
	json_finish(&out);
}

void rpc_welcome(struct client *client)
{
	struct lease_holder *holder = &client->holder;

	if (client->user[0]) {
		snprintf(holder->label, sizeof(holder->label), "%s", client->user);
	} else {
		snprintf(holder->label, sizeof(holder->label), "page-%llu",
			(unsigned long long)client->number);
	}
	holder->user = client->user;
	holder->is_staff = client->role >= ROLE_TEACHER;
	holder->lost = on_lost;
	holder->data = client;
}

static struct kit *need_kit(struct server *server, const cJSON *params, struct why *why)
{
	const char *id;

	return param_text(params, "kit", false, &id, why) ? lab_need(server->lab, id, why) : NULL;
}

static void kit_lease(struct server *server, struct request *request, const cJSON *params)
{
	struct why why;
	struct kit *kit = need_kit(server, params, &why);
	int64_t ttl_ms = LEASE_TTL_MS;
	bool take = false;
	const char *id;

	if (!kit || !param_integer(params, "ttl", true, LEASE_TTL_MIN_MS, LEASE_TTL_MAX_MS, &ttl_ms, &why) ||
		!param_bool(params, "take", true, &take, &why) ||
		safety_lease(server->safety, kit, &request->client->holder, (int)ttl_ms, take,
			clock_now_us(), &id, &why)) {
		request_fail(request, &why);
		return;
	}
	cJSON *result = cJSON_CreateObject();

	cJSON_AddStringToObject(result, "lease", id);
	cJSON_AddNumberToObject(result, "ttl", (double)ttl_ms);
	request_reply(request, result);
}

typedef enum err lease_act_fn(struct safety *safety, struct lease_holder *holder, const char *id,
	int64_t now_us, struct why *why);

static void do_with_lease(struct server *server, struct request *request, const cJSON *params,
	lease_act_fn *act)
{
	const char *id;
	struct why why;

	if (!param_text(params, "lease", false, &id, &why) ||
		act(server->safety, &request->client->holder, id, clock_now_us(), &why)) {
		request_fail(request, &why);
		return;
	}
	request_reply_text(request, "{}", 2);
}

static void lease_feed(struct server *server, struct request *request, const cJSON *params)
{
	do_with_lease(server, request, params, safety_feed);
}

static void lease_release(struct server *server, struct request *request, const cJSON *params)
{
	do_with_lease(server, request, params, safety_release);
}

static void kit_checks(struct server *server, struct request *request, const cJSON *params)
{
	struct why why;
	struct kit *kit = need_kit(server, params, &why);

	if (!kit) {
		request_fail(request, &why);
		return;
	}
	cJSON *result = cJSON_CreateObject();

	cJSON_AddItemToObject(result, "checks",
		safety_checks(server->safety, kit, &request->client->holder, request->client->lang,
			clock_now_us()));
	request_reply(request, result);
}

const struct rpc_method rpc_leases[] = {
	{"kit.lease", ROLE_STUDENT, kit_lease},
	{"kit.checks", ROLE_DISPLAY, kit_checks},
	{"lease.feed", ROLE_STUDENT, lease_feed},
	{"lease.release", ROLE_STUDENT, lease_release},
	{NULL, ROLE_NONE, NULL},
};
