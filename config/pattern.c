/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns and status ranges: compiled once at load, then matched by every
 * flow. */
#include "config/pattern.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/glob.h"

#define PATTERN_MAX 1024
#define COPIES_MAX  2048UL /* parts of a regex with its repeats unrolled */
#define REPEATS_IN_A_ROW 2
#define GROUPS_MAX  64	   /* nested in a regex */

const struct conf_pattern_slot conf_when_patterns[] = {
    {"sni", offsetof(struct conf_when, sni), true, false, true},
    {"alpn", offsetof(struct conf_when, alpn), false, false, true},
    {"host", offsetof(struct conf_when, host), true, true, false},
    {"method", offsetof(struct conf_when, method), true, true, false},
    {"path", offsetof(struct conf_when, path), false, true, false},
    {"query", offsetof(struct conf_when, query), false, true, false},
    {"command", offsetof(struct conf_when, command), true, .command = true},
    {"dns_name", offsetof(struct conf_when, dns_name), true, .dns = true},
    {"dns_type", offsetof(struct conf_when, dns_type), true, .dns = true},
    {.key = NULL},
};

const struct conf_pattern_slot conf_match_patterns[] = {
    {"host", offsetof(struct conf_route, match_host), true, true, false},
    {"path", offsetof(struct conf_route, match_path), false, true, false},
    {"sni", offsetof(struct conf_route, match_sni), true, false, true},
    {.key = NULL},
};

struct conf_pattern *
conf_pattern_at(const struct conf_pattern_slot *slot, void *target)
{
	return (struct conf_pattern *)(void *)((char *)target + slot->offset);
}

void
conf_patterns_clear(const struct conf_pattern_slot *slots, void *target)
{
	const struct conf_pattern_slot *slot;

	for (slot = slots; slot->key != NULL; slot++)
		conf_pattern_clear(conf_pattern_at(slot, target));
}

/* Behind the bracket expression that begins at p. */
static const char *
skip_brackets(const char *p)
{
	p += p[1] == '^' ? 2 : 1;
	if (*p == ']')
		p++;
	while (*p != '\0' && *p != ']')
		p++;
	return *p == ']' ? p + 1 : p;
}

/* How often the operator at *p makes the library copy what stands before it
 * (1: not at all; 0: it is no operator). Moves behind it. */
static unsigned long
read_repeat(const char **p)
{
	unsigned long count = 0, most = 0;
	char *end;

	if (**p == '*' || **p == '?' || **p == '+')
		return *(*p)++ == '+' ? 2 : 1;
	if (**p != '{' || (!isdigit((unsigned char)(*p)[1]) && (*p)[1] != ','))
		return 0;
	for (++*p; isdigit((unsigned char)**p) || **p == ',';) {
		if (**p == ',') {
			++*p;
			continue;
		}
		count = strtoul(*p, &end, 10);
		most = MAX(most, MIN(count, COPIES_MAX));
		*p = end;
	}
	*p += **p == '}';
	return most + 1;
}

/* Behind the single thing at p that is neither group nor operator; NULL, with
 * err, if it refers back to a group: that takes unbounded time. */
static const char *
skip_atom(const char *p, struct error *err)
{
	if (*p == '[')
		return skip_brackets(p);
	if (*p != '\\' || p[1] == '\0')
		return p + 1;
	if (!isdigit((unsigned char)p[1]))
		return p + 2;
	error_set(err, 0,
		  "the regex refers back with \\%c; expected none of "
		  "\\1 \xe2\x80\xa6 \\9",
		  p[1]);
	return NULL;
}

/* "a***": a repeat of a repeat says nothing more, and compiling many of them
 * takes the C library minutes. */
static bool
repeats_pile_up(const char *p)
{
	size_t row = 0;

	while (p != NULL && *p != '\0') {
		if (strchr("*+?", *p) != NULL) {
			if (++row > REPEATS_IN_A_ROW)
				return true;
			p++;
			continue;
		}
		row = 0;
		p = *p == '[' || *p == '\\' ? skip_atom(p, NULL) : p + 1;
	}
	return false;
}

/* Refuses what the library would need unbounded memory or time for. It
 * unrolls repeats: the sum of what comes out of that is counted, group by
 * group. */
static bool
regex_is_tame(const char *regex, struct error *err)
{
	unsigned long sums[GROUPS_MAX] = {0}, last = 0, copies;
	const char *p = regex;
	size_t depth = 0;

	while (*p != '\0') {
		copies = last > 0 ? read_repeat(&p) : 0;
		if (copies > 0) {
			sums[depth] += last * (copies - 1);
			last *= copies;
		} else if (*p == '(' && depth + 1 < GROUPS_MAX) {
			sums[++depth] = 1;
			last = 0;
			p++;
		} else if (*p == ')' && depth > 0) {
			last = sums[depth--];
			sums[depth] += last;
			p++;
		} else {
			p = skip_atom(p, err);
			if (p == NULL)
				return false;
			last = 1;
			sums[depth]++;
		}
		if (sums[depth] > COPIES_MAX)
			return error_set(
			    err, 0,
			    "the regex is too large when "
			    "its repeats are written out; expected at most "
			    "%lu parts",
			    COPIES_MAX);
	}
	return true;
}

void
conf_pattern_clear(struct conf_pattern *p)
{
	char *text = p->text;

	if (p->is_regex)
		regfree(&p->regex);
	*p = (struct conf_pattern){.text = text};
}

void
conf_headers_clear(struct conf_when *w)
{
	size_t i;

	for (i = 0; i < w->headers_count; i++) {
		conf_pattern_clear(&w->headers[i].value);
		free(w->headers[i].value.text);
		free(w->headers[i].name);
	}
	free(w->headers);
	w->headers = NULL;
	w->headers_count = 0;
}

/* The pattern behind its marks "!" and "~". */
static const char *
pattern_body(const struct conf_pattern *p)
{
	return p->text + (p->negated ? 1 : 0) + (p->is_regex ? 1 : 0);
}

bool
conf_pattern_compile(struct conf_pattern *p, bool nocase, struct error *err)
{
	const char *body;
	char why[128];
	int rc;

	conf_pattern_clear(p);
	if (p->text == NULL)
		return true;
	if (strlen(p->text) > PATTERN_MAX)
		return error_set(err, 0,
				 "the pattern is too long; expected "
				 "at most %d bytes",
				 PATTERN_MAX);
	p->nocase = nocase;
	p->negated = p->text[0] == '!';
	body = pattern_body(p);
	if (body[0] != '~')
		return true;
	body++;
	if (!regex_is_tame(body, err))
		return false;
	if (repeats_pile_up(body))
		return error_set(err, 0,
				 "the regex repeats a repeat; expected at "
				 "most %d of * + ? in a row",
				 REPEATS_IN_A_ROW);
	rc = regcomp(&p->regex, body,
		     REG_EXTENDED | REG_NOSUB | (nocase ? REG_ICASE : 0));
	if (rc != 0) {
		regerror(rc, &p->regex, why, sizeof(why));
		return error_set(err, 0,
				 "\"%.60s\" is not a regex (%s); "
				 "expected a POSIX extended one behind ~",
				 body, why);
	}
	p->is_regex = true;
	return true;
}

bool
conf_pattern_match(const struct conf_pattern *p, struct view text)
{
	const char *body;
	regmatch_t range;
	bool met;

	if (p->text == NULL)
		return true;
	body = pattern_body(p);
	if (p->is_regex) {
		range.rm_so = 0;
		range.rm_eo = (regoff_t)text.len;
		met = regexec(&p->regex, text.at != NULL ? text.at : "", 1,
			      &range, REG_STARTEND) == 0;
	} else {
		met = glob_match(view_of(body), text, p->nocase);
	}
	return met != p->negated;
}

bool
conf_status_parse(const char *text, int *min, int *max, struct error *err)
{
	int from, to, used = 0;

	if (strlen(text) == 3 && isdigit((unsigned char)text[0]) &&
	    strcmp(text + 1, "xx") == 0) {
		from = (text[0] - '0') * 100;
		to = from + 99;
	} else if (sscanf(text, "%3d-%3d%n", &from, &to, &used) == 2 &&
		   text[used] == '\0') {
		;
	} else if (sscanf(text, "%3d%n", &from, &used) == 1 &&
		   text[used] == '\0') {
		to = from;
	} else {
		from = to = 0;
	}
	if (from < 100 || to > 599 || from > to)
		return error_set(err, 0,
				 "\"%.20s\" is not a status; "
				 "expected 503, 5xx or 500-599",
				 text);
	*min = from;
	*max = to;
	return true;
}
