/*
 * kitlabd: makes the parts, runs the loop, ends in order.
 *
 * The end (SIGTERM, SIGINT): scripts stop, kits go to their safe state and their
 * last bytes out, pages are told (1001), records are flushed; exit 0 within 2 s.
 */
#include "alarm.h"
#include "bus.h"
#include "cases.h"
#include "clock.h"
#include "config.h"
#include "flash.h"
#include "health.h"
#include "identity.h"
#include "lab.h"
#include "log.h"
#include "reading.h"
#include "safety.h"
#include "script.h"
#include "seats.h"
#include "server.h"
#include "spawner.h"
#include "store.h"
#include "watchdog.h"
#include "web.h"
#include "wirings.h"
#include "world.h"
#include "xalloc.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum {
	EXIT_WELL = 0,
	EXIT_RUNNING = 1,
	EXIT_ARGUMENTS = 2,
	EXIT_ADDRESS = 3,
	EXIT_STATE = 4,
	DRAIN_US = 300 * 1000,
};

struct ending {
	struct server *server;
	struct watchdog *watchdog;
	struct loop_timer *drain;
	int64_t until_us;
	bool has_begun, scripts_done, web_done;
};

/* ---- the lab's events ---- */

static void on_kit_changed(void *data, struct kit *kit)
{
	struct server *server = data;

	safety_kit_changed(server->safety, kit, clock_now_us());
	bus_kit_changed(server->bus, kit);
	seats_changed(server);
}

static void on_kit_renamed(void *data, struct kit *kit, const char *old_id)
{
	bus_kit_renamed(((struct server *)data)->bus, kit, old_id);
}

static void on_kit_gone(void *data, struct kit *kit)
{
	struct server *server = data;

	flash_forget(server, kit);
	health_kit_gone(server, kit);
	safety_kit_gone(server->safety, kit);
	bus_kit_gone(server->bus, kit);
}

static void on_kit_held(void *data, struct kit *kit)
{
	safety_kit_held(((struct server *)data)->safety, kit);
}

static void on_sample(void *data, struct kit *kit)
{
	bus_sample(((struct server *)data)->bus, kit);
}

static void on_event(void *data, struct kit *kit, const struct event *event,
	const struct value *value, int64_t t_us)
{
	bus_event(((struct server *)data)->bus, kit, event, value, t_us);
}

static const struct wiring *on_find_wiring(void *data, const char *id)
{
	return wirings_find(((struct server *)data)->wirings, id);
}

static const struct lab_events lab_events = {
	.kit_changed = on_kit_changed,
	.kit_renamed = on_kit_renamed,
	.kit_gone = on_kit_gone,
	.kit_held = on_kit_held,
	.sample = on_sample,
	.event = on_event,
	.recall = identity_recall,
	.remember = identity_remember,
	.verify = identity_verify,
	.seat_of = identity_seat_of,
	.plugged = seats_plugged,
	.find_wiring = on_find_wiring,
};

/* ---- the start ---- */

static int say_why(const char *what, const struct why *why, int code)
{
	fprintf(stderr, "kitlabd: %s: %s\n         %s\n", what, why_text(why, LANG_EN),
		why_text(why, LANG_ZH));
	return code;
}

/* Boards that have been here before: the pages show them as absent. Virtual ones and those of
 * a --port come back by themselves or not at all. */
static void add_absent(struct server *server)
{
	for (size_t i = 0; i < store_kit_count(server->store); i++) {
		const struct store_kit *known = store_kit(server->store, i);

		if (strncmp(known->identity, "usb:", 4) == 0 ||
			strncmp(known->identity, "seat:", 5) == 0) {
			lab_add_absent(server->lab, known->id, known->identity, known->model);
		}
	}
}

static int add_ports(struct server *server)
{
	struct why why;

	for (int i = 0; i < server->config->port_count; i++) {
		const struct port_spec *spec = &server->config->ports[i];

		if (lab_add_port(server->lab, spec, NULL, &why)) {
			return say_why(spec->target, &why, EXIT_ARGUMENTS);
		}
	}
	return EXIT_WELL;
}

static int start_kits(struct server *server)
{
	const struct config *config = server->config;
	const char *classroom = config->virtual_classroom;
	int code = add_ports(server);
	struct why why;

	if (code) {
		return code;
	}
	int found = 0;

	if (config->scan) {
		add_absent(server);
		found = lab_scan(server->lab);
	}
	if (!classroom[0]) {
		bool is_for_nothing = config->scan && config->port_count == 0 && found == 0;

		classroom = is_for_nothing ? "default" : "none";
	}
	if (strcmp(classroom, "none") == 0) {
		return EXIT_WELL;
	}
	server->world = world_create(server, classroom, &why);
	return server->world ? EXIT_WELL : say_why(classroom, &why, EXIT_ARGUMENTS);
}

static int start_parts(struct server *server)
{
	const struct config *config = server->config;
	struct why why;

	server->loop = loop_create();
	if (!server->loop) {
		fprintf(stderr, "kitlabd: no event loop (epoll)\n");
		return EXIT_RUNNING;
	}
	server->store = store_open(server->loop, config->state_dir, &why);
	if (!server->store) {
		return say_why(config->state_dir, &why, EXIT_STATE);
	}
	server->wirings = wirings_create(config->wiring_dir);
	server->spawner = spawner_create(server->loop);
	if (!server->spawner) {
		log_error("no thread can be started: scripts cannot run");
	}
	server->lab = lab_create(server->loop, &lab_events, server);
	server->bus = bus_create(server);
	server->alarm = alarm_create(server);
	server->safety = safety_create(server);
	server->cases = cases_create(config->cases_dir);
	server->scripts = scripts_create(server);
	server->web = web_create(server, &why);
	if (!server->web) {
		return say_why("listen", &why,
			why.code == ERR_BUSY ? EXIT_ADDRESS : EXIT_ARGUMENTS);
	}
	return start_kits(server);
}

/* ---- the end ---- */

static void maybe_stop(struct ending *ending)
{
	struct server *server = ending->server;
	bool is_drained = lab_is_drained(server->lab) || clock_now_us() > ending->until_us;

	if (ending->scripts_done && ending->web_done && is_drained) {
		loop_timer_stop(ending->drain);
		loop_stop(server->loop);
	}
}

static void on_drain(void *data)
{
	maybe_stop(data);
}

static void on_scripts_done(void *data)
{
	struct ending *ending = data;

	ending->scripts_done = true;
	/* After the scripts: nobody commands the kits any more. */
	lab_hold(ending->server->lab);
	ending->until_us = clock_now_us() + DRAIN_US;
	loop_timer_start(ending->drain, 0, 10 * 1000);
}

static void on_web_done(void *data)
{
	struct ending *ending = data;

	ending->web_done = true;
}

static void on_signal(void *data, int signum)
{
	struct ending *ending = data;

	if (ending->has_begun) {
		return;
	}
	ending->has_begun = true;
	log_info("signal %d: ending", signum);
	watchdog_ending(ending->watchdog);
	web_shutdown(ending->server->web, on_web_done, ending);
	scripts_shutdown(ending->server->scripts, on_scripts_done, ending);
}

static void destroy_parts(struct server *server)
{
	/* First those who ask, then those who answer. */
	web_destroy(server->web);
	world_destroy(server->world);
	readings_destroy(server);
	spawner_destroy(server->spawner);
	flash_destroy(server);
	health_destroy_all(server);
	scripts_destroy(server->scripts);
	safety_destroy(server->safety);
	server->safety = NULL;
	lab_destroy(server->lab);
	alarm_destroy(server->alarm);
	bus_destroy(server->bus);
	cases_destroy(server->cases);
	wirings_destroy(server->wirings);
	store_close(server->store);
	loop_destroy(server->loop);
}

/* ---- --demo: something runs on the first kit as soon as it is ready ---- */

static void on_demo(void *data)
{
	struct server *server = data;
	const char *source = cases_source(server->cases, "blink", true);
	struct kit *kit = NULL;
	struct why why;
	const char *run;

	for (size_t i = 0; i < lab_kit_count(server->lab) && !kit; i++) {
		if (lab_kit(server->lab, i)->state == KIT_READY) {
			kit = lab_kit(server->lab, i);
		}
	}
	if (!source || !kit) {
		return;
	}
	struct script_start start = {
		.source = source,
		.source_length = strlen(source),
		.name = "blink.lua",
		.kit = kit->id,
		.case_id = "blink",
		.seed = -1,
		.by = "",
	};

	loop_timer_remove(server->demo);
	server->demo = NULL;
	if (script_start(server->scripts, &start, &run, &why)) {
		log_warn("the example script does not start: %s", why_text(&why, LANG_EN));
	}
}

static int run(struct server *server)
{
	struct ending ending = {.server = server};
	const struct config *config = server->config;
	bool is_v6 = strchr(config->listen_host, ':') != NULL;

	ending.drain = loop_timer_add(server->loop, on_drain, &ending);
	ending.watchdog = watchdog_create(server->loop);
	struct loop_signal *term = loop_signal_add(server->loop, SIGTERM, on_signal, &ending);
	struct loop_signal *interrupt = loop_signal_add(server->loop, SIGINT, on_signal, &ending);

	if (config->demo) {
		server->demo = loop_timer_add(server->loop, on_demo, server);
		loop_timer_start(server->demo, 100 * 1000, 100 * 1000);
	}
	printf("kitlabd ready http://%s%s%s:%d/\n", is_v6 ? "[" : "", config->listen_host,
		is_v6 ? "]" : "", web_port(server->web));
	fflush(stdout);
	watchdog_ready(ending.watchdog);
	loop_run(server->loop);
	watchdog_destroy(ending.watchdog);
	loop_timer_remove(server->demo);
	loop_timer_remove(ending.drain);
	loop_signal_remove(term);
	loop_signal_remove(interrupt);
	return EXIT_WELL;
}

int main(int argc, char **argv)
{
	struct config *config = xcalloc(1, sizeof(*config));
	struct server server = {.config = config, .started_us = clock_now_us()};
	int code = EXIT_WELL;

	signal(SIGPIPE, SIG_IGN);
	/* Before a busy browser on the lab PC, where that is allowed (measured: docs/decisions.md). */
	setpriority(PRIO_PROCESS, 0, -5);
	if (config_load(argc, argv, config, &code)) {
		log_set_level((enum log_level)config->log_level);
		code = start_parts(&server);
		if (code == EXIT_WELL) {
			code = run(&server);
		}
		destroy_parts(&server);
	}
	free(config);
	return code;
}
