/*
 * Opening raw USB devices; see usb_open.h.
 *
 * Beside the loop (aside.h) the device's node is worked on with usbfs's own ioctls, because libusb
 * tells of its descriptors from the thread that opens, and the event loop is not that thread's to
 * touch. libusb then wraps the finished fd (port_usb.c).
 */
#include "usb_open.h"

#include "aside.h"
#include "xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/usbdevice_fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { ANSWER_MS = 1000 };

struct usb_open {
	char path[PORT_TARGET_MAX + 1];
	struct usb_io io;
	bool is_halted;
	int fd, error; /* the thread's result */
	usb_open_fn *fn; /* NULL = abandoned */
	void *data;
};

/* A kernel's driver (usbhid) may be sent away, another program's claim may not. */
static int claim(int fd, const struct usb_io *io)
{
	struct usbdevfs_disconnect_claim both = {
		.interface = io->interface,
		.flags = USBDEVFS_DISCONNECT_CLAIM_EXCEPT_DRIVER,
		.driver = "usbfs",
	};
	unsigned interface = io->interface;

	return io->detaches ? ioctl(fd, USBDEVFS_DISCONNECT_CLAIM, &both)
			    : ioctl(fd, USBDEVFS_CLAIMINTERFACE, &interface);
}

/* GET_CONFIGURATION: libusb is going to ask the same and would wait for it in the loop. */
static int ask(int fd)
{
	uint8_t configuration;
	struct usbdevfs_ctrltransfer question = {
		.bRequestType = 0x80,
		.bRequest = 8,
		.wLength = sizeof(configuration),
		.timeout = ANSWER_MS,
		.data = &configuration,
	};

	return ioctl(fd, USBDEVFS_CONTROL, &question);
}

static void clear_halt(int fd, unsigned endpoint)
{
	if (endpoint) {
		ioctl(fd, USBDEVFS_CLEAR_HALT, &endpoint);
	}
}

static int open_device(struct usb_open *opening)
{
	const struct usb_io *io = &opening->io;
	int fd = opening->fd = open(opening->path, O_RDWR | O_CLOEXEC);

	if (fd < 0 || (io->resets && ioctl(fd, USBDEVFS_RESET) < 0) || claim(fd, io) < 0 ||
		ask(fd) < 0) {
		return errno;
	}
	if (opening->is_halted) {
		clear_halt(fd, io->out);
		clear_halt(fd, io->in);
	}
	return 0;
}

static void open_aside(void *job)
{
	struct usb_open *opening = job;

	opening->error = open_device(opening);
}

static void on_done(void *job)
{
	struct usb_open *opening = job;
	int fd = opening->fd, error = opening->error;
	usb_open_fn *fn = opening->fn;
	void *data = opening->data;

	if (fd >= 0 && (error || !fn)) {
		close(fd);
		fd = -1;
	}
	free(opening);
	if (fn) {
		fn(data, fd, error);
	}
}

struct usb_open *usb_open_start(struct loop *loop, const char *path, const struct usb_io *io,
	bool is_halted, usb_open_fn *fn, void *data)
{
	struct usb_open *opening = xcalloc(1, sizeof(*opening));

	snprintf(opening->path, sizeof(opening->path), "%s", path);
	opening->io = *io;
	opening->is_halted = is_halted;
	opening->fn = fn;
	opening->data = data;
	opening->fd = -1;
	if (!aside_start(loop, open_aside, on_done, opening)) {
		free(opening);
		return NULL;
	}
	return opening;
}

void usb_open_abandon(struct usb_open *opening)
{
	if (opening) {
		opening->fn = NULL;
	}
}
