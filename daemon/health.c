/* Check-ups under way; see health.h. */
#include "health.h"

#include "clock.h"
#include "health_judge.h"
#include "lab.h"
#include "server.h"
#include "store.h"
#include "xalloc.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	TICK_US = 100 * 1000,
	LOOK_US = 4000 * 1000,      /* as long as sensors are looked at */
	MOVE_US = 1500 * 1000,      /* as long as wheels turn, or a joint has time */
	TURNED_MIN_DEG = 20,
	JOINT_STEP_DEG = 8,
	JOINT_MISS_DEG = 4,
	JOINTS_MAX = 16,
};

enum phase { PHASE_LOOK, PHASE_WHEELS, PHASE_JOINTS };

struct health {
	struct health *next; /* server's list */
	struct server *server;
	struct kit *kit;
	uint32_t description; /* of the kit; another one breaks it off */
	struct lease_holder *holder;
	char lease[LEASE_ID_MAX + 1];
	const struct health_events *events;
	void *data;
	struct loop_timer *timer;
	cJSON *steps;          /* owned */
	enum phase phase;
	int64_t until_us;      /* the end of the phase */
	uint64_t bytes_before;
	double before[JOINTS_MAX]; /* encoder or joint N's angle before it was moved */
	bool is_moving;
	double told; /* share, last */
};

/* Not raw pins: to watch one changes what it is. */
static bool is_looked_at(const struct property *property)
{
	return health_is_sensor(property) || strcmp(property->name, "battery") == 0 ||
		(property->readable && property->safety == CLASS_MOTION);
}

/* ---- the end ---- */

static void unwatch(struct health *health)
{
	struct kit *kit = health->kit;

	for (size_t i = 0; i < kit->property_count && kit->description == health->description; i++) {
		if (is_looked_at(&kit->properties[i])) {
			kit_unwatch(kit, (int)i, clock_now_us());
		}
	}
}

static void release(struct health *health)
{
	struct health **at = &health->server->healths;

	while (*at != health) {
		at = &(*at)->next;
	}
	*at = health->next;
	loop_timer_remove(health->timer);
	cJSON_Delete(health->steps);
	free(health);
}

static void break_off(struct health *health, const struct why *why)
{
	const struct health_events *events = health->events;
	void *data = health->data;

	unwatch(health);
	release(health);
	events->done(data, NULL, why);
}

static void end(struct health *health)
{
	const struct health_events *events = health->events;
	void *data = health->data;
	const struct kit *kit = health->kit;
	cJSON *report = cJSON_CreateObject();
	char at[CLOCK_UTC_TEXT];

	clock_utc_text(clock_utc_ms(), at);
	cJSON_AddStringToObject(report, "kit", kit->id);
	cJSON_AddStringToObject(report, "at", at);
	cJSON_AddStringToObject(report, "verdict", health_verdict(health->steps));
	cJSON_AddItemToObject(report, "steps", health->steps);
	health->steps = NULL;
	char *text = cJSON_PrintUnformatted(report);

	if (text) {
		store_put_health(health->server->store, kit->id, at,
			cJSON_GetStringValue(cJSON_GetObjectItem(report, "verdict")), text);
		cJSON_free(text);
	}
	unwatch(health);
	release(health);
	events->done(data, report, NULL);
}

/* ---- motors ---- */

static double number_at(const struct kit *kit, const char *stem, int n)
{
	char name[KIT_NAME_MAX + 1];

	snprintf(name, sizeof(name), "%s.%d", stem, n);
	int index = kit_find_property(kit, name);
	const struct value *value = index < 0 ? NULL : &kit->properties[index].value;

	return !value			     ? NAN
		: value->type == VALUE_NUMBER ? value->number
		: value->type == VALUE_INT    ? (double)value->integer
					      : NAN;
}

static bool drive(struct health *health, double share, struct why *why)
{
	const struct value args[KIT_ARGS_MAX] = {value_number(share), value_number(share)};
	int action = kit_find_action(health->kit, "drive");

	return safety_act(health->server->safety, health->kit, action, args, health->holder,
		       health->lease, clock_now_us(), NULL, NULL, why) == ERR_NONE;
}

static bool bend(struct health *health, int n, double angle, struct why *why)
{
	char name[KIT_NAME_MAX + 1];
	struct value value = value_number(angle);

	snprintf(name, sizeof(name), "joint.%d", n);
	return safety_write(health->server->safety, health->kit,
		       kit_find_property(health->kit, name), &value, health->holder,
		       health->lease, clock_now_us(), NULL, NULL, why) == ERR_NONE;
}

/* Where joint n shall go: a little towards the middle of its range. */
static double joint_goal(const struct health *health, int n)
{
	char name[KIT_NAME_MAX + 1];

	snprintf(name, sizeof(name), "joint.%d", n);
	const struct property *joint =
		&health->kit->properties[kit_find_property(health->kit, name)];
	double middle = isnan(joint->min) || isnan(joint->max) ? 0 : (joint->min + joint->max) / 2;

	return health->before[n - 1] +
		(health->before[n - 1] > middle ? -JOINT_STEP_DEG : JOINT_STEP_DEG);
}

static void note_angles(struct health *health, const char *stem)
{
	for (int n = 1; n <= JOINTS_MAX; n++) {
		health->before[n - 1] = number_at(health->kit, stem, n);
	}
}

/* An arm that does not know its angles: its base turns for a moment. */
static bool nudge(struct health *health, struct why *why)
{
	int index = kit_find_action(health->kit, "move_joint");
	struct value args[KIT_ARGS_MAX] = {0};

	if (index < 0) {
		return true;
	}
	const struct action *action = &health->kit->actions[index];

	for (unsigned i = 0; i < action->arg_count; i++) {
		const char *name = action->args[i].name;

		args[i] = strcmp(name, "joint") == 0	  ? value_int(1)
			: strcmp(name, "duration") == 0 ? value_number(0.5)
			: strcmp(name, "speed") == 0	  ? value_number(1)
							  : value_null();
	}
	return safety_act(health->server->safety, health->kit, index, args, health->holder,
		       health->lease, clock_now_us(), NULL, NULL, why) == ERR_NONE;
}

static bool begin_motors(struct health *health, struct why *why)
{
	bool ok = nudge(health, why);

	health->is_moving = true;
	if (health->phase == PHASE_WHEELS) {
		note_angles(health, "turned");
		return drive(health, 0.4, why);
	}
	note_angles(health, "joint");
	for (int n = 1; n <= JOINTS_MAX && ok; n++) {
		ok = isnan(health->before[n - 1]) || bend(health, n, joint_goal(health, n), why);
	}
	return ok;
}

/* What the encoders saw of it: those that should have moved and did not, by number. */
static int judge_motors(struct health *health, char *still, size_t room)
{
	bool has_wheels = health->phase == PHASE_WHEELS;
	size_t used = 0;
	int felt = 0;

	for (int n = 1; n <= JOINTS_MAX; n++) {
		double before = health->before[n - 1];
		double now = number_at(health->kit, has_wheels ? "turned" : "joint", n);
		bool is_well = has_wheels ? fabs(now - before) >= TURNED_MIN_DEG
					  : !isnan(before) &&
				fabs(now - joint_goal(health, n)) <= JOINT_MISS_DEG;

		if (isnan(before)) {
			continue;
		}
		felt += is_well;
		if (!is_well && !has_wheels && used < room) {
			used += (size_t)snprintf(still + used, room - used, "%s%d",
				used ? ", " : "", n);
		}
	}
	return felt;
}

static void end_motors(struct health *health)
{
	bool has_wheels = health->phase == PHASE_WHEELS, has_encoders = false;
	char still[64] = "";
	int felt = judge_motors(health, still, sizeof(still));
	struct why why = {.code = ERR_NONE};

	for (int n = 0; n < JOINTS_MAX; n++) {
		has_encoders = has_encoders || !isnan(health->before[n]);
	}
	if (has_wheels) {
		drive(health, 0, NULL);
	}
	if (!has_encoders) {
		why_set(&why, ERR_REFUSED, MSG_HEALTH_UNSEEN);
		health_add(health->steps, "motors", HEALTH_UNKNOWN, &why);
	} else if (has_wheels ? felt < 2 : still[0] != '\0') {
		why_set(&why, ERR_REFUSED, MSG_HEALTH_MOTORS, has_wheels ? "1, 2" : still);
		health_add(health->steps, "motors", HEALTH_FAILED, &why);
	} else {
		health_add(health->steps, "motors", HEALTH_PASSED, NULL);
	}
}

/* ---- the course ---- */

static void judge_look(struct health *health)
{
	health_judge_answer(health->kit, health->bytes_before, health->steps);
	health_judge_firmware(health->kit, health->steps);
	health_judge_sensors(health->kit, health->steps);
	health_judge_battery(health->kit, health->steps);
}

static void add_not_tried(struct health *health)
{
	struct why why;

	if (kit_has_motion(health->kit)) {
		if (health->lease[0]) {
			why_set(&why, ERR_LOST, MSG_HEALTH_LET_GO);
		} else {
			why_set(&why, ERR_REFUSED, MSG_HEALTH_NOT_TRIED);
		}
		health_add(health->steps, "motors", HEALTH_UNKNOWN, &why);
	}
}

static bool is_held_on(const struct health *health, int64_t now_us)
{
	return safety_lease_of(health->server->safety, health->kit, health->holder, now_us) != NULL;
}

static void begin_moving(struct health *health)
{
	const struct kit *kit = health->kit;
	struct why why;

	health->phase = kit_find_action(kit, "drive") >= 0 ? PHASE_WHEELS : PHASE_JOINTS;
	health->events->progress(health->data, "motors", 0.6);
	if (!begin_motors(health, &why)) {
		health_add(health->steps, "motors", HEALTH_FAILED, &why);
		end(health);
		return;
	}
	health->until_us = clock_now_us() + MOVE_US;
}

/* Once in a while: looking is the first 60 % of the whole. */
static void tell_progress(struct health *health, int64_t now_us)
{
	bool is_look = health->phase == PHASE_LOOK;
	double left = (double)(health->until_us - now_us) / (is_look ? LOOK_US : MOVE_US);
	double share = is_look ? 0.6 * (1 - left) : 0.6 + 0.4 * (1 - left);

	if (share >= health->told + 0.1) {
		health->told = share;
		health->events->progress(health->data, is_look ? "sensors" : "motors", share);
	}
}

static void on_tick(void *data)
{
	struct health *health = data;
	const struct kit *kit = health->kit;
	int64_t now_us = clock_now_us();
	struct why why;

	if (kit->description != health->description ||
		(kit->state != KIT_READY && kit->state != KIT_STALE)) {
		why_set(&why, ERR_LOST, MSG_HEALTH_BROKEN, kit->id);
		break_off(health, &why);
	} else if (health->is_moving && !is_held_on(health, now_us)) {
		add_not_tried(health);
		end(health);
	} else if (now_us < health->until_us) {
		tell_progress(health, now_us);
	} else if (health->phase != PHASE_LOOK) {
		end_motors(health);
		end(health);
	} else {
		judge_look(health);
		if (health->lease[0] && kit_has_motion(kit) && is_held_on(health, now_us)) {
			begin_moving(health);
		} else {
			add_not_tried(health);
			end(health);
		}
	}
}

struct health *health_start(struct server *server, struct kit *kit, struct lease_holder *holder,
	const char *lease, const struct health_events *events, void *data, struct why *why)
{
	int64_t now_us = clock_now_us();

	if (kit_need_usable(kit, why)) {
		return NULL;
	}
	for (const struct health *other = server->healths; other; other = other->next) {
		if (other->kit == kit) {
			why_set(why, ERR_BUSY, MSG_HEALTH_BUSY, kit->id);
			return NULL;
		}
	}
	struct health *health = xcalloc(1, sizeof(*health));

	health->server = server;
	health->kit = kit;
	health->description = kit->description;
	health->holder = holder;
	snprintf(health->lease, sizeof(health->lease), "%s", lease);
	health->events = events;
	health->data = data;
	health->steps = cJSON_CreateArray();
	health->bytes_before = kit->bytes_in;
	health->until_us = now_us + LOOK_US;
	health->next = server->healths;
	server->healths = health;
	for (size_t i = 0; i < kit->property_count; i++) {
		if (is_looked_at(&kit->properties[i])) {
			kit_watch(kit, (int)i, now_us);
		}
	}
	health->timer = loop_timer_add(server->loop, on_tick, health);
	loop_timer_start(health->timer, TICK_US, TICK_US);
	events->progress(data, "sensors", 0);
	return health;
}

void health_cancel(struct health *health)
{
	if (health->is_moving) {
		drive(health, 0, NULL);
	}
	unwatch(health);
	release(health);
}

void health_kit_gone(struct server *server, const struct kit *kit)
{
	for (struct health *health = server->healths; health; health = health->next) {
		if (health->kit == kit) {
			struct why why;

			why_set(&why, ERR_LOST, MSG_HEALTH_BROKEN, kit->id);
			break_off(health, &why);
			return;
		}
	}
}

void health_destroy_all(struct server *server)
{
	while (server->healths) {
		release(server->healths);
	}
}

/* ---- for the wire ---- */

static const char *step_title(const char *id, enum lang lang)
{
	static const struct {
		const char *id;
		const char *title[2]; /* by enum lang */
	} titles[] = {
		{"answer", {"answers", "\u5e94\u7b54"}},
		{"firmware", {"firmware", "\u56fa\u4ef6"}},
		{"sensors", {"sensors", "\u4f20\u611f\u5668"}},
		{"battery", {"battery", "\u7535\u91cf"}},
		{"motors", {"motors", "\u7535\u673a"}},
	};

	for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++) {
		if (strcmp(titles[i].id, id) == 0) {
			return titles[i].title[lang];
		}
	}
	return id;
}

cJSON *health_localise(const cJSON *report, enum lang lang)
{
	cJSON *copy = cJSON_Duplicate(report, 1);
	cJSON *step;

	cJSON_ArrayForEach(step, cJSON_GetObjectItem(copy, "steps"))
	{
		const cJSON *hint = cJSON_GetObjectItem(step, "hint");
		const char *id = cJSON_GetStringValue(cJSON_GetObjectItem(step, "id"));

		cJSON_AddStringToObject(step, "title", step_title(id ? id : "", lang));
		if (cJSON_IsObject(hint)) {
			const char *text = cJSON_GetStringValue(
				cJSON_GetObjectItem(hint, lang == LANG_ZH ? "zh" : "en"));

			cJSON_ReplaceItemInObject(step, "hint", cJSON_CreateString(text ? text : ""));
		}
	}
	return copy;
}
