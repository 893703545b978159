/* SPDX-License-Identifier: Apache-2.0 */
/* Making, growing, shrinking and freeing the parts of a model. */
#include "config/build.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "config/destination.h"
#include "config/pattern.h"
#include "config/tables.h"

#define SECOND_US INT64_C(1000000)

/* The array with room for one more element, which is zeroed and counted;
 * arrays double at powers of two. */
static void *
grown(void *items, size_t *count, size_t size)
{
	char *array = items;

	if ((*count & (*count - 1)) == 0)
		array = xrealloc(array, (*count == 0 ? 1 : *count * 2) * size);
	memset(array + *count * size, 0, size);
	(*count)++;
	return array;
}

/* Closes the gap of a freed element. */
static void
shrink(void *items, size_t *count, size_t size, size_t index)
{
	char *at = (char *)items + index * size;

	memmove(at, at + size, (--*count - index) * size);
}

struct conf_model *
conf_model_new(void)
{
	struct conf_model *m = xcalloc(1, sizeof(*m));

	atomic_init(&m->refs, 1);
	conf_fields_default(conf_file_fields, m);
	conf_fields_default(conf_control_fields, &m->control);
	conf_fields_default(conf_log_fields, &m->log);
	conf_fields_default(conf_observe_fields, &m->observe);
	conf_fields_default(conf_trace_fields, &m->trace);
	conf_fields_default(conf_grafana_fields, &m->grafana);
	return m;
}

struct conf_service *
conf_model_add_service(struct conf_model *model)
{
	model->services = grown(model->services, &model->services_count,
				sizeof(*model->services));
	return &model->services[model->services_count - 1];
}

void
conf_route_init(struct conf_route *r)
{
	*r = (struct conf_route){0};
	conf_fields_default(conf_route_fields, r);
	conf_fields_default(conf_tls_fields, r);
	conf_fields_default(conf_upstream_tls_fields, r);
}

struct conf_route *
conf_model_add_route(struct conf_model *model)
{
	struct conf_route *r;

	model->routes =
	    grown(model->routes, &model->routes_count, sizeof(*model->routes));
	r = &model->routes[model->routes_count - 1];
	conf_route_init(r);
	return r;
}

struct conf_partition *
conf_model_add_partition(struct conf_model *model)
{
	struct conf_partition *p;

	model->partitions = grown(model->partitions, &model->partitions_count,
				  sizeof(*model->partitions));
	p = &model->partitions[model->partitions_count - 1];
	conf_fields_default(conf_partition_fields, p);
	return p;
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
	    grown(route->faults, &route->faults_count, sizeof(*route->faults));
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

static void
service_fini(struct conf_service *s)
{
	size_t i;

	for (i = 0; i < s->hosts_count; i++)
		free(s->hosts[i]);
	free(s->hosts);
	free(s->cidrs);
	conf_fields_fini(conf_service_fields, s);
}

void
conf_partition_fini(struct conf_partition *p)
{
	size_t i, j;

	for (i = 0; i < p->groups_count; i++) {
		for (j = 0; j < p->groups[i].count; j++)
			free(p->groups[i].items[j]);
		free(p->groups[i].items);
	}
	free(p->groups);
	conf_fields_fini(conf_partition_fields, p);
	*p = (struct conf_partition){0};
}

void
conf_route_remove_fault(struct conf_route *route, size_t index)
{
	conf_fault_fini(&route->faults[index]);
	shrink(route->faults, &route->faults_count, sizeof(*route->faults),
	       index);
}

void
conf_model_remove_route(struct conf_model *model, size_t index)
{
	conf_route_fini(&model->routes[index]);
	shrink(model->routes, &model->routes_count, sizeof(*model->routes),
	       index);
}

void
conf_model_remove_partition(struct conf_model *model, size_t index)
{
	conf_partition_fini(&model->partitions[index]);
	shrink(model->partitions, &model->partitions_count,
	       sizeof(*model->partitions), index);
}

static void
model_free(struct conf_model *m)
{
	size_t i;

	for (i = 0; i < m->services_count; i++)
		service_fini(&m->services[i]);
	for (i = 0; i < m->routes_count; i++)
		conf_route_fini(&m->routes[i]);
	for (i = 0; i < m->partitions_count; i++)
		conf_partition_fini(&m->partitions[i]);
	for (i = 0; i < m->files_count; i++)
		free(m->files[i]);
	free(m->services);
	free(m->routes);
	free(m->partitions);
	free(m->files);
	conf_experiment_free(m->experiment);
	conf_fields_fini(conf_control_fields, &m->control);
	conf_fields_fini(conf_log_fields, &m->log);
	conf_fields_fini(conf_observe_fields, &m->observe);
	conf_fields_fini(conf_trace_fields, &m->trace);
	conf_fields_fini(conf_grafana_fields, &m->grafana);
	conf_fields_fini(conf_file_fields, m);
	free(m);
}

struct conf_model *
conf_model_ref(struct conf_model *model)
{
	atomic_fetch_add_explicit(&model->refs, 1, memory_order_relaxed);
	return model;
}

void
conf_model_unref(struct conf_model *model)
{
	if (model != NULL && atomic_fetch_sub_explicit(
				 &model->refs, 1, memory_order_acq_rel) == 1)
		model_free(model);
}
