/* SPDX-License-Identifier: Apache-2.0 */
/* Tables and the room that text takes. */
#include "cli/table.h"

#include <string.h>

#include "cli/human.h"
#include "cli/text_width.h"
#include "tests/harness/check_run.h"

static const struct {
	const char *text;
	size_t width;
} widths[] = {
    {"", 0},
    {"plain", 5},
    {"caf\xc3\xa9", 4},
    {"cafe\xcc\x81", 4},		 /* a combining accent */
    {"\xe6\x9d\xb1\xe4\xba\xac", 4},	 /* two wide characters */
    {"\xf0\x9f\x94\xa5", 2},		 /* an emoji */
};

START_TEST(text_is_as_wide_as_a_terminal_shows_it)
{
	for (size_t i = 0; i < COUNT_OF(widths); i++)
		ck_assert_uint_eq(text_width(widths[i].text),
		    widths[i].width);
}
END_TEST

static const struct {
	const char *text, *clean;
} dirty[] = {
    {"plain \xc3\xa9", "plain \xc3\xa9"},
    {"\033[2J", "\xef\xbf\xbd[2J"},
    {"a\nb", "a\xef\xbf\xbd""b"},
    {"\xc2\x9b""1m", "\xef\xbf\xbd""1m"},	  /* a control of C1 */
    {"\xe2\x80\xaetxt", "\xef\xbf\xbdtxt"},	  /* turns the direction */
    {"\xff", "\xef\xbf\xbd"},
    {"\xc3", "\xef\xbf\xbd"},			  /* cut */
    {"\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"},	  /* too long a form */
    {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
};

START_TEST(what_moves_the_cursor_is_replaced)
{
	for (size_t i = 0; i < COUNT_OF(dirty); i++) {
		struct str out = {0};

		text_add_clean(&out, dirty[i].text);
		ck_assert_str_eq(out.text, dirty[i].clean);
		str_fini(&out);
	}
}
END_TEST

START_TEST(cut_text_fits_and_says_that_it_was_cut)
{
	static const char *const texts[] = {"abcdef",
	    "\xe6\x9d\xb1\xe4\xba\xac\xe6\x9d\xb1", "caf\xc3\xa9 caf\xc3\xa9"};

	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		for (size_t width = 0; width < 12; width++) {
			struct str out = {0};

			text_add_cut(&out, texts[i], width);
			str_add(&out, "");
			ck_assert_uint_le(text_width(out.text), width);
			if (text_width(texts[i]) > width && width > 0)
				ck_assert_ptr_nonnull(strstr(out.text,
				    "\xe2\x80\xa6"));
			str_fini(&out);
		}
	}
}
END_TEST

static char *
printed(const struct table_look *look)
{
	struct str out = {0};
	struct table t;

	table_init(&t, "NAME|>N|LAST");
	table_add(&t, "caf\xc3\xa9");
	table_add(&t, "7");
	table_add(&t, "x");
	table_add(&t, "\xe6\x9d\xb1\xe4\xba\xac");
	table_addf(&t, "%d", 1000);
	table_add(&t, "");
	ck_assert_uint_eq(table_rows(&t), 2);
	table_print(&t, look, &out);
	table_fini(&t);
	return str_take(&out);
}

START_TEST(columns_stand_under_each_other_whatever_the_characters)
{
	char *text = printed(&(struct table_look){0});

	ck_assert_str_eq(text, "NAME     N  LAST\n"
			       "caf\xc3\xa9     7  x\n"
			       "\xe6\x9d\xb1\xe4\xba\xac  1000  -\n");
	free(text);
}
END_TEST

START_TEST(colour_is_only_where_it_is_asked_for)
{
	char *plain = printed(&(struct table_look){0});
	char *bold = printed(&(struct table_look){.colour = true});

	ck_assert_ptr_null(strchr(plain, '\033'));
	ck_assert_ptr_eq(strstr(bold, "\033[1mNAME"), bold);
	ck_assert_ptr_nonnull(strstr(bold, "LAST\033[0m\n"));
	free(plain);
	free(bold);
}
END_TEST

START_TEST(a_small_screen_gets_fewer_rows_and_shorter_lines)
{
	char *text = printed(&(struct table_look){.width = 8, .rows = 1});

	ck_assert_str_eq(text, "NAME   \xe2\x80\xa6\n"
			       "caf\xc3\xa9   \xe2\x80\xa6\n");
	free(text);
}
END_TEST

START_TEST(a_table_without_rows_is_its_heads)
{
	struct str out = {0};
	struct table t;

	table_init(&t, "A|B");
	ck_assert_uint_eq(table_rows(&t), 0);
	table_print(&t, &(struct table_look){0}, &out);
	ck_assert_str_eq(out.text, "A  B\n");
	str_fini(&out);
	table_fini(&t);
}
END_TEST

static const struct {
	void (*print)(struct str *to, double value);
	double value;
	const char *text;
} quantities[] = {
    {human_bytes, 0, "0 B"},
    {human_bytes, 1023, "1023 B"},
    {human_bytes, 1024, "1 KiB"},
    {human_bytes, 1536, "1.5 KiB"},
    {human_bytes, 1023.9 * 1024, "1 MiB"},
    {human_bytes, 12.4 * 1024 * 1024, "12 MiB"},
    {human_bytes, 1e18, "888 PiB"},
    {human_count, 0, "0"},
    {human_count, 0.25, "0.3"},
    {human_count, 999, "999"},
    {human_count, 999.6, "1k"},
    {human_count, 1234567, "1.2M"},
    {human_seconds, -1, "0s"},
    {human_seconds, 0.24, "0.2s"},
    {human_seconds, 9.96, "10s"},
    {human_seconds, 29.99, "30s"},
    {human_seconds, 59.9, "1m00s"},
    {human_seconds, 185, "3m05s"},
    {human_seconds, 7800, "2h10m"},
    {human_seconds, 356400, "4d03h"},
    {human_share, 0.37, "37%"},
    {human_share, 0.005, "0.5%"},
};

START_TEST(quantities_have_few_digits)
{
	for (size_t i = 0; i < COUNT_OF(quantities); i++) {
		struct str out = {0};

		quantities[i].print(&out, quantities[i].value);
		ck_assert_str_eq(out.text, quantities[i].text);
		str_fini(&out);
	}
}
END_TEST

int
main(void)
{
	return check_run("table", (const TTest *const[]){
	    text_is_as_wide_as_a_terminal_shows_it,
	    what_moves_the_cursor_is_replaced,
	    cut_text_fits_and_says_that_it_was_cut,
	    columns_stand_under_each_other_whatever_the_characters,
	    colour_is_only_where_it_is_asked_for,
	    a_small_screen_gets_fewer_rows_and_shorter_lines,
	    a_table_without_rows_is_its_heads,
	    quantities_have_few_digits, NULL});
}
