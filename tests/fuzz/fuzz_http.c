/*
 * HTTP requests, heads and bodies in chunks: what is taken keeps its promises,
 * and no cut changes the verdict.
 */
#include "http_chunks.h"
#include "http_head.h"
#include "value.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds) {
		abort();
	}
}

static void take_body(const char *bytes, size_t count)
{
	static char whole[4096], pieces[4096];
	struct http_chunks at_once = {0}, by_byte = {0};

	http_chunks_take(&at_once, bytes, count, whole, sizeof(whole));
	for (size_t i = 0; i < count; i++) {
		http_chunks_take(&by_byte, bytes + i, 1, pieces, sizeof(pieces));
	}
	require(at_once.state == by_byte.state && at_once.length <= sizeof(whole));
	if (at_once.state == CHUNKS_DONE) {
		require(at_once.length == by_byte.length &&
			memcmp(whole, pieces, at_once.length) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct http_head head, part;
	static const char hosts[1][128] = {"lab.example"};
	const char *text = (const char *)data;
	int verdict = http_head_parse(text, size, &head);

	for (size_t cut = 0; cut < size; cut += 1 + size / 64) {
		int early = http_head_parse(text, cut, &part);

		require(early == 0 || early == verdict);
	}
	if (verdict != 200) {
		require(verdict == 0 || verdict == 400 || verdict == 505);
		return 0;
	}
	require(head.length <= size && head.length <= HTTP_HEAD_MAX);
	require(head.path[0] == '/' && utf8_is_valid(head.path, strlen(head.path)));
	require(!strstr(head.path, "/../") && !strstr(head.path, "/./"));
	require(head.host[0] != '\0' && head.method[0] != '\0');
	require(!head.upgrades_well || head.upgrades);
	if (head.is_chunked) {
		require(head.content_length == 0 && !head.upgrades_well);
		take_body(text + head.length, size - head.length);
	}
	(void)http_host_is_ours(head.host, "::1", 8080, hosts, 1);
	(void)http_origin_host(head.origin);
	return 0;
}
