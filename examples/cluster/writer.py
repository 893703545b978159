# SPDX-License-Identifier: Apache-2.0
"""A client that writes one number after the other, and remembers which of
them the cluster acknowledged: these may never be lost."""

import threading
import time


class Writer(threading.Thread):
    """`write(n)` returns true if n was acknowledged; it may also raise an
    OSError, and must come back within a few seconds."""

    def __init__(self, write):
        super().__init__(daemon=True)
        self.write, self.acknowledged, self.ending = write, [], False
        self.failed, self.number, self.lock = 0, 0, threading.Lock()
        self.start()

    def run(self):
        while not self.ending:
            self.number += 1
            try:
                done = self.write(self.number)
            except OSError:
                done = False
            with self.lock:
                if done:
                    self.acknowledged.append((self.number, time.time()))
                else:
                    self.failed += 1
            time.sleep(0.005)

    def numbers(self):
        with self.lock:
            return {n for n, _ in self.acknowledged}

    def since(self, moment):
        """How many writes were acknowledged after that moment."""
        with self.lock:
            return sum(1 for _, at in self.acknowledged if at > moment)

    def pause(self, since, until):
        """The longest time without an acknowledgement in between."""
        with self.lock:
            times = [at for _, at in self.acknowledged if since < at < until]
        edges = [since, *times, until]
        return max(b - a for a, b in zip(edges, edges[1:]))

    def close(self):
        self.ending = True
        self.join()
