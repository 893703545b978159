# SPDX-License-Identifier: Apache-2.0
"""Redis with two replicas and three sentinels: who takes over when the
network fails, and what becomes of what was written.

A write counts as acknowledged when a replica has it, too (WAIT 1): what Redis
alone says is asynchronous and may be lost with its master."""

import os
import re
import socket
import time

from cluster import Cluster
from hosts import find
from story import wait

NAMES = ["r1", "r2", "r3"]
PROGRAMS = ["redis-server", "redis-sentinel"]
DOWN_MS = 1500  # silence that sentinels take for a failure
SWITCH = re.compile(r"\+switch-master main (\S+) 6379 (\S+) 6379")

REDIS = """
bind {own} 127.0.0.1
protected-mode no
replica-announce-ip {known}
bind-source-addr {own}
repl-timeout 4
repl-ping-replica-period 1
repl-diskless-sync-delay 0
min-replicas-to-write 1
min-replicas-max-lag 3
save ""
"""
SENTINEL = """
bind {own} 127.0.0.1
port 26379
protected-mode no
sentinel announce-ip {known}
sentinel monitor main {master} 6379 2
sentinel down-after-milliseconds main {down}
sentinel failover-timeout main 4000
"""


class Resp:
    """Redis' protocol, as far as it is needed here."""

    def __init__(self, address, port=6379, within=1):
        self.socket = socket.create_connection((address, port), within)
        self.file = self.socket.makefile("rb")

    def __call__(self, *words):
        parts = [str(w).encode() for w in words]
        self.socket.sendall(b"*%d\r\n" % len(parts) + b"".join(
            b"$%d\r\n%s\r\n" % (len(p), p) for p in parts))
        return self.reply()

    def reply(self):
        line = self.file.readline()
        if not line.endswith(b"\r\n"):
            raise OSError("the connection ended")
        kind, rest = line[:1], line[1:-2].decode()
        if kind == b"-":
            raise OSError(rest)
        if kind == b":":
            return int(rest)
        if kind == b"+":
            return rest
        if kind == b"*":
            return [self.reply() for _ in range(int(rest))]
        size = int(rest)
        if size < 0:
            return None
        return self.file.read(size + 2)[:-2].decode(errors="replace")

    def close(self):
        self.file.close()
        self.socket.close()


class Node:
    def __init__(self, host, master):
        self.host, self.name = host, host.name
        words = {"own": host.address, "known": host.known_as,
                 "master": master.known_as, "down": DOWN_MS}
        text = REDIS.format(**words)
        if host is not master:
            text += f"replicaof {master.known_as} 6379\n"
        for name, content in (("redis.conf", text),
                              ("sentinel.conf", SENTINEL.format(**words))):
            with open(os.path.join(host.dir, name), "w",
                      encoding="ascii") as f:
                f.write(content)

    def start(self):
        self.host.start(find("redis-server"), "redis.conf")

    def watch(self):
        self.host.start(find("redis-sentinel"), "sentinel.conf",
                        log="sentinel.log")

    def ask(self, *words, port=6379):
        """One command, straight to this host."""
        resp = Resp(self.host.address, port)
        try:
            return resp(*words)
        finally:
            resp.close()

    def info(self):
        text = self.ask("INFO", "replication")
        return dict(line.split(":", 1) for line in text.splitlines()
                    if ":" in line)

    def sentinel(self, *words):
        return self.ask("SENTINEL", *words, port=26379)

    def numbers(self):
        return {int(n) for n in self.ask("ZRANGE", "numbers", 0, -1)}


class Redis(Cluster):
    conf = "redis.conf"
    resp = None  # the writer's connection

    def nodes_on(self, hosts):
        return [Node(host, hosts[0]) for host in hosts]

    def set_up(self):
        begun = time.time()
        for node in self.nodes:
            node.start()
        _, at = wait("two replicas", lambda: self.roles() ==
                     ["master", "slave", "slave"], 30)
        self.story.figure("a master and two replicas that follow",
                          at - begun)
        for node in self.nodes:
            node.watch()
        _, at = wait("sentinels that know each other", self.watched, 30)
        self.story.figure("three sentinels that know each other", at - begun)

    def roles(self):
        """What each is, "slave" only if it follows its master."""
        found = []
        for node in self.nodes:
            try:
                info = node.info()
            except OSError:
                return None
            up = info.get("master_link_status", "up") == "up"
            found.append(info["role"] if up else "alone")
        return sorted(found)

    def watched(self):
        try:
            return all(
                dict(zip(*[iter(node.sentinel("MASTER", "main"))] * 2)).items()
                >= {("num-other-sentinels", "2"), ("num-slaves", "2")}
                for node in self.nodes)
        except OSError:
            return False

    def by_address(self, known_as):
        return next((n for n in self.nodes if n.host.known_as == known_as),
                    None)

    def master(self):
        """Whom most sentinels take for the master."""
        seen = []
        for node in self.nodes:
            try:
                seen.append(node.sentinel("GET-MASTER-ADDR-BY-NAME",
                                          "main")[0])
            except OSError:
                pass
        best = max(set(seen), key=seen.count, default=None)
        return self.by_address(best) if seen.count(best) >= 2 else None

    def write(self, number):
        """As clients do: ask the sentinels who leads, write there."""
        if self.resp is None:
            master = self.master()
            if master is None:
                return False
            self.resp = Resp(master.host.address)
        try:
            self.resp("ZADD", "numbers", number, number)
            if self.resp("WAIT", 1, 500) >= 1:
                return True
        except OSError:
            pass
        self.resp.close()
        self.resp = None
        return False

    def switches(self, since=0):
        """(moment, from, to) of every failover that a sentinel told of."""
        found = []
        for node in self.nodes:
            for line in node.host.log("sentinel.log").splitlines():
                match = SWITCH.search(line)
                if match:
                    found.append((stamp(line), self.by_address(match[1]),
                                  self.by_address(match[2])))
        return sorted((f for f in found if f[0] > since), key=lambda f: f[0])

    def first(self, word, since):
        times = [stamp(line) for node in self.nodes
                 for line in node.host.log("sentinel.log").splitlines()
                 if f" {word} " in line]
        return min(at for at in times if at > since)

    def check_epochs(self):
        """A sentinel may vote once per epoch, so one leads each failover."""
        led = {}
        for node in self.nodes:
            log = node.host.log("sentinel.log")
            epoch = None
            for line in log.splitlines():
                match = re.search(r"\+new-epoch (\d+)", line)
                epoch = match[1] if match else epoch
                if "+elected-leader" in line:
                    led.setdefault(epoch, set()).add(node.name)
        self.story.check(f"one sentinel led in each of {len(led)} epochs",
                         all(len(who) == 1 for who in led.values()), led)

    def healed(self, at):
        _, agreed = wait("master with two replicas", lambda: self.roles() ==
                         ["master", "slave", "slave"], 40)
        self.story.figure("healed: one master, two that follow, after",
                          agreed - at)
        wanted = self.writer.numbers()
        _, caught_up = wait(
            "replica that has everything",
            lambda: all(wanted <= n.numbers() for n in self.nodes))
        self.story.check(f"all three have all of {len(wanted)} acknowledged "
                         "writes", True)
        self.story.figure("healed: every replica has every write after",
                          caught_up - at)
        self.check_epochs()


def stamp(line):
    """The seconds since 1970 of `1:X 25 Nov 2026 16:20:01.123 # …`."""
    match = re.search(r"(\d+ \w+ \d+ [\d:]+)\.(\d+)", line)
    return (time.mktime(time.strptime(match[1], "%d %b %Y %H:%M:%S"))
            + float("0." + match[2]))


def lose_master(c, partition, **fields):
    """Cuts; measures until the sentinels made another one master."""
    old = c.master()
    cut = c.proxy.start(partition, **fields)
    wait("failover", lambda: c.switches(cut), 30)
    at, _, new = c.switches(cut)[0]
    c.story.figure(f"cut noticed ({DOWN_MS} ms are asked)",
                   c.first("+sdown", cut) - cut)
    c.story.figure("the sentinels agree that it is down",
                   c.first("+odown", cut) - cut)
    c.story.figure(f"{new.name} is master instead of {old.name}", at - cut)
    wait("write", lambda: c.writer.since(at + 0.1), 30)
    c.story.figure("longest pause of the writer",
                   c.writer.pause(cut - 0.1, time.time()))
    return old


def isolate_master(c):
    old = lose_master(c, "alone", isolate=c.master().name)
    resp = Resp(old.host.address, within=3)
    try:
        # It may still take it, until it misses its replicas for 3 s.
        resp("SET", "lonely", "x")
        copies = resp("WAIT", 1, 300)
    except OSError as e:
        copies = 0
        c.story.say(f"   {old.name} says: {e}")
    resp.close()
    c.story.check(f"{old.name}, cut off, gets no write to a replica",
                  copies == 0, copies)
    c.healed(c.proxy.heal("alone"))


def one_way(c):
    name = c.master().name
    other = next(n.name for n in c.nodes if n.name != name)
    lose_master(c, "mute", groups=[[name]], direction=f"{name}->{other}")
    c.healed(c.proxy.heal("mute"))


def flapping(c):
    cut = c.proxy.start("flapping", isolate=c.master().name)
    time.sleep(4)
    c.story.check("cuts of 400 ms are no reason to fail over",
                  not c.switches(cut), c.switches(cut))
    wait("write", lambda: c.writer.since(cut + 1), 30)
    c.story.check("writes went on", c.writer.since(cut + 1) > 0)
    c.story.figure("longest pause of the writer",
                   c.writer.pause(cut, time.time()))
    c.healed(c.proxy.heal("flapping"))


def jam(c):
    lose_master(c, "jam", isolate=c.master().name)
    c.healed(c.proxy.heal("jam"))


SCENES = [
    ("The master is isolated", "isolate", isolate_master),
    ("One way: what the master sends is lost", "one-way", one_way),
    ("A flapping link, shorter than what counts as down", "flapping",
     flapping),
    ("Jam and release: old messages arrive late, in order", "jam", jam),
]
START = Redis
