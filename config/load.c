/* SPDX-License-Identifier: Apache-2.0 */
/* From files to a model: every file is read and looked over, libconfig parses
 * the text, the tables take the values, the model is checked as a whole. Each
 * step reports all it finds; a step that failed ends the loading where the
 * next one would only find consequences. */
#include "config/load.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/intern.h"
#include "base/xalloc.h"
#include "config/loader.h"
#include "config/prelex.h"
#include "config/source.h"
#include "config/tables.h"

#define TEXT_MAX      ((size_t)8 << 20)
#define INCLUDE_DEPTH 10 /* libconfig's own limit */
#define INCLUDES_MAX  256
#define SERVICES_MAX  4096

/* What is read before libconfig sees any of it. */
struct sources {
	struct loader *l;
	size_t left; /* bytes that may still be read */
	size_t includes;
};

static void
add_file(struct conf_model *m, const char *path)
{
	size_t i;

	for (i = 0; i < m->files_count; i++) {
		if (strcmp(m->files[i], path) == 0)
			return;
	}
	m->files = xgrow(m->files, &m->files_count, sizeof(*m->files));
	m->files[m->files_count - 1] = xstrdup(path);
}

static bool scan_file(struct sources *src, const char *path, unsigned depth,
		      const struct conf_where *from, struct str *text);

static bool
scan_include(struct sources *src, const struct prelex_include *in,
	     unsigned depth, const struct conf_where *from)
{
	struct conf_where where = {from->file, in->line};
	struct str text = {0};
	char *path;
	bool ok;

	if (in->path[0] == '/') {
		conf_error(
		    src->l->diag, &where,
		    "@include \"%.200s\" is an "
		    "absolute path; expected one relative to the directory "
		    "of the main file",
		    in->path);
		return false;
	}
	if (depth > INCLUDE_DEPTH || ++src->includes > INCLUDES_MAX) {
		conf_error(
		    src->l->diag, &where,
		    "@include \"%.200s\" is one too "
		    "many; expected %d levels and %d in all, and no circle",
		    in->path, INCLUDE_DEPTH, INCLUDES_MAX);
		return false;
	}
	path = src->l->dir != NULL ? xasprintf("%s/%s", src->l->dir, in->path)
				   : xstrdup(in->path);
	ok = scan_file(src, path, depth, &where, &text);
	str_fini(&text);
	free(path);
	return ok;
}

/* Reads `path` into `text`, looks it over, and all that it includes. `from`
 * is what errors about the file itself are reported at. */
static bool
scan_file(struct sources *src, const char *path, unsigned depth,
	  const struct conf_where *from, struct str *text)
{
	struct prelex lex = {.diag = src->l->diag,
			     .where = {.file = intern(path)}};
	struct error err;
	size_t i;
	bool ok;

	add_file(src->l->model, path);
	if (!source_read(path, src->left, text, &err)) {
		if (from->line > 0)
			conf_error(src->l->diag, from, "\"%s\" %s", path,
				   err.text);
		else
			conf_error(src->l->diag, from, "%s", err.text);
		return false;
	}
	src->left -= text->len;
	str_add(text, "");
	ok = prelex_scan(&lex, text->text, text->len);
	for (i = 0; i < lex.includes_count; i++)
		ok &=
		    scan_include(src, &lex.includes[i], depth + 1, &lex.where);
	prelex_fini(&lex);
	return ok;
}

static void
load_service(const struct loader *l, config_setting_t *group, void *arg)
{
	struct conf_service *s = conf_model_add_service(l->model);
	struct load_part part = {conf_service_fields, s};
	struct load_spot at = load_spot(l, group);

	s->where = at.spot.where;
	load_fields(l, group, &part, 1, "a service");
	conf_service_compile(s, &at.spot);
	if (l->model->services_count == SERVICES_MAX + 1)
		conf_error(l->diag, &at.spot.where,
			   "too many services; expected "
			   "at most %d",
			   SERVICES_MAX);
}

/* One group of one table; *where says where it stands, or the file. */
static void
load_part_group(const struct loader *l, const config_setting_t *root,
		const char *key, struct load_part part,
		struct conf_where *where)
{
	const config_setting_t *group = load_group_part(l, root, key, &part);

	*where = load_where(l, group != NULL ? group : root);
}

static void
load_root(const struct loader *l, const config_setting_t *root)
{
	struct conf_model *m = l->model;
	struct load_part file = {conf_file_fields, m};
	struct conf_where none;

	load_fields(l, root, &file, 1, "the file");
	m->has_seed = config_setting_get_member(root, "seed") != NULL;
	load_part_group(l, root, "control",
	    (struct load_part){conf_control_fields, &m->control},
	    &m->control.where);
	load_part_group(l, root, "log",
	    (struct load_part){conf_log_fields, &m->log}, &none);
	load_part_group(l, root, "observe",
	    (struct load_part){conf_observe_fields, &m->observe}, &none);
	load_part_group(l, root, "trace",
	    (struct load_part){conf_trace_fields, &m->trace},
	    &m->trace.where);
	load_part_group(l, root, "grafana",
	    (struct load_part){conf_grafana_fields, &m->grafana},
	    &m->grafana.where);
	load_part_group(l, root, "loki",
	    (struct load_part){conf_loki_fields, &m->loki}, &m->loki.where);
	load_each(l, root, "services", load_service, NULL);
	if (m->services_count > SERVICES_MAX)
		return;
	load_routes(l, root);
	load_partitions(l, root);
	load_experiment(l, root);
	conf_model_check(m, l->diag);
}

/* Parses `text`, which was looked over, and fills the model. */
static void
load_tree(struct loader *l, const char *text)
{
	struct conf_where where;
	config_t tree;

	config_init(&tree);
	if (l->dir != NULL)
		config_set_include_dir(&tree, l->dir);
	if (config_read_string(&tree, text)) {
		load_root(l, config_root_setting(&tree));
	} else {
		const char *what = config_error_text(&tree);

		if (what == NULL)
			what = "syntax error";
		where.file = load_path(l, config_error_file(&tree));
		where.line = (unsigned)config_error_line(&tree);
		conf_error(l->diag, &where, "%s; expected %s", what,
			   strncmp(what, "duplicate", 9) == 0
			       ? "every key once in its group"
			       : "NAME = VALUE; with groups in { }, lists in "
				 "( ), arrays in [ ], texts in \"quotes\"");
	}
	config_destroy(&tree);
}

/* The model, or NULL if anything was wrong. */
static struct conf_model *
finish(struct loader *l, size_t errors_before)
{
	if (l->diag->errors == errors_before)
		return l->model;
	conf_model_unref(l->model);
	return NULL;
}

/* The directory of a path, owned; NULL: where we run. */
static char *
directory(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return NULL;
	return slash == path ? xstrdup("/")
			     : xmemdup0(path, (size_t)(slash - path));
}

struct conf_model *
conf_load_file(const char *path, const struct conf_kinds *kinds,
	       struct conf_diag *diag)
{
	struct loader l = {.name = intern(path),
			   .kinds = kinds,
			   .diag = diag,
			   .model = conf_model_new()};
	struct sources src = {.l = &l, .left = TEXT_MAX};
	const struct conf_where from = {.file = l.name};
	size_t errors = diag->errors;
	char *dir = directory(path);
	struct str text = {0};

	l.dir = dir;
	if (scan_file(&src, path, 0, &from, &text))
		load_tree(&l, text.text);
	str_fini(&text);
	free(dir);
	return finish(&l, errors);
}

struct conf_model *
conf_load_text(const char *text, const char *name,
	       const struct conf_kinds *kinds, struct conf_diag *diag)
{
	struct loader l = {.name = intern(name),
			   .kinds = kinds,
			   .diag = diag,
			   .model = conf_model_new()};
	struct prelex lex = {.diag = diag, .where = {.file = l.name}};
	size_t errors = diag->errors, len = strlen(text);
	bool ok;

	if (len > TEXT_MAX) {
		conf_error(diag, &lex.where,
			   "the configuration is too large; "
			   "expected at most %zu bytes",
			   TEXT_MAX);
		return finish(&l, errors);
	}
	ok = prelex_scan(&lex, text, len);
	if (ok && lex.includes_count > 0) {
		lex.where.line = lex.includes[0].line;
		conf_error(diag, &lex.where,
			   "@include works in files only; "
			   "expected the included text itself");
	} else if (ok) {
		load_tree(&l, text);
	}
	prelex_fini(&lex);
	return finish(&l, errors);
}
