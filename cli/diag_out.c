/* SPDX-License-Identifier: Apache-2.0 */
/* Printing findings. */
#include "cli/diag_out.h"

#include <stdio.h>

#include "base/json.h"

void
diag_out_json(const struct conf_diag *diag)
{
	struct str out = {0};
	struct jsonw w;

	jsonw_init(&w, &out);
	jsonw_object(&w);
	jsonw_put_bool(&w, "valid", diag->errors == 0);
	jsonw_key(&w, "messages");
	jsonw_array(&w);
	for (size_t i = 0; i < diag->count; i++) {
		const struct conf_message *m = &diag->messages[i];

		jsonw_object(&w);
		jsonw_put_string(&w, "severity",
				 m->warning ? "warning" : "error");
		jsonw_put_string(&w, "where", m->where);
		jsonw_put_string(&w, "message", m->text);
		jsonw_object_end(&w);
	}
	jsonw_array_end(&w);
	jsonw_object_end(&w);
	puts(out.text);
	str_fini(&out);
}

void
diag_out_findings(const struct conf_diag *diag)
{
	for (size_t i = 0; i < diag->count; i++) {
		const struct conf_message *m = &diag->messages[i];

		fprintf(stderr, "%s: %s%s\n", m->where,
			m->warning ? "warning: " : "", m->text);
	}
}

void
diag_out_text(const struct conf_diag *diag, const char *path)
{
	diag_out_findings(diag);
	if (diag->errors == 0)
		printf("%s: good\n", path);
	else
		fprintf(stderr, "%zu error%s\n", diag->errors,
			diag->errors == 1 ? "" : "s");
}
