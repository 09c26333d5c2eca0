/*
 * Commands, one a line on standard input; each is answered by a line of JSON:
 *   boards N            makes the ptys            -> {"paths": [...]}
 *   clients PORT N RATE connects, watches all kits -> {"clients": N}
 *   leave               closes the clients
 *   measure MS          -> what the clients got, how late, what the boards wrote
 *   write MS            kit.write to one board after the other, one in flight
 *   script N            script.run on N boards, one after the other: time to the
 *                       first byte that the script sends to its board
 */
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS = 256, PAUSE_MS = 10, PATIENCE_MS = 10000, SECOND_NS = 1000 * 1000 * 1000 };

static int poller;

/* Commands that came; the boards go on streaming while one is done. */
static struct {
	char text[4096];
	size_t length;
} input;

int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void add(int fd, void *what)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = what};

	epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);
}

static void read_input(void)
{
	ssize_t got = read(STDIN_FILENO, input.text + input.length,
		sizeof(input.text) - 1 - input.length);

	if (got <= 0) {
		exit(0);
	}
	input.length += (size_t)got;
	input.text[input.length] = '\0';
}

/* One turn: streams, waits until something is due or comes, reads it. */
static void turn(int64_t until)
{
	struct epoll_event events[EVENTS];
	int64_t due = boards_stream(now_ns());
	int64_t wait = (due < until ? due : until) - now_ns();
	struct timespec timeout = {.tv_nsec = wait <= 0 ? 0 : wait < SECOND_NS ? wait : SECOND_NS - 1};
	int count = epoll_pwait2(poller, events, EVENTS, &timeout, NULL);

	for (int i = 0; i < count; i++) {
		void *what = events[i].data.ptr;

		if (what >= (void *)boards && what < (void *)(boards + BOARDS_MAX)) {
			board_read(what);
		} else if (what == &input) {
			read_input();
		} else if (!client_read(what)) {
			fprintf(stderr, "load: a client was closed\n");
			exit(1);
		}
	}
}

static void run_ms(int64_t ms)
{
	for (int64_t end = now_ns() + ms * 1000000; now_ns() < end;) {
		turn(end);
	}
}

/* Turns until *number reaches `wanted`; false: it did not in time. */
static bool run_until(const uint64_t *number, uint64_t wanted)
{
	for (int64_t end = now_ns() + PATIENCE_MS * INT64_C(1000000); now_ns() < end;) {
		if (*number >= wanted) {
			return true;
		}
		turn(end);
	}
	return false;
}

static void join(int port, size_t count, double rate)
{
	clients_connect(port, count);
	for (size_t i = 0; i < count; i++) {
		char text[256];

		add(clients[i].fd, &clients[i]);
		snprintf(text, sizeof(text),
			"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"kit.watch\",\"params\":{\"kit\":\"*\","
			"\"rate\":%g,\"properties\":[\"pin.A0\",\"pin.A1\",\"pin.A2\",\"pin.A3\","
			"\"pin.A4\",\"pin.A5\"]}}", rate);
		client_send(&clients[i], text);
	}
	for (size_t i = 0; i < count; i++) {
		if (!run_until(&clients[i].answers, 1)) {
			fprintf(stderr, "load: no answer to kit.watch\n");
			exit(1);
		}
	}
	printf("{\"clients\":%zu}\n", count);
}

static void measure(int64_t ms)
{
	memset(&received, 0, sizeof(received));
	uint64_t written = samples_written, refused = samples_refused;
	run_ms(ms);
	printf("{\"written\":%llu,\"refused\":%llu,\"messages\":%llu,\"kits\":%llu,\"bytes\":%llu,",
		(unsigned long long)(samples_written - written),
		(unsigned long long)(samples_refused - refused), (unsigned long long)received.messages,
		(unsigned long long)received.kits, (unsigned long long)received.bytes);
	hist_print(&received.latency, "latency");
	printf("}\n");
}

/* Waits until the board's LED is written after `since`; -1: it was not. */
static int64_t led_latency(const struct board *board, int value, int64_t since)
{
	for (int64_t end = since + PATIENCE_MS * INT64_C(1000000); now_ns() < end;) {
		if (board->led == value && board->led_ns >= since) {
			return board->led_ns - since;
		}
		turn(end);
	}
	return -1;
}

static void write_commands(int64_t ms)
{
	struct client *client = &clients[0];
	struct hist latency = {0};
	uint64_t lost = 0, answers = client->answers;
	int64_t end = now_ns() + ms * 1000000;

	for (unsigned n = 0; now_ns() < end; n++) {
		size_t number = n % board_count;
		int value = boards[number].led != 1;
		char text[200];

		snprintf(text, sizeof(text),
			"{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"kit.write\",\"params\":"
			"{\"kit\":\"b%zu\",\"property\":\"pin.13\",\"value\":%s}}",
			number, value ? "true" : "false");
		int64_t sent = now_ns();
		client_send(client, text);
		int64_t took = led_latency(&boards[number], value, sent);
		if (took < 0 || !run_until(&client->answers, ++answers)) {
			lost++;
		} else {
			hist_add(&latency, took);
		}
		run_ms(PAUSE_MS);
	}
	printf("{\"lost\":%llu,", (unsigned long long)lost);
	hist_print(&latency, "latency");
	printf("}\n");
}

static void run_scripts(size_t count)
{
	struct client *client = &clients[0];
	struct hist latency = {0};

	for (size_t number = 0; number < count && number < board_count; number++) {
		int value = boards[number].led != 1;
		char text[300];

		snprintf(text, sizeof(text),
			"{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"script.run\",\"params\":"
			"{\"kit\":\"b%zu\",\"source\":\"require('kit').open().pin[13] = %d\"}}",
			number, value);
		int64_t sent = now_ns();
		client_send(client, text);
		int64_t took = led_latency(&boards[number], value, sent);
		if (took >= 0) {
			hist_add(&latency, took);
		}
		run_ms(100);
	}
	printf("{");
	hist_print(&latency, "latency");
	printf("}\n");
}

static void make_boards(size_t count)
{
	boards_create(count);
	printf("{\"paths\":[");
	for (size_t i = 0; i < count; i++) {
		add(boards[i].master, &boards[i]);
		printf("%s\"%s\"", i ? "," : "", boards[i].path);
	}
	printf("]}\n");
}

static void command(const char *line)
{
	int a = 0, b = 0;
	double rate = 0;

	if (sscanf(line, "boards %d", &a) == 1 && a > 0 && a <= BOARDS_MAX) {
		make_boards((size_t)a);
	} else if (sscanf(line, "clients %d %d %lf", &a, &b, &rate) == 3 && b <= CLIENTS_MAX) {
		join(a, (size_t)b, rate);
	} else if (strcmp(line, "leave") == 0) {
		clients_close();
		printf("{}\n");
	} else if (sscanf(line, "measure %d", &a) == 1) {
		measure(a);
	} else if (sscanf(line, "write %d", &a) == 1 && client_count > 0) {
		write_commands(a);
	} else if (sscanf(line, "script %d", &a) == 1 && client_count > 0) {
		run_scripts((size_t)a);
	} else {
		fprintf(stderr, "load: what is \"%s\"?\n", line);
		exit(2);
	}
	fflush(stdout);
}

int main(void)
{
	poller = epoll_create1(EPOLL_CLOEXEC);
	add(STDIN_FILENO, &input);
	for (;;) {
		char *end;

		turn(now_ns() + SECOND_NS);
		while ((end = strchr(input.text, '\n'))) {
			*end = '\0';
			command(input.text);
			input.length -= (size_t)(end + 1 - input.text);
			memmove(input.text, end + 1, input.length + 1);
		}
	}
}
