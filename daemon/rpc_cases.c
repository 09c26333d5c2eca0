/*
 * case.list and case.get: what the pages and the command line show of the
 * course cases. Pupils get guide and starter; the solution goes to teachers.
 */
#include "cases.h"
#include "rpc.h"
#include "server.h"

#include <string.h>

/* A copy of the metadata whose {zh, en} pairs are the texts of one language. */
static cJSON *localised(const cJSON *meta, enum lang lang)
{
	static const char *const pairs[] = {"title", "summary", "objectives"};
	cJSON *copy = cJSON_Duplicate(meta, 1);

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		const cJSON *pair = cJSON_GetObjectItemCaseSensitive(meta, pairs[i]);
		const cJSON *text = cJSON_GetObjectItemCaseSensitive(pair,
			lang == LANG_ZH ? "zh" : "en");

		cJSON_ReplaceItemInObjectCaseSensitive(copy, pairs[i], cJSON_Duplicate(text, 1));
	}
	return copy;
}

static void case_list(struct server *server, struct request *request, const cJSON *params)
{
	const char *filter = "";
	struct why why;

	if (!param_text(params, "filter", true, &filter, &why)) {
		request_fail(request, &why);
		return;
	}
	if (filter && strlen(filter) > CASES_FILTER_MAX) {
		why_set(&why, ERR_LIMIT, MSG_CASE_FILTER_LONG, CASES_FILTER_MAX);
		request_fail(request, &why);
		return;
	}
	cJSON *result = cJSON_CreateObject();
	cJSON *list = cJSON_AddArrayToObject(result, "cases");

	for (size_t i = 0; i < cases_count(server->cases); i++) {
		const cJSON *meta = cases_meta(server->cases, i);

		if (!filter || cases_match(meta, filter)) {
			cJSON_AddItemToArray(list, localised(meta, request->client->lang));
		}
	}
	request_reply(request, result);
}

static void case_get(struct server *server, struct request *request, const cJSON *params)
{
	const char *id, *word = NULL;
	enum lang lang = request->client->lang;
	struct why why;

	if (!param_text(params, "case", false, &id, &why) ||
		!param_text(params, "lang", true, &word, &why)) {
		request_fail(request, &why);
		return;
	}
	const cJSON *meta = cases_find_meta(server->cases, id);

	if (!meta) {
		why_set(&why, ERR_NOT_FOUND, MSG_NO_CASE, id);
		request_fail(request, &why);
		return;
	}
	if (word) {
		lang = strncmp(word, "zh", 2) == 0 ? LANG_ZH : LANG_EN;
	}
	cJSON *result = localised(meta, lang);

	cJSON_AddStringToObject(result, "guide", cases_guide(server->cases, id, lang));
	cJSON_AddStringToObject(result, "starter", cases_source(server->cases, id, false));
	if (request->client->role >= ROLE_TEACHER) {
		cJSON_AddStringToObject(result, "solution", cases_source(server->cases, id, true));
	}
	request_reply(request, result);
}

const struct rpc_method rpc_cases[] = {
	{"case.list", ROLE_DISPLAY, case_list},
	{"case.get", ROLE_DISPLAY, case_get},
	{NULL, ROLE_NONE, NULL},
};
