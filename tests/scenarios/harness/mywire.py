# SPDX-License-Identifier: Apache-2.0
"""A client of MySQL's protocol over a plain socket, for what its libraries do
not do: any capabilities, pipelines, cursors, prepared statements."""

import socket
import struct

LOCAL_FILES = 1 << 7
PROTOCOL_41 = 1 << 9
TRANSACTIONS = 1 << 13
SECURE = 1 << 15
MULTI = 7 << 16  # statements; results of queries and of prepared ones
PLUGIN = 1 << 19
OK_AS_EOF = 1 << 24
NO_COLUMNS = 1 << 36  # MariaDB: those that did not change are left out
CAN = PROTOCOL_41 | TRANSACTIONS | SECURE | MULTI | PLUGIN | LOCAL_FILES

IN_TRANSACTION, AUTOCOMMIT, MORE, CURSOR, LAST = 1, 2, 8, 0x40, 0x80
FULL = 0xffffff


def command(number, body=b""):
    return bytes([number]) + body


def query(sql):
    return command(3, sql.encode() if isinstance(sql, str) else sql)


def prepare(sql):
    return command(0x16, sql.encode())


def execute(number, *values, cursor=False):
    """Values are numbers, or bytes."""
    body = struct.pack("<IBI", number, cursor, 1)
    if values:
        body += bytes((len(values) + 7) // 8) + b"\1"
        body += b"".join(b"\x08\0" if isinstance(v, int) else b"\xfc\0"
                         for v in values)
        for v in values:
            body += (struct.pack("<q", v) if isinstance(v, int) else
                     sized(v))
    return command(0x17, body)


def sized(data):
    n = len(data)
    return (bytes([n]) if n < 251 else b"\xfe" + struct.pack("<Q", n)) + data


def packets(body, sequence=0):
    out = b""
    while True:
        part, body = body[:FULL], body[FULL:]
        out += struct.pack("<I", len(part))[:3] + bytes([sequence & 255])
        out += part
        sequence += 1
        if len(part) < FULL:
            return out


class Failed(Exception):
    """(code, SQLSTATE)"""


class Connection:
    """Logged in unless `hello` is false."""

    def __init__(self, test, port, hello=True, can=CAN, plugin=None,
                 user="root"):
        self.socket = socket.create_connection(("127.0.0.1", port), 20)
        test.addCleanup(self.socket.close)
        self.buffer = bytearray()
        self.can, self.sequence, self.status = can, 0, 0
        self.switched = self.left_out = False
        if hello:
            self.greeting = self.receive()
            self.log_in(user, plugin or b"mysql_native_password")

    def log_in(self, user, plugin):
        self.say(struct.pack("<IIB19xI", self.can & 0xffffffff, 1 << 30, 33,
                             self.can >> 32) + user.encode() + b"\0\0" + plugin + b"\0")
        self.proves()

    def proves(self):
        body = self.receive()
        if body[0] == 0xfe:
            self.switched = True
            self.say(b"")
            body = self.receive()
        self.ok(body)

    # --- messages

    def say(self, body):
        """Goes on with the sequence of what was received."""
        self.socket.sendall(packets(body, self.sequence))

    def send(self, *commands):
        self.socket.sendall(b"".join(packets(c) for c in commands))

    def read(self, n):
        while len(self.buffer) < n:
            got = self.socket.recv(1 << 18)
            if not got:
                raise EOFError("the server closed the connection")
            self.buffer += got
        out = bytes(self.buffer[:n])
        del self.buffer[:n]
        return out

    def receive(self):
        body, n = b"", FULL
        while n == FULL:
            head = self.read(4)
            n = int.from_bytes(head[:3], "little")
            self.sequence = head[3] + 1
            body += self.read(n)
        return body

    # --- answers

    def ok(self, body):
        """An OK; an error is raised."""
        if body[0] == 0xff:
            raise Failed(struct.unpack("<H", body[1:3])[0],
                         body[4:9].decode())
        if body[0] == 0xfe and not self.can & OK_AS_EOF:
            self.status = struct.unpack("<H", body[3:5])[0]
        else:
            at = self.skip(body, self.skip(body, 1))
            self.status = struct.unpack("<H", body[at:at + 2])[0]

    @staticmethod
    def skip(body, at):
        return at + {0xfc: 3, 0xfd: 4, 0xfe: 9}.get(body[at], 1)

    def is_end(self, body):
        return body[0] == 0xfe and len(body) < (
            FULL if self.can & OK_AS_EOF else 9)

    def rows(self):
        """Raw rows up to their end."""
        got = []
        while True:
            body = self.receive()
            if self.is_end(body) or body[0] == 0xff:
                self.ok(body)
                return got
            got.append(body)

    def result(self, file=None):
        body = self.receive()
        if body[0] == 0xfb:
            for part in (file or [])  + [b""]:
                self.say(part)
                self.sequence += 1 + len(part) // FULL
            body = self.receive()
        if body[0] in (0, 0xff):
            self.ok(body)
            return []
        told = not self.can & NO_COLUMNS or body[-1]
        self.left_out |= not told
        for _ in range(body[0] if told else 0):
            self.receive()
        if not self.can & OK_AS_EOF:
            self.ok(self.receive())
            if self.status & CURSOR:
                return []
        return self.rows()

    def answer(self, file=None):
        """The rows of all results."""
        got = [self.result(file)]
        while self.status & MORE:
            got.append(self.result(file))
        return got

    def ask(self, sql):
        """Texts of the rows of all results."""
        self.send(query(sql))
        return [[self.texts(r) for r in rows] for rows in self.answer()]

    @staticmethod
    def texts(row):
        at, out = 0, []
        while at < len(row):
            n = row[at]
            out.append(None if n == 0xfb else row[at + 1:at + 1 + n].decode())
            at += 1 + (0 if n == 0xfb else n)
        return out

    def prepared(self, sql):
        """Its number."""
        self.send(prepare(sql))
        return self.numbered()

    def numbered(self):
        body = self.receive()
        if body[0] != 0:
            self.ok(body)
        number, columns, values = struct.unpack("<IHH", body[1:9])
        end = 0 if self.can & OK_AS_EOF else 1
        for count in (values, columns):
            for _ in range(count + end if count else 0):
                self.receive()
        return number
