/* SPDX-License-Identifier: Apache-2.0 */
/* Counted counts. */
#include "telemetry/counts.h"

#include <stdlib.h>

#include "base/xalloc.h"

struct telemetry_counts *
telemetry_counts_new(void)
{
	struct telemetry_counts *c = xcalloc(1, sizeof(*c));

	atomic_init(&c->refs, 1);
	return c;
}

struct telemetry_counts *
telemetry_counts_ref(struct telemetry_counts *c)
{
	atomic_fetch_add(&c->refs, 1);
	return c;
}

void
telemetry_counts_unref(struct telemetry_counts *c)
{
	if (c != NULL && atomic_fetch_sub(&c->refs, 1) == 1)
		free(c);
}
