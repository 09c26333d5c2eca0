/*
 * What waits to go out of a port: whole frames in two rings, so that a hold finds room and
 * its place in front whatever was sent before (SAFETY S5, FAULTS 16). What began to go out
 * is never cut: a far end that got half a frame would take the next one for its rest.
 */
#pragma once

#include "lane.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	PORT_QUEUE_MAX = 32 * 1024,  /* bytes that wait in order */
	PORT_FIRST_MAX = 4 * 1024,   /* and a hold's */
	PORT_FRAMES_MAX = PORT_QUEUE_MAX / 4,
	PORT_FIRST_FRAMES_MAX = PORT_FIRST_MAX / 4,
};

struct port_frame {
	uint16_t left;   /* bytes not out yet */
	uint8_t lane;    /* enum lane */
	bool is_begun;   /* some of it is out, or a USB transfer carries it now */
};

struct port_ring {
	uint8_t *bytes; /* the queue's own arrays */
	struct port_frame *frames;
	size_t bytes_max, frames_max;
	size_t start, count;        /* of bytes */
	size_t head, frame_count;   /* of frames */
};

struct port_queue {
	struct port_ring first, order;
	uint8_t first_bytes[PORT_FIRST_MAX], order_bytes[PORT_QUEUE_MAX];
	struct port_frame first_frames[PORT_FIRST_FRAMES_MAX], order_frames[PORT_FRAMES_MAX];
};

void port_queue_init(struct port_queue *queue); /* empty; also to empty it */
/* One frame. LANE_FIRST drops what waits of LANE_MOTION. False: no room. */
bool port_queue_add(struct port_queue *queue, const uint8_t *bytes, size_t count, enum lane lane);
size_t port_queue_count(const struct port_queue *queue); /* bytes */

/* What goes out next: as many bytes as lie together; 0 = nothing waits. */
size_t port_queue_next(const struct port_queue *queue, const uint8_t **bytes);
/* The same for ports that send frames: copies the next one and counts it as begun. */
size_t port_queue_begin_frame(struct port_queue *queue, uint8_t *out, size_t room);
/* So many bytes of what was shown last are out. */
void port_queue_take(struct port_queue *queue, size_t count);
