/* SPDX-License-Identifier: Apache-2.0 */
/* An event as a line: what every event has in columns, the rest behind. */
#include "cli/event_line.h"

#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/show.h"
#include "cli/text_width.h"

#define TYPE_WIDTH  14
#define PLACE_WIDTH 14

/* Told in columns, or not told. */
static const char *const columns[] = {"type", "ts_us", "route", "flow",
    "session", "fault", "kind", NULL};

static bool
has_column(const char *key)
{
	const char *const *column = columns;

	while (*column != NULL && strcmp(*column, key) != 0)
		column++;
	return *column != NULL;
}

/* Appends the clean text, and blanks up to the width. */
static void
add_column(struct str *to, const char *text, size_t width)
{
	struct str clean = {0};
	size_t used;

	text_add_clean(&clean, text);
	str_add(&clean, "");
	used = text_width(clean.text);
	str_add(to, clean.text);
	text_add_blanks(to, used < width ? width - used : 0);
	str_add(to, "  ");
	str_fini(&clean);
}

/* "web/12 s5": the flow, and the session it belongs to. */
static void
add_place(struct str *to, const json_t *event)
{
	const json_t *flow = json_object_get(event, "flow");
	struct str place = {0};

	str_add(&place, cli_text(event, "route"));
	if (json_is_number(flow))
		str_printf(&place, "/%.0f", json_number_value(flow));
	if (cli_number(event, "session") > 0)
		str_printf(&place, " s%.0f", cli_number(event, "session"));
	add_column(to, place.len > 0 ? place.text : "-", PLACE_WIDTH);
	str_fini(&place);
}

static void
add_fault(struct str *to, const json_t *event)
{
	const char *fault = cli_text(event, "fault");
	const char *kind = cli_text(event, "kind");

	if (fault[0] == '\0')
		return;
	text_add_clean(to, fault);
	if (kind[0] != '\0')
		str_printf(to, " (%s)", kind);
	str_add(to, "  ");
}

static void
add_rest(struct str *to, const json_t *event)
{
	struct str value = {0};
	const char *key;
	json_t *member;

	json_object_foreach((json_t *)event, key, member) {
		if (has_column(key))
			continue;
		str_clear(&value);
		if (json_is_real(member))
			str_printf(&value, "%.7g", json_real_value(member));
		else
			show_value(&value, member);
		text_add_clean(to, key);
		str_add_char(to, '=');
		text_add_clean(to, value.text);
		str_add_char(to, ' ');
	}
	str_fini(&value);
}

void
event_line(struct str *to, const json_t *event)
{
	add_column(to, cli_text(event, "type"), TYPE_WIDTH);
	add_place(to, event);
	add_fault(to, event);
	add_rest(to, event);
	while (to->len > 0 && to->text[to->len - 1] == ' ')
		to->text[--to->len] = '\0';
}
