/* SPDX-License-Identifier: Apache-2.0 */
/* A set of fault kinds for tests of config/, which must not know the real
 * ones: every type of field, every flag, a check. */
#ifndef TESTS_CONFIG_FAKE_KINDS_H
#define TESTS_CONFIG_FAKE_KINDS_H

#include "base/attr.h"
#include "config/kind.h"

struct fake_params {
	int64_t delay_us, bytes, count;
	double rate, share, factor;
	bool loud;
	int shape;
	char *text, *peer;
	struct conf_strings words;
	struct conf_numbers table;
	int64_t secret;
};

static const char *const fake_shapes[] = {"uniform", "normal", "pareto", NULL};

#define FAKE(member) .offset = offsetof(struct fake_params, member)

static const struct conf_field fake_fields[] = {
    {.name = "delay",
     .type = CONF_DURATION,
     FAKE(delay_us),
     .def = "10ms",
     .max = 3600e6,
     .bare = 1000,
     .help = "How long"},
    {.name = "bytes",
     .type = CONF_SIZE,
     FAKE(bytes),
     .def = "1KiB",
     .bare = 1,
     .help = "How much"},
    {.name = "count",
     .type = CONF_INT,
     FAKE(count),
     .def = "-1",
     .min = -1,
     .max = 100,
     .help = "How many"},
    {.name = "rate",
     .type = CONF_RATE,
     FAKE(rate),
     .bare = 1000,
     .help = "How fast"},
    {.name = "share",
     .type = CONF_FRACTION,
     FAKE(share),
     .def = "50%",
     .help = "Which part"},
    {.name = "factor",
     .type = CONF_FLOAT,
     FAKE(factor),
     .min = -10,
     .max = 10,
     .help = "By how much"},
    {.name = "loud", .type = CONF_BOOL, FAKE(loud), .help = "Or silent"},
    {.name = "shape",
     .type = CONF_ENUM,
     FAKE(shape),
     .def = "normal",
     .choices = fake_shapes,
     .help = "Of what form"},
    {.name = "text",
     .type = CONF_STRING,
     FAKE(text),
     .def = "hello",
     .help = "What to say"},
    {.name = "peer", .type = CONF_ADDRESS, FAKE(peer), .help = "To whom"},
    {.name = "words",
     .type = CONF_STRINGS,
     FAKE(words),
     .def = "a, b",
     .help = "Which words"},
    {.name = "table",
     .type = CONF_NUMBERS,
     FAKE(table),
     .bare = 1000,
     .help = "Which delays"},
    {.name = "secret",
     .type = CONF_INT,
     FAKE(secret),
     .flags = CONF_HIDDEN,
     .help = "Not for users"},
    CONF_FIELD_END,
};

static void
fake_check(const void *params, const struct conf_where *where,
	   struct conf_diag *diag)
{
	const struct fake_params *p = params;

	if (p->count == 13)
		conf_error(diag, where,
			   "count: 13 brings bad luck; expected "
			   "another number");
}

static const struct conf_kind fake_every = {
    .name = "every_type",
    .summary = "Has a field of every type",
    .details = "One paragraph that says a little about what it does, long "
	       "enough for a second line.\n\nAnother paragraph.",
    .example = "{ type = \"every_type\"; text = \"two words\"; "
	       "delay = \"20ms\"; words = [ \"x: 1\", \"y: 2\" ]; }",
    .fields = fake_fields,
    .params_size = sizeof(struct fake_params),
    .check = fake_check};

struct fake_latency {
	int64_t latency_us, jitter_us;
};

static const struct conf_field fake_latency_fields[] = {
    {.name = "latency",
     .type = CONF_DURATION,
     .offset = offsetof(struct fake_latency, latency_us),
     .def = "0ms",
     .max = 3600e6,
     .bare = 1000,
     .help = "Mean delay"},
    {.name = "jitter",
     .type = CONF_DURATION,
     .offset = offsetof(struct fake_latency, jitter_us),
     .def = "0ms",
     .max = 3600e6,
     .bare = 1000,
     .help = "How far delays stray"},
    CONF_FIELD_END,
};

static const struct conf_kind fake_latency = {
    .name = "latency",
    .summary = "Delays bytes",
    .example = "{ type = \"latency\"; latency = \"80ms\"; }",
    .fields = fake_latency_fields,
    .params_size = sizeof(struct fake_latency)};

struct fake_abort {
	int64_t status;
};

static const struct conf_field fake_abort_fields[] = {
    {.name = "status",
     .type = CONF_INT,
     .offset = offsetof(struct fake_abort, status),
     .min = 200,
     .max = 599,
     .flags = CONF_REQUIRED,
     .help = "What is answered"},
    CONF_FIELD_END,
};

static const char *
fake_abort_early(const struct conf_fault *f)
{
	(void)f;
	return "patience";
}

static const struct conf_kind fake_abort = {
    .name = "abort",
    .summary = "Answers a request itself",
    .example = "{ type = \"abort\"; status = 503; }",
    .fields = fake_abort_fields,
    .params_size = sizeof(struct fake_abort),
    .flags = KIND_HTTP_ONLY | KIND_NO_STREAM,
    .early = fake_abort_early};

static const struct conf_field fake_no_fields[] = {CONF_FIELD_END};

static const struct conf_kind fake_reset = {
    .name = "reset_peer",
    .summary = "Resets connections",
    .example = "{ type = \"reset_peer\"; }",
    .fields = fake_no_fields,
    .flags = KIND_CONNECTION | KIND_NO_STREAM};

static const struct conf_kind fake_hidden = {.name = "partition_cut",
					     .summary = "Made by partitions",
					     .fields = fake_no_fields,
					     .flags = KIND_HIDDEN};

static const struct conf_kind *const fake_items[] = {
    &fake_abort, &fake_every, &fake_latency, &fake_hidden, &fake_reset};

static const struct conf_kinds fake_kinds = {fake_items, COUNT_OF(fake_items)};

#endif
