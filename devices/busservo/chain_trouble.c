/* What is wrong with a chain, told as the kit's state and in plain words; see chain.h. */
#include "busservo/chain.h"

static void explain_alert(const struct kit *kit, const struct chain_servo *servo, struct why *why)
{
	switch (servo->alert) {
	case ALERT_HEAT:
		why_set(why, ERR_REFUSED, MSG_BUSSERVO_HOT, servo->joint, servo->id, kit->id);
		return;
	case ALERT_OVERLOAD:
		why_set(why, ERR_REFUSED, MSG_BUSSERVO_OVERLOAD, servo->joint, servo->id, kit->id);
		return;
	case ALERT_VOLTAGE:
		why_set(why, ERR_REFUSED, MSG_BUSSERVO_VOLTAGE, servo->joint, servo->id, kit->id);
		return;
	case ALERT_OTHER:
	case ALERT_NONE:
		break;
	}
	why_set(why, ERR_REFUSED, MSG_BUSSERVO_ALERT, servo->joint, servo->id, kit->id);
}

static void explain(const struct kit *kit, struct why *why)
{
	const struct chain *chain = chain_of(kit);
	const struct chain_servo *servo = &chain->servos[chain->trouble_servo];

	switch (chain->trouble) {
	case TROUBLE_NONE:
		return;
	case TROUBLE_SILENT:
		why_set(why, ERR_REFUSED, MSG_BUSSERVO_SILENT, kit->port, CHAIN_SERVOS_MAX,
			(int)kit->driver->baud);
		return;
	case TROUBLE_MODE:
		why_set(why, ERR_REFUSED, MSG_BUSSERVO_MODE, servo->id, kit->id);
		return;
	case TROUBLE_ERROR:
		why_set(why, ERR_REFUSED, MSG_BUSSERVO_ERROR, servo->id, kit->id,
			(int)servo->error);
		return;
	case TROUBLE_MISSING:
		why_set(why, ERR_LOST, MSG_BUSSERVO_MISSING, servo->joint, servo->id, kit->id);
		return;
	case TROUBLE_ALERT:
		explain_alert(kit, servo, why);
		return;
	}
}

enum err chain_need_sound(const struct kit *kit, struct why *why)
{
	const struct chain *chain = chain_of(kit);

	if (chain->trouble == TROUBLE_NONE) {
		return ERR_NONE;
	}
	if (why) {
		*why = chain->trouble_why;
	}
	return chain->trouble_why.code;
}

void chain_set_trouble(struct kit *kit, enum chain_trouble trouble, unsigned servo, int64_t now_us)
{
	struct chain *chain = chain_of(kit);
	enum chain_trouble before = chain->trouble;
	enum chain_alert alert = chain->servos[servo].alert;
	bool is_same =
		trouble == before && servo == chain->trouble_servo && alert == chain->trouble_alert;

	chain->trouble = trouble;
	chain->trouble_servo = servo;
	chain->trouble_alert = alert;
	if (trouble == TROUBLE_NONE) {
		kit_ready(kit);
	} else if (!is_same) {
		explain(kit, &chain->trouble_why);
		(trouble == TROUBLE_MISSING ? kit_stale : kit_refuse)(kit, &chain->trouble_why);
	}
	if (trouble == before) {
		return;
	}
	if (trouble == TROUBLE_MODE) {
		chain_rest(kit, HOLD_KILL, now_us); /* its wheel may be turning */
	} else if (chain->phase == CHAIN_RUN) {
		chain_rest(kit, HOLD_MOTION, now_us);
	}
}

void chain_judge(struct kit *kit, int64_t now_us)
{
	const struct chain *chain = chain_of(kit);
	enum chain_trouble worst = TROUBLE_NONE;
	unsigned servo = 0;

	for (unsigned i = 0; i < chain->count; i++) {
		enum chain_trouble one = chain->servos[i].alert ? TROUBLE_ALERT
			: chain->servos[i].is_missing		? TROUBLE_MISSING
								: TROUBLE_NONE;

		if (one > worst) {
			worst = one;
			servo = i;
		}
	}
	chain_set_trouble(kit, worst, servo, now_us);
}
