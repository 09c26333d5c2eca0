/*
 * The configuration file: INI, read by inih line by line.
 *
 * inih cuts lines at its buffer's size in silence, glues indented lines to the
 * one before, and goes on after an error; so the lines come from a reader of our
 * own that refuses long ones, takes the indentation away, counts, and stops at
 * the first error.
 */
#include "config.h"

#include "value.h"

#include <ini.h>
#include <stdio.h>
#include <string.h>

enum { FILE_BYTES_MAX = 256 * 1024, KEYS_MAX = 64 };

struct reader {
	const char *at, *end;
	struct config *config;
	struct why *why;
	int line;             /* the one that inih has now */
	enum err err;
	bool seen[KEYS_MAX];  /* by place in config_keys */
};

/* As fgets() does; NULL ends. */
static char *next_line(char *line, int room, void *stream)
{
	struct reader *reader = stream;

	if (reader->err || reader->at == reader->end) {
		return NULL;
	}
	const char *newline = memchr(reader->at, '\n', (size_t)(reader->end - reader->at));
	const char *end = newline ? newline : reader->end;

	reader->line++;
	while (reader->at < end && (*reader->at == ' ' || *reader->at == '\t')) {
		reader->at++;
	}
	size_t length = (size_t)(end - reader->at);

	if (length >= (size_t)room) {
		reader->err = why_set(reader->why, ERR_INVALID, MSG_CONFIG_LINE_LONG, room - 1);
		return NULL;
	}
	memcpy(line, reader->at, length);
	line[length] = '\0';
	reader->at = newline ? newline + 1 : reader->end;
	return line;
}

/* The words of a column of the table, without repeats of the one before. */
static void list_words(const char *section, char *text, size_t room)
{
	const char *last = "";
	size_t used = 0;

	text[0] = '\0';
	for (const struct config_key *row = config_keys; row->key; row++) {
		const char *word = section ? row->key : row->section;

		if ((section && section[0] != '\0' && strcmp(row->section, section) != 0) ||
			strcmp(word, last) == 0) {
			continue;
		}
		int wrote = snprintf(text + used, room - used, "%s%s", used ? " " : "", word);

		used += wrote > 0 && (size_t)wrote < room - used ? (size_t)wrote : 0;
		last = word;
	}
}

static bool is_section(const char *name)
{
	for (const struct config_key *row = config_keys; row->key; row++) {
		if (strcmp(row->section, name) == 0) {
			return true;
		}
	}
	return false;
}

/* "limits mbot": the section's name, and for what its limits hold. */
static enum err split_section(struct reader *reader, const char *whole, char name[64])
{
	size_t length = strcspn(whole, " \t");
	const char *scope = whole + length + strspn(whole + length, " \t");
	bool is_limits = length == 6 && memcmp(whole, "limits", 6) == 0;

	if (length >= 64 || strlen(scope) >= sizeof(reader->config->limits_scope) ||
		(scope[0] && !is_limits)) {
		return why_set(reader->why, ERR_INVALID, MSG_CONFIG_SCOPE, scope);
	}
	snprintf(name, 64, "%.*s", (int)length, whole);
	snprintf(reader->config->limits_scope, sizeof(reader->config->limits_scope), "%s", scope);
	return ERR_NONE;
}

/* A key may also stand before the first section. */
static enum err set(struct reader *reader, const char *whole, const char *key,
	const char *value)
{
	char words[320], section[64];

	if (split_section(reader, whole, section)) {
		return ERR_INVALID;
	}

	if (section[0] != '\0' && !is_section(section)) {
		list_words(NULL, words, sizeof(words));
		return why_set(reader->why, ERR_INVALID, MSG_CONFIG_SECTION, section, words);
	}
	for (int i = 0; config_keys[i].key; i++) {
		const struct config_key *row = &config_keys[i];

		if (strcmp(row->key, key) != 0 ||
			(section[0] != '\0' && strcmp(row->section, section) != 0)) {
			continue;
		}
		if (reader->seen[i] && !row->repeats) {
			return why_set(reader->why, ERR_INVALID, MSG_CONFIG_TWICE, key);
		}
		reader->seen[i] = true;
		return row->set(reader->config, key, value, reader->why);
	}
	list_words(section, words, sizeof(words));
	return why_set(reader->why, ERR_INVALID, MSG_CONFIG_KEY, key, words);
}

static int on_key(void *user, const char *section, const char *key, const char *value)
{
	struct reader *reader = user;

	if (!reader->err) {
		reader->err = set(reader, section, key, value);
	}
	return 1;
}

enum err config_read(const char *text, size_t length, struct config *config, int *line,
	struct why *why)
{
	struct reader reader = {.at = text, .end = text + length, .config = config, .why = why};

	if (length > FILE_BYTES_MAX || !utf8_is_valid(text, length)) {
		*line = 1;
		return why_set(why, ERR_INVALID, MSG_CONFIG_TEXT, FILE_BYTES_MAX);
	}
	/* The first line that inih itself does not understand. */
	int bad = ini_parse_stream(next_line, &reader, on_key, &reader);

	if (bad && (!reader.err || bad < reader.line)) {
		*line = bad;
		return why_set(why, ERR_INVALID, MSG_CONFIG_LINE);
	}
	*line = reader.line;
	return reader.err;
}
