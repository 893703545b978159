/* SPDX-License-Identifier: Apache-2.0 */
/* Calls of the control API. The first line is "METHOD TARGET", the rest a
 * body. Changes of the /v1 API are made on a draft; whatever is accepted is
 * printed as a file that loads back to a model that prints the same. The
 * bodies go to Toxiproxy's reader, too. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "config/print.h"
#include "control/json_in.h"
#include "control/tox.h"
#include "tests/harness/v1_draft.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_export(const struct conf_model *draft)
{
	struct conf_diag diag = {0};
	struct str first = {0}, second = {0};
	struct conf_model *again;

	conf_model_check(draft, &diag);
	if (diag.errors == 0) {
		conf_model_print(&first, draft);
		again =
		    conf_load_text(first.text, "printed", &fault_kinds, &diag);
		if (again == NULL)
			abort();
		conf_model_print(&second, again);
		if (strcmp(first.text, second.text) != 0)
			abort();
		conf_model_unref(again);
	}
	str_fini(&first);
	str_fini(&second);
	conf_diag_fini(&diag);
}

/* A refusal has a reason and a status of its own. */
static void
check_refusal(const struct v1_draft *d)
{
	struct str text = {0};

	v1_put_findings(&text, &d->diag);
	if (d->status >= 400 && d->diag.errors == 0)
		abort();
	str_fini(&text);
}

static void
read_toxiproxy(const char *body)
{
	struct tox_proxy proxy;
	struct error err;
	json_t *json = json_in_parse(view_of(body), &err);

	if (json != NULL && tox_proxy_read(json, &proxy, &err))
		free(xstrdup(proxy.name));
	if (json != NULL)
		tox_populate_check(json, &err);
	json_decref(json);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = xmemdup0(data, size), *body = text, *line, *target;
	struct v1_draft d;

	line = strsep(&body, "\n");
	target = strchr(line, ' ');
	if (target != NULL) {
		*target++ = '\0';
		v1_draft_init(&d);
		if (v1_draft_call(&d, line, target, body))
			check_export(d.edit.draft);
		else
			check_refusal(&d);
		v1_draft_fini(&d);
	}
	if (body != NULL)
		read_toxiproxy(body);
	free(text);
	return 0;
}
