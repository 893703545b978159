/* SPDX-License-Identifier: Apache-2.0 */
/* Fault kinds of a test's own on the route of a flow_harness. */
#ifndef HARNESS_PROBE_H
#define HARNESS_PROBE_H

#include <check.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "tests/harness/flow_harness.h"

/* Adds a fault "name" that behaves as `ops` says on every flow to come. It
 * lasts until the harness arms its route anew, so add these last. */
static inline void
probe_add(struct harness *h, const char *name, const struct fault_ops *ops)
{
	const struct fault_ops *before[16];
	size_t count = h->route->faults_count;
	char *text = xasprintf("noop,name=%s", name);

	ck_assert_uint_lt(count, 16);
	for (size_t i = 0; i < count; i++)
		before[i] = h->route->faults[i].ops;
	harness_add(h, text);
	free(text);
	for (size_t i = 0; i < count; i++)
		h->route->faults[i].ops = before[i];
	h->route->faults[count].ops = ops;
}

/* A slot that leaves its input where it is; for kinds that may stall. */
static inline void
probe_keep(struct stage *s)
{
	(void)s;
}

static const struct conf_field probe_fields[] = {CONF_FIELD_END};

/* The kind of a probe. */
#define PROBE_KIND(flags_)                                                     \
	{                                                                      \
		.name = "probe", .fields = probe_fields, .flags = (flags_)     \
	}

#endif
