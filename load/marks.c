/* SPDX-License-Identifier: Apache-2.0 */
/* Marks of degraded answers, found across any borders between pieces. */
#include "load/marks.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "config/pattern.h"

struct load_mark {
	char *header; /* owned; NULL: no mark by header */
	struct conf_pattern value;
	struct view text; /* borrowed; len 0: no mark by text */
	uint64_t size_below;
};

static bool
read_mark(struct load_mark *to, const struct conf_mark *from, struct error *err)
{
	size_t len;

	to->size_below = (uint64_t)MAX(from->size_below, 0);
	to->text = view_of(from->body_contains);
	if (from->header == NULL)
		return true;
	len = strcspn(from->header, ":");
	to->header = xmemdup0(from->header, len);
	if (from->header[len] == ':') {
		const char *value = from->header + len + 1;

		to->value.text = xstrdup(value + strspn(value, " \t"));
	}
	return conf_pattern_compile(&to->value, false, err);
}

bool
load_marks_init(struct load_marks *m, const struct conf_load *load,
		struct error *err)
{
	*m = (struct load_marks){
	    .items = xcalloc(load->degraded_count + 1, sizeof(*m->items))};
	for (size_t i = 0; i < load->degraded_count; i++) {
		struct load_mark *mark = &m->items[m->count++];
		struct error why = {0};

		if (!read_mark(mark, &load->degraded_when[i], &why))
			return error_set(err, why.code,
					 "degraded_when %zu: header: %s", i + 1,
					 why.text);
		m->longest = MAX(m->longest, mark->text.len);
	}
	return true;
}

void
load_marks_fini(struct load_marks *m)
{
	for (size_t i = 0; i < m->count; i++) {
		conf_pattern_clear(&m->items[i].value);
		free(m->items[i].value.text);
		free(m->items[i].header);
	}
	free(m->items);
	*m = (struct load_marks){0};
}

void
load_seen_header(struct load_seen *s, const struct load_marks *m,
		 struct view name, struct view value)
{
	for (size_t i = 0; i < m->count; i++) {
		const struct load_mark *mark = &m->items[i];

		if (mark->header != NULL &&
		    view_is_nocase(name, mark->header) &&
		    conf_pattern_match(&mark->value, view_trim(value)))
			s->degraded = true;
	}
}

static void
look_for_texts(struct load_seen *s, const struct load_marks *m,
	       struct view data)
{
	for (size_t i = 0; i < m->count && !s->degraded; i++) {
		struct view text = m->items[i].text;

		if (text.len > 0 && data.len >= text.len &&
		    memmem(data.at, data.len, text.at, text.len) != NULL)
			s->degraded = true;
	}
}

/* Keeps the last longest - 1 bytes of what came. */
static void
keep_tail(struct load_seen *s, size_t keep, struct view data)
{
	if (data.len >= keep) {
		str_clear(&s->tail);
		str_add_bytes(&s->tail, data.at + data.len - keep, keep);
		return;
	}
	str_add_bytes(&s->tail, data.at, data.len);
	if (s->tail.len > keep) {
		size_t off = s->tail.len - keep;

		memmove(s->tail.text, s->tail.text + off, keep);
		s->tail.len = keep;
	}
}

static void
look_at_body(struct load_seen *s, const struct load_marks *m, struct view data)
{
	size_t keep = m->longest - 1, was = s->tail.len;

	if (was > 0) {
		/* Across the border: the tail and as much of this. */
		str_add_bytes(&s->tail, data.at, MIN(data.len, keep));
		look_for_texts(s, m, (struct view){s->tail.text, s->tail.len});
		s->tail.len = was;
	}
	look_for_texts(s, m, data);
	if (keep > 0)
		keep_tail(s, keep, data);
}

void
load_seen_body(struct load_seen *s, const struct load_marks *m,
	       const struct conf_pattern *expect, struct view data)
{
	s->bytes += data.len;
	if (expect->text != NULL)
		str_add_bytes(&s->body, data.at,
			      MIN(data.len, EXPECT_ROOM - s->body.len));
	if (m->longest > 0 && !s->degraded && data.len > 0)
		look_at_body(s, m, data);
}

void
load_seen_end(struct load_seen *s, const struct load_marks *m)
{
	for (size_t i = 0; i < m->count; i++) {
		if (s->bytes < m->items[i].size_below)
			s->degraded = true;
	}
}

bool
load_seen_expected(const struct load_seen *s, const struct conf_pattern *expect)
{
	return conf_pattern_match(
	    expect,
	    (struct view){s->body.len > 0 ? s->body.text : "", s->body.len});
}

void
load_seen_fini(struct load_seen *s)
{
	str_fini(&s->tail);
	str_fini(&s->body);
	*s = (struct load_seen){0};
}
