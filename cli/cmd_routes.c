/* SPDX-License-Identifier: Apache-2.0 */
/* faultwire routes: the routes of a running faultwire. */
#include <stdlib.h>

#include "cli/cli.h"
#include "cli/show.h"

static const struct option_row options[] = {
    CLI_OPTIONS,
    CLI_JSON,
    {0},
};

static void
add(struct table *t, const json_t *route)
{
	const json_t *state = json_object_get(route, "state");
	const char *protocol = cli_text(route, "protocol");
	struct str text = {0};

	table_add(t, cli_text(route, "name"));
	table_add(t, show_listen(route));
	table_add(t, cli_text(route, "upstream"));
	table_add(t, protocol[0] != '\0' ? protocol : "tcp");
	show_route_state(&text, route);
	table_add(t, text.text);
	table_addf(t, "%.0f", cli_number(state, "sessions"));
	str_clear(&text);
	show_fault_count(&text, route);
	table_add(t, text.text);
	str_fini(&text);
}

static void
print(const json_t *routes)
{
	struct table t;

	table_init(&t, "NAME|LISTEN|UPSTREAM|PROTOCOL|STATE|>SESSIONS|FAULTS");
	for (size_t i = 0; i < json_array_size(routes); i++)
		add(&t, json_array_get(routes, i));
	cli_print_table(&t);
}

static int
list(struct cli *cli, int argc, char **args)
{
	struct str path = {0};
	json_t *answer;
	int code;

	str_add(&path, "/v1/routes");
	cli_query(&path, "name", argc > 0 ? args[0] : NULL);
	code = cli_read(cli, path.text, &answer);
	if (answer != NULL)
		print(json_object_get(answer, "routes"));
	json_decref(answer);
	str_fini(&path);
	return code;
}

static int
run(int argc, char **argv)
{
	struct cli cli = {0};

	return cli_run(&cli, &command_routes, argc, argv, list);
}

const struct command command_routes = {
    .name = "routes",
    .usage = "[GLOB]",
    .summary = "Lists the routes, or those whose names fit a pattern",
    .options = options,
    .run = run,
    .args_max = 1,
    .args = "ROUTE",
};
