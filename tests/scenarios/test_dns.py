# SPDX-License-Identifier: Apache-2.0
"""DNS routes, as dig sees them."""

import shutil
import subprocess
import threading
import time
import unittest

from harness import Scenario, conf, fault, free_port, noise, wait_until
from harness.api import control
from harness.datagrams import (Answering, Datagrams, dns_name, dns_query,
                               dns_serve)


class Dns(Scenario):
    def setUp(self):
        self.server = Answering(dns_serve)
        self.addCleanup(self.server.close)

    def dns(self, *faults, **fields):
        self.port, self.proxy, self.text = self.proxied(
            self.server.port, *faults, protocol="dns", **fields)
        return self.proxy

    def client(self):
        made = Datagrams(to=self.port)
        self.addCleanup(made.close)
        return made

    def asked(self):
        """What the server was asked, as "name type"."""
        return [" ".join(dns_name(d)[:2]) for d, _ in self.server.came]


@unittest.skipIf(shutil.which("dig") is None, "no dig")
class Dig(Dns):
    def dig(self, *args):
        """Status, flags and answers."""
        out = subprocess.run(
            ["dig", "@127.0.0.1", "-p", str(self.port), "+tries=1",
             "+time=5", *args], capture_output=True, text=True, timeout=30,
            check=False).stdout
        self.assertNotIn("Warning", out)
        self.assertNotIn("timed out", out)
        head = [x for x in out.splitlines() if "status:" in x or
                ";; flags:" in x]
        status = head[0].split("status: ")[1].split(",")[0]
        flags = head[1].split(":")[1].split(";")[0].split()
        lines = [x.split() for x in out.splitlines()
                 if x and x[0] not in ";" and "IN" in x]
        return status, flags, [x[4] for x in lines]

    def test_without_a_fault_everything_passes(self):
        self.dns()
        self.assertEqual(self.dig("www.example.org"),
                         ("NOERROR", ["qr", "aa", "rd", "ra"],
                          ["192.0.2.7"]))
        self.assertEqual(self.dig("www.example.org", "AAAA")[2],
                         ["2001:db8::7"])

    def test_each_answer_is_one_that_dig_accepts(self):
        self.dns(*(fault("dns", name=answer, answer=answer,
                         when={"dns_name": f"{answer}.test"})
                   for answer in ("nxdomain", "servfail", "refused",
                                  "truncate", "empty")))
        for args in ((), ("+noedns",), ("+dnssec", "+cd")):
            with self.subTest(args=args):
                for answer in ("nxdomain", "servfail", "refused"):
                    status, flags, lines = self.dig(f"{answer}.TEST", *args)
                    self.assertEqual((status, lines), (answer.upper(), []))
                    self.assertEqual("cd" in flags, "+cd" in args)
                status, flags, lines = self.dig("truncate.test", "+ignore",
                                                *args)
                self.assertEqual((status, lines), ("NOERROR", []))
                self.assertIn("tc", flags)
                self.assertEqual(self.dig("empty.test", *args)[::2],
                                 ("NOERROR", []))
                self.assertEqual(self.dig("other.test", *args)[2],
                                 ["192.0.2.7"])
        self.assertEqual(set(self.asked()), {"other.test A"})

    def test_a_wrong_address(self):
        self.dns(fault("dns", answer="address", address="198.51.100.9",
                       ttl="5s"))
        self.assertEqual(self.dig("a.test")[2], ["198.51.100.9"])
        self.assertEqual(self.dig("a.test", "AAAA")[::2], ("NOERROR", []))
        self.assertEqual(self.server.came, [])

    def test_types_are_told_apart(self):
        self.dns(fault("dns", answer="nxdomain",
                       when={"dns_name": "*.example.org",
                             "dns_type": "AAAA"}))
        self.assertEqual(self.dig("x.example.org", "AAAA")[0], "NXDOMAIN")
        self.assertEqual(self.dig("x.example.org", "A")[0], "NOERROR")
        self.assertEqual(self.dig("example.org", "AAAA")[0], "NOERROR")

    def test_truncation_leads_over_to_tcp(self):
        def serve(conn):
            length = int.from_bytes(conn.recv(2), "big")
            reply = dns_serve(conn.recv(length))
            conn.send(len(reply).to_bytes(2, "big") + reply)

        stream = self.serving(serve)
        self.port = free_port()
        self.start(conf.text([
            conf.route("u", self.port, self.server.port,
                       fault("dns", answer="truncate"), protocol="dns"),
            conf.route("t", self.port, stream.port)]))
        self.assertEqual(self.dig("big.test")[2], ["192.0.2.7"])
        self.assertEqual(stream.count, 1)


class Queries(Dns):
    def test_every_query_is_a_flow_that_ends_with_its_answer(self):
        proxy = self.dns()
        client = self.client()
        for n in range(5):
            client.ask(dns_query(f"n{n}.test", number=n))
        wait_until(lambda: [e["flow"] for e in proxy.journal()
                            if e["type"] == "flow_close" and
                            e["reason"] == "done"] == [0, 1, 2, 3, 4])

    def test_queries_of_one_socket_are_decided_one_by_one(self):
        self.dns(fault("dns", answer="servfail", every=2, skip=1))
        client = self.client()
        codes = [client.ask(dns_query("x.test", number=n))[3] & 15
                 for n in range(6)]
        self.assertEqual(codes, [0, 2, 0, 2, 0, 2])

    def test_the_answers_go_to_their_questions(self):
        self.dns(fault("latency", latency="100ms", jitter="90ms"))
        client = self.client()
        for n in range(30):
            client.send(dns_query(f"n{n}.test", number=n % 3))
        got = client.rest()
        self.assertEqual(sorted(dns_name(d)[0] for d in got),
                         sorted(f"n{n}.test" for n in range(30)))
        self.assertTrue(all(int(dns_name(d)[0][1:-5]) % 3 == d[1]
                            for d in got))

    def test_a_query_without_an_answer_is_given_up(self):
        self.server.answer = lambda data: None
        proxy = self.dns(idle_timeout="200ms")
        client = self.client()
        client.send(dns_query("x.test"))
        proxy.wait_journal("the end", type="flow_close",
                           reason="idle_timeout")

    def test_what_is_no_dns_passes_and_harms_nobody(self):
        self.server.answer = lambda data: dns_serve(data)
        self.dns(fault("dns", answer="nxdomain",
                       when={"dns_name": "*"}))
        client = self.client()
        client.send(b"")
        client.send(b"\xc0\x0c" * 20)
        client.send(noise(1000))
        client.send(dns_query("x.test")[:-3])
        self.assertEqual(client.ask(dns_query("x.test"))[3] & 15, 3)
        wait_until(lambda: len(self.server.came) == 4)

    def test_answers_that_nobody_asked_for_are_lost(self):
        self.dns()
        client = self.client()
        client.ask(dns_query("x.test", number=1))
        peer = self.server.came[0][1]
        self.server.send(dns_serve(dns_query("x.test", number=2)), peer)
        self.server.send(b"garbage", peer)
        client.expect_silence()
        self.assertEqual(client.ask(dns_query("y.test"))[:2], b"\x12\x34")

    def test_queries_end_while_faults_come_and_go(self):
        proxy = self.dns(**{"groups": {"control": {"listen": "127.0.0.1:0"}}})
        api = control(proxy)
        end = time.monotonic() + 2

        def ask():
            client = self.client()
            while time.monotonic() < end:
                for n in range(50):
                    client.send(dns_query("x.test", number=n))
                client.rest(0.01)

        threads = [threading.Thread(target=ask) for _ in range(3)]
        for thread in threads:
            thread.start()
        while time.monotonic() < end:
            said = api.post("/v1/routes/r/faults", {
                "type": "latency", "latency": "1ms", "stream": "both",
                "name": "brief", "probability": 0.9})
            self.assertEqual(said.status, 201, said.raw)
            api.delete("/v1/routes/r/faults/brief")
        for thread in threads:
            thread.join()
        self.assertEqual(self.client().ask(dns_query("y.test"))[:2],
                         b"\x12\x34")


if __name__ == "__main__":
    unittest.main()
