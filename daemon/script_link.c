/*
 * The socket to a runner; see script_run.h and lua/wire.h.
 *
 * In: a token bucket. What a script asks costs tokens; when they are used up
 * the socket is not read for a moment, the kernel's buffer fills, and the
 * script's next request waits: it runs slower, and nothing is refused or lost.
 * Out: never blocks; what does not fit into the kernel's buffer waits here, up to a bound.
 */
#include "script_run.h"

#include "clock.h"
#include "server.h"
#include "xalloc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	BATCH = 64, /* packets in one turn of the loop: others want theirs */
	THROTTLE_US = 10 * 1000,
	QUEUE_SAMPLES_MAX = 256 * 1024, /* bytes: above, samples are left out */
	QUEUE_MAX = 1024 * 1024,	/* above, the run fails */
};

#define TICK_US_MAX (INT64_C(1) << 52) /* a century: never */
#define TOKENS_PER_S 1000.0
#define TOKENS_MAX 2000.0
#define PRINT_COST 0.2 /* output has limits of its own */

/* ---- out ---- */

struct wire_out *run_begin(struct run *run, enum wire_type type, uint32_t serial)
{
	wire_begin(&run->scripts->out, type, serial, clock_now_us() - run->began_us);
	return &run->scripts->out;
}

static void enqueue(struct run *run, const struct wire_out *out)
{
	struct packet *packet;
	struct why why;

	if (run->queue_bytes + out->length > QUEUE_MAX) {
		why_set(&why, ERR_LIMIT, MSG_RUN_QUEUE);
		run_set_end(run, &why, NULL);
		run_stop(run, CAUSE_LIMIT);
		return;
	}
	packet = xcalloc(1, sizeof(*packet) + out->length);
	packet->length = out->length;
	memcpy(packet->bytes, out->bytes, out->length);
	*run->queue_end = packet;
	run->queue_end = &packet->next;
	run->queue_bytes += out->length;
	loop_fd_set(
		run->watch, LOOP_WRITE | (loop_timer_is_running(run->throttle) ? 0 : LOOP_READ));
}

void run_send(struct run *run)
{
	const struct wire_out *out = &run->scripts->out;

	if (run->fd < 0 || out->is_full) {
		return;
	}
	if (run->queue || send(run->fd, out->bytes, out->length, MSG_NOSIGNAL) < 0) {
		if (run->queue || errno == EAGAIN || errno == ENOBUFS) {
			enqueue(run, out);
		}
		/* Any other error: the process is gone, its end is on its way. */
	}
}

bool run_is_behind(const struct run *run)
{
	return run->queue_bytes > QUEUE_SAMPLES_MAX;
}

static void drop_first(struct run *run)
{
	struct packet *packet = run->queue;

	run->queue = packet->next;
	run->queue_bytes -= packet->length;
	if (!run->queue) {
		run->queue_end = &run->queue;
	}
	free(packet);
}

static void write_queue(struct run *run)
{
	while (run->queue) {
		if (send(run->fd, run->queue->bytes, run->queue->length, MSG_NOSIGNAL) < 0 &&
			errno == EAGAIN) {
			return;
		}
		drop_first(run);
	}
	loop_fd_set(run->watch, loop_timer_is_running(run->throttle) ? 0 : LOOP_READ);
}

struct wire_out *run_reply(struct run *run, uint32_t serial)
{
	struct wire_out *out = run_begin(run, WIRE_REPLY, serial);

	wire_put_string(out, "");
	return out;
}

void run_reply_why(struct run *run, uint32_t serial, const struct why *why)
{
	struct wire_out *out = run_begin(run, WIRE_REPLY, serial);

	if (why->code == ERR_NONE) {
		wire_put_string(out, "");
		wire_put_nil(out);
	} else {
		wire_put_string(out, err_name(why->code));
		wire_put_string(out, why->text[LANG_EN]);
		wire_put_string(out, why->text[LANG_ZH]);
	}
	run_send(run);
}

void run_put_value(struct wire_out *out, const struct value *value)
{
	switch (value->type) {
	case VALUE_NULL:
		wire_put_nil(out);
		break;
	case VALUE_BOOL:
		wire_put_bool(out, value->boolean);
		break;
	case VALUE_INT:
		wire_put_int(out, value->integer);
		break;
	case VALUE_NUMBER:
		wire_put_number(out, value->number);
		break;
	case VALUE_TEXT:
		wire_put_text(out, value->text, value->count);
		break;
	case VALUE_VECTOR:
		wire_put_vector(out, value->vector, value->count);
		break;
	}
}

/* ---- in ---- */

static void set_tick(struct run *run, int64_t due_us)
{
	int64_t run_us = clock_now_us() - run->began_us;

	if (due_us <= run_us) {
		loop_timer_start(run->tick, 0, 0);
	} else if (due_us < TICK_US_MAX) {
		loop_timer_start(run->tick, due_us - run_us, 0);
	}
}

static void on_tick(void *data)
{
	run_begin(data, WIRE_TICK, 0);
	run_send(data);
}

/* How the run ended, in its own words; why the supervisor ended it goes before. */
static void take_end(struct run *run, struct wire_in *in)
{
	struct run_end end = {.is_told = true};

	wire_get_string(in, end.code, sizeof(end.code));
	end.line = (int)wire_get_count(in, 10 * 1000 * 1000);
	wire_get_string(in, end.message[LANG_EN], sizeof(end.message[LANG_EN]));
	wire_get_string(in, end.message[LANG_ZH], sizeof(end.message[LANG_ZH]));
	wire_get_string(in, end.hint[LANG_EN], sizeof(end.hint[LANG_EN]));
	wire_get_string(in, end.hint[LANG_ZH], sizeof(end.hint[LANG_ZH]));
	if (in->is_bad || run->end.is_told) {
		return;
	}
	if (run->cause == CAUSE_HUNG || run->cause == CAUSE_LIMIT) {
		run->end.line = end.line;
		return;
	}
	run->end = end;
}

static void take_request(struct run *run, struct wire_in *in)
{
	switch ((int)in->type) {
	case WIRE_TIME:
		wire_put_nil(run_reply(run, in->serial));
		run_send(run);
		break;
	case WIRE_OPEN:
		run_host_open(run, in);
		break;
	case WIRE_PRINT:
		output_print(run, in);
		break;
	case WIRE_PLOT:
		output_plot(run, in);
		break;
	default:
		run_host_request(run, in);
		break;
	}
}

bool run_packet(struct run *run, const uint8_t *bytes, size_t count)
{
	struct wire_in in;

	if (!wire_open(&in, bytes, count) || in.type < WIRE_READY || in.type > WIRE_END) {
		return false;
	}
	run->has_answered = true;
	run_lease_feed(run);
	run->tokens -= in.type == WIRE_PRINT ? PRINT_COST : 1;
	switch ((int)in.type) {
	case WIRE_READY:
		if (run->state == RUN_STARTING) {
			run_set_state(run, RUN_RUNNING);
		}
		break;
	case WIRE_PONG:
		run->is_pinged = false;
		break;
	case WIRE_IDLE:
		set_tick(run, wire_get_int(&in));
		break;
	case WIRE_END:
		run_lease_end(run);
		take_end(run, &in);
		break;
	default:
		take_request(run, &in);
	}
	return true;
}

/* One packet from the socket. False: there is none. */
static bool read_packet(struct run *run)
{
	uint8_t bytes[WIRE_PACKET_MAX];
	ssize_t count = recv(run->fd, bytes, sizeof(bytes), 0);

	if (count > 0) {
		run_packet(run, bytes, (size_t)count);
		return true;
	}
	if (count == 0 || errno != EAGAIN) {
		run_lease_end(run);
		loop_fd_set(run->watch, 0);
		/* The child's end follows; one that only closed its socket gets no more time. */
		if (run->pid > 0) {
			loop_timer_start(run->kill, 0, 0);
		}
	}
	return false;
}

static void refill(struct run *run)
{
	int64_t now_us = clock_now_us();

	run->tokens += TOKENS_PER_S * (double)(now_us - run->tokens_us) / 1e6;
	run->tokens_us = now_us;
	if (run->tokens > TOKENS_MAX) {
		run->tokens = TOKENS_MAX;
	}
}

static void on_ready(void *data, int events)
{
	struct run *run = data;

	if (events & LOOP_WRITE) {
		write_queue(run);
	}
	if (!(events & LOOP_READ)) {
		return;
	}
	refill(run);
	for (int i = 0; i < BATCH && run->tokens >= 1; i++) {
		if (!read_packet(run)) {
			return;
		}
	}
	if (run->tokens < 1) {
		loop_fd_set(run->watch, run->queue ? LOOP_WRITE : 0);
		loop_timer_start(run->throttle, THROTTLE_US, 0);
	}
}

static void on_throttle(void *data)
{
	struct run *run = data;

	loop_fd_set(run->watch, LOOP_READ | (run->queue ? LOOP_WRITE : 0));
}

void run_link_open(struct run *run, int fd)
{
	struct loop *loop = run->scripts->server->loop;

	run->fd = fd;
	run->tokens = TOKENS_MAX;
	run->tokens_us = clock_now_us();
	run->watch = loop_fd_add(loop, fd, LOOP_READ, on_ready, run);
	run->throttle = loop_timer_add(loop, on_throttle, run);
	run->tick = loop_timer_add(loop, on_tick, run);
}

void run_link_drain(struct run *run)
{
	while (run->fd >= 0 && read_packet(run)) {
	}
}

void run_link_close(struct run *run)
{
	loop_fd_remove(run->watch);
	loop_timer_remove(run->throttle);
	loop_timer_remove(run->tick);
	run->watch = NULL;
	run->throttle = run->tick = NULL;
	while (run->queue) {
		drop_first(run);
	}
	if (run->fd >= 0) {
		close(run->fd);
		run->fd = -1;
	}
}
