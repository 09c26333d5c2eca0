/* run and stop: a script of this folder on a kit of the room. */
#include "say.h"
#include "session.h"

#include "xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SOURCE_BYTES_MAX = 256 * 1024 }; /* API.md, Limits */

static void print_plot(const cJSON *set)
{
	const cJSON *value;

	cJSON_ArrayForEach(value, set)
	{
		say_plain(stdout, value->string);
		putchar('=');
		say_value(stdout, value);
		putchar(value->next ? ' ' : '\n');
	}
}

/* "lamp.lua:7: what went wrong", then what to do. */
static void print_error(const char *name, const cJSON *error)
{
	const cJSON *line = cJSON_GetObjectItem(error, "line");
	const char *message = cli_text(error, "message"), *hint = cli_text(error, "hint");

	fflush(stdout);
	say_plain(stderr, name);
	if (cJSON_IsNumber(line)) {
		fprintf(stderr, ":%d", line->valueint);
	}
	fputs(": ", stderr);
	say_plain(stderr, message);
	fputc('\n', stderr);
	if (*hint) {
		fputs("  ", stderr);
		say_plain(stderr, hint);
		fputc('\n', stderr);
	}
}

struct follow {
	struct cli *cli;
	const char *name; /* the script's, for errors */
	const char *run;
	bool is_over, is_well;
};

static void on_state(struct follow *follow, const cJSON *params)
{
	const char *state = cli_text(params, "state");
	const cJSON *error = cJSON_GetObjectItem(params, "error");
	bool is_json = follow->cli->is_json;

	follow->is_well = strcmp(state, "finished") == 0;
	follow->is_over = follow->is_well || strcmp(state, "failed") == 0 ||
		strcmp(state, "stopped") == 0 || strcmp(state, "killed") == 0;
	if (!is_json && cJSON_IsObject(error)) {
		print_error(follow->name, error);
	} else if (!is_json && follow->is_over && !follow->is_well) {
		fflush(stdout);
		fprintf(stderr, "%s: %s\n", follow->name, say_text(follow->cli, MSG_CLI_STOPPED));
	}
}

static void on_notification(struct follow *follow, const cJSON *notification)
{
	const char *method = cli_text(notification, "method");
	const cJSON *params = cJSON_GetObjectItem(notification, "params");
	const char *run = cli_text(params, "run");

	if (strcmp(run, follow->run) != 0) {
		return;
	}
	if (follow->cli->is_json) {
		say_json(notification);
	}
	if (strcmp(method, "script.state") == 0) {
		on_state(follow, params);
	} else if (!follow->cli->is_json && strcmp(method, "script.output") == 0) {
		bool is_error = strcmp(cli_text(params, "stream"), "error") == 0;

		say_plain(is_error ? stderr : stdout, cli_text(params, "text"));
	} else if (!follow->cli->is_json && strcmp(method, "script.plot") == 0) {
		print_plot(cJSON_GetObjectItem(params, "set"));
	}
	fflush(stdout);
}

/* Until the run has ended. Ctrl-C, or an output that nobody reads, stops it first. */
static int follow_run(struct follow *follow)
{
	struct cli *cli = follow->cli;
	bool is_stopped = false;

	while (!follow->is_over) {
		struct why why;
		cJSON *notification = session_next(cli->session, &why);

		if (notification) {
			on_notification(follow, notification);
			cJSON_Delete(notification);
		} else if (why.code != ERR_NONE) {
			say_why(cli, &why);
			return EXIT_FAILED;
		}
		if (!is_stopped && (!notification || ferror(stdout))) {
			cJSON *params = cJSON_CreateObject();

			cJSON_AddStringToObject(params, "run", follow->run);
			cJSON_Delete(cli_ask(cli, "script.stop", params));
			is_stopped = true;
		} else if (!notification) {
			return EXIT_FAILED;
		}
	}
	return follow->is_well && !is_stopped ? EXIT_WELL : EXIT_FAILED;
}

int command_run(struct cli *cli)
{
	const char *slash = strrchr(cli->args[0], '/');
	struct follow follow = {.cli = cli, .name = slash ? slash + 1 : cli->args[0]};
	struct why why;
	char *source = cli_read_file(cli->args[0], SOURCE_BYTES_MAX, &why);

	if (!source) {
		say_why(cli, &why);
		return EXIT_FAILED;
	}
	cJSON *params = cJSON_CreateObject();

	cJSON_AddStringToObject(params, "source", source);
	cJSON_AddStringToObject(params, "name", follow.name);
	free(source);
	if (cli->kit) {
		cJSON_AddStringToObject(params, "kit", cli->kit);
	}
	if (cli->seed) {
		cJSON_AddItemToObject(params, "seed", cli_value(cli->seed));
	}
	cJSON *result = cli_ask(cli, "script.run", params);

	if (!result) {
		return EXIT_FAILED;
	}
	if (cli->is_json) {
		say_json(result);
	}
	follow.run = cli_text(result, "run");
	int code = follow_run(&follow);

	cJSON_Delete(result);
	return code;
}
