/* SPDX-License-Identifier: Apache-2.0 */
/* Records without a proxy. */
#include "tests/experiment/simulate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/intern.h"
#include "tests/harness/draw.h"

void
sim_init(struct sim *s, uint64_t seed)
{
	*s = (struct sim){.rng = {seed}, .unique = 1000, .line = 1};
	record_route(&s->record, "edge");
	record_route(&s->record, "api")->edge = 0;
	s->record.noise_us = SIM_NOISE_US;
}

void
sim_fini(struct sim *s)
{
	record_fini(&s->record);
	verdicts_fini(&s->verdicts);
}

struct route *
sim_edge(struct sim *s)
{
	return &s->record.routes[0];
}

struct route *
sim_api(struct sim *s)
{
	return &s->record.routes[1];
}

void
sim_fault(struct route *r, const char *kind, int64_t from_us, int64_t to_us)
{
	record_arm(r, &(struct window){intern(kind), intern(kind), from_us,
	    to_us, 1});
}

struct call *
sim_call(struct sim *s, struct route *r, int64_t start_us, int64_t end_us,
    enum call_outcome outcome)
{
	struct call *c = record_add(&r->calls);

	c->line = ++s->line;
	c->start_us = start_us;
	c->request_us = start_us;
	c->end_us = c->closed_us = end_us;
	c->first_us = outcome <= CALL_ERROR ? end_us : 0;
	c->outcome = (uint8_t)outcome;
	c->status = outcome == CALL_OK ? 200
	    : outcome == CALL_ERROR   ? 503
				      : 0;
	c->method = "GET";
	c->request = s->unique++;
	c->client = 1;
	c->bytes_up = 100;
	return c;
}

void
sim_judge(struct sim *s, int64_t end_us)
{
	s->record.end_us = end_us;
	record_finish(&s->record);
	judge_record(&s->record, &s->verdicts);
}

void
sim_judge_by(struct sim *s, int64_t end_us,
    void (*judge)(const struct scope *, struct verdicts *))
{
	struct scope scope;

	s->record.end_us = end_us;
	record_finish(&s->record);
	scope_init(&scope, &s->record, 1, sim_api(s)->windows[0].kind);
	judge(&scope, &s->verdicts);
	scope_fini(&scope);
}

size_t
sim_volume(size_t usual, size_t full)
{
	return getenv("FAULTWIRE_FULL_VOLUME") != NULL ? full : usual;
}

const struct verdict *
sim_verdict(const struct sim *s, const char *mech)
{
	for (size_t i = 0; i < s->verdicts.count; i++) {
		const struct verdict *v = &s->verdicts.items[i];

		if (strcmp(v->mech, mech) == 0 && strcmp(v->route, "api") == 0)
			return v;
	}
	return NULL;
}

double
sim_between(struct sim *s, double lo, double hi)
{
	return lo + (hi - lo) * draw_unit(&s->rng);
}

double
sim_exponential(struct sim *s, double mean)
{
	return -mean * log(1 - draw_unit(&s->rng));
}

double
sim_noise(struct sim *s)
{
	return sim_exponential(s, SIM_NOISE_US / 3.0);
}
