/* SPDX-License-Identifier: Apache-2.0 */
/* Writing the parts of a model as JSON, table by table. */
#include "config/json_out.h"

#include <string.h>

#include "config/build.h"
#include "config/tables.h"

/* Spelled as a file would: "80ms", "64KiB", [ "1ms", "2ms" ], which happens to
 * be JSON as well. */
static void
put_spelled(struct jsonw *w, const struct conf_field *f, const void *values)
{
	struct str text = {0};

	conf_field_print(f, values, &text);
	jsonw_raw(w, (struct view){text.text, text.len});
	str_fini(&text);
}

static void
put_text(struct jsonw *w, const struct conf_field *f, const char *text)
{
	if (text == NULL && (f->flags & CONF_OFF) != 0)
		text = "off";
	jsonw_string(w, text);
}

static void
put_strings(struct jsonw *w, const struct conf_strings *s)
{
	jsonw_array(w);
	for (size_t i = 0; i < s->count; i++)
		jsonw_string(w, s->items[i]);
	jsonw_array_end(w);
}

static void
put_value(struct jsonw *w, const struct conf_field *f, const void *values)
{
	const void *at = (const char *)values + f->offset;

	switch (f->type) {
	case CONF_BOOL:
		jsonw_bool(w, *(const bool *)at);
		break;
	case CONF_INT:
		jsonw_int(w, *(const int64_t *)at);
		break;
	case CONF_FLOAT:
		jsonw_double(w, *(const double *)at);
		break;
	case CONF_FRACTION:
		jsonw_double(w, conf_field_fraction(f, values));
		break;
	case CONF_DURATION:
	case CONF_SIZE:
	case CONF_RATE:
	case CONF_NUMBERS:
		put_spelled(w, f, values);
		break;
	case CONF_ENUM:
		jsonw_string(w, f->choices[*(const int *)at]);
		break;
	case CONF_STRING:
	case CONF_ADDRESS:
		put_text(w, f, *(char *const *)at);
		break;
	case CONF_STRINGS:
		put_strings(w, at);
		break;
	case CONF_GROUP:
		jsonw_null(w);
		break;
	}
}

static void
put_field(struct conf_writer *to, const struct conf_field *f,
	  const void *values, const void *defaults)
{
	if (f->type == CONF_GROUP || (f->flags & CONF_HIDDEN) != 0 ||
	    (!to->defaults && conf_field_equal(f, values, defaults)))
		return;
	jsonw_key(&to->w, f->name);
	put_value(&to->w, f, values);
}

/* All but one field (NULL: all), which does not apply. */
static void
put_fields_but(struct conf_writer *to, const struct conf_field *table,
	       const void *values, const void *defaults, const char *but)
{
	for (const struct conf_field *f = table; f->name != NULL; f++) {
		if (but == NULL || strcmp(but, f->name) != 0)
			put_field(to, f, values, defaults);
	}
}

void
conf_put_fields(struct conf_writer *to, const struct conf_field *table,
		const void *values, const void *defaults)
{
	put_fields_but(to, table, values, defaults, NULL);
}

/* A group of one table; left out if everything has its default. */
static void
put_group(struct conf_writer *to, const char *key,
	  const struct conf_field *table, const void *values,
	  const void *defaults)
{
	if (!to->defaults && conf_fields_equal(table, values, defaults))
		return;
	jsonw_key(&to->w, key);
	jsonw_object(&to->w);
	conf_put_fields(to, table, values, defaults);
	jsonw_object_end(&to->w);
}

void
conf_put_fault(struct conf_writer *to, const struct conf_fault *f)
{
	const struct conf_field *field = conf_fault_fields;
	struct conf_fault defaults;

	conf_fault_init(&defaults, f->kind);
	jsonw_put_string(&to->w, "type", f->kind->name);
	for (; field->name != NULL; field++) {
		if (conf_kind_takes(f->kind, field->name))
			put_field(to, field, f, &defaults);
	}
	conf_put_fields(to, f->kind->fields, f->params, defaults.params);
	put_group(to, "when", conf_when_fields, &f->conditions.when,
		  &defaults.conditions.when);
	conf_fault_fini(&defaults);
}

void
conf_put_route(struct conf_writer *to, const struct conf_route *r)
{
	struct conf_route defaults;

	conf_route_init(&defaults);
	defaults.protocol = r->protocol;
	conf_route_protocol_defaults(&defaults);
	defaults.protocol = PROTOCOL_TCP;
	put_fields_but(to, conf_route_fields, r, &defaults,
		       r->upstream_shown != NULL ? "upstream" : NULL);
	if (r->upstream_shown != NULL)
		jsonw_put_string(&to->w, "upstream", r->upstream_shown);
	put_group(to, "match", conf_match_fields, r, &defaults);
	put_group(to, "tls", conf_tls_fields, r, &defaults);
	put_group(to, "upstream_tls", conf_upstream_tls_fields, r, &defaults);
	conf_route_fini(&defaults);
}

void
conf_put_partition(struct conf_writer *to, const struct conf_partition *p)
{
	struct conf_partition defaults = {0};

	conf_fields_default(conf_partition_fields, &defaults);
	conf_put_fields(to, conf_partition_fields, p, &defaults);
	if (p->groups_count > 0) {
		jsonw_key(&to->w, "groups");
		jsonw_array(&to->w);
		for (size_t i = 0; i < p->groups_count; i++)
			put_strings(&to->w, &p->groups[i]);
		jsonw_array_end(&to->w);
	}
	conf_partition_fini(&defaults);
}

void
conf_put_service(struct conf_writer *to, const struct conf_service *s)
{
	const struct conf_service defaults = {0};

	conf_put_fields(to, conf_service_fields, s, &defaults);
}

static void
put_routes(struct conf_writer *to, const struct conf_model *model)
{
	jsonw_key(&to->w, "routes");
	jsonw_array(&to->w);
	for (size_t i = 0; i < model->routes_count; i++) {
		const struct conf_route *r = &model->routes[i];

		jsonw_object(&to->w);
		conf_put_route(to, r);
		jsonw_key(&to->w, "faults");
		jsonw_array(&to->w);
		for (size_t k = 0; k < r->faults_count; k++) {
			jsonw_object(&to->w);
			conf_put_fault(to, &r->faults[k]);
			jsonw_object_end(&to->w);
		}
		jsonw_array_end(&to->w);
		jsonw_object_end(&to->w);
	}
	jsonw_array_end(&to->w);
}

static void
put_lists(struct conf_writer *to, const struct conf_model *model)
{
	jsonw_key(&to->w, "services");
	jsonw_array(&to->w);
	for (size_t i = 0; i < model->services_count; i++) {
		jsonw_object(&to->w);
		conf_put_service(to, &model->services[i]);
		jsonw_object_end(&to->w);
	}
	jsonw_array_end(&to->w);
	put_routes(to, model);
	jsonw_key(&to->w, "partitions");
	jsonw_array(&to->w);
	for (size_t i = 0; i < model->partitions_count; i++) {
		jsonw_object(&to->w);
		conf_put_partition(to, &model->partitions[i]);
		jsonw_object_end(&to->w);
	}
	jsonw_array_end(&to->w);
}

void
conf_put_model(struct conf_writer *to, const struct conf_model *model)
{
	struct conf_model *defaults = conf_model_new();

	/* A seed has no default: chosen at start is not the same as 0. */
	defaults->seed = model->has_seed ? ~model->seed : model->seed;
	jsonw_object(&to->w);
	conf_put_fields(to, conf_file_fields, model, defaults);
	put_group(to, "control", conf_control_fields, &model->control,
		  &defaults->control);
	put_group(to, "log", conf_log_fields, &model->log, &defaults->log);
	put_group(to, "observe", conf_observe_fields, &model->observe,
		  &defaults->observe);
	put_group(to, "trace", conf_trace_fields, &model->trace,
	    &defaults->trace);
	put_group(to, "grafana", conf_grafana_fields, &model->grafana,
	    &defaults->grafana);
	put_group(to, "loki", conf_loki_fields, &model->loki, &defaults->loki);
	put_lists(to, model);
	jsonw_object_end(&to->w);
	conf_model_unref(defaults);
}
