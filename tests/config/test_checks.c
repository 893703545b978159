/* SPDX-License-Identifier: Apache-2.0 */
/* Settings that are good alone and do not go together, and what is said. */
#include <check.h>

#include "tests/config/fake_load.h"
#include "tests/harness/check_run.h"

#define R(name, more)                                                          \
	"{ name = \"" name "\"; upstream = \"u:1\"; listen = \":80\"; " more "}"
#define URL   "url = \"http://l\"; "
#define HTTP  "protocol = \"http\"; "
#define UDP   "protocol = \"udp\"; "
#define CERT  "certificate = \"c.pem\"; "
#define ONE   "match = { host = \"a.test\"; }; "
#define OTHER "match = { host = \"b.test\"; }; "

static const struct complaint tls[] = {
    {"tls = { };", "there is none; expected certificate = \"FILE\", or "
		   "intercept = true"},
    {"tls = { " CERT "key = [ \"a\", \"b\" ]; };",
     "there are 2 for 1 certificates; expected one for each"},
    {"tls = { " CERT "client_auth = \"require\"; };",
     "nothing tells good certificates from bad; expected client_ca"},
    {"tls = { " CERT "min_version = \"1.3\"; max_version = \"1.2\"; };",
     "min_version: it is above max_version"},
    {"tls = { " CERT "alpn = [ \"h2\", \"\" ]; };",
     "a name has 0 bytes; expected 1"},
    {UDP "tls = { " CERT "};", "there is no TLS on datagrams"},
    {UDP "upstream_tls = { };", "there is no TLS on datagrams"},
    {"upstream_tls = { key = \"k.pem\"; };",
     "there is no certificate for it; expected certificate"},
    {"upstream_tls = { min_version = \"1.3\"; max_version = \"1.2\"; };",
     "min_version: it is above max_version"},
    {"faults = ( { type = \"latency\"; layer = \"wire\"; } );",
     "expected a route with tls = {"},
    {"tls = { " CERT "}; faults = ( { type = \"latency\"; layer = "
     "\"upstream_wire\"; } );",
     "expected a route with upstream_tls = {"},
    {HTTP "tls = { " CERT "}; faults = ( { type = \"abort\"; status = 503; "
	  "layer = \"wire\"; } );",
     "abort works on HTTP exchanges, which are above TLS"},
};

START_TEST(groups_of_tls_say_what_they_lack)
{
	fake_expect(tls, COUNT_OF(tls),
		    "routes = ( { name = \"a\"; listen = \":80\"; upstream = "
		    "\"u:1\"; ",
		    "} );");
}
END_TEST

static const struct complaint loki[] = {
    {"url = \"loki:3100\";", "loki.url: \"loki:3100\" begins with neither"},
    {"tenant = \"t\";", "loki lacks \"url\"; expected url = "},
    {"labels = [ \"env=x\" ];", "loki lacks \"url\""},
    {URL "tenant = \"a\r\nb: c\";", "tenant: it has 7 bytes, or some that "
				   "Loki does not take; expected 1 to 150"},
    {URL "tenant = \"\";", "tenant: it has 0 bytes"},
    {URL "labels = [ \"env\" ];", "\"env\" is no label; expected "
				  "\"name=value\""},
    {URL "labels = [ \"env=\" ];", "\"env=\" is no label"},
    {URL "labels = [ \"=x\" ];", "\"=x\" is no label"},
    {URL "labels = [ \"2=x\" ];", "\"2=x\" is no label"},
    {URL "labels = [ \"a-b=x\" ];", "\"a-b=x\" is no label"},
    {URL "labels = [ \"__x=x\" ];", "\"__x=x\" is no label"},
    {URL "labels = [ \"level=x\" ];",
     "labels: level is made of each line's level; expected another name"},
    {URL "labels = [ \"service_name=x\" ];",
     "labels: service_name is made of service_name; expected another"},
    {URL "labels = [ \"a=1\", \"ab=1\", \"a=2\" ];",
     "labels: a stands there twice; expected it once"},
    {URL "labels = [ \"a=1\", \"b=1\", \"c=1\", \"d=1\", \"e=1\", \"f=1\", "
	 "\"g=1\", \"h=1\", \"i=1\", \"j=1\", \"k=1\", \"l=1\", \"_=1\" ];",
     "labels: there are 13; expected 12 at most"},
    {"lables = [ \"a=1\" ];", "did you mean \"labels\"?"},
};

START_TEST(what_loki_would_refuse_is_refused_here)
{
	fake_expect(loki, COUNT_OF(loki), "loki = { ", " };");
}
END_TEST

START_TEST(an_upstream_without_a_host_has_no_name_to_verify)
{
	static const struct complaint cases[] = {
	    {"{ }", "an upstream at unix:/path has no name to verify"}};

	fake_expect(cases, 1,
		    "routes = ( { name = \"a\"; listen = \":1\"; "
		    "upstream = \"unix:/s\"; upstream_tls = ",
		    "; } );");
	conf_model_unref(fake_load(
	    "routes = ( { name = \"a\"; listen = \":1\""
	    "; upstream = \"unix:/s\"; upstream_tls = { server_name = "
	    "\"x\"; }; }, { name = \"b\"; listen = \":2\"; upstream = "
	    "\"unix:/s\"; upstream_tls = { verify = false; }; } );"));
}
END_TEST

static const struct complaint neighbours[] = {
    {R("a", UDP) ", " R("b", UDP),
     "route \"b\" listens on :80 as route \"a\" does, and nothing tells "
     "their datagrams apart"},
    {R("a", HTTP ONE) ", " R("b", ""), "another protocol than route \"a\""},
    {R("a", HTTP ONE) ", " R("b", HTTP "tls = { " CERT "}; "),
     "route \"b\" listens on :80 with tls, unlike route \"a\""},
    {R("a", HTTP ONE "tls = { " CERT "}; ") ", " R("b", HTTP),
     "route \"b\" listens on :80 without tls, unlike route \"a\""},
    {R("a", HTTP ONE "accept_proxy = true; ") ", " R("b", HTTP),
     "another accept_proxy than route \"a\""},
    {R("a", HTTP ONE "accept = \"redirect\"; ") ", " R("b", HTTP),
     "route \"a\" with accept = \"redirect\"; expected the same"},
    {R("a", HTTP) ", " R("b", HTTP ONE), "route \"b\" is never reached"},
    {R("a", HTTP ONE) ", " R("b", HTTP OTHER) ", " R("c", HTTP ONE),
     "route \"c\" is never reached: route \"a\" on :80 has the same match"},
};

START_TEST(routes_of_one_listener_have_to_fit)
{
	fake_expect(neighbours, COUNT_OF(neighbours), "routes = ( ", " );");
	conf_model_unref(fake_load(
	    "routes = ( " R("a", HTTP ONE) ", " R("b", HTTP OTHER) ", " R(
		"c", HTTP) ", " R("d", UDP) ", " R("e",
						   "enabled = false; ") " );"));
}
END_TEST

static const struct complaint places[] = {
    {"control = { listen = \"unix:/s\"; }; routes = ( { name = \"a\"; listen = "
     "\"unix:/s\"; upstream = \"u:1\"; } );",
     "route \"a\" listens where the control API does, unix:/s"},
    {"control = { listen = \"127.0.0.1:9\"; }; routes = ( { name = \"a\"; "
     "listen = \"127.0.0.1:9\"; upstream = \"u:1\"; } );",
     "listens where the control API does, 127.0.0.1:9"},
    {"routes = ( { name = \"a\"; listen = \"0.0.0.0:9\"; upstream = "
     "\"127.0.0.1:9\"; } );",
     "route \"a\" leads to its own listener"},
    {"routes = ( { name = \"a\"; listen = \"unix:/s\"; upstream = "
     "\"unix:/s\"; } );",
     "route \"a\" leads to its own listener"},
};

START_TEST(addresses_that_clash_are_told)
{
	fake_expect(places, COUNT_OF(places), "", "");
	conf_model_unref(fake_load(
	    "control = { listen = \"127.0.0.1:9\"; }; routes = ( { name = "
	    "\"a\"; listen = \"127.0.0.1:9\"; upstream = \"u:1\"; " UDP
	    "} );"));
}
END_TEST

#define RUN "experiment = { name = \"x\"; }; "
#define LOAD(name, target)                                                     \
	"{ name = \"" name "\"; target = \"" target "\"; rate = 1.0; requests" \
	" = ( { get = \"/\"; } ); }"

static const struct complaint runs[] = {
    {"load = ( " LOAD("l", "dns") " );",
     "target: route \"dns\" carries datagrams"},
    {"load = ( " LOAD("l", "wbe") " );",
     "target: there is no route \"wbe\"; expected one of routes; did you "
     "mean \"web\"?"},
    {"load = ( " LOAD("l", "host:99999") " );", "target: "},
    {"load = ( " LOAD("l", "web") ", " LOAD("l", "web") " );",
     "there is another load \"l\""},
};

START_TEST(loads_lead_somewhere_and_have_names_of_their_own)
{
	fake_expect(runs, COUNT_OF(runs),
		    RUN "routes = ( { name = \"web\"; listen = \":1\"; upstream"
			" = \"u:1\"; " HTTP
			"}, { name = \"dns\"; listen = \":2\";"
			" upstream = \"u:2\"; " UDP "} ); ",
		    "");
}
END_TEST

START_TEST(an_edge_has_no_cause)
{
	static const struct complaint cases[] = {
	    {"caused_by = \"b\"; role = \"edge\"; ",
	     "role: calls come in at an edge, no route causes them"},
	    {"caused_by = \"a\"; ",
	     "the calls of route \"a\" would cause themselves"},
	};

	fake_expect(cases, COUNT_OF(cases),
		    RUN "routes = ( { name = \"a\"; listen = \":1\"; upstream ="
			" \"u:1\"; " HTTP,
		    "}, { name = \"b\"; listen = \":2\"; "
		    "upstream = \"u:2\"; role = \"edge\"; " HTTP "} );");
}
END_TEST

static const struct complaint warnings[] = {
    {"services = ( { name = \"a\"; }, { name = \"b\"; } );\n"
     "partitions = ( { name = \"half\"; groups = ( [ \"a\" ] ); },\n"
     "{ name = \"all\"; groups = ( [ \"b\", \"a\" ] ); } );",
     "t.conf:3: groups: the one group has all services, so nobody is cut"},
    {"routes = ( { name = \"r\"; listen = \":1\"; upstream = \"u:1\"; " HTTP
     "faults = ( { type = \"latency\";\nwhen = {\nsni = \"x\"; }; } ); } );",
     "t.conf:3: sni: an http route without tls"},
};

START_TEST(what_has_no_effect_draws_a_warning)
{
	fake_expect(warnings, COUNT_OF(warnings), "", "");
	for (size_t i = 0; i < COUNT_OF(warnings); i++)
		conf_model_unref(fake_load(warnings[i].text));
}
END_TEST

int
main(void)
{
	return check_run("config/checks",
			 (const TTest *const[]){
			     groups_of_tls_say_what_they_lack,
			     what_loki_would_refuse_is_refused_here,
			     an_upstream_without_a_host_has_no_name_to_verify,
			     routes_of_one_listener_have_to_fit,
			     addresses_that_clash_are_told,
			     loads_lead_somewhere_and_have_names_of_their_own,
			     an_edge_has_no_cause,
			     what_has_no_effect_draws_a_warning, NULL});
}
