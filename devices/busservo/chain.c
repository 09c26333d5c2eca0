/* The driver's functions that all chains of servos share; see chain.h. */
#include "busservo/chain.h"

#include <stdio.h>
#include <string.h>

enum {
	TICK_US = 5 * 1000,
	MOTION_US = 50 * 1000, /* how often positions are read: somebody looks, or it moves */
	MOTION_IDLE_US = 200 * 1000,
	HEALTH_US = 1000 * 1000,
	STOP_TIMES = 5,
};

void chain_scan(struct chain *chain, int64_t wait_us)
{
	chain->phase = CHAIN_SCAN;
	chain->again_us = wait_us;
	chain->request.is_open = false;
	chain->count = CHAIN_SERVOS_MAX;
	memset(chain->servos, 0, sizeof(chain->servos));
	for (unsigned i = 0; i < CHAIN_SERVOS_MAX; i++) {
		chain->servos[i].id = (uint8_t)(i + 1);
		chain->servos[i].due = chain_bit(ASK_PING);
		chain->servos[i].speed = CHAIN_SLOWEST_DEG_S; /* who knows what it does */
	}
}

void chain_start(struct kit *kit, const struct chain_dialect *dialect, int64_t now_us)
{
	struct chain *chain = chain_of(kit);

	(void)now_us;
	chain->dialect = dialect;
	chain->grip_property = chain->moving_property = chain->voltage_property = -1;
	kit->program[0] = '\0';
	if (!kit->model[0]) {
		snprintf(kit->model, sizeof(kit->model), "%s", dialect->model);
	}
	chain_scan(chain, 0);
}

void chain_feed(struct kit *kit, const uint8_t *bytes, size_t count, int64_t now_us)
{
	struct chain *chain = chain_of(kit);
	struct chain_answer answer;

	while (count > 0) {
		size_t room = sizeof(chain->bytes) - chain->byte_count, at = 0, used;
		size_t some = count < room ? count : room;

		memcpy(chain->bytes + chain->byte_count, bytes, some);
		chain->byte_count += some;
		bytes += some;
		count -= some;
		for (;;) {
			enum err err = chain->dialect->decode(&chain->request, chain->bytes + at,
				chain->byte_count - at, &used, &answer);

			if (used == 0) {
				break;
			}
			at += used;
			if (err) {
				kit->bad_frames++;
			} else if (answer.told) {
				chain_take(kit, &answer, now_us);
			}
			if (at == chain->byte_count) {
				break;
			}
		}
		chain->byte_count -= at;
		memmove(chain->bytes, chain->bytes + at, chain->byte_count);
	}
}

static bool is_watched(const struct kit *kit)
{
	for (size_t i = 0; i < kit->property_count; i++) {
		if (kit->properties[i].watchers > 0) {
			return true;
		}
	}
	return false;
}

static void want_regularly(struct kit *kit, int64_t now_us)
{
	struct chain *chain = chain_of(kit);

	if (now_us >= chain->next_motion_us) {
		bool is_busy = chain_is_moving(chain, now_us) || is_watched(kit);

		chain_want(chain, chain_bit(ASK_MOTION));
		chain->next_motion_us = now_us + (is_busy ? MOTION_US : MOTION_IDLE_US);
	}
	if (now_us >= chain->next_health_us) {
		chain_want(chain, chain->dialect->health | chain_bit(ASK_TORQUE));
		for (unsigned i = 0; i < chain->count; i++) {
			if (chain->servos[i].is_missing) {
				chain->servos[i].due = chain_bit(ASK_PING);
			}
		}
		chain->next_health_us = now_us + HEALTH_US;
	}
}

int64_t chain_tick(struct kit *kit, int64_t now_us)
{
	struct chain *chain = chain_of(kit);

	if (chain->again_us) {
		if (now_us < chain->again_us) {
			return chain->again_us;
		}
		chain_scan(chain, 0);
	}
	if (chain->request.is_open && now_us >= chain->request.deadline_us) {
		/* This process may be late itself: what has come is read before the next tick. */
		if (chain->request.is_late) {
			chain_miss(kit, now_us);
		}
		chain->request.is_late = true;
	}
	if (chain->phase == CHAIN_RUN) {
		want_regularly(kit, now_us);
		chain_show_moving(kit, now_us);
	}
	chain_pump(kit, now_us);
	bool is_waiting =
		chain->request.is_open && !chain->request.is_late && !chain->hold.must_tell;

	return is_waiting ? chain->request.deadline_us : now_us + TICK_US;
}

/* Known here: the watcher gets it as a sample. */
void chain_watch(struct kit *kit, const struct property *property, bool on, int64_t now_us)
{
	struct value value = property->value;

	(void)now_us;
	if (on && value.type != VALUE_NULL) {
		kit_set(kit, (int)(property - kit->properties), &value);
	}
}

/*
 * Nobody will look after the arm: its motors go without power (docs/decisions.md). Said
 * several times, because the first may fall into an answer.
 */
void chain_stop(struct kit *kit, int64_t now_us)
{
	struct chain *chain = chain_of(kit);
	uint8_t bytes[CHAIN_BYTES_MAX];
	size_t count = 0;

	chain_forget_moves(kit);
	for (int i = 0; i < STOP_TIMES; i++) {
		count += chain->dialect->torque_off(bytes + count, sizeof(bytes) - count);
	}
	chain_send(kit, bytes, count, LANE_FIRST, now_us);
}
