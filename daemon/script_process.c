/*
 * The runner's process; see script_run.h.
 *
 * Hang detection (SAFETY S2): every 100 ms the runner gets a ping, which only
 * its scheduler answers; each request of the script counts as an answer too.
 * What it computed since the beat that saw its last answer is its own doing: a
 * run with a lease is ended after 1 s without an answer and 0.5 s of computing, any other
 * after script_busy_s (10 s) of computing. A busy PC makes a runner late, but lets it compute
 * nothing, so that it is no hang.
 *
 * Ending is soft first (SIGUSR1: the runner's count hook raises an error and
 * tells the line), then SIGKILL: C code and finalisers see no hook.
 */
#include "script_run.h"

#include "clock.h"
#include "config.h"
#include "log.h"
#include "spawner.h"
#include "server.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	SOFT_US = 300 * 1000,
	DEADLINE_SILENT_US = 1000 * 1000,
	DEADLINE_CPU_US = 500 * 1000,
};

/* ---- the start ---- */

static void send_start(struct run *run)
{
	const struct config *config = run->scripts->server->config;
	struct wire_out *out = run_begin(run, WIRE_START, 0);
	char name[51]; /* Lua cuts longer ones */
	size_t length = strnlen(run->name, sizeof(name) - 1);

	while (length && ((unsigned char)run->name[length] & 0xC0) == 0x80) {
		length--;
	}
	wire_put_int(out, WIRE_VERSION);
	wire_put_text(out, run->name, length);
	wire_put_int(out, run->lang == LANG_ZH);
	wire_put_int(out, run->seed);
	wire_put_int(out, (int64_t)config->script_memory_mb << 20);
	wire_put_int(out, (int64_t)run->source_length);
	run_send(run);
	for (size_t at = 0; at < run->source_length; at += length) {
		length = run->source_length - at;
		length = length < WIRE_CHUNK_MAX ? length : WIRE_CHUNK_MAX;
		wire_put_text(run_begin(run, WIRE_SOURCE, 0), run->source + at, length);
		run_send(run);
	}
}

static void on_beat(void *data);

static void on_child(void *data, pid_t pid, int status)
{
	struct run *run = data;

	(void)pid;
	run->pid = 0;
	run_ended(run, status);
}

static void on_kill(void *data)
{
	struct run *run = data;

	kill(run->pid, SIGKILL);
}

/* The process is there, or could not be started. */
static void on_spawned(void *data, pid_t pid, int error)
{
	struct run *run = data;
	struct loop *loop = run->scripts->server->loop;
	struct why why;

	run->is_spawning = false;
	if (error) {
		why_set(&why, ERR_IO, MSG_RUN_NO_RUNNER, strerror(error));
		log_error("%s", why_text(&why, LANG_EN));
		run_set_end(run, &why, NULL);
		run_ended(run, 0);
		return;
	}
	run->pid = pid;
	run->child = loop_child_add(loop, pid, on_child, run);
	run->kill = loop_timer_add(loop, on_kill, run);
	run->beat = loop_timer_add(loop, on_beat, run);
	if (kill(pid, 0) < 0) { /* killed before we looked: the loop has buried it already */
		on_child(run, pid, SIGKILL);
		return;
	}
	run->answered_us = clock_now_us();
	send_start(run);
	loop_timer_start(run->beat, PING_US, PING_US);
	if (run->cause != CAUSE_NONE) { /* stopped in the meantime */
		run_signal_stop(run);
	}
}

void run_spawn(struct run *run)
{
	int pair[2];
	struct why why;

	/* Only our end does not block. */
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
		why_set(&why, ERR_IO, MSG_RUN_NO_RUNNER, strerror(errno));
		run_set_end(run, &why, NULL);
		run_ended(run, 0);
		return;
	}
	fcntl(pair[0], F_SETFL, O_NONBLOCK);
	run->began_us = clock_now_us();
	run_link_open(run, pair[0]);
	output_begin(run);
	run->is_spawning = true;
	struct spawn spawn = {
		.argv = run->scripts->argv,
		.environment = run->scripts->argv + 1, /* none */
		.fd = pair[1],
		.as_fds = {WIRE_FD, -1},
	};

	spawner_start(run->scripts->server->spawner, &spawn, on_spawned, run);
}

void run_release_process(struct run *run)
{
	loop_child_remove(run->child);
	loop_timer_remove(run->kill);
	loop_timer_remove(run->beat);
	run->child = NULL;
	run->kill = run->beat = NULL;
}

/* ---- the beat ---- */

static void end_hung(struct run *run, int64_t used_us)
{
	struct why why, hint;

	if (run->is_moving) {
		why_set(&why, ERR_TIMEOUT, MSG_RUN_DEADLINE);
	} else {
		why_set(&why, ERR_TIMEOUT, MSG_RUN_HUNG, (int)(used_us / 1000000));
	}
	why_set(&hint, ERR_TIMEOUT, MSG_RUN_HUNG_HINT);
	run_set_end(run, &why, &hint);
	log_info("script %s (%s) is ended: it hangs", run->id, run->name);
	run_stop(run, CAUSE_HUNG);
}

static void on_beat(void *data)
{
	struct run *run = data;
	int64_t now_us = clock_now_us();
	int64_t cpu_us = clock_cpu_us(run->pid), used_us;
	int64_t busy_us = run->scripts->server->config->script_busy_s * INT64_C(1000000);

	if (run->has_answered) {
		run->has_answered = false;
		run->answered_us = now_us;
		run->cpu_mark_us = cpu_us;
	}
	used_us = cpu_us - run->cpu_mark_us;
	if (used_us >= busy_us ||
		(run->is_moving && used_us >= DEADLINE_CPU_US &&
			now_us - run->answered_us >= DEADLINE_SILENT_US)) {
		end_hung(run, used_us);
		return;
	}
	if (!run->is_pinged) {
		run->is_pinged = true;
		run_begin(run, WIRE_PING, 1);
		run_send(run);
	}
	run_retry_opens(run);
}

/* ---- the end ---- */

void run_signal_stop(struct run *run)
{
	kill(run->pid, SIGUSR1);
	loop_timer_start(run->kill, SOFT_US, 0);
}
