/* SPDX-License-Identifier: Apache-2.0 */
/* A target's parts. */
#include "load/target.h"

#include <stdlib.h>

#include "config/target.h"

bool
load_target_parse(const char *text, struct load_target *to, struct error *err)
{
	*to = (struct load_target){0};
	return conf_target_parse(text, &to->address, &to->tls, err);
}

void
load_target_fini(struct load_target *t)
{
	conf_address_fini(&t->address);
	free(t->ca_file);
	free(t->server_name);
	*t = (struct load_target){0};
}
