/* A histogram of latencies with logarithmic buckets, exact to 2 %. */
#include "load.h"

#include <math.h>
#include <stdio.h>

static const double STEP = 1.02;
static const double FIRST_NS = 1000;

void hist_add(struct hist *hist, int64_t ns)
{
	double steps = ns > FIRST_NS ? log((double)ns / FIRST_NS) / log(STEP) : 0;

	hist->buckets[steps < 1023 ? (size_t)steps : 1023]++;
	hist->count++;
	if (ns > hist->max_ns) {
		hist->max_ns = ns;
	}
}

double hist_ms(const struct hist *hist, double quantile)
{
	uint64_t wanted = (uint64_t)ceil(quantile * (double)hist->count), seen = 0;

	for (size_t i = 0; i < 1024; i++) {
		seen += hist->buckets[i];
		if (seen >= wanted && seen > 0) {
			return FIRST_NS * pow(STEP, (double)i + 0.5) / 1e6;
		}
	}
	return 0;
}

void hist_print(const struct hist *hist, const char *name)
{
	printf("\"%s\":{\"count\":%llu,\"p50\":%.3f,\"p95\":%.3f,\"p99\":%.3f,\"max\":%.3f}", name,
		(unsigned long long)hist->count, hist_ms(hist, 0.5), hist_ms(hist, 0.95),
		hist_ms(hist, 0.99), (double)hist->max_ns / 1e6);
}
