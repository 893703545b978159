/* SPDX-License-Identifier: Apache-2.0 */
/* When contexts are made, kept, and given up. */
#include "proxy/tls_context.h"

#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "base/xalloc.h"
#include "config/tables.h"
#include "proxy/plan.h"
#include "proxy/tls_make.h"

/* --- what a route names --- */

static void
add_file(struct conf_strings *to, const char *path)
{
	if (path == NULL)
		return;
	to->items = xrealloc(to->items, (to->count + 1) * sizeof(*to->items));
	to->items[to->count++] = xstrdup(path);
}

static void
drop_files(struct conf_strings *files)
{
	for (size_t i = 0; i < files->count; i++)
		free(files->items[i]);
	free(files->items);
	*files = (struct conf_strings){0};
}

static void
server_files(const struct conf_tls *t, struct conf_strings *to)
{
	if (!t->enabled)
		return;
	for (size_t i = 0; i < t->certificates.count; i++)
		add_file(to, t->certificates.items[i]);
	for (size_t i = 0; i < t->keys.count; i++)
		add_file(to, t->keys.items[i]);
	add_file(to, t->client_ca);
	if (t->intercept || t->ca_dir != NULL) {
		char *path = ca_cert_path(t->ca_dir);

		add_file(to, path);
		free(path);
	}
}

static void
client_files(const struct conf_upstream_tls *t, struct conf_strings *to)
{
	if (!t->enabled)
		return;
	add_file(to, t->ca_file);
	add_file(to, t->certificate);
	add_file(to, t->key);
}

void
tls_contexts_files(const struct conf_model *model, struct conf_strings *to)
{
	for (size_t i = 0; i < model->routes_count; i++) {
		server_files(&model->routes[i].tls, to);
		client_files(&model->routes[i].upstream_tls, to);
	}
}

/* What the configuration says, and what the files do. Takes their paths. */
static void
hash_groups(struct tls_context *to, const struct conf_field *table,
    const struct conf_route *r, struct conf_strings *files)
{
	struct str text = {0};

	str_printf(&text, "%s\n%s\n%d%d%d\n", r->name, r->upstream_text,
	    r->protocol, r->upstream_protocol, r->upstream_tls.enabled);
	for (const struct conf_field *f = table; f->name != NULL; f++)
		conf_field_print(f, r, &text);
	for (size_t i = 0; i < r->faults_count; i++)
		str_add(&text, r->faults[i].kind->flags & KIND_TLS_SERVER
			? "!" : "");
	to->groups = rng_hash(text.text);
	to->files = tls_files_hash((const char *const *)files->items,
	    files->count);
	str_fini(&text);
	drop_files(files);
}

/* --- making and keeping --- */

struct loading {
	const struct conf_route *conf;
	const char *group; /* "tls", "upstream_tls" */
	struct tls_context probe; /* hashes of what is wanted */
	struct conf_diag *diag;
};

static bool
same(const struct loading *l, const struct tls_context *old)
{
	return old->groups == l->probe.groups && old->files == l->probe.files;
}

/* A context could not be made: may the old one stay? */
static bool
may_stay(const struct loading *l, const struct tls_context *old,
    const struct error *err)
{
	if (old == NULL || old->groups != l->probe.groups) {
		conf_error(l->diag, &l->conf->where, "%s of route \"%s\": %s",
		    l->group, l->conf->name, err->text);
		return false;
	}
	conf_warn(l->diag, &l->conf->where,
	    "%s of route \"%s\": %s; what was read before stays in force",
	    l->group, l->conf->name, err->text);
	return true;
}

static void
made(const struct loading *l, struct tls_context *c)
{
	c->groups = l->probe.groups;
	c->files = l->probe.files;
}

static void
warn_open(const struct loading *l, const char *path)
{
	if (path != NULL && tls_file_is_open(path))
		conf_warn(l->diag, &l->conf->where,
		    "%s of route \"%s\": others than its owner may read the "
		    "key %s; expected mode 0600",
		    l->group, l->conf->name, path);
}

static bool
load_server(struct armed_route *r, const struct armed_route *before,
    struct conf_diag *diag)
{
	struct tls_server *old = before != NULL ? before->tls : NULL;
	struct loading l = {.conf = r->conf, .group = "tls", .diag = diag};
	const struct conf_tls *t = &r->conf->tls;
	const struct conf_strings *keys =
	    t->keys.count > 0 ? &t->keys : &t->certificates;
	struct conf_strings files = {0};
	struct error err;

	if (!t->enabled)
		return true;
	server_files(t, &files);
	hash_groups(&l.probe, conf_tls_fields, r->conf, &files);
	if (old != NULL && same(&l, &old->base)) {
		r->tls = tls_server_ref(old);
		return true;
	}
	for (size_t i = 0; i < keys->count; i++)
		warn_open(&l, keys->items[i]);
	r->tls = tls_server_new(r->conf, old, &err);
	if (r->tls != NULL)
		made(&l, &r->tls->base);
	else if (may_stay(&l, old != NULL ? &old->base : NULL, &err))
		r->tls = tls_server_ref(old);
	return r->tls != NULL;
}

static bool
load_client(struct armed_route *r, const struct armed_route *before,
    struct conf_diag *diag)
{
	struct tls_client *old = before != NULL ? before->upstream_tls : NULL;
	struct loading l = {
	    .conf = r->conf, .group = "upstream_tls", .diag = diag};
	const struct conf_upstream_tls *t = &r->conf->upstream_tls;
	struct conf_strings files = {0};
	struct error err;

	if (!t->enabled)
		return true;
	client_files(t, &files);
	hash_groups(&l.probe, conf_upstream_tls_fields, r->conf, &files);
	if (old != NULL && same(&l, &old->base)) {
		r->upstream_tls = tls_client_ref(old);
		return true;
	}
	warn_open(&l, t->key != NULL ? t->key : t->certificate);
	r->upstream_tls = tls_client_new(r->conf, &err);
	if (r->upstream_tls != NULL)
		made(&l, &r->upstream_tls->base);
	else if (may_stay(&l, old != NULL ? &old->base : NULL, &err))
		r->upstream_tls = tls_client_ref(old);
	return r->upstream_tls != NULL;
}

bool
tls_contexts_load(struct plan *plan, const struct plan *before,
    struct conf_diag *diag)
{
	bool ok = true;

	for (size_t i = 0; i < plan->routes_count; i++) {
		struct armed_route *r = &plan->routes[i];
		const struct armed_route *old =
		    before != NULL ? plan_route(before, r->name) : NULL;

		ok &= load_server(r, old, diag);
		ok &= load_client(r, old, diag);
	}
	return ok;
}

void
tls_contexts_check(struct conf_model *model, struct conf_diag *diag)
{
	struct plan *plan = plan_new(model, NULL, NULL, 0, 0);

	/* What is wrong stands in diag. */
	(void)!tls_contexts_load(plan, NULL, diag);
	plan_unref(plan);
}
