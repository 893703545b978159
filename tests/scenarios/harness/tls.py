# SPDX-License-Identifier: Apache-2.0
"""Certificates, and both sides of TLS by Python's ssl."""

import atexit
import functools
import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading

from .case import Scenario
from .net import WITHIN, Conn


def openssl(*args, within=30, check=True, **options):
    return subprocess.run(["openssl", *args], check=check, timeout=within,
                          capture_output=True, **options)


class Pki:
    """A CA of its own and what it signs, as PEM files in a directory."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="faultwire-pki-")
        atexit.register(shutil.rmtree, self.dir, True)
        self.authority("ca")
        self.authority("other")
        self.leaf("server", "server.test", "localhost", "*.wild.test")
        self.leaf("second", "second.test")
        self.leaf("client", "client")
        self.leaf("stranger", "server.test", by="other")

    def path(self, name):
        return os.path.join(self.dir, name)

    def key(self, name):
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-out", self.path(name + ".key"))
        os.chmod(self.path(name + ".key"), 0o600)

    def authority(self, name):
        self.key(name)
        openssl("req", "-x509", "-new", "-key", self.path(name + ".key"),
                "-out", self.path(name + ".pem"), "-days", "30",
                "-subj", f"/CN={name}")

    def leaf(self, name, *hosts, by="ca", days=30):
        """A certificate for these hosts and 127.0.0.1."""
        if not os.path.exists(self.path(name + ".key")):
            self.key(name)
        names = ",".join([f"DNS:{h}" for h in hosts] + ["IP:127.0.0.1"])
        openssl("req", "-new", "-key", self.path(name + ".key"), "-out",
                self.path(name + ".csr"), "-subj", f"/CN={hosts[0]}")
        with open(self.path(name + ".ext"), "w", encoding="ascii") as f:
            f.write(f"subjectAltName={names}\n")
        openssl("x509", "-req", "-in", self.path(name + ".csr"), "-CA",
                self.path(by + ".pem"), "-CAkey", self.path(by + ".key"),
                "-CAcreateserial", "-out", self.path(name + ".pem"),
                "-days", str(days), "-extfile", self.path(name + ".ext"))

    def tls(self, name="server", **more):
        """A `tls` group."""
        return {"certificate": self.path(name + ".pem"),
                "key": self.path(name + ".key"), **more}

    def upstream(self, **more):
        """An `upstream_tls` group that trusts the CA."""
        return {"ca_file": self.path("ca.pem"), **more}


@functools.lru_cache(None)
def pki():
    return Pki()


VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


def client_context(ca="ca", version=None, cert=None, alpn=()):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if ca is None:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    else:
        context.load_verify_locations(
            ca if os.path.isabs(ca) else pki().path(ca + ".pem"))
    if version:
        context.minimum_version = context.maximum_version = VERSIONS[version]
    if cert:
        context.load_cert_chain(pki().path(cert + ".pem"),
                                pki().path(cert + ".key"))
    if alpn:
        context.set_alpn_protocols(alpn)
    return context


def server_context(name="server", client_ca=None, alpn=(), version=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pki().path(name + ".pem"),
                            pki().path(name + ".key"))
    if client_ca:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(pki().path(client_ca + ".pem"))
    if alpn:
        context.set_alpn_protocols(alpn)
    if version:
        context.minimum_version = context.maximum_version = VERSIONS[version]
    return context


def tls_connect(port, name="server.test", context=None, session=None,
                within=WITHIN):
    """A Conn over TLS. A stream that just stops raises ssl.SSLEOFError."""
    raw = socket.create_connection(("127.0.0.1", port), within)
    raw.settimeout(within)
    try:
        sock = (context or client_context()).wrap_socket(
            raw, server_hostname=name, suppress_ragged_eofs=False,
            session=session)
    except BaseException:
        raw.close()
        raise
    return Conn(sock)


class TlsServing:
    """A TLS server that calls `serve(conn)` for each connection."""

    def __init__(self, serve, context=None):
        self.context = context or server_context()
        self.serve = serve
        self.seen = []      # (what the handshake agreed on) a connection
        self.failed = []    # handshakes that failed
        self.sock = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self.sock.getsockname()[1]
        self.names = []
        self.context.sni_callback = self._on_name
        threading.Thread(target=self._run, daemon=True).start()

    def _on_name(self, _sock, name, _context):
        self.names.append(name)

    def _run(self):
        while True:
            try:
                raw, _ = self.sock.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=(raw,),
                             daemon=True).start()

    def _one(self, raw):
        raw.settimeout(WITHIN)
        try:
            sock = self.context.wrap_socket(raw, server_side=True,
                                            suppress_ragged_eofs=False)
        except OSError as e:
            self.failed.append(e)
            raw.close()
            return
        self.seen.append({"version": sock.version(),
                          "alpn": sock.selected_alpn_protocol(),
                          "resumed": sock.session_reused,
                          "client": sock.getpeercert()})
        try:
            self.serve(Conn(sock))
        except OSError as e:
            self.failed.append(e)
        finally:
            sock.close()

    def close(self):
        self.sock.close()


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


class TlsScenario(Scenario):
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
