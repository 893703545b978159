/* SPDX-License-Identifier: Apache-2.0 */
/* The addresses behind names of services, with a name server of our own. */
#include "proxy/hosts.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/deadline.h"
#include "base/log.h"
#include "tests/harness/check_run.h"
#include "tests/harness/model.h"

#define SECOND 1000000

/* What the name server says; "" is a failure, NULL that it does not answer. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *said;
static struct clock now;
static struct resolver *resolver;
static struct hosts *hosts;

static void
say(const char *address)
{
	pthread_mutex_lock(&lock);
	said = address;
	pthread_mutex_unlock(&lock);
}

static void
rest(void)
{
	nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

static int
lookup(void *arg, const char *name, struct resolve_list *to)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	const char *text;

	for (;;) {
		pthread_mutex_lock(&lock);
		text = said;
		pthread_mutex_unlock(&lock);
		if (text != NULL)
			break;
		rest();
	}
	if (inet_pton(AF_INET, text, &in.sin_addr) != 1)
		return EAI_NONAME;
	resolve_list_add(to, (const struct sockaddr *)&in, sizeof(in));
	return 0;
}

static struct conf_model *
model(const char *address)
{
	char text[512];

	snprintf(text, sizeof(text),
	    "services = ({ name = \"a\"; addresses = \"%s\"; },"
	    " { name = \"b\"; addresses = \"10.0.0.9\"; });"
	    "routes = ({ name = \"r\"; listen = \"127.0.0.1:0\";"
	    " upstream = \"10.0.0.9:1\"; });"
	    "partitions = ({ name = \"p\"; groups = ([\"a\"], [\"b\"]); });",
	    address);
	return model_of(text);
}

static void
begin(void)
{
	struct error err;

	log_setup(LOG_ERROR, LOG_JSON, 2);
	now = clock_fake(SECOND);
	resolver = resolver_new(&(struct resolver_options){
	    .lookup = lookup, .clock = &now});
	hosts = hosts_new(resolver, &now, &err);
	ck_assert_ptr_nonnull(hosts);
}

static void
end(void)
{
	say("");
	hosts_free(hosts);
	resolver_free(resolver);
}

static void
add(const char *name, int64_t patience_us)
{
	struct conf_model *m = model(name);

	hosts_add(hosts, m, patience_us);
	hosts_keep(hosts, m);
	conf_model_unref(m);
}

/* "10.0.0.1", or "" if nothing is known. */
static const char *
address(const char *name)
{
	static char text[INET6_ADDRSTRLEN];
	size_t n;
	const struct in6_addr *at = hosts_addresses(hosts, name, &n);

	if (at == NULL)
		return "";
	ck_assert_uint_eq(n, 1);
	return inet_ntop(AF_INET, &at->s6_addr[12], text, sizeof(text));
}

/* Goes on in time until something has changed, for at most so long. */
static bool
changes_within(int64_t us)
{
	int64_t until_us = now.fake_us + us;

	while (now.fake_us < until_us) {
		int64_t next_us = DEADLINE_NEVER;

		if (hosts_look(hosts, now.fake_us, &next_us))
			return true;
		ck_assert_int_gt(next_us, now.fake_us);
		ck_assert_int_lt(next_us, DEADLINE_NEVER);
		now.fake_us = MIN(next_us, until_us);
		rest();
	}
	return false;
}

START_TEST(a_new_name_is_awaited_for_a_moment)
{
	begin();
	say("10.0.0.1");
	add("db", 5 * SECOND);
	ck_assert_str_eq(address("DB"), "10.0.0.1");
	ck_assert_str_eq(address("other"), "");
	ck_assert(!changes_within(30 * SECOND));
	end();
}
END_TEST

START_TEST(who_gets_no_answer_goes_on_and_hears_of_it_later)
{
	begin();
	say(NULL);
	add("db", 1000);
	ck_assert_str_eq(address("db"), "");
	say("10.0.0.1");
	ck_assert(changes_within(30 * SECOND));
	ck_assert_str_eq(address("db"), "10.0.0.1");
	end();
}
END_TEST

START_TEST(a_service_that_moves_is_followed)
{
	begin();
	say("10.0.0.1");
	add("db", 5 * SECOND);
	say("10.0.0.2");
	ck_assert(changes_within(60 * SECOND));
	ck_assert_str_eq(address("db"), "10.0.0.2");
	ck_assert(!changes_within(60 * SECOND));
	end();
}
END_TEST

START_TEST(a_name_that_fails_keeps_what_was_known)
{
	begin();
	say("10.0.0.1");
	add("db", 5 * SECOND);
	say("");
	ck_assert(!changes_within(120 * SECOND));
	ck_assert_str_eq(address("db"), "10.0.0.1");
	end();
}
END_TEST

START_TEST(names_that_nobody_needs_are_forgotten)
{
	int64_t next_us = DEADLINE_NEVER;

	begin();
	say("10.0.0.1");
	add("db", 5 * SECOND);
	add("10.0.0.1", 0);
	ck_assert_str_eq(address("db"), "");
	ck_assert(!hosts_look(hosts, now.fake_us, &next_us));
	ck_assert_int_eq(next_us, DEADLINE_NEVER);
	end();
}
END_TEST

START_TEST(an_end_while_names_are_asked_for_leaves_nothing)
{
	begin();
	say(NULL);
	add("db", 0);
	end();
}
END_TEST

int
main(void)
{
	return check_run("hosts",
	    (const TTest *const[]){a_new_name_is_awaited_for_a_moment,
		who_gets_no_answer_goes_on_and_hears_of_it_later,
		a_service_that_moves_is_followed,
		a_name_that_fails_keeps_what_was_known,
		names_that_nobody_needs_are_forgotten,
		an_end_while_names_are_asked_for_leaves_nothing, NULL});
}
