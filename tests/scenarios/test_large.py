# SPDX-License-Identifier: Apache-2.0
"""Very much of everything, in bounded memory: bodies of gigabytes, streams
through stacked faults."""

import threading
import unittest

from harness import (Scenario, ask, fault, noise, read_head, read_message,
                     request, response, sanitized, wait_until)

class Large(Scenario):
    limit = 120
    SIZE = 300_000_000 if sanitized() else 2_000_000_000

    def through(self, head, sender, receiver, proxy, chunked):
        block = noise(1 << 20)
        count = self.SIZE // len(block)
        piece = b"100000\r\n" + block + b"\r\n" if chunked else block
        before = proxy.rss()

        def send():
            for _ in range(count):
                sender.send(piece, 60)
            if chunked:
                sender.send(b"0\r\n\r\n")

        thread = threading.Thread(target=send, daemon=True)
        sender.send(head(count * len(block)))
        thread.start()
        read_head(receiver)
        for _ in range(count):
            self.assertTrue(receiver.recv(len(piece), 60) == piece)
        thread.join()
        self.assertLess(proxy.rss() - before, 60_000_000)

    def test_an_endless_upload_streams_in_bounded_memory(self):
        upstream = self.backend()
        port, proxy, _ = self.proxied(upstream.port, protocol="http")
        c = self.client(port)
        c.send(request())
        s = upstream.accept()
        read_head(s)
        s.send(response(b""))
        read_message(c)
        self.through(lambda n: b"POST / HTTP/1.1\r\nHost: a\r\n"
                     b"Content-Length: %d\r\n\r\n" % n, c, s, proxy, False)
        s.send(response(b"done"))
        self.assertEqual(read_message(c).body, b"done")

    def test_an_endless_chunked_download_streams_in_bounded_memory(self):
        upstream = self.backend()
        port, proxy, _ = self.proxied(upstream.port, protocol="http")
        c = self.client(port)
        c.send(request())
        s = upstream.accept()
        read_head(s)
        self.through(lambda n: b"HTTP/1.1 200 OK\r\n"
                     b"Transfer-Encoding: chunked\r\n\r\n", s, c, proxy, True)

    def test_a_client_that_reads_nothing_holds_nobody_up(self):
        def answer(message):
            return response(bytes(50_000_000) if message.target == "/big"
                            else b"small")

        server = self.web(answer)
        port, proxy, _ = self.proxied(server.port, protocol="http",
                                      groups={"workers": 1})
        before = proxy.rss()
        for _ in range(5):
            self.client(port, receive_buffer=8192).send(
                request(target="/big"))
        wait_until(lambda: len(server.requests) == 5)
        for _ in range(10):
            self.assertEqual(ask(self.client(port)).body, b"small")
        self.assertLess(proxy.rss() - before, 60_000_000)


class Stacked(Scenario):
    limit = 150
    BLOCKS = 48 if sanitized() else 1024  # of a mebibyte, each way

    def test_a_gigabyte_each_way_through_stacked_faults_is_identical(self):
        both = {"stream": "both"}
        upstream = self.backend()
        port, proxy, _ = self.proxied(
            upstream.port,
            fault("latency", latency="3ms", jitter="2ms", **both),
            fault("slicer", average_size=60_000, size_variation=50_000,
                  **both),
            fault("bandwidth", rate="150MB/s", burst="1MB", **both),
            fault("loss", rate="0.01%", rtt="1ms", rto="2ms", **both),
            fault("noop", **both))
        c, s = self.pair(port, upstream)
        up, down = noise(1 << 20, 1), noise(1 << 20, 2)
        good = []

        def read(conn, block):
            for _ in range(self.BLOCKS):
                if conn.recv(1 << 20, 120) != block:
                    return
            good.append(conn)

        def write(conn, block):
            for _ in range(self.BLOCKS):
                conn.send(block, 120)
            conn.finish()

        work = [threading.Thread(target=f, args=a, daemon=True)
                for f, a in ((read, (s, up)), (read, (c, down)),
                             (write, (c, up)), (write, (s, down)))]
        for thread in work:
            thread.start()
        for thread in work:
            thread.join()
        self.assertEqual(len(good), 2, "bytes changed, or never came")
        c.expect_end("fin")
        s.expect_end("fin")
        self.assertLess(proxy.rss(), 150_000_000)


if __name__ == "__main__":
    unittest.main()
