# SPDX-License-Identifier: Apache-2.0
"""One service for each mechanism, and one without it, all at the same time:
what a verdict says of them may be that it does not know, never something
wrong."""

import concurrent.futures
import unittest

from harness import Scenario, fault, wait_until
from harness.planted import (ABORT, HANG, Planted, blind, caching, deadline,
                             falling_back, honest, jittered, linear,
                             never_reopens, plain, queueing, rejecting)

SLOW = {"api": (fault("latency", latency="400ms"),)}
DRIP = {"api": (fault("drip", pieces=20, duration="1s"),)}


# name: reaction, faults, seconds, rate, are there health checks?
RUNS = {
    "linear": (linear, [ABORT], 3, 15, False),
    "jittered": (jittered, [ABORT], 5, 20, False),
    "never reopens": (never_reopens, [ABORT], 5, 30, False),
    "caching": (caching, [ABORT], 5, 30, False),
    "deadline": (deadline, [HANG, DRIP], 1, 15, False),
    "falling back": (falling_back, [ABORT], 2, 20, False),
    "rejecting": (rejecting, [SLOW], 4, 30, False),
    "queueing": (queueing, [SLOW], 3, 15, False),
    "plain": (plain, [SLOW], 3, 15, False),
    "blind": (blind, [ABORT], 5, 15, True),
    "honest": (honest, [ABORT], 5, 15, True),
}


def play(name):
    reaction, faults, seconds, rate, checks = RUNS[name]
    rig = type("Rig", (Planted,), {
        "runTest": lambda _self: None, "checks": checks})()
    try:
        return rig.run_with(reaction, faults, seconds, rate)
    finally:
        rig.doCleanups()


class Kinds(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            cls.found = dict(zip(RUNS, pool.map(play, RUNS)))

    def judged(self, name, mech, kind="abort"):
        """The verdict, if it is not one that does not know."""
        v = self.found[name].get((mech, kind))
        if v is None or v["state"] in ("INCONCLUSIVE", "NOT_EXERCISED"):
            self.skipTest(v["why"] if v else f"nothing about {mech}")
        return v

    def test_a_linear_law(self):
        v = self.judged("linear", "backoff")
        self.assertIn(v["shape"], ("linear", "increasing"), v)
        if v["shape"] == "linear":
            self.assertAlmostEqual(v["step_s"], 0.1, delta=0.03)

    def test_full_jitter(self):
        v = self.judged("jittered", "backoff")
        self.assertIn(v["jitter"], ("full", "unknown"), v)
        self.assertIn(v["shape"], ("exponential", "increasing"), v)
        self.assertNotEqual(
            self.found["jittered"]["synchronised_retries", "abort"]["state"],
            "CONFIRMED")

    def test_a_half_open_state_that_does_not_reopen(self):
        v = self.judged("never reopens", "breaker")
        self.assertEqual(v["state"], "PARTIAL", v)
        self.assertEqual(v["half_open"], "does_not_reopen")

    def test_a_cache_is_no_breaker(self):
        self.assertIn(self.found["caching"]["breaker", "abort"]["state"],
                      ("ABSENT", "INCONCLUSIVE"))

    def test_a_deadline_for_all_of_it(self):
        v = self.judged("deadline", "timeout", "hang")
        self.assertAlmostEqual(v["after_s"], 0.4, delta=0.1)
        self.assertIn(v["kind"], ("total", "unknown"), v)

    def test_a_fallback(self):
        v = self.judged("falling back", "fallback")
        self.assertEqual(v["class"], "degraded_graceful", v)
        self.assertEqual(self.judged("caching", "fallback")["class"],
                         "fail_fast")

    def test_a_limit_of_calls_at_a_time(self):
        for name, excess in (("rejecting", "rejected"),
                             ("queueing", "queued")):
            v = self.judged(name, "bulkhead", "latency")
            self.assertEqual((v["state"], v["limit"], v["excess"]),
                             ("CONFIRMED", 4, excess), v)

    def test_without_a_limit_there_is_none(self):
        v = self.found["plain"]["bulkhead", "latency"]
        self.assertNotEqual(v["state"], "CONFIRMED", v)

    def test_health_checks(self):
        self.assertEqual(self.judged("blind", "health_honesty")["health"],
                         "blind")
        self.assertEqual(self.judged("honest", "health_honesty")["health"],
                         "honest")

    def test_what_is_not_there_is_not_found(self):
        for name in ("never reopens", "caching", "falling back", "blind"):
            self.assertNotEqual(self.found[name]["retries", "abort"]["state"],
                                "CONFIRMED", name)
        for name in ("linear", "jittered", "falling back"):
            self.assertNotEqual(self.found[name]["breaker", "abort"]["state"],
                                "CONFIRMED", name)
        for name in ("caching", "falling back"):
            self.assertNotIn(("health_honesty", "abort"), self.found[name])


class Http2(Scenario):
    @staticmethod
    def told(proxy):
        return [e for e in proxy.journal() if e["type"] == "flow_close" and
                e["flow_type"] == "exchange"]

    def test_what_answers_say_is_in_the_journal(self):
        """Retry-After, and gRPC's status in the head or the trailers."""
        def answer(peer, st):
            fields = [(":status", "200")]
            path = dict(st.heads[0])[":path"]
            if path == "/busy":
                fields = [(":status", "503"), ("retry-after", "7")]
            if path == "/head":
                peer.headers(st.number, fields + [("grpc-status", "14")],
                             True)
                return
            peer.headers(st.number, fields)
            peer.send(st, b"x")
            peer.headers(st.number, [("grpc-status", "13")], True)

        server = self.h2_server(answer)
        port, proxy, _ = self.proxied(server.port, protocol="http")
        peer = self.h2(port)
        for path in ("/busy", "/head", "/rows/7"):
            peer.ask("GET", path)
        wait_until(lambda: len(self.told(proxy)) == 3)
        told = [(e.get("retry_after_s"), e.get("grpc_status"))
                for e in self.told(proxy)]
        self.assertEqual(told, [(7, 13), (None, 14), (None, 13)])


if __name__ == "__main__":
    unittest.main()
