/* SPDX-License-Identifier: Apache-2.0 */
/* A document as one HTML file: no script, nothing from outside, readable
 * without colours. */
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "report/sections.h"
#include "report/views.h"

/* What a tone is called, for those who do not see it. */
static const char *const tones[] = {[TONE_NONE] = "",
				    [TONE_GOOD] = "good",
				    [TONE_BAD] = "bad",
				    [TONE_OPEN] = "open"};

static void
add_tag(struct str *to, const char *tag, enum doc_tone tone)
{
	if (tone == TONE_NONE)
		str_printf(to, "<%s>", tag);
	else
		str_printf(to, "<%s class=\"%s\">", tag, tones[tone]);
}

static void
add_row(struct str *to, const struct doc_block *b, size_t at)
{
	str_add(to, "<tr>");
	for (size_t i = 0; i < b->columns; i++) {
		const struct doc_cell *c = &b->cells[at + i];

		if (at == 0)
			str_add(to, "<th scope=\"col\">");
		else if (i == 0)
			str_add(to, "<th scope=\"row\">");
		else
			add_tag(to, "td", c->tone);
		markup_add(to, c->text);
		str_add(to, at == 0 || i == 0 ? "</th>" : "</td>");
	}
	str_add(to, "</tr>\n");
}

static void
add_table(struct str *to, const struct doc_block *b)
{
	str_add(to, "<div class=\"wide\" tabindex=\"0\"><table><caption>");
	markup_add(to, b->text);
	str_add(to, "</caption>\n<thead>");
	add_row(to, b, 0);
	str_add(to, "</thead>\n<tbody>\n");
	for (size_t i = b->columns; i + b->columns <= b->cells_count;
	     i += b->columns)
		add_row(to, b, i);
	str_add(to, "</tbody></table></div>\n");
}

static void
add_item(struct str *to, const struct doc_block *b)
{
	str_add(to, "<li>");
	if (b->tone != TONE_NONE)
		str_printf(to, "<span class=\"mark %s\">%s:</span> ",
			   tones[b->tone], tones[b->tone]);
	markup_add(to, b->text);
	str_add(to, "</li>\n");
}

/* Line breaks stay. */
static void
add_lines(struct str *to, const char *text)
{
	while (*text != '\0') {
		size_t len = strcspn(text, "\n");
		char *line = xmemdup0(text, len);

		markup_add(to, line);
		str_add(to, "\n");
		free(line);
		text += len + (text[len] == '\n');
	}
}

static void
add_block(const struct report *r, struct str *to, const struct doc_block *b)
{
	switch (b->kind) {
	case DOC_SECTION:
		str_printf(to, "<h2 id=\"%s\">", b->id);
		markup_add(to, b->text);
		str_add(to, "</h2>\n");
		break;
	case DOC_TEXT:
		str_add(to, "<p>");
		markup_add(to, b->text);
		str_add(to, "</p>\n");
		break;
	case DOC_ITEM:
		add_item(to, b);
		break;
	case DOC_TABLE:
		add_table(to, b);
		break;
	case DOC_CODE:
		str_add(to, "<pre tabindex=\"0\"><code>");
		add_lines(to, b->text);
		str_add(to, "</code></pre>\n");
		break;
	case DOC_PLOT:
		str_add(to, "<div class=\"wide\" tabindex=\"0\">\n");
		svg_plot(r, to);
		str_add(to, "</div>\n");
		break;
	}
}

static void
add_contents(struct str *to, const struct doc *d)
{
	str_add(to, "<nav aria-label=\"Sections\"><ul>\n");
	for (size_t i = 0; i < d->count; i++) {
		if (d->blocks[i].kind != DOC_SECTION)
			continue;
		str_printf(to, "<li><a href=\"#%s\">", d->blocks[i].id);
		markup_add(to, d->blocks[i].text);
		str_add(to, "</a></li>\n");
	}
	str_add(to, "</ul></nav>\n");
}

static void
add_head(struct str *to, const struct doc *d)
{
	str_add(to, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
		    "<meta charset=\"utf-8\">\n"
		    "<meta name=\"viewport\" content=\"width=device-width, "
		    "initial-scale=1\">\n"
		    "<meta http-equiv=\"Content-Security-Policy\" "
		    "content=\"default-src 'none'; style-src "
		    "'unsafe-inline'\">\n<title>");
	markup_add(to, d->title);
	str_add(to, "</title>\n<style>\n");
	str_add(to, html_style);
	str_add(to, "</style>\n</head>\n<body>\n<h1>");
	markup_add(to, d->title);
	str_add(to, "</h1>\n");
	add_contents(to, d);
	str_add(to, "<main>\n");
}

void
view_html(const struct report *r, struct str *to)
{
	struct doc d = {0};
	bool listed = false;

	sections_build(r, &d);
	add_head(to, &d);
	for (size_t i = 0; i < d.count; i++) {
		bool item = d.blocks[i].kind == DOC_ITEM;

		if (item != listed)
			str_add(to, item ? "<ul>\n" : "</ul>\n");
		listed = item;
		add_block(r, to, &d.blocks[i]);
	}
	str_add(to, listed ? "</ul>\n" : "");
	str_add(to, "</main>\n</body>\n</html>\n");
	doc_fini(&d);
}
