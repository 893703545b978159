# SPDX-License-Identifier: Apache-2.0
"""Faults in which the kernel takes part: segments that are really lost,
connections that are really forgotten; and what acts where it may not."""

import os
import select
import socket
import struct
import unittest

from harness import Scenario, ask, fault, is_root, noise

CAP_NET_ADMIN = 12
# Who changed his ids cannot be looked into by the leak checker.
ENV = {"ASAN_OPTIONS": "detect_leaks=0:halt_on_error=1:exitcode=99"}


def may():
    """True if this process has CAP_NET_ADMIN where it runs."""
    with open("/proc/self/status", encoding="ascii") as f:
        caps = next(int(line.split()[1], 16) for line in f
                    if line.startswith("CapEff:"))
    if not caps >> CAP_NET_ADMIN & 1:
        return False
    with socket.socket() as probe:
        try:
            probe.setsockopt(socket.IPPROTO_TCP, 19, 1)  # TCP_REPAIR
        except OSError:
            return False
    return True


def retransmitted(conn):
    """Segments that the kernel of this end sent again."""
    info = conn.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 192)
    return struct.unpack_from("I", info, 100)[0]


class Allowed(Scenario):
    def setUp(self):
        if not may():
            self.skipTest("needs CAP_NET_ADMIN")

    def prepare(self, *faults, **fields):
        self.upstream = self.backend()
        self.port, self.proxy, self.text = self.proxied(
            self.upstream.port, *faults, **fields)
        return self.pair(self.port, self.upstream)

    def test_lost_segments_are_sent_again_by_the_senders_kernel(self):
        client, server = self.prepare(
            fault("loss", rate="20%", variant="segments"))
        data = noise(100_000)
        sender = server.send_in_background(data)
        self.assertEqual(client.recv(len(data)), data)
        sender.join()
        for n in range(60):
            server.send(b"%04d" % n)
            self.assertEqual(client.recv(4), b"%04d" % n)
            client.send(b"%04d" % n)
            self.assertEqual(server.recv(4), b"%04d" % n)
            if retransmitted(server) and n > 20:
                break
        self.assertGreater(retransmitted(server), 0)
        self.proxy.wait_journal("the first loss", effect="segments")
        self.proxy.reload(self.text())
        told = self.proxy.wait_journal("what was lost", effect="segments")
        self.assertGreaterEqual(told[-1]["amount"], told[0]["amount"])

    def test_it_is_lost_on_the_way_up_and_for_open_connections_too(self):
        client, server = self.prepare()
        self.proxy.reload(self.text(
            fault("loss", rate="100%", variant="segments",
                  stream="upstream")))
        client.send(b"hello")
        server.expect_silence(0.3)
        self.assertEqual(client.unacked(), 5)
        server.send(b"the other way")
        self.assertEqual(client.recv(13), b"the other way")
        self.proxy.reload(self.text())
        self.assertEqual(server.recv(5), b"hello")

    def test_who_vanished_is_found_out_by_writing_alone(self):
        client, server = self.prepare(
            fault("half_open", bytes=5, variant="vanish"))
        server.send(b"hello")
        self.assertEqual(client.recv(5), b"hello")
        self.proxy.wait_journal("the end", effect="vanish")
        client.expect_silence(0.3)
        server.expect_silence(0.1)
        for end in (client, server):
            end.send(b"?")
            end.expect_end("rst")

    def test_an_http_client_is_left_by_who_vanishes(self):
        web = self.web()
        self.port, self.proxy, self.text = self.proxied(
            web.port, protocol="http")
        client = self.client(self.port)
        self.assertEqual(ask(client).status, 200)
        self.proxy.reload(self.text(fault("half_open", variant="vanish")))
        self.proxy.wait_journal("the end", effect="vanish")
        client.expect_silence(0.3)
        client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        client.expect_end("rst")

    def test_the_silent_stay_so_when_the_proxy_ends(self):
        client, server = self.prepare(fault("half_open"))
        self.proxy.wait_journal("the death", effect="silence")
        self.proxy.stop()
        client.expect_silence(0.2)
        server.expect_silence(0.1)

    def test_on_a_unix_socket_it_stalls_and_is_deaf(self):
        path = os.path.join(self.start("").dir, "s")
        web = self.backend(path)
        self.port, self.proxy, self.text = self.proxied(
            web.address, fault("loss", rate="100%", rtt="1ms", rto="1ms",
                               variant="segments"))
        client, server = self.pair(self.port, web)
        server.send(b"hello")
        self.assertEqual(client.recv(5), b"hello")
        self.proxy.wait_journal("the variant", effect="stall")
        self.proxy.reload(self.text(fault("half_open", variant="vanish")))
        self.proxy.wait_journal("the variant", effect="silence")
        client.send(b"hello")
        self.assertFalse(select.select([client.sock, server.sock], [], [],
                                       0.2)[0])


class Refused(Scenario):
    """Without the privilege, what needs none acts instead."""

    def prepare(self, *faults):
        self.upstream = self.backend()
        args = ["--user", "nobody"] if is_root() else []
        if not is_root() and may():
            self.skipTest("has CAP_NET_ADMIN and cannot give it up")
        self.port, self.proxy, self.text = self.proxied(
            self.upstream.port, *faults, options={"args": args, "env": ENV})
        return self.pair(self.port, self.upstream)

    def test_loss_stalls(self):
        client, server = self.prepare(
            fault("loss", rate="100%", rtt="1ms", rto="1ms",
                  variant="segments"))
        server.send(b"hello")
        self.assertEqual(client.recv(5), b"hello")
        self.assertEqual(retransmitted(server), 0)
        self.proxy.wait_journal("the variant", effect="stall")

    def test_a_half_open_connection_is_deaf(self):
        client, server = self.prepare(
            fault("half_open", after="50ms", variant="vanish"))
        self.proxy.wait_journal("the variant", effect="silence")
        client.send(b"?")
        client.expect_silence(0.3)
        self.assertEqual(client.unacked(), 1)
        self.proxy.stop()
        client.expect_end("rst")
        server.expect_end("rst")


if __name__ == "__main__":
    unittest.main()
