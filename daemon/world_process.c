/* The process kitlab-virtual; see world_process.h. */
#include "world_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { END_WAIT_MS = 300 };

/* Beside this very program, wherever it was built or installed. */
static bool find_program(char *path, size_t room)
{
	static const char name[] = "kitlab-virtual";
	ssize_t length = readlink("/proc/self/exe", path, room - 1);
	char *slash;

	if (length < 0) {
		return false;
	}
	path[length] = '\0';
	slash = strrchr(path, '/');
	if (!slash || (size_t)(slash + 1 - path) + sizeof(name) > room) {
		return false;
	}
	memcpy(slash + 1, name, sizeof(name));
	return true;
}

/* In the state folder, or in /tmp where its path is too long for a socket. */
static enum err make_dir(struct world_process *process, const char *state_dir, struct why *why)
{
	char state[PATH_MAX]; /* a port needs a whole path */
	int length;

	if (!realpath(state_dir, state)) {
		return why_set(why, ERR_IO, MSG_PORT_IO, state_dir, strerror(errno));
	}
	length = snprintf(process->dir, sizeof(process->dir), "%s/virtual", state);
	if ((size_t)length < sizeof(process->dir)) {
		if (mkdir(process->dir, 0700) == 0 || errno == EEXIST) {
			return ERR_NONE;
		}
	} else {
		snprintf(process->dir, sizeof(process->dir), "/tmp/kitlab-virtual-XXXXXX");
		if (mkdtemp(process->dir)) {
			return ERR_NONE;
		}
	}
	return why_set(why, ERR_IO, MSG_PORT_IO, process->dir, strerror(errno));
}

static enum err listen_here(struct world_process *process, struct why *why)
{
	struct sockaddr_un *address = &process->address;

	address->sun_family = AF_UNIX;
	snprintf(address->sun_path, sizeof(address->sun_path), "%s/control", process->dir);
	unlink(address->sun_path);
	process->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (process->listener < 0 ||
		bind(process->listener, (struct sockaddr *)address, sizeof(*address)) < 0 ||
		listen(process->listener, 2) < 0) {
		return why_set(why, ERR_IO, MSG_PORT_IO, address->sun_path, strerror(errno));
	}
	return ERR_NONE;
}

enum err world_process_init(struct world_process *process, const char *state_dir,
	struct why *why)
{
	enum err err;

	memset(process, 0, sizeof(*process));
	process->listener = -1;
	if (!find_program(process->program, sizeof(process->program))) {
		return why_set(why, ERR_IO, MSG_WORLD_START, "/proc/self/exe");
	}
	err = make_dir(process, state_dir, why);
	return err == ERR_NONE ? listen_here(process, why) : err;
}

enum err world_process_start(struct world_process *process, const char *classroom,
	struct why *why)
{
	char control[128];
	char *const argv[] = {
		process->program, "--classroom", (char *)classroom, "--control", control, NULL};
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t none;
	int error;

	snprintf(control, sizeof(control), "unix:%s", process->address.sun_path);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, 2, 1); /* standard output is the ready line's */
	posix_spawnattr_init(&attributes);
	/* A group of its own: Ctrl-C ends the daemon, and the daemon ends it. */
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
	sigemptyset(&none);
	posix_spawnattr_setsigmask(&attributes, &none);
	error = posix_spawn(&process->pid, process->program, &files, &attributes, argv, environ);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attributes);
	if (error) {
		process->pid = 0;
		return why_set(why, ERR_IO, MSG_PORT_IO, process->program, strerror(error));
	}
	return ERR_NONE;
}

/* kitlab-virtual ends in a few ms after its line; one that is stopped is killed. */
void world_process_end(struct world_process *process)
{
	pid_t pid = process->pid;

	if (pid <= 0) {
		return;
	}
	process->pid = 0;
	kill(pid, SIGTERM);
	for (int waited_ms = 0; waited_ms < END_WAIT_MS; waited_ms += 2) {
		if (waitpid(pid, NULL, WNOHANG) != 0) {
			return;
		}
		poll(NULL, 0, 2);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

void world_process_finish(struct world_process *process)
{
	if (process->listener >= 0) {
		close(process->listener);
		unlink(process->address.sun_path);
	}
	if (process->dir[0]) {
		rmdir(process->dir); /* the boards' links are gone with their process */
	}
}
