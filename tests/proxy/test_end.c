/* SPDX-License-Identifier: Apache-2.0 */
/* One socket of a session: bytes, its end, and noticing both. */
#include "proxy/end.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/attr.h"
#include "proxy/protocol.h"
#include "proxy/send_batch.h"
#include "proxy/worker.h"
#include "tests/harness/check_run.h"

static struct worker *worker;
static struct end end;
static int peer;
static unsigned seen;
static int times;

static void
on_event(struct end *e, unsigned what)
{
	ck_assert_ptr_eq(e, &end);
	seen |= what;
	times++;
}

/* Both ends of a connection over the loopback. */
static void
connect_pair(int fds[2])
{
	struct sockaddr_in in = {.sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(in);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	ck_assert_int_eq(bind(listener, (struct sockaddr *)&in, len), 0);
	ck_assert_int_eq(listen(listener, 1), 0);
	getsockname(listener, (struct sockaddr *)&in, &len);
	fds[0] = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(connect(fds[0], (struct sockaddr *)&in, len), 0);
	fds[1] = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
	ck_assert_int_ge(fds[1], 0);
	close(listener);
}

static void
begin(void)
{
	struct error err = {0};
	int fds[2];

	worker = worker_new(0, 1, &all_protocols, NULL, &err);
	ck_assert_msg(worker != NULL, "%s", err.text);
	connect_pair(fds);
	peer = fds[0];
	end_init(&end, worker, on_event);
	end_attach(&end, fds[1], false);
}

static void
finish(void)
{
	end_close(&end);
	if (peer >= 0)
		close(peer);
	worker_free(worker);
}

/* What is told within some turns. */
static unsigned
turn(void)
{
	seen = 0;
	times = 0;
	for (int i = 0; i < 20; i++) {
		usleep(500);
		event_base_loop(worker->base,
		    EVLOOP_ONCE | EVLOOP_NONBLOCK);
	}
	return seen;
}

static void
reset_peer(void)
{
	struct linger linger = {.l_onoff = 1};

	setsockopt(peer, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(peer);
	peer = -1;
}

START_TEST(it_tells_only_what_was_asked_for)
{
	char buf[8];

	begin();
	ck_assert_int_eq(send(peer, "hello", 5, 0), 5);
	ck_assert_uint_eq(turn(), 0);
	end_want(&end, true, false);
	ck_assert_uint_eq(turn(), END_READABLE);
	end_want(&end, false, true);
	ck_assert_uint_eq(turn(), END_WRITABLE);
	end_want(&end, false, false);
	ck_assert_uint_eq(turn(), 0);
	ck_assert_int_eq(end_read(&end, buf, sizeof(buf)), 5);
	ck_assert_int_eq(end_read(&end, buf, sizeof(buf)), END_AGAIN);
	finish();
}
END_TEST

START_TEST(the_peers_fin_is_read_and_ours_is_sent_once)
{
	char buf[8];

	begin();
	shutdown(peer, SHUT_WR);
	usleep(1000);
	ck_assert_int_eq(end_read(&end, buf, sizeof(buf)), END_CLOSED);
	ck_assert(end.fin_seen);
	/* The other direction goes on. */
	ck_assert_int_eq(end_write(&end, "x", 1), 1);
	end_shutdown(&end);
	end_shutdown(&end);
	ck_assert_int_eq(recv(peer, buf, sizeof(buf), 0), 1);
	ck_assert_int_eq(recv(peer, buf, sizeof(buf), 0), 0);
	finish();
}
END_TEST

START_TEST(a_reset_is_noticed_once_though_nobody_reads)
{
	begin();
	end_want(&end, false, false);
	ck_assert_uint_eq(turn(), 0);
	reset_peer();
	ck_assert_uint_eq(turn(), END_GONE);
	ck_assert_int_eq(times, 1);
	ck_assert_int_eq(end.error, ECONNRESET);
	ck_assert_uint_eq(turn(), 0);
	finish();
}
END_TEST

START_TEST(a_fin_that_nobody_reads_does_not_spin)
{
	begin();
	end_want(&end, false, false);
	shutdown(peer, SHUT_WR);
	ck_assert_uint_eq(turn(), 0);
	finish();
}
END_TEST

START_TEST(a_reset_fails_reading_and_writing)
{
	char buf[8];

	begin();
	reset_peer();
	usleep(1000);
	ck_assert_int_eq(end_read(&end, buf, sizeof(buf)), END_FAILED);
	ck_assert_int_eq(end.error, ECONNRESET);
	ck_assert_int_eq(end_write(&end, "x", 1), END_FAILED);
	ck_assert_int_eq(end.error, EPIPE);
	finish();
}
END_TEST

START_TEST(closing_is_polite_though_input_is_unread)
{
	char buf[8];

	begin();
	ck_assert_int_eq(send(peer, "unread", 6, 0), 6);
	usleep(1000);
	end_close(&end);
	end_close(&end);
	/* A reset would fail this. */
	ck_assert_int_eq(recv(peer, buf, sizeof(buf), 0), 0);
	finish();
}
END_TEST

START_TEST(a_reset_of_ours_arrives_as_one)
{
	char buf[8];

	begin();
	end_reset(&end);
	ck_assert_int_eq(recv(peer, buf, sizeof(buf), 0), -1);
	ck_assert_int_eq(errno, ECONNRESET);
	finish();
}
END_TEST

START_TEST(what_is_sent_to_the_deaf_arrives_once_he_hears)
{
	char buf[8];

	begin();
	ck_assert(end_set_deaf(&end, true));
	ck_assert_int_eq(send(peer, "later", 5, 0), 5);
	usleep(20000);
	ck_assert_int_eq(end_read(&end, buf, sizeof(buf)), END_AGAIN);
	ck_assert(end_set_deaf(&end, false));
	end_want(&end, true, false);
	for (int i = 0; i < 200 && turn() == 0; i++)
		;
	ck_assert_int_eq(end_read(&end, buf, sizeof(buf)), 5);
	finish();
}
END_TEST

START_TEST(who_is_silent_never_hears_again)
{
	char buf[8];

	begin();
	end_silence(&end);
	ck_assert(!end_set_deaf(&end, false));
	ck_assert_int_eq(send(peer, "later", 5, 0), 5);
	usleep(20000);
	ck_assert_int_eq(end_read(&end, buf, sizeof(buf)), END_AGAIN);
	finish();
}
END_TEST

START_TEST(a_descriptor_can_be_handed_on)
{
	int fd;

	begin();
	end_want(&end, true, false);
	fd = end_detach(&end);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(send(peer, "x", 1, 0), 1);
	ck_assert_uint_eq(turn(), 0);
	end_attach(&end, fd, false);
	end_want(&end, true, false);
	ck_assert_uint_eq(turn(), END_READABLE);
	finish();
}
END_TEST

START_TEST(the_end_is_known_with_the_last_bytes)
{
	char buf[8];

	begin();
	end_want(&end, true, false);
	ck_assert_int_eq(send(peer, "x", 1, 0), 1);
	ck_assert_uint_eq(turn(), END_READABLE);
	ck_assert_int_eq(end_read(&end, buf, sizeof(buf)), 1);
	ck_assert(!end_finish(&end));
	ck_assert_int_eq(send(peer, "last", 4, 0), 4);
	shutdown(peer, SHUT_WR);
	ck_assert_uint_eq(turn(), END_READABLE);
	/* Not while there are bytes. */
	ck_assert(!end_finish(&end));
	ck_assert_int_eq(end_read(&end, buf, sizeof(buf)), 4);
	ck_assert(end_finish(&end));
	ck_assert_int_eq(end_read(&end, buf, sizeof(buf)), END_CLOSED);
	finish();
}
END_TEST

START_TEST(last_bytes_leave_with_the_end)
{
	char buf[8];

	begin();
	ck_assert_int_eq(end_write_last(&end, "last", 4), 4);
	end_shutdown(&end);
	ck_assert_int_eq(recv(peer, buf, sizeof(buf), 0), 4);
	ck_assert_int_eq(recv(peer, buf, sizeof(buf), 0), 0);
	finish();
}
END_TEST

START_TEST(what_was_posted_is_not_written_again)
{
	struct bytes q;
	char buf[8];

	begin();
	bytes_init(&q, &worker->engine.pool);
	bytes_add(&q, "late", 4, 0);
	end_post(&end, &q);
	send_batch_run(worker->batch);
	ck_assert_int_eq(end_write_bytes(&end, &q, SIZE_MAX), 4);
	ck_assert_int_eq(recv(peer, buf, sizeof(buf), 0), 4);
	ck_assert_mem_eq(buf, "late", 4);
	ck_assert_int_eq(end_write(&end, "x", 1), 1);
	ck_assert_int_eq(recv(peer, buf, sizeof(buf), MSG_DONTWAIT), 1);
	reset_peer();
	usleep(1000);
	end_post(&end, &q);
	send_batch_run(worker->batch);
	ck_assert_int_eq(end_write(&end, "late", 4), END_FAILED);
	ck_assert_int_eq(end.error, ECONNRESET);
	bytes_fini(&q);
	finish();
}
END_TEST

int
main(void)
{
	return check_run("end",
	    (const TTest *const[]){it_tells_only_what_was_asked_for,
		the_peers_fin_is_read_and_ours_is_sent_once,
		a_reset_is_noticed_once_though_nobody_reads,
		a_fin_that_nobody_reads_does_not_spin,
		a_reset_fails_reading_and_writing,
		closing_is_polite_though_input_is_unread,
		a_reset_of_ours_arrives_as_one,
		what_is_sent_to_the_deaf_arrives_once_he_hears,
		who_is_silent_never_hears_again,
		a_descriptor_can_be_handed_on,
		the_end_is_known_with_the_last_bytes,
		last_bytes_leave_with_the_end,
		what_was_posted_is_not_written_again, NULL});
}
