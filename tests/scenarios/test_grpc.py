# SPDX-License-Identifier: Apache-2.0
"""gRPC's own clients (Python's, Node.js's) and server with faults between them:
for every kind, the status that the client must see."""

import json
import os
import subprocess
import unittest

from harness import ROOT, Scenario, fault
from harness.h2 import has_grpc
from harness.npm import npm_folder, sources

PEER = os.path.join(ROOT, "tests", "clients", "grpc_peer.py")
PYTHON = "/usr/bin/python3"  # the one that the distribution's grpcio is for


# fault, call, and what comes of it: status, messages that arrived (None: the
# client may throw away what it has when the stream breaks).
TABLE = [
    (fault("abort", grpc_status=14, grpc_message="go away"), {},
     "UNAVAILABLE", 0),
    (fault("abort", grpc_status=7, after=True), {}, "PERMISSION_DENIED", 0),
    (fault("abort", status=503), {}, "UNAVAILABLE", 0),
    (fault("abort", status=401), {}, "UNAUTHENTICATED", 0),
    (fault("abort", status=404), {}, "UNIMPLEMENTED", 0),
    (fault("rate_limit", rate=0.001), {"twice": True}, "UNAVAILABLE", 0),
    (fault("stream_reset"), {}, "INTERNAL", 0),
    (fault("stream_reset", code="CANCEL"), {}, "CANCELLED", 0),
    (fault("stream_reset", code="REFUSED_STREAM"), {}, "UNAVAILABLE", 0),
    (fault("stream_reset", code="ENHANCE_YOUR_CALM"), {},
     "RESOURCE_EXHAUSTED", 0),
    (fault("stream_reset", code="INADEQUATE_SECURITY"), {},
     "PERMISSION_DENIED", 0),
    (fault("stream_reset", messages=4), {"call": "Stream"}, "INTERNAL", None),
    (fault("reset_peer"), {}, "INTERNAL", 0),
    (fault("reset_peer", stream="upstream"), {}, "INTERNAL", 0),
    (fault("latency", latency="2s"), {"timeout": 0.3}, "DEADLINE_EXCEEDED",
     0),
    (fault("latency", latency="50ms"), {}, "OK", 1),
    (fault("hang"), {"timeout": 0.3}, "DEADLINE_EXCEEDED", 0),
    (fault("hang", after=True), {"timeout": 0.3}, "DEADLINE_EXCEEDED", 0),
    (fault("blackhole"), {"timeout": 0.3}, "DEADLINE_EXCEEDED", 0),
    (fault("bandwidth", rate="1KB/s"), {"timeout": 0.3, "size": 5000},
     "DEADLINE_EXCEEDED", 0),
    (fault("slicer", average_size=3), {"call": "Chat", "size": 500}, "OK", 3),
    (fault("drip", duration="100ms"), {"call": "Stream"}, "OK", 10),
    (fault("limit_data", bytes=8), {}, "UNKNOWN", 0),
    (fault("cut", messages=2), {"call": "Stream"}, "UNKNOWN", None),
    (fault("cut", messages=2, how="rst"), {"call": "Stream"}, "INTERNAL",
     None),
    (fault("cut", bytes=40), {"call": "Stream"}, "UNKNOWN", None),
    (fault("cut", messages=2, how="silent"),
     {"call": "Stream", "timeout": 0.3}, "DEADLINE_EXCEEDED", 2),
    (fault("trailers", lost=True), {"call": "Stream"}, "UNKNOWN", None),
    (fault("trailers", delay="2s"), {"call": "Stream", "timeout": 0.3},
     "DEADLINE_EXCEEDED", 10),
    (fault("trailers", delay="100ms"), {}, "OK", 1),
    (fault("trailers", grpc_status=8), {"call": "Stream"},
     "RESOURCE_EXHAUSTED", 10),
    (fault("trailers", grpc_status=14, messages=3), {"call": "Stream"},
     "UNAVAILABLE", 3),
    (fault("trailers", grpc_status=14, messages=0), {"call": "Stream"},
     "UNAVAILABLE", 0),
    (fault("trailers", grpc_status=10, messages=1), {"call": "Chat"},
     "ABORTED", 1),
    (fault("window_stall"), {"call": "Stream", "size": 60_000,
                             "timeout": 0.5}, "DEADLINE_EXCEEDED", None),
    (fault("window_stall", stream="upstream"),
     {"call": "Collect", "size": 60_000, "count": 10, "timeout": 0.5},
     "DEADLINE_EXCEEDED", 0),
    (fault("goaway"), {"call": "Stream"}, "OK", 10),
    (fault("goaway", mode="abrupt", code="INTERNAL_ERROR"), {},
     "UNAVAILABLE", 0),
    (fault("headers", set=["Content-Type: text/html"]), {}, "OK", 1),
    (fault("malform", flaw="empty"), {}, "INTERNAL", 0),
    (fault("malform", flaw="bad_chunk"), {}, "OK", 1),
    (fault("timeout", timeout="5s"), {"timeout": 0.3}, "DEADLINE_EXCEEDED", 0),
    (fault("connect_delay", delay="2s"), {"timeout": 0.3},
     "DEADLINE_EXCEEDED", 0),
    (fault("down"), {"timeout": 2}, "UNAVAILABLE", 0),
    (fault("refuse"), {"timeout": 2}, "UNAVAILABLE", 0),
]


# Where Node.js's client says something else: kind and status in the table, and
# what it says.
NODE = {
    ("limit_data", "UNKNOWN"): "INTERNAL",
    ("cut", "UNKNOWN"): "INTERNAL",
    ("trailers", "UNKNOWN"): "INTERNAL",
    ("goaway", "UNAVAILABLE"): "INTERNAL",
}


class Grpc:
    """The tests of one client; see below."""

    differs = {}

    def prepare(self):
        server = self.piped(PYTHON, PEER, "server")
        port = int(server.stdout.readline())
        self.port, self.proxy, self.text = self.proxied(port,
                                                        protocol="http")
        self.client_process = self.piped(*self.command(), str(self.port))

    def call(self, call="Unary", twice=False, **fields):
        for _ in range(2 if twice else 1):
            self.client_process.stdin.write(
                json.dumps({"call": call, **fields}) + "\n")
            self.client_process.stdin.flush()
            got = json.loads(self.client_process.stdout.readline())
        return got

    def test_calls_of_all_shapes_pass(self):
        self.prepare()
        for fields, messages, size in (
                ({"call": "Unary"}, 1, 10),
                ({"call": "Unary", "size": 3_000_000}, 1, 3_000_000),
                ({"call": "Stream", "size": 100_000}, 10, 1_000_000),
                ({"call": "Collect", "size": 50_000, "count": 40}, 1, 7),
                ({"call": "Chat", "size": 1000, "count": 50}, 50, 50_000)):
            with self.subTest(**fields):
                got = self.call(**fields)
                self.assertEqual((got["code"], got["messages"],
                                  got["bytes"]), ("OK", messages, size))
        got = self.call("Fail")
        self.assertEqual((got["code"], got["details"]),
                         ("NOT_FOUND", "no such thing"))

    def test_every_kind_has_its_status(self):
        self.prepare()
        for number, (f, fields, code, messages) in enumerate(TABLE):
            with self.subTest(fault=f, call=fields):
                self.proxy.reload(self.text(dict(f, name=f"n{number}")))
                got = self.call(**fields)
                code = self.differs.get((f["type"], code), code)
                self.assertEqual(got["code"], code, got)
                if messages is not None:
                    self.assertEqual(got["messages"], messages, got)
        self.proxy.reload(self.text())
        self.assertEqual(self.call()["code"], "OK")

    def test_a_message_of_ours_arrives(self):
        self.prepare()
        self.proxy.reload(self.text(fault(
            "abort", grpc_status=9, grpc_message="50% of it",
            when={"path": "/test.Echo/Unary"})))
        got = self.call()
        self.assertEqual((got["code"], got["details"]),
                         ("FAILED_PRECONDITION", "50% of it"))
        self.assertEqual(self.call("Stream")["code"], "OK")


@unittest.skipUnless(has_grpc(), "python3-grpcio is missing")
class Python(Grpc, Scenario):
    def command(self):
        return [PYTHON, PEER, "client"]


@unittest.skipUnless(has_grpc(), "python3-grpcio is missing")
class Node(Grpc, Scenario):
    limit = 180  # npm may have to install it
    differs = NODE

    def command(self):
        folder = npm_folder("grpc-js")
        return ["node", os.path.join(sources("grpc-js"), "client.js"), folder]


if __name__ == "__main__":
    unittest.main()
