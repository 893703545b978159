/* SPDX-License-Identifier: Apache-2.0 */
/* The syntax of faults on command lines. */
#include "config/option.h"

#include <string.h>

#include "base/near.h"
#include "config/tables.h"

#define WHEN "when."

char *
conf_option_cut(char **rest, char separator)
{
	char *start = *rest, *from, *to;

	if (start == NULL)
		return NULL;
	for (from = to = start; *from != '\0' && *from != separator; from++) {
		if (from[0] == '\\' && from[1] == separator)
			from++;
		*to++ = *from;
	}
	*rest = *from == '\0' ? NULL : from + 1;
	*to = '\0';
	return start;
}

/* Those that one text can set. */
static const struct conf_field *
find_in(const struct conf_field *table, const char *key, struct near *near)
{
	for (const struct conf_field *f = table; f->name != NULL; f++) {
		if (f->type == CONF_GROUP || (f->flags & CONF_HIDDEN) != 0)
			continue;
		if (strcmp(f->name, key) == 0)
			return f;
		conf_field_offer(f, near);
	}
	return NULL;
}

bool
conf_option_find(const struct conf_kind *kind, const char *key,
    struct conf_option *to, struct error *err)
{
	bool when = strncmp(key, WHEN, strlen(WHEN)) == 0;
	struct near near;

	near_start(&near, when ? key + strlen(WHEN) : key);
	if (when) {
		to->place = OPTION_OF_WHEN;
		to->field = find_in(conf_when_fields, near.word, &near);
	} else {
		to->place = OPTION_OF_KIND;
		to->field = find_in(kind->fields, key, &near);
	}
	if (to->field == NULL && !when) {
		to->place = OPTION_OF_FAULT;
		to->field = find_in(conf_fault_fields, key, &near);
	}
	if (to->field == NULL && near.best != NULL)
		return error_set(err, 0, "%s has no field \"%.60s\"; did you "
					 "mean \"%s%s\"?",
		    kind->name, key, when ? WHEN : "", near.best);
	if (to->field == NULL)
		return error_set(err, 0, "%s has no field \"%.60s\"; expected "
					 "one that `faultwire faults %s` shows",
		    kind->name, key, kind->name);
	if ((kind->flags & KIND_NO_STREAM) != 0 &&
	    to->place == OPTION_OF_FAULT && strcmp(key, "stream") == 0)
		return error_set(err, 0, "%s has no direction; expected it "
					 "without stream", kind->name);
	return true;
}
