/* SPDX-License-Identifier: Apache-2.0 */
/* A set of names that only grows: a hash table behind a lock. */
#include "base/intern.h"

#include <pthread.h>
#include <stddef.h>
#include <string.h>

#include "base/rng.h"
#include "base/xalloc.h"

#define BUCKETS 1024

struct entry {
	struct entry *next;
	char *name;
};

/* Process-wide by purpose: names outlive every server and every test. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct entry *buckets[BUCKETS];

const char *
intern(const char *name)
{
	struct entry **bucket, *e;

	if (name == NULL)
		return NULL;
	bucket = &buckets[rng_hash(name) % BUCKETS];
	pthread_mutex_lock(&lock);
	for (e = *bucket; e != NULL; e = e->next) {
		if (strcmp(e->name, name) == 0)
			break;
	}
	if (e == NULL) {
		e = xmalloc(sizeof(*e));
		e->name = xstrdup(name);
		e->next = *bucket;
		*bucket = e;
	}
	pthread_mutex_unlock(&lock);
	return e->name;
}
