# SPDX-License-Identifier: Apache-2.0
"""Allocations that fail (tests/interpose/starve.c). Who gets no memory says so
and ends at once: nothing goes on half-done, what was written is whole, and the
next one takes over the same ports and files. Only what libc does for itself,
as in the lookup of a name, may fail alone.

STARVE_ALL=1 lets each allocation of every action fail in turn, else some."""

import mmap
import os
import pathlib
import random
import re
import signal
import struct
import tempfile
import threading
import time
import unittest

from harness import (BIN, SANITIZER, Faultwire, Scenario, ask, conf, connect,
                     echo, fault, free_port, h2_connect, pki, route,
                     tls_connect)
from harness.api import control
from harness.datagrams import Answering, Datagrams

LIBRARY = pathlib.Path(BIN).resolve().parent / "tests/interpose/libstarve.so"
ALL = bool(os.environ.get("STARVE_ALL"))
SEED = int(os.environ.get("STARVE_SEED", "1"))
SOME = 3        # allocations of one action
FEW_SECONDS = 5
FIELDS = ("armed", "nth", "every", "seed", "seen", "failed", "caller", "size")
BROKEN = (OSError, AssertionError, ValueError, IndexError)
OURS = ("faultwire", "libevent_core-2", "libssl", "libcrypto", "libjansson",
        "libnghttp2")
WORDS = re.compile(r"faultwire: out of memory: "
                   r"(\d+ bytes were asked for|nghttp2)\n\Z")


class Plan:
    """Shared with the program: struct starve_plan."""

    def __init__(self, test):
        file = tempfile.NamedTemporaryFile(prefix="faultwire-starve-")
        test.addCleanup(file.close)
        file.truncate(8 * len(FIELDS))
        self.path = file.name
        self.map = mmap.mmap(file.fileno(), 8 * len(FIELDS))

    def __getattr__(self, name):
        at = 8 * FIELDS.index(name)
        return struct.unpack("Q", self.map[at:at + 8])[0]

    def arm(self, **fields):
        for name in FIELDS[1:]:
            self.put(name, fields.get(name, 0))
        self.put("armed", 1)

    def put(self, name, value):
        at = 8 * FIELDS.index(name)
        self.map[at:at + 8] = struct.pack("Q", value)


class Map:
    """Which file the code at an address is from."""

    def __init__(self, pid):
        with open(f"/proc/{pid}/maps", encoding="ascii") as f:
            words = [line.split() for line in f]
        self.areas = [(*(int(w, 16) for w in w[0].split("-")),
                       os.path.basename(w[-1])) for w in words]

    def name(self, address):
        for low, high, name in self.areas:
            if low <= address < high:
                return name.split(".", maxsplit=1)[0]
        return "?"


@unittest.skipIf(SANITIZER, "a sanitizer has an allocator of its own")
@unittest.skipUnless(LIBRARY.exists(), "no library to preload beside " + BIN)
class Starved(Scenario):
    limit = 3000 if ALL else 120

    def setUp(self):
        self.reads = 0
        self.echo, self.http = self.serving(echo), self.web()
        self.udp = Answering()
        self.addCleanup(self.udp.close)
        self.ports = dict(zip(("tcp", "named", "http", "h2", "tls", "udp"),
                              (free_port() for _ in range(6))))
        self.plan = Plan(self)
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.journal = os.path.join(self.folder.name, "journal")
        self.api_port = free_port()
        self.begin()

    def text(self, *faults):
        p, to = self.ports, self.echo.port
        return conf.text(
            [route("tcp", p["tcp"], to, *faults),
             route("named", p["named"], f"localhost:{to}"),
             route("http", p["http"], self.http.port, *faults,
                   protocol="http"),
             route("h2", p["h2"], self.http.port, protocol="http",
                   upstream_protocol="http1"),
             route("tls", p["tls"], to, tls=pki().tls()),
             route("udp", p["udp"], self.udp.port, protocol="udp")],
            control={"listen": f"127.0.0.1:{self.api_port}"}, workers=1)

    def begin(self):
        self.plan.put("armed", 0)
        self.proxy = Faultwire(
            self.text(), journal=self.journal,
            env={"LD_PRELOAD": str(LIBRARY), "STARVE": self.plan.path})
        self.addCleanup(self.proxy.discard)
        self.api = control(self.proxy)
        self.map = Map(self.proxy.process.pid)

    # --- what may need memory

    def reload(self):
        self.reads += 1
        self.proxy.write(self.text(fault("latency", latency="1ms")) +
                         f"# {self.reads}\n")
        self.well(self.api.post("/v1/reload"))

    def well(self, reply):
        self.assertLess(reply.status, 300, reply.raw)

    def v1_fault(self):
        path = "/v1/routes/http/faults/f"
        self.well(self.api.put(path, fault("abort", status=503,
                                           when={"path": "/none"})))
        self.well(self.api.delete(path))

    def toxiproxy(self):
        self.well(self.api.post("/proxies/tcp/toxics", {
            "name": "t", "type": "latency", "attributes": {"latency": 1}}))
        self.well(self.api.delete("/proxies/tcp/toxics/t"))

    def scrape(self):
        self.well(self.api.get("/metrics"))

    def lease(self):
        lease = self.api.post("/v1/leases", {"ttl": "10s"})
        self.well(lease)
        self.well(self.api.delete(f"/v1/leases/{lease.json['lease']}"))

    def stream(self, port):
        c = connect(port, FEW_SECONDS)
        try:
            c.send(b"abc")
            self.assertEqual(c.recv(3, FEW_SECONDS), b"abc")
        finally:
            c.close()

    def tcp(self):
        self.stream(self.ports["tcp"])

    def rename(self):
        """So that the address has to be looked up."""
        self.reads += 1
        name = "".join(c.upper() if self.reads >> i & 1 else c
                       for i, c in enumerate("localhost"))
        self.well(self.api.patch("/v1/routes/named", {
            "upstream": f"{name}:{self.echo.port}"}))

    def lookup(self):
        self.stream(self.ports["named"])

    def request(self):
        c = connect(self.ports["http"], FEW_SECONDS)
        try:
            reply = ask(c, "POST", "/", b"abc", within=FEW_SECONDS)
            self.assertEqual(reply.body, b"abc")
        finally:
            c.close()

    def http2(self):
        c = h2_connect(self.ports["h2"])
        try:
            st = c.ask("POST", "/", b"abc", within=FEW_SECONDS)
            self.assertEqual(bytes(st.body), b"abc")
        finally:
            c.close()

    def handshake(self):
        c = tls_connect(self.ports["tls"], within=FEW_SECONDS)
        try:
            c.send(b"abc")
            self.assertEqual(c.recv(3, FEW_SECONDS), b"abc")
        finally:
            c.close()

    def datagram(self):
        c = Datagrams(to=self.ports["udp"])
        try:
            # Nobody tells that the other side is gone.
            self.assertEqual(c.ask(b"abc", 1), b"abc")
        finally:
            c.close()

    def everything(self):
        return (self.reload, self.v1_fault, self.toxiproxy, self.scrape,
                self.lease, self.tcp, self.lookup, self.request, self.http2,
                self.handshake, self.datagram)

    # --- what becomes of it

    def ended(self, who):
        """It said why, once, and ended at once; its files are whole."""
        self.said(who)
        self.proxy.log()
        self.proxy.journal()
        for name, port in self.ports.items():
            if name != "udp":
                with self.assertRaises(ConnectionRefusedError):
                    connect(port).close()

    def said(self, who):
        code, said = self.proxy.wait(FEW_SECONDS), self.proxy.errors()
        # Old libconfig lets one choose no allocator. It has words of its own,
        # or none; some of its copies are made by libc.
        if who in ("libconfig", "libc") and (
                code == -signal.SIGSEGV or code == 2 and "libconfig" in said):
            return
        self.assertEqual(code, -signal.SIGABRT, said)
        self.assertRegex(said, r"\A" + WORDS.pattern)

    def starve(self, action, nth):
        """Lets the nth allocation of it fail; whose it was, if the program
        goes on."""
        self.plan.arm(nth=nth)
        try:
            action()
            went = True
        except BROKEN:
            went = False
        self.plan.put("armed", 0)
        if not self.plan.failed:
            self.assertTrue(went, "it failed of itself")
            return None
        who = self.map.name(self.plan.caller)
        # Who aborts takes a moment to be gone.
        end = time.monotonic() + (0.2 if went else 1)
        while self.proxy.process.poll() is None:
            if time.monotonic() > end:
                self.assertTrue(went or who not in OURS, "it goes on")
                return who
            time.sleep(0.002)
        self.ended(who)
        return None

    def each(self, action):
        action()  # what is made once is made
        self.rename()
        self.plan.arm()
        action()
        self.plan.put("armed", 0)
        most, survived = self.plan.seen, []
        for nth in range(1, most + 1, 1 if ALL else max(1, most // SOME)):
            with self.subTest(action=action.__name__, nth=nth):
                self.rename()
                who = self.starve(action, nth)
                if who is not None:
                    survived.append(f"{nth} ({who})")
            if self.proxy.process.poll() is not None:
                self.proxy.discard()
                self.begin()
            action()
        print(f"# {action.__name__}: {most} allocations; it went on without: "
              f"{', '.join(survived) or 'none'}", flush=True)

    def every(self, *actions):
        for action in actions:
            self.each(action)
        self.proxy.stop()

    def test_a_reload_without_memory(self):
        self.every(self.reload)

    def test_the_api_without_memory(self):
        self.every(self.v1_fault, self.toxiproxy, self.scrape, self.lease)

    def test_connections_without_memory(self):
        self.every(self.tcp, self.lookup, self.request, self.http2,
                   self.datagram)

    def test_a_handshake_without_memory(self):
        self.every(self.handshake)

    def work(self, number, stop):
        dice = random.Random(f"{SEED} {number}")
        while not stop.is_set():
            try:
                dice.choice(self.everything())()
            except BROKEN:
                pass

    def test_one_in_so_many_at_any_time(self):
        for n in range(30 if ALL else 3):
            stop = threading.Event()
            threads = [threading.Thread(target=self.work, args=(m, stop))
                       for m in range(4)]
            for t in threads:
                t.start()
            self.plan.arm(every=2000, seed=SEED + n)
            # What fails alone may come first.
            self.proxy.wait(30)
            stop.set()
            for t in threads:
                t.join(4 * FEW_SECONDS)
                self.assertFalse(t.is_alive(), "a client hangs for ever")
            self.ended(self.map.name(self.plan.caller))
            self.proxy.discard()
            self.begin()
            for action in self.everything():
                action()
        self.proxy.stop()


if __name__ == "__main__":
    unittest.main()
