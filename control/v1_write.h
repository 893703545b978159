/* SPDX-License-Identifier: Apache-2.0 */
/* From the parts of a model to JSON, by the same tables as the configuration
 * file: what v1_read.h takes. */
#ifndef CONTROL_V1_WRITE_H
#define CONTROL_V1_WRITE_H

#include <stdbool.h>

#include "base/json.h"
#include "config/model.h"

/* What a model's parts are written to, and how. */
struct v1_writer {
	struct jsonw w;
	bool defaults; /* members that have their default, too */
};

/* The members of one table; `defaults`: where everything has its default. */
void v1_put_fields(struct v1_writer *to, const struct conf_field *table,
		   const void *values, const void *defaults);
/* The members of a whole thing, within an object that the caller opened;
 * those of a route without its faults. */
void v1_put_fault(struct v1_writer *to, const struct conf_fault *f);
void v1_put_route(struct v1_writer *to, const struct conf_route *r);
void v1_put_partition(struct v1_writer *to, const struct conf_partition *p);
void v1_put_service(struct v1_writer *to, const struct conf_service *s);
/* A whole model, one object. */
void v1_put_model(struct v1_writer *to, const struct conf_model *model);

#endif
