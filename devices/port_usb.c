/*
 * Raw USB kits: libusb, asynchronous, on the event loop by its file descriptors.
 *
 * One transfer in is always pending. Transfers out go one after the other, each a frame of the
 * queue that stays there until the device has acknowledged it: so port_backlog() is honest, and a
 * hold waits for one transfer at most. A device that takes none for OUT_TIMEOUT_MS is lost.
 *
 * Each open device has a libusb context of its own without device discovery: no thread, no list of
 * devices, nothing shared. libusb holds a lock while it calls back, so nothing is closed
 * in there: close_port() lets go of the usb_link, and it is destroyed after the callback, when its
 * cancelled transfers have come back.
 */
#include "port_private.h"

#include "clock.h"
#include "usb_open.h"
#include "xalloc.h"

#include <errno.h>
#include <libusb.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OUT_TIMEOUT_MS = 1000, WATCHERS_MAX = 8 };

struct usb_link {
	struct port *port; /* borrowed; NULL = closed, waits for its transfers */
	struct loop *loop; /* borrowed */
	struct usb_io io;
	struct usb_open *opening; /* NULL once it is open */
	int fd; /* of the device, -1 = not open yet */
	libusb_context *context;
	libusb_device_handle *handle;
	struct libusb_transfer *in, *out;
	uint8_t *in_bytes, *out_bytes; /* owned */
	size_t out_count;              /* of the queue's frame under way */
	bool is_in_pending, is_out_pending;
	int turning; /* calls of libusb under way */
	struct {
		int fd;
		struct loop_fd *watcher;
	} watchers[WATCHERS_MAX];
};

/* ---- the end ---- */

static void destroy(struct usb_link *link)
{
	if (link->context) {
		libusb_set_pollfd_notifiers(link->context, NULL, NULL, NULL);
	}
	for (size_t i = 0; i < WATCHERS_MAX; i++) {
		loop_fd_remove(link->watchers[i].watcher);
	}
	libusb_free_transfer(link->in);
	libusb_free_transfer(link->out);
	if (link->handle) {
		libusb_close(link->handle); /* leaves a wrapped fd open */
	}
	if (link->context) {
		libusb_exit(link->context);
	}
	if (link->fd >= 0) {
		close(link->fd);
	}
	free(link->in_bytes);
	free(link->out_bytes);
	free(link);
}

/* Lets libusb work; afterwards the link may be gone. */
static void turn(struct usb_link *link)
{
	struct timeval at_once = {0, 0};

	link->turning++;
	libusb_handle_events_timeout_completed(link->context, &at_once, NULL);
	link->turning--;
	if (!link->port && link->turning == 0 && !link->is_in_pending && !link->is_out_pending) {
		destroy(link);
	}
}

static void close_port(struct port *port)
{
	struct usb_link *link = port->usb;

	if (!link) {
		return;
	}
	port->usb = NULL;
	link->port = NULL;
	if (!link->context) {
		usb_open_abandon(link->opening);
		destroy(link);
		return;
	}
	if (link->is_in_pending) {
		libusb_cancel_transfer(link->in);
	}
	if (link->is_out_pending) {
		libusb_cancel_transfer(link->out);
	}
	if (link->turning == 0) {
		turn(link); /* what is cancelled comes back at once, if the kernel has it */
	}
}

/* ---- libusb's descriptors on the loop (its time-outs are one of them, a timerfd) ---- */

static void on_ready(void *data, int events)
{
	(void)events;
	turn(data);
}

static void add_watcher(int fd, short events, void *data)
{
	struct usb_link *link = data;

	for (size_t i = 0; i < WATCHERS_MAX; i++) {
		if (!link->watchers[i].watcher) {
			link->watchers[i].fd = fd;
			link->watchers[i].watcher = loop_fd_add(link->loop, fd,
				(events & POLLIN ? LOOP_READ : 0) |
					(events & POLLOUT ? LOOP_WRITE : 0),
				on_ready, link);
			return;
		}
	}
}

static void remove_watcher(int fd, void *data)
{
	struct usb_link *link = data;

	for (size_t i = 0; i < WATCHERS_MAX; i++) {
		if (link->watchers[i].watcher && link->watchers[i].fd == fd) {
			loop_fd_remove(link->watchers[i].watcher);
			link->watchers[i].watcher = NULL;
		}
	}
	if (fd == link->fd && link->port) {
		/* Unplugged, maybe with nothing pending that would say so. */
		port_fail_errno(link->port, EIO);
	}
}

static void watch(struct usb_link *link)
{
	const struct libusb_pollfd **fds = libusb_get_pollfds(link->context);

	for (size_t i = 0; fds && fds[i]; i++) {
		add_watcher(fds[i]->fd, fds[i]->events, link);
	}
	libusb_free_pollfds(fds);
	libusb_set_pollfd_notifiers(link->context, add_watcher, remove_watcher, link);
}

/* ---- transfers ---- */

static void fail(struct port *port, enum libusb_transfer_status status)
{
	struct why why;

	if (status == LIBUSB_TRANSFER_STALL) {
		port->is_halted = true;
		why_set(&why, ERR_LOST, MSG_USB_STALL, port->name);
	} else if (status == LIBUSB_TRANSFER_TIMED_OUT) {
		why_set(&why, ERR_LOST, MSG_USB_TIMEOUT, port->name);
	} else if (status == LIBUSB_TRANSFER_OVERFLOW) {
		why_set(&why, ERR_LOST, MSG_USB_OVERFLOW, port->name);
	} else { /* NO_DEVICE; just before it is gone its transfers fail with ERROR */
		port_why(&why, port->name, EIO);
	}
	port_fail(port, &why);
}

static int submit(struct libusb_transfer *transfer, bool *is_pending)
{
	int answer = libusb_submit_transfer(transfer);

	*is_pending = answer == 0;
	return answer == 0 ? 0 : answer == LIBUSB_ERROR_NO_MEM ? ENOMEM : EIO;
}

static void on_in(struct libusb_transfer *transfer)
{
	struct usb_link *link = transfer->user_data;
	struct port *port = link->port;

	link->is_in_pending = false;
	if (!port) {
		return;
	}
	if (transfer->status != LIBUSB_TRANSFER_COMPLETED) {
		fail(port, transfer->status);
		return;
	}
	if (transfer->actual_length > 0) {
		/* The owner may close or destroy the port in there. */
		port->events->received(port->data, link->in_bytes,
			(size_t)transfer->actual_length, clock_now_us());
	}
	if (link->port) {
		int error = submit(link->in, &link->is_in_pending);

		if (error) {
			port_fail_errno(link->port, error);
		}
	}
}

static void on_out(struct libusb_transfer *transfer);

/* The next frame of the queue as one transfer; 0 or an errno. */
static int flush(struct port *port)
{
	struct usb_link *link = port->usb;
	const struct usb_io *io = &link->io;
	uint8_t *bytes = link->out_bytes;
	size_t setup = io->kind == USB_CONTROL ? LIBUSB_CONTROL_SETUP_SIZE : 0;

	if (link->is_out_pending || port_queue_count(&port->queue) == 0) {
		return 0;
	}
	size_t count = port_queue_begin_frame(&port->queue, bytes + setup, PORT_QUEUE_MAX);

	link->out_count = count;
	if (count < io->report) {
		memset(bytes + count, 0, io->report - count);
		count = io->report;
	}
	switch (io->kind) {
	case USB_CONTROL:
		libusb_fill_control_setup(bytes, io->request_type, io->request, io->value, io->index,
			(uint16_t)count);
		libusb_fill_control_transfer(
			link->out, link->handle, bytes, on_out, link, OUT_TIMEOUT_MS);
		break;
	case USB_INTERRUPT:
		libusb_fill_interrupt_transfer(link->out, link->handle, io->out, bytes, (int)count,
			on_out, link, OUT_TIMEOUT_MS);
		break;
	case USB_BULK:
		libusb_fill_bulk_transfer(link->out, link->handle, io->out, bytes, (int)count,
			on_out, link, OUT_TIMEOUT_MS);
		break;
	}
	return submit(link->out, &link->is_out_pending);
}

static void on_out(struct libusb_transfer *transfer)
{
	struct usb_link *link = transfer->user_data;
	struct port *port = link->port;
	int error;

	link->is_out_pending = false;
	if (!port) {
		return;
	}
	if (transfer->status != LIBUSB_TRANSFER_COMPLETED) {
		fail(port, transfer->status);
		return;
	}
	port_queue_take(&port->queue, link->out_count);
	error = flush(port);
	if (error) {
		port_fail_errno(port, error);
	} else if (port_queue_count(&port->queue) == 0) {
		port_drained(port);
	}
}

/* ---- opening ---- */

static enum err why_not(const struct port *port, int error, struct why *why)
{
	switch (error) {
	case EACCES:
	case EPERM:
		return why_set(why, ERR_IO, MSG_USB_DENIED, port->name);
	case EBUSY:
		return why_set(why, ERR_BUSY, MSG_USB_HELD, port->name);
	case ETIMEDOUT:
	case EPIPE:
		return why_set(why, ERR_LOST, MSG_USB_TIMEOUT, port->name);
	case EINVAL: /* the interface is not there */
	case ENOENT:
		return port_why(why, port->name, ENOENT);
	default:
		return port_why(why, port->name, error);
	}
}

static void prepare_in(struct usb_link *link)
{
	const struct usb_io *io = &link->io;

	if (io->kind == USB_BULK) {
		libusb_fill_bulk_transfer(link->in, link->handle, io->in, link->in_bytes,
			io->packet_max, on_in, link, 0);
	} else {
		libusb_fill_interrupt_transfer(link->in, link->handle, io->in, link->in_bytes,
			io->packet_max, on_in, link, 0);
	}
}

/* The fd is open and its interface claimed: now it is libusb's. 0 or an errno. */
static int begin(struct usb_link *link)
{
	/* Of all contexts to come: the devices are found by udev (hotplug.c). */
	libusb_set_option(NULL, LIBUSB_OPTION_NO_DEVICE_DISCOVERY);
	if (libusb_init(&link->context) != 0) {
		return ENOMEM;
	}
	watch(link);
	if (libusb_wrap_sys_device(link->context, link->fd, &link->handle) != 0 ||
		libusb_claim_interface(link->handle, link->io.interface) != 0) {
		return EIO;
	}
	link->in = libusb_alloc_transfer(0);
	link->out = libusb_alloc_transfer(0);
	if (!link->in || !link->out) {
		return ENOMEM;
	}
	link->in_bytes = xcalloc(1, (size_t)link->io.packet_max + 1);
	link->out_bytes = xcalloc(1, LIBUSB_CONTROL_SETUP_SIZE + PORT_QUEUE_MAX);
	if (link->io.in == 0) {
		return 0;
	}
	prepare_in(link);
	return submit(link->in, &link->is_in_pending);
}

static void on_opened(void *data, int fd, int error)
{
	struct usb_link *link = data;
	struct port *port = link->port;
	struct why why;

	link->opening = NULL;
	link->fd = fd;
	if (!error) {
		error = begin(link);
	}
	if (error) {
		why_not(port, error, &why);
		port_fail(port, &why);
	} else {
		port->is_halted = false;
		port_opened(port);
	}
}

static enum err open_port(struct port *port, const struct port_how *how, struct why *why)
{
	if (!how->path) {
		return port_why(why, port->name, ENOENT);
	}
	if (!how->usb) {
		return why_set(why, ERR_UNSUPPORTED, MSG_USB_NO_DRIVER, port->name);
	}
	struct usb_link *link = xcalloc(1, sizeof(*link));

	link->port = port;
	link->loop = port->loop;
	link->io = *how->usb;
	link->fd = -1;
	link->opening = usb_open_start(
		port->loop, how->path, how->usb, port->is_halted, on_opened, link);
	if (!link->opening) {
		free(link);
		return port_why(why, port->name, EAGAIN);
	}
	port->usb = link;
	return ERR_NONE;
}

static size_t unsent(const struct port *port)
{
	(void)port;
	return 0; /* a frame stays in the queue until the device has it */
}

const struct port_backend port_usb_backend = {
	.open = open_port,
	.close = close_port,
	.flush = flush,
	.unsent = unsent,
};
