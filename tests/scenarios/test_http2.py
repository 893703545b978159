# SPDX-License-Identifier: Apache-2.0
"""HTTP/2 without faults: what a client and a server on either side of the
proxy see of each other, in both versions of the upstream."""

import shutil
import signal
import struct
import subprocess
import threading
import unittest

from harness import (Peer, Scenario, conf, fault, free_port, noise, response,
                     wait_until)
from harness.h2 import (CONTINUATION, DATA, END_HEADERS, HEADERS, MAX_STREAMS,
                        WINDOW_UPDATE)


class Http2(Scenario):
    def through(self, answer=None, *faults, server=None, **fields):
        """A server of HTTP/2, faultwire, and a client."""
        self.server = self.h2_server(answer, **(server or {}))
        self.port, self.proxy, self.text = self.proxied(
            self.server.port, *faults, protocol="http", **fields)
        return self.h2(self.port)

    def test_requests_and_responses_pass(self):
        c = self.through()
        for body in (None, b"", b"x" * 10, noise(300_000)):
            st = c.ask("POST" if body else "GET", "/a?b=c", body)
            self.assertEqual(st.status, 200)
            self.assertEqual(bytes(st.body), body or b"ok")
        seen = dict(self.server.requests[0].heads[0])
        self.assertEqual((seen[":path"], seen[":authority"], seen[":scheme"]),
                         ("/a?b=c", "test", "http"))

    def test_streams_pass_side_by_side(self):
        def answer(peer, st):
            size = int(dict(st.heads[0])["size"])
            peer.headers(st.number, [(":status", "200")])
            peer.send(st, noise(size, size), True)

        c = self.through(answer)
        sizes = [0, 1, 100_000, 16384, 700_000, 65535]
        streams = [c.request(headers=[("size", str(n))]) for n in sizes]
        for st, n in zip(streams, sizes):
            c.finish(st)
            self.assertEqual(bytes(st.body), noise(n, n))
        self.assertEqual(len(self.server.peers), 1)

    def test_every_client_has_an_upstream_connection_of_its_own(self):
        c = self.through()
        c.ask()
        self.h2(self.port).ask()
        self.assertEqual(self.server.count, 2)

    def test_trailers_pass_both_ways(self):
        def answer(peer, st):
            peer.headers(st.number, [(":status", "200")])
            peer.send(st, b"body")
            peer.headers(st.number, [("sum", "7"), ("x", "y")], True)

        c = self.through(answer)
        st = c.ask("POST", body=b"q", trailers=[("up", "1")],
                   headers=[("te", "trailers")])
        self.assertEqual((bytes(st.body), st.trailers),
                         (b"body", {"sum": "7", "x": "y"}))
        self.assertEqual(self.server.requests[0].heads[1], [("up", "1")])
        self.assertEqual(self.server.requests[0].get("te", 0), "trailers")

    def test_trailers_of_a_request_may_come_amid_a_responses_head(self):
        def answer(peer, st):
            block = peer.encoder.encode([(":status", "200"), ("a", "b")])
            peer.write(HEADERS, 0, st.number, block[:1])
            begun.set()
            peer.until(lambda: st.ended)
            peer.write(CONTINUATION, END_HEADERS, st.number, block[1:])
            peer.send(st, b"done", True)

        begun = threading.Event()
        c = self.through(answer, server={"early": True})
        st = c.request("POST", "/", b"body", end=False)
        self.assertTrue(begun.wait(30))
        c.headers(st.number, [("sum", "1")], True)
        c.finish(st)
        self.assertEqual((st.status, bytes(st.body)), (200, b"done"))

    def test_a_response_of_headers_alone_stays_one(self):
        def answer(peer, st):
            peer.headers(st.number, [(":status", "200"),
                                     ("grpc-status", "0")], True)

        st = self.through(answer).ask("POST", body=b"m")
        self.assertEqual((st.get("grpc-status"), st.chunks), ("0", []))

    def test_interim_responses_pass(self):
        def answer(peer, st):
            peer.headers(st.number, [(":status", "103"), ("link", "</a>")])
            peer.headers(st.number, [(":status", "200")])
            peer.send(st, b"x", True)

        st = self.through(answer).ask()
        self.assertEqual([dict(h)[":status"] for h in st.heads],
                         ["103", "200"])

    def test_a_body_arrives_as_it_is_sent(self):
        ready, go = threading.Event(), threading.Event()

        def answer(peer, st):
            peer.headers(st.number, [(":status", "200")])
            peer.send(st, b"first")
            ready.set()
            go.wait(10)
            peer.send(st, b"last", True)

        c = self.through(answer)
        st = c.request()
        c.until(lambda: bytes(st.body) == b"first")
        self.assertFalse(st.over)
        go.set()
        self.assertEqual(bytes(c.finish(st).body), b"firstlast")

    def test_resets_pass_with_their_code(self):
        def answer(peer, st):
            if st.get(":path", 0) == "/late":
                peer.headers(st.number, [(":status", "200")])
                peer.send(st, b"some")
            peer.reset(st, "ENHANCE_YOUR_CALM")

        c = self.through(answer)
        self.assertEqual(c.ask(path="/").reset, "ENHANCE_YOUR_CALM")
        st = c.ask(path="/late")
        self.assertEqual((st.reset, bytes(st.body)),
                         ("ENHANCE_YOUR_CALM", b"some"))

    def test_a_clients_reset_reaches_the_server(self):
        c = self.through(lambda peer, st: None)
        st = c.request()
        wait_until(lambda: self.server.requests)
        c.reset(st, "CANCEL")
        wait_until(lambda: self.server.requests[0].reset == "CANCEL")

    def test_goaway_of_the_upstream_reaches_the_client(self):
        def answer(peer, st):
            peer.write(7, 0, 0, struct.pack(">II", st.number, 0))
            peer.headers(st.number, [(":status", "200")])
            peer.send(st, b"x", True)

        c = self.through(answer)
        st = c.ask()
        self.assertEqual(st.status, 200)
        c.until(lambda: c.goaway)
        self.assertEqual(c.goaway, (st.number, "NO_ERROR"))
        self.assertEqual(c.end(), "fin")

    def test_sigterm_drains_with_goaway(self):
        go = threading.Event()

        def answer(peer, st):
            go.wait(10)
            peer.headers(st.number, [(":status", "200")])
            peer.send(st, b"x", True)

        c = self.through(answer)
        st = c.request()
        wait_until(lambda: self.server.requests)
        self.proxy.signal(signal.SIGTERM)
        c.until(lambda: c.goaway)
        self.assertEqual(c.goaway, (st.number, "NO_ERROR"))
        go.set()
        self.assertEqual(c.finish(st).status, 200)
        self.assertEqual(c.end(), "fin")

    def test_an_upstream_that_is_not_there_is_told(self):
        port, _, _ = self.proxied(free_port(), protocol="http")
        c = self.h2(port)
        st = c.ask("POST", body=b"x")
        self.assertEqual((st.status, st.get("proxy-status")),
                         (502, "faultwire; error=connection_refused; "
                          'details="the upstream refused the connection"'))
        self.assertEqual(c.ask().status, 502)

    def test_an_upstream_that_dies_is_told(self):
        def answer(peer, st):
            if st.get(":path", 0) == "/late":
                peer.headers(st.number, [(":status", "200")])
                peer.send(st, b"some")
            peer.conn.reset()
            raise ConnectionResetError

        c = self.through(answer)
        self.assertEqual(c.ask().status, 502)
        st = c.ask(path="/late")
        self.assertEqual((st.status, st.reset), (200, "INTERNAL_ERROR"))

    def test_a_server_of_http1_is_no_server_of_http2(self):
        old = self.serving(lambda c: c.send(b"HTTP/1.1 400 No\r\n\r\n"))
        port, _, _ = self.proxied(old.port, protocol="http")
        st = self.h2(port).ask()
        self.assertEqual(st.status, 502)

    def test_requests_choose_among_routes(self):
        a, b = self.h2_server(), self.h2_server()
        port = free_port()
        self.start(conf.text([
            conf.route("a", port, a.port, protocol="http",
                       match={"path": "/a*"}),
            conf.route("b", port, b.port, protocol="http",
                       match={"host": "b.test"})]))
        c = self.h2(port)
        self.assertEqual(c.ask(path="/a").status, 200)
        self.assertEqual(c.ask(path="/", authority="b.test:80").status, 200)
        self.assertEqual(c.ask(path="/c").status, 404)
        self.assertEqual((len(a.requests), len(b.requests)), (1, 1))

    def test_a_client_of_http1_is_refused_where_the_upstream_is_http2(self):
        self.through(upstream_protocol="http2")
        c = self.client(self.port)
        c.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        self.assertTrue(c.recv_until(b"\r\n").startswith(b"HTTP/1.1 505"))

    def test_a_proxy_header_stands_before_the_preface(self):
        seen = []

        def serve(conn):
            seen.append(conn.recv_until(b"\r\n"))
            peer = Peer(conn, server=True)
            peer.until(lambda: 1 in peer.streams)
            peer.headers(1, [(":status", "204")], True)
            peer.pump(5)

        server = self.serving(serve)
        port, _, _ = self.proxied(
            server.port, fault("abort", when={"client": "10.0.0.0/8",
                                              "path": "/own"}),
            protocol="http", accept_proxy=True, send_proxy="v1")
        conn = self.client(port)
        conn.send(b"PROXY TCP4 10.1.2.3 10.9.9.9 4711 80\r\n")
        c = Peer(conn)
        self.assertEqual(c.ask(path="/own").status, 503)
        self.assertEqual(c.ask().status, 204)
        self.assertTrue(seen[0].startswith(b"PROXY TCP4 10.1.2.3 "))

    def test_faults_come_and_go_on_streams_under_way(self):
        go = threading.Event()

        def answer(peer, st):
            peer.headers(st.number, [(":status", "200")])
            peer.send(st, b"a")
            go.wait(10)
            peer.send(st, b"b", True)

        c = self.through(answer)
        st = c.request()
        c.until(lambda: bytes(st.body) == b"a")
        self.proxy.reload(self.text(fault("blackhole")))
        go.set()
        with self.assertRaises(AssertionError):
            c.until(lambda: st.ended, 0.3)
        self.proxy.reload(self.text())
        self.assertEqual(bytes(c.finish(st).body), b"ab")

    def test_a_route_that_is_removed_says_goodbye(self):
        go = threading.Event()

        def answer(peer, st):
            go.wait(10)
            peer.headers(st.number, [(":status", "204")], True)

        c = self.through(answer)
        st = c.request()
        wait_until(lambda: self.server.requests)
        self.proxy.reload(conf.text([]))
        c.until(lambda: c.goaway)
        go.set()
        self.assertEqual(c.finish(st).status, 204)
        self.assertEqual(c.end(), "fin")

    def test_another_upstream_serves_the_next_request(self):
        c = self.through()
        c.ask()
        other = self.h2_server()
        self.proxy.reload(conf.text([conf.route(
            "r", self.port, other.port, protocol="http")]))
        self.assertEqual(c.ask().status, 200)
        self.assertEqual(len(other.requests), 1)

    # --- flow control

    def test_a_stalled_stream_does_not_block_its_siblings(self):
        def answer(peer, st):
            peer.headers(st.number, [(":status", "200")])
            peer.send(st, b"x" * 100_000, True)

        server = self.h2_server(answer)
        port, _, _ = self.proxied(server.port, protocol="http")
        c = Peer(self.client(port), greedy=False)
        c.write(WINDOW_UPDATE, 0, 0, struct.pack(">I", 1 << 24))
        slow = [c.request() for _ in range(10)]
        c.until(lambda: all(len(s.body) == 65535 for s in slow))
        fast = c.request()
        c.until(lambda: len(fast.body) == 65535)
        c.give(fast, 100_000)
        c.finish(fast)
        self.assertEqual(len(fast.body), 100_000)
        self.assertTrue(all(len(s.body) == 65535 for s in slow))
        for st in slow:
            c.give(st, 100_000)
        for st in slow:
            self.assertEqual(len(c.finish(st).body), 100_000)

    def test_a_slow_reader_costs_bounded_memory(self):
        size = 100_000_000

        def answer(peer, st):
            peer.headers(st.number, [(":status", "200")])
            sent = 0
            while sent < size and not st.reset:
                peer.send(st, b"y" * 1_000_000)
                sent += 1_000_000
                self.sent = sent

        self.sent = 0
        server = self.h2_server(answer)
        port, proxy, _ = self.proxied(server.port, protocol="http")
        before = proxy.rss()
        c = Peer(self.client(port), greedy=False)
        st = c.request()
        c.until(lambda: len(st.body) == 65535)
        with self.assertRaises(AssertionError):
            c.until(lambda: len(st.body) > 65535, 0.5)
        self.assertLess(self.sent, 3_000_000)
        self.assertLess(proxy.rss() - before, 30_000_000)
        c.reset(st)

    def test_a_server_that_does_not_read_holds_the_client_back(self):
        server = self.h2_server(lambda peer, st: None, early=True,
                                greedy=False)
        port, _, _ = self.proxied(server.port, protocol="http")
        c = self.h2(port)
        st = c.request("POST", "/", end=False)
        sent = 0
        for _ in range(400):
            n = min(16384, c.window, st.window)
            if n == 0:
                try:
                    c.until(lambda: c.window > 0 and st.window > 0, 0.5)
                except AssertionError:
                    break
                continue
            c.write(DATA, 0, st.number, b"z" * n)
            c.window -= n
            st.window -= n
            sent += n
        self.assertGreater(sent, 65535)
        self.assertLess(sent, 1_000_000)
        self.assertEqual(len(server.requests[0].body), 65535)

    def test_concurrency_is_announced_and_changed_on_open_connections(self):
        c = self.through(max_concurrent_streams=7)
        c.ask()
        self.assertEqual(dict(c.settings)[MAX_STREAMS], 7)
        self.proxy.reload(conf.text([conf.route(
            "r", self.port, self.server.port, protocol="http",
            max_concurrent_streams=3)]))
        c.until(lambda: dict(c.settings)[MAX_STREAMS] == 3)
        self.assertEqual(c.ask().status, 200)


class OverHttp1(Scenario):
    """Clients of HTTP/2, a server of HTTP/1.1."""

    def through(self, answer=None, *faults):
        self.server = self.web(answer)
        self.port, self.proxy, self.text = self.proxied(
            self.server.port, *faults, protocol="http",
            upstream_protocol="http1")
        return self.h2(self.port)

    def test_requests_are_translated(self):
        c = self.through()
        st = c.ask("POST", "/a?b", b"body", headers=[
            ("content-length", "4"), ("cookie", "a=1"), ("cookie", "b=2"),
            ("te", "trailers")])
        self.assertEqual((st.status, bytes(st.body)), (200, b"body"))
        seen = self.server.requests[0]
        self.assertEqual((seen.line, seen.get("host"), seen.get("cookie"),
                          seen.get("te"), seen.get("content-length")),
                         ("POST /a?b HTTP/1.1", "test", "a=1; b=2", None,
                          "4"))

    def test_bodies_of_unknown_length_go_in_chunks(self):
        body = noise(500_000)
        c = self.through()
        st = c.ask("POST", "/", body)
        self.assertEqual(bytes(st.body), body)
        self.assertEqual(self.server.requests[0].get("transfer-encoding"),
                         "chunked")

    def test_connections_are_used_again(self):
        c = self.through()
        for _ in range(5):
            self.assertEqual(c.ask("POST", "/", b"x").status, 200)
        self.assertEqual(self.server.serving.count
                         if hasattr(self.server, "serving")
                         else self.server.count, 1)

    def test_what_concerns_one_hop_stays_there(self):
        def answer(_message):
            return (b"HTTP/1.1 200 OK\r\nConnection: X-Hop\r\nX-Hop: 1\r\n"
                    b"Keep-Alive: 5\r\nX-End: 2\r\n"
                    b"Transfer-Encoding: chunked\r\n\r\n"
                    b"3\r\nabc\r\n0\r\n\r\n")

        st = self.through(answer).ask()
        self.assertEqual(bytes(st.body), b"abc")
        self.assertEqual(sorted(dict(st.heads[0])), [":status", "x-end"])

    def test_a_kept_connection_that_died_is_replaced(self):
        """The server closes as it is asked again."""
        asked = []

        def serve(conn):
            conn.recv_until(b"\r\n\r\n")
            asked.append("first")
            conn.send(response(b"1"))
            asked.append(conn.recv_until(b"\r\n\r\n")[:4])

        server = self.serving(serve)
        port, _, _ = self.proxied(server.port, protocol="http",
                                  upstream_protocol="http1")
        c = self.h2(port)
        self.assertEqual(c.ask().status, 200)
        self.assertEqual(c.ask().status, 200)
        wait_until(lambda: len(asked) == 3)
        # What is not idempotent is not sent twice.
        self.assertEqual(c.ask("POST", "/", b"x",
                               headers=[("content-length", "1")]).status, 502)

    def test_trailers_follow_the_last_chunk_both_ways(self):
        def answer(message):
            return (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                    b"1\r\na\r\n0\r\nSum: 7 \r\nEmpty:\r\n\r\n")

        c = self.through(answer)
        st = c.ask("POST", "/", b"q", trailers=[("up", "1")])
        self.assertEqual((bytes(st.body), st.trailers),
                         (b"a", {"sum": "7", "empty": ""}))
        self.assertIn(b"up: 1", self.server.requests[0].trailers)
        self.assertEqual(c.ask().trailers, {"sum": "7", "empty": ""})

    def test_a_broken_response_resets_the_stream_alone(self):
        def answer(message):
            if message.target == "/ok":
                return response(b"fine")
            return b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"

        c = self.through(answer)
        # The server goes on after a short answer; it has to be cut.
        st = c.request(path="/bad")
        c.until(lambda: bytes(st.body) == b"short")
        self.assertEqual(bytes(c.ask(path="/ok").body), b"fine")


@unittest.skipUnless(shutil.which("nghttp"), "nghttp2-client is missing")
class Tools(Scenario):
    def test_curl_nghttp_and_h2load_are_served(self):
        server = self.h2_server()
        port, _, _ = self.proxied(server.port, protocol="http")
        url = f"http://127.0.0.1:{port}/"
        for command in (["curl", "-sS", "--http2-prior-knowledge", url],
                        ["nghttp", url]):
            done = subprocess.run(command, capture_output=True, timeout=30,
                                  check=True)
            self.assertEqual(done.stdout, b"ok")
        done = subprocess.run(["h2load", "-n", "300", "-c", "3", "-m", "10",
                               url], capture_output=True, timeout=60,
                              check=True)
        self.assertIn(b"300 succeeded, 0 failed", done.stdout)


if __name__ == "__main__":
    unittest.main()
