/*
 * The command line `kitlab`: a client of the daemon's wire contract, nothing
 * more. main.c reads the arguments and calls one command; a command asks
 * through session.h, prints through say.h and returns the exit code.
 */
#pragma once

#include "err.h"

#include <cjson/cJSON.h>
#include <stdbool.h>

enum { EXIT_WELL = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, ARGS_MAX = 64 };

struct session;

struct cli {
	const char *server; /* "http://127.0.0.1:8080" */
	enum lang lang;
	bool is_json;       /* answers and notifications as JSON lines */

	/* options of single commands */
	const char *kit;    /* run; NULL = the daemon's choice */
	const char *seed;   /* run; NULL = by chance */
	const char *rate;   /* watch, frames a second; NULL = the daemon's default */
	const char *search; /* cases */
	const char *board;  /* flash; NULL = the kit's model */
	bool all;           /* stop: every script */
	bool kill;          /* stop */
	const char *seat;   /* stop, clear; NULL = the room */
	int for_ms;         /* write, act: how long the kit may move; 0 = not at all */
	bool starter, solution; /* cases */

	const char *args[ARGS_MAX]; /* what stands after the command's name */
	int arg_count;

	struct session *session; /* open while a command runs */
};

/*
 * Asks the daemon. Takes `params` (NULL = none); the result is the caller's.
 * NULL: it was refused, and the person has been told.
 */
cJSON *cli_ask(struct cli *cli, const char *method, cJSON *params);
/* As above, where the result only matters to programs: prints it with --json. Exit code. */
int cli_tell(struct cli *cli, const char *method, cJSON *params);

/* A text of an answer; "" if there is none. */
const char *cli_text(const cJSON *object, const char *name);
/* {"kit": KIT}: how most parameters begin. */
cJSON *cli_kit(const char *kit);
/* What a person types as a value: JSON, on, off; all else is text. */
cJSON *cli_value(const char *text);
/* args[first...] of the form NAME=VALUE as an object; NULL: one is not, and the person was told. */
cJSON *cli_pairs(const struct cli *cli, int first);

/* A text file whole, the caller's; NULL and *why. "-" is standard input. */
char *cli_read_file(const char *path, size_t max, struct why *why);

/* cmd_motion.c: asks once, with a lease of the kit that is fed for cli->for_ms. The result is
 * the caller's; NULL: refused, or the kit was lost, and the person has been told. */
cJSON *cli_move(struct cli *cli, const char *method, cJSON *params);

typedef int command_fn(struct cli *cli);

command_fn command_kits, command_watch, command_read, command_write, command_act; /* cmd_kits.c */
command_fn command_run;                   /* cmd_run.c */
command_fn command_stop, command_clear;   /* cmd_stop.c */
command_fn command_world, command_cases; /* cmd_room.c */
command_fn command_flash;                /* cmd_flash.c */
command_fn command_health, command_seats, command_accept, command_forget; /* cmd_lab.c */
