/* SPDX-License-Identifier: Apache-2.0 */
/* The Gilbert-Elliott chain. */
#include "faults/gilbert.h"

/* The share of packets that meet the bad state. */
static double
bad_share(const struct gilbert *g)
{
	return g->p + g->r > 0 ? g->p / (g->p + g->r) : 0;
}

struct gilbert
gilbert_independent(double rate)
{
	return (struct gilbert){.p = 0, .r = 1, .h = 0, .k = 1 - rate};
}

struct gilbert
gilbert_bursts(double rate, double burst)
{
	double r = 1 / burst;

	return (struct gilbert){
	    .p = r * rate / (1 - rate),
	    .r = r,
	    .h = 0,
	    .k = 1,
	};
}

bool
gilbert_start(const struct gilbert *g, double u)
{
	return u < bad_share(g);
}

bool
gilbert_step(const struct gilbert *g, bool *bad, double u_loss, double u_move)
{
	bool lost = u_loss >= (*bad ? g->h : g->k);

	if (*bad)
		*bad = u_move >= g->r;
	else
		*bad = u_move < g->p;
	return lost;
}
