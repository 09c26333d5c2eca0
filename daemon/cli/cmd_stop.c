/* stop and clear: the all-stop of the room or of a seat, and the end of scripts. */
#include "say.h"

#include <string.h>

static int stop_run(struct cli *cli, const char *run)
{
	cJSON *params = cJSON_CreateObject();

	cJSON_AddStringToObject(params, "run", run);
	return cli_tell(cli, "script.stop", params);
}

static int stop_all_runs(struct cli *cli)
{
	cJSON *result = cli_ask(cli, "script.list", NULL);
	const cJSON *run;
	int code = result ? EXIT_WELL : EXIT_FAILED;

	cJSON_ArrayForEach(run, cJSON_GetObjectItem(result, "runs"))
	{
		static const char *const alive[] = {"queued", "starting", "running", "stopping"};

		for (size_t i = 0; i < sizeof(alive) / sizeof(alive[0]); i++) {
			if (strcmp(cli_text(run, "state"), alive[i]) == 0 &&
				stop_run(cli, cli_text(run, "run")) != EXIT_WELL) {
				code = EXIT_FAILED;
			}
		}
	}
	cJSON_Delete(result);
	return code;
}

/* ---- the all-stop ---- */

static cJSON *scope(const struct cli *cli)
{
	cJSON *params = cJSON_CreateObject();

	if (cli->seat) {
		cJSON_AddStringToObject(params, "seat", cli->seat);
	}
	return params;
}

static void print_list(enum msg title, const struct cli *cli, const cJSON *ids)
{
	const cJSON *id;

	fputs(say_text(cli, title), stdout);
	cJSON_ArrayForEach(id, ids)
	{
		putchar(' ');
		say_plain(stdout, id->valuestring);
	}
	putchar('\n');
}

static int stop_room(struct cli *cli)
{
	cJSON *params = scope(cli);

	cJSON_AddStringToObject(params, "level", cli->kill ? "kill" : "hold");
	cJSON *result = cli_ask(cli, "room.stop", params);
	const cJSON *confirmed = cJSON_GetObjectItem(result, "confirmed");
	const cJSON *unconfirmed = cJSON_GetObjectItem(result, "unconfirmed");
	int code = result && cJSON_GetArraySize(unconfirmed) == 0 ? EXIT_WELL : EXIT_FAILED;

	if (result && cli->is_json) {
		say_json(result);
	} else if (result) {
		if (cJSON_GetArraySize(confirmed) > 0 || code == EXIT_WELL) {
			print_list(MSG_CLI_AT_REST, cli, confirmed);
		}
		if (code != EXIT_WELL) {
			print_list(MSG_CLI_NOT_CONFIRMED, cli, unconfirmed);
			puts(say_text(cli, MSG_CLI_CUT_POWER));
		}
	}
	cJSON_Delete(result);
	return code;
}

int command_stop(struct cli *cli)
{
	if (cli->all) {
		return stop_all_runs(cli);
	}
	return cli->arg_count > 0 ? stop_run(cli, cli->args[0]) : stop_room(cli);
}

int command_clear(struct cli *cli)
{
	return cli_tell(cli, "room.clear", scope(cli));
}
