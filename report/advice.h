/* SPDX-License-Identifier: Apache-2.0 */
/* Rules that turn findings into recommendations. */
#ifndef REPORT_ADVICE_H
#define REPORT_ADVICE_H

#include "base/str.h"
#include "report/model.h"

struct advice_rule {
	const char *id;	   /* "R1" */
	const char *title; /* "no circuit breaker": of SARIF and the docs */
	const char *mech;  /* of the verdicts it looks at */
	enum risk risk;
	/* Does it apply to the finding? Then adds the recommendation. */
	bool (*apply)(const struct report *r, const struct finding *f,
		      struct str *text);
	const char *when; /* one line for the documents */
	bool service;	  /* who answers for the service is to act; false: who
			     answers for its caller */
};

/* All rules, in order; NULL behind the last one. */
const struct advice_rule *advice_rule_at(size_t n);

#endif
