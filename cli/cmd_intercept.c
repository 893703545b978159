/* SPDX-License-Identifier: Apache-2.0 */
/* faultwire intercept: firewall rules that bring connections to routes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "cli/diag_out.h"
#include "cli/options.h"
#include "config/build.h"
#include "config/load.h"
#include "config/tables.h"
#include "control/intercept.h"
#include "faults/fault.h"

struct intercept_options {
	const char *config, *listen, *accept, *hook, *cgroup;
	struct option_texts destinations, skip, skip_users;
	bool dry_run, json;
};

#define OPT(member) offsetof(struct intercept_options, member)

static const struct option_row up_options[] = {
    {'c', "config", OPTION_TEXT, OPT(config), "FILE",
	"its routes with accept = \"redirect\" or \"tproxy\" say what is "
	"brought where"},
    {0, "listen", OPTION_TEXT, OPT(listen), "ADDR",
	"without a file: bring connections to this port of faultwire's"},
    {0, "accept", OPTION_TEXT, OPT(accept), "WORD",
	"without a file: redirect (default) or tproxy"},
    {0, "destination", OPTION_TEXTS, OPT(destinations), "DEST",
	"without a file: those to it, such as 10.0.0.0/8:5432 or *:443; "
	"default: all"},
    {0, "hook", OPTION_TEXT, OPT(hook), "HOOK",
	"redirect what programs here connect to (output, default), what "
	"others send (prerouting), or both"},
    {0, "skip-user", OPTION_TEXTS, OPT(skip_users), "USER",
	"leave connections of that user's programs alone: the one that "
	"faultwire runs as, where it may not mark its own"},
    {0, "skip", OPTION_TEXTS, OPT(skip), "DEST",
	"leave connections to it alone"},
    {0, "cgroup", OPTION_TEXT, OPT(cgroup), "PATH",
	"only of programs in that control group (version 2), as in "
	"system.slice/app.service"},
    {0, "dry-run", OPTION_FLAG, OPT(dry_run), NULL,
	"print the rules, change nothing"},
    {0},
};

static const struct option_row show_options[] = {
    {0, "json", OPTION_FLAG, OPT(json), NULL, "print them as JSON"},
    {0},
};

static const struct option_row no_options[] = {{0}};

static const struct command command_intercept_down, command_intercept_show,
    command_intercept_up;

/* --- up --- */

static struct conf_model *
model_of_options(const struct intercept_options *opt, struct conf_diag *diag)
{
	struct conf_spot at = {.diag = diag};
	struct conf_model *m = conf_model_new();
	struct conf_route *r = conf_model_add_route(m);
	struct error err;
	bool ok;

	r->name = xstrdup("--listen");
	ok = conf_field_parse(conf_field_find(conf_route_fields, "listen"), r,
		 opt->listen, &err) &&
	    conf_field_parse(conf_field_find(conf_route_fields, "accept"), r,
		opt->accept != NULL ? opt->accept : "redirect", &err) &&
	    (opt->destinations.count == 0 ||
		conf_field_items(conf_field_find(conf_match_fields,
				     "destination"),
		    r, opt->destinations.items, opt->destinations.count,
		    &err));
	r->upstream_text = xstrdup(CONF_DESTINATION_WORD);
	if (ok) {
		conf_route_compile(r, &at);
		conf_match_compile(r, &at);
		conf_model_check(m, diag);
	} else {
		conf_error(diag, &at.where, "%s", err.text);
	}
	if (diag->errors == 0)
		return m;
	conf_model_unref(m);
	return NULL;
}

static struct conf_model *
load(const struct intercept_options *opt)
{
	struct conf_diag diag = {0};
	struct conf_model *m = opt->config != NULL
	    ? conf_load_file(opt->config, &fault_kinds, &diag)
	    : model_of_options(opt, &diag);

	diag_out_findings(&diag);
	conf_diag_fini(&diag);
	return m;
}

static bool
read_options(const struct intercept_options *opt, struct intercept *i,
    struct error *err)
{
	bool ok = intercept_hooks(i, opt->hook != NULL ? opt->hook : "output",
	    err) && intercept_cgroup(i, opt->cgroup, err);

	for (size_t k = 0; ok && k < opt->skip_users.count; k++)
		ok = intercept_skip_user(i, opt->skip_users.items[k], err);
	for (size_t k = 0; ok && k < opt->skip.count; k++)
		ok = intercept_skip(i, opt->skip.items[k], err);
	return ok;
}

static int
up(const struct intercept_options *opt, const struct intercept *i,
    const struct conf_model *m)
{
	struct str script = {0};
	struct error err;
	int code = EXIT_DONE;

	if (!intercept_wanted(m))
		error_set(&err, 0, "no route wants rules; expected one with "
		    "accept = \"redirect\" or \"tproxy\"");
	else if (intercept_script(i, m, &script, &err))
		err.text[0] = '\0';
	if (err.text[0] == '\0' && opt->dry_run)
		fputs(script.text, stdout);
	else if (err.text[0] != '\0' ||
	    !intercept_up(script.text, intercept_diverts(m), &err))
		code = options_failed(&command_intercept_up, &err);
	str_fini(&script);
	return code;
}

static int
run_up(int argc, char **argv)
{
	struct intercept_options opt = {0};
	struct intercept i = {0};
	struct conf_model *m = NULL;
	struct error err;
	int code = options_only(&command_intercept_up, argc, argv, &opt);

	if (code < 0 && (opt.config == NULL) == (opt.listen == NULL)) {
		fprintf(stderr, "faultwire intercept up: expected -c FILE, or "
				"--listen ADDR\n");
		code = EXIT_USAGE;
	} else if (code < 0 && !read_options(&opt, &i, &err)) {
		options_failed(&command_intercept_up, &err);
		code = EXIT_USAGE;
	}
	if (code < 0) {
		m = load(&opt);
		code = m != NULL ? up(&opt, &i, m) : EXIT_FAILED;
	}
	conf_model_unref(m);
	intercept_fini(&i);
	free(opt.destinations.items);
	free(opt.skip.items);
	free(opt.skip_users.items);
	return code;
}

/* --- down, show --- */

static int
run_down(int argc, char **argv)
{
	struct intercept_options opt = {0};
	int code = options_only(&command_intercept_down, argc, argv, &opt);
	struct error err;

	if (code >= 0)
		return code;
	if (!intercept_down(&err))
		return options_failed(&command_intercept_down, &err);
	return EXIT_DONE;
}

static int
run_show(int argc, char **argv)
{
	struct intercept_options opt = {0};
	int code = options_only(&command_intercept_show, argc, argv, &opt);
	struct str text = {0};
	struct error err;

	if (code >= 0)
		return code;
	if (!intercept_show(opt.json, &text, &err))
		code = options_failed(&command_intercept_show, &err);
	else if (text.len == 0) {
		fprintf(stderr, "faultwire intercept show: there are no "
				"rules\n");
		code = EXIT_FAILED;
	} else {
		fputs(text.text, stdout);
		code = EXIT_DONE;
	}
	str_fini(&text);
	return code;
}

static const struct command command_intercept_up = {
    .name = "intercept up",
    .usage = "-c FILE | --listen ADDR [--destination DEST]… [--hook HOOK]",
    .summary = "Makes the rules, in place of those that are there",
    .options = up_options,
    .run = run_up,
};

static const struct command command_intercept_down = {
    .name = "intercept down",
    .usage = "",
    .summary = "Removes all rules that faultwire made",
    .options = no_options,
    .run = run_down,
};

static const struct command command_intercept_show = {
    .name = "intercept show",
    .usage = "[--json]",
    .summary = "Shows the rules in force",
    .options = show_options,
    .run = run_show,
};

static const struct command *const verbs[] = {&command_intercept_down,
    &command_intercept_show, &command_intercept_up, NULL};

static int
run(int argc, char **argv)
{
	return options_run_verb(&command_intercept, argc, argv);
}

const struct command command_intercept = {
    .name = "intercept",
    .usage = "up|down|show [OPTION]…",
    .summary = "Brings connections to routes by rules of the firewall",
    .run = run,
    .verbs = verbs,
};
