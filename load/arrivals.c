/* SPDX-License-Identifier: Apache-2.0 */
/* The rate is linear piece by piece; a gap of g requests ends where the area
 * below it has grown by g. */
#include "load/arrivals.h"

#include <math.h>

#define SECOND_US 1e6

/* A piece of the rate, from some time on. */
struct piece {
	double end_us;	 /* INFINITY: the last one */
	double from, to; /* requests per second at its ends */
};

static struct piece
piece_at(const struct conf_load *load, double at_us)
{
	struct conf_load_step was = {.rate = load->rate};
	const struct conf_load_step *next = NULL;
	double share;

	for (size_t i = 0; i < load->steps_count && next == NULL; i++) {
		if ((double)load->steps[i].at_us > at_us)
			next = &load->steps[i];
		else
			was = load->steps[i];
	}
	if (next == NULL)
		return (struct piece){INFINITY, was.rate, was.rate};
	if (!load->ramp)
		return (struct piece){(double)next->at_us, was.rate, was.rate};
	share = (at_us - (double)was.at_us) / (double)(next->at_us - was.at_us);
	return (struct piece){(double)next->at_us,
			      was.rate + share * (next->rate - was.rate),
			      next->rate};
}

/* How long until `requests` came, within a piece that has so many. */
static double
piece_solve(const struct piece *p, double at_us, double requests)
{
	double slope = isinf(p->end_us) ? 0
					: (p->to - p->from) /
					      (p->end_us - at_us) * SECOND_US;
	double root = sqrt(fmax(p->from * p->from + 2 * slope * requests, 0));

	return 2 * requests / (p->from + root) * SECOND_US;
}

static double
piece_area(const struct piece *p, double at_us, double end_us)
{
	double share, to;

	if (isinf(p->end_us))
		return p->from * (end_us - at_us) / SECOND_US;
	share = (end_us - at_us) / (p->end_us - at_us);
	to = p->from + share * (p->to - p->from);
	return (p->from + to) / 2 * (end_us - at_us) / SECOND_US;
}

/* Where the gap ends that is `left` requests long from at_us on. */
static double
gap_end(const struct arrivals *a)
{
	double at_us = a->at_us, left = a->left;

	if (left <= 0)
		return at_us;
	if (a->scale <= 0)
		return INFINITY;
	for (;;) {
		struct piece p = piece_at(a->load, at_us);
		double area;

		if (isinf(p.end_us))
			return p.from <= 0
				   ? INFINITY
				   : at_us +
					 left / (p.from * a->scale) * SECOND_US;
		area = piece_area(&p, at_us, p.end_us) * a->scale;
		if (area >= left)
			return at_us + piece_solve(&p, at_us, left / a->scale);
		left -= area;
		at_us = p.end_us;
	}
}

/* The gap before arrival `number`, in requests: 1 on average. */
static double
gap_draw(const struct arrivals *a)
{
	struct rng_key key = a->key;
	double unit, phase;

	key.flow = a->number;
	unit = rng_unit(&key, 0);
	/* Loads of one rate should not fire at the same moments. */
	phase = a->number == 1 ? rng_unit(&key, 1) : 1;
	switch ((enum conf_arrivals)a->load->arrivals) {
	case ARRIVALS_CONSTANT:
		return phase;
	case ARRIVALS_JITTER:
		return phase * (0.5 + unit);
	case ARRIVALS_POISSON:
		return -log1p(-unit);
	}
	return phase;
}

void
arrivals_init(struct arrivals *a, const struct conf_load *load, uint64_t seed)
{
	*a = (struct arrivals){.load = load,
			       .number = 1,
			       .scale = 1,
			       .key = {.seed = seed,
				       .route = rng_hash(load->name),
				       .fault = rng_hash("arrivals")}};
	a->left = gap_draw(a);
}

int64_t
arrivals_due(const struct arrivals *a)
{
	double end_us = gap_end(a);

	return end_us < 0x1p62 ? (int64_t)end_us : ARRIVALS_NEVER;
}

void
arrivals_take(struct arrivals *a)
{
	a->at_us = gap_end(a);
	a->number++;
	a->left = gap_draw(a);
}

void
arrivals_wait(struct arrivals *a, int64_t now_us)
{
	double end_us = gap_end(a);

	if (end_us >= (double)now_us)
		return;
	a->at_us = (double)now_us;
	a->left = 0;
}

void
arrivals_scale(struct arrivals *a, int64_t now_us, double scale)
{
	double now = (double)now_us, end_us = gap_end(a);

	/* What is due already stays so. */
	if (end_us > now) {
		for (double at = a->at_us; at < now;) {
			struct piece p = piece_at(a->load, at);
			double to = fmin(p.end_us, now);

			a->left -= piece_area(&p, at, to) * a->scale;
			at = to;
		}
		a->left = fmax(a->left, 0);
		a->at_us = fmax(a->at_us, now);
	} else {
		a->at_us = end_us;
		a->left = 0;
	}
	a->scale = scale;
}
