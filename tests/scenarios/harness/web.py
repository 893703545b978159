# SPDX-License-Identifier: Apache-2.0
"""HTTP/1.1 spoken by hand: nothing is hidden, everything can be wrong."""

from .net import WITHIN, Serving


class Head:
    """The start line and headers of a message."""

    def __init__(self, raw):
        self.raw = raw
        lines = raw.decode("latin-1").split("\r\n")
        self.line = lines[0]
        self.headers = []
        for line in lines[1:]:
            if line:
                name, _, text = line.partition(":")
                self.headers.append((name.lower(), text.strip()))
        words = self.line.split(" ", 2)
        self.status = int(words[1]) if words[0].startswith("HTTP/") else 0
        self.method = "" if self.status else words[0]
        self.target = "" if self.status else words[1]

    def get(self, name, default=None):
        for key, text in self.headers:
            if key == name.lower():
                return text
        return default

    def all(self, name):
        return [text for key, text in self.headers if key == name.lower()]


class Message(Head):
    def __init__(self, raw, body, trailers=b""):
        super().__init__(raw)
        self.body, self.trailers = body, trailers


def read_head(conn, within=WITHIN):
    return Head(conn.recv_until(b"\r\n\r\n", within))


def read_chunks(conn, within=WITHIN):
    """A chunked body: its bytes, and the trailers with their blank line."""
    body = b""
    while True:
        size = int(conn.recv_until(b"\r\n", within).split(b";")[0], 16)
        if size == 0:
            break
        body += conn.recv(size, within)
        assert conn.recv(2, within) == b"\r\n", "no CRLF behind a chunk"
    trailers = b""
    while True:
        line = conn.recv_until(b"\r\n", within)
        trailers += line
        if line == b"\r\n":
            return body, trailers


def read_body(conn, head, within=WITHIN, method="GET"):
    if head.status and (method == "HEAD" or head.status in (204, 304) or
                        100 <= head.status < 200):
        return b"", b""
    if "chunked" in (head.get("transfer-encoding") or ""):
        return read_chunks(conn, within)
    length = head.get("content-length")
    if length is not None:
        return conn.recv(int(length), within), b""
    if head.status:
        body, end = conn.recv_end(within)
        assert end == "fin", f"body ended by {end}"
        return body, b""
    return b"", b""


def read_message(conn, within=WITHIN, method="GET"):
    head = read_head(conn, within)
    body, trailers = read_body(conn, head, within, method)
    return Message(head.raw, body, trailers)


def request(method="GET", target="/", body=None, headers=(), host="test"):
    """The bytes of a request."""
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}", *headers]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + (body or b"")


def response(body=b"", status="200 OK", headers=()):
    """The bytes of a response."""
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body


def ask(conn, method="GET", target="/", body=None, headers=(), host="test",
        within=WITHIN):
    """One exchange on an open connection."""
    conn.send(request(method, target, body, headers, host))
    return read_message(conn, within, method)


class Web(Serving):
    """An HTTP server. `answer(message)` gives the response's bytes; by
    default it echoes the body and names itself and the target."""

    def __init__(self, answer=None, name="web", address="127.0.0.1", port=0):
        self.name, self.requests = name, []
        self.answer = answer or self.echo
        super().__init__(self._serve, address, port)

    def echo(self, message):
        return response(message.body, headers=[
            f"X-Server: {self.name}", f"X-Target: {message.target}"])

    def _serve(self, conn):
        while True:
            message = read_message(conn, 3600)
            self.requests.append(message)
            reply = self.answer(message)
            if message.method == "HEAD":
                reply = reply[:reply.index(b"\r\n\r\n") + 4]
            conn.send(reply, 120)
            if (message.get("connection") or "").lower() == "close":
                return
