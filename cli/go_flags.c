/* SPDX-License-Identifier: Apache-2.0 */
/* Flags the way Go's flag package takes them. */
#include "cli/go_flags.h"

#include <string.h>

/* Finds the row of a flag by name or letter; NULL: none is called so. */
static const struct option_row *
find(const struct option_row *table, struct view name)
{
	for (; table->name != NULL; table++) {
		if (view_is(name, table->name) ||
		    (name.len == 1 && table->letter == name.at[0]))
			return table;
	}
	return NULL;
}

static bool
set_switch(const struct option_row *row, void *to, const char *value,
    struct error *err)
{
	static const char *const words[] = {
	    "0", "1", "f", "t", "false", "true", "F", "T", "FALSE", "TRUE",
	    "False", "True"};
	bool *at = (bool *)((char *)to + row->offset);

	for (size_t i = 0; i < COUNT_OF(words); i++) {
		if (value == NULL || strcmp(value, words[i]) == 0) {
			*at = value == NULL || i % 2 == 1;
			return true;
		}
	}
	return error_set(err, 0, "invalid boolean value \"%s\" for -%s: "
				 "parse error", value, row->name);
}

/* The flag at words[*at], its value perhaps in the next word. */
static bool
take_flag(const struct option_row *table, const struct go_words *words,
    int *at, void *to, struct error *err)
{
	const char *name = words->items[*at] + 1, *value;
	const struct option_row *row;
	struct view bare;

	if (*name == '-')
		name++;
	if (*name == '\0' || *name == '-' || *name == '=')
		return error_set(err, 0, "bad flag syntax: %s",
		    words->items[*at]);
	value = strchr(name, '=');
	bare = (struct view){
	    name, value != NULL ? (size_t)(value - name) : strlen(name)};
	row = find(table, bare);
	if (row == NULL)
		return error_set(err, 0, "flag provided but not defined: "
					 "-%.*s", (int)bare.len, bare.at);
	if (value != NULL)
		value++;
	if (row->type == OPTION_FLAG)
		return set_switch(row, to, value, err);
	if (value == NULL && *at + 1 < words->count)
		value = words->items[++*at];
	if (value == NULL)
		return error_set(err, 0, "flag needs an argument: -%.*s",
		    (int)bare.len, bare.at);
	options_store(row, to, value);
	return true;
}

bool
go_flags_parse(const struct option_row *table, struct go_words *words,
    void *to, struct error *err)
{
	int kept = 0;
	bool flags = true;

	for (int i = 0; i < words->count; i++) {
		char *word = words->items[i];

		if (!flags || word[0] != '-' || word[1] == '\0') {
			words->items[kept++] = word;
			flags = flags && words->anywhere;
		} else if (strcmp(word, "--") == 0) {
			flags = false;
		} else if (!take_flag(table, words, &i, to, err)) {
			return false;
		}
	}
	words->count = kept;
	return true;
}
