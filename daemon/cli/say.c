/* Printing for people and programs; see say.h. */
#include "say.h"

#include "xalloc.h"

#include <stdlib.h>
#include <string.h>

const char *say_text(const struct cli *cli, enum msg msg)
{
	static struct why why;

	why_fill(&why, ERR_INTERNAL, msg);
	return why_text(&why, cli->lang);
}

void say_why(const struct cli *cli, const struct why *why)
{
	cJSON *error = cJSON_CreateObject();
	cJSON *data = cJSON_AddObjectToObject(error, "data");

	cJSON_AddStringToObject(data, "reason", err_name(why->code));
	cJSON_AddStringToObject(data, "hint", why_text(why, cli->lang));
	say_error(cli, error);
	cJSON_Delete(error);
}

void say_error(const struct cli *cli, const cJSON *error)
{
	const cJSON *data = cJSON_GetObjectItem(error, "data");
	const char *hint = cJSON_GetStringValue(cJSON_GetObjectItem(data, "hint"));

	fflush(stdout);
	if (cli->is_json) {
		char *text = cJSON_PrintUnformatted(data ? data : error);

		fprintf(stderr, "{\"error\":%s}\n", text);
		cJSON_free(text);
		return;
	}
	if (!hint || !*hint) {
		hint = cJSON_GetStringValue(cJSON_GetObjectItem(error, "message"));
	}
	fputs("kitlab: ", stderr);
	say_plain(stderr, hint ? hint : "?");
	fputc('\n', stderr);
}

bool say_json(const cJSON *json)
{
	char *text = cJSON_PrintUnformatted(json);

	puts(text);
	cJSON_free(text);
	return fflush(stdout) == 0;
}

void say_plain(FILE *out, const char *text)
{
	for (const unsigned char *at = (const unsigned char *)(text ? text : ""); *at; at++) {
		bool is_c1 = at[0] == 0xC2 && at[1] >= 0x80 && at[1] < 0xA0;

		if ((*at < 0x20 && *at != '\n' && *at != '\t') || *at == 0x7F) {
			fprintf(out, "\\x%02x", *at);
		} else if (is_c1) {
			fprintf(out, "\\x%02x", *++at);
		} else {
			fputc(*at, out);
		}
	}
}

void say_value(FILE *out, const cJSON *value)
{
	if (cJSON_IsString(value)) {
		say_plain(out, value->valuestring);
		return;
	}
	char *text = cJSON_PrintUnformatted(value);

	fputs(text ? text : "null", out);
	cJSON_free(text);
}

/* Columns that a text takes on a terminal: Chinese characters take two. */
static size_t width(const char *text)
{
	size_t columns = 0;

	for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
		if ((*at & 0xC0) != 0x80) {
			/* Three bytes from U+2E80 on: E2 BA 80. */
			columns += at[0] > 0xE2 || (at[0] == 0xE2 && at[1] >= 0xBA) ? 2 : 1;
		}
	}
	return columns;
}

void table_add(struct table *table, const char *text)
{
	table->cells = xrealloc(table->cells, (table->count + 1) * sizeof(*table->cells));
	table->cells[table->count++] = xstrdup(text && *text ? text : "-");
}

void table_head(struct table *table, const char *head)
{
	char *copy = xstrdup(head), *rest = copy, *cell;

	while ((cell = strsep(&rest, "|")) != NULL) {
		table_add(table, cell);
	}
	table->columns = table->count;
	free(copy);
}

void table_print(struct table *table)
{
	for (size_t i = 0; i < table->count; i++) {
		size_t widest = 0, own = width(table->cells[i]);
		bool is_last = (i + 1) % table->columns == 0;

		for (size_t row = i % table->columns; row < table->count; row += table->columns) {
			size_t cell = width(table->cells[row]);

			widest = cell > widest ? cell : widest;
		}
		say_plain(stdout, table->cells[i]);
		printf("%*s", is_last ? 0 : (int)(widest - own + 2), "");
		if (is_last) {
			putchar('\n');
		}
	}
	for (size_t i = 0; i < table->count; i++) {
		free(table->cells[i]);
	}
	free(table->cells);
	*table = (struct table){0};
}
