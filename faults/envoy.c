/* SPDX-License-Identifier: Apache-2.0 */
/* From Envoy's headers to the parameters of a fault, by the kinds' own tables.
 * The first header of a name counts. */
#include "faults/envoy.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/xalloc.h"
#include "config/build.h"
#include "config/envoy.h"

/* What our kinds take at most: a day, a terabyte per second. */
#define DELAY_MAX_MS   86400000u
#define RATE_MAX_KIBPS 900000000u

#define ABORT_TEXT "fault filter abort"

/* A number as Envoy reads it: blanks around and a plus are allowed. */
static bool
parse_number(struct view text, uint64_t *to)
{
	uint64_t n = 0;

	while (text.len > 0 && isspace((unsigned char)text.at[0]))
		text = (struct view){text.at + 1, text.len - 1};
	while (text.len > 0 && isspace((unsigned char)text.at[text.len - 1]))
		text.len--;
	if (text.len > 1 && text.at[0] == '+')
		text = (struct view){text.at + 1, text.len - 1};
	if (text.len == 0)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		uint64_t digit = (uint64_t)(text.at[i] - '0');

		if (text.at[i] < '0' || text.at[i] > '9' ||
		    n > (UINT64_MAX - digit) / 10)
			return false;
		n = n * 10 + digit;
	}
	*to = n;
	return true;
}

static bool
header_number(const struct flow *f, const char *name, uint64_t *to)
{
	struct view text;

	return f->ops->header != NULL && f->ops->header(f, name, 0, &text) &&
	    parse_number(text, to);
}

/* Sets one parameter by its table, which knows units and owns strings. */
static void
set(struct conf_fault *to, const char *name, const char *format, uint64_t n)
{
	char *text = xasprintf(format, n);
	struct error err;

	if (!conf_field_parse(conf_field_find(to->kind->fields, name),
		to->params, text, &err))
		abort();
	free(text);
}

static const struct {
	const char *kind, *percentage;
	enum conf_stream stream;
} table[] = {
    [ENVOY_DELAY] = {"latency", "x-envoy-fault-delay-request-percentage",
	STREAM_UPSTREAM},
    [ENVOY_ABORT] = {"abort", "x-envoy-fault-abort-request-percentage",
	STREAM_UPSTREAM},
    [ENVOY_RATE_LIMIT] = {"bandwidth",
	"x-envoy-fault-throughput-response-percentage", STREAM_DOWNSTREAM},
};

static void
init(struct conf_fault *to, enum conf_envoy which, double probability)
{
	conf_fault_init(to, &fault_find(table[which].kind)->kind);
	to->name = xstrdup(conf_envoy_name(which));
	to->stream = table[which].stream;
	to->conditions.probability = probability;
}

/* The fault of the flow, without its parameters: as often as it asks for. */
static void
begin(const struct flow *f, enum conf_envoy which, struct conf_fault *to)
{
	const struct conf_envoy_cap *cap = &f->route->conf->envoy[which];
	uint64_t numerator = (uint64_t)cap->numerator, asked;

	/* As with Envoy, what is no number of 32 bits leaves the cap. */
	if (header_number(f, table[which].percentage, &asked) &&
	    asked <= UINT32_MAX)
		numerator = MIN(asked, numerator);
	init(to, which, (double)numerator / (double)cap->denominator);
}

static bool
ask_delay(const struct flow *f, struct conf_fault *to)
{
	uint64_t ms;

	if (!header_number(f, "x-envoy-fault-delay-request", &ms) || ms == 0)
		return false;
	begin(f, ENVOY_DELAY, to);
	set(to, "latency", "%lums", MIN(ms, DELAY_MAX_MS));
	return true;
}

/* How gRPC calls an HTTP status, where that is all there is. */
static unsigned
grpc_of_http(uint64_t status)
{
	static const struct {
		unsigned http, grpc;
	} known[] = {
	    {400, 13}, {401, 16}, {403, 7}, {404, 12}, {429, 14}, {502, 14},
	    {503, 14}, {504, 14},
	};

	for (size_t i = 0; i < COUNT_OF(known); i++) {
		if (known[i].http == status)
			return known[i].grpc;
	}
	return 2;
}

static bool
ask_abort(const struct flow *f, struct conf_fault *to)
{
	uint64_t status, grpc;

	if (header_number(f, "x-envoy-fault-abort-request", &status) &&
	    status >= 200 && status <= 599) {
		grpc = grpc_of_http(status);
	} else if (header_number(f, "x-envoy-fault-abort-grpc-request",
		       &grpc) && grpc <= 16) {
		status = 200;
	} else {
		return false;
	}
	begin(f, ENVOY_ABORT, to);
	set(to, "status", "%lu", status);
	set(to, "grpc_status", "%lu", grpc);
	set(to, "grpc_message", ABORT_TEXT, 0);
	if (status != 204 && status != 304)
		set(to, "body", ABORT_TEXT, 0);
	return true;
}

static bool
ask_rate_limit(const struct flow *f, struct conf_fault *to)
{
	uint64_t kib;

	if (!header_number(f, "x-envoy-fault-throughput-response", &kib) ||
	    kib == 0)
		return false;
	begin(f, ENVOY_RATE_LIMIT, to);
	set(to, "rate", "%luKiB/s", MIN(kib, RATE_MAX_KIBPS));
	return true;
}

struct conf_fault *
envoy_fault_new(const struct conf_route *route, enum conf_envoy which)
{
	const struct conf_envoy_cap *cap = &route->envoy[which];
	struct conf_fault *fault = xmalloc(sizeof(*fault));

	init(fault, which,
	    (double)cap->numerator / (double)cap->denominator);
	return fault;
}

void
envoy_fault_free(const struct conf_fault *fault)
{
	conf_fault_fini((struct conf_fault *)fault);
	free((struct conf_fault *)fault);
}

static enum conf_envoy
which_of(const struct armed_fault *fault)
{
	int which = 0;

	while (strcmp(conf_envoy_name(which), fault->name) != 0)
		which++;
	return (enum conf_envoy)which;
}

bool
envoy_ask(const struct flow *f, const struct armed_fault *fault,
    struct conf_fault *to)
{
	static bool (*const asks[])(const struct flow *,
	    struct conf_fault *) = {
	    [ENVOY_DELAY] = ask_delay,
	    [ENVOY_ABORT] = ask_abort,
	    [ENVOY_RATE_LIMIT] = ask_rate_limit,
	};

	return asks[which_of(fault)](f, to);
}
