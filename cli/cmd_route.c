/* SPDX-License-Identifier: Apache-2.0 */
/* faultwire route: routes of a running faultwire, made and changed. */
#include <stdio.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "cli/show.h"
#include "cli/verb.h"
#include "config/tables.h"

static const struct verb_keys keys = {.table = conf_route_fields};

static const struct option_row add_options[] = {
    VERB_OPTION("listen", OPTION_TEXT, listen, "ADDRESS",
	"where clients connect: host:port, :port or unix:/path"),
    VERB_OPTION("upstream", OPTION_TEXT, upstream, "ADDRESS",
	"the server behind it: host:port or unix:/path"),
    VERB_OPTION("protocol", OPTION_TEXT, protocol, "PROTOCOL",
	"what is spoken: tcp (default), http, udp, dns, redis, postgres or "
	"mysql"),
    VERB_OPTION("fault", OPTION_TEXTS, fault, "KIND,KEY=VALUE,...",
	"with this fault; may stand several times"),
    VERB_SET,
    CLI_LEASE,
    CLI_CHANGE,
    CLI_OPTIONS,
    CLI_JSON,
    {0},
};

static const struct option_row set_options[] = {
    VERB_SET,
    VERB_UNSET,
    CLI_CHANGE,
    CLI_OPTIONS,
    CLI_JSON,
    {0},
};

static const struct option_row remove_options[] = {
    VERB_OPTION("close", OPTION_FLAG, close, NULL,
	"close its sessions too, instead of letting them end"),
    CLI_CHANGE,
    CLI_OPTIONS,
    CLI_JSON,
    {0},
};

static int
put_faults(const struct verb *v, json_t *route)
{
	json_t *faults = json_array();
	const struct conf_kind *kind;
	struct error err;

	for (size_t i = 0; i < v->fault.count; i++) {
		json_t *fault = assign_parse_fault(v->fault.items[i], &kind,
		    &err);

		if (fault == NULL) {
			json_decref(faults);
			return verb_refuse(v, "--fault ", &err);
		}
		json_array_append_new(faults, fault);
	}
	if (v->fault.count > 0)
		json_object_set(route, "faults", faults);
	json_decref(faults);
	return EXIT_DONE;
}

/* The new route as options and arguments describe it. */
static int
describe(const struct verb *v, json_t *route, int argc, char **args)
{
	int code = verb_put_option(v, &keys, route, "name", args[0]);

	if (code == EXIT_DONE)
		code = verb_put_option(v, &keys, route, "listen", v->listen);
	if (code == EXIT_DONE)
		code = verb_put_option(v, &keys, route, "upstream",
		    v->upstream);
	if (code == EXIT_DONE)
		code = verb_put_option(v, &keys, route, "protocol",
		    v->protocol);
	if (code == EXIT_DONE)
		code = verb_put_all(v, &keys, route, argc - 1, args + 1);
	return code == EXIT_DONE ? put_faults(v, route) : code;
}

static void
tell_added(const json_t *route)
{
	struct str line = {0};

	str_printf(&line, "Route \"%s\" added: ", cli_text(route, "name"));
	show_route_state(&line, route);
	printf("%s, %s -> %s\n", line.text, show_listen(route),
	    cli_text(route, "upstream"));
	str_fini(&line);
}

static int
add(struct verb *v, int argc, char **args)
{
	json_t *route = json_object();
	int code = describe(v, route, argc, args);

	if (code != EXIT_DONE) {
		json_decref(route);
		return code;
	}
	code = cli_change(&v->cli, "POST", "/v1/routes", route, NULL);
	if (cli_talks(&v->cli, code))
		tell_added(v->cli.answer);
	return code;
}

static int
show(struct verb *v, int argc, char **args)
{
	char *path = cli_path("/v1/routes/%", args[0]);
	json_t *route;
	int code = cli_read(&v->cli, path, &route);
	const json_t *faults = json_object_get(route, "faults");

	if (route != NULL)
		show_object(route);
	if (json_array_size(faults) > 0) {
		putchar('\n');
		show_faults(faults, args[0]);
	}
	json_decref(route);
	free(path);
	return code;
}

static int
set(struct verb *v, int argc, char **args)
{
	json_t *changes = json_object();
	int code = verb_put_all(v, &keys, changes, argc - 1, args + 1);

	if (code == EXIT_DONE && json_object_size(changes) > 0)
		return verb_change(v, "PATCH",
		    cli_path("/v1/routes/%", args[0]), changes,
		    xasprintf("Route \"%s\" changed.", args[0]));
	json_decref(changes);
	return code == EXIT_DONE ? verb_nothing(v) : code;
}

static int
remove_route(struct verb *v, int argc, char **args)
{
	const char *path = v->close ? "/v1/routes/%?sessions=close"
				    : "/v1/routes/%";

	return verb_change(v, "DELETE", cli_path(path, args[0]), NULL,
	    xasprintf("Route \"%s\" removed.", args[0]));
}

static int
toggle(struct verb *v, int argc, char **args)
{
	const char *verb = options_verb(v->cli.command);

	return verb_change(v, "POST",
	    cli_path("/v1/routes/%/%", args[0], verb), NULL,
	    xasprintf("Route \"%s\" %sd.", args[0], verb));
}

VERB(route_add, add)
VERB(route_disable, toggle)
VERB(route_enable, toggle)
VERB(route_remove, remove_route)
VERB(route_set, set)
VERB(route_show, show)

static const struct command route_add = {
    .name = "route add",
    .usage = "NAME --listen ADDRESS --upstream ADDRESS [KEY=VALUE]…",
    .summary = "Adds a route, with its faults, in one change",
    .options = add_options,
    .run = run_route_add,
    .details = "KEY is a field of a route, match.KEY one of its match group; "
	       "see\nfaultwire.conf(5). Units are those of the file: "
	       "connect_timeout=2s.\n",
    .args_min = 1,
    .args_max = ARGS_ANY,
    .args = "NAME ROUTE_FIELD",
};

static const struct command route_disable = {
    .name = "route disable",
    .usage = "ROUTE",
    .summary = "Lets a route refuse connections",
    .options = verb_change_options,
    .run = run_route_disable,
    .args_min = 1,
    .args_max = 1,
    .args = "ROUTE",
};

static const struct command route_enable = {
    .name = "route enable",
    .usage = "ROUTE",
    .summary = "Lets a route take connections again",
    .options = verb_change_options,
    .run = run_route_enable,
    .args_min = 1,
    .args_max = 1,
    .args = "ROUTE",
};

static const struct command route_remove = {
    .name = "route remove",
    .usage = "ROUTE [--close]",
    .summary = "Removes a route; its sessions may go on until they end",
    .options = remove_options,
    .run = run_route_remove,
    .args_min = 1,
    .args_max = 1,
    .args = "ROUTE",
};

static const struct command route_set = {
    .name = "route set",
    .usage = "ROUTE KEY=VALUE…",
    .summary = "Changes fields of a route, and leaves the others",
    .options = set_options,
    .run = run_route_set,
    .args_min = 1,
    .args_max = ARGS_ANY,
    .args = "ROUTE ROUTE_FIELD",
};

static const struct command route_show = {
    .name = "route show",
    .usage = "ROUTE",
    .summary = "Shows a route, what passed through it, and its faults",
    .options = verb_read_options,
    .run = run_route_show,
    .args_min = 1,
    .args_max = 1,
    .args = "ROUTE",
};

static const struct command *const verbs[] = {
    &route_add,
    &route_disable,
    &route_enable,
    &route_remove,
    &route_set,
    &route_show,
    NULL,
};

static int
run(int argc, char **argv)
{
	return options_run_verb(&command_route, argc, argv);
}

const struct command command_route = {
    .name = "route",
    .usage = "COMMAND …",
    .summary = "Adds, shows, changes and removes routes",
    .run = run,
    .verbs = verbs,
};
