/* What all commands share: asking, and reading values; see cli.h. */
#include "cli.h"

#include "say.h"
#include "session.h"
#include "xalloc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

cJSON *cli_ask(struct cli *cli, const char *method, cJSON *params)
{
	struct why why;
	cJSON *answer = session_call(cli->session, method, params, &why);

	if (!answer) {
		say_why(cli, &why);
		return NULL;
	}
	cJSON *result = cJSON_DetachItemFromObject(answer, "result");

	if (!result) {
		say_error(cli, cJSON_GetObjectItem(answer, "error"));
	}
	cJSON_Delete(answer);
	return result;
}

int cli_tell(struct cli *cli, const char *method, cJSON *params)
{
	cJSON *result = cli_ask(cli, method, params);

	if (!result) {
		return EXIT_FAILED;
	}
	if (cli->is_json) {
		say_json(result);
	}
	cJSON_Delete(result);
	return EXIT_WELL;
}

const char *cli_text(const cJSON *object, const char *name)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(object, name));

	return text ? text : "";
}

cJSON *cli_kit(const char *kit)
{
	cJSON *params = cJSON_CreateObject();

	cJSON_AddStringToObject(params, "kit", kit);
	return params;
}

cJSON *cli_value(const char *text)
{
	cJSON *value = cJSON_ParseWithOpts(text, NULL, 1);

	if (value) {
		return value;
	}
	if (strcmp(text, "on") == 0 || strcmp(text, "off") == 0) {
		return cJSON_CreateBool(text[1] == 'n');
	}
	return cJSON_CreateString(text);
}

cJSON *cli_pairs(const struct cli *cli, int first)
{
	cJSON *pairs = cJSON_CreateObject();

	for (int i = first; i < cli->arg_count; i++) {
		char *name = xstrdup(cli->args[i]);
		char *equals = strchr(name, '=');

		if (!equals || equals == name) {
			struct why why;

			why_set(&why, ERR_INVALID, MSG_CLI_NOT_PAIR, name);
			say_why(cli, &why);
			free(name);
			cJSON_Delete(pairs);
			return NULL;
		}
		*equals = '\0';
		cJSON_AddItemToObject(pairs, name, cli_value(equals + 1));
		free(name);
	}
	return pairs;
}

char *cli_read_file(const char *path, size_t max, struct why *why)
{
	bool is_stdin = strcmp(path, "-") == 0;
	FILE *in = is_stdin ? stdin : fopen(path, "re");

	if (!in) {
		why_set(why, ERR_IO, MSG_CLI_CANNOT_READ, path, strerror(errno));
		return NULL;
	}
	char *text = xcalloc(1, max + 2);
	size_t length = fread(text, 1, max + 1, in);
	int fault = ferror(in) ? errno : 0;

	if (!is_stdin) {
		fclose(in);
	}
	if (fault) {
		why_set(why, ERR_IO, MSG_CLI_CANNOT_READ, path, strerror(fault));
	} else if (length > max) {
		why_set(why, ERR_LIMIT, MSG_CLI_FILE_LONG, path, (int)(max / 1024));
	} else if (strlen(text) != length) {
		why_set(why, ERR_INVALID, MSG_CLI_NOT_TEXT, path);
	} else {
		return text;
	}
	free(text);
	return NULL;
}
