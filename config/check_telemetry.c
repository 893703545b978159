/* SPDX-License-Identifier: Apache-2.0 */
/* What the groups trace and grafana say beyond their tables. */
#include "config/check.h"

#include <string.h>

#include "config/url.h"

static void
check_url(const char *url, const char *name, const struct conf_where *where,
    struct conf_diag *diag)
{
	struct conf_url parsed;
	struct error err;

	if (url == NULL)
		return;
	if (!conf_url_parse(url, &parsed, &err))
		conf_error(diag, where, "%s: %s", name, err.text);
	conf_url_fini(&parsed);
}

/* "key=value" each. */
static void
check_attributes(const struct conf_trace *t, struct conf_diag *diag)
{
	for (size_t i = 0; i < t->attributes.count; i++) {
		const char *text = t->attributes.items[i];
		const char *equals = strchr(text, '=');

		if (equals == NULL || equals == text)
			conf_error(diag, &t->where,
			    "attributes: \"%.80s\" says nothing; expected "
			    "\"key=value\"", text);
	}
}

void
check_telemetry(const struct conf_model *m, struct conf_diag *diag)
{
	const struct conf_trace *t = &m->trace;
	const struct conf_grafana *g = &m->grafana;

	check_url(t->endpoint, "trace.endpoint", &t->where, diag);
	check_url(t->url, "trace.url", &t->where, diag);
	if (t->endpoint != NULL && t->url != NULL)
		conf_error(diag, &t->where, "trace has both \"endpoint\" and "
			   "\"url\"; expected one of them");
	check_attributes(t, diag);
	check_url(g->url, "grafana.url", &g->where, diag);
	if (g->url == NULL && g->token_file != NULL)
		conf_error(diag, &g->where, "grafana lacks \"url\"; expected "
			   "url = \"http://grafana:3000\"");
}
