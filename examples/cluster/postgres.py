# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL with two standbys, one of which must have a transaction before
it counts as done (`ANY 1`): what a cut between them delays, what it loses
(nothing), and how the old primary comes back after a failover."""

import glob
import os
import re
import select
import statistics
import subprocess
import time

from cluster import Cluster
from hosts import die_with_parent, find
from story import wait

NAMES = ["p1", "p2", "p3"]
PROGRAMS = ["psql"]

SETTINGS = """
listen_addresses = '{own}'
unix_socket_directories = ''
fsync = off
wal_log_hints = on
wal_keep_size = '256MB'
wal_sender_timeout = '3s'
wal_receiver_timeout = '3s'
wal_receiver_status_interval = '1s'
wal_retrieve_retry_interval = '500ms'
max_wal_senders = 6
synchronous_standby_names = '{standbys}'
"""


def tool(name):
    newest = sorted(glob.glob("/usr/lib/postgresql/*/bin"),
                    key=lambda path: float(path.split("/")[4]))
    return find(name, *newest[::-1])


class Node:
    def __init__(self, host):
        self.host, self.name = host, host.name
        self.data = os.path.join(host.dir, "data")

    def tool(self, name, *words, **options):
        return self.host.run(tool(name), *words, as_user=True, **options)

    def configure(self, primary=None):
        """Appends what differs from the defaults; the last word counts."""
        others = ", ".join(n for n in NAMES if n != self.name)
        text = SETTINGS.format(own=self.host.address,
                               standbys=f"ANY 1 ({others})")
        if primary:
            text += (f"primary_conninfo = 'host={primary.host.known_as} "
                     f"user=postgres application_name={self.name} "
                     "connect_timeout=2 sslmode=disable gssencmode=disable'\n")
        with open(os.path.join(self.data, "postgresql.conf"), "a",
                  encoding="ascii") as f:
            f.write(text)

    def create(self):
        self.tool("initdb", "-D", self.data, "-A", "trust", "-U", "postgres",
                  "--no-sync", "-E", "UTF8", "--locale=C")
        with open(os.path.join(self.data, "pg_hba.conf"), "a",
                  encoding="ascii") as f:
            f.write("host all all 10.77.0.0/16 trust\n"
                    "host replication all 10.77.0.0/16 trust\n")
        self.configure()

    def copy(self, primary):
        """Becomes a standby; the copy comes through faultwire."""
        self.tool("pg_basebackup", "-D", self.data, "-h",
                  primary.host.known_as, "-U", "postgres", "-c", "fast",
                  "--no-sync", env={**os.environ, "PGSSLMODE": "disable"})
        self.follow(primary)

    def follow(self, primary):
        self.configure(primary)
        with open(os.path.join(self.data, "standby.signal"), "w",
                  encoding="ascii"):
            pass

    def start(self):
        self.process = self.host.start(tool("postgres"), "-D", self.data,
                                       as_user=True)
        wait(f"answer of {self.name}", lambda: self.sql("select 1"), 40)

    def kill(self):
        """As when the power goes; its parts go with the postmaster."""
        self.tool("pg_ctl", "stop", "-D", self.data, "-m", "immediate")
        self.process.wait()

    def psql(self, *words):
        """The command and the environment of a client straight to this
        node."""
        return {"args": [tool("psql"), "-X", "-A", "-t", "-q", "-h",
                         self.host.address, "-U", "postgres", *words],
                "env": {**os.environ, "PGCONNECT_TIMEOUT": "2",
                        "PGSSLMODE": "disable", "PGGSSENCMODE": "disable"}}

    def sql(self, *texts, within=5):
        """One transaction for each text; None if it failed or took too
        long."""
        commands = [word for text in texts for word in ("-c", text)]
        try:
            done = subprocess.run(
                **self.psql(*commands), stdin=subprocess.DEVNULL,
                capture_output=True, text=True, check=False, timeout=within)
        except subprocess.TimeoutExpired:
            return None
        return done.stdout.strip() if done.returncode == 0 else None

    def numbers(self):
        found = self.sql("select n from ledger")
        return {int(n) for n in (found or "").split()}

    def standbys(self):
        """Who streams from here."""
        found = self.sql("select application_name from pg_stat_replication "
                         "where state = 'streaming'")
        return sorted((found or "").split())


class Session:
    """A client that stays: a write costs a round trip and no login, which
    may take a second where the machine is busy."""

    def __init__(self, node):
        self.node = node
        self.process = subprocess.Popen(
            **node.psql("-v", "ON_ERROR_STOP=1"), stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0,
            preexec_fn=die_with_parent)

    def sql(self, text, within):
        """True if it was done in time; else the session is of no more use."""
        try:
            self.process.stdin.write(f"{text};\n\\echo\n".encode())
        except BrokenPipeError:
            return False
        answer = self.process.stdout
        return bool(select.select([answer], [], [], within)[0] and
                    answer.readline())

    def close(self):
        self.process.kill()
        self.process.communicate()


class Postgres(Cluster):
    conf = "postgres.conf"
    session = None  # the writer's

    def nodes_on(self, hosts):
        return [Node(host) for host in hosts]

    def set_up(self):
        self.primary = self.nodes[0]
        begun = time.time()
        self.primary.create()
        self.primary.start()
        for node in self.nodes[1:]:
            node.copy(self.primary)
            node.start()
        _, at = wait("two standbys", lambda: self.streaming(2), 20)
        self.story.figure("a primary and two standbys that stream",
                          at - begun)
        self.primary.sql("create table ledger (n int primary key)")

    def write(self, number):
        if self.session is None:
            self.session = Session(self.primary)
        done = (self.session.node is self.primary and self.session.sql(
            f"insert into ledger values ({number})", within=1))
        if not done:
            self.session.close()
            self.session = None
        return done

    def streaming(self, count):
        return len(self.primary.standbys()) == count

    def healed(self, at):
        _, back = wait("two standbys", lambda: self.streaming(2))
        wanted = self.writer.numbers()
        _, caught_up = wait(
            "standby that has everything",
            lambda: all(wanted <= n.numbers() for n in self.nodes))
        self.story.figure("healed: two standbys stream after", back - at)
        self.story.figure("healed: every standby has every write after",
                          caught_up - at)
        self.story.check(f"all three have all of {len(wanted)} acknowledged "
                         "writes", True)

    def wait_write(self, since):
        wait("write", lambda: self.writer.since(since + 0.5))


def cut_standby(c):
    cut = c.proxy.start("standby")
    _, at = wait("notice", lambda: c.primary.standbys() == ["p3"])
    c.story.figure("cut noticed (wal_sender_timeout is 3 s)", at - cut)
    # Before the primary gave the other one up.
    c.story.check("writes went on by the other standby",
                  c.writer.since(cut + 0.5) > c.writer.since(at))
    c.wait_write(at)
    c.healed(c.proxy.heal("standby"))


def one_way(c):
    standby = c.nodes[1]
    cut = c.proxy.start("one-way")
    wait("write", lambda: c.writer.since(cut + 0.5))
    wanted = c.writer.numbers()
    _, at = wait("row on p2", lambda: wanted <= standby.numbers(), 10)
    said = c.primary.sql("select flush_lsn < pg_current_wal_lsn() from "
                         "pg_stat_replication where "
                         "application_name = 'p2'")
    c.story.check("p2 has what was written", True)
    c.story.check("the primary does not know it", said in ("t", ""), said)
    c.healed(c.proxy.heal("one-way"))


def flapping(c):
    cut = c.proxy.start("flapping")
    time.sleep(4)
    wait("write", lambda: c.writer.since(cut + 1), 30)
    c.story.check("writes went on", c.writer.since(cut + 1) > 0)
    c.healed(c.proxy.heal("flapping"))


def commit_seconds(c):
    """Within one session, so that connecting does not count."""
    said = c.primary.sql("\\timing", *["update speed set n = n + 1"] * 8,
                         within=10)
    return statistics.median(float(ms) / 1000 for ms in
                             re.findall(r"Time: ([\d.]+) ms", said))


def slow_link(c):
    """As with a slow disk: the standbys' word comes late."""
    c.primary.sql("create table speed (n int); insert into speed values (0)")
    before = commit_seconds(c)
    c.proxy.command("fault", "add", "to-p1", "latency", "latency=40ms",
                    "stream=both", "name=slow")
    during = commit_seconds(c)
    c.story.figure("a commit before", before)
    c.story.figure("a commit with 40 ms to and from both standbys", during)
    c.story.check("a commit takes a round trip more", during - before > 0.075,
                  (before, during))
    c.proxy.command("fault", "remove", "to-p1", "slow")
    c.healed(time.time())


def jam(c):
    """Shorter than the time-outs: nobody loses a connection."""
    workers = c.primary.sql("select pid from pg_stat_replication order by 1")
    jammed = c.proxy.start("jam")
    time.sleep(1.5)
    c.story.check("no write is acknowledged without a standby",
                  c.writer.since(jammed + 0.1) == 0)
    released = c.proxy.heal("jam")
    _, at = wait("write", lambda: c.writer.since(released))
    c.story.figure("released: the next write is acknowledged after",
                   at - released)
    c.healed(released)
    c.story.check("the same two sessions stream on", workers == c.primary.sql(
        "select pid from pg_stat_replication order by 1"))


def failover(c):
    """The primary is isolated and somebody decides to promote another."""
    old = c.primary
    cut = c.proxy.start("primary")
    time.sleep(1)
    said = old.sql("insert into ledger values (0)", within=2)
    c.story.check("the old primary, cut off, acknowledges nothing",
                  said is None, said)
    # Whoever has most of the log has everything that was acknowledged.
    new = max(c.nodes[1:], key=lambda n: int(n.sql(
        "select pg_wal_lsn_diff(pg_last_wal_receive_lsn(), '0/0')")))
    third = next(n for n in c.nodes[1:] if n is not new)
    c.story.command(f"pg_ctl promote    # {new.name}; {third.name} follows")
    new.tool("pg_ctl", "promote", "-D", new.data)
    third.configure(new)
    third.tool("pg_ctl", "reload", "-D", third.data)
    c.primary = new
    wait("write", lambda: c.writer.since(cut + 1), 30)
    c.story.figure("longest pause of the writer",
                   c.writer.pause(cut - 0.1, time.time()))
    healed = c.proxy.heal("primary")
    time.sleep(0.5)
    c.story.check("nobody follows the old primary any more",
                  old.standbys() == [], old.standbys())
    said = old.sql("insert into ledger values (-1)", within=2)
    c.story.check("it still acknowledges nothing", said is None, said)
    c.story.command(f"pg_rewind          # {old.name} follows {new.name}")
    old.kill()
    # Before its first checkpoint pg_rewind takes it for what it was.
    new.sql("checkpoint", within=20)
    old.tool("pg_rewind", "-D", old.data, "--no-sync", "--source-server",
             f"host={new.host.known_as} user=postgres dbname=postgres "
             "sslmode=disable gssencmode=disable")
    old.follow(new)
    old.start()
    c.healed(healed)
    c.story.check("one history: what only the old primary had is gone",
                  not {0, -1} & set().union(*(n.numbers() for n in c.nodes)),
                  "it came back")


SCENES = [
    ("A standby is cut off", "standby", cut_standby),
    ("One way: what a standby reports does not arrive", "one-way", one_way),
    ("A flapping link of a standby", "flapping", flapping),
    ("Slow links", "slow", slow_link),
    ("Jam and release", "jam", jam),
    ("The primary is isolated, a standby promoted", "failover", failover),
]
START = Postgres
