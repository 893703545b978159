/* SPDX-License-Identifier: Apache-2.0 */
/* The names of services that may be spoken of. */
#include "base/near.h"
#include "config/check.h"

#define HINTED 100 /* errors that are worth the search for a near name */

struct names
check_services_known(const struct conf_model *model)
{
	struct names known = {0};
	size_t i, first;

	for (i = 0; i < model->services_count; i++) {
		if (model->services[i].name != NULL)
			names_add(&known, model->services[i].name, i, &first);
	}
	if (model->services_count > 0)
		return known;
	for (i = 0; i < model->routes_count; i++) {
		if (model->routes[i].from != NULL)
			names_add(&known, model->routes[i].from, i, &first);
		if (model->routes[i].to != NULL)
			names_add(&known, model->routes[i].to, i, &first);
	}
	return known;
}

void
check_service(const struct conf_model *model, const struct names *known,
	      const char *name, const char *what,
	      const struct conf_where *where, struct conf_diag *diag)
{
	struct near near;
	size_t i;

	if (name == NULL || names_has(known, name))
		return;
	near_start(&near, name);
	for (i = 0; i < known->room && diag->errors < HINTED; i++)
		near_offer(&near, known->slots[i].name);
	conf_error(diag, where,
		   "%s: there is no service \"%.80s\"; expected %s" NEAR_HINT,
		   what, name,
		   model->services_count > 0 ? "a name from services"
					     : "the from or to of a route",
		   NEAR_ARGS(&near));
}
