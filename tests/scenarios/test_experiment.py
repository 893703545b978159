# SPDX-License-Identifier: Apache-2.0
"""Experiments over real services: what comes of them, and what keeps them from
being run."""

import json
import os
import threading
import time
import unittest

from harness import ROOT, conf, fault, free_port, response, route, run
from harness.experiment import LEASE, Experiment, get_status


class Outcome(Experiment):
    def test_expectations_that_are_met(self):
        scenario = {"faults": [fault("latency", route="edge",
                                     latency="100ms", for_="1s")],
                    "expect": {"edge_success_min": 0.95}}
        # What is not asked for leaves nothing undecided.
        done = self.experiment(self.text(
            scenarios=[{"name": "s", **scenario}, {"name": "b", **scenario}],
            guards={"lease": f"{LEASE}s", "require_decided": True}),
            "--only", "s")
        self.assert_code(0, done)
        self.assertIn("MET edge_success_min", done.stdout)
        self.assertIn("b: NOT_EXERCISED: it was not asked for", done.stdout)
        step = self.scenario()["faults"][0]
        self.assertEqual("matched", step["proof"])
        self.assertGreater(step["applied"], 30)
        for name in ("report.md", "report.html", "report.json", "junit.xml",
                     "report.sarif"):
            self.assertTrue(os.path.getsize(os.path.join(self.out, name)))

    def test_expectations_that_are_violated(self):
        done = self.experiment(self.text(
            fault("abort", route="edge", status=503, for_="1s"),
            scenario={"expect": {"edge_success_min": 0.95}}))
        self.assert_code(1, done)
        self.assertIn("VIOLATED edge_success_min", done.stdout)

    def test_a_fault_that_matches_nothing_proves_nothing(self):
        done = self.experiment(self.text(
            fault("abort", route="edge", status=503, for_="1s",
                  when={"path": "/none"}),
            scenario={"expect": {"edge_success_min": 0.95}},
            guards={"lease": f"{LEASE}s", "require_decided": True}))
        self.assert_code(5, done)
        self.assertIn("s: INCONCLUSIVE", done.stdout)
        self.assertIn("UNDECIDED edge_success_min", done.stdout)
        self.assertEqual("no hit", self.scenario()["faults"][0]["proof"])

    def test_steps_overlap_and_loads_grow(self):
        text = self.text(
            fault("latency", route="edge", latency="50ms", for_="1500ms"),
            fault("abort", route="edge", status=503, at="300ms", for_="1s",
                  probability=0.5),
            scenario={"load_scale": [{"at": "500ms", "x": 2.0},
                                     {"at": "1s", "x": 1.0}]})
        done = self.experiment(text)
        self.assert_code(0, done)
        first, second = self.scenario()["faults"]
        self.assertEqual(["matched", "matched"],
                         [first["proof"], second["proof"]])
        self.assertGreater(first["applied"], second["applied"])
        self.assertAlmostEqual(0.05, first["achieved"], delta=0.02)
        # What changes, and nothing twice.
        self.assertEqual(["load times 2", "load times 1"],
                         [e["text"] for e in self.report()["log"]
                          if e["kind"] == "load"])

    def test_scenarios_follow_each_other_when_it_is_steady_again(self):
        step = fault("abort", route="edge", status=503, for_="700ms")
        done = self.experiment(self.text(scenarios=[
            {"name": "a", "faults": [step]},
            {"name": "off", "faults": [step], "enabled": False},
            {"name": "b", "faults": [step]}]))
        self.assert_code(0, done)
        self.assertIn("a: RUN", done.stdout)
        self.assertIn("off: NOT_EXERCISED: it is not enabled", done.stdout)
        self.assertIn("b: RUN", done.stdout)

    def test_a_partition_is_a_step(self):
        text = conf.text(
            [route("edge", self.port, self.upstream, protocol="http",
                   from_="client", to="web")],
            experiment={"name": "cut"},
            load=[{"name": "users", "target": "edge", "rate": 40.0,
                   "timeout": "500ms", "requests": [{"get": "/{seq}"}]}],
            phases={"baseline": "600ms", "recover": "600ms"},
            guards={"lease": f"{LEASE}s"},
            scenarios=[{"name": "s", "faults": [{
                "partition": {"groups": [["client"], ["web"]],
                              "mode": "reject"}, "for": "1s"}]}])
        done = self.experiment(text)
        self.assert_code(0, done)
        self.assertIn("s: RUN", done.stdout)

    def test_what_was_written_is_read_back(self):
        stored, lock = [], threading.Lock()

        def answer(message):
            with lock:
                stored.append(message.target.rsplit("/", 1)[1])
                drop = len(stored) % 10 == 0
                if drop:
                    stored.pop()  # acknowledged, and lost
            return response(b"ok")

        self.upstream = self.web(answer).port
        # The reader: a service of its own that lists what is stored.
        lists = self.web(lambda _m: response("\n".join(stored).encode()))
        done = self.experiment(self.text(
            fault("latency", route="edge", latency="20ms", for_="1s"),
            load=[{"name": "users", "target": "edge", "rate": 40.0,
                   "requests": [{"post": "/rows/{uuid}"}]}],
            scenario={
                "verify": {"acked": "users",
                           "read": f"curl -s http://127.0.0.1:{lists.port}"},
                "expect": {"lost_acked": 0}}))
        self.assert_code(1, done)
        self.assertIn("VIOLATED lost_acked", done.stdout)


class Preflight(Experiment):
    def test_an_upstream_that_is_not_there(self):
        self.upstream = free_port()
        done = self.experiment(self.text(
            fault("abort", route="edge", status=503, for_="2s")))
        self.assert_code(3, done)
        self.assertIn(f'route "edge": upstream 127.0.0.1:{self.upstream}: '
                      "Connection refused", done.stderr)
        self.assertIn("nothing was injected", done.stderr)

    def test_a_steady_state_that_is_not_met(self):
        self.upstream = self.web(
            lambda _m: response(b"", "500 Broken")).port
        done = self.experiment(self.text(
            fault("abort", route="edge", status=503, for_="2s")))
        self.assert_code(3, done)
        self.assertIn("nothing is injected: users: 0% of", done.stderr)
        self.assertIn("s: NOT_EXERCISED", done.stdout)

    def test_too_few_samples_are_no_steady_state(self):
        done = self.experiment(self.text(
            fault("abort", route="edge", status=503, for_="2s"),
            steady=[{"of": "users", "min_samples": 1000}]))
        self.assert_code(3, done)
        self.assertIn("expected 1000 at least", done.stderr)

    def test_a_blackout(self):
        done = self.experiment(self.text(
            fault("abort", route="edge", status=503, for_="2s"),
            guards={"blackout": ["00:00-24:00"]}))
        self.assert_code(3, done)
        self.assertIn('the blackout "00:00-24:00" holds now', done.stderr)

    def test_a_port_that_is_taken(self):
        taken = self.web()
        self.port = taken.port
        done = self.experiment(self.text(
            fault("abort", route="edge", status=503, for_="2s")))
        self.assert_code(3, done)
        self.assertIn("nothing was injected", done.stderr)

    def test_a_bad_file(self):
        text = self.text(fault("reset", route="edge", for_="2s"),
                         steady=[{"of": "user"}])
        for verb in ("check", "plan", "run"):
            done = self.experiment(text, verb=verb)
            self.assert_code(2, done)
            self.assertIn('did you mean "reset_peer"?', done.stderr)
            self.assertIn('there is no load "user"', done.stderr)

    def test_expectations_are_checked(self):
        done = self.experiment(self.text(
            fault("abort", route="edge", status=503, for_="2s"),
            scenario={"expect": {"recovery_mx": "2s",
                                 "breaker": {"on": "egde"}}}), verb="check")
        self.assert_code(2, done)
        other = run("check", os.path.join(self.folder, "experiment.conf"))
        self.assert_code(1, other)
        for said in (done.stderr, other.stderr):
            self.assertIn("recovery_max", said)
            self.assertIn('did you mean "edge"?', said)

    def test_a_plan_tells_of_faults_that_are_too_short(self):
        text = self.text(fault("abort", route="edge", status=503, for_="200ms"))
        done = self.experiment(text, verb="plan")
        self.assert_code(0, done)
        self.assertIn("CANNOT TELL: fallback of edge under abort (up to 20 calls",
                      done.stdout)
        done = self.experiment(text, "--json", verb="plan")
        findings = json.loads(done.stdout)["findings"]
        # The recovery of 20 calls can be seen, if it is quick; that no breaker
        # can be is for want of a relation, however long the fault.
        self.assertEqual([(f["state"], f["mech"]) for f in findings],
                         [("undecided", "fallback"), ("partly", "retries"),
                          ("undecided", "breaker"), ("decides", "recovery")])
        self.assertIn("caused_by", findings[2]["text"])
        self.assertIn("up to 0.1 s can be seen", findings[3]["text"])

    def test_all_examples_are_good_and_decide_something(self):
        for name in ("quick", "first-cycle", "next-cycle"):
            path = os.path.join(ROOT, f"examples/experiments/{name}.conf")
            done = run("experiment", "check", path)
            self.assert_code(0, done)
            done = run("experiment", "plan", "--json", path)
            self.assert_code(0, done)
            states = {f["state"] for f in json.loads(done.stdout)["findings"]}
            self.assertIn("decides", states)
            # A condition `at` of the fault takes no other key from its step.
            self.assertNotIn("for 0ms", run("experiment", "plan", path).stdout)

    def test_the_smallest_example_is_good_and_can_be_planned(self):
        path = os.path.join(ROOT, "examples/experiments/minimal.conf")
        for verb in ("check", "plan"):
            done = run("experiment", verb, path)
            self.assert_code(0, done)
            self.assertEqual("", done.stderr)
        done = run("experiment", "run", "--dry-run", path)
        self.assertIn("scenario slow-answers", done.stdout)

    def test_a_proxy_checks_an_experiment_and_leaves_it_alone(self):
        text = self.text(fault("abort", route="edge", status=503, for_="2s"))
        self.start("control = { listen = \"off\"; };\n" + text)
        self.assertEqual(200, get_status(self.port)[0])
        done = run("check", "-c", "{}", text=text.replace("users", "user", 1))
        self.assertEqual(1, done.returncode)


class Schedule(Experiment):
    def test_runs_come_at_their_times(self):
        """Of those that were missed, the last one is made up for."""
        text = self.text(
            fault("latency", route="edge", latency="10ms", for_="300ms"),
            schedule={"cron": "* * * * *", "missed": "once"})
        os.mkdir(self.out)
        with open(os.path.join(self.out, "schedule.state"), "w",
                  encoding="ascii") as f:
            f.write(f"{int((time.time() - 3600) * 1e6)}\n")
        told = os.path.join(self.out, "schedule.prom")
        done = run("experiment", "schedule", self.write(text), "--out",
                   self.out, "--once", "--metrics", told)
        self.assert_code(0, done)
        self.assertIn("left out: a later one takes its place", done.stdout)
        self.check_metrics(told)
        self.assertIn("ended with exit code 0", done.stdout)
        folders = [f for f in os.listdir(self.out) if f[0] == "2"]
        self.assertEqual(1, len(folders))
        self.assertTrue(os.path.exists(
            os.path.join(self.out, folders[0], "report.md")))

    def check_metrics(self, path):
        """The next run is due; the one that ended and the missed ones are
        counted."""
        with open(path, encoding="ascii") as f:
            lines = [line.split() for line in f if line[0] != "#"]
        who = '{experiment="test"'
        values = {name: float(value) for name, value in lines}
        runs = f'faultwire_experiment_runs_total{who},verdict="%s"}}'
        left = f'faultwire_schedule_runs_left_out_total{who},reason="%s"}}'
        self.assertEqual(1, values[runs % "passed"])
        self.assertEqual(0, values[runs % "failed"])
        self.assertGreater(values[left % "missed"], 50)
        self.assertEqual(0, values[left % "blackout"])
        now = time.time()
        last = f"faultwire_experiment_last_%s_timestamp_seconds{who}}}"
        self.assertLess(values[last % "start"], values[last % "end"])
        self.assertLess(values[last % "end"], now + 1)
        # It may have come due while we looked.
        due = values[f"faultwire_schedule_next_run_timestamp_seconds{who}}}"]
        self.assertAlmostEqual(due, now, delta=120)
        self.assertEqual(0, due % 60)

    def test_metrics_that_cannot_be_kept_are_told_at_once(self):
        text = self.text(
            fault("latency", route="edge", latency="10ms", for_="300ms"),
            schedule={"cron": "0 0 1 1 *"})
        path = os.path.join(self.out, "none", "schedule.prom")
        done = run("experiment", "schedule", self.write(text), "--out",
                   self.out, "--metrics", path)
        self.assert_code(2, done)
        self.assertIn(f"{path}: No such file or directory", done.stderr)

    def test_nothing_is_scheduled(self):
        done = run("experiment", "schedule", self.write(self.text(
            fault("latency", route="edge", latency="10ms", for_="300ms"))),
            "--out", self.out)
        self.assert_code(2, done)
        self.assertIn("nothing is scheduled", done.stderr)


if __name__ == "__main__":
    unittest.main()
