/*
 * A USB device of ours on the kernel's own USB/IP host (vhci-hcd), so that a guest without any
 * hardware has it as if it were plugged in: usbfs, cdc_acm and udev are the kernel's and Debian's.
 *
 *   usbipdev MODEL HOST SERIAL FAR     HOST 0..7 is one of vhci's; FAR a UNIX socket with the kit's bytes
 *
 * Each device has a host controller of its own, because the kernel takes what happens on one hub
 * one after the other, with 0.1 s and more between.
 *
 * Models: those of usb_kits.h, and `uno`: cdc_acm, whose DTR connects to FAR anew when it rises,
 * which is a board's reset. SIGTERM: the plug is pulled; SIGUSR1: it is pulled in the middle of the
 * next transfer out. The last line of standard output is then "pulled MS" (wall clock).
 *
 * Source: Documentation/usb/usbip_protocol.rst of the kernel.
 */
#include "../peers/usb_kits.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { CMD_SUBMIT = 1, CMD_UNLINK = 2, RET_SUBMIT = 3, RET_UNLINK = 4 };
enum { PORTS_OF_HOST = 30 }; /* Debian: 15 of USB 2, 15 of USB 3 */
enum { FULL_SPEED = 2, DATA_MAX = 65536, WAITING_MAX = 64, HEARD_MAX = 65536 };

struct header { /* big-endian */
	uint32_t command, seqnum, devid, direction, ep;
	uint32_t words[5]; /* submit: flags, length, ...; answer: status, actual length, ... */
	uint8_t setup[8];
};

struct model {
	const char *name, *maker, *title;
	uint16_t vendor, product;
	uint8_t in, out; /* endpoints, without direction */
	const struct usb_kit *kit; /* NULL: uno */
};

static const uint8_t uno_device[] = {18, 1, 0x10, 1, 2, 0, 0, 8, 0x41, 0x23, 0x43, 0, 1, 0, 1, 2, 3, 1};
static const uint8_t uno_configuration[] = {
	9, 2, 62, 0, 2, 1, 0, 0xC0, 50,
	9, 4, 0, 0, 1, 2, 2, 1, 0,                 /* communication */
	5, 0x24, 0, 0x10, 1, 4, 0x24, 2, 6, 5, 0x24, 6, 0, 1,
	7, 5, 0x82, 3, 8, 0, 255,
	9, 4, 1, 0, 2, 10, 0, 0, 0,                /* data */
	7, 5, 0x04, 2, 64, 0, 1, 7, 5, 0x83, 2, 64, 0, 1,
};

static struct model model;
static const char *serial, *far_path;
static int host, far = -1; /* sockets */
static uint32_t waiting[WAITING_MAX]; /* transfers in that wait for the kit: seqnum */
static uint32_t waiting_length[WAITING_MAX];
static size_t waiting_count;
static uint8_t heard[HEARD_MAX];
static size_t heard_count;
static bool dtr;
static volatile sig_atomic_t is_tripped, is_pulled;

static void on_signal(int signum)
{
	if (signum == SIGUSR1) {
		is_tripped = 1;
	} else {
		is_pulled = 1;
	}
}

static void die(const char *what)
{
	fprintf(stderr, "usbipdev: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void read_exactly(void *out, size_t count)
{
	size_t got = 0;

	while (got < count) {
		ssize_t more = read(host, (uint8_t *)out + got, count - got);

		if (more == 0) {
			fprintf(stderr, "usbipdev: the kernel let go of it\n");
			exit(1);
		}
		if (more < 0 && errno != EINTR) {
			die("read");
		}
		got += more > 0 ? (size_t)more : 0;
	}
}

static void write_exactly(const void *bytes, size_t count)
{
	if (send(host, bytes, count, MSG_NOSIGNAL) != (ssize_t)count) {
		die("write");
	}
}

static void answer(uint32_t seqnum, int status, uint32_t actual, const uint8_t *bytes, size_t count)
{
	struct header header = {.command = htonl(RET_SUBMIT), .seqnum = htonl(seqnum),
		.words = {htonl((uint32_t)status), htonl(actual)}};

	write_exactly(&header, sizeof(header));
	if (count > 0) {
		write_exactly(bytes, count);
	}
}

/* ---- the far end ---- */

static void connect_far(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (far >= 0) {
		close(far);
	}
	heard_count = 0;
	far = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", far_path);
	if (connect(far, (struct sockaddr *)&address, sizeof(address)) < 0) {
		die(far_path);
	}
}

/* Gives what the kit said to the transfers that wait for it. */
static void match(void)
{
	uint8_t transfer[USB_REPORT];

	while (waiting_count > 0 && heard_count > 0) {
		size_t used, count;
		const uint8_t *bytes = heard;

		if (model.kit) {
			count = usb_kit_from_far(model.kit, heard, heard_count, &used, transfer);
			bytes = transfer;
			if (count == 0) {
				return;
			}
		} else {
			used = count = heard_count < waiting_length[0] ? heard_count : waiting_length[0];
		}
		answer(waiting[0], 0, (uint32_t)count, bytes, count);
		waiting_count--;
		memmove(waiting, waiting + 1, waiting_count * sizeof(waiting[0]));
		memmove(waiting_length, waiting_length + 1, waiting_count * sizeof(waiting_length[0]));
		heard_count -= used;
		memmove(heard, heard + used, heard_count);
	}
}

static void hear(void)
{
	ssize_t got = recv(far, heard + heard_count, sizeof(heard) - heard_count, MSG_DONTWAIT);

	if (got > 0) {
		heard_count += (size_t)got;
	} else if (got == 0) {
		close(far);
		far = -1;
	}
	match();
}

static int tell(const uint8_t *bytes, size_t count)
{
	uint8_t stream[USB_REPORT + 2];
	size_t length = count;

	if (model.kit) {
		length = usb_kit_to_far(model.kit, bytes, count, stream);
		bytes = stream;
	}
	if (length == 0) {
		return -EPIPE;
	}
	if (far >= 0) {
		send(far, bytes, length, MSG_NOSIGNAL);
	}
	return 0;
}

/* ---- endpoint 0 ---- */

static size_t make_string(uint8_t index, uint8_t *out)
{
	const char *const texts[] = {NULL, model.maker, model.title, serial};

	if (index == 0) {
		memcpy(out, (const uint8_t[]){4, 3, 9, 4}, 4);
		return 4;
	}
	if (index > 3) {
		return 0;
	}
	size_t length = strlen(texts[index]);

	out[0] = (uint8_t)(2 + length * 2);
	out[1] = 3;
	for (size_t i = 0; i < length; i++) {
		out[2 + i * 2] = (uint8_t)texts[index][i];
		out[3 + i * 2] = 0;
	}
	return out[0];
}

static size_t get_descriptor(uint8_t type, uint8_t index, uint8_t *out)
{
	uint8_t all[USB_DESCRIPTORS_MAX];
	size_t count;

	if (type == 3) {
		return make_string(index, out);
	}
	if (!model.kit) {
		count = type == 1 ? sizeof(uno_device) : type == 2 ? sizeof(uno_configuration) : 0;
		memcpy(out, type == 1 ? uno_device : uno_configuration, count);
		return count;
	}
	count = usb_kit_describe(model.kit, model.vendor, model.product, all);
	if (type == 1) {
		memcpy(out, all, all[0]);
		return all[0];
	}
	memcpy(out, all + all[0], count - all[0]);
	return type == 2 ? count - all[0] : 0;
}

static void set_lines(bool is_up)
{
	if (is_up && !dtr) {
		connect_far();
	}
	dtr = is_up;
	printf("dtr %d\n", is_up);
	fflush(stdout);
}

static void do_control(uint32_t seqnum, const uint8_t *setup, const uint8_t *data, uint32_t length)
{
	static const uint8_t line_coding[] = {0, 0xE1, 0, 0, 0, 0, 8};
	uint8_t out[256] = {0};
	size_t count = 0;
	int status = 0;
	uint16_t request = (uint16_t)(setup[0] << 8 | setup[1]);

	switch (request) {
	case 0x8006:
		count = get_descriptor(setup[3], setup[2], out);
		status = count ? 0 : -EPIPE;
		break;
	case 0x8000: /* status of the device, an endpoint */
	case 0x8200:
		count = 2;
		break;
	case 0x8008: /* configuration */
		out[0] = 1;
		count = 1;
		break;
	case 0x0005:
	case 0x0009:
	case 0x010B:
	case 0x0201: /* clear a halt */
	case 0x2120: /* line coding */
		break;
	case 0xA121:
		memcpy(out, line_coding, sizeof(line_coding));
		count = sizeof(line_coding);
		break;
	case 0x2122:
		set_lines(setup[2] & 1);
		break;
	case 0x4006:
		status = tell(data, length);
		break;
	default:
		status = -EPIPE;
	}
	count = count < length ? count : length;
	answer(seqnum, status, setup[0] & 0x80 ? (uint32_t)count : length, out,
		setup[0] & 0x80 ? count : 0);
}

/* ---- the host's commands ---- */

static void do_submit(const struct header *header)
{
	static uint8_t data[DATA_MAX];
	uint32_t seqnum = ntohl(header->seqnum), ep = ntohl(header->ep);
	uint32_t length = ntohl(header->words[1]);
	bool is_in = ntohl(header->direction) == 1;

	if (length > sizeof(data)) {
		die("a transfer that long");
	}
	if (!is_in) {
		read_exactly(data, length);
	}
	if (ep == 0) {
		do_control(seqnum, header->setup, data, length);
	} else if (!is_in && is_tripped) {
		is_pulled = 1;
	} else if (!is_in) {
		int status = ep == model.out ? tell(data, length) : -EPIPE;

		answer(seqnum, status, status ? 0 : length, NULL, 0);
	} else if (is_in && ep == model.in && waiting_count < WAITING_MAX) {
		waiting[waiting_count] = seqnum;
		waiting_length[waiting_count++] = length;
		match();
	}
	/* Else it waits for ever: the interrupt endpoint of the Uno. */
}

static void do_unlink(const struct header *header)
{
	uint32_t gone = ntohl(header->words[0]);
	struct header reply = {.command = htonl(RET_UNLINK), .seqnum = header->seqnum,
		.words = {htonl((uint32_t)-ECONNRESET)}};

	for (size_t i = 0; i < waiting_count; i++) {
		if (waiting[i] == gone) {
			waiting_count--;
			memmove(&waiting[i], &waiting[i + 1],
				(waiting_count - i) * sizeof(waiting[0]));
			memmove(&waiting_length[i], &waiting_length[i + 1],
				(waiting_count - i) * sizeof(waiting_length[0]));
			break;
		}
	}
	write_exactly(&reply, sizeof(reply));
}

static void serve(void)
{
	struct header header;

	read_exactly(&header, sizeof(header));
	if (ntohl(header.command) == CMD_SUBMIT) {
		do_submit(&header);
	} else if (ntohl(header.command) == CMD_UNLINK) {
		do_unlink(&header);
	} else {
		die("a command that USB/IP does not have");
	}
}

/* The kernel needs a moment after a pull until it takes the next device on this port. */
static bool try_attach(int host_number, int fd)
{
	FILE *file = fopen("/sys/devices/platform/vhci_hcd.0/attach", "w");

	if (!file) {
		die("vhci_hcd");
	}
	fprintf(file, "%d %d %d %d\n", host_number * PORTS_OF_HOST, fd, 0x10001 + host_number, FULL_SPEED);
	return fclose(file) == 0;
}

static void attach(int host_number)
{
	int pair[2], tries = 0;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0) {
		die("socketpair");
	}
	while (!try_attach(host_number, pair[1])) {
		if (++tries == 200 || is_pulled) {
			die("attach");
		}
		poll(NULL, 0, 50);
	}
	host = pair[0];
	close(pair[1]); /* the kernel has it */
}

static void run(void)
{
	struct pollfd fds[2] = {{.fd = host, .events = POLLIN}, {.events = POLLIN}};
	struct timespec now;

	while (!is_pulled) {
		fds[1].fd = far;
		if (poll(fds, 2, 1000) <= 0) {
			continue;
		}
		if (fds[0].revents) {
			serve();
		}
		if (fds[1].revents && far >= 0) {
			hear();
		}
	}
	clock_gettime(CLOCK_REALTIME, &now);
	shutdown(host, SHUT_RDWR);
	printf("pulled %lld\n", (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000);
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = on_signal};

	if (argc != 5) {
		fprintf(stderr, "usage: usbipdev MODEL HOST SERIAL FAR\n");
		return 2;
	}
	model = strcmp(argv[1], "nxt") == 0
		? (struct model){"nxt", "LEGO", "NXT", 0x0694, 2, 2, 1, usb_kit_find("nxt")}
		: (struct model){"uno", "Arduino", "Arduino Uno", 0x2341, 0x43, 3, 4, NULL};
	serial = argv[3];
	far_path = argv[4];
	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	if (model.kit) {
		connect_far();
	}
	attach((int)strtol(argv[2], NULL, 10));
	run();
	return 0;
}
