/* The head of a request; see http_head.h. */
#include "http_head.h"

#include "value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { HEADERS_MAX = 100, BAD = 400, NO_SUCH_VERSION = 505, WELL = 200 };

/* A piece of the head; not terminated. */
struct piece {
	const char *at;
	size_t length;
};

/* What must not stand twice, and what needs several headers to judge. */
struct reading {
	struct http_head *head;
	bool has_host, has_origin, has_length, has_type, has_encoding;
	bool has_key, has_version, connection_upgrades;
};

static bool is_token(struct piece piece)
{
	for (size_t i = 0; i < piece.length; i++) {
		char c = piece.at[i];

		if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
			    (c && strchr("!#$%&'*+-.^_`|~", c)))) {
			return false;
		}
	}
	return piece.length > 0;
}

static bool is(struct piece piece, const char *word)
{
	return piece.length == strlen(word) && strncasecmp(piece.at, word, piece.length) == 0;
}

/* The next of a list's elements ("a, b;q=1"), without its parameters. False: no more. */
static bool next_element(struct piece *list, struct piece *element)
{
	while (list->length > 0 && strchr(" \t,", *list->at)) {
		list->at++;
		list->length--;
	}
	if (list->length == 0) {
		return false;
	}
	const char *comma = memchr(list->at, ',', list->length);
	size_t whole = comma ? (size_t)(comma - list->at) : list->length;
	const char *semicolon = memchr(list->at, ';', whole);

	*element = (struct piece){list->at, semicolon ? (size_t)(semicolon - list->at) : whole};
	while (element->length > 0 && strchr(" \t", element->at[element->length - 1])) {
		element->length--;
	}
	list->at += whole;
	list->length -= whole;
	return true;
}

/* Names of subprotocols are case-sensitive, says RFC 6455; other words are not. */
static bool offers(struct piece list, const char *subprotocol)
{
	struct piece element;

	while (next_element(&list, &element)) {
		if (is(element, subprotocol) &&
			memcmp(element.at, subprotocol, element.length) == 0) {
			return true;
		}
	}
	return false;
}

static bool has_element(struct piece list, const char *word)
{
	struct piece element;

	while (next_element(&list, &element)) {
		if (is(element, word)) {
			return true;
		}
	}
	return false;
}

static enum lang first_language(struct piece list)
{
	struct piece tag;

	while (next_element(&list, &tag)) {
		if (tag.length >= 2 && (tag.length == 2 || tag.at[2] == '-')) {
			if (strncasecmp(tag.at, "zh", 2) == 0) {
				return LANG_ZH;
			}
			if (strncasecmp(tag.at, "en", 2) == 0) {
				return LANG_EN;
			}
		}
	}
	return LANG_EN;
}

static bool keep(struct piece piece, char *to, size_t room)
{
	if (piece.length >= room) {
		return false;
	}
	memcpy(to, piece.at, piece.length);
	to[piece.length] = '\0';
	return true;
}

/* Says also whether it had been there already. */
static bool first_time(bool *seen)
{
	bool was = *seen;

	*seen = true;
	return !was;
}

static bool read_length(struct piece value, size_t *length)
{
	size_t number = 0;

	if (value.length == 0 || value.length > 10) {
		return false;
	}
	for (size_t i = 0; i < value.length; i++) {
		if (value.at[i] < '0' || value.at[i] > '9') {
			return false;
		}
		number = number * 10 + (size_t)(value.at[i] - '0');
	}
	*length = number;
	return true;
}

static bool is_json(struct piece value)
{
	struct piece type;

	return next_element(&value, &type) &&
		(is(type, "application/json") ||
			(type.length > 17 && strncasecmp(type.at, "application/", 12) == 0 &&
				strncasecmp(type.at + type.length - 5, "+json", 5) == 0));
}

/* Headers that decide what the request is: each at most once, or false. */
static bool take_framing(struct reading *reading, struct piece name, struct piece value)
{
	struct http_head *head = reading->head;

	if (is(name, "host")) {
		return first_time(&reading->has_host) && value.length > 0 &&
			keep(value, head->host, sizeof(head->host));
	}
	if (is(name, "origin")) {
		return first_time(&reading->has_origin) && value.length > 0 &&
			keep(value, head->origin, sizeof(head->origin));
	}
	if (is(name, "content-length")) {
		return first_time(&reading->has_length) && read_length(value, &head->content_length);
	}
	if (is(name, "content-type")) {
		head->has_json = is_json(value);
		return first_time(&reading->has_type);
	}
	if (is(name, "transfer-encoding")) {
		head->is_chunked = is(value, "chunked");
		return first_time(&reading->has_encoding) && head->is_chunked;
	}
	if (is(name, "upgrade")) {
		/* Other protocols may be ignored, says RFC 9110, and are. */
		head->upgrades = head->upgrades || has_element(value, "websocket");
	}
	return true;
}

static bool take_wishes(struct reading *reading, struct piece name, struct piece value)
{
	struct http_head *head = reading->head;

	if (is(name, "accept-encoding")) {
		head->accepts_gzip = head->accepts_gzip || has_element(value, "gzip");
	} else if (is(name, "accept")) {
		head->accepts_html = head->accepts_html || has_element(value, "text/html");
	} else if (is(name, "accept-language")) {
		head->lang = first_language(value);
	} else if (is(name, "connection")) {
		reading->connection_upgrades =
			reading->connection_upgrades || has_element(value, "upgrade");
	} else if (is(name, "expect")) {
		head->expects_continue = is(value, "100-continue");
	} else if (is(name, "if-none-match")) {
		/* Longer than ours: no match, no harm. */
		(void)keep(value, head->if_none_match, sizeof(head->if_none_match));
	} else if (is(name, "kitlab-lease")) {
		return keep(value, head->lease, sizeof(head->lease));
	} else if (is(name, "sec-websocket-key")) {
		return first_time(&reading->has_key) && value.length == 24;
	} else if (is(name, "sec-websocket-version")) {
		reading->has_version = is(value, "13");
	} else if (is(name, "sec-websocket-protocol")) {
		head->has_subprotocol = head->has_subprotocol || offers(value, "kitlab.v1");
	}
	return true;
}

/* "Name: value". Folded lines and spaces before the colon are refused. */
static bool take_header(struct reading *reading, struct piece line)
{
	const char *colon = memchr(line.at, ':', line.length);

	if (!colon) {
		return false;
	}
	struct piece name = {line.at, (size_t)(colon - line.at)};
	struct piece value = {colon + 1, line.length - name.length - 1};

	if (!is_token(name)) {
		return false;
	}
	while (value.length > 0 && strchr(" \t", *value.at)) {
		value.at++;
		value.length--;
	}
	while (value.length > 0 && strchr(" \t", value.at[value.length - 1])) {
		value.length--;
	}
	return take_framing(reading, name, value) && take_wishes(reading, name, value);
}

static int hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0'
		: c >= 'a' && c <= 'f' ? c - 'a' + 10
		: c >= 'A' && c <= 'F' ? c - 'A' + 10
				       : -1;
}

/* Percent-decoding of a path. An encoded slash, NUL or control character is refused. */
static bool decode(struct piece from, char *to, size_t room)
{
	size_t used = 0;

	for (size_t i = 0; i < from.length; i++) {
		unsigned char c = (unsigned char)from.at[i];

		if (c == '%') {
			int high = i + 2 < from.length ? hex(from.at[i + 1]) : -1;
			int low = high >= 0 ? hex(from.at[i + 2]) : -1;

			if (low < 0) {
				return false;
			}
			c = (unsigned char)(high << 4 | low);
			i += 2;
			if (c < 0x20 || c == 0x7F || c == '/' || c == '\\') {
				return false;
			}
		} else if (c >= 0x80 || c == '\\') {
			return false;
		}
		if (used + 1 >= room) {
			return false;
		}
		to[used++] = (char)c;
	}
	to[used] = '\0';
	return utf8_is_valid(to, used);
}

static bool has_dots(const char *path)
{
	for (const char *at = path; (at = strchr(at, '/')) != NULL;) {
		at++;
		size_t length = strcspn(at, "/");

		if (length > 0 && length <= 2 && strspn(at, ".") >= length) {
			return true;
		}
	}
	return false;
}

/* "GET /path?query HTTP/1.1": WELL or a status. */
static int take_request_line(struct http_head *head, struct piece line)
{
	const char *first = memchr(line.at, ' ', line.length);
	const char *last = memrchr(line.at, ' ', line.length);

	if (!first || first == last) {
		return BAD;
	}
	struct piece method = {line.at, (size_t)(first - line.at)};
	struct piece target = {first + 1, (size_t)(last - first - 1)};
	struct piece version = {last + 1, line.length - (size_t)(last + 1 - line.at)};

	if (!is_token(method) || !keep(method, head->method, sizeof(head->method)) ||
		target.length == 0 || *target.at != '/' ||
		memchr(target.at, ' ', target.length) || memchr(target.at, '#', target.length)) {
		return BAD;
	}
	if (version.length != 8 || memcmp(version.at, "HTTP/1.", 7) != 0) {
		return version.length == 8 && memcmp(version.at, "HTTP/", 5) == 0 ? NO_SUCH_VERSION
										   : BAD;
	}
	const char *mark = memchr(target.at, '?', target.length);
	struct piece path = {target.at, mark ? (size_t)(mark - target.at) : target.length};
	struct piece query = {mark ? mark + 1 : "", mark ? target.length - path.length - 1 : 0};

	if (!decode(path, head->path, sizeof(head->path)) || has_dots(head->path) ||
		!keep(query, head->query, sizeof(head->query))) {
		return BAD;
	}
	return WELL;
}

/* Only CR LF ends a line; no other control character but the tab. */
static bool has_only_text(const char *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		unsigned char c = (unsigned char)bytes[i];

		if (c == '\r' ? (i + 1 < count && bytes[i + 1] != '\n')
			: c == '\n' ? (i == 0 || bytes[i - 1] != '\r')
				    : (c < 0x20 && c != '\t') || c == 0x7F) {
			return false;
		}
	}
	return true;
}

static int judge(const struct reading *reading)
{
	struct http_head *head = reading->head;

	if (!reading->has_host || (reading->has_encoding && reading->has_length)) {
		return BAD;
	}
	head->upgrades_well = head->upgrades && reading->connection_upgrades &&
		reading->has_key && reading->has_version && head->content_length == 0 && !head->is_chunked &&
		strcmp(head->method, "GET") == 0;
	return WELL;
}

int http_head_parse(const char *bytes, size_t count, struct http_head *head)
{
	size_t room = count < HTTP_HEAD_MAX ? count : HTTP_HEAD_MAX;
	const char *end = memmem(bytes, room, "\r\n\r\n", 4);
	struct reading reading = {.head = head};

	if (!end) {
		return count >= HTTP_HEAD_MAX || !has_only_text(bytes, room) ? BAD : 0;
	}
	memset(head, 0, sizeof(*head));
	head->length = (size_t)(end + 4 - bytes);
	if (!has_only_text(bytes, head->length)) {
		return BAD;
	}
	const char *at = bytes;

	for (int n = 0; at < end + 2; n++) {
		const char *stop = memmem(at, (size_t)(end + 2 - at), "\r\n", 2);
		struct piece line = {at, (size_t)(stop - at)};
		int status = n == 0 ? take_request_line(head, line)
			: n <= HEADERS_MAX && take_header(&reading, line) ? WELL
									  : BAD;

		if (status != WELL) {
			return status;
		}
		at = stop + 2;
	}
	return judge(&reading);
}

/* ---- whose name is it ---- */

/* Splits "name", "name:80", "[::1]:80". port -1: none, -2: not a host. */
static int split_host(const char *text, struct piece *name)
{
	const char *close = text[0] == '[' ? strchr(text, ']') : NULL;
	const char *colon = close ? (close[1] == ':' ? close + 1 : NULL) : strrchr(text, ':');
	size_t length = close ? (size_t)(close + 1 - text) : colon ? (size_t)(colon - text) : strlen(text);

	*name = (struct piece){text, length};
	if (length == 0 || (text[0] == '[' && !close) || (close && close[1] && close[1] != ':')) {
		return -2;
	}
	if (!colon) {
		return -1;
	}
	size_t number;
	struct piece digits = {colon + 1, strlen(colon + 1)};

	return read_length(digits, &number) && number <= 65535 ? (int)number : -2;
}

static bool same(struct piece a, struct piece b)
{
	return a.length == b.length && strncasecmp(a.at, b.at, a.length) == 0;
}

bool http_host_is_ours(const char *text, const char *listen_host, int port,
	const char (*hosts)[128], int host_count)
{
	static const char *const loopback[] = {"localhost", "127.0.0.1", "[::1]"};
	struct piece name, ours;
	int named = split_host(text, &name);
	char bracketed[80];

	if (named == -2) {
		return false;
	}
	if (named == port || (named == -1 && port == 80)) {
		for (size_t i = 0; i < sizeof(loopback) / sizeof(loopback[0]); i++) {
			if (is(name, loopback[i])) {
				return true;
			}
		}
		snprintf(bracketed, sizeof(bracketed), strchr(listen_host, ':') ? "[%s]" : "%s",
			listen_host);
		if (is(name, bracketed)) {
			return true;
		}
	}
	for (int i = 0; i < host_count; i++) {
		int wanted = split_host(hosts[i], &ours);

		if (same(name, ours) &&
			(wanted == -1 ? named == -1 || named == port : named == wanted)) {
			return true;
		}
	}
	return false;
}

const char *http_origin_host(const char *origin)
{
	static const char *const schemes[] = {"http://", "https://"};

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		size_t length = strlen(schemes[i]);

		if (strncasecmp(origin, schemes[i], length) == 0 && origin[length] != '\0') {
			return origin + length;
		}
	}
	return NULL;
}
