/* SPDX-License-Identifier: Apache-2.0 */
/* The addresses behind the host names of services. */
#include "proxy/hosts.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/deadline.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "proxy/session.h"

/* How often a name is looked at, and an answer that is under way. The resolver
 * decides when it really asks. */
#define LOOK_US	   5000000
#define PENDING_US 20000

struct host {
	struct hosts *hosts;
	char *name; /* owned */
	struct in6_addr at[RESOLVE_MAX]; /* sorted */
	size_t count; /* 0: nothing is known */
	struct resolve *query; /* under way; or NULL */
	int64_t look_us;
	bool kept;
};

struct hosts {
	struct resolver *resolver; /* borrowed */
	const struct clock *clock; /* borrowed */
	struct mailbox mailbox;
	struct host **items; /* owned */
	size_t count, pending;
	bool changed;
};

/* --- answers --- */

static int
by_address(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct in6_addr));
}

static size_t
read_list(const struct resolve_list *list, struct in6_addr *to)
{
	for (size_t i = 0; i < list->count; i++)
		session_unpack(&list->at[i].addr, &to[i]);
	qsort(to, list->count, sizeof(*to), by_address);
	return list->count;
}

static void
take(struct host *host, int error, const struct resolve_list *list)
{
	struct in6_addr at[RESOLVE_MAX] = {0};
	size_t n = error == 0 ? read_list(list, at) : 0;

	host->look_us = clock_now(host->hosts->clock) + LOOK_US;
	if (n == 0 || (n == host->count &&
			  memcmp(at, host->at, n * sizeof(*at)) == 0))
		return;
	if (host->count > 0)
		log_line(LOG_INFO, "service_moved",
		    "the addresses of a service's name have changed",
		    LOG_STR("host", host->name), LOG_UINT("addresses", n),
		    LOG_END);
	memcpy(host->at, at, n * sizeof(*at));
	host->count = n;
	host->hosts->changed = true;
}

static void
on_answer(void *arg, int error, const struct resolve_list *list)
{
	struct host *host = arg;

	host->query = NULL;
	host->hosts->pending--;
	take(host, error, list);
}

static void
ask(struct host *host)
{
	struct hosts *h = host->hosts;
	struct resolve_query query = {.name = host->name,
	    .mailbox = &h->mailbox, .done = on_answer, .arg = host};
	struct resolve_list list = {0};
	int error;

	if (host->query != NULL)
		return;
	if (resolve_cached(h->resolver, host->name, 0, &list, &error)) {
		take(host, error, &list);
		return;
	}
	host->query = resolve_start(h->resolver, &query);
	h->pending++;
}

/* --- the set --- */

static struct host *
find(const struct hosts *h, const char *name)
{
	for (size_t i = 0; i < h->count; i++) {
		if (strcasecmp(h->items[i]->name, name) == 0)
			return h->items[i];
	}
	return NULL;
}

static void
host_free(struct host *host)
{
	if (host->query != NULL)
		host->hosts->pending--;
	resolve_cancel(host->query);
	free(host->name);
	free(host);
}

static void
add(struct hosts *h, const char *name)
{
	struct host *host = xcalloc(1, sizeof(*host));

	host->hosts = h;
	host->name = xstrdup(name);
	h->items = xrealloc(h->items, (h->count + 1) * sizeof(*h->items));
	h->items[h->count++] = host;
	ask(host);
}

/* Calls `each` for every name that matters. */
static void
for_names(struct hosts *h, const struct conf_model *model,
    void (*each)(struct hosts *h, const char *name))
{
	for (size_t i = 0; i < model->services_count; i++) {
		const struct conf_service *s = &model->services[i];

		for (size_t k = 0; k < s->hosts_count; k++)
			each(h, s->hosts[k]);
	}
}

static void
add_new(struct hosts *h, const char *name)
{
	if (find(h, name) == NULL)
		add(h, name);
}

static void
mark_kept(struct hosts *h, const char *name)
{
	struct host *host = find(h, name);

	if (host != NULL)
		host->kept = true;
}

static void
await_answers(struct hosts *h, int64_t patience_us)
{
	int64_t until_us = clock_now(&clock_real) + patience_us, left_us;
	struct pollfd fd = {.fd = mailbox_fd(&h->mailbox), .events = POLLIN};

	while (h->pending > 0) {
		left_us = until_us - clock_now(&clock_real);
		if (left_us <= 0 ||
		    (poll(&fd, 1, (int)(left_us / 1000) + 1) < 0 &&
			errno != EINTR))
			return;
		mailbox_run(&h->mailbox, NULL);
	}
}

void
hosts_add(struct hosts *h, const struct conf_model *model, int64_t patience_us)
{
	size_t before = h->count;

	if (model->partitions_count > 0)
		for_names(h, model, add_new);
	if (h->count > before)
		await_answers(h, patience_us);
}

void
hosts_keep(struct hosts *h, const struct conf_model *model)
{
	size_t n = 0;

	for (size_t i = 0; i < h->count; i++)
		h->items[i]->kept = false;
	if (model->partitions_count > 0)
		for_names(h, model, mark_kept);
	for (size_t i = 0; i < h->count; i++) {
		if (h->items[i]->kept)
			h->items[n++] = h->items[i];
		else
			host_free(h->items[i]);
	}
	h->count = n;
	/* The plan knows what is known by now. */
	h->changed = false;
}

bool
hosts_look(struct hosts *h, int64_t now_us, int64_t *next_us)
{
	bool changed;

	mailbox_run(&h->mailbox, NULL);
	for (size_t i = 0; i < h->count; i++) {
		struct host *host = h->items[i];

		if (host->look_us <= now_us)
			ask(host);
		*next_us = MIN(*next_us, host->query != NULL
			? now_us + PENDING_US
			: host->look_us);
	}
	changed = h->changed;
	h->changed = false;
	return changed;
}

const struct in6_addr *
hosts_addresses(const struct hosts *h, const char *name, size_t *count)
{
	const struct host *host = h != NULL ? find(h, name) : NULL;

	*count = host != NULL ? host->count : 0;
	return *count > 0 ? host->at : NULL;
}

/* --- life --- */

struct hosts *
hosts_new(struct resolver *resolver, const struct clock *clock,
    struct error *err)
{
	struct hosts *h = xcalloc(1, sizeof(*h));

	h->resolver = resolver;
	h->clock = clock;
	if (mailbox_init(&h->mailbox, err))
		return h;
	free(h);
	return NULL;
}

void
hosts_free(struct hosts *h)
{
	if (h == NULL)
		return;
	for (size_t i = 0; i < h->count; i++)
		host_free(h->items[i]);
	free(h->items);
	/* Answers that were on their way are freed by their delivery. */
	mailbox_run(&h->mailbox, NULL);
	mailbox_fini(&h->mailbox);
	free(h);
}
