/*
 * The web side; see web.h.
 *
 * libwebsockets rides on our event loop (its libev plugin) and never listens:
 * the door hands it sockets whose heads were judged, so that what it would
 * silently drop or let pass never reaches it.
 */
#include "web.h"

#include "clock.h"
#include "config.h"
#include "door.h"
#include "http.h"
#include "log.h"
#include "server.h"
#include "ws.h"
#include "xalloc.h"

#include <libwebsockets.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum {
	FDS_WANTED = 4096,
	CLOSING_US = 300 * 1000,
	LOOK_US = 5 * 1000,
	NUDGE_US = 250 * 1000,
	CLOSE_GOING_AWAY = 1001,
};

struct web {
	struct server *server; /* borrowed */
	struct lws_protocols protocols[3];
	struct lws_context *context;
	struct lws_vhost *vhost;
	struct http *http;
	struct door *door;
	struct loop_timer *closing;
	struct loop_timer *nudge;
	int64_t until_us;
	void (*done)(void *data);
	void *data;
};

/* A ping every two seconds, silent for four is gone (API.md, Limits). */
static const lws_retry_bo_t idle_policy = {
	.secs_since_valid_ping = 2,
	.secs_since_valid_hangup = 4,
};

/* protocols[0]: what has no subprotocol lands here, and the door lets none of it in. */
static int no_protocol(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
	size_t length)
{
	(void)wsi;
	(void)user;
	(void)in;
	(void)length;
	return reason == LWS_CALLBACK_HTTP || reason == LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION ? -1
												 : 0;
}

static void on_lws_log(int level, const char *line)
{
	log_warn("libwebsockets: %.*s", (int)strcspn(line, "\n"), line);
	(void)level;
}

static struct lws_context *create_context(struct web *web)
{
	void *native[1] = {loop_native(web->server->loop)};

	web->protocols[0] = (struct lws_protocols){.name = "http", .callback = no_protocol};
	web->protocols[1] = (struct lws_protocols){
		.name = "kitlab.v1",
		.callback = ws_callback,
		.per_session_data_size = ws_session_size(),
		.rx_buffer_size = 4096,
		.tx_packet_size = 65536,
	};
	struct lws_context_creation_info info = {
		.port = CONTEXT_PORT_NO_LISTEN,
		.protocols = web->protocols,
		.options = LWS_SERVER_OPTION_LIBEV,
		.foreign_loops = native,
		.gid = (gid_t)-1,
		.uid = (uid_t)-1,
		.user = web->server,
		/* The head is there already. The plugin's one timer is never moved forward, so
		 * that a longer one would hold up the first ping. */
		.timeout_secs = 2,
		.max_http_header_data = HTTP_HEAD_MAX,
		.pt_serv_buf_size = 16 * 1024,
		.retry_and_idle_policy = &idle_policy,
		.alpn = "http/1.1",
	};

	lws_set_log_level(LLL_ERR | LLL_WARN, on_lws_log);
	return lws_create_context(&info);
}

/*
 * libwebsockets 4.1 sets its libev timer anew while that is running, which libev
 * does not allow: on a quiet socket no ping would ever go out. An event of its
 * own makes it look at its timers.
 */
static void on_nudge(void *data)
{
	struct web *web = data;

	if (web->server->clients) {
		lws_cancel_service(web->context);
	}
}

static void on_websocket(void *data, int fd)
{
	struct web *web = data;

	/* At a failure it has closed the socket and said why. */
	lws_adopt_socket_vhost(web->vhost, fd);
}

/* libwebsockets sizes its tables by the limit that it finds. */
static void raise_fd_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < FDS_WANTED) {
		limit.rlim_cur = limit.rlim_max < FDS_WANTED ? limit.rlim_max : FDS_WANTED;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

struct web *web_create(struct server *server, struct why *why)
{
	static const struct door_events events = {.websocket = on_websocket};
	struct web *web = xcalloc(1, sizeof(*web));

	web->server = server;
	raise_fd_limit();
	api_begin(server);
	web->http = http_create(server);
	web->door = door_create(server, web->http, &events, web, why);
	if (!web->door) {
		goto fail;
	}
	web->context = create_context(web);
	web->vhost = web->context ? lws_get_vhost_by_name(web->context, "default") : NULL;
	if (!web->vhost) {
		why_set(why, ERR_INTERNAL, MSG_HTTP_LISTEN, server->config->listen_host,
			web_port(web), "libwebsockets (libwebsockets-evlib-ev)");
		goto fail;
	}
	server->turns = loop_timer_add(server->loop, ws_turn, server);
	web->nudge = loop_timer_add(server->loop, on_nudge, web);
	loop_timer_start(web->nudge, NUDGE_US, NUDGE_US);
	return web;
fail:
	web_destroy(web);
	return NULL;
}

int web_port(const struct web *web)
{
	return door_port(web->door);
}

static void on_closing(void *data)
{
	struct web *web = data;

	if (!web->server->clients || clock_now_us() > web->until_us) {
		loop_timer_stop(web->closing);
		web->done(web->data);
	}
}

void web_shutdown(struct web *web, void (*done)(void *data), void *data)
{
	door_destroy(web->door);
	web->door = NULL;
	http_destroy(web->http);
	web->http = NULL;
	ws_close_all(web->server, CLOSE_GOING_AWAY);
	web->done = done;
	web->data = data;
	web->until_us = clock_now_us() + CLOSING_US;
	web->closing = loop_timer_add(web->server->loop, on_closing, web);
	loop_timer_start(web->closing, 0, LOOK_US);
}

void web_destroy(struct web *web)
{
	if (!web) {
		return;
	}
	loop_timer_remove(web->nudge);
	loop_timer_remove(web->server->turns);
	web->server->turns = NULL;
	loop_timer_remove(web->closing);
	door_destroy(web->door);
	http_destroy(web->http);
	if (web->context) {
		lws_context_destroy(web->context);
	}
	free(web);
}

size_t web_http_count(const struct web *web)
{
	return http_count(web->http);
}

uint64_t web_http_served(const struct web *web)
{
	return http_served(web->http);
}

uint64_t web_refused(const struct web *web)
{
	return door_refused(web->door);
}
