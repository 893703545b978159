/* SPDX-License-Identifier: Apache-2.0 */
/* A host of flows in memory: sending, time, and what a test may expect. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/xalloc.h"
#include "tests/harness/flow_harness.h"

/* The byte at `offset` of the pattern: its period is prime, so that lost,
 * repeated and swapped bytes show. */
static char
pattern_at(uint64_t offset)
{
	return (char)(offset % 251);
}

void
harness_send_bytes(
    struct harness_flow *f, enum link_dir dir, const void *data, size_t len)
{
	if (f->ended || f->closed)
		return;
	for (size_t at = 0; f->websocket && at < len;)
		at += ws_scan_frame(&f->frames[dir], (const char *)data + at,
		    len - at);
	link_feed_copy(&f->flow.links[dir], data, len,
	    clock_now(&f->harness->clock));
}

void
harness_send(struct harness_flow *f, enum link_dir dir, const char *text)
{
	harness_send_bytes(f, dir, text, strlen(text));
}

bool
harness_send_datagram(
    struct harness_flow *f, enum link_dir dir, const char *text)
{
	if (f->ended || f->closed)
		return false;
	return link_feed_datagram(&f->flow.links[dir], text, strlen(text),
	    clock_now(&f->harness->clock));
}

size_t
harness_send_pattern(
    struct harness_flow *f, enum link_dir dir, size_t len, size_t chunk)
{
	struct link *l = &f->flow.links[dir];
	char *data = xmalloc(chunk);
	size_t sent = 0;

	while (sent < len && link_wants(l) && !f->ended) {
		size_t n = MIN(chunk, len - sent);

		for (size_t i = 0; i < n; i++)
			data[i] = pattern_at(l->fed + i);
		harness_send_bytes(f, dir, data, n);
		sent += n;
	}
	free(data);
	return sent;
}

void
harness_eof(struct harness_flow *f, enum link_dir dir)
{
	if (!f->ended && !f->closed)
		link_feed_eof(&f->flow.links[dir]);
}

void
harness_block(struct harness_flow *f, enum link_dir dir, bool on)
{
	f->got[dir].blocked = on;
	if (!on && !f->closed)
		f->flow.ops->output(&f->flow, &f->flow.links[dir]);
}

static void
step_to(struct harness *h, int64_t at_us)
{
	h->clock.fake_us = MAX(h->clock.fake_us, at_us);
	deadline_run(&h->engine.deadlines, h->clock.fake_us);
}

void
harness_advance(struct harness *h, int64_t us)
{
	int64_t end = h->clock.fake_us + us, next;
	unsigned turns = 0;

	while ((next = deadline_next(&h->engine.deadlines)) <= end) {
		turns = next > h->clock.fake_us ? 0 : turns + 1;
		ck_assert_msg(turns < 100000, "time stands still");
		step_to(h, next);
	}
	h->clock.fake_us = end;
}

void
harness_settle(struct harness *h, int64_t limit_us)
{
	int64_t end = h->clock.fake_us + limit_us, next;

	while ((next = deadline_next(&h->engine.deadlines)) != DEADLINE_NEVER) {
		ck_assert_msg(next <= end, "not settled after %lld us",
		    (long long)limit_us);
		step_to(h, next);
	}
}

int64_t
harness_now(const struct harness *h)
{
	return h->clock.fake_us - HARNESS_START_US;
}

void
harness_expect(
    const struct harness_flow *f, enum link_dir dir, const char *text)
{
	const struct str *got = &f->got[dir].bytes;

	ck_assert_str_eq(got->text != NULL ? got->text : "", text);
	ck_assert_uint_eq(got->len, strlen(text));
}

void
harness_expect_datagrams(
    const struct harness_flow *f, enum link_dir dir, const char *texts)
{
	const struct harness_side *side = &f->got[dir];
	struct str all = {0};
	size_t off = 0;

	str_add(&all, "");
	for (size_t i = 0; i < side->count; i++) {
		str_add_bytes(&all, side->bytes.text + off,
		    side->pieces[i].len);
		str_add_char(&all, ',');
		off += side->pieces[i].len;
	}
	ck_assert_str_eq(all.text, texts);
	str_fini(&all);
}

void
harness_expect_pattern(
    const struct harness_flow *f, enum link_dir dir, size_t len)
{
	const struct str *got = &f->got[dir].bytes;

	ck_assert_uint_eq(got->len, len);
	for (size_t i = 0; i < len; i++) {
		if (got->text[i] != pattern_at(i))
			ck_abort_msg("byte %zu is not what was sent", i);
	}
}

int64_t
harness_delivered_us(
    const struct harness_flow *f, enum link_dir dir, size_t offset)
{
	const struct harness_side *side = &f->got[dir];
	size_t end = 0;

	for (size_t i = 0; i < side->count; i++) {
		end += side->pieces[i].len;
		if (offset < end)
			return side->pieces[i].time_us;
	}
	ck_abort_msg("byte %zu was not delivered", offset);
	return -1;
}

size_t
harness_busiest(
    const struct harness_flow *f, enum link_dir dir, int64_t window_us)
{
	const struct harness_side *side = &f->got[dir];
	size_t sum = 0, most = 0, first = 0;

	for (size_t i = 0; i < side->count; i++) {
		sum += side->pieces[i].len;
		while (side->pieces[first].time_us + window_us <=
		       side->pieces[i].time_us)
			sum -= side->pieces[first++].len;
		most = MAX(most, sum);
	}
	return most;
}

size_t
harness_events(const struct harness *h, enum event_type type, const char *what)
{
	size_t n = 0;

	for (size_t i = 0; i < h->events_count; i++) {
		const struct event_record *e = &h->events[i];

		n += e->type == type &&
		     (what == NULL ||
			 (e->what != NULL && strcmp(e->what, what) == 0));
	}
	return n;
}

const struct event_record *
harness_last(const struct harness *h, enum event_type type)
{
	for (size_t i = h->events_count; i-- > 0;) {
		if (h->events[i].type == type)
			return &h->events[i];
	}
	return NULL;
}
