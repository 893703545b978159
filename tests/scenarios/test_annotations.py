# SPDX-License-Identifier: Apache-2.0
"""Windows of faults as annotations in Grafana: their times and tags, behind a
restart too; and that Grafana delays nobody, whatever it does."""

import json
import os
import pathlib
import signal
import tempfile
import time

from harness import (Scenario, Watch, conf, fault, free_port, route, scrape,
                     wait_until)
from harness.api import control
from harness.grafana import TOKEN, Grafana
from harness.proxy import run

ENV = {"FAULTWIRE_GRAFANA_TOKEN": TOKEN}


def now_ms():
    return time.time() * 1000


class Annotated(Scenario):
    def grafana(self, **options):
        made = Grafana(**options)
        self.addCleanup(made.close)
        return made

    def annotated(self, *faults, grafana=None, group=None, env=None,
                  facts=None, **groups):
        self.gathered = grafana or self.grafana()
        self.port = free_port()
        self.group = {"url": self.gathered.url, **(group or {})}
        self.control = free_port()
        self.text = conf.text(
            [{**route("db", self.port, self.serving().port, *faults),
              **(facts or {})}],
            control={"listen": f"127.0.0.1:{self.control}"},
            grafana=self.group, **groups)
        self.proxy = self.start(self.text, env=env or ENV)
        self.api = control(self.proxy)
        return self.proxy

    def add(self, **more):
        reply = self.api.post("/v1/routes/db/faults", {
            "name": "slow", "type": "latency", "latency": "1ms", **more})
        self.assertEqual(reply.status, 201, reply.raw)

    def remove(self, name="slow"):
        self.assertEqual(
            self.api.delete(f"/v1/routes/db/faults/{name}").status // 100, 2)

    def lost(self):
        return {s.labels["reason"]: s.value for s in
                scrape(self.control).find("faultwire_telemetry_dropped_total",
                                          signal="annotations")}


class Windows(Annotated):
    def test_a_window_is_a_region_with_tags(self):
        self.annotated(group={"tags": ["team:x"]})
        start = now_ms()
        self.add()
        (made,) = self.gathered.wait()
        self.assertAlmostEqual(made["time"], start, delta=1000)
        # Nobody knows when it ends: a while ahead.
        self.assertGreater(made["timeEnd"], start + 60000)
        self.assertIn('latency "slow" on route db', made["text"])
        tags = made["tags"]
        self.assertEqual(sorted(t for t in tags if not t.startswith("run:")),
                         ["fault:slow", "faultwire", "kind:latency",
                          "route:db", "team:x"])
        self.assertEqual(len(tags), 6)
        time.sleep(0.1)
        self.remove()
        end = now_ms()
        (made,) = self.gathered.wait(lambda a: a[0]["timeEnd"] < end + 1000)
        self.assertAlmostEqual(made["timeEnd"], end, delta=1000)
        self.assertLess(made["time"], made["timeEnd"])

    def test_it_opens_with_its_planned_end(self):
        self.annotated()
        self.add(**{"for": "30s"})
        (made,) = self.gathered.wait()
        self.assertAlmostEqual(made["timeEnd"] - made["time"], 30000,
                               delta=2)

    def test_what_ends_as_planned_needs_no_word(self):
        self.annotated()
        self.add(**{"for": "1s"})
        wait_until(lambda: self.proxy.log_events("fault_cleared"),
                   what="the end")
        (made,) = self.gathered.wait()
        time.sleep(0.3)
        self.assertAlmostEqual(made["timeEnd"] - made["time"], 1000, delta=60)

    def test_experiments_are_told_by_the_name_of_their_lease(self):
        self.annotated()
        lease = self.api.post("/v1/leases", {"ttl": "30s",
                                             "name": "cache-outage"}).json
        reply = self.api.post("/v1/routes/db/faults", {
            "name": "slow", "type": "latency", "latency": "1ms"},
            headers={"Faultwire-Lease": lease["lease"]})
        self.assertEqual(reply.status, 201, reply.raw)
        (made,) = self.gathered.wait()
        self.assertIn("experiment:cache-outage", made["tags"])
        name = "faultwire_experiment_running"
        self.assertEqual(scrape(self.control).value(
            name, experiment="cache-outage"), 1)
        # What it does is told apart from what others do.
        self.assertEqual(self.active(), {None: 0, "cache-outage": 1})
        self.add(name="mine")
        self.assertEqual(self.active(), {None: 1, "cache-outage": 1})
        self.api.delete(f"/v1/leases/{lease['lease']}")
        before = now_ms()
        self.gathered.wait(lambda a: a[0]["timeEnd"] < before + 2000)
        self.assertFalse(scrape(self.control).has(name))
        self.assertEqual(self.active(), {None: 1})

    def active(self, name="fault"):
        return {s.labels.get("experiment"): s.value for s in
                scrape(self.control).find(f"faultwire_{name}_active")}

    def test_partitions_of_experiments_are_told_by_their_name(self):
        self.annotated(facts={"from": "a", "to": "db"},
                       services=[{"name": "a"}, {"name": "db"}],
                       partitions=[{"name": "split", "enabled": False,
                                    "groups": [["a"], ["db"]]}])
        lease = self.api.post("/v1/leases", {"ttl": "30s", "name": "x"}).json
        self.assertEqual(self.active("partition"), {None: 0})
        self.api.post("/v1/partitions/split/start", None,
                      headers={"Faultwire-Lease": lease["lease"]})
        self.proxy.wait_log("partition_up")
        self.assertEqual(self.active("partition"), {None: 0, "x": 1})

    def test_flapping_is_one_window(self):
        self.annotated()
        self.add(on="50ms", off="50ms")
        self.proxy.wait_log("fault_cleared", 3)
        self.assertEqual(len(self.gathered.wait()), 1)
        before = now_ms()
        self.remove()
        self.gathered.wait(lambda a: before - 1000 < a[0]["timeEnd"] <
                           before + 2000)
        self.assertEqual(len(self.gathered.all()), 1)

    def test_partitions_are_told_as_one(self):
        self.annotated(services=[{"name": "a"}, {"name": "b"}],
                       partitions=[{"name": "split", "mode": "reject",
                                    "groups": [["a"], ["b"]]}])
        (made,) = self.gathered.wait()
        self.assertEqual(made["text"], "partition split")
        self.assertIn("partition:split", made["tags"])

    def test_the_end_of_the_program_ends_them(self):
        self.annotated(fault("latency", latency="1ms"))
        self.gathered.wait()
        self.proxy.signal(15)
        self.assertEqual(self.proxy.wait(), 0)
        (made,) = self.gathered.all()
        self.assertAlmostEqual(made["timeEnd"], now_ms(), delta=3000)


class Restart(Annotated):
    def crash(self):
        self.proxy.process.kill()
        self.proxy.process.wait()
        self.proxy.stopped = True
        self.addCleanup(self.proxy.discard)

    def again(self, text):
        self.proxy.write(text)
        self.start(None, path=self.proxy.conf, env=ENV)

    def test_what_is_still_in_force_goes_on(self):
        self.annotated(fault("latency", latency="1ms", name="slow"))
        (before,) = self.gathered.wait()
        self.crash()
        self.again(self.text)
        wait_until(lambda: [c for c in self.gathered.calls
                            if c[0] == "GET"][1:], what="a look back")
        time.sleep(0.5)
        (after,) = self.gathered.all()
        self.assertEqual(after["time"], before["time"])
        self.assertEqual([c[0] for c in self.gathered.calls].count("POST"), 1)

    def test_what_is_not_ends(self):
        self.annotated(fault("latency", latency="1ms", name="slow"))
        self.gathered.wait()
        self.crash()
        self.again(self.text.replace('type = "latency"', 'type = "latency"; '
                                     'enabled = false'))
        (made,) = self.gathered.wait(
            lambda a: a[0]["timeEnd"] < now_ms() + 1000)
        self.assertGreater(made["timeEnd"], made["time"])


class Trouble(Annotated):
    def test_a_grafana_that_is_away_gets_it_later(self):
        self.annotated(grafana=self.grafana(answers=[None, 503]))
        start = now_ms()
        watch = Watch()
        self.add()
        self.remove()
        self.assertLess(watch.seconds(), 1)
        (made,) = self.gathered.wait()
        self.assertAlmostEqual(made["time"], start, delta=1000)
        self.assertAlmostEqual(made["timeEnd"], start, delta=1500)
        self.assertEqual(set(self.lost().values()), {0})

    def test_who_may_not_write_is_told_and_counted(self):
        self.annotated(grafana=self.grafana(role="Viewer"))
        self.add()
        line = self.proxy.wait_log("telemetry_failed")[0]
        self.assertEqual((line["signal"], line["code"]),
                         ("annotations", 403))
        self.assertIn("permissions", line["error"])
        wait_until(lambda: self.lost()["refused"] == 1, what="the count")
        # It is not asked again for ever.
        time.sleep(0.5)
        posts = [c for c in self.gathered.calls if c[0] == "POST"]
        self.assertEqual(len(posts), 1)

    def test_a_wrong_token_is_no_reason_to_stop(self):
        self.annotated(env={"FAULTWIRE_GRAFANA_TOKEN": "wrong"})
        self.add()
        line = self.proxy.wait_log("telemetry_failed")[0]
        self.assertEqual(line["code"], 401)
        self.assertNotIn("wrong", self.proxy.raw_log())

    def test_a_silent_grafana_delays_nothing(self):
        silent = self.serving(lambda conn: conn.recv_end(60))
        self.annotated(group={"url": f"http://127.0.0.1:{silent.port}"})
        for n in range(20):
            watch = Watch()
            self.add(name=f"f{n}")
            self.assertLess(watch.seconds(), 4)
        watch = Watch()
        self.proxy.signal(signal.SIGTERM)
        self.proxy.signal(signal.SIGTERM)
        self.assertEqual(self.proxy.wait(), 0)
        self.assertLess(watch.seconds(), 8)

    def test_the_token_may_stand_in_a_file(self):
        self.gathered = self.grafana()
        proxy = self.annotated(grafana=self.gathered, env={"X": "1"})
        path = os.path.join(proxy.dir, "token")
        with open(path, "w", encoding="ascii") as f:
            f.write(TOKEN + "\n")
        proxy.reload(self.text.replace(
            'grafana = {', f'grafana = {{ token_file = "{path}";'))
        self.add()
        self.gathered.wait()

    def test_settings_that_are_wrong_are_said(self):
        proxy = self.annotated()
        for group, said in (
                ({"url": "grafana:3000"}, "grafana.url: \"grafana:3000\" "
                 "begins with neither http:// nor https://"),
                ({"url": "http://u:p@g"}, "belong in a token file"),
                ({"token_file": "/x"}, "grafana lacks \"url\""),
                ({"ulr": "http://g"}, "did you mean \"url\"?")):
            text = conf.text([], grafana=group)
            proxy.reload_refused(text)
            self.assertIn(said, proxy.log_events("config_error")[-1]["error"])


class Dashboards(Annotated):
    """faultwire grafana: queries for the windows, in other boards."""

    QUERY = {"type": "tags", "tags": ["faultwire", "route:db"],
             "matchAny": False, "limit": 100}

    def setUp(self):
        super().setUp()
        self.gathered = self.grafana()
        self.before = {"uid": "shop/1", "title": "Shop", "version": 7,
                       "id": 3, "panels": [{"gridPos": {"h": 0.1}}],
                       "annotations": {"list": [{"name": "mine"}]}}
        self.gathered.dashboards["shop/1"] = self.made = {
            "meta": {"folderUid": "f"}, "dashboard": dict(self.before)}
        self.gathered.dashboards["bare"] = {
            "meta": {}, "dashboard": {"uid": "bare", "version": 1}}

    def run_grafana(self, *words, code=0, env=None):
        done = run("grafana", *words, env=ENV if env is None else env)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertNotIn(TOKEN, done.stdout + done.stderr)
        return done

    def add_to(self, *uids, **options):
        return self.run_grafana("--url", self.gathered.url, "--tag",
                                "route:db", *uids, **options)

    def test_a_board_gets_the_query_once_and_keeps_the_rest(self):
        self.add_to("shop/1", "bare")
        now = dict(self.made["dashboard"])
        mine, added = now.pop("annotations")["list"]
        self.assertEqual(mine, {"name": "mine"})
        self.assertEqual(added["target"], self.QUERY)
        self.assertEqual({**now, "version": 7}, {
            k: v for k, v in self.before.items() if k != "annotations"})
        self.assertEqual(self.gathered.dashboards["bare"]["dashboard"]
                         ["annotations"]["list"], [added])
        self.assertIn("already", self.add_to("shop/1").stdout)
        self.assertEqual(self.made["dashboard"]["version"], 8)
        self.gathered.all()

    def test_the_configuration_says_where_grafana_is(self):
        folder = pathlib.Path(self.enterContext(
            tempfile.TemporaryDirectory()))
        secret, file = folder / "token", folder / "g.conf"
        secret.write_text(TOKEN)
        file.write_text(conf.text([], grafana={"url": self.gathered.url,
                                               "token_file": str(secret)}))
        self.run_grafana("-c", str(file), "bare", env={})
        self.assertEqual(self.gathered.dashboards["bare"]["dashboard"]
                         ["version"], 2)

    def test_without_a_board_or_where_it_is_refused_it_is_printed(self):
        self.assertEqual(json.loads(self.run_grafana(
            "-t", "route:db").stdout)["target"], self.QUERY)
        for meta in ({"provisioned": True}, {"file": True}):
            self.made["meta"] = meta
            done = self.add_to("shop/1", code=1)
            self.assertIn("provisioned", done.stderr)
            self.assertEqual(json.loads(done.stdout)["target"], self.QUERY)
        self.assertEqual(self.made["dashboard"], self.before)

    def test_refusals_are_told(self):
        self.assertIn("404: Dashboard not found",
                      self.add_to("none", code=1).stderr)
        self.assertIn("401", self.add_to("bare", code=1, env={}).stderr)
        self.gathered.role = "Viewer"
        self.assertIn("403: You'll need",
                      self.add_to("bare", code=1).stderr)
        self.run_grafana("bare", code=2)
        self.run_grafana("--url", f"http://127.0.0.1:{free_port()}", "bare",
                         code=3)
