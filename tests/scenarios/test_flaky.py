# SPDX-License-Identifier: Apache-2.0
"""System calls that fail as they do when a machine is short of something
(tests/interpose/flaky.c): interruptions and short counts lose nothing; lacks
break single sessions at most, and are over when they are over."""

import os
import pathlib
import subprocess
import tempfile
import threading
import time
import unittest

from harness import (BIN, Scenario, ask, conf, connect, echo, fault, free_port,
                     h2_connect, noise, pki, route, tls_connect, wait_until)

LIBRARY = pathlib.Path(BIN).resolve().parent / "tests/interpose/libflaky.so"
TRIFLES = "recv=0.05,send=0.05,short=0.3,nobufs=0.02"
LACKS = TRIFLES + ",accept=0.2,socket=0.05,connect=0.05,epoll=0.05"
CLIENTS = 4
SECONDS = 2
PATIENCE = 20


def preload():
    """ASan's runtime has to come first, if there is one."""
    out = subprocess.run(["ldd", BIN], capture_output=True, text=True,
                         check=False).stdout
    asan = [w for w in out.split() if "/libasan.so" in w]
    return " ".join(asan + [str(LIBRARY)])


@unittest.skipUnless(LIBRARY.exists(), "no library to preload beside " + BIN)
class Flaky(Scenario):
    limit = 120

    def prepare(self, flaky, **options):
        self.echo, self.http = self.serving(echo), self.web()
        self.ports = [free_port() for _ in range(5)]
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.switch = pathlib.Path(folder.name) / "on"
        slow = fault("latency", latency="1ms", stream="both")
        self.proxy = self.start(conf.text(
            [route("bare", self.ports[0], self.echo.port),
             route("held", self.ports[1], self.echo.port, slow),
             route("http", self.ports[2], self.http.port, slow,
                   protocol="http"),
             route("tls", self.ports[3], self.echo.port, tls=pki().tls()),
             route("http2", self.ports[4], self.http.port, slow,
                   protocol="http", upstream_protocol="http1")],
            workers=2),
            env={"LD_PRELOAD": preload(), "FLAKY": flaky,
                 "FLAKY_WHILE": str(self.switch)}, **options)
        self.broken, self.good, self.wrong = 0, 0, []

    def tcp(self, port, seed):
        length = 1 + seed * 7919 % 300_000
        c = connect(port, PATIENCE)
        try:
            sender = c.send_in_background(noise(length, seed))
            got = c.recv(length, PATIENCE)
            if got != noise(length, seed):
                self.wrong.append(f"{len(got)} bytes that differ")
            sender.join()
            c.finish()
            c.expect_end("fin", within=PATIENCE)
        finally:
            c.close()

    def web_client(self, port, seed):
        c = connect(port, PATIENCE)
        try:
            for n in range(3):
                body = noise(seed * 31 % 9000 + n, seed)
                reply = ask(c, "POST", f"/{n}", body, within=PATIENCE)
                if reply.status != 200:
                    raise OSError(reply.status)
                if reply.body != body:
                    self.wrong.append("a body that differs")
        finally:
            c.close()

    def tls(self, port, seed):
        c = tls_connect(port, within=PATIENCE)
        try:
            for n in range(20):
                data = noise(1 + (seed * 7919 + n * 911) % 9000, seed)
                c.send(data)
                if c.recv(len(data), PATIENCE) != data:
                    self.wrong.append("bytes within TLS that differ")
        finally:
            c.close()

    def streams(self, port, seed):
        c = h2_connect(port)
        try:
            bodies = [noise(seed * 31 % 9000 + n, seed) for n in range(4)]
            asked = [c.request("POST", f"/{n}", body)
                     for n, body in enumerate(bodies)]
            for st, body in zip(asked, bodies):
                c.finish(st, PATIENCE)
                if st.status != 200:
                    raise OSError(st.status)
                if bytes(st.body) != body:
                    self.wrong.append("the body of a stream differs")
        finally:
            c.close()

    def work(self, number, client, port, end):
        seed = number
        while time.monotonic() < end and not self.wrong:
            seed += 100
            try:
                client(port, seed)
                self.good += 1
            except (OSError, AssertionError, ValueError, IndexError) as e:
                self.broken += 1
                self.last = e

    def jobs(self):
        return ((self.tcp, self.ports[0]), (self.tcp, self.ports[1]),
                (self.web_client, self.ports[2]), (self.tls, self.ports[3]),
                (self.streams, self.ports[4]))

    def shake(self):
        end = time.monotonic() + SECONDS
        threads = [threading.Thread(target=self.work, args=(n, *job, end))
                   for n in range(CLIENTS) for job in self.jobs()]
        self.switch.touch()
        for t in threads:
            t.start()
        for t in threads:
            t.join(SECONDS + 4 * PATIENCE)
            self.assertFalse(t.is_alive(), "a client hangs for ever")
        self.switch.unlink()
        self.assertEqual(self.wrong, [])

    def all_is_well(self, descriptors):
        time.sleep(0.01)  # the library looks for its file once in 1 ms
        self.broken = 0
        for job in self.jobs():
            self.work(1, *job, time.monotonic() + 0.3)
        self.assertEqual(self.broken, 0, getattr(self, "last", None))
        wait_until(lambda: self.proxy.descriptors() <= descriptors + 20,
                   within=PATIENCE, what="the end of all sessions")

    def test_interruptions_and_short_counts_lose_nothing(self):
        self.prepare(TRIFLES)
        descriptors = self.proxy.descriptors()
        self.shake()
        self.assertEqual(self.broken, 0, getattr(self, "last", None))
        self.assertGreater(self.good, 10)
        self.all_is_well(descriptors)

    def test_lacks_break_sessions_and_nothing_else(self):
        self.prepare(LACKS)
        descriptors = self.proxy.descriptors()
        self.shake()
        self.assertGreater(self.broken, 0)
        self.assertGreater(self.good, 0)
        self.all_is_well(descriptors)

    def test_a_full_disk_costs_lines_of_the_journal_and_no_session(self):
        self.prepare("write=0.5")
        descriptors = self.proxy.descriptors()
        self.shake()
        self.assertEqual(self.broken, 0, getattr(self, "last", None))
        self.all_is_well(descriptors)

    def test_a_wall_clock_that_jumps_delays_nothing(self):
        for hours in (-30, 30):
            self.prepare(f"clock={hours}")
            c = connect(self.ports[1], PATIENCE)
            self.addCleanup(c.close)
            for on in (False, True, False):
                if on:
                    self.switch.touch()
                elif self.switch.exists():
                    self.switch.unlink()
                time.sleep(0.01)
                for _ in range(20):
                    start = time.monotonic()
                    c.send(b"x")
                    c.recv(1, PATIENCE)
                    took = time.monotonic() - start
                    self.assertGreater(took, 0.0019)
                    self.assertLess(took, 5)
            c.close()
            self.proxy.stop()


if __name__ == "__main__":
    unittest.main()
