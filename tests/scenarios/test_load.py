# SPDX-License-Identifier: Apache-2.0
"""The load driver against real servers, and against bad ones."""

import resource
import socket
import struct

from harness import fault
from harness.h2 import GOAWAY
from harness.load import Load
from harness.peers import nginx, redis
from harness.tls import Pki

PIECE = b"x" * (1024 * 1024)


def swallow(conn):
    """Reads all there is, and never answers."""
    conn.sock.settimeout(20)
    while conn.sock.recv(100000):
        pass


class Http(Load):
    def test_nginx_serves_a_mix(self):
        peer = nginx(self, {"index.html": b"hello world\n" * 1000,
                            "small": b"y"})
        got = self.drive(peer.port, [
            {"target": "/", "weight": 2}, {"target": "/small"},
            {"target": "/missing"},
            {"target": "/up", "method": "PUT", "body": "{\"id\":\"{uuid}\"}"},
            {"target": "/", "method": "HEAD"},
            {"target": "/", "headers": ["Accept-Encoding: gzip"]}],
            seconds=1, degraded_when=[{"size_below": 2}])
        self.assertEqual(got["ok"] + got["failed"], got["fired"])
        for s in got["samples"]:
            status, size = {0: (200, 12000), 1: (200, 1), 2: (404, None),
                            3: (204, 0), 4: (200, 0),
                            5: (200, None)}[s["request"]]
            self.assertEqual(s["status"], status)
            if size is not None:
                self.assertEqual(s["bytes"], size)
            self.assertEqual(s["degraded"], s["request"] in (1, 3, 4))
            self.assertLessEqual(s["intended_us"], s["start_us"])
            self.assertLess(s["start_us"], s["end_us"])
        self.assertEqual(got["resent"], 0)
        self.assertLess(got["opened"], got["fired"])

    def test_the_same_seed_asks_for_the_same_at_the_same_time(self):
        peer = nginx(self, {"index.html": b"x"})
        requests = [{"target": "/"}, {"target": "/missing"}]
        runs = [self.drive(peer.port, requests, arrivals="poisson")
                for _ in range(2)]
        n = min(run["fired"] for run in runs)
        self.assertGreater(n, 10)
        a, b = ([(s["request"], s["intended_us"] -
                  run["samples"][0]["intended_us"])
                 for s in run["samples"][:n]] for run in runs)
        self.assertEqual([x[0] for x in a], [x[0] for x in b])
        for one, other in zip(a, b):
            self.assertAlmostEqual(one[1], other[1], delta=2)

    def test_keep_alive_that_nginx_ends_breaks_nothing(self):
        peer = nginx(self, {"index.html": b"x"})
        with open(f"{peer.dir}/nginx.conf", encoding="ascii") as f:
            text = f.read()
        with open(f"{peer.dir}/nginx.conf", "w", encoding="ascii") as f:
            f.write(text.replace("gzip on;",
                                 "keepalive_requests 5;"))
        peer.stop()
        peer.launch(["/usr/sbin/nginx", "-p", peer.dir, "-c",
                     f"{peer.dir}/nginx.conf"])
        got = self.drive(peer.port, {}, seconds=1)
        self.assert_all(got)
        self.assertGreaterEqual(got["opened"], got["fired"] // 5)

    def test_five_thousand_a_second_do_not_fall_behind(self):
        peer = nginx(self, {"index.html": b"x"})
        got = self.drive(peer.port, {}, seconds=2, rate=5000,
                         max_in_flight=3000)
        self.assertGreater(got["fired"], 9500)
        first, final = got["samples"][0], got["samples"][-1]
        self.assertAlmostEqual((final["intended_us"] - first["intended_us"]) /
                               (got["fired"] - 1), 200, delta=5)
        late = [s["start_us"] - s["intended_us"] for s in got["samples"]
                if s["start_us"]]
        quarter = len(late) // 4
        middle, last = (sorted(part)[quarter // 2] for part in
                        (late[quarter:2 * quarter], late[-quarter:]))
        # Half a processor at most, and late only as the machine is busy.
        self.assertLess(got["cpu_us"] / got["fired"], 100)
        self.assertLess(last, max(3 * middle, 1000000))

    def test_every_address_of_a_name_is_tried(self):
        peer = nginx(self, {"index.html": b"x"})
        got = self.drive(0, {}, target=f"localhost:{peer.port}")
        self.assert_all(got)

    def big(self, size):
        def serve(conn):
            conn.recv_until(b"\r\n\r\n")
            conn.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
            for _ in range(size // len(PIECE)):
                conn.send(PIECE, 60)
        return self.serving(serve)

    def test_two_gigabytes_pass_at_constant_memory(self):
        size = 2 << 30
        server = self.big(size)
        got = self.drive(server.port, {}, seconds=0.2, rate=10, serial=True,
                         timeout_us=60000000,
                         degraded_when=[{"body_contains": "stale"}])
        self.assert_all(got)
        self.assertEqual(got["samples"][0]["bytes"], size)
        self.assertLess(got["rss_kib"], 200 * 1024)

    def test_no_descriptors_left_is_lost_load_not_a_failure(self):
        server = self.serving(swallow)

        def few():
            resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20))
        got = self.drive(server.port, {}, timeout_us=400000, preexec=few)
        self.assertGreater(got["starved"], 10)
        self.assertEqual(got["lost"], got["starved"])
        self.assertEqual(got["lost"] + got["timeout"], got["fired"])

    def test_too_many_in_flight_are_lost(self):
        server = self.serving(swallow)
        got = self.drive(server.port, {}, timeout_us=300000, max_in_flight=5)
        self.assertEqual(got["lost"] + got["timeout"], got["fired"])
        self.assertGreaterEqual(got["timeout"], 5)
        self.assertLessEqual(got["timeout"], 15)
        for s in got["samples"]:
            if s["outcome"] == "lost":
                self.assertEqual((s["start_us"], s["end_us"]), (0, 0))

    def test_serial_requests_follow_one_another(self):
        # Fewer than the 1000 after which nginx closes a connection.
        peer = nginx(self, {"index.html": b"x"})
        got = self.drive(peer.port, {}, serial=True, rate=1500)
        self.assert_all(got)
        self.assertEqual(got["opened"], 1)
        for before, after in zip(got["samples"], got["samples"][1:]):
            self.assertGreaterEqual(after["start_us"], before["end_us"])

    def test_steps_and_ramps_are_followed(self):
        peer = nginx(self, {"index.html": b"x"})
        got = self.drive(peer.port, {}, seconds=1.5, arrivals="constant",
                         rate=20, steps=[{"at_us": 500000, "rate": 200},
                                         {"at_us": 1000000, "rate": 40}])
        times = [s["intended_us"] for s in got["samples"]]
        gaps = [b - a for a, b in zip(times, times[1:])]
        self.assertAlmostEqual(len(times), 130, delta=3)
        for gap, count in ((50000, 10), (5000, 100), (25000, 20)):
            found = sum(abs(g - gap) < 2 for g in gaps)
            self.assertAlmostEqual(found, count, delta=3)


class Tls(Load):
    pki = None

    def setUp(self):
        Tls.pki = Tls.pki or Pki()
        peer = nginx(self, {"index.html": b"secret"})
        with open(f"{peer.dir}/nginx.conf", encoding="ascii") as f:
            text = f.read()
        with open(f"{peer.dir}/nginx.conf", "w", encoding="ascii") as f:
            f.write(text.replace(
                f"listen 127.0.0.1:{peer.port};",
                f"listen 127.0.0.1:{peer.port} ssl http2; "
                f"ssl_certificate {self.pki.path('server.pem')}; "
                f"ssl_certificate_key {self.pki.path('server.key')};"))
        peer.stop()
        peer.launch(["/usr/sbin/nginx", "-p", peer.dir, "-c",
                     f"{peer.dir}/nginx.conf"])
        self.target = f"https://127.0.0.1:{peer.port}"
        self.port = peer.port

    def test_http1_and_http2_go_by_tls(self):
        for protocol in ("http1", "http2"):
            with self.subTest(protocol):
                got = self.drive(0, {}, target=self.target,
                                 protocol=protocol,
                                 ca_file=self.pki.path("ca.pem"))
                self.assert_all(got)
                self.assertEqual(got["samples"][0]["bytes"], 6)

    def test_a_certificate_that_nobody_signed_is_not_taken(self):
        got = self.drive(0, {}, target=self.target,
                         ca_file=self.pki.path("other.pem"))
        self.assert_all(got, "broken")
        self.assertIn("unable to get local issuer certificate", got["why"])
        got = self.drive(0, {}, target=self.target, any_certificate=True)
        self.assert_all(got)
        self.assertEqual(got["why"], "")

    def test_a_server_without_http2_breaks_http2(self):
        got = self.drive(0, {}, target=f"127.0.0.1:{self.port}",
                         protocol="http2", timeout_us=1000000)
        self.assert_all(got, "broken")


class Http2(Load):
    def test_many_streams_share_connections(self):
        server = self.h2_server()
        got = self.drive(server.port, [
            {"target": "/a"},
            {"target": "/b", "method": "POST", "body": "n={seq}"}],
            protocol="http2", seconds=1)
        self.assert_all(got)
        self.assertLess(got["opened"], 5)
        for s in got["samples"]:
            self.assertEqual(s["status"], 200)
            size = 2 + len(str(s["seq"])) if s["request"] else 2
            self.assertEqual(s["bytes"], size)
        head = dict(server.requests[0].heads[0])
        self.assertEqual(head[":authority"], f"127.0.0.1:{server.port}")
        self.assertIn("x-request-id", head)
        self.assertIn("traceparent", head)

    def test_silent_streams_time_out_and_others_go_on(self):
        def answer(peer, st):
            if st.get(":path") == "/slow":
                return
            peer.headers(st.number, [(":status", "503")], True)
        server = self.h2_server(answer)
        got = self.drive(server.port, [{"target": "/slow"}, {"target": "/"}],
                         protocol="http2", timeout_us=200000)
        self.assertEqual(got["timeout"] + got["failed"], got["fired"])
        for s in got["samples"]:
            self.assertEqual(s["outcome"],
                             "failed" if s["request"] else "timeout")

    def test_what_was_refused_is_sent_once_more(self):
        def answer(peer, st):
            if len(server.requests) % 3 == 0:
                peer.reset(st, "REFUSED_STREAM")
            else:
                peer.headers(st.number, [(":status", "200")], True)
        server = self.h2_server(answer)
        got = self.drive(server.port, {}, protocol="http2", serial=True)
        self.assert_all(got)
        self.assertGreater(got["resent"], 5)
        server = self.h2_server(lambda peer, st: peer.reset(
            st, "REFUSED_STREAM"))
        got = self.drive(server.port, {}, protocol="http2", rate=20)
        self.assert_all(got, "broken")
        self.assertEqual(len(server.requests), 2 * got["fired"])

    def test_a_goaway_moves_requests_to_another_connection(self):
        def answer(peer, st):
            if st.number == 5:
                # It was not taken up: 3 was the last.
                peer.write(GOAWAY, 0, 0, struct.pack(">II", 3, 0))
                return
            peer.headers(st.number, [(":status", "200")], True)
        server = self.h2_server(answer)
        got = self.drive(server.port, {}, protocol="http2", serial=True)
        self.assert_all(got)
        self.assertGreater(got["resent"], 5)
        self.assertGreaterEqual(got["opened"], got["resent"])

    def test_resets_and_ends_break_what_was_under_way(self):
        server = self.h2_server(lambda peer, st: peer.reset(
            st, "INTERNAL_ERROR"))
        got = self.drive(server.port, {}, protocol="http2")
        self.assert_all(got, "broken")
        self.assertEqual(got["resent"], 0)
        server = self.h2_server(lambda peer, st: peer.conn.reset())
        got = self.drive(server.port, {}, protocol="http2")
        self.assert_all(got, "broken")
        self.assertEqual(got["resent"], 0)


class Faults(Load):
    """What faultwire does to a load is seen, whole and once."""

    def through(self, *faults, **load):
        web = self.web()
        port, _, _ = self.proxied(web.port, *faults, protocol="http",
                                  upstream_protocol="http1")
        got = self.drive(port, {"target": "/{seq}"}, **load)
        return got, [m.target for m in web.requests]

    def test_resets_are_not_hidden_by_sending_again(self):
        for stream in ("upstream", "downstream"):
            for protocol in ("http1", "http2"):
                with self.subTest(stream=stream, protocol=protocol):
                    got, seen = self.through(
                        fault("reset_peer", stream=stream, probability=0.5),
                        protocol=protocol)
                    self.assertEqual(got["ok"] + got["broken"], got["fired"])
                    self.assertGreater(got["broken"], got["fired"] // 5)
                    self.assertEqual(got["resent"], 0)
                    self.assertEqual(len(seen), len(set(seen)))

    def test_answers_of_faults_and_delays_are_seen(self):
        got, _ = self.through(fault("abort", status=503, probability=0.5))
        self.assertEqual(got["ok"] + got["failed"], got["fired"])
        self.assertEqual({s["status"] for s in got["samples"]}, {200, 503})
        got, _ = self.through(fault("latency", latency="120ms"))
        self.assert_all(got)
        for s in got["samples"]:
            self.assertGreaterEqual(s["end_us"] - s["start_us"], 120000)

    def test_ipv6_works_as_well(self):
        web = self.web(address="::1")
        got = self.drive(0, {}, target=f"[::1]:{web.port}")
        self.assert_all(got)


class Redis(Load):
    def test_commands_and_errors(self):
        peer = redis(self)
        got = self.drive(peer.port, [
            {"send": "SET key{seq} '{uuid} and more'"},
            {"send": "GET missing"},
            {"send": "NOSUCH command"},
            {"send": "EVAL 'return {1,{2,\"three\"},4}' 0"}],
            protocol="redis", seconds=1)
        for s in got["samples"]:
            self.assertEqual(s["outcome"],
                             "failed" if s["request"] == 2 else "ok")
            self.assertEqual(s["bytes"],
                             {0: 2, 1: 0, 3: 8}.get(s["request"],
                                                    s["bytes"]))
        stored = self.ask(peer.port, b"DBSIZE\r\n")
        sets = sum(s["request"] == 0 for s in got["samples"])
        self.assertEqual(stored, b":%d\r\n" % sets)

    def ask(self, port, command):
        with socket.create_connection(("127.0.0.1", port), 10) as s:
            s.sendall(command)
            return s.recv(4096)

    def test_a_password_is_given_first(self):
        peer = redis(self)
        self.ask(peer.port, b"CONFIG SET requirepass geheim\r\n")
        got = self.drive(peer.port, {"send": "PING", "expect": "PONG"},
                         protocol="redis", password_file=self.secret("geheim"))
        self.assert_all(got)
        for password in (None, self.secret("wrong")):
            got = self.drive(peer.port, {"send": "PING"}, protocol="redis",
                             password_file=password)
            self.assert_all(got, "failed")

    def test_raw_bytes_work_as_well(self):
        peer = redis(self)
        got = self.drive(peer.port, {"send": "ECHO hi{seq}\r\n",
                                     "expect": "hi*\r\n"}, protocol="raw")
        self.assert_all(got)
        got = self.drive(peer.port, {"send": "PING\r\n", "expect": "PANG"},
                         protocol="raw", timeout_us=200000)
        self.assert_all(got, "timeout")


del Load
