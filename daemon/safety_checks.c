/*
 * What must be well before a kit may move (SAFETY S10): a list with names, asked
 * whenever a lease is taken, and shown on request. The first that fails refuses.
 */
#include "safety_private.h"

#include "config.h"

#include <math.h>
#include <string.h>

enum { PROOF_LATE_US = 500 * 1000 };

struct asked {
	struct safety *safety;
	struct kit *kit;
	const struct lease_holder *holder;
	bool takes;
	int64_t now_us;
};

static enum err check_stop(const struct asked *asked, struct why *why)
{
	return safety_need_running(asked->safety, asked->kit, why);
}

static enum err check_ready(const struct asked *asked, struct why *why)
{
	const struct kit *kit = asked->kit;
	enum err err = kit_need_usable(kit, why);

	if (!err && kit->state != KIT_READY) {
		err = why_set(why, ERR_LOST, MSG_CHECK_STALE, kit->id);
	}
	return err;
}

static enum err check_motion(const struct asked *asked, struct why *why)
{
	return kit_has_motion(asked->kit)
		? ERR_NONE
		: why_set(why, ERR_REFUSED, MSG_CHECK_NO_MOTION, asked->kit->id);
}

static enum err check_free(const struct asked *asked, struct why *why)
{
	const struct guard *guard = guard_if(asked->kit);
	const struct lease *lease = guard ? guard->lease : NULL;

	if (!lease || asked->takes || (lease->holder == asked->holder && !asked->holder->is_http)) {
		return ERR_NONE;
	}
	return why_set(why, ERR_BUSY, MSG_CHECK_BUSY, lease->holder->label, asked->kit->id);
}

/* A kit that does not say how full its battery is passes. */
static enum err check_battery(const struct asked *asked, struct why *why)
{
	const struct config *config = asked->safety->server->config;
	const struct kit *kit = asked->kit;
	int index = kit_find_property(kit, "battery");
	struct limits limits;
	struct value charge;

	limits_merge(config->limits, config->limit_count, kit->model, asked->holder->lesson,
		&limits);
	if (index < 0 || !value_as(&kit->properties[index].value, VALUE_NUMBER, &charge) ||
		!(charge.number < limits.battery_min)) {
		return ERR_NONE;
	}
	return why_set(why, ERR_REFUSED, MSG_CHECK_BATTERY, kit->id, charge.number,
		limits.battery_min);
}

/* The last hold is long ago and the kit has not shown that it is at rest: it is asked once more,
 * so that trying again is worth while. */
static enum err check_rest(const struct asked *asked, struct why *why)
{
	struct kit *kit = asked->kit;

	if (kit->hold_us == 0 || kit_is_held(kit) || asked->now_us - kit->hold_us < PROOF_LATE_US) {
		return ERR_NONE;
	}
	if (guard_of(kit)->lease) {
		return ERR_NONE; /* it was let go since */
	}
	return why_set(why, ERR_REFUSED, MSG_CHECK_REST, kit->id);
}

static const struct {
	const char *id;
	enum msg title;
	enum err (*check)(const struct asked *asked, struct why *why);
} checks[] = {
	{"stop", MSG_CHECK_TITLE_STOP, check_stop},
	{"ready", MSG_CHECK_TITLE_READY, check_ready},
	{"motion", MSG_CHECK_TITLE_MOTION, check_motion},
	{"free", MSG_CHECK_TITLE_FREE, check_free},
	{"battery", MSG_CHECK_TITLE_BATTERY, check_battery},
	{"rest", MSG_CHECK_TITLE_REST, check_rest},
};

enum { CHECKS = sizeof(checks) / sizeof(checks[0]) };

enum err checks_pass(struct safety *safety, struct kit *kit, const struct lease_holder *holder,
	bool takes, int64_t now_us, struct why *why)
{
	struct asked asked = {safety, kit, holder, takes, now_us};

	for (size_t i = 0; i < CHECKS; i++) {
		enum err err = checks[i].check(&asked, why);

		if (err && checks[i].check == check_rest) {
			struct why again = *why;

			guard_hold(kit, HOLD_MOTION, PROOF_HOLDS, &again, now_us);
			safety->is_holding = true;
			safety_need_time(safety, now_us);
		}
		if (err) {
			return err;
		}
	}
	return ERR_NONE;
}

cJSON *safety_checks(struct safety *safety, struct kit *kit, const struct lease_holder *holder,
	enum lang lang, int64_t now_us)
{
	struct asked asked = {safety, kit, holder, false, now_us};
	cJSON *list = cJSON_CreateArray();

	for (size_t i = 0; i < CHECKS; i++) {
		struct why why, title;
		enum err err = checks[i].check(&asked, &why);
		cJSON *item = cJSON_CreateObject();

		cJSON_AddStringToObject(item, "id", checks[i].id);
		why_fill(&title, ERR_INTERNAL, checks[i].title);
		cJSON_AddStringToObject(item, "title", why_text(&title, lang));
		cJSON_AddBoolToObject(item, "passed", err == ERR_NONE);
		if (err) {
			cJSON_AddStringToObject(item, "hint", why_text(&why, lang));
		}
		cJSON_AddItemToArray(list, item);
	}
	return list;
}
