/* SPDX-License-Identifier: Apache-2.0 */
/* The set test: three sets of ids, their differences and intersections. */
#include "runner/readback.h"

#include <stdlib.h>
#include <string.h>

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

/* How often it is stored. */
static size_t
ids_count(const struct ids *ids, const char *id)
{
	size_t low = 0, high = ids->count, n = 0;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strcmp(ids->items[mid], id) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	while (low + n < ids->count && strcmp(ids->items[low + n], id) == 0)
		n++;
	return n;
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

/* Counts a write that is stored so many times. */
static void
add_write(const struct readback *r, const struct sample *s, size_t copies,
	  struct run_verify *to)
{
	bool own = s->end_us == 0 || s->end_us >= r->from_us;

	if (s->outcome == SAMPLE_OK && s->end_us <= r->until_us) {
		to->acked++;
		to->lost += copies == 0;
	} else if (own) {
		to->ambiguous++;
		to->applied_in_doubt += copies > 0;
	}
	if (own && copies > 1)
		to->duplicates += copies - 1;
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

		if (s->load != r->load || s->outcome == SAMPLE_LOST ||
		    s->start_us > r->until_us ||
		    !writes(&load->requests[s->request]))
			continue;
		load_uuid(r->run->seed, load->name, s->seq, id);
		add_write(r, s, ids_count(&ids, id), to);
	}
	free(ids.items);
	free(ids.text);
}
