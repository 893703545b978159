/* SPDX-License-Identifier: Apache-2.0 */
/* The thread is a courier's, so that its owner need not wait for its end. */
#include "control/looker.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mailbox.h"
#include "base/xalloc.h"
#include "experiment/judge.h"
#include "telemetry/courier.h"

/* The thread's from courier_wake() until the mail comes, else its owner's; the
 * thread frees it. */
struct lent {
	struct live *live;
	struct event_record *open; /* owned */
	size_t open_count;
	bool asked, judge;
	struct look look;
	struct mail mail;
	struct mailbox box;
};

struct looker {
	struct courier *courier;
	struct lent *lent;
	struct event *ev;
	void (*done)(void *arg, const struct look *look);
	void *arg;
	bool busy;
};

static void
look_fini(struct look *look)
{
	for (size_t i = 0; i < look->routes_count; i++)
		free(look->routes[i].verdicts);
	free(look->routes);
	free(look->news);
	*look = (struct look){0};
}

/* --- on the thread --- */

static void
on_reaction(void *arg, const struct reaction *r)
{
	struct look *to = arg;
	struct look_news *news;

	to->news = xgrow(to->news, &to->news_count, sizeof(*news));
	news = &to->news[to->news_count - 1];
	*news = (struct look_news){.reaction = *r, .route = r->route->name};
	news->reaction.route = NULL;
}

/* Once for each route, in order. */
static void
on_breaker(void *arg, const struct route *route, enum breaker_state state)
{
	struct look *to = arg;

	to->routes[to->routes_count++] = (struct look_route){
	    .name = route->name,
	    .calls = route->calls.count,
	    .breaker = state,
	};
}

static char *
verdicts_of(const struct record *record, size_t route)
{
	struct verdicts found = {0};
	struct str text = {0};
	struct jsonw w;

	judge_route(record, route, &found);
	jsonw_init(&w, &text);
	jsonw_array(&w);
	for (size_t i = 0; i < found.count; i++) {
		/* There is no journal whose lines these were. */
		found.items[i].line_first = 0;
		verdict_put_json(&w, &found.items[i]);
	}
	jsonw_array_end(&w);
	verdicts_fini(&found);
	return str_take(&text);
}

static void
look(struct lent *l, struct look *to)
{
	int64_t start_us = clock_now(&clock_real);
	const struct record *record =
	    live_begin(l->live, l->open, l->open_count, start_us);

	to->routes = xcalloc(record->routes_count + 1, sizeof(*to->routes));
	live_news(l->live, &(struct live_teller){on_reaction, on_breaker, to});
	for (size_t i = 0; l->judge && i < to->routes_count; i++)
		to->routes[i].verdicts = verdicts_of(record, i);
	to->calls = live_count(l->live);
	to->noise_us = record->noise_us;
	to->lost = record->lost;
	to->end_us = record->end_us;
	live_end(l->live);
	to->took_us = clock_now(&clock_real) - start_us;
}

static int64_t
run(void *arg, int cancel_fd, bool last)
{
	struct lent *l = arg;

	(void)cancel_fd;
	if (!l->asked || last)
		return COURIER_NEVER;
	l->asked = false;
	look(l, &l->look);
	mailbox_post(&l->box, &l->mail);
	return COURIER_NEVER;
}

static void
lent_free(void *arg)
{
	struct lent *l = arg;

	live_free(l->live);
	free(l->open);
	look_fini(&l->look);
	mailbox_fini(&l->box);
	free(l);
}

/* --- on its owner's --- */

static void
on_mail(struct mail *mail, void *arg)
{
	struct looker *l = arg;
	struct look found = l->lent->look;

	(void)mail;
	l->lent->look = (struct look){0};
	free(l->lent->open);
	l->lent->open = NULL;
	l->busy = false;
	l->done(l->arg, &found);
	look_fini(&found);
}

static void
on_ready(evutil_socket_t fd, short what, void *arg)
{
	struct looker *l = arg;

	(void)fd;
	(void)what;
	mailbox_run(&l->lent->box, l);
}

struct looker *
looker_new(struct event_base *base, struct live *live,
    void (*done)(void *arg, const struct look *look), void *arg,
    struct error *err)
{
	struct lent *lent = xcalloc(1, sizeof(*lent));
	struct courier_job job = {.run = run, .free = lent_free, .arg = lent};
	struct looker *l;
	struct courier *courier = NULL;

	lent->live = live;
	lent->mail.deliver = on_mail;
	if (mailbox_init(&lent->box, err))
		courier = courier_new(&job, err);
	if (courier == NULL) {
		lent_free(lent);
		return NULL;
	}
	l = xcalloc(1, sizeof(*l));
	l->courier = courier;
	l->lent = lent;
	l->done = done;
	l->arg = arg;
	l->ev = event_new(base, mailbox_fd(&lent->box), EV_READ | EV_PERSIST,
	    on_ready, l);
	event_add(l->ev, NULL);
	return l;
}

struct live *
looker_live(const struct looker *l)
{
	return l->busy ? NULL : l->lent->live;
}

void
looker_begin(struct looker *l, struct event_record *open, size_t count,
    bool judge)
{
	l->lent->open = open;
	l->lent->open_count = count;
	l->lent->judge = judge;
	l->lent->asked = true;
	l->busy = true;
	courier_wake(l->courier);
}

void
looker_free(struct looker *l)
{
	if (l == NULL)
		return;
	event_free(l->ev);
	courier_end(l->courier, 0);
	free(l);
}
