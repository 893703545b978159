/* SPDX-License-Identifier: Apache-2.0 */
/* Mailboxes: order, wake-ups, many producers. */
#include "base/mailbox.h"

#include <check.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/attr.h"
#include "base/xalloc.h"

#define PRODUCERS 4
#define MAILS	  20000

struct note {
	struct mail mail;
	unsigned producer, number;
};

struct seen {
	struct mailbox *box;
	unsigned count, last[PRODUCERS];
	bool in_order;
};

static bool
is_readable(struct mailbox *box, int timeout_ms)
{
	struct pollfd p = {mailbox_fd(box), POLLIN, 0};

	return poll(&p, 1, timeout_ms) == 1;
}

static void
on_note(struct mail *mail, void *arg)
{
	struct note *note = CONTAINER_OF(mail, struct note, mail);
	struct seen *seen = arg;

	if (note->number != seen->last[note->producer] + 1)
		seen->in_order = false;
	seen->last[note->producer] = note->number;
	seen->count++;
	free(note);
}

static void
post_note(struct mailbox *box, unsigned producer, unsigned number)
{
	struct note *note = xcalloc(1, sizeof(*note));

	note->mail.deliver = on_note;
	note->producer = producer;
	note->number = number;
	mailbox_post(box, &note->mail);
}

START_TEST(some_mail_leaves_the_rest_for_the_next_run)
{
	struct mailbox box;
	struct seen seen = {.box = &box, .in_order = true};

	ck_assert(mailbox_init(&box, NULL));
	for (unsigned n = 1; n <= 5; n++)
		post_note(&box, 0, n);
	mailbox_run_some(&box, &seen, 2);
	ck_assert_uint_eq(seen.count, 2);
	ck_assert(is_readable(&box, 0));
	post_note(&box, 0, 6);
	mailbox_run_some(&box, &seen, 2);
	ck_assert_uint_eq(seen.count, 4);
	mailbox_run(&box, &seen);
	ck_assert_uint_eq(seen.count, 6);
	ck_assert(seen.in_order);
	ck_assert(!is_readable(&box, 0));
	mailbox_fini(&box);
}
END_TEST

START_TEST(mail_is_delivered_in_order_of_posting)
{
	struct mailbox box;
	struct seen seen = {.in_order = true};

	ck_assert(mailbox_init(&box, NULL));
	for (unsigned i = 1; i <= 100; i++)
		post_note(&box, 0, i);
	mailbox_run(&box, &seen);
	ck_assert_uint_eq(seen.count, 100);
	ck_assert(seen.in_order);
	mailbox_run(&box, &seen);
	ck_assert_uint_eq(seen.count, 100);
	mailbox_fini(&box);
}
END_TEST

START_TEST(the_descriptor_is_readable_only_while_mail_waits)
{
	struct mailbox box;
	struct seen seen = {.in_order = true};

	ck_assert(mailbox_init(&box, NULL));
	ck_assert(!is_readable(&box, 0));
	post_note(&box, 0, 1);
	post_note(&box, 0, 2);
	ck_assert(is_readable(&box, 0));
	mailbox_run(&box, &seen);
	ck_assert(!is_readable(&box, 0));
	post_note(&box, 0, 3);
	ck_assert(is_readable(&box, 0));
	mailbox_run(&box, &seen);
	ck_assert_uint_eq(seen.count, 3);
	mailbox_fini(&box);
}
END_TEST

static void
on_again(struct mail *mail, void *arg)
{
	struct seen *seen = arg;

	seen->count++;
	mailbox_post(seen->box, mail);
}

START_TEST(mail_posted_by_a_delivery_waits_for_the_next_run)
{
	struct mailbox box;
	struct seen seen = {.box = &box};
	struct mail again = {.deliver = on_again};

	ck_assert(mailbox_init(&box, NULL));
	mailbox_post(&box, &again);
	for (unsigned i = 1; i <= 5; i++) {
		ck_assert(is_readable(&box, 0));
		mailbox_run(&box, &seen);
		ck_assert_uint_eq(seen.count, i);
	}
	mailbox_fini(&box);
}
END_TEST

START_TEST(a_zeroed_or_finished_box_can_be_finished)
{
	struct mailbox box = {0};

	mailbox_fini(&box);
	ck_assert(mailbox_init(&box, NULL));
	mailbox_fini(&box);
	mailbox_fini(&box);
}
END_TEST

struct producer {
	struct mailbox *box;
	unsigned index;
};

static void *
produce(void *arg)
{
	struct producer *p = arg;

	for (unsigned i = 1; i <= MAILS; i++)
		post_note(p->box, p->index, i);
	return NULL;
}

START_TEST(many_producers_lose_nothing_and_each_keeps_its_order)
{
	struct mailbox box;
	struct seen seen = {.in_order = true};
	struct producer producers[PRODUCERS];
	pthread_t threads[PRODUCERS];

	ck_assert(mailbox_init(&box, NULL));
	for (unsigned i = 0; i < PRODUCERS; i++) {
		producers[i] = (struct producer){&box, i};
		ck_assert_int_eq(pthread_create(&threads[i], NULL, produce,
		    &producers[i]), 0);
	}
	while (seen.count < PRODUCERS * MAILS) {
		ck_assert_msg(is_readable(&box, 5000), "a wake-up was lost");
		mailbox_run(&box, &seen);
	}
	for (unsigned i = 0; i < PRODUCERS; i++)
		pthread_join(threads[i], NULL);
	ck_assert(seen.in_order);
	mailbox_fini(&box);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("mailbox");
	TCase *c = tcase_create("mailbox");
	SRunner *r;

	tcase_set_timeout(c, 30);
	tcase_add_test(c, mail_is_delivered_in_order_of_posting);
	tcase_add_test(c, some_mail_leaves_the_rest_for_the_next_run);
	tcase_add_test(c, the_descriptor_is_readable_only_while_mail_waits);
	tcase_add_test(c, mail_posted_by_a_delivery_waits_for_the_next_run);
	tcase_add_test(c, a_zeroed_or_finished_box_can_be_finished);
	tcase_add_test(c, many_producers_lose_nothing_and_each_keeps_its_order);
	suite_add_tcase(s, c);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	srunner_free(r);
	return 0;
}
