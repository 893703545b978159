/* SPDX-License-Identifier: Apache-2.0 */
/* faultwire fault: faults of a running faultwire, made and changed. */
#include <stdio.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "cli/show.h"
#include "cli/verb.h"

static const struct option_row add_options[] = {
    VERB_FOR,
    VERB_OPTION("at", OPTION_TEXT, at, "N",
	"its place in the chain, from 0; default: behind the others"),
    VERB_SET,
    CLI_LEASE,
    CLI_CHANGE,
    CLI_OPTIONS,
    CLI_JSON,
    {0},
};

static const struct option_row set_options[] = {
    VERB_FOR,
    VERB_SET,
    VERB_UNSET,
    CLI_CHANGE,
    CLI_OPTIONS,
    CLI_JSON,
    {0},
};

static int
finish(const struct verb *v, const struct conf_kind *kind, json_t *fault,
    int argc, char **args)
{
	const struct verb_keys keys = {.kind = kind};
	int code = verb_put_all(v, &keys, fault, argc, args);

	if (code == EXIT_DONE)
		code = verb_put_option(v, &keys, fault, "for", v->time);
	return code;
}

static void
tell_added(const char *route, const json_t *fault)
{
	struct str state = {0};

	show_fault_state(&state, fault);
	printf("Fault \"%s\" (%s) added to route \"%s\": %s\n",
	    cli_text(fault, "name"), cli_text(fault, "type"), route,
	    state.text);
	str_fini(&state);
}

static int
add(struct verb *v, int argc, char **args)
{
	char *path = cli_path("/v1/routes/%/faults", args[0]);
	const struct conf_kind *kind;
	struct str full = {0};
	struct error err;
	json_t *fault = assign_parse_fault(args[1], &kind, &err);
	int code = fault == NULL
	    ? verb_refuse(v, "", &err)
	    : finish(v, kind, fault, argc - 2, args + 2);

	str_add(&full, path);
	cli_query(&full, "at", v->at);
	if (code == EXIT_DONE)
		code = cli_change(&v->cli, "POST", full.text,
		    json_incref(fault), NULL);
	if (v->cli.answer != NULL && cli_talks(&v->cli, code))
		tell_added(args[0], v->cli.answer);
	json_decref(fault);
	str_fini(&full);
	free(path);
	return code;
}

/* Of one route, or of all. */
static int
list(struct verb *v, int argc, char **args)
{
	char *path = argc > 0 ? cli_path("/v1/routes/%/faults", args[0])
			      : cli_path("/v1/routes");
	json_t *answer;
	int code = cli_read(&v->cli, path, &answer);

	if (answer != NULL && argc > 0)
		show_faults(json_object_get(answer, "faults"), args[0]);
	else if (answer != NULL)
		show_faults(json_object_get(answer, "routes"), NULL);
	json_decref(answer);
	free(path);
	return code;
}

static char *
path_of(char **args)
{
	return cli_path("/v1/routes/%/faults/%", args[0], args[1]);
}

static int
show(struct verb *v, int argc, char **args)
{
	char *path = path_of(args);
	json_t *fault;
	int code = cli_read(&v->cli, path, &fault);

	if (fault != NULL)
		show_object(fault);
	json_decref(fault);
	free(path);
	return code;
}

/* The kind of the fault, which says what its keys are. */
static int
look_up(struct verb *v, char **args, const struct conf_kind **kind)
{
	char *path = path_of(args);
	struct error err;
	json_t *fault;
	int code = cli_get(&v->cli, path, &fault);

	if (code == EXIT_DONE) {
		*kind = assign_kind(cli_text(fault, "type"), &err);
		if (*kind == NULL)
			code = verb_refuse(v, "", &err);
	}
	json_decref(fault);
	free(path);
	return code;
}

static int
set(struct verb *v, int argc, char **args)
{
	const struct conf_kind *kind;
	json_t *changes;
	int code;

	if (argc == 2 && v->unset.count == 0 && v->set.count == 0 &&
	    v->time == NULL)
		return verb_nothing(v);
	code = look_up(v, args, &kind);
	if (code != EXIT_DONE)
		return code;
	changes = json_object();
	code = finish(v, kind, changes, argc - 2, args + 2);
	if (code == EXIT_DONE)
		return verb_change(v, "PATCH", path_of(args), changes,
		    xasprintf("Fault \"%s\" of route \"%s\" changed.",
			args[1], args[0]));
	json_decref(changes);
	return code;
}

static int
remove_fault(struct verb *v, int argc, char **args)
{
	return verb_change(v, "DELETE", path_of(args), NULL,
	    xasprintf("Fault \"%s\" removed from route \"%s\".", args[1],
		args[0]));
}

static int
toggle(struct verb *v, int argc, char **args)
{
	const char *verb = options_verb(v->cli.command);

	return verb_change(v, "POST",
	    cli_path("/v1/routes/%/faults/%/%", args[0], args[1], verb), NULL,
	    xasprintf("Fault \"%s\" of route \"%s\" %sd.", args[1], args[0],
		verb));
}

VERB(fault_add, add)
VERB(fault_disable, toggle)
VERB(fault_enable, toggle)
VERB(fault_list, list)
VERB(fault_remove, remove_fault)
VERB(fault_set, set)
VERB(fault_show, show)

static const struct command fault_add = {
    .name = "fault add",
    .usage = "ROUTE KIND[,KEY=VALUE…] [KEY=VALUE…]",
    .summary = "Adds a fault to a route; it acts on open sessions at once",
    .options = add_options,
    .run = run_fault_add,
    .details =
	"KEY is a parameter of the kind (`faultwire faults KIND` tells), a "
	"condition\nthat every fault takes (probability, first, for, …), or "
	"when.KEY. Items of a\nlist are separated by \"+\", which \"\\+\" "
	"stands for in an item.\n",
    .args_min = 2,
    .args_max = ARGS_ANY,
    .args = "ROUTE KIND FIELD",
};

static const struct command fault_disable = {
    .name = "fault disable",
    .usage = "ROUTE FAULT",
    .summary = "Takes a fault out of force and keeps it",
    .options = verb_change_options,
    .run = run_fault_disable,
    .args_min = 2,
    .args_max = 2,
    .args = "ROUTE FAULT",
};

static const struct command fault_enable = {
    .name = "fault enable",
    .usage = "ROUTE FAULT",
    .summary = "Puts a fault into force",
    .options = verb_change_options,
    .run = run_fault_enable,
    .args_min = 2,
    .args_max = 2,
    .args = "ROUTE FAULT",
};

static const struct command fault_list = {
    .name = "fault list",
    .usage = "[ROUTE]",
    .summary = "Lists the faults of a route, or of all",
    .options = verb_read_options,
    .run = run_fault_list,
    .args_max = 1,
    .args = "ROUTE",
};

static const struct command fault_remove = {
    .name = "fault remove",
    .usage = "ROUTE FAULT",
    .summary = "Removes a fault; what it held moves on, in order",
    .options = verb_change_options,
    .run = run_fault_remove,
    .args_min = 2,
    .args_max = 2,
    .args = "ROUTE FAULT",
};

static const struct command fault_set = {
    .name = "fault set",
    .usage = "ROUTE FAULT KEY=VALUE…",
    .summary = "Changes parameters of a fault, and leaves the others",
    .options = set_options,
    .run = run_fault_set,
    .args_min = 2,
    .args_max = ARGS_ANY,
    .args = "ROUTE FAULT FIELD",
};

static const struct command fault_show = {
    .name = "fault show",
    .usage = "ROUTE FAULT",
    .summary = "Shows a fault and what it has done",
    .options = verb_read_options,
    .run = run_fault_show,
    .args_min = 2,
    .args_max = 2,
    .args = "ROUTE FAULT",
};

static const struct command *const verbs[] = {
    &fault_add,
    &fault_disable,
    &fault_enable,
    &fault_list,
    &fault_remove,
    &fault_set,
    &fault_show,
    NULL,
};

static int
run(int argc, char **argv)
{
	return options_run_verb(&command_fault, argc, argv);
}

const struct command command_fault = {
    .name = "fault",
    .usage = "COMMAND …",
    .summary = "Adds, shows, changes and removes faults on routes",
    .run = run,
    .verbs = verbs,
};
