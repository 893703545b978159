/* SPDX-License-Identifier: Apache-2.0 */
/* From the parts of a model to JSON, by the same tables as the configuration
 * file: what v1_read.h takes. */
#ifndef CONFIG_JSON_OUT_H
#define CONFIG_JSON_OUT_H

#include <stdbool.h>

#include "base/json.h"
#include "config/model.h"

/* What a model's parts are written to, and how. */
struct conf_writer {
	struct jsonw w;
	bool defaults; /* members that have their default, too */
};

/* The members of one table; `defaults`: where everything has its default. */
void conf_put_fields(struct conf_writer *to, const struct conf_field *table,
		   const void *values, const void *defaults);
/* The members of a whole thing, within an object that the caller opened;
 * those of a route without its faults. */
void conf_put_fault(struct conf_writer *to, const struct conf_fault *f);
void conf_put_route(struct conf_writer *to, const struct conf_route *r);
void conf_put_partition(struct conf_writer *to, const struct conf_partition *p);
void conf_put_service(struct conf_writer *to, const struct conf_service *s);
/* A whole model, one object. */
void conf_put_model(struct conf_writer *to, const struct conf_model *model);

#endif
