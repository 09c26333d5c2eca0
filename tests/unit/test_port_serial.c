/*
 * A serial line that takes its time to open. libserialport is stood in for: a board that answers
 * no question until the test lets it.
 */
#include "port_end.h"

#include <libserialport.h>
#include <sys/socket.h>

static int gate[2]; /* a byte lets one open end */
static _Thread_local int line;

enum sp_return sp_get_port_by_name(const char *name, struct sp_port **port)
{
	(void)name;
	*port = (struct sp_port *)gate;
	return SP_OK;
}

enum sp_return sp_open(struct sp_port *port, enum sp_mode flags)
{
	char byte;

	(void)port;
	(void)flags;
	return read(gate[0], &byte, 1) == 1 ? SP_OK : SP_ERR_FAIL;
}

enum sp_return sp_get_port_handle(const struct sp_port *port, void *handle)
{
	(void)port;
	*(int *)handle = line = open("/dev/null", O_RDWR | O_CLOEXEC);
	return SP_OK;
}

enum sp_return sp_set_baudrate(struct sp_port *port, int baud)
{
	(void)port;
	(void)baud;
	return SP_ERR_SUPP;
}

enum sp_return sp_close(struct sp_port *port)
{
	(void)port;
	return close(line) == 0 ? SP_OK : SP_ERR_FAIL;
}

void sp_free_port(struct sp_port *port)
{
	(void)port;
}

static void let_one_open(void)
{
	assert_int_equal(write(gate[1], "x", 1), 1);
}

static void count(void *data)
{
	++*(int *)data;
}

static void the_loop_goes_on_while_a_line_opens(void **state)
{
	struct end *end = end_create("serial", "/dev/null");
	int turns = 0;
	struct loop_timer *timer = loop_timer_add(loop, count, &turns);

	(void)state;
	loop_timer_start(timer, 1000, 1000);
	port_open(end->port, &how);
	assert_true(port_is_opening(end->port));
	WAIT_FOR(turns > 50);
	assert_int_equal(end->opened + end->lost, 0);
	let_one_open();
	WAIT_FOR(end->lost == 1);
	assert_int_equal(end->why.msg, MSG_PORT_BAUD);
	assert_false(port_is_opening(end->port));
	loop_timer_remove(timer);
	end_destroy(end);
}

static void what_is_closed_while_it_opens_is_told_of_no_more(void **state)
{
	struct end *end = end_create("serial", "/dev/null");
	int fds = count_fds();

	(void)state;
	port_open(end->port, &how);
	assert_int_equal(count_fds(), fds + 1); /* by it the thread tells of its end */
	port_close(end->port);
	assert_false(port_is_opening(end->port));
	let_one_open();
	WAIT_FOR(count_fds() == fds);
	assert_int_equal(end->opened + end->lost, 0);
	end_destroy(end);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_loop_goes_on_while_a_line_opens),
		cmocka_unit_test(what_is_closed_while_it_opens_is_told_of_no_more),
	};

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, gate) < 0) {
		return 1;
	}
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
