# SPDX-License-Identifier: Apache-2.0
"""protocol = "mysql": every command of a real server is a flow of its own, cut
exactly before or after it is done, proved by reading back."""

import errno
import hashlib
import json
import os
import socket
import struct
import subprocess
import threading
import unittest

from harness import Scenario, Watch, fault, noise, run, wait_until
from harness.mywire import (AUTOCOMMIT, CAN, IN_TRANSACTION, LAST,
                            NO_COLUMNS, OK_AS_EOF, Connection, Failed, command, execute, prepare,
                            query)
from harness.peers import ForAll, find, mariadb

try:
    import pymysql
except ImportError:
    pymysql = None


class Mysql(Scenario):
    limit = 120

    @classmethod
    def setUpClass(cls):
        # One server for all: starting it takes longer than the tests.
        super().setUpClass()
        cls.peer = mariadb(ForAll(cls))
        cls.direct = Connection(ForAll(cls), cls.peer.port)
        cls.direct.ask("create database d; create table d.t (i int, b "
                       "longblob); create user p@'%' identified by 'secret'; "
                       "grant all on d.* to p@'%'")

    def setUp(self):
        self.port, self.proxy, self.text = self.proxied(
            self.peer.port, protocol="mysql")
        self.direct.ask("use d; truncate t")

    def connection(self, **options):
        c = Connection(self, self.port, **options)
        if options.get("hello", True):
            c.ask("use d")
        return c

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
            connection.answer()

    def cli(self, text, *options, tls="--skip-ssl"):
        return subprocess.run(
            [find(self, "mariadb"), "--no-defaults", "-h127.0.0.1",
             f"-P{self.port}", "-uroot", "-N", "--local-infile=1",
             "--skip-reconnect", tls,
             *options, "d"], input=text, capture_output=True, timeout=30,
            check=False, text=True)

    # --- COMMIT

    def simple(self, n):
        c = self.connection()
        c.ask("begin")
        c.ask(f"insert into t (i) values ({n})")
        c.send(query("commit"))
        return c

    def several(self, n):
        c = self.connection()
        c.send(query(f"begin; insert into t (i) values ({n}); commit"))
        return c

    def prepared(self, n):
        c = self.connection(can=CAN | OK_AS_EOF)
        commit = c.prepared("/* at the end */ COMMIT")
        c.ask("begin")
        c.ask(f"insert into t (i) values ({n})")
        c.send(execute(commit))
        return c

    def implied(self, n):
        c = self.connection()
        c.ask("set autocommit = 0")
        c.ask(f"insert into t (i) values ({n})")
        c.send(query("# all\n/*!40101 commit */"))
        return c

    def pipelined(self, n):
        c = self.connection()
        c.send(query("begin"), query(f"insert into t (i) values ({n})"))
        c.answer(), c.answer()
        c.send(query("commit"))
        return c

    WAYS = (simple, several, prepared, implied, pipelined)

    def test_before_commit_nothing_is_stored(self):
        self.arm(fault("reset_peer", at="before",
                       when={"command": "COMMIT"}))
        for n, way in enumerate(self.WAYS):
            with self.subTest(way=way.__name__):
                self.is_cut(way(self, n))
                self.closed(n + 1, commit=True)
                # Waits for the locks of the one that was cut off.
                self.direct.ask("lock tables t write; unlock tables")
                self.assertEqual(self.stored(), [])
        flows = self.closed(len(self.WAYS), commit=True)
        self.assertTrue(all(f["forwarded"] != "whole" and
                            f["answered"] == "none" for f in flows))
        self.assertEqual(flows[0]["transaction"], "open")

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
            c.answer()
            self.assertFalse(c.status & IN_TRANSACTION)
        self.assertEqual(self.stored(), [str(n) for n in
                                         range(len(self.WAYS))])
        flows = self.closed(len(self.WAYS), method="COMMIT")
        self.assertEqual({f["delivered"] for f in flows}, {"whole"})

    def test_clients_hear_of_no_commit_either_way(self):
        for at, stored in (("before", []), ("after", ["7", "8"])):
            self.arm(fault("reset_peer", at=at, when={"command": "COMMIT"}))
            done = self.cli("begin; insert into t (i) values (7);"
                            "select 'inserted'; commit; select 'told';")
            self.assertEqual(done.stdout, "inserted\n")
            self.assertRegex(done.stderr, "ERROR 20(06|13)")
            if pymysql is not None:
                c = self.pymysql()
                c.cursor().execute("insert into t (i) values (%s)", (8,))
                with self.assertRaises(pymysql.err.OperationalError):
                    c.commit()
            elif at == "after":
                self.direct.ask("insert into t (i) values (8)")
            self.assertEqual(self.stored(), stored)

    def pymysql(self, **options):
        c = pymysql.connect(host="127.0.0.1", port=self.port, user="p",
                            password="secret", database="d", **options)
        self.addCleanup(lambda: c.open and c.close())
        return c

    # --- what a verdict says, and what reading back finds

    def test_commits_in_doubt_are_counted_and_read_back(self):
        self.arm(fault("reset_peer", at="after", every=4,
                       when={"command": "COMMIT"}))
        acked = []
        for n in range(12):
            c = self.simple(n)
            try:
                c.answer()
                acked.append(str(n))
            except ConnectionResetError:
                pass
        self.closed(12, method="COMMIT")
        self.assertEqual(len(acked), 9)
        self.assertEqual(len(self.stored()), 12)
        verdicts = json.loads(run("verdict", "--json",
                                  self.proxy.journal_path).stdout)
        v = [v for v in verdicts["verdicts"] if v["mech"] == "data_loss"][0]
        self.assertEqual([v[k] for k in ("state", "acked", "ambiguous", "cut",
                                         "commits_in_doubt")],
                         ["CONFIRMED", 9, 3, 0, 3])

    # --- which command

    def test_prepared_statements_are_known_by_their_words(self):
        c = self.connection()
        insert = c.prepared("insert into t (i, b) values (?, ?)")
        select = c.prepared("select i from t where i = ?")
        self.arm(fault("reset_peer", at="after",
                       when={"command": "INSERT"}))
        c.send(execute(select, 1))
        self.assertEqual(c.answer(), [[]])
        # The value comes ahead, and is answered by nothing.
        c.send(command(0x18, struct.pack("<IH", insert, 1) + b"long"))
        c.send(command(0x19, struct.pack("<I", select)), command(0x0e))
        c.ok(c.receive())
        c.send(execute(insert, 1, b""))
        self.is_cut(c)
        self.assertEqual(self.stored(), ["1"])
        self.assertEqual(self.closed(method="INSERT")[0]["stores"], True)
        for name in ("PREPARE", "SEND_LONG_DATA", "CLOSE", "PING", "SELECT"):
            self.closed(method=name)

    def test_a_number_that_is_not_waited_for(self):
        self.arm(fault("reset_peer", at="before",
                       when={"command": "INSERT"}))
        c = self.connection()
        c.send(prepare("insert into t (i) values (3)"),
               execute(0xffffffff))
        with self.assertRaises(ConnectionResetError):
            c.numbered()
            c.answer()
        self.assertEqual(self.stored(), [])

    def test_other_commands_are_left_alone(self):
        self.arm(fault("reset_peer", when={"command": "~^(DELETE|DROP)$"}),
                 fault("latency", latency="120ms", at="before",
                       when={"command": "SELECT"}))
        c = self.connection()
        watch = Watch()
        c.ask("insert into t (i) values (1)")
        c.ask("/* delete */ insert into t (b) values ('\\'; drop x') -- drop")
        self.assertLess(watch.seconds(), 0.1)
        self.assertEqual(c.ask("select count(*) from t"), [[["2"]]])
        self.assert_took(watch.seconds(), 0.12, 3)
        c.send(query("delete from t"))
        self.is_cut(c)

    def test_errors_and_transactions_are_told(self):
        c = self.connection()
        for sql, code in (("select x", "42S22"), ("insert into t (i) values "
                                                  "((select 1 union select "
                                                  "2))", "21000"),
                          ("signal sqlstate '45000'", "45000"),
                          ("select 1; select x; select 2", "42S22")):
            with self.assertRaises(Failed) as failed:
                c.ask(sql)
            self.assertEqual(failed.exception.args[1], code)
        c.ask("set max_statement_time = 0.1")
        with self.assertRaises(Failed):
            c.ask("select sleep(20), benchmark(1e12, 1)")
        c.ask("set max_statement_time = 0")
        c.ask("set autocommit = 0")
        self.assertFalse(c.status & AUTOCOMMIT)
        c.ask("insert into t (i) values (1)")
        c.ask("rollback")
        self.assertEqual([f["transaction"] for f in
                          self.closed(2, method="INSERT")], ["none", "open"])
        codes = [f.get("code") for f in self.closed(3, method="SELECT")]
        self.assertEqual(codes, ["42S22", "42S22", "70100"])

    def test_locks_that_are_waited_for_too_long_are_the_servers_state(self):
        a, b = self.connection(), self.connection()
        a.ask("insert into t (i) values (1)")
        a.ask("begin; update t set i = 2")
        with self.assertRaises(Failed):
            b.ask("select i from t for update nowait")
        self.closed(method="SELECT", code="E1205")

    # --- logging in

    def test_logging_in_is_a_command(self):
        self.arm(fault("latency", latency="150ms",
                       when={"command": "STARTUP"}))
        watch = Watch()
        c = Connection(self, self.port, plugin=b"caching_sha2_password")
        self.assertTrue(c.switched)
        self.assert_took(watch.seconds(), 0.15, 5)
        watch = Watch()
        c.ask("select 1")
        # Another user on the same connection, with a plugin of its own.
        c.send(command(0x11, b"root\0\0d\0\x21\0other\0"))
        c.proves()
        self.assertEqual(c.ask("select database()"), [[["d"]]])
        self.assertLess(watch.seconds(), 0.12)
        with self.assertRaises(Failed):
            Connection(self, self.port, user="p")
        flows = self.closed(2, method="STARTUP")
        self.assertEqual([f.get("code") for f in flows], [None, "28000"])
        self.assertEqual(self.closed(method="PUSH")[0]["reason"], "done")

    @unittest.skipIf(pymysql is None, "python3-pymysql is not installed")
    def test_a_library_works_through_faults(self):
        self.arm(fault("slicer", average_size=7, size_variation=5),
                 fault("latency", latency="1ms", stream="both"))
        with self.pymysql(local_infile=True) as c, c.cursor() as at:
            at.executemany("insert into t values (%s, %s)",
                           [(i, b"\0\xff'\\\n" * i) for i in range(20)])
            c.commit()
            c.ping()
            c.select_db("d")
            at.execute("select * from t order by i")
            self.assertEqual(at.fetchall(), tuple(
                (i, b"\0\xff'\\\n" * i) for i in range(20)))
        self.closed(method="COMMIT", delivered="whole")
        self.closed(method="PING")

    # --- answers

    def test_all_answers_are_followed(self):
        self.direct.ask("create or replace procedure two() begin select 1; "
                        "select 2; end")
        self.arm(fault("reset_peer", at="after", when={"command": "DROP"}))
        for can in (CAN, CAN | OK_AS_EOF, CAN | NO_COLUMNS,
                    CAN | NO_COLUMNS | OK_AS_EOF):
            c = self.connection(can=can)
            self.assertEqual(c.ask("call two(); select 3; set @a = 1"),
                             [[["1"]], [["2"]], [], [["3"]], []])
            two = c.prepared("call two()")
            one = c.prepared("select i from t where i = ?")
            c.send(execute(two), execute(one, 1), execute(one, 2))
            self.assertEqual(len(c.answer()), 3)
            self.assertEqual(c.answer() + c.answer(), [[], []])
            self.assertEqual(c.left_out, bool(can & NO_COLUMNS))
            c.send(command(4, b"t\0"))
            self.assertEqual(len(c.rows()), 2)
            c.send(command(9))
            self.assertTrue(c.receive().startswith(b"Uptime"))
            c.send(command(0x0a))
            self.assertGreater(len(c.answer()[0]), 0)
            c.send(command(2, b"d"), command(0x1b, b"\0\0"), command(0x0d),
                   command(0x1f), query("use d"), query(""))
            for _ in range(5):
                c.ok(c.receive())
            with self.assertRaises(Failed):
                c.answer()
            self.fetched(c)
            c.send(query("drop table if exists nothing"))
            self.is_cut(c)
        self.closed(2, method="DROP")
        names = {f.get("method") for f in self.closed()}
        self.assertLessEqual({
            "CALL", "FIELD_LIST", "STATISTICS", "PROCESS_INFO", "INIT_DB",
            "SET_OPTION", "DEBUG", "RESET_CONNECTION", "USE", "QUERY",
            "SELECT", "FETCH", "STMT_RESET"}, names)

    def fetched(self, c):
        """Through a cursor, two rows at a time."""
        n = c.prepared("select 1 union all select 2 union all select 3")
        c.send(execute(n, cursor=True))
        self.assertEqual(c.answer(), [[]])
        got = 0
        while not c.status & LAST:
            c.send(command(0x1c, struct.pack("<II", n, 2)))
            got += len(c.rows())
        self.assertEqual(got, 3)
        c.send(command(0x1a, struct.pack("<I", n)))
        c.ok(c.receive())

    def test_rows_and_values_of_many_packets(self):
        value = noise(17 << 20)
        want = hashlib.sha256(value).digest()
        c = self.connection(can=CAN | OK_AS_EOF)
        c.send(execute(c.prepared("insert into t (b) values (?)"), value))
        c.answer()
        for faults in ((), (fault("latency", latency="2ms"),)):
            self.arm(*faults)
            c.send(query("select b, i from t"))
            row = c.answer()[0][0]
            self.assertEqual(row[:1], b"\xfe")
            self.assertEqual(hashlib.sha256(row[9:-1]).digest(), want)
        self.assertEqual({f["delivered"] for f in
                          self.closed(1, method="INSERT")}, {"whole"})

    def test_files_that_the_server_asks_for(self):
        path = os.path.join(self.proxy.dir, "file")
        with open(path, "w", encoding="ascii") as f:
            f.writelines(f"{i}\n" for i in range(50_000))
        load = f"load data local infile '{path}' into table t (i);"
        done = self.cli(load + "select count(*) from t;")
        self.assertEqual(done.stdout, "50000\n", done.stderr)
        c = self.connection()
        c.send(query(load + "select 1; " + load))
        self.assertEqual(len(c.answer(file=[b"1\n2\n", b"3\n"])), 3)
        # What is asked for behind it is no part of the file.
        c.send(query("load data infile '/nowhere' into table t"),
               query("select 5"))
        with self.assertRaises(Failed):
            c.answer()
        self.assertEqual(c.answer(), [[b"\x015"]])
        # Nobody can tell that this one wants a file: it is another command.
        c.send(query(f"execute immediate \"{load}\""))
        c.answer(file=[b"4\n"])
        self.assertEqual(c.ask("select 6"), [[["6"]]])
        flows = self.closed(3, method="LOAD")
        self.assertEqual(flows[0]["forwarded"], "whole")
        self.arm(fault("limit_data", bytes=100_000, stream="upstream",
                       when={"command": "LOAD"}))
        self.direct.ask("truncate t")
        self.assertNotEqual(self.cli(load).returncode, 0)
        self.assertEqual(self.stored(), [])

    def test_many_queries_at_once_are_answered_in_order(self):
        c = self.connection()
        n = 3000
        sender = threading.Thread(target=c.send, args=[
            query(f"select {i}") for i in range(n)])
        sender.start()
        for i in range(n):
            self.assertEqual(c.answer()[0][0][1:], str(i).encode())
        sender.join()

    # --- what is not understood

    def opaque(self, what):
        self.assertEqual([e["what"] for e in self.proxy.wait_journal(
            "the event", type="opaque")], [what])

    def test_compression_is_a_tunnel(self):
        done = self.cli("select repeat('x', 1000);"
                        "show status like 'Compression'", "--compress")
        self.assertIn("Compression\tON", done.stdout)
        self.opaque("compressed")

    def test_replication_is_a_tunnel(self):
        c = self.connection()
        c.send(command(0x12, struct.pack("<IHI", 4, 0, 7) + b"no-such"))
        with self.assertRaises(Failed):
            c.ok(c.receive())
        self.opaque("stream")

    def test_encryption_is_a_tunnel(self):
        done = self.cli("show status like 'Ssl_version'", tls="--ssl")
        self.assertRegex(done.stdout, "TLSv1")
        self.opaque("tls")

    def test_half_close_and_hostile_bytes(self):
        for said in (b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\0\1\0",
                     b"\0" * 8, b"\xff" * 64, b"\x05\0\0\1abcde" * 3):
            for logged_in in (False, True):
                c = self.connection(hello=logged_in)
                c.socket.sendall(said)
                # The server may have reset it by then.
                try:
                    c.socket.shutdown(socket.SHUT_WR)
                    while c.socket.recv(1 << 16):
                        pass
                except OSError as e:
                    self.assertIn(e.errno, (errno.ECONNRESET,
                                            errno.ENOTCONN))
        c = self.connection()
        c.send(query("select 5"))
        c.socket.shutdown(socket.SHUT_WR)
        self.assertEqual(c.answer(), [[b"\x015"]])
        with self.assertRaises(EOFError):
            c.receive()

    def test_a_server_that_turns_clients_away_is_told(self):
        server = self.serving(lambda conn: conn.send(
            b"\x17\0\0\0\xff\x10\x04Too many connections"))
        port, proxy, _ = self.proxied(server.port, protocol="mysql")
        c = Connection(self, port, hello=False)
        self.assertEqual(c.receive()[3:], b"Too many connections")
        event = proxy.wait_journal("the push", type="flow_close",
                                   method="PUSH")[0]
        self.assertEqual(event["code"], "08004")

    def test_a_slow_reader_holds_nobody_else(self):
        c = self.connection()
        c.send(query("select repeat('x', 1000) from seq_1_to_60000"))
        other = self.connection()
        watch = Watch()
        for _ in range(50):
            other.ask("select 1")
        self.assertLess(watch.seconds(), 5)
        self.assertEqual(len(c.answer()[0]), 60_000)


if __name__ == "__main__":
    unittest.main()
