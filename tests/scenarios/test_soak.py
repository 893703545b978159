# SPDX-License-Identifier: Apache-2.0
"""Everything at once: many clients on both protocols while faults and
partitions come and go at random. Afterwards nothing is left behind."""

import random
import threading
import time
import unittest

from harness import (Scenario, ask, closing, conf, connect, echo, free_port,
                     noise, route, wait_until)
from harness.mischief import (CUTS, HARMFUL, HARMLESS, HTTP_HARMFUL,
                              HTTP_HARMLESS)


class Soak(Scenario):
    limit = 150
    SECONDS = 8
    CLIENTS = 5  # for each protocol

    def prepare(self):
        self.dice = random.Random(11)
        self.tcp, self.http = self.serving(echo), self.web()
        self.ports = free_port(), free_port()
        self.proxy = self.start(self.text((), ()))
        self.stop, self.errors, self.done = False, [], [0, 0]
        self.patience, self.tolerant = 40, False

    def text(self, tcp, http, partitions=()):
        return conf.text(
            [route("tcp", self.ports[0], self.tcp.port, *tcp, from_="a",
                   to="b"),
             route("http", self.ports[1], self.http.port, *http,
                   protocol="http", from_="a", to="b")],
            workers=3, services=[{"name": "a"}, {"name": "b"}],
            partitions=list(partitions))

    def pick(self, faults):
        chosen = self.dice.sample(range(len(faults)),
                                  self.dice.randrange(0, 5))
        return [{**faults[i], "name": f"f{i}"} for i in chosen]

    def closing(self, client, port, serving):
        """Shows the sockets where nothing may go wrong, if it does."""
        return closing(client, *(port, serving.port) * (not self.tolerant))

    def tcp_client(self, seed):
        length = 1 + seed * 7919 % 60_000
        with self.closing(connect(self.ports[0], self.patience),
                          self.ports[0], self.tcp) as c:
            sender = c.send_in_background(noise(length, seed))
            got = c.recv(length, self.patience)
            assert got == noise(length, seed), "bytes differ"
            sender.join()
            c.finish()
            c.expect_end("fin", within=self.patience)

    def http_client(self, seed):
        with self.closing(connect(self.ports[1], self.patience),
                          self.ports[1], self.http) as c:
            for n in range(3):
                body = noise(seed * 31 % 9000 + n, seed)
                reply = ask(c, "POST", f"/{n}", body,
                            within=self.patience)
                assert reply.body == body, "bodies differ"

    def load(self, which, client):
        def work(number):
            seed = number
            while not self.stop:
                seed += 100
                try:
                    client(seed)
                    self.done[which] += 1
                except (OSError, AssertionError, ValueError,
                        IndexError) as e:
                    if not self.tolerant:
                        self.errors.append(f"{type(e).__name__}: {e}")
                        return
                    time.sleep(0.005)

        threads = [threading.Thread(target=work, args=(n,), daemon=True)
                   for n in range(self.CLIENTS)]
        for thread in threads:
            thread.start()
        return threads

    def shake(self, tcp, http):
        threads = (self.load(0, self.tcp_client) +
                   self.load(1, self.http_client))
        end = time.monotonic() + self.SECONDS
        while time.monotonic() < end and not self.errors:
            cuts = [self.dice.choice(CUTS)] if self.dice.random() < 0.3 \
                else []
            self.proxy.reload(self.text(self.pick(tcp), self.pick(http),
                                        cuts))
        self.proxy.reload(self.text((), ()))
        self.stop = True
        for thread in threads:
            thread.join(90)
            self.assertFalse(thread.is_alive(), "a client hangs for ever")
        if self.errors:
            self.fail("\n".join(self.errors))

    def silent(self, faults):
        """Sessions that died without a word: they stay, as on a real network.
        `faults`: by route, what was picked from."""
        names = {(route, f"f{i}") for route, picks in faults.items()
                 for i, f in enumerate(picks) if f.get("how") == "silent"}
        return len({e["session"] for e in self.proxy.journal()
                    if e.get("effect") == "silence" or
                    e.get("effect") == "cut" and
                    (e["route"], e["fault"]) in names})

    def nothing_is_left(self, descriptors, faults):
        self.stop = False
        self.tcp_client(1)
        self.http_client(1)
        most = descriptors + 20 + 2 * self.silent(faults)
        # Idle upstream connections may be kept; sessions may not.
        wait_until(lambda: self.proxy.descriptors() <= most,
                   within=40, what="the end of all sessions")

    def test_harmless_faults_at_random_lose_no_byte(self):
        self.prepare()
        descriptors = self.proxy.descriptors()
        self.shake(HARMLESS, HARMLESS + HTTP_HARMLESS)
        self.assertGreater(min(self.done), 10)
        self.nothing_is_left(descriptors, {})

    def test_harmful_faults_at_random_leave_nothing_behind(self):
        self.prepare()
        descriptors = self.proxy.descriptors()
        self.patience, self.tolerant = 4, True
        faults = {"tcp": HARMLESS + HARMFUL,
                  "http": HARMLESS + HTTP_HARMLESS + HARMFUL + HTTP_HARMFUL}
        self.shake(faults["tcp"], faults["http"])
        self.nothing_is_left(descriptors, faults)


if __name__ == "__main__":
    unittest.main()
