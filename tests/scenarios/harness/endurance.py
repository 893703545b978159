# SPDX-License-Identifier: Apache-2.0
"""Clients of every protocol, and whoever changes the proxy under them. All
that happens is drawn from one seed; `pace` is the mean pause in seconds."""

import json
import random
import threading
import time

from .api import Events
from .counted import CountedServing, Tally, counted
from .conf import fault
from .datagrams import Answering, Datagrams
from .h2 import Peer
from .mischief import (HARMFUL, HARMLESS, HTTP_HARMFUL, HTTP_HARMLESS)
from .net import closing, connect, echo, noise
from .tls import tls_connect
from .web import ask, read_message, response

IMPATIENCE = 2    # seconds, of who reckons with anything
DATAGRAM = 200    # bytes, each
QUESTION, ANSWER = 100, 1000  # bytes on the route "cut"
BROKEN = (OSError, AssertionError, ValueError, IndexError)


def silent(f):
    """Leaves sessions that nobody can end: they stay, as on a real network."""
    return f["type"] == "half_open" or f.get("how") == "silent"


ROUGH = tuple(f for f in HARMLESS + HARMFUL if not silent(f))
DATAGRAMS = (
    fault("loss", rate="20%", stream="both"),
    fault("duplicate", rate="20%", copies=2, stream="upstream"),
    fault("duplicate", rate="10%", delay="3ms"),
    fault("reorder", rate="20%", stream="both"),
    fault("latency", latency="5ms", jitter="5ms", stream="both"),
)


def limits(dice):
    return tuple(fault("limit_data", bytes=dice.randrange(1, ANSWER),
                       probability=0.5) for _ in range(3))


# By route: what its faults are picked from, how many at most.
PICKS = {
    "tcp": lambda _: HARMLESS, "rough": lambda _: ROUGH, "cut": limits,
    "tls": lambda _: HARMLESS,
    "http": lambda _: HARMLESS + HTTP_HARMLESS,
    "http-rough": lambda _: ROUGH + HTTP_HARMLESS + HTTP_HARMFUL,
    "h2": lambda _: HARMLESS + HTTP_HARMLESS,
    "h2-rough": lambda _: ROUGH + HTTP_HARMLESS + HTTP_HARMFUL,
    "udp": lambda _: DATAGRAMS,
}
# Nothing is lost there, and every session comes to its own end.
GENTLE = ("tcp", "tls", "http", "h2")


def serve_web(conn):
    while True:
        message = read_message(conn, 3600)
        conn.send(response(message.body), 120)


def serve_answers(conn):
    conn.recv(QUESTION, 3600)
    conn.send(noise(ANSWER))
    conn.recv_end(3600)


class Servers:
    """The upstreams, by route; `tally` counts for each of them."""

    def __init__(self, test):
        made = {"cut": serve_answers}
        made.update((r, serve_web) for r in PICKS if r[:2] in ("ht", "h2"))
        made.update((r, echo) for r in ("tcp", "rough", "tls", "tox", "extra"))
        self.streams = {r: CountedServing(s) for r, s in made.items()}
        for s in self.streams.values():
            test.addCleanup(s.close)
        self.tally = {r: s.tally for r, s in self.streams.items()}
        self.tally["udp"] = Tally()
        self.datagrams = Answering(self.answer)
        test.addCleanup(self.datagrams.close)

    def port(self, name):
        return self.datagrams.port if name == "udp" else \
            self.streams[name].port

    def answer(self, data):
        self.datagrams.came.clear()
        self.tally["udp"].add("server_got", len(data))
        self.tally["udp"].add("server_sent", len(data))
        return data

    def open(self):
        return sum(s.tally.open for s in self.streams.values())


class Actors:
    """Threads, each one client after the other, until told to stop."""

    def __init__(self, ports, servers, seed, pace, patience):
        """`patience`: seconds, of who may lose nothing."""
        self.ports, self.servers, self.pace = ports, servers, pace
        self.patience = patience
        self.done, self.broken, self.errors = {}, {}, []
        self.stopped = threading.Event()
        jobs = [(r, getattr(self, r.split("-", maxsplit=1)[0])) for r in ports]
        self.threads = [
            threading.Thread(target=self.work, daemon=True,
                             args=(r, job, random.Random(f"{seed} {r} {n}")))
            for r, job in jobs for n in range(2)]

    def start(self):
        for t in self.threads:
            t.start()

    def stop(self, within):
        self.stopped.set()
        deadline = time.monotonic() + within
        for t in self.threads:
            t.join(max(0, deadline - time.monotonic()))
        assert not any(t.is_alive() for t in self.threads), \
            "a client hangs for ever"

    def work(self, name, job, dice):
        self.done.setdefault(name, 0)
        self.broken.setdefault(name, 0)
        while not self.stopped.is_set():
            try:
                job(name, dice)
                self.done[name] += 1
            except BROKEN as e:
                self.broken[name] += 1
                if name in GENTLE + ("cut", "udp"):
                    self.errors.append(f"{name}: {type(e).__name__}: {e}")
            self.stopped.wait(dice.expovariate(1 / self.pace))

    def within(self, name):
        return self.patience if name in GENTLE + ("cut",) else IMPATIENCE

    def connect(self, name):
        within = self.within(name)
        return counted(connect(self.ports[name], within),
                       self.servers.tally[name])

    def closing(self, name, client):
        """Closes it; where nothing may go wrong, sockets are shown if it
        does."""
        ports = (self.ports[name], self.servers.port(name))
        return closing(client, *ports * (name in GENTLE + ("cut",)))

    # --- one client each

    def tcp(self, name, dice):
        within, data = self.within(name), noise(dice.randrange(1, 40_000))
        with self.closing(name, self.connect(name)) as c:
            if name != "tcp" and dice.random() < 0.1:
                c.send(data[:100], within)
                c.reset()
                return
            sender = c.send_in_background(data)
            assert c.recv(len(data), within) == data, "bytes differ"
            sender.join()
            c.finish()
            c.expect_end("fin", within=within)

    rough = tox = tcp

    def cut(self, name, dice):
        with self.closing(name, self.connect(name)) as c:
            c.send(noise(QUESTION), self.patience)
            got = b""
            while len(got) < ANSWER:
                c.sock.settimeout(self.patience)
                data = c.sock.recv(ANSWER)
                if not data:
                    return
                got += data
            assert got == noise(ANSWER), "the answer differs"
            c.finish()
            c.expect_end("fin", within=self.patience)

    def tls(self, name, dice):
        # The handshake is none of the flow's bytes.
        with self.closing(name, counted(
                tls_connect(self.ports[name], within=self.patience),
                self.servers.tally[name])) as c:
            for _ in range(dice.randrange(1, 4)):
                data = noise(dice.randrange(1, 9000))
                c.send(data, self.patience)
                assert c.recv(len(data), self.patience) == data, "bytes differ"

    def http(self, name, dice):
        within = self.within(name)
        with self.closing(name, self.connect(name)) as c:
            for n in range(dice.randrange(1, 4)):
                body = noise(dice.randrange(9000))
                reply = ask(c, "POST", f"/{n}", body, within=within)
                assert reply.body == body, "bodies differ"

    def h2(self, name, dice):
        within = self.within(name)
        with self.closing(name, Peer(self.connect(name))) as peer:
            bodies = [noise(dice.randrange(9000))
                      for _ in range(dice.randrange(1, 4))]
            asked = [peer.request("POST", f"/{n}", body)
                     for n, body in enumerate(bodies)]
            for st, body in zip(asked, bodies):
                peer.finish(st, within)
                assert (st.reset, bytes(st.body)) == (None, body), \
                    f"a stream differs: {st.reset}"

    def udp(self, name, dice):
        tally, c = self.servers.tally[name], Datagrams(to=self.ports[name])
        try:
            for _ in range(dice.randrange(1, 12)):
                c.send(noise(DATAGRAM))
                tally.add("client_sent", DATAGRAM)
                if c.waits(0.002):
                    tally.add("client_got", len(c.recv()))
            tally.add("client_got", sum(map(len, c.rest(0.05))))
        finally:
            c.close()


class Changes:
    """Whoever changes the proxy: its file, both APIs, leases that nobody
    renews, listeners that vanish."""

    def __init__(self, proxy, api, text, upstream, seed):
        self.proxy, self.api, self.text = proxy, api, text
        self.upstream, self.counts = upstream, {}
        self.dice = random.Random(f"{seed} changes")
        self.table = (
            (self.reload, 6), (self.fault, 6), (self.leased, 3),
            (self.partition, 3), (self.switch, 2), (self.toxic, 3),
            (self.route, 2), (self.read, 3), (self.listen, 1),
            (self.kill_sessions, 1), (self.bad, 1))

    def step(self):
        action = self.dice.choices([a for a, _ in self.table],
                                   [w for _, w in self.table])[0]
        name = action.__name__
        self.counts[name] = self.counts.get(name, 0) + 1
        action()

    def call(self, method, path, body=None, may=(), **kw):
        reply = self.api(method, path, body, **kw)
        assert reply.status < 300 or reply.status in may, \
            f"{method} {path} {body}: {reply.status} {reply.raw}"
        return reply

    def pick(self, name, most):
        picks = PICKS[name](self.dice)
        chosen = self.dice.sample(range(len(picks)), self.dice.randrange(
            min(most, len(picks)) + 1))
        return [{**picks[i], "name": f"f{i}"} for i in chosen]

    def reload(self):
        self.load({r: self.pick(r, 1 if r == "cut" else 3) for r in PICKS})

    def load(self, faults):
        self.proxy.write(self.text(faults))
        self.call("POST", "/v1/reload")

    def some_fault(self):
        name = self.dice.choice([r for r in PICKS if r != "cut"])
        return name, {**self.dice.choice(PICKS[name](self.dice)),
                      "for": f"{self.dice.randrange(50, 2000)}ms"}

    def fault(self):
        name, f = self.some_fault()
        number = self.dice.randrange(3)
        path = f"/v1/routes/{name}/faults/api-{number}"
        self.call("PUT", path, f)
        if self.dice.random() < 0.3:
            self.call("DELETE", path)

    def leased(self):
        lease = self.call("POST", "/v1/leases", {
            "ttl": f"{self.dice.randrange(100, 1500)}ms"}).json["lease"]
        name, f = self.some_fault()
        del f["for"]
        # A machine that stood still for as long as the lease lasts.
        self.call("PUT", f"/v1/routes/{name}/faults/leased", f, (404, 409),
                  headers={"Faultwire-Lease": lease})
        if self.dice.random() < 0.3:
            self.call("POST", f"/v1/leases/{lease}/renew", {}, (404, 409))
        if self.dice.random() < 0.3:
            self.call("DELETE", f"/v1/leases/{lease}", None, (404, 409))

    def partition(self):
        name = self.dice.choice(("drop", "jam"))
        self.call("POST", f"/v1/partitions/{name}/start",
                  {"for": f"{self.dice.randrange(50, 1000)}ms"})
        if self.dice.random() < 0.3:
            self.call("POST", f"/v1/partitions/{name}/heal")

    def switch(self):
        name = self.dice.choice(("rough", "http-rough", "h2-rough"))
        self.call("POST", f"/v1/routes/{name}/disable")
        self.call("POST", f"/v1/routes/{name}/enable")

    def toxic(self):
        kind, attributes = self.dice.choice((
            ("latency", {"latency": 20, "jitter": 10}),
            ("bandwidth", {"rate": 500}), ("timeout", {"timeout": 50}),
            ("reset_peer", {"timeout": 10}), ("limit_data", {"bytes": 999}),
            ("slicer", {"average_size": 100, "delay": 10})))
        toxics = "/proxies/tox/toxics"
        stream = self.dice.choice(("upstream", "downstream"))
        self.call("POST", toxics, {"name": "t", "type": kind, "stream": stream,
                                   "toxicity": self.dice.random(),
                                   "attributes": attributes}, (409,))
        if self.dice.random() < 0.7:
            self.call("DELETE", toxics + "/t", None, (404,))
        if self.dice.random() < 0.2:
            for enabled in (False, True):
                self.call("POST", "/proxies/tox", {"enabled": enabled})

    def route(self):
        """One that comes, is used, and goes with whoever is on it."""
        name = f"extra-{self.dice.randrange(4)}"
        state = self.call("POST", "/v1/routes", {
            "name": name, "listen": "127.0.0.1:0", "upstream":
            f"127.0.0.1:{self.upstream}", "faults":
            [self.dice.choice(HARMLESS)]}).json["state"]
        port = int(state["listening"].rsplit(":", 1)[1])
        clients = []
        try:
            for _ in range(self.dice.randrange(4)):
                clients.append(connect(port, IMPATIENCE).send(b"x"))
        except OSError:
            pass
        self.call("DELETE", f"/v1/routes/{name}" + self.dice.choice(
            ("", "?sessions=close")))
        for c in clients:
            c.close()

    def read(self):
        path = self.dice.choice((
            "/metrics", "/v1/sessions", "/v1/status", "/v1/config",
            "/v1/routes", "/proxies", "/v1/openapi.json", "/readyz",
            "/v1/routes/tcp/flows/3/explain"))
        self.call("GET", path)

    def listen(self):
        events = Events(self.api)
        try:
            for _ in range(self.dice.randrange(20)):
                next(events)
        except (OSError, StopIteration):
            pass
        finally:
            events.close()

    def kill_sessions(self):
        name = self.dice.choice(("rough", "http-rough", "h2-rough"))
        for s in self.call("GET", f"/v1/sessions?route={name}"
                           ).json["sessions"][:2]:
            how = self.dice.choice(("fin", "rst"))
            self.call("DELETE", f"/v1/sessions/{s['session']}?how={how}",
                      None, (404,))

    def bad(self):
        """What is refused harms nobody."""
        self.proxy.write("routes = ( { name = 1; } );\n")
        assert self.api.post("/v1/reload").status == 400
        reply = self.api.put("/v1/routes/tcp/faults/x", {"type": "latncy"})
        assert reply.status == 400, reply.raw

    def lift(self):
        """Everything that was ever made goes."""
        self.call("POST", "/reset")
        self.load({})
        for name in PICKS:
            for f in self.call("GET", f"/v1/routes/{name}/faults"
                               ).json["faults"]:
                self.call("DELETE", f"/v1/routes/{name}/faults/{f['name']}")


class Journal:
    """What a whole journal adds up to."""

    def __init__(self, path):
        self.open, self.odd, self.closed = set(), [], 0
        self.connections, self.bytes, self.effects = {}, {}, {}
        with open(path, encoding="utf-8") as f:
            for line in f:
                self.take(json.loads(line))

    def take(self, e):
        if e["type"] == "flow_open":
            key = e["route"], e["flow_type"], e["flow"]
            if key in self.open:
                self.odd.append(e)
            self.open.add(key)
            if e["flow_type"] in ("stream", "connection"):
                self.connections[e["route"]] = self.connections.get(
                    e["route"], 0) + 1
        elif e["type"] == "flow_close":
            key = e["route"], e["flow_type"], e["flow"]
            if key not in self.open:
                self.odd.append(e)
            self.open.discard(key)
            self.closed += 1
            sums = self.bytes.setdefault(e["route"], [0, 0])
            sums[0] += e.get("bytes_up", 0)
            sums[1] += e.get("bytes_down", 0)
        elif e["type"] in ("effect", "measure"):
            at = e["route"], e["stream"], e.get("effect", e["kind"])
            n, amount = self.effects.get(at, (0, 0))
            self.effects[at] = n + 1, amount + e.get("amount", 0)
        elif e["type"] == "gap":
            self.odd.append(e)

    def sums(self, route):
        """Bytes passed on, up and down."""
        return self.bytes.get(route, [0, 0])

    def effect(self, *at):
        """How often something was done by route, stream and word, and the sum
        of its amounts. The word is an effect, or the kind of what measures."""
        return self.effects.get(at, (0, 0))


def slope(samples):
    """Least squares over (seconds, bytes): bytes a second."""
    n = len(samples)
    mean_t = sum(t for t, _ in samples) / n
    mean_b = sum(b for _, b in samples) / n
    return (sum((t - mean_t) * (b - mean_b) for t, b in samples) /
            sum((t - mean_t) ** 2 for t, _ in samples))
