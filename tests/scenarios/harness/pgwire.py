# SPDX-License-Identifier: Apache-2.0
"""A client of PostgreSQL's protocol 3 over a plain socket, for what psql does
not do: pipelines, the extended protocol, prepared statements."""

import socket
import struct


def message(kind, body=b""):
    return kind + struct.pack("!I", len(body) + 4) + body


def query(sql):
    return message(b"Q", sql.encode() + b"\0")


def parse(sql, name=""):
    return message(b"P", f"{name}\0{sql}\0".encode() + b"\0\0")


def bind(name="", portal=""):
    return message(b"B", f"{portal}\0{name}\0".encode() + bytes(6))


def execute(portal=""):
    return message(b"E", f"{portal}\0".encode() + bytes(4))


SYNC = message(b"S")
FLUSH = message(b"H")


class Connection:
    """Logged in unless `hello` is false; messages are (type, body)."""

    def __init__(self, test, port, user="postgres", hello=True):
        self.socket = socket.create_connection(("127.0.0.1", port), 20)
        test.addCleanup(self.socket.close)
        self.buffer = b""
        self.key = None
        if hello:
            self.send(self.startup(user))
            self.until(b"Z")

    @staticmethod
    def startup(user):
        body = (struct.pack("!I", 196608) +
                f"user\0{user}\0database\0postgres\0\0".encode())
        return struct.pack("!I", len(body) + 4) + body

    def send(self, *messages):
        self.socket.sendall(b"".join(messages))

    def read(self, n):
        while len(self.buffer) < n:
            got = self.socket.recv(1 << 16)
            if not got:
                raise EOFError("the server closed the connection")
            self.buffer += got
        out, self.buffer = self.buffer[:n], self.buffer[n:]
        return out

    def receive(self):
        head = self.read(5)
        body = self.read(struct.unpack("!I", head[1:])[0] - 4)
        if head[:1] == b"K":
            self.key = body
        return head[:1], body

    def until(self, kind):
        """All messages up to one of that type."""
        got = []
        while not got or got[-1][0] != kind:
            got.append(self.receive())
        return got

    def ask(self, sql):
        """Rows of texts, and the state of the transaction."""
        self.send(query(sql))
        return self.answer()

    def answer(self):
        rows = []
        for kind, body in self.until(b"Z"):
            if kind == b"D":
                rows.append(self.row(body))
            if kind == b"E":
                rows.append("error")
        return rows, body.decode()

    @staticmethod
    def row(body):
        count, at, row = struct.unpack("!H", body[:2])[0], 2, []
        for _ in range(count):
            n = struct.unpack("!i", body[at:at + 4])[0]
            row.append(None if n < 0 else body[at + 4:at + 4 + n].decode())
            at += 4 + max(n, 0)
        return row
