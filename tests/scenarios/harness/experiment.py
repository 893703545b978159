# SPDX-License-Identifier: Apache-2.0
"""A service behind a route, and an experiment over it.

    driver ─► faultwire (edge) ─► service
"""

import json
import os
import signal
import subprocess
import tempfile

from . import conf
from .case import Scenario
from .conf import route
from .net import free_port, wait_until
from .proxy import BIN, environment, prefix, run
from .web import response

LEASE = 0.5


def get_status(port, path="/", within=3):
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
        return self.status()["pid"]

    def leases(self):
        return self.status()["leases"]

    def status(self):
        """What the proxy that a runner started says of itself."""
        socket = os.path.join(self.out, "control.sock")
        done = run("status", "--json", "--control", f"unix:{socket}")
        if done.returncode != 0:
            with open(os.path.join(self.out, "proxy.log"),
                      encoding="utf-8") as f:
                raise AssertionError(
                    f"{done.stderr}\n{self.said()}\n{f.read()[-2000:]}")
        return json.loads(done.stdout)

    def wait_faulted(self, within=20):
        wait_until(lambda: get_status(self.port)[0] == 503, within,
                   "the fault is in force")

    def assert_clean(self, within):
        """Traffic flows without faults, through the same port."""
        wait_until(lambda: get_status(self.port)[0] == 200, within,
                   "traffic flows again")
        for _ in range(5):
            self.assertEqual(200, get_status(self.port)[0])

    def assert_code(self, code, done):
        self.assertEqual(code, done.returncode,
                         f"{done.stdout}\n{done.stderr}")
