/* SPDX-License-Identifier: Apache-2.0 */
/* faultwire sessions: who is connected. */
#include <stdio.h>

#include "cli/cli.h"
#include "cli/human.h"

struct sessions_options {
	struct cli cli; /* first */
	const char *client, *limit, *after;
};

#define SESSIONS_OPTION(name, type, member, value, help)                       \
	{0, name, type, offsetof(struct sessions_options, member), value, help}

static const struct option_row options[] = {
    SESSIONS_OPTION("client", OPTION_TEXT, client, "ADDRESS",
	"only of this client"),
    SESSIONS_OPTION("limit", OPTION_TEXT, limit, "N",
	"at most so many; 1000 unless said"),
    SESSIONS_OPTION("after", OPTION_TEXT, after, "SESSION",
	"only those behind this one"),
    CLI_OPTIONS,
    CLI_JSON,
    {0},
};

/* Bytes of all flows of a session, up or down. */
static void
add_bytes(struct table *t, const json_t *flows, const char *key)
{
	struct str text = {0};
	double sum = 0;

	for (size_t i = 0; i < json_array_size(flows); i++)
		sum += cli_number(json_array_get(flows, i), key);
	human_bytes(&text, sum);
	table_add(t, text.text);
	str_fini(&text);
}

/* The faults at work on any of its flows, each once. */
static void
add_faults(struct table *t, const json_t *flows)
{
	json_t *names = json_object();
	struct str text = {0};
	const char *name;
	json_t *unused;

	for (size_t i = 0; i < json_array_size(flows); i++) {
		const json_t *faults = json_object_get(
		    json_array_get(flows, i), "faults");

		for (size_t k = 0; k < json_array_size(faults); k++) {
			name = json_string_value(json_array_get(faults, k));
			if (name != NULL)
				json_object_set_new(names, name, json_true());
		}
	}
	json_object_foreach(names, name, unused)
		str_printf(&text, "%s%s", text.len > 0 ? ", " : "", name);
	table_add(t, text.len > 0 ? text.text : "");
	str_fini(&text);
	json_decref(names);
}

static void
add(struct table *t, const json_t *session)
{
	const json_t *flows = json_object_get(session, "flows");
	struct str age = {0};

	human_seconds(&age, cli_number(session, "age"));
	table_addf(t, "%.0f", cli_number(session, "session"));
	table_add(t, cli_text(session, "route"));
	table_add(t, cli_text(session, "client"));
	table_add(t, age.text);
	table_add(t, cli_text(session, "protocol"));
	table_addf(t, "%zu", json_array_size(flows));
	add_bytes(t, flows, "bytes_up");
	add_bytes(t, flows, "bytes_down");
	add_faults(t, flows);
	str_fini(&age);
}

static void
print(const json_t *answer)
{
	const json_t *list = json_object_get(answer, "sessions");
	double total = cli_number(answer, "total");
	struct table t;

	table_init(&t, ">SESSION|ROUTE|CLIENT|>AGE|PROTOCOL|>FLOWS|>UP|>DOWN|"
		       "FAULTS");
	for (size_t i = 0; i < json_array_size(list); i++)
		add(&t, json_array_get(list, i));
	cli_print_table(&t);
	if (total > (double)json_array_size(list))
		printf("%zu of %.0f; --after %.0f shows more\n",
		    json_array_size(list), total,
		    cli_number(json_array_get(list, json_array_size(list) - 1),
			"session"));
}

static int
list(struct cli *cli, int argc, char **args)
{
	struct sessions_options *o =
	    CONTAINER_OF(cli, struct sessions_options, cli);
	struct str path = {0};
	json_t *answer;
	int code;

	str_add(&path, "/v1/sessions");
	cli_query(&path, "route", argc > 0 ? args[0] : NULL);
	cli_query(&path, "client", o->client);
	cli_query(&path, "limit", o->limit);
	cli_query(&path, "after", o->after);
	code = cli_read(cli, path.text, &answer);
	if (answer != NULL)
		print(answer);
	json_decref(answer);
	str_fini(&path);
	return code;
}

static int
run(int argc, char **argv)
{
	struct sessions_options o = {0};

	return cli_run(&o.cli, &command_sessions, argc, argv, list);
}

const struct command command_sessions = {
    .name = "sessions",
    .usage = "[ROUTE]",
    .summary = "Lists the live sessions and the faults at work on them",
    .options = options,
    .run = run,
    .args_max = 1,
    .args = "ROUTE",
};
