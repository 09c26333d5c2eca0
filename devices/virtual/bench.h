/*
 * A virtual bench: a machine, the world around it, the far end that a host opens, and the
 * faults that a test wants.
 */
#pragma once

#include "virtual/far_end.h"
#include "virtual/floor.h"
#include "virtual/machine.h"

enum fault {
	FAULT_NONE,
	FAULT_SILENCE, /* the line is open, the machine says and hears nothing */
	FAULT_NOISE,   /* bytes of the machine are flipped, lost or doubled now and then */
	FAULT_UNPLUG,  /* the line is gone until the fault is cleared */
	FAULT_SLOW,    /* the machine reads 160 bytes a second, far less than a host may send */
	FAULT_GARBAGE, /* random bytes at full line speed instead of messages */
	FAULT_REBOOT,  /* the machine starts anew; clears itself when it has booted */
	FAULT_COUNT,
};

/* "silence", ...; FAULT_NONE has none (null on the wire). FAULT_COUNT: no such word. */
const char *fault_word(enum fault fault);
enum fault fault_find(const char *word);

struct bench_spec {
	char label[KIT_ID_MAX + 1]; /* also the kit's id */
	char seat[32];
	const struct machine_class *class;
	const char *firmware;       /* as struct machine's */
	int64_t boot_us;
	uint32_t seed;
	struct wiring wiring;       /* id "" = nothing is wired */
	struct port_spec far;
	struct floor *floor;        /* borrowed: where its body stands, if it has one */
};

struct bench {
	struct bench_spec spec;
	struct machine machine;     /* owned: its state */
	struct machine_world world; /* its body is the floor's */
	struct arm arm;
	struct scene scene;
	bool is_powered;
	int64_t booted_us;          /* when the last boot ends */
	struct far_end *far;      /* owned */
	struct loop_timer *timer; /* owned: the machine's next moment */
	struct loop_timer *fault_timer; /* owned: garbage, slow reading */
	enum fault fault;
	uint64_t random; /* state of the noise */
};

/* Plugs it in. NULL and *why when the far end cannot be made. */
struct bench *bench_create(struct loop *loop, struct far_hub *hub, const struct bench_spec *spec,
	struct why *why);
void bench_destroy(struct bench *bench);

/* What is around it: of a robot, what its body feels on the floor. */
double bench_feel(const struct bench *bench, enum scene_field field, int64_t now_us);
void bench_set(struct bench *bench, enum scene_field field, double value);
enum err bench_set_fault(struct bench *bench, enum fault fault, struct why *why);
