/*
 * Seats and identity: seats.list, seats.watch, seats.bind; kit.accept and kit.forget.
 */
#include "seats.h"

#include "bus.h"
#include "identity.h"
#include "log.h"
#include "rpc.h"
#include "server.h"
#include "store.h"

#include <ctype.h>
#include <string.h>

enum { SEATS_MAX = 256 };

static const char *kit_at(const struct server *server, const char *socket)
{
	for (size_t i = 0; i < lab_kit_count(server->lab); i++) {
		const struct kit *kit = lab_kit(server->lab, i);

		if (strcmp(kit->socket, socket) == 0 && kit->state != KIT_ABSENT &&
			kit->state != KIT_LOST) {
			return kit->id;
		}
	}
	return NULL;
}

static void add_text(cJSON *json, const char *name, const char *text)
{
	cJSON_AddItemToObject(json, name, text ? cJSON_CreateString(text) : cJSON_CreateNull());
}

cJSON *seats_get(const struct server *server)
{
	cJSON *result = cJSON_CreateObject();
	cJSON *seats = cJSON_AddArrayToObject(result, "seats");
	cJSON *unbound = cJSON_AddArrayToObject(result, "unbound");

	for (size_t i = 0; i < store_seat_count(server->store); i++) {
		const struct store_seat *seat = store_seat(server->store, i);
		cJSON *json = cJSON_CreateObject();

		cJSON_AddStringToObject(json, "seat", seat->seat);
		cJSON_AddStringToObject(json, "socket", seat->path);
		add_text(json, "kit", kit_at(server, seat->path));
		cJSON_AddItemToArray(seats, json);
	}
	for (size_t i = 0; i < lab_kit_count(server->lab); i++) {
		const struct kit *kit = lab_kit(server->lab, i);

		if (kit->socket[0] && !store_seat_of(server->store, kit->socket)) {
			cJSON *json = cJSON_CreateObject();

			cJSON_AddStringToObject(json, "socket", kit->socket);
			cJSON_AddStringToObject(json, "kit", kit->id);
			cJSON_AddItemToArray(unbound, json);
		}
	}
	return result;
}

static bool watches_seats(const struct client *client, const void *data)
{
	(void)data;
	return client->watches_seats;
}

static bool are_watched(const struct server *server)
{
	const struct client *client = server->clients;

	while (client && !client->watches_seats) {
		client = client->next;
	}
	return client != NULL;
}

/* Takes `json`. */
static void tell(struct server *server, cJSON *json)
{
	char *text = cJSON_PrintUnformatted(json);

	cJSON_Delete(json);
	if (text) {
		bus_broadcast(server, rpc_notification("seats.changed", text, strlen(text)),
			watches_seats, NULL);
		cJSON_free(text);
	}
}

void seats_plugged(void *data, const struct hotplug_device *device)
{
	struct server *server = data;

	if (device->seat[0] && are_watched(server)) {
		cJSON *json = seats_get(server);
		cJSON *plugged = cJSON_AddObjectToObject(json, "plugged");

		cJSON_AddStringToObject(plugged, "socket", device->seat);
		cJSON_AddStringToObject(plugged, "title", device->title);
		tell(server, json);
	}
}

void seats_changed(struct server *server)
{
	if (are_watched(server)) {
		tell(server, seats_get(server));
	}
}

/* ---- methods ---- */

static void list(struct server *server, struct request *request, const cJSON *params)
{
	(void)params;
	request_reply(request, seats_get(server));
}

static void watch(struct server *server, struct request *request, const cJSON *params)
{
	request->client->watches_seats = true;
	list(server, request, params);
}

static void unwatch(struct server *server, struct request *request, const cJSON *params)
{
	(void)server;
	(void)params;
	request->client->watches_seats = false;
	request_reply(request, cJSON_CreateObject());
}

static bool is_socket(const char *text)
{
	size_t length = strlen(text);

	return length > 2 && length < sizeof(((struct store_seat *)0)->path) &&
		isdigit((unsigned char)text[0]) && strchr(text, '-') &&
		strspn(text, "0123456789-.") == length;
}

/* Letters of any script; no spaces or signs, because seats stand in SPECs and in tables. */
static bool is_seat(const char *text)
{
	size_t length = strlen(text);

	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c < 0x80 && !isalnum(c) && c != '-') {
			return false;
		}
	}
	return length < sizeof(((struct store_seat *)0)->seat);
}

static void bind_seat(struct server *server, struct request *request, const cJSON *params)
{
	const char *socket, *seat = "";
	struct why why;
	bool is_good = param_text(params, "socket", false, &socket, &why) &&
		param_text(params, "seat", true, &seat, &why);

	if (is_good && !is_socket(socket)) {
		why_set(&why, ERR_INVALID, MSG_SOCKET_FORM, socket);
		is_good = false;
	} else if (is_good && !is_seat(seat)) {
		why_set(&why, ERR_INVALID, MSG_SEAT_FORM, seat);
		is_good = false;
	} else if (is_good && store_seat_count(server->store) >= SEATS_MAX) {
		why_set(&why, ERR_LIMIT, MSG_TOO_MANY_SEATS, SEATS_MAX);
		is_good = false;
	}
	if (!is_good) {
		request_fail(request, &why);
		return;
	}
	store_bind_seat(server->store, socket, seat);
	log_info("USB socket %s is seat \"%s\"", socket, seat);
	lab_name_seats(server->lab);
	seats_changed(server);
	request_reply(request, seats_get(server));
}

static struct kit *need_kit(struct server *server, struct request *request, const cJSON *params)
{
	const char *id;
	struct why why;
	struct kit *kit = NULL;

	if (param_text(params, "kit", false, &id, &why)) {
		kit = lab_need(server->lab, id, &why);
	}
	if (!kit) {
		request_fail(request, &why);
	}
	return kit;
}

static void accept_kit(struct server *server, struct request *request, const cJSON *params)
{
	struct kit *kit = need_kit(server, request, params);
	struct why why;

	if (kit && identity_accept(server, kit, &why)) {
		request_fail(request, &why);
	} else if (kit) {
		request_reply(request, cJSON_CreateObject());
	}
}

static void forget_kit(struct server *server, struct request *request, const cJSON *params)
{
	struct kit *kit = need_kit(server, request, params);
	char identity[sizeof(kit->identity)];
	struct why why;

	if (!kit) {
		return;
	}
	memcpy(identity, kit->identity, sizeof(identity));
	if (lab_forget(server->lab, kit, &why)) {
		request_fail(request, &why);
		return;
	}
	store_forget(server->store, identity);
	request_reply(request, cJSON_CreateObject());
}

const struct rpc_method rpc_seats[] = {
	{"seats.list", ROLE_DISPLAY, list},
	{"seats.watch", ROLE_DISPLAY, watch},
	{"seats.unwatch", ROLE_DISPLAY, unwatch},
	{"seats.bind", ROLE_TEACHER, bind_seat},
	{"kit.accept", ROLE_TEACHER, accept_kit},
	{"kit.forget", ROLE_TEACHER, forget_kit},
	{NULL, ROLE_NONE, NULL},
};
