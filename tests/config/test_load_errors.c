/* SPDX-License-Identifier: Apache-2.0 */
/* Bad configurations, and what is said about them. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "config/load.h"
#include "tests/config/fake_kinds.h"
#include "tests/config/fake_load.h"
#include "tests/harness/check_run.h"

static const struct complaint file[] = {
    {"sede = 1;",
     "t.conf:1: unknown key \"sede\" in the file; did you mean \"seed\"?"},
    {"xyzzy = 1;",
     "unknown key \"xyzzy\" in the file; expected one of version, seed, "
     "workers, drain_timeout, control, log, observe, trace, grafana, "
     "loki, services, routes, partitions, "
     "experiment, load, steady, guards, phases, scenarios, report, "
     "schedule\n"},
    {"\n\nworkers = 257;",
     "t.conf:3: workers: 257 is out of bounds; expected 0 … 256\n"},
    {"workers = 1.5;", "workers: 1.5 is not an integer; expected a whole"},
    {"workers = true;", "workers: true or false was given; expected integer"},
    {"workers = \"many\";", "workers: \"many\" is not an integer"},
    {"workers = { };", "workers: a group was given; expected integer"},
    {"workers = [ 1 ];", "workers: a list was given; expected integer"},
    {"seed = -1;", "seed: -1 is out of bounds; expected 0 or more"},
    {"seed = 5000000000;", "t.conf:1: the integer 5000000000 is too large"},
    {"drain_timeout = -1;", "drain_timeout: -1 is negative; expected 0"},
    {"control = 5;", "control: it is not a group; expected control = {"},
    {"control = { listen = 8474; };",
     "listen: 8474 is a number; expected address"},
    {"control = { listen = \"0.0.0.0:1\"; };",
     "t.conf:1: control: others can reach 0.0.0.0:1; expected token_file"},
    {"log = { level = \"inof\"; };",
     "level: \"inof\" is unknown; expected one of debug, info, warn, "
     "error; did you mean \"info\"?"},
    {"log = { level = \"${FW_UNSET}\"; };",
     "level: the environment has no FW_UNSET; expected"},
    {"routes = 5;", "routes: it is not a list; expected routes = ( {"},
    {"routes = { };", "routes: it is not a list"},
    {"routes = ( 5 );", "routes: element 1 is not a group; expected {"},
    {"seed = 1; seed = 2;",
     "t.conf:1: duplicate setting name; expected every key once"},
    {"seed = ;", "t.conf:1: syntax error; expected NAME = VALUE;"},
    {"seed = 1;\n}", "t.conf:2: syntax error; expected"},
    {"@include \"x\"", "t.conf:1: @include works in files only"},
};

START_TEST(mistakes_in_the_file_itself_are_told)
{
	unsetenv("FW_UNSET");
	fake_expect(file, COUNT_OF(file), "", "");
}
END_TEST

static const struct complaint services[] = {
    {"{ }", "a service lacks \"name\"; expected name = … (What routes,"},
    {"{ name = \"\"; }", "name: the name has 0 bytes; expected 1 … 200"},
    {"{ name = \"a\\n\"; }", "name: the name holds a control character"},
    {"{ name = 5; }", "name: 5 is a number; expected text"},
    {"{ name = \"a\"; }, { name = \"a\"; }",
     "there is another service \"a\" at t.conf:1; expected different"},
    {"{ name = \"a\"; addresses = [ \"10.0.0.0/99\" ]; }",
     "addresses: \"10.0.0.0/99\" is not an address or a range; expected "
     "such as 10.1.0.0/16 or ::1, or a host name"},
    {"{ name = \"a\"; addresses = [ \"no host\" ]; }",
     "addresses: \"no host\" is not an address"},
    {"{ name = \"a\"; addresses = [ 5 ]; }",
     "addresses: element 1 is not text; expected \"quotes\" around it"},
    {"{ name = \"a\"; address = \"x\"; }", "did you mean \"addresses\"?"},
};

START_TEST(mistakes_in_services_are_told)
{
	fake_expect(services, COUNT_OF(services), "services = ( ", " );");
}
END_TEST

#define ROUTE "{ name = \"r\"; listen = \":1\"; upstream = \"u:1\"; "
#define OTHER "{ name = \"s\"; listen = \":1\"; upstream = \"u:1\"; "
#define HTTP  "protocol = \"http\"; "

static const struct complaint routes[] = {
    {"{ listen = \":1\"; upstream = \"u:1\"; }", "a route lacks \"name\""},
    {"{ name = \"r\"; upstream = \"u:1\"; }", "a route lacks \"listen\""},
    {"{ name = \"r\"; listen = \":1\"; }", "a route lacks \"upstream\""},
    {"{ name = \"r\"; listen = \"1\"; upstream = \"u:1\"; }",
     "listen: \"1\" has no port; expected host:port, [v6]:port, :port"},
    {"{ name = \"r\"; listen = \":1\"; upstream = \"u:0\"; }",
     "upstream: \"u:0\" has port 0; expected 1 … 65535"},
    {"{ name = \"r\"; listen = \":1\"; upstream = \":1\"; }",
     "upstream: \":1\" has no valid host"},
    {"{ name = \"r\"; listen = \"a:1\"; upstream = \"A:1\"; }",
     "route \"r\" leads to its own listener a:1; expected another"},
    {"{ name = \"r\"; listen = \":1\"; upstream = \"localhost:1\"; }",
     "route \"r\" leads to its own listener"},
    {"{ name = \"r\"; listen = \"unix:/x\"; upstream = \"unix:/x\"; }",
     "route \"r\" leads to its own listener unix:/x"},
    {"{ name = \"r\"; listen = \"127.0.0.1:8474\"; upstream = \"u:1\"; }",
     "route \"r\" listens where the control API does, 127.0.0.1:8474"},
    {ROUTE "protocol = \"htpp\"; }",
     "protocol: \"htpp\" is unknown; expected one of tcp, http, udp, "
     "dns, redis, postgres, mysql; did you mean \"http\"?"},
    {ROUTE "protocol = \"mysql\"; upstream_tls = { }; }",
     "passes as it is; expected neither tls nor upstream_tls on a mysql "
     "route"},
    {ROUTE "buffer = \"1KiB\"; }",
     "buffer: 1KiB is out of bounds; expected 4KiB … 1GiB"},
    {ROUTE "connect_timeout = 0; }",
     "connect_timeout: 0 is out of bounds; expected 1ms … 1h"},
    {ROUTE "match = { path = \"/x\"; }; }",
     "path: a tcp route knows nothing of it; expected protocol = \"http\""},
    {ROUTE HTTP "match = { pth = \"/x\"; }; }",
     "unknown key \"pth\" in match; did you mean \"path\"?"},
    {ROUTE HTTP "match = \"/x\"; }", "match: it is not a group"},
    {ROUTE HTTP "match = { path = \"~(\"; }; }",
     "path: \"(\" is not a regex (Unmatched ( or \\(); expected a POSIX"},
    {ROUTE "fautls = ( ); }", "did you mean \"faults\"?"},
    {ROUTE "}, { name = \"r\"; listen = \":2\"; upstream = \"u:1\"; }",
     "there is another route \"r\" at t.conf:1; expected different names"},
    {ROUTE "}, " OTHER "}",
     "route \"s\" is never reached: route \"r\" takes everything on :1; "
     "expected match = { host, path, sni or destination } on all but the "
     "last"},
    {ROUTE "}, " OTHER HTTP "}",
     "route \"s\" listens on :1 with another protocol than route \"r\""},
    {ROUTE HTTP "match = { path = \"/x\"; }; }, " OTHER HTTP
		"accept_proxy = true; }",
     "route \"s\" listens on :1 with another accept_proxy"},
    {ROUTE HTTP "match = { path = \"/x\"; }; }, " OTHER HTTP
		"match = { path = \"/x\"; }; }",
     "route \"s\" is never reached: route \"r\" on :1 has the same match"},
};

START_TEST(mistakes_in_routes_are_told)
{
	fake_expect(routes, COUNT_OF(routes), "routes = ( ", " );");
}
END_TEST

static const struct complaint envoy[] = {
    {"[ \"abrot\" ]", "t.conf:1: envoy_faults: \"abrot\" is no fault that "
		      "requests may ask for; expected delay, abort or "
		      "rate_limit; did you mean \"abort\"?"},
    {"[ \"abort=5/7\" ]", "\"abort=5/7\": the share is not understood; "
			  "expected such as abort=50%, or a numerator of 100, "
			  "10000 or 1000000 as in abort=5/10000"},
    {"[ \"delay=101\" ]", "the share is not understood"},
    {"[ \"delay=\" ]", "the share is not understood"},
    {"[ \"delay=5%%\" ]", "the share is not understood"},
    {"[ \"delay=-5\" ]", "the share is not understood"},
    {"[ \"delay=99999999999\" ]", "the share is not understood"},
    {"[ \"delay\", \"delay=5\" ]", "delay is there twice; expected it once"},
    {"5", "envoy_faults: "},
};

START_TEST(mistakes_in_envoy_faults_are_told)
{
	fake_expect(envoy, COUNT_OF(envoy),
		    "routes = ( { name = \"r\"; listen = \":1\"; "
		    "upstream = \"u:1\"; protocol = \"http\"; envoy_faults = ",
		    "; } );");
}
END_TEST

static const struct complaint faults[] = {
    {"{ }", "a fault lacks \"type\"; expected one of abort, every_type, "
	    "latency, reset_peer\n"},
    {"{ type = \"latncy\"; }",
     "type: there is no fault kind \"latncy\"; did you mean \"latency\"?"},
    {"{ type = \"latency\"; toxicity = 0.5; }",
     "unknown key \"toxicity\" in a fault of type latency; did you mean "
     "\"probability\"?"},
    {"{ type = \"zzz\"; }", "there is no fault kind \"zzz\"; expected one of"},
    {"{ type = \"partition_cut\"; }", "there is no fault kind"},
    {"{ type = 5; }", "there is no fault kind \"\"; expected one of"},
    {"5", "faults: element 1 is not a group"},
    {"{ type = \"latency\"; latncy = 5; }",
     "unknown key \"latncy\" in a fault of type latency; did you mean "
     "\"latency\"?"},
    {"{ type = \"latency\"; colour = 1; }",
     "expected one of latency, jitter, type, name, stream, layer, at, "
     "enabled, probability, when, first"},
    {"{ type = \"every_type\"; secret = 1; }", "unknown key \"secret\""},
    {"{ type = \"latency\"; latency = \"80 parsecs\"; }",
     "latency: \"80 parsecs\" is not a duration; expected a number with"},
    {"{ type = \"latency\"; latency = -5; }",
     "latency: -5 is negative; expected 0 or more"},
    {"{ type = \"latency\"; latency = \"2h\"; }",
     "latency: 2h is out of bounds; expected 0ms … 1h"},
    {"{ type = \"every_type\"; count = 13; }",
     "t.conf:1: count: 13 brings bad luck; expected another number"},
    {"{ type = \"every_type\"; table = [ \"1ms\", \"x\" ]; }",
     "table: \"x\" is not a duration"},
    {"{ type = \"every_type\"; words = ( \"a\", 5 ); }",
     "words: element 2 is not text"},
    {"{ type = \"every_type\"; words = ( ( ) ); }",
     "words: element 1 is not text"},
    {"{ type = \"latency\"; probability = 20; }",
     "probability: \"20\" is above 1; expected 0 … 1, or a percentage"},
    {"{ type = \"latency\"; probability = \"-1%\"; }",
     "probability: \"-1%\" is not a fraction"},
    {"{ type = \"latency\"; on = 1; }",
     "on: flapping takes both; expected off as well"},
    {"{ type = \"latency\"; off = 1; }",
     "off: flapping takes both; expected on as well"},
    {"{ type = \"latency\"; stream = \"downstraem\"; }",
     "did you mean \"downstream\"?"},
    {"{ type = \"reset_peer\"; stream = \"both\"; }",
     "stream: reset_peer has no direction; expected a fault without"},
    {"{ type = \"abort\"; status = 503; }",
     "type: abort works on HTTP exchanges; expected a route with "
     "protocol = \"http\""},
    {"{ type = \"latency\"; name = \"x\"; }, { type = \"latency\"; name = "
     "\"x\"; }",
     "there is another fault \"x\" at t.conf:1; expected different names"},
    {"{ type = \"latency\"; when = { method = \"GET\"; }; }",
     "method: a tcp route knows nothing of it"},
    {"{ type = \"latency\"; when = { header = \"X\"; }; }",
     "header: a tcp route knows nothing of it"},
    {"{ type = \"latency\"; when = { status = 503; }; }",
     "status: a tcp route knows nothing of it"},
    {"{ type = \"latency\"; when = { clinet = \"::1\"; }; }",
     "unknown key \"clinet\" in when; did you mean \"client\"?"},
    {"{ type = \"latency\"; when = ( ); }", "when: it is not a group"},
    {"{ type = \"latency\"; when = { client = \"10.0.0.0/99\"; }; }",
     "client: \"10.0.0.0/99\" is not an address or a range"},
    {"{ type = \"latency\"; when = { client = \"lam\"; }; }",
     "client: \"lam\" is neither an address nor a service; expected such "
     "as 10.1.0.0/16 or a name from services; did you mean \"lan\"?"},
    {"{ type = \"latency\"; when = { client = \"named\"; }; }",
     "client: the service \"named\" is not known by numeric addresses"},
};

START_TEST(mistakes_in_faults_are_told)
{
	fake_expect(
	    faults, COUNT_OF(faults),
	    "services = ( { name = \"lan\"; addresses = \"10.0.0.0/8\"; }, "
	    "{ name = \"named\"; addresses = \"db\"; } ); "
	    "routes = ( { name = \"r\"; listen = \":1\"; upstream = \"u:1\"; "
	    "faults = ( ",
	    " ); } );");
}
END_TEST

static const struct complaint exchanges[] = {
    {"{ type = \"abort\"; }", "a fault of type abort lacks \"status\"; "
			      "expected status = … (What is answered)"},
    {"{ type = \"abort\"; status = 700; }",
     "status: 700 is out of bounds; expected 200 … 599"},
    {"{ type = \"abort\"; status = 500; when = { status = 200; }; }",
     "t.conf:1: when: status is known with the answer, and abort acts on the "
     "request here; expected patience, or when without status"},
    {"{ type = \"abort\"; status = 500; at = \"before\"; "
     "when = { status = 200; }; }",
     "here; expected at = \"after\", or when without status"},
    {"{ type = \"latency\"; at = \"before\"; when = { status = 200; }; }",
     "when: status is known with the answer, and latency acts on the request "
     "here; expected at = \"after\", or when without status"},
    {"{ type = \"latency\"; when = { status = \"50x\"; }; }",
     "status: \"50x\" is not a status; expected 503, 5xx or 500-599"},
    {"{ type = \"latency\"; when = { header = \": x\"; }; }",
     "header: \": x\" is not a header; expected \"Name\" or"},
    {"{ type = \"latency\"; when = { header = \"A b: x\"; }; }",
     "header: \"A b: x\" is not a header"},
    {"{ type = \"latency\"; when = { header = \"A: ~[\"; }; }",
     "header: \"[\" is not a regex"},
    {"{ type = \"latency\"; when = { query = 5; }; }",
     "query: 5 is a number; expected text"},
};

START_TEST(mistakes_in_faults_on_http_routes_are_told)
{
	fake_expect(
	    exchanges, COUNT_OF(exchanges),
	    "routes = ( { name = \"r\"; listen = \":1\"; upstream = \"u:1\"; "
	    "protocol = \"http\"; faults = ( ",
	    " ); } );");
}
END_TEST

static const struct complaint partitions[] = {
    {"groups = ( [ \"a\" ] );", "a partition lacks \"name\""},
    {"name = \"p\";", "the partition cuts nothing; expected groups"},
    {"name = \"p\"; groups = [ \"a\", \"b\" ];",
     "groups: it is not a list of 1 … 1000 groups; expected lists of "
     "services, such as ( [\"api\"], [\"db\"] )"},
    {"name = \"p\"; groups = ( );", "not a list of 1 … 1000 groups"},
    {"name = \"p\"; groups = ( \"a\", [ \"b\" ] );",
     "it is not a list; expected lists of services"},
    {"name = \"p\"; groups = ( [ 5 ] );", "element 1 is not text"},
    {"name = \"p\"; groups = ( [ ], [ \"a\" ] );", "group 1 is empty"},
    {"name = \"p\"; groups = ( [ \"a\" ], [ \"az\" ] );",
     "groups: there is no service \"az\"; expected a name from services; "
     "did you mean \"a"},
    {"name = \"p\"; groups = ( [ \"a\" ], [ \"b\", \"a\" ] );",
     "groups: \"a\" is in group 1 and in group 2; expected it once"},
    {"name = \"p\"; groups = ( [ \"a\" ] ); members = [ \"b\" ];",
     "members: they are for a shape; expected groups instead"},
    {"name = \"p\"; groups = ( [ \"a\" ] ); isolate = \"b\";",
     "isolate: it is for the shape isolate"},
    {"name = \"p\"; groups = ( [ \"a\" ] ); shape = \"bridge\";",
     "groups: the shape makes its own groups; expected members instead"},
    {"name = \"p\"; shape = \"halves\"; members = [ \"a\" ];",
     "the shape has 1 services; expected at least 2"},
    {"name = \"p\"; shape = \"bridge\"; members = [ \"a\", \"b\" ];",
     "the shape has 2 services; expected at least 3"},
    {"name = \"p\"; shape = \"ring\"; members = [ \"a\", \"b\", \"c\" ];",
     "the shape has 3 services; expected at least 4"},
    {"name = \"p\"; shape = \"halves\"; members = [ \"a\", \"a\" ];",
     "members: \"a\" is there twice; expected it once"},
    {"name = \"p\"; shape = \"halves\"; members = [ \"a\", \"x\" ];",
     "members: there is no service \"x\""},
    {"name = \"p\"; shape = \"isolate\"; isolate = \"a\"; members = [ \"b\", "
     "\"c\" ];",
     "isolate: \"a\" is not among members"},
    {"name = \"p\"; shape = \"isolate\"; isolate = \"x\";",
     "isolate: there is no service \"x\""},
    {"name = \"p\"; groups = ( [ \"a\" ] ); mode = \"drp\";",
     "did you mean \"drop\"?"},
    {"name = \"p\"; groups = ( [ \"a\" ] ); direction = \"a\";",
     "direction: \"a\" names no two sides; expected \"a->b\""},
    {"name = \"p\"; groups = ( [ \"a\" ] ); dial = \"->b\";",
     "dial: \"->b\" names no two sides"},
    {"name = \"p\"; groups = ( [ \"a\" ] ); dial = \"a->x\";",
     "dial: there is no service \"x\""},
    {"name = \"p\"; groups = ( [ \"a\", \"b\" ] ); direction = \"a->b\";",
     "direction: \"a\" and \"b\" are on the same side"},
    {"name = \"p\"; groups = ( [ \"a\" ] ); direction = \"a->b\"; dial = "
     "\"a->b\";",
     "direction and dial are two ways to say who is cut"},
    {"name = \"p\"; groups = ( [ \"a\" ] ); on = 1;",
     "on: flapping takes both; expected off as well"},
    {"name = \"p\"; groups = ( [ \"a\" ] ); }, { name = \"p\"; groups = "
     "( [ \"a\" ] );",
     "there is another partition \"p\" at t.conf:1"},
};

START_TEST(mistakes_in_partitions_are_told)
{
	fake_expect(partitions, COUNT_OF(partitions),
		    "services = ( { name = \"a\"; }, { name = \"b\"; }, "
		    "{ name = \"c\"; } ); partitions = ( { ",
		    " } );");
}
END_TEST

START_TEST(from_and_to_name_services_that_exist)
{
	static const struct complaint cases[] = {
	    {"from = \"apy\";", "from: there is no service \"apy\"; expected "
				"a name from services; did you mean \"api\"?"},
	    {"to = \"zzz\";", "to: there is no service \"zzz\"; expected a "
			      "name from services\n"},
	};

	fake_expect(
	    cases, COUNT_OF(cases),
	    "services = ( { name = \"api\"; } ); routes = ( { name = \"r\"; "
	    "listen = \":1\"; upstream = \"u:1\"; ",
	    " } );");
}
END_TEST

START_TEST(all_errors_come_at_once_each_with_its_line)
{
	char *said = fake_complaints("sede = 1;\n"
				     "routes = (\n"
				     "  { name = \"a\";\n"
				     "    listen = \"x\";\n"
				     "    upstream = \"u:1\";\n"
				     "    faults = (\n"
				     "      { type = \"latency\";\n"
				     "        jitter = -1;\n"
				     "        when = {\n"
				     "          path = \"/\"; }; }\n"
				     "    ); },\n"
				     "  { name = \"a\"; listen = \":1\";\n"
				     "    upstream = \"u:1\"; }\n"
				     ");\n");

	ck_assert_str_eq(
	    said,
	    "t.conf:1: unknown key \"sede\" in the file; did you mean "
	    "\"seed\"?\n"
	    "t.conf:4: listen: \"x\" has no port; expected host:port, "
	    "[v6]:port, :port or unix:/path\n"
	    "t.conf:8: jitter: -1 is negative; expected 0 or more\n"
	    "t.conf:10: path: a tcp route knows nothing of it; expected "
	    "protocol = \"http\"\n"
	    "t.conf:12: there is another route \"a\" at t.conf:3; expected "
	    "different names\n");
	free(said);
}
END_TEST

/* What is said about `head`, `times` over `part`, and `tail`; owned. */
static char *
complaints_about(const char *head, const char *part, size_t times,
		 const char *tail)
{
	size_t len = strlen(part), start = strlen(head);
	char *text = xmalloc(start + len * times + strlen(tail) + 1), *said;

	strcpy(text, head);
	for (size_t i = 0; i < times; i++)
		memcpy(text + start + i * len, part, len);
	strcpy(text + start + len * times, tail);
	said = fake_complaints(text);
	free(text);
	return said;
}

static const struct {
	const char *head, *part;
	size_t times;
	const char *tail, *said;
} hostile[] = {
    {"", "\n\n\n\n\n\n\n\n", (size_t)1 << 20, "\n",
     "the configuration is too large; expected at most 8388608 bytes"},
    {"", "a={", 100000, "", "nest too deeply"},
    {"routes = ( { name = \"r\"; listen = \":1\"; upstream = \"u:1\"; "
     "faults = ( 1",
     ",1", 1000, " ); } );",
     "faults: too many; expected at most 1000 on a route"},
    {"routes = ( 1", ",1", 100000, " );",
     "routes: it has 100001 elements; expected at most 100000"},
    {"services = ( { name = \"0\"; }", ", { name = \"1\"; }", 4096, " );",
     "too many services; expected at most 4096"},
    {"", "a", 100000, " = 1;", "aaa\" in the file; expected one of version"},
};

START_TEST(hostile_texts_are_refused_in_time)
{
	for (size_t i = 0; i < COUNT_OF(hostile); i++) {
		char *said =
		    complaints_about(hostile[i].head, hostile[i].part,
				     hostile[i].times, hostile[i].tail);

		ck_assert_msg(strstr(said, hostile[i].said) != NULL, "%zu: %s",
			      i, said);
		free(said);
	}
}
END_TEST

int
main(void)
{
	return check_run(
	    "load_errors",
	    (const TTest *const[]){
		mistakes_in_the_file_itself_are_told,
		mistakes_in_services_are_told, mistakes_in_routes_are_told,
		mistakes_in_envoy_faults_are_told, mistakes_in_faults_are_told,
		mistakes_in_faults_on_http_routes_are_told,
		mistakes_in_partitions_are_told,
		from_and_to_name_services_that_exist,
		all_errors_come_at_once_each_with_its_line,
		hostile_texts_are_refused_in_time, NULL});
}
