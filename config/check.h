/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of conf_model_check(), and of what the loader checks of an
 * experiment; all report to `diag`. */
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
/* All of the model: equal names, and each by itself. */
void check_partitions(const struct conf_model *model, const struct names *known,
		      struct conf_diag *diag);
/* The receivers of telemetry: URLs, and what belongs to them. */
void check_telemetry(const struct conf_model *model, struct conf_diag *diag);

/* --- the loader's --- */

/* Whether what routes say of who causes their calls can be. */
void check_causes(const struct conf_model *model, struct conf_diag *diag);
/* What takes more than one group of the model's experiment, which it has, to
 * see; its scenarios among that. */
void check_experiment(const struct conf_model *model, struct conf_diag *diag);
/* The scenarios of the model's experiment: timelines and what they name. */
void check_scenarios(const struct conf_model *model, struct conf_diag *diag);

#endif
