/* SPDX-License-Identifier: Apache-2.0 */
/* faultwire partition: cuts between groups of services. */
#include <stdlib.h>

#include "base/xalloc.h"
#include "cli/human.h"
#include "cli/show.h"
#include "cli/verb.h"
#include "config/tables.h"

static const struct verb_keys keys = {.table = conf_partition_fields};

static const struct option_row add_options[] = {
    VERB_FOR,
    VERB_SET,
    CLI_LEASE,
    CLI_CHANGE,
    CLI_OPTIONS,
    CLI_JSON,
    {0},
};

static const struct option_row start_options[] = {
    VERB_FOR,
    CLI_LEASE,
    CLI_CHANGE,
    CLI_OPTIONS,
    CLI_JSON,
    {0},
};

static void
add_state(struct table *t, const json_t *partition)
{
	const json_t *state = json_object_get(partition, "state");
	const json_t *ends = json_object_get(state, "ends_in");
	struct str text = {0};

	str_add(&text, cli_bool(state, "active") ? "active" : "healed");
	if (cli_bool(state, "active") && json_is_number(ends)) {
		str_add(&text, ", ");
		human_seconds(&text, json_number_value(ends));
		str_add(&text, " left");
	}
	table_add(t, text.text);
	str_fini(&text);
}

/* Who is cut from whom: the groups, or what works them out. */
static void
add_cut(struct table *t, const json_t *partition)
{
	const json_t *groups = json_object_get(partition, "groups");
	struct str text = {0};

	show_value(&text, groups != NULL
	    ? groups : json_object_get(partition, "shape"));
	if (cli_text(partition, "direction")[0] != '\0')
		str_printf(&text, ", only %s",
		    cli_text(partition, "direction"));
	if (cli_text(partition, "dial")[0] != '\0')
		str_printf(&text, ", dialled %s", cli_text(partition, "dial"));
	table_add(t, text.text);
	str_fini(&text);
}

static void
print(const json_t *list)
{
	struct table t;

	table_init(&t, "NAME|STATE|MODE|BETWEEN");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *partition = json_array_get(list, i);
		const char *mode = cli_text(partition, "mode");

		table_add(&t, cli_text(partition, "name"));
		add_state(&t, partition);
		table_add(&t, mode[0] != '\0' ? mode : "drop");
		add_cut(&t, partition);
	}
	cli_print_table(&t);
}

static int
list(struct verb *v, int argc, char **args)
{
	json_t *answer;
	int code = cli_read(&v->cli, "/v1/partitions", &answer);

	if (answer != NULL)
		print(json_object_get(answer, "partitions"));
	json_decref(answer);
	return code;
}

static int
add(struct verb *v, int argc, char **args)
{
	json_t *body = json_object();
	int code = verb_put_option(v, &keys, body, "name", args[0]);

	if (code == EXIT_DONE)
		code = verb_put_option(v, &keys, body, "for", v->time);
	if (code == EXIT_DONE)
		code = verb_put_all(v, &keys, body, argc - 1, args + 1);
	if (code == EXIT_DONE)
		return verb_change(v, "POST", cli_path("/v1/partitions"),
		    body, xasprintf("Partition \"%s\" added.", args[0]));
	json_decref(body);
	return code;
}

static int
start(struct verb *v, int argc, char **args)
{
	json_t *body = NULL;
	int code = EXIT_DONE;

	if (v->time != NULL) {
		body = json_object();
		code = verb_put_option(v, &keys, body, "for", v->time);
	}
	if (code == EXIT_DONE)
		return verb_change(v, "POST",
		    cli_path("/v1/partitions/%/start", args[0]), body,
		    xasprintf("Partition \"%s\" started.", args[0]));
	json_decref(body);
	return code;
}

static int
heal(struct verb *v, int argc, char **args)
{
	return verb_change(v, "POST",
	    cli_path("/v1/partitions/%/heal", args[0]), NULL,
	    xasprintf("Partition \"%s\" healed.", args[0]));
}

static int
remove_partition(struct verb *v, int argc, char **args)
{
	return verb_change(v, "DELETE", cli_path("/v1/partitions/%", args[0]),
	    NULL, xasprintf("Partition \"%s\" removed.", args[0]));
}

VERB(partition_add, add)
VERB(partition_heal, heal)
VERB(partition_list, list)
VERB(partition_remove, remove_partition)
VERB(partition_start, start)

static const struct command partition_add = {
    .name = "partition add",
    .usage = "NAME KEY=VALUE…",
    .summary = "Adds a partition; it cuts at once unless enabled=false",
    .options = add_options,
    .run = run_partition_add,
    .details = "KEY is a field of a partition; see faultwire.conf(5). Groups "
	       "are separated by\ncommas, their services by \"+\": "
	       "groups=web+api,db\n",
    .args_min = 1,
    .args_max = ARGS_ANY,
    .args = "NAME PARTITION_FIELD",
};

static const struct command partition_heal = {
    .name = "partition heal",
    .usage = "PARTITION",
    .summary = "Ends a cut and keeps the partition",
    .options = verb_change_options,
    .run = run_partition_heal,
    .args_min = 1,
    .args_max = 1,
    .args = "PARTITION",
};

static const struct command partition_list = {
    .name = "partition list",
    .usage = "[OPTION]…",
    .summary = "Lists the partitions",
    .options = verb_read_options,
    .run = run_partition_list,
};

static const struct command partition_remove = {
    .name = "partition remove",
    .usage = "PARTITION",
    .summary = "Ends a cut and forgets the partition",
    .options = verb_change_options,
    .run = run_partition_remove,
    .args_min = 1,
    .args_max = 1,
    .args = "PARTITION",
};

static const struct command partition_start = {
    .name = "partition start",
    .usage = "PARTITION",
    .summary = "Cuts the groups of a partition from each other",
    .options = start_options,
    .run = run_partition_start,
    .args_min = 1,
    .args_max = 1,
    .args = "PARTITION",
};

static const struct command *const verbs[] = {
    &partition_add,
    &partition_heal,
    &partition_list,
    &partition_remove,
    &partition_start,
    NULL,
};

static int
run(int argc, char **argv)
{
	return options_run_verb(&command_partition, argc, argv);
}

const struct command command_partition = {
    .name = "partition",
    .usage = "COMMAND …",
    .summary = "Cuts groups of services from each other, and heals the cut",
    .run = run,
    .verbs = verbs,
};
