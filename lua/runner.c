/*
 * The life of a run in its process; see runner.h.
 *
 * The process ends by _exit() and never closes the Lua state: a pupil's __gc
 * functions could hold it up.
 */
#include "runner.h"

#include "fault.h"
#include "host.h"
#include "lib.h"
#include "sandbox.h"
#include "scheduler.h"

#include <errno.h>
#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HOOK_EVERY = 1000 }; /* instructions between two looks at the stop flag */

volatile sig_atomic_t runner_stop;

static void on_stop(int signum)
{
	(void)signum;
	runner_stop = 1;
}

int runner_raise_stop(lua_State *L)
{
	struct runner *runner = runner_of(L);

	if (!runner->stop_line) {
		runner->stop_line = fault_line(L);
	}
	lua_pushliteral(L, "stopped");
	return lua_error(L);
}

static void hook(lua_State *L, lua_Debug *at)
{
	(void)at;
	if (runner_stop) {
		runner_raise_stop(L);
	}
}

/* Lua's memory: counted, up to the run's limit. */
static void *allocate(void *data, void *old, size_t old_size, size_t size)
{
	struct runner *runner = data;
	size_t before = old ? old_size : 0;
	void *block;

	if (size == 0) {
		free(old);
		runner->memory_used -= before;
		return NULL;
	}
	if (size > before && size - before > runner->memory_max - runner->memory_used) {
		return NULL;
	}
	block = realloc(old, size);
	if (block) {
		runner->memory_used += size - before;
	}
	return block;
}

static void watch_stop(void)
{
	struct sigaction action = {.sa_handler = on_stop}; /* no SA_RESTART: recv must return */

	sigaction(SIGUSR1, &action, NULL);
}

/* A packet before there is a Lua state. Anything but `type` ends the process. */
static struct wire_in receive(struct runner *runner, enum wire_type type)
{
	struct wire_in in;
	ssize_t count;

	do {
		count = recv(runner->fd, runner->packet, sizeof(runner->packet), 0);
	} while (count < 0 && errno == EINTR && !runner_stop);
	if (count <= 0 || !wire_open(&in, runner->packet, (size_t)count) || in.type != type) {
		_exit(1);
	}
	runner->now_us = in.t_us;
	return in;
}

static void receive_start(struct runner *runner)
{
	struct wire_in in = receive(runner, WIRE_START);
	int64_t version = wire_get_int(&in);

	wire_get_string(&in, runner->name, sizeof(runner->name));
	runner->lang = wire_get_int(&in) == TEXT_ZH ? TEXT_ZH : TEXT_EN;
	runner->seed = wire_get_int(&in);
	runner->memory_max = wire_get_count(&in, SIZE_MAX / 2);
	runner->source_length = wire_get_count(&in, WIRE_SOURCE_MAX);
	if (in.is_bad || version != WIRE_VERSION) {
		_exit(1);
	}
}

static void receive_source(struct runner *runner)
{
	size_t at = 0, length;
	struct wire_in in;
	const char *piece;

	runner->source = malloc(runner->source_length + 1);
	if (!runner->source) {
		_exit(1);
	}
	while (at < runner->source_length) {
		in = receive(runner, WIRE_SOURCE);
		piece = wire_get_text(&in, &length);
		if (in.is_bad || length == 0 || length > runner->source_length - at) {
			_exit(1);
		}
		memcpy(runner->source + at, piece, length);
		at += length;
	}
	runner->source[at] = 0;
}

/* The source as a function on top of the stack; a byte order mark of some editors is skipped. */
static int load_source(lua_State *L)
{
	struct runner *runner = runner_of(L);
	char chunk[RUN_NAME_MAX + 2] = "=";
	size_t skip =
		runner->source_length >= 3 && !memcmp(runner->source, "\xEF\xBB\xBF", 3) ? 3 : 0;

	memcpy(chunk + 1, runner->name, strlen(runner->name) + 1);
	return luaL_loadbufferx(L, runner->source + skip, runner->source_length - skip, chunk, "t");
}

/* All that can raise, in one protected call: true on the stack when the run finished well. */
static int run(lua_State *L)
{
	struct runner *runner = runner_of(L);
	struct fault *fault = lua_touserdata(L, 1);
	int status;

	sched_open(L);
	lib_base_open(L);
	lib_coroutine_open(L);
	lib_time_open(L);
	status = load_source(L);
	if (status != LUA_OK) {
		fault_from_error(L, status, fault);
		lua_pushboolean(L, 0);
		return 1;
	}
	host_begin(runner, WIRE_READY);
	host_send(runner);
	sched_start(L, 0);
	lua_pushboolean(L, sched_run(L, fault));
	return 1;
}

static void run_script(struct runner *runner, struct fault *fault, bool *is_well)
{
	lua_State *L = lua_newstate(allocate, runner);
	int status;

	*is_well = false;
	if (!L) {
		fault_explain(fault, "not enough memory");
		return;
	}
	runner->L = L;
	*(struct runner **)lua_getextraspace(L) = runner;
	lua_sethook(L, hook, LUA_MASKCOUNT, HOOK_EVERY); /* coroutines inherit it */
	lua_pushcfunction(L, run);
	lua_pushlightuserdata(L, fault);
	status = lua_pcall(L, 1, 1, 0);
	if (status == LUA_OK) {
		*is_well = lua_toboolean(L, -1);
	} else {
		fault_from_error(L, status, fault);
	}
	if (runner_stop) {
		fault_set(fault, TEXT_STOPPED, NULL);
		fault->line = runner->stop_line;
		*is_well = false;
	}
}

void runner_main(int fd)
{
	static struct runner runner; /* the process's one run; too large for a stack */
	struct fault fault = {0};
	const char *failed;
	bool is_well = false;

	runner.fd = fd;
	watch_stop();
	receive_start(&runner);
	failed = sandbox_enter(runner.memory_max);
	if (failed) {
		fault_set(&fault, TEXT_SANDBOX, failed, NULL);
	} else {
		receive_source(&runner);
		run_script(&runner, &fault, &is_well);
	}
	host_end(&runner, is_well ? NULL : &fault);
	_exit(0);
}
