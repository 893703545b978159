# SPDX-License-Identifier: Apache-2.0
"""protocol = "postgres": every query of a real server is a flow of its own,
cut exactly before or after it is done, proved by reading back."""

import hashlib
import json
import os
import shutil
import socket
import struct
import subprocess
import tempfile
import threading
import time
import unittest

from harness import Scenario, Watch, fault, run, wait_until
from harness.peers import postgres, psql
from harness.pgwire import (FLUSH, SYNC, Connection, bind, execute, message,
                            parse, query)

ROWS = 600_000


class ForAll:
    """What a peer asks of its test, for all tests of a class."""

    def __init__(self, cls):
        self.addCleanup = cls.addClassCleanup

    def skipTest(self, reason):
        raise unittest.SkipTest(reason)


class Postgres(Scenario):
    limit = 120

    @classmethod
    def setUpClass(cls):
        # One cluster for all: starting it takes longer than the tests.
        super().setUpClass()
        cls.peer = postgres(ForAll(cls))

    def setUp(self):
        self.port, self.proxy, self.text = self.proxied(
            self.peer.port, protocol="postgres")
        self.direct = Connection(self, self.peer.port)
        self.direct.ask("drop table if exists t; create table t (i int)")

    def connection(self, **options):
        return Connection(self, self.port, **options)

    def arm(self, *faults):
        self.proxy.reload(self.text(*faults))

    def stored(self):
        return [row[0] for row in self.direct.ask(
            "select i from t order by i")[0]]

    def closed(self, least=1, **fields):
        def found():
            got = [e for e in self.proxy.journal()
                   if e["type"] == "flow_close" and
                   all(e.get(k) == v for k, v in fields.items())]
            return got if len(got) >= least else None
        return wait_until(found, what=f"flows with {fields}")

    def is_cut(self, connection):
        with self.assertRaises(ConnectionResetError):
            connection.until(b"Z")

    # --- COMMIT

    def simple(self, n):
        c = self.connection()
        c.ask("begin")
        c.ask(f"insert into t values ({n})")
        c.send(query("commit"))
        return c

    def several(self, n):
        c = self.connection()
        c.send(query(f"begin; insert into t values ({n}); end"))
        return c

    def extended(self, n):
        c = self.connection()
        c.ask("begin")
        c.ask(f"insert into t values ({n})")
        c.send(parse("commit"), bind(), execute(), SYNC)
        return c

    def prepared(self, n):
        c = self.connection()
        c.send(parse("COMMIT", "S_1"), SYNC)
        c.until(b"Z")
        c.ask("begin")
        c.ask(f"insert into t values ({n})")
        c.send(bind("S_1", "C_1"), execute("C_1"), SYNC)
        return c

    def pipelined(self, n):
        c = self.connection()
        c.send(parse("begin"), bind(), execute(),
               parse(f"insert into t values ({n})"), bind(), execute(), FLUSH)
        # The server has worked on it before COMMIT is sent.
        kinds = [k for k, _ in c.until(b"C") + c.until(b"C")]
        self.assertNotIn(b"E", kinds)
        c.send(parse("commit"), bind(), execute(), SYNC)
        return c

    WAYS = (simple, several, extended, prepared, pipelined)

    def test_before_commit_nothing_is_stored(self):
        self.arm(fault("reset_peer", at="before",
                       when={"command": "COMMIT"}))
        for n, way in enumerate(self.WAYS):
            with self.subTest(way=way.__name__):
                self.is_cut(way(self, n))
                time.sleep(0.05)
                self.assertEqual(self.stored(), [])
        flows = self.closed(len(self.WAYS), method="COMMIT")
        self.assertEqual({f["answered"] for f in flows
                          if f["forwarded"] == "none"}, {"none"})
        self.assertEqual(flows[0]["transaction"], "open")
        self.assertTrue(all(f["forwarded"] != "whole" for f in flows))

    def test_after_commit_it_is_stored_and_nobody_is_told(self):
        self.arm(fault("reset_peer", at="after",
                       when={"command": "COMMIT"}))
        for n, way in enumerate(self.WAYS):
            with self.subTest(way=way.__name__):
                self.is_cut(way(self, n))
                self.assertEqual(self.stored(),
                                 [str(i) for i in range(n + 1)])
        flows = self.closed(len(self.WAYS), method="COMMIT")
        for f in flows:
            self.assertEqual((f["forwarded"], f["answered"], f["commit"],
                              f["reason"]), ("whole", "whole", True, "fault"))
            self.assertNotEqual(f["delivered"], "whole")

    def test_without_the_fault_all_ways_commit(self):
        for n, way in enumerate(self.WAYS):
            c = way(self, n)
            self.assertEqual(c.answer()[1], "I")
        self.assertEqual(self.stored(), [str(n) for n in
                                         range(len(self.WAYS))])
        flows = self.closed(len(self.WAYS), method="COMMIT")
        self.assertEqual({f["delivered"] for f in flows}, {"whole"})

    def test_psql_hears_of_no_commit_either_way(self):
        for at, stored in (("before", []), ("after", ["7"])):
            self.arm(fault("reset_peer", at=at, when={"command": "COMMIT"}))
            done = subprocess.run(
                [os.path.join(self.peer.tools, "psql"), "-X", "-h",
                 "127.0.0.1", "-p", str(self.port), "-U", "postgres"],
                input="begin;\ninsert into t values (7);\ncommit;\n",
                capture_output=True, timeout=30, check=False, text=True,
                env={**os.environ, "PGSSLMODE": "disable"})
            self.assertIn("INSERT 0 1", done.stdout)
            self.assertNotIn("COMMIT", done.stdout)
            self.assertIn("closed the connection", done.stderr)
            self.assertEqual(self.stored(), stored)

    # --- what a verdict says, and what reading back finds

    def write_until(self, n, every):
        """Writes ids by transactions; what it was told of each."""
        told = {}
        for i in range(n):
            c = self.connection()
            c.ask("begin")
            c.ask(f"insert into t values ({i})")
            try:
                c.send(query("commit"))
                told[i] = c.answer()[1] == "I"
            except (ConnectionError, EOFError):
                told[i] = False
            c.socket.close()
        self.assertEqual(sum(not ok for ok in told.values()), n // every)
        return told

    def verdict(self):
        verdicts = wait_until(lambda: [
            v for v in json.loads(run("verdict", "--json",
                                      self.proxy.journal_path).stdout)
            ["verdicts"] if v["mech"] == "data_loss"], what="the verdict")
        self.assertEqual(len(verdicts), 1)
        return verdicts[0]

    def test_commits_in_doubt_are_counted_and_read_back(self):
        for at, ambiguous, cut in (("before", 0, 4), ("after", 4, 0)):
            with self.subTest(at=at):
                self.direct.ask("truncate t")
                port, proxy, text = self.proxied(self.peer.port,
                                                 protocol="postgres")
                self.port, self.proxy, self.text = port, proxy, text
                self.arm(fault("reset_peer", at=at, every=5,
                               when={"command": "COMMIT"}))
                told = self.write_until(20, 5)
                self.closed(20, method="COMMIT")
                stored = {int(i) for i in self.stored()}
                acked = {i for i, ok in told.items() if ok}
                doubted = set(told) - acked
                self.assertEqual(acked - stored, set())
                self.assertEqual(len(doubted & stored), ambiguous)
                v = self.verdict()
                self.assertEqual(
                    [v[k] for k in ("state", "acked", "ambiguous", "cut",
                                    "commits_in_doubt")],
                    ["CONFIRMED" if ambiguous else "ABSENT", 16, ambiguous,
                     cut, ambiguous])

    # --- which command

    def test_other_commands_are_left_alone(self):
        self.arm(fault("reset_peer", when={"command": "~^(DELETE|DROP)$"}),
                 fault("latency", latency="600ms", at="before",
                       when={"command": "SELECT"}))
        c = self.connection()
        watch = Watch()
        c.ask("insert into t values (1)")
        c.ask("/* delete */ insert into t values (2) -- drop")
        self.assertLess(watch.seconds(), 0.6)
        self.assertEqual(c.ask("select count(*) from t")[0], [["2"]])
        self.assert_took(watch.seconds(), 0.6, 10)
        c.send(query("delete from t"))
        self.is_cut(c)

    def test_errors_and_transactions_are_told(self):
        c = self.connection()
        self.assertEqual(c.ask("select 1/0")[0], ["error"])
        c.ask("begin")
        c.ask("select x")
        self.assertEqual(c.ask("rollback")[1], "I")
        flow = self.closed(method="ROLLBACK")[0]
        self.assertEqual(flow["transaction"], "failed")
        codes = [f.get("code") for f in self.closed(2, method="SELECT")]
        self.assertEqual(codes, ["22012", "42703"])
        self.assertEqual(self.closed(method="STARTUP")[0]["reason"], "done")

    def test_logging_in_is_a_command(self):
        self.arm(fault("latency", latency="150ms",
                       when={"command": "STARTUP"}))
        watch = Watch()
        c = self.connection()
        self.assert_took(watch.seconds(), 0.15, 10)
        self.assert_takes(
            lambda: Watch.over(lambda: c.ask("select 1")), 0, 0.12)

    # --- bytes

    def test_copy_of_many_rows_is_the_same(self):
        rows = "".join(f"{i}\n" for i in range(ROWS)).encode()
        want = hashlib.sha256(rows).hexdigest()
        for faults in ((), (fault("slicer", average_size=30_000,
                                  size_variation=20_000),
                            fault("latency", latency="2ms", jitter="1ms",
                                  stream="both"))):
            self.arm(*faults)
            c = self.connection()
            c.ask("truncate t")
            c.send(query("copy t from stdin"))
            self.assertEqual(c.receive()[0], b"G")
            for at in range(0, len(rows), 70_000):
                c.send(message(b"d", rows[at:at + 70_000]))
            c.send(message(b"c"))
            self.assertEqual(c.answer()[1], "I")
            c.send(query("copy t to stdout"))
            got = hashlib.sha256()
            for kind, body in c.until(b"Z"):
                if kind == b"d":
                    got.update(body)
            self.assertEqual(got.hexdigest(), want)
            self.assertEqual(c.ask("select 1")[0], [["1"]])
        flows = self.closed(4, method="COPY")
        self.assertEqual({f["delivered"] for f in flows}, {"whole"})

    def test_copy_in_the_extended_protocol(self):
        c = self.connection()
        c.send(parse("copy t from stdin"), bind(), execute(), SYNC)
        self.assertEqual(c.until(b"G")[-1][0], b"G")
        c.send(message(b"d", b"1\n2\n"), message(b"c"), SYNC)
        self.assertEqual(c.answer()[1], "I")
        self.arm(fault("reset_peer", at="before",
                       when={"command": "SELECT"}))
        c.send(query("select 1"))
        self.is_cut(c)
        self.assertEqual(self.stored(), ["1", "2"])

    def test_a_copy_is_cut_in_its_midst(self):
        self.arm(fault("limit_data", bytes=300_000, stream="upstream",
                       when={"command": "COPY"}))
        c = self.connection()
        c.send(query("copy t from stdin"))
        c.receive()
        with self.assertRaises((ConnectionError, EOFError)):
            for _ in range(200):
                c.send(message(b"d", b"1\n" * 5000))
            c.send(message(b"c"))
            c.until(b"Z")
        self.assertEqual(self.stored(), [])
        flow = self.closed(method="COPY")[0]
        self.assertEqual(flow["bytes_up"], 300_000)
        self.assertEqual(flow["forwarded"], "some")

    def test_many_queries_at_once_are_answered_in_order(self):
        c = self.connection()
        n = 3000
        c.send(*[query(f"select {i}") for i in range(n)])
        for i in range(n):
            self.assertEqual(c.answer()[0], [[str(i)]])

    # --- beside queries

    def test_notifications_are_pushes(self):
        c = self.connection()
        c.ask("listen here")
        self.arm(fault("latency", latency="120ms",
                       when={"command": "PUSH"}))
        watch = Watch()
        self.direct.ask("notify here, 'text'")
        kind, body = c.receive()
        self.assertEqual((kind, body[4:]), (b"A", b"here\0text\0"))
        self.assert_took(watch.seconds(), 0.12, 10)
        self.assertEqual(c.ask("select 1")[0], [["1"]])

    def test_cancel_requests_arrive(self):
        c = self.connection()
        c.send(query("select pg_sleep(30)"))
        time.sleep(0.2)
        other = self.connection(hello=False)
        other.send(struct.pack("!II", 16, 80877102) + c.key)
        watch = Watch()
        self.assertEqual(c.answer()[0], ["error"])
        self.assertLess(watch.seconds(), 10)
        other.socket.close()
        self.assertEqual(self.closed(code="57014")[0]["method"], "SELECT")
        self.closed(method="CANCEL")

    def test_a_server_that_dies_is_told(self):
        c = self.connection()
        pid = c.ask("select pg_backend_pid()")[0][0][0]
        self.direct.ask(f"select pg_terminate_backend({pid})")
        self.assertEqual(c.receive()[0], b"E")
        with self.assertRaises((EOFError, ConnectionError)):
            c.receive()
        self.assertEqual(self.closed(method="PUSH")[0]["code"], "57P01")

    def test_its_own_benchmark_runs_through_faults(self):
        bench = os.path.join(self.peer.tools, "pgbench")
        base = [bench, "-h", "127.0.0.1", "-p", str(self.port), "-U",
                "postgres"]
        self.arm(fault("latency", latency="200us", jitter="100us"),
                 fault("latency", latency="300us", at="after", name="late",
                       when={"command": "UPDATE"}))
        for args in (["-i", "-q", "postgres"],
                     ["-c", "3", "-t", "60", "-M", "simple", "postgres"],
                     ["-c", "3", "-t", "60", "-M", "extended", "postgres"],
                     ["-c", "3", "-t", "60", "-M", "prepared", "postgres"]):
            done = subprocess.run(
                base + args, stdin=subprocess.DEVNULL, capture_output=True,
                timeout=60, check=False, text=True,
                env={**os.environ, "PGSSLMODE": "disable"})
            self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("number of failed transactions: 0", done.stdout)

    # --- encryption

    @staticmethod
    def certificate(folder):
        key, cert = (os.path.join(folder, name)
                     for name in ("server.key", "server.crt"))
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=pg", "-keyout",
             key, "-out", cert], check=True, capture_output=True)
        return key, cert

    def test_encryption_that_the_server_takes_up_is_a_tunnel(self):
        key, cert = self.certificate(os.path.join(self.peer.dir, "data"))
        owner = os.stat(os.path.dirname(key))
        for path in (key, cert):
            os.chown(path, owner.st_uid, owner.st_gid)
            os.chmod(path, 0o600)
        self.direct.ask("alter system set ssl = on")
        self.direct.ask("select pg_reload_conf()")
        self.addCleanup(psql, self.peer, self.peer.port,
                        "select pg_reload_conf()")
        self.addCleanup(psql, self.peer, self.peer.port,
                        "alter system set ssl = off")
        self.arm(fault("reset_peer", at="before",
                       when={"command": "SELECT"}))
        env = {**os.environ, "PGSSLMODE": "require"}

        def secret():
            return subprocess.run(
                [os.path.join(self.peer.tools, "psql"), "-X", "-A", "-t",
                 "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres",
                 "-c", "select 'secret' where exists (select 1 from "
                 "pg_stat_ssl where ssl and pid = pg_backend_pid())"],
                capture_output=True, text=True, timeout=30, check=False,
                env=env, stdin=subprocess.DEVNULL).stdout.strip()

        wait_until(lambda: secret() == "secret", what="TLS of the server")
        event = self.proxy.wait_journal("the event", type="opaque")[0]
        self.assertEqual((event["route"], event["what"]), ("r", "tls"))
        self.speaks_tls_with_the_server()

    def speaks_tls_with_the_server(self):
        port, proxy, text = self.proxied(
            self.peer.port, protocol="postgres",
            upstream_tls={"verify": False})
        proxy.reload(text(fault("reset_peer", at="after",
                                when={"command": "COMMIT"})))
        c = Connection(self, port)
        self.assertEqual(c.ask("select ssl from pg_stat_ssl where pid = "
                               "pg_backend_pid()")[0], [["t"]])
        c.ask("begin")
        c.ask("insert into t values (11)")
        c.send(query("commit"))
        self.is_cut(c)
        self.assertEqual(self.stored(), ["11"])

    def test_a_server_without_tls_is_told(self):
        for serve, why in ((b"N", "takes no TLS"), (b"", "takes no TLS")):
            server = self.serving(lambda conn, s=serve: (
                conn.recv(8), conn.send(s)))
            port, proxy, _ = self.proxied(
                server.port, protocol="postgres",
                upstream_tls={"verify": False})
            c = Connection(self, port, hello=False)
            with self.assertRaises((EOFError, ConnectionError)):
                c.receive()
            self.assertIn(why, proxy.wait_log("upstream_tls_failed")[0]
                          ["error"])

    def test_commands_are_seen_where_the_route_speaks_tls(self):
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder)
        key, cert = self.certificate(folder)
        port, proxy, text = self.proxied(
            self.peer.port, protocol="postgres",
            tls={"certificate": cert, "key": key})
        proxy.reload(text(fault("reset_peer", at="after",
                                when={"command": "COMMIT"})))
        env = {**os.environ, "PGSSLMODE": "require"}
        done = subprocess.run(
            [os.path.join(self.peer.tools, "psql"), "-X", "-h", "127.0.0.1",
             "-p", str(port), "-U", "postgres"],
            input="\\conninfo\nbegin;\ninsert into t values (9);\ncommit;\n",
            capture_output=True, timeout=30, check=False, text=True, env=env)
        self.assertIn("TLSv1.3", done.stdout)
        self.assertNotIn("COMMIT", done.stdout)
        self.assertEqual(self.stored(), ["9"])
        # Who does not ask for it is turned away.
        other = Connection(self, port, hello=False)
        other.send(other.startup("postgres"))
        with self.assertRaises((EOFError, ConnectionError)):
            other.receive()

    def test_half_close_and_hostile_bytes(self):
        for said in (b"GET / HTTP/1.1\r\n\r\n", b"\0\0\0\x04", b"\0" * 8,
                     struct.pack("!II", 9, 196608) + b"x"):
            c = self.connection(hello=False)
            c.send(said)
            c.socket.shutdown(socket.SHUT_WR)
            try:
                while c.socket.recv(1 << 16):
                    pass
            except ConnectionResetError:
                pass
        c = self.connection()
        c.send(query("select 5"))
        c.socket.shutdown(socket.SHUT_WR)
        self.assertEqual(c.answer()[0], [["5"]])
        with self.assertRaises(EOFError):
            c.receive()

    def test_a_slow_reader_holds_nobody_else(self):
        c = self.connection()
        c.send(query("select repeat('x', 1000) from "
                     "generate_series(1, 60000)"))
        other = self.connection()
        watch = Watch()
        for _ in range(50):
            other.ask("select 1")
        self.assertLess(watch.seconds(), 5)
        done = []
        reader = threading.Thread(target=lambda: done.append(
            len(c.answer()[0])))
        reader.start()
        reader.join(60)
        self.assertEqual(done, [60_000])


if __name__ == "__main__":
    unittest.main()
