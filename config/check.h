/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of conf_model_check() share. */
#ifndef CONFIG_CHECK_H
#define CONFIG_CHECK_H

#include "config/diag.h"
#include "config/model.h"
#include "config/names.h"

/* The services that may be spoken of: those declared, or if none is, those
 * that routes name. Borrows from the model; names_fini() ends it. */
struct names check_services_known(const struct conf_model *model);
/* Reports `name` (NULL: fine) if it is not among `known`; `what` says who
 * speaks of it. */
void check_service(const struct conf_model *model, const struct names *known,
		   const char *name, const char *what,
		   const struct conf_where *where, struct conf_diag *diag);
/* One partition, of the model or of a scenario. */
void check_partition(const struct conf_model *model,
		     const struct conf_partition *p, const struct names *known,
		     struct conf_diag *diag);
void check_partitions(const struct conf_model *model, const struct names *known,
		      struct conf_diag *diag);
void check_telemetry(const struct conf_model *model, struct conf_diag *diag);

/* The scenarios of the model's experiment: timelines and what they name. */
void check_scenarios(const struct conf_model *model, struct conf_diag *diag);

#endif
