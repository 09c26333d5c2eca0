/* flash: firmware for an AVR board of the room, with progress until it is verified. */
#include "say.h"
#include "session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HEX_BYTES_MAX = 448 * 1024, BAR_WIDTH = 30 }; /* a frame of the wire holds 512 KiB */

static void print_bar(const struct cli *cli, const cJSON *params)
{
	static const struct {
		const char *phase;
		enum msg text;
	} words[] = {
		{"connecting", MSG_CLI_FLASH_CONNECTING},
		{"writing", MSG_CLI_FLASH_WRITING},
		{"verifying", MSG_CLI_FLASH_VERIFYING},
	};
	int marks = (int)(cJSON_GetNumberValue(cJSON_GetObjectItem(params, "share")) * BAR_WIDTH);

	if (!isatty(STDERR_FILENO)) {
		return;
	}
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(cli_text(params, "phase"), words[i].phase) == 0) {
			fprintf(stderr, "\r[%-*.*s] %s\033[K", BAR_WIDTH, marks,
				"##############################", say_text(cli, words[i].text));
		}
	}
}

/* True: it is over, and *code says how. */
static bool take_change(struct cli *cli, const cJSON *notification, int *code)
{
	const cJSON *params = cJSON_GetObjectItem(notification, "params");
	const char *phase = cli_text(params, "phase");

	if (strcmp(cli_text(notification, "method"), "flash.changed") != 0 ||
		strcmp(cli_text(params, "kit"), cli->args[0]) != 0) {
		return false;
	}
	if (cli->is_json) {
		say_json(params);
	} else {
		print_bar(cli, params);
	}
	bool is_done = strcmp(phase, "done") == 0, is_failed = strcmp(phase, "failed") == 0;

	if ((is_done || is_failed) && isatty(STDERR_FILENO)) {
		fputc('\n', stderr);
	}
	if (is_failed) {
		say_plain(stderr, cli_text(cJSON_GetObjectItem(params, "error"), "hint"));
		fputc('\n', stderr);
	} else if (is_done && !cli->is_json) {
		printf("%s\n", say_text(cli, MSG_CLI_FLASH_DONE));
	}
	*code = is_done ? EXIT_WELL : EXIT_FAILED;
	return is_done || is_failed;
}

static int follow(struct cli *cli)
{
	int code = EXIT_FAILED;
	bool is_over = false;
	struct why why;

	while (!is_over) {
		cJSON *notification = session_next(cli->session, &why);

		if (!notification) {
			if (!session_is_interrupted()) {
				say_why(cli, &why);
			}
			return EXIT_FAILED; /* the daemon goes on: half a firmware is none */
		}
		is_over = take_change(cli, notification, &code);
		cJSON_Delete(notification);
	}
	return code;
}

int command_flash(struct cli *cli)
{
	cJSON *params = cli_kit(cli->args[0]), *result;

	if (cli->arg_count > 1) {
		struct why why;
		const char *slash = strrchr(cli->args[1], '/');
		char *hex = cli_read_file(cli->args[1], HEX_BYTES_MAX, &why);

		if (!hex) {
			say_why(cli, &why);
			cJSON_Delete(params);
			return EXIT_FAILED;
		}
		cJSON_AddStringToObject(params, "hex", hex);
		cJSON_AddStringToObject(params, "name", slash ? slash + 1 : cli->args[1]);
		free(hex);
	}
	if (cli->board) {
		cJSON_AddStringToObject(params, "board", cli->board);
	}
	/* Before: what happens is told to those who watch. */
	result = cli_ask(cli, "kits.watch", NULL);
	if (result) {
		cJSON_Delete(result);
		result = cli_ask(cli, "kit.flash", params);
	} else {
		cJSON_Delete(params);
	}
	if (!result) {
		return EXIT_FAILED;
	}
	cJSON_Delete(result);
	return follow(cli);
}
