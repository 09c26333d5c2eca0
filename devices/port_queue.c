/* Frames that wait in lanes; see port_queue.h. */
#include "port_queue.h"

void port_queue_init(struct port_queue *queue)
{
	queue->first = (struct port_ring){
		.bytes = queue->first_bytes,
		.frames = queue->first_frames,
		.bytes_max = PORT_FIRST_MAX,
		.frames_max = PORT_FIRST_FRAMES_MAX,
	};
	queue->order = (struct port_ring){
		.bytes = queue->order_bytes,
		.frames = queue->order_frames,
		.bytes_max = PORT_QUEUE_MAX,
		.frames_max = PORT_FRAMES_MAX,
	};
}

static struct port_frame *frame_at(const struct port_ring *ring, size_t index)
{
	return &ring->frames[(ring->head + index) % ring->frames_max];
}

static uint8_t *byte_at(const struct port_ring *ring, size_t index)
{
	return &ring->bytes[(ring->start + index) % ring->bytes_max];
}

/* The rest of a frame that began comes first, then holds, then all else. */
static bool must_finish(const struct port_queue *queue)
{
	return queue->order.frame_count > 0 && frame_at(&queue->order, 0)->is_begun;
}

static bool goes_first(const struct port_queue *queue)
{
	return queue->first.frame_count > 0 && !must_finish(queue);
}

/* Closes the gaps that the dropped frames leave, in place. */
static void drop_motion(struct port_ring *ring)
{
	size_t from = 0, to = 0, kept = 0;

	for (size_t i = 0; i < ring->frame_count; i++) {
		struct port_frame frame = *frame_at(ring, i);

		if (frame.lane != LANE_MOTION || frame.is_begun) {
			for (size_t j = 0; j < frame.left; j++) {
				*byte_at(ring, to + j) = *byte_at(ring, from + j);
			}
			to += frame.left;
			*frame_at(ring, kept++) = frame;
		}
		from += frame.left;
	}
	ring->count = to;
	ring->frame_count = kept;
}

bool port_queue_add(struct port_queue *queue, const uint8_t *bytes, size_t count, enum lane lane)
{
	struct port_ring *ring = lane == LANE_FIRST ? &queue->first : &queue->order;

	if (lane == LANE_FIRST) {
		drop_motion(&queue->order);
	}
	if (count > ring->bytes_max - ring->count || ring->frame_count == ring->frames_max) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		*byte_at(ring, ring->count + i) = bytes[i];
	}
	ring->count += count;
	*frame_at(ring, ring->frame_count++) =
		(struct port_frame){.left = (uint16_t)count, .lane = (uint8_t)lane};
	return true;
}

size_t port_queue_count(const struct port_queue *queue)
{
	return queue->first.count + queue->order.count;
}

size_t port_queue_next(const struct port_queue *queue, const uint8_t **bytes)
{
	const struct port_ring *ring = goes_first(queue) ? &queue->first : &queue->order;
	size_t together = ring->bytes_max - ring->start;
	size_t count = ring->count < together ? ring->count : together;

	if (must_finish(queue) && queue->first.frame_count > 0 && count > frame_at(ring, 0)->left) {
		count = frame_at(ring, 0)->left;
	}
	*bytes = ring->bytes + ring->start;
	return count;
}

size_t port_queue_begin_frame(struct port_queue *queue, uint8_t *out, size_t room)
{
	struct port_ring *ring = goes_first(queue) ? &queue->first : &queue->order;

	if (ring->frame_count == 0) {
		return 0;
	}
	struct port_frame *frame = frame_at(ring, 0);
	size_t count = frame->left < room ? frame->left : room;

	for (size_t i = 0; i < count; i++) {
		out[i] = *byte_at(ring, i);
	}
	frame->is_begun = true;
	return count;
}

void port_queue_take(struct port_queue *queue, size_t count)
{
	struct port_ring *ring = goes_first(queue) ? &queue->first : &queue->order;

	ring->start = (ring->start + count) % ring->bytes_max;
	ring->count -= count;
	while (count > 0) {
		struct port_frame *frame = frame_at(ring, 0);

		if (count < frame->left) {
			frame->left = (uint16_t)(frame->left - count);
			frame->is_begun = true;
			return;
		}
		count -= frame->left;
		ring->head = (ring->head + 1) % ring->frames_max;
		ring->frame_count--;
	}
}
