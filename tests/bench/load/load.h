/*
 * The load generator of the bench: N boards on ptys that stream, M WebSocket
 * clients that receive, and the clock between them, in one process and one
 * thread, so that the time from a write into a pty to its receipt at a client
 * is a subtraction.
 *
 * It knows nothing of Kitlab's code: it measures whatever serves the ptys and
 * speaks the same small part of the wire contract (kit.watch, kit.values,
 * kit.write, script.run). bench.mjs drives it by lines on standard input.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	BOARDS_MAX = 256,
	CLIENTS_MAX = 512,
	CHANNELS = 6,
	COUNTER = 1024, /* A0 carries the sample's number modulo this: 10 bits, 10 s at 100 Hz */
	PERIOD_NS = 10 * 1000 * 1000,
};

int64_t now_ns(void);

/* ---- hist.c: latencies in buckets of 2 % ---- */

struct hist {
	uint64_t buckets[1024], count;
	int64_t max_ns;
};

void hist_add(struct hist *hist, int64_t ns);
double hist_ms(const struct hist *hist, double quantile);
void hist_print(const struct hist *hist, const char *name); /* "name":{"p50":...} */

/* ---- board.c: a Firmata board that streams ---- */

struct board {
	int master, slave; /* the slave is held, so that the pty outlives its users */
	char path[64];
	uint8_t message[256];
	size_t used;
	unsigned reports;  /* bit c: analog channel c */
	unsigned sampling_ms;
	uint64_t samples;  /* written so far */
	int64_t wrote_ns[COUNTER];
	int led;           /* pin 13, -1 = not written yet */
	int64_t led_ns;    /* when it was written last */
};

extern struct board boards[BOARDS_MAX];
extern size_t board_count;
extern uint64_t samples_written, samples_refused; /* refused: nobody read the pty */

void boards_create(size_t count);
void board_read(struct board *board);
/* Lets the boards write that are due, and tells when the next one is. */
int64_t boards_stream(int64_t now);

/* ---- client.c: the smallest WebSocket client that can keep up ---- */

struct client {
	int fd;
	bool is_open;
	char *in;
	size_t in_length, in_room;
	uint64_t answers; /* responses with an id */
};

extern struct client clients[CLIENTS_MAX];
extern size_t client_count;

/* What came since the last clients_begin(). */
struct received {
	struct hist latency; /* of each kit in each message */
	uint64_t messages, kits, bytes, skipped;
};
extern struct received received;

/* Connects and upgrades, blocking. Exits with a message when that fails. */
void clients_connect(int port, size_t count);
void clients_close(void);
void client_send(struct client *client, const char *text);
/* False: the other side is gone. */
bool client_read(struct client *client);
