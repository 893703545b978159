/* SPDX-License-Identifier: Apache-2.0 */
/* A configuration in which every field of every group has a value that is not
 * its default. */
#ifndef TESTS_CONFIG_FULL_H
#define TESTS_CONFIG_FULL_H

static const char full_text[] =
    "seed = 9007199254740993L; workers = 2; drain_timeout = \"1m30s\";\n"
    "control = { listen = \"0.0.0.0:1\"; token_file = \"/t\"; insecure = true; "
    "};\n"
    "log = { level = \"error\"; format = \"text\"; access = true; };\n"
    "services = ( { name = \"api\"; addresses = [ \"10.1.0.0/16\", \"::1\" ]; "
    "}, { name = \"db\"; addresses = \"db\"; }, { name = \"c\"; } );\n"
    "routes = (\n"
    "  { name = \"a \\\"$${x}\\\" \\\\\"; listen = \"unix:/a\"; upstream = "
    "\"[::1]:1\"; },\n"
    "  { name = \"b\"; listen = \"0.0.0.0:18080\"; upstream = \"b:1\"; "
    "protocol = \"http\"; from = \"api\"; to = \"db\"; enabled = false;\n"
    "    match = { host = \"*.example\"; path = \"~^/a$\"; sni = \"!x\"; }; "
    "accept_proxy = true; send_proxy = \"v1\"; connect_timeout = \"1.5s\"; "
    "idle_timeout = 0; header_timeout = \"1s\"; buffer = \"64KiB\"; "
    "max_connections = 5; max_header = 2000; precise = true; "
    "proxy_status = \"all\"; envoy_faults = [ \"abort=5/10000\", \"delay\" ]; "
    "upstream_protocol = \"http1\"; max_concurrent_streams = 7;\n"
    "    faults = (\n"
    "      { type = \"every_type\"; name = \"f\"; stream = \"both\"; enabled "
    "= false; probability = 0.3; first = 1; skip = 2; every = 3; for = 4; on "
    "= 5; off = 6; max_active = 7; flows = \"existing\";\n"
    "        when = { client = [ \"api\" ]; sni = \"s\"; host = \"h\"; method "
    "= \"GET\"; path = \"~^/orders/[0-9]+$\"; query = \"q\"; header = [ "
    "\"X-Test: 1*\", \"Y\" ]; status = \"5xx\"; };\n"
    "        delay = \"2.5ms\"; bytes = 5000000000L; count = 99; rate = "
    "\"1.5B/s\"; share = \"0.0001%\"; factor = -3.25; loud = true; shape = "
    "\"pareto\"; text = \"\"; peer = \"p:1\"; words = [ ]; table = ( 1, "
    "\"2s\" ); },\n"
    "      { type = \"abort\"; status = 500; }, { type = \"reset_peer\"; }\n"
    "    ); },\n"
    "  { name = \"c\"; listen = \"0.0.0.0:18080\"; upstream = \"c:1\"; "
    "protocol = \"http\"; accept_proxy = true; },\n"
    "  { name = \"d\"; listen = \"0.0.0.0:18080\"; upstream = \"d:1\"; "
    "protocol = \"dns\";\n"
    "    faults = ( { type = \"every_type\"; delay = \"1s\"; when = { "
    "dns_name = \"*.example\"; dns_type = \"AAAA\"; }; } ); }\n"
    ");\n"
    "partitions = (\n"
    "  { name = \"p\"; groups = ( [ \"api\" ], [ \"db\", \"c\" ] ); mode = "
    "\"jam\"; direction = \"api->db\"; existing = \"keep\"; enabled = false; "
    "for = 1; on = 2; off = 3; },\n"
    "  { name = \"q\"; shape = \"isolate\"; members = [ \"api\", \"db\" ]; "
    "isolate = \"db\"; dial = \"api->db\"; }\n"
    ");\n";

#endif
