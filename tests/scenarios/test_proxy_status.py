# SPDX-License-Identifier: Apache-2.0
"""What replies say of the proxy: which are its own, and which faults acted."""

import unittest

from harness import (Scenario, ask, fault, free_port, noise, read_head,
                     read_message, request, response)
from harness.api import control

REFUSED = ('faultwire; error=connection_refused; '
           'details="the upstream refused the connection"')
INJECTED = ('faultwire; error=proxy_internal_response; '
            'details="injected by abort_downstream"')


class Said(Scenario):
    def prepare(self, upstream, *faults, **fields):
        fields = {"protocol": "http", **fields}
        self.port, self.proxy, self.text = self.proxied(upstream, *faults,
                                                        **fields)
        return self.client(self.port)

    def status(self, conn):
        reply = ask(conn)
        return reply.status, reply.get("proxy-status")

    def test_an_upstream_that_refuses(self):
        c = self.prepare(free_port())
        self.assertEqual(self.status(c), (502, REFUSED))

    def test_a_name_without_an_address(self):
        c = self.prepare("no-such-host.invalid:80")
        self.assertEqual(self.status(c), (
            502, 'faultwire; error=dns_error; '
            'details="the upstream\'s name has no address"'))

    def test_an_upstream_that_hangs_up(self):
        server = self.serving(lambda conn: conn.recv_until(b"\r\n\r\n"))
        c = self.prepare(server.port)
        status, said = self.status(c)
        self.assertEqual(status, 502)
        self.assertIn("error=connection_terminated; details=", said)

    def test_an_upstream_that_speaks_no_http(self):
        def serve(conn):
            conn.recv_until(b"\r\n\r\n")
            conn.send(b"SSH-2.0-OpenSSH\r\n\r\n")

        c = self.prepare(self.serving(serve).port)
        status, said = self.status(c)
        self.assertEqual(status, 502)
        self.assertIn("error=http_protocol_error", said)

    def test_a_request_that_is_none(self):
        c = self.prepare(free_port())
        c.send(b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
        reply = read_message(c)
        self.assertEqual(reply.status, 400)
        self.assertIn("error=http_request_error", reply.get("proxy-status"))

    def test_an_injected_error_looks_real(self):
        c = self.prepare(free_port(), fault("abort", status=502))
        self.assertEqual(self.status(c), (502, None))
        other = self.h2(self.port).ask()
        self.assertEqual((other.status, other.get("proxy-status")),
                         (502, None))

    def test_all_names_the_fault(self):
        c = self.prepare(free_port(), fault("abort", status=502),
                         proxy_status="all")
        self.assertEqual(self.status(c), (502, INJECTED))
        other = self.h2(self.port).ask()
        self.assertEqual((other.status, other.get("proxy-status")),
                         (502, INJECTED))

    def test_off_says_nothing(self):
        c = self.prepare(free_port(), proxy_status="off")
        self.assertEqual(self.status(c), (502, None))
        other = self.h2(self.port).ask()
        self.assertEqual((other.status, other.get("proxy-status")),
                         (502, None))
        c.send(b"nonsense\r\n\r\n")
        self.assertEqual(read_message(c).get("proxy-status"), None)

    def test_replies_of_servers_are_left_alone(self):
        server = self.web(lambda _message: response(
            b"", "502 Bad Gateway", ["Proxy-Status: other; error=x"]))
        c = self.prepare(server.port)
        c.send(request())
        self.assertEqual(read_message(c).all("proxy-status"),
                         ["other; error=x"])


class Named(Scenario):
    """Each request goes over HTTP/1.1 and over HTTP/2."""

    def prepare(self, *faults, upstream=None, fault_header=True, **fields):
        if upstream is None:
            upstream = self.web(lambda _message: response(
                b"body", headers=["X-Faultwire-Fault: theirs"])).port
        fields = {"upstream_protocol": "http1", **fields}
        self.port, self.proxy, _ = self.proxied(
            upstream, *faults, protocol="http", fault_header=fault_header,
            **fields)
        self.http1, self.http2 = self.client(self.port), self.h2(self.port)

    def named(self, status=200, body=b"body"):
        """What the answer's headers of that name say."""
        one, two = ask(self.http1), self.http2.ask()
        self.assertEqual((one.status, one.body), (status, body))
        self.assertEqual((two.status, bytes(two.body)), (status, body))
        said = one.all("x-faultwire-fault")
        self.assertEqual(said, [v for n, v in two.heads[-1]
                                if n == "x-faultwire-fault"])
        return said

    def test_who_delays_edits_and_cuts_up_the_answer(self):
        self.prepare(fault("latency", latency="5ms", name="slow"),
                     fault("slicer", average_size=1, delay=1),
                     fault("headers", set=["A: b"], name="two words"),
                     fault("latency", latency="1ms", name="never",
                           probability=0.0))
        for _ in range(2):
            self.assertEqual(self.named(), [
                'latency;id=slow, slicer;id=slicer_downstream, '
                'headers;id="two words"'])

    def test_who_acted_on_the_request(self):
        self.prepare(fault("latency", latency="5ms", stream="upstream",
                           name="f-12"))
        for _ in range(2):
            self.assertEqual(self.named(), ["latency;id=f-12"])

    def test_who_answers_in_the_servers_place(self):
        for after in False, True:
            self.prepare(fault("latency", latency="5ms", stream="upstream",
                               name="slow"),
                         fault("abort", name="no", body="sorry", after=after))
            self.assertEqual(self.named(503, b"sorry"),
                             ["latency;id=slow, abort;id=no"])

    def test_errors_of_a_faulted_exchange(self):
        self.prepare(fault("latency", latency="5ms", stream="upstream",
                           name="slow"), upstream=free_port())
        self.assertEqual(
            self.named(502, b"the upstream refused the connection\n"),
            ["latency;id=slow"])

    def test_nobody_else_can_say_it(self):
        self.prepare(fault("latency", latency="5ms", when={"path": "/x"}))
        self.assertEqual(self.named(), [])

    def test_off_leaves_what_the_server_says(self):
        self.prepare(fault("latency", latency="5ms"), fault_header=False,
                     groups={"control": {"listen": "127.0.0.1:0"}})
        self.assertEqual(self.named(), ["theirs"])
        reply = control(self.proxy).patch("/v1/routes/r",
                                          {"fault_header": True})
        self.assertEqual(reply.status, 200, reply.raw)
        self.assertEqual(self.named(), ["latency;id=latency_downstream"])

    def test_what_acts_on_the_body_comes_too_late(self):
        self.prepare(fault("limit_data", bytes=200_000), upstream=self.web(
            lambda _message: response(noise(300_000))).port)
        self.http1.send(request())
        self.assertEqual(read_head(self.http1).all("x-faultwire-fault"), [])
        body, _ = self.http1.recv_end()
        self.assertEqual(body, noise(300_000)[:200_000])

    def test_upstreams_of_http2(self):
        def answer(peer, st):
            peer.headers(st.number, [(":status", "103"), ("link", "</a>")])
            peer.headers(st.number, [(":status", "200"),
                                     ("x-faultwire-fault", "theirs")])
            peer.send(st, b"x", True)

        self.prepare(fault("latency", latency="5ms", name="slow",
                           when={"path": "/slow"}),
                     upstream=self.h2_server(answer).port,
                     upstream_protocol="http2")
        for path, said in ("/slow", "latency;id=slow"), ("/", None):
            early, last = map(dict, self.http2.ask(path=path).heads)
            self.assertNotIn("x-faultwire-fault", early)
            self.assertEqual(last.get("x-faultwire-fault"), said)

    def test_the_final_head_says_it(self):
        backend = self.backend()
        self.prepare(fault("latency", latency="5ms", name="slow"),
                     upstream=backend.port)
        self.http1.send(request())
        server = backend.accept()
        read_head(server)
        server.send(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
        server.send(response(b"x"))
        early = read_head(self.http1)
        self.assertEqual((early.status, early.get("x-faultwire-fault")),
                         (103, None))
        last = read_message(self.http1)
        self.assertEqual((last.get("x-faultwire-fault"), last.body),
                         ("latency;id=slow", b"x"))

    def test_what_is_no_message_any_more_passes_as_it_is(self):
        self.prepare(fault("malform", flaw="garbage"))
        self.http1.send(request())
        self.assertNotIn(b"faultwire", self.http1.recv_end()[0])


if __name__ == "__main__":
    unittest.main()
