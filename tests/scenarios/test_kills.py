# SPDX-License-Identifier: Apache-2.0
"""kill -9, over and over: of clients with leases, whose faults may not outlive
them, and of the proxy, whose successor finds everything free. KILLS=10000 for
as many cycles of clients as that (in proportion of the proxy)."""

import json
import os
import random
import signal
import socket
import stat
import tempfile
import time
import unittest

from harness import (Scenario, conf, connect, echo, free_port, route,
                     wait_until)
from harness.api import control

KILLS = int(os.environ.get("KILLS", "150"))
SEED = os.environ.get("KILLS_SEED", "1")
AT_A_TIME = 20
TTL = 0.2      # seconds
MARGIN = 3     # a busy machine's; what was seen is printed
LIFE = 0.3     # at most, from the start of a client to its end
LOOK = 0.02


class Call(Exception):
    pass


def call(port, method, path, body=None, lease=None):
    """One call by as little as it takes: who calls may be killed."""
    data = json.dumps(body).encode() if body is not None else b""
    head = [f"{method} {path} HTTP/1.1", "Host: localhost",
            "Connection: close", "Content-Type: application/json",
            f"Content-Length: {len(data)}"]
    if lease:
        head.append(f"Faultwire-Lease: {lease}")
    with socket.create_connection(("127.0.0.1", port), 20) as s:
        s.sendall("\r\n".join(head).encode() + b"\r\n\r\n" + data)
        got = b""
        while more := s.recv(1 << 16):
            got += more
    head, _, body = got.partition(b"\r\n\r\n")
    if head.split()[1][:1] != b"2":
        raise Call(got)
    return json.loads(body) if body else None


def live(port, number, dice):
    """A client: faults under a lease that it renews until it is killed."""
    lease = call(port, "POST", "/v1/leases", {"ttl": f"{TTL * 1000:.0f}ms"})
    lease = lease["lease"]
    call(port, "PUT", f"/v1/routes/r/faults/k{number}",
         {"type": "latency", "latency": "1ms", "stream": "both"}, lease)
    if dice.random() < 0.2:
        call(port, "POST", "/v1/routes", {
            "name": f"x{number}", "listen": "127.0.0.1:0",
            "upstream": "127.0.0.1:9", "faults": [{"type": "down"}]}, lease)
    if dice.random() < 0.05:
        call(port, "POST", "/v1/partitions/p/start", {}, lease)
    while True:
        time.sleep(TTL / 4)
        call(port, "POST", f"/v1/leases/{lease}/renew", {})


class Clients:
    """Processes that live for a while, and when each was killed."""

    def __init__(self, port):
        self.port, self.dice = port, random.Random(SEED)
        self.alive, self.killed, self.number = [], {}, 0

    def fork(self):
        self.number += 1
        number, seed = self.number, self.dice.random()
        pid = os.fork()
        if pid == 0:
            try:
                live(self.port, number, random.Random(seed))
            except Call as e:
                # A machine that stood still: the lease is over already.
                if b"lease" in e.args[0]:
                    signal.pause()
                os.write(2, f"client {number}: {e!r}\n".encode())
            finally:
                os._exit(1)
        self.alive.append((time.monotonic() + self.dice.uniform(0, LIFE),
                           number, pid))

    def step(self, most):
        """Kills who is due, and begins others in their places."""
        now = time.monotonic()
        for who in sorted(self.alive):
            if who[0] > now:
                break
            self.alive.remove(who)
            os.kill(who[2], signal.SIGKILL)
            _, status = os.waitpid(who[2], 0)
            self.killed[who[1]] = time.monotonic()
            assert os.WIFSIGNALED(status), "a client ended by itself"
        while len(self.alive) < AT_A_TIME and self.number < most:
            self.fork()

    def end(self):
        for _, _, pid in self.alive:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def in_force(api):
    """The configuration, without the line that names its generation."""
    return api.get("/v1/config").raw.split(b"\n", 1)[1]


class Kills(Scenario):
    limit = 120 + KILLS // 10

    def test_no_fault_outlives_the_client_that_had_the_lease(self):
        server = self.serving(echo)
        ports = free_port(), free_port()
        proxy = self.start(conf.text(
            [route("r", ports[0], server.port, from_="a", to="b"),
             route("calm", ports[1], server.port)],
            services=[{"name": "a"}, {"name": "b"}],
            partitions=[{"name": "p", "groups": [["a"], ["b"]],
                         "enabled": False}],
            control={"listen": "127.0.0.1:0"}))
        api = control(proxy)
        before = in_force(api)
        descriptors = proxy.descriptors()
        calm = self.client(ports[1])
        clients = Clients(api.port)
        self.addCleanup(clients.end)
        # By name: when it was last seen in force.
        seen = {}

        def look():
            clients.step(KILLS)
            calm.send(b"calm")
            self.assertEqual(calm.recv(4), b"calm")
            asked = time.monotonic()
            for f in api.get("/v1/routes/r/faults").json["faults"]:
                seen[f["name"]] = asked
            for r in api.get("/v1/routes?name=x*").json["routes"]:
                seen[r["name"]] = asked
            time.sleep(LOOK)
            return clients.number == KILLS and not clients.alive

        wait_until(look, self.limit, "the last of the clients")
        wait_until(lambda: (look(), api.get("/v1/status").json["leases"])[1]
                   == 0, TTL + MARGIN, "the end of all leases")
        late = max((at - clients.killed[int(name[1:])] - TTL, name)
                   for name, at in seen.items())
        print(f"# {len(clients.killed)} clients killed, {len(seen)} of their "
              f"faults and routes seen; the last one {late[0]:+.3f} s after "
              "its lease", flush=True)
        self.assertLess(late[0], MARGIN, late[1])
        self.assertGreater(len(seen), KILLS // 20)
        self.assertEqual(before, in_force(api))
        self.balance(proxy)
        wait_until(lambda: proxy.descriptors() <= descriptors + 2,
                   what="descriptors as before")  # the calm session's
        with self.client(ports[0]).sock as s:
            s.sendall(b"x")
            self.assertEqual(s.recv(1), b"x")

    def balance(self, proxy):
        """What came into force went out of it."""
        def last():
            # A partition that is started anew comes into force anew.
            return {(e.get("route"), e.get("fault")): e["type"]
                    for e in proxy.journal() if e["type"] in
                    ("fault_armed", "fault_cleared")}

        wait_until(lambda: set(last().values()) == {"fault_cleared"},
                   what="the end of what began")
        self.assertGreater(len(last()), KILLS // 20)
        self.assertEqual([], [e for e in proxy.log()
                              if e["level"] == "error"])

    def test_a_proxy_finds_what_a_killed_one_had(self):
        dice = random.Random(SEED)
        server = self.serving(echo)
        port = free_port()
        made = tempfile.TemporaryDirectory()
        self.addCleanup(made.cleanup)
        folder = made.name
        path = os.path.join(folder, "control.sock")
        journal = os.path.join(folder, "journal")
        text = conf.text([route("r", port, server.port)],
                         control={"listen": f"unix:{path}"})
        for _ in range(max(KILLS // 20, 7)):
            proxy = self.start(text, journal=journal)
            self.assertTrue(stat.S_ISSOCK(os.stat(path).st_mode))
            clients = [connect(port).send(b"abc") for _ in range(3)]
            with socket.socket(socket.AF_UNIX) as s:
                s.connect(path)
                s.sendall(b"PUT /v1/routes/r/faults/f HTTP/1.1\r\n"
                          b"Host: localhost\r\nContent-Length: 2\r\n"
                          b"Content-Type: application/json\r\n\r\n{}")
                time.sleep(dice.uniform(0, 0.02))
                proxy.signal(signal.SIGKILL)
                proxy.wait()
            for c in clients:
                got, end = c.recv_end()
                self.assertIn((got, end), ((b"", "rst"), (b"abc", "rst"),
                                           (b"", "fin"), (b"abc", "fin")))
                c.close()
            proxy.journal()
            self.assertEqual(sorted(os.listdir(folder)),
                             ["control.sock", "journal"])
            proxy.discard()
            proxy.stopped = True
        self.start(text, journal=journal).stop()
        self.assertEqual(os.listdir(folder), ["journal"])


if __name__ == "__main__":
    unittest.main()
