/*
 * The safety gate: commands, time, and what the lab tells; see safety.h.
 *
 * One timer, which runs only while a lease lives or an all-stop is under way; it comes
 * when the first lease would end, at the latest after 20 ms.
 */
#include "safety_private.h"

#include "clock.h"
#include "kit_motion.h"
#include "lab.h"
#include "xalloc.h"

#include <stdlib.h>
#include <string.h>

/* ---- records of kits ---- */

struct guard *guard_of(struct kit *kit)
{
	if (!kit->guard) {
		kit->guard = xcalloc(1, sizeof(struct guard));
	}
	return kit->guard;
}

const struct guard *guard_if(const struct kit *kit)
{
	return kit->guard;
}

void guard_hold(struct kit *kit, enum hold_level level, int holds, const struct why *why,
	int64_t now_us)
{
	struct guard *guard = guard_of(kit);

	guard->is_for_proof = level == HOLD_MOTION;
	guard->holds_left = holds - 1;
	guard->next_hold_us = now_us + (guard->is_for_proof ? PROOF_US : STOP_REPEAT_US);
	guard->hold_why = *why;
	kit_hold(kit, level, why, now_us);
}

/* It need not be said again: it is proved, and no stop asks for more; or a new lease moves the kit. */
static bool is_settled(const struct safety *safety, const struct kit *kit)
{
	const struct guard *guard = kit->guard;

	return guard->is_for_proof ? kit_is_held(kit) || guard->lease
				   : kit_is_held(kit) && !stop_of(safety, kit);
}

/* True: more is to come. */
static bool hold_again(const struct safety *safety, struct kit *kit, int64_t now_us)
{
	struct guard *guard = kit->guard;

	if (!guard || guard->holds_left == 0) {
		return false;
	}
	if (is_settled(safety, kit)) {
		guard->holds_left = 0;
		return false;
	}
	if (now_us >= guard->next_hold_us) {
		guard_hold(kit, kit->hold_level, guard->holds_left, &guard->hold_why,
			now_us);
	}
	return guard->holds_left > 0;
}

void safety_person(struct kit *kit, int64_t now_us)
{
	guard_of(kit)->person_us = now_us;
}

const char *safety_holder_of(const struct kit *kit)
{
	const struct guard *guard = guard_if(kit);

	return guard && guard->lease ? guard->lease->holder->label : NULL;
}

/* ---- commands ---- */

enum err safety_need_running(const struct safety *safety, const struct kit *kit, struct why *why)
{
	const struct stop *stop = stop_of(safety, kit);

	if (!stop) {
		return ERR_NONE;
	}
	if (stop->seat[0]) {
		return why_set(why, ERR_STOPPED, MSG_SEAT_STOPPED, stop->seat, stop->by);
	}
	return why_set(why, ERR_STOPPED, MSG_ROOM_STOPPED, stop->by);
}

/* Judges all-stop and lease of a command, and feeds the lease that it names. */
static enum err admit(struct safety *safety, struct kit *kit, struct lease_holder *holder,
	const char *id, int64_t now_us, struct lease **lease, struct why *why)
{
	enum err err = safety_need_running(safety, kit, why);

	*lease = NULL;
	if (err) {
		return err;
	}
	if (!holder->is_run) {
		holder->person_us = now_us;
		safety_person(kit, now_us);
	}
	if (!id || !id[0]) {
		return ERR_NONE;
	}
	*lease = lease_need(safety, holder, id, now_us, why);
	if (!*lease) {
		return why->code;
	}
	if ((*lease)->kit != kit) {
		return why_set(why, ERR_INVALID, MSG_LEASE_OTHER_KIT, (*lease)->kit->id, kit->id);
	}
	(*lease)->fed_us = now_us;
	return ERR_NONE;
}

/* A refused command was no step towards a limit of change. */
static enum err undo(struct kit *kit, const struct limit_traces *before, enum err err)
{
	struct lease *lease = guard_of(kit)->lease;

	if (lease) {
		lease->traces = *before;
	}
	return err;
}

enum err safety_write(struct safety *safety, struct kit *kit, int index,
	const struct value *value, struct lease_holder *holder, const char *id, int64_t now_us,
	kit_done_fn *done, void *data, struct why *why)
{
	const struct property *property = &kit->properties[index];
	struct lease *lease;
	enum err err = admit(safety, kit, holder, id, now_us, &lease, why);

	if (err) {
		return err;
	}
	if (property->safety != CLASS_MOTION || !lease) {
		return kit_write(kit, index, value, now_us, done, data, why);
	}
	struct limit_traces before = lease->traces;

	err = limits_write(&lease->limits, &lease->traces, property, value, now_us, why);
	if (!err) {
		err = kit_write_motion(kit, index, value, now_us, done, data, why);
	}
	return err ? undo(kit, &before, err) : ERR_NONE;
}

enum err safety_act(struct safety *safety, struct kit *kit, int index, const struct value *args,
	struct lease_holder *holder, const char *id, int64_t now_us, kit_done_fn *done,
	void *data, struct why *why)
{
	const struct action *action = &kit->actions[index];
	struct guard *guard = guard_of(kit);
	struct lease *lease;

	if (strcmp(action->name, "stop") == 0) {
		if (guard->lease) {
			guard->lease->traces.count = 0;
		}
		return kit_act(kit, index, args, now_us, done, data, why);
	}
	enum err err = admit(safety, kit, holder, id, now_us, &lease, why);

	if (err) {
		return err;
	}
	if (action->safety != CLASS_MOTION || !lease) {
		return kit_act(kit, index, args, now_us, done, data, why);
	}
	struct limit_traces before = lease->traces;

	err = limits_act(&lease->limits, &lease->traces, kit, action, args, now_us, why);
	if (!err) {
		err = kit_act_motion(kit, index, args, now_us, done, data, why);
	}
	return err ? undo(kit, &before, err) : ERR_NONE;
}

/* ---- from the lab ---- */

void safety_kit_changed(struct safety *safety, struct kit *kit, int64_t now_us)
{
	struct guard *guard = guard_of(kit);
	const struct stop *stop = stop_of(safety, kit);
	bool is_new = kit->state == KIT_READY && guard->state != KIT_READY;
	struct why why;

	guard->state = kit->state;
	if (guard->lease &&
		(kit->state != KIT_READY || guard->lease->profile != kit->profile)) {
		lease_end(safety, guard->lease, LEASE_LOST, "", now_us);
	}
	if (is_new && stop) {
		guard->is_confirmed = false;
		safety_need_running(safety, kit, &why);
		guard_hold(kit, stop->level, STOP_HOLDS, &why, now_us);
	} else if (is_new && kit->hold_us != 0 && !kit_is_held(kit)) {
		/* It went before it had proved its rest. */
		why_set(&why, ERR_LOST, MSG_KIT_LOST, kit->id);
		guard_hold(kit, kit->hold_level, PROOF_HOLDS, &why, now_us);
	}
	safety->is_dirty = safety->is_dirty || stop;
	safety_need_time(safety, now_us);
}

void safety_kit_gone(struct safety *safety, struct kit *kit)
{
	struct guard *guard = kit->guard;

	if (safety && guard && guard->lease) {
		lease_end(safety, guard->lease, LEASE_LOST, "", clock_now_us());
	}
	free(guard);
	kit->guard = NULL;
}

/* ---- time ---- */

static bool hold_all_again(struct safety *safety, int64_t now_us)
{
	struct lab *lab = safety->server->lab;
	bool is_more = false;

	for (size_t i = 0; i < lab_kit_count(lab); i++) {
		is_more = hold_again(safety, lab_kit(lab, i), now_us) || is_more;
	}
	return is_more;
}

void safety_need_time(struct safety *safety, int64_t now_us)
{
	bool is_holding = safety->is_holding || stops_need_time(safety);
	int64_t due_us = is_holding || safety->leases ? now_us + JUDGE_US : INT64_MAX;
	int64_t lease_us = leases_due_us(safety);

	due_us = lease_us < due_us ? lease_us : due_us;
	if (due_us == INT64_MAX) {
		loop_timer_stop(safety->timer);
	} else {
		loop_timer_start(safety->timer, due_us > now_us ? due_us - now_us : 0, 0);
	}
}

void safety_tick(struct safety *safety, int64_t now_us)
{
	leases_judge(safety, now_us);
	safety->is_holding = hold_all_again(safety, now_us);
	stops_tick(safety, now_us);
	safety_need_time(safety, now_us);
}

static void on_timer(void *data)
{
	safety_tick(data, clock_now_us());
}

/* ---- life ---- */

struct safety *safety_create(struct server *server)
{
	struct safety *safety = xcalloc(1, sizeof(*safety));

	safety->server = server;
	safety->timer = loop_timer_add(server->loop, on_timer, safety);
	return safety;
}

void safety_destroy(struct safety *safety)
{
	if (!safety) {
		return;
	}
	stops_end(safety);
	while (safety->leases) {
		struct lease *lease = safety->leases;

		safety->leases = lease->next;
		guard_of(lease->kit)->lease = NULL;
		free(lease);
	}
	loop_timer_remove(safety->timer);
	free(safety);
}
