# SPDX-License-Identifier: Apache-2.0
"""Services with planted reactions behind a real proxy, and without them:
`faultwire verdict` finds what is there, and nothing else.

    driver ─► edge ─► service ─► api ─► backend
"""

import json
import os
import socket
import tempfile
import time
import unittest

from harness import Scenario, conf, fault, free_port, route, run
from harness.planted import (ABORT, HANG, Planted, breaker, impatient, leaking,
                             plain, retrying)


class Verdicts(Planted):
    def test_a_service_that_retries(self):
        found = self.run_with(retrying, [ABORT], 3, rate=20)
        retries = found["retries", "abort"]
        self.assertEqual(retries["state"], "CONFIRMED", retries)
        self.assertEqual((retries["retries_max"], retries["bound"]), (3, 3))
        backoff = found.decided("backoff", "abort")
        self.assertEqual((backoff["shape"], backoff["jitter"]),
                         ("exponential", "none"), backoff)
        self.assertAlmostEqual(backoff["factor"], 2, delta=0.2)
        self.assertAlmostEqual(backoff["first_s"], 0.1, delta=0.03)
        self.assertEqual(found["amplification", "abort"]["load"], "storm")
        self.assertEqual(found["retry_after", "abort"]["state"], "ABSENT")
        self.assertNotEqual(found["breaker", "abort"]["state"], "CONFIRMED")

    def test_a_service_with_a_breaker(self):
        # Until it surely let a call through again.
        found = self.run_with(breaker, [ABORT], 5, after=1.5)
        seen = found.decided("breaker", "abort")
        self.assertEqual(seen["state"], "CONFIRMED", seen)
        low, high = seen["threshold"]
        self.assertTrue(low <= 5 <= high, seen)
        low, high = seen["open_s"]
        self.assertTrue(low <= 1.03 and high >= 1 and high < 1.3, seen)
        self.assertEqual(seen["probes"], [1, 1], seen)
        self.assertNotEqual(found["retries", "abort"]["state"], "CONFIRMED")
        self.assertEqual(found["fallback", "abort"]["class"], "fail_fast")
        self.assertEqual(found["blast_radius", "abort"]["affected"], 1)
        self.assertLess(found["recovery", "abort"]["first_success_s"], 1.5)
        # The same relation by the services of the configuration.
        file = os.path.join(self.folder, "run.conf")
        with open(file, "w", encoding="ascii") as f:
            f.write(self.text_with({}))
        self.assertEqual(self.verdict("-c", file)["breaker", "abort"], seen)
        # Without the relation it cannot be seen.
        self.assertEqual(self.verdict()["breaker", "abort"]["state"],
                         "NOT_OBSERVABLE")

    def test_a_service_without_any_reaction(self):
        found = self.run_with(plain, [ABORT], 3)
        self.assertEqual(found["retries", "abort"]["state"], "ABSENT")
        self.assertEqual(found["backoff", "abort"]["state"], "NOT_EXERCISED")
        self.assertIn(found["breaker", "abort"]["state"],
                      ("ABSENT", "INCONCLUSIVE"))
        self.assertEqual(found["amplification", "abort"]["state"], "ABSENT")
        self.assertNotIn(("timeout", "abort"), found)
        with tempfile.TemporaryDirectory() as folder:
            page = os.path.join(folder, "report.md")
            done = run("verdict", "--edge", "edge=api", "--report", page,
                       self.journal)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            with open(page, encoding="utf-8") as file:
                report = file.read()
        self.assertIn("bad: api: callers do not retry all that fails", report)
        self.assertIn("There was no load driver", report)

    def test_a_time_out_for_every_read(self):
        drip = fault("drip", pieces=10, duration="1s")
        found = self.run_with(impatient, [HANG, {"api": (drip,)}], 1,
                              rate=20)
        seen = found.decided("timeout", "hang")
        self.assertEqual(seen["state"], "CONFIRMED", seen)
        self.assertAlmostEqual(seen["after_s"], 0.3, delta=0.05)
        self.assertEqual(seen["kind"], "idle", seen)
        self.assertEqual(found["leaked_calls", "hang"]["state"], "ABSENT")

    def test_calls_that_go_on_without_anybody(self):
        found = self.run_with(leaking, [HANG], 1.5, rate=20)
        seen = found["leaked_calls", "hang"]
        self.assertEqual(seen["state"], "CONFIRMED", seen)
        self.assertAlmostEqual(seen["abandoned_after_s"], 0.3, delta=0.1)


class Reconnects(Scenario):
    def test_pauses_of_a_client_whose_connections_are_cut(self):
        server = self.serving()
        port = free_port()

        def text(*faults):
            return conf.text([route("db", port, server.port, *faults)])

        with tempfile.TemporaryDirectory() as folder:
            journal = os.path.join(folder, "journal")
            proxy = self.start(text(), journal=journal)
            for _ in range(5):
                proxy.reload(text(fault("down")))
                for k in range(4):
                    with self.assertRaises(ConnectionResetError), \
                            socket.create_connection(("127.0.0.1", port),
                                                     10) as conn:
                        conn.recv(1)
                    time.sleep(0.06 * 2 ** k)
                proxy.reload(text())
            proxy.stop()
            done = run("verdict", "--json", journal)
        found = [v for v in json.loads(done.stdout)["verdicts"]
                 if v["mech"] == "reconnect"]
        self.assertEqual(len(found), 1, done.stdout)
        if "own timers were late" in found[0]["why"]:
            self.skipTest(found[0]["why"])
        self.assertEqual(found[0]["state"], "CONFIRMED", found)
        self.assertEqual(found[0]["shape"], "exponential", found)
        self.assertAlmostEqual(found[0]["factor"], 2, delta=0.25)


class Windows(Scenario):
    def test_what_a_fault_does_at_once_does_not_come_before_it(self):
        server = self.serving()
        port, proxy, text = self.proxied(server.port)
        for n in range(10):
            with socket.create_connection(("127.0.0.1", port), 10) as conn:
                conn.sendall(b"x")
                self.assertEqual(conn.recv(1), b"x")
                proxy.reload(text(fault("down")))
                with self.assertRaises(ConnectionResetError):
                    conn.recv(1)
            proxy.reload(text())
            cut = proxy.wait_journal("its end", type="flow_close", flow=n)
            armed = proxy.wait_journal("the fault", type="fault_armed")
            self.assertLessEqual(armed[n]["ts_us"], cut[0]["ts_us"])


class Command(Scenario):
    def test_bad_input_is_told_with_its_place(self):
        head = '{"type":"journal","ts_us":0,"format":1}\n'
        for text, args, said in (
                ("hello\n", (), "line 1: "),
                (head + "{\n", (), "line 2: "),
                (head.replace(":1}", ":2}"), (), "format 2 is not known"),
                (head, ("--edge", "a=b"), 'the journal has no route "a"'),
                (head, ("--edge", "ab"), "expected ROUTE=DEP")):
            done = run("verdict", *args, "{}", text=text, suffix=".jsonl")
            self.assertEqual(done.returncode, 1)
            self.assertIn(said, done.stderr)
            self.assertEqual(done.stdout, "")

    def test_a_run_without_faults_has_no_verdicts(self):
        done = run("verdict", "{}", suffix=".jsonl",
                   text='{"type":"journal","ts_us":0,"format":1}\n')
        self.assertEqual(done.returncode, 0)
        self.assertIn("nothing to judge", done.stdout)

    def test_a_report_is_written_in_the_format_that_its_name_says(self):
        head = '{"type":"journal","ts_us":0,"format":1}\n'
        with tempfile.TemporaryDirectory() as folder:
            for name, begins in (("a.md", "# Experiment"),
                                 ("a.html", "<!DOCTYPE html>"),
                                 ("a.json", '{"schema":1,')):
                path = os.path.join(folder, name)
                done = run("verdict", "-r", path, "{}", text=head,
                           suffix=".jsonl")
                self.assertEqual(done.returncode, 0, done.stderr)
                with open(path, encoding="utf-8") as file:
                    self.assertTrue(file.read().startswith(begins))
            for name, said in (("a.pdf", "ends in .md, .html or .json"),
                               ("no/a.md", "No such file")):
                done = run("verdict", "-r", os.path.join(folder, name), "{}",
                           text=head, suffix=".jsonl")
                self.assertEqual(done.returncode, 1)
                self.assertIn(said, done.stderr)

    def test_a_fault_that_was_never_lifted_is_reported_so(self):
        text = ('{"type":"journal","ts_us":0,"format":1}\n'
                '{"type":"fault_armed","ts_us":1000000,"route":"r",'
                '"fault":"f","kind":"hang"}\n'
                '{"type":"flow_close","ts_us":9000000,"route":"r",'
                '"reason":"done","flow_type":"exchange","method":"GET",'
                '"duration_us":1000}\n')
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "a.json")
            done = run("verdict", "-r", path, "{}", text=text,
                       suffix=".jsonl")
            self.assertEqual(done.returncode, 0, done.stderr)
            with open(path, encoding="utf-8") as file:
                report = json.load(file)
        step = report["scenarios"][0]["faults"][0]
        self.assertEqual((step["armed_s"], step["lifted_s"]), (1, None))

    def test_one_journal_is_needed(self):
        self.assertEqual(run("verdict").returncode, 2)
        self.assertEqual(run("verdict", "a", "b").returncode, 2)
        self.assertEqual(run("verdict", "/nowhere").returncode, 1)


if __name__ == "__main__":
    unittest.main()
