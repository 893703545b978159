# SPDX-License-Identifier: Apache-2.0
"""Faults on TLS: what a client, or a server, gets to see of each."""

import os
import re
import select
import shutil
import socket
import ssl
import subprocess
import tempfile
import time

from harness import (Scenario, Watch, client_context, conf, connect,
                     connect_outcome, echo, fault, free_port, noise, pki,
                     request, route, run, server_context, tls_connect,
                     TlsServing, wait_until)

# Kind and parameters of a fault on a route with `tls`, and what Python's ssl
# (OpenSSL) must say; None: the handshake never ends.
HANDSHAKES = [
    (("certificate", {"flaw": "expired"}), "certificate has expired"),
    (("certificate", {"flaw": "not_yet_valid"}), "not yet valid"),
    (("certificate", {"flaw": "wrong_name"}), "hostname mismatch"),
    (("certificate", {"flaw": "self_signed"}), "self.signed certificate"),
    (("certificate", {"flaw": "unknown_ca"}),
     "self.signed certificate in certificate chain"),
    (("certificate", {"flaw": "missing_intermediate"}),
     "unable to get local issuer certificate"),
    (("tls_alert", {}), "alert handshake failure"),
    (("tls_alert", {"code": "internal_error"}), "alert internal error"),
    (("tls_alert", {"code": "protocol_version"}), "alert protocol version"),
    (("tls_alert", {"code": "unknown_ca"}), "alert unknown ca"),
    (("tls_alert", {"code": "unrecognized_name"}), "unrecognized name"),
    (("tls_alert", {"code": "certificate_required"}), "certificate required"),
    (("tls_stall", {"at": "server_hello"}), None),
    (("tls_stall", {"at": "server_hello", "after": 40}), None),
    (("tls_stall", {"at": "client_hello"}), None),
    (("tls_stall", {"at": "server_finished"}), None),
    (("cut", {"bytes": 60, "how": "fin", "layer": "wire"}), "eof occurred"),
    (("cut", {"bytes": 60, "how": "rst", "layer": "wire"}), "reset by peer"),
    (("down", {"layer": "wire"}), "reset by peer"),
    (("reset_peer", {"at": "open", "layer": "wire"}), "reset by peer"),
    (("corrupt", {"layer": "wire", "rate": 1.0}),
     "wrong version number|unexpected message|bad|record|length|packet"),
]


class Handshakes(Scenario):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="faultwire-ca-")
        self.addCleanup(shutil.rmtree, self.dir, True)
        self.ca = os.path.join(self.dir, "ca")
        self.assertEqual(run("ca", "init", "--dir", self.ca).returncode, 0)
        self.context = client_context(ca=os.path.join(self.ca, "ca.pem"))
        self.back = self.serving(echo)

    def shake(self, port, version=None, within=20):
        """What the client says about the handshake."""
        context = client_context(ca=os.path.join(self.ca, "ca.pem"),
                                 version=version)
        try:
            conn = tls_connect(port, "server.test", context, within=within)
        except (TimeoutError, socket.timeout):
            return None
        except OSError as e:
            return str(e).lower().replace("_", " ")
        self.addCleanup(conn.sock.close)
        conn.send(b"fine")
        return conn.recv(4).decode()

    def test_who_died_silently_sends_no_close_notify_either(self):
        port = free_port()
        proxy = self.start(conf.text([route(
            "r", port, self.back.port, fault("half_open", after="1s"),
            tls={"intercept": True, "ca_dir": self.ca})]))
        conn = tls_connect(port, "server.test", self.context)
        self.addCleanup(conn.sock.close)
        conn.send(b"fine")
        self.assertEqual(conn.recv(4), b"fine")
        proxy.wait_journal("the death", effect="silence")
        proxy.stop()
        if select.select([conn.sock], [], [], 0.3)[0]:
            # It could not be forgotten without CAP_NET_ADMIN.
            with self.assertRaises(ConnectionResetError):
                os.read(conn.sock.fileno(), 100)

    def test_the_error_that_a_client_sees(self):
        port = free_port()

        def text(*faults):
            return conf.text([route(
                "r", port, self.back.port, *faults,
                tls={"intercept": True, "ca_dir": self.ca})])

        proxy = self.start(text())
        self.assertEqual(self.shake(port), "fine")
        wrong = []
        for n, ((kind, fields), expected) in enumerate(HANDSHAKES, 1):
            proxy.write(text(fault(kind, **fields)))
            proxy.wait_log("config_reload", n)
            for version in ("1.2", "1.3"):
                said = self.shake(port, version,
                                  0.25 if expected is None else 20)
                if not re.search(expected or "^nothing$", said or "nothing"):
                    wrong.append((kind, fields, version, said, expected))
        self.assertEqual(wrong, [])
        proxy.write(text())
        proxy.wait_log("config_reload", len(HANDSHAKES) + 1)
        self.assertEqual(self.shake(port), "fine")

    def test_a_stall_ends_when_its_time_is_over(self):
        port, _, _ = self.proxied(
            self.back.port,
            fault("tls_stall", at="server_hello", after=3,
                  duration="400ms"),
            tls={"intercept": True, "ca_dir": self.ca})
        watch = Watch()
        self.assertEqual(self.shake(port), "fine")
        self.assert_took(watch.seconds(), 0.4, 10)

    def test_a_stall_that_is_removed_lets_the_handshake_go_on(self):
        port, proxy, text = self.proxied(
            self.back.port, fault("tls_stall", at="client_finished"),
            tls={"intercept": True, "ca_dir": self.ca})
        memory = socket.create_connection(("127.0.0.1", port))
        self.addCleanup(memory.close)
        wrapped = client_context(
            ca=os.path.join(self.ca, "ca.pem"), version="1.2").wrap_socket(
            memory, server_hostname="server.test",
            do_handshake_on_connect=False)
        self.addCleanup(wrapped.close)
        wrapped.settimeout(0.3)
        with self.assertRaises(TimeoutError):
            wrapped.do_handshake()
        proxy.write(text())
        proxy.wait_log("config_reload")
        wrapped.settimeout(20)
        wrapped.do_handshake()
        wrapped.sendall(b"through")
        self.assertEqual(wrapped.recv(7), b"through")


def below(conn):
    """The socket under a connection: what is really on the wire."""
    return socket.socket(fileno=conn.sock.detach())


class Streams(Scenario):
    """Faults behind a handshake that went well."""

    def connected(self, *faults, **fields):
        self.back = self.backend()
        port, proxy, text = self.proxied(self.back.port, *faults,
                                         tls=pki().tls(), **fields)
        conn = tls_connect(port)
        self.addCleanup(conn.sock.close)
        server = self.back.accept()
        self.addCleanup(server.close)
        return conn, server, proxy, text

    def test_reset_peer_is_a_reset_on_the_wire(self):
        conn, server, _, _ = self.connected(fault("reset_peer"))
        raw = below(conn)
        self.addCleanup(raw.close)
        raw.settimeout(20)
        server.send(b"x")
        with self.assertRaises(ConnectionResetError):
            while raw.recv(4096):
                pass
            self.fail("it ended with FIN")
        server.expect_end("rst")

    def test_a_reset_on_one_side_is_one_on_the_other(self):
        conn, server, _, _ = self.connected()
        conn.send(b"x")
        server.recv(1)
        raw = below(conn)
        self.addCleanup(raw.close)
        raw.settimeout(20)
        server.reset()
        with self.assertRaises(ConnectionResetError):
            while raw.recv(4096):
                pass
            self.fail("it ended with FIN")

    def test_a_truncated_stream_lacks_its_end(self):
        conn, server, _, _ = self.connected(fault("tls_truncate"))
        server.send(b"all").close()
        self.assertEqual(conn.recv(3), b"all")
        with self.assertRaises(ssl.SSLEOFError):
            conn.sock.recv(1)

    def test_a_stream_may_be_truncated_amid_it(self):
        conn, server, _, _ = self.connected(
            fault("tls_truncate", after="100KiB"))
        server.send_in_background(noise(400_000))
        got = b""
        with self.assertRaises(ssl.SSLEOFError):
            while True:
                got += conn.sock.recv(65536)
        self.assertTrue(noise(400_000).startswith(got))
        self.assertTrue(60_000 < len(got) < 140_000, len(got))

    def test_a_spoilt_record_is_noticed(self):
        conn, server, proxy, text = self.connected()
        server.send(b"good")
        self.assertEqual(conn.recv(4), b"good")
        proxy.write(text(fault("corrupt", layer="wire", rate=0.05)))
        proxy.wait_log("config_reload")
        server.send(noise(50_000))
        with self.assertRaises(ssl.SSLError):
            while conn.sock.recv(65536):
                pass

    def test_latency_may_stand_above_or_below(self):
        for layer in ("stream", "wire"):
            conn, server, proxy, text = self.connected()
            proxy.write(text(fault("latency", latency="150ms", layer=layer)))
            proxy.wait_log("config_reload")
            watch = Watch()
            server.send(b"late")
            self.assertEqual(conn.recv(4), b"late")
            self.assert_took(watch.seconds(), 0.15, 10)
            server.close()
            self.assertEqual(conn.sock.recv(1), b"")

    def test_bandwidth_and_slices_below_keep_the_stream_whole(self):
        conn, server, _, _ = self.connected(
            fault("bandwidth", rate="4MB/s", layer="wire"),
            fault("slicer", average_size=700, size_variation=300,
                  layer="wire", delay="0us", stream="upstream"))
        data = noise(1_000_000)
        server.send_in_background(data)
        self.assertTrue(conn.recv(len(data), 60) == data)
        conn.send_in_background(data[:100_000])
        self.assertTrue(server.recv(100_000, 60) == data[:100_000])
        server.close()
        self.assertEqual(conn.sock.recv(1), b"")

    def test_half_open_below_tells_nobody(self):
        conn, server, proxy, text = self.connected()
        proxy.write(text(fault("half_open", layer="wire")))
        proxy.wait_log("config_reload")
        server.send(b"lost")
        conn.sock.settimeout(0.4)
        with self.assertRaises((TimeoutError, ssl.SSLError)):
            conn.sock.recv(1)


class Upstreams(Scenario):
    """Faults on the wire to an upstream."""

    def refused(self, *faults):
        def serve(conn):
            while data := conn.sock.recv(65536):
                conn.sock.sendall(data)

        self.back = TlsServing(serve, server_context())
        self.addCleanup(self.back.close)
        port, proxy, _ = self.proxied(
            self.back.port, *faults, upstream_tls=pki().upstream(
                server_name="server.test"), connect_timeout="2s")
        return self.client(port), proxy

    def test_alerts_reach_either_side(self):
        conn, proxy = self.refused(fault("tls_alert", at="client_hello",
                                         code="access_denied"))
        conn.expect_end("fin")
        wait_until(lambda: self.back.failed, what="the server's error")
        self.assertIn("unexpected message", str(self.back.failed[0]).lower()
                      .replace("_", " "))
        connects = proxy.wait_journal("the dial", type="connect")
        self.assertEqual(connects[0]["result"], "tls")

    def test_a_stalled_handshake_is_a_time_out(self):
        conn, proxy = self.refused(fault("tls_stall"))
        conn.expect_end("fin")
        connects = proxy.wait_journal("the dial", type="connect")
        self.assertEqual(connects[0]["result"], "timeout")

    def test_the_servers_stream_may_be_truncated(self):
        conn, _ = self.refused(fault("tls_truncate", stream="upstream",
                                     layer="upstream_wire"))
        conn.send(b"all")
        self.assertEqual(conn.recv(3), b"all")
        conn.finish()
        wait_until(lambda: self.back.failed, what="the server's error")
        self.assertIsInstance(self.back.failed[0], ssl.SSLEOFError)

    def test_a_handshake_with_the_upstream_follows_changes(self):
        """Whether it is given up or goes on, on every kind of route."""
        for protocol in ("tcp", "http"):
            with self.subTest(protocol=protocol):
                self.followed(protocol)

    def followed(self, protocol):
        back = self.backend()
        held = fault("latency", latency="10ms", stream="both",
                     layer="upstream_wire")
        port, proxy, text = self.proxied(
            back.port, held, protocol=protocol,
            upstream_tls=pki().upstream(server_name="server.test"))
        pairs = []
        for _ in range(2):
            client = self.client(port)
            client.send(request(headers=["Connection: close"]))
            server = back.accept()
            self.addCleanup(server.close)
            server.recv(1)  # of a ClientHello
            pairs.append((client, server))
        proxy.reload(text())
        proxy.reload(text(fault("noop")))
        pairs[0][0].reset()
        pairs[0][1].recv_end()
        pairs[1][1].sock.settimeout(20)
        pairs[1][1].reset()
        pairs[1][0].recv_end()
        self.assertEqual(connect_outcome(port, 20), "ok")


class PassingThrough(Scenario):
    """Kinds that read records work where TLS passes through, too."""

    def shake(self, *faults, within=20):
        def serve(conn):
            conn.sock.recv(1)

        back = TlsServing(serve, server_context())
        self.addCleanup(back.close)
        port, _, _ = self.proxied(back.port, *faults)
        return tls_connect(port, within=within)

    def test_alerts_and_stalls(self):
        with self.assertRaises(OSError) as caught:
            self.shake(fault("tls_alert", code="internal_error"))
        self.assertIn("internal error", str(caught.exception).lower()
                      .replace("_", " "))
        with self.assertRaises(TimeoutError):
            self.shake(fault("tls_stall", at="server_finished"), within=0.4)

    def test_http_routes_have_no_records_of_their_own(self):
        done = run("check", "-c", "{}", text=conf.text([route(
            "r", 1, 2, fault("tls_stall"), fault("certificate",
                                                 flaw="expired"),
            fault("latency", latency=1, layer="wire"), protocol="http")]))
        self.assertEqual(done.returncode, 1)
        self.assertIn("has none; expected tls or upstream_tls", done.stderr)
        self.assertIn("expected a route with tls", done.stderr)
        self.assertIn("layer: the route has no TLS there", done.stderr)
