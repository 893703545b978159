# SPDX-License-Identifier: Apache-2.0
"""Reactions that are watched while the proxy runs: the API, the command, the
log and the metrics say what was planted, and nothing else."""

import concurrent.futures
import json
import socket
import unittest

from harness import run, scrape, wait_until
from harness.api import Schema, control
from harness.planted import ABORT, HANG, Planted, breaker, impatient, plain
from harness.planted import leaking, retrying

WATCHED = {"observe": {"reactions": True}}
CONTROL = {"control": {"listen": "127.0.0.1:0"}}


class Reactions(Planted):
    groups = {**WATCHED, **CONTROL}

    def watch(self, reaction, faults, seconds, rate):
        """Drives the service through a fault, which stays."""
        self.serve(reaction)
        self.client = control(self.proxy)
        self.schema = Schema(self.client.get("/v1/openapi.json").json)
        self.drive(2, rate)
        # A verdict wants 30 of them, however slow the machine is.
        while self.told()["calls"] < 35:
            self.drive(0.5, rate)
        self.arm(faults)
        self.drive(seconds, rate)
        return self.told()

    def told(self):
        """The route's part of /v1/reactions."""
        reply = self.client.get("/v1/reactions?route=api").json
        self.assertEqual(self.schema.problems(
            reply, {"$ref": "#/components/schemas/Reactions"}), [])
        self.assertIs(reply["observing"], True)
        self.assertEqual([r["route"] for r in reply["routes"]], ["api"])
        return reply["routes"][0]

    def verdict_of(self, told, mech):
        found = next(v for v in told["verdicts"] if v["mech"] == mech)
        if "own timers were late" in found["why"]:
            self.skipTest(found["why"])
        return found

    def scrape(self):
        return scrape(self.client.port)

    def command(self, *args):
        done = run("reactions", "--control",
                   f"http://127.0.0.1:{self.client.port}", *args)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_retries(self):
        told = self.watch(retrying, ABORT, 3, 20)
        retries = self.verdict_of(told, "retries")
        self.assertEqual(retries["state"], "CONFIRMED", retries)
        self.assertEqual(retries["retries_max"], 3)
        self.assertNotIn("events", retries)
        told = wait_until(lambda: next(
            (t for t in [self.told()] if t["given_up"] > 20), None))
        self.assertGreater(told["retries"]["5xx"], 60)
        self.assertEqual(told["retries"]["5xx"], told["retries"]["total"])
        line = self.proxy.log_events("retry_observed")[0]
        self.assertEqual((line["route"], line["client"], line["after"]),
                         ("api", "svc", "5xx"))
        self.assertEqual(line["attempt"], 1)
        self.assertGreaterEqual(line["interval_s"], 0.099)
        line = self.proxy.wait_log("client_gave_up")[0]
        self.assertEqual((line["how"], line["retries"]), ("stopped", 3))
        seen = self.scrape()
        self.assertGreater(seen.value("faultwire_retries_observed_total",
                                      route="api", after="5xx"), 60)
        self.assertEqual(seen.sum("faultwire_retries_observed_total",
                                  route="edge"), 0)
        self.assertGreater(seen.value("faultwire_requests_given_up_total",
                                      route="api"), 20)
        count = seen.value("faultwire_retry_attempts_count", route="api")
        self.assertEqual(
            seen.value("faultwire_retry_attempts_sum", route="api"),
            3 * count)
        # Each is counted once, however often it is looked at.
        total = sum(e.get("attempt") is not None or e.get("count", 0)
                    for e in self.proxy.log_events("retry_observed"))
        self.assertEqual(total, self.told()["retries"]["total"])
        text = self.command("api")
        self.assertIn("GIVEN UP", text)
        self.assertIn("api  retries under abort: CONFIRMED", text)
        self.assertEqual(
            json.loads(self.command("--json"))["routes"][1]["route"], "api")
        self.assertEqual(
            self.verdict_of(told, "backoff")["shape"], "exponential")

    def test_a_breaker(self):
        told = self.watch(breaker, ABORT, 4, 40)
        seen = self.verdict_of(told, "breaker")
        self.assertEqual(seen["state"], "CONFIRMED", seen)
        self.assertLessEqual(seen["threshold"][0], 5)
        self.assertGreaterEqual(seen["threshold"][1], 5)
        self.assertIn(told["breaker"], ("open", "half_open"))
        metrics = self.scrape()
        self.assertEqual(metrics.sum("faultwire_breaker_state", route="api",
                                     client="svc"), 1)
        self.assertGreaterEqual(metrics.value(
            "faultwire_breaker_transitions_total", route="api", client="svc",
            **{"from": "closed", "to": "open"}), 1)
        self.arm({})
        self.drive(3, 40)
        wait_until(lambda: self.told()["breaker"] == "closed")
        changes = [(e["from"], e["to"])
                   for e in self.proxy.log_events("breaker_transition")]
        self.assertEqual(changes[0], ("closed", "open"))
        self.assertEqual(changes[-1], ("half_open", "closed"))
        for before, after in zip(changes, changes[1:]):
            self.assertEqual(before[1], after[0], changes)

    def test_clients_that_hang_up(self):
        told = self.watch(impatient, HANG, 1, 20)
        self.assertEqual(self.verdict_of(told, "timeout")["state"],
                         "CONFIRMED")
        line = self.proxy.wait_log("client_gave_up")[0]
        self.assertEqual(line["how"], "left")
        self.assertAlmostEqual(line["duration_s"], 0.3, delta=0.1)
        wait_until(lambda: self.scrape().value(
            "faultwire_client_timeout_seconds_count", route="api") >= 10)

    def test_calls_that_wait_are_not_skipped_ones(self):
        """Calls fail, and then hang, though the edge is answered: attempts
        under way are known, so no breaker seems to open."""
        self.watch(leaking, ABORT, 0.5, 40)
        self.arm({"api": HANG["api"] + ABORT["api"]})
        self.drive(1.5, 40)
        self.assertEqual(self.told()["breaker"], "closed")
        self.assertEqual(self.proxy.log_events("breaker_transition"), [])

    def test_many_may_ask_at_once(self):
        """Each answer is concluded while others are served; who goes away
        is not waited for."""
        self.watch(retrying, ABORT, 1, 20)
        port = self.client.port
        gone = socket.create_connection(("127.0.0.1", port), 10)
        gone.sendall(b"GET /v1/reactions HTTP/1.1\r\nHost: localhost\r\n\r\n")
        gone.close()
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            told = list(pool.map(lambda _: control(self.proxy).get(
                "/v1/reactions?route=api").json, range(16)))
        for reply in told:
            self.assertIn("retries", [
                v["mech"] for v in reply["routes"][0]["verdicts"]])
        reply = self.client("HEAD", "/v1/reactions")
        self.assertEqual(reply.status, 200)

    def test_a_service_without_any_reaction(self):
        told = self.watch(plain, ABORT, 3, 40)
        self.assertEqual(self.verdict_of(told, "retries")["state"], "ABSENT")
        self.assertEqual(told["retries"], {"total": 0})
        self.assertEqual(told["breaker"], "closed")
        wait_until(lambda: self.told()["given_up"] > 60)
        for event in ("retry_observed", "breaker_transition",
                      "client_gave_up"):
            self.assertEqual(self.proxy.log_events(event), [])


class Switch(Planted):
    groups = CONTROL

    def test_nothing_is_watched_unless_asked_for(self):
        self.serve(plain)
        client = control(self.proxy)
        self.assertEqual(client.get("/v1/reactions").json,
                         {"observing": False, "routes": []})
        self.assertFalse(scrape(client.port).has(
            "faultwire_breaker_state"))
        done = run("reactions", "--control", f"http://127.0.0.1:{client.port}")
        self.assertEqual(done.returncode, 1)
        self.assertIn("reactions = true", done.stderr)
        # By a reload, with a fault that is in force already.
        self.arm(ABORT)
        self.groups = {**CONTROL, **WATCHED}
        self.arm(ABORT)
        self.drive(1, 20)
        told = client.get("/v1/reactions").json
        self.assertEqual([r["route"] for r in told["routes"]],
                         ["edge", "api"])
        self.assertGreater(told["routes"][1]["calls"], 10)
        self.assertIn("abort", [v["fault"]
                                for v in told["routes"][1]["verdicts"]])
        self.assertEqual(client.get("/v1/reactions?route=apo").status, 404)
        self.groups = CONTROL
        self.arm({})
        self.assertEqual(client.get("/v1/reactions").json["observing"], False)


if __name__ == "__main__":
    unittest.main()
