/* SPDX-License-Identifier: Apache-2.0 */
/* JSON into a model and out of it, and what changes do to a draft. */
#include <string.h>

#include "config/print.h"
#include "tests/harness/check_run.h"
#include "tests/harness/v1_draft.h"

static struct v1_draft d;

static void
good(const char *method, const char *target, const char *body)
{
	if (!v1_draft_call(&d, method, target, body))
		ck_abort_msg("%s %s: %s", method, target,
			     d.diag.count > 0 ? d.diag.messages[0].text
					      : "refused");
}

/* The finding about `where` holds `text`. */
static void
bad(const char *target, const char *body, const char *where, const char *text)
{
	struct str all = {0};

	ck_assert(!v1_draft_call(&d, "POST", target, body));
	for (size_t i = 0; i < d.diag.count; i++) {
		const struct conf_message *m = &d.diag.messages[i];

		str_printf(&all, "%s: %s\n", m->where, m->text);
		if (strcmp(m->where, where) == 0 &&
		    strstr(m->text, text) != NULL) {
			str_fini(&all);
			return;
		}
	}
	ck_abort_msg("no \"%s: %s\" in %s", where, text, all.text);
}

static struct conf_route *
route(const char *name)
{
	return &d.edit.draft->routes[state_route_index(d.edit.draft, name)];
}

static struct conf_fault *
fault(const char *route_name, const char *name)
{
	struct conf_route *r = route(route_name);

	return &r->faults[state_fault_index(r, name)];
}

START_TEST(values_are_spelled_as_in_a_file_or_bare)
{
	v1_draft_init(&d);
	good("POST", "/v1/routes/a/faults",
	     "{\"type\":\"bandwidth\",\"name\":\"b\",\"rate\":\"8Mbit/s\","
	     "\"probability\":\"20%\",\"first\":5.0,\"for\":1500,"
	     "\"on\":\"1m30s\",\"off\":\"1s\",\"enabled\":\"no\","
	     "\"stream\":\"both\",\"when\":{\"client\":[\"x\",\"::1\"]}}");
	ck_assert(fault("a", "b")->conditions.probability == 0.2);
	ck_assert_int_eq(fault("a", "b")->conditions.first, 5);
	ck_assert_int_eq(fault("a", "b")->conditions.for_us, 1500000);
	ck_assert_int_eq(fault("a", "b")->conditions.on_us, 90000000);
	ck_assert(!fault("a", "b")->enabled);
	ck_assert_int_eq(fault("a", "b")->stream, STREAM_BOTH);
	ck_assert_uint_eq(fault("a", "b")->conditions.when.clients_count, 2);
	ck_assert(fault("a", "b")->conditions.has_when);
	ck_assert(fault("a", "b")->from_api);
	v1_draft_fini(&d);
}
END_TEST

static const struct {
	const char *target, *body, *where, *text;
} refusals[] = {
    {"/v1/routes", "[]", "configuration", "expected a route, an object"},
    {"/v1/routes", "{\"listne\":\":9\"}", "listne", "did you mean"},
    {"/v1/routes", "{\"name\":\"b\"}", "listen", "lacks"},
    {"/v1/routes", "{\"name\":\"\"}", "name", "1 … 200"},
    {"/v1/routes", "{\"name\":null}", "name", "lacks"},
    {"/v1/routes", "{\"buffer\":\"1KiB\"}", "buffer", "4KiB"},
    {"/v1/routes", "{\"enabled\":1}", "enabled", "expected true or false"},
    {"/v1/routes", "{\"max_connections\":1.5}", "max_connections", "whole"},
    {"/v1/routes", "{\"max_connections\":-1}", "max_connections", "bounds"},
    {"/v1/routes", "{\"protocol\":[\"tcp\"]}", "protocol", "an array"},
    {"/v1/routes", "{\"protocol\":{}}", "protocol", "an object"},
    {"/v1/routes", "{\"protocol\":\"htpt\"}", "protocol", "\"http\""},
    {"/v1/routes", "{\"faults\":{}}", "faults", "no list"},
    {"/v1/routes", "{\"faults\":[null]}", "faults[0]", "an object"},
    {"/v1/routes", "{\"match\":7}", "match", "an object"},
    {"/v1/routes", "{\"match\":{\"pth\":\"/\"}}", "match.pth", "\"path\""},
    {"/v1/routes/a/faults", "{\"type\":\"latncy\"}", "type", "\"latency\""},
    {"/v1/routes/a/faults", "{\"type\":\"abort\",\"status\":503}", "type",
     "protocol"},
    {"/v1/routes/a/faults", "{\"type\":\"noop\",\"on\":5}", "on", "off"},
    {"/v1/routes/w/faults", "{\"type\":\"noop\",\"when\":{\"path\":\"~(\"}}",
     "when.path", ""},
    {"/v1/routes/w/faults", "{\"type\":\"abort\","
			    "\"when\":{\"status\":\"5xx\"}}",
     "when", "expected after = true, or"},
    {"/v1/routes/w/faults", "{\"type\":\"hang\","
			    "\"when\":{\"status\":\"5xx\"}}",
     "when", "expected after = true, or"},
    {"/v1/routes/w/faults", "{\"type\":\"rate_limit\",\"rate\":5,"
			    "\"when\":{\"status\":\"5xx\"}}",
     "when", "expected at = \"after\", or"},
    {"/v1/routes/w/faults", "{\"type\":\"goaway\","
			    "\"when\":{\"status\":\"5xx\"}}",
     "when", "expected at = \"after\", or"},
    {"/v1/routes/w/faults", "{\"type\":\"headers\","
			    "\"stream\":\"upstream\",\"set\":[\"A: b\"],"
			    "\"when\":{\"status\":\"5xx\"}}",
     "when", "expected stream = \"downstream\", or"},
    {"/v1/routes/w/faults", "{\"type\":\"body\","
			    "\"stream\":\"upstream\",\"replace\":\"x\","
			    "\"when\":{\"status\":\"5xx\"}}",
     "when", "expected stream = \"downstream\", or"},
    {"/v1/routes/w/faults",
     "{\"type\":\"noop\",\"when\":{\"client\":[\"z\",3]}}", "when.client",
     "element 1"},
    {"/v1/routes/w/faults", "{\"type\":\"noop\",\"when\":{\"client\":\"z\"}}",
     "when.client", "neither an address nor a service"},
    {"/v1/partitions", "{\"name\":\"q\",\"groups\":[[1]]}", "groups[0]",
     "element 0"},
    {"/v1/partitions/p/start", "{\"for\":\"-1s\"}", "for", ""},
    {"/v1/apply",
     "{\"changes\":[{\"method\":\"POST\","
     "\"path\":\"/v1/routes/a/faults\",\"body\":{\"type\":\"latency\","
     "\"when\":{\"client\":[1]}}}]}",
     "changes[0].body.when.client", "element 0"},
};

START_TEST(what_is_wrong_is_told_with_its_place)
{
	for (size_t i = 0; i < COUNT_OF(refusals); i++) {
		v1_draft_init(&d);
		bad(refusals[i].target, refusals[i].body, refusals[i].where,
		    refusals[i].text);
		v1_draft_fini(&d);
	}
}
END_TEST

START_TEST(a_patch_leaves_alone_what_it_does_not_name)
{
	v1_draft_init(&d);
	good("PATCH", "/v1/routes/a/faults/latency_downstream",
	     "{\"jitter\":\"5ms\",\"state\":{\"x\":1}}");
	good("PATCH", "/v1/routes/a", "{\"from\":\"x\"}");
	ck_assert_uint_eq(route("a")->faults_count, 2);
	ck_assert_str_eq(route("a")->listen_text, ":1");
	good("PATCH", "/v1/routes/a",
	     "{\"from\":null,\"faults\":[{\"type\":\"noop\",\"name\":\"n\"},"
	     "{\"type\":\"down\"}]}");
	ck_assert_ptr_null(route("a")->from);
	ck_assert_uint_eq(route("a")->faults_count, 2);
	/* What keeps its name keeps its origin. */
	ck_assert(!fault("a", "n")->from_api);
	ck_assert(route("a")->faults[1].from_api);
	v1_draft_fini(&d);
}
END_TEST

START_TEST(a_timeout_follows_the_protocol_until_it_is_given)
{
	v1_draft_init(&d);
	ck_assert_int_eq(route("w")->idle_timeout_us, 60000000);
	good("PATCH", "/v1/routes/w", "{\"protocol\":\"tcp\"}");
	ck_assert_int_eq(route("w")->idle_timeout_us, 0);
	good("PATCH", "/v1/routes/w", "{\"idle_timeout\":\"7s\"}");
	good("PATCH", "/v1/routes/w", "{\"protocol\":\"http\"}");
	ck_assert_int_eq(route("w")->idle_timeout_us, 7000000);
	good("PATCH", "/v1/routes/w", "{\"idle_timeout\":null}");
	ck_assert_int_eq(route("w")->idle_timeout_us, 60000000);
	v1_draft_fini(&d);
}
END_TEST

START_TEST(a_replacement_keeps_place_and_origin_and_nothing_else)
{
	v1_draft_init(&d);
	good("PUT", "/v1/routes/a", "{\"listen\":\":5\",\"upstream\":\"h:6\"}");
	ck_assert_ptr_eq(route("a"), &d.edit.draft->routes[0]);
	ck_assert_uint_eq(route("a")->faults_count, 0);
	ck_assert(!route("a")->from_api);
	good("PUT", "/v1/routes/w/faults/f", "{\"type\":\"noop\"}");
	ck_assert_int_eq(d.status, 201);
	good("PUT", "/v1/routes/w/faults/f", "{\"type\":\"down\"}");
	ck_assert_int_eq(d.status, 200);
	ck_assert_uint_eq(route("w")->faults_count, 1);
	ck_assert_str_eq(fault("w", "f")->kind->name, "down");
	v1_draft_fini(&d);
}
END_TEST

START_TEST(a_lease_is_noted_on_what_it_made_and_on_what_it_started)
{
	v1_draft_init(&d);
	d.edit.lease = 7;
	good("POST", "/v1/routes/a/faults", "{\"type\":\"down\"}");
	good("POST", "/v1/partitions/p/start", NULL);
	good("POST", "/v1/routes/a/faults/n/enable", NULL);
	ck_assert_uint_eq(route("a")->faults[2].leased.made, 7);
	ck_assert_uint_eq(d.edit.draft->partitions[0].leased.enabled, 7);
	/* It was enabled already, by somebody else. */
	ck_assert_uint_eq(fault("a", "n")->leased.enabled, 0);
	d.edit.lease = 0;
	good("POST", "/v1/partitions/p/heal", NULL);
	ck_assert_uint_eq(d.edit.draft->partitions[0].leased.enabled, 0);
	v1_draft_fini(&d);
}
END_TEST

START_TEST(what_is_printed_loads_to_the_same)
{
	struct conf_diag diag = {0};
	struct str first = {0}, second = {0};
	struct conf_model *again;

	v1_draft_init(&d);
	good("POST", "/v1/routes",
	     "{\"name\":\"\\u00fc ${H} \\\"q\\\"\","
	     "\"listen\":\"unix:/a b\",\"upstream\":\"[::1]:5\","
	     "\"protocol\":\"http\",\"match\":{\"host\":\"*.h\"},\"faults\":["
	     "{\"type\":\"latency\",\"table\":[\"1ms\",2.5],"
	     "\"distribution\":\"table\","
	     "\"when\":{\"status\":503,\"header\":[\"A: b\",\"C\"]}}]}");
	good("POST", "/v1/partitions",
	     "{\"name\":\"q\",\"shape\":\"halves\","
	     "\"members\":[\"x\",\"y\"],\"enabled\":false}");
	conf_model_print(&first, d.edit.draft);
	again = conf_load_text(first.text, "printed", &fault_kinds, &diag);
	if (again == NULL)
		ck_abort_msg("%s: %s", diag.messages[0].where,
			     diag.messages[0].text);
	conf_model_print(&second, again);
	ck_assert_str_eq(first.text, second.text);
	conf_model_unref(again);
	conf_diag_fini(&diag);
	str_fini(&first);
	str_fini(&second);
	v1_draft_fini(&d);
}
END_TEST

int
main(void)
{
	return check_run(
	    "v1_model",
	    (const TTest *const[]){
		values_are_spelled_as_in_a_file_or_bare,
		what_is_wrong_is_told_with_its_place,
		a_patch_leaves_alone_what_it_does_not_name,
		a_timeout_follows_the_protocol_until_it_is_given,
		a_replacement_keeps_place_and_origin_and_nothing_else,
		a_lease_is_noted_on_what_it_made_and_on_what_it_started,
		what_is_printed_loads_to_the_same,
		NULL,
	    });
}
