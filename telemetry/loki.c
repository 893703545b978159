/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies for Loki. */
#include "telemetry/loki.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/xalloc.h"

/* --- labels --- */

static void
add_label(struct loki_labels *to, struct view name, const char *value)
{
	to->items = xrealloc(to->items,
	    (to->count + 1) * sizeof(*to->items));
	to->items[to->count++] = (struct loki_label){
	    xmemdup0(name.at, name.len), xstrdup(value)};
}

void
loki_labels_init(struct loki_labels *to, const struct conf_loki *conf,
    const char *host)
{
	bool has_instance = false;

	*to = (struct loki_labels){0};
	add_label(to, VIEW("service_name"),
	    conf->service_name != NULL ? conf->service_name : "faultwire");
	for (size_t i = 0; i < conf->labels.count; i++) {
		const char *text = conf->labels.items[i];
		struct view name = {text, strcspn(text, "=")};

		add_label(to, name, text + name.len + 1);
		has_instance = has_instance || view_is(name, "instance");
	}
	if (!has_instance)
		add_label(to, VIEW("instance"), host);
}

void
loki_labels_fini(struct loki_labels *l)
{
	for (size_t i = 0; i < l->count; i++) {
		free(l->items[i].name);
		free(l->items[i].value);
	}
	free(l->items);
	*l = (struct loki_labels){0};
}

/* --- lines --- */

/* NULL: there is none. */
static const char *
text_of(const struct log_field *f, const char *key)
{
	for (; f->type != LOG_TYPE_END; f++) {
		if (f->type == LOG_TYPE_STR && strcmp(f->key, key) == 0)
			return f->str;
	}
	return NULL;
}

/* Moves `at` behind a copy of the text (NULL stays NULL) and its NUL. */
static const char *
put_text(char **at, struct view text)
{
	char *to = *at;

	if (text.at == NULL)
		return NULL;
	memcpy(to, text.at, text.len);
	to[text.len] = '\0';
	*at = to + text.len + 1;
	return to;
}

struct loki_line *
loki_line_new(const struct log_entry *entry)
{
	const char *id = text_of(entry->fields, "trace_id");
	struct view event = view_of(entry->event), trace = view_of(id);
	size_t size = sizeof(struct loki_line) + entry->json.len + event.len +
	    trace.len + 3;
	struct loki_line *l = xmalloc(size);
	char *at = (char *)(l + 1);

	*l = (struct loki_line){
	    .time_ns = entry->wall_us * 1000,
	    .level = entry->level,
	    .size = size,
	};
	l->json = put_text(&at, entry->json);
	l->event = put_text(&at, event);
	l->trace_id = put_text(&at, trace);
	return l;
}

/* --- bodies --- */

static void
put_metadata(struct jsonw *w, const struct loki_line *l)
{
	if (l->event == NULL && l->trace_id == NULL)
		return;
	jsonw_object(w);
	if (l->event != NULL)
		jsonw_put_string(w, "event", l->event);
	if (l->trace_id != NULL)
		jsonw_put_string(w, "trace_id", l->trace_id);
	jsonw_object_end(w);
}

static void
put_line(struct jsonw *w, const struct loki_line *l, bool metadata)
{
	char time[24];

	snprintf(time, sizeof(time), "%" PRId64, l->time_ns);
	jsonw_array(w);
	jsonw_string(w, time);
	jsonw_string(w, l->json);
	if (metadata)
		put_metadata(w, l);
	jsonw_array_end(w);
}

/* The labels, and up to where its lines stand. */
static void
begin_stream(struct jsonw *w, const struct loki_labels *labels,
    enum log_level level)
{
	jsonw_object(w);
	jsonw_key(w, "stream");
	jsonw_object(w);
	for (size_t i = 0; i < labels->count; i++)
		jsonw_put_string(w, labels->items[i].name,
		    labels->items[i].value);
	jsonw_put_string(w, "level", log_level_name(level));
	jsonw_object_end(w);
	jsonw_key(w, "values");
	jsonw_array(w);
}

static void
put_stream(struct jsonw *w, const struct loki_labels *labels,
    const struct loki_line *first, bool metadata)
{
	begin_stream(w, labels, first->level);
	for (const struct loki_line *l = first; l != NULL; l = l->next) {
		if (l->level == first->level)
			put_line(w, l, metadata);
	}
	jsonw_array_end(w);
	jsonw_object_end(w);
}

void
loki_body(struct str *to, const struct loki_labels *labels,
    const struct loki_line *first, bool metadata)
{
	unsigned done = 0; /* bit n: level n */
	struct jsonw w;

	jsonw_init(&w, to);
	jsonw_object(&w);
	jsonw_key(&w, "streams");
	jsonw_array(&w);
	for (const struct loki_line *l = first; l != NULL; l = l->next) {
		if ((done & 1u << l->level) != 0)
			continue;
		done |= 1u << l->level;
		put_stream(&w, labels, l, metadata);
	}
	jsonw_array_end(&w);
	jsonw_object_end(&w);
}
