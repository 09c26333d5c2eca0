/*
 * What the files of the script supervisor share; nobody else includes it.
 *
 *   script.c          runs: starting, queueing, stopping, ending, the ring
 *   script_watch.c    who hears of them
 *   spawner.c    a thread that starts processes
 *   script_process.c  the process: pings, hang detection, signals, its end
 *   script_link.c     the socket: packets in (throttled) and out (queued)
 *   script_kits.c     the kits of a run, and what they do
 *   script_host.c     what a script asks of them
 *   script_lease.c    leave to move them
 *   script_open.c     which kit kit.open() gives
 *   script_output.c   print, plot and their limits
 */
#pragma once

#include "bus.h"
#include "jsonout.h"
#include "loop.h"
#include "safety.h"
#include "script.h"
#include "wire.h"

enum {
	RUNS_KEPT = 200, /* ended ones */
	RUN_KITS_MAX = 16,
	RUN_CALLS_MAX = 64,		    /* actions and readings under way */
	RUN_NAMES_MAX = KIT_PROPERTIES_MAX, /* used of one kit */
	RUN_NAME_BYTES = 128,
	PING_US = 100 * 1000,
	TAIL_LINES = 200,
};

enum run_state {
	RUN_QUEUED,   /* waits until the kits are free */
	RUN_STARTING, /* the process makes itself ready */
	RUN_RUNNING,
	RUN_STOPPING,
	RUN_FINISHED, /* from here on: ended */
	RUN_FAILED,
	RUN_STOPPED,
	RUN_KILLED,
};

/* Why the supervisor ends a run. */
enum run_cause { CAUSE_NONE, CAUSE_ASKED, CAUSE_HUNG, CAUSE_LIMIT };

/* A property or event that a run uses. */
struct run_name {
	char name[KIT_NAME_MAX + 1];
	bool is_watched;    /* a kit_watch of ours is counted in the kit */
	bool is_subscribed; /* the script wants its samples or events */
};

struct run_kit {
	struct run_kit *next;
	struct run *run; /* borrowed */
	int64_t handle;	 /* 1, 2, ... */
	struct why barred; /* why this run does not move it any more; code ERR_NONE = it may */
	char id[KIT_ID_MAX + 1];
	struct bus_tap tap;	/* tap.kit NULL: the kit is not known at present */
	bool is_open;		/* the script has a handle */
	uint32_t description;	/* that the script knows */
	struct run_name *names; /* owned */
	size_t name_count;
};

/* A request of the script whose answer comes later. */
struct run_call {
	struct run_call *next;
	struct run *run; /* borrowed */
	struct kit *kit; /* borrowed; its end answers the call */
	uint32_t serial;
	bool is_set_point; /* like a write: it is over when it is told */
};

/* A kit.open() that waits for a kit which is being probed. */
struct run_open {
	struct run_open *next;
	uint32_t serial;
	int64_t deadline_us;
	char id[KIT_ID_MAX + 1]; /* "" = the run's kit */
	size_t need_count;
	char needs[16][KIT_NAME_MAX + 1];
};

struct packet {
	struct packet *next;
	size_t length;
	uint8_t bytes[];
};

struct run_end {
	bool is_told;			    /* the runner said it */
	char code[24];			    /* "" = finished */
	int line;			    /* 0 = unknown */
	char message[2][600], hint[2][400]; /* by enum lang */
};

struct run_output {
	size_t bytes; /* printed so far */
	double line_tokens, byte_tokens;
	int64_t tokens_us, flushed_us;
	int stream;		/* of what waits */
	struct jsonout waiting; /* text for the next script.output */
	unsigned dropped;	/* lines since the last one */
	double plot_tokens;
	struct loop_timer *flush;
	char *tail; /* owned */
	size_t tail_length, tail_lines;
};

struct run {
	struct run *next; /* newest first */
	struct scripts *scripts;
	char id[32], name[RUN_NAME_BYTES], by[33];
	enum lang lang; /* of the starter */
	enum run_state state;
	enum run_cause cause;
	bool is_waiting; /* for the end of another run on its kit, and that was told */
	bool is_over;	 /* the process is gone */
	struct run_end end;
	int64_t started_utc_ms;
	int64_t began_us; /* the run's clock begins here */
	char *source;	  /* owned until it is sent */
	size_t source_length;
	int64_t seed;
	bool is_moving;	   /* it had a lease at its last answer: killed after 1 s without one */
	bool is_chosen;	   /* the starter named the kits: others are forbidden */
	struct run_kit *kits;
	struct lease_holder holder; /* of its leases */
	char lesson[64];	    /* course case, "" = none */

	/* the process */
	bool is_spawning; /* the spawner works on it */
	pid_t pid;	  /* 0 = none */
	struct loop_child *child;
	struct loop_timer *start, *beat, *kill;
	bool has_answered;   /* since the last beat */
	int64_t answered_us; /* of the beat that saw the last answer */
	int64_t cpu_mark_us; /* its computing time then */
	bool is_pinged;	     /* a ping is without its pong */

	/* the socket */
	int fd; /* -1 = none */
	struct loop_fd *watch;
	struct loop_timer *throttle, *tick;
	double tokens;
	int64_t tokens_us;
	struct packet *queue, **queue_end;
	size_t queue_bytes;
	bool has_skipped; /* samples were left out, and it was told */

	struct run_call *calls;
	size_t call_count;
	struct run_open *opens;
	struct run_output output;

	struct client **watchers; /* owned list of borrowed clients */
	size_t watcher_count;
	struct request **stoppers; /* script.stop that wait */
	size_t stopper_count;
};

struct scripts {
	struct server *server;
	struct run *runs;	 /* owned */
	size_t kept;		 /* ended runs among them */
	char runner[512];	 /* path of the program */
	char *argv[2];		 /* the runner's: its path, NULL */
	bool is_ending;
	void (*done)(void *data);
	void *done_data;
	struct wire_out out; /* scratch for the packet being written */
};

/* ---- script.c ---- */

struct run *script_find(struct scripts *scripts, const char *id); /* NULL if there is none */
bool run_is_ended(const struct run *run);
/* Softly, then hard. A run that has ended or is stopping already stays as it is. */
void run_stop(struct run *run, enum run_cause cause);
/* Takes everything down; the run is in no list any more. */
void run_free(struct run *run);
/* The process is gone (or never was): decides how the run ended. `status` is waitpid's. */
void run_ended(struct run *run, int status);
/* Another run that has the kit, or NULL. */
struct run *run_holder(const struct scripts *scripts, const char *kit, const struct run *except);
/* Sets the end that the supervisor tells; texts of messages.tsv. */
void run_set_end(struct run *run, const struct why *why, const struct why *hint);

/* Cuts a longer text where a character ends. */
void run_copy_text(char *to, size_t room, const char *text);

/* ---- script_watch.c ---- */

const char *run_state_name(enum run_state state);
void run_set_state(struct run *run, enum run_state state);    /* and tells it */
void run_tell_watchers(struct run *run, struct frame *frame); /* takes the frame */
void run_tell_rows(const struct run *run); /* its kits' rows name it, or no longer */
void run_watch(struct run *run, struct client *client);
void run_unwatch(struct run *run, struct client *client);
void run_add_stopper(struct run *run, struct request *request);
void run_answer_stoppers(struct run *run); /* it has ended */
/* {run, name, kits, state, started, by, error} without the closing brace. */
void run_write(const struct run *run, enum lang lang, struct jsonout *out);

/* ---- script_process.c ---- */

void run_spawn(struct run *run);       /* ends the run when that fails */
void run_signal_stop(struct run *run); /* softly; after 300 ms hard */
void run_release_process(struct run *run);

/* ---- script_link.c ---- */

void run_link_open(struct run *run, int fd);
void run_link_drain(struct run *run); /* the process is gone: what it still said */
void run_link_close(struct run *run);
/* One packet of the runner. False: it was none. */
bool run_packet(struct run *run, const uint8_t *bytes, size_t count);
/* Begins a packet in run->scripts->out and sends it. */
struct wire_out *run_begin(struct run *run, enum wire_type type, uint32_t serial);
void run_send(struct run *run);
/* So much waits for it that samples should be left out. */
bool run_is_behind(const struct run *run);
/* Replies. */
struct wire_out *run_reply(struct run *run, uint32_t serial); /* then a value, then run_send */
void run_reply_why(struct run *run, uint32_t serial, const struct why *why); /* also well: nil */
void run_put_value(struct wire_out *out, const struct value *value);

/* ---- script_kits.c ---- */

struct run_kit *run_add_kit(struct run *run, const char *id);
struct run_kit *run_find_kit(const struct run *run, const char *id); /* NULL = not its kit */
/* Listens to the kit if it is there, and tells the script what it has. */
void run_attach(struct run_kit *kit);
void run_release_kits(struct run *run); /* stops listening; the ids stay */
struct run_name *run_find_name(struct run_kit *kit, const char *name); /* NULL = not used */
struct run_name *run_use_name(struct run_kit *kit, const char *name);  /* NULL = too many */
/* From now on the kit reports the property, until the run ends. */
void run_watch_name(struct run_kit *kit, const char *name);

/* ---- script_lease.c ---- */

void run_lease_begin(struct run *run);
/* The id of the run's lease of the kit, which it takes if it has none; NULL and *why. */
const char *run_lease(struct run_kit *kit, struct why *why);
void run_lease_feed(struct run *run); /* its scheduler has answered */
void run_lease_end(struct run *run);  /* all of them, at once */
void run_lease_kit_changed(struct run_kit *kit);

/* ---- script_host.c, script_open.c ---- */

void run_host_request(struct run *run, struct wire_in *in);
void run_host_open(struct run *run, struct wire_in *in);
void run_retry_opens(struct run *run);	/* some kit may be ready now */
void run_forget_calls(struct run *run); /* answers to its calls go nowhere */

/* ---- script_output.c ---- */

void output_begin(struct run *run);
void output_print(struct run *run, struct wire_in *in);
void output_plot(struct run *run, struct wire_in *in);
void output_text(struct run *run, int stream, const char *text, size_t length);
void output_flush(struct run *run);
void output_end(struct run *run);				    /* flushes; the tail stays */
void output_write_tail(const struct run *run, struct jsonout *out); /* a JSON array */
