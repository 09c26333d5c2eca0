/* health, seats, accept, forget: what a lab admin does before and after class. */
#include "say.h"
#include "session.h"

#include <stdio.h>
#include <string.h>

/* ---- health ---- */

static void print_step(const cJSON *step)
{
	const cJSON *passed = cJSON_GetObjectItem(step, "passed");
	const char *hint = cli_text(step, "hint");

	printf("  %c ", cJSON_IsTrue(passed) ? '+' : cJSON_IsFalse(passed) ? '!' : '?');
	say_plain(stdout, cli_text(step, "title"));
	if (*hint) {
		printf(": ");
		say_plain(stdout, hint);
	}
	putchar('\n');
}

static void print_report(const struct cli *cli, const cJSON *report)
{
	static const struct {
		const char *verdict;
		enum msg text;
	} words[] = {
		{"ready", MSG_CLI_HEALTH_READY},
		{"charge", MSG_CLI_HEALTH_CHARGE},
		{"repair", MSG_CLI_HEALTH_REPAIR},
	};
	const cJSON *step;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(cli_text(report, "verdict"), words[i].verdict) == 0) {
			printf("%s  %s  %s\n", cli_text(report, "kit"),
				say_text(cli, words[i].text), cli_text(report, "at"));
		}
	}
	cJSON_ArrayForEach(step, cJSON_GetObjectItem(report, "steps"))
	{
		print_step(step);
	}
}

static int check(struct cli *cli)
{
	cJSON *report = cli_ask(cli, "health.check", cli_kit(cli->args[0]));

	if (!report) {
		return EXIT_FAILED;
	}
	bool is_ready = strcmp(cli_text(report, "verdict"), "ready") == 0;

	if (cli->is_json) {
		say_json(report);
	} else {
		print_report(cli, report);
	}
	cJSON_Delete(report);
	return is_ready ? EXIT_WELL : EXIT_FAILED;
}

int command_health(struct cli *cli)
{
	if (cli->arg_count > 0 && !cli->all) {
		return check(cli);
	}
	cJSON *result = cli->arg_count > 0
		? cli_ask(cli, "health.history", cli_kit(cli->args[0]))
		: cli_ask(cli, "health.list", NULL);
	const cJSON *reports = cJSON_GetObjectItem(result, "reports"), *report;

	if (!result) {
		return EXIT_FAILED;
	}
	if (cli->is_json) {
		say_json(result);
		reports = NULL;
	} else if (cJSON_GetArraySize(reports) == 0) {
		printf("%s\n", say_text(cli, MSG_CLI_HEALTH_NONE));
	}
	cJSON_ArrayForEach(report, reports)
	{
		print_report(cli, report);
	}
	cJSON_Delete(result);
	return EXIT_WELL;
}

/* ---- seats ---- */

static void print_seats(const struct cli *cli, const cJSON *result)
{
	struct table table = {0};
	const cJSON *row;

	table_head(&table, say_text(cli, MSG_CLI_SEATS_HEAD));
	cJSON_ArrayForEach(row, cJSON_GetObjectItem(result, "seats"))
	{
		table_add(&table, cli_text(row, "seat"));
		table_add(&table, cli_text(row, "socket"));
		table_add(&table, cli_text(row, "kit"));
	}
	cJSON_ArrayForEach(row, cJSON_GetObjectItem(result, "unbound"))
	{
		table_add(&table, "-");
		table_add(&table, cli_text(row, "socket"));
		table_add(&table, cli_text(row, "kit"));
	}
	table_print(&table);
}

int command_seats(struct cli *cli)
{
	cJSON *params = NULL;

	if (cli->arg_count == 2) {
		params = cJSON_CreateObject();
		cJSON_AddStringToObject(params, "socket", cli->args[0]);
		cJSON_AddStringToObject(params, "seat", cli->args[1]);
	}
	cJSON *result = cli_ask(cli, params ? "seats.bind" : "seats.list", params);

	if (!result) {
		return EXIT_FAILED;
	}
	if (cli->is_json) {
		say_json(result);
	} else {
		print_seats(cli, result);
	}
	cJSON_Delete(result);
	return EXIT_WELL;
}

/* ---- identity ---- */

int command_accept(struct cli *cli)
{
	return cli_tell(cli, "kit.accept", cli_kit(cli->args[0]));
}

int command_forget(struct cli *cli)
{
	return cli_tell(cli, "kit.forget", cli_kit(cli->args[0]));
}
