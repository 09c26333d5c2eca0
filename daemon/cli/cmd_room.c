/* world and cases: what is around the kits, and what can be done with them. */
#include "say.h"

#include <string.h>

static void print_world(const cJSON *kits, const char *only)
{
	const cJSON *kit, *value;

	cJSON_ArrayForEach(kit, kits)
	{
		if (only && strcmp(kit->string, only) != 0) {
			continue;
		}
		say_plain(stdout, kit->string);
		cJSON_ArrayForEach(value, kit)
		{
			printf("  %s=", value->string);
			say_value(stdout, value);
		}
		putchar('\n');
	}
}

static int world_get(struct cli *cli)
{
	const char *only = cli->arg_count > 0 ? cli->args[0] : NULL;
	cJSON *result = cli_ask(cli, "world.get", NULL);
	const cJSON *kits = cJSON_GetObjectItem(result, "kits");

	if (!result) {
		return EXIT_FAILED;
	}
	if (only && !cJSON_GetObjectItem(kits, only)) {
		struct why why;

		why_set(&why, ERR_NOT_FOUND, MSG_CLI_NOT_VIRTUAL, only);
		say_why(cli, &why);
		cJSON_Delete(result);
		return EXIT_FAILED;
	}
	if (cli->is_json) {
		say_json(result);
	} else {
		print_world(kits, only);
	}
	cJSON_Delete(result);
	return EXIT_WELL;
}

int command_world(struct cli *cli)
{
	if (cli->arg_count < 2) {
		return world_get(cli);
	}
	cJSON *set = cli_pairs(cli, 1);

	if (!set) {
		return EXIT_USAGE;
	}
	const char *fault = cJSON_GetStringValue(cJSON_GetObjectItem(set, "fault"));

	if (fault && strcmp(fault, "none") == 0) {
		cJSON_ReplaceItemInObject(set, "fault", cJSON_CreateNull());
	}
	cJSON *params = cJSON_CreateObject();

	cJSON_AddItemToObject(cJSON_AddObjectToObject(params, "kits"), cli->args[0], set);
	return cli_tell(cli, "world.set", params);
}

/* ---- cases ---- */

static const char *stage_text(const struct cli *cli, const cJSON *c)
{
	const char *stage = cli_text(c, "stage");

	if (strcmp(stage, "primary") == 0) {
		return say_text(cli, MSG_CLI_STAGE_PRIMARY);
	}
	if (strcmp(stage, "junior") == 0) {
		return say_text(cli, MSG_CLI_STAGE_JUNIOR);
	}
	return strcmp(stage, "senior") == 0 ? say_text(cli, MSG_CLI_STAGE_SENIOR) : stage;
}

static void print_cases(const struct cli *cli, const cJSON *cases)
{
	struct table table = {0};
	const cJSON *c, *need;

	if (cJSON_GetArraySize(cases) == 0) {
		puts(say_text(cli, MSG_CLI_NO_CASES));
		return;
	}
	table_head(&table, say_text(cli, MSG_CLI_CASES_HEAD));
	cJSON_ArrayForEach(c, cases)
	{
		char minutes[16], needs[160] = "";
		size_t used = 0;

		snprintf(minutes, sizeof(minutes), "%d",
			(int)cJSON_GetNumberValue(cJSON_GetObjectItem(c, "minutes")));
		cJSON_ArrayForEach(need, cJSON_GetObjectItem(c, "needs"))
		{
			int added = snprintf(needs + used, sizeof(needs) - used, "%s%s",
				used ? " " : "", need->valuestring);

			used += (size_t)added;
			if (used >= sizeof(needs)) {
				break;
			}
		}
		table_add(&table, cli_text(c, "id"));
		table_add(&table, cli_text(c, "title"));
		table_add(&table, stage_text(cli, c));
		table_add(&table, minutes);
		table_add(&table, needs);
	}
	table_print(&table);
}

static int list_cases(struct cli *cli)
{
	cJSON *params = cJSON_CreateObject();

	if (cli->search) {
		cJSON_AddStringToObject(params, "filter", cli->search);
	}
	cJSON *result = cli_ask(cli, "case.list", params);

	if (!result) {
		return EXIT_FAILED;
	}
	if (cli->is_json) {
		say_json(result);
	} else {
		print_cases(cli, cJSON_GetObjectItem(result, "cases"));
	}
	cJSON_Delete(result);
	return EXIT_WELL;
}

int command_cases(struct cli *cli)
{
	if (cli->arg_count == 0) {
		return list_cases(cli);
	}
	cJSON *params = cJSON_CreateObject();

	cJSON_AddStringToObject(params, "case", cli->args[0]);
	cJSON *c = cli_ask(cli, "case.get", params);
	const char *part = cli->solution ? "solution" : cli->starter ? "starter" : "guide";
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(c, part));
	int code = EXIT_FAILED;

	if (c && !text) {
		struct why why;

		why_set(&why, ERR_FORBIDDEN, MSG_CLI_NO_SOLUTION);
		say_why(cli, &why);
	} else if (c) {
		code = EXIT_WELL;
		if (cli->is_json) {
			say_json(c);
		} else {
			say_plain(stdout, text);
		}
	}
	cJSON_Delete(c);
	return code;
}
