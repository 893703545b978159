# SPDX-License-Identifier: Apache-2.0
"""The mechanisms that experiments look for, one class each, as small as they
can be. `--without WORD` takes one away, so that a report can be seen to
change: breaker, retry, timeout, fallback, bulkhead, backoff."""

import random
import threading
import time

FAILURES = 5        # in a row open a breaker
OPEN_SECONDS = 3.0  # for that long; then one call is let through
ATTEMPTS = 3        # of a call that may be repeated
PAUSE = 0.1         # before the second attempt; doubled before the third
AT_ONCE = 16        # calls that a bulkhead lets in


class Open(Exception):
    """The breaker is open: nothing was tried."""


class Full(Exception):
    """The bulkhead is full: nothing was tried."""


class Breaker:
    """Consecutive failures open it; one probe decides after a while."""

    def __init__(self, failures=FAILURES, open_seconds=OPEN_SECONDS):
        self.failures, self.open_seconds = failures, open_seconds
        self.lock = threading.Lock()
        self.count, self.until, self.probing = 0, None, False

    def _enter(self):
        with self.lock:
            if self.until is None:
                return
            if time.monotonic() < self.until or self.probing:
                raise Open()
            self.probing = True

    def _leave(self, good):
        with self.lock:
            self.probing = False
            if good:
                self.count, self.until = 0, None
                return
            self.count += 1
            if self.count >= self.failures:
                self.until = time.monotonic() + self.open_seconds

    def call(self, act, *args):
        self._enter()
        good = False
        try:
            result = act(*args)
            good = True
            return result
        finally:
            self._leave(good)


class NoBreaker:
    def call(self, act, *args):
        return act(*args)


class Bulkhead:
    """At most so many at once; the others are turned away."""

    def __init__(self, limit=AT_ONCE):
        self.room = threading.BoundedSemaphore(limit)

    def call(self, act, *args):
        if not self.room.acquire(blocking=False):
            raise Full()
        try:
            return act(*args)
        finally:
            self.room.release()


class Retry:
    """Attempts with exponential pauses and ±20 % of jitter."""

    def __init__(self, attempts=ATTEMPTS, pause=PAUSE, jitter=True):
        self.attempts, self.pause, self.jitter = attempts, pause, jitter

    def call(self, act, retriable):
        for left in reversed(range(self.attempts)):
            try:
                return act()
            except retriable:
                if left == 0:
                    raise
            done = self.attempts - left - 1
            spread = random.uniform(0.8, 1.2) if self.jitter else 1.0
            time.sleep(self.pause * 2 ** done * spread)
        return None


class Pool:
    """Connections that are kept. After a failure to connect the next try waits,
    up to two seconds; without back-off everyone tries at once."""

    def __init__(self, connect, backoff=True):
        self.connect, self.backoff = connect, backoff
        self.lock = threading.Lock()
        self.idle, self.pause, self.not_before = [], 0.1, 0.0

    def _connect(self):
        with self.lock:
            if self.backoff and time.monotonic() < self.not_before:
                raise ConnectionError("waiting before the next connection")
        try:
            line = self.connect()
        except OSError:
            with self.lock:
                self.not_before = time.monotonic() + self.pause
                self.pause = min(self.pause * 2, 2.0)
            raise
        with self.lock:
            self.pause = 0.1
        return line

    def use(self, act):
        with self.lock:
            line = self.idle.pop() if self.idle else None
        line = line or self._connect()
        try:
            result = act(line)
        except Exception as e:
            line.close()  # who knows in which state it is
            if isinstance(e, OSError):
                self._forget()
            raise
        with self.lock:
            self.idle.append(line)
        return result

    def _forget(self):
        """The others are as good as broken."""
        with self.lock:
            stale, self.idle = self.idle, []
        for line in stale:
            line.close()
