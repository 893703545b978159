# SPDX-License-Identifier: Apache-2.0
"""The load driver by itself: what scenarios of it share."""

import json
import os
import subprocess
import tempfile

from harness.case import Scenario
from harness.proxy import BIN

DRIVE = os.path.join(os.path.dirname(os.path.abspath(BIN)),
                     "tests", "load", "drive")


class Load(Scenario):
    def drive(self, port, request, seconds=0.5, preexec=None, **values):
        """What came of that load; `request` is one or a list of them."""
        if not os.path.exists(DRIVE):
            self.skipTest("tests/load/drive is not built")
        requests = request if isinstance(request, list) else [request]
        load = {"target": f"127.0.0.1:{port}", "rate": 100,
                "seconds": seconds, "seed": 7, "arrivals": "jitter",
                "requests": requests, **values}
        with tempfile.NamedTemporaryFile("w", suffix=".json") as f:
            json.dump(load, f)
            f.flush()
            done = subprocess.run(
                [DRIVE, f.name], stdin=subprocess.DEVNULL, check=False,
                capture_output=True, timeout=50, text=True,
                preexec_fn=preexec)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return json.loads(done.stdout)

    def assert_all(self, got, outcome="ok"):
        self.assertGreater(got["fired"], 0)
        self.assertEqual(got[outcome], got["fired"],
                         {k: v for k, v in got.items() if k != "samples"})

    def secret(self, text):
        with tempfile.NamedTemporaryFile("w", delete=False) as f:
            f.write(text + "\n")
        self.addCleanup(os.unlink, f.name)
        return f.name
