/* Ports over ptys and sockets: bytes both ways, and what cannot be opened. */
#include "port_end.h"

#include <netinet/in.h>
#include <sys/stat.h>
#include <sys/un.h>

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

	assert_true(port_send(end->port, all, sizeof(all), LANE_ORDER));
	assert_int_equal(port_backlog(end->port), 0); /* straight to the kernel */
	WAIT_FOR((count += read_all(board, heard + count, sizeof(heard) - count)) >= 256);
	assert_int_equal(count, sizeof(all)); /* no echo of what the board said */
	assert_memory_equal(heard, all, sizeof(all));
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
		{"usb", "0694:0002", ERR_LOST},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct end *end = end_create(cases[i].scheme, cases[i].target);

		port_open(end->port, &how);
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
	port_open(end->port, &how);
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

	port_open(end->port, &how);
	WAIT_FOR(end->opened == 1 && (far = accept(server, NULL, NULL)) >= 0);
	fcntl(far, F_SETFL, O_NONBLOCK);
	assert_true(port_send(end->port, (const uint8_t *)"ping", 4, LANE_ORDER));
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
		port_open(end->port, &how);
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
	port_open(end->port, &how);
	port_close(end->port);
	close(board);
	WAIT_FOR(turns++ > 5);
	assert_int_equal(end->opened, 1);
	assert_int_equal(end->received, 0);
	assert_int_equal(end->lost, 0);
	end_destroy(end);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_byte_value_passes_a_pty_unchanged_both_ways),
		cmocka_unit_test(what_cannot_be_opened_is_told_from_the_loop),
		cmocka_unit_test(a_file_is_refused_and_stays_as_it_is),
		cmocka_unit_test(sockets_connect_carry_bytes_and_are_lost),
		cmocka_unit_test(a_port_may_be_destroyed_in_each_of_its_callbacks),
		cmocka_unit_test(a_closed_port_says_nothing_more),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("port_stream", tests, set_up, tear_down);
}
