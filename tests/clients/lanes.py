# SPDX-License-Identifier: Apache-2.0
"""Clients beside each other, each on routes of its own of one faultwire, and
the faults that each of them meets. KEEP_JOURNAL names a file that the journal
is copied to."""

import http.server
import json
import os
import shutil
import subprocess
import tempfile
import threading
import time
import unittest

from harness import Faultwire, conf, free_port, route, run
from harness.api import control
from harness.npm import npm_folder, sources

BASELINE = 7  # seconds before the first fault of all
TOGETHER = 8  # lanes of one process
SOURCES = sources("libraries")
PYTHON = "/usr/bin/python3"  # has Debian's packages


class Fault:
    """What a lane meets next, and how long it is left alone behind it."""

    def __init__(self, type_, seconds, rest=1, **params):
        self.type, self.seconds, self.rest = type_, seconds, rest
        self.params = params


class Lane:
    """A client of a program. With `edge` it is a service with callers."""

    def __init__(self, program, client, rate, *faults, edge=False):
        self.program, self.client, self.rate = program, client, rate
        self.faults, self.edge = faults, edge
        self.missing = None
        self.route = f"{program}-{client}".replace(" ", "_")
        self.ports = []

    def routes(self, backends):
        self.ports = [free_port() for _ in range(3)]
        protocol = "tcp" if self.program == "reconnects" else "http"
        made = [route(self.route, self.ports[0], backends[protocol],
                      protocol=protocol)]
        if self.edge:
            made.append(route(self.route + ".edge", self.ports[1],
                              self.ports[2], protocol="http"))
        return made

    def spec(self):
        scheme = "redis" if self.program == "reconnects" else "http"
        made = {"client": self.client, "rate": self.rate,
                "api": f"{scheme}://127.0.0.1:{self.ports[0]}"}
        if self.edge:
            made["edge"] = f"http://127.0.0.1:{self.ports[1]}"
            made["listen"] = self.ports[2]
        return made

    def meet(self, api):
        """Lives through its faults."""
        path = f"/v1/routes/{self.route}/faults"
        for fault in self.faults:
            made = api.post(path, {"type": fault.type, **fault.params})
            assert made.status == 201, made.raw
            time.sleep(fault.seconds)
            gone = api.delete(f"{path}/{made.json['name']}")
            assert gone.status in (200, 204), gone.raw
            time.sleep(fault.rest)


class Backend(http.server.ThreadingHTTPServer):
    """Answers everything with a thousand bytes."""
    daemon_threads = True
    request_queue_size = 256

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self):
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
                             + b"x" * 1000)

        def log_message(self, *_args):
            pass

    def __init__(self):
        super().__init__(("127.0.0.1", 0), self.Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, _request, _client):
        pass


class Driven:
    """A program with its lanes."""

    def __init__(self, command, folder, lanes):
        self.lanes = lanes
        self.err = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [*command, json.dumps([lane.spec() for lane in lanes])],
            cwd=folder, text=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=self.err)

    def wait_ready(self):
        for line in self.process.stdout:
            words = line.rstrip("\n").split(" ")
            if words == ["ready"]:
                return
            for lane in self.lanes:
                if lane.client == " ".join(words[1:-1]):
                    lane.missing = f"{words[-1]} is not installed"
        self.err.seek(0)
        raise AssertionError(self.err.read()[-3000:].decode())

    def stop(self):
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.err.close()


def in_npm_folder():
    """The programs, beside the packages that they import."""
    folder = npm_folder("libraries")
    for name in os.listdir(SOURCES):
        if name.endswith(".mjs"):
            shutil.copy(os.path.join(SOURCES, name), folder)
    return folder


def command_of(program):
    """Of a program's name, and the folder in which it runs."""
    if os.path.exists(os.path.join(SOURCES, program + ".py")):
        if not os.path.exists(PYTHON):
            raise unittest.SkipTest(f"there is no {PYTHON}")
        return [PYTHON, "drive.py", program], SOURCES
    return ["node", "drive.mjs", program + ".mjs"], in_npm_folder()


class Lanes:
    """Runs them all; their verdicts by (route, mechanism, kind of fault)."""

    def __init__(self, lanes, backends):
        routes = [r for lane in lanes for r in lane.routes(backends)]
        self.programs = []
        with tempfile.TemporaryDirectory() as folder:
            self.journal = os.path.join(folder, "journal")
            self.proxy = Faultwire(
                conf.text(routes, control={"listen": "127.0.0.1:0"}),
                journal=self.journal)
            try:
                self.live(lanes)
            finally:
                # First: clients that end must not seem to give up.
                self.proxy.stop()
                for program in self.programs:
                    program.stop()
            self.judge(lanes)

    def live(self, lanes):
        for name in sorted({lane.program for lane in lanes}):
            own = [lane for lane in lanes if lane.program == name]
            # More in one process would wait for each other.
            for n in range(0, len(own), TOGETHER):
                self.programs.append(Driven(*command_of(name),
                                            own[n:n + TOGETHER]))
        for program in self.programs:
            program.wait_ready()
        time.sleep(BASELINE)
        api = control(self.proxy)
        threads = [threading.Thread(target=lane.meet, args=(api,))
                   for lane in lanes if not lane.missing]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def judge(self, lanes):
        edges = [word for lane in lanes if lane.edge
                 for word in ("--edge", f"{lane.route}.edge={lane.route}")]
        if "KEEP_JOURNAL" in os.environ:
            shutil.copy(self.journal, os.environ["KEEP_JOURNAL"])
        done = run("verdict", "--json", *edges, self.journal)
        assert done.returncode == 0, done.stderr
        self.said = json.loads(done.stdout)
        self.found = {(v["route"], v["mech"], v.get("fault")): v
                      for v in self.said["verdicts"]}
