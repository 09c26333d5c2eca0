/* A chain as people see it: joints in degrees, from the base; see chain.h. */
#include "busservo/chain.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { GRIP_FROM = 4, DURATION_MAX_S = 10 };

double chain_degrees(const struct chain *chain, int position)
{
	return (position - chain->dialect->middle) * chain->dialect->degrees;
}

static double in_hundredths(double number)
{
	return round(number * 100) / 100;
}

/*
 * The last servo of an arm is its gripper, if limits of its angle were set in the servo:
 * without them it is not known how far it opens, and a gripper that is driven against
 * itself burns.
 */
static bool has_grip(const struct chain *chain)
{
	const struct chain_servo *last = &chain->servos[chain->count - 1];

	return chain->count >= GRIP_FROM && (last->min > 0 || last->max < chain->dialect->top);
}

static int describe(struct kit *kit, const char *name, enum value_type type, bool writable, int tag)
{
	int index = (int)kit->property_count;

	kit_describe_property(kit, name, type, true, writable, tag);
	return index;
}

static void describe_joint(struct kit *kit, unsigned i)
{
	struct chain *chain = chain_of(kit);
	struct chain_servo *servo = &chain->servos[i];
	char name[KIT_NAME_MAX + 1];

	servo->joint = (int)i + 1;
	snprintf(name, sizeof(name), "joint.%d", servo->joint);
	servo->joint_property = describe(kit, name, VALUE_NUMBER, true, (int)i);
	struct property *joint = &kit->properties[servo->joint_property];

	/* Inwards, so that no angle in range is over a limit of the servo. */
	joint->min = ceil(chain_degrees(chain, servo->min) * 100) / 100;
	joint->max = floor(chain_degrees(chain, servo->max) * 100) / 100;
	servo->load_property = -1;
	if (chain->dialect->tells_load) {
		snprintf(name, sizeof(name), "load.%d", servo->joint);
		servo->load_property = describe(kit, name, VALUE_NUMBER, false, TAG_NONE);
	}
	snprintf(name, sizeof(name), "temperature.%d", servo->joint);
	servo->temperature_property = describe(kit, name, VALUE_NUMBER, false, TAG_NONE);
}

/* "6 servos", and of what model where they are alike. */
static void name_program(struct kit *kit)
{
	const struct chain *chain = chain_of(kit);
	const struct chain_servo *first = &chain->servos[0];
	bool is_alike = first->model > 0;

	for (unsigned i = 1; i < chain->count; i++) {
		is_alike &= chain->servos[i].model == first->model &&
			chain->servos[i].firmware == first->firmware;
	}
	if (is_alike) {
		snprintf(kit->program, sizeof(kit->program), "%u servos of model %u, firmware %u",
			chain->count, first->model, first->firmware);
	} else {
		snprintf(kit->program, sizeof(kit->program), "%u servos", chain->count);
	}
}

void chain_describe(struct kit *kit)
{
	struct chain *chain = chain_of(kit);

	name_program(kit);
	kit_describe_begin(kit);
	for (unsigned i = 0; i < chain->count; i++) {
		describe_joint(kit, i);
	}
	chain->grip_property =
		has_grip(chain) ? describe(kit, "grip", VALUE_NUMBER, true, TAG_GRIP) : -1;
	chain->moving_property = describe(kit, "moving", VALUE_BOOL, false, TAG_NONE);
	chain->voltage_property = describe(kit, "voltage", VALUE_NUMBER, false, TAG_NONE);
	int firmware = describe(kit, "firmware", VALUE_TEXT, false, TAG_NONE);
	struct action *pose = kit_describe_action(kit, "pose", ACTION_POSE);

	kit_describe_arg(pose, "angles", VALUE_VECTOR, NAN, NAN, false, NULL);
	kit_describe_arg(pose, "duration", VALUE_NUMBER, 0, DURATION_MAX_S, true, NULL);
	kit_describe_action(kit, "stop", ACTION_STOP);
	kit_describe_action(kit, "relax", ACTION_RELAX);
	kit_describe_event(kit, "rebooted", VALUE_NULL);
	kit_describe_end(kit);
	struct value program = value_text(kit->program, strlen(kit->program));

	kit_set(kit, firmware, &program);
}

static void set_number(struct kit *kit, int property, double number)
{
	struct value value = value_number(in_hundredths(number));

	kit_set(kit, property, &value);
}

/* The lowest: of the servo at the end of the longest wire. */
static double voltage_of(const struct chain *chain)
{
	double lowest = HUGE_VAL;

	for (unsigned i = 0; i < chain->count; i++) {
		if (chain->servos[i].voltage > 0 && chain->servos[i].voltage < lowest) {
			lowest = chain->servos[i].voltage;
		}
	}
	return lowest;
}

void chain_show(struct kit *kit, const struct chain_servo *servo, const struct chain_answer *answer)
{
	const struct chain *chain = chain_of(kit);

	if (answer->told & TOLD_POSITION) {
		set_number(kit, servo->joint_property, chain_degrees(chain, servo->position));
	}
	if ((answer->told & TOLD_POSITION) && chain->grip_property >= 0 &&
		servo == &chain->servos[chain->count - 1]) {
		double share = (servo->position - servo->min) / (double)(servo->max - servo->min);

		set_number(kit, chain->grip_property, fmin(fmax(share, 0), 1));
	}
	if (answer->told & TOLD_LOAD) {
		set_number(kit, servo->load_property, fmin(fmax(answer->load, -1), 1));
	}
	if (answer->told & TOLD_TEMPERATURE) {
		set_number(kit, servo->temperature_property, answer->temperature);
	}
	if (answer->told & TOLD_VOLTAGE) {
		set_number(kit, chain->voltage_property, voltage_of(chain));
	}
}

void chain_show_moving(struct kit *kit, int64_t now_us)
{
	const struct chain *chain = chain_of(kit);
	struct value moving = value_bool(chain_is_moving(chain, now_us));

	if (!value_equal(&moving, &kit->properties[chain->moving_property].value)) {
		kit_set(kit, chain->moving_property, &moving);
	}
}
