/*
 * The virtual classroom's process and line; see world.h.
 *
 * world_create() waits until every board is announced (some milliseconds), so
 * that the kits stand in the list when the daemon says that it is ready. Later
 * everything runs on the loop: a process that dies fails what was asked, its
 * boards are lost like pulled ones, and it is started again with back-off; the
 * paths of its ports stay the same, so the lab finds them by itself.
 */
#include "world.h"

#include "clock.h"
#include "lines.h"
#include "log.h"
#include "server.h"
#include "world_process.h"
#include "xalloc.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	SEATS_MAX = 256,
	BOARDS_MAX = 256,
	QUESTIONS_MAX = 64,
	START_WAIT_MS = 5000,
	ANSWER_WAIT_US = 5000000,
	RESTART_MIN_US = 100000,
	RESTART_MAX_US = 5000000,
	LIVED_WELL_US = 10000000, /* after that the back-off begins anew */
};

struct world {
	struct server *server; /* borrowed */
	char classroom[256];
	struct world_process process;
	struct loop_fd *listen_watcher;
	struct loop_child *child;
	struct lines *lines; /* NULL while nobody is connected */
	struct loop_timer *restart, *answer_timer;
	int64_t delay_us, started_us;
	bool is_ready;
	struct why refusal; /* what kitlab-virtual said instead of boards */

	char seats[SEATS_MAX][32];
	size_t seat_count;
	char labels[BOARDS_MAX][KIT_ID_MAX + 1]; /* whose ports are with the lab */
	size_t label_count;
	struct { /* in the order of asking, which is that of answers */
		int64_t number;
		enum world_question what;
		struct request *request; /* NULL: asked by ourselves */
	} questions[QUESTIONS_MAX];
	int question_count;
	int64_t last_number;
	bool is_watched; /* kitlab-virtual was asked for what changes */
};

/* What nobody waits for fails in silence. */
static void fail(struct request *request, const struct why *why)
{
	if (request) {
		request_fail(request, why);
	}
}

/* ---- what kitlab-virtual says ---- */

static const char *get_text(const cJSON *json, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, key);

	return cJSON_IsString(item) ? item->valuestring : "";
}

static void read_why(const cJSON *error, struct why *why)
{
	const cJSON *text = cJSON_GetObjectItemCaseSensitive(error, "text");

	memset(why, 0, sizeof(*why));
	why->code = err_from_name(get_text(error, "reason"));
	for (int lang = LANG_EN; lang <= LANG_ZH; lang++) {
		const cJSON *item = cJSON_GetArrayItem(text, lang);

		snprintf(why->text[lang], sizeof(why->text[0]), "%s",
			cJSON_IsString(item) ? item->valuestring : "");
	}
}

static void take_seats(struct world *world, const cJSON *seats)
{
	const cJSON *seat;

	world->seat_count = 0;
	cJSON_ArrayForEach(seat, seats) {
		if (world->seat_count < SEATS_MAX && cJSON_IsString(seat)) {
			snprintf(world->seats[world->seat_count++], sizeof(world->seats[0]), "%s",
				seat->valuestring);
		}
	}
}

static void take_board(struct world *world, const cJSON *board)
{
	const char *label = get_text(board, "label");
	struct port_spec spec;
	struct why why;
	enum err err;

	for (size_t i = 0; i < world->label_count; i++) {
		if (strcmp(world->labels[i], label) == 0) {
			return; /* it is back after a restart; its port opens again by itself */
		}
	}
	if (world->label_count == BOARDS_MAX) {
		log_error("the virtual classroom has more than %d boards", BOARDS_MAX);
		return;
	}
	err = port_spec_parse(get_text(board, "port"), &spec, &why);
	if (err == ERR_NONE) {
		err = lab_add_port(world->server->lab, &spec, get_text(board, "model"), &why);
	}
	if (err != ERR_NONE) {
		log_error("the virtual board %s: %s", label, why_text(&why, LANG_EN));
		return;
	}
	snprintf(world->labels[world->label_count++], sizeof(world->labels[0]), "%s", label);
}

/* Forgets the oldest question. */
static struct request *take_question(struct world *world)
{
	struct request *request = world->questions[0].request;

	world->question_count--;
	memmove(world->questions, world->questions + 1,
		(size_t)world->question_count * sizeof(world->questions[0]));
	loop_timer_stop(world->answer_timer);
	if (world->question_count > 0) {
		loop_timer_start(world->answer_timer, ANSWER_WAIT_US, 0);
	}
	return request;
}

/* ---- who watches ---- */

static bool watches_world(const struct client *client, const void *data)
{
	(void)data;
	return client->watches_world;
}

static bool has_watchers(const struct world *world)
{
	const struct client *client = world->server->clients;

	while (client && !client->watches_world) {
		client = client->next;
	}
	return client != NULL;
}

static void add_time(cJSON *view)
{
	cJSON_AddNumberToObject(view, "t", (double)clock_now_us() / 1e3);
}

/* To all who watch. The last one goes without a word: the next frame notices. */
static void tell_watchers(struct world *world, cJSON *view)
{
	char *text;

	if (!has_watchers(world)) {
		if (world->is_watched) {
			world_ask(world, NULL, WORLD_UNWATCH, NULL);
		}
		return;
	}
	add_time(view);
	text = cJSON_PrintUnformatted(view);
	bus_broadcast(world->server, rpc_notification("world.changed", text, strlen(text)),
		watches_world, NULL);
	free(text);
}

static void take_result(struct world *world, cJSON *result)
{
	enum world_question what = world->questions[0].what;
	struct request *request = take_question(world);

	if (!request) {
		if (what == WORLD_WATCH) {
			tell_watchers(world, result);
		}
		cJSON_Delete(result);
		return;
	}
	if (what == WORLD_WATCH) {
		add_time(result);
		if (request->client) {
			request->client->watches_world = true;
		}
	}
	request_reply(request, result);
}

static void take_answer(struct world *world, cJSON *json)
{
	const cJSON *id = cJSON_GetObjectItemCaseSensitive(json, "id");
	const cJSON *error = cJSON_GetObjectItemCaseSensitive(json, "error");
	struct why why;

	if (world->question_count == 0 || !cJSON_IsNumber(id) ||
		id->valuedouble != (double)world->questions[0].number) {
		log_error("the virtual classroom answers what was not asked");
		return;
	}
	if (error) {
		read_why(error, &why);
		fail(take_question(world), &why);
	} else {
		take_result(world, cJSON_DetachItemFromObjectCaseSensitive(json, "result"));
	}
}

static void on_ready(struct world *world)
{
	world->is_ready = true;
	if (has_watchers(world)) { /* it was started again */
		world_ask(world, NULL, WORLD_WATCH, NULL);
	}
}

static void on_line(void *data, const char *line)
{
	struct world *world = data;
	cJSON *json = cJSON_Parse(line);
	const cJSON *board = cJSON_GetObjectItemCaseSensitive(json, "board");
	const cJSON *seats = cJSON_GetObjectItemCaseSensitive(json, "seats");
	cJSON *changed = cJSON_GetObjectItemCaseSensitive(json, "changed");

	if (board) {
		take_board(world, board);
	} else if (seats) {
		take_seats(world, seats);
	} else if (changed) {
		tell_watchers(world, changed);
	} else if (cJSON_HasObjectItem(json, "ready")) {
		on_ready(world);
	} else if (cJSON_HasObjectItem(json, "id")) {
		take_answer(world, json);
	} else {
		read_why(cJSON_GetObjectItemCaseSensitive(json, "error"), &world->refusal);
	}
	cJSON_Delete(json);
}

/* ---- the process ---- */

static void on_ended(void *data)
{
	struct world *world = data;
	struct why why;

	lines_destroy(world->lines);
	world->lines = NULL;
	world->is_ready = false;
	why_set(&why, ERR_LOST, MSG_WORLD_GONE);
	world->is_watched = false;
	while (world->question_count > 0) {
		fail(take_question(world), &why);
	}
	if (world->process.pid > 0) {
		kill(world->process.pid, SIGTERM);
	}
}

static const struct lines_events lines_events = {.line = on_line, .ended = on_ended};

static void on_connection(void *data, int events)
{
	struct world *world = data;
	int fd = accept4(world->process.listener, NULL, NULL, SOCK_CLOEXEC);

	(void)events;
	if (fd >= 0 && world->lines) {
		close(fd);
	} else if (fd >= 0) {
		world->lines = lines_create(world->server->loop, fd, &lines_events, world);
	}
}

static void on_no_answer(void *data)
{
	struct world *world = data;

	log_error("the virtual classroom does not answer and is killed");
	kill(world->process.pid, SIGKILL);
}

static enum err start(struct world *world, struct why *why)
{
	world->started_us = clock_now_us();
	return world_process_start(&world->process, world->classroom, why);
}

static void on_child(void *data, pid_t pid, int status)
{
	struct world *world = data;

	(void)pid;
	world->process.pid = 0;
	loop_child_remove(world->child);
	world->child = NULL;
	if (clock_now_us() - world->started_us > LIVED_WELL_US) {
		world->delay_us = RESTART_MIN_US;
	}
	log_warn("the virtual classroom ended (%s %d); it is started again in %.1f s",
		WIFSIGNALED(status) ? "signal" : "exit code",
		WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
		(double)world->delay_us / 1e6);
	loop_timer_start(world->restart, world->delay_us, 0);
	world->delay_us = world->delay_us * 2 < RESTART_MAX_US ? world->delay_us * 2
							       : RESTART_MAX_US;
}

static void on_restart(void *data)
{
	struct world *world = data;
	struct why why;

	if (start(world, &why) != ERR_NONE) {
		log_error("%s", why_text(&why, LANG_EN));
		loop_timer_start(world->restart, RESTART_MAX_US, 0);
		return;
	}
	world->child = loop_child_add(world->server->loop, world->process.pid, on_child, world);
}

/* Runs the line by hand until all boards are announced; the loop does not turn yet. */
static enum err wait_ready(struct world *world, struct why *why)
{
	int64_t until_us = clock_now_us() + START_WAIT_MS * INT64_C(1000);
	int status;

	while (!world->is_ready && clock_now_us() < until_us) {
		struct pollfd ready = {
			.fd = world->lines ? lines_fd(world->lines) : world->process.listener,
			.events = POLLIN,
		};

		if (poll(&ready, 1, 10) > 0) {
			if (world->lines) {
				lines_read(world->lines);
			} else {
				on_connection(world, LOOP_READ);
			}
		} else if (waitpid(world->process.pid, &status, WNOHANG) == world->process.pid) {
			world->process.pid = 0;
			break;
		}
	}
	if (world->refusal.code != ERR_NONE) {
		*why = world->refusal;
		return why->code;
	}
	return world->is_ready ? ERR_NONE
			       : why_set(why, ERR_IO, MSG_WORLD_START, world->process.program);
}

/* ---- life ---- */

struct world *world_create(struct server *server, const char *classroom, struct why *why)
{
	struct world *world = xcalloc(1, sizeof(*world));

	world->server = server;
	world->delay_us = RESTART_MIN_US;
	snprintf(world->classroom, sizeof(world->classroom), "%s", classroom);
	world->restart = loop_timer_add(server->loop, on_restart, world);
	world->answer_timer = loop_timer_add(server->loop, on_no_answer, world);
	if (world_process_init(&world->process, server->config->state_dir, why) ||
		start(world, why) || wait_ready(world, why)) {
		world_destroy(world);
		return NULL;
	}
	world->listen_watcher = loop_fd_add(
		server->loop, world->process.listener, LOOP_READ, on_connection, world);
	world->child = loop_child_add(server->loop, world->process.pid, on_child, world);
	return world;
}

void world_destroy(struct world *world)
{
	if (!world) {
		return;
	}
	loop_child_remove(world->child);
	loop_fd_remove(world->listen_watcher);
	if (world->lines) {
		on_ended(world);
	}
	world_process_end(&world->process);
	world_process_finish(&world->process);
	loop_timer_remove(world->restart);
	loop_timer_remove(world->answer_timer);
	free(world);
}

void world_ask(struct world *world, struct request *request, enum world_question question,
	const cJSON *set)
{
	cJSON *json;
	char *text;
	struct why why;

	if (!world->is_ready) {
		why_set(&why, ERR_LOST, MSG_WORLD_GONE);
		fail(request, &why);
		return;
	}
	if (world->question_count == QUESTIONS_MAX) {
		why_set(&why, ERR_BUSY, MSG_WORLD_BUSY, QUESTIONS_MAX);
		fail(request, &why);
		return;
	}
	if (world->question_count == 0) {
		loop_timer_start(world->answer_timer, ANSWER_WAIT_US, 0);
	}
	world->questions[world->question_count].number = ++world->last_number;
	world->questions[world->question_count].what = question;
	world->questions[world->question_count++].request = request;
	json = cJSON_CreateObject();
	cJSON_AddNumberToObject(json, "id", (double)world->last_number);
	switch (question) {
	case WORLD_GET:
		cJSON_AddTrueToObject(json, "get");
		break;
	case WORLD_SET:
		cJSON_AddItemToObject(json, "set", cJSON_Duplicate(set, true));
		break;
	case WORLD_WATCH:
	case WORLD_UNWATCH:
		world->is_watched = question == WORLD_WATCH;
		cJSON_AddBoolToObject(json, "watch", world->is_watched);
		break;
	}
	text = cJSON_PrintUnformatted(json);
	lines_send(world->lines, text);
	free(text);
	cJSON_Delete(json);
}

size_t world_seat_count(const struct world *world)
{
	return world->seat_count;
}

const char *world_seat(const struct world *world, size_t index)
{
	return world->seats[index];
}
