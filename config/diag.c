/* SPDX-License-Identifier: Apache-2.0 */
/* Collecting what is wrong, with a bound against hostile files. */
#include "config/diag.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

#define KEPT	 1000
#define TEXT_MAX 2000 /* bytes of one message */

enum severity { WARNING, ERROR, CONFLICT };

static char *
where_text(const struct conf_where *where)
{
	if (where == NULL || where->file == NULL)
		return xstrdup("configuration");
	if (where->line == 0)
		return xstrdup(where->file);
	return xasprintf("%s:%u", where->file, where->line);
}

/* Cuts a text that quotes too much of a hostile file, between letters. */
static void
shorten(char *text)
{
	size_t len = strnlen(text, TEXT_MAX);

	while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
		len--;
	text[len] = '\0';
}

static void
add(struct conf_diag *diag, enum severity severity,
    const struct conf_where *where, const char *format, va_list args)
{
	struct conf_message *m;

	if (severity != WARNING)
		diag->errors++;
	if (severity == CONFLICT)
		diag->conflicts++;
	if (diag->count >= KEPT)
		return;
	diag->messages =
	    xgrow(diag->messages, &diag->count, sizeof(*diag->messages));
	m = &diag->messages[diag->count - 1];
	m->warning = severity == WARNING;
	m->where = where_text(where);
	if (vasprintf(&m->text, format, args) < 0)
		m->text = xstrdup(format);
	shorten(m->text);
}

void
conf_error(struct conf_diag *diag, const struct conf_where *where,
	   const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(diag, ERROR, where, format, args);
	va_end(args);
}

void
conf_conflict(struct conf_diag *diag, const struct conf_where *where,
	      const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(diag, CONFLICT, where, format, args);
	va_end(args);
}

void
conf_warn(struct conf_diag *diag, const struct conf_where *where,
	  const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(diag, WARNING, where, format, args);
	va_end(args);
}

void
conf_diag_fini(struct conf_diag *diag)
{
	size_t i;

	for (i = 0; i < diag->count; i++) {
		free(diag->messages[i].where);
		free(diag->messages[i].text);
	}
	free(diag->messages);
	*diag = (struct conf_diag){0};
}

const struct conf_message *
conf_diag_first(const struct conf_diag *diag)
{
	size_t i;

	for (i = 0; i < diag->count; i++) {
		if (!diag->messages[i].warning)
			return &diag->messages[i];
	}
	return NULL;
}

const char *
conf_diag_text(const struct conf_diag *diag)
{
	const struct conf_message *first = conf_diag_first(diag);

	return first != NULL ? first->text : "refused";
}

struct conf_where
conf_spot_where(const struct conf_spot *spot, const char *key)
{
	return spot->line != NULL ? spot->line(spot, key) : spot->where;
}

void
conf_spot_error(const struct conf_spot *spot, const char *key,
		const char *format, ...)
{
	struct conf_where where = conf_spot_where(spot, key);
	va_list args;
	char *text;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = xstrdup(format);
	va_end(args);
	conf_error(spot->diag, &where, "%s: %s", key, text);
	free(text);
}
