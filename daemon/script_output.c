/*
 * What a script prints and plots; see script_run.h.
 *
 * Printed text is gathered and told to watchers at most every 50 ms. Two token
 * buckets, of lines and of bytes, decide what is told; the rest is counted in
 * `dropped`. The tail (the last 200 lines, for who looks later) takes everything.
 * After 1 MB the run fails: who prints so much has forgotten a sleep.
 */
#include "script_run.h"

#include "clock.h"
#include "server.h"
#include "value.h"
#include "xalloc.h"

#include <stdlib.h>
#include <string.h>

enum {
	OUTPUT_MAX = 1024 * 1024,
	GATHER_US = 50 * 1000,
	WAITING_MAX = 16 * 1024, /* told at once when so much has been gathered */
	TAIL_BYTES = 32 * 1024,
	CURVES_MAX = 8,
};

#define LINES_PER_S 500.0
#define LINES_MAX 2000.0
#define BYTES_PER_S (64 * 1024.0)
#define BYTES_MAX (128 * 1024.0)
#define PLOTS_PER_S 100.0
#define PLOTS_MAX 200.0

static void on_flush(void *data)
{
	output_flush(data);
}

void output_begin(struct run *run)
{
	struct run_output *output = &run->output;

	output->line_tokens = LINES_MAX;
	output->byte_tokens = BYTES_MAX;
	output->plot_tokens = PLOTS_MAX;
	output->tokens_us = clock_now_us();
	output->flush = loop_timer_add(run->scripts->server->loop, on_flush, run);
}

static double more(double tokens, double rate, double most, int64_t us)
{
	tokens += rate * (double)us / 1e6;
	return tokens < most ? tokens : most;
}

static void refill(struct run_output *output)
{
	int64_t now_us = clock_now_us(), us = now_us - output->tokens_us;

	output->tokens_us = now_us;
	output->line_tokens = more(output->line_tokens, LINES_PER_S, LINES_MAX, us);
	output->byte_tokens = more(output->byte_tokens, BYTES_PER_S, BYTES_MAX, us);
	output->plot_tokens = more(output->plot_tokens, PLOTS_PER_S, PLOTS_MAX, us);
}

/* What the text takes on the wire: a control character is six bytes of JSON. */
static size_t count_sent(const char *text, size_t length)
{
	size_t sent = length;

	for (size_t i = 0; i < length; i++) {
		sent += (unsigned char)text[i] < 0x20 ? 5 : 0;
	}
	return sent;
}

static size_t count_lines(const char *text, size_t length)
{
	size_t lines = 0;

	for (size_t i = 0; i < length; i++) {
		lines += text[i] == '\n';
	}
	return lines;
}

/* ---- the tail ---- */

/* Cuts the tail to its last lines; done when it has twice as much, not at each line. */
static void cut_tail(struct run_output *output)
{
	const char *at = output->tail;
	const char *end = output->tail + output->tail_length;

	while (at < end && (output->tail_lines > TAIL_LINES || end - at > TAIL_BYTES)) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));

		at = newline ? newline + 1 : end;
		output->tail_lines -= newline != NULL;
	}
	output->tail_length = (size_t)(end - at);
	memmove(output->tail, at, output->tail_length);
}

static void add_to_tail(struct run_output *output, const char *text, size_t length)
{
	if (!output->tail) {
		output->tail = xrealloc(NULL, 2 * TAIL_BYTES);
	}
	if (length > TAIL_BYTES) {
		text += length - TAIL_BYTES;
		length = TAIL_BYTES;
	}
	if (output->tail_length + length > 2 * TAIL_BYTES || output->tail_lines > 2 * TAIL_LINES) {
		cut_tail(output);
	}
	if (output->tail_length + length > 2 * TAIL_BYTES) {
		output->tail_length = output->tail_lines = 0;
	}
	memcpy(output->tail + output->tail_length, text, length);
	output->tail_length += length;
	output->tail_lines += count_lines(text, length);
}

void output_write_tail(const struct run *run, struct jsonout *out)
{
	const char *at = run->output.tail ? run->output.tail : "";
	const char *end = at + run->output.tail_length;
	size_t lines = run->output.tail_lines + (at < end && end[-1] != '\n');
	bool is_first = true;

	json_raw(out, "[");
	for (; at < end; lines--) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t length = (size_t)((newline ? newline : end) - at);

		if (lines <= TAIL_LINES) {
			json_raw(out, is_first ? "" : ",");
			json_text(out, at, length);
			is_first = false;
		}
		at = newline ? newline + 1 : end;
	}
	json_raw(out, "]");
}

/* ---- output ---- */

void output_flush(struct run *run)
{
	struct run_output *output = &run->output;
	struct jsonout out = {0};

	if (!output->waiting.length && !output->dropped) {
		return;
	}
	json_raw(&out, "{\"run\":\"");
	json_raw(&out, run->id);
	json_raw(&out,
		output->stream ? "\",\"stream\":\"error\",\"text\":"
			       : "\",\"stream\":\"out\",\"text\":");
	json_text(&out, output->waiting.text ? output->waiting.text : "", output->waiting.length);
	if (output->dropped) {
		json_raw(&out, ",\"dropped\":");
		json_int(&out, output->dropped);
	}
	json_raw(&out, "}");
	run_tell_watchers(run, rpc_notification("script.output", out.text, out.length));
	json_finish(&out);
	json_clear(&output->waiting);
	output->dropped = 0;
	output->flushed_us = clock_now_us();
	loop_timer_stop(output->flush);
}

void output_end(struct run *run)
{
	struct run_output *output = &run->output;

	output_flush(run);
	loop_timer_remove(output->flush);
	output->flush = NULL;
	json_finish(&output->waiting);
	if (output->tail) { /* the run is kept for long */
		cut_tail(output);
		output->tail = xrealloc(output->tail, output->tail_length + 1);
	}
}

static void gather(struct run *run, int stream, const char *text, size_t length, size_t lines)
{
	struct run_output *output = &run->output;
	size_t sent = count_sent(text, length);
	int64_t wait_us;

	refill(output);
	if (output->line_tokens < (double)lines || output->byte_tokens < (double)sent) {
		output->dropped += lines ? (unsigned)lines : 1;
	} else {
		output->line_tokens -= (double)lines;
		output->byte_tokens -= (double)sent;
		if (stream != output->stream) {
			output_flush(run);
			output->stream = stream;
		}
		json_bytes(&output->waiting, text, length);
	}
	wait_us = output->flushed_us + GATHER_US - clock_now_us();
	if (wait_us <= 0 || output->waiting.length > WAITING_MAX) {
		output_flush(run);
	} else if (!loop_timer_is_running(output->flush)) {
		loop_timer_start(output->flush, wait_us, 0);
	}
}

void output_text(struct run *run, int stream, const char *text, size_t length)
{
	add_to_tail(&run->output, text, length);
	gather(run, stream, text, length, count_lines(text, length));
}

void output_print(struct run *run, struct wire_in *in)
{
	int64_t stream = wire_get_int(in);
	size_t length;
	const char *text = wire_get_text(in, &length);
	struct why why, hint;

	if (in->is_bad || run->output.bytes > OUTPUT_MAX || length == 0) {
		return;
	}
	run->output.bytes += length;
	if (run->output.bytes > OUTPUT_MAX) {
		why_set(&why, ERR_LIMIT, MSG_RUN_OUTPUT);
		why_set(&hint, ERR_LIMIT, MSG_RUN_OUTPUT_HINT);
		run_set_end(run, &why, &hint);
		run_stop(run, CAUSE_LIMIT);
		return;
	}
	output_text(run, stream == 1, text, length);
}

/* Reads the curves into a JSON object. False: they are none of our runner. */
static bool read_curves(struct wire_in *in, struct jsonout *out)
{
	size_t count = wire_get_count(in, CURVES_MAX);
	struct curve {
		const char *name;
		size_t length;
	} curves[CURVES_MAX];
	struct wire_value value;

	for (size_t i = 0; i < count; i++) {
		struct curve *curve = &curves[i];

		curve->name = wire_get_text(in, &curve->length);
		if (!wire_get(in, &value) || value.tag != WIRE_TAG_NUMBER ||
			!utf8_is_valid(curve->name, curve->length)) {
			return false;
		}
		for (size_t j = 0; j < i; j++) {
			if (curves[j].length == curve->length &&
				memcmp(curves[j].name, curve->name, curve->length) == 0) {
				return false;
			}
		}
		json_raw(out, i ? "," : "{");
		json_text(out, curve->name, curve->length);
		json_raw(out, ":");
		json_number(out, value.number);
	}
	json_raw(out, count ? "}" : "{}");
	return !in->is_bad;
}

void output_plot(struct run *run, struct wire_in *in)
{
	struct jsonout out = {0};

	json_raw(&out, "{\"run\":\"");
	json_raw(&out, run->id);
	json_raw(&out, "\",\"t\":");
	json_ms(&out, clock_now_us());
	json_raw(&out, ",\"set\":");
	refill(&run->output);
	if (read_curves(in, &out) && run->output.plot_tokens >= 1) {
		run->output.plot_tokens -= 1;
		output_flush(run); /* what was printed before is told before */
		json_raw(&out, "}");
		run_tell_watchers(run, rpc_notification("script.plot", out.text, out.length));
	}
	json_finish(&out);
}
