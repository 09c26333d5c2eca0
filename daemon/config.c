/*
 * Command line over configuration file over defaults.
 *
 * The command line is only gathered at first, as keys and values, because the
 * file that it names comes before it; --port on it replaces the file's ports.
 */
#include "config.h"

#include "log.h"

#include <argp.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SAID_MAX = CONFIG_PORTS_MAX + 32, FILE_ROOM = 256 * 1024 + 2 };

enum option_key {
	OPTION_LISTEN = 256,
	OPTION_STATE,
	OPTION_OPEN_LAB,
	OPTION_VIRTUAL,
	OPTION_PORT,
	OPTION_NO_SCAN,
	OPTION_CASES,
	OPTION_DEMO,
	OPTION_LOG_LEVEL,
	OPTION_CONFIG,
	OPTION_HELP,
	OPTION_VERSION,
};

static const struct argp_option options[] = {
	{"config", OPTION_CONFIG, "FILE", 0, "read settings from FILE", 0},
	{"state", OPTION_STATE, "DIR", 0, "what outlives the process (default ~/.local/state/kitlab)",
		0},
	{"listen", OPTION_LISTEN, "ADDR:PORT", 0, "default 127.0.0.1:8080; port 0 = any free", 0},
	{"open-lab", OPTION_OPEN_LAB, "teacher|student", OPTION_ARG_OPTIONAL,
		"no login: everybody on this computer is a teacher (or a student)", 0},
	{"virtual", OPTION_VIRTUAL, "NAME|PATH|none", 0, "the virtual classroom to start", 0},
	{"port", OPTION_PORT, "SPEC", 0, "a port to open, as in serial:/dev/ttyACM0 (repeatable)", 0},
	{"no-scan", OPTION_NO_SCAN, NULL, 0, "open only what --port names", 0},
	{"cases", OPTION_CASES, "DIR", 0, "folder of the course cases", 0},
	{"demo", OPTION_DEMO, NULL, 0, "start one example script on the virtual classroom", 0},
	{"log-level", OPTION_LOG_LEVEL, "LEVEL", 0, "error, warn, info (default) or debug", 0},
	{"help", OPTION_HELP, NULL, 0, "this list", 1},
	{"version", OPTION_VERSION, NULL, 0, "print the version", 1},
	{0},
};

struct said {
	const char *key, *value;
};

struct command_line {
	struct said said[SAID_MAX];
	int count;
	const char *config_file;
	bool is_over; /* --help or --version did all there is to do */
	struct why why;
};

static error_t say(struct command_line *line, const char *key, const char *value)
{
	if (line->count == SAID_MAX) {
		why_set(&line->why, ERR_INVALID, MSG_CONFIG_PORTS, CONFIG_PORTS_MAX);
		return E2BIG;
	}
	line->said[line->count++] = (struct said){key, value};
	return 0;
}

static error_t on_option(int key, char *value, struct argp_state *state)
{
	struct command_line *line = state->input;

	switch (key) {
	case OPTION_CONFIG:
		line->config_file = value;
		return 0;
	case OPTION_STATE:
		return say(line, "state", value);
	case OPTION_LISTEN:
		return say(line, "listen", value);
	case OPTION_OPEN_LAB:
		return say(line, "open_lab", value ? value : "teacher");
	case OPTION_VIRTUAL:
		return say(line, "virtual", value);
	case OPTION_PORT:
		return say(line, "port", value);
	case OPTION_NO_SCAN:
		return say(line, "scan", "no");
	case OPTION_CASES:
		return say(line, "cases", value);
	case OPTION_DEMO:
		return say(line, "demo", "yes");
	case OPTION_LOG_LEVEL:
		return say(line, "log_level", value);
	case OPTION_HELP:
		line->is_over = true;
		argp_state_help(state, stdout, ARGP_HELP_USAGE | ARGP_HELP_LONG | ARGP_HELP_DOC);
		return 0;
	case OPTION_VERSION:
		line->is_over = true;
		printf("kitlabd %s\n", KITLAB_VERSION);
		return 0;
	case ARGP_KEY_ARG:
		why_set(&line->why, ERR_INVALID, MSG_CONFIG_ARGUMENT, value);
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* The admin's language: what the terminal speaks. */
static enum lang terminal_lang(void)
{
	static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = getenv(names[i]);

		if (value && value[0] != '\0') {
			return strncmp(value, "zh", 2) == 0 ? LANG_ZH : LANG_EN;
		}
	}
	return LANG_EN;
}

static bool fail(const char *where, const struct why *why)
{
	fprintf(stderr, "kitlabd: %s%s%s\n", where, where[0] ? ": " : "",
		why_text(why, terminal_lang()));
	return false;
}

void config_defaults(struct config *config)
{
	*config = (struct config){
		.listen_host = "127.0.0.1",
		.listen_port = 8080,
		.scan = true,
		.runs_max = 64,
		.script_memory_mb = 32,
		.script_busy_s = 10,
		.log_level = LOG_INFO,
	};
}

static bool read_file(const char *path, struct config *config)
{
	struct why why;
	FILE *file = fopen(path, "re");
	char *text = malloc(FILE_ROOM);
	size_t length = file && text ? fread(text, 1, FILE_ROOM, file) : 0;
	bool is_read = file && text && !ferror(file);
	int line = 0;
	char where[PATH_MAX + 16];

	if (!is_read) {
		why_set(&why, ERR_IO, MSG_CONFIG_READ, path, strerror(errno));
		fail("", &why);
	} else if (config_read(text, length, config, &line, &why)) {
		snprintf(where, sizeof(where), "%s:%d", path, line);
		is_read = fail(where, &why);
	}
	if (file) {
		fclose(file);
	}
	free(text);
	return is_read;
}

/* "--log-level" of the key "log_level". */
static void option_name(const char *key, char *name, size_t room)
{
	snprintf(name, room, "--%s", strcmp(key, "scan") == 0 ? "no-scan" : key);
	for (char *at = name; *at; at++) {
		*at = *at == '_' ? '-' : *at;
	}
}

static bool apply_command_line(const struct command_line *line, struct config *config)
{
	struct why why;
	char where[32];
	bool has_port = false;

	for (int i = 0; i < line->count; i++) {
		const struct said *said = &line->said[i];

		if (strcmp(said->key, "port") == 0 && !has_port) {
			has_port = true;
			config->port_count = 0;
		}
		if (config_set(config, said->key, said->value, &why)) {
			option_name(said->key, where, sizeof(where));
			return fail(where, &why);
		}
	}
	return true;
}

static bool find_state_dir(struct config *config)
{
	const char *xdg = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	struct why why;

	if (config->state_dir[0] != '\0') {
		return true;
	}
	/* The XDG specification: a path that is not absolute is to be ignored. */
	bool has_xdg = xdg && xdg[0] == '/';
	int length = snprintf(config->state_dir, sizeof(config->state_dir),
		has_xdg ? "%s/kitlab" : "%s/.local/state/kitlab",
		has_xdg    ? xdg
			: home ? home
			       : "");

	if ((!has_xdg && (!home || home[0] != '/')) || length < 0 ||
		(size_t)length >= sizeof(config->state_dir)) {
		why_set(&why, ERR_INVALID, MSG_CONFIG_NO_HOME);
		return fail("", &why);
	}
	return true;
}

/* Beside the source tree that the program was built in, else where it was installed. */
static void find_cases_dir(struct config *config)
{
	static const char *const places[] = {"../examples", "../../examples",
		"../share/kitlab/examples"};
	char program[256];
	ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);

	if (config->cases_dir[0] != '\0') {
		return;
	}
	snprintf(config->cases_dir, sizeof(config->cases_dir), "examples");
	if (length <= 0) {
		return;
	}
	program[length] = '\0';
	*strrchr(program, '/') = '\0';
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		char dir[sizeof(config->cases_dir)];

		snprintf(dir, sizeof(dir), "%s/%s", program, places[i]);
		if (access(dir, R_OK | X_OK) == 0) {
			memcpy(config->cases_dir, dir, sizeof(dir));
			return;
		}
	}
}

static bool check_access(const struct config *config)
{
	struct why why;

	if (!config->is_open_lab) {
		why_set(&why, ERR_UNSUPPORTED, MSG_CONFIG_OPEN_LAB);
		return fail("", &why);
	}
	if (!config_is_loopback(config->listen_host)) {
		why_set(&why, ERR_INVALID, MSG_CONFIG_OPEN_LAB_FAR, config->listen_host);
		return fail("--open-lab", &why);
	}
	return true;
}

bool config_load(int argc, char **argv, struct config *config, int *exit_code)
{
	static const struct argp argp = {options, on_option, NULL,
		"The daemon of a maker and robotics lab: kits, scripts, live pages.", NULL, NULL, NULL};
	struct command_line line = {0};

	*exit_code = 2;
	config_defaults(config);
	if (argp_parse(&argp, argc, argv, ARGP_NO_EXIT | ARGP_NO_HELP, NULL, &line)) {
		return line.why.code ? fail("", &line.why) : false;
	}
	if (line.is_over) {
		*exit_code = 0;
		return false;
	}
	if ((line.config_file && !read_file(line.config_file, config)) ||
		!apply_command_line(&line, config) || !check_access(config) ||
		!find_state_dir(config)) {
		return false;
	}
	find_cases_dir(config);
	return true;
}
