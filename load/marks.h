/* SPDX-License-Identifier: Apache-2.0 */
/* Looking at an answer as it comes: is it a degraded one, and does it hold
 * what is expected? Of a body no more is kept than a text across two pieces
 * needs, and EXPECT_ROOM bytes where a pattern is expected. */
#ifndef LOAD_MARKS_H
#define LOAD_MARKS_H

#include "base/attr.h"
#include "base/error.h"
#include "base/str.h"
#include "config/experiment.h"
#include "config/pattern.h"

#define EXPECT_ROOM (64 * 1024) /* bytes of a body a pattern may stand in */

struct load_mark;
/* The marks of a load, compiled. Zeroed memory: none. */
struct load_marks {
	struct load_mark *items; /* owned */
	size_t count;
	size_t longest; /* of the texts; 0: none */
};

/* What was seen of one answer. Zeroed at its start. */
struct load_seen {
	bool degraded;	 /* a mark was met */
	struct str tail; /* the last longest - 1 bytes */
	struct str body; /* for the pattern */
	uint64_t bytes;
};

/* False: err says which mark is wrong. To be finished in both cases. */
bool load_marks_init(struct load_marks *m, const struct conf_load *load,
		     struct error *err) WARN_UNUSED;
void load_marks_fini(struct load_marks *m);

/* One header of the answer. */
void load_seen_header(struct load_seen *s, const struct load_marks *m,
		      struct view name, struct view value);
/* The next piece of its body, which is kept if `expect` has a text. */
void load_seen_body(struct load_seen *s, const struct load_marks *m,
		    const struct conf_pattern *expect, struct view data);
/* The answer is whole. */
void load_seen_end(struct load_seen *s, const struct load_marks *m);
/* Is what came so far as expected? */
bool load_seen_expected(const struct load_seen *s,
			const struct conf_pattern *expect);
/* Forgets all: another answer begins. */
void load_seen_fini(struct load_seen *s);

#endif
