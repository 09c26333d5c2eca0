/*
 * A pty for programs that have none of their own (Node): prints the path of
 * its slave side as a line on standard error, then carries standard input to
 * whoever opens that path, and what they write to standard output.
 *
 * After SIGUSR1 it does not read the pty any more, until SIGUSR2. Its end closes
 * the pty, which is what a pulled cable looks like. `ptypipe LINK` makes a
 * symlink too.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

static volatile sig_atomic_t is_reading = 1;

static void on_signal(int number)
{
	is_reading = number == SIGUSR2;
}

/* Everything, or false. */
static bool write_all(int fd, const char *bytes, ssize_t count)
{
	while (count > 0) {
		ssize_t wrote = write(fd, bytes, (size_t)count);
		if (wrote < 0 && errno == EAGAIN) {
			struct pollfd ready = { .fd = fd, .events = POLLOUT };
			poll(&ready, 1, -1);
			continue;
		}
		if (wrote <= 0) {
			return false;
		}
		bytes += wrote;
		count -= wrote;
	}
	return true;
}

static bool carry(int from, int to)
{
	char bytes[4096];
	ssize_t got = read(from, bytes, sizeof(bytes));
	return got > 0 && write_all(to, bytes, got);
}

int main(int argc, char **argv)
{
	int master, slave;
	char path[64];
	if (openpty(&master, &slave, path, NULL, NULL) != 0) {
		perror("ptypipe");
		return 1;
	}
	struct termios raw;
	tcgetattr(slave, &raw);
	cfmakeraw(&raw);
	tcsetattr(slave, TCSANOW, &raw);
	/* `slave` stays open: a pty whose slave nobody holds reads EIO. */
	if (argc > 1) {
		unlink(argv[1]);
		if (symlink(path, argv[1]) != 0) {
			perror(argv[1]);
			return 1;
		}
	}
	struct pollfd fds[] = {
		{ .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = master, .events = POLLIN },
	};
	signal(SIGUSR1, on_signal);
	signal(SIGUSR2, on_signal);
	fprintf(stderr, "%s\n", path);
	for (;;) {
		fds[1].fd = is_reading ? master : -1;
		if (poll(fds, 2, 1000) < 0) { /* by a signal; a second heals the race with one */
			continue;
		}
		if (fds[0].revents && !carry(STDIN_FILENO, master)) {
			return 0;
		}
		if (fds[1].revents && !carry(master, STDOUT_FILENO)) {
			return 0;
		}
	}
}
