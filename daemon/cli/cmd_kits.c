/* kits, read, write, act, watch: what the kits are, say and are told. */
#include "say.h"
#include "session.h"

#include <string.h>

/* A kit's state in the reader's language; the wire's word where there is none. */
static const char *state_text(const struct cli *cli, const char *state)
{
	static const struct {
		const char *word;
		enum msg msg;
	} states[] = {
		{"absent", MSG_CLI_STATE_ABSENT}, {"opening", MSG_CLI_STATE_OPENING},
		{"probing", MSG_CLI_STATE_PROBING}, {"ready", MSG_CLI_STATE_READY},
		{"stale", MSG_CLI_STATE_STALE}, {"lost", MSG_CLI_STATE_LOST},
		{"refused", MSG_CLI_STATE_REFUSED},
	};

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		if (strcmp(state, states[i].word) == 0) {
			return say_text(cli, states[i].msg);
		}
	}
	return state;
}

static void print_kits(const struct cli *cli, const cJSON *kits)
{
	struct table table = {0};
	const cJSON *row;

	if (cJSON_GetArraySize(kits) == 0) {
		puts(say_text(cli, MSG_CLI_NO_KITS));
		return;
	}
	table_head(&table, say_text(cli, MSG_CLI_KITS_HEAD));
	cJSON_ArrayForEach(row, kits)
	{
		table_add(&table, cli_text(row, "id"));
		table_add(&table, state_text(cli, cli_text(row, "state")));
		table_add(&table, cli_text(row, "model"));
		table_add(&table, cli_text(row, "seat"));
		table_add(&table, cli_text(row, "wiring"));
		table_add(&table, cli_text(row, "port"));
		table_add(&table, cli_text(row, "run"));
	}
	table_print(&table);
	cJSON_ArrayForEach(row, kits)
	{
		const char *why = cli_text(cJSON_GetObjectItem(row, "why"),
			cli->lang == LANG_ZH ? "zh" : "en");

		if (*why) {
			say_plain(stdout, why);
			putchar('\n');
		}
	}
}

int command_kits(struct cli *cli)
{
	cJSON *result = cli_ask(cli, "kits.list", NULL);

	if (!result) {
		return EXIT_FAILED;
	}
	if (cli->is_json) {
		say_json(result);
	} else {
		print_kits(cli, cJSON_GetObjectItem(result, "kits"));
	}
	cJSON_Delete(result);
	return EXIT_WELL;
}

int command_read(struct cli *cli)
{
	cJSON *params = cli_kit(cli->args[0]);

	cJSON_AddStringToObject(params, "property", cli->args[1]);
	cJSON *result = cli_ask(cli, "kit.read", params);

	if (!result) {
		return EXIT_FAILED;
	}
	if (cli->is_json) {
		say_json(result);
	} else {
		say_value(stdout, cJSON_GetObjectItem(result, "value"));
		putchar('\n');
	}
	cJSON_Delete(result);
	return EXIT_WELL;
}

int command_write(struct cli *cli)
{
	cJSON *params = cli_kit(cli->args[0]);

	cJSON_AddStringToObject(params, "property", cli->args[1]);
	cJSON_AddItemToObject(params, "value", cli_value(cli->args[2]));
	if (cli->for_ms == 0) {
		return cli_tell(cli, "kit.write", params);
	}
	cJSON *result = cli_move(cli, "kit.write", params);
	int code = result ? EXIT_WELL : EXIT_FAILED;

	if (result && cli->is_json) {
		say_json(result);
	}
	cJSON_Delete(result);
	return code;
}

int command_act(struct cli *cli)
{
	cJSON *args = cli_pairs(cli, 2);

	if (!args) {
		return EXIT_USAGE;
	}
	cJSON *params = cli_kit(cli->args[0]);

	cJSON_AddStringToObject(params, "action", cli->args[1]);
	cJSON_AddItemToObject(params, "args", args);
	cJSON *answer = cli->for_ms ? cli_move(cli, "kit.act", params)
				    : cli_ask(cli, "kit.act", params);
	const cJSON *result = cJSON_GetObjectItem(answer, "result");

	if (!answer) {
		return EXIT_FAILED;
	}
	if (cli->is_json) {
		say_json(answer);
	} else if (result && !cJSON_IsNull(result)) {
		say_value(stdout, result);
		putchar('\n');
	}
	cJSON_Delete(answer);
	return EXIT_WELL;
}

/* ---- watch ---- */

static void print_line(const cJSON *t, const char *kit, const char *name, const cJSON *value)
{
	printf("%10.3f  %s  %s  ", t ? t->valuedouble / 1000 : 0.0, kit, name);
	say_value(stdout, value);
	putchar('\n');
}

/* The kits of a snapshot or of kit.values: {ID: {state?, t, set: {NAME: value}}}. */
static void print_values(const cJSON *kits)
{
	const cJSON *kit, *value;

	cJSON_ArrayForEach(kit, kits)
	{
		const cJSON *t = cJSON_GetObjectItem(kit, "t");

		cJSON_ArrayForEach(value, cJSON_GetObjectItem(kit, "set"))
		{
			print_line(t, kit->string, value->string, value);
		}
	}
}

/* False: nobody reads any more. */
static bool print_notification(const struct cli *cli, const cJSON *notification)
{
	const char *method = cli_text(notification, "method");
	const cJSON *params = cJSON_GetObjectItem(notification, "params");

	if (cli->is_json) {
		return say_json(notification);
	}
	if (strcmp(method, "kit.values") == 0) {
		print_values(cJSON_GetObjectItem(params, "kits"));
	} else if (strcmp(method, "kit.event") == 0) {
		print_line(cJSON_GetObjectItem(params, "t"), cli_text(params, "kit"),
			cli_text(params, "event"), cJSON_GetObjectItem(params, "value"));
	}
	return fflush(stdout) == 0;
}

/* A kit that goes or comes back is said when its state changes, not with each new row. */
static bool print_state(const struct cli *cli, cJSON *states, const cJSON *params)
{
	const char *kit = cli_text(params, "kit");
	const char *state = cli_text(cJSON_GetObjectItem(params, "row"), "state");
	const char *before = cJSON_GetStringValue(cJSON_GetObjectItem(states, kit));
	bool is_wanted = strcmp(cli->args[0], "all") == 0 || strcmp(cli->args[0], kit) == 0;

	state = *state ? state : "absent";
	if (cli->is_json || !is_wanted || (before && strcmp(before, state) == 0)) {
		return true;
	}
	cJSON_DeleteItemFromObject(states, kit);
	cJSON_AddStringToObject(states, kit, state);
	printf("%10s  %s  %s\n", "", kit, state_text(cli, state));
	return fflush(stdout) == 0;
}

static cJSON *watch_params(const struct cli *cli)
{
	cJSON *params = cli_kit(strcmp(cli->args[0], "all") == 0 ? "*" : cli->args[0]);

	if (cli->arg_count > 1) {
		cJSON_AddItemToObject(params, "properties",
			cJSON_CreateStringArray(cli->args + 1, cli->arg_count - 1));
	}
	if (cli->rate) {
		cJSON_AddItemToObject(params, "rate", cli_value(cli->rate));
	}
	return params;
}

static int follow(struct cli *cli, cJSON *states)
{
	struct why why;
	cJSON *notification;
	bool goes_on = true;

	while (goes_on && (notification = session_next(cli->session, &why)) != NULL) {
		goes_on = strcmp(cli_text(notification, "method"), "kits.changed") == 0
			? print_state(cli, states, cJSON_GetObjectItem(notification, "params"))
			: print_notification(cli, notification);
		cJSON_Delete(notification);
	}
	if (goes_on && why.code != ERR_NONE) {
		say_why(cli, &why);
		return EXIT_FAILED;
	}
	return EXIT_WELL;
}

int command_watch(struct cli *cli)
{
	cJSON *snapshot = cli_ask(cli, "kit.watch", watch_params(cli));
	cJSON *rows = snapshot ? cli_ask(cli, "kits.watch", NULL) : NULL;
	const cJSON *row;
	int code = EXIT_FAILED;

	if (rows) {
		cJSON *states = cJSON_CreateObject();

		cJSON_ArrayForEach(row, cJSON_GetObjectItem(rows, "kits"))
		{
			cJSON_AddStringToObject(states, cli_text(row, "id"),
				cli_text(row, "state"));
		}
		if (cli->is_json) {
			say_json(snapshot);
		} else {
			print_values(cJSON_GetObjectItem(snapshot, "kits"));
			fflush(stdout);
		}
		code = follow(cli, states);
		cJSON_Delete(states);
	}
	cJSON_Delete(snapshot);
	cJSON_Delete(rows);
	return code;
}
