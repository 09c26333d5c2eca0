/* The control line; see control.h. */
#include "virtual/control.h"

#include "log.h"
#include "xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { LINE_BYTES_MAX = 128 * 1024, QUEUE_BYTES_MAX = 4 * 1024 * 1024 };

struct control {
	struct loop *loop;           /* borrowed */
	struct classroom *classroom; /* borrowed; NULL until it is announced */
	int fd;
	struct loop_fd *watcher;
	size_t line_bytes, queue_bytes, queue_room;
	char *queue; /* owned: what the socket did not take yet */
	char line[LINE_BYTES_MAX];
};

/* ---- out ---- */

static void flush(struct control *control)
{
	while (control->queue_bytes > 0) {
		ssize_t wrote = send(control->fd, control->queue, control->queue_bytes, MSG_NOSIGNAL);

		if (wrote < 0) {
			break; /* the end of the line is told by its read */
		}
		control->queue_bytes -= (size_t)wrote;
		memmove(control->queue, control->queue + wrote, control->queue_bytes);
	}
	loop_fd_set(control->watcher, LOOP_READ | (control->queue_bytes ? LOOP_WRITE : 0));
}

/* Takes over `json`. */
static void say(struct control *control, cJSON *json)
{
	char *text = cJSON_PrintUnformatted(json);
	size_t bytes = strlen(text), need = control->queue_bytes + bytes + 1;

	if (need > QUEUE_BYTES_MAX) {
		log_error("the daemon does not read its control line");
		loop_stop(control->loop);
	} else {
		if (need > control->queue_room) {
			control->queue_room = need * 2;
			control->queue = xrealloc(control->queue, control->queue_room);
		}
		memcpy(control->queue + control->queue_bytes, text, bytes);
		control->queue[need - 1] = '\n';
		control->queue_bytes = need;
		flush(control);
	}
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
	snprintf(port + used, sizeof(port) - used, "?driver=firmata");
	put_key(port, sizeof(port), "label", spec->label);
	put_key(port, sizeof(port), "seat", spec->seat);
	put_key(port, sizeof(port), "wiring", spec->wiring.id);
	cJSON_AddStringToObject(board, "label", spec->label);
	cJSON_AddStringToObject(board, "seat", spec->seat);
	cJSON_AddStringToObject(board, "model", spec->model->name);
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

static void answer(struct control *control, const cJSON *question)
{
	const cJSON *id = cJSON_GetObjectItemCaseSensitive(question, "id");
	const cJSON *set = cJSON_GetObjectItemCaseSensitive(question, "set");
	cJSON *json = cJSON_CreateObject();
	struct why why;

	cJSON_AddItemToObject(json, "id", cJSON_Duplicate(id, false));
	if (set && classroom_set(control->classroom, set, &why) != ERR_NONE) {
		add_error(json, &why);
	} else {
		cJSON_AddItemToObject(json, "result", classroom_get(control->classroom));
	}
	say(control, json);
}

static void take_line(struct control *control, const char *line)
{
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

static void on_control(void *data, int events)
{
	struct control *control = data;
	ssize_t got;
	char *end;

	if (events & LOOP_WRITE) {
		flush(control);
	}
	if (!(events & LOOP_READ)) {
		return;
	}
	got = read(control->fd, control->line + control->line_bytes,
		sizeof(control->line) - control->line_bytes);
	if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
		return;
	}
	if (got <= 0) { /* the daemon is gone, or the line is too long */
		loop_stop(control->loop);
		return;
	}
	control->line_bytes += (size_t)got;
	while ((end = memchr(control->line, '\n', control->line_bytes))) {
		size_t length = (size_t)(end - control->line) + 1;

		*end = '\0';
		take_line(control, control->line);
		control->line_bytes -= length;
		memmove(control->line, control->line + length, control->line_bytes);
	}
}

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
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
		fcntl(fd, F_SETFL, O_NONBLOCK) < 0) {
		why_set(why, ERR_IO, MSG_PORT_IO, spec.target, strerror(errno));
		if (fd >= 0) {
			close(fd);
		}
		return NULL;
	}
	control = xcalloc(1, sizeof(*control));
	control->loop = loop;
	control->fd = fd;
	control->watcher = loop_fd_add(loop, fd, LOOP_READ, on_control, control);
	return control;
}

void control_destroy(struct control *control)
{
	if (control) {
		loop_fd_remove(control->watcher);
		close(control->fd);
		free(control->queue);
		free(control);
	}
}
