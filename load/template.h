/* SPDX-License-Identifier: Apache-2.0 */
/* Text with {seq}, {uuid}, {rand}, {trace} and {span} (ids of W3C's Trace
 * Context) in it. What stands for them is a pure function of (seed, load, seq):
 * a run replays, and whoever reads back what a load wrote can tell which
 * request it was. */
#ifndef LOAD_TEMPLATE_H
#define LOAD_TEMPLATE_H

#include <stddef.h>
#include <stdint.h>

#include "base/rng.h"
#include "base/str.h"

#define LOAD_UUID_SIZE 37 /* with the NUL */

/* What the words stand for in one request. */
struct load_vars {
	struct rng_key key; /* flow: the seq */
	uint64_t rands;	    /* {rand} so far; each is another number */
};

/* Those of request `seq` of the load of that name. */
struct load_vars load_vars_of(uint64_t seed, const char *load, uint64_t seq);
/* Which of the templates with these weights; n > 0. */
size_t load_vars_choose(const struct load_vars *v, const double *weights,
			size_t n);
/* {uuid} of that request: version 4 in form (RFC 9562, 5.4). */
void load_uuid(uint64_t seed, const char *load, uint64_t seq,
	       char to[LOAD_UUID_SIZE]);

struct template_part;
/* Zeroed memory is an empty one. */
struct template
{
	struct template_part *parts; /* owned */
	size_t count;
};

/* Reads it; NULL is empty text. Braces around other words stay. */
void template_init(struct template *t, const char *text);
void template_fini(struct template *t);
/* Appends the text of that request; its {rand} go on in `vars`. */
void template_render(const struct template *t, struct load_vars *vars,
		     struct str *to);

#endif
