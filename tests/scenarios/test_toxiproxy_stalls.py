# SPDX-License-Identifier: Apache-2.0
"""The control API never waits for a peer: each of its calls is answered at
once while clients do not read, a dial hangs or a reset is pending. These are
the cases in which Toxiproxy's own API hangs."""

import socket
import threading

from harness import (ToxScenario, Watch, connect_outcome, free_port, noise,
                     port_of, sanitized, wait_until)

SESSIONS = 40
PIECE = noise(1 << 18)
# The contract is 100 ms; a sanitized program on a busy machine needs room.
MEDIAN, WORST = (0.5, 5.0) if sanitized() else (0.1, 2.0)


def pour(conn):
    """Serves: sends without end."""
    conn.sock.settimeout(120)
    while True:
        conn.sock.sendall(PIECE)


class Deaf:
    """An address whose SYN nobody answers: its accept queue is full."""

    def __init__(self, test):
        self.sock = socket.socket()
        self.sock.bind(("127.0.0.1", 0))
        self.sock.listen(0)
        self.address = "127.0.0.1:%d" % self.sock.getsockname()[1]
        test.addCleanup(self.sock.close)
        for _ in range(8):
            filler = socket.socket()
            test.addCleanup(filler.close)
            filler.setblocking(False)
            filler.connect_ex(self.sock.getsockname())


class Stalls(ToxScenario):
    def setUp(self):
        super().setUp()
        self.times = {}

    def timed(self, method, path, body=None, status=None):
        watch = Watch()
        reply = self.api.call(method, path, body)
        name = f"{method} /{path.split('/')[1]}{'/…' * (path.count('/') - 1)}"
        self.times.setdefault(name, []).append(watch.seconds())
        if status is not None:
            self.assertEqual(reply.status, status, reply)
        return reply

    def tell(self, what):
        """Prints the figures, and holds them against the limits."""
        every = sorted(t for times in self.times.values() for t in times)
        for name, times in sorted(self.times.items()):
            print(f"# {what}: {name}: {len(times)} calls, worst "
                  f"{max(times) * 1000:.1f} ms")
        median, p99 = every[len(every) // 2], every[len(every) * 99 // 100]
        print(f"# {what}: all: median {median * 1000:.1f} ms, p99 "
              f"{p99 * 1000:.1f} ms, worst {every[-1] * 1000:.1f} ms")
        self.assertLess(median, MEDIAN)
        self.assertLess(every[-1], WORST)

    def stalled(self, port, count=SESSIONS):
        """Clients that do not read what comes without end."""
        return [self.client(port, receive_buffer=4096) for _ in range(count)]

    def calls(self, entry, toxic="t"):
        """Every call, while the proxy of that populate entry is stalled."""
        name, path = entry["name"], "/proxies/" + entry["name"]
        self.timed("GET", "/proxies", status=200)
        self.timed("GET", path, status=200)
        self.timed("GET", path + "/toxics", status=200)
        self.timed("POST", path + "/toxics",
                   {"type": "noop", "name": "new"}, 200)
        self.timed("PATCH", f"{path}/toxics/{toxic}", b"{}", 200)
        self.timed("DELETE", path + "/toxics/new", status=204)
        self.timed("DELETE", f"{path}/toxics/{toxic}", status=204)
        self.timed("GET", "/proxies", status=200)
        self.timed("POST", "/reset", status=204)
        self.timed("POST", "/populate", [
            entry, {"name": name + "2", "upstream": "u:1",
                    "listen": "127.0.0.1:0"}], 201)
        self.timed("DELETE", path + "2", status=204)

    def ends(self, entry):
        """The calls that end connections."""
        path = "/proxies/" + entry["name"]
        self.timed("PATCH", path, {"enabled": False}, 200)
        self.assertEqual(connect_outcome(port_of(entry), 2), "refused")
        self.timed("PATCH", path, {"enabled": True}, 200)
        self.timed("DELETE", path, status=204)
        self.assertEqual(connect_outcome(port_of(entry), 2), "refused")

    def entry(self, upstream):
        made = self.create("p", upstream)
        return {k: made[k] for k in ("name", "listen", "upstream")}

    def test_clients_that_do_not_read(self):
        upstream = self.serving(pour).address
        for kind, attributes in (
                ("noop", {}), ("latency", {"latency": 5}),
                ("bandwidth", {"rate": 100_000}), ("slow_close", {"delay": 9}),
                ("slicer", {"average_size": 1000}),
                ("limit_data", {"bytes": 1 << 40}), ("bandwidth", {}),
                ("timeout", {})):
            with self.subTest(kind=kind):
                entry = self.entry(upstream)
                self.toxic(kind, name="t", **attributes)
                clients = self.stalled(port_of(entry))
                clients[0].recv(1 if kind not in ("timeout", "bandwidth")
                                else 0)
                self.calls(entry)
                self.ends(entry)
                for client in clients:
                    client.close()
        self.tell("stalled readers")

    def test_a_dial_that_hangs(self):
        entry = self.entry(Deaf(self).address)
        clients = [self.client(port_of(entry)) for _ in range(SESSIONS)]
        for kind in ("noop", "latency", "reset_peer", "timeout"):
            self.toxic(kind, name="t", stream="upstream")
            clients[0].send(b"early")
            self.calls(entry)
        # It goes on accepting, and listening elsewhere.
        more = self.client(port_of(entry))
        other = self.serving(lambda conn: conn.send(b"hi"))
        hello = self.client(port_of(self.create("other", other.address)))
        self.assertEqual(hello.recv(2), b"hi")
        self.ends(entry)
        for client in clients + [more]:
            self.assertEqual(client.recv_end()[0], b"")
        self.tell("hanging dials")

    def test_a_reset_that_is_pending(self):
        backend = self.backend()
        for stream in ("upstream", "downstream"):
            entry = self.entry(backend.address)
            pairs = [self.pair(port_of(entry), backend)
                     for _ in range(SESSIONS)]
            self.toxic("reset_peer", name="t", stream=stream, timeout=40000)
            for client, server in pairs:
                (client if stream == "upstream" else server).send(b"held")
            fresh = self.pair(port_of(entry), backend)
            self.calls(entry)
            # Called off: what was held has moved on.
            for client, server in pairs:
                end = server if stream == "upstream" else client
                self.assertEqual(end.recv(4), b"held")
            fresh[0].send(b"x")
            self.assertEqual(fresh[1].recv(1), b"x")
            self.toxic("reset_peer", name="t", stream=stream, timeout=40000)
            pairs[0][0].send(b"again")
            self.ends(entry)
            for client, server in pairs:
                client.close()
                server.close()
        self.tell("pending resets")

    def test_many_writers_at_once(self):
        upstream = self.serving(pour).address
        entry = self.entry(upstream)
        self.stalled(port_of(entry))
        failed = []

        def write(number):
            for n in range(10):
                name = f"w{number}-{n}"
                steps = (("POST", "/proxies/p/toxics",
                          {"type": "latency", "name": name}, 200),
                         ("PATCH", f"/proxies/p/toxics/{name}",
                          {"attributes": {"latency": n}}, 200),
                         ("DELETE", f"/proxies/p/toxics/{name}", None, 204))
                for method, path, body, status in steps:
                    if self.timed(method, path, body).status != status:
                        failed.append((method, path))

        threads = [threading.Thread(target=write, args=(n,))
                   for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failed, [])
        self.assertEqual(self.api.get("/proxies/p/toxics").json(), [])
        self.ends(entry)
        self.tell("four writers")

    def test_a_client_of_the_api_that_does_not_read_harms_nobody(self):
        for n in range(40):
            self.create(f"n{n}", "u:1", enabled=False)
        for _ in range(3):
            lazy = self.client(self.api.port, receive_buffer=4096)
            lazy.send_in_background(
                b"GET /proxies HTTP/1.1\r\nHost: t\r\n\r\n" * 3000)
        for _ in range(20):
            self.timed("GET", "/proxies", status=200)
        self.tell("lazy callers")

    def test_closing_takes_effect_when_the_call_returns(self):
        """Also while data is on its way, which is dropped."""
        entry = self.entry(self.serving(pour).address)
        clients = self.stalled(port_of(entry), 10)
        spare = f"127.0.0.1:{free_port()}"
        self.timed("POST", "/proxies/p", {"listen": spare}, 200)
        self.assertEqual(connect_outcome(port_of(entry), 2), "refused")
        for client in clients:
            _data, how = client.recv_end()
            self.assertEqual(how, "fin")
        wait_until(lambda: connect_outcome(port_of({"listen": spare}), 2)
                   == "ok")
