# SPDX-License-Identifier: Apache-2.0
"""Calls of the control API, and crowds of sessions for them to act on."""
import json
import select
import socket
import struct
import time

from harness.system import Failure


class Api:
    """One kept-alive connection to the control API."""

    def __init__(self, port):
        self.sock = socket.create_connection(("127.0.0.1", port), 30)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.sock.makefile("rb")

    def call(self, method, path, body=None):
        """(status, body, seconds from the first byte sent to the last byte
        of the reply)."""
        text = json.dumps(body).encode() if body is not None else b""
        request = (f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n"
                   f"Content-Length: {len(text)}\r\n\r\n").encode() + text
        began = time.perf_counter()
        self.sock.sendall(request)
        status = int(self.file.readline().split()[1])
        length = 0
        while line := self.file.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        data = self.file.read(length)
        return status, data, time.perf_counter() - began

    def do(self, method, path, body=None):
        """The same, of a call that has to succeed: its seconds."""
        status, data, seconds = self.call(method, path, body)
        if not 200 <= status < 300:
            raise Failure(f"{method} {path}: {status} {data[:200]!r}")
        return seconds

    def serves(self, path):
        return self.call("GET", path)[0] == 200

    def close(self):
        self.file.close()
        self.sock.close()


def percentile(values, fraction):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(fraction * len(ordered)))]


class Crowd:
    """Many client sockets of one route."""

    def __init__(self, port, count, receive_buffer=None):
        self.socks = []
        for _ in range(count):
            sock = socket.socket()
            if receive_buffer:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF,
                                receive_buffer)
            sock.connect(("127.0.0.1", port))
            sock.setblocking(False)
            self.socks.append(sock)
        self.poll = select.epoll()
        for sock in self.socks:
            self.poll.register(sock, select.EPOLLIN)
        self.by_fd = {sock.fileno(): sock for sock in self.socks}

    def exchange(self, timeout_s=60):
        """A byte there and back on all of them: every session stands.
        Returns when each byte was sent and when it came back."""
        sent, got = {}, {}
        for sock in self.socks:
            sent[sock.fileno()] = time.perf_counter()
            sock.send(b"x")
        end = time.monotonic() + timeout_s
        while len(got) < len(sent):
            events = self.poll.poll(0.5)
            for fd, _ in events:
                if self.by_fd[fd].recv(16):
                    got[fd] = time.perf_counter()
            if time.monotonic() > end:
                raise Failure(f"{len(sent) - len(got)} sessions are silent")
        return sent, got

    def readable(self):
        """How many have unread bytes."""
        return len(self.poll.poll(0, len(self.socks)))

    def close(self):
        self.poll.close()
        for sock in self.socks:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                            struct.pack("ii", 1, 0))
            sock.close()


class DeadEnd:
    """A port that answers no SYN: its accept queue is full."""

    def __init__(self):
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(0)
        self.port = self.listener.getsockname()[1]
        self.fill = []
        for _ in range(3):
            sock = socket.socket()
            sock.setblocking(False)
            sock.connect_ex(("127.0.0.1", self.port))
            self.fill.append(sock)
        time.sleep(0.1)

    def close(self):
        for sock in self.fill + [self.listener]:
            sock.close()
