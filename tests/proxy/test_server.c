/* SPDX-License-Identifier: Apache-2.0 */
/* What the server tells about its workers. */
#include "proxy/server.h"

#include "config/load.h"
#include "faults/fault.h"
#include "tests/harness/check_run.h"

static struct server *
make(const char *text)
{
	struct conf_diag diag = {0};
	struct conf_model *model = conf_load_text(text, "test", &fault_kinds,
	    &diag);
	struct server *server;
	struct error err;

	ck_assert_ptr_nonnull(model);
	server = server_new(model, &err);
	ck_assert_ptr_nonnull(server);
	conf_model_unref(model);
	conf_diag_fini(&diag);
	return server;
}

START_TEST(a_worker_that_did_not_turn_for_long_is_noticed)
{
	struct server *server = make("workers = 2;");
	int64_t now_us = clock_now(&clock_real);

	ck_assert_uint_eq(server_workers(server), 2);
	ck_assert(server_turns(server, now_us));
	ck_assert(server_turns(server, now_us + 20 * 1000000LL));
	ck_assert(!server_turns(server, now_us + 60 * 1000000LL));
	server_free(server);
}
END_TEST

START_TEST(lateness_of_all_workers_adds_up)
{
	struct server *server = make("workers = 2;");
	struct histogram_sum sum = {0};
	uint64_t count = 0;

	/* Each tidies up every 2 s. */
	for (int i = 0; i < 400 && count < 2; i++) {
		nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
		sum = (struct histogram_sum){0};
		server_lag(server, &sum);
		count = histogram_count(&sum);
	}
	ck_assert_uint_ge(count, 2);
	server_free(server);
}
END_TEST

int
main(void)
{
	return check_run("server",
	    (const TTest *const[]){
		a_worker_that_did_not_turn_for_long_is_noticed,
		lateness_of_all_workers_adds_up, NULL});
}
