/*
 * The driver's state and what its files do for each other; private to the driver.
 *
 *   driver.c     the table; bytes in, messages out to the files below
 *   handshake.c  from the first byte to ready; beats; reboots
 *   modes.c      what pins are used as
 *   reports.c    what comes from pins
 *   outputs.c    what goes to pins
 *   describe.c   properties and actions; the parts of a wiring profile
 *   actions.c    what a kit does on request
 *   i2c.c        the I2C bus behind the board
 *   hold.c       to rest, and proof of it
 */
#pragma once

#include "../driver.h"
#include "../wiring.h"
#include "protocol.h"

enum {
	FIRMATA_PINS_MAX = 128,
	FIRMATA_PORTS_MAX = 16,
	FIRMATA_NONE = 0x7F,	 /* no mode yet; no analog channel */
	FIRMATA_READERS_MAX = 8, /* continuous I2C reads of StandardFirmata */
};

enum firmata_phase {
	PHASE_LISTEN, /* nobody has said anything that is Firmata */
	PHASE_DRAIN,  /* reset is sent; what was on its way is dropped */
	PHASE_ASK,    /* asked for pins and channels */
	PHASE_RUNNING,
};

struct firmata_pin {
	uint64_t modes[2]; /* what it can do, a bit a mode, also modes unknown here */
	uint8_t analog_bits, pwm_bits;
	uint8_t channel;    /* analog channel or FIRMATA_NONE */
	uint8_t mode;	    /* what it is used as, or FIRMATA_NONE */
	bool is_chosen;	    /* by a person, a profile or a write; else only because it is read */
	bool is_applied;    /* the board knows */
	bool is_old_pullup; /* the way before 2.5: input, and 1 written */
	bool is_reported;   /* analog */
	bool level;	    /* digital: as written */
	double amount;	    /* PWM 0..1 or degrees: as written */
	uint16_t min_us, max_us; /* a servo's pulses, 0 = the board's own */
	int16_t property, analog_property, part_property; /* indexes, -1 = none */
	const struct wiring_part *part;			  /* of kit->profile, NULL = none */
};

/* What a property's tag says: which pin, and as what. */
enum firmata_tag { TAG_NONE, TAG_PIN, TAG_ANALOG, TAG_PART, TAG_SAMPLING };
#define TAG(what, pin) ((int)((what) << 8 | (pin)))
#define TAG_WHAT(tag) ((enum firmata_tag)((tag) >> 8))
#define TAG_PIN_OF(tag) ((unsigned)(tag)&0xFF)

enum firmata_action {
	ACTION_PIN_MODE,
	ACTION_I2C_WRITE,
	ACTION_I2C_READ,
	ACTION_I2C_STOP,
	ACTION_SERVO_CONFIG,
	ACTION_SEND_STRING,
	ACTION_RESET,
	ACTION_TONE,
};

enum firmata_event { EVENT_STRING, EVENT_I2C_DATA, EVENT_REBOOTED };

struct i2c_read {
	uint32_t token; /* of the action, 0 = nobody waits */
	uint16_t address, reg, count;
	bool has_reg, is_continuous, restart;
	int64_t deadline_us; /* when nobody waits any more */
};

struct firmata {
	struct firmata_parser parser;
	enum firmata_phase phase;
	uint8_t major, minor; /* of the protocol */

	/* handshake and beat */
	int64_t start_us;   /* of this handshake */
	int64_t next_us;    /* drain: its end; else the next question or beat */
	unsigned questions; /* asked for pins so often */
	bool has_capability, has_channels, is_refused;
	int64_t heard_us;   /* last good frame */
	int64_t garbage_us; /* first byte of noise, 0 = none */
	int64_t last_garbage_us;
	unsigned garbage; /* pieces of it */
	unsigned beats;	  /* F9 sent since the last good frame */
	unsigned asked;	  /* F9 sent and not answered yet */

	/* pins */
	unsigned pin_count;
	struct firmata_pin pins[FIRMATA_PINS_MAX];
	uint8_t channels[FIRMATA_PINS_MAX]; /* channel -> pin, or FIRMATA_NONE */
	bool port_reported[FIRMATA_PORTS_MAX];
	uint8_t port_value[FIRMATA_PORTS_MAX];	/* as it last said */
	int64_t port_due_us[FIRMATA_PORTS_MAX]; /* 2.3: silent until then means unchanged; 0 = no */
	unsigned sampling_ms;
	int16_t sampling_property, firmware_property, message_property;
	bool needs_description; /* a pin that is read changed its type */

	/* tone without the board's help */
	int64_t tone_until_us; /* 0 = none */
	int16_t tone_pin;      /* of the wiring, -1 = none */

	/* the last hold */
	bool is_holding;	/* the board has not answered all of it */
	unsigned holds;
	uint8_t hold_end;	/* the pin that it lacks: asked for at the end */
	unsigned ask_next;	/* the pin to ask for next; pin_count: hold_end; then all are asked */
	unsigned under_way;	/* questions without an answer, of older holds too */
	int64_t under_way_us; /* the last question or answer */
	uint64_t held_pins[2];	/* those that were brought to rest */
	uint64_t rest_pins[2];	/* those whose newest answer says so */

	/* I2C */
	bool i2c_is_on, i2c_failed; /* failed: the string that precedes an empty reply came */
	struct i2c_read queue[KIT_PENDING_MAX]; /* the first is under way */
	unsigned queue_count;
	struct i2c_read readers[FIRMATA_READERS_MAX];
	unsigned reader_count;
};

static inline struct firmata *firmata_of(const struct kit *kit)
{
	return kit->driver_state;
}
static inline bool firmata_is_at_least(const struct firmata *f, unsigned minor)
{
	return f->minor >= minor;
}

/* driver.c */
/* False: no room. */
bool firmata_send(struct kit *kit, const struct firmata_message *message);
/* Valid UTF-8 without NUL, U+FFFD for what is not; cut to `room` with its NUL. Its length. */
size_t firmata_clean_text(const uint8_t *bytes, size_t count, char *out, size_t room);

/* handshake.c */
void handshake_start(struct kit *kit, int64_t now_us);
void handshake_garbage(struct kit *kit, int64_t now_us);
/* Every good frame comes here first. False: it is not for the pins (not yet ready, or dealt with).
 */
bool handshake_take(struct kit *kit, const struct firmata_message *message, int64_t now_us);
int64_t handshake_tick(struct kit *kit, int64_t now_us);

/* describe.c */
/* Can this board have the profile's parts? */
enum err describe_check(const struct kit *kit, const struct wiring *profile, struct why *why);
/* The profile's parts take their pins; those that the board cannot have are left out. */
void describe_wire(struct kit *kit);
void describe_kit(struct kit *kit);

/* modes.c */
const char *mode_word(unsigned mode);					    /* "pwm" */
void pin_name(const struct firmata_pin *pin, unsigned number, char out[8]); /* "13", "A0" */
bool pin_can(const struct firmata_pin *pin, unsigned mode);
enum err pin_need_mode(const struct kit *kit, unsigned number, unsigned mode, struct why *why);
/* Uses a pin as `mode`; the board learns it by pin_apply_mode(). */
void pin_choose_mode(struct kit *kit, unsigned number, unsigned mode);
void pin_apply_mode(struct kit *kit, unsigned number);
/* Unset again, its output at rest, not reported. */
void pin_forget(struct kit *kit, unsigned number);
/* What is chosen is applied, what is watched is reported. */
void pins_apply(struct kit *kit, int64_t now_us);
/* After a reset of the board: outputs at rest, modes and reporting as they were. */
void pins_restore(struct kit *kit, int64_t now_us);

/* reports.c */
/* What of the pin should be reported is reported; afresh: also told again what it is now. */
void pin_update_reporting(struct kit *kit, unsigned number, bool afresh, int64_t now_us);
/* Somebody watches, or nobody any more. An unset pin becomes an input. */
void pin_watch(struct kit *kit, unsigned number, enum firmata_tag as, bool on, int64_t now_us);
void reports_take_analog(struct kit *kit, unsigned channel, uint64_t value);
void reports_take_port(struct kit *kit, unsigned port, uint8_t value);
int64_t reports_tick(struct kit *kit, int64_t now_us);

/* outputs.c */
void pin_send_level(struct kit *kit, unsigned number); /* as written */
enum err pin_write(struct kit *kit, unsigned number, const struct value *value, struct why *why);
enum err pin_write_part(
	struct kit *kit, unsigned number, const struct value *value, struct why *why);
void pin_show_output(struct kit *kit, unsigned number); /* kit_set()s what was written */
/* False: it is no output that the board knows. detaches: a servo gets no pulses any more. */
bool pin_rest(struct kit *kit, unsigned number, bool detaches);
/* Is the pin of this pin state as pin_rest() left it? */
bool pin_is_at_rest(const struct kit *kit, const struct firmata_message *message);

/* actions.c */
enum err actions_do(struct kit *kit, const struct action *action, const struct value *args,
	uint32_t token, int64_t now_us, struct why *why);
int64_t actions_tick(struct kit *kit, int64_t now_us);
void actions_silence(struct kit *kit); /* ends a tone */

/* hold.c */
void firmata_hold(struct kit *kit, enum hold_level level);
void firmata_take_state(struct kit *kit, const struct firmata_message *message); /* a pin state */
int64_t firmata_hold_tick(struct kit *kit, int64_t now_us);

/* i2c.c */
enum err i2c_write(struct kit *kit, const struct value *args, uint32_t token, struct why *why);
enum err i2c_read(
	struct kit *kit, const struct value *args, uint32_t token, int64_t now_us, struct why *why);
enum err i2c_stop(struct kit *kit, const struct value *args, uint32_t token, struct why *why);
void i2c_take_reply(struct kit *kit, const struct firmata_message *message);
/* True: the text was about I2C, and nobody else's. */
bool i2c_take_string(struct kit *kit, const char *text);
void i2c_forget(struct kit *kit, const struct why *why); /* the board was reset */
int64_t i2c_tick(struct kit *kit, int64_t now_us);
