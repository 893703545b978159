# SPDX-License-Identifier: Apache-2.0
"""Clients (and servers) that break the rules of HTTP/2, or keep to them in bad
faith: an error on that stream or connection alone, in bounded memory."""

import struct
import time
import unittest

from harness import Scenario, sanitized, wait_until
from harness.h2 import (ACK, CONTINUATION, DATA, END_HEADERS, END_STREAM,
                        GOAWAY, HEADERS, PADDED, PING, PREFACE, PRIORITY,
                        PUSH_PROMISE, RST_STREAM, SETTINGS, WINDOW_UPDATE,
                        Stream, frame)

GET = [(":method", "GET"), (":scheme", "http"), (":path", "/"),
       (":authority", "a")]
POST = [(":method", "POST")] + GET[1:]


def setting(key, value):
    return frame(SETTINGS, payload=struct.pack(">HI", key, value))


def literal(fields):
    return b"".join(b"\0" + bytes([len(n)]) + n.encode() +
                    bytes([len(v)]) + v.encode() for n, v in fields)


def heads(fields, stream=1, flags=END_HEADERS | END_STREAM):
    return frame(HEADERS, flags, stream, literal(fields))


def u32(n):
    return struct.pack(">I", n)


OPENED = heads(POST, flags=END_HEADERS)

# What is sent behind preface and SETTINGS; the code of GOAWAY (any of them).
CONNECTION = {
    "settings of odd length": (frame(SETTINGS, payload=b"12345"),
                               "FRAME_SIZE_ERROR"),
    "settings on a stream": (frame(SETTINGS, 0, 1), "PROTOCOL_ERROR"),
    "settings ack with payload": (frame(SETTINGS, ACK, 0, b"123456"),
                                  "FRAME_SIZE_ERROR"),
    "window beyond 2^31": (setting(4, 1 << 31), "FLOW_CONTROL_ERROR"),
    "push neither on nor off": (setting(2, 2), "PROTOCOL_ERROR"),
    "frame size too small": (setting(5, 100), "PROTOCOL_ERROR"),
    "ping too short": (frame(PING, 0, 0, b"1234567"), "FRAME_SIZE_ERROR"),
    "ping on a stream": (frame(PING, 0, 1, b"12345678"), "PROTOCOL_ERROR"),
    "a frame too large": (OPENED + frame(DATA, 0, 1, b"x" * 16385),
                          "FRAME_SIZE_ERROR"),
    "data on stream 0": (frame(DATA, 0, 0, b"x"), "PROTOCOL_ERROR"),
    "data on an idle stream": (frame(DATA, 0, 5, b"x"), "PROTOCOL_ERROR"),
    "headers on stream 0": (heads(GET, 0), "PROTOCOL_ERROR"),
    "an even stream": (heads(GET, 2), "PROTOCOL_ERROR"),
    "compression that is none": (frame(HEADERS, 5, 1, b"\xff" * 20),
                                 "COMPRESSION_ERROR"),
    "an index out of the table": (frame(HEADERS, 5, 1, b"\xfe"),
                                  "COMPRESSION_ERROR"),
    "continuation of nothing": (frame(CONTINUATION, 4, 1, b""),
                                "PROTOCOL_ERROR"),
    "data amid headers": (heads(GET, flags=0) + frame(DATA, 0, 1, b"x"),
                          "PROTOCOL_ERROR"),
    "another stream amid headers": (heads(GET, flags=0) + heads(GET, 3),
                                    "PROTOCOL_ERROR"),
    "no window for a stream": (OPENED + frame(WINDOW_UPDATE, 0, 1, u32(0)),
                               "PROTOCOL_ERROR"),
    "no window for the connection": (frame(WINDOW_UPDATE, 0, 0, u32(0)),
                                     "PROTOCOL_ERROR"),
    "too much window": (frame(WINDOW_UPDATE, 0, 0, u32((1 << 31) - 1)),
                        "FLOW_CONTROL_ERROR"),
    "window on an idle stream": (frame(WINDOW_UPDATE, 0, 7, u32(1)),
                                 "PROTOCOL_ERROR"),
    "reset of an idle stream": (frame(RST_STREAM, 0, 9, u32(8)),
                                "PROTOCOL_ERROR"),
    "reset too short": (OPENED + frame(RST_STREAM, 0, 1, b"12"),
                        "FRAME_SIZE_ERROR"),
    "a push by the client": (frame(PUSH_PROMISE, 4, 1, u32(2) +
                                   literal(GET)), "PROTOCOL_ERROR"),
    "goaway on a stream": (frame(GOAWAY, 0, 1, bytes(8)), "PROTOCOL_ERROR"),
    "priority on stream 0": (frame(PRIORITY, 0, 0, bytes(5)),
                             "PROTOCOL_ERROR"),
    "padding longer than the frame": (
        OPENED + frame(DATA, PADDED, 1, b"\xffx"), "PROTOCOL_ERROR"),
}

# What is sent as stream 1; the code of RST_STREAM.
STREAM = {
    "an upper-case name": heads(GET + [("X-Up", "1")]),
    "no path": heads(GET[:2] + GET[3:]),
    "an empty path": heads(GET[:2] + [(":path", "")] + GET[3:]),
    "a method twice": heads(GET + [(":method", "GET")]),
    "an unknown pseudo header": heads(GET + [(":what", "x")]),
    "a status in a request": heads(GET + [(":status", "200")]),
    "pseudo headers last": heads([("a", "b")] + GET),
    "a header of one hop": heads(GET + [("connection", "close")]),
    "te but trailers": heads(GET + [("te", "gzip")]),
    "a body shorter than said": heads(POST + [("content-length", "5")],
                                      flags=END_HEADERS) +
    frame(DATA, END_STREAM, 1, b"abc"),
    "a body longer than said": heads(POST + [("content-length", "1")],
                                     flags=END_HEADERS) +
    frame(DATA, END_STREAM, 1, b"abc"),
    "trailers that end nothing": OPENED + heads([("a", "b")],
                                                flags=END_HEADERS),
    "a pseudo header in trailers": OPENED + heads([(":path", "/")]),
}


class Hostile(Scenario):
    def prepare(self, answer=None, **fields):
        self.server = self.h2_server(answer)
        self.port, self.proxy, _ = self.proxied(
            self.server.port, protocol="http", **fields)
        self.good = self.h2(self.port)
        self.good.ask()

    def served(self):
        """Whoever behaves does not notice."""
        self.assertEqual(self.good.ask().status, 200)
        fresh = self.h2(self.port)
        self.assertEqual(fresh.ask().status, 200)
        fresh.close()

    def raw(self):
        c = self.h2(self.port)
        c.next = 3
        return c

    def test_errors_of_the_connection(self):
        self.prepare()
        for what, (data, code) in CONNECTION.items():
            with self.subTest(what=what):
                c = self.raw()
                try:
                    c.conn.send(data)
                except ConnectionError:
                    pass
                self.assertEqual((c.end(), c.goaway and c.goaway[1]),
                                 ("fin", code))
        self.served()

    def test_errors_of_a_stream(self):
        self.prepare()
        for what, data in STREAM.items():
            with self.subTest(what=what):
                c = self.raw()
                st = c.streams[1] = Stream(1)
                c.conn.send(data)
                c.finish(st)
                self.assertEqual(st.reset, "PROTOCOL_ERROR")
                self.assertEqual(c.ask().status, 200)
        self.served()

    def test_more_data_than_the_window(self):
        server = self.h2_server(lambda peer, st: None, early=True,
                                greedy=False)
        port, _, _ = self.proxied(server.port, protocol="http")
        c = self.h2(port)
        st = c.request("POST", end=False)
        for _ in range(30):
            c.write(DATA, 0, st.number, b"x" * 16384)
        c.until(lambda: st.reset or c.goaway)
        self.assertIn("FLOW_CONTROL_ERROR", (st.reset, c.goaway
                                             and c.goaway[1]))

    def test_what_is_not_known_is_ignored(self):
        self.prepare()
        c = self.h2(self.port)
        c.conn.send(frame(0x77, 0xff, 0, b"what") + setting(0x99, 1) +
                    frame(PRIORITY, 0, 9, bytes(5)))
        self.assertEqual(c.ask().status, 200)

    def test_a_preface_that_goes_wrong(self):
        self.prepare()
        for data in (PREFACE[:18] + b"XX\r\n\r\n", PREFACE + b"junk" * 9,
                     b"PRI / HTTP/1.1\r\nHost: a\r\n\r\n",
                     PREFACE + frame(PING, 0, 0, b"12345678")):
            with self.subTest(data=data):
                c = self.client(self.port)
                c.send(data)
                c.recv_end()
        self.served()

    def test_a_preface_in_pieces_is_one(self):
        self.prepare()
        c = self.client(self.port)
        for i in range(len(PREFACE)):
            c.send(PREFACE[i:i + 1])
            time.sleep(0.001)
        c.send(frame(SETTINGS) + heads(GET))
        wait_until(lambda: len(self.server.requests) == 2)

    def test_connect_is_refused(self):
        self.prepare()
        c = self.raw()
        c.conn.send(heads([(":method", "CONNECT"), (":authority", "a:1")],
                          flags=END_HEADERS))
        st = c.streams[1] = Stream(1)
        c.until(lambda: st.heads)
        self.assertEqual(st.status, 501)

    def test_heads_beyond_the_limit(self):
        self.prepare(max_header="4KiB")
        c = self.h2(self.port)
        st = c.ask(headers=[(f"x-{i}", "y" * 100) for i in range(50)])
        self.assertEqual(st.status, 431)
        # The same byte by reference, again and again.
        c.headers(c.next, GET + [("big", "z" * 3000)], True)
        c.next += 2
        bomb = c.encoder.encode(GET + [("big", "z" * 3000)])
        c.write(HEADERS, END_HEADERS | END_STREAM, c.next,
                bomb + bomb[-1:] * 10_000)
        st = c.streams[c.next] = Stream(c.next)
        c.next += 2
        c.until(lambda: st.over or c.goaway)
        self.served()

    def test_a_head_that_does_not_end_is_not_waited_for(self):
        self.prepare(header_timeout="300ms")
        c = self.h2(self.port)
        c.ask()
        c.conn.send(heads(GET, 3, 0))
        self.assertEqual(c.end(), "fin")
        self.assertEqual(c.goaway[1], "ENHANCE_YOUR_CALM")
        self.served()

    def test_an_idle_connection_ends(self):
        self.prepare(idle_timeout="300ms")
        c = self.h2(self.port)
        self.assertEqual(c.end(), "fin")
        self.assertEqual(c.goaway[1], "NO_ERROR")

    # --- floods

    def flood(self, data, times, unread=False):
        """The connection is ended; memory stays where it was."""
        before = self.proxy.rss()
        c = self.raw()
        ended = False
        block = data * 100 if isinstance(data, bytes) else None
        for i in range(times // 100):
            try:
                c.conn.send(block or b"".join(
                    data(n) for n in range(i * 100, i * 100 + 100)), 3)
            except AssertionError:
                break
            except OSError:
                ended = True
                break
            if not unread and i % 20 == 0 and not c.pump(0.0005):
                ended = True
                break
        peak = self.proxy.rss() - before
        if not ended and not unread:
            c.end()
        c.close()
        # A sanitizer keeps what was freed for a while.
        self.assertLess(peak, 300_000_000 if sanitized() else 40_000_000)
        self.served()

    def test_rapid_reset(self):
        self.prepare()
        self.flood(lambda n: heads(GET, 2 * n + 1) +
                   frame(RST_STREAM, 0, 2 * n + 1, u32(8)), 40_000)
        self.assertLess(len(self.server.requests), 30_000)

    def test_continuations_without_end(self):
        self.prepare()
        c = self.raw()
        with self.assertRaises(OSError):
            c.conn.send(heads(GET, flags=0))
            for _ in range(2000):
                c.conn.send(frame(CONTINUATION, 0, 1, literal(
                    [("a", "b" * 100)]) * 50))
        self.served()

    def test_pings(self):
        self.prepare()
        self.flood(frame(PING, 0, 0, b"12345678"), 100_000)

    def test_pings_whose_answers_nobody_reads(self):
        self.prepare()
        self.flood(frame(PING, 0, 0, b"12345678"), 200_000, unread=True)

    def test_settings(self):
        self.prepare()
        self.flood(setting(4, 70000), 100_000)

    def test_empty_data(self):
        self.prepare()
        self.flood(lambda n: (OPENED if n == 0 else b"") +
                   frame(DATA, 0, 1), 40_000)

    def test_a_hundred_thousand_streams(self):
        self.prepare(answer=lambda peer, st: give(peer, st))
        self.flood(lambda n: heads(GET[:2] + [(":path", "/hang")] + GET[3:],
                                   2 * n + 1), 100_000)
        self.assertLessEqual(len(self.server.requests), 300)

    # --- servers

    def test_a_server_that_pushes_or_lies_harms_its_client_alone(self):
        def answer(peer, st):
            path = st.get(":path", 0)
            if path == "/push":
                peer.write(PUSH_PROMISE, END_HEADERS, st.number, u32(2) +
                           literal(GET))
            elif path == "/upper":
                peer.write(HEADERS, END_HEADERS, st.number,
                           literal([(":status", "200"), ("X-Y", "1")]))
            elif path == "/none":
                peer.write(HEADERS, END_HEADERS, st.number, literal([]))
            elif path == "/switch":
                peer.headers(st.number, [(":status", "101")])
            elif path == "/large":
                peer.headers(st.number, [(":status", "200")] + [
                    (f"x{i}", "y" * 900) for i in range(20)], True)
            else:
                give(peer, st)

        self.prepare(answer, max_header="8KiB")
        for path, status in (("/push", 502), ("/upper", None),
                             ("/none", None), ("/switch", None),
                             ("/large", 502)):
            with self.subTest(path=path):
                c = self.h2(self.port)
                st = c.ask(path=path)
                self.assertTrue(st.status == status if status
                                else st.reset or st.status == 502)
                self.assertEqual(c.ask().status, 200)
        self.served()

    def test_a_port_that_speaks_http1_still_does(self):
        web = self.web()
        port, _, _ = self.proxied(web.port, protocol="http")
        c = self.client(port)
        c.send(b"PROPFIND / HTTP/1.1\r\nHost: a\r\n\r\n")
        self.assertTrue(c.recv_until(b"\r\n").startswith(b"HTTP/1.1 200"))


def give(peer, st):
    if st.get(":path", 0) == "/hang":
        return
    peer.headers(st.number, [(":status", "200")], True)


if __name__ == "__main__":
    unittest.main()
