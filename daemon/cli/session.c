/*
 * The WebSocket client; see session.h.
 *
 * libwebsockets on its own poll loop: a command does one thing at a time, so
 * waiting means turning that loop until the wanted message has come.
 */
#include "session.h"

#include "xalloc.h"

#include <libwebsockets.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MESSAGE_BYTES_MAX = 16 * 1024 * 1024, CONNECT_TIMEOUT_S = 5 };

struct message {
	struct message *next;
	size_t length;
	char text[]; /* after LWS_PRE bytes */
};

struct session {
	struct lws_context *context; /* owned */
	struct lws *wsi;             /* NULL: not connected (any more) */
	char address[160];           /* for messages */
	char fault[160];             /* why the connection failed */
	bool is_open, is_over;

	struct message *out, **out_end; /* owned: to be sent, oldest first */
	char *in;                    /* owned: the message that comes */
	size_t in_length;

	int64_t last_id;
	cJSON *answers;              /* owned: array of those that nobody has taken */
	lws_sorted_usec_list_t timer; /* wakes session_wait() */
	bool is_awake;
	cJSON *notifications;        /* owned: array, oldest first */
};

static struct lws_context *signalled; /* borrowed: what a signal has to wake */
static volatile sig_atomic_t interrupted;

static void on_signal(int signum)
{
	interrupted = 1;
	signal(signum, SIG_DFL);
	if (signalled) {
		lws_cancel_service(signalled);
	}
}

bool session_is_interrupted(void)
{
	return interrupted != 0;
}

static void take_message(struct session *session)
{
	cJSON *message = cJSON_ParseWithLength(session->in, session->in_length);

	session->in_length = 0;
	if (cJSON_HasObjectItem(message, "method")) {
		cJSON_AddItemToArray(session->notifications, message);
	} else {
		cJSON_AddItemToArray(session->answers, message);
	}
	session->is_awake = true;
}

static int send_one(struct session *session, struct lws *wsi)
{
	struct message *message = session->out;

	if (!message) {
		return 0;
	}
	int sent = lws_write(wsi, (unsigned char *)message->text + LWS_PRE, message->length,
		LWS_WRITE_TEXT);

	session->out = message->next;
	free(message);
	if (!session->out) {
		session->out_end = &session->out;
	} else {
		lws_callback_on_writable(wsi);
	}
	return sent < 0 ? -1 : 0;
}

static int receive(struct session *session, struct lws *wsi, const char *bytes, size_t count)
{
	if (session->in_length + count > MESSAGE_BYTES_MAX) {
		return -1;
	}
	session->in = xrealloc(session->in, session->in_length + count + 1);
	memcpy(session->in + session->in_length, bytes, count);
	session->in_length += count;
	if (lws_is_final_fragment(wsi) && lws_remaining_packet_payload(wsi) == 0) {
		take_message(session);
	}
	return 0;
}

static int callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
	size_t length)
{
	struct session *session = user;

	switch ((int)reason) {
	case LWS_CALLBACK_CLIENT_ESTABLISHED:
		session->is_open = true;
		break;
	case LWS_CALLBACK_CLIENT_RECEIVE:
		return receive(session, wsi, in, length);
	case LWS_CALLBACK_CLIENT_WRITEABLE:
		return send_one(session, wsi);
	case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
		snprintf(session->fault, sizeof(session->fault), "%s", in ? (const char *)in : "");
		session->is_over = true;
		break;
	case LWS_CALLBACK_CLIENT_CLOSED:
		session->is_over = true;
		break;
	}
	return 0;
}

static const struct lws_protocols protocols[] = {
	{.name = "kitlab.v1",
		.callback = callback,
		.rx_buffer_size = 65536,
		.tx_packet_size = 65536},
	{.name = NULL},
};

/* A daemon that says nothing, not even to pings, is gone. */
static const lws_retry_bo_t patience = {
	.secs_since_valid_ping = 4,
	.secs_since_valid_hangup = 10,
};

static bool connect_to(struct session *session, const char *server)
{
	char text[160], host[144];
	const char *scheme, *name, *path;
	int port = 0;

	snprintf(text, sizeof(text), "%s", server);
	/* lws_parse_uri cuts the text in place, and knows the schemes' ports. */
	if (!strstr(server, "://") || strlen(server) >= sizeof(text) - 8 ||
		lws_parse_uri(text, &scheme, &name, &port, &path) != 0 || !*name ||
		(strcmp(scheme, "http") != 0 && strcmp(scheme, "ws") != 0)) {
		return false;
	}
	snprintf(host, sizeof(host), strchr(name, ':') ? "[%s]:%d" : "%s:%d", name, port);
	struct lws_client_connect_info info = {
		.context = session->context,
		.address = name,
		.port = port,
		.path = "/ws",
		.host = host,
		.protocol = protocols[0].name,
		.userdata = session,
		.pwsi = &session->wsi,
		.retry_and_idle_policy = &patience,
	};
	if (!lws_client_connect_via_info(&info)) {
		session->is_over = true;
	}
	return true;
}

/* Turns the loop once; false: there is nothing to wait for. */
static bool turn(struct session *session)
{
	return !session->is_over && lws_service(session->context, 0) >= 0;
}

static void gone(struct session *session, struct why *why)
{
	why_set(why, ERR_IO, MSG_CLI_GONE, session->address);
}

int64_t session_post(struct session *session, const char *method, cJSON *params)
{
	cJSON *request = cJSON_CreateObject();

	cJSON_AddStringToObject(request, "jsonrpc", "2.0");
	cJSON_AddNumberToObject(request, "id", (double)++session->last_id);
	cJSON_AddStringToObject(request, "method", method);
	cJSON_AddItemToObject(request, "params", params ? params : cJSON_CreateObject());
	char *text = cJSON_PrintUnformatted(request);
	struct message *message = xcalloc(1, sizeof(*message) + LWS_PRE + strlen(text));

	message->length = strlen(text);
	memcpy(message->text + LWS_PRE, text, message->length);
	*session->out_end = message;
	session->out_end = &message->next;
	cJSON_free(text);
	cJSON_Delete(request);
	if (!session->is_over) {
		lws_callback_on_writable(session->wsi);
	}
	return session->last_id;
}

cJSON *session_answer(struct session *session, int64_t id)
{
	const cJSON *answer;
	int index = 0;

	cJSON_ArrayForEach(answer, session->answers)
	{
		if (cJSON_GetNumberValue(cJSON_GetObjectItem(answer, "id")) == (double)id) {
			return cJSON_DetachItemFromArray(session->answers, index);
		}
		index++;
	}
	return NULL;
}

cJSON *session_call(struct session *session, const char *method, cJSON *params, struct why *why)
{
	int64_t id = session_post(session, method, params);
	cJSON *answer;

	while (!(answer = session_answer(session, id))) {
		if (!turn(session)) {
			gone(session, why);
			return NULL;
		}
	}
	return answer;
}

static void on_time(lws_sorted_usec_list_t *timer)
{
	struct session *session = lws_container_of(timer, struct session, timer);

	session->is_awake = true;
	/* Else the service that called this goes on waiting for the next timer. */
	lws_cancel_service(session->context);
}

bool session_wait(struct session *session, int timeout_ms, struct why *why)
{
	session->is_awake = false;
	lws_sul_schedule(session->context, 0, &session->timer, on_time, timeout_ms * LWS_US_PER_MS);
	while (!session->is_awake && !interrupted) {
		if (!turn(session)) {
			gone(session, why);
			return false;
		}
	}
	return true;
}

cJSON *session_notification(struct session *session)
{
	return cJSON_DetachItemFromArray(session->notifications, 0);
}

cJSON *session_next(struct session *session, struct why *why)
{
	while (cJSON_GetArraySize(session->notifications) == 0) {
		if (interrupted) {
			why_set(why, ERR_NONE, MSG_NONE);
			return NULL;
		}
		if (!turn(session)) {
			gone(session, why);
			return NULL;
		}
	}
	return cJSON_DetachItemFromArray(session->notifications, 0);
}

static bool say_hello(struct session *session, enum lang lang, struct why *why)
{
	cJSON *params = cJSON_CreateObject();

	cJSON_AddStringToObject(params, "lang", lang == LANG_ZH ? "zh" : "en");
	cJSON *answer = session_call(session, "hello", params, why);
	bool is_kitlab = cJSON_HasObjectItem(answer, "result");

	cJSON_Delete(answer);
	if (answer && !is_kitlab) {
		why_set(why, ERR_IO, MSG_CLI_NOT_KITLAB, session->address);
	}
	return is_kitlab;
}

struct session *session_open(const char *server, enum lang lang, struct why *why)
{
	struct session *session = xcalloc(1, sizeof(*session));
	struct lws_context_creation_info info = {
		.port = CONTEXT_PORT_NO_LISTEN,
		.protocols = protocols,
		.gid = -1,
		.uid = -1,
		.timeout_secs = CONNECT_TIMEOUT_S,
	};

	snprintf(session->address, sizeof(session->address), "%s", server);
	session->notifications = cJSON_CreateArray();
	session->answers = cJSON_CreateArray();
	session->out_end = &session->out;
	unsetenv("http_proxy"); /* the daemon is in the room, never behind a proxy */
	lws_set_log_level(0, NULL);
	session->context = lws_create_context(&info);
	if (!session->context) {
		why_set(why, ERR_INTERNAL, MSG_NO_MEMORY);
		goto fail;
	}
	if (!connect_to(session, server)) {
		why_set(why, ERR_INVALID, MSG_CLI_BAD_SERVER, server);
		goto fail;
	}
	signalled = session->context;
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	while (!session->is_open && !interrupted && turn(session)) {
	}
	if (!session->is_open) {
		why_set(why, ERR_IO, MSG_CLI_NO_DAEMON, session->address,
			*session->fault ? session->fault : "-");
		goto fail;
	}
	if (say_hello(session, lang, why)) {
		return session;
	}
fail:
	session_close(session);
	return NULL;
}

void session_close(struct session *session)
{
	if (!session) {
		return;
	}
	signalled = NULL;
	if (session->context) {
		lws_context_destroy(session->context);
	}
	cJSON_Delete(session->answers);
	cJSON_Delete(session->notifications);
	while (session->out) {
		struct message *message = session->out;

		session->out = message->next;
		free(message);
	}
	free(session->in);
	free(session);
}
