# SPDX-License-Identifier: Apache-2.0
"""examples/observability against a real Prometheus that scrapes a real run:
rules hold, every expression of a board is understood, and every metric that
it names is there."""

import json
import os
import re
import subprocess
import time
import urllib.parse

from harness import (ROOT, Scenario, Serving, ask, conf, fault, free_port,
                     get, peers, response, route, wait_until)
from harness.api import Client
from harness.web import read_message

PLACE = os.path.join(ROOT, "examples", "observability")
RULES = os.path.join(PLACE, "prometheus", "faultwire.rules.yml")
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
BOARDS = ("faultwire-experiment", "faultwire-overview", "faultwire-route",
          "faultwire-scorecard", "faultwire-self")
# What Grafana puts in for its variables.
VARIABLES = {"$__rate_interval": "1m", "$job": "faultwire",
             "$instance": ".*", "$route": "web",
             "$experiment": "trial"}
METRIC = re.compile(r"[a-z_]+:faultwire_[a-z0-9_]+:[a-z0-9_]+|"
                    r"\b(?:faultwire|process|toxiproxy|scrape)_[a-z0-9_]+"
                    r"(?!\w*\()|\bup\b(?=\{)")
LABELS = {"faultwire"}
# Those of a scheduler's file, and of a fault that is over: other tests have
# them.
ELSEWHERE = ("faultwire_schedule_", "faultwire_experiment_runs_",
             "faultwire_recovery_")


def promtool(test, *args, cwd=None, stdin=None):
    done = subprocess.run(
        [peers.find(test, "promtool"), *args], cwd=cwd, input=stdin,
        text=True, capture_output=True, check=False, timeout=60)
    test.assertEqual(done.returncode, 0, done.stdout + done.stderr)
    return done.stdout + done.stderr


def board(name):
    path = os.path.join(PLACE, "grafana", "dashboards", name + ".json")
    with open(path, encoding="utf-8") as f:
        return json.load(f)


def expressions(name):
    """(where, PromQL) of a board's panels and annotations."""
    made = board(name)
    for panel in made["panels"]:
        for target in panel["targets"]:
            if target["datasource"]["type"] == "prometheus":
                yield panel["title"], target["expr"]
    for annotation in made["annotations"]["list"]:
        if "expr" in annotation:
            yield annotation["name"], annotation["expr"]


def variable_queries(name):
    for variable in board(name)["templating"]["list"]:
        match = re.match(r"label_values\((.*), (\w+)\)\Z",
                         variable.get("definition", ""))
        if match:
            yield variable["name"], match.group(1)


def filled_in(expression):
    for name, value in VARIABLES.items():
        expression = expression.replace(name, value)
    assert "$" not in expression, expression
    return expression


class Files(Scenario):
    def test_rules_are_good_and_do_what_their_cases_say(self):
        where = os.path.dirname(RULES)
        promtool(self, "check", "config", "prometheus.yml", cwd=where)
        promtool(self, "check", "rules", "faultwire.rules.yml", cwd=where)
        promtool(self, "test", "rules", "faultwire.rules.test.yml",
                 cwd=where)
        with open(RULES, encoding="utf-8") as f:
            text = f.read()
        alerts = text.count("- alert:")
        self.assertEqual(text.count("severity:"), alerts)
        self.assertEqual(text.count("summary:"), alerts)
        self.assertEqual(text.count("description:"), alerts)
        # Each alert is tried.
        with open(RULES.replace(".yml", ".test.yml"), encoding="utf-8") as f:
            cases = f.read()
        for alert in re.findall(r"- alert: (\w+)", text):
            self.assertIn(f"alertname: {alert}", cases)

    def test_boards_keep_the_rules_of_provisioning(self):
        for name in BOARDS:
            with self.subTest(board=name):
                made = board(name)
                self.assertEqual(made["uid"], name)
                self.assertNotIn("id", made)
                self.assertNotIn("__inputs", made)
                self.assertEqual(made["schemaVersion"], 39)
                self.assertEqual(made["graphTooltip"], 1)
                self.assertIn("faultwire", made["tags"])
                self.assertNotIn("${DS_", json.dumps(made))
                self.check_panels(made["panels"])

    def check_panels(self, panels):
        taken = set()
        self.assertEqual(len({p["id"] for p in panels}), len(panels))
        for panel in panels:
            self.assertGreater(len(panel["description"]), 10, panel["title"])
            self.assertIn(panel["datasource"]["uid"],
                          ("${datasource}", "${logs}", "${traces}"))
            at = panel["gridPos"]
            self.assertLessEqual(at["x"] + at["w"], 24)
            cells = {(x, y) for x in range(at["x"], at["x"] + at["w"])
                     for y in range(at["y"], at["y"] + at["h"])}
            self.assertFalse(cells & taken, f"{panel['title']} overlaps")
            taken |= cells

    def test_links_lead_where_there_is_something(self):
        """URLs of data links hold JSON, and name sources that are asked
        for."""
        made = board("faultwire-experiment")
        sources = {v["name"] for v in made["templating"]["list"]
                   if v["type"] == "datasource"}
        links = [link["url"] for panel in made["panels"] for link in
                 panel.get("fieldConfig", {}).get("defaults", {}).get("links", ())]
        self.assertGreater(len(links), 4)
        for url in links:
            panes = json.loads(url.split("panes=", 1)[1])
            for pane in panes.values():
                self.assertIn(pane["datasource"].strip("${}"), sources)
                self.assertTrue(pane["queries"])

    def test_every_board_shows_the_windows_of_faults(self):
        for name in BOARDS:
            shown = [a for a in board(name)["annotations"]["list"]
                     if "faultwire_fault_active{" in a.get("expr", "")]
            self.assertEqual(len(shown), 1)
            self.assertTrue(shown[0]["expr"].endswith("} == 1"))
            self.assertTrue(shown[0]["enable"])


class Scraped(Scenario):
    """One run, scraped in both formats by one Prometheus."""

    limit = 120

    def setUp(self):
        peers.find(self, "prometheus")
        web = self.web(lambda m: response(b"ok"))
        self.ports = [free_port() for _ in range(3)]
        self.control = free_port()
        services = [{"name": "a"}, {"name": "b"}]
        self.proxy = self.start(conf.text(
            [route("web", self.ports[0], web.port,
                   fault("latency", latency="5ms", probability=0.5),
                   fault("abort", status=503, every=4), protocol="http"),
             route("tcp", self.ports[1], self.serving().port,
                   fault("latency", latency="1ms")),
             {**route("split", self.ports[2], 1), "from": "a", "to": "b"}],
            services=services, observe={"reactions": True},
            partitions=[{"name": "p", "groups": [["a"], ["b"]]}],
            control={"listen": f"127.0.0.1:{self.control}"}))
        # Prometheus asks for OpenMetrics; through here it gets text.
        self.relay = Serving(self.as_text)
        self.addCleanup(self.relay.close)
        self.prometheus = peers.prometheus(
            self, self.configuration(), [RULES])

    def as_text(self, conn):
        while True:
            read_message(conn, 3600)
            reply = get(self.control, "/metrics")
            conn.send(response(reply.body, headers=[
                "Content-Type: " + reply.get("content-type")]))

    def configuration(self):
        """The shipped file, faster, with the test's own targets."""
        with open(os.path.join(PLACE, "prometheus", "prometheus.yml"),
                  encoding="utf-8") as f:
            text = f.read()
        self.assertIn('["127.0.0.1:8474"]', text)
        text = text.replace("_interval: 5s", "_interval: 500ms")
        text = text.replace("127.0.0.1:8474", f"127.0.0.1:{self.control}")
        return text + ("  - job_name: text\n    static_configs:\n"
                       "      - targets: "
                       f'["127.0.0.1:{self.relay.port}"]\n')

    def experiment(self):
        """An experiment runs, and an alert noticed it."""
        api = Client(f"127.0.0.1:{self.control}")
        self.assertEqual(api.post("/v1/leases", {
            "ttl": "10m", "name": "trial"}).status, 201)
        reply = api.post("/hooks/alertmanager", {"version": "4", "alerts": [{
            "status": "firing", "startsAt": time.strftime(
                "%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "labels": {"alertname": "Theirs", "route": "web"}}]})
        self.assertEqual(reply.json["matched"], 1)

    def traffic(self, requests):
        client = self.client(self.ports[0])
        for _ in range(requests):
            ask(client, headers=[
                f"traceparent: 00-{TRACE}-00f067aa0ba902b7-01"])
        client = self.client(self.ports[1])
        client.send(b"ping")
        client.recv(4)

    def api(self, path, **query):
        conn = self.client(self.prometheus.port)
        reply = ask(conn, target=f"/api/v1/{path}?" +
                    urllib.parse.urlencode(query), headers=["Connection: close"])
        made = json.loads(reply.body)
        self.assertEqual(made["status"], "success", f"{query}: {made}")
        return made["data"]

    def query(self, expression):
        return self.api("query", query=expression)["result"]

    def number(self, expression):
        found = self.query(expression)
        return float(found[0]["value"][1]) if found else None

    def wait_number(self, expression, value):
        wait_until(lambda: self.number(expression) == value,
                   what=f"{expression} being {value}")

    def test_prometheus_takes_both_formats_rules_and_boards(self):
        self.experiment()
        self.traffic(8)
        for job in ("faultwire", "text"):
            self.wait_number(f'sum(faultwire_requests_total{{job="{job}"}})',
                             8)
            self.wait_number(f'up{{job="{job}"}}', 1)
        self.same_from_both()
        self.traffic(40)
        self.exemplars_arrive()
        self.rules_evaluate()
        self.boards_are_understood()
        self.lint_passes()
        self.nothing_was_complained_about()

    def same_from_both(self):
        """Names do not depend on the format, nor does the spelling of le."""
        for label in ("__name__", "le", "fault", "code"):
            values = [self.api(f"label/{label}/values", **{
                "match[]": f'{{job="{job}",__name__=~"faultwire.*"}}'})
                for job in ("faultwire", "text")]
            self.assertEqual(values[0], values[1])
        metadata = self.api("targets/metadata",
                            match_target='{job="faultwire"}')
        types = {m["metric"]: m["type"] for m in metadata}
        self.assertEqual(types["faultwire_build"], "info")
        self.assertEqual(types["faultwire_requests"], "counter")

    def exemplars_arrive(self):
        def found():
            data = self.api(
                "query_exemplars",
                query="faultwire_request_duration_seconds_bucket",
                start=time.time() - 60, end=time.time() + 60)
            return [e for s in data for e in s["exemplars"]]

        for exemplar in wait_until(found, what="exemplars"):
            self.assertEqual(exemplar["labels"], {"trace_id": TRACE})

    def rules_evaluate(self):
        def done():
            groups = self.api("rules")["groups"]
            rules = [r for g in groups for r in g["rules"]]
            return rules if all(r["health"] != "unknown"
                                for r in rules) else None

        rules = wait_until(done, what="the rules")
        self.assertGreater(len(rules), 10)
        for rule in rules:
            self.assertEqual(rule["health"], "ok", rule)
        wait_until(lambda: {"FaultActive", "PartitionActive"} <= {
            a["labels"]["alertname"] for a in self.api("alerts")["alerts"]},
            what="the alerts")
        records = [r["name"] for r in rules if r["type"] == "recording"]
        for name in records:
            wait_until(lambda n=name: self.query(n), what=name)
        with open(RULES, encoding="utf-8") as f:
            self.metrics_exist("the rules", f.read().split("rules:\n", 1)[1])

    def metrics_exist(self, where, text):
        names = {n for n in METRIC.findall(text)
                 if n not in LABELS and not n.startswith(ELSEWHERE)}
        known = set(self.api("label/__name__/values"))
        self.assertFalse(names - known, f"{where} names what is not there")

    def boards_are_understood(self):
        for name in BOARDS:
            count = 0
            for where, expression in [*expressions(name),
                                      *variable_queries(name)]:
                text = filled_in(expression)
                self.metrics_exist(f"{name}, {where}", text)
                wait_until(lambda t=text: self.query(t),
                           what=f"{name}, {where}: anything for {text}")
                count += 1
            self.assertGreater(count, 10)

    def lint_passes(self):
        text = get(self.control, "/metrics").body.decode()
        self.assertEqual(promtool(self, "check", "metrics", stdin=text), "")

    def nothing_was_complained_about(self):
        with open(os.path.join(self.prometheus.dir, "output"),
                  encoding="utf-8") as f:
            bad = [line for line in f
                   if re.search(r"level=(warn|error)|Append failed|"
                                r"duplicate|out.of.order|exemplar.*(error|"
                                r"Error)", line)]
        self.assertFalse(bad, "".join(bad[:5]))
