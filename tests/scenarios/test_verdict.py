# SPDX-License-Identifier: Apache-2.0
"""Services with planted reactions behind a real proxy, and without them:
`faultwire verdict` finds what is there, and nothing else.

    driver ─► edge ─► service ─► api ─► backend
"""

import http.client
import json
import os
import socket
import tempfile
import threading
import time
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from harness import (Scenario, conf, fault, free_port, response, route,
                     run)

ABORT = {"api": (fault("abort", status=503, headers=["Retry-After: 1"]),)}
HANG = {"api": (fault("hang"),)}


class Service(ThreadingHTTPServer):
    """Answers by asking the dependency, as `reaction` does it."""
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, api_port, reaction):
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                status, body = reaction(service, self.path)
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_args):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        self.api_port = api_port
        self.lock = threading.Lock()
        self.failures, self.open_until = 0, 0.0
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, _request, _client):
        pass

    def ask(self, path, timeout=20):
        conn = http.client.HTTPConnection("127.0.0.1", self.api_port,
                                          timeout=timeout)
        try:
            conn.request("GET", path)
            reply = conn.getresponse()
            return reply.status, reply.read()
        except (OSError, http.client.HTTPException):
            return 504, b"no answer"
        finally:
            conn.close()


def plain(service, path):
    return service.ask(path)


def retrying(service, path):
    for pause in (0.1, 0.2, 0.4, None):
        status, body = service.ask(path)
        if status < 500 or pause is None:
            break
        time.sleep(pause)
    return status, body


def breaker(service, path):
    """Opens after 5 failures in a row, for a second; one probe."""
    with service.lock:
        if time.monotonic() < service.open_until:
            return 503, b"open"
        probing = service.failures >= 5
        if probing:
            service.open_until = time.monotonic() + 60
    status, body = service.ask(path)
    with service.lock:
        service.failures = 0 if status < 500 else service.failures + 1
        if service.failures >= 5:
            service.open_until = time.monotonic() + 1
        elif probing:
            service.open_until = 0.0
    return status, body


def impatient(service, path):
    return service.ask(path, timeout=0.3)


def leaking(service, path):
    """Answers after 0.3 s; the call itself goes on."""
    got = []
    call = threading.Thread(target=lambda: got.append(service.ask(path, 3)),
                            daemon=True)
    call.start()
    call.join(0.3)
    return got[0] if got else (504, b"gave up")


class Found(dict):
    def decided(self, mech, kind):
        """The verdict; on a machine too busy to tell, none is the right
        one."""
        found = self[mech, kind]
        if "own timers were late" in found["why"]:
            raise unittest.SkipTest(found["why"])
        return found


class Verdicts(Scenario):
    def run_with(self, reaction, faults, seconds, rate=40):
        """Drives the service through a baseline and the faults; the journal's
        verdicts by mechanism."""
        backend = self.web(lambda _message: response(b"x" * 100))
        edge, api = free_port(), free_port()
        service = Service(api, reaction)
        self.addCleanup(service.server_close)
        self.addCleanup(service.shutdown)

        def text(with_faults):
            def faults_on(name):
                return with_faults.get(name, ())
            return conf.text([
                route("edge", edge, service.server_address[1],
                      *faults_on("edge"), to="svc", protocol="http"),
                route("api", api, backend.port, *faults_on("api"),
                      from_="svc", protocol="http")],
                services=[{"name": "svc", "addresses": ["192.0.2.1"]}])

        self.text = text({})
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.journal = os.path.join(self.folder, "journal")
        self.proxy = self.start(self.text, journal=self.journal)
        self.edge, self.number = edge, 0
        self.drive(2, rate)
        for with_faults in faults:
            self.proxy.reload(text(with_faults))
            self.drive(seconds, rate)
            self.proxy.reload(self.text)
            self.drive(0.5, rate)
        self.proxy.stop()
        return self.verdict("--edge", "edge=api")

    def drive(self, seconds, rate):
        """Open loop: nobody waits for the one before."""
        threads = []
        start = time.monotonic()
        while time.monotonic() < start + seconds:
            self.number += 1
            threads.append(threading.Thread(
                target=self.one, args=(f"/row/{self.number}",)))
            threads[-1].start()
            # Not on a lattice: brackets could not narrow.
            time.sleep((0.5 + (self.number * 0.618) % 1) / rate)
        for thread in threads:
            thread.join(30)

    def one(self, path):
        conn = http.client.HTTPConnection("127.0.0.1", self.edge, timeout=20)
        try:
            conn.request("GET", path)
            conn.getresponse().read()
        except (OSError, http.client.HTTPException):
            pass
        finally:
            conn.close()

    def verdict(self, *args):
        done = run("verdict", "--json", *args, self.journal)
        self.assertEqual(done.returncode, 0, done.stderr)
        found = Found()
        for v in json.loads(done.stdout)["verdicts"]:
            if v["route"] == "api":
                found[v["mech"], v.get("fault")] = v
        return found

    def test_a_service_that_retries(self):
        found = self.run_with(retrying, [ABORT], 3, rate=20)
        retries = found["retries", "abort"]
        self.assertEqual(retries["state"], "CONFIRMED", retries)
        self.assertEqual((retries["retries_max"], retries["bound"]), (3, 3))
        backoff = found.decided("backoff", "abort")
        self.assertEqual((backoff["shape"], backoff["jitter"]),
                         ("exponential", "none"), backoff)
        self.assertAlmostEqual(backoff["factor"], 2, delta=0.2)
        self.assertAlmostEqual(backoff["first_s"], 0.1, delta=0.03)
        self.assertEqual(found["amplification", "abort"]["load"], "storm")
        self.assertEqual(found["retry_after", "abort"]["state"], "ABSENT")
        self.assertNotEqual(found["breaker", "abort"]["state"], "CONFIRMED")

    def test_a_service_with_a_breaker(self):
        found = self.run_with(breaker, [ABORT], 5)
        seen = found.decided("breaker", "abort")
        self.assertEqual(seen["state"], "CONFIRMED", seen)
        low, high = seen["threshold"]
        self.assertTrue(low <= 5 <= high, seen)
        low, high = seen["open_s"]
        self.assertTrue(low <= 1.03 and high >= 1 and high < 1.3, seen)
        self.assertEqual(seen["probes"], [1, 1], seen)
        self.assertNotEqual(found["retries", "abort"]["state"], "CONFIRMED")
        self.assertEqual(found["fallback", "abort"]["class"], "fail_fast")
        self.assertEqual(found["blast_radius", "abort"]["affected"], 1)
        self.assertLess(found["recovery", "abort"]["first_success_s"], 1.5)
        # The same relation by the services of the configuration.
        file = os.path.join(self.folder, "run.conf")
        with open(file, "w", encoding="ascii") as f:
            f.write(self.text)
        self.assertEqual(self.verdict("-c", file)["breaker", "abort"], seen)
        # Without the relation it cannot be seen.
        self.assertEqual(self.verdict()["breaker", "abort"]["state"],
                         "NOT_OBSERVABLE")

    def test_a_service_without_any_reaction(self):
        found = self.run_with(plain, [ABORT], 3)
        self.assertEqual(found["retries", "abort"]["state"], "ABSENT")
        self.assertEqual(found["backoff", "abort"]["state"], "NOT_EXERCISED")
        self.assertIn(found["breaker", "abort"]["state"],
                      ("ABSENT", "INCONCLUSIVE"))
        self.assertEqual(found["amplification", "abort"]["state"], "ABSENT")
        self.assertNotIn(("timeout", "abort"), found)
        with tempfile.TemporaryDirectory() as folder:
            page = os.path.join(folder, "report.md")
            done = run("verdict", "--edge", "edge=api", "--report", page,
                       self.journal)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            with open(page, encoding="utf-8") as file:
                report = file.read()
        self.assertIn("bad: api: callers do not retry all that fails", report)
        self.assertIn("There was no load driver", report)

    def test_a_time_out_for_every_read(self):
        drip = fault("drip", pieces=10, duration="1s")
        found = self.run_with(impatient, [HANG, {"api": (drip,)}], 1,
                              rate=20)
        seen = found.decided("timeout", "hang")
        self.assertEqual(seen["state"], "CONFIRMED", seen)
        self.assertAlmostEqual(seen["after_s"], 0.3, delta=0.05)
        self.assertEqual(seen["kind"], "idle", seen)
        self.assertEqual(found["leaked_calls", "hang"]["state"], "ABSENT")

    def test_calls_that_go_on_without_anybody(self):
        found = self.run_with(leaking, [HANG], 1.5, rate=20)
        seen = found["leaked_calls", "hang"]
        self.assertEqual(seen["state"], "CONFIRMED", seen)
        self.assertAlmostEqual(seen["abandoned_after_s"], 0.3, delta=0.1)


class Reconnects(Scenario):
    def test_pauses_of_a_client_whose_connections_are_cut(self):
        server = self.serving()
        port = free_port()

        def text(*faults):
            return conf.text([route("db", port, server.port, *faults)])

        with tempfile.TemporaryDirectory() as folder:
            journal = os.path.join(folder, "journal")
            proxy = self.start(text(), journal=journal)
            for _ in range(5):
                proxy.reload(text(fault("down")))
                for k in range(4):
                    with self.assertRaises(ConnectionResetError), \
                            socket.create_connection(("127.0.0.1", port),
                                                     10) as conn:
                        conn.recv(1)
                    time.sleep(0.06 * 2 ** k)
                proxy.reload(text())
            proxy.stop()
            done = run("verdict", "--json", journal)
        found = [v for v in json.loads(done.stdout)["verdicts"]
                 if v["mech"] == "reconnect"]
        self.assertEqual(len(found), 1, done.stdout)
        if "own timers were late" in found[0]["why"]:
            self.skipTest(found[0]["why"])
        self.assertEqual(found[0]["state"], "CONFIRMED", found)
        self.assertEqual(found[0]["shape"], "exponential", found)
        self.assertAlmostEqual(found[0]["factor"], 2, delta=0.25)


class Command(Scenario):
    def test_bad_input_is_told_with_its_place(self):
        head = '{"type":"journal","ts_us":0,"format":1}\n'
        for text, args, said in (
                ("hello\n", (), "line 1: "),
                (head + "{\n", (), "line 2: "),
                (head.replace(":1}", ":2}"), (), "format 2 is not known"),
                (head, ("--edge", "a=b"), 'the journal has no route "a"'),
                (head, ("--edge", "ab"), "expected ROUTE=DEP")):
            done = run("verdict", *args, "{}", text=text, suffix=".jsonl")
            self.assertEqual(done.returncode, 1)
            self.assertIn(said, done.stderr)
            self.assertEqual(done.stdout, "")

    def test_a_run_without_faults_has_no_verdicts(self):
        done = run("verdict", "{}", suffix=".jsonl",
                   text='{"type":"journal","ts_us":0,"format":1}\n')
        self.assertEqual(done.returncode, 0)
        self.assertIn("nothing to judge", done.stdout)

    def test_a_report_is_written_in_the_format_that_its_name_says(self):
        head = '{"type":"journal","ts_us":0,"format":1}\n'
        with tempfile.TemporaryDirectory() as folder:
            for name, begins in (("a.md", "# Experiment"),
                                 ("a.html", "<!DOCTYPE html>"),
                                 ("a.json", '{"schema":1,')):
                path = os.path.join(folder, name)
                done = run("verdict", "-r", path, "{}", text=head,
                           suffix=".jsonl")
                self.assertEqual(done.returncode, 0, done.stderr)
                with open(path, encoding="utf-8") as file:
                    self.assertTrue(file.read().startswith(begins))
            for name, said in (("a.pdf", "ends in .md, .html or .json"),
                               ("no/a.md", "No such file")):
                done = run("verdict", "-r", os.path.join(folder, name), "{}",
                           text=head, suffix=".jsonl")
                self.assertEqual(done.returncode, 1)
                self.assertIn(said, done.stderr)

    def test_one_journal_is_needed(self):
        self.assertEqual(run("verdict").returncode, 2)
        self.assertEqual(run("verdict", "a", "b").returncode, 2)
        self.assertEqual(run("verdict", "/nowhere").returncode, 1)


if __name__ == "__main__":
    unittest.main()
