/*
 * A raw USB port by hand, for usb.test.mjs: port.h's events as lines.
 *
 * Lines on standard input:
 *   open nxt|ev3|owi|none PATH    PATH "-" = not plugged in
 *   send order|motion|first HEX
 *   close, fds, quit
 * and on standard output:
 *   opened, heard HEX, drained, lost REASON TEXT, sent yes|no BACKLOG, closed, fds N
 */
#include "lines.h"
#include "log.h"
#include "port.h"
#include "xalloc.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct loop *loop;
static struct port *port;

static const struct usb_io nxt = {.kind = USB_BULK, .out = 0x01, .in = 0x82, .packet_max = 64,
	.resets = true};
static const struct usb_io ev3 = {.kind = USB_INTERRUPT, .out = 0x01, .in = 0x81,
	.packet_max = 1024, .report = 1024, .detaches = true};
static const struct usb_io owi = {.kind = USB_CONTROL, .request_type = 0x40, .request = 6,
	.value = 0x0100};

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
}

static void on_opened(void *data)
{
	(void)data;
	say("opened");
}

static void on_received(void *data, const uint8_t *bytes, size_t count, int64_t t_us)
{
	(void)data;
	(void)t_us;
	printf("heard ");
	for (size_t i = 0; i < count; i++) {
		printf("%02x", bytes[i]);
	}
	say("%s", "");
}

static void on_drained(void *data)
{
	(void)data;
	say("drained");
}

static void on_lost(void *data, const struct why *why)
{
	(void)data;
	say("lost %s %s", err_name(why->code), why_text(why, LANG_EN));
}

static const struct port_events events = {on_opened, on_received, on_drained, on_lost};

static void open_port(const char *model, const char *path)
{
	struct port_how how = {
		.path = strcmp(path, "-") == 0 ? NULL : path,
		.usb = strcmp(model, "nxt") == 0  ? &nxt
			: strcmp(model, "ev3") == 0 ? &ev3
			: strcmp(model, "owi") == 0 ? &owi
						    : NULL,
	};

	port_open(port, &how);
}

static void send_hex(const char *lane, const char *hex)
{
	uint8_t bytes[1024];
	size_t count = strlen(hex) / 2;

	for (size_t i = 0; i < count; i++) {
		unsigned byte = 0;

		sscanf(hex + i * 2, "%2x", &byte);
		bytes[i] = (uint8_t)byte;
	}
	bool taken = port_send(port, bytes, count,
		strcmp(lane, "first") == 0      ? LANE_FIRST
			: strcmp(lane, "motion") == 0 ? LANE_MOTION
						      : LANE_ORDER);

	say("sent %s %zu", taken ? "yes" : "no", port_backlog(port));
}

static int count_fds(void)
{
	DIR *files = opendir("/proc/self/fd");
	int count = 0;

	while (readdir(files)) {
		count++;
	}
	closedir(files);
	return count;
}

static void on_line(void *data, const char *line)
{
	char first[16], second[2100];

	(void)data;
	if (sscanf(line, "open %15s %255s", first, second) == 2) {
		open_port(first, second);
	} else if (sscanf(line, "send %15s %2099s", first, second) == 2) {
		send_hex(first, second);
	} else if (strcmp(line, "close") == 0) {
		port_close(port);
		say("closed");
	} else if (strcmp(line, "fds") == 0) {
		say("fds %d", count_fds());
	} else {
		loop_stop(loop);
	}
}

static void on_end(void *data)
{
	(void)data;
	loop_stop(loop);
}

static const struct lines_events lines_events = {.line = on_line, .ended = on_end};

int main(void)
{
	static const struct port_spec spec = {.scheme = PORT_USB, .target = "0694:0002", .dtr = -1};

	loop = loop_create();
	port = port_create(loop, &spec, &events, NULL);

	struct lines *lines = lines_create(loop, STDIN_FILENO, &lines_events, NULL);

	loop_run(loop);
	port_destroy(port);
	lines_destroy(lines);
	loop_destroy(loop);
	return 0;
}
