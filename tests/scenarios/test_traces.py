# SPDX-License-Identifier: Apache-2.0
"""Spans for a collector: what they say, which are kept, and that nobody waits
for whoever gathers them."""

import time

from harness import ask, conf, fault, free_port, request, response, route
from harness import scrape, wait_until
from harness.api import control
from harness.traced import ID, PARENT, SAMPLED, UNSAMPLED, Traced



class Spans(Traced):
    def test_a_request_has_a_span_on_either_side(self):
        self.traced()
        conn = self.client(self.port)
        reply = ask(conn, "GET", "/cart/7?user=anna&x",
                    headers=[SAMPLED, "tracestate: a=1"], host="shop.test")
        self.assertEqual(reply.status, 200)
        server = self.gathered.wait(kind=2)[0]
        client = self.gathered.wait(kind=3)[0]
        self.assertEqual((server.trace, server.parent), (ID, PARENT))
        self.assertEqual((client.trace, client.parent), (ID, server.id))
        self.assertEqual(server.name, "GET shop")
        self.assertEqual(client.name, "GET")
        self.assertEqual((server.state, client.state), ("a=1", "a=1"))
        self.assertEqual(server.flags & 0x300, 0x300)
        self.assertEqual(client.flags & 0x300, 0x100)
        self.assertEqual(server.attributes, {
            "http.request.method": "GET", "url.path": "/cart/7",
            "url.query": "user=REDACTED&x", "url.scheme": "http",
            "http.route": "shop", "server.address": "shop.test",
            "network.peer.address": "127.0.0.1",
            "network.peer.port": conn.sock.getsockname()[1],
            "network.protocol.version": "1.1",
            "http.response.status_code": 200, "faultwire.route": "shop",
            "faultwire.faulted": False, "faultwire.flow": 0,
            "faultwire.session": 1})
        self.assertEqual(client.attributes, {
            "http.request.method": "GET", "server.address": "127.0.0.1",
            "server.port": self.upstream.port,
            "network.peer.address": "127.0.0.1",
            "network.peer.port": self.upstream.port,
            "url.full": f"http://127.0.0.1:{self.upstream.port}"
                        "/cart/7?user=REDACTED&x",
            "network.protocol.version": "1.1",
            "http.response.status_code": 200, "faultwire.route": "shop"})
        self.assertLessEqual(server.start, client.start)
        self.assertLessEqual(client.end, server.end)
        self.assertLess(abs(server.end / 1e9 - time.time()), 10)
        # What went on names the client's span as the parent.
        self.assertEqual(self.sent().all("traceparent"),
                         [f"00-{ID}-{client.id}-01"])

    def test_a_fault_is_seen_where_it_struck(self):
        self.traced(fault("latency", latency="80ms", name="slow"),
                    trace={"ratio": 0.0})
        ask(self.client(self.port))
        span = self.gathered.wait(kind=2)[0]
        a = span.attributes
        self.assertEqual((a["faultwire.faulted"], a["faultwire.fault.type"],
                          a["faultwire.fault.id"]),
                         (True, "latency", "slow"))
        self.assertAlmostEqual(a["faultwire.fault.delay"], 0.08, delta=0.02)
        (event,) = span.events
        self.assertEqual(event["attributes"]["faultwire.fault.id"], "slow")
        self.assertEqual(event["attributes"]["faultwire.fault.effect"],
                         "delay")
        # It began when the delay did.
        self.assertGreater(span.end - event["timeUnixNano"], 70e6)
        self.assertEqual(span.status, 0)

    def test_what_an_experiment_does_bears_its_name(self):
        api = control(self.traced())
        lease = api.post("/v1/leases", {"ttl": "30s", "name": "x"}).json
        reply = api.post("/v1/routes/shop/faults",
                         {"type": "abort", "status": 503},
                         headers={"Faultwire-Lease": lease["lease"]})
        self.assertEqual(reply.status, 201, reply.raw)
        ask(self.client(self.port))
        a = self.gathered.wait(kind=2)[0].attributes
        self.assertEqual(a["faultwire.experiment"], "x")
        self.assertRegex(a["faultwire.run.id"], "^[0-9a-f]{16}$")

    def test_what_a_fault_answers_differs_from_real_errors(self):
        self.traced(fault("abort", status=503, when={"path": "/injected"}),
                    trace={"ratio": 1.0})
        self.upstream.answer = lambda m: response(status="500 Oh")
        client = self.client(self.port)
        ask(client, target="/injected")
        ask(client, target="/real")
        injected, real = sorted(self.gathered.wait(2, kind=2),
                                key=lambda s: s.start)
        self.assertEqual((injected.status, injected.attributes["error.type"]),
                         (2, "faultwire.abort"))
        self.assertEqual(injected.attributes["http.response.status_code"],
                         503)
        self.assertEqual((real.status, real.attributes["error.type"]),
                         (2, "500"))
        self.assertFalse(real.attributes["faultwire.faulted"])
        # The upstream was never asked for the first.
        clients = self.gathered.wait(kind=3)
        self.assertEqual([s.trace for s in clients], [real.trace])
        self.assertEqual(clients[0].status, 2)

    def test_a_clients_mistake_is_an_error_of_the_call_alone(self):
        self.traced(trace={"ratio": 1.0})
        self.upstream.answer = lambda m: response(status="404 No")
        ask(self.client(self.port))
        self.assertEqual(self.gathered.wait(kind=2)[0].status, 0)
        call = self.gathered.wait(kind=3)[0]
        self.assertEqual((call.status, call.attributes["error.type"]),
                         (2, "404"))

    def test_an_upstream_that_is_away_has_its_reason(self):
        self.traced(trace={"ratio": 1.0}, upstream=free_port())
        self.assertEqual(ask(self.client(self.port)).status, 502)
        span = self.gathered.wait(kind=2)[0]
        self.assertEqual(span.attributes["error.type"], "connect_refused")
        self.assertEqual(self.gathered.wait(kind=3)[0].status, 2)

    def test_a_broken_exchange_is_an_error_without_a_status(self):
        self.traced(fault("reset_peer", timeout="0ms", stream="upstream"),
                    trace={"ratio": 0.0})
        self.client(self.port).send(request())
        span = self.gathered.wait(kind=2)[0]
        self.assertNotIn("http.response.status_code", span.attributes)
        self.assertEqual(span.attributes["error.type"],
                         "faultwire.reset_peer")

    def test_retries_count_and_point_to_what_failed(self):
        self.traced(fault("abort", status=503, first=2), trace={"ratio": 0.0})
        client = self.client(self.port)
        for span in range(3):
            ask(client, headers=[f"traceparent: 00-{ID}-{span + 1:016x}-01"])
        spans = sorted(self.gathered.wait(3, kind=2), key=lambda s: s.start)
        call = self.gathered.wait(kind=3)[0]
        self.assertEqual(call.attributes["http.request.resend_count"], 2)
        self.assertEqual(call.links, [{"traceId": ID, "spanId": spans[1].id}])

    def test_unknown_methods_have_one_name(self):
        self.traced(trace={"ratio": 1.0})
        ask(self.client(self.port), "PROPFIND")
        span = self.gathered.wait(kind=2)[0]
        self.assertEqual(span.name, "HTTP shop")
        self.assertEqual(span.attributes["http.request.method"], "_OTHER")

    def test_connections_of_tcp_have_a_span_each(self):
        serving = self.serving()
        proxy = self.traced(trace={"ratio": 1.0}, protocol="tcp",
                            upstream=serving.port, log={"access": True})
        client = self.client(self.port)
        port = client.sock.getsockname()[1]
        client.send(b"12345")
        client.recv(5)
        client.close()
        span = self.gathered.wait()[0]
        self.assertEqual(proxy.wait_log("session")[0]["trace_id"], span.trace)
        a = span.attributes
        self.assertEqual((span.name, span.kind), ("tcp shop", 3))
        self.assertEqual((a["network.transport"], a["server.port"],
                          a["network.peer.port"], a["client.port"]),
                         ("tcp", serving.port, serving.port, port))
        self.assertEqual((a["faultwire.bytes.upstream"],
                          a["faultwire.bytes.downstream"]), (5, 5))
        self.assertIsNone(span.parent)

    def test_http2_is_traced_alike(self):
        server = self.h2_server()
        self.traced(fault("latency", latency="1ms", probability=0.0),
                    upstream=server.port)
        client = self.h2(self.port)
        client.ask(path="/h2?k=v",
                   headers=[("traceparent", f"00-{ID}-{PARENT}-01")])
        span = self.gathered.wait(kind=2)[0]
        self.assertEqual((span.trace, span.parent), (ID, PARENT))
        self.assertEqual(span.attributes["network.protocol.version"], "2")
        self.assertEqual(span.attributes["url.query"], "k=REDACTED")
        call = self.gathered.wait(kind=3)[0]
        self.assertEqual(call.attributes["server.port"], server.port)
        self.assertEqual(call.attributes["network.protocol.version"], "2")
        self.assertIn(("traceparent", f"00-{ID}-{call.id}-01"),
                      server.requests[-1].heads[0])


    def test_either_side_has_its_own_version(self):
        self.traced(trace={"ratio": 1.0},
                    fields={"upstream_protocol": "http1"})
        client = self.h2(self.port)
        client.ask()
        ports = client.conn.sock.getsockname()[1], self.upstream.port
        spans = [self.gathered.wait(kind=k)[0].attributes for k in (2, 3)]
        self.assertEqual([(a["network.protocol.version"],
                           a["network.peer.port"]) for a in spans],
                         list(zip(("2", "1.1"), ports)))

    def test_a_call_that_failed_has_no_version(self):
        self.traced(trace={"ratio": 1.0}, upstream=free_port())
        ask(self.client(self.port))
        self.assertNotIn("network.protocol.version",
                         self.gathered.wait(kind=3)[0].attributes)


class Kept(Traced):
    def test_the_parent_decides_and_the_ratio_where_there_is_none(self):
        self.traced(trace={"ratio": 0.0})
        client = self.client(self.port)
        ask(client, headers=[UNSAMPLED])
        self.assertEqual(self.sent().get("traceparent")[-2:], "00")
        ask(client)
        self.assertIn(self.sent().get("traceparent")[-1], "02")
        ask(client, headers=[SAMPLED])
        self.gathered.wait(kind=3)
        self.assertEqual({s.trace for s in self.gathered.all()}, {ID})
        self.assertEqual(len(self.gathered.all()), 2)

    def test_faulted_requests_are_kept_and_so_is_what_follows(self):
        self.traced(fault("latency", latency="1ms", when={"path": "/slow"}),
                    trace={"ratio": 0.0})
        client = self.client(self.port)
        ask(client, target="/fast", headers=[UNSAMPLED])
        self.assertEqual(self.sent().get("traceparent")[-2:], "00")
        ask(client, target="/slow", headers=[UNSAMPLED])
        self.assertEqual(self.sent().get("traceparent")[-2:], "01")
        self.gathered.wait(2)
        self.assertEqual({s.attributes.get("url.path", "/slow")
                          for s in self.gathered.all()}, {"/slow"})

    def test_not_if_only_what_is_sampled_is_wanted(self):
        self.traced(fault("latency", latency="1ms"),
                    trace={"ratio": 0.0, "faulted": "sampled"})
        client = self.client(self.port)
        ask(client, headers=[UNSAMPLED])
        ask(client, target="/kept", headers=[SAMPLED])
        self.gathered.wait(2)
        self.assertEqual(len(self.gathered.all()), 2)
        self.assertEqual(self.gathered.wait(kind=2)[0].attributes["url.path"],
                         "/kept")

    def test_a_ratio_keeps_its_share(self):
        self.traced(trace={"ratio": 0.25, "sampler": "traceidratio"})
        client = self.client(self.port)
        for _ in range(400):
            # A parent that says no does not count for this one.
            ask(client)
        flags = [m.get("traceparent")[-1] for m in self.upstream.requests]
        self.assertEqual(set(flags), {"2", "3"})
        kept = flags.count("3")
        self.assertTrue(60 <= kept <= 145, kept)
        wait_until(lambda: len(self.gathered.all()) == 2 * kept,
                   what="the spans of what was sampled")

    def test_exemplars_and_logs_name_what_was_kept(self):
        proxy = self.traced(fault("latency", latency="1ms", name="slow"),
                            trace={"ratio": 0.0})
        ask(self.client(self.port))
        span = self.gathered.wait(kind=2)[0]
        line = proxy.wait_log("fault_injected")[0]
        self.assertEqual((line["trace_id"], line["span_id"]),
                         (span.trace, span.id))
        metrics = scrape(self.control, openmetrics=True)
        for name in ("faultwire_faults_injected_total",
                     "faultwire_request_duration_seconds_bucket"):
            self.assertEqual({e.labels["trace_id"] for e in
                              metrics.exemplars(name)}, {span.trace}, name)


class Off(Traced):
    def test_without_a_collector_headers_pass_as_they_are(self):
        self.traced(trace={"endpoint": None})
        client = self.client(self.port)
        wrong = ["TraceParent: nonsense", "traceSTATE: A b=c, , x"]
        ask(client, headers=wrong)
        raw = self.sent().raw
        for line in wrong:
            self.assertIn(line.encode() + b"\r\n", raw)
        ask(client)
        self.assertIsNone(self.sent().get("traceparent"))

    def test_passthrough_keeps_them_beside_spans(self):
        self.traced(trace={"headers": "passthrough"})
        ask(self.client(self.port), headers=["TraceParent: " + SAMPLED[13:]])
        self.assertIn(b"TraceParent: " + SAMPLED[13:].encode() + b"\r\n",
                      self.sent().raw)
        self.assertEqual(self.gathered.wait(kind=2)[0].parent, PARENT)

    def test_the_environment_can_switch_it_off(self):
        proxy = self.traced(env={"OTEL_SDK_DISABLED": "true"})
        line = proxy.wait_log("trace_settings")[0]
        self.assertEqual(line["variables"], "OTEL_SDK_DISABLED")
        ask(self.client(self.port))
        self.assertIsNone(self.sent().get("traceparent"))
        self.assertEqual(proxy.log_events("tracing"), [])

    def test_a_reload_begins_and_ends_it(self):
        proxy = self.traced(trace={"endpoint": None})
        text = conf.text(
            [route("shop", self.port, self.upstream.port, protocol="http")],
            control={"listen": f"127.0.0.1:{self.control}"})
        client = self.client(self.port)
        proxy.reload(text + f'trace = {{ endpoint = "{self.gathered.url}"; '
                     "ratio = 1.0; };\n")
        ask(client)
        self.gathered.wait(2)
        proxy.reload(text)
        ask(client)
        self.assertIsNone(self.sent().get("traceparent"))
