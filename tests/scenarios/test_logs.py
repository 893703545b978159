# SPDX-License-Identifier: Apache-2.0
"""The log: what is worth a line, how often, in which words; and that neither
a full disk nor a reader that stands still ever holds the proxy up."""

import fcntl
import json
import os
import shutil
import subprocess
import tempfile
import time

from harness import (BIN, Scenario, ask, conf, fault, free_port, pki, request,
                     response, route, wait_scrape, wait_until)

LINES = 5  # of a window of 10 s, by worker
KEYS = ["ts", "level", "msg", "event"]


class Logged(Scenario):
    def logged(self, *faults, upstream=None, log=None, options=None,
               **fields):
        """One worker, so that samples can be counted."""
        self.port, self.control = free_port(), free_port()
        groups = {"log": log} if log else {}
        return self.start(conf.text(
            [route("r", self.port, upstream, *faults, **fields)], workers=1,
            control={"listen": f"127.0.0.1:{self.control}"}, **groups),
            **(options or {}))


class Samples(Logged):
    def test_injections_are_logged_one_by_one_then_by_number(self):
        web = self.web(lambda m: response(b"ok"))
        proxy = self.logged(fault("latency", latency="2ms", name="slow"),
                            upstream=web.port, protocol="http")
        client = self.client(self.port)
        for _ in range(40):
            ask(client)
        lines = wait_until(lambda: self.complete(proxy, 40),
                           what="lines about 40 injections")
        single = [e for e in lines if "count" not in e]
        self.assertEqual(len(single), LINES)
        # One worker: a summary a second at most.
        self.assertLessEqual(len(lines) - LINES, 3)
        first = single[0]
        self.assertEqual(list(first)[:4], KEYS)
        self.assertEqual(
            {k: first[k] for k in ("level", "route", "fault", "type", "flow",
                                   "effect")},
            {"level": "info", "route": "r", "fault": "slow",
             "type": "latency", "flow": 0, "effect": "delay"})
        self.assertAlmostEqual(first["delay_s"], 0.002, delta=0.02)

    @staticmethod
    def complete(proxy, count):
        lines = proxy.log_events("fault_injected")
        told = sum(e.get("count", 1) for e in lines)
        return lines if told == count else None

    def test_what_was_not_told_is_told_at_the_end(self):
        web = self.web(lambda m: response(b"ok"))
        proxy = self.logged(fault("abort", status=500), upstream=web.port,
                            protocol="http")
        client = self.client(self.port)
        for _ in range(12):
            ask(client)
        client.close()
        proxy.signal(15)
        self.assertEqual(proxy.wait(), 0)
        self.assertTrue(self.complete(proxy, 12), proxy.log())

    def test_upstreams_that_fail_are_logged_likewise(self):
        proxy = self.logged(upstream=free_port())
        for _ in range(9):
            self.client(self.port).recv_end()
        wait_until(lambda: sum(
            e.get("count", 1)
            for e in proxy.log_events("upstream_error")) == 9,
            what="lines about 9 failures")
        line = proxy.log_events("upstream_error")[0]
        self.assertEqual((line["level"], line["error_type"], line["route"]),
                         ("warn", "connection_refused", "r"))

    def test_http_says_why_the_upstream_failed(self):
        def close(conn):
            conn.recv_until(b"\r\n\r\n")

        server = self.serving(close)
        proxy = self.logged(upstream=server.port, protocol="http")
        self.assertEqual(ask(self.client(self.port)).status, 502)
        line, = proxy.wait_log("upstream_error")
        self.assertEqual(line["error_type"], "connection_terminated")

    def test_a_bad_proxy_header_is_told_with_what_is_wrong(self):
        proxy = self.logged(upstream=free_port(), accept_proxy=True)
        for _ in range(9):
            self.client(self.port).send(b"GET / HTTP/1.1\r\n").recv_end()
        wait_until(lambda: sum(
            e.get("count", 1)
            for e in proxy.log_events("proxy_header_bad")) == 9,
            what="lines about 9 headers")
        line = proxy.log_events("proxy_header_bad")[0]
        self.assertEqual(
            [line[k] for k in ("level", "route", "client", "error")],
            ["warn", "r", "127.0.0.1", "no PROXY header"])

    def test_a_proxy_header_that_does_not_come_is_told_likewise(self):
        proxy = self.logged(upstream=free_port(), accept_proxy=True,
                            header_timeout="50ms")
        for sent in (b"", b"PROXY TCP4 1", b"", b"", b"", b"", b""):
            self.client(self.port).send(sent).expect_end("fin")
        wait_until(lambda: sum(
            e.get("count", 1)
            for e in proxy.log_events("proxy_header_bad")) == 7,
            what="lines about 7 connections")
        lines = [e["error"] for e in proxy.log_events("proxy_header_bad")
                 if "count" not in e]
        self.assertEqual(lines, ["it did not come whole in time"] * LINES)

    def test_scanners_of_tls_fill_no_disk(self):
        for event, fields in (
                ("tls_failed", {"tls": pki().tls()}),
                ("upstream_tls_failed", {"upstream_tls": {"verify": False}})):
            with self.subTest(event):
                server = self.serving(lambda conn: conn.send(b"220 hello\r\n"))
                proxy = self.logged(upstream=server.port, **fields)
                for _ in range(9):
                    self.client(self.port).send(b"GET / HTTP/1.1\r\n"
                                                ).recv_end()
                wait_until(lambda: sum(
                    e.get("count", 1) for e in proxy.log_events(event)) == 9,
                    what="lines about 9 handshakes")
                lines = proxy.log_events(event)
                self.assertEqual(len([e for e in lines if "error" in e]),
                                 LINES)
                self.assertEqual(lines[-1]["route"], "r")

    def test_injected_failures_are_not_the_upstreams(self):
        server = self.serving()
        proxy = self.logged(fault("down"), upstream=server.port)
        self.client(self.port).recv_end()
        proxy.wait_log("fault_injected")
        self.assertFalse(proxy.log_events("upstream_error"))


class Access(Logged):
    TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"

    def test_there_is_no_access_log_unless_asked_for(self):
        web = self.web(lambda m: response(b"ok"))
        proxy = self.logged(upstream=web.port, protocol="http")
        ask(self.client(self.port))
        self.until_counted(1)
        self.assertFalse(proxy.log_events("request"))

    def until_counted(self, count):
        wait_scrape(self.control, lambda m: m.sum(
            "faultwire_requests_total") == count)

    def test_requests_have_a_line_without_secrets(self):
        web = self.web(lambda m: response(b"12345"))
        proxy = self.logged(upstream=web.port, protocol="http",
                            log={"access": True})
        reply = ask(self.client(self.port), "POST", "/a/b?token=SECRET1",
                    b"SECRET2", headers=[
                        "Authorization: Bearer SECRET3",
                        "Cookie: id=SECRET4",
                        f"traceparent: 00-{self.TRACE}-00f067aa0ba902b7-01"])
        self.assertEqual(reply.status, 200)
        line, = proxy.wait_log("request")
        self.assertEqual(
            {k: line[k] for k in ("level", "route", "client", "method",
                                  "path", "code", "faulted", "trace_id")},
            {"level": "info", "route": "r", "client": "127.0.0.1",
             "method": "POST", "path": "/a/b", "code": 200,
             "faulted": False, "trace_id": self.TRACE})
        self.assertEqual(line["bytes_out"], len(reply.raw) + 5)
        self.assertGreater(line["bytes_in"], 100)
        self.assertGreater(line["duration_s"], 0)
        self.assertNotIn("SECRET", proxy.raw_log())

    def test_absolute_targets_show_no_credentials(self):
        web = self.web(lambda m: response(b"ok"))
        proxy = self.logged(upstream=web.port, protocol="http",
                            log={"access": True})
        client = self.client(self.port)
        client.send(b"GET http://test/x?SECRET HTTP/1.1\r\nHost: test\r\n"
                    b"\r\n")
        client.recv_until(b"ok")
        line, = proxy.wait_log("request")
        self.assertEqual(line["path"], "/x")
        self.assertNotIn("SECRET", proxy.raw_log())

    def test_refused_requests_have_a_line_too(self):
        web = self.web()
        proxy = self.logged(upstream=web.port, protocol="http",
                            log={"access": True})
        client = self.client(self.port)
        client.send(b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
        client.recv_end()
        line, = proxy.wait_log("request")
        self.assertEqual((line["code"], line["reason"]), (400, "refused"))

    def test_sessions_have_a_line(self):
        server = self.serving()
        proxy = self.logged(upstream=server.port, log={"access": True})
        client = self.client(self.port)
        client.send(b"ping")
        client.recv(4)
        client.close()
        line, = proxy.wait_log("session")
        self.assertEqual((line["bytes_in"], line["bytes_out"], line["client"],
                          line["route"]), (4, 4, "127.0.0.1", "r"))

    def test_lines_are_bounded_and_cannot_be_forged(self):
        web = self.web(lambda m: response(b"ok"))
        proxy = self.logged(upstream=web.port, protocol="http",
                            log={"access": True})
        client = self.client(self.port)
        path = "/" + "\\\"%0a" * 1500
        ask(client, target=path)
        ask(client, target="/\x7f\xc2\x85\xff{}\"", headers=["X: \xff"])
        lines = proxy.wait_log("request")
        for text in proxy.raw_log().splitlines():
            self.assertLessEqual(len(text.encode()), 16 * 1024)
            json.loads(text)
        self.assertTrue(lines[0]["path"].startswith(path[:1000]))
        self.assertNotRegex(proxy.raw_log(), r"[\x00-\x09\x0b-\x1f\x7f]")

    def test_a_reload_turns_it_on(self):
        web = self.web(lambda m: response(b"ok"))
        proxy = self.logged(upstream=web.port, protocol="http")
        client = self.client(self.port)
        ask(client)
        proxy.reload(conf.text(
            [route("r", self.port, web.port, protocol="http")], workers=1,
            control={"listen": f"127.0.0.1:{self.control}"},
            log={"access": True}))
        ask(client)
        self.assertEqual(len(proxy.wait_log("request")), 1)


class Blocked(Logged):
    """Nobody takes the lines: traffic goes on, what is lost is counted."""

    def carries(self, requests=300):
        client = self.client(self.port)
        for _ in range(requests):
            self.assertEqual(ask(client, within=5).status, 200)

    def dropped(self):
        return wait_scrape(
            self.control,
            lambda m: m.value("faultwire_telemetry_dropped_total",
                              signal="logs", reason="blocked") > 0,
            what="dropped lines").value("faultwire_telemetry_dropped_total",
                                        signal="logs", reason="blocked")

    def started(self, stdout):
        web = self.web(lambda m: response(b"ok"))
        made = self.logged(upstream=web.port, protocol="http",
                           log={"access": True},
                           options={"stdout": stdout, "ready": False})
        wait_until(lambda: self.listens(), what="the API")
        return made

    def listens(self):
        try:
            self.client(self.control).close()
            return True
        except OSError:
            return False

    def test_a_pipe_that_nobody_reads_blocks_nothing(self):
        read, write = os.pipe()
        fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, 4096)
        self.addCleanup(os.close, read)
        with os.fdopen(write, "wb") as stdout:
            self.started(stdout)
        self.carries()
        self.assertGreater(self.dropped(), 100)
        # The reader comes back: whole lines, and how many are missing.
        os.set_blocking(read, False)
        text = b""
        deadline = time.monotonic() + 10
        client = self.client(self.port)
        while b"log_gap" not in text and time.monotonic() < deadline:
            ask(client)
            try:
                text += os.read(read, 65536)
            except BlockingIOError:
                pass
        self.assertIn(b"log_gap", text)
        for line in text.split(b"\n")[:-1]:
            json.loads(line)

    def test_a_full_disk_stops_nothing(self):
        with open("/dev/full", "wb") as stdout:
            self.started(stdout)
        self.carries()
        self.assertGreater(self.dropped(), 300)

    def test_a_reader_that_went_away_stops_nothing(self):
        read, write = os.pipe()
        os.close(read)
        with os.fdopen(write, "wb") as stdout:
            self.started(stdout)
        self.carries()
        self.assertGreater(self.dropped(), 300)

    def test_a_closed_stdout_is_nobody_elses_socket(self):
        web = self.web(lambda m: response(b"ok"))
        self.port, self.control = free_port(), free_port()
        path = os.path.join(self.tmp(), "closed.conf")
        with open(path, "w", encoding="ascii") as f:
            f.write(conf.text(
                [route("r", self.port, web.port, protocol="http")], workers=1,
                control={"listen": f"127.0.0.1:{self.control}"},
                log={"access": True}))
        process = subprocess.Popen(
            ["sh", "-c", 'exec "$0" run -c "$1" <&- >&- 2>&-', BIN, path])
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        wait_until(self.listens, what="the API")
        self.carries(20)
        client = self.client(self.port)
        client.send(request())
        client.recv_until(b"ok")
        client.expect_silence(0.2)

    def tmp(self):
        made = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, made)
        return made
