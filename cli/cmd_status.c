/* SPDX-License-Identifier: Apache-2.0 */
/* faultwire status: how a running faultwire is. */
#include <stdio.h>

#include "cli/cli.h"
#include "cli/human.h"
#include "cli/show.h"

static const struct option_row options[] = {
    CLI_OPTIONS,
    CLI_JSON,
    {0},
};

static void
add(struct table *t, const char *name, struct str *value)
{
	table_add(t, name);
	table_add(t, value->len > 0 ? value->text : "");
	str_clear(value);
}

/* A value as it stands in the answer. */
static void
add_plain(struct table *t, const char *name, const json_t *value)
{
	struct str text = {0};

	show_value(&text, value);
	add(t, name, &text);
	str_fini(&text);
}

static const char *
state_of(const json_t *status)
{
	if (cli_bool(status, "draining"))
		return "draining: it is about to end";
	return cli_bool(status, "ready") ? "ready" : "not ready";
}

static void
add_config(struct table *t, const json_t *status)
{
	const json_t *config = json_object_get(status, "config");
	const json_t *errors = json_object_get(config, "errors");
	struct str text = {0};

	show_value(&text, json_object_get(config, "file"));
	if (text.len > 0 && cli_text(config, "loaded_at")[0] != '\0')
		str_printf(&text, ", loaded %s",
		    cli_text(config, "loaded_at"));
	add(t, "configuration", &text);
	if (cli_text(config, "last_reload")[0] != '\0') {
		show_value(&text, json_object_get(config, "last_reload"));
		add(t, "last reload", &text);
	}
	for (size_t i = 0; i < json_array_size(errors); i++) {
		show_finding(&text, json_array_get(errors, i));
		add(t, "error", &text);
	}
	str_fini(&text);
}

static void
print(const json_t *status)
{
	const json_t *faults = json_object_get(status, "faults");
	const json_t *partitions = json_object_get(status, "partitions");
	const json_t *events = json_object_get(status, "events");
	struct str text = {0};
	struct table t;

	table_init(&t, "FIELD|VALUE");
	table_add(&t, "faultwire");
	table_addf(&t, "%s, process %.0f", cli_text(status, "version"),
	    cli_number(status, "pid"));
	table_add(&t, "state");
	table_add(&t, state_of(status));
	human_seconds(&text, cli_number(status, "uptime"));
	add(&t, "up for", &text);
	add_config(&t, status);
	add_plain(&t, "generation", json_object_get(status, "generation"));
	add_plain(&t, "seed", json_object_get(status, "seed"));
	add_plain(&t, "workers", json_object_get(status, "workers"));
	add_plain(&t, "routes", json_object_get(status, "routes"));
	add_plain(&t, "sessions", json_object_get(status, "sessions"));
	table_add(&t, "faults");
	table_addf(&t, "%.0f enabled, %.0f in force",
	    cli_number(faults, "enabled"), cli_number(faults, "in_force"));
	show_value(&text, json_object_get(partitions, "active"));
	add(&t, "partitions", &text);
	add_plain(&t, "leases", json_object_get(status, "leases"));
	table_add(&t, "events");
	table_addf(&t, "%.0f listening, %.0f dropped",
	    cli_number(events, "listeners"), cli_number(events, "dropped"));
	cli_print_table(&t);
	str_fini(&text);
}

static int
show(struct cli *cli, int argc, char **args)
{
	json_t *status;
	int code = cli_read(cli, "/v1/status", &status);

	if (status != NULL)
		print(status);
	json_decref(status);
	return code;
}

static int
run(int argc, char **argv)
{
	struct cli cli = {0};

	return cli_run(&cli, &command_status, argc, argv, show);
}

const struct command command_status = {
    .name = "status",
    .usage = "[OPTION]…",
    .summary = "Tells how a running faultwire is",
    .options = options,
    .run = run,
};
