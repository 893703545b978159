/* SPDX-License-Identifier: Apache-2.0 */
/* A server that lets only so many requests through per second and tells the
 * others to come back later.
 *
 * The bucket is one number, kept in the fault's shared words[0] for all
 * workers: the time at which it would be full again (the generic cell rate
 * algorithm). In nanoseconds, so that high rates stay exact. */
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "faults/registry.h"

#define SECOND_NS 1000000000LL
#define DAY_US	  86400e6

struct rate_limit {
	double rate;
	int64_t burst;
	int64_t status;
	int64_t retry_after_us;
	char *body;
};

static const struct conf_field fields[] = {
    {.name = "rate",
	.type = CONF_FLOAT,
	.offset = offsetof(struct rate_limit, rate),
	.min = 0.001,
	.max = 1e6,
	.flags = CONF_REQUIRED,
	.help = "Requests per second that are let through"},
    {.name = "burst",
	.type = CONF_INT,
	.offset = offsetof(struct rate_limit, burst),
	.def = "1",
	.min = 1,
	.max = 1e6,
	.help = "Requests that are let through at once after a pause"},
    {.name = "status",
	.type = CONF_INT,
	.offset = offsetof(struct rate_limit, status),
	.def = "429",
	.min = 400,
	.max = 599,
	.help = "Status of the answer to the others"},
    {.name = "retry_after",
	.type = CONF_DURATION,
	.offset = offsetof(struct rate_limit, retry_after_us),
	.def = "0s",
	.max = DAY_US,
	.bare = 1000,
	.help = "What Retry-After says, rounded up to seconds; 0: the time "
		"until a request would be let through"},
    {.name = "body",
	.type = CONF_STRING,
	.offset = offsetof(struct rate_limit, body),
	.def = "rate limit exceeded\n",
	.help = "Body of the answer to the others"},
    CONF_FIELD_END,
};

struct verdict {
	bool decided, answered;
};

/* Nanoseconds that a request has to wait, given when the bucket is full; 0:
 * it goes, and *full_ns is when the bucket is full afterwards. */
static int64_t
gcra(const struct rate_limit *p, int64_t now_ns, long long *full_ns)
{
	int64_t interval_ns = (int64_t)((double)SECOND_NS / p->rate + 0.5);
	int64_t earliest = *full_ns - (p->burst - 1) * interval_ns;

	if (now_ns < earliest)
		return earliest - now_ns;
	*full_ns = MAX(*full_ns, now_ns) + interval_ns;
	return 0;
}

static int64_t
wait_of(struct stage *s)
{
	atomic_llong *word = &stage_shared(s)->words[0];
	long long seen = atomic_load(word), full_ns;
	int64_t wait_ns;

	do {
		full_ns = seen;
		wait_ns = gcra(stage_params(s), stage_now(s) * 1000, &full_ns);
		if (wait_ns > 0)
			return wait_ns;
	} while (!atomic_compare_exchange_weak(word, &seen, full_ns));
	return 0;
}

static bool
turn_away(struct stage *s, int64_t wait_ns)
{
	const struct rate_limit *p = stage_params(s);
	char retry[64];
	const char *headers[] = {"Content-Type: text/plain; charset=utf-8",
	    retry, NULL};
	struct stage_reply reply = {.status = (int)p->status,
	    .headers = headers,
	    .body = p->body,
	    .body_len = p->body != NULL ? strlen(p->body) : 0};

	if (p->retry_after_us > 0)
		wait_ns = p->retry_after_us * 1000;
	snprintf(retry, sizeof(retry), "Retry-After: %lld",
	    (long long)((wait_ns + SECOND_NS - 1) / SECOND_NS));
	if (!stage_answer(s, &reply))
		return false;
	stage_acted(s, "rate_limit", (double)wait_ns / 1000, "us");
	return true;
}

static void
rate_limit_data(struct stage *s)
{
	struct verdict *st = stage_state(s);

	if (stage_in(s)->len == 0)
		return;
	/* A request that was on its way when the fault came is let through. */
	if (!st->decided && stage_head_left(s) > 0) {
		int64_t wait_ns = wait_of(s);

		st->answered = wait_ns > 0 && turn_away(s, wait_ns);
	}
	st->decided = true;
	if (st->answered)
		stage_drop(s, stage_in(s)->len);
	else
		stage_pass_all(s);
}

static const char *
rate_limit_early(const struct conf_fault *f)
{
	(void)f;
	return "at = \"after\"";
}

const struct fault_ops rate_limit_ops = {
    .kind =
	{
	    .name = "rate_limit",
	    .summary = "Only so many requests per second, 429 for the others",
	    .details =
		"Requests that meet the fault's conditions are let through at "
		"`rate` per second, after a pause up to `burst` of them at "
		"once. The others are answered by the proxy with `status` "
		"and a Retry-After header and do not reach the server. They "
		"do not count against the rate, so a client that keeps "
		"knocking is served as soon as any other."
		"\n\n"
		"The rate is that of the route as a whole, over all threads, "
		"clients and connections: the i-th request is let through "
		"according to when it came, which is the one thing here that "
		"a replay does not repeat. For a limit per client use one "
		"fault each, with `when = { client = ...; }`."
		"\n\n"
		"Retry-After has whole seconds, rounded up: a client that "
		"obeys it is let through, unless others were faster. With "
		"`retry_after` it says something else; a client that comes "
		"back too early is turned away again.",
	    .example = "{ type = \"rate_limit\"; rate = 50; burst = 10; }",
	    .fields = fields,
	    .params_size = sizeof(struct rate_limit),
	    .flags = KIND_HTTP_ONLY | KIND_NO_STREAM,
	    .early = rate_limit_early,
	},
    .state_size = sizeof(struct verdict),
    .links = LINK_MASK_UP,
    .data = rate_limit_data,
};
