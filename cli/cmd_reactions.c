/* SPDX-License-Identifier: Apache-2.0 */
/* faultwire reactions: how clients react to faults, as far as a running proxy
 * has watched it. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/human.h"
#include "cli/show.h"
#include "cli/text_width.h"

static const struct option_row options[] = {
    CLI_OPTIONS,
    CLI_JSON,
    {0},
};

static void
add(struct table *t, const json_t *route)
{
	const json_t *retries = json_object_get(route, "retries");
	struct str recovery = {0};

	if (json_object_get(route, "recovery_s") != NULL)
		human_seconds(&recovery, cli_number(route, "recovery_s"));
	table_add(t, cli_text(route, "route"));
	table_addf(t, "%.0f", cli_number(route, "calls"));
	table_addf(t, "%.0f", cli_number(retries, "total"));
	table_addf(t, "%.0f", cli_number(route, "recovered"));
	table_addf(t, "%.0f", cli_number(route, "given_up"));
	table_addf(t, "%.0f", cli_number(route, "left"));
	table_add(t, cli_text(route, "breaker"));
	table_add(t, recovery.len > 0 ? recovery.text : "-");
	str_fini(&recovery);
}

/* Told elsewhere in the lines of a verdict. */
static bool
is_told(const char *key)
{
	static const char *const told[] = {"mech", "route", "fault", "state",
	    "n", "method", "why", "what_would_decide"};

	for (size_t i = 0; i < COUNT_OF(told); i++) {
		if (strcmp(told[i], key) == 0)
			return true;
	}
	return false;
}

static void
add_text(struct str *to, const char *before, const char *text)
{
	str_add(to, before);
	text_add_clean(to, text);
}

static void
print_verdict(const json_t *verdict)
{
	struct str line = {0}, value = {0};
	const char *key;
	json_t *member;

	add_text(&line, "", cli_text(verdict, "route"));
	add_text(&line, "  ", cli_text(verdict, "mech"));
	add_text(&line, " under ", cli_text(verdict, "fault"));
	add_text(&line, ": ", cli_text(verdict, "state"));
	json_object_foreach((json_t *)verdict, key, member) {
		if (is_told(key))
			continue;
		str_clear(&value);
		show_value(&value, member);
		add_text(&line, "  ", key);
		add_text(&line, " ", value.text);
	}
	add_text(&line, "\n    ", cli_text(verdict, "why"));
	if (cli_text(verdict, "what_would_decide")[0] != '\0')
		add_text(&line, "\n    to decide: ",
		    cli_text(verdict, "what_would_decide"));
	puts(line.text);
	str_fini(&line);
	str_fini(&value);
}

static void
print_verdicts(const json_t *route)
{
	const json_t *list = json_object_get(route, "verdicts");

	for (size_t i = 0; i < json_array_size(list); i++)
		print_verdict(json_array_get(list, i));
}

static void
print(const json_t *answer)
{
	const json_t *list = json_object_get(answer, "routes");
	struct table t;

	table_init(&t, "ROUTE|>CALLS|>RETRIES|>RECOVERED|>GIVEN UP|>LEFT|"
		       "BREAKER|RECOVERY");
	for (size_t i = 0; i < json_array_size(list); i++)
		add(&t, json_array_get(list, i));
	cli_print_table(&t);
	for (size_t i = 0; i < json_array_size(list); i++)
		print_verdicts(json_array_get(list, i));
}

static int
show(struct cli *cli, int argc, char **args)
{
	struct str path = {0};
	json_t *answer;
	int code;

	str_add(&path, "/v1/reactions");
	cli_query(&path, "route", argc > 0 ? args[0] : NULL);
	code = cli_read(cli, path.text, &answer);
	if (answer != NULL && !cli_bool(answer, "observing")) {
		cli_say(cli, "nothing is watched; expected observe = { "
			     "reactions = true; } in its configuration");
		code = EXIT_FAILED;
	} else if (answer != NULL) {
		print(answer);
	}
	json_decref(answer);
	str_fini(&path);
	return code;
}

static int
run(int argc, char **argv)
{
	struct cli cli = {0};

	return cli_run(&cli, &command_reactions, argc, argv, show);
}

const struct command command_reactions = {
    .name = "reactions",
    .usage = "[ROUTE]",
    .summary = "Tells how clients react to faults while the proxy runs",
    .options = options,
    .run = run,
    .details = "Where observe.reactions is true in the configuration. What a "
	       "verdict means is in\nthe documents; `faultwire verdict` gives "
	       "the same about a journal.\n",
    .args_max = 1,
    .args = "ROUTE",
};
