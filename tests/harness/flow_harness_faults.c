/* SPDX-License-Identifier: Apache-2.0 */
/* The faults of the harness: from texts, as the command line has them, to a
 * route that flows are reconciled with. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/intern.h"
#include "base/xalloc.h"
#include "config/load.h"
#include "tests/harness/flow_harness.h"

/* The shared numbers of one fault outlive changes of its parameters. */
struct harness_fault {
	struct harness_fault *next;
	const char *name; /* interned */
	struct fault_shared shared;
};

static struct fault_shared *
shared_of(struct harness *h, const char *name)
{
	struct harness_fault *kept;

	for (kept = h->kept; kept != NULL; kept = kept->next) {
		if (kept->name == name)
			return &kept->shared;
	}
	kept = xcalloc(1, sizeof(*kept));
	kept->name = name;
	kept->shared.armed_us = clock_now(&h->clock);
	kept->shared.base_flow = atomic_load(&h->shared.next_flow);
	kept->next = h->kept;
	h->kept = kept;
	return &kept->shared;
}

static struct armed_route *
arm(struct harness *h, const struct conf_route *conf)
{
	struct armed_route *r = xcalloc(1, sizeof(*r));

	r->conf = conf;
	r->shared = &h->shared;
	r->name = intern("harness");
	r->hash = rng_hash(r->name);
	r->faults_count = conf->faults_count;
	r->faults = xcalloc(MAX(r->faults_count, 1), sizeof(*r->faults));
	for (size_t i = 0; i < r->faults_count; i++) {
		const struct conf_fault *fault = &conf->faults[i];

		r->faults[i] = (struct armed_fault){
		    .conf = fault,
		    .ops = fault_ops_of(fault->kind),
		    .shared = shared_of(h, intern(fault->name)),
		    .hash = rng_hash(fault->name),
		    .name = intern(fault->name),
		    .counted_as = fault->kind->name,
		    .layer = (uint8_t)conf_fault_layer(fault, conf),
		};
	}
	return r;
}

static void
disarm(struct armed_route *r, struct conf_model *model)
{
	if (r != NULL) {
		free(r->faults);
		free(r);
	}
	if (model != NULL)
		conf_model_unref(model);
}

/* The command line has no words for TLS: the same as a file. */
static struct conf_model *
load_tls(const char *const *texts, size_t count, struct conf_diag *diag)
{
	struct str text = {0};
	struct conf_model *model;

	str_add(&text, "routes = ( { name = \"default\"; listen = "
		       "\"127.0.0.1:1\"; upstream = \"127.0.0.1:2\"; "
		       "tls = { intercept = true; }; faults = (");
	for (size_t i = 0; i < count; i++) {
		char *fault = xstrdup(texts[i]), *rest = fault, *option;

		str_printf(&text, "%s { type = \"%s\";", i > 0 ? "," : "",
		    strsep(&rest, ","));
		while ((option = strsep(&rest, ",")) != NULL) {
			char *value = strchr(option, '=');

			*value++ = '\0';
			str_printf(&text, " %s = \"%s\";", option, value);
		}
		str_add(&text, " }");
		free(fault);
	}
	str_add(&text, " ); } );");
	model = conf_load_text(text.text, "harness", &fault_kinds, diag);
	str_fini(&text);
	return model;
}

static struct conf_model *
load(struct harness *h, const char *const *texts, size_t count,
    struct conf_diag *diag)
{
	const struct conf_options opt = {
	    .listen = "127.0.0.1:1",
	    .upstream = "127.0.0.1:2",
	    .protocol = h->protocol,
	    .faults = texts,
	    .faults_count = count,
	};

	return h->tls ? load_tls(texts, count, diag)
		      : conf_load_options(&opt, &fault_kinds, diag);
}

void
harness_apply(struct harness *h)
{
	struct armed_route *old_route = h->route;
	struct conf_model *old_model = h->model;
	struct conf_diag diag = {0};

	h->model =
	    load(h, (const char *const *)h->texts, h->texts_count, &diag);
	if (h->model == NULL)
		ck_abort_msg("the faults were refused: %s",
		    diag.count > 0 ? diag.messages[0].text : "no reason");
	conf_diag_fini(&diag);
	h->route = arm(h, &h->model->routes[0]);
	for (struct harness_flow *f = h->flows; f != NULL; f = f->next)
		flow_reconcile(&f->flow, h->route);
	disarm(old_route, old_model);
}

void
harness_add(struct harness *h, const char *text)
{
	h->texts = xrealloc(h->texts, (h->texts_count + 1) * sizeof(*h->texts));
	h->texts[h->texts_count++] = xstrdup(text);
	harness_apply(h);
}

void
harness_set(struct harness *h, size_t n, const char *text)
{
	ck_assert_uint_lt(n, h->texts_count);
	free(h->texts[n]);
	h->texts[n] = xstrdup(text);
	harness_apply(h);
}

/* Shared numbers end with their fault, as they do in the proxy. */
static void
forget_shared(struct harness *h, const char *name)
{
	struct harness_fault **link = &h->kept, *kept;

	for (; (kept = *link) != NULL; link = &kept->next) {
		if (kept->name == name) {
			*link = kept->next;
			free(kept);
			return;
		}
	}
}

void
harness_remove(struct harness *h, size_t n)
{
	const char *name;

	ck_assert_uint_lt(n, h->texts_count);
	name = h->route->faults[n].name;
	free(h->texts[n]);
	memmove(&h->texts[n], &h->texts[n + 1],
	    (--h->texts_count - n) * sizeof(*h->texts));
	harness_apply(h);
	forget_shared(h, name);
}

char *
harness_complaints(struct harness *h, const char *text)
{
	struct conf_diag diag = {0};
	struct conf_model *model = load(h, &text, 1, &diag);
	struct str all = {0};

	for (size_t i = 0; i < diag.count; i++) {
		str_add(&all, diag.messages[i].text);
		str_add_char(&all, '\n');
	}
	if (model != NULL)
		conf_model_unref(model);
	conf_diag_fini(&diag);
	return str_take(&all);
}

void
harness_disarm(struct harness *h)
{
	disarm(h->route, h->model);
	while (h->kept != NULL)
		forget_shared(h, h->kept->name);
	for (size_t i = 0; i < h->texts_count; i++)
		free(h->texts[i]);
	free(h->texts);
}
