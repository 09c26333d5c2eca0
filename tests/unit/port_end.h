/*
 * A port under test with a record of what it told, and the far end of its pty. For the tests of
 * port.c only; each of them is one program.
 */
#pragma once

#include "loop.h"
#include "port.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATIENCE_US = 10000000, HEARD_MAX = 128 * 1024 };

static struct loop *loop;
static char folder[] = "/tmp/kitlab-port-XXXXXX";

/* One port with a record of what it told. */
struct end {
	struct port *port;
	int opened, lost, drained, received;
	size_t biggest;
	struct why why;
	size_t heard_count;
	uint8_t heard[HEARD_MAX];
	bool destroy_when_told;
};

static inline void maybe_destroy(struct end *end)
{
	if (end->destroy_when_told) {
		port_destroy(end->port);
		end->port = NULL;
	}
}

static inline void on_opened(void *data)
{
	struct end *end = data;

	end->opened++;
	maybe_destroy(end);
}

static inline void on_received(void *data, const uint8_t *bytes, size_t count, int64_t t_us)
{
	struct end *end = data;
	size_t room = sizeof(end->heard) - end->heard_count;

	assert_true(t_us > 0);
	end->received++;
	end->biggest = count > end->biggest ? count : end->biggest;
	count = count < room ? count : room;
	memcpy(end->heard + end->heard_count, bytes, count);
	end->heard_count += count;
	maybe_destroy(end);
}

static inline void on_drained(void *data)
{
	struct end *end = data;

	end->drained++;
	maybe_destroy(end);
}

static inline void on_lost(void *data, const struct why *why)
{
	struct end *end = data;

	end->lost++;
	end->why = *why;
	if (end->port) {
		assert_false(port_is_open(end->port));
		assert_int_equal(port_backlog(end->port), 0);
	}
	maybe_destroy(end);
}

static const struct port_events events = {on_opened, on_received, on_drained, on_lost};
static const struct port_how how = {.baud = 57600, .dtr = true};

static inline struct end *end_create(const char *scheme, const char *target)
{
	struct end *end = calloc(1, sizeof(*end));
	struct port_spec spec;
	struct why why;
	char text[300];

	assert_non_null(end);
	snprintf(text, sizeof(text), "%s:%s", scheme, target);
	assert_int_equal(port_spec_parse(text, &spec, &why), ERR_NONE);
	end->port = port_create(loop, &spec, &events, end);
	return end;
}

static inline void end_destroy(struct end *end)
{
	port_destroy(end->port);
	free(end);
}

static bool is_late;

static inline void on_deadline(void *data)
{
	(void)data;
	is_late = true;
	loop_stop(loop);
}

static inline void on_look(void *data)
{
	(void)data;
	loop_stop(loop);
}

/* Turns the loop until the condition holds; a wait that never ends is a failure. */
#define WAIT_FOR(condition)                                                                        \
	do {                                                                                       \
		struct loop_timer *look = loop_timer_add(loop, on_look, NULL);                     \
		struct loop_timer *deadline = loop_timer_add(loop, on_deadline, NULL);             \
		is_late = false;                                                                   \
		loop_timer_start(look, 1000, 1000);                                                \
		loop_timer_start(deadline, PATIENCE_US, 0);                                        \
		while (!(condition) && !is_late) {                                                 \
			loop_run(loop);                                                            \
		}                                                                                  \
		loop_timer_remove(look);                                                           \
		loop_timer_remove(deadline);                                                       \
		if (is_late) {                                                                     \
			fail_msg("waited for %s", #condition);                                     \
		}                                                                                  \
	} while (0)

/* A pty whose slave hides behind a symlink; returns the master. */
static inline int make_board(const char *name, char *path, size_t room)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	char slave[64];

	assert_true(master >= 0);
	assert_int_equal(grantpt(master), 0);
	assert_int_equal(unlockpt(master), 0);
	assert_int_equal(ptsname_r(master, slave, sizeof(slave)), 0);
	snprintf(path, room, "%s/%s", folder, name);
	unlink(path);
	assert_int_equal(symlink(slave, path), 0);
	return master;
}

static inline struct end *open_board(const char *path)
{
	struct end *end = end_create("stream", path);

	port_open(end->port, &how);
	assert_int_equal(end->opened, 0); /* told from the loop only */
	WAIT_FOR(end->opened == 1);
	assert_true(port_is_open(end->port));
	return end;
}

static inline size_t read_all(int fd, uint8_t *out, size_t room)
{
	size_t count = 0;

	for (;;) {
		ssize_t got = read(fd, out + count, room - count);

		if (got <= 0) {
			return count;
		}
		count += (size_t)got;
	}
}

static inline int count_fds(void)
{
	DIR *files = opendir("/proc/self/fd");
	int count = 0;

	while (readdir(files)) {
		count++;
	}
	closedir(files);
	return count;
}

static inline void fill(struct end *end, size_t backlog)
{
	uint8_t block[512];

	memset(block, 0x55, sizeof(block));
	while (port_backlog(end->port) < backlog) {
		assert_true(port_send(end->port, block, sizeof(block), LANE_ORDER));
	}
}

static inline int set_up(void **state)
{
	(void)state;
	loop = loop_create();
	return loop && mkdtemp(folder) ? 0 : -1;
}

static inline int tear_down(void **state)
{
	char path[300];
	DIR *files = opendir(folder);
	struct dirent *entry;

	(void)state;
	while (files && (entry = readdir(files))) {
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		unlink(path);
	}
	closedir(files);
	loop_destroy(loop);
	return rmdir(folder);
}
