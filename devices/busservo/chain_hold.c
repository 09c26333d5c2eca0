/*
 * A chain at rest, and the proof; see chain.h.
 *
 * A hold stops the joints where they are and keeps their torque: an arm that lets go falls
 * on fingers. Only the level `kill` (and the action `relax`) takes the torque away.
 *
 * On a half-duplex wire nobody hears what is said into an answer, and the answer is lost
 * as well. So a long answer (Dynamixel: up to 45 ms for all servos) is let end; a short one
 * is spoken into, and the same is said again behind it. Proof is only what was asked after
 * the last telling: torque is off, or the servo stands (two readings so far apart that the
 * last move would show between them) and, where goals are told, its goal is the place
 * where it shall stand. All servos must have proved it.
 */
#include "busservo/chain.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
	FRESH_US = 250 * 1000,	  /* so old may a position be that becomes a goal */
	SHORT_US = 3 * 1000,	  /* the rest of an answer that is spoken into */
	PAUSE_US = 500 * 1000,	  /* of questions for health, for the proof */
	APART_MIN_US = 40 * 1000, /* two readings that prove rest */
	APART_MAX_US = 1000 * 1000,
};

static void tell(struct kit *kit, int64_t now_us)
{
	struct chain *chain = chain_of(kit);
	struct chain_goal goals[CHAIN_SERVOS_MAX];
	uint8_t bytes[CHAIN_BYTES_MAX];
	size_t count = 0;

	for (unsigned i = 0; i < chain->count && chain->phase == CHAIN_RUN; i++) {
		struct chain_servo *servo = &chain->servos[i];

		servo->proof_us = 0;
		if (servo->is_frozen) {
			goals[count++] = chain_goal_of(servo);
		}
	}
	size_t length = chain->hold.level == HOLD_KILL
		? chain->dialect->torque_off(bytes, sizeof(bytes))
		: chain->dialect->halt(goals, count, bytes, sizeof(bytes));

	if (length == 0 || chain_send(kit, bytes, length, LANE_FIRST, now_us)) {
		chain->hold.must_tell = false;
		chain->hold.number = chain->number;
	}
}

/* What is asked to prove it. */
static unsigned proof_of(const struct chain *chain)
{
	return chain->hold.level == HOLD_KILL ? chain_bit(ASK_TORQUE) : chain_look(chain);
}

void chain_rest(struct kit *kit, enum hold_level level, int64_t now_us)
{
	struct chain *chain = chain_of(kit);
	bool was_active = chain->hold.is_active;

	chain->hold.level = was_active && chain->hold.level > level ? chain->hold.level : level;
	chain->hold.is_active = true;
	for (unsigned i = 0; i < chain->count; i++) {
		struct chain_servo *servo = &chain->servos[i];
		bool is_fresh = servo->position_us && now_us - servo->position_us < FRESH_US;

		if (servo->arrives_us && now_us >= servo->arrives_us) {
			servo->speed = 0;
		}
		servo->is_proved = false;
		servo->is_taken = !chain->dialect->tells_goal;
		servo->is_frozen &= was_active;
		if (!servo->is_frozen && is_fresh && !servo->is_missing) {
			chain_stay(chain, servo, now_us);
			servo->is_frozen = true;
		}
	}
	chain_forget_moves(kit);
	chain->hold.must_tell = true;
	bool is_long = chain->request.is_open && chain->request.over_us - now_us > SHORT_US;

	if (!is_long && !chain->is_taking) {
		tell(kit, now_us);
		chain->hold.must_tell |= chain->request.is_open;
	}
	if (chain->phase == CHAIN_RUN) {
		for (unsigned i = 0; i < chain->count; i++) {
			chain->servos[i].due &= ~chain->dialect->health; /* that can wait */
		}
		chain_want(chain, proof_of(chain));
		chain->next_health_us = now_us + PAUSE_US;
	}
}

/* Again while it is being proved: what is under way proves it, and says again what was lost. */
void chain_hold(struct kit *kit, enum hold_level level, int64_t now_us)
{
	const struct chain *chain = chain_of(kit);
	bool is_under_way = chain->hold.is_active && chain->phase == CHAIN_RUN &&
		chain->trouble == TROUBLE_NONE && level <= chain->hold.level;

	if (is_under_way) {
		chain_forget_moves(kit); /* that waited for the proof */
	} else {
		chain_rest(kit, level, now_us);
	}
	chain_pump(kit, now_us);
}

void chain_hold_pump(struct kit *kit, int64_t now_us)
{
	const struct chain *chain = chain_of(kit);
	bool is_answering = chain->request.is_open && now_us < chain->request.over_us;

	if (chain->hold.is_active && chain->hold.must_tell && !is_answering) {
		tell(kit, now_us);
	}
}

/* ---- proof ---- */

/* How far apart must two equal readings be, so that a move that goes on shows between them?
 * (Where goals are told, that it has no other goal says it already.) */
static int64_t apart_us(const struct chain *chain, const struct chain_servo *servo)
{
	double degrees = (chain->dialect->slack + 1) * chain->dialect->degrees;

	if (chain->dialect->tells_goal || servo->speed <= 0) {
		return APART_MIN_US;
	}
	return (int64_t)fmin(fmax(degrees / servo->speed * 1e6, APART_MIN_US), APART_MAX_US);
}

static void prove_standing(struct chain *chain, struct chain_servo *servo,
	const struct chain_answer *answer, int64_t now_us)
{
	int64_t asked_us = chain->request.asked_us;

	if (answer->told & TOLD_GOAL) {
		servo->is_taken = answer->goal == servo->goal;
	}
	if (!servo->is_frozen || !servo->is_taken) {
		chain_stay(chain, servo, now_us); /* it went on until now */
		servo->is_frozen = true;
		servo->due |= chain_bit(ASK_TORQUE); /* limp servos may take no goal */
		chain->hold.must_tell = true;
	} else if (servo->proof_us == 0) {
		servo->proof = answer->position;
		servo->proof_us = asked_us;
	} else if (abs(answer->position - servo->proof) > chain->dialect->slack) {
		servo->proof = answer->position;
		servo->proof_us = asked_us;
		servo->due |= chain_bit(ASK_TORQUE); /* limp, and moved by hand? */
		chain->hold.must_tell |= !chain->dialect->tells_goal;
	} else if (asked_us - servo->proof_us >= apart_us(chain, servo)) {
		servo->is_proved = true;
		servo->speed = 0;
	}
}

static void finish(struct kit *kit)
{
	struct chain *chain = chain_of(kit);
	unsigned count = chain->hold.token_count;
	uint32_t tokens[KIT_PENDING_MAX];

	for (unsigned i = 0; i < chain->count; i++) {
		if (!chain->servos[i].is_proved) {
			return;
		}
	}
	chain->hold.is_active = chain->hold.must_tell = false;
	memcpy(tokens, chain->hold.tokens, sizeof(tokens));
	chain->hold.token_count = 0;
	kit_held(kit);
	for (unsigned i = 0; i < count; i++) {
		kit_reply(kit, tokens[i], NULL, NULL);
	}
}

static void judge(struct chain *chain, struct chain_servo *servo, const struct chain_answer *answer,
	int64_t now_us)
{
	bool is_kill = chain->hold.level == HOLD_KILL;

	if (answer->told & TOLD_TORQUE) {
		servo->is_proved = !answer->torque;
		chain->hold.must_tell |= is_kill && answer->torque;
	}
	if ((answer->told & TOLD_POSITION) && !is_kill &&
		(servo->is_taken || (answer->told & TOLD_GOAL))) {
		prove_standing(chain, servo, answer, now_us);
	}
}

void chain_hold_take(struct kit *kit, struct chain_servo *servo, const struct chain_answer *answer,
	int64_t now_us)
{
	struct chain *chain = chain_of(kit);

	if (!chain->hold.is_active || servo->is_proved) {
		return;
	}
	/* An answer to what was asked before the telling is no proof. */
	if (!chain->hold.must_tell && chain->request.number > chain->hold.number) {
		judge(chain, servo, answer, now_us);
	}
	if (!servo->is_proved) {
		bool is_half = servo->is_taken && chain->hold.level != HOLD_KILL;

		servo->due |= is_half ? chain_bit(ASK_MOTION) : proof_of(chain);
	}
	finish(kit);
}
