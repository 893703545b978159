# SPDX-License-Identifier: Apache-2.0
"""TLS with clients that ends at a route, and the files it needs."""

import os
import select
import shutil
import socket
import ssl
import subprocess
import tempfile
import time

from harness import (TlsScenario, client_context, conf, connect, echo, fault,
                     free_port, noise, pki, route, run, sanitized,
                     wait_until, words)

BULK = 20_000_000 if sanitized() else 100_000_000


class Termination(TlsScenario):
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
        piece = noise(1_000_000)
        self.exchange(self.tls(port).sock, memoryview(
            piece * (BULK // len(piece))))

    def exchange(self, sock, data):
        """What is sent comes back. In one thread: Python's ssl does not keep
        two from disturbing each other on a connection."""
        sock.setblocking(False)
        sent = got = 0
        while got < len(data):
            try:
                if sent < len(data):
                    sent += sock.send(data[sent:sent + 65536])
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                pass
            try:
                came = sock.recv(65536)
                self.assertTrue(data[got:got + len(came)] == came)
                self.assertTrue(came, "the end came early")
                got += len(came)
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                select.select([sock], [sock] if sent < len(data) else [], [],
                              20)

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


class Files(TlsScenario):
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
