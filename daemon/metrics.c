/* /metrics: what a school's Prometheus, or a teacher with curl, can watch. */
#include "http.h"

#include "clock.h"
#include "lab.h"
#include "safety.h"
#include "script.h"
#include "server.h"
#include "store.h"
#include "web.h"
#include "xalloc.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

/* Prints a family's first lines. */
static void begin(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void counter(FILE *out, const char *name, const char *help, uint64_t value)
{
	begin(out, name, "counter", help);
	fprintf(out, "%s %" PRIu64 "\n", name, value);
}

static void gauge(FILE *out, const char *name, const char *help, double value)
{
	begin(out, name, "gauge", help);
	fprintf(out, "%s %.15g\n", name, value);
}

static void kits_by_state(FILE *out, const struct lab *lab)
{
	size_t counts[KIT_REFUSED + 1] = {0};

	for (size_t i = 0; i < lab_kit_count(lab); i++) {
		counts[lab_kit(lab, i)->state]++;
	}
	begin(out, "kitlab_kits", "gauge", "Kits by state.");
	for (int state = KIT_ABSENT; state <= KIT_REFUSED; state++) {
		fprintf(out, "kitlab_kits{state=\"%s\"} %zu\n", kit_state_name((enum kit_state)state),
			counts[state]);
	}
}

static void kit_counters(FILE *out, const struct lab *lab)
{
	static const char *const names[][2] = {
		{"kitlab_kit_bytes_in_total", "Bytes that came from the kit."},
		{"kitlab_kit_bytes_out_total", "Bytes that went to the kit."},
		{"kitlab_kit_bad_frames_total", "Frames of the kit that were no frames."},
		{"kitlab_kit_bad_values_total", "Values of the kit that were not finite or no text."},
	};

	for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
		begin(out, names[n][0], "counter", names[n][1]);
		for (size_t i = 0; i < lab_kit_count(lab); i++) {
			const struct kit *kit = lab_kit(lab, i);
			const uint64_t values[] = {
				kit->bytes_in, kit->bytes_out, kit->bad_frames, kit->bad_values};

			fprintf(out, "%s{kit=\"%s\"} %" PRIu64 "\n", names[n][0], kit->id, values[n]);
		}
	}
}

static void runs_by_state(FILE *out, const struct scripts *scripts)
{
	static const char *const states[] = {"queued", "starting", "running", "stopping", "finished",
		"failed", "stopped", "killed"};

	begin(out, "kitlab_runs", "gauge", "Runs of scripts that are known, by state.");
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		fprintf(out, "kitlab_runs{state=\"%s\"} %zu\n", states[i],
			scripts_count(scripts, states[i]));
	}
}

static void connections(FILE *out, const struct server *server)
{
	size_t clients = 0;

	for (const struct client *client = server->clients; client; client = client->next) {
		clients++;
	}
	gauge(out, "kitlab_ws_clients", "WebSocket clients.", (double)clients);
	gauge(out, "kitlab_http_connections", "HTTP connections that are served now.",
		(double)web_http_count(server->web));
	counter(out, "kitlab_http_requests_total", "HTTP requests.", web_http_served(server->web));
	counter(out, "kitlab_requests_total", "WebSocket requests.", server->requests);
	counter(out, "kitlab_frames_encoded_total", "Frames of values that were encoded.",
		server->frames_encoded);
	counter(out, "kitlab_frames_sent_total", "Frames of values that were queued for a client.",
		server->frames_sent);
	counter(out, "kitlab_clients_dropped_total", "Clients that were closed because they did not read.",
		server->clients_dropped);
	counter(out, "kitlab_connections_refused_total",
		"Connections refused: too many, too slow, or no file descriptor left.",
		web_refused(server->web));
}

static size_t open_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	size_t count = 0;

	while (dir && readdir(dir)) {
		count++;
	}
	if (dir) {
		closedir(dir);
	}
	/* Without ".", ".." and the folder itself. */
	return count > 3 ? count - 3 : 0;
}

static double resident_bytes(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	long pages = 0;

	if (file) {
		if (fscanf(file, "%*s %ld", &pages) != 1) {
			pages = 0;
		}
		fclose(file);
	}
	return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

static void process(FILE *out, const struct server *server)
{
	struct rusage usage;
	double cpu_s = 0;

	if (getrusage(RUSAGE_SELF, &usage) == 0) {
		cpu_s = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
			(double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
	}
	begin(out, "process_cpu_seconds_total", "counter", "CPU time of kitlabd, user and system.");
	fprintf(out, "process_cpu_seconds_total %.6f\n", cpu_s);
	gauge(out, "process_resident_memory_bytes", "Memory of kitlabd.", resident_bytes());
	gauge(out, "process_open_fds", "Open file descriptors of kitlabd.", (double)open_files());
	gauge(out, "kitlab_uptime_seconds", "Time since the start.",
		(double)(clock_now_us() - server->started_us) / 1e6);
	begin(out, "kitlab_build_info", "gauge", "The version, as a label.");
	fprintf(out, "kitlab_build_info{version=\"%s\"} 1\n", KITLAB_VERSION);
}

void metrics_answer(struct http_request *request)
{
	const struct server *server = request->server;
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);

	if (!out) {
		struct why why;

		why_set(&why, ERR_INTERNAL, MSG_NO_MEMORY);
		http_fail(request, &why);
		return;
	}
	kits_by_state(out, server->lab);
	counter(out, "kitlab_samples_total", "Samples of all kits.", server->samples);
	counter(out, "kitlab_events_total", "Events of all kits.", server->events);
	kit_counters(out, server->lab);
	runs_by_state(out, server->scripts);
	gauge(out, "kitlab_leases", "Leases that live: kits that may move now.",
		(double)safety_lease_count(server->safety));
	counter(out, "kitlab_stops_total", "How often the stop was pressed.",
		safety_stop_count(server->safety));
	gauge(out, "kitlab_room_stopped", "1 while the room is stopped.",
		safety_is_stopped(server->safety));
	connections(out, server);
	gauge(out, "kitlab_store_ok", "1 while the state folder takes writes.",
		store_is_well(server->store) ? 1 : 0);
	process(out, server);
	fclose(out);

	struct http_reply reply = {
		.status = 200,
		.type = "text/plain; version=0.0.4; charset=utf-8",
		.body = text,
		.length = length,
	};

	http_answer(request, &reply);
	free(text);
}
