/* SPDX-License-Identifier: Apache-2.0 */
/* Making, growing and freeing the parts of a model. */
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "config/build.h"
#include "config/destination.h"
#include "config/pattern.h"
#include "config/tables.h"

#define SECOND_US INT64_C(1000000)

void
conf_close_gap(void *items, size_t *count, size_t size, size_t index)
{
	char *at = (char *)items + index * size;

	memmove(at, at + size, (--*count - index) * size);
}

void
conf_route_init(struct conf_route *r)
{
	*r = (struct conf_route){0};
	conf_fields_default(conf_route_fields, r);
	conf_fields_default(conf_tls_fields, r);
	conf_fields_default(conf_upstream_tls_fields, r);
}

void
conf_fault_init(struct conf_fault *to, const struct conf_kind *kind)
{
	*to = (struct conf_fault){.kind = kind};
	to->params = xcalloc(1, MAX(kind->params_size, 1));
	conf_fields_default(conf_fault_fields, to);
	conf_fields_default(kind->fields, to->params);
}

struct conf_fault *
conf_route_add_fault(struct conf_route *route, const struct conf_kind *kind)
{
	struct conf_fault *f;

	route->faults =
	    xgrow(route->faults, &route->faults_count, sizeof(*route->faults));
	f = &route->faults[route->faults_count - 1];
	conf_fault_init(f, kind);
	return f;
}

void
conf_route_protocol_defaults(struct conf_route *r)
{
	static const int64_t idle_us[] = {
	    [PROTOCOL_TCP] = 0,
	    [PROTOCOL_HTTP] = 60 * SECOND_US,
	    [PROTOCOL_UDP] = 60 * SECOND_US,
	    [PROTOCOL_DNS] = 10 * SECOND_US,
	    [PROTOCOL_REDIS] = 0,
	    [PROTOCOL_POSTGRES] = 0,
	    [PROTOCOL_MYSQL] = 0,
	};

	r->idle_timeout_us = idle_us[r->protocol];
}

static void
when_fini(struct conf_when *w)
{
	conf_patterns_clear(conf_when_patterns, w);
	conf_headers_clear(w);
	free(w->clients);
	conf_fields_fini(conf_when_fields, w);
}

void
conf_fault_fini(struct conf_fault *f)
{
	when_fini(&f->conditions.when);
	conf_fields_fini(conf_fault_fields, f);
	if (f->params != NULL)
		conf_fields_fini(f->kind->fields, f->params);
	free(f->params);
	free(f->type_shown);
	free(f->stream_shown);
	*f = (struct conf_fault){0};
}

void
conf_route_fini(struct conf_route *r)
{
	size_t i;

	for (i = 0; i < r->faults_count; i++)
		conf_fault_fini(&r->faults[i]);
	free(r->faults);
	free(r->upstream_shown);
	conf_address_fini(&r->listen);
	conf_address_fini(&r->upstream);
	conf_patterns_clear(conf_match_patterns, r);
	conf_destinations_clear(r);
	conf_fields_fini(conf_match_fields, r);
	conf_fields_fini(conf_tls_fields, r);
	conf_fields_fini(conf_upstream_tls_fields, r);
	conf_fields_fini(conf_route_fields, r);
	*r = (struct conf_route){0};
}

void
conf_partition_fini(struct conf_partition *p)
{
	size_t i;

	for (i = 0; i < p->groups_count; i++)
		conf_strings_fini(&p->groups[i]);
	free(p->groups);
	conf_fields_fini(conf_partition_fields, p);
	*p = (struct conf_partition){0};
}

void
conf_route_remove_fault(struct conf_route *route, size_t index)
{
	conf_fault_fini(&route->faults[index]);
	conf_close_gap(route->faults, &route->faults_count,
		       sizeof(*route->faults), index);
}
