/* SPDX-License-Identifier: Apache-2.0 */
/* Making, growing, shrinking and freeing a model. */
#include "config/build.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "config/tables.h"

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
	conf_fields_default(conf_loki_fields, &m->loki);
	return m;
}

struct conf_service *
conf_model_add_service(struct conf_model *model)
{
	model->services = xgrow(model->services, &model->services_count,
				sizeof(*model->services));
	return &model->services[model->services_count - 1];
}

struct conf_route *
conf_model_add_route(struct conf_model *model)
{
	struct conf_route *r;

	model->routes =
	    xgrow(model->routes, &model->routes_count, sizeof(*model->routes));
	r = &model->routes[model->routes_count - 1];
	conf_route_init(r);
	return r;
}

struct conf_partition *
conf_model_add_partition(struct conf_model *model)
{
	struct conf_partition *p;

	model->partitions = xgrow(model->partitions, &model->partitions_count,
				  sizeof(*model->partitions));
	p = &model->partitions[model->partitions_count - 1];
	conf_fields_default(conf_partition_fields, p);
	return p;
}

static void
service_fini(struct conf_service *s)
{
	conf_service_clear(s);
	conf_fields_fini(conf_service_fields, s);
}

void
conf_model_remove_route(struct conf_model *model, size_t index)
{
	conf_route_fini(&model->routes[index]);
	conf_close_gap(model->routes, &model->routes_count,
		       sizeof(*model->routes), index);
}

void
conf_model_remove_partition(struct conf_model *model, size_t index)
{
	conf_partition_fini(&model->partitions[index]);
	conf_close_gap(model->partitions, &model->partitions_count,
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
	conf_fields_fini(conf_loki_fields, &m->loki);
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
