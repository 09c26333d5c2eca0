/* Checked parsing; see jsonscan.h. */
#include "jsonscan.h"

#include "value.h"

#include <stdlib.h>
#include <string.h>

/* Deepest nesting of brackets outside of texts. */
static int depth_of(const char *text, size_t length)
{
	int depth = 0, deepest = 0;
	bool in_text = false;

	for (size_t i = 0; i < length; i++) {
		if (in_text) {
			if (text[i] == '\\') {
				i++;
			} else if (text[i] == '"') {
				in_text = false;
			}
		} else if (text[i] == '"') {
			in_text = true;
		} else if (text[i] == '[' || text[i] == '{') {
			depth++;
			deepest = depth > deepest ? depth : deepest;
		} else if (text[i] == ']' || text[i] == '}') {
			depth--;
		}
	}
	return deepest;
}

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
	const char *end = NULL;

	if (!utf8_is_valid(text, length)) {
		why_set(why, ERR_PROTOCOL, MSG_JSON_UTF8);
		return NULL;
	}
	if (depth_of(text, length) > JSON_DEPTH_MAX) {
		why_set(why, ERR_INVALID, MSG_JSON_DEPTH, JSON_DEPTH_MAX);
		return NULL;
	}
	cJSON *json = cJSON_ParseWithLengthOpts(text, length, &end, false);

	while (json && end < text + length && strchr(" \t\r\n", *end)) {
		end++;
	}
	if (!json || end != text + length) {
		cJSON_Delete(json);
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
