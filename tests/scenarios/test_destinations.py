# SPDX-License-Identifier: Apache-2.0
"""Clients that ask for their destination: HTTP CONNECT and SOCKS 5, by hand
and by curl; routes told apart by destination; faults behind it."""

import shutil
import socket
import struct
import subprocess
import unittest

from harness import (Conn, Scenario, TlsScenario, Watch, ask, client_context,
                     conf, fault, free_port, pki, route, run)

OK = b"\x05\x00\x00\x01" + bytes(6)


def curl(*args):
    """What curl printed, and its exit status."""
    done = subprocess.run(
        ("curl", "-sS", "--max-time", "20", "--noproxy", "", *args),
        capture_output=True, text=True, timeout=40, check=False)
    return done.stdout, done.returncode, done.stderr


def wish(host, port):
    """A SOCKS 5 request."""
    try:
        packed = b"\x01" + socket.inet_pton(socket.AF_INET, host)
    except OSError:
        try:
            packed = b"\x04" + socket.inet_pton(socket.AF_INET6, host)
        except OSError:
            packed = b"\x03" + bytes([len(host)]) + host.encode()
    return b"\x05\x01\x00" + packed + struct.pack(">H", port)


class Destinations(Scenario):
    accept = "connect"

    def proxy(self, *faults, upstream="destination", log=None, **fields):
        self.port = free_port()
        groups = {"log": log} if log else {}

        def text(*now):
            return conf.text([route("r", self.port, upstream, *now,
                                    accept=self.accept, **fields)],
                             **groups)

        self.text = text
        self.faultwire = self.start(text(*faults))
        return self.faultwire

    def routes(self, *routes):
        self.port = free_port()
        self.faultwire = self.start(conf.text([
            route(name, self.port, upstream, accept=self.accept, **fields)
            for name, upstream, fields in routes]))
        return self.faultwire

    def said(self, host, port, data=b""):
        """Connects and asks with CONNECT."""
        conn = self.client(self.port)
        host = f"[{host}]" if ":" in host else host
        conn.send(f"CONNECT {host}:{port} HTTP/1.1\r\n"
                  f"Host: {host}:{port}\r\n\r\n".encode() + data)
        return conn

    def connected(self, host, port, data=b""):
        conn = self.said(host, port, data)
        self.assertIn(b" 200 ", conn.recv_until(b"\r\n\r\n"))
        return conn

    def asked(self, host, port):
        """Connects and asks with SOCKS."""
        conn = self.client(self.port)
        conn.send(b"\x05\x01\x00")
        self.assertEqual(conn.recv(2), b"\x05\x00")
        return conn.send(wish(host, port))


class Connect(Destinations):
    def test_a_tunnel_to_where_the_client_wants(self):
        one, two = self.web(name="one"), self.web(name="two")
        self.proxy()
        for web in (one, two):
            conn = self.connected("127.0.0.1", web.port)
            self.assertEqual(ask(conn, "POST", "/", b"hi").body, b"hi")
        self.assertEqual((one.count, two.count), (1, 1))

    def test_bytes_that_come_with_the_request_reach_the_server(self):
        backend = self.serving()
        self.proxy()
        conn = self.connected("127.0.0.1", backend.port, b"early bird")
        self.assertEqual(conn.recv(10), b"early bird")

    def test_names_and_ipv6(self):
        web, six = self.web(), self.web(address="::1")
        self.proxy()
        self.assertEqual(
            ask(self.connected("localhost", web.port)).status, 200)
        self.assertEqual(ask(self.connected("::1", six.port)).status, 200)

    def test_a_dial_that_fails_is_told_with_its_reason(self):
        closed = free_port()
        self.proxy(connect_timeout="300ms", log={"access": True})
        for host, port, status, word in (
                ("127.0.0.1", closed, 502, b"connection_refused"),
                ("name.invalid", 80, 502, b"dns_error")):
            reply, end = self.said(host, port).recv_end()
            self.assertIn(b"HTTP/1.1 %d " % status, reply)
            self.assertIn(word, reply)
            self.assertEqual(end, "fin")
        told = self.faultwire.wait_log("upstream_error", 2)
        self.assertEqual({e["destination"] for e in told} - {
            "name.invalid:80"}, {f"127.0.0.1:{closed}"})
        self.faultwire.wait_log("session", 2)

    def test_other_requests_are_told_what_is_taken(self):
        self.proxy()
        conn = self.client(self.port)
        reply, end = conn.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").recv_end()
        self.assertIn(b"405 ", reply)
        self.assertIn(b"\r\nAllow: CONNECT\r\n", reply)
        self.assertEqual(end, "fin")

    def test_bad_requests_are_refused(self):
        self.proxy()
        for target in ("unix:/run/x", "host", "host:0", "host:99999",
                       "a/b:80", "[::1:80"):
            reply, end = self.client(self.port).send(
                f"CONNECT {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
            ).recv_end()
            self.assertIn(b" 400 ", reply, target)
            self.assertEqual(end, "fin")
        long = b"CONNECT x:1 HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 20000
        reply, _ = self.client(self.port).send(long).recv_end()
        self.assertIn(b" 431 ", reply)

    def test_the_listener_itself_is_refused_as_a_destination(self):
        self.proxy()
        for host in ("127.0.0.1", "localhost", "127.0.0.77"):
            reply, _ = self.said(host, self.port).recv_end()
            self.assertIn(b" 502 ", reply)
            self.assertIn(b"proxy_loop_detected", reply)
        self.faultwire.wait_log("destination_loop")

    def test_routes_are_told_apart_by_destination(self):
        web, other = self.web(name="web"), self.web(name="other")
        self.routes(
            ("named", other.port,
             {"match": {"destination": ["db.test:5432", "*.svc:1-99"]}}),
            ("ranged", "destination",
             {"match": {"destination": [f"127.0.0.0/8:{web.port}"]}}))
        for host, port in (("db.test", 5432), ("a.svc", 42)):
            self.assertEqual(
                ask(self.connected(host, port)).get("X-Server"), "other")
        conn = self.connected("127.0.0.1", web.port)
        self.assertEqual(ask(conn).get("X-Server"), "web")
        for host, port in (("db.test", 5433), ("127.0.0.1", other.port)):
            reply, _ = self.said(host, port).recv_end()
            self.assertIn(b" 403 ", reply)
        self.assertEqual(
            self.faultwire.wait_log("destination_refused", 2)[0]
            ["destination"], "db.test:5433")

    def test_refuse_is_told_as_a_refused_connection(self):
        web = self.web()
        self.proxy(fault("refuse"))
        reply, end = self.said("127.0.0.1", web.port).recv_end()
        self.assertIn(b" 502 ", reply)
        self.assertIn(b"connection_refused", reply)
        self.assertEqual((end, web.count), ("fin", 0))
        self.faultwire.reload(self.text())
        self.assertEqual(
            ask(self.connected("127.0.0.1", web.port)).status, 200)

    def test_connect_delay_delays_the_answer(self):
        web = self.web()
        self.proxy(fault("connect_delay", delay="300ms"))
        watch = Watch()
        self.connected("127.0.0.1", web.port)
        self.assert_took(watch.seconds(), 0.3, 10)

    def test_faults_do_not_touch_the_answer_but_what_follows(self):
        backend = self.serving()
        self.proxy(fault("latency", latency="300ms"))
        watch = Watch()
        conn = self.connected("127.0.0.1", backend.port)
        conn.send(b"ping").recv(4)
        self.assert_took(watch.seconds(), 0.3, 10)

    def test_http_faults_act_in_the_tunnel(self):
        web = self.web()
        self.proxy(fault("abort", status=418, when={"path": "/tea"}),
                   protocol="http")
        conn = self.connected("127.0.0.1", web.port)
        self.assertEqual(ask(conn, "GET", "/tea").status, 418)
        self.assertEqual(ask(conn, "GET", "/x").status, 200)

    def test_a_silent_client_is_ended(self):
        self.proxy(header_timeout="300ms")
        self.client(self.port).expect_end("fin")
        self.client(self.port).send(b"CONNECT x").expect_end("fin")


class Urls(Destinations):
    """Requests of HTTP whose target is a whole URL."""

    def asks(self, conn, url, method="GET", headers=(), body=None):
        host = url.split("/")[2]
        return ask(conn, method, url, body, headers, host=host)

    def test_each_request_goes_where_its_url_says(self):
        one, two = self.web(name="one"), self.web(name="two")
        self.proxy(protocol="http")
        conn = self.client(self.port)
        for web, name in ((one, "one"), (two, "two"), (one, "one")):
            reply = self.asks(
                conn, f"http://127.0.0.1:{web.port}/a/b?c=d", "POST",
                ["Proxy-Connection: keep-alive", "X-Kept: yes"], b"hi")
            self.assertEqual((reply.status, reply.body), (200, b"hi"))
            self.assertEqual(reply.get("X-Server"), name)
            self.assertEqual(reply.get("X-Target"), "/a/b?c=d")
        seen = one.requests[0]
        self.assertIsNone(seen.get("Proxy-Connection"))
        self.assertEqual(seen.get("X-Kept"), "yes")
        self.assertEqual(seen.get("Host"), f"127.0.0.1:{one.port}")

    def test_faults_and_routes_see_the_request(self):
        web = self.web()
        self.routes(
            ("tea", "destination",
             {"protocol": "http", "match": {
                 "destination": [f"127.0.0.1:{web.port}"], "path": "/tea"},
              "faults": [fault("abort", status=418)]}),
            ("rest", "destination",
             {"protocol": "http",
              "match": {"destination": [f"127.0.0.1:{web.port}"]}}))
        conn = self.client(self.port)
        base = f"http://127.0.0.1:{web.port}"
        self.assertEqual(self.asks(conn, f"{base}/tea").status, 418)
        self.assertEqual(self.asks(conn, f"{base}/x").status, 200)
        self.assertEqual(self.asks(conn, f"{base}").get("X-Target"), "/")
        reply = self.asks(conn, "http://127.0.0.1:1/x")
        self.assertEqual(reply.status, 404)

    def test_what_is_no_url_is_refused(self):
        web = self.web()
        self.proxy(protocol="http")
        for target in ("/x", "https://x/", "http://", "http://x:y/"):
            conn = self.client(self.port)
            reply, _ = conn.send(f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n"
                                 .encode()).recv_end()
            self.assertRegex(reply[:13], rb" (400|405) ", target)
        conn = self.client(self.port)
        self.asks(conn, f"http://127.0.0.1:{web.port}/")
        reply = ask(conn, "GET", "/x")
        self.assertEqual(reply.status, 400)

    def test_a_dial_that_fails_and_a_loop_are_answered(self):
        self.proxy(protocol="http")
        for port in (free_port(), self.port):
            reply = self.asks(self.client(self.port),
                              f"http://127.0.0.1:{port}/")
            self.assertEqual(reply.status, 502)


class Socks5(Destinations):
    accept = "socks5"

    def test_addresses_names_and_ipv6(self):
        four, six = self.serving(), self.serving(address="::1")
        self.proxy()
        for host, port in (("127.0.0.1", four.port),
                           ("localhost", four.port), ("::1", six.port)):
            conn = self.asked(host, port)
            self.assertEqual(conn.recv(10), OK)
            self.assertEqual(conn.send(b"hello").recv(5), b"hello")

    def test_everything_at_once_and_byte_by_byte(self):
        backend = self.serving()
        self.proxy()
        text = b"\x05\x02\x00\x02" + wish("127.0.0.1", backend.port) + b"hi"
        conn = self.client(self.port).send(text)
        self.assertEqual(conn.recv(14), b"\x05\x00" + OK + b"hi")
        conn = self.client(self.port)
        for i in range(len(text)):
            conn.send(text[i:i + 1])
        self.assertEqual(conn.recv(14), b"\x05\x00" + OK + b"hi")

    def test_a_name_and_password_are_taken_where_nothing_else_is_offered(self):
        backend = self.serving()
        self.proxy()
        conn = self.client(self.port).send(b"\x05\x01\x02")
        self.assertEqual(conn.recv(2), b"\x05\x02")
        conn.send(b"\x01\x04user\x06secret")
        self.assertEqual(conn.recv(2), b"\x01\x00")
        conn.send(wish("127.0.0.1", backend.port))
        self.assertEqual(conn.recv(10), OK)

    def test_replies_say_why(self):
        self.proxy(connect_timeout="300ms")
        for host, port, code in (("127.0.0.1", free_port(), 5),
                                 ("name.invalid", 80, 4),
                                 ("127.0.0.1", self.port, 2)):
            reply, end = self.asked(host, port).recv_end()
            self.assertEqual((reply[:2], end), (bytes([5, code]), "fin"))

    def test_what_is_not_taken_is_answered(self):
        self.proxy()
        conn = self.client(self.port)
        self.assertEqual(conn.send(b"\x05\x01\x09").recv_end(),
                         (b"\x05\xff", "fin"))
        for change, code in (({1: 2}, 7), ({1: 3}, 7), ({3: 9}, 8)):
            text = bytearray(wish("127.0.0.1", 80))
            for at, byte in change.items():
                text[at] = byte
            conn = self.client(self.port).send(b"\x05\x01\x00")
            conn.recv(2)
            reply, end = conn.send(bytes(text)).recv_end()
            self.assertEqual((reply[:2], end), (bytes([5, code]), "fin"))
        for text in (b"\x04\x01\x00\x50\x7f\x00\x00\x01\x00", b"GET / HTTP"):
            self.client(self.port).send(text).expect_end("fin")

    def test_no_route_is_not_allowed(self):
        self.routes(("r", "destination",
                     {"match": {"destination": ["db:5432"]}}))
        reply, _ = self.asked("other", 5432).recv_end()
        self.assertEqual(reply[:2], b"\x05\x02")

    def test_refuse_and_connect_timeout_keep_their_meaning(self):
        backend = self.serving()
        self.proxy(fault("refuse"))
        reply, _ = self.asked("127.0.0.1", backend.port).recv_end()
        self.assertEqual(reply[:2], b"\x05\x05")
        self.faultwire.reload(self.text(fault("connect_timeout")))
        conn = self.asked("127.0.0.1", backend.port)
        conn.expect_silence(0.3)
        self.faultwire.reload(self.text())
        self.assertEqual(conn.recv(10), OK)


class Intercepted(Destinations, TlsScenario):
    """TLS behind the answer."""

    def tls_over(self, conn):
        sock = client_context().wrap_socket(conn.sock,
                                            server_hostname="server.test")
        self.addCleanup(sock.close)
        return Conn(sock)

    def test_tls_is_intercepted_behind_connect(self):
        server = self.serving_tls()
        self.proxy(tls=pki().tls(), upstream_tls=pki().upstream(
            server_name="server.test"))
        conn = self.connected("127.0.0.1", server.port)
        self.echoed(self.tls_over(conn))

    def test_routes_by_destination_and_server_name(self):
        server = self.serving_tls()
        self.routes(
            ("never", "127.0.0.1:1",
             {"match": {"destination": ["10.0.0.0/8"]}}),
            ("named", "destination", {"match": {"sni": "server.test"}}))
        conn = self.connected("127.0.0.1", server.port)
        self.echoed(self.tls_over(conn))
        self.faultwire.wait_journal("the flow", type="flow_open",
                                    route="named")


@unittest.skipUnless(shutil.which("curl"), "curl is not installed")
class Curl(Destinations):
    def test_curl_by_connect(self):
        web = self.web()
        self.proxy()
        out, status, why = curl("-p", "-x", f"http://127.0.0.1:{self.port}",
                                "-d", "hello",
                                f"http://127.0.0.1:{web.port}/x")
        self.assertEqual((out, status), ("hello", 0), why)

    def test_curl_by_url(self):
        web = self.web()
        self.proxy(protocol="http")
        proxy = f"http://127.0.0.1:{self.port}"
        for extra in ((), ("-p",)):
            out, status, why = curl(*extra, "-x", proxy, "-d", "hello",
                                    f"http://127.0.0.1:{web.port}/x?y")
            self.assertEqual((out, status), ("hello", 0), why)

    def test_curl_by_socks(self):
        web, six = self.web(), self.web(address="::1")
        self.accept = "socks5"
        self.proxy()
        proxy = f"127.0.0.1:{self.port}"
        for option, url in (
                ("--socks5", f"http://127.0.0.1:{web.port}/"),
                ("--socks5-hostname", f"http://localhost:{web.port}/"),
                ("--socks5-hostname", f"http://[::1]:{six.port}/")):
            out, status, why = curl(option, proxy, "-d", "hello", url)
            self.assertEqual((out, status), ("hello", 0), f"{url} {why}")
        _, status, why = curl("--socks5-hostname", proxy,
                              f"http://127.0.0.1:{free_port()}/")
        self.assertEqual(status, 97, why)

    def test_curl_signs_in(self):
        web = self.web()
        self.accept = "socks5"
        self.proxy()
        out, status, why = curl("-x", f"socks5h://u:p@127.0.0.1:{self.port}",
                                "-d", "x", f"http://127.0.0.1:{web.port}/")
        self.assertEqual((out, status), ("x", 0), why)


class Live(Destinations):
    def test_routes_with_destinations_are_made_and_changed_live(self):
        web, port, api = self.web(), free_port(), free_port()
        self.start(conf.text([], control={"listen": f"127.0.0.1:{api}"}))
        live = ("--control", f"http://127.0.0.1:{api}")
        done = run("route", "add", "r", "--listen", f"127.0.0.1:{port}",
                   "--upstream", "destination", "accept=connect",
                   f"match.destination=127.0.0.0/8:{web.port}", *live)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.port = port
        conn = self.connected("127.0.0.1", web.port)
        self.assertEqual(ask(conn).status, 200)
        done = run("route", "set", "r", "accept=plain", *live)
        self.assertEqual(done.returncode, 1)
        self.assertIn("expected", done.stderr)
        done = run("route", "set", "r", "match.destination=10.0.0.0/8:1",
                   *live)
        self.assertEqual(done.returncode, 0, done.stderr)
        reply, _ = self.said("127.0.0.1", web.port).recv_end()
        self.assertIn(b" 403 ", reply)
        shown = run("config", *live).stdout
        self.assertIn('upstream = "destination"', shown)
        self.assertIn('destination = [ "10.0.0.0/8:1" ]', shown)


del Destinations

if __name__ == "__main__":
    unittest.main()
