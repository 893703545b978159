/* SPDX-License-Identifier: Apache-2.0 */
/* faultwire __complete WORD…: what the scripts of shells ask. Silent and quick
 * whatever happens: somebody waits with a finger on the key. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "cli/cli.h"
#include "cli/complete.h"
#include "cli/text_width.h"

#define TIMEOUT_US 300000

/* A line a candidate: word, tab, help. What could not stand on one line as it
 * is cannot be completed. */
static void
print(void *arg, const char *word, const char *help)
{
	struct str clean = {0};

	text_add_clean(&clean, word);
	if (clean.text == NULL || strcmp(clean.text, word) == 0)
		printf("%s\t%s\n", word, help != NULL ? help : "");
	str_fini(&clean);
}

/* The answer of the API; owned, NULL if there is none in time. */
static json_t *
ask(const struct complete *c, const char *path)
{
	const struct command *command = &command_complete;
	struct cli cli = {.control = c->control, .quiet = true,
	    .token_file = c->token_file};
	json_t *answer = NULL;

	if (cli_open(&cli, command)) {
		cli.target.timeout_us = TIMEOUT_US;
		cli_get(&cli, path, &answer);
	}
	cli_end(&cli, EXIT_DONE);
	return answer;
}

/* The member `key` of every object in the list. */
static void
take_names(struct complete *c, enum complete_live what, const json_t *list,
    const char *key)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *value =
		    json_object_get(json_array_get(list, i), key);
		char *text = json_is_integer(value)
		    ? xasprintf("%lld", (long long)json_integer_value(value))
		    : xstrdup(json_string_value(value));

		if (text != NULL)
			complete_take(c, what, text);
		free(text);
	}
}

static const struct {
	const char *path, *list, *key; /* of path, "%": the route, the fault */
} sources[] = {
    [LIVE_ROUTES] = {"/v1/routes", "routes", "name"},
    [LIVE_FAULTS] = {"/v1/routes/%/faults", "faults", "name"},
    [LIVE_PARTITIONS] = {"/v1/partitions", "partitions", "name"},
    [LIVE_SESSIONS] = {"/v1/sessions", "sessions", "session"},
    [LIVE_KIND] = {"/v1/routes/%/faults/%", NULL, "type"},
};

static void
find_live(void *arg, struct complete *c, enum complete_live what)
{
	char *path = cli_path(sources[what].path, c->route, c->fault);
	json_t *answer = ask(c, path);

	if (sources[what].list != NULL)
		take_names(c, what,
		    json_object_get(answer, sources[what].list),
		    sources[what].key);
	else if (answer != NULL)
		complete_take(c, what, cli_text(answer, sources[what].key));
	json_decref(answer);
	free(path);
}

static int
run(int argc, char **argv)
{
	struct complete c = {.list = commands, .count = argc - 1,
	    .words = argv + 1, .offer = print, .live = find_live};

	/* Nothing that goes wrong may disturb the line that is typed. */
	if (freopen("/dev/null", "w", stderr) != NULL)
		complete_run(&c);
	return EXIT_DONE;
}

static const struct option_row options[] = {
    {0},
};

const struct command command_complete = {
    .name = "__complete",
    .usage = "WORD…",
    .summary = "Lists what may stand next on a command line",
    .options = options,
    .run = run,
    .hidden = true,
};
