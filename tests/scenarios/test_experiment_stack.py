# SPDX-License-Identifier: Apache-2.0
"""The application of examples/experiments, with real PostgreSQL and Redis, under
an experiment: the report tells what was built in, and of an application that
lacks one mechanism exactly that."""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest

from harness import BIN, ROOT, Scenario

FOLDER = pathlib.Path(ROOT) / "examples/experiments"
sys.path.insert(0, str(FOLDER))
import stack  # noqa: E402

CONF = """
version = 1;
experiment = { name = "stack"; seed = 42; max_duration = "3m"; };
routes = (
@include "routes.inc"
);
load = (
  { name = "users"; target = "edge"; rate = 30.0;
    requests = ( { get = "/api/tables/{seq}"; } );
    degraded_when = ( { header = "X-Degraded"; } ); }
);
steady = ( { of = "users"; success_min = 0.9; min_samples = 30; } );
guards = { lease = "20s"; };
phases = { baseline = "6s"; recover = "6s"; steady_window = "2s"; };
scenarios = (
  { name = "api-fails";
    faults = ( { route = "api"; type = "abort"; status = 503; for = "9s"; } );
    expect = { breaker = { on = "api"; threshold_max = 6; };
               fallback = "graceful"; }; },
  { name = "database-down";
    faults = ( { route = "db"; type = "down"; for = "4s"; } );
    expect = { edge_success_min = 0.9; }; }
);
report = { formats = [ "json", "md" ]; };
"""
MUTATIONS = ((), ("edge.breaker",), ("edge.fallback", "api.fallback"))


class Stack(Scenario):
    limit = 180

    def experiment(self, without, to):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        conf = pathlib.Path(folder.name) / "stack.conf"
        conf.write_text(CONF, encoding="utf-8")
        shutil.copy(FOLDER / "routes.inc", folder.name)
        with stack.Stack(without) as running:
            out = pathlib.Path(folder.name) / "out"
            done = subprocess.run(
                [BIN, "experiment", "run", conf, "--out", out, "--quiet"],
                env=running.env, capture_output=True, text=True, timeout=150,
                check=False)
            report = out / "report.json"
            to[without] = (done, json.loads(report.read_text("utf-8"))
                           if report.exists() else None)

    def states(self, told):
        """By expectation: MET, VIOLATED, UNDECIDED."""
        done, report = told
        self.assertIsNotNone(report, done.stdout + done.stderr)
        return {e["key"]: (e["state"], e.get("why"))
                for s in report["scenarios"] for e in s["expectations"]}

    def test_what_is_taken_away_is_what_the_report_misses(self):
        told = {}
        threads = [threading.Thread(target=self.experiment,
                                    args=(without, told))
                   for without in MUTATIONS]
        try:
            stack.postgres_programs()
        except stack.Missing as e:
            raise unittest.SkipTest(f"{e} is missing") from None
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        whole, no_breaker, no_fallback = (
            self.states(told[m]) for m in MUTATIONS)
        keys = ("breaker.on", "breaker.threshold_max", "fallback",
                "edge_success_min")
        for key in keys:
            self.assertEqual(whole[key][0], "MET", (key, whole[key]))
        self.assertNotEqual(no_breaker["breaker.on"][0], "MET")
        self.assertEqual(no_breaker["fallback"][0], "MET")
        self.assertEqual(no_fallback["fallback"][0], "VIOLATED")
        self.assertEqual(no_fallback["breaker.on"][0], "MET")
        self.assertEqual(no_fallback["edge_success_min"][0], "VIOLATED")


if __name__ == "__main__":
    unittest.main()
