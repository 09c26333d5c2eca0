/* The head of an answer; see http_text.h. */
#include "http_text.h"

#include "clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/*
 * Pages may load from here only, and be framed by nobody. Editors put styles
 * into the page, so inline styles are allowed; inline scripts are not.
 */
static const char security[] =
	"Content-Security-Policy: default-src 'self'; style-src 'self' 'unsafe-inline'; "
	"img-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; "
	"form-action 'self'; frame-ancestors 'none'\r\n"
	"X-Content-Type-Options: nosniff\r\n"
	"X-Frame-Options: DENY\r\n"
	"Referrer-Policy: no-referrer\r\n"
	"Cross-Origin-Opener-Policy: same-origin\r\n"
	"Cross-Origin-Resource-Policy: same-origin\r\n";

static const char *status_word(int status)
{
	static const struct {
		int status;
		const char *word;
	} words[] = {
		{200, "OK"},
		{204, "No Content"},
		{304, "Not Modified"},
		{400, "Bad Request"},
		{403, "Forbidden"},
		{404, "Not Found"},
		{405, "Method Not Allowed"},
		{408, "Request Timeout"},
		{409, "Conflict"},
		{413, "Content Too Large"},
		{415, "Unsupported Media Type"},
		{423, "Locked"},
		{429, "Too Many Requests"},
		{500, "Internal Server Error"},
		{501, "Not Implemented"},
		{503, "Service Unavailable"},
		{504, "Gateway Timeout"},
		{505, "HTTP Version Not Supported"},
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (words[i].status == status) {
			return words[i].word;
		}
	}
	return "Error";
}

size_t http_text_head(char *text, size_t room, const struct http_reply *reply)
{
	time_t now = (time_t)(clock_utc_ms() / 1000);
	struct tm utc;
	char date[40], body[160] = "";

	gmtime_r(&now, &utc);
	strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &utc);
	if (reply->type) {
		snprintf(body, sizeof(body), "Content-Type: %s\r\nContent-Length: %zu\r\n",
			reply->type, reply->length);
	}
	int length = snprintf(text, room, "HTTP/1.1 %d %s\r\nDate: %s\r\n%s%s%s%sConnection: close\r\n\r\n",
		reply->status, status_word(reply->status), date, body,
		reply->headers ? reply->headers : "Cache-Control: no-store\r\n",
		security, reply->type || reply->status == 304 ? "" : "Content-Length: 0\r\n");

	return length < 0 ? 0 : (size_t)length < room ? (size_t)length : room - 1;
}
