/* SPDX-License-Identifier: Apache-2.0 */
/* toxiproxy-cli: finds the verb, takes the flags in any order, calls. */
#include "cli/toxcli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "cli/go_flags.h"
#include "control/toxiproxy.h"

#define EXIT_NO_VERB 3
#define AT(member) offsetof(struct toxcli, member)
#define COMMON                                                                 \
	{'h', "host", OPTION_TEXT, AT(host), NULL, NULL},                      \
	    {0, "help", OPTION_FLAG, AT(help), NULL, NULL},                    \
	{                                                                      \
		0                                                              \
	}
#define NAMING {'n', "toxicName", OPTION_TEXT, AT(toxic), NULL, NULL}
#define STRENGTH                                                               \
	{0, "toxicity", OPTION_TEXT, AT(toxicity), NULL, NULL},                \
	    {0, "tox", OPTION_TEXT, AT(toxicity), NULL, NULL},                 \
	{                                                                      \
		'a', "attribute", OPTION_TEXTS, AT(attributes), NULL, NULL     \
	}

static const struct option_row common_flags[] = {
    {'v', "version", OPTION_FLAG, AT(version), NULL, NULL}, COMMON};
static const struct option_row create_flags[] = {
    {'l', "listen", OPTION_TEXT, AT(listen), NULL, NULL},
    {'u', "upstream", OPTION_TEXT, AT(upstream), NULL, NULL}, COMMON};
static const struct option_row add_flags[] = {
    NAMING, STRENGTH, {'t', "type", OPTION_TEXT, AT(type), NULL, NULL},
    {'u', "upstream", OPTION_FLAG, AT(is_upstream), NULL, NULL},
    {'d', "downstream", OPTION_FLAG, AT(is_downstream), NULL, NULL}, COMMON};
static const struct option_row update_flags[] = {NAMING, STRENGTH, COMMON};
static const struct option_row remove_flags[] = {NAMING, COMMON};

static const struct toxcli_verb toxic_verbs[] = {
    {{"add", "a"}, "toxic add --type TYPE [--upstream | --downstream] "
		   "[--toxicName NAME] [--toxicity N] [--attribute K=V]… PROXY",
	add_flags, toxcli_add, NULL},
    {{"update", "u"}, "toxic update --toxicName NAME [--toxicity N] "
		      "[--attribute K=V]… PROXY",
	update_flags, toxcli_update, NULL},
    {{"remove", "r", "delete", "d"}, "toxic remove --toxicName NAME PROXY",
	remove_flags, toxcli_remove, NULL},
    {{NULL}}};

static const struct toxcli_verb verbs[] = {
    {{"list", "l", "li", "ls"}, "list", common_flags, toxcli_list, NULL},
    {{"inspect", "i", "ins"}, "inspect PROXY", common_flags, toxcli_inspect,
	NULL},
    {{"create", "c", "new"}, "create --listen ADDR --upstream ADDR PROXY",
	create_flags, toxcli_create, NULL},
    {{"toggle", "tog"}, "toggle PROXY", common_flags, toxcli_toggle, NULL},
    {{"delete", "d"}, "delete PROXY", common_flags, toxcli_delete, NULL},
    {{"toxic", "t"}, "toxic add | update | remove …", common_flags, NULL,
	toxic_verbs},
    {{NULL}}};

/* --- words --- */

static void
help(const struct toxcli_verb *of)
{
	const struct toxcli_verb *list = of == NULL ? verbs : of->verbs;

	if (list == NULL) {
		printf("Usage: toxiproxy-cli %s\n", of->usage);
		return;
	}
	printf("Usage: toxiproxy-cli [--host URL] COMMAND …\n\n"
	       "Speaks to faultwire, or to a Toxiproxy, at --host (-h) or "
	       "TOXIPROXY_URL\n(default " HTTP_CLIENT_URL ").\n\nCommands:\n");
	for (; list->names[0] != NULL; list++) {
		printf("  %s\n", list->usage);
		for (size_t i = 1; list->names[i] != NULL; i++)
			printf("%s%s", i == 1 ? "      also: " : ", ",
			    list->names[i]);
		printf("\n");
	}
	printf("\nFlags may stand anywhere. \"faultwire faults\" lists the "
	       "types and attributes.\n");
}

/* --- who calls --- */

/* The machine as Go calls it. */
static const char *
machine(const struct utsname *u)
{
	if (strcmp(u->machine, "x86_64") == 0)
		return "amd64";
	return strcmp(u->machine, "aarch64") == 0 ? "arm64" : u->machine;
}

static char *
agent(void)
{
	struct utsname u = {0};

	uname(&u);
	return xasprintf("toxiproxy-cli/%s (linux/%s)", TOXIPROXY_VERSION,
	    machine(&u));
}

/* --- the command --- */

static const struct toxcli_verb *
find_verb(const struct toxcli_verb *list, const char *word)
{
	for (; list->names[0] != NULL; list++) {
		for (size_t i = 0; list->names[i] != NULL; i++) {
			if (strcmp(list->names[i], word) == 0)
				return list;
		}
	}
	return NULL;
}

static int
no_verb(const char *word)
{
	fprintf(stderr, "No help topic for '%s'\n", word);
	return EXIT_NO_VERB;
}

static bool
find_api(struct toxcli *cli, struct error *err)
{
	const char *url = cli->host != NULL ? cli->host
					    : getenv("TOXIPROXY_URL");

	return http_client_target_init(&cli->target,
	    url != NULL && *url != '\0' ? url : HTTP_CLIENT_URL, err);
}

static int
run_verb(struct toxcli *cli)
{
	struct error err;
	char *name = agent();
	int code = EXIT_FAILED;

	if (!find_api(cli, &err)) {
		toxcli_fail("--host: %s", err.text);
	} else {
		cli->target.agent = name;
		code = cli->verb->run(cli);
	}
	http_client_target_fini(&cli->target);
	free(name);
	return code;
}

/* The flags before a verb, and the verb: its list of verbs goes on. Returns
 * the code to end with, or -1 and cli->verb, words behind it. */
static int
descend(struct toxcli *cli, const struct toxcli_verb *list,
    struct go_words *words)
{
	struct error err;

	words->anywhere = false;
	if (!go_flags_parse(common_flags, words, cli, &err))
		return toxcli_fail("Incorrect Usage: %s\n", err.text);
	if (cli->version) {
		printf("toxiproxy-cli version " TOXIPROXY_VERSION "\n");
		return EXIT_DONE;
	}
	if (cli->help || words->count == 0 ||
	    strcmp(words->items[0], "help") == 0) {
		help(cli->verb);
		return EXIT_DONE;
	}
	cli->verb = find_verb(list, words->items[0]);
	if (cli->verb == NULL)
		return no_verb(words->items[0]);
	words->items++;
	words->count--;
	return cli->verb->verbs != NULL
	    ? descend(cli, cli->verb->verbs, words) : -1;
}

static int
run(int argc, char **argv)
{
	struct toxcli cli = {.is_terminal = isatty(STDOUT_FILENO) == 1};
	struct go_words words = {argv + 1, argc - 1, false};
	struct error err;
	int code = descend(&cli, verbs, &words);

	if (code >= 0)
		return code;
	words.anywhere = true;
	if (!go_flags_parse(cli.verb->flags, &words, &cli, &err)) {
		printf("Usage: toxiproxy-cli %s\n", cli.verb->usage);
		code = toxcli_fail("Incorrect Usage: %s\n", err.text);
	} else if (cli.help) {
		help(cli.verb);
		code = EXIT_DONE;
	} else {
		cli.name = words.count > 0 ? words.items[0] : NULL;
		code = run_verb(&cli);
	}
	free(cli.attributes.items);
	if (fflush(stdout) != 0 || ferror(stdout))
		code = toxcli_fail("standard output took not all: %m");
	return code;
}

const struct command command_toxiproxy_cli = {
    .name = "toxiproxy-cli",
    .usage = "[--host URL] COMMAND …",
    .summary = "Speaks to Toxiproxy's API as its own client does",
    .options = common_flags,
    .run = run,
};
