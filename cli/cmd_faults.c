/* SPDX-License-Identifier: Apache-2.0 */
/* faultwire faults: what the fault kinds are and do. */
#include <stdio.h>

#include "cli/assign.h"
#include "cli/options.h"
#include "config/describe.h"
#include "config/load.h"
#include "faults/fault.h"

struct faults_options {
	bool json, markdown;
};

static const struct option_row options[] = {
    {0, "json", OPTION_FLAG, offsetof(struct faults_options, json), NULL,
	"print as JSON"},
    {0, "markdown", OPTION_FLAG, offsetof(struct faults_options, markdown),
	NULL, "print reference pages: of KIND, or of every group"},
    {0},
};

static void
describe_one(const struct conf_kind *kind, const struct faults_options *opt,
    struct str *out)
{
	if (opt->json)
		describe_kind_json(out, kind);
	else if (opt->markdown)
		describe_kind_markdown(out, kind);
	else
		describe_kind_text(out, kind);
}

static void
describe_all(const struct faults_options *opt, struct str *out)
{
	if (opt->json) {
		describe_kinds_json(out, &fault_kinds);
		return;
	}
	if (!opt->markdown) {
		describe_kinds_list_text(out, &fault_kinds);
		return;
	}
	for (const struct conf_group *g = conf_groups; g->name != NULL; g++)
		describe_group_markdown(out, g);
}

static int
run(int argc, char **argv)
{
	struct faults_options opt = {0};
	int rest = options_parse(&command_faults, argc, argv, &opt);
	const struct conf_kind *kind = NULL;
	struct str out = {0};
	struct error err;

	if (rest < 0)
		return rest == -2 ? EXIT_DONE : EXIT_USAGE;
	if (rest < argc) {
		kind = assign_kind(argv[rest], &err);
		if (kind == NULL) {
			fprintf(stderr, "faultwire faults: %s\n", err.text);
			return EXIT_FAILED;
		}
		describe_one(kind, &opt, &out);
	} else {
		describe_all(&opt, &out);
	}
	fputs(out.text, stdout);
	if (opt.json)
		fputc('\n', stdout);
	str_fini(&out);
	return EXIT_DONE;
}

const struct command command_faults = {
    .name = "faults",
    .usage = "[KIND]",
    .summary = "Tells what a fault kind does, its parameters and their bounds",
    .options = options,
    .run = run,
    .args_max = 1,
    .args = "KIND",
};
