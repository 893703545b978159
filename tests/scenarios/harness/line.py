# SPDX-License-Identifier: Apache-2.0
"""One direction of one flow, whatever the protocol: bytes go in at one end
and must come out at the other, and both know which bytes these are."""

from .net import WITHIN, noise
from .web import read_head

TOTAL = 400_000  # bytes of a body, or of the stream until it ends
STREAM = noise(TOTAL)


class Line:
    """What both protocols share. `sender` and `receiver` are connections;
    the far end is accepted when it is first needed."""

    def __init__(self, test, port, backend, up):
        self.test, self.backend, self.up = test, backend, up
        self.client = test.client(port)
        self._server = None
        self.sent = self.got = 0
        self.ready = False
        self.prepare()

    def server(self):
        if self._server is None:
            self._server = self.backend.accept()
            self.test.addCleanup(self._server.close)
        return self._server

    @property
    def sender(self):
        return self.client if self.up else self.server()

    @property
    def receiver(self):
        return self.server() if self.up else self.client

    def send(self, n):
        """Sends the next n bytes."""
        self.sender.send(STREAM[self.sent:self.sent + n])
        self.sent += n

    def recv_raw(self, n, within=WITHIN):
        """The next n bytes, and what they should have been."""
        self.meet(within)
        data = self.receiver.recv(n, within)
        expected = STREAM[self.got:self.got + n]
        self.got += n
        return data, expected

    def recv(self, n, within=WITHIN):
        """The next n bytes come, and are the right ones."""
        data, expected = self.recv_raw(n, within)
        assert data == expected, "bytes changed or moved"

    def meet(self, within=WITHIN):
        """Takes what comes before the body, once."""
        if not self.ready:
            self.ready = True
            self.take_head(within)

    def silence(self, seconds):
        """Nothing comes out for that long."""
        if self._server is None and self.up:
            if not self.backend.waits(seconds):
                return
        self.receiver.expect_silence(seconds)

    def whole(self):
        """All the rest passes unchanged, and the line ends in good order."""
        rest = TOTAL - self.sent
        data = STREAM[self.sent:]
        self.sent = TOTAL
        thread = self.sender.send_in_background(data)
        self.recv(TOTAL - self.got, 60)
        thread.join()
        assert rest >= 0
        self.end()


class TcpLine(Line):
    protocol = "tcp"

    def prepare(self):
        pass

    def take_head(self, _within):
        pass

    def end(self):
        self.sender.finish()
        self.receiver.expect_end("fin")
        self.receiver.send(b"back").finish()
        self.sender.expect_end("fin", b"back")


class HttpLine(Line):
    """A body of known length: a request's (up) or a response's (down)."""

    protocol = "http"

    def prepare(self):
        if self.up:
            self.client.send(b"POST /up HTTP/1.1\r\nHost: test\r\n"
                             b"Content-Length: %d\r\n\r\n" % TOTAL)
            return
        self.client.send(b"GET /down HTTP/1.1\r\nHost: test\r\n\r\n")
        read_head(self.server())
        self.server().send(b"HTTP/1.1 200 OK\r\n"
                           b"Content-Length: %d\r\n\r\n" % TOTAL)

    def take_head(self, within):
        head = read_head(self.receiver, within)
        assert int(head.get("content-length")) == TOTAL, head.raw

    def end(self):
        """The connection serves one more request."""
        if self.up:
            self.server().send(b"HTTP/1.1 204 No Content\r\n\r\n")
            assert read_head(self.client).status == 204
        self.client.send(b"GET /again HTTP/1.1\r\nHost: test\r\n\r\n")
        assert read_head(self.server()).target == "/again"
        self.server().send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        assert read_head(self.client).status == 200
        assert self.client.recv(2) == b"ok"
