# SPDX-License-Identifier: Apache-2.0
"""TCP routes without faults: a byte comes out as it went in, an end arrives
as the end it was, and trouble stays where it is."""

import os
import signal
import socket
import tempfile
import unittest

from harness import (Scenario, Watch, conf, connect, connect_outcome, echo,
                     exchange_both_ways, fault, free_port, noise, route,
                     sanitized, wait_until)


class Ends(Scenario):
    def setUp(self):
        self.server_side = self.backend()
        self.port, self.proxy, _ = self.proxied(self.server_side.port)
        self.c, self.s = self.pair(self.port, self.server_side)

    def test_bytes_pass_both_ways_unchanged(self):
        exchange_both_ways(self.c, self.s, 3_000_000)

    def test_a_half_close_by_the_client_leaves_the_way_back_open(self):
        self.c.send(b"question").finish()
        self.s.expect_end("fin", b"question")
        self.s.send(noise(200_000))
        self.assertEqual(self.c.recv(200_000), noise(200_000))
        self.s.close()
        self.c.expect_end("fin")

    def test_a_half_close_by_the_server_leaves_the_way_up_open(self):
        self.s.send(b"greeting").finish()
        self.c.expect_end("fin", b"greeting")
        self.c.send(noise(200_000))
        self.assertEqual(self.s.recv(200_000), noise(200_000))
        self.c.close()
        self.s.expect_end("fin")

    def test_a_half_close_without_any_byte_arrives(self):
        self.c.finish()
        self.s.expect_end("fin")
        self.s.send(b"still here")
        self.assertEqual(self.c.recv(10), b"still here")

    def test_a_reset_by_the_client_reaches_the_server_as_a_reset(self):
        exchange_both_ways(self.c, self.s, 100)
        self.c.reset()
        self.s.expect_end("rst")

    def test_a_reset_by_the_server_reaches_the_client_as_a_reset(self):
        exchange_both_ways(self.c, self.s, 100)
        self.s.reset()
        self.c.expect_end("rst")

    def test_a_reset_behind_a_half_close_still_arrives(self):
        self.c.send(b"x").finish()
        self.s.expect_end("fin", b"x")
        self.s.reset()
        self.c.expect_end("rst")

    def test_the_journal_tells_of_the_session(self):
        self.c.send(b"12345")
        self.s.recv(5)
        self.s.send(b"678")
        self.c.recv(3)
        self.c.close()
        self.s.expect_end("fin")
        self.s.close()
        closed = self.proxy.wait_journal("the flow's close",
                                         type="flow_close")[0]
        self.assertEqual(closed["route"], "r")
        self.assertEqual(closed["flow"], 0)
        self.assertEqual((closed["bytes_up"], closed["bytes_down"]), (5, 3))


class Addresses(Scenario):
    def check(self, listen, upstream_backend, to, **fields):
        text = conf.text([route("r", listen, upstream_backend.address,
                                **fields)])
        self.start(text)
        c, s = self.pair(to, upstream_backend)
        exchange_both_ways(c, s)
        c.finish()
        s.expect_end("fin")

    def test_ipv6_on_both_sides(self):
        port = free_port()
        self.check(f"[::1]:{port}", self.backend("::1"), ("::1", port))

    def test_ipv6_in_front_of_ipv4(self):
        port = free_port()
        self.check(f"[::1]:{port}", self.backend(), ("::1", port))

    def test_a_port_alone_listens_on_both_families(self):
        port = free_port()
        upstream = self.backend()
        self.start(conf.text([route("r", f":{port}", upstream.port)]))
        for host in ("127.0.0.1", "::1"):
            c, s = self.pair((host, port), upstream)
            exchange_both_ways(c, s, 1000)

    def test_unix_sockets_on_both_sides(self):
        with tempfile.TemporaryDirectory() as d:
            self.check(f"unix:{d}/front", self.backend(f"{d}/back"),
                       f"{d}/front")

    def test_a_unix_socket_that_was_left_behind_is_taken_over(self):
        with tempfile.TemporaryDirectory() as d:
            left = socket.socket(socket.AF_UNIX)
            left.bind(f"{d}/front")
            left.close()
            self.check(f"unix:{d}/front", self.backend(), f"{d}/front")

    def test_a_unix_socket_is_removed_at_the_end(self):
        with tempfile.TemporaryDirectory() as d:
            proxy = self.start(conf.text(
                [route("r", f"unix:{d}/front", self.backend().port)]))
            proxy.stop()
            self.assertFalse(os.path.exists(f"{d}/front"))

    def test_an_upstream_by_host_name(self):
        port = free_port()
        upstream = self.backend()
        self.start(conf.text([route("r", port, f"localhost:{upstream.port}")]))
        c, s = self.pair(port, upstream)
        exchange_both_ways(c, s)

    def test_the_next_address_of_a_name_is_tried_when_one_refuses(self):
        hosts = "127.0.0.1 twin\n::1 twin\n127.0.0.2 twin\n"
        for address in ("127.0.0.1", "::1", "127.0.0.2"):
            with self.subTest(address=address):
                upstream = self.backend(address)
                port = free_port()
                self.start(conf.text(
                    [route("r", port, f"twin:{upstream.port}")]), hosts=hosts)
                c, s = self.pair(port, upstream)
                exchange_both_ways(c, s, 1000)

    def test_a_name_that_does_not_exist_closes_the_session(self):
        port = free_port()
        proxy = self.start(conf.text([route("r", port, "nowhere.invalid:1")]))
        c = self.client(port)
        data, _ = c.recv_end()
        self.assertEqual(data, b"")
        told = proxy.wait_journal("the failed connect", type="connect")
        self.assertEqual(told[0]["result"], "dns")

    def test_port_0_gets_a_free_port_that_the_log_names(self):
        upstream = self.serving()
        proxy = self.start(conf.text([
            route("a", "127.0.0.1:0", upstream.port)]))
        line = proxy.wait_log("listening")[0]
        port = int(line["listen"].rsplit(":", 1)[1])
        c = self.client(port).send(b"hello")
        self.assertEqual(c.recv(5), b"hello")


class Upstreams(Scenario):
    def test_an_upstream_that_refuses_ends_the_session(self):
        port, proxy, _ = self.proxied(free_port())
        data, _ = self.client(port).recv_end()
        self.assertEqual(data, b"")
        told = proxy.wait_journal("the failed connect", type="connect")
        self.assertEqual(told[0]["result"], "refused")

    def test_an_upstream_that_comes_back_is_reached_again(self):
        upstream = free_port()
        port, _, _ = self.proxied(upstream)
        self.client(port).recv_end()
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", upstream))
        listener.listen()
        listener.settimeout(20)
        self.addCleanup(listener.close)
        c = self.client(port).send(b"hello")
        s, _ = listener.accept()
        self.addCleanup(s.close)
        self.assertEqual(s.recv(5), b"hello")
        c.close()

    def test_an_upstream_that_does_not_answer_meets_the_connect_timeout(self):
        # A full accept queue: further SYNs stay unanswered.
        full = self.backend(backlog=0)
        fillers = []
        for _ in range(8):
            sock = socket.socket()
            sock.setblocking(False)
            sock.connect_ex(("127.0.0.1", full.port))
            fillers.append(sock)
            self.addCleanup(sock.close)
        port, proxy, _ = self.proxied(full.port, connect_timeout="400ms")
        watch = Watch()
        data, _ = self.client(port).recv_end()
        self.assertEqual(data, b"")
        self.assert_took(watch.seconds(), 0.39, 10)
        told = proxy.wait_journal("the failed connect", type="connect")
        self.assertEqual(told[0]["result"], "timeout")

    def test_what_the_client_sent_before_the_upstream_answered_arrives(self):
        upstream = self.backend()
        port, _, _ = self.proxied(upstream.port)
        c = self.client(port).send(noise(50_000)).finish()
        s = upstream.accept()
        s.expect_end("fin", noise(50_000))
        s.send(b"answer")
        s.close()
        c.expect_end("fin", b"answer")

    def test_an_idle_session_ends_after_the_idle_timeout(self):
        upstream = self.backend()
        port, _, _ = self.proxied(upstream.port, idle_timeout="300ms")
        c, s = self.pair(port, upstream)
        watch = Watch()
        self.assertEqual(c.recv_end()[0], b"")
        self.assert_took(watch.seconds(), 0.25, 10)
        self.assertEqual(s.recv_end()[0], b"")


class Pressure(Scenario):
    def test_a_client_that_never_reads_stops_the_server(self):
        upstream = self.backend()
        port, proxy, text = self.proxied(upstream.port, buffer="256KiB")
        c = self.client(port, receive_buffer=8192)
        s = upstream.accept()
        s.sock.settimeout(1)
        before, sent = proxy.rss(), 0
        try:
            while sent < 400_000_000:
                sent += s.sock.send(bytes(1 << 16))
        except socket.timeout:
            pass
        self.assertLess(sent, 100_000_000, "there was no back-pressure")
        self.assertLess(proxy.rss() - before, 30_000_000)
        # A fault that holds bytes is bounded as well, and others go on.
        proxy.reload(text(fault("latency", latency="50ms")))
        other = self.client(port)
        t = upstream.accept()
        t.send(b"alive")
        self.assertEqual(other.recv(5), b"alive")
        # And nothing was lost for the one that slept.
        s.finish()
        got = 0
        c.sock.settimeout(20)
        while data := c.sock.recv(1 << 18):
            got += len(data)
        self.assertEqual(got, sent)

    def test_bytes_held_by_a_fault_are_bounded_by_the_buffer(self):
        upstream = self.backend()
        port, proxy, _ = self.proxied(
            upstream.port, fault("latency", latency="1h"), buffer="1MiB")
        c, s = self.pair(port, upstream)
        s.sock.settimeout(1)
        before, sent = proxy.rss(), 0
        try:
            while sent < 400_000_000:
                sent += s.sock.send(bytes(1 << 16))
        except socket.timeout:
            pass
        self.assertLess(sent, 100_000_000)
        self.assertLess(proxy.rss() - before, 30_000_000)
        c.expect_silence(0.05)

    def test_more_clients_than_descriptors_are_survived(self):
        upstream = self.serving()
        port = free_port()
        proxy = self.start(conf.text([route("r", port, upstream.port)]),
                           nofile=64)
        crowd = [connect(port) for _ in range(120)]
        wait_until(proxy.rests, what="rest: it spins while it cannot accept")
        for c in crowd:
            c.close()

        def served():
            try:
                c = connect(port, 2).send(b"hello")
                try:
                    return c.recv(5, 2) == b"hello"
                finally:
                    c.close()
            except (OSError, AssertionError):
                return False

        wait_until(served, what="service after the crowd had left")

    def test_max_connections_turns_further_clients_away(self):
        upstream = self.backend()
        port, _, _ = self.proxied(upstream.port, max_connections=2)
        a, b = self.pair(port, upstream)
        self.pair(port, upstream)
        third = self.client(port)
        self.assertEqual(third.recv_end()[0], b"")
        a.close()
        b.close()

        def free_again():
            try:
                c = self.client(port).send(b"x")
                s = upstream.accept(0.2)
            except (OSError, AssertionError):
                return False
            self.addCleanup(s.close)
            return s.recv(1) == b"x" and c

        wait_until(free_again, what="a free place")

    def test_many_sessions_at_once_do_not_mix(self):
        upstream = self.serving(echo)
        port, _, _ = self.proxied(upstream.port,
                                  groups={"workers": 4})
        clients = [self.client(port) for _ in range(200)]
        for i, c in enumerate(clients):
            c.send(noise(2000, i)).finish()
        for i, c in enumerate(clients):
            c.expect_end("fin", noise(2000, i))


class Shutdown(Scenario):
    def test_the_first_sigterm_lets_sessions_finish_and_refuses_new_ones(self):
        upstream = self.backend()
        port, proxy, _ = self.proxied(upstream.port)
        c, s = self.pair(port, upstream)
        proxy.signal(signal.SIGTERM)
        wait_until(lambda: connect_outcome(port, 1) == "refused",
                   what="a closed port")
        upstream.drop_waiting()
        exchange_both_ways(c, s)
        proxy.check_alive()
        c.close()
        s.expect_end("fin")
        s.close()
        self.assertEqual(proxy.wait(), 0)

    def test_a_second_sigterm_ends_at_once(self):
        upstream = self.backend()
        port, proxy, _ = self.proxied(upstream.port)
        c, s = self.pair(port, upstream)
        proxy.signal(signal.SIGTERM)
        wait_until(lambda: connect_outcome(port, 1) == "refused")
        proxy.signal(signal.SIGTERM)
        watch = Watch()
        self.assertEqual(proxy.wait(), 0)
        self.assert_took(watch.seconds(), 0, 5)
        self.assertEqual(c.recv_end()[0], b"")

    def test_the_drain_ends_after_its_time(self):
        upstream = self.backend()
        port, proxy, _ = self.proxied(upstream.port,
                                      groups={"drain_timeout": "300ms"})
        self.pair(port, upstream)
        watch = Watch()
        proxy.signal(signal.SIGTERM)
        self.assertEqual(proxy.wait(), 0)
        self.assert_took(watch.seconds(), 0.25, 10)

    def test_sigint_ends_an_idle_proxy_with_exit_code_0(self):
        _, proxy, _ = self.proxied(self.backend().port)
        proxy.signal(signal.SIGINT)
        self.assertEqual(proxy.wait(), 0)


def proxy_v2(family, source, target):
    """A PROXY v2 header for a stream."""
    code = 0x11 if family == socket.AF_INET else 0x21
    addresses = (socket.inet_pton(family, source[0]) +
                 socket.inet_pton(family, target[0]) +
                 source[1].to_bytes(2, "big") + target[1].to_bytes(2, "big"))
    return (b"\r\n\r\n\0\r\nQUIT\n" + bytes([0x21, code]) +
            len(addresses).to_bytes(2, "big") + addresses)


class ProxyHeader(Scenario):
    V4 = (socket.AF_INET, ("10.1.2.3", 4711), ("10.9.9.9", 80))
    V6 = (socket.AF_INET6, ("2001:db8::7", 4711), ("2001:db8::9", 80))

    def check(self, head, matches, network):
        """The named client is the one that `when` sees."""
        upstream = self.backend()
        port, _, _ = self.proxied(
            upstream.port,
            fault("limit_data", bytes=1, when={"client": [network]}),
            accept_proxy=True)
        c = self.client(port).send(head + b"hello")
        s = upstream.accept()
        self.addCleanup(s.close)
        self.assertEqual(s.recv(5), b"hello")
        s.send(b"abc")
        if matches:
            self.assertEqual(c.recv_end()[0], b"a")
        else:
            self.assertEqual(c.recv(3), b"abc")

    def test_v1_in_names_the_client(self):
        head = b"PROXY TCP4 10.1.2.3 10.9.9.9 4711 80\r\n"
        self.check(head, True, "10.1.0.0/16")
        self.check(head, False, "127.0.0.1")

    def test_v2_in_names_the_client(self):
        self.check(proxy_v2(*self.V4), True, "10.1.0.0/16")
        self.check(proxy_v2(*self.V6), True, "2001:db8::/32")

    def test_a_header_that_comes_byte_by_byte_is_understood(self):
        upstream = self.backend()
        port, _, _ = self.proxied(upstream.port, accept_proxy=True)
        for head in (b"PROXY TCP6 ::1 ::1 1 2\r\n", proxy_v2(*self.V4),
                     b"PROXY UNKNOWN\r\n"):
            c = self.client(port)
            for i in range(len(head)):
                c.send(head[i:i + 1])
            c.send(b"rest")
            s = upstream.accept()
            self.addCleanup(s.close)
            self.assertEqual(s.recv(4), b"rest")

    def test_a_client_without_a_proper_header_is_turned_away(self):
        upstream = self.backend()
        port, _, _ = self.proxied(upstream.port, accept_proxy=True)
        for head in (b"GET / HTTP/1.1\r\n\r\n", b"PROXY TCP4 1.2.3\r\n",
                     b"PROXY TCP4 1.2.3.4 1.2.3.4 99999 1\r\n",
                     b"PROXY " + b"x" * 300,
                     b"\r\n\r\n\0\r\nQUIT\n\x31\x11\0\x0c" + bytes(12)):
            with self.subTest(head=head[:40]):
                c = self.client(port).send(head)
                self.assertEqual(c.recv_end()[0], b"")
        upstream.expect_nobody(0.05)

    def test_v1_out_names_the_client_first(self):
        upstream = self.backend()
        port, _, _ = self.proxied(upstream.port, send_proxy="v1")
        c, s = self.pair(port, upstream)
        own = c.sock.getsockname()[1]
        c.send(b"hello")
        self.assertEqual(s.recv_until(b"\r\n"),
                         b"PROXY TCP4 127.0.0.1 127.0.0.1 %d %d\r\n" %
                         (own, port))
        self.assertEqual(s.recv(5), b"hello")

    def test_v2_out_names_the_client_first(self):
        upstream = self.backend()
        port, _, _ = self.proxied(upstream.port, send_proxy="v2")
        c, s = self.pair(port, upstream)
        own = c.sock.getsockname()[1]
        c.send(b"hello")
        head = s.recv(16)
        self.assertEqual(head[:13], b"\r\n\r\n\0\r\nQUIT\n\x21")
        self.assertEqual(head[13], 0x11)
        rest = s.recv(int.from_bytes(head[14:16], "big"))
        self.assertEqual(rest[:4], socket.inet_aton("127.0.0.1"))
        self.assertEqual(int.from_bytes(rest[8:10], "big"), own)
        self.assertEqual(s.recv(5), b"hello")

    def test_a_header_goes_through_from_v1_to_v2(self):
        upstream = self.backend()
        port, _, _ = self.proxied(upstream.port, accept_proxy=True,
                                  send_proxy="v2")
        c = self.client(port)
        c.send(b"PROXY TCP4 10.1.2.3 10.9.9.9 4711 80\r\nhello")
        s = upstream.accept()
        self.addCleanup(s.close)
        head = s.recv(28)
        self.assertEqual(head[16:20], socket.inet_aton("10.1.2.3"))
        self.assertEqual(int.from_bytes(head[24:26], "big"), 4711)
        self.assertEqual(s.recv(5), b"hello")


class Bulk(Scenario):
    limit = 120
    BLOCKS = 128 if sanitized() else 1024  # of a mebibyte

    def test_a_gigabyte_passes_an_idle_chain_unchanged(self):
        block = noise(1 << 20)
        upstream = self.backend()
        port, proxy, _ = self.proxied(upstream.port)
        c, s = self.pair(port, upstream)
        before = proxy.rss()
        sender = c.send_in_background(block * self.BLOCKS)
        for _ in range(self.BLOCKS):
            self.assertTrue(s.recv(1 << 20, 60) == block)
        sender.join()
        self.assertLess(proxy.rss() - before, 30_000_000)


if __name__ == "__main__":
    unittest.main()
