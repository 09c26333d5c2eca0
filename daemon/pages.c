/*
 * The dashboard's files, from inside the program: gzipped as they were embedded
 * (a client without gzip gets them inflated), with an ETag; names with a hash
 * never change, all else is asked for anew each time.
 */
#include "http.h"

#include "embedded.h"
#include "xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static const char *type_of(const char *name)
{
	static const char *const types[][2] = {
		{".html", "text/html; charset=utf-8"},
		{".js", "text/javascript; charset=utf-8"},
		{".css", "text/css; charset=utf-8"},
		{".svg", "image/svg+xml"},
		{".json", "application/json"},
		{".png", "image/png"},
		{".ico", "image/vnd.microsoft.icon"},
		{".wav", "audio/wav"},
		{".mp3", "audio/mpeg"},
		{".txt", "text/plain; charset=utf-8"},
	};
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; dot && i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcmp(dot, types[i][0]) == 0) {
			return types[i][1];
		}
	}
	return "application/octet-stream";
}

static const struct embedded_file *find(const char *path)
{
	const char *name = strcmp(path, "/") == 0 ? "index.html" : path + 1;

	for (const struct embedded_file *file = web_files; file->name; file++) {
		if (strcmp(file->name, name) == 0) {
			return file;
		}
	}
	return NULL;
}

/* The gzip trailer's last four bytes are the length. NULL: damaged, which embed.mjs cannot make. */
static unsigned char *inflate_file(const struct embedded_file *file, size_t *length)
{
	const unsigned char *end = (const unsigned char *)file->bytes + file->size;
	size_t whole = (size_t)end[-4] | (size_t)end[-3] << 8 | (size_t)end[-2] << 16 |
		(size_t)end[-1] << 24;
	unsigned char *text = xcalloc(1, whole + 1);
	z_stream stream = {
		.next_in = (z_const Bytef *)(uintptr_t)file->bytes,
		.avail_in = (uInt)file->size,
		.next_out = text,
		.avail_out = (uInt)whole + 1,
	};
	int result = inflateInit2(&stream, 16 + MAX_WBITS);

	if (result == Z_OK) {
		result = inflate(&stream, Z_FINISH);
		inflateEnd(&stream);
	}
	if (result != Z_STREAM_END) {
		free(text);
		return NULL;
	}
	*length = stream.total_out;
	return text;
}

static void answer_file(struct http_request *request, const struct embedded_file *file)
{
	bool is_hashed = strncmp(file->name, "assets/", 7) == 0;
	bool is_gzip = request->head.accepts_gzip;
	char etag[32], headers[256];
	struct http_reply reply = {
		.status = 200,
		.type = type_of(file->name),
		.headers = headers,
		.body = file->bytes,
		.length = file->size,
		.is_static = true,
	};
	unsigned char *inflated = NULL;

	/* The two forms are two representations, each with a tag of its own. */
	snprintf(etag, sizeof(etag), "\"%s%s\"", file->etag, is_gzip ? "" : "-i");
	snprintf(headers, sizeof(headers), "ETag: %s\r\nCache-Control: %s\r\nVary: Accept-Encoding\r\n%s",
		etag, is_hashed ? "public, max-age=31536000, immutable" : "no-cache",
		is_gzip ? "Content-Encoding: gzip\r\n" : "");
	if (strstr(request->head.if_none_match, etag)) {
		reply.status = 304;
		reply.type = NULL;
	} else if (!is_gzip) {
		inflated = inflate_file(file, &reply.length);
		reply.body = inflated;
		reply.is_static = false;
		reply.status = inflated ? 200 : 500;
		reply.type = inflated ? reply.type : NULL;
	}
	http_answer(request, &reply);
	free(inflated);
}

void pages_answer(struct http_request *request)
{
	const struct embedded_file *file = find(request->head.path);
	struct why why;

	if (!file) {
		why_set(&why, ERR_NOT_FOUND, MSG_HTTP_NO_PAGE, request->head.path);
		http_fail(request, &why);
	} else if (http_allows(request, "GET HEAD")) {
		answer_file(request, file);
	}
}
