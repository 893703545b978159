/* SPDX-License-Identifier: Apache-2.0 */
/* Name resolution with an invented system resolver and a fake clock. */
#include "proxy/resolve.h"

#include <arpa/inet.h>
#include <check.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"

#define SECOND INT64_C(1000000)

/* A system resolver that answers when told to. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool gated;   /* lookups wait */
	int error;    /* what they answer */
	size_t count; /* addresses: 10.0.<calls>.<i> */
	unsigned calls, begun;
} fake;

struct answer {
	unsigned count;
	int error;
	struct resolve_list list;
};

static struct clock now;
static struct mailbox box;
static struct resolver *resolver;

static int
fake_lookup(void *arg, const char *name, struct resolve_list *to)
{
	int error;

	ck_assert_ptr_eq(arg, &fake);
	ck_assert_str_ne(name, "");
	pthread_mutex_lock(&fake.lock);
	fake.begun++;
	pthread_cond_broadcast(&fake.changed);
	while (fake.gated)
		pthread_cond_wait(&fake.changed, &fake.lock);
	fake.calls++;
	for (size_t i = 0; i < fake.count && fake.error == 0; i++) {
		struct sockaddr_in addr = {.sin_family = AF_INET};

		addr.sin_addr.s_addr = htonl(0x0a000000 + (fake.calls << 8) +
		    (unsigned)i);
		resolve_list_add(to, (struct sockaddr *)&addr, sizeof(addr));
	}
	error = fake.error;
	pthread_mutex_unlock(&fake.lock);
	return error;
}

static void
fake_set(bool gated, int error)
{
	pthread_mutex_lock(&fake.lock);
	fake.gated = gated;
	fake.error = error;
	pthread_cond_broadcast(&fake.changed);
	pthread_mutex_unlock(&fake.lock);
}

static void
fake_wait_begun(unsigned count)
{
	pthread_mutex_lock(&fake.lock);
	while (fake.begun < count)
		pthread_cond_wait(&fake.changed, &fake.lock);
	pthread_mutex_unlock(&fake.lock);
}

static unsigned
fake_calls(void)
{
	unsigned calls;

	pthread_mutex_lock(&fake.lock);
	calls = fake.calls;
	pthread_mutex_unlock(&fake.lock);
	return calls;
}

static void
setup(void)
{
	struct resolver_options options = {.lookup = fake_lookup,
	    .lookup_arg = &fake, .clock = &now};

	memset(&fake, 0, sizeof(fake));
	pthread_mutex_init(&fake.lock, NULL);
	pthread_cond_init(&fake.changed, NULL);
	fake.count = 1;
	now = clock_fake(SECOND);
	ck_assert(mailbox_init(&box, NULL));
	resolver = resolver_new(&options);
}

static void
teardown(void)
{
	fake_set(false, 0);
	resolver_free(resolver);
	mailbox_run(&box, NULL);
	mailbox_fini(&box);
}

static void
on_done(void *arg, int error, const struct resolve_list *list)
{
	struct answer *a = arg;

	a->count++;
	a->error = error;
	a->list = *list;
}

static struct resolve *
ask(const char *name, struct answer *a)
{
	return resolve_start(resolver, &(struct resolve_query){name, 80, &box,
	    on_done, a});
}

static void
run_until(const unsigned *count, unsigned wanted)
{
	while (*count < wanted) {
		struct pollfd p = {mailbox_fd(&box), POLLIN, 0};

		ck_assert_int_eq(poll(&p, 1, 5000), 1);
		mailbox_run(&box, NULL);
	}
}

static void
ask_and_wait(const char *name)
{
	struct answer a = {0};

	ask(name, &a);
	run_until(&a.count, 1);
}

/* "10.0.1.0:80", or "" where nothing is cached, or "EAI". */
static const char *
cached(const char *name)
{
	static char text[64];
	struct resolve_list list;
	int error;
	char ip[INET6_ADDRSTRLEN];
	const struct sockaddr_in *addr;

	if (!resolve_cached(resolver, name, 80, &list, &error))
		return "";
	if (error != 0)
		return "EAI";
	ck_assert_uint_ge(list.count, 1);
	addr = (const struct sockaddr_in *)&list.at[0].addr;
	inet_ntop(AF_INET, &addr->sin_addr, ip, sizeof(ip));
	snprintf(text, sizeof(text), "%s:%d", ip, ntohs(addr->sin_port));
	return text;
}

START_TEST(literals_are_answered_without_a_lookup)
{
	struct resolve_list list;
	int error = 1;

	ck_assert_str_eq(cached("192.0.2.7"), "192.0.2.7:80");
	ck_assert(resolve_cached(resolver, "2001:db8::1", 443, &list, &error));
	ck_assert_int_eq(error, 0);
	ck_assert_uint_eq(list.count, 1);
	ck_assert_int_eq(list.at[0].addr.ss_family, AF_INET6);
	ck_assert_uint_eq(list.at[0].len, sizeof(struct sockaddr_in6));
	ck_assert_int_eq(
	    ((struct sockaddr_in6 *)&list.at[0].addr)->sin6_port, htons(443));
	ck_assert(resolve_cached(resolver, "fe80::1%lo", 1, &list, &error));
	ck_assert_uint_ne(
	    ((struct sockaddr_in6 *)&list.at[0].addr)->sin6_scope_id, 0);
	ck_assert_uint_eq(fake_calls(), 0);
}
END_TEST

START_TEST(a_name_is_looked_up_once_and_answered_by_mail)
{
	struct answer a = {0};

	fake.count = 3;
	ck_assert_str_eq(cached("db"), "");
	ck_assert_ptr_nonnull(ask("db", &a));
	ck_assert_uint_eq(a.count, 0);
	run_until(&a.count, 1);
	ck_assert_int_eq(a.error, 0);
	ck_assert_uint_eq(a.list.count, 3);
	ck_assert_int_eq(((struct sockaddr_in *)&a.list.at[2].addr)->sin_port,
	    htons(80));
	ck_assert_str_eq(cached("db"), "10.0.1.0:80");
	ck_assert_uint_eq(fake_calls(), 1);
}
END_TEST

START_TEST(queries_for_one_name_share_a_lookup)
{
	struct answer a = {0}, b = {0};

	fake_set(true, 0);
	ask("db", &a);
	ask("db", &b);
	fake_set(false, 0);
	run_until(&a.count, 1);
	run_until(&b.count, 1);
	ck_assert_uint_eq(fake_calls(), 1);
}
END_TEST

START_TEST(two_names_do_not_wait_for_each_other)
{
	struct answer a = {0}, b = {0};

	fake_set(true, 0);
	ask("slow", &a);
	ask("other", &b);
	fake_wait_begun(2); /* both at once: would hang with one thread */
	fake_set(false, 0);
	run_until(&a.count, 1);
	run_until(&b.count, 1);
}
END_TEST

START_TEST(a_stale_answer_is_used_while_a_fresh_one_is_fetched)
{
	ask_and_wait("db");
	now.fake_us += 5 * SECOND - 1;
	ck_assert_str_eq(cached("db"), "10.0.1.0:80");
	ck_assert_uint_eq(fake_calls(), 1);
	now.fake_us += 1;
	fake_set(true, 0);
	ck_assert_str_eq(cached("db"), "10.0.1.0:80");
	ck_assert_str_eq(cached("db"), "10.0.1.0:80");
	fake_wait_begun(2);
	fake_set(false, 0);
	/* A second name goes through the same queue: db is done before. */
	while (strcmp(cached("db"), "10.0.1.0:80") == 0)
		;
	ck_assert_str_eq(cached("db"), "10.0.2.0:80");
	ck_assert_uint_eq(fake_calls(), 2);
}
END_TEST

START_TEST(an_answer_too_old_is_not_used)
{
	ask_and_wait("db");
	now.fake_us += 35 * SECOND - 1;
	fake_set(true, 0);
	ck_assert_str_eq(cached("db"), "10.0.1.0:80");
	now.fake_us += 1;
	ck_assert_str_eq(cached("db"), "");
}
END_TEST

START_TEST(a_failure_is_remembered_for_a_second)
{
	struct answer a = {0};

	fake_set(false, EAI_NONAME);
	ask("nope", &a);
	run_until(&a.count, 1);
	ck_assert_int_eq(a.error, EAI_NONAME);
	ck_assert_uint_eq(a.list.count, 0);
	ck_assert_str_eq(cached("nope"), "EAI");
	now.fake_us += SECOND - 1;
	ck_assert_str_eq(cached("nope"), "EAI");
	now.fake_us += 1;
	ck_assert_str_eq(cached("nope"), "");
	fake_set(false, 0);
	ask_and_wait("nope");
	ck_assert_str_eq(cached("nope"), "10.0.2.0:80");
}
END_TEST

START_TEST(an_empty_answer_is_a_failure)
{
	struct answer a = {0};

	fake.count = 0;
	ask("empty", &a);
	run_until(&a.count, 1);
	ck_assert_int_eq(a.error, EAI_NONAME);
}
END_TEST

START_TEST(a_passing_failure_keeps_stale_addresses_a_final_one_does_not)
{
	ask_and_wait("db");
	now.fake_us += 6 * SECOND;
	fake_set(false, EAI_AGAIN);
	ask_and_wait("db"); /* told the old addresses */
	ck_assert_str_eq(cached("db"), "10.0.1.0:80");
	ck_assert_uint_eq(fake_calls(), 2);
	fake_set(false, EAI_NONAME);
	ask_and_wait("db");
	ck_assert_str_eq(cached("db"), "EAI");
}
END_TEST

START_TEST(a_forgotten_name_is_looked_up_anew_but_not_in_a_storm)
{
	ask_and_wait("db");
	resolve_forget(resolver, "db");
	resolve_forget(resolver, "never heard of");
	ck_assert_str_eq(cached("db"), "10.0.1.0:80");
	now.fake_us += SECOND;
	resolve_forget(resolver, "db");
	ck_assert_str_eq(cached("db"), "");
	ask_and_wait("db");
	ck_assert_str_eq(cached("db"), "10.0.2.0:80");
}
END_TEST

START_TEST(a_cancelled_query_is_never_answered)
{
	struct answer a = {0}, b = {0};
	struct resolve *q;

	resolve_cancel(NULL);
	fake_set(true, 0);
	q = ask("db", &a);
	ask("db", &b);
	resolve_cancel(q);
	fake_set(false, 0);
	run_until(&b.count, 1);
	ck_assert_uint_eq(a.count, 0);
}
END_TEST

START_TEST(a_query_can_be_cancelled_when_its_answer_is_in_the_mail)
{
	struct answer a = {0}, b = {0};
	struct resolve *first, *second;
	struct pollfd p = {mailbox_fd(&box), POLLIN, 0};

	first = ask("db", &a);
	ck_assert_int_eq(poll(&p, 1, 5000), 1);
	resolve_cancel(first);
	second = ask("other", &b);
	ck_assert_ptr_nonnull(second);
	run_until(&b.count, 1);
	ck_assert_uint_eq(a.count, 0);
}
END_TEST

START_TEST(the_resolver_ends_while_a_lookup_hangs)
{
	struct answer a = {0};
	struct resolve *q;

	fake_set(true, 0);
	q = ask("db", &a);
	fake_wait_begun(1);
	resolve_cancel(q);
	resolver_free(resolver);
	resolver = NULL;
	fake_set(false, 0);
	ck_assert_uint_eq(a.count, 0);
}
END_TEST

START_TEST(the_cache_is_bounded)
{
	char name[32];
	struct answer a = {0};

	for (unsigned i = 0; i < 3000; i++) {
		snprintf(name, sizeof(name), "host%u", i);
		ask(name, &a);
		run_until(&a.count, i + 1);
	}
	ck_assert_str_eq(cached("host0"), "");
	ck_assert_str_ne(cached("host2999"), "");
}
END_TEST

START_TEST(the_system_knows_localhost)
{
	struct resolver *real = resolver_new(NULL);
	struct answer a = {0};

	resolve_start(real, &(struct resolve_query){"localhost", 80, &box,
	    on_done, &a});
	run_until(&a.count, 1);
	ck_assert_int_eq(a.error, 0);
	ck_assert_uint_ge(a.list.count, 1);
	resolver_free(real);
	resolver_free(NULL);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("resolve");
	TCase *c = tcase_create("resolve");
	SRunner *r;

	tcase_set_timeout(c, 30);
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, literals_are_answered_without_a_lookup);
	tcase_add_test(c, a_name_is_looked_up_once_and_answered_by_mail);
	tcase_add_test(c, queries_for_one_name_share_a_lookup);
	tcase_add_test(c, two_names_do_not_wait_for_each_other);
	tcase_add_test(c,
	    a_stale_answer_is_used_while_a_fresh_one_is_fetched);
	tcase_add_test(c, an_answer_too_old_is_not_used);
	tcase_add_test(c, a_failure_is_remembered_for_a_second);
	tcase_add_test(c, an_empty_answer_is_a_failure);
	tcase_add_test(c,
	    a_passing_failure_keeps_stale_addresses_a_final_one_does_not);
	tcase_add_test(c,
	    a_forgotten_name_is_looked_up_anew_but_not_in_a_storm);
	tcase_add_test(c, a_cancelled_query_is_never_answered);
	tcase_add_test(c,
	    a_query_can_be_cancelled_when_its_answer_is_in_the_mail);
	tcase_add_test(c, the_resolver_ends_while_a_lookup_hangs);
	tcase_add_test(c, the_cache_is_bounded);
	tcase_add_test(c, the_system_knows_localhost);
	suite_add_tcase(s, c);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	srunner_free(r);
	return 0;
}
