/* The control line; see control.h. */
#include "virtual/control.h"

#include "lines.h"
#include "log.h"
#include "xalloc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { FRAME_US = 33000 };

struct control {
	struct loop *loop;           /* borrowed */
	struct classroom *classroom; /* borrowed; NULL until it is announced */
	struct lines *lines;
	struct loop_timer *frames;
	bool is_watched;
	struct classroom_seen seen;
};

/* Takes over `json`. */
static void say(struct control *control, cJSON *json)
{
	char *text = cJSON_PrintUnformatted(json);

	lines_send(control->lines, text);
	free(text);
	cJSON_Delete(json);
}

static void add_error(cJSON *json, const struct why *why)
{
	cJSON *error = cJSON_AddObjectToObject(json, "error");
	const char *const texts[] = {why_text(why, LANG_EN), why_text(why, LANG_ZH)};

	cJSON_AddStringToObject(error, "reason", err_name(why->code));
	cJSON_AddItemToObject(error, "text", cJSON_CreateStringArray(texts, 2));
}

/* ---- what is announced ---- */

/* Percent-encodes what has a meaning in a port SPEC. */
static void put_encoded(char *out, size_t room, const char *text)
{
	size_t used = strlen(out);

	for (const unsigned char *c = (const unsigned char *)text; *c && used + 4 < room; c++) {
		bool is_plain = *c > ' ' && *c < 0x7F && !strchr("%?&=#+", *c);

		used += (size_t)snprintf(out + used, room - used, is_plain ? "%c" : "%%%02X", *c);
	}
}

static void put_key(char *out, size_t room, const char *key, const char *value)
{
	size_t used = strlen(out);

	if (value[0]) {
		snprintf(out + used, room - used, "&%s=", key);
		put_encoded(out, room, value);
	}
}

static cJSON *describe_board(const struct bench *bench)
{
	const struct bench_spec *spec = &bench->spec;
	cJSON *json = cJSON_CreateObject(), *board = cJSON_AddObjectToObject(json, "board");
	char port[1024] = "";
	size_t used;

	snprintf(port, sizeof(port), "%s:", spec->far.scheme == PORT_UNIX ? "unix" : "stream");
	put_encoded(port, sizeof(port), spec->far.target);
	used = strlen(port);
	snprintf(port + used, sizeof(port) - used, "?driver=%s", spec->class->driver);
	put_key(port, sizeof(port), "label", spec->label);
	put_key(port, sizeof(port), "seat", spec->seat);
	put_key(port, sizeof(port), "wiring", spec->wiring.id);
	if (spec->class->baud) {
		used = strlen(port);
		snprintf(port + used, sizeof(port) - used, "&baud=%u", spec->class->baud);
	}
	cJSON_AddStringToObject(board, "label", spec->label);
	cJSON_AddStringToObject(board, "seat", spec->seat);
	cJSON_AddStringToObject(board, "model", spec->class->model);
	cJSON_AddStringToObject(board, "wiring", spec->wiring.id);
	cJSON_AddStringToObject(board, "port", port);
	return json;
}

void control_announce(struct control *control, struct classroom *classroom)
{
	cJSON *json = cJSON_CreateObject(), *seats;

	control->classroom = classroom;
	cJSON_AddStringToObject(json, "classroom", classroom->name);
	seats = cJSON_AddArrayToObject(json, "seats");
	for (size_t i = 0; i < classroom->seat_count; i++) {
		cJSON_AddItemToArray(seats, cJSON_CreateString(classroom->seats[i]));
	}
	say(control, json);
	for (size_t i = 0; i < classroom->bench_count; i++) {
		say(control, describe_board(classroom->benches[i]));
	}
	json = cJSON_CreateObject();
	cJSON_AddTrueToObject(json, "ready");
	say(control, json);
}

void control_refuse(struct control *control, const struct why *why)
{
	cJSON *json = cJSON_CreateObject();

	add_error(json, why);
	say(control, json);
}

/* ---- what is asked ---- */

static void on_frame(void *data)
{
	struct control *control = data;
	cJSON *view = classroom_view(control->classroom, &control->seen);

	if (view) {
		cJSON *json = cJSON_CreateObject();

		cJSON_AddItemToObject(json, "changed", view);
		say(control, json);
	}
}

/* The answer has everything; frames tell what changed after the first of them. */
static cJSON *watch(struct control *control, bool on)
{
	if (!on) {
		loop_timer_stop(control->frames);
	} else if (!control->is_watched) {
		cJSON_Delete(classroom_view(control->classroom, &control->seen));
		loop_timer_start(control->frames, FRAME_US, FRAME_US);
	}
	control->is_watched = on;
	return classroom_view(control->classroom, NULL);
}

static void answer(struct control *control, const cJSON *question)
{
	const cJSON *id = cJSON_GetObjectItemCaseSensitive(question, "id");
	const cJSON *set = cJSON_GetObjectItemCaseSensitive(question, "set");
	const cJSON *watched = cJSON_GetObjectItemCaseSensitive(question, "watch");
	cJSON *json = cJSON_CreateObject();
	struct why why;

	cJSON_AddItemToObject(json, "id", cJSON_Duplicate(id, false));
	if (watched) {
		cJSON_AddItemToObject(json, "result", watch(control, cJSON_IsTrue(watched)));
	} else if (set && classroom_set(control->classroom, set, &why) != ERR_NONE) {
		add_error(json, &why);
	} else {
		cJSON_AddItemToObject(json, "result", classroom_get(control->classroom));
	}
	say(control, json);
}

static void on_line(void *data, const char *line)
{
	struct control *control = data;
	cJSON *question = cJSON_Parse(line);

	if (!cJSON_IsNumber(cJSON_GetObjectItemCaseSensitive(question, "id")) ||
		!control->classroom) {
		log_error("the control line says what is no question: %.60s", line);
		loop_stop(control->loop);
	} else {
		answer(control, question);
	}
	cJSON_Delete(question);
}

static void on_ended(void *data)
{
	loop_stop(((struct control *)data)->loop); /* the daemon is gone */
}

static const struct lines_events lines_events = {.line = on_line, .ended = on_ended};

/* ---- life ---- */

struct control *control_create(struct loop *loop, const char *text, struct why *why)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct control *control;
	struct port_spec spec;
	int fd;

	if (port_spec_parse(text, &spec, why) != ERR_NONE) {
		return NULL;
	}
	if (spec.scheme != PORT_UNIX) {
		why_set(why, ERR_INVALID, MSG_SPEC_TARGET, text, 1, "unix:/path");
		return NULL;
	}
	memcpy(address.sun_path, spec.target, strnlen(spec.target, sizeof(address.sun_path) - 1));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		why_set(why, ERR_IO, MSG_PORT_IO, spec.target, strerror(errno));
		if (fd >= 0) {
			close(fd);
		}
		return NULL;
	}
	control = xcalloc(1, sizeof(*control));
	control->loop = loop;
	control->frames = loop_timer_add(loop, on_frame, control);
	control->lines = lines_create(loop, fd, &lines_events, control);
	return control;
}

void control_destroy(struct control *control)
{
	if (control) {
		loop_timer_remove(control->frames);
		lines_destroy(control->lines);
		free(control);
	}
}
