# SPDX-License-Identifier: Apache-2.0
"""HTTP/1.1 routes without faults: messages pass byte for byte, connections
are kept and reused, and routes on one listener are told apart."""

import socket
import unittest

from harness import (Scenario, ask, conf, free_port, noise, read_head,
                     read_message, request, response, route)


class Messages(Scenario):
    """One client connection; the test itself is the server."""

    def setUp(self):
        self.upstream = self.backend()
        self.port, self.proxy, _ = self.proxied(self.upstream.port,
                                                protocol="http")
        self.c = self.client(self.port)
        self._s = None

    @property
    def s(self):
        if self._s is None:
            self._s = self.upstream.accept()
            self.addCleanup(self._s.close)
        return self._s

    def test_heads_and_bodies_pass_byte_for_byte(self):
        asked = (b"POST /a//b/../c?q=%41&x HTTP/1.1\r\nhOsT:test\r\n"
                 b"X-Odd:   spaces \t \r\nCookie: a=1\r\nCookie: b=2\r\n"
                 b"X-Latin: \xe4\xf6\r\nContent-Length: 5\r\n\r\nhello")
        self.c.send(asked)
        self.assertEqual(self.s.recv(len(asked)), asked)
        answer = (b"HTTP/1.1 299 Most Unusual\r\nseRver:  x\r\n"
                  b"Set-Cookie: a\r\nSet-Cookie: b\r\n"
                  b"content-length: 3\r\n\r\nabc")
        self.s.send(answer)
        self.assertEqual(self.c.recv(len(answer)), answer)

    def test_one_client_connection_serves_many_requests(self):
        for n in range(20):
            self.c.send(request(target=f"/{n}"))
            self.assertEqual(read_head(self.s).target, f"/{n}")
            self.s.send(response(b"%d" % n))
            self.assertEqual(read_message(self.c).body, b"%d" % n)
        self.upstream.expect_nobody(0.02)

    def test_pipelined_requests_are_answered_in_order(self):
        self.c.send(b"".join(request(target=f"/{n}") for n in range(10)))
        for n in range(10):
            self.assertEqual(read_head(self.s).target, f"/{n}")
            self.s.send(response(b"%d" % n))
        for n in range(10):
            self.assertEqual(read_message(self.c).body, b"%d" % n)

    def test_pipelined_requests_with_bodies_are_told_apart(self):
        self.c.send(request("POST", "/1", b"GET /fake HTTP/1.1\r\n\r\n") +
                    request("POST", "/2", b"x" * 70_000) + request())
        for size in (22, 70_000, 0):
            message = read_message(self.s)
            self.assertEqual(len(message.body), size)
            self.s.send(response(b"%d" % size))
        for size in (22, 70_000, 0):
            self.assertEqual(read_message(self.c).body, b"%d" % size)

    def test_a_request_that_comes_byte_by_byte_is_understood(self):
        asked = request("POST", "/slow", b"body")
        for i in range(len(asked)):
            self.c.send(asked[i:i + 1])
        self.assertEqual(self.s.recv(len(asked)), asked)
        answer = response(b"fine")
        for i in range(len(answer)):
            self.s.send(answer[i:i + 1])
        self.assertEqual(self.c.recv(len(answer)), answer)

    def test_chunks_extensions_and_trailers_pass_unchanged(self):
        body = (b"5;a=b\r\nhello\r\n00a\r\n0123456789\r\n0\r\n"
                b"X-Sum: 1\r\nX-More: 2\r\n\r\n")
        self.c.send(b"POST / HTTP/1.1\r\nHost: a\r\n"
                    b"Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n")
        read_head(self.s)
        self.c.send(body)
        self.assertEqual(self.s.recv(len(body)), body)
        self.s.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        read_head(self.c)
        for i in range(0, len(body), 3):
            self.s.send(body[i:i + 3])
        self.assertEqual(self.c.recv(len(body)), body)
        self.c.send(request(target="/next"))
        self.assertEqual(read_head(self.s).target, "/next")

    def test_the_answer_to_head_has_a_length_and_no_body(self):
        self.c.send(request("HEAD") + request(target="/next"))
        read_head(self.s)
        self.s.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        self.assertEqual(read_head(self.c).get("content-length"), "1000")
        self.assertEqual(read_head(self.s).target, "/next")
        self.s.send(response(b"x"))
        self.assertEqual(read_message(self.c).body, b"x")

    def test_204_and_304_have_no_body_whatever_they_say(self):
        for line in (b"204 No Content", b"304 Not Modified\r\n"
                     b"Content-Length: 99"):
            self.c.send(request())
            read_head(self.s)
            self.s.send(b"HTTP/1.1 " + line + b"\r\n\r\n")
            self.assertIn(read_head(self.c).status, (204, 304))

    def test_interim_answers_pass_and_the_final_one_follows(self):
        self.c.send(request())
        read_head(self.s)
        self.s.send(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
                    b"HTTP/1.1 102 Processing\r\n\r\n")
        self.assertEqual(read_head(self.c).status, 103)
        self.assertEqual(read_head(self.c).status, 102)
        self.s.send(response(b"done"))
        self.assertEqual(read_message(self.c).body, b"done")

    def test_expect_100_continue_waits_for_the_server(self):
        self.c.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n"
                    b"Expect: 100-continue\r\n\r\n")
        self.assertEqual(read_head(self.s).get("expect"), "100-continue")
        self.c.expect_silence(0.05)
        self.s.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        self.assertEqual(read_head(self.c).status, 100)
        self.c.send(b"body")
        self.assertEqual(self.s.recv(4), b"body")
        self.s.send(response(b"ok"))
        self.assertEqual(read_message(self.c).body, b"ok")

    def test_expect_may_be_answered_by_a_refusal(self):
        self.c.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n"
                    b"Expect: 100-continue\r\n\r\n")
        read_head(self.s)
        self.s.send(response(b"no", "417 Expectation Failed",
                             ["Connection: close"]))
        self.assertEqual(read_message(self.c).status, 417)

    def test_an_answer_may_come_before_the_request_is_complete(self):
        self.c.send(b"POST / HTTP/1.1\r\nHost: a\r\n"
                    b"Content-Length: 100000\r\n\r\n" + bytes(10))
        read_head(self.s)
        self.s.recv(10)
        self.s.send(response(b"too large", "413 Payload Too Large"))
        self.assertEqual(read_message(self.c).body, b"too large")

    def test_both_bodies_may_stream_at_the_same_time(self):
        self.c.send(b"POST / HTTP/1.1\r\nHost: a\r\n"
                    b"Transfer-Encoding: chunked\r\n\r\n")
        read_head(self.s)
        self.s.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        read_head(self.c)
        for n in range(10):
            piece = b"4\r\nab%02d\r\n" % n
            self.c.send(piece)
            self.assertEqual(self.s.recv(len(piece)), piece)
            self.s.send(piece)
            self.assertEqual(self.c.recv(len(piece)), piece)
        self.c.send(b"0\r\n\r\n")
        self.s.recv_until(b"0\r\n\r\n")
        self.s.send(b"0\r\n\r\n")
        self.c.recv_until(b"0\r\n\r\n")

    def test_an_upgrade_becomes_a_byte_stream(self):
        self.c.send(b"GET /chat HTTP/1.1\r\nHost: a\r\n"
                    b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
                    b"Sec-WebSocket-Version: 13\r\n\r\n")
        self.assertEqual(read_head(self.s).get("upgrade"), "websocket")
        self.s.send(b"HTTP/1.1 101 Switching Protocols\r\n"
                    b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
                    b"\x81\x02hi")
        self.assertEqual(read_head(self.c).status, 101)
        self.assertEqual(self.c.recv(4), b"\x81\x02hi")
        self.c.send(noise(100_000))
        self.assertEqual(self.s.recv(100_000), noise(100_000))
        self.s.send(noise(100_000, 2))
        self.assertEqual(self.c.recv(100_000), noise(100_000, 2))
        self.c.finish()
        self.s.expect_end("fin")
        self.s.close()
        self.c.expect_end("fin")

    def test_an_upgrade_that_is_declined_stays_http(self):
        self.c.send(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n"
                    b"Upgrade: websocket\r\n\r\n" + request(target="/next"))
        read_head(self.s)
        self.s.send(response(b"no thanks"))
        self.assertEqual(read_message(self.c).body, b"no thanks")
        self.assertEqual(read_head(self.s).target, "/next")

    def test_connect_becomes_a_byte_stream(self):
        self.c.send(b"CONNECT far:443 HTTP/1.1\r\nHost: far:443\r\n\r\n")
        self.assertEqual(read_head(self.s).method, "CONNECT")
        self.s.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
        self.assertEqual(read_head(self.c).status, 200)
        self.c.send(b"\x16\x03\x01 not http")
        self.assertEqual(self.s.recv(12), b"\x16\x03\x01 not http")
        self.s.send(b"nor this")
        self.assertEqual(self.c.recv(8), b"nor this")

    def test_a_response_until_close_ends_with_the_connection(self):
        self.c.send(request())
        read_head(self.s)
        self.s.send(b"HTTP/1.1 200 OK\r\n\r\n" + noise(50_000))
        self.s.close()
        read_head(self.c)
        self.c.expect_end("fin", noise(50_000))

    def test_connection_close_by_the_client_is_honoured(self):
        self.c.send(request(headers=["Connection: close"]))
        read_head(self.s)
        self.s.send(response(b"bye"))
        self.assertEqual(read_message(self.c).body, b"bye")
        self.c.expect_end("fin")

    def test_http_1_0_is_answered_and_closed(self):
        self.c.send(b"GET / HTTP/1.0\r\nHost: a\r\n\r\n")
        read_head(self.s)
        self.s.send(response(b"old"))
        data, _ = self.c.recv_end()
        self.assertTrue(data.endswith(b"old"))

    def test_a_response_cut_short_is_not_passed_for_a_whole_one(self):
        self.c.send(request())
        read_head(self.s)
        self.s.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        self.s.close()
        read_head(self.c)
        data, _ = self.c.recv_end()
        self.assertEqual(data, b"half")

    def test_a_server_that_dies_without_an_answer_gives_502(self):
        self.c.send(request("POST", "/", b"x"))
        read_message(self.s)
        self.s.close()
        self.assertEqual(read_head(self.c).status, 502)

    def test_garbage_in_place_of_an_answer_gives_502(self):
        self.c.send(request())
        read_head(self.s)
        self.s.send(b"\x80\x81 this is no answer\r\n\r\n")
        self.assertEqual(read_head(self.c).status, 502)


class Reuse(Scenario):
    def test_upstream_connections_are_used_again_by_other_clients(self):
        server = self.web()
        port, _, _ = self.proxied(server.port, protocol="http",
                                  groups={"workers": 1})
        for _ in range(10):
            c = self.client(port)
            self.assertEqual(ask(c).status, 200)
            c.close()
        self.assertLessEqual(server.count, 2)
        self.assertEqual(len(server.requests), 10)

    def test_a_reused_connection_that_had_died_is_replaced(self):
        server = self.web()
        port, _, _ = self.proxied(server.port, protocol="http",
                                  groups={"workers": 1})
        c = self.client(port)
        for _ in range(5):
            self.assertEqual(ask(c).status, 200)
            for conn in server.open:
                try:
                    conn.sock.shutdown(2)
                except OSError:
                    pass
            server.open.clear()

    def test_an_upstream_that_refuses_gives_502_and_keeps_the_client(self):
        port, _, _ = self.proxied(free_port(), protocol="http")
        c = self.client(port)
        for _ in range(3):
            self.assertEqual(ask(c).status, 502)

    def test_an_upstream_that_does_not_answer_the_dial_gives_504(self):
        full = self.backend(backlog=0)
        for _ in range(8):
            sock = socket.socket()
            sock.setblocking(False)
            sock.connect_ex(("127.0.0.1", full.port))
            self.addCleanup(sock.close)
        port, _, _ = self.proxied(full.port, protocol="http",
                                  connect_timeout="300ms")
        self.assertEqual(ask(self.client(port)).status, 504)


class Routing(Scenario):
    def test_routes_on_one_listener_are_told_apart_by_host_and_path(self):
        a, b, rest = self.web(name="a"), self.web(name="b"), self.web(
            name="rest")
        port = free_port()
        self.start(conf.text([
            route("a", port, a.port, protocol="http",
                  match={"host": "a.test"}),
            route("b", port, b.port, protocol="http",
                  match={"path": "/b/*"}),
            route("rest", port, rest.port, protocol="http")]))
        c = self.client(port)
        for host, path, name in (("a.test", "/", "a"),
                                 ("A.TEST:80", "/b/x", "a"),
                                 ("other", "/b/x", "b"),
                                 ("other", "/c", "rest"),
                                 ("a.test", "/b/y", "a")):
            reply = ask(c, target=path, host=host)
            self.assertEqual(reply.get("x-server"), name, (host, path))

    def test_what_matches_no_route_gets_404(self):
        port = free_port()
        self.start(conf.text([route("a", port, self.web().port,
                                    protocol="http",
                                    match={"host": "*.test"})]))
        c = self.client(port)
        self.assertEqual(ask(c, host="x.test").status, 200)
        self.assertEqual(ask(c, host="x.other").status, 404)
        c = self.client(port)
        reply = ask(c, "HEAD", host="x.other")
        self.assertEqual(reply.status, 404)
        c.expect_end("fin")
        self.assertEqual(ask(self.client(port), host="y.test").status, 200)

    def test_a_path_may_be_a_regular_expression(self):
        a, b = self.web(name="a"), self.web(name="b")
        port = free_port()
        self.start(conf.text([
            route("a", port, a.port, protocol="http",
                  match={"path": "~^/v[0-9]+/users$"}),
            route("b", port, b.port, protocol="http")]))
        c = self.client(port)
        for path, name in (("/v1/users", "a"), ("/v12/users?x=1", "a"),
                           ("/v1/users/7", "b"), ("/vx/users", "b")):
            self.assertEqual(ask(c, target=path).get("x-server"), name, path)


if __name__ == "__main__":
    unittest.main()
