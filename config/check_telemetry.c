/* SPDX-License-Identifier: Apache-2.0 */
/* What the groups trace, grafana and loki say beyond their tables. */
#include "config/check.h"

#include <ctype.h>
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

/* --- the log for Loki --- */

/* With service_name, level and instance Loki takes 15 of a stream. */
#define LABELS_MAX 12
#define TENANT_MAX 150

static bool
is_label_name(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (!isalpha((unsigned char)text[i]) && text[i] != '_' &&
		    (i == 0 || !isdigit((unsigned char)text[i])))
			return false;
	}
	return len > 0 && strncmp(text, "__", 2) != 0;
}

/* Those that are made of something else. */
static bool
is_taken(const char *text, size_t len)
{
	struct view name = {text, len};

	return view_is(name, "service_name") || view_is(name, "level");
}

/* True if a label before it has the same name. */
static bool
is_again(const struct conf_strings *labels, size_t at, size_t len)
{
	for (size_t i = 0; i < at; i++) {
		if (strncmp(labels->items[i], labels->items[at], len + 1) == 0)
			return true;
	}
	return false;
}

/* "name=value" each. */
static void
check_labels(const struct conf_loki *l, struct conf_diag *diag)
{
	for (size_t i = 0; i < l->labels.count; i++) {
		const char *text = l->labels.items[i];
		size_t len = strcspn(text, "=");

		if (text[len] == '\0' || text[len + 1] == '\0' ||
		    !is_label_name(text, len))
			conf_error(diag, &l->where,
			    "labels: \"%.80s\" is no label; expected "
			    "\"name=value\" with a name of letters, digits "
			    "and _ that does not begin with a digit or __",
			    text);
		else if (is_taken(text, len))
			conf_error(diag, &l->where,
			    "labels: %.*s is made of %s; expected another "
			    "name", (int)len, text,
			    text[0] == 'l' ? "each line's level"
					   : "service_name");
		else if (is_again(&l->labels, i, len))
			conf_error(diag, &l->where,
			    "labels: %.*s stands there twice; expected it "
			    "once", (int)len, text);
	}
	if (l->labels.count > LABELS_MAX)
		conf_error(diag, &l->where,
		    "labels: there are %zu; expected %d at most",
		    l->labels.count, LABELS_MAX);
}

/* As Loki has them: it would be a header, too. */
static void
check_tenant(const struct conf_loki *l, struct conf_diag *diag)
{
	const char *c = l->tenant;
	size_t len;

	if (c == NULL)
		return;
	len = strlen(c);
	while (isalnum((unsigned char)*c) ||
	    (*c != '\0' && strchr("!-_.*'()", *c) != NULL))
		c++;
	if (*c != '\0' || len == 0 || len > TENANT_MAX)
		conf_error(diag, &l->where,
		    "tenant: it has %zu bytes, or some that Loki does not "
		    "take; expected 1 to %d letters, digits and !-_.*'()",
		    len, TENANT_MAX);
}

static void
check_loki(const struct conf_loki *l, struct conf_diag *diag)
{
	check_url(l->url, "loki.url", &l->where, diag);
	if (l->url == NULL &&
	    (l->token_file != NULL || l->tenant != NULL ||
		l->labels.count > 0))
		conf_error(diag, &l->where, "loki lacks \"url\"; expected "
			   "url = \"http://loki:3100\"");
	check_labels(l, diag);
	check_tenant(l, diag);
}

/* --- all of them --- */

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
	check_loki(&m->loki, diag);
}
