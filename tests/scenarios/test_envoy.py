# SPDX-License-Identifier: Apache-2.0
"""Faults that requests ask for by Envoy's headers, over HTTP/1 and HTTP/2."""

import unittest

from harness import (Scenario, Watch, ask, conf, fault, free_port,
                     read_head, request, route, run, scrape, wait_until)
from harness.api import control

DELAY = "x-envoy-fault-delay-request"
ABORT = "x-envoy-fault-abort-request"
GRPC = "x-envoy-fault-abort-grpc-request"
RATE = "x-envoy-fault-throughput-response"
ALL = ["delay", "abort", "rate_limit"]


def percentage(name):
    return f"{name}-percentage"


class Asked(Scenario):
    def prepare(self, *faults, allowed=ALL, **fields):
        self.server = self.web()
        fields = {"protocol": "http", "envoy_faults": allowed, **fields}
        self.port, self.proxy, self.text = self.proxied(
            self.server.port, *faults, **fields)
        self.c = self.client(self.port)

    def asked(self, headers, body=b"body"):
        return ask(self.c, "POST", "/", body,
                   [f"{k}: {v}" for k, v in headers.items()])

    def test_an_abort_answers_in_the_servers_place(self):
        self.prepare()
        reply = self.asked({ABORT: 503})
        self.assertEqual((reply.status, reply.body),
                         (503, b"fault filter abort"))
        self.assertEqual(self.server.requests, [])
        self.assertEqual(self.asked({}).status, 200)

    def test_headers_go_on_to_the_server(self):
        self.prepare()
        self.asked({DELAY: 1, ABORT: 99})
        got = self.server.requests[0]
        self.assertEqual((got.get(DELAY), got.get(ABORT)), ("1", "99"))

    def test_a_delay_holds_that_request_alone(self):
        self.prepare()
        watch = Watch()
        self.assertEqual(self.asked({DELAY: 120}).status, 200)
        self.assert_took(watch.seconds(), 0.12, 10)
        self.assert_takes(lambda: Watch.over(
            lambda: self.assertEqual(self.asked({}).status, 200)), 0, 0.11)

    def test_a_delayed_request_is_aborted_behind_its_delay(self):
        self.prepare()
        watch = Watch()
        self.assertEqual(self.asked({DELAY: 120, ABORT: 418}).status, 418)
        self.assert_took(watch.seconds(), 0.12, 10)
        self.assertEqual(self.server.requests, [])

    def test_the_response_is_limited(self):
        self.prepare()
        watch = Watch()
        reply = self.asked({RATE: 100}, bytes(30 * 1024))
        self.assertEqual(len(reply.body), 30 * 1024)
        self.assert_took(watch.seconds(), 0.28, 10)

    def test_grpc_is_answered_in_its_own_terms(self):
        self.prepare()
        reply = self.asked({GRPC: 14, "content-type": "application/grpc"})
        self.assertEqual((reply.status, reply.get("grpc-status"),
                          reply.get("grpc-message"), reply.body),
                         (200, "14", "fault filter abort", b""))
        reply = self.asked({ABORT: 401, "content-type": "application/grpc"})
        self.assertEqual((reply.status, reply.get("grpc-status")),
                         (200, "16"))
        reply = self.asked({GRPC: 14})
        self.assertEqual((reply.status, reply.get("grpc-status"),
                          reply.body), (200, None, b"fault filter abort"))

    def test_only_what_the_route_allows(self):
        self.prepare(allowed=["abort"])
        watch = Watch()
        self.assertEqual(self.asked({DELAY: 15000}).status, 200)
        self.assert_took(watch.seconds(), 0, 14)
        self.assertEqual(self.asked({ABORT: 500}).status, 500)

    def test_nothing_without_leave(self):
        self.prepare(allowed=[])
        self.assertEqual(self.asked({ABORT: 500}).status, 200)

    def test_draws_are_independent_seeded_and_capped(self):
        def statuses():
            journal = []
            self.prepare(allowed=["abort=40%", "delay=5000/10000"])
            for n in range(100):
                journal.append(self.asked({
                    ABORT: 503, percentage(ABORT): 100 if n % 2 else 30,
                    DELAY: 1}).status)
            return journal, self.proxy

        first, proxy = statuses()
        again, _ = statuses()
        self.assertEqual(first, again)
        odd, even = first[1::2].count(503), first[::2].count(503)
        self.assertTrue(10 <= odd <= 32, odd)  # 40 % of 50
        self.assertTrue(5 <= even <= 27, even)  # 30 %
        drawn = {"envoy_abort": {}, "envoy_delay": {}}

        def decided():
            for e in proxy.journal():
                if e["type"] == "decision":
                    drawn[e["fault"]][e["flow"]] = e["verdict"] == "applied"
            return sum(map(len, drawn.values())) >= 200

        wait_until(decided, what="all decisions")
        self.assertEqual(len(drawn["envoy_abort"]), 100)
        self.assertEqual(len(drawn["envoy_delay"]), 100)
        both = sum(a and drawn["envoy_delay"][n]
                   for n, a in drawn["envoy_abort"].items())
        self.assertTrue(6 <= both <= 32, both)  # 0.35 * 0.5 of 100

    def test_metrics_and_events_name_them(self):
        port = free_port()
        self.prepare(fault("latency", name="own", latency="1ms"),
                     groups={"control": {"listen": f"127.0.0.1:{port}"}})
        self.asked({ABORT: 503})
        self.asked({DELAY: 2})
        self.asked({RATE: 100}, bytes(2000))
        self.asked({})
        figures = scrape(port)
        for name in ("envoy_abort", "envoy_delay", "envoy_rate_limit"):
            self.assertEqual(
                figures.value("faultwire_faults_injected_total", route="r",
                              fault=name), 1, name)
        self.assertEqual(
            figures.value("faultwire_faults_injected_total", route="r",
                          fault="latency"), 4)
        wanted = {("envoy_abort", "abort"), ("envoy_delay", "latency"),
                  ("envoy_rate_limit", "bandwidth")}
        wait_until(lambda: wanted <= {
            (e["fault"], e.get("kind")) for e in self.proxy.journal()
            if e["type"] in ("effect", "measure")}, what="their effects")

    def test_an_explanation_tells_who_asked(self):
        self.prepare(groups={"control": {"listen": "127.0.0.1:0"}})
        self.c.send(request(headers=[f"{DELAY}: 2000",
                                     f"{percentage(DELAY)}: 60"]))
        self.proxy.wait_journal("the decision", type="decision",
                                fault="envoy_delay")
        said = control(self.proxy).get(
            "/v1/routes/r/flows/0/explain").json
        delay, abort, _ = said["faults"]
        self.assertEqual(
            (delay["fault"], delay["type"], delay["probability"],
             delay["drawn"]), ("envoy_delay", "latency", 0.6,
                               delay["draw"] < 0.6))
        self.assertEqual(
            (abort["applies"], abort["verdict"], abort["why"]),
            (False, "not_matched", "the request does not ask for it"))

    def test_the_cap_changes_live(self):
        self.prepare()
        self.assertEqual(self.asked({ABORT: 500}).status, 500)
        server = self.server.port
        other = conf.text([route("r", self.port, server, protocol="http",
                                 envoy_faults=["abort=0%"])])
        self.proxy.reload(other)
        self.assertEqual(self.asked({ABORT: 500}).status, 200)
        self.proxy.reload(self.text())
        self.assertEqual(self.asked({ABORT: 500}).status, 500)

    def test_a_reload_amid_a_delay_lets_it_end(self):
        self.prepare()
        self.c.send(request("GET", "/", headers=[f"{DELAY}: 600"]))
        self.proxy.reload(self.text(fault("noop")))
        self.assertEqual(read_head(self.c).status, 200)

    def test_http2_streams_ask_as_well(self):
        self.prepare(upstream_protocol="http1")
        peer = self.h2(self.port)
        self.assertEqual(peer.ask(headers=((ABORT, "503"),)).status, 503)
        st = peer.ask(headers=((GRPC, "7"),
                             ("content-type", "application/grpc")))
        self.assertEqual((st.status, st.get("grpc-status")), (200, "7"))
        watch = Watch()
        self.assertEqual(peer.ask(headers=((DELAY, "100"),)).status, 200)
        self.assert_took(watch.seconds(), 0.1, 10)
        self.assertEqual(peer.ask().status, 200)


class Files(unittest.TestCase):
    def said(self, fault_name, *allowed, **fields):
        fields = {"protocol": "http", "envoy_faults": list(allowed), **fields}
        faults = [fault("noop", name=fault_name)] if fault_name else []
        done = run("check", "-c", "{}", text=conf.text(
            [route("r", 0, 1, *faults, **fields)]))
        return done.returncode, done.stdout + done.stderr

    def test_what_is_not_understood_is_refused(self):
        for item, words in (
                ("abrot", 'did you mean "abort"?'),
                ("abort=200%", "the share is not understood"),
                ("abort=1/7", "a numerator of 100, 10000 or 1000000"),
                ("abort=", "the share is not understood")):
            with self.subTest(item=item):
                code, said = self.said(None, item)
                self.assertEqual(code, 1)
                self.assertIn("envoy_faults", said)
                self.assertIn(words, said)
        self.assertIn("expected it once",
                      self.said(None, "abort", "abort=5")[1])
        self.assertIn('expected protocol = "http"',
                      self.said(None, "abort", protocol="tcp")[1])
        self.assertIn("expected another name",
                      self.said("envoy_abort", "abort")[1])
        self.assertEqual(self.said("envoy_abort", "delay")[0], 0)


if __name__ == "__main__":
    unittest.main()
