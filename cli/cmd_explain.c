/* SPDX-License-Identifier: Apache-2.0 */
/* faultwire explain: why faults act on a flow, or do not. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "cli/cli.h"
#include "cli/explain_text.h"

static const struct option_row options[] = {
    CLI_OPTIONS,
    CLI_JSON,
    {0},
};

static bool
is_number(const char *text)
{
	return text[0] != '\0' && text[strspn(text, "0123456789")] == '\0';
}

/* SESSION, or ROUTE/NUMBER; names of routes may hold slashes. NULL: neither. */
static char *
path_of(const char *flow)
{
	const char *slash = strrchr(flow, '/');
	char *route, *path;

	if (is_number(flow))
		return cli_path("/v1/sessions/%/explain", flow);
	if (slash == NULL || slash == flow || !is_number(slash + 1))
		return NULL;
	route = xmemdup0(flow, (size_t)(slash - flow));
	path = cli_path("/v1/routes/%/flows/%/explain", route, slash + 1);
	free(route);
	return path;
}

/* A session may have several flows: they come as a list. */
static void
print(const json_t *answer)
{
	const json_t *flows = json_object_get(answer, "flows");
	struct str text = {0};

	if (!json_is_array(flows))
		explain_text(&text, answer);
	for (size_t i = 0; i < json_array_size(flows); i++) {
		str_add(&text, i > 0 ? "\n" : "");
		explain_text(&text, json_array_get(flows, i));
	}
	fputs(text.text != NULL ? text.text : "", stdout);
	str_fini(&text);
}

static int
explain_flow(struct cli *cli, int argc, char **args)
{
	char *path = path_of(args[0]);
	json_t *answer;
	int code;

	if (path == NULL) {
		cli_say(cli, "%s is no flow; expected the number of a "
			     "session, or ROUTE/NUMBER", args[0]);
		return EXIT_USAGE;
	}
	code = cli_read(cli, path, &answer);
	if (answer != NULL)
		print(answer);
	json_decref(answer);
	free(path);
	return code;
}

static int
run(int argc, char **argv)
{
	struct cli cli = {0};

	return cli_run(&cli, &command_explain, argc, argv, explain_flow);
}

const struct command command_explain = {
    .name = "explain",
    .usage = "FLOW",
    .summary = "Tells of every fault why it acts on a flow, or does not",
    .options = options,
    .run = run,
    .details = "FLOW is the number of a session, as `faultwire sessions` and "
	       "the log have it,\nor ROUTE/NUMBER: the flow of that number on "
	       "a route, from 0, ended or not.\n",
    .args_min = 1,
    .args_max = 1,
    .args = "FLOW",
};
