# SPDX-License-Identifier: Apache-2.0
"""The log's lines pushed to Loki: all of them and in order, what is sent again,
what is lost and told, and that nobody waits."""

import os
import signal
import socket

from harness import (Scenario, Watch, ask, conf, fault, free_port, pki,
                     response, route, scrape, wait_until)
from harness.api import control
from harness.loki import LEVELS, Loki

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
ROOM = (4 << 20) + (512 << 10)  # for lines that wait, or are on their way


class Pushed(Scenario):
    def loki(self, **options):
        made = Loki(**options)
        self.addCleanup(made.close)
        return made

    def pushed(self, *faults, loki=None, group=None, env=None, ready=True,
               **groups):
        """One route "shop" to a web server."""
        self.gathered = loki or self.loki()
        self.port, self.control = free_port(), free_port()
        self.upstream = self.web(lambda m: response(b"ok"))
        self.routes = [route("shop", self.port, self.upstream.port, *faults,
                             protocol="http")]
        self.groups = {
            "control": {"listen": f"127.0.0.1:{self.control}"}, **groups}
        self.group = {"url": self.gathered.url, **(group or {})}
        self.proxy = self.start(self.text(), env=env, ready=ready)
        return self.proxy

    def text(self, **loki):
        group = {**self.group, **loki}
        return conf.text(self.routes, **self.groups,
                         loki={k: v for k, v in group.items()
                               if v is not None})

    def lost(self):
        return {s.labels["reason"]: s.value for s in
                scrape(self.control).find(
                    "faultwire_telemetry_dropped_total", signal="logs")}

    def end(self):
        self.proxy.signal(signal.SIGTERM)
        self.assertEqual(self.proxy.wait(), 0)

    def add(self, name):
        """One line fault_armed."""
        reply = control(self.proxy).post("/v1/routes/shop/faults", {
            "name": name, "type": "latency", "latency": "1ms"})
        self.assertEqual(reply.status, 201, reply.raw)

    def pushable(self):
        """What of standard output Loki gets, too: all but what is said about
        the push, as that would make the next one."""
        return [line for line in self.proxy.log() if line["event"] not in
                ("telemetry_failed", "telemetry_taken")]

    def assert_same(self):
        """Each line came once, in order within its stream. (Threads that log
        at once may write in another order.)"""
        got = self.gathered.all()
        self.assertEqual(sorted(line.said["ts"] + line.event for line in got),
                         sorted(e["ts"] + e["event"] for e in self.pushable()))
        for level in LEVELS:
            times = [int(line.ns) for line in got
                     if line.labels["level"] == level]
            self.assertEqual(times, sorted(times))


class Delivery(Pushed):
    def test_every_line_comes_from_the_first_to_the_last(self):
        self.pushed(log={"access": True}, workers=1)
        client = self.client(self.port)
        for _ in range(50):
            ask(client)
        client.close()
        self.end()
        self.assert_same()
        events = [line.event for line in self.gathered.all()]
        self.assertEqual((events[0], events[1]), ("pushing", "start"))
        self.assertIn("stop", events)
        self.assertEqual(events.count("request"), 50)

    def test_labels_are_few_and_metadata_names_event_and_trace(self):
        self.pushed(fault("latency", latency="1ms"),
                    group={"labels": ["env=staging"]})
        ask(self.client(self.port), headers=[
            f"traceparent: 00-{TRACE}-00f067aa0ba902b7-01"])
        line, = self.gathered.wait("fault_injected")
        self.assertEqual(line.labels, {
            "service_name": "faultwire", "env": "staging",
            "instance": socket.gethostname(), "level": "info"})
        self.assertEqual(line.metadata, {"event": "fault_injected",
                                         "trace_id": TRACE})

    def test_lines_are_json_where_standard_output_is_text(self):
        self.pushed(log={"format": "logfmt"})
        self.gathered.wait("ready")
        self.assertIn("event=ready", self.proxy.raw_log())
        self.end()
        told = self.proxy.raw_log().splitlines()
        self.assertEqual(sorted(line.said["ts"] for line in
                                self.gathered.all()),
                         sorted(line.split()[0][3:] for line in told))

    def test_tenant_and_token_are_headers_and_who_we_are_may_be_said(self):
        self.pushed(group={"tenant": "team-a", "service_name": "shop",
                           "metadata": False, "labels": ["instance=a=b"]},
                    env={"FAULTWIRE_LOKI_TOKEN": "secret"})
        line, = self.gathered.wait("ready")
        self.assertEqual(line.labels, {"service_name": "shop",
                                       "instance": "a=b", "level": "info"})
        self.assertIsNone(line.metadata)
        headers = self.gathered.asked()[0][1]
        self.assertEqual((headers["X-Scope-OrgID"],
                          headers["Authorization"]),
                         ("team-a", "Bearer secret"))
        path = os.path.join(self.proxy.dir, "token")
        with open(path, "w", encoding="ascii") as f:
            f.write("other\n")
        self.proxy.reload(self.text(token_file=path, tenant=None))
        wait_until(lambda: self.gathered.asked()[-1][1].get(
            "Authorization") == "Bearer other", what="the other token")
        self.assertNotIn("X-Scope-OrgID", self.gathered.asked()[-1][1])
        self.assertNotIn("secret", self.proxy.raw_log())

    def test_over_tls_its_certificate_must_be_good(self):
        loki = self.loki(tls=True)
        self.pushed(loki=loki, group={"ca_file": pki().path("other.pem")})
        line = self.proxy.wait_log("telemetry_failed")[0]
        self.assertIn("certificate", line["error"])
        self.proxy.reload(self.text(ca_file=pki().path("ca.pem")))
        loki.wait("config_reload")


class Reload(Pushed):
    def test_it_comes_changes_and_goes_by_reload(self):
        self.pushed(group={"url": None})
        self.proxy.reload(self.text(url=self.gathered.url))
        self.gathered.wait("config_reload")
        self.assertEqual(self.gathered.all()[0].event, "pushing")
        other = self.loki()
        self.proxy.reload(self.text(url=other.url))
        other.wait("config_reload")
        self.proxy.reload(self.text(url=other.url, tenant=None))
        other.wait("config_reload", 2)
        self.proxy.reload(self.text(url=None))
        self.add("unheard")
        self.end()
        got = [line.event for line in self.gathered.all() + other.all()]
        told = [e["event"] for e in self.proxy.log()]
        # What did not change was not begun anew, and between the two, none
        # is lost and none comes twice.
        self.assertEqual(got.count("pushing"), 2)
        self.assertEqual(got, told[told.index("pushing"):][:len(got)])
        self.assertNotIn("fault_armed", got)

    def test_a_token_that_cannot_be_read_is_no_reason_to_stop(self):
        self.pushed(group={"token_file": "/nonexistent/token"})
        line, = self.proxy.wait_log("pushing_failed")
        self.assertIn("loki.token_file", line["error"])
        self.assertEqual(ask(self.client(self.port)).status, 200)
        self.proxy.reload(self.text(token_file=None))
        self.gathered.wait("config_reload")


class Trouble(Pushed):
    def test_what_may_be_sent_again_is_and_nothing_is_lost(self):
        self.pushed(loki=self.loki(answers=[
            500, (429, {"Retry-After": "1"})]))
        self.gathered.wait("ready")
        first, second, third = [[line.ns for line in lines] for _, _, lines
                                in self.gathered.asked()[:3]]
        self.assertTrue(first == second == third)
        self.assertEqual(set(self.lost().values()), {0})
        line, = self.proxy.log_events("telemetry_failed")
        self.assertEqual((line["signal"], line["level"]), ("logs", "warn"))
        self.proxy.wait_log("telemetry_taken")
        self.end()
        self.assert_same()

    def test_what_is_refused_is_dropped_counted_and_told(self):
        self.pushed(loki=self.loki(answers=[400]))
        line, = self.proxy.wait_log("telemetry_failed")
        self.assertEqual((line["code"], line["error"]), (400, "as told\n"))
        refused = len(self.gathered.asked()[0][2])
        wait_until(lambda: self.lost()["refused"] == refused,
                   what="the refusal")
        self.add("slow")
        self.gathered.wait("fault_armed")
        line, = self.gathered.wait("log_gap")
        self.assertEqual((line.said["lines"], line.said["receiver"]),
                         (refused, f"127.0.0.1:{self.gathered.port}"))
        self.assertEqual(len(self.proxy.log_events("log_gap")), 1)

    def test_a_refusal_does_not_feed_on_itself(self):
        self.pushed(loki=self.loki(answers=[400], stays=True))
        wait_until(lambda: [line for r in self.gathered.asked()
                            for line in r[2] if line.event == "ready"],
                   what="the last line of the start")
        for n in range(2):
            # What comes now is taken, the line about the gap refused.
            self.gathered.answers = [204, 400]
            before = len(self.gathered.asked())
            self.add(f"slow{n}")
            self.gathered.wait("fault_armed", n + 1)
            wait_until(lambda: len(self.gathered.asked()) >= before + 2,
                       what="the line about the gap")
        refused = [r for r in self.gathered.asked() if r[0] == 400]
        self.assertEqual([[line.event for line in r[2]]
                          for r in refused[-2:]], [["log_gap"]] * 2)
        self.assertFalse([line for r in self.gathered.asked() for line in r[2]
                          if line.event in ("telemetry_failed",
                                            "telemetry_taken")])

    def test_a_loki_that_is_away_harms_nobody_and_the_gap_is_told(self):
        port = free_port()
        self.pushed(loki=None, group={"url": f"http://127.0.0.1:{port}"},
                    log={"access": True})
        client = self.client(self.port)
        for _ in range(ROOM // 1000):
            ask(client, target="/" + "x" * 1000)
        wait_until(lambda: self.lost()["queue_full"] > 0, what="a loss")
        # Not even the line about the gap finds room now.
        for _ in range(8):
            ask(client)
        loki = self.loki(port=port)
        # It is tried again after 30 s at the latest.
        loki.wait("log_gap", within=90)
        # On a busy machine standard output loses lines, too, of its own.
        wait_until(lambda: len(loki.all()) + sum(
            line.said["lines"] for line in loki.wait("log_gap")
            if "receiver" in line.said) == len(self.pushable()) +
            self.lost()["blocked"], 90, "each line to be there, or told")
        self.assertLess(sum(len(line.text) for line in loki.all()), ROOM)
        lost = self.lost()
        self.assertEqual(lost["unreachable"] + lost["refused"], 0)

    def test_the_end_does_not_wait_for_a_loki_that_is_silent(self):
        silent = self.serving(lambda conn: conn.recv_end(60))
        self.pushed(group={"url": f"http://127.0.0.1:{silent.port}"},
                    log={"access": True})
        wait_until(lambda: silent.count, what="a delivery")
        watch = Watch()
        for _ in range(20):
            ask(self.client(self.port))
        self.assertLess(watch.seconds(), 8)  # it gives up after 10
        watch = Watch()
        self.proxy.signal(signal.SIGTERM)
        self.proxy.signal(signal.SIGTERM)
        self.assertEqual(self.proxy.wait(), 0)
        self.assertLess(watch.seconds(), 8)
        # And what did not come is told.
        line, = self.proxy.wait_log("log_gap")
        self.assertEqual(line["lines"], len(self.proxy.log()) - 1 - len(
            self.proxy.log_events("telemetry_failed")))
