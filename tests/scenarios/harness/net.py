# SPDX-License-Identifier: Apache-2.0
"""Sockets that tell exactly what happened: bytes, FIN, RST or silence."""

import contextlib
import errno
import fcntl
import os
import random
import select
import shutil
import socket
import struct
import subprocess
import termios
import threading
import time

WITHIN = 20.0  # seconds: how long anything that must happen may take
_reserved = []


def free_port():
    """A TCP port outside the ephemeral range that nobody listens on, kept
    from other users of this function (in any process) until exit. Those from
    28000 on are left to containers: rules of NAT for a published port take its
    connections though nobody listens there."""
    dice = random.SystemRandom()
    while True:
        port = dice.randrange(11000, 28000)
        lock = socket.socket(socket.AF_UNIX)
        probe = socket.socket()
        try:
            lock.bind(f"\0faultwire-scenario-port-{port}")
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("0.0.0.0", port))
        except OSError:
            lock.close()
            continue
        finally:
            probe.close()
        _reserved.append(lock)
        return port


def noise(length, seed=1):
    """Bytes that look random and are the same every time."""
    return random.Random(seed).randbytes(length)


def wait_until(condition, within=WITHIN, what="the condition"):
    """Waits until `condition()` is true; returns its value."""
    deadline = time.monotonic() + within
    while True:
        got = condition()
        if got:
            return got
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come within {within} s")
        time.sleep(0.005)


class Conn:
    """One connected socket."""

    def __init__(self, sock):
        self.sock = sock
        self.buffer = b""
        self.was_reset = False  # told by connect() or send()
        if sock.family != socket.AF_UNIX:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, data, within=WITHIN):
        self.sock.settimeout(within)
        try:
            self.sock.sendall(data)
        except ConnectionResetError:
            self.was_reset = True  # the kernel says so just once
            raise
        return self

    def send_in_background(self, data):
        """Sends from a thread; a broken connection ends it quietly."""
        def work():
            try:
                self.send(data, 120)
            except OSError:
                pass

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        return thread

    def _more(self, deadline):
        if self.was_reset:
            raise ConnectionResetError
        left = deadline - time.monotonic()
        if left <= 0:
            raise AssertionError(
                f"timed out; so far {len(self.buffer)} bytes: "
                f"{self.buffer[:200]!r}")
        self.sock.settimeout(left)
        try:
            data = self.sock.recv(1 << 18)
        except socket.timeout:
            raise AssertionError(
                f"timed out; so far {len(self.buffer)} bytes: "
                f"{self.buffer[:200]!r}") from None
        self.buffer += data
        return bool(data)

    def recv(self, length, within=WITHIN):
        """Exactly that many bytes."""
        deadline = time.monotonic() + within
        parts, have = [self.buffer], len(self.buffer)
        self.buffer = b""
        while have < length:
            if not self._more(deadline):
                raise AssertionError(f"FIN after {have} of {length} bytes")
            parts.append(self.buffer)
            have += len(self.buffer)
            self.buffer = b""
        data = b"".join(parts)
        self.buffer = data[length:]
        return data[:length]

    def recv_until(self, mark, within=WITHIN):
        """Everything up to and with `mark`."""
        deadline = time.monotonic() + within
        while mark not in self.buffer:
            if not self._more(deadline):
                raise AssertionError(f"FIN before {mark!r}: {self.buffer!r}")
        end = self.buffer.index(mark) + len(mark)
        data, self.buffer = self.buffer[:end], self.buffer[end:]
        return data

    def recv_end(self, within=WITHIN):
        """All bytes until the end, and how it ended: "fin" or "rst"."""
        deadline = time.monotonic() + within
        parts = [self.buffer]
        while True:
            self.buffer = b""
            try:
                if not self._more(deadline):
                    return b"".join(parts), "fin"
            except (ConnectionResetError, BrokenPipeError):
                return b"".join(parts), "rst"
            parts.append(self.buffer)

    def expect_end(self, how, data=b"", within=WITHIN):
        """The end comes, of that kind, behind just those bytes."""
        got, end = self.recv_end(within)
        assert (end, got) == (how, data), (
            f"expected {how} behind {data[:80]!r} ({len(data)} bytes), "
            f"got {end} behind {got[:80]!r} ({len(got)} bytes)")

    def expect_silence(self, seconds):
        """Neither bytes nor an end for that long."""
        assert not self.buffer, f"unread bytes: {self.buffer[:80]!r}"
        ready, _, _ = select.select([self.sock], [], [], seconds)
        if ready:
            try:
                got = self.sock.recv(4096)
            except OSError as e:
                got = e
            raise AssertionError(f"expected silence, got {got!r}")

    def unacked(self):
        """Bytes that were sent and the other kernel has not acknowledged."""
        return struct.unpack("i", fcntl.ioctl(
            self.sock, termios.TIOCOUTQ, struct.pack("i", 0)))[0]

    def finish(self):
        """Sends FIN; the other direction stays open."""
        self.sock.shutdown(socket.SHUT_WR)
        return self

    def reset(self):
        """Closes with RST."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                             struct.pack("ii", 1, 0))
        self.sock.close()

    def close(self):
        self.sock.close()


class Backend:
    """A listening socket under the test's own control."""

    def __init__(self, address="127.0.0.1", receive_buffer=None, backlog=4096,
                 port=0):
        if address.startswith("/"):
            self.sock = socket.socket(socket.AF_UNIX)
            where = address
        else:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            self.sock = socket.socket(family)
            where = (address, port)
            if port:
                self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if receive_buffer:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF,
                                 receive_buffer)
        self.sock.bind(where)
        self.sock.listen(backlog)
        if address.startswith("/"):
            self.port, self.address = None, "unix:" + address
        else:
            self.port = self.sock.getsockname()[1]
            host = f"[{address}]" if ":" in address else address
            self.address = f"{host}:{self.port}"

    def accept(self, within=WITHIN):
        self.sock.settimeout(within)
        try:
            sock, self.peer = self.sock.accept()
        except socket.timeout:
            raise AssertionError("nobody connected to the backend") from None
        return Conn(sock)

    def drop_waiting(self):
        """Closes connections that nobody accepted yet."""
        self.sock.settimeout(0.05)
        try:
            while True:
                self.sock.accept()[0].close()
        except OSError:
            pass

    def waits(self, seconds):
        """True if within that time somebody connects."""
        return bool(select.select([self.sock], [], [], seconds)[0])

    def expect_nobody(self, seconds):
        assert not self.waits(seconds), "the backend was connected to"

    def close(self):
        self.sock.close()


class Serving:
    """A backend that serves every connection in a thread of its own."""

    def __init__(self, serve, address="127.0.0.1", port=0):
        self.backend = Backend(address, port=port)
        self.port, self.address = self.backend.port, self.backend.address
        self.serve, self.count, self.open = serve, 0, []
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            try:
                conn = self.backend.accept(3600)
            except (OSError, AssertionError, ValueError):
                return
            self.count += 1
            self.open.append(conn)
            threading.Thread(target=self._one, args=(conn,),
                             daemon=True).start()

    def _one(self, conn):
        try:
            self.serve(conn)
        except (OSError, AssertionError):
            pass
        finally:
            conn.close()

    def close(self):
        try:
            self.backend.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.backend.close()


def echo(conn):
    """Serves: sends back what comes, then FIN."""
    conn.sock.settimeout(120)
    while data := conn.sock.recv(1 << 16):
        conn.sock.sendall(data)


def sink_and_count(conn):
    """Serves: reads to the end, answers with the number of bytes."""
    conn.sock.settimeout(120)
    total = 0
    while data := conn.sock.recv(1 << 18):
        total += len(data)
    conn.sock.sendall(b"%d" % total)


def connect(to, within=WITHIN, source=None, receive_buffer=None, ttl=None):
    """Connects to a port of 127.0.0.1, (host, port) or a Unix path."""
    if isinstance(to, str):
        sock = socket.socket(socket.AF_UNIX)
    else:
        to = ("127.0.0.1", to) if isinstance(to, int) else to
        sock = socket.socket(
            socket.AF_INET6 if ":" in to[0] else socket.AF_INET)
    if receive_buffer:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    if source:
        sock.bind((source, 0))
    if ttl:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, ttl)
    sock.settimeout(within)
    conn = Conn(sock)
    try:
        sock.connect(to)
    except ConnectionResetError:
        # Accepted and reset so soon that connect() already tells.
        conn.was_reset = True
    except OSError:
        sock.close()
        raise
    return conn


def connect_outcome(to, within, source=None):
    """What a connection attempt meets: "ok", "refused" or "timeout"."""
    try:
        connect(to, within, source).close()
    except socket.timeout:
        return "timeout"
    except ConnectionRefusedError:
        return "refused"
    except OSError as e:
        return errno.errorcode.get(e.errno, str(e))
    return "ok"


def tcp_states(port):
    """The states of all IPv4 sockets with that local port."""
    names = ("ESTABLISHED SYN_SENT SYN_RECV FIN_WAIT1 FIN_WAIT2 TIME_WAIT "
             "CLOSE CLOSE_WAIT LAST_ACK LISTEN CLOSING NEW_SYN_RECV").split()
    with open("/proc/net/tcp", encoding="ascii") as f:
        rows = [line.split() for line in f][1:]
    return [names[int(row[3], 16) - 1] for row in rows
            if int(row[1].rsplit(":", 1)[1], 16) == port]


def sockets(*ports):
    """Every socket of those ports with its timers: by that a stall is
    understood."""
    if not shutil.which("ss"):
        return "(no ss to look at the sockets with)"
    either = " or ".join(f"sport = :{p} or dport = :{p}" for p in ports)
    return subprocess.run(
        ["ss", "-tnioO", "state", "all", "exclude", "time-wait",
         f"( {either} )"], check=False, capture_output=True, text=True).stdout


@contextlib.contextmanager
def closing(client, *ports):
    """Closes it behind the block. If ports are named, what goes wrong in the
    block comes with their sockets as they were."""
    try:
        yield client
    except (OSError, AssertionError, ValueError, IndexError) as e:
        if not ports:
            raise
        raise AssertionError(f"{e!r}\n{sockets(*ports)}") from e
    finally:
        client.close()


def exchange_both_ways(a, b, length=100_000, seed=3):
    """Different bytes each way at once arrive as they were sent."""
    up, down = noise(length, seed), noise(length, seed + 1)
    senders = [a.send_in_background(up), b.send_in_background(down)]
    got_up, got_down = b.recv(length), a.recv(length)
    for thread in senders:
        thread.join()
    assert got_up == up, "bytes changed on their way up"
    assert got_down == down, "bytes changed on their way down"


def is_root():
    return os.geteuid() == 0
