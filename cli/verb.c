/* SPDX-License-Identifier: Apache-2.0 */
/* What the verbs of `route`, `fault` and `partition` share. */
#include "cli/verb.h"

#include <errno.h>
#include <stdlib.h>

#include "base/xalloc.h"

const struct option_row verb_read_options[] = {
    CLI_OPTIONS,
    CLI_JSON,
    {0},
};

const struct option_row verb_change_options[] = {
    CLI_CHANGE,
    CLI_OPTIONS,
    CLI_JSON,
    {0},
};

struct start {
	struct verb verb; /* first */
	verb_fn *work;
};

static int
work_on(struct cli *cli, int argc, char **args)
{
	struct verb *verb = CONTAINER_OF(cli, struct verb, cli);
	struct start *start = CONTAINER_OF(verb, struct start, verb);

	return start->work(verb, argc, args);
}

int
verb_run(const struct command *command, int argc, char **argv, verb_fn *work)
{
	struct start start = {.work = work};
	struct verb *verb = &start.verb;
	int code = cli_run(&verb->cli, command, argc, argv, work_on);

	free(verb->set.items);
	free(verb->fault.items);
	free(verb->unset.items);
	return code;
}

int
verb_refuse(const struct verb *verb, const char *where,
    const struct error *err)
{
	cli_say(&verb->cli, "%s%s", where, err->text);
	return err->code == EINVAL ? EXIT_USAGE : EXIT_FAILED;
}

/* Puts one KEY=VALUE. Returns an exit code, said. */
static int
put(const struct verb *verb, const struct verb_keys *keys,
    json_t *object, const char *text)
{
	struct error err;
	bool ok = keys->kind != NULL
	    ? assign_fault(object, keys->kind, text, &err)
	    : assign_field(object, keys->table, text, &err);

	return ok ? EXIT_DONE : verb_refuse(verb, "", &err);
}

int
verb_put_option(const struct verb *verb, const struct verb_keys *keys,
    json_t *object, const char *key, const char *value)
{
	char *text;
	int code;

	if (value == NULL)
		return EXIT_DONE;
	text = xasprintf("%s=%s", key, value);
	code = put(verb, keys, object, text);
	free(text);
	return code;
}

int
verb_put_all(const struct verb *verb, const struct verb_keys *keys,
    json_t *object, int argc, char **args)
{
	int code = EXIT_DONE;
	struct error err;

	for (size_t i = 0; code == EXIT_DONE && i < verb->set.count; i++)
		code = put(verb, keys, object, verb->set.items[i]);
	for (int i = 0; code == EXIT_DONE && i < argc; i++)
		code = put(verb, keys, object, args[i]);
	for (size_t i = 0; code == EXIT_DONE && i < verb->unset.count; i++) {
		if (!assign_null(object, verb->unset.items[i], &err))
			code = verb_refuse(verb, "--unset ", &err);
	}
	return code;
}

int
verb_nothing(const struct verb *verb)
{
	cli_say(&verb->cli, "nothing to set; expected KEY=VALUE or --unset "
			    "KEY");
	return EXIT_USAGE;
}

int
verb_change(struct verb *verb, const char *method, char *path, json_t *body,
    char *done)
{
	int code = cli_change(&verb->cli, method, path, body, done);

	free(path);
	free(done);
	return code;
}
