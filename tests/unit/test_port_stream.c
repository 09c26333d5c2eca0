/* Ports over ptys and sockets: bytes both ways, and every way to lose them. */
#include "loop.h"
#include "port.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>
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

static void maybe_destroy(struct end *end)
{
	if (end->destroy_when_told) {
		port_destroy(end->port);
		end->port = NULL;
	}
}

static void on_opened(void *data)
{
	struct end *end = data;

	end->opened++;
	maybe_destroy(end);
}

static void on_received(void *data, const uint8_t *bytes, size_t count, int64_t t_us)
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

static void on_drained(void *data)
{
	struct end *end = data;

	end->drained++;
	maybe_destroy(end);
}

static void on_lost(void *data, const struct why *why)
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

static struct end *end_create(const char *scheme, const char *target)
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

static void end_destroy(struct end *end)
{
	port_destroy(end->port);
	free(end);
}

static bool is_late;

static void on_deadline(void *data)
{
	(void)data;
	is_late = true;
	loop_stop(loop);
}

static void on_look(void *data)
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
static int make_board(const char *name, char *path, size_t room)
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

static struct end *open_board(const char *path)
{
	struct end *end = end_create("stream", path);

	port_open(end->port, 57600, true);
	assert_int_equal(end->opened, 0); /* told from the loop only */
	WAIT_FOR(end->opened == 1);
	assert_true(port_is_open(end->port));
	return end;
}

static size_t read_all(int fd, uint8_t *out, size_t room)
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

static int count_fds(void)
{
	DIR *files = opendir("/proc/self/fd");
	int count = 0;

	while (readdir(files)) {
		count++;
	}
	closedir(files);
	return count;
}

static void every_byte_value_passes_a_pty_unchanged_both_ways(void **state)
{
	char path[100];
	int board = make_board("raw", path, sizeof(path));
	struct end *end = open_board(path);
	uint8_t all[256], heard[600];
	size_t count = 0;

	(void)state;
	for (int i = 0; i < 256; i++) {
		all[i] = (uint8_t)i;
	}
	assert_int_equal(write(board, all, sizeof(all)), sizeof(all));
	WAIT_FOR(end->heard_count >= sizeof(all));
	assert_int_equal(end->heard_count, sizeof(all));
	assert_memory_equal(end->heard, all, sizeof(all));

	assert_true(port_send(end->port, all, sizeof(all)));
	assert_int_equal(port_backlog(end->port), 0); /* straight to the kernel */
	WAIT_FOR((count += read_all(board, heard + count, sizeof(heard) - count)) >= 256);
	assert_int_equal(count, sizeof(all)); /* no echo of what the board said */
	assert_memory_equal(heard, all, sizeof(all));
	end_destroy(end);
	close(board);
}

static void fault_01_unplug_during_read_is_told_once_and_closes(void **state)
{
	char path[100];
	int board = make_board("pulled", path, sizeof(path));
	struct end *end = open_board(path);
	int fds = count_fds();

	(void)state;
	assert_int_equal(write(board, "abc", 3), 3);
	WAIT_FOR(end->heard_count == 3);
	close(board);
	WAIT_FOR(end->lost > 0);
	assert_int_equal(end->why.code, ERR_LOST);
	assert_int_equal(end->why.msg, MSG_PORT_GONE);
	assert_int_equal(count_fds(), fds - 2); /* the board's end and the port's */

	/* No spin: nothing more comes out of the port. */
	int turns = 0;
	WAIT_FOR(turns++ > 20);
	assert_int_equal(end->lost, 1);
	assert_false(port_send(end->port, (const uint8_t *)"x", 1));
	end_destroy(end);
}

static void fill(struct end *end, size_t backlog)
{
	uint8_t block[512];

	memset(block, 0x55, sizeof(block));
	while (port_backlog(end->port) < backlog) {
		assert_true(port_send(end->port, block, sizeof(block)));
	}
}

static void fault_02_unplug_during_write_drops_what_was_queued(void **state)
{
	char path[100];
	int board = make_board("drop", path, sizeof(path));
	struct end *end = open_board(path);
	uint8_t heard[64];

	(void)state;
	fill(end, 10 * 1024);
	close(board);
	WAIT_FOR(end->lost == 1);
	assert_int_equal(end->why.code, ERR_LOST);

	/* The board returns as another pty: the link is followed anew, nothing is replayed. */
	board = make_board("drop", path, sizeof(path));
	port_open(end->port, 57600, true);
	WAIT_FOR(end->opened == 2);
	assert_int_equal(port_backlog(end->port), 0);
	assert_true(port_send(end->port, (const uint8_t *)"new", 3));
	WAIT_FOR(read_all(board, heard, sizeof(heard)) == 3);
	assert_memory_equal(heard, "new", 3);
	assert_int_equal(end->drained, 0);
	end_destroy(end);
	close(board);
}

static void fault_06_a_flapping_contact_leaves_no_fd_behind(void **state)
{
	char path[100];
	int fds = 0;

	(void)state;
	for (int i = 0; i < 300; i++) {
		int board = make_board("flap", path, sizeof(path));
		struct end *end = open_board(path);

		if (i % 3 == 0) {
			port_send(end->port, (const uint8_t *)"hello", 5);
		}
		close(board);
		if (i % 2 == 0) {
			WAIT_FOR(end->lost == 1);
		}
		end_destroy(end);
		fds = i == 0 ? count_fds() : fds;
		assert_int_equal(count_fds(), fds);
	}
}

static bool keep_writing(int fd, const uint8_t *bytes, size_t count)
{
	while (write(fd, bytes, count) > 0) {
	}
	return errno == EAGAIN;
}

static void fault_10_a_flooding_board_does_not_hold_up_another(void **state)
{
	char path[100];
	int flood = make_board("flood", path, sizeof(path));
	struct end *noisy = open_board(path);
	int calm = make_board("calm", path, sizeof(path));
	struct end *quiet = open_board(path);
	uint8_t garbage[4096];

	(void)state;
	for (size_t i = 0; i < sizeof(garbage); i++) {
		garbage[i] = (uint8_t)(i * 167 + i / 7);
	}
	for (size_t said = 0; said < 50; said++) {
		noisy->heard_count = 0;
		assert_int_equal(write(calm, "p", 1), 1);
		WAIT_FOR(keep_writing(flood, garbage, sizeof(garbage)) &&
			quiet->heard_count > said);
	}
	assert_true(noisy->received > 50);
	assert_true(noisy->biggest <= 4096);
	assert_int_equal(noisy->lost, 0);
	end_destroy(noisy);
	end_destroy(quiet);
	close(flood);
	close(calm);
}

static void fault_16_a_board_that_never_reads_fills_the_queue_and_no_more(void **state)
{
	char path[100];
	int board = make_board("deaf", path, sizeof(path));
	struct end *end = open_board(path);
	static uint8_t heard[PORT_QUEUE_MAX * 4];
	uint8_t block[700];
	size_t sent = 0, count = 0;

	(void)state;
	for (;;) {
		for (size_t i = 0; i < sizeof(block); i++) {
			block[i] = (uint8_t)((sent + i) % 251);
		}
		if (!port_send(end->port, block, sizeof(block))) {
			break;
		}
		sent += sizeof(block);
		assert_true(sent < sizeof(heard));
	}
	assert_true(port_backlog(end->port) <= PORT_QUEUE_MAX);
	assert_true(port_backlog(end->port) > PORT_QUEUE_MAX - sizeof(block));
	assert_true(port_unsent(end->port) >= port_backlog(end->port));
	assert_false(port_send(end->port, block, sizeof(block)));
	assert_true(port_is_open(end->port));

	/* It hears again: all that was taken comes, in order, then the queue is empty. */
	WAIT_FOR((count += read_all(board, heard + count, sizeof(heard) - count)) >= sent);
	assert_int_equal(count, sent);
	for (size_t i = 0; i < sent; i++) {
		assert_int_equal(heard[i], i % 251);
	}
	WAIT_FOR(end->drained == 1);
	assert_int_equal(port_backlog(end->port), 0);
	end_destroy(end);
	close(board);
}

static void fault_35_no_free_fd_is_an_error_that_passes(void **state)
{
	char path[100];
	int board = make_board("full", path, sizeof(path));
	struct end *end = end_create("stream", path);
	struct rlimit old, none;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	none = old;
	none.rlim_cur = 3;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	port_open(end->port, 57600, true);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	WAIT_FOR(end->lost == 1);
	assert_int_equal(end->why.code, ERR_IO);
	port_open(end->port, 57600, true);
	WAIT_FOR(end->opened == 1);
	end_destroy(end);
	close(board);
}

static void what_cannot_be_opened_is_told_from_the_loop(void **state)
{
	static const struct {
		const char *scheme, *target;
		enum err code;
	} cases[] = {
		{"stream", "/nowhere/at/all", ERR_LOST},
		{"stream", "/tmp", ERR_INVALID},
		{"serial", "/dev/ttyNONE9", ERR_LOST},
		{"serial", "/dev/null", ERR_INVALID},
		{"unix", "/nowhere/at/all", ERR_LOST},
		{"tcp", "127.0.0.1:1", ERR_LOST},
		{"udp", "127.0.0.1:1", ERR_UNSUPPORTED},
		{"usb", "0694:0002", ERR_UNSUPPORTED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct end *end = end_create(cases[i].scheme, cases[i].target);

		port_open(end->port, 57600, true);
		assert_int_equal(end->lost, 0);
		WAIT_FOR(end->lost == 1);
		if (end->why.code != cases[i].code) {
			fail_msg("%s:%s: %s %s", cases[i].scheme, cases[i].target,
				err_name(end->why.code), why_text(&end->why, LANG_EN));
		}
		assert_non_null(strstr(why_text(&end->why, LANG_EN), cases[i].target));
		assert_int_equal(end->opened, 0);
		end_destroy(end);
	}
}

static void a_file_is_refused_and_stays_as_it_is(void **state)
{
	char path[100];
	struct end *end;
	struct stat about;
	int fd;

	(void)state;
	snprintf(path, sizeof(path), "%s/notes.txt", folder);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, "kept", 4), 4);
	end = end_create("stream", path);
	port_open(end->port, 57600, true);
	WAIT_FOR(end->lost == 1);
	assert_int_equal(end->why.msg, MSG_PORT_NOT_STREAM);
	assert_int_equal(fstat(fd, &about), 0);
	assert_int_equal(about.st_size, 4);
	end_destroy(end);
	close(fd);
}

static int listen_on(struct sockaddr *address, socklen_t bytes)
{
	int fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, address, bytes), 0);
	assert_int_equal(listen(fd, 4), 0);
	return fd;
}

static void try_socket(const char *scheme, const char *target, int server)
{
	struct end *end = end_create(scheme, target);
	int far = -1;
	uint8_t heard[8];

	port_open(end->port, 57600, true);
	WAIT_FOR(end->opened == 1 && (far = accept(server, NULL, NULL)) >= 0);
	fcntl(far, F_SETFL, O_NONBLOCK);
	assert_true(port_send(end->port, (const uint8_t *)"ping", 4));
	WAIT_FOR(read_all(far, heard, sizeof(heard)) == 4);
	assert_int_equal(write(far, "pong", 4), 4);
	WAIT_FOR(end->heard_count == 4);

	/* Of much that waits, a turn takes a piece. */
	uint8_t much[20000] = {0};

	assert_int_equal(write(far, much, sizeof(much)), sizeof(much));
	WAIT_FOR(end->heard_count == 4 + sizeof(much));
	assert_int_equal(end->biggest, 4096);

	/* The far end goes while we write: an error, not a SIGPIPE. */
	fill(end, 10 * 1024);
	close(far);
	WAIT_FOR(end->lost == 1);
	assert_int_equal(end->why.code, ERR_LOST);
	end_destroy(end);
}

static void sockets_connect_carry_bytes_and_are_lost(void **state)
{
	struct sockaddr_un local = {.sun_family = AF_UNIX};
	struct sockaddr_in ip = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t bytes = sizeof(ip);
	char target[64];
	int server;

	(void)state;
	snprintf(local.sun_path, sizeof(local.sun_path), "%s/sock", folder);
	server = listen_on((struct sockaddr *)&local, sizeof(local));
	try_socket("unix", local.sun_path, server);
	close(server);

	server = listen_on((struct sockaddr *)&ip, sizeof(ip));
	assert_int_equal(getsockname(server, (struct sockaddr *)&ip, &bytes), 0);
	snprintf(target, sizeof(target), "127.0.0.1:%d", ntohs(ip.sin_port));
	try_socket("tcp", target, server);
	close(server);
}

static void a_port_may_be_destroyed_in_each_of_its_callbacks(void **state)
{
	char path[100];
	uint8_t heard[PORT_QUEUE_MAX];

	(void)state;
	for (int which = 0; which < 4; which++) {
		int board = make_board("gone", path, sizeof(path));
		struct end *end = end_create("stream", path);

		end->destroy_when_told = which == 0;
		port_open(end->port, 57600, true);
		WAIT_FOR(end->opened == 1);
		end->destroy_when_told = true;
		if (which == 1) {
			assert_int_equal(write(board, "x", 1), 1);
		} else if (which == 2) {
			fill(end, 1);
			WAIT_FOR(read_all(board, heard, sizeof(heard)) == 0 && !end->port);
		} else if (which == 3) {
			close(board);
			board = -1;
		}
		WAIT_FOR(!end->port);
		end_destroy(end);
		close(board);
	}
}

static void a_closed_port_says_nothing_more(void **state)
{
	char path[100];
	int board = make_board("quiet", path, sizeof(path));
	struct end *end = open_board(path);
	int turns = 0;

	(void)state;
	assert_int_equal(write(board, "late", 4), 4);
	port_close(end->port);
	port_open(end->port, 57600, true);
	port_close(end->port);
	close(board);
	WAIT_FOR(turns++ > 5);
	assert_int_equal(end->opened, 1);
	assert_int_equal(end->received, 0);
	assert_int_equal(end->lost, 0);
	end_destroy(end);
}

static int set_up(void **state)
{
	(void)state;
	loop = loop_create();
	return loop && mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_byte_value_passes_a_pty_unchanged_both_ways),
		cmocka_unit_test(fault_01_unplug_during_read_is_told_once_and_closes),
		cmocka_unit_test(fault_02_unplug_during_write_drops_what_was_queued),
		cmocka_unit_test(fault_06_a_flapping_contact_leaves_no_fd_behind),
		cmocka_unit_test(fault_10_a_flooding_board_does_not_hold_up_another),
		cmocka_unit_test(fault_16_a_board_that_never_reads_fills_the_queue_and_no_more),
		cmocka_unit_test(fault_35_no_free_fd_is_an_error_that_passes),
		cmocka_unit_test(what_cannot_be_opened_is_told_from_the_loop),
		cmocka_unit_test(a_file_is_refused_and_stays_as_it_is),
		cmocka_unit_test(sockets_connect_carry_bytes_and_are_lost),
		cmocka_unit_test(a_port_may_be_destroyed_in_each_of_its_callbacks),
		cmocka_unit_test(a_closed_port_says_nothing_more),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("port_stream", tests, set_up, tear_down);
}
