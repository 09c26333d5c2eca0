/*
 * Which kit hangs on a bridge chip that many kits have: listening at each speed in turn. The
 * second half is a link with a port of the test's own, which records how it is opened.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "clock.h"
#include "lab.h"
#include "link.h"
#include "log.h"
#include "probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct hotplug_device ch340 = {
	.path = "/dev/null", .vendor = 0x1a86, .product = 0x7523, .seat = "1-2"}; /* it is plugged in */
static const struct hotplug_device ftdi = {
	.path = "/dev/ttyUSB8", .vendor = 0x0403, .product = 0x6001};
static const uint8_t mbot[20] = "Version: 06.01.107\r\n"; /* without its NUL */
static const uint8_t uno[] = {0xF9, 2, 5, 0xF0, 0x79, 2, 5, 'S', 0, 't', 0, 0xF7};
static const uint8_t noise[] = {0x80, 0xF8, 0x00, 0x7F, 0x86, 0x18, 0xE0, 0x9E, 0xFE, 0x3C};

/* ---- the probe alone ---- */

static enum probe_state wait_s(struct probe *probe, double s, const struct driver **driver)
{
	return probe_wait(probe, probe->began_us + (int64_t)(s * 1e6), driver);
}

static void a_shared_chip_is_listened_to_at_each_speed(void **state)
{
	const struct driver *driver = NULL;
	struct probe probe;

	(void)state;
	probe_start(&probe, &ch340, true);
	assert_int_equal(probe_baud(&probe), 57600);
	probe_listen(&probe, 1000);
	assert_int_equal(wait_s(&probe, 3.9, &driver), PROBE_LISTENS);
	assert_int_equal(wait_s(&probe, 4, &driver), PROBE_TURNS);
	assert_int_equal(probe_baud(&probe), 115200);
	probe_listen(&probe, 5000000);
	assert_string_equal(probe_hear(&probe, mbot, sizeof(mbot))->name, "makeblock");
}

static void a_name_at_the_first_speed_is_enough(void **state)
{
	struct probe probe;

	(void)state;
	probe_start(&probe, &ch340, true);
	probe_listen(&probe, 0);
	assert_null(probe_hear(&probe, uno, 4));
	assert_string_equal(probe_hear(&probe, uno + 4, sizeof(uno) - 4)->name, "firmata");
}

static void a_name_counts_only_at_its_own_speed(void **state)
{
	struct probe probe;

	(void)state;
	probe_start(&probe, &ch340, true);
	probe_listen(&probe, 0);
	assert_null(probe_hear(&probe, mbot, sizeof(mbot)));
}

static void noise_moves_on_at_once_and_round_once_more(void **state)
{
	static const unsigned bauds[] = {57600, 115200, 57600, 115200};
	const struct driver *driver = NULL;
	struct probe probe;

	(void)state;
	probe_start(&probe, &ch340, true);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(probe_baud(&probe), bauds[i]);
		probe_listen(&probe, i * 1000000);
		assert_null(probe_hear(&probe, noise, sizeof(noise)));
		assert_int_equal(wait_s(&probe, 0.2, &driver), PROBE_LISTENS);
		assert_int_equal(wait_s(&probe, 0.4, &driver), i < 3 ? PROBE_TURNS : PROBE_FAILS);
	}
	assert_null(driver);
	/* Somebody flashes it: it is heard all the same. */
	assert_non_null(probe_hear(&probe, mbot, sizeof(mbot)));
}

static void fault_17_silence_at_every_speed_is_no_reason_to_guess(void **state)
{
	const struct driver *driver = NULL;
	struct probe probe;

	(void)state;
	probe_start(&probe, &ch340, true);
	probe_listen(&probe, 0);
	assert_int_equal(wait_s(&probe, 4, &driver), PROBE_TURNS);
	probe_listen(&probe, 4000000);
	assert_int_equal(wait_s(&probe, 4, &driver), PROBE_FAILS);
	assert_null(driver);
	assert_int_equal(wait_s(&probe, 60, &driver), PROBE_FAILS);
}

static void ids_that_leave_one_driver_let_it_ask(void **state)
{
	const struct driver *driver = NULL;
	struct probe probe;

	(void)state;
	probe_start(&probe, &ftdi, true);
	probe_listen(&probe, 0);
	assert_int_equal(wait_s(&probe, 4.9, &driver), PROBE_LISTENS);
	assert_int_equal(wait_s(&probe, 5, &driver), PROBE_FOUND);
	assert_string_equal(driver->name, "firmata");
}

static void bytes_that_speak_against_nobody_else_let_one_ask(void **state)
{
	const struct driver *driver = NULL;
	struct probe probe;

	(void)state;
	probe_start(&probe, &ch340, true);
	probe_listen(&probe, 0);
	assert_null(probe_hear(&probe, (const uint8_t *)"\xE0\x01\x02\xE1\x01\x02", 6));
	assert_int_equal(wait_s(&probe, 4, &driver), PROBE_FOUND);
	assert_string_equal(driver->name, "firmata");
}

static void a_stream_has_no_speed_and_is_anybodys(void **state)
{
	static const struct hotplug_device none = {.vendor = 0};
	const struct driver *driver = NULL;
	struct probe probe;

	(void)state;
	probe_start(&probe, &none, false);
	assert_int_equal(probe_baud(&probe), 0);
	probe_listen(&probe, 0);
	assert_int_equal(wait_s(&probe, 4.9, &driver), PROBE_LISTENS);
	assert_int_equal(wait_s(&probe, 5, &driver), PROBE_FAILS);
	probe_start(&probe, &none, false);
	assert_string_equal(probe_hear(&probe, mbot, sizeof(mbot))->name, "makeblock");
	probe_start(&probe, &none, false);
	assert_string_equal(probe_hear(&probe, uno, sizeof(uno))->name, "firmata");
}

/* ---- a link with a port of its own ---- */

struct port {
	const struct port_events *events;
	void *data;
	bool is_open;
	unsigned opened, closed, sent;
	struct port_how how;
};

static struct port port;

struct port *port_create(struct loop *loop, const struct port_spec *spec,
	const struct port_events *events, void *data)
{
	(void)loop;
	(void)spec;
	port = (struct port){.events = events, .data = data};
	return &port;
}

void port_destroy(struct port *unused)
{
	(void)unused;
}

void port_open(struct port *opened, const struct port_how *how)
{
	opened->how = *how;
	opened->opened++;
	opened->is_open = true;
	opened->events->opened(opened->data);
}

void port_close(struct port *closed)
{
	closed->is_open = false;
	closed->closed++;
}

bool port_is_open(const struct port *asked)
{
	return asked->is_open;
}

bool port_is_opening(const struct port *asked)
{
	(void)asked;
	return false; /* here it is open at once */
}

bool port_send(struct port *to, const uint8_t *bytes, size_t count, enum lane lane)
{
	(void)bytes;
	(void)count;
	(void)lane;
	to->sent++;
	return true;
}

size_t port_backlog(const struct port *asked)
{
	(void)asked;
	return 0;
}

size_t port_unsent(const struct port *asked)
{
	(void)asked;
	return 0;
}

const char *port_name(const struct port *asked)
{
	(void)asked;
	return ch340.path;
}

static struct kit *newest;

static void on_kit(void *data, struct kit *kit)
{
	(void)data;
	newest = kit;
}

static void on_renamed(void *data, struct kit *kit, const char *old_id)
{
	(void)data;
	(void)old_id;
	newest = kit;
}

static void on_gone(void *data, struct kit *kit)
{
	(void)data;
	(void)kit;
}

static void on_event(void *data, struct kit *kit, const struct event *event,
	const struct value *value, int64_t t_us)
{
	(void)data;
	(void)kit;
	(void)event;
	(void)value;
	(void)t_us;
}

static void on_recall(
	void *data, const char *identity, char id[KIT_ID_MAX + 1], const struct wiring **wiring)
{
	(void)data;
	(void)identity;
	(void)id;
	(void)wiring;
}

static void on_remember(void *data, const struct kit *kit)
{
	(void)data;
	(void)kit;
}

static const struct lab_events lab_events = {
	.kit_changed = on_kit,
	.kit_renamed = on_renamed,
	.kit_gone = on_gone,
	.sample = on_kit,
	.event = on_event,
	.recall = on_recall,
	.remember = on_remember,
};

static struct loop *loop;
static struct lab *lab;
static struct link *link;
static unsigned wanted_opens;

/* On the port of a shared chip; baud 0: not given. */
static void open_link(unsigned baud)
{
	struct port_spec spec = {.scheme = PORT_SERIAL, .dtr = -1, .baud = baud};

	snprintf(spec.target, sizeof(spec.target), "%s", ch340.path);
	lab = lab_create(loop, &lab_events, NULL);
	link = link_create(lab, &spec, NULL, &ch340);
	link_open(link);
}

static int close_link(void **state)
{
	(void)state;
	link_destroy(link);
	lab_destroy(lab);
	return 0;
}

/* The loop ends when the port was opened so often: the link waits a moment in between. */
static void look(void *data)
{
	(void)data;
	if (port.opened >= wanted_opens) {
		loop_stop(loop);
	}
}

static void run_until_opened(unsigned times)
{
	struct loop_timer *timer = loop_timer_add(loop, look, NULL);

	wanted_opens = times;
	loop_timer_start(timer, 1000, 1000);
	loop_run(loop);
	loop_timer_remove(timer);
}

static void a_line_is_opened_anew_at_each_speed_until_the_kit_says_its_name(void **state)
{
	(void)state;
	open_link(0);
	assert_int_equal(port.how.baud, 57600);
	assert_int_equal(newest->state, KIT_PROBING);
	link_tick(link, clock_now_us() + 3900000);
	assert_int_equal(port.closed, 0);
	link_tick(link, clock_now_us() + 4100000);
	assert_int_equal(port.closed, 1);
	assert_int_equal(newest->state, KIT_PROBING);
	run_until_opened(2);
	assert_int_equal(port.how.baud, 115200);
	assert_true(port.how.dtr);
	assert_int_equal(port.sent, 0); /* nothing was ever asked */
	port.events->received(link, mbot, sizeof(mbot), clock_now_us());
	assert_string_equal(newest->driver->name, "makeblock");
	assert_true(port.sent > 0);
}

static void fault_17_what_says_nothing_is_refused_with_the_choice(void **state)
{
	(void)state;
	open_link(0);
	link_tick(link, clock_now_us() + 4100000);
	run_until_opened(2);
	link_tick(link, clock_now_us() + 4100000);
	assert_int_equal(newest->state, KIT_REFUSED);
	assert_non_null(strstr(newest->why.text[LANG_EN], "makeblock"));
	assert_int_equal(port.sent, 0);
	assert_true(port.is_open); /* it goes on listening */
	/* Pulled and plugged in again, it begins anew. */
	struct why why;

	why_set(&why, ERR_LOST, MSG_PORT_GONE, ch340.path);
	port.is_open = false;
	port.events->lost(link, &why);
	run_until_opened(3);
	assert_int_equal(port.how.baud, 57600);
}

static void a_speed_that_was_given_is_kept(void **state)
{
	(void)state;
	open_link(9600);
	assert_int_equal(port.how.baud, 9600);
	link_tick(link, clock_now_us() + 5100000);
	assert_int_equal(port.closed, 0);
	assert_int_equal(newest->state, KIT_REFUSED);
}

static int make_loop(void **state)
{
	(void)state;
	log_set_level(LOG_ERROR);
	loop = loop_create();
	return loop ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_shared_chip_is_listened_to_at_each_speed),
		cmocka_unit_test(a_name_at_the_first_speed_is_enough),
		cmocka_unit_test(a_name_counts_only_at_its_own_speed),
		cmocka_unit_test(noise_moves_on_at_once_and_round_once_more),
		cmocka_unit_test(fault_17_silence_at_every_speed_is_no_reason_to_guess),
		cmocka_unit_test(ids_that_leave_one_driver_let_it_ask),
		cmocka_unit_test(bytes_that_speak_against_nobody_else_let_one_ask),
		cmocka_unit_test(a_stream_has_no_speed_and_is_anybodys),
		cmocka_unit_test_teardown(
			a_line_is_opened_anew_at_each_speed_until_the_kit_says_its_name,
			close_link),
		cmocka_unit_test_teardown(
			fault_17_what_says_nothing_is_refused_with_the_choice, close_link),
		cmocka_unit_test_teardown(a_speed_that_was_given_is_kept, close_link),
	};

	return cmocka_run_group_tests(tests, make_loop, NULL);
}
