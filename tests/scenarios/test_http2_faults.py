# SPDX-License-Identifier: Apache-2.0
"""Every fault kind on streams of HTTP/2: what the client sees of the stream
that is hit, and that its siblings on the same connection see nothing."""

import struct
import time
import unittest

from harness import Scenario, conf, fault, noise, wait_until

BODY = noise(60_000, 5)


def message(data):
    """One message of gRPC."""
    return struct.pack(">BI", 0, len(data)) + data


MESSAGES = b"".join(message(b"m%d" % i * 1000) for i in range(5))


def body_of(path):
    return MESSAGES if path.startswith("/grpc") else BODY


def answer(peer, st):
    body = body_of(st.get(":path", 0))
    peer.headers(st.number, [(":status", "200"), ("content-type", "x/y"),
                             ("etag", "1")])
    peer.send(st, body)
    peer.headers(st.number, [("grpc-status", "0"), ("sum", "ok")], True)


# What the client sees: status, body (None: whole), reset, trailers, and how
# long it takes at least. `rest` holds further checks.
def seen(status=200, body=None, reset=None, trailers="theirs", least=0,
         rest=None):
    return status, body, reset, trailers, least, rest


def differs_in_one_bit(case, st):
    bits = sum(bin(a ^ b).count("1") for a, b in zip(st.body, BODY))
    case.assertEqual((len(st.body), bits), (len(BODY), 1))


def header(name, value):
    return lambda case, st: case.assertEqual(st.get(name, 0), value)


GRPC = [("content-type", "application/grpc"), ("te", "trailers")]

TABLE = {
    "/abort": (fault("abort", status=503, body="no"),
               seen(503, b"no", trailers=None)),
    "/abort-after": (fault("abort", status=500, after=True),
                     seen(500, b"", trailers=None)),
    "/grpc-abort": (fault("abort", grpc_status=14, grpc_message="50%"),
                    seen(200, b"", trailers=None, rest=lambda case, st:
                         case.assertEqual((dict(st.heads[0])["grpc-status"],
                                           st.get("grpc-message", 0),
                                           len(st.heads), st.chunks),
                                          ("14", "50%25", 1, [])))),
    "/headers": (fault("headers", set=["X-New: 1"], remove=["ETag"]),
                 seen(rest=lambda case, st: case.assertEqual(
                     (st.get("x-new", 0), st.get("etag", 0)), ("1", None)))),
    "/body": (fault("body", replace="other", status=404),
              seen(404, b"other", rest=header("content-length", "5"))),
    "/drip": (fault("drip", pieces=4, duration="200ms"), seen(least=0.19)),
    "/hang": (fault("hang", duration="200ms"), seen(least=0.19)),
    "/hang-after": (fault("hang", after=True, duration="200ms"),
                    seen(least=0.19)),
    "/latency": (fault("latency", latency="100ms", stream="both"),
                 seen(least=0.2)),
    "/bandwidth": (fault("bandwidth", rate="200KB/s"), seen(least=0.25)),
    "/slicer": (fault("slicer", average_size=1000, delay="100us"), seen()),
    "/loss": (fault("loss", probability=1, rate="1%"), seen()),
    "/corrupt": (fault("corrupt", rate="1%", count=1),
                 seen(body=Ellipsis, rest=differs_in_one_bit)),
    "/limit": (fault("limit_data", bytes=1000),
               seen(body=BODY[:1000], trailers=None)),
    "/cut-fin": (fault("cut", bytes=2000),
                 seen(body=BODY[:2000], trailers=None)),
    "/cut-rst": (fault("cut", bytes=2000, how="rst"),
                 seen(body=BODY[:2000], reset="INTERNAL_ERROR",
                      trailers=None)),
    "/cut-pattern": (fault("cut", pattern="\\x%02x\\x%02x\\x%02x"
                           % tuple(BODY[30000:30003])),
                     seen(body=BODY[:BODY.index(BODY[30000:30003])],
                          trailers=None)),
    "/grpc-cut": (fault("cut", messages=2),
                  seen(body=MESSAGES[:2 * 2005], trailers=None)),
    "/reset": (fault("reset_peer"),
               seen(None, b"", "INTERNAL_ERROR", None)),
    "/reset-up": (fault("reset_peer", stream="upstream"),
                  seen(None, b"", "INTERNAL_ERROR", None)),
    "/reset-before": (fault("reset_peer", at="before"),
                      seen(None, b"", "INTERNAL_ERROR", None)),
    "/reset-after": (fault("reset_peer", at="after"),
                     seen(None, b"", "INTERNAL_ERROR", None)),
    "/late-after": (fault("latency", latency="150ms", at="after"),
                    seen(least=0.15)),
    "/stream-reset": (fault("stream_reset", code="REFUSED_STREAM"),
                      seen(None, b"", "REFUSED_STREAM", None)),
    "/stream-reset-bytes": (fault("stream_reset", code="CANCEL", bytes=10),
                            seen(200, BODY[:10], "CANCEL", None)),
    "/grpc-stream-reset": (fault("stream_reset", messages=1,
                                 code="ENHANCE_YOUR_CALM"),
                           seen(200, MESSAGES[:2005], "ENHANCE_YOUR_CALM",
                                None)),
    "/timeout": (fault("timeout", timeout="100ms"),
                 seen(None, b"", "INTERNAL_ERROR", None)),
    "/malform-empty": (fault("malform", flaw="empty"),
                       seen(None, b"", "INTERNAL_ERROR", None)),
    "/malform-length": (fault("malform", flaw="wrong_length"),
                        seen(200, b"This body is cut short.", trailers=None,
                             rest=header("content-length", "87"))),
    "/malform-garbage": (fault("malform", flaw="garbage"), seen()),
    "/grpc-lost": (fault("trailers", lost=True), seen(trailers=None)),
    "/grpc-late": (fault("trailers", delay="300ms"),
                   seen(least=0.3, rest=lambda case, st: case.assertLess(
                       st.chunks[-1][0] - st.begun, 0.25))),
    "/grpc-status": (fault("trailers", grpc_status=13, grpc_message="1%"),
                     seen(trailers={"grpc-status": "13",
                                    "grpc-message": "1%25"})),
    "/grpc-midway": (fault("trailers", grpc_status=14, messages=3),
                     seen(body=MESSAGES[:3 * 2005],
                          trailers={"grpc-status": "14"})),
    "/grpc-first": (fault("trailers", grpc_status=14, messages=0),
                    seen(body=b"", trailers={"grpc-status": "14"})),
    "/stall": (fault("window_stall", bytes=20_000, duration="200ms"),
               seen()),
    "/noop": (fault("noop"), seen()),
}


class Kinds(Scenario):
    def prepare(self, *faults, **fields):
        self.server = self.h2_server(answer)
        self.port, self.proxy, self.text = self.proxied(
            self.server.port, *faults, protocol="http", **fields)
        return self.h2(self.port)

    def check(self, path, c, expected):
        status, body, reset, trailers, least, rest = expected
        whole = body_of(path)
        fields = GRPC if path.startswith("/grpc") else ()
        before = time.monotonic()
        siblings = [c.request(path="/ok")]
        st = c.request("POST", path, b"question", headers=fields)
        st.begun = before
        siblings.append(c.request(path="/ok"))
        c.finish(st)
        took = time.monotonic() - before
        if trailers == "theirs":
            trailers = {"grpc-status": "0", "sum": "ok"}
        self.assertEqual((st.status, st.reset, st.trailers),
                         (status, reset, trailers))
        if body is not Ellipsis:
            self.assertEqual(bytes(st.body), whole if body is None else body)
        self.assertGreaterEqual(took, least - 0.002)
        if rest:
            rest(self, st)
        for sibling in siblings:
            c.finish(sibling)
            self.assertEqual((sibling.status, bytes(sibling.body),
                              sibling.trailers, sibling.reset),
                             (200, BODY, {"grpc-status": "0", "sum": "ok"},
                              None))

    def test_each_kind_hits_its_stream_and_no_other(self):
        faults = [dict(f, name=path[1:], when={"path": path})
                  for path, (f, _) in TABLE.items()]
        for f in faults:
            if f["type"] == "loss":
                del f["probability"]
        c = self.prepare(*faults)
        for path, (_, expected) in TABLE.items():
            with self.subTest(path=path):
                self.check(path, c, expected)
        # All of this was one connection on either side.
        self.assertEqual(len(self.server.peers), 1)
        self.assertIsNone(c.goaway)

    def test_a_silent_death_is_that_of_both_connections(self):
        c = self.prepare()
        self.assertEqual(bytes(c.ask().body), BODY)
        self.proxy.reload(self.text(fault("half_open")))
        self.proxy.wait_journal("the death", effect="silence")
        self.proxy.stop()
        c.pump(0.2)
        # Without CAP_NET_ADMIN they see a reset.
        for peer in (c, self.server.peers[0]):
            self.assertEqual(peer.fin, peer.was_reset)

    def test_what_does_not_apply_is_told(self):
        c = self.prepare(fault("malform", flaw="garbage"))
        self.assertEqual(bytes(c.ask().body), BODY)
        self.proxy.wait_journal("the event", type="effect",
                                effect="not_on_http2")

    def test_kinds_of_http2_do_nothing_on_http1(self):
        web = self.web()
        port, proxy, _ = self.proxied(
            web.port, fault("stream_reset"), fault("goaway"),
            fault("trailers", lost=True), protocol="http")
        c = self.client(port)
        c.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        self.assertTrue(c.recv_until(b"\r\n\r\n").startswith(
            b"HTTP/1.1 200"))
        wait_until(lambda: len([e for e in proxy.journal() if
                                e.get("effect") == "not_http2"]) == 3)

    def test_blackhole_holds_one_stream_and_lets_go(self):
        c = self.prepare(fault("blackhole", when={"path": "/held"}))
        st = c.request(path="/held")
        self.assertEqual(bytes(c.ask(path="/ok").body), BODY)
        self.assertEqual((st.heads, st.over), ([], False))
        self.proxy.reload(self.text())
        self.assertEqual(bytes(c.finish(st).body), BODY)

    def test_silence_is_silence_on_one_stream(self):
        c = self.prepare(fault("cut", how="silent", when={"path": "/dead"}))
        st = c.request(path="/dead")
        for _ in range(3):
            self.assertEqual(bytes(c.ask(path="/ok").body), BODY)
        self.assertFalse(st.over)
        c.reset(st)
        self.assertEqual(bytes(c.ask(path="/ok").body), BODY)

    def test_window_stall_stops_the_sender_until_removal(self):
        size = 2_000_000
        self.sent = 0

        def big(peer, st):
            peer.headers(st.number, [(":status", "200")])
            for _ in range(size // 10_000):
                peer.send(st, b"x" * 10_000)
                self.sent += 10_000
            peer.send(st, b"", True)

        server = self.h2_server(big)
        port, proxy, text = self.proxied(server.port, fault("window_stall"),
                                         protocol="http")
        c = self.h2(port)
        st = c.request()
        c.until(lambda: len(st.body) == 256 * 1024)
        with self.assertRaises(AssertionError):
            c.until(lambda: len(st.body) > 256 * 1024, 0.3)
        proxy.reload(text())
        self.assertEqual(len(c.finish(st).body), size)

    def test_faults_of_requests_act_on_the_servers_side(self):
        c = self.prepare(fault("headers", stream="upstream",
                               set=["Host: other.test", "X-A: b"]),
                         fault("body", stream="upstream", from_="question",
                               to="answer!!!"),
                         fault("cut", stream="upstream", bytes=4,
                               when={"path": "/cut"}))
        c.ask("POST", "/", b"a question")
        got = self.server.requests[0]
        self.assertEqual((got.get(":authority", 0), got.get("x-a", 0),
                          bytes(got.body)),
                         ("other.test", "b", b"a answer!!!"))
        st = c.ask("POST", "/cut", b"a question")
        self.assertEqual((st.status, st.reset), (None, "INTERNAL_ERROR"))

        def cut():
            return [s for p in self.server.peers for s in p.streams.values()
                    if s.get(":path", 0) == "/cut" and s.reset]

        [got] = wait_until(cut)
        self.assertEqual((bytes(got.body), got.reset), (b"a an", "CANCEL"))

    def test_conditions_see_the_request_and_the_response(self):
        c = self.prepare(
            fault("abort", status=401, when={"host": "secret.*"}),
            fault("abort", name="m", status=402, when={"method": "PUT"}),
            fault("abort", name="q", status=403, when={"query": "a=1"}),
            fault("abort", name="h", status=404, when={"header": ["X: y*"]}),
            fault("abort", name="s", status=500, after=True,
                  when={"status": "200", "path": "/s"}))
        self.assertEqual(c.ask(authority="secret.org:8080").status, 401)
        self.assertEqual(c.ask("PUT", body=b"x").status, 402)
        self.assertEqual(c.ask(path="/p?a=1").status, 403)
        self.assertEqual(c.ask(headers=[("x", "yes")]).status, 404)
        self.assertEqual(c.ask(path="/s").status, 500)
        self.assertEqual(c.ask().status, 200)

    def test_max_active_counts_streams(self):
        c = self.prepare(fault("hang", duration="2s", max_active=2))
        streams = [c.request() for _ in range(5)]
        before = time.monotonic()
        for st in streams[2:]:
            c.finish(st)
        self.assertLess(time.monotonic() - before, 1.9)
        for st in streams:
            c.finish(st)
        self.assertGreater(time.monotonic() - before, 1.9)

    def test_the_same_streams_are_hit_whatever_the_concurrency(self):
        def run(at_a_time):
            c = self.prepare(fault("stream_reset", probability=0.3))
            hit, streams = [], []
            for i in range(60):
                streams.append(c.request())
                if len(streams) == at_a_time or i == 59:
                    hit += [c.finish(s).reset is not None for s in streams]
                    streams = []
            return hit

        one, many = run(1), run(30)
        self.assertEqual(one, many)
        self.assertIn(True, one)
        self.assertIn(False, one)

    # --- goaway

    def test_goaway_serves_what_is_under_way(self):
        c = self.prepare(fault("goaway", when={"path": "/bye"}),
                         fault("latency", latency="200ms",
                               when={"path": "/slow"}))
        slow = c.request(path="/slow")
        last = c.request(path="/bye")
        for st in (slow, last):
            self.assertEqual(bytes(c.finish(st).body), BODY)
        self.assertEqual(c.goaway, (last.number, "NO_ERROR"))
        self.assertEqual(c.end(), "fin")

    def test_goaway_at_once_says_what_was_not_served(self):
        for last, number in (("this", 3), ("before", 1), ("none", 0)):
            with self.subTest(last=last):
                c = self.prepare(fault("goaway", mode="abrupt", last=last,
                                       code="INTERNAL_ERROR",
                                       when={"path": "/bye"}))
                c.ask()
                st = c.request(path="/bye")
                self.assertEqual(c.end(), "fin")
                self.assertEqual(c.goaway, (number, "INTERNAL_ERROR"))
                self.assertEqual(st.heads, [])
                self.assertEqual(len(self.server.requests), 1)

    def test_faults_work_over_http1(self):
        web = self.web()
        port, _, _ = self.proxied(
            web.port, fault("cut", bytes=3, how="rst", when={"path": "/c"}),
            fault("abort", status=503, when={"path": "/a"}),
            fault("body", from_="o", to="00", when={"path": "/b"}),
            fault("reset_peer", when={"path": "/r"}),
            protocol="http", upstream_protocol="http1")
        c = self.h2(port)
        st = c.ask("POST", "/c", b"123456")
        self.assertEqual((st.reset, bytes(st.body)),
                         ("INTERNAL_ERROR", b"123"))
        self.assertEqual(c.ask(path="/a").status, 503)
        self.assertEqual(bytes(c.ask("POST", "/b", b"foo").body), b"f0000")
        self.assertEqual(c.ask(path="/r").reset, "INTERNAL_ERROR")
        self.assertEqual(bytes(c.ask("POST", "/", b"fine").body), b"fine")


if __name__ == "__main__":
    unittest.main()
