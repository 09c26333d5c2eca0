/* Ports and the faults of cables and boards: FAULTS 1, 2, 6, 10, 16, 35 on real ptys. */
#include "port_end.h"

#include <errno.h>
#include <sys/resource.h>

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
	assert_false(port_send(end->port, (const uint8_t *)"x", 1, LANE_ORDER));
	end_destroy(end);
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
	port_open(end->port, &how);
	WAIT_FOR(end->opened == 2);
	assert_int_equal(port_backlog(end->port), 0);
	assert_true(port_send(end->port, (const uint8_t *)"new", 3, LANE_ORDER));
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
			port_send(end->port, (const uint8_t *)"hello", 5, LANE_ORDER);
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
		if (!port_send(end->port, block, sizeof(block), LANE_ORDER)) {
			break;
		}
		sent += sizeof(block);
		assert_true(sent < sizeof(heard));
	}
	assert_true(port_backlog(end->port) <= PORT_QUEUE_MAX);
	assert_true(port_backlog(end->port) > PORT_QUEUE_MAX - sizeof(block));
	assert_true(port_unsent(end->port) >= port_backlog(end->port));
	assert_false(port_send(end->port, block, sizeof(block), LANE_ORDER));
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
	port_open(end->port, &how);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	WAIT_FOR(end->lost == 1);
	assert_int_equal(end->why.code, ERR_IO);
	port_open(end->port, &how);
	WAIT_FOR(end->opened == 1);
	end_destroy(end);
	close(board);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fault_01_unplug_during_read_is_told_once_and_closes),
		cmocka_unit_test(fault_02_unplug_during_write_drops_what_was_queued),
		cmocka_unit_test(fault_06_a_flapping_contact_leaves_no_fd_behind),
		cmocka_unit_test(fault_10_a_flooding_board_does_not_hold_up_another),
		cmocka_unit_test(fault_16_a_board_that_never_reads_fills_the_queue_and_no_more),
		cmocka_unit_test(fault_35_no_free_fd_is_an_error_that_passes),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("port_faults", tests, set_up, tear_down);
}
