# SPDX-License-Identifier: Apache-2.0
"""Spans on their way to a collector: settings, forms, what is sent again, what
is lost and counted, and that nobody waits."""

import time

from harness import (ask, conf, free_port, pki, route, scrape, wait_until)
from harness.traced import SAMPLED, SOON, Traced


class Delivery(Traced):
    def lost(self):
        return {s.labels["reason"]: s.value for s in
                scrape(self.control).find(
                    "faultwire_telemetry_dropped_total", signal="traces")}

    def test_json_says_the_same(self):
        self.traced(trace={"protocol": "http/json", "ratio": 1.0})
        ask(self.client(self.port), headers=[SAMPLED, "tracestate: k=v"])
        self.assertEqual(self.gathered.wait(kind=2)[0].state, "k=v")
        headers = self.gathered.requests[0][1]
        self.assertEqual(headers["Content-Type"], "application/json")

    def test_settings_come_from_the_environment(self):
        self.traced(collector=self.collector(path="/custom/traces"),
                    trace={"endpoint": None}, env={
            "OTEL_SDK_DISABLED": "false"})
        # The collector's address is known only now.
        proxy = self.start(conf.text(
            [route("shop", free_port(), self.upstream.port,
                   protocol="http")], control={"listen": "off"}),
            env={**SOON, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT":
                 self.gathered.url + "/custom/traces",
                 "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1",
                 "OTEL_EXPORTER_OTLP_HEADERS": "x-key=a%20b,api=7",
                 "OTEL_EXPORTER_OTLP_PROTOCOL": "http/json",
                 "OTEL_SERVICE_NAME": "named",
                 "OTEL_RESOURCE_ATTRIBUTES": "env=test,service.name=no",
                 "OTEL_TRACES_SAMPLER": "always_on"})
        port = int(proxy.log_events("listening")[0]["listen"].split(":")[1])
        ask(self.client(port))
        span = self.gathered.wait(kind=2)[0]
        self.assertEqual((span.resource["service.name"],
                          span.resource["env"]), ("named", "test"))
        headers = self.gathered.requests[0][1]
        self.assertEqual((headers["x-key"], headers["api"],
                          headers["Content-Type"]),
                         ("a b", "7", "application/json"))

    def test_the_file_wins_but_not_in_silence(self):
        proxy = self.traced(trace={"service_name": "mine", "ratio": 1.0},
                            env={"OTEL_SERVICE_NAME": "theirs",
                                 "OTEL_EXPORTER_OTLP_ENDPOINT": "http://x"})
        line = proxy.wait_log("trace_settings")[0]
        self.assertEqual(line["variables"],
                         "OTEL_EXPORTER_OTLP_ENDPOINT OTEL_SERVICE_NAME")
        ask(self.client(self.port))
        self.assertEqual(self.gathered.wait()[0].resource["service.name"],
                         "mine")

    def test_over_tls_its_certificate_must_be_good(self):
        collector = self.collector(tls=True)
        proxy = self.traced(collector=collector,
                            trace={"ratio": 1.0,
                                   "ca_file": pki().path("other.pem")})
        ask(self.client(self.port))
        line = proxy.wait_log("telemetry_failed")[0]
        self.assertIn("certificate", line["error"])
        proxy.signal(15)
        proxy.wait()
        self.traced(collector=collector,
                    trace={"ratio": 1.0, "ca_file": pki().path("ca.pem")})
        ask(self.client(self.port))
        collector.wait(2)

    def test_what_may_be_sent_again_is(self):
        self.traced(collector=self.collector(answers=[
            None, (503, {}, b"busy"), (429, {"Retry-After": "1"}, b"")]),
            trace={"ratio": 1.0})
        ask(self.client(self.port))
        self.gathered.wait(2)
        bodies = [body for _, _, body in self.gathered.requests]
        self.assertEqual(len(bodies), 4)
        self.assertEqual(len(set(bodies)), 1)
        self.assertEqual(set(self.lost().values()), {0})

    def test_what_is_refused_is_dropped_and_counted(self):
        proxy = self.traced(collector=self.collector(answers=[
            (400, {}, b"no such thing"), (200, {}, b"\x0a\x02\x08\x01")]),
            trace={"ratio": 1.0})
        client = self.client(self.port)
        ask(client)
        wait_until(lambda: self.lost()["refused"] == 2, what="the refusal")
        line = proxy.wait_log("telemetry_failed")[0]
        self.assertEqual((line["code"], line["error"]), (400,
                                                         "no such thing"))
        # A partial success: one of the two is not kept.
        ask(client)
        wait_until(lambda: self.lost()["refused"] == 3, what="the rejection")
        self.assertEqual(len(proxy.wait_log("telemetry_taken")), 1)

    def test_a_collector_that_is_away_delays_nobody(self):
        self.traced(collector=self.collector(answers=[None] * 1000),
                    trace={"ratio": 1.0})
        client = self.client(self.port)
        longest = 0
        for _ in range(1500):
            start = time.monotonic()
            ask(client)
            longest = max(longest, time.monotonic() - start)
        self.assertLess(longest, 1)
        # Of 2 × 1500 spans 2048 wait, and at most 512, but at least one,
        # are on their way, for as long as nobody takes them. What is beyond
        # that is lost, once the control thread has made spans of it all.
        made = 2 * 1500
        wait_until(lambda: self.lost()["queue_full"] >= made - 2048 - 512,
                   what="the loss of what has no room")
        self.assertLessEqual(self.lost()["queue_full"], made - 2048 - 1)

    def test_the_end_sends_what_is_there(self):
        proxy = self.traced(trace={"ratio": 1.0},
                            env={"OTEL_BSP_SCHEDULE_DELAY": "60000"})
        client = self.client(self.port)
        for _ in range(600):
            ask(client)
        client.close()
        proxy.signal(15)
        self.assertEqual(proxy.wait(), 0)
        self.assertEqual(len(self.gathered.all()), 1200)
        for _, headers, _ in self.gathered.requests:
            self.assertLess(int(headers["Content-Length"]), 1 << 20)

    def test_the_end_does_not_wait_for_a_collector_that_is_silent(self):
        silent = self.serving(lambda conn: conn.recv_end(60))
        proxy = self.traced(trace={
            "endpoint": f"http://127.0.0.1:{silent.port}", "ratio": 1.0})
        ask(self.client(self.port))
        time.sleep(0.2)
        start = time.monotonic()
        proxy.signal(15)
        proxy.signal(15)
        self.assertEqual(proxy.wait(), 0)
        self.assertLess(time.monotonic() - start, 6)
