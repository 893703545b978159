/* SPDX-License-Identifier: Apache-2.0 */
/* What the tables look like to people and programs. */
#include "config/describe.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "tests/config/fake_kinds.h"
#include "tests/harness/check_run.h"

static struct str out;

static void
holds(const char *part)
{
	ck_assert_msg(strstr(out.text, part) != NULL, "%s\nlacks: %s", out.text,
		      part);
}

START_TEST(the_text_of_a_kind_says_everything)
{
	describe_kind_text(&out, &fake_every);
	holds("every_type\n  Has a field of every type.\n\n"
	      "Applies to: all routes");
	holds("Direction: stream = upstream, downstream (default) or both.\n");
	holds("  delay: duration, 0ms … 1h, default 10ms, a bare number "
	      "counts ms\n      How long.\n");
	holds("  bytes: size, default 1KiB, a bare number counts bytes\n");
	holds("  rate: rate, a bare number counts KB/s\n");
	holds("  shape: one of uniform, normal, pareto, default normal\n");
	holds("  share: fraction, 0 … 1, default 50%\n");
	holds("long enough for a second\nline.\n\nAnother paragraph.\n");
	holds("Every fault also takes name, stream, layer, at,");
	ck_assert_ptr_null(strstr(out.text, "secret"));
	str_fini(&out);
	describe_kind_text(&out, &fake_abort);
	holds("http routes only");
	holds("Direction: none");
	holds("  status: integer, 200 … 599, required\n");
	str_fini(&out);
	describe_kind_text(&out, &fake_reset);
	holds("Parameters\n  none\n");
	str_fini(&out);
}
END_TEST

START_TEST(no_line_is_wider_than_a_terminal)
{
	char *line, *rest;

	describe_kind_text(&out, &fake_every);
	describe_kinds_list_text(&out, &fake_kinds);
	rest = out.text;
	while ((line = strsep(&rest, "\n")) != NULL) {
		size_t columns = 0;

		for (const char *p = line; *p != '\0'; p++)
			columns += (*p & 0xc0) != 0x80;
		ck_assert_msg(columns <= 80, "%s", line);
	}
	str_fini(&out);
}
END_TEST

START_TEST(examples_are_not_broken_inside_of_quotes)
{
	const struct conf_kind kind = {
	    .name = "k",
	    .summary = "s",
	    .fields = fake_no_fields,
	    .example = "{ type = \"every_type\"; text = \"aaaaaaaaaa bbbbbbbbb "
		       "cccccccc dddddddd\"; words = [ \"eeeeeeee, ffff; g\" "
		       "]; }"};

	describe_kind_markdown(&out, &kind);
	holds("```\n{ type = \"every_type\"; text = \"aaaaaaaaaa bbbbbbbbb "
	      "cccccccc dddddddd\";\n  words = [ \"eeeeeeee, ffff; g\" ]; "
	      "}\n```\n");
	str_fini(&out);
}
END_TEST

START_TEST(the_list_leaves_out_hidden_kinds)
{
	describe_kinds_list_text(&out, &fake_kinds);
	holds("abort          Answers a request itself\n");
	holds("reset_peer     Resets connections\n");
	ck_assert_ptr_null(strstr(out.text, "partition_cut"));
	str_fini(&out);
}
END_TEST

START_TEST(pages_have_a_row_for_every_field)
{
	char *row;

	describe_kind_markdown(&out, &fake_every);
	holds("# every_type\n");
	holds("| `delay` | duration (ms) | 0ms … 1h | `10ms` | How long |\n");
	holds("| `shape` | one of uniform, normal, pareto |  | `normal` | Of "
	      "what form |\n");
	holds("## Example\n");
	str_fini(&out);
	describe_kind_markdown(&out, &fake_reset);
	holds("## Parameters\n\nNone.\n");
	ck_assert_ptr_null(strstr(out.text, "## What it does"));
	str_fini(&out);
	for (const struct conf_group *g = conf_groups; g->name != NULL; g++) {
		describe_group_markdown(&out, g);
		for (const struct conf_field *f = g->fields; f->name != NULL;
		     f++) {
			row = xasprintf("| `%s` | ", f->name);
			holds(row);
			free(row);
		}
		str_fini(&out);
	}
	describe_group_markdown(&out, conf_groups);
	holds("## file\n");
	str_fini(&out);
}
END_TEST

START_TEST(json_names_types_bounds_and_choices)
{
	describe_kind_json(&out, &fake_every);
	holds("{\"name\":\"every_type\",\"summary\":");
	holds("{\"name\":\"delay\",\"type\":\"duration\",\"required\":false,"
	      "\"default\":\"10ms\",\"min\":0,\"max\":3600000000,\"bounds\":"
	      "\"0ms … 1h\",\"unit\":\"ms\",\"help\":\"How long\"}");
	holds("\"choices\":[\"uniform\",\"normal\",\"pareto\"]");
	holds("\"protocols\":[\"tcp\",\"http\",\"udp\",\"dns\","
	      "\"redis\",\"postgres\"]");
	holds("\"http_only\":false,\"has_stream\":true");
	ck_assert_ptr_null(strstr(out.text, "secret"));
	str_fini(&out);
	describe_kinds_json(&out, &fake_kinds);
	ck_assert_int_eq(out.text[0], '[');
	ck_assert_int_eq(out.text[out.len - 1], ']');
	holds("{\"name\":\"abort\",");
	holds("\"protocols\":[\"http\"]");
	holds("\"http_only\":true,\"has_stream\":false,\"parameters\":[{"
	      "\"name\":\"status\",\"type\":\"int\",\"required\":true,");
	ck_assert_ptr_null(strstr(out.text, "partition_cut"));
	str_fini(&out);
}
END_TEST

int
main(void)
{
	return check_run(
	    "describe",
	    (const TTest *const[]){the_text_of_a_kind_says_everything,
				   no_line_is_wider_than_a_terminal,
				   examples_are_not_broken_inside_of_quotes,
				   the_list_leaves_out_hidden_kinds,
				   pages_have_a_row_for_every_field,
				   json_names_types_bounds_and_choices, NULL});
}
