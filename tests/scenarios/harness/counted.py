# SPDX-License-Identifier: Apache-2.0
"""Both sides of traffic that count their bytes, so that they can be held
against what a proxy between them says it passed."""

import threading

from .net import Serving

PLACES = ("client_sent", "server_got", "server_sent", "client_got")


class Tally:
    """Bytes of one route at its four places. Sent is what was handed to the
    kernel, all of a piece that broke: never less than what arrived."""

    def __init__(self):
        self.lock, self.open = threading.Lock(), 0
        for place in PLACES:
            setattr(self, place, 0)

    def add(self, place, n):
        with self.lock:
            setattr(self, place, getattr(self, place) + n)

    def opened(self, n):
        with self.lock:
            self.open += n


class Counted:
    """A socket that counts for one side, "client" or "server"."""

    def __init__(self, sock, tally, side):
        self._sock, self._tally, self._side = sock, tally, side

    def __getattr__(self, name):
        return getattr(self._sock, name)

    def recv(self, n):
        data = self._sock.recv(n)
        self._tally.add(self._side + "_got", len(data))
        return data

    def sendall(self, data):
        self._tally.add(self._side + "_sent", len(data))
        self._sock.sendall(data)

    def send(self, data):
        self._tally.add(self._side + "_sent", len(data))
        return self._sock.send(data)


def counted(conn, tally):
    """A client's connection, counted from here on."""
    conn.sock = Counted(conn.sock, tally, "client")
    return conn


def counting(serve, tally):
    """`serve` with connections that are counted."""
    def work(conn):
        tally.opened(1)
        conn.sock = Counted(conn.sock, tally, "server")
        try:
            serve(conn)
        finally:
            conn.close()
            tally.opened(-1)

    return work


class CountedServing(Serving):
    """Forgets who was served: it may run for hours."""

    def __init__(self, serve):
        self.tally = Tally()
        super().__init__(counting(serve, self.tally))

    def _one(self, conn):
        self.open.remove(conn)
        super()._one(conn)
