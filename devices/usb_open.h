/*
 * Opening a raw USB device in a thread of its own: a reset takes the kernel up to seconds, a
 * device that hangs answers its first question never, and the loop waits for nobody.
 */
#pragma once

#include "loop.h"
#include "port.h"

struct usb_open;

/* Inside the loop: an open fd whose interface is claimed (the callee's now), or -1 and an errno.
 * ETIMEDOUT: the device does not answer. The usb_open is gone by then. */
typedef void usb_open_fn(void *data, int fd, int error);

/* `io` is copied. is_halted: endpoints are cleared of a stall first. NULL and errno: no thread. */
struct usb_open *usb_open_start(struct loop *loop, const char *path, const struct usb_io *io,
	bool is_halted, usb_open_fn *fn, void *data);
void usb_open_abandon(struct usb_open *opening); /* fn is not called; NULL is fine */
