# SPDX-License-Identifier: Apache-2.0
"""The control API under clients that are slow, many, large, foreign or
curious, and who may use it."""

import os
import signal
import socket
import time
import unittest

from harness import (Scenario, Watch, conf, connect, connect_outcome, echo,
                     free_port, read_head, read_message, route, run,
                     wait_until)

GET = b"GET /proxies HTTP/1.1\r\nHost: localhost\r\n\r\n"


def control_of(proxy):
    """Where the API listens, as connect() takes it."""
    line = wait_until(lambda: proxy.log_events("control_listening"))[0]
    listen = line["listen"]
    if listen.startswith("unix:"):
        return listen[5:]
    host, port = listen.rsplit(":", 1)
    return (host.strip("[]"), int(port))


def status(conn, data):
    """Sends a request; the status of its reply, which is read whole."""
    conn.send(data)
    return read_message(conn).status


class Control(Scenario):
    def begin(self, routes=(), options=None, **control):
        control.setdefault("listen", "127.0.0.1:0")
        self.proxy = self.start(conf.text(routes, control=control),
                                **(options or {}))
        self.at = control_of(self.proxy)
        return self.proxy

    def call(self, data=GET):
        return status(self.client(self.at), data)


class SlowClients(Control):
    def test_a_head_that_trickles_is_cut_after_five_seconds(self):
        self.begin()
        slow, silent = self.client(self.at), self.client(self.at)
        watch = Watch()
        for byte in GET[:40]:
            try:
                slow.send(bytes([byte]))
            except OSError:
                break
            self.assertEqual(self.call(), 200)
            time.sleep(0.2)
        slow.expect_end(slow.recv_end()[1])
        self.assert_took(watch.seconds(), 4.9, 15)
        silent.expect_end("fin")

    def test_a_body_that_trickles_is_cut_after_ten_seconds(self):
        self.begin()
        slow = self.client(self.at)
        watch = Watch()
        slow.send(b"POST /proxies HTTP/1.1\r\nHost: localhost\r\n"
                  b"Content-Length: 1000\r\n\r\n")
        ended = None
        while ended is None and watch.seconds() < 20:
            try:
                slow.send(b"x")
                time.sleep(0.3)
                slow.sock.settimeout(0.01)
                ended = slow.sock.recv(1) == b"" or None
            except socket.timeout:
                pass
            except OSError:
                ended = True
        self.assert_took(watch.seconds(), 9.9, 15)
        self.assertEqual(self.call(), 200)

    def test_two_hundred_idle_clients_leave_room_for_one_more(self):
        self.begin()
        idle = [self.client(self.at) for _ in range(200)]
        self.assertEqual(self.call(), 200)
        # And three hundred: the oldest make room.
        more = [self.client(self.at) for _ in range(100)]
        self.assertEqual(self.call(), 200)
        idle[0].expect_end("fin")
        self.assertEqual(status(more[-1], GET), 200)

    def test_half_heads_do_not_lock_others_out(self):
        self.begin()
        attack = []
        for _ in range(400):
            attack.append(self.client(self.at))
            attack[-1].send(b"GET /pro")
        watch = Watch()
        self.assertEqual(self.call(), 200)
        self.assertLess(watch.seconds(), 3)


class LargeRequests(Control):
    def test_what_is_too_large_is_refused_with_its_status(self):
        self.begin()
        post = b"POST /proxies HTTP/1.1\r\nHost: localhost\r\n"
        for what, data, expected in (
                ("a target", b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\n",
                 431),
                ("a header", GET[:-2] + b"X: " + b"y" * 20_000, 431),
                ("many headers", GET[:-2] + b"X: y\r\n" * 100, 431),
                ("a length", post + b"Content-Length: 99999999\r\n\r\n",
                 413),
                ("chunks", post + b"Transfer-Encoding: chunked\r\n\r\n" +
                 (b"100000\r\n" + b" " * 0x100000 + b"\r\n") * 5, 413)):
            with self.subTest(what):
                client = self.client(self.at)
                client.send_in_background(data)
                self.assertEqual(read_head(client).status, expected)
        self.assertEqual(self.call(), 200)

    def test_what_is_no_request_is_refused_and_closed(self):
        self.begin()
        for data, expected in (
                (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc", 400),
                (b"GET /proxies HTTP/1.1\r\n\r\n", 400),
                (b"FROBNICATE /proxies HTTP/1.1\r\nHost: a\r\n\r\n", 501),
                (GET[:-2] + b"Host: localhost\r\n\r\n", 400),
                (b"GET / HTTP/3.0\r\nHost: localhost\r\n\r\n", 400)):
            with self.subTest(data):
                client = self.client(self.at)
                client.send(data)
                head = read_message(client)
                self.assertEqual(head.status, expected)
                client.expect_end("fin")

    def test_pipelined_calls_are_answered_in_order(self):
        self.begin()
        client = self.client(self.at)
        create = b'{"name":"%c","upstream":"127.0.0.1:1"}'
        data = b""
        for name in b"abc":
            body = create % name
            data += (b"POST /proxies HTTP/1.1\r\nHost: localhost\r\n"
                     b"Content-Length: %d\r\n\r\n" % len(body)) + body
            data += b"GET /proxies/%c HTTP/1.1\r\nHost: a\r\n\r\n" % name
        client.send(data)
        self.assertEqual([read_message(client).status for _ in "abcabc"],
                         [201, 200] * 3)


class Guarded(Control):
    def test_names_that_foreign_dns_may_give_are_refused(self):
        self.begin()
        for target, host, expected in (
                ("/proxies", "localhost:8474", 200),
                ("/proxies", "127.0.0.1", 200),
                ("/proxies", "faultwire:8474", 200),
                ("/proxies", "rebound.example:8474", 403),
                ("http://rebound.example/proxies", "localhost", 403),
                ("http://localhost/proxies", "rebound.example", 403),
                ("http://localhost/proxies", "localhost", 200)):
            with self.subTest(f"{target} {host}"):
                self.assertEqual(self.call(
                    f"GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n"
                    .encode()), expected)

    def test_pages_of_others_are_refused_on_every_method(self):
        self.begin()
        for method in ("GET", "POST", "PATCH", "DELETE", "OPTIONS"):
            for header in ("Origin: http://localhost:3000", "Origin: null",
                           "Sec-Fetch-Site: cross-site",
                           "Sec-Fetch-Site: same-site"):
                with self.subTest(f"{method} {header}"):
                    self.assertEqual(self.call(
                        f"{method} /proxies HTTP/1.1\r\nHost: localhost\r\n"
                        f"{header}\r\n\r\n".encode()), 403)

    def test_others_need_the_token_and_nobody_sees_it(self):
        # Its own directory comes with the process, so a file of ours.
        token = os.path.join("/tmp", f"faultwire-token-{os.getpid()}")
        with open(token, "w", encoding="ascii") as f:
            f.write("s3cr3t-t0k3n\n")
        self.addCleanup(os.unlink, token)
        proxy = self.begin(listen="0.0.0.0:0", token_file=token)
        self.at = ("127.0.0.1", self.at[1])
        for given, expected in (("", 401), ("Bearer wrong", 401),
                                ("Bearer s3cr3t-t0k3n", 200),
                                ("Basic s3cr3t-t0k3n", 401)):
            header = f"Authorization: {given}\r\n" if given else ""
            with self.subTest(given):
                self.assertEqual(self.call(
                    f"GET /proxies HTTP/1.1\r\nHost: a.b.c\r\n{header}\r\n"
                    .encode()), expected)
        # A body of those who may not is not waited for.
        client = self.client(self.at)
        client.send(b"POST /populate HTTP/1.1\r\nHost: localhost\r\n"
                    b"Content-Length: 4000000\r\n\r\n")
        self.assertEqual(read_head(client).status, 401)
        # Health needs none.
        self.assertEqual(self.call(
            b"GET /livez HTTP/1.1\r\nHost: x.y\r\n\r\n"), 200)
        proxy.stop_log = proxy.raw_log() + proxy.errors()
        self.assertNotIn("s3cr3t", proxy.stop_log)
        with open(f"/proc/{proxy.process.pid}/cmdline", "rb") as f:
            self.assertNotIn(b"s3cr3t", f.read())

    def test_an_open_address_without_token_is_refused_at_the_start(self):
        text = conf.text(control={"listen": "0.0.0.0:0"})
        for command in ("check", "run"):
            done = run(command, "-c", "{}", text=text)
            self.assertEqual(done.returncode, 1)
            self.assertIn("expected token_file, or insecure = true",
                          done.stderr + done.stdout)
        done = run("run", "-c", "{}", text=conf.text(
            control={"listen": "0.0.0.0:0", "token_file": "/nonexistent"}))
        self.assertEqual(done.returncode, 1)
        self.assertIn("control.token_file: /nonexistent cannot be read: "
                      "No such file or directory", done.stderr)

    def test_a_reload_that_would_open_an_address_says_which(self):
        port = free_port()
        proxy = self.start(conf.text(control={"insecure": True}),
                           args=["--control", f"0.0.0.0:{port}"])
        proxy.reload_refused(conf.text())
        self.assertIn(f"--control: others can reach 0.0.0.0:{port}",
                      proxy.wait_log("config_error")[0]["error"])

    def test_insecure_serves_names_with_dots_but_no_pages(self):
        self.begin(listen="0.0.0.0:0", insecure=True)
        self.at = ("127.0.0.1", self.at[1])
        get = b"GET /proxies HTTP/1.1\r\nHost: fw.chaos.svc:8474\r\n"
        self.assertEqual(self.call(get + b"\r\n"), 200)
        self.assertEqual(self.call(
            get + b"Origin: http://fw.chaos.svc:8474\r\n\r\n"), 403)

    def test_a_unix_socket_is_for_owner_and_group(self):
        path = f"/tmp/faultwire-control-{os.getpid()}.sock"
        # Left over from a crash.
        stale = socket.socket(socket.AF_UNIX)
        stale.bind(path)
        stale.close()
        self.begin(listen=f"unix:{path}")
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o660)
        self.assertEqual(self.call(
            b"GET /proxies HTTP/1.1\r\nHost: a.b.c\r\n\r\n"), 200)
        self.proxy.stop()
        self.assertFalse(os.path.exists(path))


class Shortage(Control):
    def test_control_answers_though_the_proxy_has_no_descriptors_left(self):
        backend = self.backend()
        port = free_port()
        self.begin([route("r", port, backend.port)],
                   options={"nofile": 128})
        kept = []
        for _ in range(120):
            kept.append(self.client(port))
        wait_until(lambda: self.proxy.log_events("accept_paused"))
        for _ in range(10):
            client = connect(self.at)
            self.assertEqual(status(client, GET), 200)
            client.close()

    def test_a_taken_control_port_is_an_error_only_where_it_was_asked_for(
            self):
        taken = self.backend()
        done = run("run", "-c", "{}", text=conf.text(
            control={"listen": f"127.0.0.1:{taken.port}"}))
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r":\d+: control: cannot listen on "
                         rf"127\.0\.0\.1:{taken.port}: Address already in")


class NothingToWriteTo(Control):
    def test_a_full_disk_and_a_closed_stdout_stop_neither_proxy_nor_api(self):
        upstream = self.serving(echo)
        for name, options in (
                ("journal", {"journal": "/dev/full"}),
                ("stdout", {"stdout": open("/dev/full", "wb")}),
                ("closed", {"stdout": self.closed_pipe()})):
            with self.subTest(name):
                port, control = free_port(), free_port()
                proxy = self.start(conf.text(
                    [route("r", port, upstream.port)],
                    control={"listen": f"127.0.0.1:{control}"}),
                    ready=name == "journal", **options)
                wait_until(lambda at=control: connect_outcome(at, 1) == "ok")
                self.at = ("127.0.0.1", control)
                for _ in range(20):
                    self.assertEqual(self.call(
                        b"POST /reset HTTP/1.1\r\nHost: a\r\n"
                        b"Content-Length: 0\r\n\r\n"), 204)
                client = self.client(port)
                client.send(b"hello")
                self.assertEqual(client.recv(5), b"hello")
                proxy.stop()

    def closed_pipe(self):
        """The end to write of a pipe that nobody reads."""
        reader, writer = os.pipe()
        os.close(reader)
        self.addCleanup(os.close, writer)
        return writer


class Draining(Control):
    def test_calls_are_answered_while_sessions_finish(self):
        upstream = self.serving(echo)
        port = free_port()
        self.begin([route("r", port, upstream.port)])
        client = self.client(port)
        client.send(b"held")
        self.assertEqual(client.recv(4), b"held")
        self.proxy.signal(signal.SIGTERM)
        wait_until(lambda: self.proxy.log_events("draining"))
        get = b"GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n"
        self.assertEqual(self.call(get % b"/readyz"), 503)
        self.assertEqual(self.call(get % b"/livez"), 200)
        self.assertEqual(self.call(get % b"/proxies"), 200)
        # Neither listeners nor faults come back.
        for what, body in (
                (b"/proxies", b'{"name":"late","upstream":"127.0.0.1:1"}'),
                (b"/proxies/r/toxics", b'{"type":"timeout"}')):
            late = self.client(self.at)
            late.send(b"POST %s HTTP/1.1\r\nHost: localhost\r\n"
                      b"Content-Length: %d\r\n\r\n" % (what, len(body)) +
                      body)
            reply = read_message(late)
            self.assertEqual(reply.status, 500)
            self.assertIn(b"faultwire is draining", reply.body)
        client.send(b"more")
        self.assertEqual(client.recv(4), b"more")
        client.close()
        self.assertEqual(self.proxy.wait(), 0)


if __name__ == "__main__":
    unittest.main()
