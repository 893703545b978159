/* SPDX-License-Identifier: Apache-2.0 */
/* What pages and manual pages share: what is shown, and writing it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "config/describe.h"
#include "docs/generate.h"

bool
generate_shows_kind(const struct conf_kind *kind)
{
	return (kind->flags & KIND_HIDDEN) == 0;
}

bool
generate_shows_field(const struct conf_field *field)
{
	return (field->flags & CONF_HIDDEN) == 0;
}

void
generate_facts(struct str *to, const struct conf_field *field)
{
	struct str bounds = {0}, unit = {0};

	conf_field_type_text(field, to);
	conf_field_bounds_text(field, &bounds);
	describe_bare_unit(field, &unit);
	if (bounds.len > 0)
		str_printf(to, ", %s", bounds.text);
	if ((field->flags & CONF_REQUIRED) != 0)
		str_add(to, ", required");
	else if (field->def != NULL)
		str_printf(to, ", default %s", field->def);
	if (unit.len > 0)
		str_printf(to, ", a bare number counts %s", unit.text);
	str_fini(&bounds);
	str_fini(&unit);
}

bool
generate_file(const char *path, const struct str *text)
{
	FILE *file = fopen(path, "w");
	bool ok = file != NULL;

	if (ok) {
		ok = fwrite(text->text, 1, text->len, file) == text->len;
		ok = fclose(file) == 0 && ok;
	}
	if (!ok)
		fprintf(stderr, "generate: %s: %s\n", path, strerror(errno));
	return ok;
}

void
generate_origin(struct str *to, const char *table)
{
	str_printf(to, "<!-- Made from the table in %s by docs/update. "
		       "Edit the table, not this page. -->\n\n",
	    table);
}

bool
generate_page(const char *folder, const char *prefix, const char *name,
    const struct str *text)
{
	char *path = xasprintf("%s/%s%s.md", folder, prefix, name);
	bool ok = generate_file(path, text);

	free(path);
	return ok;
}
