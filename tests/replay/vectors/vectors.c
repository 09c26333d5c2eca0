/*
 * Holds the codecs to a file of wire vectors: `vectors FILE`, FILE a JSON array of
 * {protocol, name, direction, hex, reply_hex?, ...}.
 *
 * `hex` must decode to whole frames without an error, give the same frames however
 * it is cut, and encode back to the same bytes; `reply_hex` likewise in the other
 * direction. Protocols without a codec are skipped. Counted per vector; the last
 * line is "N passed, N failed, N skipped". Exit 1 on any failure.
 */
#include "codec.h"

#include <cjson/cJSON.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX = 64 * 1024 * 1024 };

static const struct {
	const char *protocol;
	take_fn *take;
} codecs[] = {
	{"firmata", take_firmata},
	{"dynamixel2", take_dynamixel},
	{"lx16a", take_lx16a},
	{"nxt", take_nxt},
	{"mbot", take_makeblock},
	{"owi_arm", take_owi},
	{"ev3", take_ev3},
};

static take_fn *find_codec(const char *protocol)
{
	for (size_t i = 0; i < sizeof(codecs) / sizeof(codecs[0]); i++) {
		if (strcmp(codecs[i].protocol, protocol) == 0) {
			return codecs[i].take;
		}
	}
	return NULL;
}

/* ---- one vector ---- */

/* The stream comes in pieces that end at `cut` and then every `step` bytes. */
static const char *decode(
	take_fn *take, struct stream *stream, size_t cut, size_t step, struct frames *frames)
{
	frames->count = frames->bytes = 0;
	stream->at = stream->old = 0;
	for (size_t end = cut;; end += step) {
		stream->come = end < stream->count ? end : stream->count;
		const char *wrong = take(stream, frames);

		if (wrong) {
			return wrong;
		}
		if (stream->come == stream->count) {
			return stream->at < stream->come ? "ends in the middle of a frame" : NULL;
		}
		stream->old = stream->come;
	}
}

static const char *check_stream(take_fn *take, struct stream *stream)
{
	static struct frames whole, cut;

	const char *wrong = decode(take, stream, stream->count, stream->count, &whole);

	if (wrong) {
		return wrong;
	}
	if (whole.bytes != stream->count || memcmp(whole.again, stream->bytes, whole.bytes) != 0) {
		return "encodes to other bytes";
	}
	/* In two pieces at each place; at last (at = count) byte by byte. */
	for (size_t at = 1; at <= stream->count; at++) {
		bool is_bytewise = at == stream->count;

		wrong = decode(
			take, stream, is_bytewise ? 1 : at, is_bytewise ? 1 : stream->count, &cut);
		if (wrong) {
			return wrong;
		}
		if (cut.count != whole.count || cut.bytes != whole.bytes ||
			memcmp(cut.lengths, whole.lengths, cut.count * sizeof(cut.lengths[0])) !=
				0 ||
			memcmp(cut.again, whole.again, cut.bytes) != 0) {
			return "gives other frames when it is cut";
		}
	}
	return NULL;
}

static int digit(char c)
{
	return isdigit((unsigned char)c) ? c - '0'
		: c >= 'a' && c <= 'f'	 ? c - 'a' + 10
		: c >= 'A' && c <= 'F'	 ? c - 'A' + 10
					 : -1;
}

static const char *check_hex(take_fn *take, bool to_kit, const char *hex)
{
	static uint8_t bytes[BYTES_MAX];
	size_t digits = strlen(hex);

	if (digits == 0 || digits % 2 != 0 || digits / 2 > BYTES_MAX) {
		return "is not an even number of hexadecimal digits";
	}
	for (size_t i = 0; i < digits / 2; i++) {
		int high = digit(hex[2 * i]), low = digit(hex[2 * i + 1]);

		if (high < 0 || low < 0) {
			return "has something else than hexadecimal digits";
		}
		bytes[i] = (uint8_t)(high << 4 | low);
	}
	struct stream stream = {.to_kit = to_kit, .bytes = bytes, .count = digits / 2};

	return check_stream(take, &stream);
}

/* *field names what is wrong. */
static const char *check_vector(take_fn *take, const cJSON *vector, const char **field)
{
	const char *direction = cJSON_GetStringValue(cJSON_GetObjectItem(vector, "direction"));
	const char *hex = cJSON_GetStringValue(cJSON_GetObjectItem(vector, "hex"));
	const cJSON *reply = cJSON_GetObjectItem(vector, "reply_hex");
	size_t length = direction ? strlen(direction) : 0;
	bool to_kit = length > 6 && strncmp(direction, "host->", 6) == 0;

	to_kit |= length > 0 && strcmp(direction, "control") == 0; /* a USB control transfer */

	*field = "direction";
	if (!to_kit && (length < 7 || strcmp(direction + length - 6, "->host") != 0)) {
		return "is neither from the host (host->board) nor to it (board->host)";
	}
	*field = "hex";
	if (!hex) {
		return "is missing";
	}
	const char *wrong = check_hex(take, to_kit, hex);

	if (wrong || !reply || cJSON_IsNull(reply)) {
		return wrong;
	}
	*field = "reply_hex";
	return cJSON_IsString(reply) ? check_hex(take, !to_kit, reply->valuestring)
				     : "is not a text";
}

/* ---- the file ---- */

static char *read_file(const char *path)
{
	FILE *file = fopen(path, "re");
	char *text = NULL;
	size_t count = 0;

	if (!file || fseek(file, 0, SEEK_END) != 0) {
		fprintf(stderr, "vectors: %s: %s\n", path, strerror(errno));
		goto done;
	}
	long size = ftell(file);

	if (size < 0 || size > FILE_MAX) {
		fprintf(stderr, "vectors: %s: is no file of at most %d bytes\n", path, FILE_MAX);
		goto done;
	}
	rewind(file);
	text = calloc(1, (size_t)size + 1);
	if (text) {
		count = fread(text, 1, (size_t)size, file);
	}
	if (count != (size_t)size) {
		fprintf(stderr, "vectors: %s: cannot be read\n", path);
		free(text);
		text = NULL;
	}
done:
	if (file) {
		fclose(file);
	}
	return text;
}

static cJSON *read_vectors(const char *path)
{
	char *text = read_file(path);
	const char *stopped = NULL;

	if (!text) {
		return NULL;
	}
	cJSON *vectors = cJSON_ParseWithOpts(text, &stopped, true);

	if (!vectors) {
		int line = 1;

		for (const char *c = text; c < stopped; c++) {
			line += *c == '\n';
		}
		fprintf(stderr, "vectors: %s:%d: not valid JSON\n", path, line);
	} else if (!cJSON_IsArray(vectors)) {
		fprintf(stderr, "vectors: %s: is not a JSON array of vectors\n", path);
		cJSON_Delete(vectors);
		vectors = NULL;
	}
	free(text);
	return vectors;
}

int main(int argc, char **argv)
{
	unsigned passed = 0, failed = 0, skipped = 0, number = 0;

	if (argc != 2) {
		fprintf(stderr, "usage: vectors FILE\n");
		return 2;
	}
	cJSON *vectors = read_vectors(argv[1]);

	if (!vectors) {
		return 1;
	}
	const cJSON *vector;

	cJSON_ArrayForEach(vector, vectors)
	{
		const char *protocol =
			cJSON_GetStringValue(cJSON_GetObjectItem(vector, "protocol"));
		const char *name = cJSON_GetStringValue(cJSON_GetObjectItem(vector, "name"));
		const char *field = "protocol", *wrong = "is missing";

		number++;
		if (protocol) {
			take_fn *take = find_codec(protocol);

			if (!take) {
				skipped++;
				continue;
			}
			wrong = check_vector(take, vector, &field);
		}
		if (wrong) {
			failed++;
			printf("FAILED %u %s %s: %s %s\n", number, protocol ? protocol : "-",
				name ? name : "-", field, wrong);
		} else {
			passed++;
		}
	}
	cJSON_Delete(vectors);
	printf("%u passed, %u failed, %u skipped\n", passed, failed, skipped);
	return failed > 0;
}
