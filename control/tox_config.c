/* SPDX-License-Identifier: Apache-2.0 */
/* Toxiproxy's configuration file: the body of a POST /populate. */
#include <stdlib.h>

#include "config/source.h"
#include "control/json_in.h"
#include "control/tox.h"
#include "control/toxiproxy.h"

#define FILE_MAX (16 * 1024 * 1024)

static bool
populate(struct state *state, json_t *list, size_t *done, struct error *err)
{
	struct error why = {0};

	if (!tox_populate_check(list, err))
		return false;
	*done = tox_populate_run(state, list, &why);
	return *done == json_array_size(list) ||
	    error_set(err, why.code, "proxy %zu: %s", *done + 1, why.text);
}

bool
toxiproxy_load(struct state *state, const char *path, size_t *done,
    struct error *err)
{
	struct str text = {0};
	json_t *list = NULL;
	struct error why;
	bool ok = false;

	*done = 0;
	if (!source_read(path, FILE_MAX, &text, err)) {
		str_fini(&text);
		return false;
	}
	list = json_in_parse((struct view){text.text, text.len}, &why);
	if (list == NULL)
		error_set(err, 0, "bad request body: %.200s", why.text);
	else
		ok = populate(state, list, done, err);
	json_decref(list);
	str_fini(&text);
	return ok;
}
