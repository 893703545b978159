# SPDX-License-Identifier: Apache-2.0
"""protocol = "redis": every command of a real server is a flow of its own,
and what is no command passes unharmed."""

import os
import random
import socket
import threading
import time
import unittest

from harness import Scenario, Watch, fault, wait_until
from harness.peers import redis


def command(*words):
    words = [w if isinstance(w, bytes) else str(w).encode() for w in words]
    return b"*%d\r\n" % len(words) + b"".join(
        b"$%d\r\n%s\r\n" % (len(w), w) for w in words)


class Client:
    def __init__(self, test, port):
        self.socket = socket.create_connection(("127.0.0.1", port), 30)
        test.addCleanup(self.socket.close)
        self.buffer = b""

    def send(self, *data):
        self.socket.sendall(b"".join(data))

    def more(self):
        got = self.socket.recv(1 << 18)
        if not got:
            raise EOFError
        self.buffer += got

    def take(self, n):
        while len(self.buffer) < n:
            self.more()
        out, self.buffer = self.buffer[:n], self.buffer[n:]
        return out

    def line(self):
        while b"\r\n" not in self.buffer:
            self.more()
        at = self.buffer.index(b"\r\n")
        return self.take(at + 2)[:-2]

    def value(self):
        line = self.line()
        kind, rest = line[:1], line[1:]
        if kind in b"$=":
            n = int(rest)
            return None if n < 0 else self.take(n + 2)[:-2]
        if kind in b"*>~":
            return [self.value() for _ in range(int(rest))]
        if kind == b"%":
            return [self.value() for _ in range(2 * int(rest))]
        return line

    def do(self, *words):
        self.send(command(*words))
        return self.value()


class Redis(Scenario):
    limit = 90

    def setUp(self):
        self.peer = redis(self)
        self.port, self.proxy, self.text = self.proxied(
            self.peer.port, protocol="redis")
        self.direct = Client(self, self.peer.port)

    def client(self):  # pylint: disable=arguments-differ
        return Client(self, self.port)

    def arm(self, *faults):
        self.proxy.reload(self.text(*faults))

    def closed(self, least=1, **fields):
        def found():
            got = [e for e in self.proxy.journal()
                   if e["type"] == "flow_close" and
                   all(e.get(k) == v for k, v in fields.items())]
            return got if len(got) >= least else None
        return wait_until(found, what=f"flows with {fields}")

    def test_commands_are_flows_of_their_own(self):
        c = self.client()
        self.assertEqual(c.do("SET", "k", "v"), b"+OK")
        self.assertEqual(c.do("GET", "k"), b"v")
        self.assertEqual(c.do("INCR", "k")[:1], b"-")
        c.send(b"get k\r\n", command("MULTI"), command("SET", "k", "w"),
               command("EXEC"))
        self.assertEqual([c.value() for _ in range(4)],
                         [b"v", b"+OK", b"+QUEUED", [b"+OK"]])
        flows = self.closed(7, flow_type="exchange")
        self.assertEqual([f["method"] for f in flows],
                         ["SET", "GET", "INCR", "GET", "MULTI", "SET",
                          "EXEC"])
        self.assertEqual([f["flow"] for f in flows], list(range(7)))
        failed = flows[2]
        self.assertTrue(failed["failed"])
        self.assertEqual(failed["code"], "ERR")
        self.assertEqual([f["transaction"] for f in flows[4:]],
                         ["none", "open", "open"])
        self.assertTrue(flows[6]["commit"])
        self.assertEqual(flows[1]["bytes_down"], len(b"$1\r\nv\r\n"))
        self.assertTrue(all(f["delivered"] == "whole" for f in flows))

    def cut(self, client, *words):
        """The command is met by a reset."""
        client.send(command(*words))
        with self.assertRaises(ConnectionResetError):
            client.value()

    def test_before_it_is_not_done_and_after_it_is(self):
        self.arm(fault("reset_peer", at="before", when={"command": "INCR"}))
        c = self.client()
        self.assertEqual(c.do("SET", "n", "1"), b"+OK")
        self.cut(c, "INCR", "n")
        self.assertEqual(self.direct.do("GET", "n"), b"1")
        self.assertEqual(self.closed(method="INCR")[0]["forwarded"], "none")
        self.arm(fault("reset_peer", at="after", when={"command": "INCR"}))
        c = self.client()
        self.assertEqual(c.do("GET", "n"), b"1")
        self.cut(c, "INCR", "n")
        self.assertEqual(self.direct.do("GET", "n"), b"2")
        flow = self.closed(2, method="INCR")[1]
        self.assertEqual([flow[k] for k in ("forwarded", "answered",
                                            "delivered", "reason", "kind")],
                         ["whole", "whole", "none", "fault", "reset_peer"])

    def test_a_transaction_is_cut_at_its_exec(self):
        for at, stored in (("before", None), ("after", b"v")):
            self.arm(fault("reset_peer", at=at, when={"command": "EXEC"}))
            c = self.client()
            c.do("MULTI")
            c.do("SET", "tx", "v")
            self.cut(c, "EXEC")
            self.assertEqual(self.direct.do("GET", "tx"), stored)

    def test_a_delay_is_of_one_command_and_order_is_kept(self):
        self.arm(fault("latency", latency="600ms", when={"command": "GET"}))
        c = self.client()
        watch = Watch()
        c.do("SET", "k", "v")
        self.assertLess(watch.seconds(), 0.6)
        c.send(command("PING"), command("GET", "k"), command("PING", "x"))
        self.assertEqual(c.value(), b"+PONG")
        early = watch.seconds()
        self.assertEqual([c.value(), c.value()], [b"v", b"x"])
        self.assert_took(watch.seconds(), 0.6, 10)
        self.assertLess(early, 0.6)
        # Towards the server as well.
        self.arm(fault("latency", latency="150ms", at="before",
                       when={"command": "SET"}))
        watch = Watch()
        c.send(command("SET", "k", "w"), command("GET", "k"))
        self.assertEqual([c.value(), c.value()], [b"+OK", b"w"])
        self.assert_took(watch.seconds(), 0.15, 10)

    def test_an_answer_is_cut_behind_what_others_are_owed(self):
        self.direct.do("SET", "k", "0123456789")
        self.arm(fault("limit_data", bytes=7, when={"command": "GET"}),
                 fault("latency", latency="100ms",
                       when={"command": "PING"}))
        c = self.client()
        c.send(command("PING"), command("GET", "k"), command("PING"))
        self.assertEqual(c.value(), b"+PONG")
        self.assertEqual(c.take(7), b"$10\r\n01")
        with self.assertRaises(EOFError):
            c.take(1)

    def test_all_kinds_of_streams_act_on_a_command(self):
        data = os.urandom(60_000)
        self.direct.do("SET", "k", data)
        self.arm(fault("slicer", average_size=900, delay="20us"),
                 fault("bandwidth", rate="4MB/s", stream="both"),
                 fault("latency", latency="3ms", jitter="2ms"),
                 fault("latency", latency="5ms", at="after", name="late"))
        c = self.client()
        for _ in range(3):
            self.assertEqual(c.do("GET", "k"), data)
        self.assertEqual(c.do("SET", "l", data), b"+OK")
        self.assertEqual(self.direct.do("GET", "l"), data)

    def test_a_long_pipeline_is_written_before_an_answer_is_read(self):
        n = 60_000
        value = b"v" * 100
        self.direct.do("SET", "k", value)
        c = self.client()
        c.send(command("GET", "k") * n, command("PING", "last"))
        for _ in range(n):
            if c.value() != value:
                self.fail("another value")
        self.assertEqual(c.value(), b"last")
        # The connection has commands as before.
        self.arm(fault("reset_peer", at="before", when={"command": "DEL"}))
        self.assertEqual(c.do("GET", "k"), value)
        self.cut(c, "DEL", "k")

    def test_a_large_value_is_not_kept(self):
        data = os.urandom(1 << 20) * 48
        c = self.client()
        before = self.proxy.rss()
        self.assertEqual(c.do("SET", "big", data), b"+OK")
        got = c.do("GET", "big")
        self.assertTrue(got == data)
        if not os.environ.get("FAULTWIRE_SANITIZER"):
            self.assertLess(self.proxy.rss() - before, 24 << 20)

    def test_subscriptions_are_a_stream(self):
        c = self.client()
        self.assertEqual(c.do("PING"), b"+PONG")
        c.send(command("SUBSCRIBE", "a", "b"))
        self.assertEqual([c.value()[0] for _ in range(2)],
                         [b"subscribe"] * 2)
        for i in range(3):
            self.direct.do("PUBLISH", "b", i)
            self.assertEqual(c.value(), [b"message", b"b", b"%d" % i])
        events = self.proxy.wait_journal("the event", type="opaque")
        self.assertEqual(events[0]["what"], "stream")
        c.send(command("UNSUBSCRIBE"), command("PING"))
        got = [c.value() for _ in range(3)]
        self.assertEqual(got[-1], b"+PONG")
        self.arm(fault("reset_peer", when={"command": "SUBSCRIBE"}))
        c.send(command("PING"))
        with self.assertRaises(ConnectionResetError):
            c.value()

    def test_pushes_of_resp3_are_flows_without_a_request(self):
        c = self.client()
        c.do("HELLO", "3")
        self.assertEqual(c.do("CLIENT", "TRACKING", "on"), b"+OK")
        c.do("GET", "tracked")
        self.arm(fault("latency", latency="120ms",
                       when={"command": "PUSH"}))
        watch = Watch()
        self.direct.do("SET", "tracked", "x")
        self.assertEqual(c.value(), [b"invalidate", [b"tracked"]])
        self.assert_took(watch.seconds(), 0.12, 10)
        self.assertEqual(c.do("GET", "tracked"), b"x")
        flow = self.closed(method="PUSH")[0]
        self.assertEqual((flow["bytes_up"], flow["forwarded"]), (0, "none"))

    def test_monitor_and_what_is_no_command_pass(self):
        c = self.client()
        c.send(b"MONITOR\r\n")
        self.assertEqual(c.value(), b"+OK")
        self.direct.do("SET", "seen", "1")
        self.assertIn(b'"seen"', c.value())
        for words in (b"*1\r\n:12\r\n", b"*x\r\n", b"GET / HTTP/1.1\r\n"
                      b"Host: x\r\n\r\n"):
            direct, c = Client(self, self.peer.port), self.client()
            said = []
            for one in (direct, c):
                one.send(words)
                try:
                    while True:
                        one.more()
                except (EOFError, ConnectionResetError):
                    said.append(one.buffer)
            self.assertEqual(said[0], said[1])

    def test_a_client_that_ends_its_stream_gets_all_its_answers(self):
        c = self.client()
        c.send(*[command("ECHO", i) for i in range(500)])
        c.socket.shutdown(socket.SHUT_WR)
        self.assertEqual([c.value() for _ in range(500)],
                         [b"%d" % i for i in range(500)])
        with self.assertRaises(EOFError):
            c.value()
        # Cut amid a command: the server sees the same.
        c = self.client()
        c.send(command("ECHO", "x"), command("ECHO", "y")[:9])
        c.socket.shutdown(socket.SHUT_WR)
        self.assertEqual(c.value(), b"x")
        with self.assertRaises(EOFError):
            c.value()

    def test_faults_come_and_go_amid_commands(self):
        c = self.client()
        c.send(command("BLPOP", "queue", "20"))
        time.sleep(0.1)
        self.arm(fault("blackhole", when={"command": "BLPOP"}))
        self.direct.do("LPUSH", "queue", "late")
        c.socket.settimeout(0.4)
        with self.assertRaises(TimeoutError):
            c.value()
        c.socket.settimeout(20)
        self.arm()
        self.assertEqual(c.value(), [b"queue", b"late"])
        # A session outlives its route.
        self.proxy.reload(self.text().replace('name = "r"', 'name = "s"'))
        for i in range(5):
            self.assertEqual(c.do("ECHO", i), b"%d" % i)

    def test_an_answer_that_vanishes_is_the_last(self):
        self.arm(fault("timeout", timeout="200ms", when={"command": "GET"}))
        c = self.client()
        watch = Watch()
        c.send(command("PING"), command("GET", "x"), command("PING"))
        self.assertEqual(c.value(), b"+PONG")
        with self.assertRaises(EOFError):
            c.value()
        self.assert_took(watch.seconds(), 0.2, 10)

    def test_each_command_is_a_line_of_the_access_log(self):
        self.proxy.reload("log = { access = true; };\n" + self.text())
        c = self.client()
        c.do("SET", "k", "v")
        c.do("FROBNICATE")
        c.socket.close()
        self.proxy.wait_log("session")
        self.assertEqual([e["method"] for e in
                          self.proxy.log_events("request")], ["SET", "OTHER"])

    def test_answers_are_right_while_faults_come_and_go(self):
        """Pipelines of any depth, under faults that change no byte."""
        sets = [(), (fault("latency", latency="3ms", jitter="3ms",
                           stream="both", name="a"),),
                (fault("slicer", average_size=900, size_variation=800,
                       stream="both"),
                 fault("latency", latency="2ms", at="after", name="b",
                       when={"command": "ECHO"})),
                (fault("bandwidth", rate="2MB/s", stream="both"),
                 fault("noop"), fault("latency", at="before", name="c",
                                      latency="1ms", probability=0.5))]
        stop, wrong, done = threading.Event(), [], []

        def work(seed):
            draw, c, count = random.Random(seed), self.client(), 0
            while not stop.is_set():
                sent = [draw.randbytes(draw.choice((1, 20, 2000)))
                        for _ in range(draw.choice((1, 3, 40)))]
                c.send(*[command("ECHO", data) for data in sent])
                wrong.extend(data for data in sent if c.value() != data)
                count += len(sent)
            done.append(count)

        threads = [threading.Thread(target=work, args=(i,))
                   for i in range(3)]
        for t in threads:
            t.start()
        for i in range(16):
            self.arm(*sets[i % len(sets)])
            time.sleep(0.06)
        stop.set()
        for t in threads:
            t.join(30)
        self.assertEqual((wrong, len(done)), ([], 3))
        self.assertGreater(min(done), 50)

    def test_silence_and_ends_of_connections(self):
        self.arm(fault("half_open", after="100ms"))
        c = self.client()
        self.assertEqual(c.do("PING"), b"+PONG")
        time.sleep(0.25)
        c.send(command("PING"))
        c.socket.settimeout(0.4)
        with self.assertRaises(TimeoutError):
            c.value()
        self.arm(fault("down"))
        with self.assertRaises((ConnectionError, EOFError)):
            self.client().do("PING")
        self.arm(fault("lifetime", duration="150ms"))
        c = self.client()
        self.assertEqual(c.do("PING"), b"+PONG")
        with self.assertRaises((ConnectionError, EOFError)):
            c.value()
        self.arm()
        self.assertEqual(self.client().do("PING"), b"+PONG")

    def test_the_silent_stay_so_when_the_proxy_ends(self):
        self.arm(fault("half_open"))
        c = self.client()
        c.send(command("PING"))
        self.proxy.wait_journal("the death", effect="silence")
        self.proxy.stop()
        c.socket.settimeout(0.2)
        with self.assertRaises((TimeoutError, ConnectionResetError)):
            c.more()


class Garbled(Scenario):
    """A server that does not speak the protocol."""

    def test_damaged_answers_reach_the_client_as_they_are(self):
        def serve(conn):
            conn.sock.settimeout(60)
            while got := conn.sock.recv(1 << 16):
                conn.sock.sendall(b"+OK\r\n\0garbage\r\n" + got)

        server = self.serving(serve)
        port, proxy, _ = self.proxied(server.port, protocol="redis")
        c = Client(self, port)
        c.send(command("PING"), command("PING"))
        want = b"+OK\r\n\0garbage\r\n" + command("PING") * 2
        self.assertEqual(c.take(len(want)), want)
        event = proxy.wait_journal("the event", type="opaque")[0]
        self.assertEqual(event["what"], "malformed")
        c.send(b"anything")
        self.assertEqual(c.take(len(want) - 28 + 8)[-8:], b"anything")


if __name__ == "__main__":
    unittest.main()
