# SPDX-License-Identifier: Apache-2.0
"""Sessions that stand still cost no processor time, whatever becomes of their
peers meanwhile: neither the event of a socket that has ended nor bytes that
may not move keep a worker busy."""

import socket
import ssl
import struct
import threading
import unittest

from harness import (Serving, TlsScenario, conf, connect, fault, free_port,
                     noise, pki, request, route, tls_connect, wait_until)
from harness.api import control
from harness.h2 import DATA

HELD = b"held" * 500
LONG = "100s"
STALLS = (
    fault("latency", latency=LONG, stream="both", delay_close=True),
    fault("latency", latency=LONG),
    fault("bandwidth", rate="10B/s", stream="both"),
    fault("blackhole", stream="both"),
    fault("blackhole", stream="upstream", acknowledge=True),
    fault("blackhole", stream="downstream", acknowledge=True),
    fault("timeout", timeout=0),
    fault("slow_close", delay=LONG, stream="both"),
    fault("half_open"),
)
ON_THE_WIRE = tuple({**f, "layer": layer} for f in STALLS
                    for layer in ("wire", "upstream_wire"))
EXCHANGES = (fault("hang"), fault("hang", after=True),
             fault("drip", pieces=3, duration=LONG),
             fault("window_stall", stream="both"))


def finish(sock):
    """FIN; with TLS without a word of it. The fault may have been first."""
    try:
        socket.socket.shutdown(sock, socket.SHUT_WR)
    except OSError:
        pass


def notify(sock):
    """The end as TLS has it, the socket stays open."""
    if not isinstance(sock, ssl.SSLSocket):
        return finish(sock)
    sock.settimeout(0)
    try:
        sock.unwrap()
    except OSError:
        pass


def reset(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                    struct.pack("ii", 1, 0))
    sock.close()


def flood(sock):
    """More than anybody reads."""
    sock.settimeout(0)
    try:
        for _ in range(200):
            sock.send(b"x" * 30000)
    except OSError:
        pass


def stay(_sock):
    pass


# What the client does, and then the server.
ENDS = ((finish, stay), (notify, stay), (reset, stay), (flood, stay),
        (stay, finish), (stay, notify), (stay, reset), (stay, flood),
        (finish, finish), (flood, finish), (finish, flood), (flood, flood))


class Idle(TlsScenario):
    """A route for every stall; of its sessions each meets another end."""

    def setUp(self):
        self.servers = []
        self.over = threading.Event()
        self.addCleanup(self.over.set)

    def hold(self, conn):
        """Serves: begins to answer, and then what the test wants."""
        conn.recv(5)
        conn.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\nbegun")
        self.servers.append((conn.sock, lambda: conn.send(HELD, 1)))
        self.over.wait(self.limit)

    def hold_stream(self, peer, st):
        peer.headers(st.number, [(":status", "200")])
        peer.write(DATA, 0, st.number, b"begun")
        self.servers.append((peer.conn.sock, lambda: peer.write(
            DATA, 0, st.number, HELD)))
        self.over.wait(self.limit)

    def begin(self, port, secure):
        conn = tls_connect(port) if secure else connect(port)
        self.addCleanup(conn.close)
        conn.send(request("POST", "/", noise(3000)))
        conn.recv(5)
        return conn.sock, lambda: conn.send(HELD, 1)

    def begin_stream(self, port, _secure):
        peer = self.h2(port)
        st = peer.request("POST", body=b"hello", end=False)
        peer.until(lambda: st.chunks, what="the answer")
        return peer.conn.sock, lambda: peer.write(DATA, 0, st.number, HELD)

    def serve(self, faults, begin, port, **fields):
        """Stalls sessions at that server and has them end; then the proxy
        must rest."""
        ports = [free_port() for _ in faults]
        proxy = self.start(conf.text(
            [route(f"r{n}", at, port, **fields)
             for n, at in enumerate(ports)],
            control={"listen": "127.0.0.1:0"}))
        api = control(proxy)
        clients = [begin(at, "tls" in fields) for at in ports for _ in ENDS]
        for n, stall in enumerate(faults):
            said = api.post(f"/v1/routes/r{n}/faults", {**stall, "name": "f"})
            self.assertEqual(said.status, 201, said.raw)
        for _, send in clients + self.servers:
            send()
        for n, (client, server) in enumerate(zip(clients, self.servers)):
            for end, side in zip(ENDS[n % len(ENDS)], (client, server)):
                end(side[0])
        wait_until(proxy.rests, what="rest: something spins")

    def plain(self):
        made = Serving(self.hold)
        self.addCleanup(made.close)
        return made.port

    def secure(self):
        return {"port": self.serving_tls(self.hold).port, "tls": pki().tls(),
                "upstream_tls": pki().upstream(server_name="server.test")}

    def test_streams(self):
        self.serve(STALLS, self.begin, self.plain())

    def test_streams_over_tls(self):
        self.serve(STALLS + ON_THE_WIRE, self.begin, **self.secure())

    def test_exchanges(self):
        self.serve(STALLS + EXCHANGES, self.begin, self.plain(),
                   protocol="http")

    def test_exchanges_over_tls(self):
        self.serve(STALLS + ON_THE_WIRE + EXCHANGES, self.begin,
                   protocol="http", **self.secure())

    def test_exchanges_of_http2(self):
        server = self.h2_server(self.hold_stream, early=True)
        self.serve(STALLS + EXCHANGES, self.begin_stream, server.port,
                   protocol="http")


if __name__ == "__main__":
    unittest.main()
