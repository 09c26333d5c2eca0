/* Checked parsing; see jsonscan.h. */
#include "jsonscan.h"

#include "value.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* ---- RFC 8259, to the letter: cJSON also takes 01 and raw line breaks ---- */

struct scan {
	const char *at, *end;
	bool is_too_deep, has_odd_text;
	const char *id; /* value of the outermost object's "id"; NULL = none */
	size_t id_length;
};

static bool scan_value(struct scan *scan, int depth);

static bool has(const struct scan *scan, char c)
{
	return scan->at < scan->end && *scan->at == c;
}

static bool take(struct scan *scan, char c)
{
	bool is_there = has(scan, c);

	scan->at += is_there;
	return is_there;
}

static void skip_space(struct scan *scan)
{
	while (has(scan, ' ') || has(scan, '\t') || has(scan, '\r') || has(scan, '\n')) {
		scan->at++;
	}
}

static bool scan_word(struct scan *scan, const char *word)
{
	size_t length = strlen(word);

	if ((size_t)(scan->end - scan->at) < length || memcmp(scan->at, word, length) != 0) {
		return false;
	}
	scan->at += length;
	return true;
}

static bool take_digits(struct scan *scan)
{
	const char *begin = scan->at;

	while (scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9') {
		scan->at++;
	}
	return scan->at > begin;
}

static bool scan_number(struct scan *scan)
{
	take(scan, '-');
	if (!take(scan, '0') && !take_digits(scan)) {
		return false;
	}
	if (take(scan, '.') && !take_digits(scan)) {
		return false;
	}
	if (take(scan, 'e') || take(scan, 'E')) {
		if (!take(scan, '+')) {
			take(scan, '-');
		}
		return take_digits(scan);
	}
	return true;
}

/* The code unit behind \u; -1: not four hexadecimal digits. */
static long take_unit(struct scan *scan)
{
	char digits[5] = {0};

	if (scan->end - scan->at < 4) {
		return -1;
	}
	memcpy(digits, scan->at, 4);
	scan->at += 4;
	return strspn(digits, "0123456789abcdefABCDEF") == 4 ? strtol(digits, NULL, 16) : -1;
}

/* Behind a backslash. The grammar allows NUL, which would end a C text early, and half a
 * surrogate, which is no UTF-8: neither is taken. */
static bool scan_escape(struct scan *scan)
{
	if (scan->at == scan->end) {
		return false;
	}
	char c = *scan->at++;

	if (c != 'u') {
		return c && strchr("\"\\/bfnrt", c);
	}
	long unit = take_unit(scan);

	if (unit >= 0xD800 && unit < 0xDC00 && scan_word(scan, "\\u")) {
		long low = take_unit(scan);

		scan->has_odd_text = scan->has_odd_text || low < 0xDC00 || low >= 0xE000;
		return low >= 0;
	}
	scan->has_odd_text = scan->has_odd_text || unit == 0 || (unit >= 0xD800 && unit < 0xE000);
	return unit >= 0;
}

static bool scan_text(struct scan *scan)
{
	if (!take(scan, '"')) {
		return false;
	}
	while (scan->at < scan->end) {
		unsigned char c = (unsigned char)*scan->at++;

		if (c == '"') {
			return true;
		}
		if (c < 0x20 || (c == '\\' && !scan_escape(scan))) {
			return false;
		}
	}
	return false;
}

static bool scan_key(struct scan *scan, bool *is_id)
{
	const char *begin = scan->at;

	if (!scan_text(scan)) {
		return false;
	}
	*is_id = scan->at - begin == 4 && memcmp(begin, "\"id\"", 4) == 0;
	skip_space(scan);
	return take(scan, ':');
}

/* An object or array, up to its bracket `close`. */
static bool scan_items(struct scan *scan, char close, int depth)
{
	scan->at++;
	skip_space(scan);
	if (take(scan, close)) {
		return true;
	}
	do {
		bool is_id = false;

		skip_space(scan);
		if (close == '}' && !scan_key(scan, &is_id)) {
			return false;
		}
		const char *begin = scan->at;

		if (!scan_value(scan, depth)) {
			return false;
		}
		if (is_id && depth == 1) {
			scan->id = begin;
			scan->id_length = (size_t)(scan->at - begin);
		}
		skip_space(scan);
	} while (take(scan, ','));
	return take(scan, close);
}

/* Passes over what is too deep, without recursion and without judging it. */
static bool skip_nest(struct scan *scan)
{
	size_t open = 0;

	scan->is_too_deep = true;
	do {
		if (has(scan, '"')) {
			if (!scan_text(scan)) {
				return false;
			}
			continue;
		}
		open += has(scan, '{') || has(scan, '[');
		open -= has(scan, '}') || has(scan, ']');
		scan->at++;
	} while (open > 0 && scan->at < scan->end);
	return open == 0;
}

static bool scan_value(struct scan *scan, int depth)
{
	skip_space(scan);
	if (has(scan, '{') || has(scan, '[')) {
		return depth == JSON_DEPTH_MAX
			? skip_nest(scan)
			: scan_items(scan, has(scan, '{') ? '}' : ']', depth + 1);
	}
	if (has(scan, '"')) {
		return scan_text(scan);
	}
	return scan_word(scan, "true") || scan_word(scan, "false") || scan_word(scan, "null") ||
		scan_number(scan);
}

/* ---- keys ---- */

static int by_text(const void *a, const void *b)
{
	const char *const *first = a, *const *second = b;

	return strcmp(*first, *second);
}

static const char *double_key_here(const cJSON *object)
{
	int count = cJSON_GetArraySize(object), used = 0;
	const char **keys = calloc((size_t)count + 1, sizeof(*keys));
	const char *found = NULL;
	const cJSON *child;

	if (!keys) {
		return "";
	}
	cJSON_ArrayForEach(child, object) {
		keys[used++] = child->string;
	}
	qsort(keys, (size_t)used, sizeof(*keys), by_text);
	for (int i = 1; i < used && !found; i++) {
		if (strcmp(keys[i], keys[i - 1]) == 0) {
			found = keys[i];
		}
	}
	free(keys);
	return found;
}

/* The first key that stands twice, NULL if none. Depth is bounded before. */
static const char *double_key(const cJSON *item)
{
	const char *found = cJSON_IsObject(item) ? double_key_here(item) : NULL;
	const cJSON *child;

	cJSON_ArrayForEach(child, item) {
		if (found) {
			break;
		}
		if (cJSON_IsObject(child) || cJSON_IsArray(child)) {
			found = double_key(child);
		}
	}
	return found;
}

cJSON *json_parse(const char *text, size_t length, struct why *why)
{
	struct scan scan = {.at = text, .end = text + length};

	if (!utf8_is_valid(text, length)) {
		why_set(why, ERR_PROTOCOL, MSG_JSON_UTF8);
		return NULL;
	}
	bool is_json = scan_value(&scan, 0);

	if (scan.is_too_deep) {
		why_set(why, ERR_INVALID, MSG_JSON_DEPTH, JSON_DEPTH_MAX);
		return NULL;
	}
	skip_space(&scan);
	bool is_whole = is_json && scan.at == scan.end;

	if (is_whole && scan.has_odd_text) {
		why_set(why, ERR_INVALID, MSG_JSON_TEXT);
		return NULL;
	}
	cJSON *json = is_whole ? cJSON_ParseWithLength(text, length) : NULL;

	if (!json) {
		why_set(why, ERR_PROTOCOL, MSG_JSON_FORM);
		return NULL;
	}
	const char *key = double_key(json);

	if (key) {
		why_set(why, ERR_INVALID, MSG_JSON_KEY, key);
		cJSON_Delete(json);
		return NULL;
	}
	return json;
}

cJSON *json_id(const char *text, size_t length)
{
	struct scan scan = {.at = text, .end = text + length};
	struct why why;

	scan_value(&scan, 0);
	return scan.id ? json_parse(scan.id, scan.id_length, &why) : NULL;
}
