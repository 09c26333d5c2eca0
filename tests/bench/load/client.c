/*
 * WebSocket clients without a library: the upgrade, masked text frames out,
 * unmasked frames in, pongs. Of kit.values only the kit's number and A0 are
 * read, with memmem: receiving 10 MB a second must not be the load.
 */
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct client clients[CLIENTS_MAX];
size_t client_count;
struct received received;

static void die(const char *what)
{
	fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void send_frame(struct client *client, int opcode, const char *text, size_t length)
{
	uint8_t head[14] = {(uint8_t)(0x80 | opcode)};
	size_t n = 2;

	if (length < 126) {
		head[1] = (uint8_t)(0x80 | length);
	} else {
		head[1] = 0x80 | 126;
		head[n++] = (uint8_t)(length >> 8);
		head[n++] = (uint8_t)length;
	}
	n += 4; /* a mask of zeros: the bytes stay as they are */
	char frame[sizeof(head) + 65536];
	memcpy(frame, head, n);
	memcpy(frame + n, text, length);
	if (length >= 65536 || send(client->fd, frame, n + length, MSG_NOSIGNAL) < 0) {
		die("send");
	}
}

void client_send(struct client *client, const char *text)
{
	send_frame(client, 1, text, strlen(text));
}

/* ---- connecting ---- */

static void upgrade(struct client *client, int port)
{
	char text[512];
	size_t got = 0;
	int length = snprintf(text, sizeof(text),
		"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\n"
		"Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: kitlab.v1\r\n\r\n", port);

	if (send(client->fd, text, (size_t)length, 0) != length) {
		die("upgrade");
	}
	do { /* byte by byte: what follows the head is ours to keep */
		if (got == sizeof(text) - 1 || recv(client->fd, text + got, 1, 0) != 1) {
			die("no answer to the upgrade");
		}
		text[++got] = '\0';
	} while (!strstr(text, "\r\n\r\n"));
	if (strncmp(text, "HTTP/1.1 101", 12) != 0) {
		fprintf(stderr, "load: %s\n", text);
		exit(1);
	}
}

void clients_connect(int port, size_t count)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int on = 1;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (size_t i = 0; i < count; i++) {
		struct client *client = &clients[i];

		client->fd = socket(AF_INET, SOCK_STREAM, 0);
		if (connect(client->fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
			die("connect");
		}
		setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		upgrade(client, port);
		fcntl(client->fd, F_SETFL, O_NONBLOCK);
		client->is_open = true;
		client->in_length = 0;
		client->answers = 0;
	}
	client_count = count;
}

void clients_close(void)
{
	for (size_t i = 0; i < client_count; i++) {
		close(clients[i].fd);
	}
	client_count = 0;
}

/* ---- receiving ---- */

/* "bN":{ ... "pin.A0":V: which sample was it, and how old is it? */
static void note_kit(unsigned board_number, unsigned value, int64_t now)
{
	struct board *board = board_number < board_count ? &boards[board_number] : NULL;

	if (!board || value >= COUNTER || board->samples == 0) {
		return;
	}
	received.kits++;
	hist_add(&received.latency, now - board->wrote_ns[value]);
}

static void read_values(const char *text, size_t length, int64_t now)
{
	static const char name[] = "\"pin.A0\":";
	const char *at = text, *end = text + length;

	for (const char *hit; (hit = memmem(at, (size_t)(end - at), name, sizeof(name) - 1));) {
		/* The kit's key is the last "b before it. */
		const char *key = memrchr(at, '{', (size_t)(hit - at));
		while (key && key > text && !(key[0] == '"' && key[1] == 'b')) {
			key--;
		}
		at = hit + sizeof(name) - 1;
		if (key && *at >= '0' && *at <= '9') {
			note_kit((unsigned)strtoul(key + 2, NULL, 10),
				(unsigned)strtoul(at, NULL, 10), now);
		}
	}
}

static void text_frame(struct client *client, const char *text, size_t length, int64_t now)
{
	if (memmem(text, length < 64 ? length : 64, "\"kit.values\"", 12)) {
		received.messages++;
		received.bytes += length;
		read_values(text, length, now);
	} else if (memmem(text, length, "\"error\"", 7) && !memmem(text, length, "\"method\"", 8)) {
		fprintf(stderr, "load: %.*s\n", (int)(length < 400 ? length : 400), text);
		exit(1);
	} else if (memmem(text, length, "\"result\"", 8)) {
		client->answers++;
	}
}

/* Handles the frame at the buffer's start; its size, or 0 when more is needed. */
static size_t one_frame(struct client *client, const char *in, size_t length, int64_t now)
{
	const uint8_t *bytes = (const uint8_t *)in;
	size_t head = 2, size = length >= 2 ? bytes[1] & 0x7f : 0;

	if (length < 2) {
		return 0;
	}
	if (size == 126) {
		head = 4;
		size = length >= head ? (size_t)bytes[2] << 8 | bytes[3] : 0;
	} else if (size == 127) {
		head = 10;
		size = length >= head
			? (size_t)bytes[6] << 24 | (size_t)bytes[7] << 16 | (size_t)bytes[8] << 8 | bytes[9]
			: 0;
	}
	if (length < head + size) {
		return 0;
	}
	int opcode = bytes[0] & 15;
	if (opcode == 1) {
		text_frame(client, in + head, size, now);
	} else if (opcode == 9) {
		send_frame(client, 10, in + head, size);
	} else if (opcode == 8) {
		client->is_open = false;
	}
	return head + size;
}

bool client_read(struct client *client)
{
	if (client->in_room - client->in_length < 65536) {
		client->in_room += 131072;
		client->in = realloc(client->in, client->in_room);
		if (!client->in) {
			die("memory");
		}
	}
	ssize_t got = recv(client->fd, client->in + client->in_length,
		client->in_room - client->in_length - 1, 0);
	int64_t now = now_ns();
	if (got <= 0) {
		return got < 0 && errno == EAGAIN;
	}
	client->in_length += (size_t)got;
	client->in[client->in_length] = '\0';
	size_t done = 0, used;
	while ((used = one_frame(client, client->in + done, client->in_length - done, now)) > 0) {
		done += used;
	}
	client->in_length -= done;
	memmove(client->in, client->in + done, client->in_length);
	return client->is_open;
}
