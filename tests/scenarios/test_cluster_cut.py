# SPDX-License-Identifier: Apache-2.0
"""A partition of five services, each on an address of its own and told by
it: how soon every pair feels the cut, and how soon the healing.

With `jam` what is under way is held, and moves on. With `drop` it is lost:
after the healing it comes when its sender's TCP tries again, as after a real
cut, so that what is asked then is said over idle sessions and new ones."""

import selectors
import threading
import time
import unittest

from harness import (Scenario, conf, echo, free_port, route, sanitized,
                     wait_until)
from harness.api import control

NAMES = "abcde"
GROUPS = [["a", "b"], ["c", "d", "e"]]
PAIRS = [a + b for a in NAMES for b in NAMES if a != b]
ASKED = 0.1  # seconds for a cut, and for a healing, to reach every pair
TICK = 0.005  # every pair asks so often
ATTEMPTS = 6  # of which one must be as fast: the machine may be busy


def address(name):
    return f"127.0.1.{NAMES.index(name) + 11}"


def parted(pair):
    return not any(set(pair) <= set(group) for group in GROUPS)


CUT = [pair for pair in PAIRS if parted(pair)]


class Chatter(threading.Thread):
    """Sends a byte over every pair's session again and again, and notes when
    each echo came."""

    def __init__(self, sessions):
        super().__init__(daemon=True)
        self.sessions, self.ending = sessions, False
        self.heard = {pair: [] for pair in sessions}

    def run(self):
        selector = selectors.DefaultSelector()
        for pair, conn in self.sessions.items():
            conn.sock.setblocking(False)
            selector.register(conn.sock, selectors.EVENT_READ, pair)
        due = time.monotonic()
        while not self.ending:
            now = time.monotonic()
            if now >= due:
                due = now + TICK
                for conn in self.sessions.values():
                    conn.sock.send(b"x")
            for key, _ in selector.select(max(0, due - time.monotonic())):
                key.fileobj.recv(65536)
                self.heard[key.data].append(time.monotonic())
        selector.close()

    def last(self, pair, before):
        return max((t for t in self.heard[pair] if t < before), default=0)

    def first(self, pair, since):
        return min((t for t in self.heard[pair] if t > since), default=None)


class FiveServices(Scenario):
    limit = 120

    def setUp(self):
        self.ports, routes = {}, []
        for name in NAMES:
            server = self.serving(echo)
            self.ports[name] = free_port()
            routes.append(route(f"to-{name}", self.ports[name], server.port,
                                to=name))
        self.proxy = self.start(conf.text(
            routes, control={"listen": "127.0.0.1:0"},
            services=[{"name": n, "addresses": [address(n)]} for n in NAMES],
            partitions=[{"name": "split", "groups": GROUPS,
                         "enabled": False}]))
        self.api = control(self.proxy)
        self.chatter = Chatter(self.sessions())
        self.chatter.start()
        self.addCleanup(self.chatter.join)
        self.addCleanup(setattr, self.chatter, "ending", True)
        self.all_heard(0)

    def sessions(self, pairs=PAIRS):
        return {p: self.client(self.ports[p[1]], source=address(p[0]))
                for p in pairs}

    def all_heard(self, since, pairs=PAIRS):
        wait_until(lambda: all(self.chatter.first(p, since) for p in pairs),
                   what="an echo on every pair")

    def cut(self, mode):
        """Seconds until the last pair feels it: half a second and more if
        one never does. The others go on."""
        self.api.patch("/v1/partitions/split", {"mode": mode})
        began = time.monotonic()
        self.api.post("/v1/partitions/split/start")
        self.all_heard(began + 0.5, [p for p in PAIRS if p not in CUT])
        now = time.monotonic()
        return max(max(self.chatter.last(p, now) for p in CUT) - began, 0)

    def heal(self):
        began = time.monotonic()
        self.api.post("/v1/partitions/split/heal")
        return began

    def attempts(self, once):
        figures = []
        while len(figures) < ATTEMPTS and not (
                len(figures) >= 3 and min(map(max, figures)) < ASKED):
            figures.append(once())
        print("# 12 of 20 pairs are cut within/healed within: " + ", ".join(
            f"{cut * 1000:.1f}/{heal * 1000:.1f} ms"
            for cut, heal in figures), flush=True)
        allowed = ASKED * (5 if sanitized() else 1)
        self.assertLess(min(map(max, figures)), allowed, figures)

    def test_a_jam_of_five_acts_and_is_released_within_a_tenth_of_a_second(
            self):
        def once():
            cut = self.cut("jam")
            began = self.heal()
            self.all_heard(began)
            return cut, max(self.chatter.first(p, began)
                            for p in CUT) - began

        self.attempts(once)

    def test_a_drop_of_five_acts_and_heals_within_a_tenth_of_a_second(self):
        def once():
            idle = self.sessions(CUT)
            for conn in idle.values():
                self.assertEqual(conn.send(b"x").recv(1), b"x")
            cut = self.cut("drop")
            began = self.heal()
            for conn in [*idle.values(), *self.sessions(CUT).values()]:
                self.assertEqual(conn.send(b"x").recv(1), b"x")
            healed = time.monotonic() - began
            self.all_heard(began)
            return cut, healed

        self.attempts(once)


if __name__ == "__main__":
    unittest.main()
