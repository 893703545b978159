# SPDX-License-Identifier: Apache-2.0
"""WebSockets: frames by hand on both sides, and what real clients (Python's,
Node.js's) see of every fault; server-sent events, each at once."""

import json
import os
import subprocess
import time
import unittest

from harness import (ROOT, Scenario, Watch, fault, noise, read_head,
                     read_message, request, sanitized, wait_until)
from harness.npm import npm_folder, sources

PEER = os.path.join(ROOT, "tests", "clients", "ws_peer.py")
PYTHON = "/usr/bin/python3"  # the one that the distribution's package is for
SWITCH = (b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
          b"Upgrade: websocket\r\n\r\n")
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


def frame(opcode, payload=b"", fin=True, mask=None, rsv=0):
    head = bytes([fin << 7 | rsv << 4 | opcode])
    bit = 0x80 if mask else 0
    if len(payload) < 126:
        head += bytes([bit | len(payload)])
    elif len(payload) < 65536:
        head += bytes([bit | 126]) + len(payload).to_bytes(2, "big")
    else:
        head += bytes([bit | 127]) + len(payload).to_bytes(8, "big")
    if mask:
        head += mask
        payload = bytes(c ^ mask[n % 4] for n, c in enumerate(payload))
    return head + payload


def read_frame(conn):
    """opcode, fin, payload, whether it was masked."""
    first, second = conn.recv(2)
    length, mask = second & 0x7f, b""
    if length > 125:
        length = int.from_bytes(conn.recv(2 if length == 126 else 8), "big")
    if second & 0x80:
        mask = conn.recv(4)
    payload = conn.recv(length)
    if mask:
        payload = bytes(c ^ mask[n % 4] for n, c in enumerate(payload))
    return first & 0x0f, first >> 7 == 1, payload, bool(mask)


class Frames(Scenario):
    def prepare(self, *faults, target="/chat", **fields):
        self.upstream = self.backend()
        self.port, self.proxy, self.text = self.proxied(
            self.upstream.port, *faults, protocol="http", **fields)
        return self.upgrade(target)

    def upgrade(self, target="/chat"):
        c = self.client(self.port)
        c.send(request("GET", target, headers=[
            "Connection: Upgrade", "Upgrade: websocket"]))
        s = self.upstream.accept()
        self.addCleanup(s.close)
        read_head(s)
        s.send(SWITCH)
        self.assertEqual(read_head(c).status, 101)
        return c, s

    def test_frames_behind_the_head_are_frames(self):
        c, s = self.prepare(fault("ws_drop", opcode="text", most=1))
        s.send(frame(TEXT, b"lost") + frame(TEXT, b"came"))
        self.assertEqual(read_frame(c)[2], b"came")
        # And when they come with the head.
        c = self.client(self.port)
        c.send(request(headers=["Connection: Upgrade", "Upgrade: websocket"]))
        s = self.upstream.accept()
        read_head(s)
        s.send(SWITCH + frame(TEXT, b"lost") + frame(TEXT, b"came"))
        read_head(c)
        self.assertEqual(read_frame(c)[2], b"came")
        s.close()

    def test_frames_behind_an_edited_head_are_frames(self):
        c, s = self.prepare(fault("headers", set=["X-Test: 1"]),
                            fault("ws_drop", opcode="text", most=1))
        s.send(frame(TEXT, b"lost") + frame(TEXT, b"came"))
        self.assertEqual(read_frame(c)[2], b"came")
        self.proxy.reload(self.text(fault("ws_drop")))
        s.send(frame(TEXT, b"lost") + frame(PING))
        self.assertEqual(read_frame(c)[0], PING)

    def test_other_requests_of_the_route_are_left_alone(self):
        c, _ = self.prepare(fault("ws_drop"), fault("ws_close"))
        c = self.client(self.port)
        c.send(request())
        s = self.upstream.accept()
        read_head(s)
        s.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n\x81\x02hi")
        self.assertEqual(read_message(c).body, b"\x81\x02hi")
        s.close()

    def test_the_upgrades_conditions_choose_the_connection(self):
        c, s = self.prepare(fault("ws_drop", when={"path": "/lossy"}))
        s.send(frame(TEXT, b"one"))
        self.assertEqual(read_frame(c)[2], b"one")
        c, s = self.upgrade("/lossy")
        s.send(frame(TEXT, b"one") + frame(PING, b"p"))
        self.assertEqual(read_frame(c)[0], PING)

    def test_a_duplicate_from_the_client_is_masked(self):
        c, s = self.prepare(fault("ws_duplicate", stream="upstream"))
        c.send(frame(TEXT, b"hi", mask=b"1234"))
        for _ in range(2):
            self.assertEqual(read_frame(s), (TEXT, True, b"hi", True))

    def test_a_close_in_the_clients_name_is_masked(self):
        c, s = self.prepare(fault("ws_close", stream="upstream", code=4321,
                                  reason="bye"))
        c.send(frame(TEXT, b"hi", mask=b"1234"))
        self.assertEqual(read_frame(s), (CLOSE, True, b"\x10\xe1bye", True))
        s.send(frame(CLOSE, b"\x10\xe1"))
        self.assertEqual(read_frame(c), (CLOSE, True, b"\x10\xe1", False))

    def test_fragments_and_control_frames_between(self):
        c, s = self.prepare(fault("ws_drop", opcode="binary"))
        s.send(frame(BINARY, b"a", fin=False) + frame(PING, b"p") +
               frame(0, b"b", fin=False) + frame(PONG) + frame(0, b"c") +
               frame(TEXT, b"end"))
        self.assertEqual([read_frame(c)[:3] for _ in range(3)],
                         [(PING, True, b"p"), (PONG, True, b""),
                          (TEXT, True, b"end")])

    def test_compressed_messages_pass_as_they_are(self):
        c, s = self.prepare(fault("ws_drop", opcode="binary"))
        sent = frame(TEXT, noise(70_000), rsv=4)
        s.send_in_background(sent)
        self.assertEqual(c.recv(len(sent)), sent)

    def test_a_fault_that_comes_amid_a_frame_waits_for_the_next(self):
        c, s = self.prepare()
        long = frame(BINARY, noise(100_000))
        s.send(long[:50_000])
        self.assertEqual(c.recv(50_000), long[:50_000])
        self.proxy.reload(self.text(fault("ws_drop")))
        s.send(long[50_000:] + frame(TEXT, b"lost") + frame(PING, b"p"))
        self.assertEqual(c.recv(len(long) - 50_000), long[50_000:])
        self.assertEqual(read_frame(c)[0], PING)
        self.proxy.reload(self.text())
        s.send(frame(TEXT, b"back"))
        self.assertEqual(read_frame(c)[2], b"back")

    def test_malformed_frames_harm_that_connection_alone(self):
        c, s = self.prepare(fault("ws_drop", opcode="text"))
        other, server = self.upgrade()
        s.send(b"\x83\xff" + noise(1000))
        self.assertEqual(c.recv(1002), b"\x83\xff" + noise(1000))
        s.send(b"\x82\x7f" + b"\xff" * 8 + frame(TEXT, b"hi"))
        self.assertEqual(c.recv(14), b"\x82\x7f" + b"\xff" * 8 + b"\x81\x02hi")
        server.send(frame(TEXT, b"lost") + frame(PING))
        self.assertEqual(read_frame(other)[0], PING)
        wait_until(lambda: any(e.get("effect") == "malformed"
                               for e in self.proxy.journal()))

    def test_a_cut_leaves_half_a_frame(self):
        for how, end in (("fin", "fin"), ("rst", "rst")):
            with self.subTest(how=how):
                c, s = self.prepare(fault("ws_cut", bytes=3, how=how))
                s.send(frame(PING) + frame(TEXT, b"hello"))
                self.assertEqual(c.recv(7), b"\x89\x00\x81\x05hel")
                c.expect_end(end)
                s.expect_end(end)

    def test_a_huge_message_is_dropped_in_little_memory(self):
        c, s = self.prepare(fault("ws_drop", opcode="binary"))
        piece, before = bytes(1 << 20), self.proxy.rss()
        s.send(b"\x82\x7f" + (64 << 20).to_bytes(8, "big"))
        for _ in range(64):
            s.send(piece)
        s.send(frame(TEXT, b"small"))
        self.assertEqual(read_frame(c)[2], b"small")
        if not sanitized():
            self.assertLess(self.proxy.rss() - before, 16 << 20)


class Events(Scenario):
    """Server-sent events: each is there before the next is sent."""

    def stream(self, *faults, chunked=True):
        upstream = self.backend()
        port, _, _ = self.proxied(upstream.port, *faults, protocol="http")
        c = self.client(port)
        c.send(request(headers=["Accept: text/event-stream"]))
        s = upstream.accept()
        self.addCleanup(s.close)
        read_head(s)
        s.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n" +
               (b"Transfer-Encoding: chunked\r\n\r\n" if chunked
                else b"Connection: close\r\n\r\n"))
        self.assertEqual(read_head(c).status, 200)
        return c, s

    def each_arrives_at_once(self, *faults, least=0, chunked=True):
        c, s = self.stream(*faults, chunked=chunked)
        for n in range(5):
            event = b"data: %d\n\n" % n
            if chunked:
                event = b"%x\r\n%s\r\n" % (len(event), event)
            watch = Watch()
            s.send(event)
            self.assertEqual(c.recv(len(event)), event)
            self.assert_took(watch.seconds(), least, least + 10)

    def test_without_faults(self):
        self.each_arrives_at_once()
        self.each_arrives_at_once(chunked=False)

    def test_through_a_bandwidth(self):
        self.each_arrives_at_once(fault("bandwidth", rate="10KB/s"))

    def test_through_a_latency(self):
        self.each_arrives_at_once(fault("latency", latency="50ms"),
                                  least=0.05)

    def test_through_stages_that_change_nothing(self):
        self.each_arrives_at_once(fault("ws_drop"), fault("slicer",
                                                          average_size=3))

    def test_over_http2(self):
        upstream = self.backend()
        port, _, _ = self.proxied(upstream.port, protocol="http",
                                  upstream_protocol="http1")
        peer = self.h2(port)
        st = peer.request()
        s = upstream.accept()
        self.addCleanup(s.close)
        read_head(s)
        s.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
               b"Connection: close\r\n\r\n")
        for n in range(5):
            s.send(b"data: %d\n\n" % n)
            peer.until(lambda count=n: len(st.body) == 9 * (count + 1))

    def test_through_edited_headers(self):
        self.each_arrives_at_once(fault("headers", set=["X-Test: 1"]))


# fault, what is asked, and what comes of it: messages, close code, HTTP
# status. Five messages are sent and echoed.
ALL = [0, 1, 2, 3, 4]
TABLE = [
    (None, {}, ALL, None),
    (fault("ws_drop", messages=1, most=2), {}, [0, 3, 4], None),
    (fault("ws_drop", messages=1, most=2, stream="upstream"), {}, [0, 3, 4],
     None),
    (fault("ws_drop", opcode="binary"), {}, ALL, None),
    (fault("ws_duplicate", messages=3), {}, [0, 1, 2, 3, 3, 4, 4], None),
    (fault("ws_duplicate", most=1, copies=2, stream="upstream"), {},
     [0, 0, 0, 1, 2, 3, 4], None),
    (fault("ws_delay", delay="200ms", messages=4), {"least": 0.2}, ALL, None),
    (fault("ws_delay", delay="5s", messages=2), {}, [0, 1], None),
    (fault("ws_delay", delay="50ms", stream="both"),
     {"compress": True, "size": 100_000, "least": 0.1}, ALL, None),
    (fault("ws_close", code=1013, messages=2), {}, [0, 1], 1013),
    (fault("ws_close", code=4000, messages=2, stream="upstream"), {}, None,
     4000),
    (fault("ws_close", code=1001, reason="off", stream="both"), {}, [], 1001),
    (fault("ws_cut", messages=3), {}, [0, 1, 2], 1006),
    (fault("ws_cut", messages=3, how="rst"), {}, [0, 1, 2], 1006),
    (fault("ws_cut", messages=3, how="silent"), {}, [0, 1, 2], None),
    (fault("ws_cut", messages=2, bytes=1, stream="upstream"), {}, None, 1006),
    (fault("latency", latency="100ms"), {"least": 0.1}, ALL, None),
    (fault("bandwidth", rate="100KB/s"), {"size": 5000, "least": 0.2}, ALL,
     None),
    (fault("slicer", average_size=3), {"compress": True}, ALL, None),
    (fault("limit_data", bytes=8), {}, [0], 1006),
    (fault("cut", bytes=12, how="rst"), {}, [0, 1], 1006),
    (fault("abort", status=503), {"status": 503}, [], None),
    (fault("blackhole"), {"status": 0}, [], None),
]


class Talk:
    """The tests of one client; see below."""

    def prepare(self):
        self.server = self.piped(PYTHON, PEER, "server")
        port = int(self.server.stdout.readline())
        self.port, self.proxy, self.text = self.proxied(port,
                                                        protocol="http")
        self.talker = self.piped(*self.command(), str(self.port))

    def talk(self, **fields):
        task = {"count": 5, "quiet": 0.5, **fields}
        self.talker.stdin.write(json.dumps(task) + "\n")
        self.talker.stdin.flush()
        return json.loads(self.talker.stdout.readline())

    def test_every_fault_has_its_outcome(self):
        self.prepare()
        for number, (f, fields, got, code) in enumerate(TABLE):
            with self.subTest(fault=f):
                faults = [dict(f, name=f"n{number}")] if f else []
                self.proxy.reload(self.text(*faults))
                fields = dict(fields)
                status = fields.pop("status", 101)
                least = fields.pop("least", 0)
                enough = len(got) if got and code is None else None
                said = self.talk(enough=enough, **fields)
                self.assertEqual((said["status"], said["code"]),
                                 (status, code), said)
                # Where the connection breaks off, its last may be lost.
                if code == 1006:
                    got = (got or said["got"])[:len(said["got"])]
                if got is not None:
                    self.assertEqual(said["got"], got)
                if status == 101:
                    self.assertGreaterEqual(said["seconds"], least - 0.002)

    def test_large_compressed_messages_pass(self):
        self.prepare()
        self.proxy.reload(self.text(fault("ws_drop", opcode="ping")))
        said = self.talk(count=3, size=2_000_000, compress=True, enough=3,
                         quiet=10)
        self.assertEqual(said["got"], [0, 1, 2])


@unittest.skipUnless(
    subprocess.run([PYTHON, "-c", "import websockets"], check=False,
                   capture_output=True).returncode == 0,
    "python3-websockets is not installed")
class PythonTalk(Talk, Scenario):
    limit = 120

    def command(self):
        return (PYTHON, PEER, "client")

    def test_a_server_sees_the_code(self):
        self.prepare()
        for f, code in (
                (fault("ws_close", code=1013, messages=2), 1013),
                (fault("ws_close", code=4000, stream="upstream"), 4000),
                (fault("ws_cut", stream="upstream"), 1006),
                (fault("ws_cut", how="rst"), 1006)):
            with self.subTest(fault=f):
                self.proxy.reload(self.text(f))
                self.talk()
                self.assertEqual(int(self.server.stdout.readline()), code)

    def test_pongs_that_are_lost_end_the_connection(self):
        self.prepare()
        self.proxy.reload(self.text(fault("ws_drop", opcode="pong")))
        begun = time.monotonic()
        said = self.talk(count=1, ping=0.2, quiet=5)
        self.assertEqual((said["got"], said["code"]), ([0], 1006), said)
        self.assert_took(time.monotonic() - begun, 0.4, 10)


class NodeTalk(Talk, Scenario):
    limit = 120

    @classmethod
    def setUpClass(cls):
        cls.folder = npm_folder("ws")
        super().setUpClass()

    def command(self):
        return ("node", os.path.join(sources("ws"), "client.js"), self.folder)


if __name__ == "__main__":
    unittest.main()
