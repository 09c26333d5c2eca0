/*
 * kitlab-virtual: kits that need no hardware. Either a whole classroom, started
 * by the daemon, or one kit behind a pty or socket for any host.
 */
#include "virtual/control.h"

#include "clock.h"
#include "log.h"

#include <argp.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

enum { EXIT_WELL = 0, EXIT_RUNNING = 1, EXIT_ARGUMENTS = 2 };

enum option_key {
	OPTION_CLASSROOM = 'c',
	OPTION_BOARD = 'b',
	OPTION_CONTROL = 256,
	OPTION_LINK,
	OPTION_LISTEN,
	OPTION_FIRMWARE,
	OPTION_WIRING,
	OPTION_BOOT_MS,
	OPTION_SEED,
	OPTION_FAULT,
};

static const struct argp_option options[] = {
	{"classroom", OPTION_CLASSROOM, "NAME", 0,
		"all benches of a classroom: a shipped one by name, or the path of a JSON file", 1},
	{"control", OPTION_CONTROL, "unix:PATH", 0,
		"with --classroom: where the daemon listens for its control line", 1},
	{"board", OPTION_BOARD, "MODEL", 0, "one kit: uno, mega, ...; a wrong name lists all", 2},
	{"link", OPTION_LINK, "PATH", 0, "make PATH a symlink to the board's pty", 2},
	{"listen", OPTION_LISTEN, "unix:PATH|tcp:HOST:PORT", 0,
		"a socket instead of a pty", 2},
	{"firmware", OPTION_FIRMWARE, "2.4|2.5", 0, "StandardFirmata's version (2.5)", 2},
	{"wiring", OPTION_WIRING, "PROFILE", 0,
		"what is wired to the pins (starter); none = nothing", 2},
	{"boot-ms", OPTION_BOOT_MS, "MS", 0,
		"time from reset to banner (100; a real Uno takes 3200)", 2},
	{"seed", OPTION_SEED, "N", 0, "how the world of the board varies (1)", 2},
	{"fault", OPTION_FAULT, "WORD", 0, "silence, noise, slow or garbage, from the start", 2},
	{0},
};

struct arguments {
	const char *classroom, *control, *wiring, *firmware;
	struct bench_spec bench;
	enum fault fault;
};

static void read_number(struct argp_state *state, const char *text, unsigned max, unsigned *number)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (text[0] < '0' || text[0] > '9' || *end || value > max) {
		argp_error(state, "\"%s\" is no number from 0 to %u", text, max);
	}
	*number = (unsigned)value;
}

static void read_listen(struct argp_state *state, const char *text, struct bench_spec *bench)
{
	struct why why;

	if (port_spec_parse(text, &bench->far, &why) != ERR_NONE) {
		argp_error(state, "%s", why_text(&why, LANG_EN));
	} else if (bench->far.scheme != PORT_UNIX && bench->far.scheme != PORT_TCP) {
		argp_error(state, "--listen takes unix:PATH or tcp:HOST:PORT");
	}
}

static void read_link(struct argp_state *state, const char *path, struct bench_spec *bench)
{
	if (strlen(path) >= sizeof(bench->far.target)) {
		argp_error(state, "the path of --link is too long");
		return;
	}
	bench->far.scheme = PORT_STREAM;
	memcpy(bench->far.target, path, strlen(path) + 1);
}

static void read_model(struct argp_state *state, const char *model, struct bench_spec *bench)
{
	char names[160];

	bench->class = machine_find(model);
	if (!bench->class) {
		machine_names(names, sizeof(names));
		argp_error(state, "there is no kit \"%s\": %s", model, names);
	}
}

static void check(struct argp_state *state, struct arguments *arguments)
{
	struct bench_spec *bench = &arguments->bench;

	if (arguments->classroom ? bench->class != NULL || !arguments->control
				 : !bench->class || arguments->control) {
		argp_error(state, "give --classroom and --control, or --board");
	}
	if (bench->class) {
		bench->firmware = machine_firmware(bench->class, arguments->firmware);
		if (arguments->firmware[0] && !bench->firmware) {
			argp_error(state, "--firmware of %s: there is no \"%s\"", bench->class->model,
				arguments->firmware);
		}
	}
}

static error_t on_option(int key, char *arg, struct argp_state *state)
{
	struct arguments *arguments = state->input;
	struct bench_spec *bench = &arguments->bench;
	unsigned number = 0;

	switch (key) {
	case OPTION_CLASSROOM:
		arguments->classroom = arg;
		break;
	case OPTION_CONTROL:
		arguments->control = arg;
		break;
	case OPTION_BOARD:
		read_model(state, arg, bench);
		break;
	case OPTION_LINK:
		read_link(state, arg, bench);
		break;
	case OPTION_LISTEN:
		read_listen(state, arg, bench);
		break;
	case OPTION_FIRMWARE:
		arguments->firmware = arg;
		break;
	case OPTION_WIRING:
		arguments->wiring = arg;
		break;
	case OPTION_BOOT_MS:
		read_number(state, arg, 60000, &number);
		bench->boot_us = (int64_t)number * 1000;
		break;
	case OPTION_SEED:
		read_number(state, arg, UINT_MAX, &number);
		bench->seed = number;
		break;
	case OPTION_FAULT:
		arguments->fault = fault_find(arg);
		if (arguments->fault == FAULT_COUNT || arguments->fault == FAULT_UNPLUG ||
			arguments->fault == FAULT_REBOOT) {
			argp_error(state, "--fault is silence, noise, slow or garbage");
		}
		break;
	case ARGP_KEY_ARG:
		argp_error(state, "what is \"%s\"?", arg);
		break;
	case ARGP_KEY_END:
		check(state, arguments);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static void on_signal(void *data, int signum)
{
	(void)signum;
	loop_stop(data);
}

static int say_why(const struct why *why)
{
	fprintf(stderr, "kitlab-virtual: %s\n                %s\n", why_text(why, LANG_EN),
		why_text(why, LANG_ZH));
	return EXIT_ARGUMENTS;
}

static int run_board(struct loop *loop, struct far_hub *hub, struct arguments *arguments)
{
	struct bench_spec *spec = &arguments->bench;
	struct bench *bench;
	struct why why;

	if (spec->class->has_pins && strcmp(arguments->wiring, "none") != 0 &&
		classroom_find_wiring(arguments->wiring, &spec->wiring, &why) != ERR_NONE) {
		return say_why(&why);
	}
	spec->floor = floor_create(clock_now_us());
	bench = bench_create(loop, hub, spec, &why);
	if (!bench || bench_set_fault(bench, arguments->fault, &why) != ERR_NONE) {
		bench_destroy(bench);
		floor_destroy(spec->floor);
		return say_why(&why);
	}
	printf("%s\n", far_end_name(bench->far));
	fflush(stdout);
	loop_run(loop);
	bench_destroy(bench);
	floor_destroy(spec->floor);
	return EXIT_WELL;
}

static int run_classroom(struct loop *loop, struct far_hub *hub, const struct arguments *arguments)
{
	char dir[PATH_MAX];
	struct classroom *classroom;
	struct control *control;
	struct why why;

	/* The daemon's end is ours; one before this line shows in the connect below. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	/* The daemon may run before all others; its virtual kits need not. */
	setpriority(PRIO_PROCESS, 0, 0);
	control = control_create(loop, arguments->control, &why);
	if (!control) {
		return say_why(&why);
	}
	snprintf(dir, sizeof(dir), "%s", arguments->control + strlen("unix:"));
	classroom = classroom_create(loop, hub, arguments->classroom, dirname(dir), &why);
	if (classroom) {
		control_announce(control, classroom);
		loop_run(loop);
	} else {
		control_refuse(control, &why);
		say_why(&why);
	}
	bool is_well = classroom != NULL;

	classroom_destroy(classroom);
	control_destroy(control);
	return is_well ? EXIT_WELL : EXIT_ARGUMENTS;
}

int main(int argc, char **argv)
{
	static const struct argp argp = {
		options,
		on_option,
		NULL,
		"Kits that need no hardware: they speak the real bytes over a pty or socket.\v"
		"One board prints what a host opens, a pty's path or the socket, and runs until it is "
		"ended.",
		NULL,
		NULL,
		NULL,
	};
	struct arguments arguments = {
		.wiring = "starter",
		.firmware = "",
		.bench = {.boot_us = 100000, .seed = 1, .far = {.scheme = PORT_STREAM}},
	};
	struct loop_signal *term, *interrupt;
	struct far_hub *hub;
	struct loop *loop;
	int code;

	argp_err_exit_status = EXIT_ARGUMENTS;
	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	loop = loop_create();
	hub = loop ? far_hub_create(loop) : NULL;
	if (!hub) {
		fprintf(stderr, "kitlab-virtual: the system gives no epoll or inotify\n");
		return EXIT_RUNNING;
	}
	term = loop_signal_add(loop, SIGTERM, on_signal, loop);
	interrupt = loop_signal_add(loop, SIGINT, on_signal, loop);
	code = arguments.classroom ? run_classroom(loop, hub, &arguments)
				   : run_board(loop, hub, &arguments);
	loop_signal_remove(term);
	loop_signal_remove(interrupt);
	far_hub_destroy(hub);
	loop_destroy(loop);
	return code;
}
