# SPDX-License-Identifier: Apache-2.0
"""Services with planted reactions, and what a proxy around them says.

    driver ─► edge ─► service ─► api ─► backend
"""

import http.client
import json
import os
import random
import socket
import tempfile
import threading
import time
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from .case import Scenario
from .conf import fault, route, text as conf_text
from .net import free_port
from .proxy import run
from .web import response

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
        self.api = self.api_port = api_port
        self.room = threading.BoundedSemaphore(4)
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


def sent_again(service, path, pauses):
    """Asks again after each of the pauses, as long as it fails."""
    status, body = service.ask(path)
    for pause in pauses:
        if status < 500:
            break
        time.sleep(pause)
        status, body = service.ask(path)
    return status, body


def retrying(service, path):
    return sent_again(service, path, (0.1, 0.2, 0.4))


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


def linear(service, path):
    return sent_again(service, path, (0.1, 0.2, 0.3, 0.4))


def jittered(service, path):
    """Full jitter: anything up to the pause."""
    return sent_again(service, path, [
        random.uniform(0, pause) for pause in (0.1, 0.2, 0.4)])


def never_reopens(service, path):
    """A breaker whose half-open state lets everything through for good."""
    with service.lock:
        if time.monotonic() < service.open_until:
            return 503, b"open"
        spent = service.open_until > 0
    status, body = service.ask(path)
    with service.lock:
        service.failures = 0 if status < 500 else service.failures + 1
        if service.failures >= 5 and not spent:
            service.open_until = time.monotonic() + 1
    return status, body


def deadline(service, path):
    """Leaves 0.4 s after it asked, whatever has come."""
    conn = http.client.HTTPConnection("127.0.0.1", service.api, timeout=20)
    timer = threading.Timer(0.4, lambda: conn.sock and
                            conn.sock.shutdown(socket.SHUT_RDWR))
    try:
        conn.connect()
        timer.start()
        conn.request("GET", path)
        reply = conn.getresponse()
        return reply.status, reply.read()
    except (OSError, http.client.HTTPException):
        return 504, b"too late"
    finally:
        timer.cancel()
        conn.close()


def falling_back(service, path):
    status, body = service.ask(path)
    return (200, b"stale") if status >= 500 else (status, body)


def caching(service, path):
    """Answers three of five by itself."""
    if hash(path) % 5 < 3:
        return 200, b"x" * 1000
    return service.ask(path)


def rejecting(service, path):
    if not service.room.acquire(blocking=False):
        return 503, b"full"
    try:
        return service.ask(path)
    finally:
        service.room.release()


def queueing(service, path):
    with service.room:
        return service.ask(path)


def blind(service, path):
    return (200, b"up") if path == "/health" else service.ask(path)


def honest(service, path):
    return service.ask("/ping" if path == "/health" else path)


class Found(dict):
    def decided(self, mech, kind):
        """The verdict; on a machine too busy to tell, none is the right
        one."""
        found = self[mech, kind]
        if "own timers were late" in found["why"]:
            raise unittest.SkipTest(found["why"])
        return found


class Planted(Scenario):
    """`groups` of the configuration are kept through all reloads."""
    groups = {}
    checks = False  # beside the calls, every 0.6 s

    def serve(self, reaction):
        """A proxy on both sides of a service that reacts like that."""
        backend = self.web(lambda _message: response(b"x" * 1000))
        self.edge, self.api, self.number = free_port(), free_port(), 0
        self.service = Service(self.api, reaction)
        self.addCleanup(self.service.server_close)
        self.addCleanup(self.service.shutdown)
        self.backend = backend.port
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.journal = os.path.join(self.folder, "journal")
        self.proxy = self.start(self.text_with({}), journal=self.journal)

    def routes_with(self, faults):
        """The routes, with those faults by name."""
        return [route("edge", self.edge, self.service.server_address[1],
                      *faults.get("edge", ()), to="svc", protocol="http"),
                route("api", self.api, self.backend, *faults.get("api", ()),
                      from_="svc", protocol="http")]

    def text_with(self, faults):
        return conf_text(
            self.routes_with(faults), **self.groups,
            services=[{"name": "svc", "addresses": ["192.0.2.1"]}])

    def arm(self, faults):
        self.proxy.reload(self.text_with(faults))

    def run_with(self, reaction, faults, seconds, rate=40, after=0.5):
        """Drives the service through a baseline and the faults; the journal's
        verdicts by mechanism."""
        self.serve(reaction)
        over = threading.Event()
        if self.checks:
            threading.Thread(target=self.check, args=(over,),
                             daemon=True).start()
        self.drive(2, rate)
        for with_faults in faults:
            self.arm(with_faults)
            self.drive(seconds, rate)
            self.arm({})
            self.drive(after, rate)
        over.set()
        self.proxy.stop()
        return self.verdict("--edge", "edge=api")

    def check(self, over):
        """Health checks at a steady beat, until it is over."""
        at = time.monotonic()
        while not over.wait(max(at - time.monotonic(), 0)):
            self.one("/health")
            at += 0.6

    def drive(self, seconds, rate):
        """Open loop: nobody waits for the one before. For so long, and on a
        machine that is late until as many were sent."""
        threads = []
        start = time.monotonic()
        while (time.monotonic() < start + seconds or
               len(threads) < seconds * rate):
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
