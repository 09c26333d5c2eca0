/*
 * The process kitlab-virtual, for world.c: where its program is, its private
 * folder and control socket, how it starts and ends.
 */
#pragma once

#include "err.h"

#include <limits.h>
#include <sys/types.h>
#include <sys/un.h>

struct world_process {
	char program[PATH_MAX];
	char dir[64]; /* private: the control socket and the boards' links */
	struct sockaddr_un address;
	int listener; /* for its control line; -1 = none */
	pid_t pid;    /* 0 = none */
};

/* Program, folder and listening socket; world_process_finish() also after a failure. */
enum err world_process_init(struct world_process *process, const char *state_dir,
	struct why *why);
enum err world_process_start(struct world_process *process, const char *classroom,
	struct why *why);
/* Ends and reaps it; waits 0.3 s at most. The loop does not watch the pid any more. */
void world_process_end(struct world_process *process);
void world_process_finish(struct world_process *process);
