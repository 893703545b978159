/* SPDX-License-Identifier: Apache-2.0 */
/* Writing a model in the syntax of configuration files, table by table. */
#include "config/print.h"

#include <stdlib.h>
#include <string.h>

#include "config/build.h"
#include "config/quote.h"
#include "config/tables.h"

struct printer {
	struct str *to;
	unsigned depth;
	const char *separator; /* before the next element of a list */
};

static void
indent(struct printer *p)
{
	unsigned i;

	for (i = 0; i < p->depth; i++)
		str_add_char(p->to, '\t');
}

/* "name = { … };" or, without a name, an element of a list. */
static void
open_group(struct printer *p, const char *name)
{
	if (name == NULL)
		str_add(p->to, p->separator);
	indent(p);
	if (name != NULL)
		str_printf(p->to, "%s = ", name);
	str_add(p->to, "{\n");
	p->depth++;
}

static void
close_group(struct printer *p, const char *name)
{
	p->depth--;
	indent(p);
	str_add(p->to, name != NULL ? "};\n" : "}");
	p->separator = ",\n";
}

static void
open_list(struct printer *p, const char *name)
{
	indent(p);
	str_printf(p->to, "%s = (\n", name);
	p->depth++;
	p->separator = "";
}

static void
close_list(struct printer *p)
{
	p->depth--;
	str_add_char(p->to, '\n');
	indent(p);
	str_add(p->to, ");\n");
}

/* Every field in which `values` differs from `defaults`. */
static void
print_fields(struct printer *p, const struct conf_field *table,
	     const void *values, const void *defaults)
{
	const struct conf_field *f;

	for (f = table; f->name != NULL; f++) {
		if ((f->flags & CONF_STANDS_FOR) != 0 ||
		    conf_field_equal(f, values, defaults))
			continue;
		indent(p);
		str_printf(p->to, "%s = ", f->name);
		conf_field_print(f, values, p->to);
		str_add(p->to, ";\n");
	}
}

/* A group of one table; left out if everything has its default. */
static void
print_group(struct printer *p, const char *name, const struct conf_field *table,
	    const void *values, const void *defaults)
{
	if (conf_fields_equal(table, values, defaults))
		return;
	open_group(p, name);
	print_fields(p, table, values, defaults);
	close_group(p, name);
}

static void
print_fault(struct printer *p, const struct conf_fault *f)
{
	struct conf_fault defaults;

	conf_fault_init(&defaults, f->kind);
	/* Toxiproxy's API takes a stream for any kind, a file does not. */
	if ((f->kind->flags & KIND_NO_STREAM) != 0)
		defaults.stream = f->stream;
	open_group(p, NULL);
	indent(p);
	str_printf(p->to, "type = \"%s\";\n", f->kind->name);
	print_fields(p, conf_fault_fields, f, &defaults);
	print_fields(p, f->kind->fields, f->params, defaults.params);
	print_group(p, "when", conf_when_fields, &f->conditions.when,
		    &defaults.conditions.when);
	close_group(p, NULL);
	conf_fault_fini(&defaults);
}

static void
print_route(struct printer *p, const struct conf_route *r)
{
	struct conf_route defaults;
	size_t i;

	conf_route_init(&defaults);
	defaults.protocol = r->protocol;
	conf_route_protocol_defaults(&defaults);
	defaults.protocol = PROTOCOL_TCP;
	open_group(p, NULL);
	print_fields(p, conf_route_fields, r, &defaults);
	print_group(p, "match", conf_match_fields, r, &defaults);
	print_group(p, "tls", conf_tls_fields, r, &defaults);
	print_group(p, "upstream_tls", conf_upstream_tls_fields, r, &defaults);
	if (r->faults_count > 0) {
		open_list(p, "faults");
		for (i = 0; i < r->faults_count; i++)
			print_fault(p, &r->faults[i]);
		close_list(p);
	}
	close_group(p, NULL);
	conf_route_fini(&defaults);
}

static void
print_service(struct printer *p, const struct conf_service *s)
{
	const struct conf_service defaults = {0};

	open_group(p, NULL);
	print_fields(p, conf_service_fields, s, &defaults);
	close_group(p, NULL);
}

static void
print_groups(struct printer *p, const struct conf_partition *part)
{
	size_t i, j;

	indent(p);
	str_add(p->to, "groups = (");
	for (i = 0; i < part->groups_count; i++) {
		str_add(p->to, i > 0 ? ", [" : " [");
		for (j = 0; j < part->groups[i].count; j++) {
			str_add(p->to, j > 0 ? ", " : " ");
			quote_add(p->to, part->groups[i].items[j]);
		}
		str_add(p->to, " ]");
	}
	str_add(p->to, " );\n");
}

static void
print_partition(struct printer *p, const struct conf_partition *part)
{
	struct conf_partition defaults = {0};

	conf_fields_default(conf_partition_fields, &defaults);
	open_group(p, NULL);
	print_fields(p, conf_partition_fields, part, &defaults);
	if (part->groups_count > 0)
		print_groups(p, part);
	close_group(p, NULL);
	conf_fields_fini(conf_partition_fields, &defaults);
}

/* The seed has no default: chosen at start is not the same as 0. */
static void
print_file(struct printer *p, const struct conf_model *m,
	   struct conf_model *defaults)
{
	if (m->has_seed)
		defaults->seed = ~m->seed;
	else
		defaults->seed = m->seed;
	print_fields(p, conf_file_fields, m, defaults);
}

void
conf_model_print(struct str *to, const struct conf_model *model)
{
	struct printer p = {.to = to, .separator = ""};
	struct conf_model *defaults = conf_model_new();
	size_t i;

	str_add(to, "");
	print_file(&p, model, defaults);
	print_group(&p, "control", conf_control_fields, &model->control,
		    &defaults->control);
	print_group(&p, "log", conf_log_fields, &model->log, &defaults->log);
	print_group(&p, "observe", conf_observe_fields, &model->observe,
		    &defaults->observe);
	print_group(&p, "trace", conf_trace_fields, &model->trace,
		    &defaults->trace);
	print_group(&p, "grafana", conf_grafana_fields, &model->grafana,
		    &defaults->grafana);
	print_group(&p, "loki", conf_loki_fields, &model->loki,
		    &defaults->loki);
	if (model->services_count > 0) {
		open_list(&p, "services");
		for (i = 0; i < model->services_count; i++)
			print_service(&p, &model->services[i]);
		close_list(&p);
	}
	if (model->routes_count > 0) {
		open_list(&p, "routes");
		for (i = 0; i < model->routes_count; i++)
			print_route(&p, &model->routes[i]);
		close_list(&p);
	}
	if (model->partitions_count > 0) {
		open_list(&p, "partitions");
		for (i = 0; i < model->partitions_count; i++)
			print_partition(&p, &model->partitions[i]);
		close_list(&p);
	}
	conf_model_unref(defaults);
}
