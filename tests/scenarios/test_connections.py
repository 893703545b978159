# SPDX-License-Identifier: Apache-2.0
"""Fault kinds that decide about connections, on TCP and on HTTP routes:
present from the start, added live, removed live."""

import socket
import tempfile
import time
import unittest

from harness import (Scenario, Watch, ask, conf, connect, connect_outcome,
                     fault, route, wait_until)


class Connections(Scenario):
    """Runs every test for both protocols."""

    protocol = "tcp"

    def prepare(self, *faults, **fields):
        self.web_server = self.web()
        self.port, self.proxy, self.text = self.proxied(
            self.web_server.port, *faults, protocol=self.protocol, **fields)

    def served(self, conn=None, within=20):
        """The service works, on a new connection or on that one."""
        conn = conn or self.client(self.port)
        reply = ask(conn, "POST", "/x", b"hello", within=within)
        self.assertEqual((reply.status, reply.body), (200, b"hello"))
        return conn

    def refuses(self):
        return connect_outcome(self.port, 5) == "refused"

    def accepts(self):
        return connect_outcome(self.port, 5) == "ok"

    def test_refuse_from_the_start_until_it_is_removed(self):
        self.prepare(fault("refuse"))
        self.assertTrue(self.refuses())
        self.proxy.reload(self.text())
        self.served()

    def test_refuse_added_live_leaves_open_connections_alone(self):
        self.prepare()
        conn = self.served()
        self.proxy.reload(self.text(fault("refuse")))
        wait_until(self.refuses, what="a closed port")
        self.served(conn)
        self.proxy.reload(self.text())
        wait_until(self.accepts, what="an open port")
        self.served()

    def test_refuse_for_some_clients_accepts_and_resets(self):
        self.prepare(fault("refuse", when={"client": ["127.0.0.9"]}))
        self.client(self.port, source="127.0.0.9").expect_end("rst")
        self.served()
        effect = self.proxy.wait_journal("the effect", type="effect")
        self.assertEqual(effect[0]["effect"], "accept_rst")

    def test_down_resets_new_and_open_connections(self):
        self.prepare()
        conn = self.served()
        self.proxy.reload(self.text(fault("down")))
        conn.expect_end("rst")
        self.client(self.port).expect_end("rst")
        before = self.web_server.count
        self.client(self.port).expect_end("rst")
        self.assertEqual(self.web_server.count, before)
        self.proxy.reload(self.text())
        self.served()

    def test_down_may_spare_open_connections_and_end_with_fin(self):
        self.prepare()
        conn = self.served()
        self.proxy.reload(self.text(fault("down", existing="keep",
                                          how="fin")))
        self.client(self.port).expect_end("fin")
        self.served(conn)

    def test_connect_timeout_leaves_connects_unanswered_until_removed(self):
        self.prepare()
        conn = self.served()
        self.proxy.reload(self.text(fault("connect_timeout")))
        wait_until(lambda: connect_outcome(self.port, 0.3) == "timeout",
                   what="a port that does not answer")
        self.served(conn)
        self.proxy.reload(self.text())
        self.assertEqual(connect_outcome(self.port, 20), "ok")
        self.served()

    def test_a_handshake_that_ends_amid_connect_timeout_is_served(self):
        """What the port accepts while it ignores takes its minimum TTL over.
        Such connections were deaf for ever. A client of TTL 255 gets there
        without the luck that others need."""
        self.prepare(fault("connect_timeout"))
        conn = self.client(self.port, ttl=255)
        conn.sock.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 64)
        self.served(conn, within=5)
        self.proxy.reload(self.text())
        self.served(conn, within=5)

    def test_connect_timeout_for_some_clients_accepts_in_silence(self):
        self.prepare(fault("connect_timeout",
                           when={"client": ["127.0.0.9"]}))
        conn = self.client(self.port, source="127.0.0.9")
        conn.send(b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n"
                  b"hi")
        conn.expect_silence(0.3)
        self.served()
        self.proxy.reload(self.text())
        self.assertIn(b"200", conn.recv(12))

    def test_connect_delay_dials_late_and_once(self):
        self.prepare(fault("connect_delay", delay="300ms"))
        conn = self.client(self.port)
        watch = Watch()
        self.served(conn)
        self.assert_took(watch.seconds(), 0.28, 10)
        for _ in range(3):
            self.served(conn)
        self.assertLess(watch.seconds(), 0.3 + 10)
        self.proxy.reload(self.text())
        self.assert_takes(lambda: Watch.over(self.served), 0, 0.28)

    def test_connect_delay_ends_when_it_is_removed(self):
        self.prepare(fault("connect_delay", delay="1h"))
        conn = self.client(self.port)
        conn.send(b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
        conn.expect_silence(0.2)
        self.proxy.reload(self.text())
        self.assertIn(b"200", conn.recv(12))

    def test_conn_limit_resets_those_beyond_it(self):
        self.prepare(fault("conn_limit", max=2))
        first = self.served()
        self.served()
        self.client(self.port).expect_end("rst")
        first.close()

        def room():
            try:
                conn = connect(self.port)
                self.addCleanup(conn.close)
                return ask(conn).status == 200
            except (OSError, AssertionError):
                return False

        wait_until(room, what="a free place")
        self.proxy.reload(self.text())
        self.served()
        self.served()

    def test_conn_limit_may_close_in_good_order(self):
        self.prepare(fault("conn_limit", max=0, how="fin"))
        self.client(self.port).expect_end("fin")

    def test_conn_limit_may_let_connections_wait(self):
        self.prepare(fault("conn_limit", max=1, how="queue"))
        first = self.served()
        second = self.client(self.port)
        second.send(b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n"
                    b"\r\nhi")
        second.expect_silence(0.2)
        first.close()
        self.assertIn(b"200", second.recv(12))

    def test_lifetime_ends_connections_at_an_age(self):
        self.prepare(fault("lifetime", duration="300ms"))
        conn = self.client(self.port)
        watch = Watch()
        self.served(conn)
        conn.expect_end("fin")
        self.assert_took(watch.seconds(), 0.25, 10)

    def test_lifetime_added_live_ends_old_connections(self):
        self.prepare()
        conn = self.served()
        time.sleep(0.1)
        self.proxy.reload(self.text(fault("lifetime", duration="50ms",
                                          how="rst")))
        conn.expect_end("rst")
        self.proxy.reload(self.text())
        self.served()

    def test_half_open_connections_hear_nothing_ever(self):
        self.prepare()
        conn = self.served()
        # The one that goes with it does not make them hear again.
        self.proxy.reload(self.text(
            fault("half_open", after="100ms"),
            fault("blackhole", stream="upstream")))
        conn.send(b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
        self.proxy.wait_journal("the death", effect="silence")
        conn.send(b"Anybody?")
        self.proxy.reload(self.text())
        conn.expect_silence(0.6)
        self.assertGreater(conn.unacked(), 0)
        self.served()

    def test_blackhole_both_ways_does_not_even_answer_connects(self):
        self.prepare()
        conn = self.served()
        self.proxy.reload(self.text(fault("blackhole", stream="both")))
        wait_until(lambda: connect_outcome(self.port, 0.3) == "timeout",
                   what="a port that does not answer")
        conn.send(b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
        conn.expect_silence(0.2)
        self.proxy.reload(self.text())
        self.assertIn(b"200", conn.recv(12))
        self.served()

    def test_a_disabled_route_refuses_and_comes_back(self):
        self.prepare()
        self.served()
        server = self.web_server.port
        self.proxy.reload(conf.text([route(
            "r", self.port, server, protocol=self.protocol, enabled=False)]))
        wait_until(self.refuses, what="a closed port")
        self.proxy.reload(self.text())
        wait_until(self.accepts, what="an open port")
        self.served()


class HttpConnections(Connections):
    protocol = "http"

    def test_down_breaks_the_exchange_under_way(self):
        upstream = self.backend()
        port, proxy, text = self.proxied(upstream.port, protocol="http")
        conn = self.client(port)
        conn.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        server = upstream.accept()
        server.recv_until(b"\r\n\r\n")
        proxy.reload(text(fault("down")))
        conn.expect_end("rst")


class Unix(Scenario):
    def test_refuse_on_a_unix_socket(self):
        upstream = self.serving()
        with tempfile.TemporaryDirectory() as d:
            path = f"{d}/front"

            def text(*faults):
                return conf.text([route("r", "unix:" + path, upstream.port,
                                        *faults)])

            proxy = self.start(text())
            self.client(path).send(b"a").recv(1)
            proxy.reload(text(fault("refuse")))

            def refused():
                try:
                    connect(path).close()
                except OSError:
                    return True
                return False

            wait_until(refused, what="a closed socket")
            proxy.reload(text())
            wait_until(lambda: not refused(), what="an open socket")
            self.client(path).send(b"a").recv(1)


if __name__ == "__main__":
    unittest.main()
