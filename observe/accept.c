/* SPDX-License-Identifier: Apache-2.0 */
/* Which format an Accept header asks for. Only its media types, versions and
 * q count; parameters that we do not know are passed over. */
#include <string.h>

#include "base/attr.h"
#include "observe/exposition.h"

#define Q_MAX 1000

/* What a media range gives to whom; NULL: any version. */
static const struct {
	const char *range, *version;
	enum exposition_format format;
	int rank; /* the more exact range decides */
} ranges[] = {
    {"application/openmetrics-text", "1.0.0", EXPOSITION_OPENMETRICS, 2},
    {"text/plain", "0.0.4", EXPOSITION_TEXT, 2},
    {"text/*", NULL, EXPOSITION_TEXT, 1},
    {"*/*", NULL, EXPOSITION_TEXT, 0},
};

struct wish {
	int rank; /* -1: none */
	int q;	  /* thousandths */
};

/* Cuts off what stands before the next `mark` outside of quotes. False: there
 * is nothing left. */
static bool
next_part(struct view *rest, char mark, struct view *part)
{
	bool quoted = false;
	size_t n = 0;

	if (rest->at == NULL)
		return false;
	for (; n < rest->len && (quoted || rest->at[n] != mark); n++) {
		if (rest->at[n] == '"')
			quoted = !quoted;
		else if (quoted && rest->at[n] == '\\' && n + 1 < rest->len)
			n++;
	}
	*part = view_trim((struct view){rest->at, n});
	if (n < rest->len)
		*rest = (struct view){rest->at + n + 1, rest->len - n - 1};
	else
		rest->at = NULL;
	return true;
}

/* 0 … 1000, or -1: no number of that sort. */
static int
parse_q(struct view v)
{
	int q, place = 100;

	if (v.len == 0 || (v.at[0] != '0' && v.at[0] != '1') ||
	    (v.len > 1 && v.at[1] != '.'))
		return -1;
	q = v.at[0] == '1' ? Q_MAX : 0;
	for (size_t i = 2; i < v.len; i++) {
		if (v.at[i] < '0' || v.at[i] > '9')
			return -1;
		q += (v.at[i] - '0') * place;
		place /= 10;
	}
	return q <= Q_MAX ? q : -1;
}

/* The value of `name=value`, without its quotes. */
static bool
parameter(struct view part, const char *name, struct view *value)
{
	const char *equals = memchr(part.at, '=', part.len);
	struct view v;

	if (equals == NULL || !view_is_nocase(view_trim((struct view){part.at,
						  (size_t)(equals - part.at)}),
				  name))
		return false;
	v = view_trim((struct view){
	    equals + 1, (size_t)(part.at + part.len - equals - 1)});
	if (v.len >= 2 && v.at[0] == '"' && v.at[v.len - 1] == '"')
		v = (struct view){v.at + 1, v.len - 2};
	*value = v;
	return true;
}

static void
note(struct wish wishes[2], struct view range, struct view version, int q)
{
	for (size_t i = 0; i < COUNT_OF(ranges); i++) {
		struct wish *wish = &wishes[ranges[i].format];
		int rank = ranges[i].rank;

		if (!view_is_nocase(range, ranges[i].range) ||
		    (version.len > 0 && ranges[i].version != NULL &&
			!view_is(version, ranges[i].version)))
			continue;
		if (rank > wish->rank || (rank == wish->rank && q > wish->q))
			*wish = (struct wish){rank, q};
	}
}

enum exposition_format
exposition_accept(struct view accept)
{
	struct wish wishes[2] = {{-1, 0}, {-1, 0}};
	struct view element, part;

	while (next_part(&accept, ',', &element)) {
		struct view range, version = {0}, value;
		int q = Q_MAX;

		next_part(&element, ';', &range);
		while (next_part(&element, ';', &part)) {
			if (parameter(part, "q", &value))
				q = parse_q(value);
			else
				parameter(part, "version", &version);
		}
		if (q >= 0)
			note(wishes, range, version, q);
	}
	return wishes[EXPOSITION_OPENMETRICS].q > 0 &&
		       wishes[EXPOSITION_OPENMETRICS].q >=
			   wishes[EXPOSITION_TEXT].q
		   ? EXPOSITION_OPENMETRICS
		   : EXPOSITION_TEXT;
}
