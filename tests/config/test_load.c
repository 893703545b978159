/* SPDX-License-Identifier: Apache-2.0 */
/* Good configurations, and what the model then holds. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/config/fake_kinds.h"
#include "tests/config/fake_load.h"
#include "tests/harness/check_run.h"

START_TEST(an_empty_file_is_a_model_of_defaults)
{
	struct conf_model *m = fake_load("# nothing\n");

	ck_assert(!m->has_seed);
	ck_assert_int_eq(m->workers, 0);
	ck_assert_int_eq(m->drain_timeout_us, 30000000);
	ck_assert_str_eq(m->control.listen, "127.0.0.1:8474");
	ck_assert_ptr_null(m->control.token_file);
	ck_assert_int_eq(m->log.level, LOG_LEVEL_INFO);
	ck_assert_int_eq(m->log.format, LOG_FORMAT_AUTO);
	ck_assert_uint_eq(m->routes_count, 0);
	conf_model_unref(m);
}
END_TEST

START_TEST(the_file_itself_is_read)
{
	struct conf_model *m = fake_load(
	    "seed = 9223372036854775807L; workers = 3; drain_timeout = 250;"
	    "control = { listen = \"off\"; token_file = \"/t\"; };"
	    "log = { level = \"debug\"; format = \"logfmt\"; };");

	ck_assert(m->has_seed);
	ck_assert_uint_eq(m->seed, INT64_MAX);
	ck_assert_int_eq(m->workers, 3);
	ck_assert_int_eq(m->drain_timeout_us, 250000);
	ck_assert_ptr_null(m->control.listen);
	ck_assert_str_eq(m->control.token_file, "/t");
	ck_assert_int_eq(m->log.level, LOG_LEVEL_DEBUG);
	ck_assert_int_eq(m->log.format, LOG_FORMAT_LOGFMT);
	conf_model_unref(m);
}
END_TEST

START_TEST(services_know_their_ranges_and_hosts)
{
	struct conf_model *m = fake_load(
	    "services = ( { name = \"api\"; addresses = [ \"10.1.0.0/16\", "
	    "\"api-1\", \"::1\", \"api-2.local\" ]; },"
	    "{ name = \"db\"; addresses = \"db\"; }, { name = \"x\"; } );");
	const struct conf_service *s = m->services;

	ck_assert_uint_eq(m->services_count, 3);
	ck_assert_uint_eq(s[0].cidrs_count, 2);
	ck_assert_uint_eq(s[0].cidrs[0].bits, 96 + 16);
	ck_assert_uint_eq(s[0].cidrs[1].bits, 128);
	ck_assert_uint_eq(s[0].hosts_count, 2);
	ck_assert_str_eq(s[0].hosts[1], "api-2.local");
	ck_assert_str_eq(s[1].hosts[0], "db");
	ck_assert_uint_eq(s[2].hosts_count + s[2].cidrs_count, 0);
	conf_model_unref(m);
}
END_TEST

START_TEST(a_route_has_all_its_fields)
{
	struct conf_model *m = fake_load(
	    "routes = ( { name = \"r\"; listen = \"0.0.0.0:80\"; upstream = "
	    "\"[::1]:8080\"; protocol = \"http\"; from = \"a\"; to = \"b\"; "
	    "enabled = false; match = { host = \"*.x\"; path = \"~^/a\"; "
	    "sni = \"!S\"; }; accept_proxy = true; send_proxy = \"v2\"; "
	    "connect_timeout = 1500; idle_timeout = \"5m\"; header_timeout = "
	    "\"1s\"; buffer = \"1MiB\"; max_connections = 10; max_header = "
	    "8192; precise = true; } );");
	const struct conf_route *r = m->routes;

	ck_assert_str_eq(r->name, "r");
	ck_assert_str_eq(r->listen.host, "0.0.0.0");
	ck_assert_uint_eq(r->listen.port, 80);
	ck_assert_str_eq(r->upstream.host, "::1");
	ck_assert_int_eq(r->protocol, PROTOCOL_HTTP);
	ck_assert_str_eq(r->from, "a");
	ck_assert_str_eq(r->to, "b");
	ck_assert(!r->enabled && r->accept_proxy && r->precise);
	ck_assert(conf_pattern_match(&r->match_host, VIEW("www.X")));
	ck_assert(r->match_path.is_regex);
	ck_assert(!conf_pattern_match(&r->match_sni, VIEW("s")));
	ck_assert_int_eq(r->send_proxy, PROXY_HEADER_V2);
	ck_assert_int_eq(r->connect_timeout_us, 1500000);
	ck_assert_int_eq(r->idle_timeout_us, 300000000);
	ck_assert_int_eq(r->header_timeout_us, 1000000);
	ck_assert_int_eq(r->buffer_bytes, 1 << 20);
	ck_assert_int_eq(r->max_connections, 10);
	ck_assert_int_eq(r->max_header_bytes, 8192);
	ck_assert_str_eq(r->where.file, "t.conf");
	ck_assert_uint_eq(r->where.line, 1);
	conf_model_unref(m);
}
END_TEST

START_TEST(a_route_has_sensible_defaults)
{
	struct conf_model *m = fake_load(
	    "routes = ( { name = \"a\"; listen = \":1\"; upstream = \"u:1\"; }"
	    ", { name = \"b\"; listen = \":2\"; upstream = \"u:1\"; "
	    "protocol = \"http\"; }, { name = \"c\"; listen = \":3\"; "
	    "upstream = \"u:1\"; protocol = \"http\"; idle_timeout = 0; } );");
	const struct conf_route *r = m->routes;

	ck_assert(r->enabled && !r->accept_proxy && !r->precise);
	ck_assert_int_eq(r->protocol, PROTOCOL_TCP);
	ck_assert_int_eq(r->send_proxy, PROXY_HEADER_OFF);
	ck_assert_int_eq(r->connect_timeout_us, 10000000);
	ck_assert_int_eq(r->header_timeout_us, 30000000);
	ck_assert_int_eq(r->buffer_bytes, 4 << 20);
	ck_assert_int_eq(r->max_header_bytes, 64 << 10);
	ck_assert_int_eq(r->max_connections, 0);
	ck_assert_ptr_null(r->match_host.text);
	ck_assert_int_eq(r[0].idle_timeout_us, 0);
	ck_assert_int_eq(r[1].idle_timeout_us, 60000000);
	ck_assert_int_eq(r[2].idle_timeout_us, 0);
	conf_model_unref(m);
}
END_TEST

/* The first fault of a route whose only fault has this text. */
static struct conf_model *
load_fault(const char *protocol, const char *fault)
{
	struct conf_model *m;
	struct str s = {0};

	str_printf(&s,
		   "services = ( { name = \"lan\"; addresses = [ "
		   "\"10.0.0.0/8\", \"fd00::/8\" ]; } ); routes = ( { "
		   "name = \"r\"; listen = \":1\"; upstream = \"u:1\"; "
		   "protocol = \"%s\"; faults = ( { %s } ); } );",
		   protocol, fault);
	m = fake_load(s.text);
	str_fini(&s);
	return m;
}

START_TEST(a_fault_has_its_conditions)
{
	struct conf_model *m = load_fault(
	    "tcp",
	    "type = \"latency\"; "
	    "latency = \"80ms\"; jitter = 20; name = \"slow\"; stream = "
	    "\"both\"; enabled = false; probability = \"20%\"; first = 1; "
	    "skip = 2; every = 3; for = \"1m\"; on = \"1s\"; off = 500; "
	    "max_active = 7; flows = \"new\";");
	const struct conf_fault *f = m->routes[0].faults;
	const struct conf_conditions *c = &f->conditions;

	ck_assert_ptr_eq(f->kind, &fake_latency);
	ck_assert_str_eq(f->name, "slow");
	ck_assert_int_eq(f->stream, STREAM_BOTH);
	ck_assert(!f->enabled);
	ck_assert(c->probability == 0.2);
	ck_assert_int_eq(c->first, 1);
	ck_assert_int_eq(c->skip, 2);
	ck_assert_int_eq(c->every, 3);
	ck_assert_int_eq(c->for_us, 60000000);
	ck_assert_int_eq(c->on_us, 1000000);
	ck_assert_int_eq(c->off_us, 500000);
	ck_assert_int_eq(c->max_active, 7);
	ck_assert_int_eq(c->flows, FLOWS_NEW);
	ck_assert(!c->has_when);
	ck_assert(conf_conditions_per_flow(c));
	ck_assert_int_eq(((struct fake_latency *)f->params)->latency_us, 80000);
	ck_assert_int_eq(((struct fake_latency *)f->params)->jitter_us, 20000);
	conf_model_unref(m);
}
END_TEST

START_TEST(a_fault_without_conditions_acts_on_all_flows)
{
	struct conf_model *m = load_fault(
	    "tcp", "type = \"reset_peer\"; for = \"1s\"; on = 1; off = 1;");

	ck_assert(
	    !conf_conditions_per_flow(&m->routes[0].faults[0].conditions));
	ck_assert(m->routes[0].faults[0].enabled);
	ck_assert(m->routes[0].faults[0].conditions.probability == 1);
	conf_model_unref(m);
}
END_TEST

START_TEST(each_condition_makes_a_fault_one_per_flow)
{
	static const char *const conditions[] = {
	    "probability = 0.5;",
	    "first = 1;",
	    "skip = 1;",
	    "every = 2;",
	    "max_active = 1;",
	    "flows = \"existing\";",
	    "when = { client = \"::1\"; };",
	    "when = { status = 503; };",
	    "when = { header = \"X\"; };",
	    "when = { sni = \"*\"; };",
	    "when = { query = \"\"; };"};

	for (size_t i = 0; i < COUNT_OF(conditions); i++) {
		struct str s = {0};
		struct conf_model *m;

		str_printf(&s, "type = \"latency\"; %s", conditions[i]);
		m = load_fault("http", s.text);
		ck_assert_msg(conf_conditions_per_flow(
				  &m->routes[0].faults[0].conditions),
			      "%s", conditions[i]);
		conf_model_unref(m);
		str_fini(&s);
	}
}
END_TEST

START_TEST(when_is_compiled)
{
	struct conf_model *m = load_fault(
	    "http",
	    "type = \"latency\"; when = "
	    "{ client = [ \"lan\", \"192.168.0.1\" ]; sni = \"S\"; host = "
	    "\"*.example\"; method = \"post\"; path = \"/orders/*\"; query = "
	    "\"*debug=1*\"; header = [ \"X-Test:  1*\", \"X-Any\" ]; status = "
	    "\"5xx\"; };");
	const struct conf_when *w = &m->routes[0].faults[0].conditions.when;

	ck_assert(m->routes[0].faults[0].conditions.has_when);
	ck_assert(w->has_clients);
	ck_assert_uint_eq(w->clients_count, 3);
	ck_assert_uint_eq(w->clients[1].bits, 8);
	ck_assert_uint_eq(w->clients[2].bits, 128);
	ck_assert(conf_pattern_match(&w->sni, VIEW("s")));
	ck_assert(conf_pattern_match(&w->host, VIEW("A.EXAMPLE")));
	ck_assert(conf_pattern_match(&w->method, VIEW("POST")));
	ck_assert(!conf_pattern_match(&w->path, VIEW("/Orders/1")));
	ck_assert(conf_pattern_match(&w->query, VIEW("a=b&debug=1")));
	ck_assert(conf_pattern_match(&w->command, VIEW("anything")));
	ck_assert_uint_eq(w->headers_count, 2);
	ck_assert_str_eq(w->headers[0].name, "X-Test");
	ck_assert_str_eq(w->headers[0].value.text, "1*");
	ck_assert_str_eq(w->headers[1].name, "X-Any");
	ck_assert_ptr_null(w->headers[1].value.text);
	ck_assert_int_eq(w->status_min, 500);
	ck_assert_int_eq(w->status_max, 599);
	conf_model_unref(m);
}
END_TEST

START_TEST(every_type_of_parameter_is_read)
{
	struct conf_model *m = load_fault(
	    "tcp",
	    "type = \"every_type\"; "
	    "delay = 1.5; bytes = 5000000000L; count = -1; rate = \"8Mbit/s\";"
	    " share = 1; factor = -2; loud = true; shape = \"pareto\"; text = "
	    "\"a\" \"b\"; peer = \"u:9\"; words = [ \"a,b\" ]; table = "
	    "( 1, \"2s\", 0.5 );");
	const struct fake_params *p = m->routes[0].faults[0].params;

	ck_assert_int_eq(p->delay_us, 1500);
	ck_assert_int_eq(p->bytes, INT64_C(5000000000));
	ck_assert_int_eq(p->count, -1);
	ck_assert(p->rate == 1e6 && p->share == 1 && p->factor == -2);
	ck_assert(p->loud);
	ck_assert_int_eq(p->shape, 2);
	ck_assert_str_eq(p->text, "ab");
	ck_assert_str_eq(p->peer, "u:9");
	ck_assert_uint_eq(p->words.count, 1);
	ck_assert_str_eq(p->words.items[0], "a,b");
	ck_assert_uint_eq(p->table.count, 3);
	ck_assert_int_eq(p->table.items[0], 1000);
	ck_assert_int_eq(p->table.items[1], 2000000);
	ck_assert_int_eq(p->table.items[2], 500);
	conf_model_unref(m);
}
END_TEST

START_TEST(faults_without_a_name_get_a_free_one)
{
	static const char *const names[] = {
	    "latency_downstream_2",  "latency_downstream",
	    "latency_upstream",	     "latency_downstream_3",
	    "reset_peer_downstream", "latency_downstream_4"};
	struct conf_model *m = load_fault(
	    "tcp", "type = \"latency\"; name = \"latency_downstream_2\"; },"
		   "{ type = \"latency\"; },"
		   "{ type = \"latency\"; stream = \"upstream\"; },"
		   "{ type = \"latency\"; }, { type = \"reset_peer\"; },"
		   "{ type = \"latency\";");

	ck_assert_uint_eq(m->routes[0].faults_count, COUNT_OF(names));
	for (size_t i = 0; i < COUNT_OF(names); i++)
		ck_assert_str_eq(m->routes[0].faults[i].name, names[i]);
	conf_model_unref(m);
}
END_TEST

START_TEST(partitions_are_read)
{
	struct conf_model *m = fake_load(
	    "services = ( { name = \"a\"; }, { name = \"b\"; }, { name = "
	    "\"c\"; } ); partitions = ( { name = \"p\"; groups = ( [ \"a\" ], "
	    "( \"b\", \"c\" ) ); mode = \"reject\"; direction = \"a->c\"; "
	    "existing = \"keep\"; enabled = false; for = \"1s\"; on = 1; off "
	    "= 2; }, { name = \"q\"; shape = \"isolate\"; members = [ \"a\", "
	    "\"b\" ]; isolate = \"b\"; }, { name = \"r\"; shape = \"bridge\"; }"
	    ", { name = \"s\"; groups = ( [ \"a\" ] ); dial = \"b->a\"; mode "
	    "= \"jam\"; } );");
	const struct conf_partition *p = m->partitions;

	ck_assert_uint_eq(m->partitions_count, 4);
	ck_assert_uint_eq(p->groups_count, 2);
	ck_assert_str_eq(p->groups[1].items[1], "c");
	ck_assert_int_eq(p->mode, PARTITION_REJECT);
	ck_assert_str_eq(p->direction, "a->c");
	ck_assert_int_eq(p->existing, EXISTING_KEEP);
	ck_assert(!p->enabled);
	ck_assert_int_eq(p->for_us, 1000000);
	ck_assert_int_eq(p->off_us, 2000);
	ck_assert_int_eq(p[1].shape, SHAPE_ISOLATE);
	ck_assert_str_eq(p[1].isolate, "b");
	ck_assert_uint_eq(p[1].members.count, 2);
	ck_assert(p[1].enabled);
	ck_assert_int_eq(p[1].mode, PARTITION_DROP);
	ck_assert_int_eq(p[1].existing, EXISTING_AUTO);
	ck_assert_int_eq(p[3].mode, PARTITION_JAM);
	ck_assert_str_eq(p[3].dial, "b->a");
	conf_model_unref(m);
}
END_TEST

START_TEST(routes_declare_services_if_nobody_else_does)
{
	conf_model_unref(fake_load(
	    "routes = ( { name = \"r\"; listen = \":1\"; upstream = \"u:1\"; "
	    "from = \"a\"; to = \"b\"; } ); partitions = ( { name = \"p\"; "
	    "groups = ( [ \"a\" ], [ \"b\" ] ); } );"));
}
END_TEST

START_TEST(routes_share_a_listener_if_all_but_the_last_match)
{
	conf_model_unref(fake_load(
	    "routes = ( { name = \"a\"; listen = \":1\"; upstream = \"u:1\"; "
	    "protocol = \"http\"; match = { path = \"/a\"; }; },"
	    "{ name = \"b\"; listen = \":1\"; upstream = \"u:1\"; protocol = "
	    "\"http\"; match = { host = \"b\"; }; },"
	    "{ name = \"c\"; listen = \":1\"; upstream = \"u:1\"; protocol = "
	    "\"http\"; }, { name = \"d\"; listen = \":0\"; upstream = "
	    "\"u:1\"; }, { name = \"e\"; listen = \":0\"; upstream = "
	    "\"u:1\"; } );"));
}
END_TEST

START_TEST(values_may_come_from_the_environment)
{
	struct conf_model *m;

	setenv("FW_PORT", "5432", 1);
	unsetenv("FW_DELAY");
	m = load_fault("tcp", "type = \"latency\"; latency = "
			      "\"${FW_DELAY:-80ms}\"; name = \"p${FW_PORT}\";");
	ck_assert_str_eq(m->routes[0].faults[0].name, "p5432");
	ck_assert_int_eq(
	    ((struct fake_latency *)m->routes[0].faults[0].params)->latency_us,
	    80000);
	conf_model_unref(m);
}
END_TEST

int
main(void)
{
	return check_run(
	    "load",
	    (const TTest *const[]){
		an_empty_file_is_a_model_of_defaults, the_file_itself_is_read,
		services_know_their_ranges_and_hosts,
		a_route_has_all_its_fields, a_route_has_sensible_defaults,
		a_fault_has_its_conditions,
		a_fault_without_conditions_acts_on_all_flows,
		each_condition_makes_a_fault_one_per_flow, when_is_compiled,
		every_type_of_parameter_is_read,
		faults_without_a_name_get_a_free_one, partitions_are_read,
		routes_declare_services_if_nobody_else_does,
		routes_share_a_listener_if_all_but_the_last_match,
		values_may_come_from_the_environment, NULL});
}
