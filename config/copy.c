/* SPDX-License-Identifier: Apache-2.0 */
/* Deep copies of models and their parts: the tables copy what they hold, what
 * was compiled from it is copied or compiled again. */
#include <assert.h>
#include <string.h>

#include "base/xalloc.h"
#include "config/build.h"
#include "config/destination.h"
#include "config/pattern.h"
#include "config/tables.h"

/* Compiles a pattern that was compiled before, in another place. */
static void
pattern_again(struct conf_pattern *p, bool nocase)
{
	struct error err;

	if (!conf_pattern_compile(p, nocase, &err))
		assert(!"a pattern compiles every time");
}

static void
patterns_again(const struct conf_pattern_slot *slots, void *target)
{
	const struct conf_pattern_slot *slot;

	for (slot = slots; slot->key != NULL; slot++)
		pattern_again(conf_pattern_at(slot, target), slot->nocase);
}

static void *
array_copy(const void *items, size_t count, size_t size)
{
	void *copy;

	if (count == 0)
		return NULL;
	copy = xcalloc(count, size);
	memcpy(copy, items, count * size);
	return copy;
}

static void
when_copy(struct conf_when *to, const struct conf_when *from)
{
	size_t i;

	conf_fields_copy(conf_when_fields, to, from);
	patterns_again(conf_when_patterns, to);
	to->clients = array_copy(from->clients, from->clients_count,
				 sizeof(*from->clients));
	to->clients_count = from->clients_count;
	to->has_clients = from->has_clients;
	to->status_min = from->status_min;
	to->status_max = from->status_max;
	if (from->headers_count > 0)
		to->headers =
		    xcalloc(from->headers_count, sizeof(*to->headers));
	to->headers_count = from->headers_count;
	for (i = 0; i < from->headers_count; i++) {
		to->headers[i].name = xstrdup(from->headers[i].name);
		to->headers[i].value.text =
		    xstrdup(from->headers[i].value.text);
		pattern_again(&to->headers[i].value, false);
	}
}

void
conf_fault_copy(struct conf_fault *to, const struct conf_fault *from)
{
	conf_fault_init(to, from->kind);
	to->type_shown = xstrdup(from->type_shown);
	conf_fields_copy(conf_fault_fields, to, from);
	conf_fields_copy(from->kind->fields, to->params, from->params);
	when_copy(&to->conditions.when, &from->conditions.when);
	to->conditions.has_when = from->conditions.has_when;
	to->where = from->where;
	to->from_api = from->from_api;
	to->arming = from->arming;
	to->profile = from->profile;
	to->leased = from->leased;
	to->stream_shown = xstrdup(from->stream_shown);
}

static void
destinations_again(struct conf_route *r)
{
	struct conf_diag diag = {0};

	conf_destinations_compile(r, &(struct conf_spot){.diag = &diag});
	conf_diag_fini(&diag);
}

void
conf_route_copy(struct conf_route *to, const struct conf_route *from)
{
	size_t i;

	conf_fields_copy(conf_route_fields, to, from);
	conf_fields_copy(conf_match_fields, to, from);
	conf_fields_copy(conf_tls_fields, to, from);
	conf_fields_copy(conf_upstream_tls_fields, to, from);
	patterns_again(conf_match_patterns, to);
	destinations_again(to);
	conf_address_copy(&to->listen, &from->listen);
	conf_address_copy(&to->upstream, &from->upstream);
	memcpy(to->envoy, from->envoy, sizeof(to->envoy));
	to->where = from->where;
	to->from_api = from->from_api;
	to->leased = from->leased;
	to->upstream_shown = xstrdup(from->upstream_shown);
	for (i = 0; i < from->faults_count; i++) {
		struct conf_fault *f =
		    conf_route_add_fault(to, from->faults[i].kind);

		conf_fault_fini(f);
		conf_fault_copy(f, &from->faults[i]);
	}
}

static void
service_copy(struct conf_service *to, const struct conf_service *from)
{
	size_t i;

	conf_fields_copy(conf_service_fields, to, from);
	to->cidrs =
	    array_copy(from->cidrs, from->cidrs_count, sizeof(*from->cidrs));
	to->cidrs_count = from->cidrs_count;
	to->hosts =
	    array_copy(from->hosts, from->hosts_count, sizeof(*from->hosts));
	to->hosts_count = from->hosts_count;
	for (i = 0; i < to->hosts_count; i++)
		to->hosts[i] = xstrdup(from->hosts[i]);
	to->where = from->where;
}

void
conf_partition_copy(struct conf_partition *to,
		    const struct conf_partition *from)
{
	size_t i;

	conf_fields_copy(conf_partition_fields, to, from);
	if (from->groups_count > 0)
		to->groups =
		    xcalloc(from->groups_count, sizeof(*to->groups));
	to->groups_count = from->groups_count;
	for (i = 0; i < to->groups_count; i++)
		conf_strings_set(&to->groups[i],
				 (const char *const *)from->groups[i].items,
				 from->groups[i].count);
	to->from_api = from->from_api;
	to->arming = from->arming;
	to->leased = from->leased;
	to->where = from->where;
}

struct conf_model *
conf_model_copy(const struct conf_model *from)
{
	struct conf_model *to = conf_model_new();
	size_t i;

	conf_fields_copy(conf_file_fields, to, from);
	conf_fields_copy(conf_control_fields, &to->control, &from->control);
	conf_fields_copy(conf_log_fields, &to->log, &from->log);
	conf_fields_copy(conf_observe_fields, &to->observe, &from->observe);
	conf_fields_copy(conf_trace_fields, &to->trace, &from->trace);
	conf_fields_copy(conf_grafana_fields, &to->grafana, &from->grafana);
	conf_fields_copy(conf_loki_fields, &to->loki, &from->loki);
	to->control.where = from->control.where;
	to->trace.where = from->trace.where;
	to->grafana.where = from->grafana.where;
	to->loki.where = from->loki.where;
	to->has_seed = from->has_seed;
	for (i = 0; i < from->services_count; i++)
		service_copy(conf_model_add_service(to), &from->services[i]);
	for (i = 0; i < from->routes_count; i++)
		conf_route_copy(conf_model_add_route(to),
				&from->routes[i]);
	for (i = 0; i < from->partitions_count; i++)
		conf_partition_copy(conf_model_add_partition(to),
				    &from->partitions[i]);
	to->files =
	    array_copy(from->files, from->files_count, sizeof(*from->files));
	to->files_count = from->files_count;
	for (i = 0; i < to->files_count; i++)
		to->files[i] = xstrdup(from->files[i]);
	return to;
}
