/* SPDX-License-Identifier: Apache-2.0 */
/* Facts of a verdict, written in a row of a table. */
#ifndef HARNESS_VERDICT_FACTS_H
#define HARNESS_VERDICT_FACTS_H

#include <stdlib.h>
#include <string.h>

#include "base/intern.h"
#include "base/xalloc.h"
#include "experiment/verdict.h"

/* "after_s=1.5 kind=idle open_s=2.9..3": numbers, words and brackets. */
static inline void
verdict_add_facts(struct verdict *v, const char *facts)
{
	char *text = xstrdup(facts), *rest = text, *one;

	while ((one = strsep(&rest, " ")) != NULL && *one != '\0') {
		char *value = strchr(one, '='), *dots = strstr(one, ".."), *end;
		double lo;

		*value++ = '\0';
		if (dots != NULL)
			*dots = '\0';
		lo = strtod(value, &end);
		if (end == value)
			verdict_word(v, intern(one), intern(value));
		else if (dots != NULL)
			verdict_bracket(v, intern(one), lo,
					strtod(dots + 2, NULL));
		else
			verdict_number(v, intern(one), lo);
	}
	free(text);
}

#endif
