# SPDX-License-Identifier: Apache-2.0
"""Which replies say that they are the proxy's own, and why it made them."""

import unittest

from harness import (Scenario, ask, fault, free_port, read_message, request,
                     response)

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


if __name__ == "__main__":
    unittest.main()
