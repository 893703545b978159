# SPDX-License-Identifier: Apache-2.0
"""The same seed and the same flows give the same decisions, whatever threads
and clients do; and the journal tells all of them."""

import signal
import threading
import unittest

from harness import (Scenario, ask, conf, connect, fault, free_port, noise,
                     route, run, wait_until)

FLOWS = 64


def decisions(journal):
    """What was decided: flow and fault → verdict and draw."""
    return {(e["route"], e["flow"], e["fault"]): (e["verdict"],
                                                  e.get("draw"))
            for e in journal if e["type"] == "decision"}


class Decisions(Scenario):
    limit = 120
    FAULTS = (
        fault("latency", name="slow", latency="1ms", probability=0.5),
        fault("noop", name="rare", probability="10%"),
        fault("slicer", name="third", average_size=100, every=3),
        fault("noop", name="early", first=20, probability=0.7),
        fault("noop", name="late", skip=30, stream="upstream"),
    )

    def run_flows(self, flow, count, concurrency):
        """Runs `flow` so many times by so many clients at once."""
        left = list(range(count))
        failed = []

        def client():
            while left:
                try:
                    left.pop()
                except IndexError:
                    return
                try:
                    flow()
                except (OSError, AssertionError) as e:
                    failed.append(e)

        threads = [threading.Thread(target=client, daemon=True)
                   for _ in range(concurrency)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failed, [])

    def journal_of(self, protocol, concurrency, workers, seed=7):
        server = self.web()
        port = free_port()
        proxy = self.start(conf.text(
            [route("r", port, server.port, *self.FAULTS, protocol=protocol)],
            seed=seed, workers=workers))

        def flow():
            conn = connect(port)
            assert ask(conn, "POST", "/", b"x" * 300).body == b"x" * 300
            conn.close()

        self.run_flows(flow, FLOWS, concurrency)
        wanted = FLOWS * len(self.FAULTS)
        wait_until(lambda: len(decisions(proxy.journal())) >= wanted,
                   what="all decisions")
        got = decisions(proxy.journal())
        self.assertEqual(len(got), wanted)
        proxy.stop()
        return got

    def same_whatever_runs(self, protocol):
        first = self.journal_of(protocol, 1, 1)
        self.assertGreater(len({v for v, _ in first.values()}), 2)
        for concurrency, workers in ((1, 4), (8, 1), (8, 4), (64, 1),
                                     (64, 4)):
            with self.subTest(concurrency=concurrency, workers=workers):
                self.assertEqual(
                    self.journal_of(protocol, concurrency, workers), first)
        self.assertNotEqual(self.journal_of(protocol, 8, 4, seed=8), first)

    def test_tcp_decisions_are_the_same_at_any_concurrency(self):
        self.same_whatever_runs("tcp")

    def test_http_decisions_are_the_same_at_any_concurrency(self):
        self.same_whatever_runs("http")

    def damaged(self, sizes, seed):
        upstream = self.backend()
        port, proxy, _ = self.proxied(
            upstream.port, fault("corrupt", rate="1%"),
            groups={"seed": seed})
        c, s = self.pair(port, upstream)
        data, at = noise(30_000), 0
        while at < len(data):
            for size in sizes:
                s.send(data[at:at + size])
                at += size
        got = c.recv(len(data))
        proxy.stop()
        return got

    def test_the_same_bits_flip_however_the_bytes_were_sent(self):
        first = self.damaged((30_000,), 5)
        self.assertNotEqual(first, noise(30_000))
        self.assertEqual(self.damaged((1, 999, 7), 5), first)
        self.assertNotEqual(self.damaged((30_000,), 6), first)

    def test_a_seed_on_the_command_line_wins(self):
        upstream = self.web()
        got = []
        for args, seed in ((["--seed", "5"], 1), ([], 5), ([], 1)):
            port = free_port()
            proxy = self.start(conf.text(
                [route("r", port, upstream.port,
                       fault("abort", probability=0.5), protocol="http")],
                seed=seed), args=args)
            c = self.client(port)
            got.append([ask(c).status for _ in range(40)])
            proxy.stop()
        self.assertEqual(got[0], got[1])
        self.assertNotEqual(got[0], got[2])


class Journal(Scenario):
    def test_every_line_is_complete_and_the_first_tells_how_to_replay(self):
        server = self.web()
        port, proxy, _ = self.proxied(
            server.port, fault("latency", latency="20ms"),
            fault("abort", probability=0.5, when={"path": "/x"}),
            protocol="http")
        c = self.client(port)
        for n in range(20):
            ask(c, target="/x" if n % 2 else "/y")
        c.close()
        wait_until(lambda: len([e for e in proxy.journal()
                                if e["type"] == "flow_close"]) >= 20)
        proxy.signal(signal.SIGTERM)
        self.assertEqual(proxy.wait(), 0)
        lines = proxy.journal()
        self.assertEqual(lines[0]["type"], "journal")
        self.assertEqual(lines[0]["seed"], 7)
        times = [e["ts_us"] for e in lines[1:]]
        self.assertTrue(all(isinstance(t, int) and t >= 0 for t in times))
        made = [e for e in lines if e["type"] == "decision"]
        self.assertEqual(len(made), 40)
        for e in made:
            self.assertEqual(e["route"], "r")
            self.assertIn(e["verdict"], ("applied", "not_drawn",
                                         "not_matched"))
            self.assertEqual(e["matched"], e["verdict"] != "not_matched")
            self.assertEqual(e["drawn"], e["verdict"] == "applied")
            if e["matched"]:
                self.assertTrue(0 <= e["draw"] < 1)
        measured = [e for e in lines if e["type"] == "measure" and
                    e["kind"] == "latency"]
        self.assertTrue(measured)
        for e in measured:
            self.assertGreaterEqual(e["count"], 1)
            self.assertAlmostEqual(e["asked_us"], 20_000, delta=1)
            self.assertGreaterEqual(e["achieved_us"], 19_900)
            self.assertLess(e["achieved_us"], 2_000_000)
        effects = {e["effect"] for e in lines if e["type"] == "effect"}
        self.assertTrue(effects)
        self.assertEqual(len([e for e in lines
                              if e["type"] == "flow_open"]),
                         len([e for e in lines
                              if e["type"] == "flow_close"]))

    def test_live_changes_stand_in_the_journal(self):
        upstream = self.backend()
        port, proxy, text = self.proxied(upstream.port)
        proxy.reload(text(fault("latency", name="l", latency="1ms")))
        armed = proxy.wait_journal("arming", type="fault_armed")[0]
        self.assertEqual((armed["route"], armed["fault"], armed["kind"]),
                         ("r", "l", "latency"))
        proxy.reload(text())
        proxy.wait_journal("clearing", type="fault_cleared", fault="l")

    def test_a_full_disk_does_not_stop_the_traffic(self):
        server = self.web()
        port, proxy, _ = self.proxied(
            server.port, fault("latency", latency="1ms"), protocol="http",
            options={"journal": "/dev/full"})
        before = None
        for n in range(3000):
            if n % 100 == 0:
                c = self.client(port)
            self.assertEqual(ask(c).status, 200)
            if n == 500:
                before = proxy.rss()
        proxy.wait_log("journal_failed")
        self.assertEqual(len(proxy.log_events("journal_failed")), 1)
        self.assertLess(proxy.rss() - before, 30_000_000)

    def test_a_journal_that_cannot_be_opened_is_an_error_at_start(self):
        done = run("run", "-c", "{}", "--journal", "/nowhere/at/all",
                   text=conf.text([route("r", "127.0.0.1:0", 1)]))
        self.assertEqual(done.returncode, 1)
        self.assertIn("/nowhere/at/all", done.stderr)


if __name__ == "__main__":
    unittest.main()
