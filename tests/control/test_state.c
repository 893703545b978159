/* SPDX-License-Identifier: Apache-2.0 */
/* What is in force, the file's part of it and the API's; and who hears of
 * changes. */
#include "config/build.h"
#include "control/state.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "control/feed.h"
#include "tests/harness/check_run.h"
#include "tests/harness/model.h"

#define HEAD "workers = 1; control = { listen = \"off\"; }; "

static struct server *server;
static struct state *state;
static int changes;

static void
on_changed(void *arg)
{
	(void)arg;
	changes++;
}

static void
begin(const char *text)
{
	struct conf_diag diag = {0};
	struct conf_model *m = model_of(text);
	struct error err = {0};

	log_setup(LOG_ERROR, LOG_JSON, STDERR_FILENO);
	server = server_new(m, &err);
	ck_assert_msg(server != NULL, "%s", err.text);
	ck_assert(server_apply(server, m, &diag));
	server_begin(server);
	changes = 0;
	state = state_new(server, m, on_changed, NULL);
	conf_model_unref(m);
}

static void
finish(void)
{
	state_free(state);
	server_free(server);
}

static bool
commit(struct conf_model *draft)
{
	struct conf_diag diag = {0};
	bool ok = state_commit(state, draft, &diag);

	ck_assert(ok == (diag.errors == 0));
	conf_diag_fini(&diag);
	return ok;
}

static bool
reload(const char *text)
{
	struct conf_diag diag = {0};
	bool ok = state_reload(state, model_of(text), &diag);

	conf_diag_fini(&diag);
	return ok;
}

static bool
has_route(const char *name)
{
	return state_route_index(state_model(state), name) != SIZE_MAX &&
	       plan_route(server_plan(server), name) != NULL;
}

static struct conf_route *
add_route(struct conf_model *draft, const struct conf_model *from)
{
	struct conf_route *r = conf_model_add_route(draft);

	conf_route_copy(r, &from->routes[0]);
	r->from_api = true;
	return r;
}

static const char one[] =
    HEAD "routes = (" MODEL_ROUTE("a", "{ type = \"noop\"; }") ");";
static const char other[] = HEAD "routes = (" MODEL_ROUTE("b", "") ");";

START_TEST(a_commit_is_in_force_and_told)
{
	struct conf_model *draft, *b = model_of(other);

	begin(one);
	ck_assert_uint_eq(state_generation(state), 1);
	draft = state_draft(state);
	add_route(draft, b);
	ck_assert(commit(draft));
	ck_assert(has_route("a") && has_route("b"));
	ck_assert_uint_eq(state_generation(state), 2);
	ck_assert_int_eq(changes, 1);
	conf_model_unref(b);
	finish();
}
END_TEST

START_TEST(what_is_refused_leaves_nothing_behind)
{
	struct conf_model *draft, *b = model_of(one);

	begin(one);
	draft = state_draft(state);
	/* The same name twice. */
	add_route(draft, b);
	ck_assert(!commit(draft));
	ck_assert_uint_eq(state_model(state)->routes_count, 1);
	ck_assert_uint_eq(state_generation(state), 1);
	ck_assert_int_eq(changes, 0);
	conf_model_unref(b);
	finish();
}
END_TEST

START_TEST(what_the_api_made_outlives_a_reload_but_for_equal_names)
{
	struct conf_model *draft, *b = model_of(other);
	struct conf_fault *f;
	size_t at;

	begin(one);
	draft = state_draft(state);
	add_route(draft, b);
	f = conf_route_add_fault(&draft->routes[0],
				 &fault_find("latency")->kind);
	free(f->name);
	f->name = xstrdup("made");
	f->from_api = true;
	ck_assert(commit(draft));
	/* The file's next version knows nothing of them. */
	ck_assert(reload(one));
	ck_assert(has_route("a") && has_route("b"));
	at = state_route_index(state_model(state), "a");
	ck_assert_uint_eq(state_model(state)->routes[at].faults_count, 2);
	/* Now the file has a "b" of its own. */
	ck_assert(reload(other));
	ck_assert(!has_route("a") && has_route("b"));
	ck_assert(!state_model(state)->routes[0].from_api);
	/* What the file says alone. */
	draft = state_draft_file(state);
	ck_assert_uint_eq(draft->routes_count, 1);
	conf_model_unref(draft);
	conf_model_unref(b);
	finish();
}
END_TEST

static int armed;

static void
on_event(void *arg, const struct event_record *event)
{
	(void)arg;
	armed += event->type == EVENT_FAULT_ARMED;
}

START_TEST(events_are_made_only_while_somebody_listens)
{
	struct event_base *base = event_base_new();
	struct error err;
	struct feed *feed = feed_new(base, &err);
	struct conf_model *draft;

	armed = 0;
	begin(other);
	feed_attach(feed, server);
	ck_assert_uint_eq(feed_listeners(feed), 0);
	ck_assert(reload(one));
	feed_run(feed);
	ck_assert_int_eq(armed, 0);
	feed_join(feed, (struct event_wish){.all = EVENTS_ALL}, on_event,
	    &armed);
	feed_join(feed, (struct event_wish){.all = EVENTS_ALL}, on_event,
	    &err);
	ck_assert_uint_eq(feed_listeners(feed), 2);
	draft = state_draft(state);
	draft->routes[0].faults[0].arming++;
	ck_assert(commit(draft));
	feed_run(feed);
	ck_assert_int_eq(armed, 2);
	feed_leave(feed, &err);
	feed_leave(feed, &armed);
	ck_assert(reload(other));
	ck_assert(reload(one));
	feed_run(feed);
	ck_assert_int_eq(armed, 2);
	ck_assert_uint_eq(feed_dropped(feed), 0);
	feed_attach(feed, NULL);
	finish();
	feed_free(feed);
	event_base_free(base);
}
END_TEST

int
main(void)
{
	return check_run(
	    "state",
	    (const TTest *const[]){
		a_commit_is_in_force_and_told,
		what_is_refused_leaves_nothing_behind,
		what_the_api_made_outlives_a_reload_but_for_equal_names,
		events_are_made_only_while_somebody_listens, NULL});
}
