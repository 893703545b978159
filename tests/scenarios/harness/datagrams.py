# SPDX-License-Identifier: Apache-2.0
"""Datagrams: sockets that count what came, an echo, a small DNS server."""

import select
import socket
import struct
import threading
import time

from .net import WITHIN

QUIET = 0.3  # seconds: nothing more comes


class Datagrams:
    """A UDP socket, bound or connected."""

    def __init__(self, address="127.0.0.1", to=None, source=None, port=0):
        to = ("127.0.0.1", to) if isinstance(to, int) else to
        host = to[0] if to else address
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.sock = socket.socket(family, socket.SOCK_DGRAM)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        if to is None:
            self.sock.bind((address, port))
        else:
            if source:
                self.sock.bind((source, 0))
            self.sock.connect(to)
        self.port = self.sock.getsockname()[1]
        host = f"[{address}]" if ":" in address else address
        self.address = f"{host}:{self.port}"

    def send(self, data, to=None):
        if to is None:
            self.sock.send(data)
        else:
            self.sock.sendto(data, to)

    def recv_from(self, within=WITHIN):
        self.sock.settimeout(within)
        try:
            return self.sock.recvfrom(1 << 16)
        except socket.timeout:
            raise AssertionError("no datagram came") from None

    def recv(self, within=WITHIN):
        return self.recv_from(within)[0]

    def ask(self, data, within=WITHIN):
        self.send(data)
        return self.recv(within)

    def waits(self, seconds):
        return bool(select.select([self.sock], [], [], seconds)[0])

    def expect_silence(self, seconds=QUIET):
        assert not self.waits(seconds), f"got {self.recv()[:80]!r}"

    def rest(self, quiet=QUIET):
        """All that comes until nothing has come for so long."""
        got = []
        while self.waits(quiet):
            got.append(self.recv())
        return got

    def expect_refused(self, within=WITHIN):
        """The port answers "unreachable"; asked until it does."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            try:
                self.send(b"anybody?")
                self.sock.settimeout(0.05)
                self.sock.recv(100)
            except ConnectionRefusedError:
                return
            except socket.timeout:
                pass
        raise AssertionError("the port was never refused")

    def close(self):
        self.sock.close()


class Answering(Datagrams):
    """A server in a thread: answers each datagram with what `answer` makes of
    it (None: not at all); remembers what came from where."""

    def __init__(self, answer=lambda data: data, address="127.0.0.1"):
        super().__init__(address)
        self.answer, self.came = answer, []
        self.ended = False
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        while not self.ended:
            try:
                data, peer = self.sock.recvfrom(1 << 16)
            except OSError:
                # "Unreachable": a client is gone. Otherwise the end.
                continue
            self.came.append((data, peer))
            reply = self.answer(data)
            if reply is not None and not self.ended:
                self.sock.sendto(reply, peer)

    def peers(self):
        return {peer for _, peer in self.came}

    def close(self):
        if self.ended:
            return
        self.ended = True
        poke = socket.socket(self.sock.family, socket.SOCK_DGRAM)
        poke.sendto(b"", self.sock.getsockname()[:2])
        poke.close()
        self.thread.join(WITHIN)
        super().close()


TYPES = {1: "A", 28: "AAAA", 16: "TXT"}


def dns_name(data):
    """The first question's name and type, and where it ends."""
    labels, at = [], 12
    while data[at]:
        labels.append(data[at + 1:at + 1 + data[at]].decode())
        at += data[at] + 1
    kind = struct.unpack("!H", data[at + 1:at + 3])[0]
    return ".".join(labels), TYPES.get(kind, kind), at + 5


def dns_query(name, kind=1, number=0x1234):
    labels = b"".join(bytes([len(p)]) + p.encode() for p in name.split("."))
    return (struct.pack("!6H", number, 0x0100, 1, 0, 0, 0) + labels + b"\0" +
            struct.pack("!2H", kind, 1))


def dns_serve(data):
    """The answer of a server in which every name has 192.0.2.7 and
    2001:db8::7."""
    try:
        _, kind, end = dns_name(data)
    except (IndexError, UnicodeDecodeError, struct.error):
        return None
    record = {"A": socket.inet_aton("192.0.2.7"),
              "AAAA": socket.inet_pton(socket.AF_INET6, "2001:db8::7")}
    value = record.get(kind)
    head = data[:2] + struct.pack("!5H", 0x8580, 1, int(value is not None),
                                  0, 0)
    if value is None:
        return head + data[12:end]
    code = 1 if kind == "A" else 28
    return head + data[12:end] + struct.pack("!HHHIH", 0xc00c, code, 1, 30,
                                             len(value)) + value
