/*
 * Goals of a chain's joints; see chain.h.
 *
 * A goal waits until a hold under way is proved and until all servos have torque; a newer
 * one takes its place. Torque comes on only where the servo's goal was seen to be its
 * place (or, where goals are not told, was just set to it), so that nothing jumps. A goal
 * that is read back otherwise is sent again, a few times; where goals cannot be read, when
 * the servo has not arrived in time.
 */
#include "busservo/chain.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FASTEST_DEG_S 180.0

enum {
	TRIES = 4,	       /* to have a goal taken */
	LATE_US = 300 * 1000,  /* by which a servo may arrive later than it should */
	STILL_US = 150 * 1000, /* without a change for so long: it stands */
};

static int clamp(const struct chain_servo *servo, int position)
{
	return position < servo->min ? servo->min : position > servo->max ? servo->max : position;
}

void chain_stay(const struct chain *chain, struct chain_servo *servo, int64_t now_us)
{
	int way = servo->goal - servo->position, place = servo->position;

	if (now_us < servo->arrives_us) {
		double seconds = (double)(now_us - servo->seen_us) / 1e6;
		int gone = (int)(servo->speed / chain->dialect->degrees * seconds);

		place += gone >= abs(way) ? way : way < 0 ? -gone : gone;
	}
	servo->goal = clamp(servo, place);
}

struct chain_goal chain_goal_of(const struct chain_servo *servo)
{
	return (struct chain_goal){servo->id, servo->position, servo->goal, CHAIN_GENTLE_DEG_S};
}

/* ---- poses wait until their goals are taken ---- */

static void end_poses(struct kit *kit, const struct why *why)
{
	struct chain *chain = chain_of(kit);
	unsigned count = chain->pose_count;
	uint32_t poses[KIT_PENDING_MAX];

	memcpy(poses, chain->poses, sizeof(poses)); /* who is answered may ask for another */
	chain->pose_count = 0;
	for (unsigned i = 0; i < count; i++) {
		kit_reply(kit, poses[i], NULL, why);
	}
}

static void settle_poses(struct kit *kit)
{
	const struct chain *chain = chain_of(kit);

	for (unsigned i = 0; i < chain->count; i++) {
		const struct chain_servo *servo = &chain->servos[i];

		if (servo->is_wanted || (servo->tries > 0 && chain->dialect->tells_goal)) {
			return;
		}
	}
	end_poses(kit, NULL);
}

void chain_forget_moves(struct kit *kit)
{
	struct chain *chain = chain_of(kit);
	struct why why;

	for (unsigned i = 0; i < chain->count; i++) {
		struct chain_servo *servo = &chain->servos[i];

		servo->is_wanted = false;
		servo->tries = 0;
		servo->arrives_us = 0;
	}
	chain->is_waking = false;
	if (chain->pose_count > 0) {
		why_set(&why, ERR_STOPPED, MSG_BUSSERVO_STOPPED, kit->id);
		end_poses(kit, &why);
	}
}

/* ---- commands ---- */

static void wish(struct chain_servo *servo, int position, double speed)
{
	servo->is_wanted = true;
	servo->wanted = clamp(servo, position);
	servo->wanted_speed = fmin(fmax(speed, CHAIN_SLOWEST_DEG_S), FASTEST_DEG_S);
	servo->tries = TRIES;
}

static int units(const struct chain *chain, double degrees)
{
	return chain->dialect->middle + (int)lround(degrees / chain->dialect->degrees);
}

enum err chain_write(struct kit *kit, const struct property *property, const struct value *value,
	int64_t now_us, struct why *why)
{
	struct chain *chain = chain_of(kit);
	enum err err = chain_need_sound(kit, why);

	if (err) {
		return err;
	}
	if (property->tag == TAG_GRIP) {
		struct chain_servo *grip = &chain->servos[chain->count - 1];
		double span = grip->max - grip->min;

		wish(grip, grip->min + (int)lround(value->number * span), CHAIN_GENTLE_DEG_S);
	} else {
		wish(&chain->servos[property->tag], units(chain, value->number),
			CHAIN_GENTLE_DEG_S);
	}
	chain_pump(kit, now_us);
	return ERR_NONE;
}

static enum err check_pose(const struct kit *kit, const struct value *angles, struct why *why)
{
	const struct chain *chain = chain_of(kit);

	if (angles->count != chain->count) {
		return why_set(why, ERR_INVALID, MSG_BUSSERVO_ANGLES, kit->id, (int)chain->count,
			(int)angles->count);
	}
	for (unsigned i = 0; i < chain->count; i++) {
		const struct property *joint = &kit->properties[chain->servos[i].joint_property];

		if (!(angles->vector[i] >= joint->min && angles->vector[i] <= joint->max)) {
			return why_set(why, ERR_INVALID, MSG_VALUE_RANGE, joint->name, joint->min,
				joint->max, angles->vector[i]);
		}
	}
	return ERR_NONE;
}

/* All joints arrive together: in the time that was given, or at the gentle speed of the
 * one that has the longest way. */
static enum err pose(
	struct kit *kit, const struct value *args, uint32_t token, int64_t now_us, struct why *why)
{
	struct chain *chain = chain_of(kit);
	enum err err = check_pose(kit, &args[0], why);
	double ways[CHAIN_SERVOS_MAX], longest = 0;

	if (err) {
		return err;
	}
	if (chain->pose_count == KIT_PENDING_MAX) {
		return why_set(why, ERR_BUSY, MSG_TOO_MANY_ACTIONS, kit->id, KIT_PENDING_MAX);
	}
	for (unsigned i = 0; i < chain->count; i++) {
		double here = chain_degrees(chain, chain->servos[i].position);

		ways[i] = fabs(args[0].vector[i] - here);
		longest = fmax(longest, ways[i]);
	}
	double seconds = args[1].type == VALUE_NULL ? longest / CHAIN_GENTLE_DEG_S : args[1].number;

	for (unsigned i = 0; i < chain->count; i++) {
		wish(&chain->servos[i], units(chain, args[0].vector[i]),
			ways[i] / fmax(seconds, 1e-3));
	}
	chain->poses[chain->pose_count++] = token;
	chain_pump(kit, now_us);
	return ERR_NONE;
}

enum err chain_act(struct kit *kit, const struct action *action, const struct value *args,
	uint32_t token, int64_t now_us, struct why *why)
{
	struct chain *chain = chain_of(kit);

	if (action->tag == ACTION_POSE) {
		enum err err = chain_need_sound(kit, why);

		return err ? err : pose(kit, args, token, now_us, why);
	}
	if (chain->hold.token_count == KIT_PENDING_MAX) {
		return why_set(why, ERR_BUSY, MSG_TOO_MANY_ACTIONS, kit->id, KIT_PENDING_MAX);
	}
	chain->hold.tokens[chain->hold.token_count++] = token;
	chain_rest(kit, action->tag == ACTION_RELAX ? HOLD_KILL : HOLD_MOTION, now_us);
	chain_pump(kit, now_us);
	return ERR_NONE;
}

/* ---- torque on ---- */

static bool is_limp(const struct chain_servo *servo)
{
	return !servo->has_torque && !servo->is_missing;
}

static void set_align(struct chain *chain, unsigned from, unsigned to)
{
	for (unsigned i = 0; i < chain->count; i++) {
		struct chain_servo *servo = &chain->servos[i];

		if (is_limp(servo) && servo->align == from) {
			servo->align = to;
		}
	}
}

/* How far are they? As far as the last of them. */
static unsigned last_align(const struct chain *chain)
{
	unsigned last = ALIGN_DONE;

	for (unsigned i = 0; i < chain->count; i++) {
		if (is_limp(&chain->servos[i]) && chain->servos[i].align < last) {
			last = chain->servos[i].align;
		}
	}
	return last;
}

/* Brings the limp ones nearer to torque: ask where they are, make that their goal, and
 * (where goals are told) ask again; when all are aligned, switch on and ask for that. */
static void align(struct kit *kit, int64_t now_us)
{
	struct chain *chain = chain_of(kit);
	const struct chain_dialect *dialect = chain->dialect;
	uint8_t bytes[CHAIN_BYTES_MAX], ids[CHAIN_SERVOS_MAX];
	struct chain_goal goals[CHAIN_SERVOS_MAX];
	size_t goal_count = 0, id_count = 0, length;

	for (unsigned i = 0; i < chain->count; i++) {
		struct chain_servo *servo = &chain->servos[i];

		if (!is_limp(servo)) {
			continue;
		}
		ids[id_count++] = servo->id;
		if (servo->align == ALIGN_TELL) {
			chain_stay(chain, servo, now_us);
			goals[goal_count++] = chain_goal_of(servo);
		} else if (servo->align == ALIGN_ASK) {
			servo->due |= chain_look(chain);
		}
	}
	if (goal_count > 0) {
		length = dialect->go(goals, goal_count, bytes, sizeof(bytes));
		if (chain_send(kit, bytes, length, LANE_MOTION, now_us)) {
			chain->align_number = chain->number;
			set_align(chain, ALIGN_TELL, dialect->tells_goal ? ALIGN_ASK : ALIGN_DONE);
		}
	} else if (last_align(chain) == ALIGN_DONE) {
		length = dialect->torque_on(ids, id_count, bytes, sizeof(bytes));
		if (chain_send(kit, bytes, length, LANE_MOTION, now_us)) {
			set_align(chain, ALIGN_DONE, ALIGN_ASK);
			chain_want(chain, chain_bit(ASK_TORQUE));
		}
	}
}

/* ---- goals ---- */

static void sent(struct chain *chain, struct chain_servo *servo, int64_t now_us)
{
	int way = abs(servo->wanted - servo->position);
	double seconds = way * chain->dialect->degrees / servo->wanted_speed;

	servo->is_wanted = false;
	servo->goal = servo->wanted;
	servo->speed = way > chain->dialect->slack ? servo->wanted_speed : 0;
	servo->arrives_us = now_us + (int64_t)(seconds * 1e6) + LATE_US;
	servo->told_number = chain->number;
	servo->due |= chain_look(chain);
}

static void go(struct kit *kit, int64_t now_us)
{
	struct chain *chain = chain_of(kit);
	struct chain_goal goals[CHAIN_SERVOS_MAX];
	uint8_t bytes[CHAIN_BYTES_MAX];
	size_t count = 0;

	for (unsigned i = 0; i < chain->count; i++) {
		const struct chain_servo *servo = &chain->servos[i];

		if (servo->is_wanted) {
			goals[count++] = (struct chain_goal){
				servo->id, servo->position, servo->wanted, servo->wanted_speed};
		}
	}
	size_t length = chain->dialect->go(goals, count, bytes, sizeof(bytes));

	if (!chain_send(kit, bytes, length, LANE_MOTION, now_us)) {
		return; /* the port is full: again with the next tick */
	}
	for (unsigned i = 0; i < chain->count; i++) {
		if (chain->servos[i].is_wanted) {
			sent(chain, &chain->servos[i], now_us);
		}
	}
	settle_poses(kit);
}

void chain_move(struct kit *kit, int64_t now_us)
{
	struct chain *chain = chain_of(kit);
	bool is_wanted = false, has_limp = false;

	for (unsigned i = 0; i < chain->count; i++) {
		is_wanted |= chain->servos[i].is_wanted;
		has_limp |= is_limp(&chain->servos[i]);
	}
	if (!is_wanted || chain->hold.is_active || chain->trouble != TROUBLE_NONE) {
		return;
	}
	if (has_limp && !chain->is_waking) {
		set_align(chain, ALIGN_TELL, ALIGN_ASK);
		set_align(chain, ALIGN_DONE, ALIGN_ASK);
		chain->align_number = chain->number;
	}
	chain->is_waking = has_limp;
	(has_limp ? align : go)(kit, now_us);
}

/* ---- what the servos tell ---- */

static void check_goal(struct kit *kit, struct chain_servo *servo, int goal)
{
	struct chain *chain = chain_of(kit);
	struct why why;

	if (servo->tries == 0 || servo->is_wanted || chain->request.number <= servo->told_number) {
		return;
	}
	if (goal == servo->goal) {
		servo->tries = 0;
		settle_poses(kit);
	} else if (--servo->tries > 0) {
		servo->is_wanted = true;
	} else {
		why_set(&why, ERR_REFUSED, MSG_BUSSERVO_NOT_TAKEN, servo->joint, servo->id,
			kit->id);
		end_poses(kit, &why);
	}
}

/* Without the servo's word: it should be there by now. (Or something holds it up.) */
static void check_arrival(const struct chain *chain, struct chain_servo *servo, int64_t now_us)
{
	if (servo->tries == 0 || servo->is_wanted || now_us < servo->arrives_us) {
		return;
	}
	if (abs(servo->position - servo->goal) <= 2 * chain->dialect->slack) {
		servo->tries = 0;
	} else {
		servo->is_wanted = --servo->tries > 0;
	}
}

/* Is its goal where it is? Without the servo's word, the goal is what it was last told. */
static void check_alignment(
	const struct chain *chain, struct chain_servo *servo, const struct chain_answer *answer)
{
	bool is_told = (answer->told & TOLD_GOAL) != 0;

	if (!is_told && servo->align != ALIGN_DONE && chain->dialect->tells_goal) {
		return; /* that is asked for */
	}
	servo->goal = is_told ? answer->goal : servo->goal;
	bool is_known = is_told || servo->align == ALIGN_DONE;
	int off = abs(servo->goal - clamp(servo, answer->position));

	servo->align = is_known && off <= chain->dialect->slack ? ALIGN_DONE : ALIGN_TELL;
}

void chain_moved(struct kit *kit, struct chain_servo *servo, const struct chain_answer *answer,
	int64_t now_us)
{
	struct chain *chain = chain_of(kit);
	const struct chain_dialect *dialect = chain->dialect;

	if (servo->position_us == 0) {
		servo->still = answer->position;
		servo->still_us = now_us - STILL_US;
	} else if (abs(answer->position - servo->still) > dialect->slack) {
		servo->still = answer->position;
		servo->still_us = now_us;
	}
	servo->position = answer->position;
	servo->position_us = chain->request.asked_us;
	servo->seen_us = (chain->request.asked_us + now_us) / 2;
	if (answer->told & TOLD_GOAL) {
		check_goal(kit, servo, answer->goal);
	} else if (!dialect->tells_goal) {
		check_arrival(chain, servo, now_us);
	}
	if (chain->is_waking && is_limp(servo) && chain->request.number > chain->align_number) {
		check_alignment(chain, servo, answer);
	}
}

bool chain_is_moving(const struct chain *chain, int64_t now_us)
{
	for (unsigned i = 0; i < chain->count; i++) {
		const struct chain_servo *servo = &chain->servos[i];
		bool is_on_its_way = now_us < servo->arrives_us &&
			abs(servo->position - servo->goal) > 2 * chain->dialect->slack;

		if (is_on_its_way || now_us - servo->still_us < STILL_US) {
			return true;
		}
	}
	return false;
}
