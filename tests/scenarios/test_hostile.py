# SPDX-License-Identifier: Apache-2.0
"""HTTP that could be read in two ways, or that never ends, goes no further."""

import time
import unittest

from harness import (Scenario, ask, conf, free_port, read_head, read_message,
                     request, response, route)

HOSTILE = (
    ("content-length and transfer-encoding",
     b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n"
     b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ("two different lengths",
     b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n"
     b"Content-Length: 5\r\n\r\nabcde"),
    ("two equal lengths",
     b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n"
     b"Content-Length: 4\r\n\r\nabcd"),
    ("a list of lengths",
     b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4, 4\r\n\r\nabcd"),
    ("a signed length",
     b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +4\r\n\r\nabcd"),
    ("a negative length",
     b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -4\r\n\r\nabcd"),
    ("a length beyond 64 bits",
     b"POST / HTTP/1.1\r\nHost: a\r\n"
     b"Content-Length: 99999999999999999999999\r\n\r\n"),
    ("a hexadecimal length",
     b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x4\r\n\r\nabcd"),
    ("a space before the colon",
     b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length : 4\r\n\r\nabcd"),
    ("chunked that is not last",
     b"POST / HTTP/1.1\r\nHost: a\r\n"
     b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"),
    ("an unknown encoding",
     b"POST / HTTP/1.1\r\nHost: a\r\n"
     b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
    ("chunked twice",
     b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
     b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ("transfer-encoding on HTTP/1.0",
     b"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
     b"0\r\n\r\n"),
    ("a folded header",
     b"GET / HTTP/1.1\r\nHost: a\r\nX-A: b\r\n folded\r\n\r\n"),
    ("a folded transfer-encoding",
     b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n chunked\r\n\r\n"
     b"0\r\n\r\n"),
    ("no host", b"GET / HTTP/1.1\r\nX: y\r\n\r\n"),
    ("two hosts", b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
    ("HTTP/0.9", b"GET /\r\n\r\n"),
    ("HTTP/2.0 in the request line", b"GET / HTTP/2.0\r\nHost: a\r\n\r\n"),
    ("HTTP/1.9", b"GET / HTTP/1.9\r\nHost: a\r\n\r\n"),
    ("a bare line feed behind the request line",
     b"GET / HTTP/1.1\nHost: a\r\n\r\n"),
    ("bare line feeds throughout", b"GET / HTTP/1.1\nHost: a\n\n"),
    ("a bare carriage return in a header",
     b"GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n"),
    ("a zero byte in a header",
     b"GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n"),
    ("a header without a name",
     b"GET / HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n"),
    ("a header name with a space",
     b"GET / HTTP/1.1\r\nHost: a\r\nX Y: x\r\n\r\n"),
    ("a space before the first header",
     b"GET / HTTP/1.1\r\n Host: a\r\nHost: b\r\n\r\n"),
    ("a method in lower case", b"get / HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("two spaces in the request line",
     b"GET  /  HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("a target with a space", b"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("a chunk size that is no number",
     b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
     b"zz\r\nab\r\n0\r\n\r\n"),
    ("a chunk size with a prefix",
     b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
     b"0x2\r\nab\r\n0\r\n\r\n"),
    ("a chunk size beyond 64 bits",
     b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
     b"ffffffffffffffffff\r\n"),
    ("a chunk longer than it says",
     b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
     b"2\r\nabcd\r\n0\r\n\r\n"),
    ("a chunk that ends in a bare line feed",
     b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
     b"2\nab\n0\n\n"),
    ("the preface of HTTP/2, and not all of it",
     b"PRI * HTTP/2.0\r\n\r\nSM\r\n"),
    ("plain garbage", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n"
     b"\r\n"),
)


class Hostile(Scenario):
    """What two servers could read in two ways never reaches the second."""

    def test_ambiguous_requests_are_refused(self):
        hidden = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
        for name, bad in HOSTILE:
            with self.subTest(name):
                seen = []

                def answer(message, seen=seen):
                    seen.append(message.target)
                    return response(b"ok")

                server = self.web(answer)
                if not hasattr(self, "proxy"):
                    self.port = free_port()
                    self.proxy = self.start(conf.text(
                        [route("r", self.port, server.port,
                               protocol="http")]))
                else:
                    self.proxy.reload(conf.text(
                        [route("r", self.port, server.port,
                               protocol="http")]))
                c = self.client(self.port)
                c.send(bad + hidden)
                data, _ = c.recv_end()
                self.assertNotIn(b" 200 ", data.split(b"\r\n")[0])
                if data:
                    self.assertIn(int(data.split(b" ")[1]),
                                  (400, 501, 505, 431, 413))
                self.assertNotIn("/smuggled", seen)
                self.assertEqual(ask(self.client(self.port)).status, 200)

    def test_requests_split_anywhere_are_refused_all_the_same(self):
        server = self.web()
        port, _, _ = self.proxied(server.port, protocol="http")
        for name, bad in HOSTILE[::4]:
            with self.subTest(name):
                c = self.client(port)
                try:
                    for i in range(len(bad)):
                        c.send(bad[i:i + 1])
                    data, _ = c.recv_end()
                except (ConnectionResetError, BrokenPipeError):
                    continue
                self.assertNotIn(b" 200 ", data.split(b"\r\n")[0])
        self.assertEqual(server.requests, [])

    def test_ambiguous_responses_are_not_passed_on(self):
        upstream = self.backend()
        port, _, _ = self.proxied(upstream.port, protocol="http")
        for bad in (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n"
                    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                    b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n"
                    b"Content-Length: 5\r\n\r\nabcde",
                    b"HTTP/1.1 200 OK\r\nContent-Length : 4\r\n\r\nabcd",
                    b"HTTP/1.1 200 OK\nContent-Length: 4\n\nabcd",
                    b"HTTP/1.1 99999 OK\r\n\r\n"):
            with self.subTest(bad):
                c = self.client(port)
                c.send(request())
                s = upstream.accept()
                read_head(s)
                s.send(bad)
                self.assertEqual(read_head(c).status, 502)
                s.close()

    def test_bytes_behind_a_response_do_not_answer_the_next_request(self):
        upstream = self.backend()
        port, _, _ = self.proxied(upstream.port, protocol="http",
                                  groups={"workers": 1})
        c = self.client(port)
        c.send(request())
        s = upstream.accept()
        read_head(s)
        s.send(response(b"mine") + response(b"poison"))
        self.assertEqual(read_message(c).body, b"mine")
        c.send(request())
        t = upstream.accept()
        read_head(t)
        t.send(response(b"clean"))
        self.assertEqual(read_message(c).body, b"clean")

    def test_a_head_beyond_the_limit_is_refused(self):
        server = self.web()
        port, _, _ = self.proxied(server.port, protocol="http",
                                  max_header="4KiB")
        for bad, code, why in (
                (b"GET /" + b"a" * 6000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
                 b"414", b"the first line alone is larger than max_header"),
                (b"GET / HTTP/1.1\r\nHost: a\r\n" +
                 (b"X: " + b"a" * 1000 + b"\r\n") * 5 + b"\r\n",
                 b"431", b"the whole head is larger than max_header"),
                (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"a: b\r\n" * 2000 +
                 b"\r\n", b"431", b"too many headers")):
            c = self.client(port).send(bad)
            data, _ = c.recv_end()
            self.assertEqual(data.split(b" ")[1], code)
            self.assertIn(why, data)
        self.assertEqual(server.requests, [])

    def test_a_head_that_never_ends_meets_the_header_timeout(self):
        port, _, _ = self.proxied(self.web().port, protocol="http",
                                  header_timeout="300ms")
        c = self.client(port).send(b"GET / HTTP/1.1\r\nHost: a\r\n")
        start = time.monotonic()
        data, _ = c.recv_end()
        self.assert_took(time.monotonic() - start, 0.25, 10)
        if data:
            self.assertIn(b" 408 ", data.split(b"\r\n")[0])

    def test_endless_trailers_are_refused(self):
        upstream = self.backend()
        port, proxy, _ = self.proxied(upstream.port, protocol="http")
        c = self.client(port)
        c.send(b"POST / HTTP/1.1\r\nHost: a\r\n"
               b"Transfer-Encoding: chunked\r\n\r\n0\r\n")
        before = proxy.rss()
        try:
            for _ in range(3000):
                c.send(b"X-Trailer: " + b"t" * 4000 + b"\r\n", 5)
        except OSError:
            pass
        else:
            self.fail("12 MB of trailers were taken")
        self.assertLess(proxy.rss() - before, 20_000_000)


if __name__ == "__main__":
    unittest.main()
