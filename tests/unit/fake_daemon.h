/*
 * The daemon's end of a runner's socket, for tests: starts kitlab-runner, answers what
 * the script asks of one kit, and keeps what it said. Time is virtual: when every task waits,
 * the clock jumps to the next one's turn, so that a script that sleeps for an hour takes none.
 */
#pragma once

#include "wire.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FAKE_EN, FAKE_ZH };

struct fake {
	int fd;
	pid_t pid;
	int status; /* waitpid's, after fake_finish */
	int64_t now_us;
	bool is_ready, has_ended;
	char out[16384], error[4096]; /* what was printed */
	char log[8192]; /* other requests: "write led true; act tone frequency=440; " */
	char code[24];	/* of the end; "" = finished */
	int line;
	char message[2][600], hint[2][400];
	int idles, pongs;

	double light; /* what bench.light reads */
	bool is_lost; /* requests about the kit fail with `lost` */
	/* Called when every task waits, before the clock moves on. */
	void (*idle)(struct fake *fake);
};

static inline void fake_send(struct fake *fake, struct wire_out *out)
{
	if (send(fake->fd, out->bytes, out->length, MSG_NOSIGNAL) < 0 && errno != EPIPE) {
		perror("fake daemon");
		exit(1);
	}
}

static inline void fake_begin(
	struct fake *fake, struct wire_out *out, enum wire_type type, uint32_t serial)
{
	wire_begin(out, type, serial, ++fake->now_us);
}

static inline void fake_event(struct fake *fake, const char *name, double value)
{
	static struct wire_out out;

	fake_begin(fake, &out, WIRE_EVENT, 0);
	wire_put_int(&out, 1);
	wire_put_string(&out, name);
	wire_put_number(&out, value);
	fake_send(fake, &out);
}

static inline void fake_ping(struct fake *fake)
{
	static struct wire_out out;

	fake_begin(fake, &out, WIRE_PING, 77);
	fake_send(fake, &out);
}

/* One kit, "uno-1": light, led, button, pin.13, pin.A0; tone(frequency, duration), reset(). */
static inline void fake_kit(struct fake *fake)
{
	static const char *const names[] = {"light", "led", "button", "pin.13", "pin.A0"};
	static struct wire_out out;

	fake_begin(fake, &out, WIRE_KIT, 0);
	wire_put_int(&out, 1);
	wire_put_string(&out, "uno-1");
	wire_put_string(&out, "uno");
	wire_put_int(&out, 5);
	for (int i = 0; i < 5; i++) {
		wire_put_string(&out, names[i]);
	}
	wire_put_int(&out, 2);
	wire_put_string(&out, "tone");
	wire_put_int(&out, 2);
	wire_put_string(&out, "frequency");
	wire_put_string(&out, "duration");
	wire_put_string(&out, "reset");
	wire_put_int(&out, 0);
	wire_put_int(&out, 1);
	wire_put_string(&out, "string");
	fake_send(fake, &out);
}

static inline void fake_add(char *text, size_t room, const char *more, size_t length)
{
	size_t at = strlen(text);

	snprintf(text + at, room - at, "%.*s", (int)length, more);
}

static inline void fake_log_value(struct fake *fake, const struct wire_value *value)
{
	char text[64] = "nil";

	switch (value->tag) {
	case WIRE_TAG_NIL:
		break;
	case WIRE_TAG_FALSE:
	case WIRE_TAG_TRUE:
		snprintf(text, sizeof(text), value->tag == WIRE_TAG_TRUE ? "true" : "false");
		break;
	case WIRE_TAG_INT:
		snprintf(text, sizeof(text), "%lld", (long long)value->integer);
		break;
	case WIRE_TAG_NUMBER:
		snprintf(text, sizeof(text), "%g", value->number);
		break;
	case WIRE_TAG_TEXT:
		snprintf(text, sizeof(text), "'%.*s'", (int)value->count, value->text);
		break;
	case WIRE_TAG_VECTOR:
		snprintf(text, sizeof(text), "[%u numbers]", value->count);
		break;
	}
	fake_add(fake->log, sizeof(fake->log), text, strlen(text));
}

static inline void fake_log(struct fake *fake, const char *text)
{
	fake_add(fake->log, sizeof(fake->log), text, strlen(text));
}

static inline bool fake_knows(const char *name)
{
	static const char *const names[] = {
		"light", "led", "button", "pin.13", "pin.A0", "tone", "reset", "string"};
	size_t i = 0;

	while (i < sizeof(names) / sizeof(names[0]) && strcmp(names[i], name) != 0) {
		i++;
	}
	return i < sizeof(names) / sizeof(names[0]);
}

/* The reply to a request about the kit. */
static inline void fake_answer(struct fake *fake, struct wire_in *in, const char *name)
{
	static struct wire_out out;
	bool is_known = fake_knows(name);
	bool is_action = !strcmp(name, "tone") || !strcmp(name, "reset");

	fake_begin(fake, &out, WIRE_REPLY, in->serial);
	if (fake->is_lost) {
		wire_put_string(&out, "lost");
		wire_put_string(&out, "uno-1 is not connected.");
		wire_put_string(&out, "uno-1 wei lianjie");
	} else if (!is_known || (is_action && in->type != WIRE_ACT)) {
		wire_put_string(&out, "not_found");
		wire_put_string(&out, "no such name");
		wire_put_string(&out, "mei you");
	} else {
		wire_put_string(&out, "");
		if (in->type == WIRE_READ && !strcmp(name, "light")) {
			wire_put_number(&out, fake->light);
		} else if (in->type == WIRE_READ && !strcmp(name, "pin.A0")) {
			wire_put_int(&out, 512);
		} else if (in->type == WIRE_READ && !strcmp(name, "led")) {
			wire_put_bool(&out, true);
		} else if (in->type == WIRE_ACT) {
			wire_put_vector(&out, (const double[]){1, 2, 3}, 3);
		} else {
			wire_put_nil(&out);
		}
	}
	fake_send(fake, &out);
}

static inline void fake_about_kit(struct fake *fake, struct wire_in *in)
{
	static const char *const words[] = {
		[WIRE_READ] = "read ",
		[WIRE_WRITE] = "write ",
		[WIRE_ACT] = "act ",
		[WIRE_ON] = "on ",
		[WIRE_OFF] = "off ",
	};
	char name[WIRE_NAME_MAX], argument[WIRE_NAME_MAX];
	struct wire_value value;
	size_t count;

	wire_get_int(in);
	wire_get_string(in, name, sizeof(name));
	fake_log(fake, words[in->type]);
	fake_log(fake, name);
	if (in->type == WIRE_WRITE) {
		wire_get(in, &value);
		fake_log(fake, " ");
		fake_log_value(fake, &value);
	} else if (in->type == WIRE_ACT) {
		count = wire_get_count(in, 16);
		for (size_t i = 0; i < count; i++) {
			wire_get_string(in, argument, sizeof(argument));
			wire_get(in, &value);
			fake_log(fake, " ");
			fake_log(fake, argument);
			fake_log(fake, "=");
			fake_log_value(fake, &value);
		}
	}
	fake_log(fake, in->is_bad ? " BAD; " : "; ");
	if (in->type != WIRE_OFF) {
		fake_answer(fake, in, name);
	}
}

static inline void fake_open(struct fake *fake, struct wire_in *in)
{
	static struct wire_out out;
	char id[WIRE_NAME_MAX], need[WIRE_NAME_MAX];
	size_t count;

	wire_get_string(in, id, sizeof(id));
	count = wire_get_count(in, 16);
	fake_log(fake, "open ");
	fake_log(fake, id);
	for (size_t i = 0; i < count; i++) {
		wire_get_string(in, need, sizeof(need));
		fake_log(fake, "+");
		fake_log(fake, need);
	}
	fake_log(fake, "; ");
	fake_kit(fake);
	fake_begin(fake, &out, WIRE_REPLY, in->serial);
	wire_put_string(&out, "");
	wire_put_int(&out, 1);
	fake_send(fake, &out);
}

static inline void fake_print(struct fake *fake, struct wire_in *in)
{
	int64_t stream = wire_get_int(in);
	size_t length;
	const char *text = wire_get_text(in, &length);

	fake_add(stream ? fake->error : fake->out, stream ? sizeof(fake->error) : sizeof(fake->out),
		text, length);
}

static inline void fake_plot(struct fake *fake, struct wire_in *in)
{
	size_t count = wire_get_count(in, 8);
	char name[WIRE_NAME_MAX];
	struct wire_value value;

	for (size_t i = 0; i < count; i++) {
		wire_get_string(in, name, sizeof(name));
		wire_get(in, &value);
		fake_log(fake, "plot ");
		fake_log(fake, name);
		fake_log(fake, "=");
		fake_log_value(fake, &value);
		fake_log(fake, "; ");
	}
}

static inline void fake_end(struct fake *fake, struct wire_in *in)
{
	fake->has_ended = true;
	wire_get_string(in, fake->code, sizeof(fake->code));
	fake->line = (int)wire_get_int(in);
	for (int lang = 0; lang < 2; lang++) {
		wire_get_string(in, fake->message[lang], sizeof(fake->message[lang]));
	}
	for (int lang = 0; lang < 2; lang++) {
		wire_get_string(in, fake->hint[lang], sizeof(fake->hint[lang]));
	}
}

static inline void fake_idle(struct fake *fake, struct wire_in *in)
{
	static struct wire_out out;
	int64_t due = wire_get_int(in);

	fake->idles++;
	if (fake->idle) {
		fake->idle(fake);
	}
	if (due > fake->now_us) {
		fake->now_us = due;
	}
	fake_begin(fake, &out, WIRE_TICK, 0);
	fake_send(fake, &out);
}

static inline void fake_packet(struct fake *fake, struct wire_in *in)
{
	static struct wire_out out;

	switch ((int)in->type) {
	case WIRE_READY:
		fake->is_ready = true;
		break;
	case WIRE_PONG:
		fake->pongs += in->serial == 77;
		break;
	case WIRE_IDLE:
		fake_idle(fake, in);
		break;
	case WIRE_TIME:
		fake_begin(fake, &out, WIRE_REPLY, in->serial);
		wire_put_string(&out, "");
		wire_put_nil(&out);
		fake_send(fake, &out);
		break;
	case WIRE_OPEN:
		fake_open(fake, in);
		break;
	case WIRE_PRINT:
		fake_print(fake, in);
		break;
	case WIRE_PLOT:
		fake_plot(fake, in);
		break;
	case WIRE_END:
		fake_end(fake, in);
		break;
	default:
		fake_about_kit(fake, in);
	}
}

/* Handles one packet. False: the runner is gone. */
static inline bool fake_step(struct fake *fake)
{
	static uint8_t bytes[WIRE_PACKET_MAX];
	struct wire_in in;
	ssize_t count = recv(fake->fd, bytes, sizeof(bytes), 0);

	if (count <= 0 || !wire_open(&in, bytes, (size_t)count)) {
		return false;
	}
	fake_packet(fake, &in);
	return true;
}

static inline void fake_spawn(struct fake *fake)
{
	posix_spawn_file_actions_t actions;
	char self[PATH_MAX], path[PATH_MAX + 32];
	char *argv[] = {path, NULL}, *environment[] = {NULL};
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
	int pair[2];

	self[length < 0 ? 0 : length] = 0;
	snprintf(path, sizeof(path), "%s/../kitlab-runner", dirname(self));
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair)) {
		perror("socketpair");
		exit(1);
	}
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, pair[1], WIRE_FD);
	if (posix_spawn(&fake->pid, path, &actions, NULL, argv, environment)) {
		fprintf(stderr, "%s cannot be started\n", path);
		exit(1);
	}
	posix_spawn_file_actions_destroy(&actions);
	close(pair[1]);
	fake->fd = pair[0];
}

static inline void fake_start(struct fake *fake, const char *source, int lang, int64_t memory)
{
	static struct wire_out out;
	size_t length = strlen(source), piece;

	fake_spawn(fake);
	fake_begin(fake, &out, WIRE_START, 0);
	wire_put_int(&out, WIRE_VERSION);
	wire_put_string(&out, "test.lua");
	wire_put_int(&out, lang);
	wire_put_int(&out, 42);
	wire_put_int(&out, memory);
	wire_put_int(&out, (int64_t)length);
	fake_send(fake, &out);
	for (size_t at = 0; at < length; at += piece) {
		piece = length - at < WIRE_CHUNK_MAX ? length - at : WIRE_CHUNK_MAX;
		fake_begin(fake, &out, WIRE_SOURCE, 0);
		wire_put_text(&out, source + at, piece);
		fake_send(fake, &out);
	}
}

static inline void fake_finish(struct fake *fake)
{
	close(fake->fd);
	waitpid(fake->pid, &fake->status, 0);
}

/* Plays until the run has ended. */
static inline void fake_play(struct fake *fake)
{
	while (fake_step(fake)) {
	}
	fake_finish(fake);
}

static inline void fake_run(struct fake *fake, const char *source)
{
	fake_start(fake, source, 0, 32 << 20);
	fake_play(fake);
}
