# SPDX-License-Identifier: Apache-2.0
"""The base of all scenarios: a time limit for each, everything it started is
stopped, and nothing that was stopped may have gone wrong."""

import signal
import subprocess
import time
import unittest

from . import conf
from .h2 import H2Server, h2_connect
from .net import Backend, Serving, connect, echo, free_port
from .proxy import SANITIZER, Faultwire
from .web import Web


BUSY = 3  # how much slower a machine may be that does other work


class TooLong(AssertionError):
    pass


class Scenario(unittest.TestCase):
    limit = 60  # seconds for one test; a busy machine takes longer

    def run(self, result=None):
        def expired(_signum, _frame):
            raise TooLong(
                f"the test took longer than {BUSY} times {self.limit} s")

        signal.signal(signal.SIGALRM, expired)
        signal.alarm(BUSY * self.limit)
        try:
            return super().run(result)
        finally:
            signal.alarm(0)

    # --- what a test starts, and the end of it

    def backend(self, address="127.0.0.1", **options):
        made = Backend(address, **options)
        self.addCleanup(made.close)
        return made

    def serving(self, serve=echo, address="127.0.0.1", port=0):
        made = Serving(serve, address, port)
        self.addCleanup(made.close)
        return made

    def web(self, answer=None, name="web", address="127.0.0.1", port=0):
        made = Web(answer, name, address, port)
        self.addCleanup(made.close)
        return made

    def h2_server(self, answer=None, **options):
        made = H2Server(answer, **options)
        self.addCleanup(made.close)
        return made

    def h2(self, port, **options):
        """A client of HTTP/2."""
        made = h2_connect(port, **options)
        self.addCleanup(made.close)
        return made

    def client(self, to, **options):
        made = connect(to, **options)
        self.addCleanup(made.close)
        return made

    def pair(self, port, backend):
        """A client and the backend's socket that is its other end."""
        client = self.client(port)
        server = backend.accept()
        self.addCleanup(server.close)
        return client, server

    def start(self, text, **options):
        """Starts faultwire with that configuration."""
        made = Faultwire(text, **options)
        self.addCleanup(made.stop)
        return made

    def piped(self, *command):
        """A program that is driven over pipes and ends with its input."""
        made = subprocess.Popen(command, text=True, stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE)

        def stop():
            made.stdin.close()
            made.wait(10)
            made.stdout.close()

        self.addCleanup(stop)
        return made

    def proxied(self, upstream, *faults, groups=None, options=None, **fields):
        """Starts faultwire with one route; the port to connect to, the
        process, and a function that writes the file with other faults."""
        port = free_port()

        def text(*other):
            return conf.text([conf.route("r", port, upstream, *other,
                                         **fields)], **(groups or {}))

        return port, self.start(text(*faults), **(options or {})), text

    # --- measuring

    def assert_took(self, seconds, least, most):
        # Timers may not be early; late they are as the machine is busy.
        self.assertGreaterEqual(seconds, least - 0.002, "too early")
        self.assertLessEqual(seconds, most, "too late")

    def assert_takes(self, measure, least, most):
        """Of something that can be done again: `measure` does it and gives
        the seconds. Never early; late the machine may be, but not each
        time."""
        times = []
        for _ in range(8):
            times.append(measure())
            self.assertGreaterEqual(times[-1], least - 0.002, "too early")
            if times[-1] <= most:
                return
        self.fail(f"{times} s: too late every time, {most} s are right")


class Watch:
    """Measures the time since it was made."""

    def __init__(self):
        self.start = time.monotonic()

    def seconds(self):
        return time.monotonic() - self.start

    @classmethod
    def over(cls, action):
        """The seconds that action() takes."""
        watch = cls()
        action()
        return watch.seconds()


def sanitized():
    return SANITIZER != ""
