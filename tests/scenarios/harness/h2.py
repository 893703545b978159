# SPDX-License-Identifier: Apache-2.0
"""HTTP/2 spoken by hand: frames as they are, nothing is hidden, everything
can be wrong. Only header compression is left to python3-hpack."""

import socket
import struct
import subprocess
import sys
import time
import unittest

from .net import WITHIN, Serving, connect

# The distribution's, whichever Python runs this; it is pure Python.
sys.path.append("/usr/lib/python3/dist-packages")
try:
    import hpack
except ImportError:
    hpack = None

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
(DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY,
 WINDOW_UPDATE, CONTINUATION) = range(10)
END_STREAM, ACK, END_HEADERS, PADDED = 1, 1, 4, 8
CODES = ("NO_ERROR PROTOCOL_ERROR INTERNAL_ERROR FLOW_CONTROL_ERROR "
         "SETTINGS_TIMEOUT STREAM_CLOSED FRAME_SIZE_ERROR REFUSED_STREAM "
         "CANCEL COMPRESSION_ERROR CONNECT_ERROR ENHANCE_YOUR_CALM "
         "INADEQUATE_SECURITY HTTP_1_1_REQUIRED").split()
ENABLE_PUSH, MAX_STREAMS, INITIAL_WINDOW = 2, 3, 4


def frame(kind, flags=0, stream=0, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(
        ">BBI", kind, flags, stream) + payload


def settings(**values):
    """E.g. settings(INITIAL_WINDOW=0)."""
    return frame(SETTINGS, payload=b"".join(
        struct.pack(">HI", globals()[k], v) for k, v in values.items()))


class Stream:
    def __init__(self, number):
        self.number = number
        self.heads = []      # every header block, as a list of pairs
        self.body = bytearray()
        self.chunks = []     # (time, length) of every DATA frame
        self.ended = False   # END_STREAM came
        self.reset = None    # the word of RST_STREAM's code
        self.window = 65535  # what we may send
        self.unacked = 0

    def get(self, name, block=-1):
        """The last value of a header of the last block (or another)."""
        if not self.heads:
            return None
        return dict(self.heads[block]).get(name)

    @property
    def final(self):
        """The first head that is not interim, or None."""
        for i, head in enumerate(self.heads):
            status = dict(head).get(":status")
            if status is None or int(status) >= 200:
                return i
        return None

    @property
    def status(self):
        return None if self.final is None else int(self.get(":status",
                                                            self.final))

    @property
    def trailers(self):
        if self.final is None or len(self.heads) <= self.final + 1:
            return None
        return dict(self.heads[-1])

    @property
    def over(self):
        return self.ended or self.reset is not None


class Peer:
    """One side of a connection. Frames are read when something is waited
    for; windows are given back as bytes come, unless `greedy` is false."""

    def __init__(self, conn, server=False, greedy=True, **values):
        if hpack is None:
            raise unittest.SkipTest("python3-h2 is not installed")
        self.conn, self.server, self.greedy = conn, server, greedy
        self.streams, self.next = {}, 1
        self.encoder, self.decoder = hpack.Encoder(), hpack.Decoder()
        self.decoder.max_header_list_size = 1 << 24
        self.window, self.initial = 65535, 65535
        self.settings, self.goaway, self.pongs = [], None, 0
        self.block, self.fin, self.was_reset = None, False, False
        self.buffer = b""  # bytes of an incomplete frame
        if server:
            if conn.recv(len(PREFACE)) != PREFACE:
                raise AssertionError("no preface")
            self.buffer, conn.buffer = conn.buffer, b""
            conn.send(settings(**values))
        else:
            conn.send(PREFACE + settings(**values))
        if greedy:
            self.write(WINDOW_UPDATE, 0, 0, struct.pack(">I", 1 << 24))
        self._frames()

    # --- out

    def write(self, kind, flags=0, stream=0, payload=b""):
        self.conn.send(frame(kind, flags, stream, payload))

    def headers(self, stream, fields, end=False):
        self.write(HEADERS, END_HEADERS | (END_STREAM if end else 0), stream,
                   self.encoder.encode(fields))

    def request(self, method="GET", path="/", body=None, end=True,
                authority="test", headers=(), trailers=None):
        """Begins a request; returns its stream."""
        number, self.next = self.next, self.next + 2
        st = self.streams[number] = Stream(number)
        st.window = self.initial
        last = body is None and trailers is None and end
        self.headers(number, [(":method", method), (":scheme", "http"),
                              (":path", path), (":authority", authority),
                              *headers], last)
        if body is not None:
            self.send(st, body, end and trailers is None)
        if trailers is not None:
            self.headers(number, trailers, True)
        return st

    def send(self, st, data, end=False):
        """DATA, as the windows allow."""
        data = memoryview(bytes(data))
        while True:
            n = min(len(data), 16384, self.window, st.window)
            if n > 0 or len(data) == 0:
                last = end and n == len(data)
                self.write(DATA, END_STREAM if last else 0, st.number,
                           data[:n].tobytes())
                data = data[n:]
                self.window -= n
                st.window -= n
            if len(data) == 0:
                return
            if n == 0:
                self.until(lambda: st.over and not self.server or
                           (self.window > 0 and st.window > 0),
                           what="a window")
                if st.reset or st.over and not self.server:
                    return

    def reset(self, st, code="CANCEL"):
        self.write(RST_STREAM, 0, st.number,
                   struct.pack(">I", CODES.index(code)))

    # --- in

    def give(self, st, n):
        """Gives n bytes back to the stream's and the connection's window."""
        for number in (0, st.number):
            self.write(WINDOW_UPDATE, 0, number, struct.pack(">I", n))

    def _headers(self, stream, flags, payload):
        st = self.streams.setdefault(stream, Stream(stream))
        if st.window == 65535:
            st.window = self.initial
        fields = [(k if isinstance(k, str) else k.decode(),
                   v if isinstance(v, str) else v.decode("latin-1"))
                  for k, v in self.decoder.decode(payload)]
        st.heads.append(fields)
        st.ended |= bool(flags & END_STREAM)

    def _take(self, kind, flags, stream, payload):
        st = self.streams.get(stream)
        if kind in (HEADERS, CONTINUATION):
            first, so_far = self.block or (flags, b"")
            if flags & END_HEADERS:
                self.block = None
                self._headers(stream, first, so_far + payload)
            else:
                self.block = (first, so_far + payload)
        elif kind == DATA and st:
            st.body += payload
            st.chunks.append((time.monotonic(), len(payload)))
            st.ended |= bool(flags & END_STREAM)
            if self.greedy and payload:
                self.give(st, len(payload))
        elif kind == RST_STREAM and st:
            code = CODES[struct.unpack(">I", payload)[0]]
            # Behind a whole answer it only says that the rest of a request
            # is not wanted (RFC 9113, 8.1).
            if not st.ended or code != "NO_ERROR":
                st.reset = code
        elif kind == SETTINGS and not flags & ACK:
            for i in range(0, len(payload), 6):
                key, v = struct.unpack(">HI", payload[i:i + 6])
                self.settings.append((key, v))
                if key == INITIAL_WINDOW:
                    for s in self.streams.values():
                        s.window += v - self.initial
                    self.initial = v
            self.write(SETTINGS, ACK)
        elif kind == WINDOW_UPDATE:
            n = struct.unpack(">I", payload)[0]
            if stream == 0:
                self.window += n
            elif st:
                st.window += n
        elif kind == PING:
            if flags & ACK:
                self.pongs += 1
            else:
                self.write(PING, ACK, 0, payload)
        elif kind == GOAWAY:
            last, code = struct.unpack(">II", payload[:8])
            self.goaway = (last, CODES[code])

    def pump(self, within):
        """Waits for bytes and takes the frames; false at the end."""
        self.conn.sock.settimeout(max(within, 0.001))
        try:
            data = self.conn.sock.recv(1 << 16)
        except socket.timeout:
            return True
        except OSError as e:
            self.was_reset = isinstance(e, ConnectionError)
            self.fin = True
            return False
        if not data:
            self.fin = True
            return False
        self.buffer += data
        self._frames()
        return True

    def _frames(self):
        while len(self.buffer) >= 9:
            size = int.from_bytes(self.buffer[:3], "big")
            if len(self.buffer) < 9 + size:
                break
            kind, flags, stream = struct.unpack(">BBI", self.buffer[3:9])
            payload, self.buffer = (self.buffer[9:9 + size],
                                    self.buffer[9 + size:])
            self._take(kind, flags, stream, payload)

    def until(self, condition, within=WITHIN, what="it"):
        deadline = time.monotonic() + within
        while not condition():
            left = deadline - time.monotonic()
            if left <= 0:
                raise AssertionError(f"{what} did not come in {within} s")
            if not self.pump(left):
                if condition():
                    return
                raise ConnectionResetError(f"the end came before {what}")

    def finish(self, st, within=WITHIN):
        """Waits for the stream's end."""
        self.until(lambda: st.over, within, f"the end of {st.number}")
        return st

    def ask(self, *args, within=WITHIN, **kwargs):
        return self.finish(self.request(*args, **kwargs), within)

    def end(self, within=WITHIN):
        """Waits for the connection's end: "fin" or "rst"."""
        deadline = time.monotonic() + within
        while not self.fin:
            if time.monotonic() > deadline:
                raise AssertionError("the connection did not end")
            self.pump(0.2)
        return "rst" if self.was_reset else "fin"

    def close(self):
        self.conn.close()


def h2_connect(port, **values):
    return Peer(connect(port), **values)


class H2Server(Serving):
    """Answers requests: answer(peer, stream) sends what it likes, once the
    request is complete (or with `early`, once its head is there). By default
    the body comes back, or "ok"."""

    def __init__(self, answer=None, early=False, **values):
        self.answer, self.early = answer or give_back, early
        self.values, self.requests, self.peers = values, [], []
        super().__init__(self.serve)

    def serve(self, conn):
        peer = Peer(conn, server=True, **self.values)
        self.peers.append(peer)
        done = set()
        while True:
            for number, st in list(peer.streams.items()):
                if number in done or not (st.ended or self.early):
                    continue
                done.add(number)
                self.requests.append(st)
                self.answer(peer, st)
            if not peer.pump(120):
                return


def give_back(peer, st):
    body = bytes(st.body) or b"ok"
    peer.headers(st.number, [(":status", "200"),
                             ("content-length", str(len(body)))])
    peer.send(st, body, True)


def has_grpc():
    return subprocess.run(["/usr/bin/python3", "-c", "import grpc"],
                          check=False, capture_output=True).returncode == 0
