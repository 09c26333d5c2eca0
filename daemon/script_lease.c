/*
 * The leases of a run; see script_run.h and safety.h.
 *
 * A run takes a lease with its first motion command on a kit, and feeds it by whatever
 * shows that its scheduler turns. A lease that only expired is taken anew by the next motion
 * command, if nobody else has one: that is the script's intent. After a take-over, a lost
 * kit, or too long without a person, this run does not move the kit any more.
 */
#include "script_run.h"

#include "clock.h"
#include "server.h"

static void on_lost(struct lease_holder *holder, const struct lease_loss *loss)
{
	struct run_kit *kit = run_find_kit(holder->data, loss->kit->id);

	if (kit && loss->end != LEASE_EXPIRED) {
		kit->barred = loss->why;
	}
}

void run_lease_begin(struct run *run)
{
	run->holder = (struct lease_holder){
		.user = run->by,
		.lesson = run->lesson[0] ? run->lesson : NULL,
		.is_run = true,
		.person_us = clock_now_us(),
		.lost = on_lost,
		.data = run,
	};
	run_copy_text(run->holder.label, sizeof(run->holder.label),
		run->by[0] ? run->by : run->name);
}

const char *run_lease(struct run_kit *kit, struct why *why)
{
	struct run *run = kit->run;
	struct safety *safety = run->scripts->server->safety;
	int64_t now_us = clock_now_us();
	const char *id = safety_lease_of(safety, kit->tap.kit, &run->holder, now_us);

	if (id) {
		return id;
	}
	if (run->cause != CAUSE_NONE) {
		why_set(why, ERR_STOPPED, MSG_RUN_STOPPED);
		return NULL;
	}
	if (kit->barred.code != ERR_NONE) {
		*why = kit->barred;
		return NULL;
	}
	if (safety_lease(safety, kit->tap.kit, &run->holder, LEASE_TTL_MS, false, now_us, &id, why)) {
		return NULL;
	}
	run->is_moving = true;
	return id;
}

void run_lease_kit_changed(struct run_kit *kit)
{
	enum kit_state state = kit->tap.kit->state;

	if (kit->is_open && state != KIT_READY && kit->barred.code == ERR_NONE) {
		why_set(&kit->barred, ERR_LOST, MSG_LEASE_LOST, kit->id);
	}
}

void run_lease_feed(struct run *run)
{
	struct safety *safety = run->scripts->server->safety;

	safety_feed_all(safety, &run->holder, clock_now_us());
	run->is_moving = safety_holds_any(safety, &run->holder);
}

void run_lease_end(struct run *run)
{
	safety_forget(run->scripts->server->safety, &run->holder, clock_now_us());
}
