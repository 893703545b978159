# SPDX-License-Identifier: Apache-2.0
"""POST /hooks/alertmanager: alerts are matched with windows of faults; what is
malformed is refused; and the whole way from a fault over Prometheus and
Alertmanager back to it."""

import datetime
import json
import os
import threading
import time

from harness import (Scenario, ask, conf, fault, free_port, peers, response,
                     route, scrape, wait_until)
from harness.api import Events, control
from harness.grafana import TOKEN, Grafana

HOOK = "/hooks/alertmanager"
FIRST = {"status": "firing", "labels": {"alertname": "A"},
         "startsAt": "2026-01-31T12:00:00Z"}


def stamp(ahead=0.0, zone=datetime.timezone.utc):
    now = datetime.datetime.now(zone)
    return (now + datetime.timedelta(seconds=ahead)).isoformat()


def alert(name="Slow", status="firing", starts=None, print_="f1", **labels):
    return {"status": status, "labels": {"alertname": name, **labels},
            "annotations": {"summary": "it is slow"},
            "startsAt": starts or stamp(), "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "http://p/graph", "fingerprint": print_}


def message(*alerts):
    return {"version": "4", "groupKey": "{}:{}", "truncatedAlerts": 0,
            "status": "firing", "receiver": "hook", "groupLabels": {},
            "commonLabels": {}, "commonAnnotations": {},
            "externalURL": "http://a", "alerts": list(alerts)}


class Hooked(Scenario):
    def hooked(self, *faults, options=None, protocol="tcp", upstream=None,
               **groups):
        control_group = groups.pop("control", {})
        self.port = free_port()
        self.proxy = self.start(conf.text(
            [route("db", self.port, upstream or self.serving().port, *faults,
                   protocol=protocol, from_="shop", to="store")],
            control={"listen": "127.0.0.1:0", **control_group}, **groups),
            **(options or {}))
        self.api = control(self.proxy)
        return self.proxy

    def tell(self, *alerts):
        reply = self.api.post(HOOK, message(*alerts))
        self.assertEqual(reply.status, 200, reply.raw)
        self.assertEqual(reply.json["received"], len(alerts))
        return reply.json["matched"]

    def scrape(self):
        return scrape(self.api.port)


class Matching(Hooked):
    def test_an_alert_tells_how_long_it_took(self):
        grafana = Grafana()
        self.addCleanup(grafana.close)
        self.hooked(fault("latency", latency="1ms", name="slow"),
                    grafana={"url": grafana.url},
                    options={"env": {"FAULTWIRE_GRAFANA_TOKEN": TOKEN}})
        events = Events(self.api, "?type=alert_matched")
        grafana.wait()
        self.assertEqual(self.tell(alert(starts=stamp(2.5), route="db")), 1)
        line = self.proxy.wait_log("alert_matched")[0]
        self.assertEqual((line["alert"], line["route"], line["fault"],
                          line["type"]), ("Slow", "db", "slow", "latency"))
        self.assertAlmostEqual(line["detection_s"], 2.5, delta=1.5)
        value = self.scrape().value("faultwire_alert_detection_seconds",
                                    alertname="Slow", route="db")
        self.assertAlmostEqual(value, line["detection_s"], delta=0.001)
        event = events.until("alert_matched")
        self.assertEqual((event["what"], event["fault"]), ("Slow", "slow"))
        self.assertAlmostEqual(event["duration_us"] / 1e6, value, delta=0.01)
        kept = self.proxy.wait_journal("the match", type="alert_matched")
        self.assertEqual((kept[0]["what"], kept[0]["route"]), ("Slow", "db"))
        grafana.wait(lambda a: "alert Slow fired after" in a[0]["text"])
        events.close()

    def test_repeats_are_counted_but_matched_once(self):
        self.hooked(fault("latency", latency="1ms"))
        one = alert(route="db")
        self.assertEqual(self.tell(one, alert(print_="f2", route="db")), 2)
        self.assertEqual(self.tell(one), 0)
        self.assertEqual(self.tell({**one, "status": "resolved"}), 0)
        # The same again, later, is something new.
        self.assertEqual(self.tell({**one, "startsAt": stamp(1)}), 1)
        name = "faultwire_alerts_received_total"
        self.assertEqual(self.scrape().value(name, alertname="Slow",
                                             status="firing"), 4)
        self.assertEqual(self.scrape().value(name, alertname="Slow",
                                             status="resolved"), 1)

    def test_route_or_service_and_time_must_fit(self):
        self.hooked(fault("latency", latency="1ms"))
        zone = datetime.timezone(datetime.timedelta(hours=-5, minutes=-30))
        cases = [
            ({"route": "db"}, 0, 1), ({"service": "shop"}, 0, 1),
            ({"service": "store"}, 0, 1), ({"service": "other"}, 0, 0),
            ({"route": "other"}, 0, 0), ({}, 0, 0),
            ({"route": "db"}, -60, 0), ({"route": "db"}, -1, 1),
            ({"route": "other", "service": "shop"}, 0, 1)]
        for n, (labels, ahead, matched) in enumerate(cases):
            for k, starts in enumerate((stamp(ahead), stamp(ahead, zone))):
                with self.subTest(labels=labels, ahead=ahead, k=k):
                    self.assertEqual(self.tell(alert(
                        print_=f"{n}.{k}", starts=starts, **labels)), matched)
        self.assertEqual(len(self.proxy.log_events("alert_unmatched")), 8)

    def test_a_fault_that_is_over_explains_for_a_while(self):
        self.hooked(fault("latency", latency="1ms", for_="200ms"))
        self.proxy.wait_log("fault_cleared")
        self.assertEqual(self.tell(alert(route="db", starts=stamp(5))), 1)
        self.assertEqual(self.tell(alert(route="db", starts=stamp(300))), 0)

    def test_partitions_explain_what_their_services_say(self):
        self.hooked(services=[{"name": "shop"}, {"name": "store"}],
                    partitions=[{"name": "split", "mode": "reject",
                                 "groups": [["shop"], ["store"]]}])
        self.assertEqual(self.tell(alert(route="db")), 1)
        line = self.proxy.wait_log("alert_matched")[0]
        self.assertEqual(line["partition"], "split")

    def test_names_from_outside_are_bounded(self):
        self.hooked()
        self.tell(*[alert(f"n{n}", print_=str(n)) for n in range(150)])
        self.tell(alert("x" * 500))
        samples = self.scrape().find("faultwire_alerts_received_total",
                                     status="firing")
        self.assertLessEqual(len(samples), 101)
        other = self.scrape().value("faultwire_alerts_received_total",
                                    alertname="_other", status="firing")
        self.assertEqual(other, 51)


class Refusals(Hooked):
    def test_what_is_malformed_is_said(self):
        self.hooked()
        good = message(FIRST)
        cases = [
            (b"{", "no JSON: "), (b"", "no JSON: "), (b"[]", "an object"),
            ({}, 'version: expected "4"'),
            ({**good, "version": "5"}, 'version: expected "4"'),
            ({**good, "alerts": {}}, "alerts: expected a list"),
            (message(*[FIRST] * 1001), "a list of at most 1000"),
            (message(FIRST, 7), "alerts[1]: expected an object"),
            (message({**FIRST, "status": "on"}),
             'alerts[0].status: expected "firing" or "resolved"'),
            (message({**FIRST, "labels": []}), "alerts[0].labels: "),
            (message({**FIRST, "labels": {"alertname": 3}}),
             "alerts[0].labels: expected an object of texts"),
            (message({**FIRST, "labels": {}}), "alerts[0].labels.alertname"),
            (message({**FIRST, "startsAt": "yesterday"}),
             "alerts[0].startsAt: expected a time"),
            (message({**FIRST, "startsAt": "2026-13-31T12:00:00Z"}),
             "alerts[0].startsAt"),
            (message({**FIRST, "startsAt": "2026-01-31T12:00:00"}),
             "alerts[0].startsAt")]
        for body, said in cases:
            with self.subTest(body=str(body)[:80]):
                raw = body if isinstance(body, bytes) else \
                    json.dumps(body).encode()
                reply = self.api.post(HOOK, raw=raw)
                self.assertEqual(reply.status, 400)
                self.assertIn(said, reply.json["error"])
        self.assertEqual(self.scrape().find(
            "faultwire_alerts_received_total"), [])

    def test_only_there_and_only_by_post(self):
        self.hooked()
        reply = self.api.get(HOOK)
        self.assertEqual((reply.status, reply.headers["allow"]),
                         (405, "POST"))
        reply = self.api.post("/hooks/pagerduty", message(FIRST))
        self.assertEqual(reply.status, 404)

    def test_the_token_is_asked_for_as_elsewhere(self):
        path = os.path.join(os.path.dirname(__file__), "token")
        with open(path, "w", encoding="ascii") as f:
            f.write("secret")
        self.addCleanup(os.unlink, path)
        self.hooked(control={"token_file": path})
        self.assertEqual(self.api.post(HOOK, message(FIRST)).status, 401)
        reply = self.api.post(HOOK, message(FIRST), headers={
            "Authorization": "Bearer secret"})
        self.assertEqual(reply.status, 200)


class Whole(Hooked):
    """A fault, a rule of the user's, and the time it took to notice."""

    RULES = """
groups:
  - name: theirs
    interval: 500ms
    rules:
      - alert: DatabaseErrors
        expr: sum by (route) (rate(faultwire_requests_total{code=~"5.."}[3s]))
              > 0
"""

    def test_prometheus_and_alertmanager_notice_a_fault(self):
        web = self.web(lambda m: response(b"ok"))
        self.hooked(upstream=web.port, protocol="http")
        manager = peers.alertmanager(self, "http://127.0.0.1:"
                                     f"{self.api.port}{HOOK}")
        self.proxy_rules = os.path.join(self.proxy.dir, "theirs.yml")
        with open(self.proxy_rules, "w", encoding="ascii") as f:
            f.write(self.RULES)
        peers.prometheus(self, f"""
global: {{scrape_interval: 500ms, evaluation_interval: 500ms}}
rule_files: [theirs.yml]
alerting:
  alertmanagers: [{{static_configs: [{{targets:
    ["127.0.0.1:{manager.port}"]}}]}}]
scrape_configs:
  - job_name: faultwire
    static_configs: [{{targets: ["127.0.0.1:{self.api.port}"]}}]
""", files=[self.proxy_rules])
        self.traffic()
        time.sleep(1.5)
        reply = self.api.post("/v1/routes/db/faults", {
            "name": "broken", "type": "abort", "status": 503})
        self.assertEqual(reply.status, 201, reply.raw)
        line = self.proxy.wait_log("alert_matched", within=25)[0]
        self.assertEqual((line["alert"], line["route"], line["fault"]),
                         ("DatabaseErrors", "db", "broken"))
        self.assertGreater(line["detection_s"], 0)
        self.assertLess(line["detection_s"], 20)
        wait_until(lambda: self.scrape().has(
            "faultwire_alert_detection_seconds", route="db"),
            what="the figure")

    def traffic(self):
        """20 requests a second until the test ends."""
        client, stop = self.client(self.port), threading.Event()

        def ask_on():
            while not stop.wait(0.05):
                ask(client)

        thread = threading.Thread(target=ask_on, daemon=True)

        def end():
            stop.set()
            thread.join()

        thread.start()
        self.addCleanup(end)
