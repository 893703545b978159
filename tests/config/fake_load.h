/* SPDX-License-Identifier: Apache-2.0 */
/* Loading texts with the fake kinds, and what is said about them. */
#ifndef TESTS_CONFIG_FAKE_LOAD_H
#define TESTS_CONFIG_FAKE_LOAD_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "config/load.h"
#include "tests/config/fake_kinds.h"

/* All messages as lines "where: text"; owned. Empties diag. */
static inline char *
fake_messages(struct conf_diag *diag)
{
	struct str s = {0};

	for (size_t i = 0; i < diag->count; i++)
		str_printf(&s, "%s: %s\n", diag->messages[i].where,
			   diag->messages[i].text);
	conf_diag_fini(diag);
	return str_take(&s);
}

/* The model of a text that is expected to be good, perhaps with warnings. */
static inline struct conf_model *
fake_load(const char *text)
{
	struct conf_diag diag = {0};
	struct conf_model *m =
	    conf_load_text(text, "t.conf", &fake_kinds, &diag);
	size_t errors = diag.errors;
	char *said = fake_messages(&diag);

	ck_assert_msg(errors == 0 && m != NULL, "%s", said);
	free(said);
	return m;
}

/* What is said about a text; owned. It is expected to be refused exactly if
 * something is said. */
static inline char *
fake_complaints(const char *text)
{
	struct conf_diag diag = {0};
	struct conf_model *m =
	    conf_load_text(text, "t.conf", &fake_kinds, &diag);

	ck_assert_msg((m == NULL) == (diag.errors > 0), "%s", text);
	conf_model_unref(m);
	return fake_messages(&diag);
}

struct complaint {
	const char *text, *said;
};

/* Each text, put between `head` and `tail`, draws exactly one complaint. */
static inline void
fake_expect(const struct complaint *cases, size_t count, const char *head,
	    const char *tail)
{
	for (size_t i = 0; i < count; i++) {
		char *text = xasprintf("%s%s%s", head, cases[i].text, tail);
		char *said = fake_complaints(text);

		ck_assert_msg(strstr(said, cases[i].said) != NULL,
			      "%s\nsaid: %snot: %s", text, said, cases[i].said);
		ck_assert_msg(strchr(said, '\n') == strrchr(said, '\n'),
			      "%s\nsaid more: %s", text, said);
		free(said);
		free(text);
	}
}

#endif
