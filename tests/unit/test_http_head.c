/* Heads of requests: what is taken, what is refused, and whose names they carry. FAULTS 49, 51. */
#include "http_head.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct http_head head;

static int parse_bytes(const char *bytes, size_t count)
{
	memset(&head, 0, sizeof(head));
	return http_head_parse(bytes, count, &head);
}

static int parse(const char *text)
{
	return parse_bytes(text, strlen(text));
}

/* A head with these further lines, each with its CR LF. */
static int parse_with(const char *lines)
{
	char text[4096];

	snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: a\r\n%s\r\n", lines);
	return parse(text);
}

static int parse_target(const char *target)
{
	char text[4096];

	snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", target);
	return parse(text);
}

static void a_plain_request_is_taken_apart(void **state)
{
	(void)state;
	static const char text[] = "PUT /things/uno-1/properties/pin.A0?x=1&y HTTP/1.1\r\n"
				   "hOST:  127.0.0.1:8080 \r\n"
				   "Accept-Encoding: br;q=1, gzip\r\n"
				   "Accept-Language: fr, zh-CN;q=0.9, en\r\n"
				   "Accept: text/html\r\n"
				   "Content-Type: application/json; charset=utf-8\r\n"
				   "Content-Length: 12\r\n"
				   "If-None-Match: \"abc\"\r\n"
				   "Kitlab-Lease: L7\r\n"
				   "\r\nthe body is not read";

	assert_int_equal(parse(text), 200);
	assert_int_equal(head.length, strlen(text) - strlen("the body is not read"));
	assert_string_equal(head.method, "PUT");
	assert_string_equal(head.path, "/things/uno-1/properties/pin.A0");
	assert_string_equal(head.query, "x=1&y");
	assert_string_equal(head.host, "127.0.0.1:8080");
	assert_string_equal(head.origin, "");
	assert_string_equal(head.if_none_match, "\"abc\"");
	assert_string_equal(head.lease, "L7");
	assert_int_equal(head.content_length, 12);
	assert_int_equal(head.lang, LANG_ZH);
	assert_true(head.has_json && head.accepts_gzip && head.accepts_html);
	assert_false(head.upgrades || head.expects_continue);
}

static void half_a_head_waits_at_every_cut(void **state)
{
	(void)state;
	static const char text[] = "GET /%E4%BD%A0 HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n";

	for (size_t cut = 0; cut + 1 < sizeof(text) - 1; cut++) {
		assert_int_equal(parse_bytes(text, cut), 0);
	}
	assert_int_equal(parse(text), 200);
	assert_string_equal(head.path, "/\xe4\xbd\xa0");
}

static void a_websocket_needs_all_of_its_handshake(void **state)
{
	(void)state;
	static const char good[] = "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
				   "Sec-WebSocket-Version: 13\r\n"
				   "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";

	assert_int_equal(parse_with(good), 200);
	assert_true(head.upgrades && head.upgrades_well && !head.has_subprotocol);
	assert_int_equal(parse_with("Upgrade: websocket\r\nConnection: Upgrade\r\n"), 200);
	assert_true(head.upgrades && !head.upgrades_well);
	assert_int_equal(parse_with("Sec-WebSocket-Protocol: x, kitlab.v1\r\n"), 200);
	assert_true(head.has_subprotocol);
	assert_int_equal(parse_with("Sec-WebSocket-Protocol: KITLAB.V1\r\n"), 200);
	assert_false(head.has_subprotocol);
	/* Another protocol is no WebSocket: the request stays what it is. */
	assert_int_equal(parse_with("Upgrade: h2c\r\nConnection: Upgrade\r\n"), 200);
	assert_false(head.upgrades);
}

static void fault_49_two_readers_cannot_disagree_about_the_length(void **state)
{
	(void)state;
	assert_int_equal(parse_with("Content-Length: 1\r\nContent-Length: 1\r\n"), 400);
	assert_int_equal(parse_with("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"), 400);
	assert_int_equal(parse_with("Transfer-Encoding: chunked\r\nContent-Length: 1\r\n"), 400);
	assert_int_equal(parse_with("Transfer-Encoding: gzip, chunked\r\n"), 400);
	assert_int_equal(parse_with("Transfer-Encoding: xchunked\r\n"), 400);
	assert_int_equal(parse_with("Transfer-Encoding: chunked\r\n"), 200);
	assert_true(head.is_chunked);
	assert_int_equal(parse_with("Transfer-Encoding: x\r\nTransfer-Encoding: chunked\r\n"), 400);
	assert_int_equal(parse_with("Content-Length: +1\r\n"), 400);
	assert_int_equal(parse_with("Content-Length: 1,1\r\n"), 400);
	assert_int_equal(parse_with("Content-Length: 0x10\r\n"), 400);
	assert_int_equal(parse_with("Content-Length: -1\r\n"), 400);
	assert_int_equal(parse_with("Content-Length:\r\n"), 400);
	assert_int_equal(parse_with("Content-Length: 99999999999999999999\r\n"), 400);
	assert_int_equal(parse_with("Content-Length : 1\r\n"), 400);
	assert_int_equal(parse_with(" Content-Length: 1\r\n"), 400);
	assert_int_equal(parse_with("X: a\r\n folded\r\n"), 400);
	assert_int_equal(parse_with("X: a\nContent-Length: 1\r\n"), 400);
	assert_int_equal(parse_with("X: a\rContent-Length: 1\r\n"), 400);
	assert_int_equal(parse_with("no colon\r\n"), 400);
	assert_int_equal(parse_with(": no name\r\n"), 400);
}

static void fault_49_a_host_is_needed_and_only_one(void **state)
{
	(void)state;
	assert_int_equal(parse("GET / HTTP/1.1\r\n\r\n"), 400);
	assert_int_equal(parse("GET / HTTP/1.1\r\nHost:\r\n\r\n"), 400);
	assert_int_equal(parse_with("Host: a\r\n"), 400);
	assert_int_equal(parse_with("Origin: http://a\r\nOrigin: http://b\r\n"), 400);
}

static void fault_49_odd_targets_are_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {"/..", "/../x", "/a/../b", "/a/..", "/./a", "/a/.",
		"/%2e%2e/x", "/.%2E", "/a%2fb", "/a%5cb", "/a\\b", "/%00", "/a%0d%0ab", "/%", "/%4",
		"/%zz", "/\xff", "/%ff", "/%c0%ae", "/a b", "/a#b", "*", "http://a/", "a", ""};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (parse_target(bad[i]) != 400) {
			fail_msg("\"%s\" is not refused", bad[i]);
		}
	}
	assert_int_equal(parse_target("/.well-known/wot"), 200);
	assert_int_equal(parse_target("/a...b/..c"), 200);
	assert_int_equal(parse_target("/?q=../.."), 200);
}

static void fault_49_nul_and_other_versions_are_refused(void **state)
{
	(void)state;
	static const char nul[] = "GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n";

	assert_int_equal(parse_bytes(nul, sizeof(nul) - 1), 400);
	/* Already before the head is whole. */
	assert_int_equal(parse_bytes(nul, 30), 400);
	assert_int_equal(parse("GET / HTTP/2.0\r\nHost: a\r\n\r\n"), 505);
	assert_int_equal(parse("PRI * HTTP/2.0\r\n\r\n"), 400);
	assert_int_equal(parse("GET /\r\n\r\n"), 400);
	assert_int_equal(parse("GET  / HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
	assert_int_equal(parse("G\x01T / HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
	assert_int_equal(parse("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
}

static void fault_49_long_heads_are_refused_before_they_end(void **state)
{
	(void)state;
	char *text = malloc(HTTP_HEAD_MAX + 1);

	assert_non_null(text);
	int start = snprintf(text, HTTP_HEAD_MAX, "GET / HTTP/1.1\r\nHost: a\r\nX: ");

	memset(text + start, 'x', (size_t)(HTTP_HEAD_MAX - start));
	assert_int_equal(parse_bytes(text, HTTP_HEAD_MAX - 1), 0);
	assert_int_equal(parse_bytes(text, HTTP_HEAD_MAX), 400);
	free(text);

	char many[2048] = "";

	for (int i = 0; i < 101; i++) {
		strncat(many, "X: a\r\n", sizeof(many) - strlen(many) - 1);
	}
	assert_int_equal(parse_with(many), 400);
}

static bool ours(const char *name)
{
	static const char hosts[3][128] = {"lab.example", "proxy.example:443", "[fe80::1]"};

	return http_host_is_ours(name, "10.0.0.7", 8080, hosts, 3);
}

static void fault_51_only_our_names_are_ours(void **state)
{
	(void)state;
	assert_true(ours("127.0.0.1:8080"));
	assert_true(ours("LOCALHOST:8080"));
	assert_true(ours("[::1]:8080"));
	assert_true(ours("10.0.0.7:8080"));
	assert_true(ours("lab.example:8080"));
	assert_true(ours("lab.example"));
	assert_true(ours("proxy.example:443"));
	assert_true(ours("[fe80::1]:8080"));
	assert_false(ours("127.0.0.1"));
	assert_false(ours("127.0.0.1:8081"));
	assert_false(ours("localhost:08080000000000"));
	assert_false(ours("localhost:8080:8080"));
	assert_false(ours("localhost.evil.example:8080"));
	assert_false(ours("evil.example:8080"));
	assert_false(ours("lab.example:8081"));
	assert_false(ours("proxy.example"));
	assert_false(ours("[::1]x:8080"));
	assert_false(ours("[::1:8080"));
	assert_false(ours(":8080"));
	assert_false(ours(""));
}

static void fault_51_an_origin_has_a_host_or_none(void **state)
{
	(void)state;
	assert_string_equal(http_origin_host("http://a:1"), "a:1");
	assert_string_equal(http_origin_host("HTTPS://a"), "a");
	assert_null(http_origin_host("null"));
	assert_null(http_origin_host("file://"));
	assert_null(http_origin_host("http://"));
	/* No path belongs there: such a host is nobody's. */
	assert_false(ours(http_origin_host("http://localhost:8080/x")));
	assert_false(ours(http_origin_host("http://x@localhost:8080")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_request_is_taken_apart),
		cmocka_unit_test(half_a_head_waits_at_every_cut),
		cmocka_unit_test(a_websocket_needs_all_of_its_handshake),
		cmocka_unit_test(fault_49_two_readers_cannot_disagree_about_the_length),
		cmocka_unit_test(fault_49_a_host_is_needed_and_only_one),
		cmocka_unit_test(fault_49_odd_targets_are_refused),
		cmocka_unit_test(fault_49_nul_and_other_versions_are_refused),
		cmocka_unit_test(fault_49_long_heads_are_refused_before_they_end),
		cmocka_unit_test(fault_51_only_our_names_are_ours),
		cmocka_unit_test(fault_51_an_origin_has_a_host_or_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
