/*
 * Boards on ptys: answer the Firmata handshake of any host, then send six
 * analog channels every 10 ms, each board at its own phase, as independent
 * boards do. Every channel changes in every sample; A0 carries its number.
 */
#include "load.h"

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { PINS = 20, FIRST_ANALOG = 14, LED = 13, LATE_NS = 100 * 1000 * 1000 };

struct board boards[BOARDS_MAX];
size_t board_count;
uint64_t samples_written, samples_refused;

static uint64_t turns;     /* writes that were due since the start */
static int64_t started_ns;

static void send_bytes(struct board *board, const uint8_t *bytes, size_t count)
{
	if (write(board->master, bytes, count) != (ssize_t)count) {
		fprintf(stderr, "load: %s: an answer was not taken\n", board->path);
	}
}

void boards_create(size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct board *board = &boards[i];
		struct termios raw;

		if (openpty(&board->master, &board->slave, board->path, NULL, NULL) != 0) {
			perror("load: openpty");
			exit(1);
		}
		tcgetattr(board->slave, &raw);
		cfmakeraw(&raw);
		tcsetattr(board->slave, TCSANOW, &raw);
		fcntl(board->master, F_SETFL, O_NONBLOCK);
		board->led = -1;
	}
	board_count = count;
	started_ns = now_ns();
}

/* ---- what the host says ---- */

static void send_capabilities(struct board *board)
{
	uint8_t bytes[8 + PINS * 9] = {0xf0, 0x6c};
	size_t n = 2;

	for (int pin = 0; pin < PINS; pin++) {
		static const uint8_t digital[] = {0, 1, 1, 1, 11, 1}, analog[] = {2, 10};

		memcpy(bytes + n, digital, sizeof(digital));
		n += sizeof(digital);
		if (pin >= FIRST_ANALOG) {
			memcpy(bytes + n, analog, sizeof(analog));
			n += sizeof(analog);
		}
		bytes[n++] = 0x7f;
	}
	bytes[n++] = 0xf7;
	send_bytes(board, bytes, n);
}

static void send_mapping(struct board *board)
{
	uint8_t bytes[PINS + 3] = {0xf0, 0x6a};

	for (int pin = 0; pin < PINS; pin++) {
		bytes[2 + pin] = (uint8_t)(pin >= FIRST_ANALOG ? pin - FIRST_ANALOG : 0x7f);
	}
	bytes[PINS + 2] = 0xf7;
	send_bytes(board, bytes, sizeof(bytes));
}

static void sysex(struct board *board, const uint8_t *data, size_t count)
{
	static const uint8_t firmware[] = {0xf0, 0x79, 2, 5, 'L', 0, 'o', 0, 'a', 0, 'd', 0, 'F', 0,
		'i', 0, 'r', 0, 'm', 0, 'a', 0, 't', 0, 'a', 0, 0xf7};

	if (data[0] == 0x79) {
		send_bytes(board, firmware, sizeof(firmware));
	} else if (data[0] == 0x6b) {
		send_capabilities(board);
	} else if (data[0] == 0x69) {
		send_mapping(board);
	} else if (data[0] == 0x6d && count > 1) {
		uint8_t state[] = {0xf0, 0x6e, data[1], 0, 0, 0xf7};
		send_bytes(board, state, sizeof(state));
	} else if (data[0] == 0x7a && count > 2) {
		board->sampling_ms = data[1] | (unsigned)data[2] << 7;
	}
}

static void set_led(struct board *board, int value)
{
	board->led = value;
	board->led_ns = now_ns();
}

static void message(struct board *board, const uint8_t *m, size_t count)
{
	static const uint8_t version[] = {0xf9, 2, 5};

	if (m[0] == 0xf0) {
		if (count > 2) {
			sysex(board, m + 1, count - 2);
		}
	} else if (m[0] == 0xf9) {
		send_bytes(board, version, sizeof(version));
	} else if (m[0] == 0xff) {
		board->reports = 0;
	} else if ((m[0] & 0xf0) == 0xc0 && (m[0] & 15) < CHANNELS) {
		unsigned bit = 1U << (m[0] & 15);
		board->reports = m[1] ? board->reports | bit : board->reports & ~bit;
	} else if (m[0] == 0xf5 && m[1] == LED) {
		set_led(board, m[2] & 1);
	} else if (m[0] == (0x90 | LED / 8)) {
		set_led(board, m[1] >> LED % 8 & 1);
	}
}

/* Length of the message that begins with `first`; 0 = until F7. */
static size_t message_size(uint8_t first)
{
	switch (first < 0xf0 ? first & 0xf0 : first) {
	case 0xe0:
	case 0x90:
	case 0xf4:
	case 0xf5:
		return 3;
	case 0xc0:
	case 0xd0:
		return 2;
	case 0xf0:
		return 0;
	default:
		return 1;
	}
}

void board_read(struct board *board)
{
	uint8_t bytes[4096];
	ssize_t count = read(board->master, bytes, sizeof(bytes));

	for (ssize_t i = 0; i < count; i++) {
		if (board->used == sizeof(board->message)) {
			board->used = 0;
		}
		board->message[board->used++] = bytes[i];
		size_t size = message_size(board->message[0]);
		if (size ? board->used == size : bytes[i] == 0xf7) {
			message(board, board->message, board->used);
			board->used = 0;
		}
	}
}

/* ---- what it measures ---- */

static void write_sample(struct board *board)
{
	static const unsigned factors[CHANNELS] = {1, 3, 5, 7, 11, 13}; /* odd: all change each time */
	uint8_t bytes[CHANNELS * 3];
	size_t n = 0;

	for (unsigned c = 0; c < CHANNELS; c++) {
		unsigned value = (unsigned)(board->samples * factors[c] % COUNTER);

		if (board->reports & 1U << c) {
			bytes[n++] = (uint8_t)(0xe0 | c);
			bytes[n++] = value & 0x7f;
			bytes[n++] = (uint8_t)(value >> 7);
		}
	}
	board->wrote_ns[board->samples % COUNTER] = now_ns();
	if (write(board->master, bytes, n) == (ssize_t)n) {
		board->samples++;
		samples_written++;
	} else {
		samples_refused++;
	}
}

int64_t boards_stream(int64_t now)
{
	if (board_count == 0) {
		return INT64_MAX;
	}
	int64_t gap = PERIOD_NS / (int64_t)board_count;
	int64_t due = started_ns + (int64_t)turns * gap;

	if (now - due > LATE_NS) { /* this process was starved: no burst of old samples */
		turns = (uint64_t)((now - started_ns) / gap);
		due = now;
	}
	for (; due <= now; turns++, due += gap) {
		struct board *board = &boards[turns % board_count];

		if (board->reports && board->sampling_ms * 1000000 == PERIOD_NS) {
			write_sample(board);
		}
	}
	return due;
}
