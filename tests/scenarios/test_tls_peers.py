# SPDX-License-Identifier: Apache-2.0
"""TLS with upstreams, TLS broken open, and TLS that passes by server name."""

import os
import shutil
import socket
import ssl
import subprocess
import tempfile

from harness import (TlsScenario, client_context, conf, connect, echo, fault,
                     free_port, noise, pki, route, run, words)


class Origination(TlsScenario):
    def originated(self, back, *faults, **fields):
        upstream = fields.pop("upstream_tls", None) or pki().upstream(
            server_name="server.test")
        return self.proxied(back.port, *faults, upstream_tls=upstream,
                            **fields)

    def test_a_plain_client_reaches_a_server_by_tls(self):
        back = self.serving_tls(alpn=["x"])
        port, _, _ = self.originated(back, upstream_tls=pki().upstream(
            server_name="server.test", alpn=["x"]))
        self.echoed(self.client(port), noise(300_000))
        self.assertEqual(back.names, ["server.test"])
        self.assertEqual(back.seen[0]["alpn"], "x")

    def test_the_end_is_announced_and_comes_back(self):
        back = self.serving_tls()
        port, _, _ = self.originated(back)
        conn = self.client(port)
        conn.send(b"last").finish()
        conn.expect_end("fin", b"last")
        self.assertEqual(back.failed, [])

    def refusal(self, back, **upstream):
        port, proxy, _ = self.originated(
            back, upstream_tls=pki().upstream(**upstream))
        conn = self.client(port)
        conn.expect_end("fin")
        line = proxy.wait_log("upstream_tls_failed")[0]
        connect = proxy.wait_journal("the dial", type="connect")[0]
        self.assertEqual(connect["result"], "tls")
        return line["error"]

    def test_a_wrong_name_is_refused(self):
        self.assertIn("hostname mismatch", self.refusal(
            self.serving_tls(), server_name="else.test").lower())

    def test_the_upstreams_own_address_is_verified(self):
        port, _, _ = self.proxied(self.serving_tls().port,
                                  upstream_tls=pki().upstream())
        self.echoed(self.client(port))

    def test_an_unknown_ca_is_refused(self):
        error = self.refusal(self.serving_tls(name="stranger"),
                             server_name="server.test")
        self.assertIn("issuer", error)

    def test_system_cas_do_not_know_ours(self):
        back = self.serving_tls()
        port, proxy, _ = self.proxied(
            back.port, upstream_tls={"server_name": "server.test"})
        self.client(port).expect_end("fin")
        self.assertIn("upstream's certificate", proxy.wait_log(
            "upstream_tls_failed")[0]["error"])

    def test_verify_off_takes_anybody(self):
        back = self.serving_tls(name="stranger")
        port, _, _ = self.originated(back, upstream_tls={"verify": False})
        self.echoed(self.client(port))

    def test_a_server_that_does_not_speak_tls_is_refused(self):
        back = self.serving(lambda conn: conn.send(b"220 hello\r\n"))
        port, proxy, _ = self.originated(back)
        self.client(port).expect_end("fin")
        proxy.wait_log("upstream_tls_failed")

    def test_a_server_that_says_nothing_times_out(self):
        back = self.backend()
        port, proxy, _ = self.originated(back, connect_timeout="300ms")
        self.client(port).expect_end("fin")
        self.assertIn("too long", proxy.wait_log(
            "upstream_tls_failed")[0]["error"])

    def test_the_upstream_sees_our_certificate(self):
        back = self.serving_tls(client_ca="ca")
        p = pki()
        port, _, _ = self.originated(back, upstream_tls=p.upstream(
            server_name="server.test", certificate=p.path("client.pem"),
            key=p.path("client.key")))
        self.echoed(self.client(port))
        subject = dict(x[0] for x in back.seen[0]["client"]["subject"])
        self.assertEqual(subject["commonName"], "client")

    def test_sessions_are_resumed(self):
        for version in ("1.2", "1.3"):
            back = self.serving_tls(version=version)
            port, _, _ = self.originated(back, groups={"workers": 1})
            for _ in range(3):
                conn = self.client(port)
                self.echoed(conn)
                conn.finish()
                conn.expect_end("fin")
            self.assertTrue(back.seen[2]["resumed"], version)

    def test_name_and_protocol_of_the_client_go_through(self):
        back = self.serving_tls(alpn=["b"])
        port, _, _ = self.proxied(
            back.port, tls=pki().tls(alpn=["b"]),
            upstream_tls=pki().upstream())
        conn = self.tls(port, context=client_context(alpn=["a", "b"]))
        self.echoed(conn)
        self.assertEqual(back.names, ["server.test"])
        self.assertEqual(back.seen[0]["alpn"], "b")

    def test_a_truncated_answer_stays_truncated(self):
        def stop(conn):
            conn.sock.sendall(b"part")
            raw = socket.socket(fileno=conn.sock.detach())
            raw.shutdown(socket.SHUT_RDWR)
            raw.close()

        back = self.serving_tls(stop)
        port, _, _ = self.proxied(
            back.port, tls=pki().tls(),
            upstream_tls=pki().upstream(server_name="server.test"))
        conn = self.tls(port)
        self.assertEqual(conn.recv(4), b"part")
        with self.assertRaises(ssl.SSLEOFError):
            conn.sock.recv(1)

    def test_http_keeps_connections_for_the_next_request(self):
        def serve(conn):
            data = b""
            while True:
                more = conn.sock.recv(4096)
                if not more:
                    return
                data += more
                while b"\r\n\r\n" in data:
                    data = data.split(b"\r\n\r\n", 1)[1]
                    conn.sock.sendall(b"HTTP/1.1 200 OK\r\n"
                                      b"Content-Length: 2\r\n\r\nok")

        back = self.serving_tls(serve)
        port, _, _ = self.originated(back, protocol="http",
                                     groups={"workers": 1})
        for _ in range(4):
            done = subprocess.run(
                ["curl", "-sS", f"http://127.0.0.1:{port}/"],
                capture_output=True, text=True, timeout=30, check=False)
            self.assertEqual(done.stdout, "ok", done.stderr)
        self.assertEqual(len(back.seen), 1)

    def test_http_says_what_went_wrong(self):
        back = self.serving_tls(name="stranger")
        port, _, _ = self.originated(back, protocol="http")
        done = subprocess.run(
            ["curl", "-sSi", f"http://127.0.0.1:{port}/"],
            capture_output=True, text=True, timeout=30, check=False)
        self.assertIn("502", done.stdout)
        self.assertIn("TLS handshake with the upstream failed", done.stdout)


class Interception(TlsScenario):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="faultwire-ca-")
        self.addCleanup(shutil.rmtree, self.dir, True)
        self.ca = os.path.join(self.dir, "ca")
        self.assertEqual(run("ca", "init", "--dir", self.ca).returncode, 0)

    def test_the_key_is_for_its_owner_alone(self):
        mode = os.stat(os.path.join(self.ca, "ca.key")).st_mode & 0o777
        self.assertEqual(mode, 0o600)
        done = run("ca", "init", "--dir", self.ca)
        self.assertEqual(done.returncode, 1)
        self.assertIn("already", done.stderr)
        os.chmod(os.path.join(self.ca, "ca.key"), 0o644)
        done = run("check", "-c", "{}", text=conf.text([route(
            "r", 1, 2, tls={"intercept": True, "ca_dir": self.ca})]))
        self.assertEqual(done.returncode, 1)
        self.assertIn("expected mode 0600", done.stderr)

    def test_names_get_certificates_that_their_clients_take(self):
        back = self.serving_tls()
        port, _, _ = self.proxied(
            back.port, tls={"intercept": True, "ca_dir": self.ca},
            upstream_tls=pki().upstream(server_name="server.test"))
        context = client_context(ca=os.path.join(self.ca, "ca.pem"))
        long = "a" * 60 + "." + "b" * 60 + ".test"
        for name in ("server.test", "other.test", "127.0.0.1", long):
            conn = self.tls(port, name, context=context)
            self.echoed(conn)
            cert = conn.sock.getpeercert()
            self.assertEqual(cert["subjectAltName"][0][1], name)
            life = ssl.cert_time_to_seconds(cert["notAfter"]) - \
                ssl.cert_time_to_seconds(cert["notBefore"])
            self.assertLessEqual(life, 90 * 86400)
        # Each of two workers mints once.
        numbers = {self.tls(port, "same.test", context=context)
                   .sock.getpeercert()["serialNumber"] for _ in range(6)}
        self.assertLessEqual(len(numbers), 2)

    def test_export_is_what_clients_need(self):
        done = run("ca", "export", "--dir", self.ca)
        with open(os.path.join(self.ca, "ca.pem"), encoding="ascii") as f:
            self.assertEqual(done.stdout, f.read())


class PassingThrough(TlsScenario):
    def test_routes_are_told_apart_by_name(self):
        one, two = self.serving_tls(), self.serving_tls(name="second")
        plain = self.serving(echo)
        port = free_port()
        self.start(conf.text([
            route("a", port, one.port, match={"sni": "*.test"}),
            route("b", port, two.port, match={"sni": "sec*"}),
            route("c", port, plain.port)]))
        conn = self.tls(port)
        self.echoed(conn, noise(200_000))
        self.assertEqual(one.names, ["server.test"])
        self.echoed(connect(port), b"not TLS at all")
        self.echoed(self.tls(port, "a.wild.test"))
        self.assertEqual(two.names, [])

    def test_a_name_that_nobody_takes_is_refused(self):
        port = free_port()
        proxy = self.start(conf.text([
            route("a", port, self.serving_tls().port,
                  match={"sni": "server.test"})]))
        error = self.refused(port, "else.test")
        self.assertIn("UNRECOGNIZED NAME", words(error))
        proxy.wait_log("tls_failed")

    def hello(self, name="server.test", alpn=()):
        memory = ssl.MemoryBIO(), ssl.MemoryBIO()
        made = client_context(alpn=alpn).wrap_bio(*memory,
                                                  server_hostname=name)
        with self.assertRaises(ssl.SSLWantReadError):
            made.do_handshake()
        return memory[1].read()

    def test_a_hello_in_small_pieces_is_read_and_passes_unchanged(self):
        back = self.backend()
        port = free_port()
        self.start(conf.text([
            route("a", port, back.port, match={"sni": "server.test"})]))
        hello = self.hello()
        body = hello[5:]
        records = b"".join(
            b"\x16\x03\x01" + len(body[i:i + 20]).to_bytes(2, "big") +
            body[i:i + 20] for i in range(0, len(body), 20))
        conn = self.client(port)
        for i in range(0, len(records), 7):
            conn.send(records[i:i + 7])
        server = back.accept()
        self.addCleanup(server.close)
        self.assertEqual(server.recv(len(records)), records)
        self.assertEqual(conn.send(b"more") and server.recv(4), b"more")

    def test_a_client_that_waits_for_the_server_gets_its_route(self):
        back = self.backend()
        port = free_port()
        self.start(conf.text([
            route("a", port, 1, match={"sni": "server.test"},
                  header_timeout="300ms"),
            route("b", port, back.port)]))
        conn = self.client(port)
        server = back.accept(within=60)
        self.addCleanup(server.close)
        server.send(b"220")
        self.assertEqual(conn.recv(3), b"220")

    def test_faults_know_name_and_offers(self):
        back = self.serving_tls()
        port, _, _ = self.proxied(
            back.port,
            fault("down", name="x", when={"sni": "second.*"}),
            fault("down", name="y", when={"alpn": "*h2*"}))
        self.echoed(self.tls(port))
        for name, alpn in (("second.test", ()), ("server.test", ("h2", "a"))):
            with self.assertRaises(OSError):
                self.tls(port, name, context=client_context(alpn=alpn))

    def test_a_proxy_header_may_stand_before_the_hello(self):
        back = self.backend()
        port = free_port()
        self.start(conf.text([
            route("a", port, back.port, match={"sni": "server.test"},
                  accept_proxy=True, send_proxy="v1")]))
        hello = self.hello()
        conn = self.client(port)
        conn.send(b"PROXY TCP4 192.0.2.1 192.0.2.2 1234 443\r\n" + hello)
        server = back.accept()
        self.addCleanup(server.close)
        expected = b"PROXY TCP4 192.0.2.1 127.0.0.1 1234 %d\r\n" % port
        self.assertEqual(server.recv(len(expected)), expected)
        self.assertEqual(server.recv(len(hello)), hello)
