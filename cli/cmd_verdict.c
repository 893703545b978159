/* SPDX-License-Identifier: Apache-2.0 */
/* faultwire verdict: how did services react to the faults of a run? */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/intern.h"
#include "base/xalloc.h"
#include "cli/diag_out.h"
#include "cli/options.h"
#include "config/load.h"
#include "experiment/journal_in.h"
#include "experiment/judge.h"
#include "faults/fault.h"
#include "report/bare.h"

struct verdict_options {
	const char *config, *report;
	struct option_texts edges;
	bool json;
};

static const struct option_row options[] = {
    {'c', "config", OPTION_TEXT, offsetof(struct verdict_options, config),
	"FILE", "the configuration of the run: from and to of its routes"},
    {'e', "edge", OPTION_TEXTS, offsetof(struct verdict_options, edges),
	"ROUTE=DEP", "calls on ROUTE cause the calls on DEP"},
    {'r', "report", OPTION_TEXT, offsetof(struct verdict_options, report),
	"FILE", "write a report as well: FILE.md, .html or .json"},
    {0, "json", OPTION_FLAG, offsetof(struct verdict_options, json), NULL,
	"print the verdicts as JSON"},
    {0},
};

/* --- which route causes which --------------------------------------------- */

static size_t
find_route(const struct record *r, const char *name)
{
	size_t at = record_find(r, name);

	if (at == RECORD_NONE)
		fprintf(stderr, "faultwire verdict: --edge: the journal has "
				"no route \"%s\"\n", name);
	return at;
}

static bool
set_edge(struct record *r, const char *text)
{
	const char *sign = strchr(text, '=');
	size_t edge, dependency;
	char *name;

	if (sign == NULL || sign == text || sign[1] == '\0') {
		fprintf(stderr, "faultwire verdict: --edge %s: expected "
				"ROUTE=DEP, two routes\n", text);
		return false;
	}
	name = xmemdup0(text, (size_t)(sign - text));
	edge = find_route(r, name);
	free(name);
	dependency = find_route(r, sign + 1);
	if (edge == RECORD_NONE || dependency == RECORD_NONE)
		return false;
	if (edge == dependency) {
		fprintf(stderr, "faultwire verdict: --edge %s: a route does "
				"not cause itself\n", text);
		return false;
	}
	r->routes[dependency].edge = edge;
	return true;
}

static bool
set_edges(struct record *r, const struct option_texts *edges)
{
	for (size_t i = 0; i < edges->count; i++) {
		if (!set_edge(r, edges->items[i]))
			return false;
	}
	return true;
}

/* Services of routes, as the configuration has them. */
static bool
set_services(struct record *r, const char *path)
{
	struct conf_diag diag = {0};
	struct conf_model *model;

	if (path == NULL)
		return true;
	model = conf_load_file(path, &fault_kinds, &diag);
	diag_out_findings(&diag);
	for (size_t i = 0; model != NULL && i < model->routes_count; i++) {
		const struct conf_route *route = &model->routes[i];
		size_t at = record_find(r, route->name);

		if (at == RECORD_NONE)
			continue;
		if (route->from != NULL)
			r->routes[at].from = intern(route->from);
		if (route->to != NULL)
			r->routes[at].to = intern(route->to);
	}
	conf_model_unref(model);
	conf_diag_fini(&diag);
	return model != NULL;
}

/* --- output --------------------------------------------------------------- */

static void
print_json(const struct record *r, const struct verdicts *verdicts)
{
	struct str out = {0};
	struct jsonw w;

	jsonw_init(&w, &out);
	jsonw_object(&w);
	jsonw_key(&w, "measurement");
	jsonw_object(&w);
	jsonw_put_int(&w, "noise_us", r->noise_us);
	jsonw_put_uint(&w, "lost", r->lost);
	jsonw_put_double(&w, "seconds", (double)r->end_us / 1e6);
	jsonw_object_end(&w);
	jsonw_key(&w, "verdicts");
	jsonw_array(&w);
	for (size_t i = 0; i < verdicts->count; i++)
		verdict_put_json(&w, &verdicts->items[i]);
	jsonw_array_end(&w);
	jsonw_object_end(&w);
	puts(out.text);
	str_fini(&out);
}

static void
print_text(const struct record *r, const struct verdicts *verdicts)
{
	struct str facts = {0};

	for (size_t i = 0; i < verdicts->count; i++) {
		const struct verdict *v = &verdicts->items[i];

		str_clear(&facts);
		verdict_facts_text(&facts, v);
		printf("%s  %s", v->route, v->mech);
		if (v->fault != NULL)
			printf(" under %s", v->fault);
		printf(": %s", verdict_state_name(v->state));
		if (v->facts_count > 0)
			printf("  %s", facts.text);
		printf("\n    %s (n %zu, lines %zu to %zu)\n", v->why, v->n,
		    v->line_first, v->line_last);
		if (v->decide[0] != '\0')
			printf("    to decide: %s\n", v->decide);
	}
	if (verdicts->count == 0)
		puts("no fault was armed: there is nothing to judge");
	if (r->lost > 0)
		printf("the journal lacks %" PRIu64 " events\n", r->lost);
	str_fini(&facts);
}

/* --- the command ---------------------------------------------------------- */

static bool
read_journal(const char *path, struct record *to)
{
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	struct error err = {0};
	bool ok;

	if (file == NULL) {
		fprintf(stderr, "faultwire verdict: %s: %s\n", path,
		    strerror(errno));
		return false;
	}
	ok = journal_in_read(file, to, &err);
	if (!ok)
		fprintf(stderr, "faultwire verdict: %s: %s\n", path, err.text);
	if (file != stdin)
		fclose(file);
	return ok;
}

static bool
write_report(const struct record *r, const char *journal, const char *path)
{
	struct error err;

	if (path == NULL || bare_write(r, journal, path, &err))
		return true;
	fprintf(stderr, "faultwire verdict: %s\n", err.text);
	return false;
}

static bool
judge(const char *path, const struct verdict_options *opt)
{
	struct verdicts verdicts = {0};
	struct record record = {0};
	bool ok = read_journal(path, &record) &&
	    set_services(&record, opt->config) &&
	    set_edges(&record, &opt->edges);

	if (ok) {
		record_finish(&record);
		judge_record(&record, &verdicts);
		if (opt->json)
			print_json(&record, &verdicts);
		else
			print_text(&record, &verdicts);
		ok = write_report(&record, path, opt->report);
	}
	verdicts_fini(&verdicts);
	record_fini(&record);
	return ok;
}

static int
run(int argc, char **argv)
{
	struct verdict_options opt = {0};
	int rest = options_parse(&command_verdict, argc, argv, &opt);
	int code = rest == -2 ? EXIT_DONE : EXIT_USAGE;

	if (rest >= 0 && argc - rest != 1)
		fprintf(stderr, "faultwire verdict: one journal is needed\n");
	else if (rest >= 0)
		code = judge(argv[rest], &opt) ? EXIT_DONE : EXIT_FAILED;
	free(opt.edges.items);
	return code;
}

const struct command command_verdict = {
    .name = "verdict",
    .usage = "JOURNAL",
    .summary = "Tells how services reacted to the faults of a run",
    .options = options,
    .run = run,
    .details = "JOURNAL is what `faultwire run --journal` wrote; - is "
	       "standard input. Calls on the\nroute of an edge cause the calls "
	       "on a dependency: told by --edge, or by from and\nto of the "
	       "routes in FILE. What was not exercised is not confirmed.\n",
    .args_min = 1,
    .args_max = 1,
    .args = "FILE",
};
