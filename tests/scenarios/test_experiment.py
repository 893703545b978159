# SPDX-License-Identifier: Apache-2.0
"""Experiments over real services: exit codes, guards, rollback, and what is
left behind by a runner that is killed.

    driver ─► faultwire (edge) ─► service
"""

import json
import os
import random
import signal
import subprocess
import tempfile
import threading
import time
import unittest

from harness import (BIN, ROOT, Scenario, conf, environment, fault, free_port,
                     response, route, run, wait_until)
from harness.proxy import prefix

ROUNDS = int(os.environ.get("EXPERIMENT_KILLS", "6"))
LEASE = 1.0


def get(port, path="/", within=3):
    """The status of one request, or why there was none."""
    out = subprocess.run(
        ["curl", "-s", "-o", "/dev/null", "-m", str(within), "-w",
         "%{http_code} %{time_total}", f"http://127.0.0.1:{port}{path}"],
        capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    status, seconds = (out.stdout or "000 0").split()
    return int(status), float(seconds)


class Experiment(Scenario):
    limit = 120

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="faultwire-exp-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.out = os.path.join(self.folder, "out")
        self.port = free_port()
        self.service = self.web(lambda _m: response(b"hello"))
        self.upstream = self.service.port

    # --- a file, and a run of it

    def text(self, *steps, scenario=None, **groups):
        made = {
            "experiment": {"name": "test", "max_duration": "60s"},
            "load": [{"name": "users", "target": "edge", "rate": 100.0,
                      "timeout": "2s", "requests": [{"get": "/{seq}"}]}],
            "steady": [{"of": "users", "success_min": 0.9,
                        "min_samples": 20}],
            "guards": {"lease": f"{LEASE}s"},
            "phases": {"baseline": "600ms", "recover": "600ms",
                       "steady_window": "500ms"},
            "scenarios": [{"name": "s", "faults": list(steps),
                           **(scenario or {})}],
        }
        made.update(groups)
        return conf.text([route("edge", self.port, self.upstream,
                                protocol="http", role="edge")], **made)

    def write(self, text):
        path = os.path.join(self.folder, "experiment.conf")
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path

    def experiment(self, text, *args, verb="run", **options):
        args = args if verb != "run" else ("--out", self.out, "-q", *args)
        return run("experiment", verb, self.write(text), *args, **options)

    def begin(self, text, *args):
        """The same, while it runs."""
        err = open(os.path.join(self.folder, "err"), "wb")
        self.addCleanup(err.close)
        made = subprocess.Popen(
            prefix() + [BIN, "experiment", "run", self.write(text), "--out",
                        self.out, "-q", *args],
            stdin=subprocess.DEVNULL, stdout=err, stderr=err,
            env=environment())

        def end():
            if made.poll() is None:
                made.send_signal(signal.SIGTERM)
            made.wait(30)

        self.addCleanup(end)
        return made

    def said(self):
        with open(os.path.join(self.folder, "err"), encoding="utf-8") as f:
            return f.read()

    def report(self):
        with open(os.path.join(self.out, "report.json"),
                  encoding="utf-8") as f:
            return json.load(f)

    def scenario(self):
        return self.report()["scenarios"][0]

    def proxy_pid(self):
        """Of the proxy that a runner has left behind."""
        socket = os.path.join(self.out, "control.sock")
        status = run("status", "--json", "--control", f"unix:{socket}")
        return json.loads(status.stdout)["pid"]

    def leases(self, socket):
        status = run("status", "--json", "--control", f"unix:{socket}")
        return json.loads(status.stdout)["leases"]

    def wait_faulted(self, within=20):
        wait_until(lambda: get(self.port)[0] == 503, within,
                   "the fault is in force")

    def assert_clean(self, within):
        """Traffic flows without faults, through the same port."""
        wait_until(lambda: get(self.port)[0] == 200, within,
                   "traffic flows again")
        for _ in range(5):
            self.assertEqual(200, get(self.port)[0])

    def assert_code(self, code, done):
        self.assertEqual(code, done.returncode,
                         f"{done.stdout}\n{done.stderr}")


class Outcome(Experiment):
    def test_expectations_that_are_met(self):
        done = self.experiment(self.text(
            fault("latency", route="edge", latency="100ms", for_="1s"),
            scenario={"expect": {"edge_success_min": 0.95}}))
        self.assert_code(0, done)
        self.assertIn("MET edge_success_min", done.stdout)
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
            guards={"lease": "1s", "require_decided": True}))
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
            guards={"lease": "1s"},
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
        self.assertIn("recovery_max", done.stderr)
        self.assertIn('did you mean "edge"?', done.stderr)

    def test_a_plan_tells_of_faults_that_are_too_short(self):
        text = self.text(fault("abort", route="edge", status=503, for_="200ms"))
        done = self.experiment(text, verb="plan")
        self.assert_code(0, done)
        self.assertIn("CANNOT TELL: fallback of edge (up to 20 calls",
                      done.stdout)
        done = self.experiment(text, "--json", verb="plan")
        findings = json.loads(done.stdout)["findings"]
        self.assertIn(("undecided", "recovery"),
                      [(f["state"], f["mech"]) for f in findings])

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
        self.assertEqual(200, get(self.port)[0])
        done = run("check", "-c", "{}", text=text.replace("users", "user", 1))
        self.assertEqual(1, done.returncode)


class Rollback(Experiment):
    def long_fault(self, **groups):
        return self.text(fault("abort", route="edge", status=503, for_="30s"),
                         **groups)

    def test_a_guard_ends_the_run(self):
        done = self.experiment(self.long_fault(guards={
            "lease": "1s", "abort": [{"of": "users", "error_above": 0.5,
                                      "for": "1s", "min_samples": 10}]}))
        self.assert_code(4, done)
        self.assertIn("requests failed: more than 50% for certain",
                      done.stderr)
        self.assertIn("s: ABORTED", done.stdout)
        self.assertTrue(self.scenario()["faults"][0]["lift_verified"])

    def test_the_longest_duration_ends_the_run(self):
        text = self.text(
            fault("latency", route="edge", latency="10ms", for_="500ms"),
            experiment={"name": "x", "max_duration": "3s"},
            scenario={"hook": {"start": "sleep 10"}})
        done = self.experiment(text)
        self.assert_code(4, done)
        self.assertIn("max_duration is over", done.stderr)

    def test_an_interruption(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            runner = self.begin(self.long_fault())
            self.wait_faulted()
            runner.send_signal(number)
            self.assertEqual(130, runner.wait(20), self.said())
            self.assertIn("s: INTERRUPTED", self.said())
            self.assertTrue(self.scenario()["faults"][0]["lift_verified"])

    def test_a_proxy_that_dies(self):
        runner = self.begin(self.long_fault())
        self.wait_faulted()
        os.kill(self.proxy_pid(), signal.SIGKILL)
        self.assertEqual(6, runner.wait(20), self.said())
        self.assertIn("the proxy ended: killed by signal 9", self.said())

    def test_a_runner_that_is_killed(self):
        """Its faults go within the lease, and traffic flows on."""
        for _ in range(ROUNDS):
            runner = self.begin(self.long_fault(phases={
                "baseline": "700ms", "recover": "1s"}))
            socket = os.path.join(self.out, "control.sock")
            wait_until(lambda: os.path.exists(socket), 20, "the proxy")
            wait_until(lambda: get(self.port)[0] != 0, 20, "the route")
            time.sleep(random.uniform(0, 2))
            runner.kill()
            runner.wait(10)
            since = time.monotonic()
            pid = self.proxy_pid()
            try:
                self.assert_clean(LEASE + 1)
                self.assertLess(time.monotonic() - since, LEASE + 2)
                wait_until(lambda: self.leases(socket) == 0, LEASE + 1,
                           "the end of the lease")
            finally:
                os.kill(pid, signal.SIGTERM)
                wait_until(lambda: not os.path.exists(f"/proc/{pid}"), 20,
                           "the end of the proxy")

    def test_hooks_that_fail_or_hang(self):
        mark = os.path.join(self.folder, "stopped")
        for start, said in (("exit 3", "exit status 3"),
                            ("kill -9 $$$$", "killed by signal 9"),
                            ("sleep 60 & sleep 60", "took longer than 0.5 s")):
            done = self.experiment(self.long_fault(scenario={"hook": {
                "start": start, "stop": f"touch {mark}",
                "timeout": "500ms"}}))
            self.assertIn(said, done.stdout, done.stderr)
            self.assertIn("s: NOT_EXERCISED: the start hook failed",
                          done.stdout)
            self.assertTrue(os.path.exists(mark), "the stop hook ran")
            os.unlink(mark)
        # Nothing of the group that hung is left.
        self.assertNotIn("sleep 60", subprocess.run(
            ["ps", "-eo", "args"], capture_output=True, text=True,
            check=True).stdout)

    def test_hooks_know_their_scenario(self):
        note = os.path.join(self.folder, "note")
        done = self.experiment(self.text(
            fault("latency", route="edge", latency="10ms", for_="500ms"),
            scenario={"hook": {
                "start": f"echo start $FAULTWIRE_SCENARIO >> {note}",
                "stop": f"echo stop $FAULTWIRE_SCENARIO >> {note}; exit 1"}}))
        self.assert_code(0, done)
        self.assertIn("the stop hook failed: exit status 1", done.stderr)
        with open(note, encoding="utf-8") as f:
            self.assertEqual("start s\nstop s\n", f.read())


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
        done = run("experiment", "schedule", self.write(text), "--out",
                   self.out, "--once")
        self.assert_code(0, done)
        self.assertIn("left out: a later one takes its place", done.stdout)
        self.assertIn("ended with exit code 0", done.stdout)
        folders = [f for f in os.listdir(self.out) if f[0] == "2"]
        self.assertEqual(1, len(folders))
        self.assertTrue(os.path.exists(
            os.path.join(self.out, folders[0], "report.md")))

    def test_nothing_is_scheduled(self):
        done = run("experiment", "schedule", self.write(self.text(
            fault("latency", route="edge", latency="10ms", for_="300ms"))),
            "--out", self.out)
        self.assert_code(2, done)
        self.assertIn("nothing is scheduled", done.stderr)


class Foreign(Experiment):
    """Over a proxy that runs already."""

    def setUp(self):
        super().setUp()
        self.socket = os.path.join(self.folder, "api.sock")
        self.proxy = self.start(conf.text(
            [route("edge", self.port, self.upstream, protocol="http")],
            control={"listen": f"unix:{self.socket}"}))
        self.control = ("--control", f"unix:{self.socket}")

    def test_it_is_used_and_left_as_it_was(self):
        done = self.experiment(self.text(
            fault("abort", route="edge", status=503, for_="1s"),
            scenario={"expect": {"edge_success_min": 0.99}}), *self.control)
        self.assert_code(1, done)
        self.assertEqual("matched", self.scenario()["faults"][0]["proof"])
        self.assertGreater(self.scenario()["faults"][0]["applied"], 20)
        self.assert_clean(1)
        faults = run("fault", "list", "--json", *self.control)
        self.assertNotIn("abort", faults.stdout)

    def test_routes_that_lead_elsewhere_are_refused(self):
        self.upstream = self.web().port
        done = self.experiment(self.text(
            fault("abort", route="edge", status=503, for_="1s")),
            *self.control)
        self.assert_code(3, done)
        self.assertIn('route "edge" of the proxy leads to', done.stderr)

    def test_routes_that_it_lacks_are_there_for_the_run(self):
        other = free_port()
        text = self.text(fault("abort", route="more", status=503, for_="1s"),
                         load=[{"name": "users", "target": "more",
                                "rate": 40.0, "requests": [{"get": "/"}]}])
        text = text.replace("routes = (\n", "routes = (\n  " + conf.value(
            route("more", other, self.upstream, protocol="http")) + ",\n")
        done = self.experiment(text, *self.control)
        self.assert_code(0, done)
        self.assertEqual("matched", self.scenario()["faults"][0]["proof"])
        routes = run("routes", "--json", *self.control)
        self.assertNotIn("more", routes.stdout)

    def test_a_runner_that_is_killed_leaves_no_fault(self):
        runner = self.begin(self.text(
            fault("abort", route="edge", status=503, for_="30s")),
            *self.control)
        self.wait_faulted()
        runner.kill()
        runner.wait(10)
        self.assert_clean(LEASE + 1)

    def test_a_runner_that_stands_still_loses_its_lease(self):
        runner = self.begin(self.text(
            fault("abort", route="edge", status=503, for_="30s")),
            *self.control)
        self.wait_faulted()
        runner.send_signal(signal.SIGSTOP)
        try:
            self.assert_clean(LEASE + 1)
        finally:
            runner.send_signal(signal.SIGCONT)
        self.assertIn(runner.wait(20), (4, 6), self.said())

    def test_nobody_there(self):
        done = self.experiment(self.text(
            fault("abort", route="edge", status=503, for_="1s")),
            "--control", f"unix:{self.folder}/none")
        self.assert_code(3, done)


if __name__ == "__main__":
    unittest.main()
