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


class TooLong(AssertionError):
    pass


class Scenario(unittest.TestCase):
    limit = 60  # seconds for one test

    def run(self, result=None):
        def expired(_signum, _frame):
            raise TooLong(f"the test took longer than {self.limit} s")

        signal.signal(signal.SIGALRM, expired)
        signal.alarm(self.limit)
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


class Watch:
    """Measures the time since it was made."""

    def __init__(self):
        self.start = time.monotonic()

    def seconds(self):
        return time.monotonic() - self.start


def sanitized():
    return SANITIZER != ""
