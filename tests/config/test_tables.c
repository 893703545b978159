/* SPDX-License-Identifier: Apache-2.0 */
/* The tables themselves: documented, valid, and without clashes. */

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "config/load.h"
#include "tests/config/fake_kinds.h"
#include "tests/harness/check_run.h"

START_TEST(every_field_is_documented_in_one_sentence)
{
	for (const struct conf_group *g = conf_groups; g->name != NULL; g++) {
		ck_assert_ptr_nonnull(g->summary);
		for (const struct conf_field *f = g->fields; f->name != NULL;
		     f++) {
			ck_assert_msg(f->help != NULL && f->help[0] != '\0',
				      "%s.%s", g->name, f->name);
			ck_assert_msg(f->help[strlen(f->help) - 1] != '.',
				      "%s.%s", g->name, f->name);
			ck_assert_msg(strchr(f->help, '|') == NULL, "%s.%s",
				      g->name, f->name);
		}
	}
}
END_TEST

START_TEST(every_default_is_valid)
{
	char target[4096] __attribute__((aligned(16)));
	struct error err = {0};

	for (const struct conf_group *g = conf_groups; g->name != NULL; g++) {
		for (const struct conf_field *f = g->fields; f->name != NULL;
		     f++) {
			if (f->def == NULL || f->type == CONF_GROUP)
				continue;
			memset(target, 0, sizeof(target));
			ck_assert_msg(conf_field_parse(f, target, f->def, &err),
				      "%s.%s: %s", g->name, f->name, err.text);
			conf_fields_fini(
			    (const struct conf_field[]){*f, CONF_FIELD_END},
			    target);
		}
	}
}
END_TEST

START_TEST(no_table_has_a_name_twice)
{
	for (const struct conf_group *g = conf_groups; g->name != NULL; g++) {
		for (const struct conf_field *f = g->fields; f->name != NULL;
		     f++)
			ck_assert_msg(conf_field_find(f + 1, f->name) == NULL,
				      "%s.%s", g->name, f->name);
	}
}
END_TEST

START_TEST(quantities_say_what_a_bare_number_counts)
{
	for (const struct conf_group *g = conf_groups; g->name != NULL; g++) {
		for (const struct conf_field *f = g->fields; f->name != NULL;
		     f++) {
			if (f->type == CONF_DURATION || f->type == CONF_SIZE)
				ck_assert_msg(f->bare != 0, "%s.%s", g->name,
					      f->name);
		}
	}
}
END_TEST

START_TEST(every_group_has_a_table)
{
	static const char *const names[] = {"",
					    "control",
					    "log",
					    "observe",
					    "trace",
					    "grafana",
					    "loki",
					    "service",
					    "route",
					    "match",
					    "tls",
					    "upstream_tls",
					    "fault",
					    "when",
					    "partition",
					    "experiment",
					    "load",
					    "request",
					    "degraded_when",
					    "load_step",
					    "steady",
					    "guards",
					    "abort",
					    "phases",
					    "scenario",
					    "step",
					    "load_scale",
					    "verify",
					    "hook",
					    "report",
					    "schedule",
					    "monkey"};
	size_t i;

	for (i = 0; conf_groups[i].name != NULL; i++)
		ck_assert_str_eq(conf_groups[i].name, names[i]);
	ck_assert_uint_eq(i, COUNT_OF(names));
}
END_TEST

int
main(void)
{
	return check_run("tables",
			 (const TTest *const[]){
			     every_field_is_documented_in_one_sentence,
			     every_default_is_valid, no_table_has_a_name_twice,
			     quantities_say_what_a_bare_number_counts,
			     every_group_has_a_table, NULL});
}
