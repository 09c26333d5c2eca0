/*
 * Who answers which path, and how a refusal looks: for programs JSON
 * {reason, hint}, for a person's browser that opened a wrong address the same
 * sentence as a small page.
 */
#include "http.h"

#include "server.h"
#include "xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int status_of(enum err code)
{
	switch (code) {
	case ERR_INVALID:
	case ERR_PROTOCOL:
		return 400;
	case ERR_FORBIDDEN:
		return 403;
	case ERR_NOT_FOUND:
		return 404;
	case ERR_BUSY:
	case ERR_REFUSED:
	case ERR_CONFLICT:
		return 409;
	case ERR_STOPPED:
		return 423;
	case ERR_LIMIT:
		return 429;
	case ERR_UNSUPPORTED:
		return 501;
	case ERR_LOST:
		return 503;
	case ERR_TIMEOUT:
		return 504;
	case ERR_IO:
	case ERR_INTERNAL:
	case ERR_NONE:
		break;
	}
	return 500;
}

void http_answer_json(struct http_request *request, const char *type, cJSON *json)
{
	char *text = cJSON_PrintUnformatted(json);
	struct why why;

	cJSON_Delete(json);
	if (!text) {
		why_set(&why, ERR_INTERNAL, MSG_NO_MEMORY);
		http_fail(request, &why);
		return;
	}
	struct http_reply reply = {
		.status = 200, .type = type, .body = text, .length = strlen(text)};

	http_answer(request, &reply);
	cJSON_free(text);
}

/* {reason, hint}; owned by the caller. */
static char *json_of(const struct why *why, enum lang lang)
{
	enum err code = why->code == ERR_PROTOCOL ? ERR_INVALID : why->code;
	cJSON *json = cJSON_CreateObject();

	cJSON_AddStringToObject(json, "reason", err_name(code));
	cJSON_AddStringToObject(json, "hint", why_text(why, lang));
	char *text = cJSON_PrintUnformatted(json);

	cJSON_Delete(json);
	return text;
}

/* The hint may quote what a stranger wrote: nothing of it becomes markup. */
static char *page_of(const struct why *why, enum lang lang)
{
	char safe[6 * sizeof(why->text[0])] = "";
	size_t used = 0;

	for (const char *at = why_text(why, lang); *at; at++) {
		const char *entity = *at == '<' ? "&lt;" : *at == '>' ? "&gt;" : *at == '&' ? "&amp;" : NULL;
		int wrote = entity ? snprintf(safe + used, sizeof(safe) - used, "%s", entity)
				   : snprintf(safe + used, sizeof(safe) - used, "%c", *at);

		used += (size_t)wrote;
	}
	return xasprintf("<!doctype html><html lang=\"%s\"><meta charset=\"utf-8\">"
			 "<title>Kitlab</title><p>%s</p><p><a href=\"/\">Kitlab</a></p></html>\n",
		lang == LANG_ZH ? "zh" : "en", safe);
}

static void fail_with(struct http_request *request, int status, const char *headers,
	const struct why *why)
{
	bool is_page = request->head.accepts_html;
	char *text = is_page ? page_of(why, request->head.lang) : json_of(why, request->head.lang);
	struct http_reply reply = {
		.status = status,
		.type = is_page ? "text/html; charset=utf-8" : "application/json",
		.headers = headers,
		.body = text ? text : "",
		.length = text ? strlen(text) : 0,
	};

	http_answer(request, &reply);
	free(text);
}

void http_fail(struct http_request *request, const struct why *why)
{
	fail_with(request, status_of(why->code), NULL, why);
}

void http_fail_as(struct http_request *request, int status, const struct why *why)
{
	fail_with(request, status, NULL, why);
}

bool http_allows(struct http_request *request, const char *allowed)
{
	const char *method = request->head.method;
	size_t length = strlen(method);
	char *headers;
	struct why why;

	for (const char *at = allowed; *at; at += strspn(at, " ")) {
		size_t here = strcspn(at, " ");

		if (here == length && memcmp(at, method, length) == 0) {
			return true;
		}
		at += here;
	}
	why_set(&why, ERR_UNSUPPORTED, MSG_HTTP_METHOD, method, allowed);
	headers = xasprintf("Allow: %s\r\nCache-Control: no-store\r\n", allowed);
	for (char *at = headers + 7; *at != '\r'; at++) {
		*at = *at == ' ' ? ',' : *at;
	}
	fail_with(request, 405, headers, &why);
	free(headers);
	return false;
}

void http_route(struct http_request *request)
{
	static const struct http_reply alive = {
		.status = 200, .type = "text/plain", .body = "ok", .length = 2, .is_static = true};
	const char *path = request->head.path;
	struct why why;

	if (request->body_length > 0 && !request->head.has_json) {
		why_set(&why, ERR_INVALID, MSG_HTTP_TYPE);
		http_fail_as(request, 415, &why);
	} else if (strcmp(path, "/healthz") == 0) {
		if (http_allows(request, "GET HEAD")) {
			http_answer(request, &alive);
		}
	} else if (strcmp(path, "/metrics") == 0) {
		if (http_allows(request, "GET HEAD")) {
			metrics_answer(request);
		}
	} else if (strcmp(path, "/ws") == 0) {
		why_set(&why, ERR_INVALID, MSG_HTTP_WS_ONLY);
		http_fail(request, &why);
	} else if (strncmp(path, "/api/", 5) == 0) {
		api_answer(request);
	} else if (strcmp(path, "/.well-known/wot") == 0 || strcmp(path, "/things") == 0 ||
		strncmp(path, "/things/", 8) == 0) {
		wot_answer(request);
	} else {
		pages_answer(request);
	}
}
