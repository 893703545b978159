# SPDX-License-Identifier: Apache-2.0
"""Five etcd nodes: who leads, and what becomes of what was written, when
the network between them fails."""

import base64
import calendar
import http.client
import json
import re
import statistics
import time

from cluster import Cluster
from hosts import find
from story import wait

NAMES = ["n1", "n2", "n3", "n4", "n5"]
PROGRAMS = ["etcd"]
RAFT = re.compile(r'"ts":"([^"]+)".*?"msg":"(\w+) (.*?)"')
LEADS = re.compile(r"became leader at term (\d+)")


def b64(text):
    return base64.b64encode(text.encode()).decode()


def moment(stamp):
    """The seconds since 1970 of a log's 2026-01-31T10:11:12.345Z."""
    whole, rest = stamp.split(".")
    return (calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S"))
            + float("0." + rest.rstrip("Z")))


class Node:
    def __init__(self, host):
        self.host, self.name = host, host.name
        self.id = None

    def start(self, cluster):
        own, known = self.host.address, self.host.known_as
        self.host.start(
            find("etcd"), "--name", self.name, "--data-dir", "data",
            "--listen-peer-urls", f"http://{own}:2380",
            "--initial-advertise-peer-urls", f"http://{known}:2380",
            "--listen-client-urls", f"http://{own}:2379",
            "--advertise-client-urls", f"http://{own}:2379",
            "--initial-cluster", cluster, "--logger", "zap",
            "--log-outputs", "stderr", "--unsafe-no-fsync")

    def call(self, path, body, within=2):
        """A call of the client's API, straight to this node."""
        conn = http.client.HTTPConnection(self.host.address, 2379,
                                          timeout=within)
        try:
            conn.request("POST", "/v3/" + path, json.dumps(body))
            reply = conn.getresponse()
            data = json.loads(reply.read())
        except http.client.HTTPException as e:
            raise OSError(str(e)) from e
        finally:
            conn.close()
        if reply.status != 200:
            raise OSError(data.get("error", reply.status))
        return data

    def put(self, number, within=2):
        self.call("kv/put", {"key": b64(f"k/{number:08d}"),
                             "value": b64(str(number))}, within)
        return True

    def numbers(self):
        """What this node has, without asking the others."""
        found = self.call("kv/range", {
            "key": b64("k/"), "range_end": b64("k0"), "keys_only": True,
            "serializable": True}, 10)
        return {int(base64.b64decode(kv["key"])[2:])
                for kv in found.get("kvs", ())}

    def leader(self):
        """The id of the node that this one takes for the leader."""
        try:
            status = self.call("maintenance/status", {})
        except OSError:
            return None
        self.id = format(int(status["header"]["member_id"]), "x")
        leader = int(status.get("leader", "0"))
        return format(leader, "x") if leader else None

    def raft(self):
        """What its raft did: (moment, id, text)."""
        found = (RAFT.search(line) for line in
                 self.host.log().splitlines())
        return [(moment(m[1]), m[2], m[3]) for m in found if m]


class Etcd(Cluster):
    conf = "etcd.conf"
    turn = 0

    def nodes_on(self, hosts):
        return [Node(host) for host in hosts]

    def set_up(self):
        cluster = ",".join(f"{n.name}=http://{n.host.known_as}:2380"
                           for n in self.nodes)
        begun = time.time()
        for node in self.nodes:
            node.start(cluster)
        _, at = wait("leader that all follow", self.agreed, 40)
        self.story.figure("five nodes started and led", at - begun)

    def write(self, number):
        """To the node that answered last; after a failure to the next."""
        try:
            return self.nodes[self.turn].put(number, 1)
        except OSError:
            self.turn = (self.turn + 1) % len(self.nodes)
            raise

    def agreed(self):
        """The leader, if all nodes know the same one."""
        seen = {node.leader() for node in self.nodes}
        if None in seen or len(seen) != 1:
            return None
        return self.node(seen.pop())

    def node(self, identity):
        return next((n for n in self.nodes if n.id == identity), None)

    def elections(self, since=0):
        """(moment, node, term) of everybody who became leader."""
        found = []
        for node in self.nodes:
            for at, identity, text in node.raft():
                match = LEADS.match(text)
                if match and at > since:
                    found.append((at, self.node(identity), int(match[1])))
        return sorted(found, key=lambda e: e[0])

    def candidates(self, since):
        return sorted(at for node in self.nodes for at, _, text in
                      node.raft() if at > since and "became candidate" in text)

    def check_terms(self):
        terms = [term for _, _, term in self.elections()]
        self.story.check(f"one leader in each of {len(terms)} terms",
                         len(terms) == len(set(terms)), sorted(terms))

    def check_kept(self):
        """Every node has all that was acknowledged up to now."""
        wanted = self.writer.numbers()

        def kept():
            return all(wanted <= node.numbers() for node in self.nodes)

        _, at = wait("node that has everything", kept)
        self.story.check(f"all nodes have all of {len(wanted)} acknowledged "
                         "writes", True)
        return at

    def healed(self, at):
        """After a healing: one leader for all, nothing lost."""
        _, agreed = wait("leader that all follow", self.agreed, 30)
        caught_up = self.check_kept()
        self.story.figure("healed: all follow one leader after",
                          agreed - at)
        self.story.figure("healed: every node has every write after",
                          caught_up - at)
        self.check_terms()

    def others(self, node):
        return [n.name for n in self.nodes if n is not node]


def lose_leader(c, partition, **fields):
    """Cuts; measures until another one leads and writes go on."""
    old = c.agreed()
    cut = c.proxy.start(partition, **fields)
    wait("new leader", lambda: c.elections(cut))
    at, new, term = c.elections(cut)[0]
    c.story.figure("cut noticed: somebody stands for election",
                   c.candidates(cut)[0] - cut)
    c.story.figure(f"{new.name} leads instead of {old.name} (term {term})",
                   at - cut)
    wait("write", lambda: c.writer.since(max(at, cut)))
    time.sleep(1)
    c.story.figure("longest pause of the writer",
                   c.writer.pause(cut - 0.1, time.time()))
    return old, new


def isolate_leader(c):
    old = c.agreed()
    lose_leader(c, "alone", isolate=old.name)
    try:
        accepted = old.put(0)
    except OSError:
        accepted = False
    c.story.check(f"{old.name}, cut off, acknowledges nothing", not accepted)
    c.healed(c.proxy.heal("alone"))


def one_way(c):
    old = c.agreed()
    name, other = old.name, c.others(old)[0]
    lose_leader(c, "mute", groups=[[name]], direction=f"{name}->{other}")
    c.healed(c.proxy.heal("mute"))


def shape(c, name, seconds=2):
    """Cuts under which everybody or somebody still sees a majority."""
    cut = c.proxy.start(name)
    wait("write", lambda: c.writer.since(cut + 1), 15)
    time.sleep(seconds)
    c.story.figure("longest pause of the writer",
                   c.writer.pause(cut, time.time()))
    c.story.say(f"   elections meanwhile: {len(c.elections(cut))}")
    c.story.check("writes went on", c.writer.since(cut + 1) > 0)
    c.healed(c.proxy.heal(name))


def flapping(c):
    cut = c.proxy.start("flapping", isolate=c.agreed().name)
    time.sleep(4)
    # Split votes, and segments sent again while it is cut, may take longer.
    wait("write", lambda: c.writer.since(cut + 1), 30)
    c.story.say(f"   elections meanwhile: {len(c.elections(cut))}")
    c.story.check("writes went on", c.writer.since(cut + 1) > 0)
    c.story.figure("longest pause of the writer",
                   c.writer.pause(cut, time.time()))
    c.healed(c.proxy.heal("flapping"))


def jam(c):
    old = c.agreed()
    lose_leader(c, "jam", isolate=old.name)
    c.healed(c.proxy.heal("jam"))


def write_seconds(node, count=20):
    took = []
    for _ in range(count):
        begun = time.time()
        node.call("kv/put", {"key": b64("speed"), "value": b64("x")}, 5)
        took.append(time.time() - begun)
    return statistics.median(took)


def slow_link(c):
    """As with a slow disk: the answers of followers come late."""
    leader = c.agreed()
    before = write_seconds(leader)
    began = time.time()
    for node in c.nodes:
        who = [] if node is leader else [f"when.client={leader.name}"]
        c.proxy.command("fault", "add", f"to-{node.name}", "latency",
                        "latency=40ms", "stream=both", "name=slow", *who)
    during = write_seconds(leader)
    c.story.figure("a write before", before)
    c.story.figure("a write with 40 ms to and from every follower", during)
    c.story.check("a write takes a round trip more", during - before > 0.075,
                  (before, during))
    c.story.check("nobody else wants to lead", not c.elections(began),
                  c.elections(began))
    for node in c.nodes:
        c.proxy.command("fault", "remove", f"to-{node.name}", "slow")
    c.healed(time.time())


SCENES = [
    ("The leader is isolated", "isolate", isolate_leader),
    ("One way: what the leader sends is lost", "one-way", one_way),
    ("A ring: everybody sees a majority, no two the same", "ring",
     lambda c: shape(c, "ring")),
    ("A bridge: two halves, and one node that sees both", "bridge",
     lambda c: shape(c, "bridge")),
    ("A flapping link of the leader", "flapping", flapping),
    ("Slow links", "slow", slow_link),
    ("Jam and release: old messages arrive late, in order", "jam", jam),
]
START = Etcd
