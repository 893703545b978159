/* SPDX-License-Identifier: Apache-2.0 */
/* Finding a fault kind by its name. */
#include "config/kind.h"

#include <string.h>

#include "base/near.h"

const struct conf_kind *
conf_kind_find(const struct conf_kinds *kinds, const char *name,
	       struct str *hint)
{
	struct near near;
	size_t i;

	near_start(&near, name);
	for (i = 0; i < kinds->count; i++) {
		const struct conf_kind *kind = kinds->items[i];

		if ((kind->flags & KIND_HIDDEN) != 0)
			continue;
		if (strcmp(kind->name, name) == 0)
			return kind;
		near_offer(&near, kind->name);
		str_printf(hint, "%s%s",
			   hint->len > 0 ? ", " : "expected one of ",
			   kind->name);
	}
	if (near.best != NULL) {
		str_clear(hint);
		str_printf(hint, "did you mean \"%s\"?", near.best);
	}
	return NULL;
}
