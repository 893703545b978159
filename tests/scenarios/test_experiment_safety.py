# SPDX-License-Identifier: Apache-2.0
"""Experiments that end before their time: guards, signals, hooks and proxies
that crash, runners that are killed. No fault stays."""

import json
import os
import random
import signal
import subprocess
import time
import unittest

from harness import conf, fault, free_port, route, run, wait_until
from harness.experiment import LEASE, Experiment, get_status

ROUNDS = int(os.environ.get("EXPERIMENT_KILLS", "6"))
LATE = 10  # seconds, on a busy machine


class Rollback(Experiment):
    def long_fault(self, **groups):
        return self.text(fault("abort", route="edge", status=503, for_="30s"),
                         **groups)

    def test_a_guard_ends_the_run(self):
        done = self.experiment(self.long_fault(guards={
            "lease": f"{LEASE}s", "abort": [{"of": "users", "error_above": 0.5,
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

    def test_who_interrupts_twice_does_not_wait_for_a_hook(self):
        runner = self.begin(self.long_fault(
            scenario={"hook": {"stop": "sleep 50"}}))
        self.wait_faulted()
        runner.send_signal(signal.SIGINT)
        self.assert_clean(2)
        with self.assertRaises(subprocess.TimeoutExpired):
            runner.wait(0.5)
        runner.send_signal(signal.SIGINT)
        self.assertEqual(130, runner.wait(20), self.said())
        self.assertIn("the stop hook failed: it was interrupted", self.said())

    def test_a_proxy_that_dies(self):
        runner = self.begin(self.long_fault())
        self.wait_faulted()
        os.kill(self.proxy_pid(), signal.SIGKILL)
        self.assertEqual(6, runner.wait(20), self.said())
        self.assertIn("the proxy ended: killed by signal 9", self.said())

    def test_a_runner_that_is_killed(self):
        """Its faults go within the lease, and traffic flows on."""
        for _ in range(ROUNDS):
            try:
                self.kill_a_runner()
            finally:
                self.end_proxies()

    def kill_a_runner(self):
        runner = self.begin(self.long_fault(steady=[], phases={
            "baseline": "500ms", "recover": "1s"}))
        wait_until(self.proxies, 20, "the proxy")
        wait_until(lambda: get_status(self.port)[0] != 0 or
                   runner.poll() is not None, 20, "the route")
        time.sleep(random.uniform(0, 1.2))
        runner.kill()
        runner.wait(10)
        since = time.monotonic()
        if "lease: it could not be renewed" in self.said():
            return  # Too busy a machine: the run was ending by itself.
        self.assert_clean(LEASE + LATE)
        self.assertLess(time.monotonic() - since, LEASE + 2 * LATE)
        wait_until(lambda: self.leases() == 0, LEASE + LATE,
                   "the end of the lease")

    def proxies(self):
        """The processes that have our folder among their arguments."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as f:
                    words = f.read().split(b"\0")
            except OSError:
                continue
            if words[1:2] == [b"run"] and \
                    any(self.out.encode() in w for w in words):
                found.append(int(pid))
        return found

    def end_proxies(self):
        for pid in self.proxies():
            os.kill(pid, signal.SIGTERM)
        wait_until(lambda: not self.proxies(), 20, "the end of the proxy")

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
        self.assertEqual(4, runner.wait(20), self.said())
        self.assertIn("the lease was lost", self.said())

    def test_nobody_there(self):
        done = self.experiment(self.text(
            fault("abort", route="edge", status=503, for_="1s")),
            "--control", f"unix:{self.folder}/none")
        self.assert_code(3, done)


if __name__ == "__main__":
    unittest.main()
