# SPDX-License-Identifier: Apache-2.0
"""As much of PostgreSQL's and Redis' protocols as the api needs, so that the
example needs nothing but Python. Every answer has a deadline."""

import socket
import struct
import time


class Broken(OSError):
    """The connection cannot be used any more."""


class Refused(Exception):
    """The server answered with an error; the connection is good."""


class Line:
    """A connection whose calls end at a deadline, however the bytes drip."""

    def __init__(self, address, within):
        self.within = within
        self.end = time.monotonic() + within
        self.sock = socket.create_connection(address, timeout=within)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = b""

    def begin(self):
        self.end = time.monotonic() + self.within

    def _left(self):
        left = self.end - time.monotonic()
        if left <= 0:
            raise TimeoutError("no answer in time")
        self.sock.settimeout(left)

    def send(self, data):
        self._left()
        self.sock.sendall(data)

    def _more(self):
        self._left()
        data = self.sock.recv(65536)
        if not data:
            raise Broken("the server left")
        self.file += data

    def take(self, count):
        while len(self.file) < count:
            self._more()
        data, self.file = self.file[:count], self.file[count:]
        return data

    def line(self):
        while b"\r\n" not in self.file:
            self._more()
        data, _, self.file = self.file.partition(b"\r\n")
        return data

    def close(self):
        self.sock.close()


class Postgres(Line):
    """Simple queries, trusted."""

    def __init__(self, address, within, user="demo", database="postgres"):
        super().__init__(address, within)
        try:
            words = b"".join(w.encode() + b"\0" for w in (
                "user", user, "database", database, "application_name", "api"))
            body = struct.pack("!i", 196608) + words + b"\0"
            self.send(struct.pack("!i", len(body) + 4) + body)
            self._result()
        except Exception:
            self.close()
            raise

    def _result(self):
        rows, error = [], None
        while True:
            kind = self.take(1)
            body = self.take(struct.unpack("!i", self.take(4))[0] - 4)
            if kind == b"Z":
                break
            if kind == b"D":
                rows.append(self._row(body))
            elif kind == b"E":
                error = dict((f[:1], f[1:].decode()) for f in
                             body.split(b"\0") if f)
                if error.get(b"S") in ("FATAL", "PANIC"):
                    raise Broken(error.get(b"M"))
            elif kind == b"R" and body != b"\0\0\0\0":
                raise Broken("the server wants a password")
        if error:
            raise Refused(error.get(b"M"))
        return rows

    @staticmethod
    def _row(body):
        row, at = [], 2
        for _ in range(struct.unpack("!h", body[:2])[0]):
            size = struct.unpack("!i", body[at:at + 4])[0]
            at += 4
            row.append(None if size < 0 else body[at:at + size].decode())
            at += max(size, 0)
        return row

    def ask(self, sql):
        """The rows of one statement."""
        self.begin()
        body = sql.encode() + b"\0"
        self.send(b"Q" + struct.pack("!i", len(body) + 4) + body)
        return self._result()


class Redis(Line):
    def ask(self, *words):
        """One command; bytes, a number or None."""
        self.begin()
        data = b"*%d\r\n" % len(words)
        for w in words:
            w = str(w).encode()
            data += b"$%d\r\n%s\r\n" % (len(w), w)
        self.send(data)
        line = self.line()
        kind, rest = line[:1], line[1:]
        if kind == b"-":
            raise Refused(rest.decode())
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return None if rest == b"-1" else self.take(int(rest) + 2)[:-2]
        return rest


def quote(text):
    return "'" + text.replace("'", "''") + "'"
