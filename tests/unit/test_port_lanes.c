/*
 * Lanes of a port: a hold finds room and its place whatever was sent before, and no frame is
 * ever cut. Every frame here is "lane letter, number, filling, newline".
 */
#include "port_end.h"

#include "xalloc.h"

enum { FRAME_MAX = 64 };

/* "O0001.....\n" */
static size_t make_frame(char lane, unsigned number, size_t size, uint8_t *out)
{
	char head[8];

	memset(out, '.', size);
	snprintf(head, sizeof(head), "%c%04u", lane, number % 10000);
	memcpy(out, head, 5);
	out[size - 1] = '\n';
	return size;
}

static bool send_frame(struct end *end, char letter, unsigned number, size_t size)
{
	uint8_t frame[FRAME_MAX];
	enum lane lane = letter == 'F' ? LANE_FIRST : letter == 'M' ? LANE_MOTION : LANE_ORDER;

	return port_send(end->port, frame, make_frame(letter, number, size, frame), lane);
}

/* Frames of 13 bytes until the kernel takes no more; returns how many went, the last one in part. */
static unsigned stuff(struct end *end, char letter)
{
	unsigned count = 0;

	while (port_backlog(end->port) == 0) {
		assert_true(send_frame(end, letter, count++, 13));
	}
	return count;
}

/* What the far end got, as "O0000 O0001 ..." without the filling; fails at a broken frame. */
static void list_frames(const uint8_t *bytes, size_t count, char *out, size_t room)
{
	size_t at = 0, used = 0;

	out[0] = '\0';
	while (at < count) {
		const uint8_t *end = memchr(bytes + at, '\n', count - at);

		assert_non_null(end);
		assert_non_null(strchr("OMF", bytes[at]));
		for (const uint8_t *filling = bytes + at + 5; filling < end; filling++) {
			assert_int_equal(*filling, '.');
		}
		used += (size_t)snprintf(out + used, room - used, "%.5s ", (const char *)bytes + at);
		assert_true(used < room);
		at = (size_t)(end - bytes) + 1;
	}
}

static uint8_t heard[128 * 1024];
static char frames[128 * 1024];

static void hear_all(struct end *end, int board)
{
	size_t count = 0;

	WAIT_FOR((count += read_all(board, heard + count, sizeof(heard) - count),
		end->drained == 1));
	count += read_all(board, heard + count, sizeof(heard) - count);
	list_frames(heard, count, frames, sizeof(frames));
}

static void a_hold_goes_ahead_of_what_waits_behind_the_frame_that_began(void **state)
{
	char path[100], expected[64];
	int board = make_board("lanes", path, sizeof(path));
	struct end *end = open_board(path);
	unsigned begun = stuff(end, 'O') - 1;

	(void)state;
	assert_in_range(port_backlog(end->port), 1, 12); /* its rest */
	assert_true(send_frame(end, 'O', 9001, 20));
	assert_true(send_frame(end, 'M', 9002, 20));
	assert_true(send_frame(end, 'F', 1, 9));
	assert_true(send_frame(end, 'F', 2, 9));
	assert_true(send_frame(end, 'O', 9003, 20));
	hear_all(end, board);
	snprintf(expected, sizeof(expected), "O%04u F0001 F0002 O9001 O9003 ", begun);
	assert_string_equal(strstr(frames, expected), expected);
	end_destroy(end);
	close(board);
}

static void a_hold_drops_motion_that_waits_and_not_the_motion_that_began(void **state)
{
	char path[100], expected[64];
	int board = make_board("motion", path, sizeof(path));
	struct end *end = open_board(path);
	unsigned begun = stuff(end, 'M') - 1;

	(void)state;
	for (unsigned i = 0; i < 40; i++) {
		assert_true(send_frame(end, i % 3 ? 'M' : 'O', 9000 + i, 11 + i));
	}
	assert_true(send_frame(end, 'F', 1, 9));
	assert_true(send_frame(end, 'M', 8000, 15)); /* asked for after the hold: the gate let it */
	hear_all(end, board);
	snprintf(expected, sizeof(expected), "M%04u F0001 O9000 O9003 ", begun);
	assert_non_null(strstr(frames, expected));
	assert_null(strstr(frames, "M90"));
	assert_string_equal(strstr(frames, "O9039"), "O9039 M8000 ");
	end_destroy(end);
	close(board);
}

static void fault_16_a_port_whose_queue_is_full_still_takes_a_hold(void **state)
{
	char path[100], expected[64];
	int board = make_board("deaf", path, sizeof(path));
	struct end *end = open_board(path);
	unsigned begun = stuff(end, 'O') - 1, more = 0;

	(void)state;
	while (send_frame(end, 'O', more, 64)) {
		more++;
	}
	assert_true(port_backlog(end->port) > PORT_QUEUE_MAX - 64);
	for (unsigned i = 1; i <= 3; i++) {
		assert_true(send_frame(end, 'F', i, 64));
	}
	hear_all(end, board);
	snprintf(expected, sizeof(expected), "O%04u F0001 F0002 F0003 O0000 ", begun);
	assert_non_null(strstr(frames, expected));
	snprintf(expected, sizeof(expected), "O%04u ", more - 1);
	assert_string_equal(frames + strlen(frames) - 6, expected);
	end_destroy(end);
	close(board);
}

static void holds_have_a_ceiling_too(void **state)
{
	char path[100];
	int board = make_board("many", path, sizeof(path));
	struct end *end = open_board(path);
	unsigned count = 0;

	(void)state;
	stuff(end, 'O');
	while (send_frame(end, 'F', count, 64)) {
		assert_true(++count <= PORT_FIRST_MAX / 64);
	}
	assert_int_equal(count, PORT_FIRST_MAX / 64);
	assert_true(port_is_open(end->port));
	end_destroy(end);
	close(board);
}

/* Takes `step` bytes at a time, and sends a hold when `hold_at` bytes are out. */
static void try_cut(size_t hold_at, size_t step)
{
	static struct port_queue queue;
	uint8_t frame[FRAME_MAX], out[1024];
	const uint8_t *bytes;
	size_t count = 0, piece;
	bool is_held = false;

	port_queue_init(&queue);
	for (unsigned i = 0; i < 8; i++) {
		assert_true(port_queue_add(&queue, frame,
			make_frame(i % 2 ? 'M' : 'O', i, 6 + i, frame),
			i % 2 ? LANE_MOTION : LANE_ORDER));
	}
	while ((piece = port_queue_next(&queue, &bytes)) > 0) {
		piece = piece < step ? piece : step;
		if (!is_held && count + piece > hold_at) {
			piece = hold_at - count;
		}
		memcpy(out + count, bytes, piece);
		count += piece;
		port_queue_take(&queue, piece);
		if (!is_held && count == hold_at) {
			size_t size = make_frame('F', 1, 9, frame);

			assert_true(port_queue_add(&queue, frame, size, LANE_FIRST));
			is_held = true;
		}
	}
	assert_true(is_held);
	assert_int_equal(port_queue_count(&queue), 0);
	list_frames(out, count, frames, sizeof(frames));

	/* At the hold: the frames that were out or begun, then it, then lamps only. */
	char expected[128] = "";
	size_t used = 0, began = 0;

	for (unsigned i = 0; i < 8; i++) {
		if (used == 0 && began >= hold_at) {
			used = strlen(expected);
			used += (size_t)snprintf(expected + used, sizeof(expected) - used, "F0001 ");
		}
		if (used == 0 || i % 2 == 0) {
			size_t length = strlen(expected);

			snprintf(expected + length, sizeof(expected) - length, "%c%04u ",
				i % 2 ? 'M' : 'O', i);
		}
		began += 6 + i;
	}
	if (used == 0) {
		snprintf(expected + strlen(expected), 8, "F0001 ");
	}
	assert_string_equal(frames, expected);
}

static void no_cut_of_the_stream_breaks_a_frame_or_the_order(void **state)
{
	(void)state;
	for (size_t hold_at = 1; hold_at <= 76; hold_at++) {
		for (size_t step = 1; step < 80; step++) {
			try_cut(hold_at, step);
		}
	}
}

/* A long life: the rings wrap many times, with frames of all sizes. */
static void a_queue_that_wraps_keeps_every_byte(void **state)
{
	struct port_queue *queue = xcalloc(1, sizeof(*queue));
	uint8_t frame[FRAME_MAX], out[FRAME_MAX];
	unsigned added = 0, taken = 0, seed = 1;

	(void)state;
	port_queue_init(queue);
	while (taken < 30000) {
		size_t size = 6 + added % 50;

		seed = seed * 1103515245 + 12345;
		if (seed >> 16 & 1 && port_queue_add(queue, frame,
			make_frame('O', added, size, frame), LANE_ORDER)) {
			added++;
		} else {
			size_t count = port_queue_begin_frame(queue, out, sizeof(out));

			if (count > 0) {
				assert_int_equal(count, make_frame('O', taken, 6 + taken % 50, frame));
				assert_memory_equal(out, frame, count);
				port_queue_take(queue, count);
				taken++;
			}
		}
	}
	free(queue);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hold_goes_ahead_of_what_waits_behind_the_frame_that_began),
		cmocka_unit_test(a_hold_drops_motion_that_waits_and_not_the_motion_that_began),
		cmocka_unit_test(fault_16_a_port_whose_queue_is_full_still_takes_a_hold),
		cmocka_unit_test(holds_have_a_ceiling_too),
		cmocka_unit_test(no_cut_of_the_stream_breaks_a_frame_or_the_order),
		cmocka_unit_test(a_queue_that_wraps_keeps_every_byte),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("port_lanes", tests, set_up, tear_down);
}
