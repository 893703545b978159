/* SPDX-License-Identifier: Apache-2.0 */
/* What a verdict about a mechanism means to a team: is it good news, how much
 * does it count, in which words is it told. */
#ifndef REPORT_MECHANISM_H
#define REPORT_MECHANISM_H

#include <stdbool.h>
#include <stddef.h>

#include "experiment/verdict.h"

enum category { CATEGORY_INFRASTRUCTURE, CATEGORY_APPLICATION };
#define CATEGORIES 2

enum risk { RISK_LOW, RISK_MEDIUM, RISK_HIGH };

struct mechanism {
	const char *mech;  /* as verdicts name it */
	const char *title; /* "Circuit breaker" */
	enum category category;
	double weight;		/* 0: told, not scored */
	enum risk risk;		/* if it is bad */
	bool good_if_absent;	/* CONFIRMED is bad news */
	const char *good, *bad; /* the fact, in a line behind the route */
	/* Is it there, but only half of what it should be? May be NULL. */
	bool (*is_flawed)(const struct verdict *v);
};

/* All of them, in the order of the report; NULL behind the last one. */
const struct mechanism *mechanism_at(size_t n);
/* That of a verdict's mech; NULL: it has no meaning here. */
const struct mechanism *mechanism_find(const char *mech);
/* "application", "HIGH"; constant. */
const char *category_name(enum category c);
const char *risk_name(enum risk r);

#endif
