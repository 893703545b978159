/* SPDX-License-Identifier: Apache-2.0 */
/* "Did you mean …?": the candidate that a mistyped word is nearest to. */
#ifndef BASE_NEAR_H
#define BASE_NEAR_H

#include <stddef.h>

/* A search under way. Borrows the word and the candidates. */
struct near {
	const char *word;
	const char *best; /* NULL: nothing near so far */
	size_t distance;  /* of best */
};

/* Begins a search for what `word` may have meant. */
void near_start(struct near *n, const char *word);
/* Offers a candidate (NULL: ignored). It is near if as few letters differ as
 * 1 and a quarter of the word's, or if the word, of three letters at least,
 * begins it; of equally near ones the first wins. */
void near_offer(struct near *n, const char *candidate);
/* Words that others have for a thing, and ours for it. */
struct near_word {
	const char *theirs, *ours;
};
/* The same for one that is there; if the word is theirs for it, it is meant. */
void near_offer_as(struct near *n, const char *candidate,
    const struct near_word *words, size_t count);
/* How a message ends, "; did you mean "x"?" or nothing: the format's part and
 * the arguments of it. */
#define NEAR_HINT "%s%s%s"
#define NEAR_ARGS(n)                                                           \
	(n)->best != NULL ? "; did you mean \"" : "",                          \
	    (n)->best != NULL ? (n)->best : "",                                \
	    (n)->best != NULL ? "\"?" : ""
/* How many letters to insert, delete, change or swap with their neighbour to
 * make b of a, without regard to case. Words above 64 letters are infinitely
 * far: (size_t)-1. */
size_t near_distance(const char *a, const char *b);

#endif
