/* SPDX-License-Identifier: Apache-2.0 */
/* /metrics of a server without traffic: whose series there are. What figures
 * say is the scenarios' matter. */
#include "control/metrics.h"

#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "config/load.h"
#include "faults/fault.h"
#include "tests/harness/check_run.h"

static const char text[] =
    "workers = 1; seed = 1;"
    "routes = ( { name = \"a\\\"b\"; listen = \"127.0.0.1:0\";"
    "  upstream = \"db:5432\"; faults = ( { type = \"noop\"; } ); } );";

static struct server *server;
static struct state *state;
static struct event_base *base;
static struct feed *feed;

static void
setup(void)
{
	struct conf_diag diag = {0};
	struct conf_model *model = conf_load_text(text, "test", &fault_kinds,
	    &diag);
	struct error err;

	log_setup(LOG_ERROR, LOG_JSON, STDERR_FILENO);
	ck_assert_ptr_nonnull(model);
	base = event_base_new();
	feed = feed_new(base, &err);
	server = server_new(model, &err);
	ck_assert(server_apply(server, model, &diag));
	server_begin(server);
	state = state_new(server, model, NULL, NULL);
	conf_model_unref(model);
	conf_diag_fini(&diag);
}

static void
teardown(void)
{
	state_free(state);
	server_free(server);
	feed_free(feed);
	event_base_free(base);
}

/* The text of a GET. */
static struct str
scrape(bool toxiproxy)
{
	struct metrics m = {
	    .state = state, .feed = feed, .toxiproxy = toxiproxy};
	struct web_request request = {
	    .method = VIEW("GET"), .path = VIEW("/metrics")};
	struct web_reply reply = {0};

	ck_assert(metrics_handle(&m, &request, &reply));
	ck_assert_int_eq(reply.status, 200);
	str_fini(&reply.headers);
	return reply.body;
}

START_TEST(toxiproxys_metrics_stand_where_they_are_asked_for)
{
	struct str body;

	setup();
	body = scrape(false);
	ck_assert_ptr_null(strstr(body.text, "toxiproxy"));
	str_fini(&body);
	body = scrape(true);
	ck_assert_ptr_nonnull(strstr(body.text,
	    "\ntoxiproxy_proxy_received_bytes_total{proxy=\"a\\\"b\","
	    "listener=\"127.0.0.1:0\",upstream=\"db:5432\","
	    "direction=\"upstream\"} 0\n"));
	ck_assert_ptr_nonnull(strstr(body.text,
	    "direction=\"downstream\"} 0\n# HELP "
	    "toxiproxy_proxy_sent_bytes_total"));
	str_fini(&body);
	teardown();
}
END_TEST

START_TEST(other_paths_are_somebody_elses)
{
	struct metrics m = {0};
	struct web_request request = {
	    .method = VIEW("GET"), .path = VIEW("/metrics/")};
	struct web_reply reply = {0};

	ck_assert(!metrics_handle(&m, &request, &reply));
	ck_assert_int_eq(reply.status, 0);
}
END_TEST

int
main(void)
{
	return check_run("metrics",
	    (const TTest *const[]){
		toxiproxys_metrics_stand_where_they_are_asked_for,
		other_paths_are_somebody_elses, NULL});
}
