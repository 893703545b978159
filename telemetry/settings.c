/* SPDX-License-Identifier: Apache-2.0 */
/* The group trace and OTEL_* of the environment. */
#include "telemetry/settings.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "config/token.h"

#define TRACES_PATH	   "/v1/traces"
#define DEFAULT_TIMEOUT_US INT64_C(10000000)
#define DEFAULT_EVERY_US   INT64_C(5000000)
#define MILLISECONDS_MAX   3600000

typedef char *(*env_fn)(const char *name);

struct maker {
	struct trace_settings *to;
	const struct conf_trace *conf;
	env_fn env;
	struct error *err;
};

/* --- the environment --- */

/* A variable's value; empty is unset, as the specification has it. */
static const char *
variable(const struct maker *m, const char *name)
{
	const char *value = m->env(name);

	return value != NULL && value[0] != '\0' ? value : NULL;
}

static void
note(struct maker *m, const char *name)
{
	str_printf(&m->to->notes, "%s%s", m->to->notes.len > 0 ? " " : "",
	    name);
}

/* The one for traces alone comes before that for all signals. */
static const char *
either(struct maker *m, const char *traces, const char *all, bool given)
{
	const char *name = variable(m, traces) != NULL ? traces : all;
	const char *value = variable(m, name);

	if (given && value != NULL)
		note(m, name);
	return given ? NULL : value;
}

static char
unhex(const char *at)
{
	char text[3] = {at[0], at[1], '\0'};

	return (char)strtol(text, NULL, 16);
}

/* What stands for %XX; no control characters come of it. */
static char *
decoded(struct view v)
{
	struct str to = {0};

	for (size_t i = 0; i < v.len; i++) {
		char c = v.at[i];

		if (c == '%' && i + 2 < v.len &&
		    isxdigit((unsigned char)v.at[i + 1]) &&
		    isxdigit((unsigned char)v.at[i + 2])) {
			c = unhex(v.at + i + 1);
			i += 2;
		}
		if ((unsigned char)c >= ' ' && c != 0x7f)
			str_add_char(&to, c);
	}
	return str_take(&to);
}

/* Calls `each` for the pairs of "key=value,…"; both are freed afterwards. */
static void
each_pair(struct maker *m, const char *text,
    void (*each)(struct maker *, const char *key, const char *value))
{
	while (text != NULL && *text != '\0') {
		size_t len = strcspn(text, ",");
		const char *equals = memchr(text, '=', len);

		if (equals != NULL) {
			struct view name = {text, (size_t)(equals - text)};
			struct view rest = {equals + 1,
			    len - name.len - 1};
			char *key = decoded(view_trim(name));
			char *value = decoded(view_trim(rest));

			if (key[0] != '\0')
				each(m, key, value);
			free(key);
			free(value);
		}
		text += len + (text[len] == ',');
	}
}

/* --- where to, and how --- */

static char *
with_path(const char *base)
{
	size_t len = strlen(base);

	while (len > 0 && base[len - 1] == '/')
		len--;
	return xasprintf("%.*s" TRACES_PATH, (int)len, base);
}

static void
set_url(struct maker *m)
{
	const struct conf_trace *c = m->conf;
	bool given = c->url != NULL || c->endpoint != NULL;
	const char *whole = variable(m, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
	const char *base = variable(m, "OTEL_EXPORTER_OTLP_ENDPOINT");

	if (given && whole != NULL)
		note(m, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
	if (given && base != NULL)
		note(m, "OTEL_EXPORTER_OTLP_ENDPOINT");
	if (c->url != NULL)
		m->to->url = xstrdup(c->url);
	else if (c->endpoint != NULL)
		m->to->url = with_path(c->endpoint);
	else if (whole != NULL)
		m->to->url = xstrdup(whole);
	else if (base != NULL)
		m->to->url = with_path(base);
}

/* The environment may switch all of it off. */
static bool
is_off(struct maker *m)
{
	const char *disabled = variable(m, "OTEL_SDK_DISABLED");
	const char *exporter = variable(m, "OTEL_TRACES_EXPORTER");
	bool given = m->conf->url != NULL || m->conf->endpoint != NULL;

	if (disabled != NULL && strcasecmp(disabled, "true") == 0) {
		if (given)
			note(m, "OTEL_SDK_DISABLED");
		return true;
	}
	if (exporter == NULL || strcasecmp(exporter, "none") != 0)
		return false;
	if (given)
		note(m, "OTEL_TRACES_EXPORTER");
	return !given;
}

static void
set_form(struct maker *m)
{
	int protocol = m->conf->protocol;
	const char *value = either(m, "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
	    "OTEL_EXPORTER_OTLP_PROTOCOL", protocol != TRACE_PROTOCOL_AUTO);

	m->to->form = protocol == TRACE_PROTOCOL_JSON ? OTLP_JSON
						      : OTLP_PROTOBUF;
	if (value == NULL)
		return;
	if (strcmp(value, "http/json") == 0)
		m->to->form = OTLP_JSON;
	else if (strcmp(value, "http/protobuf") != 0)
		note(m, "OTEL_EXPORTER_OTLP_PROTOCOL");
}

/* A variable in milliseconds; 0: it is unset, or says something else. */
static int64_t
milliseconds(struct maker *m, const char *name, const char *value)
{
	char *end;
	long ms;

	if (value == NULL)
		return 0;
	ms = strtol(value, &end, 10);
	if (*end == '\0' && ms > 0 && ms <= MILLISECONDS_MAX)
		return ms * INT64_C(1000);
	note(m, name);
	return 0;
}

static void
set_times(struct maker *m)
{
	const char *every = "OTEL_BSP_SCHEDULE_DELAY";
	const char *value = either(m, "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT",
	    "OTEL_EXPORTER_OTLP_TIMEOUT", m->conf->timeout_us != 0);

	m->to->timeout_us = m->conf->timeout_us;
	if (m->to->timeout_us == 0)
		m->to->timeout_us = milliseconds(m,
		    "OTEL_EXPORTER_OTLP_TIMEOUT", value);
	if (m->to->timeout_us == 0)
		m->to->timeout_us = DEFAULT_TIMEOUT_US;
	m->to->every_us = milliseconds(m, every, variable(m, every));
	if (m->to->every_us == 0)
		m->to->every_us = DEFAULT_EVERY_US;
}

static bool
is_token_char(unsigned char c)
{
	return isalnum(c) || (c != '\0' && strchr("!#$%&'*+-.^_`|~", c));
}

static void
add_header(struct maker *m, const char *key, const char *value)
{
	struct str all = {0};

	for (const char *c = key; *c != '\0'; c++) {
		if (!is_token_char((unsigned char)*c)) {
			note(m, "OTEL_EXPORTER_OTLP_HEADERS");
			return;
		}
	}
	/* The token of the file is that header. */
	if (m->to->token != NULL && strcasecmp(key, "authorization") == 0) {
		note(m, "OTEL_EXPORTER_OTLP_HEADERS");
		return;
	}
	str_printf(&all, "%s%s: %s\r\n",
	    m->to->headers != NULL ? m->to->headers : "", key, value);
	free(m->to->headers);
	m->to->headers = str_take(&all);
}

static bool
set_secrets(struct maker *m)
{
	const char *ca = either(m, "OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE",
	    "OTEL_EXPORTER_OTLP_CERTIFICATE", m->conf->ca_file != NULL);
	struct str token = {0};

	m->to->ca_file = xstrdup(m->conf->ca_file != NULL ? m->conf->ca_file
							  : ca);
	if (m->conf->token_file != NULL) {
		if (!conf_token_read(m->conf->token_file, "trace.token_file",
			&token, m->err))
			return false;
		m->to->token = str_take(&token);
	}
	each_pair(m, either(m, "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
			 "OTEL_EXPORTER_OTLP_HEADERS", false), add_header);
	return true;
}

/* --- who we are --- */

/* Once; the first one that says it is right. */
static void
add_attribute(struct maker *m, const char *key, const char *value)
{
	struct otlp_attrs *to = &m->to->resource;

	for (size_t i = 0; i < to->count; i++) {
		if (strcmp(to->items[i].key, key) == 0)
			return;
	}
	if (to->count < OTLP_ATTRS_MAX)
		otlp_add(to, OTLP_STR(xstrdup(key), xstrdup(value)));
}

static void
set_resource(struct maker *m)
{
	const char *name = m->conf->service_name;
	const char *from_env = variable(m, "OTEL_SERVICE_NAME");
	char host[256] = "";
	char *instance;

	gethostname(host, sizeof(host) - 1);
	instance = xasprintf("%s-%d", host, (int)getpid());
	if (name != NULL && from_env != NULL)
		note(m, "OTEL_SERVICE_NAME");
	if (name != NULL || from_env != NULL)
		add_attribute(m, "service.name",
		    name != NULL ? name : from_env);
	for (size_t i = 0; i < m->conf->attributes.count; i++)
		each_pair(m, m->conf->attributes.items[i], add_attribute);
	each_pair(m, variable(m, "OTEL_RESOURCE_ATTRIBUTES"), add_attribute);
	add_attribute(m, "service.name", "faultwire");
	add_attribute(m, "service.version", FAULTWIRE_VERSION);
	add_attribute(m, "service.instance.id", instance);
	add_attribute(m, "host.name", host);
	free(instance);
}

/* --- what is kept --- */

static int
sampler_named(const char *name)
{
	static const struct {
		const char *name;
		int sampler;
	} samplers[] = {
	    {"always_on", TRACE_ON},
	    {"always_off", TRACE_OFF},
	    {"traceidratio", TRACE_RATIO},
	    {"parentbased_always_on", TRACE_PARENT_ON},
	    {"parentbased_always_off", TRACE_PARENT_OFF},
	    {"parentbased_traceidratio", TRACE_PARENT_RATIO},
	};

	for (size_t i = 0; i < COUNT_OF(samplers); i++) {
		if (strcmp(samplers[i].name, name) == 0)
			return samplers[i].sampler;
	}
	return TRACE_SAMPLER_AUTO;
}

/* The sampler, and the ratio that goes with it. */
static int
choose_sampler(struct maker *m, double *ratio)
{
	int sampler = m->conf->sampler;
	const char *name = variable(m, "OTEL_TRACES_SAMPLER");
	const char *arg = variable(m, "OTEL_TRACES_SAMPLER_ARG");
	char *end;

	*ratio = m->conf->ratio;
	if (name != NULL && sampler == TRACE_SAMPLER_AUTO) {
		sampler = sampler_named(name);
		if (sampler != TRACE_SAMPLER_AUTO && arg != NULL) {
			double value = strtod(arg, &end);

			if (*end == '\0' && value >= 0 && value <= 1)
				*ratio = value;
			else
				note(m, "OTEL_TRACES_SAMPLER_ARG");
		}
		if (sampler != TRACE_SAMPLER_AUTO)
			return sampler;
	}
	if (name != NULL)
		note(m, "OTEL_TRACES_SAMPLER");
	return sampler == TRACE_SAMPLER_AUTO ? TRACE_PARENT_RATIO : sampler;
}

static void
set_policy(struct maker *m)
{
	struct trace_policy *p = &m->to->policy;
	double ratio;
	int sampler = choose_sampler(m, &ratio);

	if (m->to->url == NULL)
		return;
	p->on = true;
	p->propagate = m->conf->headers == TRACE_HEADERS_W3C;
	p->faulted_always = m->conf->faulted == TRACE_FAULTED_ALWAYS;
	p->follow = sampler == TRACE_PARENT_RATIO ||
	    sampler == TRACE_PARENT_ON || sampler == TRACE_PARENT_OFF;
	if (sampler == TRACE_ON || sampler == TRACE_PARENT_ON)
		ratio = 1;
	if (sampler == TRACE_OFF || sampler == TRACE_PARENT_OFF)
		ratio = 0;
	p->ratio = ratio;
}

bool
trace_settings_init(struct trace_settings *to, const struct conf_trace *conf,
    env_fn env, struct error *err)
{
	struct maker m = {.to = to, .conf = conf, .env = env, .err = err};

	*to = (struct trace_settings){0};
	if (is_off(&m))
		return true;
	set_url(&m);
	if (to->url == NULL)
		return true;
	set_form(&m);
	set_times(&m);
	set_resource(&m);
	set_policy(&m);
	return set_secrets(&m);
}

void
trace_settings_fini(struct trace_settings *s)
{
	free(s->url);
	free(s->token);
	free(s->headers);
	free(s->ca_file);
	for (size_t i = 0; i < s->resource.count; i++) {
		free((void *)(uintptr_t)s->resource.items[i].key);
		free((void *)(uintptr_t)s->resource.items[i].s);
	}
	str_fini(&s->notes);
	*s = (struct trace_settings){0};
}

/* --- comparing --- */

static bool
same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool
same_resource(const struct otlp_attrs *a, const struct otlp_attrs *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		if (!same(a->items[i].key, b->items[i].key) ||
		    !same(a->items[i].s, b->items[i].s))
			return false;
	}
	return true;
}

static bool
same_policy(const struct trace_policy *a, const struct trace_policy *b)
{
	return a->on == b->on && a->propagate == b->propagate &&
	    a->follow == b->follow && a->ratio == b->ratio &&
	    a->faulted_always == b->faulted_always;
}

bool
trace_settings_equal(const struct trace_settings *a,
    const struct trace_settings *b)
{
	return same(a->url, b->url) && same(a->token, b->token) &&
	    same(a->headers, b->headers) && same(a->ca_file, b->ca_file) &&
	    a->timeout_us == b->timeout_us &&
	    a->every_us == b->every_us && a->form == b->form &&
	    same_policy(&a->policy, &b->policy) &&
	    same_resource(&a->resource, &b->resource);
}
