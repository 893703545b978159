# SPDX-License-Identifier: Apache-2.0
"""Routes with TLS and without faults: termination, origination, interception,
and routing by server name where TLS passes through."""

import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import time

from harness import (Scenario, conf, connect, echo, fault, free_port, noise,
                     pki, route, run, sanitized, server_context, tls_connect,
                     client_context, TlsServing, wait_until, WITHIN)
from harness.tls import openssl

BULK = 20_000_000 if sanitized() else 100_000_000


def echo_tls(conn):
    """Sends back until the other side has no more, then says so."""
    while True:
        data = conn.sock.recv(65536)
        if not data:
            break
        conn.sock.sendall(data)
    try:
        conn.sock.unwrap()
    except OSError:
        pass


def words(error):
    return str(error).upper().replace("_", " ")


class Tls(Scenario):
    def serving_tls(self, serve=echo_tls, **options):
        made = TlsServing(serve, server_context(**options))
        self.addCleanup(made.close)
        return made

    def tls(self, port, name="server.test", **options):
        made = tls_connect(port, name, **options)
        self.addCleanup(made.sock.close)
        return made

    def refused(self, port, name="server.test", **options):
        """The error with which a handshake ends."""
        with self.assertRaises(OSError) as caught:
            conn = self.tls(port, name, **options)
            conn.sock.recv(1)  # with TLS 1.3 some errors come now
            self.fail("the handshake succeeded")
        return caught.exception

    def echoed(self, conn, data=b"hello"):
        conn.send(data)
        self.assertEqual(conn.recv(len(data)), data)


class Termination(Tls):
    def terminated(self, *faults, tls=None, **fields):
        back = self.serving(echo)
        return self.proxied(back.port, *faults, tls=tls or pki().tls(),
                            **fields)

    def test_both_versions_carry_bytes_and_ends(self):
        port, _, _ = self.terminated()
        for version in ("1.2", "1.3"):
            conn = self.tls(port, context=client_context(version=version))
            self.assertEqual(conn.sock.version(), "TLSv" + version)
            self.echoed(conn, noise(300_000))
            raw = conn.sock.unwrap()  # close_notify both ways
            raw.close()

    def test_a_half_close_by_the_client_leaves_the_way_back_open(self):
        back = self.backend()
        port, _, _ = self.proxied(back.port, tls=pki().tls())
        command = ["openssl", "s_client", "-quiet", "-connect",
                   f"127.0.0.1:{port}", "-servername", "server.test"]
        client = subprocess.Popen(command, stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL)
        self.addCleanup(client.stdout.close)
        self.addCleanup(client.wait)
        server = back.accept()
        self.addCleanup(server.close)
        client.stdin.write(b"question")
        client.stdin.close()
        self.assertEqual(server.recv(8), b"question")
        server.send(b"answer").finish()
        self.assertEqual(client.stdout.read(6), b"answer")

    def test_bulk_is_identical_through_both_sides(self):
        back = self.serving_tls()
        port, _, _ = self.proxied(
            back.port, tls=pki().tls(),
            upstream_tls=pki().upstream(server_name="server.test"))
        conn = self.tls(port)
        piece = noise(1_000_000)
        thread = conn.send_in_background(piece * (BULK // len(piece)))
        for _ in range(BULK // len(piece)):
            self.assertTrue(conn.recv(len(piece), 60) == piece)
        thread.join()

    def test_the_certificate_is_chosen_by_name(self):
        p = pki()
        port, _, _ = self.terminated(tls={
            "certificate": [p.path("server.pem"), p.path("second.pem")],
            "key": [p.path("server.key"), p.path("second.key")]})
        for name, subject in (("server.test", "server.test"),
                              ("second.test", "second.test"),
                              ("a.wild.test", "server.test")):
            conn = self.tls(port, name)
            shown = dict(x[0] for x in conn.sock.getpeercert()["subject"])
            self.assertEqual(shown["commonName"], subject)

    def test_versions_are_kept_to(self):
        port, _, _ = self.terminated(tls=pki().tls(min_version="1.3"))
        error = self.refused(port, context=client_context(version="1.2"))
        self.assertIn("PROTOCOL VERSION", words(error))
        self.tls(port, context=client_context(version="1.3"))

    def test_alpn_is_agreed_on_or_refused(self):
        port, _, _ = self.terminated(tls=pki().tls(alpn=["a", "b"]))
        conn = self.tls(port, context=client_context(alpn=["b", "c"]))
        self.assertEqual(conn.sock.selected_alpn_protocol(), "b")
        error = self.refused(port, context=client_context(alpn=["c"]))
        self.assertIn("NO APPLICATION PROTOCOL", words(error))
        self.echoed(self.tls(port))

    def test_sessions_are_resumed_by_tickets(self):
        port, _, _ = self.terminated()
        for version in ("1.2", "1.3"):
            context = client_context(version=version)
            first = self.tls(port, context=context)
            self.echoed(first)  # the tickets come with it
            session = first.sock.session
            first.sock.close()
            second = self.tls(port, context=context, session=session)
            self.assertTrue(second.sock.session_reused, version)
            self.echoed(second)

    def test_tickets_outlive_a_reload_and_can_be_off(self):
        port, proxy, text = self.terminated()
        context = client_context(version="1.2")
        first = self.tls(port, context=context)
        session = first.sock.session
        proxy.write(text(fault("latency", latency="1ms")))
        proxy.wait_log("config_reload")
        second = self.tls(port, context=context, session=session)
        self.assertTrue(second.sock.session_reused)

    def test_clients_must_show_a_good_certificate(self):
        port, proxy, _ = self.terminated(
            tls=pki().tls(client_auth="require",
                          client_ca=pki().path("ca.pem")))
        self.echoed(self.tls(port, context=client_context(cert="client")))
        self.refused(port)
        self.refused(port, context=client_context(cert="stranger"))
        errors = [e["error"] for e in proxy.wait_log("tls_failed", 2)]
        self.assertIn("peer did not return a certificate", errors)
        self.assertTrue([e for e in errors if "client's certificate" in e])

    def test_a_certificate_may_be_asked_for_only(self):
        port, _, _ = self.terminated(
            tls=pki().tls(client_auth="request",
                          client_ca=pki().path("ca.pem")))
        self.echoed(self.tls(port))
        self.refused(port, context=client_context(cert="stranger"))

    def test_who_breaks_the_rules_harms_only_himself(self):
        port, proxy, _ = self.terminated(header_timeout="1s")
        good = self.tls(port)
        hello = bytes.fromhex("160301000501000001ff")
        for junk in (b"GET / HTTP/1.1\r\n\r\n", noise(4000), hello,
                     b"\x16\x03\x01\x40\x00\x01\x00\x40\x00" + noise(20000),
                     b"\x16\x03\x01", b"\x16", b""):
            conn = connect(port)
            self.addCleanup(conn.close)
            conn.send(junk)
            if junk == b"":
                conn.finish()
        # One that breaks off amid the handshake, one that spoils a record.
        half = connect(port)
        memory = ssl.MemoryBIO(), ssl.MemoryBIO()
        partial = client_context().wrap_bio(*memory,
                                            server_hostname="server.test")
        with self.assertRaises(ssl.SSLWantReadError):
            partial.do_handshake()
        half.send(memory[1].read()[:60])
        half.close()
        spoilt = self.tls(port)
        raw = socket.socket(fileno=os.dup(spoilt.sock.fileno()))
        raw.sendall(b"\x17\x03\x03\x00\x20" + bytes(32))
        with self.assertRaises(OSError):
            while spoilt.sock.recv(100):
                pass
        raw.close()
        self.echoed(good)
        wait_until(lambda: len(proxy.log_events("tls_failed")) >= 4,
                   what="failures in the log")
        self.echoed(self.tls(port))

    def test_http_is_spoken_over_it(self):
        web = self.web()
        port, _, _ = self.proxied(web.port, tls=pki().tls(),
                                  protocol="http")
        for version in ("--tlsv1.3", "--tls-max"):
            more = [version] + (["1.2"] if version == "--tls-max" else [])
            done = subprocess.run(
                ["curl", "-sSi", *more, "--cacert", pki().path("ca.pem"),
                 "--resolve", f"server.test:{port}:127.0.0.1",
                 f"https://server.test:{port}/a",
                 f"https://server.test:{port}/b"],
                capture_output=True, text=True, timeout=30, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(done.stdout.count("X-Server: web"), 2)

    def test_http_routes_share_a_listener_by_name(self):
        one, two = self.web(name="one"), self.web(name="two")
        port = free_port()
        self.start(conf.text([
            route("a", port, one.port, protocol="http", tls=pki().tls(),
                  match={"sni": "server.test"}),
            route("b", port, two.port, protocol="http",
                  tls=pki().tls("second"))]))
        for name, expected in (("server.test", b"one"),
                               ("second.test", b"two")):
            conn = self.tls(port, name)
            conn.send(b"GET / HTTP/1.1\r\nHost: x\r\n"
                      b"Connection: close\r\n\r\n")
            answer = b""
            while data := conn.sock.recv(4096):
                answer += data
            self.assertIn(b"X-Server: " + expected, answer)

    def test_a_slow_reader_of_much_gets_all(self):
        back = self.backend()
        port, _, _ = self.proxied(back.port, tls=pki().tls())
        conn = self.tls(port)
        server = back.accept()
        data = noise(8_000_000)
        thread = server.send_in_background(data)
        time.sleep(0.3)
        thread.join(0)
        got = 0
        while got < len(data):
            piece = conn.recv(min(500_000, len(data) - got), 60)
            self.assertEqual(piece, data[got:got + len(piece)])
            got += len(piece)
        server.close()
        self.assertEqual(conn.sock.recv(1), b"")  # not truncated

    def test_what_was_sent_last_arrives_before_the_end(self):
        back = self.backend()
        port, _, _ = self.proxied(back.port, tls=pki().tls())
        conn = self.tls(port)
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        server = back.accept()
        data = noise(300_000)
        thread = server.send_in_background(data)
        self.assertEqual(conn.recv(len(data), 60), data)
        thread.join()
        server.close()
        self.assertEqual(conn.sock.recv(1), b"")


class Files(Tls):
    """Certificates that change while they are in use."""

    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="faultwire-certs-")
        self.addCleanup(shutil.rmtree, self.dir, True)
        self.swap("first", "server")
        self.back = self.serving(echo)
        self.port, self.proxy, _ = self.proxied(
            self.back.port, tls={
                "certificate": os.path.join(self.dir, "now", "tls.pem"),
                "key": os.path.join(self.dir, "now", "tls.key")})

    def swap(self, folder, name):
        """As Kubernetes does: a new folder, and a link put over the old."""
        path = os.path.join(self.dir, folder)
        os.mkdir(path)
        shutil.copy(pki().path(name + ".pem"), os.path.join(path, "tls.pem"))
        shutil.copy(pki().path(name + ".key"), os.path.join(path, "tls.key"))
        os.symlink(folder, os.path.join(self.dir, "next"))
        os.rename(os.path.join(self.dir, "next"),
                  os.path.join(self.dir, "now"))

    def subject(self, name):
        conn = self.tls(self.port, name)
        self.echoed(conn)
        return dict(x[0] for x in
                    conn.sock.getpeercert()["subject"])["commonName"]

    def test_a_swapped_link_brings_the_new_one(self):
        old = self.tls(self.port)
        self.assertEqual(self.subject("server.test"), "server.test")
        self.swap("second", "second")
        self.proxy.wait_log("config_reload")
        self.assertEqual(self.subject("second.test"), "second.test")
        self.echoed(old)

    def test_broken_and_vanished_files_leave_the_old_in_force(self):
        path = os.path.join(self.dir, "first", "tls.pem")
        with open(path, "w", encoding="ascii") as f:
            f.write("no certificate")
        warned = self.proxy.wait_log("config_warning")
        self.assertIn("it holds no certificate", warned[0]["error"])
        self.assertIn("stays in force", warned[0]["error"])
        self.assertEqual(self.subject("server.test"), "server.test")
        os.unlink(path)
        warned = self.proxy.wait_log("config_warning", 2)
        self.assertIn("tls.pem", warned[1]["error"])
        self.assertEqual(self.subject("server.test"), "server.test")
        shutil.copy(pki().path("server.pem"), path)
        self.proxy.wait_log("config_reload", 3)
        self.assertEqual(self.subject("server.test"), "server.test")

    def test_check_names_what_is_wrong_with_files(self):
        for certificate, key, expected in (
                ("/none.pem", pki().path("server.key"), "/none.pem"),
                (pki().path("server.pem"), pki().path("second.key"),
                 "not that of the certificate"),
                (pki().path("server.key"), pki().path("server.key"),
                 "holds no certificate")):
            done = run("check", "-c", "{}", text=conf.text([route(
                "r", 1, 2, tls={"certificate": certificate, "key": key})]))
            self.assertEqual(done.returncode, 1)
            self.assertIn(expected, done.stderr)

    def test_a_key_for_everybody_draws_a_warning(self):
        key = os.path.join(self.dir, "now", "tls.key")
        os.chmod(key, 0o644)
        done = run("check", "-c", "{}", text=conf.text([route(
            "r", 1, 2, tls={"certificate": os.path.join(
                self.dir, "now", "tls.pem"), "key": key})]))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("expected mode 0600", done.stderr)


class Origination(Tls):
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


class Interception(Tls):
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


class PassingThrough(Tls):
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
