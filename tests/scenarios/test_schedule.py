# SPDX-License-Identifier: Apache-2.0
"""Experiments by the clock: how the keeper waits, ends and fails."""

import os
import signal
import subprocess
import time
import unittest

from harness import fault, run, wait_until
from harness.experiment import Experiment, get_status
from harness.proxy import BIN, environment, prefix


class Schedule(Experiment):
    def scheduled(self, baseline="30s", **schedule):
        return self.text(
            fault("abort", route="edge", status=503, for_="300ms"),
            phases={"baseline": baseline, "recover": "600ms",
                    "steady_window": "500ms"},
            guards={"lease": "30s"},
            schedule={"cron": "* * * * *", **schedule})

    def missed(self):
        """The keeper was there an hour ago."""
        os.makedirs(self.out, exist_ok=True)
        with open(os.path.join(self.out, "schedule.state"), "w",
                  encoding="ascii") as f:
            f.write(f"{int((time.time() - 3600) * 1e6)}\n")

    def keep(self, text):
        """The keeper at work; `said()` is what it has said."""
        made = subprocess.Popen(
            prefix() + [BIN, "experiment", "schedule", self.write(text),
                        "--out", self.out],
            stdin=subprocess.DEVNULL, stdout=open(self.log(), "wb"),
            stderr=subprocess.STDOUT, env=environment())

        def end():
            if made.poll() is None:
                made.kill()
            made.wait(30)

        self.addCleanup(end)
        return made

    def log(self):
        return os.path.join(self.folder, "log")

    def said(self):
        with open(self.log(), encoding="utf-8") as f:
            return f.read()

    def test_a_keeper_that_waits_ends_when_it_is_told_to(self):
        # Once a year: never while this test runs, but in its first minute.
        month = time.gmtime(time.time() + 40 * 86400).tm_mon
        keeper = self.keep(self.scheduled(cron=f"0 0 1 {month} *", tz="UTC"))
        wait_until(lambda: "all scenarios: next" in self.said(),
                   what="the next time")
        keeper.send_signal(signal.SIGTERM)
        self.assertEqual(0, keeper.wait(30))
        self.assertNotIn("started", self.said())
        self.assertEqual(1, self.said().count("next"))

    def test_a_signal_ends_the_run_that_is_under_way_too(self):
        self.missed()
        keeper = self.keep(self.scheduled(missed="once"))
        wait_until(lambda: get_status(self.port)[0] == 200, 60,
                   "the proxy of the run")
        keeper.send_signal(signal.SIGTERM)
        self.assertEqual(0, keeper.wait(40))
        # By the signal, or by what it interrupted; not by the run's own end.
        self.assertRegex(self.said(), "ended with exit code 1(30|43)")

    def test_what_was_dealt_with_cannot_be_kept(self):
        """A keeper that cannot remember says so: it would run again."""
        self.missed()
        os.mkdir(os.path.join(self.out, "schedule.state.new"))
        done = run("experiment", "schedule",
                   self.write(self.scheduled("600ms", missed="once")), "--out",
                   self.out, "--once")
        self.assert_code(0, done)
        self.assertIn("schedule.state: Is a directory", done.stderr)
        self.assertIn("ended with exit code", done.stdout)

    def test_one_good_file_is_needed(self):
        good = self.write(self.scheduled())
        for args in ((), (good, good), (good, "--nonsense")):
            done = run("experiment", "schedule", *args)
            self.assert_code(2, done)
            self.assertTrue(done.stderr)
        bad = self.write("experiment = 5;")
        done = run("experiment", "schedule", bad)
        self.assertNotEqual(0, done.returncode)
        self.assertIn("it is not a group", done.stderr)


if __name__ == "__main__":
    unittest.main()
