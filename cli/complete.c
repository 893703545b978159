/* SPDX-License-Identifier: Apache-2.0 */
/* What may stand next on a command line.
 *
 *	words ─► read_words: command, route, kind ─► the last word is
 *	                                             ├ an option or its value
 *	                                             ├ a command, a verb
 *	                                             └ an argument
 */
#include "cli/complete.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "config/profile.h"
#include "config/tables.h"
#include "faults/fault.h"
#include "observe/event.h"

/* --- offering --- */

/* Offers a word if it goes on from what was typed. */
static void
offer(struct complete *c, const char *word, const char *help)
{
	char *full;

	if (strncmp(word, c->current, strlen(c->current)) != 0)
		return;
	full = xasprintf("%s%s", c->before, word);
	c->offer(c->arg, full, help);
	free(full);
}

void
complete_take(struct complete *c, enum complete_live what, const char *name)
{
	if (what != LIVE_KIND) {
		offer(c, name, NULL);
		return;
	}
	snprintf(c->kind_text, sizeof(c->kind_text), "%s", name);
	c->kind = c->kind_text;
}

/* The rest of the current word behind `at` is what candidates fit. */
static void
keep_before(struct complete *c, const char *at, char **owned)
{
	char *before = xasprintf("%s%.*s", c->before,
	    (int)(at - c->current), c->current);

	c->current = at;
	c->before = before;
	free(*owned);
	*owned = before;
}

/* --- fields --- */

static void
offer_choices(struct complete *c, const struct conf_field *field)
{
	static const char *const truths[] = {"true", "false", NULL};
	const char *const *choice = field->type == CONF_BOOL ? truths
	    : field->type == CONF_ENUM			     ? field->choices
							     : NULL;

	for (; choice != NULL && *choice != NULL; choice++)
		offer(c, *choice, NULL);
}

static bool
is_settable(const struct conf_field *f)
{
	return (f->type != CONF_GROUP || (f->flags & CONF_LISTS) != 0) &&
	    (f->flags & CONF_HIDDEN) == 0;
}

/* "key=" of a table's fields; behind the "=", the choices of that one. True:
 * it was one of them. */
static bool
offer_fields(struct complete *c, const struct conf_field *table,
    const char *prefix, char **owned)
{
	const char *equals = strchr(c->current, '=');
	bool found = false;

	for (const struct conf_field *f = table; f->name != NULL; f++) {
		char *word = xasprintf("%s%s=", prefix, f->name);

		if (equals == NULL && is_settable(f))
			offer(c, word, f->help);
		found = equals != NULL && is_settable(f) &&
		    strncmp(word, c->current, strlen(word)) == 0;
		free(word);
		if (found) {
			keep_before(c, equals + 1, owned);
			offer_choices(c, f);
			return true;
		}
	}
	return false;
}

static void
offer_fault_fields(struct complete *c, char **owned)
{
	const struct fault_ops *ops;

	if (c->kind == NULL && c->route != NULL && c->fault != NULL)
		c->live(c->arg, c, LIVE_KIND);
	ops = c->kind != NULL ? fault_find(c->kind) : NULL;
	if ((ops == NULL || !offer_fields(c, ops->kind.fields, "", owned)) &&
	    !offer_fields(c, conf_fault_fields, "", owned))
		offer_fields(c, conf_when_fields, "when.", owned);
}

/* KIND, and behind a comma its fields. */
static void
offer_kinds(struct complete *c, char **owned)
{
	const char *comma = strrchr(c->current, ',');

	if (comma != NULL) {
		snprintf(c->kind_text, sizeof(c->kind_text), "%.*s",
		    (int)strcspn(c->current, ","), c->current);
		c->kind = c->kind_text;
		keep_before(c, comma + 1, owned);
		offer_fault_fields(c, owned);
		return;
	}
	for (size_t i = 0; i < fault_kinds.count; i++) {
		const struct conf_kind *kind = fault_kinds.items[i];

		if ((kind->flags & KIND_HIDDEN) == 0)
			offer(c, kind->name, kind->summary);
	}
}

/* --- the words that arguments and values of options are called --- */

static void
words_event_types(struct complete *c, char **owned)
{
	const char *comma = strrchr(c->current, ',');

	if (comma != NULL)
		keep_before(c, comma + 1, owned);
	for (int i = 0; i < EVENT_TYPE_COUNT; i++)
		offer(c, event_type_name((enum event_type)i), NULL);
}

static void
words_profiles(struct complete *c, char **owned)
{
	for (int id = PROFILE_NONE + 1; id < PROFILE_COUNT; id++)
		offer(c, conf_profile_names[id], conf_profiles[id].summary);
}

static void
words_protocols(struct complete *c, char **owned)
{
	offer_choices(c, conf_field_find(conf_route_fields, "protocol"));
}

static void
offer_route_groups(struct complete *c, char **owned)
{
	static const struct {
		const char *prefix;
		const struct conf_field *table;
	} groups[] = {
	    {"match.", conf_match_fields},
	    {"tls.", conf_tls_fields},
	    {"upstream_tls.", conf_upstream_tls_fields},
	};

	for (size_t i = 0; i < COUNT_OF(groups); i++) {
		if (offer_fields(c, groups[i].table, groups[i].prefix, owned))
			return;
	}
}

static void
words_route_fields(struct complete *c, char **owned)
{
	if (!offer_fields(c, conf_route_fields, "", owned))
		offer_route_groups(c, owned);
}

static void
words_partition_fields(struct complete *c, char **owned)
{
	offer_fields(c, conf_partition_fields, "", owned);
}

static void
words_routes(struct complete *c, char **owned)
{
	c->live(c->arg, c, LIVE_ROUTES);
}

static void
words_faults(struct complete *c, char **owned)
{
	if (c->route != NULL)
		c->live(c->arg, c, LIVE_FAULTS);
}

static void
words_partitions(struct complete *c, char **owned)
{
	c->live(c->arg, c, LIVE_PARTITIONS);
}

static void
words_sessions(struct complete *c, char **owned)
{
	c->live(c->arg, c, LIVE_SESSIONS);
}

static void
words_files(struct complete *c, char **owned)
{
	c->offer(c->arg, "", "files");
}

static void
words_shells(struct complete *c, char **owned)
{
	offer(c, "bash", NULL);
	offer(c, "fish", NULL);
	offer(c, "zsh", NULL);
}

static const struct {
	const char *word;
	void (*offer)(struct complete *c, char **owned);
} vocabulary[] = {
    {"FAULT", words_faults},
    {"FIELD", offer_fault_fields},
    {"FILE", words_files},
    {"FLOW", words_sessions},
    {"KIND", offer_kinds},
    {"KIND,KEY=VALUE,...", offer_kinds},
    {"PARTITION", words_partitions},
    {"PARTITION_FIELD", words_partition_fields},
    {"PROFILE", words_profiles},
    {"PROTOCOL", words_protocols},
    {"ROUTE", words_routes},
    {"ROUTE_FIELD", words_route_fields},
    {"SESSION", words_sessions},
    {"SHELL", words_shells},
    {"TYPE,...", words_event_types},
};

static bool
is_word(const char *word, size_t len, const char *name)
{
	return strlen(name) == len && memcmp(word, name, len) == 0;
}

static void
offer_word(struct complete *c, const char *word, size_t len, char **owned)
{
	for (size_t i = 0; i < COUNT_OF(vocabulary); i++) {
		if (is_word(word, len, vocabulary[i].word))
			vocabulary[i].offer(c, owned);
	}
}

/* The n-th word of "ROUTE KIND FIELD"; the last one goes on. */
static const char *
arg_word(const char *args, int n, size_t *len)
{
	const char *next;

	for (; n > 0 && (next = strchr(args, ' ')) != NULL; n--)
		args = next + 1;
	*len = strcspn(args, " ");
	return args;
}

/* --- reading the line --- */

static const struct option_row *
find_row(const struct option_row *row, const char *word)
{
	size_t len = strcspn(word, "=");

	for (; row != NULL && row->name != NULL; row++) {
		if (strncmp(word, "--", 2) == 0 &&
		    is_word(word + 2, len - 2, row->name))
			return row;
		if (row->letter != 0 && word[1] == row->letter && len == 2)
			return row;
	}
	return NULL;
}

/* Before the command, options of any command may stand. */
static const struct option_row *
find_option(const struct command *command, const struct command *const *list,
    const char *word)
{
	const struct option_row *row =
	    command != NULL ? find_row(command->options, word) : NULL;

	if (command != NULL)
		list = command->verbs;
	for (; row == NULL && list != NULL && *list != NULL; list++)
		row = find_option(*list, NULL, word);
	return row;
}

static void
remember_option(struct complete *c, const char *name, const char *value)
{
	if (strcmp(name, "control") == 0)
		c->control = value;
	else if (strcmp(name, "token-file") == 0)
		c->token_file = value;
	else if (strcmp(name, "route") == 0)
		c->route = value;
}

static void
remember_arg(struct complete *c, int position, const char *value)
{
	size_t len;
	const char *word;

	if (c->command->args == NULL)
		return;
	word = arg_word(c->command->args, position, &len);
	if (is_word(word, len, "ROUTE")) {
		c->route = value;
	} else if (is_word(word, len, "FAULT")) {
		c->fault = value;
	} else if (is_word(word, len, "KIND")) {
		snprintf(c->kind_text, sizeof(c->kind_text), "%.*s",
		    (int)strcspn(value, ","), value);
		c->kind = c->kind_text;
	}
}

/* Reads all words but the last. Returns the option that the last one is the
 * value of; one without a value if nothing can be said of it; else NULL, and
 * how many arguments there were. */
static const struct option_row *
read_words(struct complete *c, int *position)
{
	const struct command *const *list = c->list;
	static const struct option_row nothing = {0};
	int last = c->count - 1;

	for (int i = 0; i < last; i++) {
		char *word = c->words[i], *value = strchr(word, '=');
		const struct option_row *row;

		if (word[0] == '-' && word[1] != '\0') {
			row = find_option(c->command, c->list, word);
			if (row == NULL || row->type == OPTION_FLAG)
				continue;
			if (value == NULL && ++i == last)
				return row;
			remember_option(c, row->name,
			    value != NULL ? value + 1 : c->words[i]);
			continue;
		}
		if (list == NULL) {
			remember_arg(c, (*position)++, word);
			continue;
		}
		while (*list != NULL &&
		    strcmp(options_verb(*list), word) != 0)
			list++;
		if (*list == NULL)
			return &nothing;
		c->command = *list;
		list = c->command->verbs;
	}
	return NULL;
}

static void
offer_options(struct complete *c)
{
	const struct option_row *row =
	    c->command != NULL ? c->command->options : NULL;

	for (; row != NULL && row->name != NULL; row++) {
		char *word = xasprintf("--%s", row->name);

		offer(c, word, row->help);
		free(word);
	}
	offer(c, "--help", "print this help");
	if (c->command == NULL)
		offer(c, "--version", "print the version");
}

static void
offer_commands(struct complete *c, const struct command *const *list)
{
	for (; *list != NULL; list++) {
		if (!(*list)->hidden)
			offer(c, options_verb(*list), (*list)->summary);
	}
}

static void
offer_last(struct complete *c, int position, char **owned)
{
	const struct command *command = c->command;
	const struct option_row *row;
	const char *word;
	size_t len;

	if (c->current[0] == '-' && strchr(c->current, '=') != NULL) {
		row = find_option(command, c->list, c->current);
		keep_before(c, strchr(c->current, '=') + 1, owned);
		if (row != NULL && row->value != NULL)
			offer_word(c, row->value, strlen(row->value), owned);
	} else if (c->current[0] == '-') {
		offer_options(c);
	} else if (command == NULL) {
		offer_commands(c, c->list);
	} else if (command->verbs != NULL) {
		offer_commands(c, command->verbs);
	} else if (command->args != NULL && position < command->args_max) {
		word = arg_word(command->args, position, &len);
		offer_word(c, word, len, owned);
	}
}

void
complete_run(struct complete *c)
{
	const struct option_row *row;
	int position = 0;
	char *owned = NULL;

	if (c->count < 1)
		return;
	c->before = "";
	c->current = c->words[c->count - 1];
	row = read_words(c, &position);
	if (row != NULL && row->value != NULL)
		offer_word(c, row->value, strlen(row->value), &owned);
	else if (row == NULL)
		offer_last(c, position, &owned);
	free(owned);
}
