/*
 * The WebSocket /ws; see ws.h.
 *
 * A session holds a client and a queue of shared frames. libwebsockets asks for
 * one write at a time; what the socket does not take it keeps itself and asks
 * again when that is gone, so that the queue here is all that waits. A client
 * that does not read is closed from a timer, outside of libwebsockets' callbacks.
 */
#include "ws.h"

#include "bus.h"
#include "clock.h"
#include "config.h"
#include "log.h"
#include "rpc.h"
#include "script.h"
#include "server.h"
#include "value.h"
#include "xalloc.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
	MESSAGE_MAX = 512 * 1024,
	QUEUE_BYTES_MAX = 256 * 1024,   /* for who took nothing for STALLED_US */
	QUEUE_BURST_MAX = 1024 * 1024,  /* for who reads: what it asked for at once, in one turn */
	QUEUE_FRAMES_MAX = 4096,
	STALLED_US = 500 * 1000,
	STUCK_US = 5 * 1000000,
	SILENT_US = 35 * 100000, /* web.c's policy ends it after 4 s */
	KERNEL_BUFFER = 128 * 1024, /* more would hide from us that nobody reads */
	CLOSE_TRY_AGAIN_LATER = 1013,
	TURN_US = 20 * 1000,
	SHARE_US = 10 * 1000, /* of a turn, for the requests of all */
};

struct session {
	struct client client;
	bool is_open;           /* CLOSED can come without ESTABLISHED */
	int closing;            /* close code that is to be sent; 0 = none */
	struct lws *wsi;
	struct frame **queue;   /* owned ring of references */
	size_t room, first, count, bytes;
	int64_t wrote_us;       /* when it last took something, or was empty */
	int64_t heard_us;       /* of its last message or pong */
	struct loop_timer *stuck;
	char *message;          /* owned: the message being gathered */
	size_t length, message_room;
	bool is_held;           /* the message is whole and waits for its turn */
	int64_t held_us;
};

/* ---- out ---- */

static void drop_queue(struct session *session)
{
	for (; session->count > 0; session->count--) {
		frame_drop(session->queue[session->first]);
		session->first = (session->first + 1) % session->room;
	}
	session->bytes = 0;
}

/* Closing waits for the timer: inside a broadcast nobody may go. */
static void begin_close(struct session *session, int code)
{
	if (!session->closing) {
		session->closing = code;
		drop_queue(session);
		loop_timer_start(session->stuck, 0, 0);
	}
}

static void grow(struct session *session)
{
	size_t room = session->room ? session->room * 2 : 16;
	struct frame **queue = xcalloc(room, sizeof(*queue));

	for (size_t i = 0; i < session->count; i++) {
		queue[i] = session->queue[(session->first + i) % session->room];
	}
	free(session->queue);
	session->queue = queue;
	session->first = 0;
	session->room = room;
}

/* Would this be too much for a client that reads so slowly? One frame may always wait. */
static bool is_too_much(const struct session *session, size_t length)
{
	size_t waits = session->bytes + length;

	return session->count > 0 &&
		(waits > QUEUE_BURST_MAX ||
			(waits > QUEUE_BYTES_MAX &&
				clock_now_us() - session->wrote_us > STALLED_US));
}

static void send_frame(struct client *client, struct frame *frame)
{
	struct session *session = client->transport;

	if (session->closing) {
		return;
	}
	if (is_too_much(session, frame->length)) {
		log_warn("client %llu does not read: closed", (unsigned long long)client->number);
		client->server->clients_dropped++;
		begin_close(session, CLOSE_TRY_AGAIN_LATER);
		return;
	}
	if (session->count == session->room) {
		if (session->room == QUEUE_FRAMES_MAX) {
			begin_close(session, CLOSE_TRY_AGAIN_LATER);
			return;
		}
		grow(session);
	}
	if (session->count == 0) {
		session->wrote_us = clock_now_us();
		loop_timer_start(session->stuck, STUCK_US, 0);
		lws_callback_on_writable(session->wsi);
	}
	session->queue[(session->first + session->count++) % session->room] = frame_take(frame);
	session->bytes += frame->length;
}

static void close_now(struct session *session, int code)
{
	lws_close_reason(session->wsi, (enum lws_close_status)code, NULL, 0);
	lws_set_timeout(session->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_SYNC);
}

static void on_stuck(void *data)
{
	struct session *session = data;
	int64_t waited_us = clock_now_us() - session->wrote_us;

	if (session->closing) {
		close_now(session, session->closing);
	} else if (session->count > 0 && waited_us >= STUCK_US) {
		log_warn("client %llu takes nothing: closed",
			(unsigned long long)session->client.number);
		session->client.server->clients_dropped++;
		begin_close(session, CLOSE_TRY_AGAIN_LATER);
	} else if (session->count > 0) {
		loop_timer_start(session->stuck, STUCK_US - waited_us, 0);
	}
}

static int write_one(struct session *session)
{
	if (session->closing || session->count == 0) {
		return 0;
	}
	struct frame *frame = session->queue[session->first];
	int sent = lws_write(session->wsi, (unsigned char *)frame->text, frame->length,
		LWS_WRITE_TEXT);

	session->first = (session->first + 1) % session->room;
	session->count--;
	session->bytes -= frame->length;
	frame_drop(frame);
	if (sent < 0) {
		return -1;
	}
	session->wrote_us = clock_now_us();
	if (session->count > 0) {
		lws_callback_on_writable(session->wsi);
	}
	return 0;
}

/* ---- in ---- */

static int refuse(struct session *session, enum lws_close_status code)
{
	lws_close_reason(session->wsi, code, NULL, 0);
	session->closing = code;
	drop_queue(session);
	return -1;
}

/* NUL is UTF-8 too; that it is no JSON is rpc.c's to say. */
static bool is_utf8(const char *text, size_t length)
{
	const char *end = text + length;

	while (text < end) {
		const char *nul = memchr(text, '\0', (size_t)(end - text));
		const char *stop = nul ? nul : end;

		if (!utf8_is_valid(text, (size_t)(stop - text))) {
			return false;
		}
		text = nul ? nul + 1 : end;
	}
	return true;
}

/*
 * Whose turn it is. Requests get half of the loop's time: leases, kits and scripts must not wait for
 * two hundred connections of one pupil. A message that comes when the share is used up stays with its
 * session, from which nothing is read meanwhile; the oldest goes first. The all-stop never waits.
 */
static bool has_share(struct server *server)
{
	int64_t now_us = clock_now_us();

	if (now_us - server->turn_us >= TURN_US) {
		server->turn_us = now_us;
		server->turn_spent_us = 0;
	}
	return server->turn_spent_us < SHARE_US;
}

static void wait_turn(struct server *server)
{
	int64_t left_us = server->turn_us + TURN_US - clock_now_us();

	loop_timer_start(server->turns, left_us > 0 ? left_us : 0, 0);
}

static void handle(struct session *session)
{
	struct server *server = session->client.server;
	int64_t began_us = clock_now_us();
	size_t length = session->length;

	if (session->is_held) {
		session->is_held = false;
		/* It spoke; its pong may stand behind what is not read yet. */
		lws_validity_confirmed(session->wsi);
		lws_rx_flow_control(session->wsi, 1);
	}
	session->length = 0;
	rpc_message(&session->client, session->message ? session->message : "", length);
	server->turn_spent_us += clock_now_us() - began_us;
	if (session->message_room > 16 * 1024) {
		free(session->message);
		session->message = NULL;
		session->message_room = 0;
	}
}

static struct session *longest_held(const struct server *server)
{
	struct session *longest = NULL;

	for (struct client *client = server->clients; client; client = client->next) {
		struct session *session = client->transport;

		if (session->is_held && (!longest || session->held_us < longest->held_us)) {
			longest = session;
		}
	}
	return longest;
}

void ws_turn(void *data)
{
	struct server *server = data;
	struct session *session;

	while ((session = longest_held(server))) {
		if (!has_share(server)) {
			wait_turn(server);
			return;
		}
		handle(session);
	}
}

static int receive(struct session *session, const char *piece, size_t length)
{
	struct lws *wsi = session->wsi;

	if (session->closing) {
		return 0;
	}
	if (session->is_held) { /* more came in spite of it */
		handle(session);
	}
	size_t total = session->length + length + lws_remaining_packet_payload(wsi);

	if (lws_frame_is_binary(wsi)) {
		return refuse(session, LWS_CLOSE_STATUS_PROTOCOL_ERR);
	}
	if (total > MESSAGE_MAX) {
		return refuse(session, LWS_CLOSE_STATUS_MESSAGE_TOO_LARGE);
	}
	if (session->length + length > session->message_room) {
		session->message_room = session->length + length + 1024;
		session->message = xrealloc(session->message, session->message_room);
	}
	if (length > 0) {
		memcpy(session->message + session->length, piece, length);
	}
	session->length += length;
	if (!lws_is_final_fragment(wsi) || lws_remaining_packet_payload(wsi) > 0) {
		return 0;
	}
	const char *text = session->message ? session->message : "";

	if (!is_utf8(text, session->length)) {
		return refuse(session, LWS_CLOSE_STATUS_INVALID_PAYLOAD);
	}
	if (has_share(session->client.server) || rpc_is_stop(text, session->length)) {
		handle(session);
		return 0;
	}
	session->is_held = true;
	session->held_us = clock_now_us();
	lws_rx_flow_control(wsi, 0);
	wait_turn(session->client.server);
	return 0;
}

/* ---- coming and going ---- */

static void opened(struct session *session, struct lws *wsi)
{
	static uint64_t last_number; /* only names clients in the log */
	struct server *server = lws_context_user(lws_get_context(wsi));
	struct client *client = &session->client;
	int size = KERNEL_BUFFER;

	setsockopt(lws_get_socket_fd(wsi), SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	memset(session, 0, sizeof(*session));
	session->is_open = true;
	session->wsi = wsi;
	session->heard_us = clock_now_us();
	session->stuck = loop_timer_add(server->loop, on_stuck, session);
	client->server = server;
	client->number = ++last_number;
	client->role = server->config->open_role;
	client->tokens = 100;
	client->tokens_us = clock_now_us();
	client->send = send_frame;
	client->transport = session;
	rpc_welcome(client);
	client->next = server->clients;
	server->clients = client;
	log_debug("client %llu came", (unsigned long long)client->number);
}

static void closed(struct session *session)
{
	struct client *client = &session->client;
	struct server *server = client->server;

	if (!session->is_open) {
		return;
	}
	session->is_open = false;
	for (struct client **at = &server->clients; *at; at = &(*at)->next) {
		if (*at == client) {
			*at = client->next;
			break;
		}
	}
	session->closing = session->closing ? session->closing : LWS_CLOSE_STATUS_GOINGAWAY;
	drop_queue(session);
	safety_forget(server->safety, &client->holder, clock_now_us());
	rpc_forget(client);
	bus_forget(server->bus, client);
	scripts_forget(server->scripts, client);
	loop_timer_remove(session->stuck);
	free(session->queue);
	free(session->message);
	log_debug("client %llu went", (unsigned long long)client->number);
}

/* A client's close: nothing, or two bytes of code and a text. libwebsockets answers it. */
static int judge_close(struct session *session, const char *body, size_t length)
{
	if (length == 1) {
		return refuse(session, LWS_CLOSE_STATUS_PROTOCOL_ERR);
	}
	if (length > 2 && !utf8_is_valid(body + 2, length - 2)) {
		return refuse(session, LWS_CLOSE_STATUS_INVALID_PAYLOAD);
	}
	return 0;
}

/*
 * Comes before a close. For some violations libwebsockets would hang up without
 * a word; all that it finds itself are violations of the protocol, since UTF-8
 * and sizes are looked at here. A client that fell silent would not answer.
 */
static void name_violation(struct session *session)
{
	bool is_silent = clock_now_us() - session->heard_us >= SILENT_US;

	if (session->is_open && !session->closing && !is_silent) {
		lws_close_reason(session->wsi, LWS_CLOSE_STATUS_PROTOCOL_ERR, NULL, 0);
	}
}

int ws_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
	size_t length)
{
	struct session *session = user;

	switch ((int)reason) {
	case LWS_CALLBACK_ESTABLISHED:
		opened(session, wsi);
		return 0;
	case LWS_CALLBACK_CLOSED:
		closed(session);
		return 0;
	case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
		return judge_close(session, in, length);
	case LWS_CALLBACK_WS_SERVER_DROP_PROTOCOL:
		name_violation(session);
		return 0;
	case LWS_CALLBACK_SERVER_WRITEABLE:
		return write_one(session);
	case LWS_CALLBACK_RECEIVE:
		session->heard_us = clock_now_us();
		return receive(session, in, length);
	case LWS_CALLBACK_RECEIVE_PONG:
		session->heard_us = clock_now_us();
		return 0;
	default:
		return 0;
	}
}

size_t ws_session_size(void)
{
	return sizeof(struct session);
}

void ws_close_all(struct server *server, int code)
{
	for (struct client *client = server->clients; client; client = client->next) {
		begin_close(client->transport, code);
	}
}
