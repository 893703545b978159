/* SPDX-License-Identifier: Apache-2.0 */
/* Templates: cut into parts once, put together for every request. */
#include "load/template.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

/* Numbers of draws within the key of a request. Fixed: they are in runs. */
enum draw { DRAW_CHOICE, DRAW_UUID_HIGH, DRAW_UUID_LOW, DRAW_SPAN, DRAW_RAND };

struct template_part {
	/* Appends what the part stands for. */
	void (*render)(const struct template_part *, struct load_vars *,
		       struct str *to);
	char *text; /* owned; of a literal */
	size_t len;
};

struct load_vars
load_vars_of(uint64_t seed, const char *load, uint64_t seq)
{
	return (struct load_vars){.key = {.seed = seed,
					  .route = rng_hash(load),
					  .fault = rng_hash("request"),
					  .flow = seq}};
}

size_t
load_vars_choose(const struct load_vars *v, const double *weights, size_t n)
{
	double sum = 0, at;

	for (size_t i = 0; i < n; i++)
		sum += weights[i];
	at = rng_unit(&v->key, DRAW_CHOICE) * sum;
	for (size_t i = 0; i + 1 < n; i++) {
		if (at < weights[i])
			return i;
		at -= weights[i];
	}
	return n - 1;
}

/* The 128 bits, version and variant set as in RFC 9562. */
static void
uuid_bits(const struct rng_key *key, uint64_t *high, uint64_t *low)
{
	*high = rng_bits(key, DRAW_UUID_HIGH);
	*low = rng_bits(key, DRAW_UUID_LOW);
	*high = (*high & ~UINT64_C(0xf000)) | 0x4000;
	*low = (*low & (UINT64_MAX >> 2)) | UINT64_C(1) << 63;
}

static void
uuid_print(const struct rng_key *key, char to[LOAD_UUID_SIZE])
{
	uint64_t high, low;

	uuid_bits(key, &high, &low);
	snprintf(to, LOAD_UUID_SIZE,
		 "%08" PRIx64 "-%04" PRIx64 "-%04" PRIx64 "-%04" PRIx64
		 "-%012" PRIx64,
		 high >> 32, high >> 16 & 0xffff, high & 0xffff, low >> 48,
		 low & UINT64_C(0xffffffffffff));
}

void
load_uuid(uint64_t seed, const char *load, uint64_t seq,
	  char to[LOAD_UUID_SIZE])
{
	struct load_vars v = load_vars_of(seed, load, seq);

	uuid_print(&v.key, to);
}

static void
render_text(const struct template_part *p, struct load_vars *v, struct str *to)
{
	str_add_bytes(to, p->text, p->len);
}

static void
render_seq(const struct template_part *p, struct load_vars *v, struct str *to)
{
	str_printf(to, "%" PRIu64, v->key.flow);
}

static void
render_uuid(const struct template_part *p, struct load_vars *v, struct str *to)
{
	char uuid[LOAD_UUID_SIZE];

	uuid_print(&v->key, uuid);
	str_add(to, uuid);
}

static void
render_rand(const struct template_part *p, struct load_vars *v, struct str *to)
{
	str_printf(to, "%" PRIu64,
		   rng_bits(&v->key, DRAW_RAND + v->rands++) >> 32);
}

static void
render_trace(const struct template_part *p, struct load_vars *v, struct str *to)
{
	uint64_t high, low;

	uuid_bits(&v->key, &high, &low);
	str_printf(to, "%016" PRIx64 "%016" PRIx64, high, low);
}

static void
render_span(const struct template_part *p, struct load_vars *v, struct str *to)
{
	str_printf(to, "%016" PRIx64, rng_bits(&v->key, DRAW_SPAN) | 1);
}

static const struct {
	const char *word;
	void (*render)(const struct template_part *, struct load_vars *,
		       struct str *);
} words[] = {
    {"{rand}", render_rand},   {"{seq}", render_seq},	{"{span}", render_span},
    {"{trace}", render_trace}, {"{uuid}", render_uuid},
};

static void
add_part(struct template *t, const struct template_part *part)
{
	t->parts = xrealloc(t->parts, (t->count + 1) * sizeof(*t->parts));
	t->parts[t->count++] = *part;
}

static void
add_text(struct template *t, const char *from, size_t len)
{
	struct template_part part = {.render = render_text, .len = len};

	if (len == 0)
		return;
	part.text = xmemdup0(from, len);
	add_part(t, &part);
}

/* The entry of `words` that stands at `text`, or COUNT_OF(words). */
static size_t
word_at(const char *text)
{
	size_t i = 0;

	while (i < COUNT_OF(words) &&
	       strncmp(text, words[i].word, strlen(words[i].word)) != 0)
		i++;
	return i;
}

void
template_init(struct template *t, const char *text)
{
	const char *from = text, *at = text;

	*t = (struct template){0};
	while (at != NULL && (at = strchr(at, '{')) != NULL) {
		size_t i = word_at(at);

		if (i == COUNT_OF(words)) {
			at++;
			continue;
		}
		add_text(t, from, (size_t)(at - from));
		add_part(t, &(struct template_part){.render = words[i].render});
		at += strlen(words[i].word);
		from = at;
	}
	if (from != NULL)
		add_text(t, from, strlen(from));
}

void
template_fini(struct template *t)
{
	for (size_t i = 0; i < t->count; i++)
		free(t->parts[i].text);
	free(t->parts);
	*t = (struct template){0};
}

void
template_render(const struct template *t, struct load_vars *vars,
		struct str *to)
{
	for (size_t i = 0; i < t->count; i++)
		t->parts[i].render(&t->parts[i], vars, to);
}
