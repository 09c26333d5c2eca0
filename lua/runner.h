/*
 * kitlab-runner: one pupil's script in a process of its own.
 *
 * The way of a run: runner_main() receives the start packet, closes the sandbox
 * around itself (sandbox.c), receives the source, makes a Lua state with the
 * whitelist environment (lib_*.c) and hands it to the scheduler (scheduler.c). All
 * speaking with the daemon is in host.c. Lua's errors become texts in fault.c.
 *
 * One struct runner a process; Lua functions find it by runner_of(L).
 */
#pragma once

#include "texts.h"
#include "wire.h"

#include <lua.h>

#include <signal.h>

enum { RUN_NAME_MAX = 50 }; /* Lua cuts longer names of scripts in its messages */

struct task;
struct job;

struct sched {
	struct task *tasks, **tasks_end; /* anchored in the registry; in order of their start */
	struct task *current;		 /* the one that runs */
	struct job *jobs;		 /* timers and handlers that are active */
	size_t task_count;
	int64_t told_us; /* the wake-up that the daemon knows of; INT64_MAX = none */
};

struct runner {
	lua_State *L;
	int fd;
	int lang;		     /* TEXT_EN, TEXT_ZH: of the error tables */
	char name[RUN_NAME_MAX + 1]; /* of the script, for messages */
	char *source;		     /* kept to explain syntax errors */
	size_t source_length;
	int64_t seed;
	int stop_line;	/* where the stop was seen first */
	int64_t now_us; /* the run's clock, from the newest packet */
	size_t memory_used, memory_max;
	uint32_t serial; /* of the newest request */
	struct sched sched;
	struct wire_out out;		 /* the packet being written */
	uint8_t packet[WIRE_PACKET_MAX]; /* the packet being read */
};

static inline struct runner *runner_of(lua_State *L)
{
	return *(struct runner **)lua_getextraspace(L);
}

/* Set by SIGUSR1: the run shall stop. Checked by the count hook and by blocking calls. */
extern volatile sig_atomic_t runner_stop;

/* Ends Lua code by an error that pcall does not keep. */
int runner_raise_stop(lua_State *L);

/* Runs what comes over the socket `fd`. Does not return but by ending the process. */
void runner_main(int fd) __attribute__((noreturn));
