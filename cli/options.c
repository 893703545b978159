/* SPDX-License-Identifier: Apache-2.0 */
/* Command-line options from tables, by way of getopt_long(3). */
#include "cli/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/near.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "cli/text_width.h"

#define OPTIONS_MAX 32
/* Values of long options that have no letter. */
#define LONG_ONLY 256

void
options_store(const struct option_row *row, void *to, const char *value)
{
	void *at = (char *)to + row->offset;
	struct option_texts *texts = at;

	switch (row->type) {
	case OPTION_FLAG:
		*(bool *)at = true;
		break;
	case OPTION_TEXT:
		*(const char **)at = value;
		break;
	case OPTION_TEXTS:
		texts->items = xgrow(texts->items, &texts->count,
		    sizeof(*texts->items));
		texts->items[texts->count - 1] = value;
		break;
	}
}

/* getopt's two descriptions of one table. */
static void
describe(const struct command *command, struct option *longs,
    struct str *shorts)
{
	size_t n = 0;

	str_add(shorts, ":h");
	for (const struct option_row *row = command->options; row->name;
	     row++) {
		longs[n] = (struct option){
		    .name = row->name,
		    .has_arg = row->type == OPTION_FLAG ? no_argument
							: required_argument,
		    .val = LONG_ONLY + (int)n,
		};
		n++;
		if (row->letter == 0)
			continue;
		str_add_char(shorts, row->letter);
		if (row->type != OPTION_FLAG)
			str_add_char(shorts, ':');
	}
	longs[n++] = (struct option){.name = "help", .val = 'h'};
	longs[n] = (struct option){0};
}

static const struct option_row *
row_of(const struct command *command, int value)
{
	const struct option_row *row = command->options;

	if (value >= LONG_ONLY)
		return &row[value - LONG_ONLY];
	while (row->name != NULL && row->letter != value)
		row++;
	return row->name != NULL ? row : NULL;
}

/* What getopt found wrong with the word before argv[optind]: ":" or "?". */
static void
complain(const struct command *command, int found, char **argv)
{
	const struct option_row *row = optopt != 0 ? row_of(command, optopt)
						   : NULL;
	const char *word = argv[optind - 1];
	size_t len = strcspn(word, "=");
	char *given = xmemdup0(word, len);
	struct near near;

	fprintf(stderr, "faultwire %s: ", command->name);
	near_start(&near, given + strspn(given, "-"));
	for (size_t i = 0; command->options[i].name != NULL; i++)
		near_offer(&near, command->options[i].name);
	if (row != NULL && found == ':')
		fprintf(stderr, "--%s lacks its value; expected --%s %s\n",
		    row->name, row->name, row->value);
	else if (row != NULL || optopt == 'h')
		fprintf(stderr, "%s takes no value; expected it alone\n",
		    given);
	else if (optopt != 0)
		fprintf(stderr, "there is no option \"-%c\"\n", optopt);
	else if (near.best != NULL)
		fprintf(stderr, "there is no option \"%s\"; did you mean "
				"\"--%s\"?\n", given, near.best);
	else
		fprintf(stderr, "there is no option \"%s\"\n", given);
	fprintf(stderr, "Try \"faultwire %s --help\".\n", command->name);
	free(given);
}

/* Prints the command's help. */
static void
print_help(const struct command *command)
{
	printf("Usage: faultwire %s %s\n\n%s.\n\nOptions:\n", command->name,
	    command->usage, command->summary);
	for (const struct option_row *row = command->options; row->name;
	     row++) {
		char left[64], letter[8] = "    ";

		if (row->letter != 0)
			snprintf(letter, sizeof(letter), "-%c, ", row->letter);
		snprintf(left, sizeof(left), "%s--%s%s%s", letter, row->name,
		    row->value != NULL ? " " : "",
		    row->value != NULL ? row->value : "");
		printf("  %s%*s %s\n", left,
		    MAX(30 - (int)text_width(left), 0), "", row->help);
	}
	printf("  %-30s %s\n", "-h, --help", "print this help");
	if (command->details != NULL)
		printf("\n%s", command->details);
}

int
options_parse(const struct command *command, int argc, char **argv, void *to)
{
	struct option longs[OPTIONS_MAX];
	struct str shorts = {0};
	int value, result = -3;

	describe(command, longs, &shorts);
	optind = 1;
	while (result == -3 &&
	    (value = getopt_long(argc, argv, shorts.text, longs, NULL)) != -1) {
		if (value == 'h') {
			print_help(command);
			result = -2;
		} else if (value == '?' || value == ':') {
			complain(command, value, argv);
			result = -1;
		} else {
			options_store(row_of(command, value), to, optarg);
		}
	}
	str_fini(&shorts);
	return result == -3 ? optind : result;
}

static void
help_verbs(const struct command *command, FILE *to)
{
	fprintf(to, "Usage: faultwire %s %s\n\n%s.\n\nCommands:\n",
	    command->name, command->usage, command->summary);
	for (size_t i = 0; command->verbs[i] != NULL; i++)
		fprintf(to, "  %-10s %s\n", options_verb(command->verbs[i]),
		    command->verbs[i]->summary);
	fprintf(to, "\n\"faultwire %s COMMAND --help\" tells more.\n",
	    command->name);
}

const char *
options_verb(const struct command *command)
{
	const char *blank = strrchr(command->name, ' ');

	return blank != NULL ? blank + 1 : command->name;
}

/* Does this option of one of the commands take the next word? */
static bool
takes_word(const struct command *const *list, const char *word)
{
	for (; *list != NULL; list++) {
		const struct option_row *row = (*list)->options;

		if ((*list)->verbs != NULL && takes_word((*list)->verbs, word))
			return true;
		for (; row != NULL && row->name != NULL; row++) {
			bool is_it = strncmp(word, "--", 2) == 0
			    ? strcmp(word + 2, row->name) == 0
			    : row->letter != 0 && word[1] == row->letter &&
				word[2] == '\0';

			if (is_it)
				return row->type != OPTION_FLAG;
		}
	}
	return false;
}

void
options_lead(const struct command *const *list, int argc, char **argv)
{
	int at = 1;
	char *word;

	while (at < argc && argv[at][0] == '-')
		at += takes_word(list, argv[at]) ? 2 : 1;
	if (at >= argc)
		return;
	word = argv[at];
	memmove(&argv[2], &argv[1], (size_t)(at - 1) * sizeof(*argv));
	argv[1] = word;
}

int
options_only(const struct command *command, int argc, char **argv, void *to)
{
	int rest = options_parse(command, argc, argv, to);

	if (rest < 0)
		return rest == -2 ? EXIT_DONE : EXIT_USAGE;
	if (rest == argc)
		return -1;
	fprintf(stderr, "faultwire %s: \"%s\" is too much; expected options "
			"only\n", command->name, argv[rest]);
	return EXIT_USAGE;
}

int
options_failed(const struct command *command, const struct error *err)
{
	fprintf(stderr, "faultwire %s: %s\n", command->name, err->text);
	return EXIT_FAILED;
}

int
options_run_verb(const struct command *command, int argc, char **argv)
{
	struct near near;

	if (argc < 2) {
		help_verbs(command, stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		help_verbs(command, stdout);
		return EXIT_DONE;
	}
	options_lead(command->verbs, argc, argv);
	near_start(&near, argv[1]);
	for (size_t i = 0; command->verbs[i] != NULL; i++) {
		const struct command *verb = command->verbs[i];

		if (strcmp(argv[1], options_verb(verb)) == 0)
			return verb->run(argc - 1, argv + 1);
		near_offer(&near, options_verb(verb));
	}
	fprintf(stderr,
	    "faultwire %s: there is no command \"%s\"" NEAR_HINT "\n"
	    "Try \"faultwire %s --help\".\n",
	    command->name, argv[1], NEAR_ARGS(&near), command->name);
	return EXIT_USAGE;
}

