/*
 * The head of a request, from bytes to facts: pure, for the door, the tests and
 * the fuzzer.
 *
 * Stricter than most servers on purpose (RFC 9112 with nothing optional): two
 * readers of one head must not be able to disagree, and the paths here need no
 * exotic forms. Whatever is odd is refused and costs one connection.
 */
#pragma once

#include "err.h"

#include <stdbool.h>
#include <stddef.h>

enum { HTTP_HEAD_MAX = 16 * 1024 };

struct http_head {
	size_t length;     /* bytes, with the empty line */
	char method[16];
	char path[1024];   /* decoded, UTF-8, starts with '/', without '.' and '..' segments */
	char query[1024];  /* as it came, without '?' */
	char host[256];    /* as it came: "127.0.0.1:8080" */
	char origin[256];  /* "" = none: a program */
	char if_none_match[64];
	char lease[64];
	enum lang lang;    /* the first of zh and en in Accept-Language */
	size_t content_length;
	bool is_chunked;   /* then content_length is 0 */
	bool has_json;     /* Content-Type is application/json or ends with +json */
	bool accepts_gzip, accepts_html;
	bool expects_continue;
	bool upgrades;     /* Upgrade: websocket */
	bool upgrades_well; /* version 13, a key, Connection: Upgrade */
	bool has_subprotocol; /* kitlab.v1 is among those offered */
};

/*
 * The bytes so far: 0 = more are needed, a status (400, 505) = refuse,
 * 200 = *head is whole. Never depends on how the bytes were cut.
 */
int http_head_parse(const char *bytes, size_t count, struct http_head *head);

/*
 * Is `name` ("lab.example:8080") one that this server listens to? `hosts` are
 * the configuration's: with a port they match exactly, without one with our
 * port or with none (a proxy's). Loopback names always belong to it.
 */
bool http_host_is_ours(const char *name, const char *listen_host, int port,
	const char (*hosts)[128], int host_count);

/* The host in an Origin ("http://lab.example:8080"), NULL if it has none ("null", "file://"). */
const char *http_origin_host(const char *origin);
