/* SPDX-License-Identifier: Apache-2.0 */
/* Looking up the name of a host that a proxy is to listen on. The control
 * thread must not wait for a name server, so the resolver gets a thread of its
 * own and a moment; who takes longer goes on alone and is forgotten. */
#include <netdb.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/xalloc.h"
#include "control/tox.h"

#define PATIENCE_MS 80

/* Shared by the one who asks and the thread; the last one frees it. */
struct lookup {
	pthread_mutex_t lock;
	pthread_cond_t answered;
	unsigned refs;
	char *host; /* owned */
	bool done;
	int code; /* of getaddrinfo(3) */
	struct addrinfo *list;
};

static void
lookup_unref(struct lookup *l)
{
	bool last;

	pthread_mutex_lock(&l->lock);
	last = --l->refs == 0;
	pthread_mutex_unlock(&l->lock);
	if (!last)
		return;
	if (l->list != NULL)
		freeaddrinfo(l->list);
	pthread_mutex_destroy(&l->lock);
	pthread_cond_destroy(&l->answered);
	free(l->host);
	free(l);
}

static void *
look(void *arg)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *list = NULL;
	struct lookup *l = arg;
	int code = getaddrinfo(l->host, NULL, &hints, &list);

	pthread_mutex_lock(&l->lock);
	l->code = code;
	l->list = code == 0 ? list : NULL;
	l->done = true;
	pthread_cond_signal(&l->answered);
	pthread_mutex_unlock(&l->lock);
	lookup_unref(l);
	return NULL;
}

static void
await(struct lookup *l)
{
	struct timespec until;
	int code = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += PATIENCE_MS * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	pthread_mutex_lock(&l->lock);
	while (!l->done && code == 0)
		code = pthread_cond_clockwait(&l->answered, &l->lock,
		    CLOCK_MONOTONIC, &until);
	pthread_mutex_unlock(&l->lock);
}

/* IPv4 is preferred, as Go's listener does. */
static void
take(const struct addrinfo *list, struct sockaddr_storage *to)
{
	const struct addrinfo *pick = list;

	for (const struct addrinfo *i = list; i != NULL; i = i->ai_next) {
		if (i->ai_family == AF_INET) {
			pick = i;
			break;
		}
	}
	memcpy(to, pick->ai_addr, pick->ai_addrlen);
}

bool
tox_lookup(const char *host, struct sockaddr_storage *to, struct error *err)
{
	struct lookup *l = xcalloc(1, sizeof(*l));
	pthread_attr_t detached;
	pthread_t thread;
	bool ok = false;

	pthread_mutex_init(&l->lock, NULL);
	pthread_cond_init(&l->answered, NULL);
	l->host = xstrdup(host);
	l->refs = 2;
	pthread_attr_init(&detached);
	pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
	if (pthread_create(&thread, &detached, look, l) != 0) {
		l->refs = 1;
		l->code = EAI_MEMORY;
		l->done = true;
	}
	pthread_attr_destroy(&detached);
	await(l);
	pthread_mutex_lock(&l->lock);
	if (!l->done)
		error_set(err, 0, "listen tcp: lookup %s: i/o timeout", host);
	else if (l->code != 0)
		error_set(err, 0, "listen tcp: lookup %s: no such host", host);
	else
		ok = true;
	if (ok)
		take(l->list, to);
	pthread_mutex_unlock(&l->lock);
	lookup_unref(l);
	return ok;
}
