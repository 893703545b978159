/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks of counters: made by their worker, published by a release store, read
 * by whoever walks the lists. */
#include "observe/counters.h"

#include <stdlib.h>

#include "base/xalloc.h"

#define CACHE_LINE 64

const struct histogram_scale histogram_durations = {
    {1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000,
	2500000, 5000000, 10000000, 30000000, 60000000},
    {"0.001", "0.0025", "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5",
	"1.0", "2.5", "5.0", "10.0", "30.0", "60.0", "+Inf"},
};

const struct histogram_scale histogram_errors = {
    {10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000,
	500000, 1000000},
    {"1e-05", "2.5e-05", "5e-05", "0.0001", "0.00025", "0.0005", "0.001",
	"0.0025", "0.005", "0.01", "0.025", "0.05", "0.1", "0.5", "1.0",
	"+Inf"},
};

unsigned
histogram_add(struct histogram *h, const struct histogram_scale *scale,
    int64_t us)
{
	unsigned i = 0;

	us = us > 0 ? us : 0;
	while (i < HISTOGRAM_BOUNDS && us > scale->bounds_us[i])
		i++;
	counter_add(&h->buckets[i], 1);
	counter_add(&h->sum_us, (uint64_t)us);
	return i;
}

void
histogram_read(const struct histogram *h, struct histogram_sum *to)
{
	for (unsigned i = 0; i <= HISTOGRAM_BOUNDS; i++)
		to->buckets[i] += counter_get(&h->buckets[i]);
	to->sum_us += counter_get(&h->sum_us);
}

uint64_t
histogram_count(const struct histogram_sum *h)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i <= HISTOGRAM_BOUNDS; i++)
		sum += h->buckets[i];
	return sum;
}

struct route_counts *
counters_first(const struct route_counters *set)
{
	return atomic_load_explicit(&set->first, memory_order_acquire);
}

struct fault_counts *
counters_first_fault(const struct route_counts *counts)
{
	return atomic_load_explicit(&counts->faults, memory_order_acquire);
}

struct http_counts *
counters_get_http(const struct route_counts *counts)
{
	return atomic_load_explicit(&counts->http, memory_order_acquire);
}

struct route_counts *
counters_of(struct route_counters *set, unsigned worker)
{
	struct route_counts *first = counters_first(set), *it;

	for (it = first; it != NULL; it = it->next) {
		if (it->worker == worker)
			return it;
	}
	it = xcalloc_aligned(CACHE_LINE, sizeof(*it));
	it->worker = worker;
	it->next = first;
	/* Other workers add theirs at the same time. */
	while (!atomic_compare_exchange_weak(&set->first, &first, it))
		it->next = first;
	return it;
}

struct http_counts *
counters_http(struct route_counts *counts)
{
	struct http_counts *http = counters_get_http(counts);

	if (http == NULL) {
		http = xcalloc_aligned(CACHE_LINE, sizeof(*http));
		atomic_store_explicit(&counts->http, http,
		    memory_order_release);
	}
	return http;
}

struct fault_counts *
counters_fault(struct route_counts *counts, const char *kind)
{
	struct fault_counts *first = counters_first_fault(counts), *it;

	for (it = first; it != NULL; it = it->next) {
		if (it->kind == kind)
			return it;
	}
	it = xcalloc_aligned(CACHE_LINE, sizeof(*it));
	it->kind = kind;
	it->next = first;
	atomic_store_explicit(&counts->faults, it, memory_order_release);
	return it;
}

static void
counts_free(struct route_counts *counts)
{
	struct fault_counts *fault = counters_first_fault(counts), *next;

	for (; fault != NULL; fault = next) {
		next = fault->next;
		free(fault);
	}
	free(counters_get_http(counts));
	free(counts);
}

void
counters_fini(struct route_counters *set)
{
	struct route_counts *it = counters_first(set), *next;

	for (; it != NULL; it = next) {
		next = it->next;
		counts_free(it);
	}
	atomic_store(&set->first, NULL);
}

unsigned
counters_code(int status)
{
	if (status == 0)
		return CODE_NONE;
	if (status < CODE_FIRST || status > CODE_LAST)
		return CODE_OTHER;
	return (unsigned)(status - CODE_FIRST);
}
