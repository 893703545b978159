/* SPDX-License-Identifier: Apache-2.0 */
/* Writes metrics. Lines are put together from bytes that are ready: a scrape
 * of a thousand routes has a hundred thousand of them. */
#include "observe/exposition.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/json.h"

static const char *const content_types[] = {
    [EXPOSITION_TEXT] = "text/plain; version=0.0.4; charset=utf-8",
    [EXPOSITION_OPENMETRICS] =
	"application/openmetrics-text; version=1.0.0; charset=utf-8",
};

static const char *const type_words[] = {
    [METRIC_COUNTER] = "counter",
    [METRIC_GAUGE] = "gauge",
    [METRIC_HISTOGRAM] = "histogram",
    [METRIC_INFO] = "info",
};

const char *
exposition_content_type(enum exposition_format format)
{
	return content_types[format];
}

/* --- numbers and escapes ------------------------------------------------- */

/* Microseconds as seconds: 1500000 is 1.5. */
static void
add_seconds(struct str *to, uint64_t us)
{
	char fraction[7] = ".000000";
	size_t len = sizeof(fraction);
	uint64_t rest = us % 1000000;

	for (size_t i = sizeof(fraction) - 1; i > 0; i--) {
		fraction[i] = (char)('0' + rest % 10);
		rest /= 10;
	}
	while (len > 2 && fraction[len - 1] == '0')
		len--;
	str_add_uint(to, us / 1000000);
	str_add_bytes(to, fraction, len);
}

static void
add_double(struct str *to, double value)
{
	if (isnan(value))
		str_add(to, "NaN");
	else if (isinf(value))
		str_add(to, value > 0 ? "+Inf" : "-Inf");
	else
		jsonw_number(to, value);
}

static void
add_escaped(struct str *to, struct view text, bool quotes)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.at[i];

		if (c == '\n')
			str_add(to, "\\n");
		else if (c == '\\' || (c == '"' && quotes))
			str_add_bytes(to, (char[]){'\\', c}, 2);
		else
			str_add_char(to, c);
	}
}

void
exposition_label(struct str *to, const char *name, struct view value)
{
	if (to->len > 0)
		str_add_char(to, ',');
	str_add(to, name);
	str_add(to, "=\"");
	add_escaped(to, value, true);
	str_add_char(to, '"');
}

/* --- families ------------------------------------------------------------ */

void
exposition_begin(
    struct exposition *e, enum exposition_format format, struct str *out)
{
	*e = (struct exposition){.out = out, .format = format};
}

static void
add_meta(struct exposition *e, const char *what, const struct str *name,
    const char *text)
{
	str_printf(e->out, "# %s ", what);
	str_add_bytes(e->out, name->text, name->len);
	str_add_char(e->out, ' ');
	add_escaped(e->out, view_of(text), e->format == EXPOSITION_OPENMETRICS);
	str_add_char(e->out, '\n');
}

void
exposition_family(struct exposition *e, const struct metric_family *family)
{
	bool open = e->format == EXPOSITION_OPENMETRICS;
	const char *type = type_words[family->type];
	struct str bare = {0};

	e->family = family;
	str_add(&bare, family->name);
	str_clear(&e->name);
	str_add(&e->name, family->name);
	if (family->type == METRIC_COUNTER)
		str_add(&e->name, "_total");
	else if (family->type == METRIC_INFO)
		str_add(&e->name, "_info");
	if (family->type == METRIC_INFO && !open)
		type = "gauge";
	add_meta(e, "HELP", open ? &bare : &e->name, family->help);
	add_meta(e, "TYPE", open ? &bare : &e->name, type);
	if (family->unit != NULL && open)
		add_meta(e, "UNIT", &bare, family->unit);
	str_fini(&bare);
}

void
exposition_end(struct exposition *e)
{
	if (e->format == EXPOSITION_OPENMETRICS)
		str_add(e->out, "# EOF\n");
	str_fini(&e->name);
}

/* --- samples ------------------------------------------------------------- */

/* The sample's name and labels; open: so that a further label may follow. */
static void
add_front(struct str *out, const struct exposition *e, const char *suffix,
    const struct metric_labels *labels, bool open)
{
	bool common = labels->common.len > 0, own = labels->own.len > 0;

	str_add_bytes(out, e->name.text, e->name.len);
	str_add(out, suffix);
	if (common || own || open)
		str_add_char(out, '{');
	str_add_bytes(out, labels->common.at, labels->common.len);
	if (common && own)
		str_add_char(out, ',');
	str_add_bytes(out, labels->own.at, labels->own.len);
	if (open)
		str_add(out, common || own ? ",le=\"" : "le=\"");
	else
		str_add(out, common || own ? "} " : " ");
}

static void
add_exemplar(struct exposition *e, const struct exemplar *exemplar, bool count)
{
	char id[TRACE_ID_TEXT];

	if (exemplar == NULL || exemplar->wall_us == 0 ||
	    e->format != EXPOSITION_OPENMETRICS)
		return;
	trace_id_text(exemplar->trace_id, id);
	str_printf(e->out, " # {trace_id=\"%s\"} ", id);
	if (count)
		str_add(e->out, "1.0");
	else
		add_seconds(e->out, (uint64_t)exemplar->value_us);
	str_add_char(e->out, ' ');
	add_seconds(e->out, (uint64_t)exemplar->wall_us);
}

void
exposition_uint(struct exposition *e, struct metric_labels labels,
    uint64_t value, const struct exemplar *exemplar)
{
	add_front(e->out, e, "", &labels, false);
	str_add_uint(e->out, value);
	add_exemplar(e, exemplar, true);
	str_add_char(e->out, '\n');
}

void
exposition_double(
    struct exposition *e, struct metric_labels labels, double value)
{
	add_front(e->out, e, "", &labels, false);
	add_double(e->out, value);
	str_add_char(e->out, '\n');
}

void
exposition_histogram(struct exposition *e, struct metric_labels labels,
    const struct histogram_scale *scale, const struct histogram_sum *sum,
    const struct exemplar *exemplars)
{
	struct str *out = e->out, front = {0};
	uint64_t count = 0;

	add_front(&front, e, "_bucket", &labels, true);
	for (unsigned i = 0; i <= HISTOGRAM_BOUNDS; i++) {
		count += sum->buckets[i];
		str_add_bytes(out, front.text, front.len);
		str_add(out, scale->le[i]);
		str_add_bytes(out, "\"} ", 3);
		str_add_uint(out, count);
		if (exemplars != NULL)
			add_exemplar(e, &exemplars[i], false);
		str_add_char(out, '\n');
	}
	str_fini(&front);
	add_front(out, e, "_sum", &labels, false);
	add_seconds(out, sum->sum_us);
	str_add_char(out, '\n');
	add_front(out, e, "_count", &labels, false);
	str_add_uint(out, count);
	str_add_char(out, '\n');
}
