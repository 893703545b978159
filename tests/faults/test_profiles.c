/* SPDX-License-Identifier: Apache-2.0 */
/* Link profiles, with the real kinds: config/ must not know them. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "config/load.h"
#include "config/print.h"
#include "config/profile.h"
#include "faults/fault.h"
#include "tests/harness/check_run.h"

static struct conf_model *
load(const char *text)
{
	struct conf_diag diag = {0};
	struct conf_model *m =
	    conf_load_text(text, "t.conf", &fault_kinds, &diag);

	ck_assert_msg(m != NULL, "%s",
	    diag.count > 0 ? diag.messages[0].text : "");
	ck_assert_uint_eq(diag.count, 0);
	return m;
}

static struct conf_model *
load_route(const char *fields)
{
	struct str text = {0};
	struct conf_model *m;

	str_printf(&text,
	    "routes = ( { name = \"r\"; listen = \":1\"; "
	    "upstream = \"h:2\"; %s } );",
	    fields);
	m = load(text.text);
	str_fini(&text);
	return m;
}

static void
count(void *arg, const char *fault)
{
	(void)fault;
	++*(size_t *)arg;
}

/* The fault of that name, printed as a file would hold it; owned. */
static char *
fault_text(const struct conf_model *m, const char *name)
{
	const struct conf_route *r = &m->routes[0];
	struct str text = {0};

	for (size_t i = 0; i < r->faults_count; i++) {
		const struct conf_fault *f = &r->faults[i];
		const struct conf_field *field = f->kind->fields;

		if (strcmp(f->name, name) != 0)
			continue;
		str_printf(&text, "%s %d", f->kind->name, f->stream);
		for (; field->name != NULL; field++) {
			str_printf(&text, " %s=", field->name);
			conf_field_print(field, f->params, &text);
		}
	}
	ck_assert_msg(text.len > 0, "there is no %s", name);
	return str_take(&text);
}

static void
assert_fault(const struct conf_model *m, const char *name, const char *begin)
{
	char *text = fault_text(m, name);

	ck_assert_msg(strncmp(text, begin, strlen(begin)) == 0, "%s", text);
	free(text);
}

START_TEST(every_profile_stands_for_good_faults_on_every_protocol)
{
	static const char *const protocols[] = {"tcp", "http"};

	for (int i = 0; i < PROFILE_COUNT * 2; i++) {
		int id = i / 2;
		const char *name = conf_profile_names[id];
		const struct conf_options opt = {
		    .listen = ":1",
		    .upstream = "h:2",
		    .protocol = protocols[i % 2],
		    .profile = name,
		};
		struct conf_diag diag = {0};
		struct conf_model *m =
		    conf_load_options(&opt, &fault_kinds, &diag);
		size_t parts = 0;

		ck_assert_ptr_nonnull(m);
		conf_profile_each(id, count, &parts);
		ck_assert_uint_eq(m->routes[0].faults_count, parts);
		for (size_t k = 0; k < parts; k++) {
			const struct conf_fault *f = &m->routes[0].faults[k];

			ck_assert_int_eq(f->profile, id);
			ck_assert(strncmp(f->name, name, strlen(name)) == 0);
		}
		conf_model_unref(m);
	}
}
END_TEST

START_TEST(what_datagrams_cannot_have_is_left_out)
{
	static const char *const protocols[] = {"udp", "dns"};

	for (size_t i = 0; i < COUNT_OF(protocols); i++) {
		struct str fields = {0};
		struct conf_model *m;

		str_printf(&fields,
		    "profile = \"wifi-bad\"; protocol = \"%s\";",
		    protocols[i]);
		m = load_route(fields.text);
		assert_fault(m, "wifi-bad_latency", "latency 2");
		assert_fault(m, "wifi-bad_loss", "loss 2 rate=0.03");
		for (size_t k = 0; k < m->routes[0].faults_count; k++)
			ck_assert_str_ne(m->routes[0].faults[k].name,
			    "wifi-bad_connect");
		conf_model_unref(m);
		str_fini(&fields);
	}
}
END_TEST

START_TEST(the_figures_of_the_table_become_parameters)
{
	struct conf_model *m = load_route("profile = \"3g\";");

	ck_assert_uint_eq(m->routes[0].faults_count, 4);
	assert_fault(m, "3g_connect", "connect_delay 1 delay=\"300ms\"");
	assert_fault(m, "3g_up", "bandwidth 0 rate=\"96KB/s\" burst=\"0B\" "
				 "shared=true");
	assert_fault(m, "3g_down", "bandwidth 1 rate=\"200KB/s\" burst=\"0B\" "
				   "shared=true");
	assert_fault(m, "3g_latency", "latency 2 latency=\"150ms\" "
				      "jitter=\"0ms\"");
	conf_model_unref(m);
	m = load_route("profile = \"wifi-bad\";");
	assert_fault(m, "wifi-bad_loss", "loss 2 rate=0.03 burst=3 ");
	conf_model_unref(m);
}
END_TEST

START_TEST(a_fault_of_its_name_takes_the_place_of_a_part)
{
	struct conf_model *m = load_route(
	    "profile = \"3g\"; faults = ( { type = \"latency\"; "
	    "name = \"3g_latency\"; latency = \"7ms\"; }, "
	    "{ type = \"noop\"; } );");

	ck_assert_uint_eq(m->routes[0].faults_count, 5);
	assert_fault(m, "3g_latency", "latency 1 latency=\"7ms\"");
	ck_assert_str_eq(m->routes[0].faults[1].name, "noop_downstream");
	ck_assert_int_eq(m->routes[0].faults[0].profile, PROFILE_NONE);
	conf_model_unref(m);
}
END_TEST

START_TEST(another_profile_takes_the_faults_of_the_old_one_away)
{
	struct conf_model *m = load_route(
	    "profile = \"3g\"; faults = ( { type = \"latency\"; "
	    "name = \"3g_latency\"; latency = \"7ms\"; } );");
	struct conf_model *draft = conf_model_copy(m);
	struct conf_route *r = &draft->routes[0];

	ck_assert_uint_eq(r->faults_count, 4);
	r->profile = PROFILE_DSL;
	conf_route_settle_profile(r, &fault_kinds);
	ck_assert_uint_eq(r->faults_count, 5);
	assert_fault(draft, "3g_latency", "latency 1 latency=\"7ms\"");
	assert_fault(draft, "dsl_latency", "latency 2 latency=\"25ms\"");
	r->profile = PROFILE_NONE;
	conf_route_settle_profile(r, &fault_kinds);
	ck_assert_uint_eq(r->faults_count, 1);
	conf_model_unref(draft);
	conf_model_unref(m);
}
END_TEST

START_TEST(what_is_printed_is_in_force_and_reads_back)
{
	struct conf_model *m = load_route("profile = \"wifi-bad\";"), *again;
	struct str text = {0}, second = {0};

	conf_model_print(&text, m);
	ck_assert_ptr_nonnull(strstr(text.text, "\"wifi-bad_loss\""));
	ck_assert_ptr_null(strstr(text.text, "profile"));
	again = load(text.text);
	ck_assert_uint_eq(again->routes[0].faults_count, 5);
	for (size_t i = 0; i < 5; i++)
		ck_assert(conf_fault_equal(&m->routes[0].faults[i],
		    &again->routes[0].faults[i]));
	conf_model_print(&second, again);
	ck_assert_str_eq(text.text, second.text);
	str_fini(&text);
	str_fini(&second);
	conf_model_unref(again);
	conf_model_unref(m);
}
END_TEST

START_TEST(a_name_is_found_or_the_nearest_one_is_told)
{
	struct error err;

	ck_assert_int_eq(conf_profile_find("satellite", &err),
	    PROFILE_SATELLITE);
	ck_assert_int_eq(conf_profile_find("satelite", &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "did you mean \"satellite\"?"));
	ck_assert_int_eq(conf_profile_find("carrier-pigeon", &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "`faultwire profiles`"));
	ck_assert_int_eq(conf_profile_find("none", &err), -1);
}
END_TEST

START_TEST(every_profile_names_its_source_everywhere)
{
	struct str text = {0}, page = {0}, json = {0};

	conf_profiles_markdown(&page);
	for (int id = PROFILE_NONE + 1; id < PROFILE_COUNT; id++) {
		const struct conf_profile *p = &conf_profiles[id];
		struct jsonw w;

		ck_assert_ptr_nonnull(p->source);
		ck_assert_ptr_nonnull(strstr(page.text, p->source));
		str_clear(&text);
		conf_profile_text(id, &text);
		ck_assert_ptr_nonnull(strstr(text.text, p->source));
		str_clear(&json);
		jsonw_init(&w, &json);
		conf_profile_json(id, &w);
		ck_assert(jsonw_done(&w));
		ck_assert_ptr_nonnull(strstr(json.text, "\"source\":\""));
	}
	str_fini(&text);
	str_fini(&page);
	str_fini(&json);
}
END_TEST

int
main(void)
{
	return check_run("profiles",
	    (const TTest *const[]){
		every_profile_stands_for_good_faults_on_every_protocol,
		what_datagrams_cannot_have_is_left_out,
		the_figures_of_the_table_become_parameters,
		a_fault_of_its_name_takes_the_place_of_a_part,
		another_profile_takes_the_faults_of_the_old_one_away,
		what_is_printed_is_in_force_and_reads_back,
		a_name_is_found_or_the_nearest_one_is_told,
		every_profile_names_its_source_everywhere, NULL});
}
