/* SPDX-License-Identifier: Apache-2.0 */
/* noop: a fault that does nothing, to measure what a chain costs and to hold
 * a place in it. */
#include "faults/fault.h"
#include "faults/registry.h"

static const struct conf_field fields[] = {
    CONF_FIELD_END,
};

const struct fault_ops noop_ops = {
    .kind =
	{
	    .name = "noop",
	    .summary = "Passes everything on unchanged",
	    .details =
		"Bytes and the end of stream go through as they come. The "
		"fault "
		"is decided, counted as active and shown like any other, but "
		"never as injected. Use it to see what an active chain costs "
		"beside none, or as a place holder in scripts.",
	    .example = "{ type = \"noop\"; }",
	    .fields = fields,
	},
};
