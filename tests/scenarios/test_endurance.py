# SPDX-License-Identifier: Apache-2.0
"""Clients of every protocol while everything changes at random, by one seed:
the memory stays, every session and every byte is accounted for. The long form:

    ENDURANCE_SECONDS=1800 tests/scenarios/run endurance
"""

import os
import signal
import time
import unittest

from harness import (Scenario, conf, free_port, pki, route, scrape,
                     wait_until)
from harness.api import control
from harness.endurance import (ANSWER, DATAGRAM, GENTLE, PICKS, Actors,
                               Changes, Journal, Servers, slope)

SECONDS = float(os.environ.get("ENDURANCE_SECONDS", "5"))
SEED = os.environ.get("ENDURANCE_SEED", "1")
LONG = SECONDS > 60
PACE = float(os.environ.get("ENDURANCE_PACE", "0.08" if LONG else "0.02"))
# Longer than any datagram is held, so that none is when its client is given up.
IDLE = "30s" if LONG else "6s"
# TCP's timers double as long as what it sends again is dropped, too: where
# faults drop a third of the time, one packet in some ten thousand takes minutes.
PATIENCE = 900 if LONG else 90
# After the first sixth of a long run; what its noise was measured to be.
GROWTH_PER_MINUTE = 64 << 10
WAYS = ("upstream", "downstream")


class Endurance(Scenario):
    limit = int(SECONDS) + 400

    def text(self, faults):
        kinds = {"tls": {"tls": pki().tls()}, "udp": {
            "protocol": "udp", "idle_timeout": IDLE}}
        for name in PICKS:
            if name[:2] in ("ht", "h2"):
                kinds[name] = {"protocol": "http",
                               "upstream_protocol": "http1"}
        return conf.text(
            [route(name, self.ports[name], self.servers.port(name),
                   *faults.get(name, ()), from_="a", to="b",
                   **kinds.get(name, {})) for name in PICKS],
            services=[{"name": "a"}, {"name": "b"}],
            partitions=[{"name": mode, "groups": [["a"], ["b"]],
                         "mode": mode, "enabled": False}
                        for mode in ("drop", "jam")],
            control={"listen": "127.0.0.1:0"}, workers=2)

    def begin(self):
        self.servers = Servers(self)
        self.ports = {name: free_port() for name in PICKS}
        self.proxy = self.start(self.text({}))
        self.api = control(self.proxy)
        self.assertEqual(201, self.api.post("/proxies", {
            "name": "tox", "listen": "127.0.0.1:0",
            "upstream": f"127.0.0.1:{self.servers.port('tox')}"}).status)
        tox = self.api.get("/proxies/tox").json["listen"]
        ports = {**self.ports, "tox": int(tox.rsplit(":", 1)[1])}
        self.actors = Actors(ports, self.servers, SEED, PACE, PATIENCE)
        self.changes = Changes(self.proxy, self.api, self.text,
                               self.servers.port("extra"), SEED)
        self.addCleanup(self.actors.stopped.set)

    def no_client_failed(self):
        if self.actors.errors:
            self.fail("\n".join(self.actors.errors))

    def shake(self):
        self.samples = []
        begun = time.monotonic()
        told = begun
        while (now := time.monotonic()) < begun + SECONDS:
            self.changes.step()
            self.samples.append((now - begun, self.proxy.rss()))
            self.no_client_failed()
            if now > told + 60:
                told = now
                print(f"# {now - begun:.0f} s: {self.samples[-1][1] >> 10} "
                      f"KiB, {self.proxy.descriptors()} descriptors, "
                      f"{sum(self.actors.done.values())} sessions",
                      flush=True)
            time.sleep(self.changes.dice.expovariate(1 / PACE))

    def settle(self):
        self.changes.lift()
        # TCP sends again every two minutes at last.
        self.actors.stop(250)
        self.no_client_failed()
        wait_until(lambda: self.api.get("/v1/status").json["leases"] == 0,
                   what="the end of all leases")
        wait_until(lambda: self.api.get("/v1/sessions").json["total"] == 0,
                   within=60, what="the end of all sessions")

    def figures(self, name):
        """Received, sent and lost, each by direction."""
        m = self.metrics
        return [[int(m.value(f"faultwire_{what}_total", route=name,
                             direction=w)) for w in WAYS]
                for what in ("received_bytes", "sent_bytes")] + [
            [DATAGRAM * int(m.value("faultwire_lost_datagrams_total",
                                    route=name, direction=w)) for w in WAYS]]

    def every_byte_is_accounted_for(self, name, tally):
        received, sent, lost = self.figures(name)
        journal = self.journal
        clients = [tally.client_sent, tally.client_got]
        servers = [tally.server_got, tally.server_sent]
        # A head is counted with what was added to it.
        servers[1] += len("X-Added: 1\r\n") * journal.effect(
            name, "downstream", "headers")[0]
        self.assertEqual(sent, journal.sums(name), "the journal's bytes")
        if name == "udp":
            for i, way in enumerate(WAYS):
                dropped = sum(journal.effect(name, way, word)[1]
                              for word in ("drop", "blackhole"))
                _, copies = journal.effect(name, way, "duplicate")
                self.assertEqual(
                    sent[i], received[i] - dropped + DATAGRAM * copies)
            self.assertEqual(received[0] + lost[0], clients[0])
            self.assertEqual(received[1] + lost[1], servers[1])
            self.assertEqual(sent[0], servers[0])
            self.assertGreaterEqual(sent[1], clients[1])
        elif name == "cut":
            cuts, passed = journal.effect(name, "downstream", "cut")
            self.assertEqual(received, [clients[0], servers[1]])
            self.assertEqual(sent, [servers[0], clients[1]])
            self.assertEqual(received[1] - sent[1], cuts * ANSWER - passed)
            self.assertEqual(received[0], sent[0])
        elif name in GENTLE:
            self.assertEqual(received, sent)
            # The frames of HTTP/2 are not what flows.
            if name != "h2":
                self.assertEqual(received, [clients[0], servers[1]])
                self.assertEqual(sent, [servers[0], clients[1]])
        elif name in ("rough", "tox"):
            # What a reset overtakes on its way is neither's.
            for most, least in (
                    (clients[0], received[0]), (servers[1], received[1]),
                    (received[0], sent[0]), (received[1], sent[1]),
                    (sent[0], servers[0]), (sent[1], clients[1])):
                self.assertGreaterEqual(most, least)

    def every_session_is_accounted_for(self, name):
        m = self.metrics
        accepted = m.value("faultwire_connections_accepted_total", route=name)
        closed = m.sum("faultwire_connections_closed_total", route=name)
        self.assertEqual(0, m.value("faultwire_connections_active",
                                    route=name))
        self.assertEqual(accepted, closed)
        if name in GENTLE + ("cut",):
            self.assertEqual(accepted, self.journal.connections[name])
            self.assertGreater(accepted, 0)

    def the_log_is_free_of_errors(self):
        # Those of the files that were bad on purpose aside.
        wrong = [e for e in self.proxy.log() if e["level"] == "error" and
                 e["event"] not in ("config_error", "config_rejected")]
        self.assertEqual(wrong, [])
        self.assertEqual(self.proxy.errors(), "")

    def the_memory_stays(self):
        after = [s for s in self.samples if s[0] > SECONDS / 6]
        rss = [b >> 10 for _, b in self.samples]
        print(f"# changes: {sum(self.changes.counts.values())}; sessions: "
              f"{sum(self.actors.done.values())} whole, "
              f"{sum(self.actors.broken.values())} broken; "
              f"{self.journal.closed} flows; at most {max(rss)} KiB")
        if LONG:
            per_minute = slope(after) * 60
            print(f"# resident memory: {per_minute / 1024:+.1f} KiB a minute")
            self.assertLess(per_minute, GROWTH_PER_MINUTE)

    def test_everything_at_once(self):
        self.begin()
        descriptors = self.proxy.descriptors()
        self.actors.start()
        self.shake()
        self.settle()
        # Upstream connections of HTTP are kept for a while.
        wait_until(lambda: self.proxy.descriptors() <= descriptors,
                   what="descriptors as at the start")
        wait_until(lambda: self.servers.open() == 0, what="servers' ends")
        self.metrics = scrape(self.api.port)
        self.proxy.signal(signal.SIGTERM)
        self.assertEqual(self.proxy.wait(), 0, self.proxy.story())
        self.journal = Journal(self.proxy.journal_path)
        self.assertEqual((self.journal.odd, self.journal.open), ([], set()))
        for name, tally in self.servers.tally.items():
            if name == "extra":
                continue
            with self.subTest(route=name):
                self.every_byte_is_accounted_for(name, tally)
                self.every_session_is_accounted_for(name)
        self.the_log_is_free_of_errors()
        self.the_memory_stays()


if __name__ == "__main__":
    unittest.main()
