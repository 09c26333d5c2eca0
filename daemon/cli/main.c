/*
 * kitlab: the command line. Reads the arguments (argp, options anywhere),
 * connects, runs one command.
 *
 * Help is bilingual, therefore the texts stand in devices/messages.tsv and come
 * in through argp's help filter. Exit codes: 0 well, 1 it failed, 2 bad arguments.
 */
#include "say.h"
#include "session.h"

#include "xalloc.h"

#include <argp.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

const char *argp_program_version = "kitlab " KITLAB_VERSION;

struct command {
	const char *name, *args;
	int min, max; /* arguments */
	enum msg help;
	command_fn *run;
};

static const struct command commands[] = {
	{"kits", "", 0, 0, MSG_CLI_HELP_KITS, command_kits},
	{"watch", "KIT|all [PROPERTY...]", 1, ARGS_MAX, MSG_CLI_HELP_WATCH, command_watch},
	{"read", "KIT PROPERTY", 2, 2, MSG_CLI_HELP_READ, command_read},
	{"write", "KIT PROPERTY VALUE", 3, 3, MSG_CLI_HELP_WRITE, command_write},
	{"act", "KIT ACTION [NAME=VALUE...]", 2, ARGS_MAX, MSG_CLI_HELP_ACT, command_act},
	{"run", "FILE.lua", 1, 1, MSG_CLI_HELP_RUN, command_run},
	{"stop", "[RUN | --all]", 0, 1, MSG_CLI_HELP_STOP, command_stop},
	{"clear", "", 0, 0, MSG_CLI_HELP_CLEAR, command_clear},
	{"flash", "KIT [FILE.hex]", 1, 2, MSG_CLI_HELP_FLASH, command_flash},
	{"health", "[KIT]", 0, 1, MSG_CLI_HELP_HEALTH, command_health},
	{"seats", "[SOCKET SEAT]", 0, 2, MSG_CLI_HELP_SEATS, command_seats},
	{"accept", "KIT", 1, 1, MSG_CLI_HELP_ACCEPT, command_accept},
	{"forget", "KIT", 1, 1, MSG_CLI_HELP_FORGET, command_forget},
	{"world", "[KIT [NAME=VALUE...]]", 0, ARGS_MAX, MSG_CLI_HELP_WORLD, command_world},
	{"cases", "[CASE]", 0, 1, MSG_CLI_HELP_CASES, command_cases},
};

enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

enum {
	OPT_LANG = 0x100,
	OPT_SEED,
	OPT_RATE,
	OPT_ALL,
	OPT_KILL,
	OPT_SEAT,
	OPT_FOR,
	OPT_BOARD,
	OPT_SEARCH,
	OPT_STARTER,
	OPT_SOLUTION,
};

/* The docs come from help_filter; argp wants some text to filter. */
static const struct argp_option options[] = {
	{"json", 'j', NULL, 0, "-", 1},
	{"server", 's', "URL", 0, "-", 1},
	{"lang", OPT_LANG, "zh|en", 0, "-", 1},
	{"kit", 'k', "KIT", 0, "-", 2},
	{"seed", OPT_SEED, "N", 0, "-", 2},
	{"rate", OPT_RATE, "N", 0, "-", 2},
	{"for", OPT_FOR, "TIME", 0, "-", 2},
	{"all", OPT_ALL, NULL, 0, "-", 2},
	{"kill", OPT_KILL, NULL, 0, "-", 2},
	{"seat", OPT_SEAT, "SEAT", 0, "-", 2},
	{"board", OPT_BOARD, "MODEL", 0, "-", 2},
	{"search", OPT_SEARCH, "WORDS", 0, "-", 2},
	{"starter", OPT_STARTER, NULL, 0, "-", 2},
	{"solution", OPT_SOLUTION, NULL, 0, "-", 2},
	{0},
};

static const struct {
	int key;
	enum msg help;
} option_help[] = {
	{'j', MSG_CLI_OPT_JSON},
	{'s', MSG_CLI_OPT_SERVER},
	{OPT_LANG, MSG_CLI_OPT_LANG},
	{'k', MSG_CLI_OPT_KIT},
	{OPT_SEED, MSG_CLI_OPT_SEED},
	{OPT_RATE, MSG_CLI_OPT_RATE},
	{OPT_FOR, MSG_CLI_OPT_FOR},
	{OPT_ALL, MSG_CLI_OPT_ALL},
	{OPT_KILL, MSG_CLI_OPT_KILL},
	{OPT_SEAT, MSG_CLI_OPT_SEAT},
	{OPT_BOARD, MSG_CLI_OPT_BOARD},
	{OPT_SEARCH, MSG_CLI_OPT_SEARCH},
	{OPT_STARTER, MSG_CLI_OPT_STARTER},
	{OPT_SOLUTION, MSG_CLI_OPT_SOLUTION},
	{ARGP_KEY_HELP_PRE_DOC, MSG_CLI_HELP_INTRO},
};

struct arguments {
	struct cli *cli;
	const struct command *command;
	const char *unknown; /* a command that there is none of */
	const char *time;    /* of --for; NULL = not given */
};

static char *command_list(const struct cli *cli)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	for (int i = 0; out && i < COMMANDS; i++) {
		fprintf(out, "  %s %s\n      %s\n", commands[i].name, commands[i].args,
			say_text(cli, commands[i].help));
	}
	if (out) {
		fclose(out);
	}
	return text;
}

static char *help_filter(int key, const char *text, void *input)
{
	const struct arguments *arguments = input;

	if (key == ARGP_KEY_HELP_POST_DOC) {
		return command_list(arguments->cli);
	}
	for (size_t i = 0; i < sizeof(option_help) / sizeof(option_help[0]); i++) {
		if (option_help[i].key == key) {
			return xstrdup(say_text(arguments->cli, option_help[i].help));
		}
	}
	return (char *)text;
}

static const struct command *find_command(const char *name)
{
	for (int i = 0; i < COMMANDS; i++) {
		if (strcmp(commands[i].name, name) == 0) {
			return &commands[i];
		}
	}
	return NULL;
}

static bool is_negative_number(const char *text)
{
	char *end;

	strtod(text, &end);
	return text[0] == '-' && end != text && *end == '\0';
}

static error_t take_argument(struct arguments *arguments, const char *arg)
{
	struct cli *cli = arguments->cli;

	if (!arguments->command) {
		arguments->command = find_command(arg);
		if (!arguments->command && !arguments->unknown) {
			arguments->unknown = arg;
		}
	} else if (cli->arg_count < ARGS_MAX) {
		cli->args[cli->arg_count++] = arg;
	}
	return 0;
}

/* Those that are a text or a flag of struct cli. */
static bool take_simple_option(struct cli *cli, int key, const char *arg)
{
	const struct {
		int key;
		const char **text;
		bool *flag;
	} places[] = {
		{'j', NULL, &cli->is_json},
		{'s', &cli->server, NULL},
		{'k', &cli->kit, NULL},
		{OPT_SEED, &cli->seed, NULL},
		{OPT_RATE, &cli->rate, NULL},
		{OPT_ALL, NULL, &cli->all},
		{OPT_KILL, NULL, &cli->kill},
		{OPT_SEAT, &cli->seat, NULL},
		{OPT_BOARD, &cli->board, NULL},
		{OPT_SEARCH, &cli->search, NULL},
		{OPT_STARTER, NULL, &cli->starter},
		{OPT_SOLUTION, NULL, &cli->solution},
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (places[i].key == key && places[i].flag) {
			*places[i].flag = true;
		} else if (places[i].key == key) {
			*places[i].text = arg;
		}
		if (places[i].key == key) {
			return true;
		}
	}
	return false;
}

/* "2s", "500ms", "1.5": up to ten minutes. 0 = it is none. */
static int read_time_ms(const char *text)
{
	char *end;
	double time = strtod(text, &end);
	double unit_ms = strcmp(end, "ms") == 0 ? 1 : 1000;

	if (end == text || (*end && strcmp(end, "s") != 0 && strcmp(end, "ms") != 0) ||
		!(time * unit_ms >= 1 && time * unit_ms <= 600 * 1000)) {
		return 0;
	}
	return (int)(time * unit_ms);
}

static error_t take_option(int key, char *arg, struct argp_state *state)
{
	struct arguments *arguments = state->input;
	struct cli *cli = arguments->cli;

	if (take_simple_option(cli, key, arg)) {
		return 0;
	}
	switch (key) {
	case OPT_LANG:
		cli->lang = strncmp(arg, "zh", 2) == 0 ? LANG_ZH : LANG_EN;
		return 0;
	case OPT_FOR:
		arguments->time = arg;
		return 0;
	case ARGP_KEY_ARG:
		take_argument(arguments, arg);
		/* "write uno-1 servo -5": a number, not options. */
		while (state->next < state->argc && is_negative_number(state->argv[state->next])) {
			take_argument(arguments, state->argv[state->next++]);
		}
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* Are the arguments what the command wants? Says what is wrong. */
static bool arguments_are_good(const struct arguments *arguments)
{
	struct cli *cli = arguments->cli;
	const struct command *command = arguments->command;
	struct why why;

	if (!command && arguments->unknown) {
		why_set(&why, ERR_INVALID, MSG_CLI_NO_COMMAND, arguments->unknown);
	} else if (!command) {
		why_set(&why, ERR_INVALID, MSG_CLI_WHICH_COMMAND);
	} else if (cli->arg_count < command->min || cli->arg_count > command->max ||
		(command->run == command_stop && cli->arg_count + cli->all > 1)) {
		why_set(&why, ERR_INVALID, MSG_CLI_USAGE, command->name, command->args);
	} else if (arguments->time && (cli->for_ms = read_time_ms(arguments->time)) == 0) {
		why_set(&why, ERR_INVALID, MSG_CLI_TIME, arguments->time);
	} else {
		return true;
	}
	say_why(cli, &why);
	return false;
}

static enum lang language_of_environment(void)
{
	static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = getenv(names[i]);

		if (value && *value) {
			return strncmp(value, "zh", 2) == 0 ? LANG_ZH : LANG_EN;
		}
	}
	return LANG_EN;
}

int main(int argc, char **argv)
{
	const char *server = getenv("KITLAB_SERVER");
	struct cli cli = {
		.server = server && *server ? server : "http://127.0.0.1:8080",
		.lang = language_of_environment(),
	};
	struct arguments arguments = {.cli = &cli};
	static const struct argp argp = {
		.options = options,
		.parser = take_option,
		.args_doc = "COMMAND [ARGUMENT...]",
		.doc = "-\v-",
		.help_filter = help_filter,
	};
	struct why why;

	setlocale(LC_MESSAGES, "");
	setlocale(LC_CTYPE, "");
	argp_err_exit_status = EXIT_USAGE;
	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &arguments);
	if (!arguments_are_good(&arguments)) {
		return EXIT_USAGE;
	}
	cli.session = session_open(cli.server, cli.lang, &why);
	if (!cli.session) {
		say_why(&cli, &why);
		return why.code == ERR_INVALID ? EXIT_USAGE : EXIT_FAILED;
	}
	int code = arguments.command->run(&cli);

	session_close(cli.session);
	return code;
}
