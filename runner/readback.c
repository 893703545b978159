/* SPDX-License-Identifier: Apache-2.0 */
/* The set test: three sets of ids, their differences and intersections. */
#include "runner/readback.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "load/template.h"

/* The ids that are stored, in order. */
struct ids {
	char *text;   /* owned */
	char **items; /* owned; into text */
	size_t count;
};

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static struct ids
ids_of(const char *stored)
{
	struct ids ids = {.text = xstrdup(stored)};
	size_t room = 0;
	char *save = NULL, *word;

	for (word = strtok_r(ids.text, " \t\r\n\",[]", &save); word != NULL;
	     word = strtok_r(NULL, " \t\r\n\",[]", &save)) {
		if (ids.count == room) {
			room = room > 0 ? 2 * room : 256;
			ids.items =
			    xrealloc(ids.items, room * sizeof(*ids.items));
		}
		ids.items[ids.count++] = word;
	}
	if (ids.count > 0)
		qsort(ids.items, ids.count, sizeof(*ids.items), by_text);
	return ids;
}

static bool
ids_have(const struct ids *ids, const char *id)
{
	return ids->count > 0 && bsearch(&id, ids->items, ids->count,
					 sizeof(*ids->items), by_text) != NULL;
}

static bool
has_uuid(const char *text)
{
	return text != NULL && strstr(text, "{uuid}") != NULL;
}

static bool
writes(const struct conf_request *r)
{
	return has_uuid(r->target) || has_uuid(r->body) || has_uuid(r->send);
}

void
readback_judge(const struct readback *r, struct run_verify *to)
{
	const struct conf_load *load = &r->run->asked->loads[r->load];
	struct ids ids = ids_of(r->stored);
	char id[LOAD_UUID_SIZE];

	*to = (struct run_verify){.done = true, .stored = ids.count};
	for (size_t i = 0; i < r->run->samples.count; i++) {
		const struct sample *s = &r->run->samples.items[i];
		bool stored;

		if (s->load != r->load || s->outcome == SAMPLE_LOST ||
		    s->start_us > r->until_us ||
		    !writes(&load->requests[s->request]))
			continue;
		load_uuid(r->run->seed, load->name, s->seq, id);
		stored = ids_have(&ids, id);
		if (s->outcome == SAMPLE_OK && s->end_us <= r->until_us) {
			to->acked++;
			to->lost += !stored;
		} else {
			to->ambiguous++;
			to->applied_in_doubt += stored;
		}
	}
	for (size_t i = 1; i < ids.count; i++)
		to->duplicates += strcmp(ids.items[i - 1], ids.items[i]) == 0;
	free(ids.items);
	free(ids.text);
}
