/* SPDX-License-Identifier: Apache-2.0 */
/* A tokeniser that knows just enough of libconfig's grammar to see where
 * strings, comments, numbers and groups begin and end. */
#include "config/prelex.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

#define DEPTH_MAX    32
#define SETTINGS_MAX 1000 /* of one group: each is compared with all others */

struct scan {
	struct prelex *p;
	const char *at, *end; /* NUL stands at end */
	unsigned depth;
	unsigned settings[DEPTH_MAX + 1];
	bool line_start; /* nothing but blanks since the line began */
};

static void
count_lines(struct scan *s, const char *to)
{
	for (; s->at < to; s->at++)
		s->p->where.line += *s->at == '\n';
}

static bool
skip_comment(struct scan *s)
{
	const char *close = strstr(s->at + 2, "*/");

	if (close == NULL) {
		conf_error(s->p->diag, &s->p->where,
			   "the comment never ends; "
			   "expected */");
		return false;
	}
	count_lines(s, close + 2);
	return true;
}

static bool
skip_string(struct scan *s)
{
	const char *p = s->at + 1;

	for (; p < s->end && *p != '"'; p++) {
		if (*p != '\\')
			continue;
		if (strncmp(p, "\\x00", 4) == 0) {
			conf_error(s->p->diag, &s->p->where,
				   "the string holds "
				   "\\x00; expected no NUL");
			return false;
		}
		p++;
	}
	if (p >= s->end) {
		conf_error(s->p->diag, &s->p->where,
			   "the string never ends; "
			   "expected \"");
		return false;
	}
	count_lines(s, p + 1);
	return true;
}

/* @include "path", alone at the beginning of a line. */
static bool
read_include(struct scan *s)
{
	const char *p = s->at, *close;
	struct prelex_include *in;

	if (s->line_start && strncmp(p, "@include", 8) == 0) {
		p += 8;
		p += strspn(p, " \t");
	}
	close = p > s->at && *p == '"' ? strpbrk(p + 1, "\"\n\\") : NULL;
	if (close == NULL || *close != '"' || close == p + 1) {
		conf_error(s->p->diag, &s->p->where,
			   "this is not an include; "
			   "expected @include \"FILE\" on a line of its own");
		return false;
	}
	s->p->includes = xgrow(s->p->includes, &s->p->includes_count,
			       sizeof(*s->p->includes));
	in = &s->p->includes[s->p->includes_count - 1];
	in->path = xmemdup0(p + 1, (size_t)(close - p) - 1);
	in->line = s->p->where.line;
	s->at = close + 1;
	return true;
}

/* True if the integer literal keeps its value in libconfig; others (floats,
 * garbage) are libconfig's to judge. */
static bool
integer_fits(const char *text, bool *is_long)
{
	const char *digits = text + strspn(text, "+-");
	bool hex = digits[0] == '0' && tolower((unsigned char)digits[1]) == 'x';
	unsigned long long hex_value;
	long long value;
	char *end;

	errno = 0;
	hex_value = hex ? strtoull(digits, &end, 16) : 0;
	value = hex ? 0 : strtoll(text, &end, 10);
	if (end == text || (*end != '\0' && *end != 'L'))
		return true;
	*is_long = *end == 'L';
	if (errno != 0)
		return false;
	if (*is_long)
		return hex_value <= INT64_MAX;
	return hex ? hex_value <= INT32_MAX
		   : value >= INT32_MIN && value <= INT32_MAX;
}

static void
check_number(struct scan *s)
{
	const char *p = s->at;
	bool is_long = false;
	char *text;

	p += strspn(p, "+-");
	while (
	    isalnum((unsigned char)*p) || *p == '.' ||
	    ((*p == '+' || *p == '-') && tolower((unsigned char)p[-1]) == 'e'))
		p++;
	text = xmemdup0(s->at, (size_t)(p - s->at));
	if (!integer_fits(text, &is_long))
		conf_error(s->p->diag, &s->p->where,
			   "the integer %.40s is "
			   "too large; expected %s",
			   text,
			   is_long
			       ? "at most 64 bits"
			       : "at most 32 bits, or L behind it for 64 bits");
	free(text);
	s->at = p > s->at ? p : s->at + 1;
}

static bool
open_group(struct scan *s)
{
	s->at++;
	if (++s->depth <= DEPTH_MAX) {
		s->settings[s->depth] = 0;
		return true;
	}
	conf_error(s->p->diag, &s->p->where,
		   "groups and lists nest too "
		   "deeply; expected at most %d levels",
		   DEPTH_MAX);
	return false;
}

static bool
count_setting(struct scan *s)
{
	s->at++;
	if (++s->settings[s->depth] <= SETTINGS_MAX)
		return true;
	conf_error(s->p->diag, &s->p->where,
		   "too many settings in one group; "
		   "expected at most %d",
		   SETTINGS_MAX);
	return false;
}

static void
skip_name(struct scan *s)
{
	while (isalnum((unsigned char)*s->at) || *s->at == '_' ||
	       *s->at == '-' || *s->at == '*')
		s->at++;
}

static bool
skip_token(struct scan *s)
{
	const char *p = s->at;

	switch (*p) {
	case '"':
		return skip_string(s);
	case '@':
		return read_include(s);
	case '{':
	case '(':
	case '[':
		return open_group(s);
	case '}':
	case ')':
	case ']':
		s->depth -= s->depth > 0;
		s->at++;
		return true;
	case '=':
	case ':':
		return count_setting(s);
	default:
		break;
	}
	if (p[0] == '/' && p[1] == '*')
		return skip_comment(s);
	if (p[0] == '#' || (p[0] == '/' && p[1] == '/'))
		s->at += strcspn(p, "\n");
	else if (isdigit((unsigned char)*p) || *p == '+' || *p == '-')
		check_number(s);
	else if (isalpha((unsigned char)*p) || *p == '*')
		skip_name(s);
	else
		s->at++;
	return true;
}

bool
prelex_scan(struct prelex *p, const char *text, size_t len)
{
	struct scan s = {
	    .p = p, .at = text, .end = text + len, .line_start = true};
	size_t errors = p->diag->errors;
	const char *nul = memchr(text, '\0', len);

	p->where.line = 1;
	if (nul != NULL) {
		count_lines(&s, nul);
		conf_error(p->diag, &p->where,
			   "the file holds a NUL byte; "
			   "expected text");
		return false;
	}
	if (strncmp(text, "\xef\xbb\xbf", 3) == 0) {
		conf_error(p->diag, &p->where,
			   "the file begins with a byte "
			   "order mark; expected UTF-8 without one");
		return false;
	}
	while (s.at < s.end) {
		if (*s.at == '\n' || isspace((unsigned char)*s.at)) {
			s.line_start |= *s.at == '\n';
			count_lines(&s, s.at + 1);
			continue;
		}
		if (!skip_token(&s))
			return false;
		s.line_start = false;
	}
	return p->diag->errors == errors;
}

void
prelex_fini(struct prelex *p)
{
	size_t i;

	for (i = 0; i < p->includes_count; i++)
		free(p->includes[i].path);
	free(p->includes);
	p->includes = NULL;
	p->includes_count = 0;
}
