# SPDX-License-Identifier: Apache-2.0
"""HTTP/2 over TLS: what ALPN chooses on both sides, and what faults on the
wire and on streams do there."""

import json
import os
import shutil
import socket
import subprocess
import threading
import time
import unittest

from harness import (ROOT, H2Server, Peer, TlsScenario, client_context, conf,
                     fault, free_port, noise, pki, route, wait_until, words)
from harness.h2 import has_grpc

BOTH = ("h2", "http/1.1")
PEER = os.path.join(ROOT, "tests", "clients", "grpc_peer.py")
PYTHON = "/usr/bin/python3"  # the one that the distribution's grpcio is for


class Http2Tls(TlsScenario):
    def back(self, alpn=BOTH, answer=None):
        """A TLS server of both versions, as ALPN has it. Its `h2` knows the
        requests of HTTP/2, its `paths` those of HTTP/1."""
        h2 = H2Server(answer)
        self.addCleanup(h2.close)
        paths = []

        def serve(conn):
            if conn.sock.selected_alpn_protocol() == "h2":
                h2.serve(conn)
                return
            while True:
                try:
                    head = conn.recv_until(b"\r\n\r\n")
                except AssertionError:  # the end
                    return
                paths.append(head.split()[1].decode())
                conn.send(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none")

        made = self.serving_tls(serve, alpn=alpn)
        made.h2, made.paths = h2, paths
        return made

    def through(self, back, *faults, **fields):
        """Its port; TLS on both sides of a route."""
        fields.setdefault("tls", pki().tls())
        fields.setdefault("upstream_tls",
                          pki().upstream(server_name="server.test"))
        self.port, self.proxy, self.text = self.proxied(
            back.port, *faults, protocol="http", **fields)
        return self.port

    def agreed(self, port, alpn=BOTH, name="server.test"):
        """A connection of a client that offers these."""
        return self.tls(port, name, context=client_context(alpn=alpn))

    def h2_tls(self, port=None, **options):
        conn = self.agreed(port or self.port, **options)
        self.assertEqual(conn.sock.selected_alpn_protocol(), "h2")
        return Peer(conn)

    def was_reset(self, peer):
        """The connection below TLS ended with RST."""
        raw = socket.socket(fileno=peer.conn.sock.detach())
        self.addCleanup(raw.close)
        raw.settimeout(20)
        with self.assertRaises(ConnectionResetError):
            while raw.recv(4096):
                pass
            self.fail("it ended with FIN")

    def http1(self, conn, path="/"):
        conn.send(f"GET {path} HTTP/1.1\r\nHost: server.test\r\n\r\n".encode())
        head = conn.recv_until(b"\r\n\r\n")
        return int(head.split()[1])


class Alpn(Http2Tls):
    def test_what_clients_are_offered_is_what_can_be_served(self):
        upstream = {"upstream_tls": pki().upstream()}
        table = [
            ({"upstream_protocol": "http1"}, BOTH, "h2"),
            ({"upstream_protocol": "http1"}, ("http/1.1", "h2"), "h2"),
            ({"upstream_protocol": "http1"}, ("http/1.1",), "http/1.1"),
            ({"upstream_protocol": "http1"}, (), None),
            ({"upstream_protocol": "http2"}, BOTH, "h2"),
            ({"upstream_protocol": "http2"}, ("http/1.1",), OSError),
            ({}, BOTH, "http/1.1"),
            ({}, ("h2",), OSError),
            (upstream, BOTH, "h2"),
            ({"tls": pki().tls(alpn=["h2"])}, BOTH, "h2"),
            ({"tls": pki().tls(alpn=["http/1.1", "h2"]), **upstream}, BOTH,
             "http/1.1"),
            ({"tls": pki().tls(alpn=["x"]), **upstream}, ("h2", "x"), "x"),
        ]
        port = free_port()

        def text(fields):
            return conf.text([route("r", port, 1, protocol="http",
                                    **{"tls": pki().tls(), **fields})])

        proxy = self.start(text(table[0][0]))
        for fields, offers, want in table:
            with self.subTest(offers=offers, want=want, **fields):
                proxy.reload(text(fields))
                if want is OSError:
                    error = self.refused(port,
                                         context=client_context(alpn=offers))
                    self.assertIn("NO APPLICATION PROTOCOL", words(error))
                    continue
                conn = self.agreed(port, offers)
                self.assertEqual(conn.sock.selected_alpn_protocol(), want)

    def test_the_upstream_is_spoken_to_as_agreed(self):
        # upstream_protocol, what the server knows, what the client speaks;
        # what they agree on, the status.
        table = [
            ("auto", BOTH, "h2", "h2", 200),
            ("auto", ("http/1.1", "h2"), "h2", "http/1.1", 200),
            ("auto", ("http/1.1",), "h2", "http/1.1", 200),
            ("auto", (), "h2", None, 200),
            ("auto", BOTH, "http/1.1", "http/1.1", 200),
            ("auto", (), "http/1.1", None, 200),
            ("http1", BOTH, "h2", "http/1.1", 200),
            ("http1", BOTH, "http/1.1", "http/1.1", 200),
            ("http2", BOTH, "h2", "h2", 200),
            ("http2", ("http/1.1",), "h2", None, 502),
            ("http2", (), "h2", None, 502),
        ]
        for speaks, knows, client, want, status in table:
            with self.subTest(speaks=speaks, knows=knows, client=client):
                back = self.back(knows)
                port = self.through(back, upstream_protocol=speaks)
                if client == "h2":
                    st = self.h2_tls(port).ask("GET", "/path")
                    self.assertEqual(st.status, status)
                else:
                    self.assertEqual(self.http1(
                        self.agreed(port, ("http/1.1",)), "/path"), status)
                # The server's side of a handshake ends last.
                wait_until(lambda back=back: back.seen,
                           what="the handshake")
                self.assertEqual(back.seen[0]["alpn"], want)
                if status == 502:
                    self.assertIn("tls_protocol_error",
                                  st.get("proxy-status"))
                    line = self.proxy.wait_log("upstream_tls_failed")[-1]
                    self.assertIn("HTTP/2", line["error"])
                elif want == "h2":
                    self.assertEqual(
                        dict(back.h2.requests[0].heads[0])[":path"], "/path")
                else:
                    self.assertEqual(back.paths, ["/path"])

    def test_offers_of_the_route_leave_out_what_the_client_does_not_speak(
            self):
        back = self.back()
        port = self.through(back, upstream_tls=pki().upstream(
            server_name="server.test", alpn=["h2"]))
        self.assertEqual(self.http1(self.agreed(port, ("http/1.1",))), 200)
        self.assertEqual(self.h2_tls(port).ask().status, 200)
        self.assertEqual([s["alpn"] for s in back.seen], [None, "h2"])

    def test_streams_translated_share_what_alpn_said(self):
        back = self.back(("http/1.1",))
        c = self.h2_tls(self.through(back))
        streams = [c.request("GET", f"/{i}") for i in range(8)]
        for st in streams:
            self.assertEqual(bytes(c.finish(st).body), b"one")
        self.assertEqual(bytes(c.ask("GET", "/8").body), b"one")
        self.assertEqual(sorted(back.paths), [f"/{i}" for i in range(9)])
        self.assertEqual({s["alpn"] for s in back.seen}, {"http/1.1"})
        self.assertLessEqual(len(back.seen), 8)  # the ninth found one kept

    def test_what_was_agreed_on_is_kept_to(self):
        back = self.back()
        port = self.through(back)
        conn = self.agreed(port)
        conn.send(b"GET / HTTP/1.1\r\nHost: server.test\r\n\r\n")
        with self.assertRaises(OSError):
            conn.recv(1000)
            conn.recv(1000)
            raise ConnectionResetError
        conn = self.agreed(port, ("http/1.1",))
        conn.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        self.assertEqual(conn.recv_until(b"\r\n")[:9], b"HTTP/1.1 ")
        self.assertEqual(self.h2_tls(port).ask().status, 200)

    def test_routes_by_name_have_connections_of_their_own(self):
        one, two, port = self.back(), self.back(), free_port()

        def made(name, back, **fields):
            return route(name, port, back.port, protocol="http",
                         tls=pki().tls(alpn=["h2"]),
                         upstream_tls=pki().upstream(
                             server_name="server.test"), **fields)

        self.start(conf.text([made("a", one, match={"sni": "server.test"}),
                              made("b", two)]))
        for name, back in (("server.test", one), ("localhost", two)):
            st = self.h2_tls(port, name=name).ask("GET", "/" + name,
                                                  authority=name)
            self.assertEqual(st.status, 200)
            self.assertEqual(len(back.h2.requests), 1)

    def test_an_upstream_that_changes_on_reload_is_dialled_anew(self):
        back = self.back()
        c = self.h2_tls(self.through(back))
        self.assertEqual(c.ask().status, 200)
        self.proxy.reload(conf.text([route(
            "r", self.port, back.port, protocol="http", tls=pki().tls(),
            upstream_protocol="http1",
            upstream_tls=pki().upstream(server_name="server.test"))]))
        self.assertEqual(bytes(c.ask().body), b"one")
        self.assertEqual([s["alpn"] for s in back.seen], ["h2", "http/1.1"])


class Peers(Http2Tls):
    def test_curl_and_nghttp_are_served(self):
        port = self.through(self.back())
        url = f"https://server.test:{port}/x"
        got = subprocess.run(
            ["curl", "-sS", "--http2", "--cacert", pki().path("ca.pem"),
             "--resolve", f"server.test:{port}:127.0.0.1", "-w",
             " %{http_version}", url, url], check=False, timeout=30,
            capture_output=True, text=True)
        self.assertEqual((got.stdout, got.stderr), ("ok 2ok 2", ""))
        if not shutil.which("nghttp"):
            self.skipTest("nghttp is not installed")
        got = subprocess.run(
            ["nghttp", "-v", "-m", "3", f"https://127.0.0.1:{port}/x"],
            check=False, timeout=30, capture_output=True, text=True)
        self.assertEqual(got.stdout.count(":status: 200"), 3, got.stdout)

    def test_large_bodies_pass_both_ways(self):
        c = self.h2_tls(self.through(self.back()))
        data = noise(3_000_000)
        self.assertTrue(bytes(c.ask("POST", "/", data).body) == data)

    def test_grpc_is_served_and_only_the_stream_meant_is_hit(self):
        if not has_grpc():
            self.skipTest("python3-grpcio is not installed")
        p = pki()
        server = subprocess.Popen(
            [PYTHON, PEER, "server", p.path("server.key"),
             p.path("server.pem")], text=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE)
        self.addCleanup(server.communicate)
        back = int(server.stdout.readline())
        port, _, _ = self.proxied(
            back, fault("trailers", grpc_status=13, messages=3,
                        when={"path": "*/Stream"}),
            protocol="http", tls=p.tls(), max_concurrent_streams=50,
            upstream_tls=p.upstream(server_name="server.test"))
        calls = [{"call": "Unary", "size": 300_000}, {"call": "Stream"},
                 {"call": "Collect"}, {"call": "Chat", "count": 50}]
        client = subprocess.run(
            [PYTHON, PEER, "client", str(port), p.path("ca.pem")],
            input=json.dumps({"together": calls}) + "\n", text=True,
            check=False, timeout=50, capture_output=True)
        got = json.loads(client.stdout)
        self.assertEqual([(g["code"], g["messages"]) for g in got],
                         [("OK", 1), ("INTERNAL", 3), ("OK", 1), ("OK", 50)])


class Faults(Http2Tls):
    def test_conditions_see_what_was_agreed_on(self):
        port = self.through(
            self.back(), fault("abort", status=503, when={"alpn": "h2"}),
            fault("abort", status=418, when={"sni": "localhost"}))
        self.assertEqual(self.h2_tls(port).ask().status, 503)
        self.assertEqual(self.http1(self.agreed(port, ("http/1.1",))), 200)
        conn = self.agreed(port, ("http/1.1",), "localhost")
        self.assertEqual(self.http1(conn), 418)

    def test_a_stream_is_reset_and_its_siblings_are_not(self):
        def answer(peer, st):
            peer.headers(st.number, [(":status", "200")])
            peer.send(st, noise(200_000), True)

        c = self.h2_tls(self.through(
            self.back(answer=answer),
            fault("reset_peer", when={"path": "/bad"})))
        streams = [c.request("GET", p) for p in ("/a", "/bad", "/b")]
        for st in streams:
            c.finish(st)
        self.assertEqual([st.reset for st in streams],
                         [None, "INTERNAL_ERROR", None])
        self.assertTrue(bytes(streams[2].body) == noise(200_000))

    def test_handshakes_meet_their_faults(self):
        for kind, fields, want in (
                ("tls_alert", {"code": "internal_error"}, "INTERNAL ERROR"),
                ("certificate", {"flaw": "wrong_name"},
                 "VERIFY FAILED"),
                ("cut", {"bytes": 60, "how": "rst", "layer": "wire"},
                 "RESET BY PEER")):
            with self.subTest(kind=kind):
                port = self.through(self.back(), fault(kind, **fields),
                                    tls=pki().tls(alpn=["h2"]))
                error = self.refused(port, context=client_context(alpn=BOTH))
                self.assertIn(want, words(error))
        port = self.through(self.back(), fault("tls_stall",
                                               at="server_hello"))
        with self.assertRaises(TimeoutError):
            self.tls(port, context=client_context(alpn=BOTH), within=0.5)

    def test_upstream_handshakes_meet_theirs(self):
        for kind, fields in (("tls_alert", {"layer": "upstream_wire"}),
                             ("cut", {"bytes": 60, "how": "rst",
                                      "layer": "upstream_wire"})):
            with self.subTest(kind=kind):
                c = self.h2_tls(self.through(self.back(),
                                             fault(kind, **fields)))
                self.assertEqual(c.ask().status, 502)

    def test_the_wire_is_slow_or_cut_under_streams(self):
        port = self.through(self.back(), tls=pki().tls())
        c = self.h2_tls(port)
        c.ask()
        self.proxy.reload(self.text(fault("latency", latency="200ms",
                                          layer="wire")))
        begun = time.monotonic()
        c.ask()
        self.assertGreaterEqual(time.monotonic() - begun, 0.199)
        self.proxy.reload(self.text(fault("reset_peer", at="open",
                                          layer="wire")))
        self.was_reset(c)

    def test_an_upstream_wire_that_is_cut_ends_what_stands_on_it(self):
        held = threading.Event()
        self.addCleanup(held.set)

        def answer(peer, st):
            if dict(st.heads[0])[":path"] == "/held":
                held.wait(20)
            peer.headers(st.number, [(":status", "200")], True)

        c = self.h2_tls(self.through(self.back(answer=answer)))
        c.ask()
        c.request("GET", "/held")
        self.proxy.reload(self.text(fault("reset_peer", at="open",
                                          layer="upstream_wire")))
        self.was_reset(c)

    def test_a_wire_under_one_translated_stream_is_not_the_clients(self):
        held = threading.Event()
        self.addCleanup(held.set)

        def serve(conn):
            while b"/held" in conn.recv_until(b"\r\n\r\n"):
                held.wait(20)
            conn.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

        back = self.serving_tls(serve, alpn=("http/1.1",))
        c = self.h2_tls(self.through(back))
        streams = [c.request("GET", "/held") for _ in range(2)]
        wait_until(lambda: len(back.seen) == 2)
        self.proxy.reload(self.text(fault("reset_peer", at="open",
                                          layer="upstream_wire")))
        self.assertEqual([c.finish(st).reset for st in streams],
                         ["INTERNAL_ERROR"] * 2)
        self.proxy.reload(self.text())
        self.assertEqual(c.ask().status, 200)

    def test_a_connection_that_is_reset_is_so_on_the_wire(self):
        for kind, fields in (("lifetime", {"duration": "300ms",
                                           "how": "rst"}),
                             ("down", {})):
            with self.subTest(kind=kind):
                c = self.h2_tls(self.through(self.back()))
                c.ask()
                self.proxy.reload(self.text(fault(kind, **fields)))
                self.was_reset(c)

    def test_sockets_are_given_back(self):
        for knows in (BOTH, ("http/1.1",)):
            with self.subTest(knows=knows):
                self.through(self.back(knows))
                before = self.proxy.descriptors()
                for _ in range(5):
                    c = self.h2_tls()
                    self.assertEqual(c.ask().status, 200)
                    c.close()
                # One that speaks HTTP/1 is kept for others.
                wait_until(lambda b=before: self.proxy.descriptors() <= b + 2)


if __name__ == "__main__":
    unittest.main()
