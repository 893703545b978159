/* SPDX-License-Identifier: Apache-2.0 */
/* Questions to a fault of a finished model. */
#include "config/fault.h"

#include <string.h>

#include "config/route.h"
#include "config/tables.h"

static bool
when_equal(const struct conf_when *a, const struct conf_when *b)
{
	/* The same names of services may stand for other ranges by now. */
	return conf_fields_equal(conf_when_fields, a, b) &&
	       a->clients_count == b->clients_count &&
	       (a->clients_count == 0 ||
		memcmp(a->clients, b->clients,
		       a->clients_count * sizeof(*a->clients)) == 0);
}

bool
conf_fault_equal(const struct conf_fault *a, const struct conf_fault *b)
{
	const struct conf_field *f;

	if (a->kind != b->kind)
		return false;
	for (f = conf_fault_fields; f->name != NULL; f++) {
		if (strcmp(f->name, "name") != 0 &&
		    strcmp(f->name, "enabled") != 0 &&
		    !conf_field_equal(f, a, b))
			return false;
	}
	return when_equal(&a->conditions.when, &b->conditions.when) &&
	       conf_fields_equal(a->kind->fields, a->params, b->params);
}

enum conf_layer
conf_fault_layer(const struct conf_fault *f, const struct conf_route *route)
{
	if (f->layer != LAYER_STREAM || (f->kind->flags & KIND_TLS) == 0)
		return (enum conf_layer)f->layer;
	if (route->tls.enabled)
		return LAYER_WIRE;
	return route->upstream_tls.enabled ? LAYER_UPSTREAM_WIRE
					   : LAYER_STREAM;
}

const char *
conf_fault_direction(const struct conf_fault *f)
{
	static const char *const streams[] = {"upstream", "downstream", "both"};

	if (f->at == AT_BEFORE)
		return "before";
	return f->at == AT_AFTER ? "after" : streams[f->stream];
}

bool
conf_partition_made(const char *fault, const char *partition)
{
	size_t len = strlen(partition);

	return strncmp(fault, "partition:", 10) == 0 &&
	       strncmp(fault + 10, partition, len) == 0 &&
	       (fault[10 + len] == '\0' || fault[10 + len] == '/');
}

bool
conf_conditions_per_flow(const struct conf_conditions *c)
{
	return c->probability < 1 || c->has_when || c->first > 0 ||
	       c->skip > 0 || c->every > 0 || c->max_active > 0 ||
	       c->flows != FLOWS_ALL;
}
