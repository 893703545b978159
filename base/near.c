/* SPDX-License-Identifier: Apache-2.0 */
/* Near misses by edit distance (optimal string alignment): small enough for
 * keywords, bounded so that hostile words cost nothing. */
#include "base/near.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/attr.h"

#define LONGEST	   64
#define MIN_PREFIX 3 /* an abbreviation this long is a near miss as well */

static int
letter(const char *s, size_t i)
{
	return tolower((unsigned char)s[i]);
}

size_t
near_distance(const char *a, const char *b)
{
	size_t rows[3][LONGEST + 1];
	size_t a_len = strlen(a), b_len = strlen(b), i, j;
	size_t *before = rows[0], *last = rows[1], *now = rows[2], *spare;

	if (a_len > LONGEST || b_len > LONGEST)
		return (size_t)-1;
	for (j = 0; j <= b_len; j++)
		last[j] = j;
	for (i = 1; i <= a_len; i++) {
		now[0] = i;
		for (j = 1; j <= b_len; j++) {
			size_t change = letter(a, i - 1) != letter(b, j - 1);

			now[j] = MIN(last[j], now[j - 1]) + 1;
			now[j] = MIN(now[j], last[j - 1] + change);
			if (i > 1 && j > 1 &&
			    letter(a, i - 1) == letter(b, j - 2) &&
			    letter(a, i - 2) == letter(b, j - 1))
				now[j] = MIN(now[j], before[j - 2] + 1);
		}
		spare = before;
		before = last;
		last = now;
		now = spare;
	}
	return last[b_len];
}

void
near_start(struct near *n, const char *word)
{
	*n = (struct near){.word = word};
}

void
near_offer(struct near *n, const char *candidate)
{
	size_t distance, len = strlen(n->word), allowed = 1 + len / 4;

	if (candidate == NULL || len == 0)
		return;
	distance = near_distance(n->word, candidate);
	if (len >= MIN_PREFIX && strncasecmp(n->word, candidate, len) == 0)
		distance = MIN(distance, allowed);
	if (distance > allowed || distance >= MAX(len, strlen(candidate)))
		return;
	if (n->best == NULL || distance < n->distance) {
		n->best = candidate;
		n->distance = distance;
	}
}

void
near_offer_as(struct near *n, const char *candidate,
    const struct near_word *words, size_t count)
{
	near_offer(n, candidate);
	for (size_t i = 0; i < count; i++) {
		if (strcmp(n->word, words[i].theirs) == 0 &&
		    strcmp(candidate, words[i].ours) == 0)
			*n = (struct near){n->word, candidate, 0};
	}
}
