# SPDX-License-Identifier: Apache-2.0
"""Metrics: in both formats by the letter, and every figure is just what the
test did, while it does it."""

import time

from harness import (Scenario, Watch, ask, conf, connect, connect_outcome,
                     fault, free_port, get, noise, request, response, route,
                     sanitized, scrape, wait_scrape)
from harness.exposition import Malformed, Metrics

SAMPLED = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
OTHER = "00-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-00f067aa0ba902b7-01"
PREFER_TEXT = "application/openmetrics-text;q=0.2,text/plain;q=0.5"


class Measured(Scenario):
    """A faultwire whose control API is at self.control."""

    def measured(self, routes, options=None, **groups):
        self.control = free_port()
        groups = {"control": {"listen": f"127.0.0.1:{self.control}"},
                  **groups}
        self.text = lambda *r: conf.text(r, **groups)
        return self.start(self.text(*routes), **(options or {}))

    def scrape(self, openmetrics=False):
        return scrape(self.control, openmetrics)

    def until(self, condition, **options):
        return wait_scrape(self.control, condition, **options)


class Checker(Scenario):
    """The reader itself refuses what it must."""

    HEAD = "# HELP a_total A\n# TYPE a_total counter\n"
    OPEN = "# HELP a A\n# TYPE a counter\n"
    BUCKETS = ("# HELP h H\n# TYPE h histogram\n"
               'h_bucket{le="0.1"} 1\nh_bucket{le="+Inf"} 2\n')

    def test_good_text_is_taken(self):
        m = Metrics(self.HEAD + 'a_total{x="\\"\\\\\\n"} 1\n', False)
        self.assertEqual(m.samples[0].labels, {"x": '"\\\n'})
        Metrics(self.OPEN + 'a_total 1 # {t="x"} 1 2.5\n# EOF\n', True)
        Metrics(self.BUCKETS + "h_sum 3\nh_count 2\n", False)

    def test_bad_text_is_refused(self):
        for openmetrics, text in (
                (False, "a_total 1\n"),
                (False, self.HEAD + "a_total 1"),
                (False, self.HEAD + "a_total 1\n\n"),
                (False, self.HEAD + "a_total 1\na_total 2\n"),
                (False, self.HEAD + "a_total -1\n"),
                (False, self.HEAD + "a_total 1 # {} 1 1\n"),
                (False, self.HEAD + 'a_total{x="1",x="2"} 1\n'),
                (False, self.HEAD + 'a_total{x="1",} 1\n'),
                (False, self.HEAD + 'a_total{x="\\t"} 1\n'),
                (False, self.HEAD + "b 1\n"),
                (False, self.HEAD + "a_total 1\n# EOF\n"),
                (False, self.HEAD + "a_total 1\n# HELP b B\n# TYPE b gauge\n"
                 "b 1\n" + self.HEAD + 'a_total{x="1"} 1\n'),
                (False, "# TYPE a counter\n# HELP a A\na 1\n"),
                (False, self.BUCKETS + "h_sum 3\nh_count 3\n"),
                (False, self.BUCKETS + "h_count 2\nh_sum 3\n"),
                (False, self.BUCKETS.replace("0.1", "1") +
                 "h_sum 3\nh_count 2\n"),
                (False, self.BUCKETS.replace("} 1", "} 3") +
                 "h_sum 3\nh_count 2\n"),
                (True, self.OPEN + "a_total 1\n"),
                (True, self.OPEN + "a 1\n# EOF\n"),
                (True, self.HEAD + "a_total 1\n# EOF\n"),
                (True, self.OPEN + 'a_total 1 # {t="' + "x" * 128 +
                 '"} 1 1\n# EOF\n'),
                (True, self.BUCKETS.replace("} 1\n", '} 1 # {t="1"} 0.2 1\n') +
                 "h_sum 3\nh_count 2\n# EOF\n"),
                (True, self.OPEN + "# UNIT a seconds\na_total 1\n# EOF\n")):
            with self.subTest(text=text), self.assertRaises(Malformed):
                Metrics(text, openmetrics)


class Formats(Measured):
    def test_the_client_chooses_and_both_say_the_same(self):
        self.measured([route("r", "127.0.0.1:0", 1, fault("latency"))])
        text, openmetrics = self.scrape(), self.scrape(True)
        names = {s.name for s in text.samples}
        self.assertEqual(names, {s.name for s in openmetrics.samples})
        self.assertIn("faultwire_build_info", names)
        self.assertEqual(len(text.samples), len(openmetrics.samples))
        reply = get(self.control, "/metrics",
                    headers=[f"Accept: {PREFER_TEXT}"])
        self.assertTrue(reply.get("content-type").startswith("text/plain"))
        self.assertEqual(reply.get("vary"), "Accept")
        # A list may stand in several headers.
        reply = get(self.control, "/metrics", headers=[
            "Accept: application/openmetrics-text;q=0.5", "Accept: */*"])
        self.assertTrue(reply.get("content-type").startswith("text/plain"))

    def test_head_tells_the_type_and_other_methods_are_refused(self):
        self.measured([])
        reply = get(self.control, "/metrics", "HEAD")
        self.assertEqual(reply.status, 200)
        self.assertTrue(reply.get("content-type").startswith("text/plain"))
        self.assertGreater(int(reply.get("content-length")), 1000)
        for method in ("POST", "PUT", "DELETE"):
            reply = get(self.control, "/metrics", method)
            self.assertEqual(reply.status, 405)
            self.assertEqual(reply.get("allow"), "GET, HEAD")

    def test_names_with_anything_in_them_stay_one_series(self):
        names = ['a"b', "back\\slash", "a} 1", "{}", "a,b=c"]
        self.measured([route(n, "127.0.0.1:0", 1, fault("noop"))
                       for n in names])
        for openmetrics in (False, True):
            m = self.scrape(openmetrics)
            for name in names:
                m.value("faultwire_connections_accepted_total", route=name)


class Figures(Measured):
    def test_requests_bytes_and_faults_are_what_was_sent(self):
        web = self.web(lambda m: response(b"x" * 1000))
        port = free_port()
        self.measured([route(
            "web", port, web.port,
            fault("latency", latency="20ms", when={"path": "/slow"}),
            fault("abort", status=503, when={"path": "/abort"}),
            protocol="http")])
        paths = ["/"] * 5 + ["/slow"] * 3 + ["/abort"] * 2
        client = self.client(port)
        sent = got = 0
        for path in paths:
            message = request("POST", path, b"y" * 100)
            sent += len(message)
            client.send(message)
            head = client.recv_until(b"\r\n\r\n")
            got += len(head)
            if b" 200 " in head:
                got += len(client.recv(1000))
        # The connection is still open: figures do not wait for its end.
        m = self.until(lambda m: m.sum("faultwire_requests_total") == 10)
        value = m.value
        self.assertEqual(value("faultwire_connections_active"), 1)
        self.assertEqual(value("faultwire_connections_accepted_total"), 1)
        self.assertEqual(m.sum("faultwire_connections_closed_total"), 0)
        for code, faulted, count in (("200", "false", 5), ("200", "true", 3),
                                     ("503", "true", 2)):
            self.assertEqual(value("faultwire_requests_total", route="web",
                                   code=code, faulted=faulted), count)
        self.assertEqual(value("faultwire_received_bytes_total",
                               direction="upstream"), sent)
        self.assertEqual(value("faultwire_sent_bytes_total",
                               direction="downstream"), got)
        upstream = sum(len(r.raw) + len(r.body) for r in web.requests)
        self.assertEqual(value("faultwire_sent_bytes_total",
                               direction="upstream"), upstream)
        for kind, injected in (("latency", 3), ("abort", 2)):
            self.assertEqual(value("faultwire_faults_injected_total",
                                   fault=kind), injected)
            self.assertEqual(value("faultwire_faults_skipped_total",
                                   fault=kind, reason="filter"),
                             10 - injected)
        for faulted, count in (("false", 5), ("true", 5)):
            self.assertEqual(value("faultwire_request_duration_seconds_count",
                                   faulted=faulted), count)
        self.assertGreater(value("faultwire_request_duration_seconds_sum",
                                 faulted="true"), 0.06)
        self.assertEqual(value("faultwire_upstream_duration_seconds_count"),
                         8)
        self.assertEqual(value("faultwire_upstream_connects_total",
                               result="ok"), len(web.open))
        client.close()
        self.until(lambda m: m.value("faultwire_connections_active") == 0)
        self.assertEqual(self.scrape().value(
            "faultwire_connections_closed_total", by="client"), 1)

    def test_bytes_of_an_open_tcp_session_count_at_once(self):
        backend = self.backend()
        port = free_port()
        self.measured([route("tcp", port, backend.port)])
        client, server = self.pair(port, backend)
        data = noise(300_000)
        sender = client.send_in_background(data)
        server.recv(len(data))
        sender.join()
        server.send(b"z" * 77)
        client.recv(77)
        m = self.until(lambda m: m.value(
            "faultwire_sent_bytes_total", direction="downstream") == 77)
        self.assertEqual(m.value("faultwire_sent_bytes_total",
                                 direction="upstream"), 300_000)
        self.assertEqual(m.value("faultwire_received_bytes_total",
                                 direction="upstream"), 300_000)
        self.assertFalse(m.has("faultwire_requests_total"))

    def test_delays_and_their_errors_are_measured(self):
        server = self.serving()
        port = free_port()
        self.measured([route("r", port, server.port, fault(
            "latency", latency="30ms", stream="upstream"))])
        client = self.client(port)
        for _ in range(6):
            client.send(b"ping")
            client.recv(4)
        m = self.until(lambda m: m.value(
            "faultwire_injected_delay_seconds_count") == 6)
        asked = 6 * 0.030
        self.assertGreaterEqual(
            m.value("faultwire_injected_delay_seconds_sum"), asked - 0.001)
        self.assertEqual(m.value("faultwire_injected_delay_seconds_bucket",
                                 le="0.025"), 0)
        self.assertEqual(m.value("faultwire_injection_error_seconds_count"),
                         6)
        error = m.value("faultwire_injected_delay_seconds_sum") - asked
        self.assertAlmostEqual(
            m.value("faultwire_injection_error_seconds_sum"), abs(error),
            delta=0.001)
        self.assertEqual(m.value("faultwire_faults_injected_total"), 1)

    def test_what_is_held_now_is_in_flight(self):
        server = self.serving()
        port = free_port()
        proxy = self.measured([route("r", port, server.port,
                                     fault("blackhole", stream="upstream"))])
        clients = [self.client(port) for _ in range(3)]
        for client in clients:
            client.send(b"held")
        self.until(lambda m: m.value("faultwire_faults_in_flight") == 3)
        proxy.reload(self.text(route("r", port, server.port)))
        m = self.until(lambda m: m.value("faultwire_faults_in_flight") == 0)
        self.assertEqual(m.value("faultwire_faults_injected_total"), 3)
        self.assertEqual(m.value("faultwire_fault_active"), 0)
        for client in clients:
            self.assertEqual(client.recv(4), b"held")

    def test_skipped_flows_say_why(self):
        server = self.serving()
        port = free_port()
        self.measured([route(
            "r", port, server.port,
            fault("noop", probability=0.0),
            fault("latency", latency="1ms", first=2),
            fault("slicer", average_size=100, max_active=1))])
        clients = []
        for _ in range(5):
            client = self.client(port)
            client.send(b"ping")
            client.recv(4)
            clients.append(client)
        m = self.scrape()
        for kind, reason in (("noop", "probability"), ("latency", "filter"),
                             ("slicer", "limit")):
            expected = {"noop": 5, "latency": 3, "slicer": 4}[kind]
            self.assertEqual(m.value("faultwire_faults_skipped_total",
                                     fault=kind, reason=reason), expected)
        self.assertEqual(m.sum("faultwire_faults_skipped_total"), 12)

    def test_connections_end_by_whom_they_were_ended(self):
        backend = self.backend()
        ports = {n: free_port() for n in ("c", "u", "f", "t", "d", "x")}
        self.measured([
            route("c", ports["c"], backend.port),
            route("u", ports["u"], backend.port),
            route("f", ports["f"], backend.port,
                  fault("limit_data", bytes=1, stream="upstream")),
            route("t", ports["t"], backend.port, idle_timeout="50ms"),
            route("d", ports["d"], backend.port, fault("down")),
            route("x", ports["x"], free_port())])
        client, server = self.pair(ports["c"], backend)
        client.close()
        server.recv_end()
        server.close()
        client, server = self.pair(ports["u"], backend)
        server.close()
        client.recv_end()
        client.close()
        client, server = self.pair(ports["f"], backend)
        client.send(b"ab")
        client.recv_end()
        client, server = self.pair(ports["t"], backend)
        client.recv_end()
        for name in ("d", "x"):
            self.client(ports[name]).recv_end()
        m = self.until(lambda m: m.sum(
            "faultwire_connections_closed_total") == 6)
        for name, by in (("c", "client"), ("u", "upstream"), ("f", "fault"),
                         ("t", "timeout"), ("d", "fault"), ("x", "upstream")):
            self.assertEqual(m.value("faultwire_connections_closed_total",
                                     route=name, by=by), 1, name)
        self.assertEqual(m.value("faultwire_upstream_connects_total",
                                 route="x", result="refused"), 1)
        self.assertEqual(m.value("faultwire_upstream_connects_total",
                                 route="d", result="injected"), 1)
        self.assertEqual(m.value(
            "faultwire_upstream_connect_duration_seconds_count", route="c"), 1)


class Series(Measured):
    def test_counters_are_there_at_0_before_anything_happens(self):
        self.measured([
            route("a", "127.0.0.1:0", 1, fault("latency"),
                  fault("reset_peer", enabled=False)),
            route("b", "127.0.0.1:0", 1, fault("abort"), fault(
                "latency", name="one"), fault("latency", name="two"),
                protocol="http")])
        m = self.scrape()
        injected = m.find("faultwire_faults_injected_total")
        self.assertEqual(
            sorted((s.labels["route"], s.labels["fault"]) for s in injected),
            [("a", "latency"), ("b", "abort"), ("b", "latency")])
        self.assertEqual({s.value for s in injected}, {0.0})
        self.assertEqual(m.value("faultwire_requests_total", route="b",
                                 code="200", faulted="true"), 0)
        self.assertEqual(m.value("faultwire_injected_delay_seconds_count",
                                 route="a"), 0)
        self.assertFalse(m.has("faultwire_injected_delay_seconds_count",
                               fault="abort"))

    def test_removed_routes_go_and_others_never_fall_back(self):
        server = self.serving()
        port = free_port()
        keep = route("keep", port, server.port,
                     fault("latency", latency="1ms"))
        proxy = self.measured([keep, route("gone", "127.0.0.1:0", 1)])
        client = self.client(port)
        client.send(b"ping")
        client.recv(4)
        before = self.scrape()
        self.assertTrue(before.has("faultwire_connections_accepted_total",
                                   route="gone"))
        # Without its fault: what was counted is still told.
        proxy.reload(self.text(route("keep", port, server.port)))
        after = self.scrape()
        self.assertFalse([s for s in after.samples
                          if s.labels.get("route") == "gone"])
        for s in before.samples:
            if s.labels.get("route") == "keep" and \
                    s.name.endswith(("_total", "_count")):
                self.assertGreaterEqual(after.value(s.name, **s.labels),
                                        s.value)
        proxy.reload(self.text(keep))
        self.assertEqual(self.scrape().value(
            "faultwire_faults_injected_total"), 1)

    def test_faults_are_active_while_they_are_in_force(self):
        proxy = self.measured([
            route("r", "127.0.0.1:0", 1, fault("latency", for_="700ms"),
                  fault("noop", on="100ms", off="100ms"),
                  fault("slicer", average_size=1, enabled=False), fault("refuse"))])
        m = self.scrape()
        self.assertEqual(m.value("faultwire_fault_active", fault="latency"),
                         1)
        self.assertEqual(m.value("faultwire_fault_active", fault="refuse"), 1)
        self.assertFalse(m.has("faultwire_fault_active", fault="slicer"))
        self.until(lambda m: not m.value("faultwire_fault_active",
                                         fault="latency"))
        for state in (1, 0, 1):
            self.until(lambda m, s=state: m.value(
                "faultwire_fault_active", fault="noop") == s)
        self.assertTrue(proxy.log_events("fault_cleared"))

    def test_partitions_are_active_while_they_cut(self):
        services = [{"name": "a"}, {"name": "b"}]
        groups = {"services": services, "partitions": [
            {"name": "split", "groups": [["a"], ["b"]], "for": "600ms"},
            {"name": "off", "groups": [["a"], ["b"]], "enabled": False}]}
        self.measured([{**route("r", "127.0.0.1:0", 1), "from": "a",
                        "to": "b"}], **groups)
        m = self.scrape()
        self.assertEqual(m.value("faultwire_partition_active",
                                 partition="split"), 1)
        self.assertEqual(m.value("faultwire_partition_active",
                                 partition="off"), 0)
        self.until(lambda m: not m.value("faultwire_partition_active",
                                         partition="split"))

    def test_a_reload_that_fails_is_seen(self):
        proxy = self.measured([])
        first = self.scrape()
        self.assertEqual(
            first.value("faultwire_config_last_reload_successful"), 1)
        stamp = "faultwire_config_last_reload_success_timestamp_seconds"
        self.assertAlmostEqual(first.value(stamp), time.time(), delta=30)
        proxy.reload_refused("routes = 7;")
        m = self.scrape()
        self.assertEqual(
            m.value("faultwire_config_last_reload_successful"), 0)
        self.assertEqual(m.value(stamp), first.value(stamp))
        proxy.reload(self.text())
        m = self.scrape()
        self.assertEqual(
            m.value("faultwire_config_last_reload_successful"), 1)
        self.assertGreater(m.value(stamp), first.value(stamp))

    def test_the_process_tells_about_itself(self):
        proxy = self.measured([])
        m = self.scrape()
        self.assertAlmostEqual(m.value("process_open_fds"),
                               proxy.descriptors(), delta=2)
        self.assertAlmostEqual(m.value("process_resident_memory_bytes"),
                               proxy.rss(), delta=8 << 20)
        self.assertAlmostEqual(m.value("process_start_time_seconds"),
                               time.time(), delta=30)
        self.assertGreater(m.value("process_cpu_seconds_total"), 0)
        self.assertTrue(m.has("faultwire_build_info", version="0.1.0"))
        self.assertFalse([s for s in m.samples
                          if s.name.startswith("toxiproxy")])
        self.until(lambda m: m.value(
            "faultwire_event_loop_lag_seconds_count") > 0)


class Exemplars(Measured):
    def traced(self):
        web = self.web(lambda m: response(b"ok"))
        port = free_port()
        self.measured([route("r", port, web.port,
                             fault("latency", latency="3ms"),
                             protocol="http")])
        return self.client(port)

    def exemplars(self, name):
        return self.scrape(True).exemplars(name)

    def test_sampled_requests_are_linked(self):
        client = self.traced()
        ask(client, headers=[f"traceparent: {SAMPLED}"])
        name = "faultwire_request_duration_seconds_bucket"
        m = self.until(lambda m: m.exemplars(name), openmetrics=True)
        made, = m.exemplars(name)
        self.assertEqual(made.labels, {"trace_id": SAMPLED[3:35]})
        self.assertAlmostEqual(made.timestamp, time.time(), delta=20)
        self.assertEqual(
            made.value, m.value("faultwire_request_duration_seconds_sum",
                                faulted="true"))
        made, = m.exemplars("faultwire_faults_injected_total")
        self.assertEqual(made.labels, {"trace_id": SAMPLED[3:35]})
        ask(client, headers=[f"TraceParent: {OTHER}"])
        self.until(lambda m: OTHER[3:35] in [
            e.labels["trace_id"] for e in m.exemplars(
                "faultwire_faults_injected_total")], openmetrics=True)
        self.assertNotIn("trace_id", self.scrape().text)

    def test_all_others_are_not(self):
        client = self.traced()
        for headers in ([], [SAMPLED[:-1] + "0"], [SAMPLED.upper()],
                        [SAMPLED, SAMPLED], ["nonsense"]):
            ask(client, headers=[f"traceparent: {h}" for h in headers])
        self.until(lambda m: m.sum("faultwire_requests_total") == 5)
        self.assertNotIn("trace_id", self.scrape(True).text)


class Scale(Measured):
    def test_a_thousand_routes_are_scraped_in_no_time(self):
        kinds = [fault("latency"), fault("abort")]
        self.measured([route(f"route-{i}", f"127.0.0.{1 + i % 250}:0", 1,
                             *kinds, protocol="http")
                       for i in range(1000)])
        m = self.scrape(True)
        self.assertEqual(len(m.find("faultwire_faults_injected_total")), 2000)
        best = min(self.seconds() for _ in range(5))
        self.assertLess(best, 5 if sanitized() else 0.1)

    def seconds(self):
        conn = connect(self.control)
        watch = Watch()
        conn.send(request("GET", "/metrics", host="127.0.0.1"))
        head = conn.recv_until(b"\r\n\r\n")
        length = int(head.split(b"Content-Length: ")[1].split(b"\r\n")[0])
        conn.recv(length)
        conn.close()
        return watch.seconds()

    def test_scraping_beside_traffic_disturbs_nobody(self):
        server = self.serving()
        port = free_port()
        self.measured([route("r", port, server.port)])
        self.assertEqual(connect_outcome(port, 5), "ok")
        client = self.client(port)
        for i in range(50):
            client.send(b"%4d" % i)
            m = self.scrape(i % 2 == 0)
            self.assertEqual(client.recv(4), b"%4d" % i)
            self.assertGreaterEqual(m.value("faultwire_received_bytes_total",
                                            direction="upstream"), 4 * i)
