/* SPDX-License-Identifier: Apache-2.0 */
/* The Gilbert-Elliott chain: packets are lost in bursts because the line has
 * a good and a bad state (Gilbert, "Capacity of a burst-noise channel", 1960;
 * Elliott, "Estimates of error rates for codes on burst-noise channels", 1963;
 * both Bell System Technical Journal). Pure arithmetic: the caller brings the
 * dice. */
#ifndef FAULTS_GILBERT_H
#define FAULTS_GILBERT_H

#include <stdbool.h>

/* Probabilities, 0 … 1. */
struct gilbert {
	double p; /* good becomes bad, per packet */
	double r; /* bad becomes good, per packet */
	double h; /* a packet gets through in the bad state */
	double k; /* a packet gets through in the good state */
};

/* Every packet is lost with probability `rate`, independently. */
struct gilbert gilbert_independent(double rate);
/* The chain with a long-run loss of `rate` (< 1) in bursts of `burst` (>= 1)
 * packets on average. Its p is above 1 if there is no such chain. */
struct gilbert gilbert_bursts(double rate, double burst);
/* Whether the chain starts in the bad state, so that short flows see the same
 * loss as long ones. u is uniform in [0, 1). */
bool gilbert_start(const struct gilbert *g, double u);
/* One packet: true if it is lost; then *bad moves on. The dice are uniform in
 * [0, 1) and independent. */
bool gilbert_step(
    const struct gilbert *g, bool *bad, double u_loss, double u_move);

#endif
