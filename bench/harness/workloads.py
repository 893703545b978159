# SPDX-License-Identifier: Apache-2.0
"""What is done to the peers, and what is counted.

A workload is a list of cases; a case belongs to a placement (where the peers
and the load run) and measures one peer once. The driver repeats a case in
rounds and alternates the peers within each round.
"""
import json
import os
import re
import shutil
import subprocess
import time
from dataclasses import dataclass, field
from typing import Callable

from harness.peers import Route, Running, Setting, bandwidth, latency
from harness.system import Failure

TCP_PEERS = ["direct", "haproxy", "haproxy-splice", "haproxy-64k", "nginx",
             "faultwire"]
WORKLOADS = {
    "pingpong": TCP_PEERS,
    "bulk": TCP_PEERS,
    "churn": ["direct", "haproxy", "nginx", "faultwire"],
    "http": ["direct", "haproxy-http", "nginx-http", "haproxy", "faultwire",
             "faultwire-http"],
    "http2": ["haproxy-http2", "nginx-http2", "faultwire-http2"],
    "active": ["direct", "haproxy", "faultwire", "faultwire-observed",
               "faultwire-20ms"],
    "idle": ["haproxy", "nginx", "haproxy-http", "nginx-http", "faultwire",
             "faultwire-http"],
    "latency": ["direct", "faultwire", "faultwire-precise"],
    "bandwidth": ["nginx", "faultwire"],
    "udp": ["direct", "relay", "nginx", "faultwire", "faultwire-observed"],
}
# Medians are divided by these peers' in the tables, round by round.
REFERENCES = {
    "pingpong": ["direct", "haproxy"],
    "bulk": ["direct", "haproxy", "haproxy-splice", "haproxy-64k"],
    "churn": ["direct", "haproxy"],
    "http": ["direct", "haproxy-http", "nginx-http"],
    "http2": ["haproxy-http2", "nginx-http2"],
    "active": ["haproxy", "faultwire"],
    "idle": [],
    "latency": [],
    "bandwidth": [],
    "udp": ["direct", "relay", "nginx"],
}
DELAYS_MS = [1, 5, 20, 100]
RATES_MB = [1, 10, 100]
WINDOW_MS = 10
PROBES, BUSY, TOGETHER = 8, 64, 64
SERVERS = ["echo", "sink", "source", "web", "reply"]


@dataclass
class Case:
    """One row group of the tables."""
    workload: str
    name: str
    unit: str
    placement: str  # one, free, split
    measure: Callable  # (Bench, Running) -> dict with "value"
    peers: list
    cpu_unit: str = ""  # what cpu_us is divided by; "": not shown
    key: dict = field(default_factory=dict)


class Bench:
    """What the measurements share: programs, CPUs, times, servers."""

    def __init__(self, options, stable):
        self.stable, self.fwbench = stable, options.fwbench
        self.quick, self.realtime = options.quick, options.realtime
        self.seconds = options.seconds
        cpus = sorted(os.sched_getaffinity(0))
        self.one_cpu = cpus[-1] if options.cpu is None else options.cpu
        self.other_cpu = next((c for c in cpus if c != self.one_cpu), None)
        self.threads = min(2, len(cpus))
        self.servers, self.server = {}, None
        self.datagrams, self.datagram_server = None, None

    def setting(self, placement):
        """Where a peer runs."""
        if placement == "free":
            return Setting(threads=self.threads)
        return Setting(cpus={self.one_cpu},
                       realtime=self.realtime and placement == "split")

    def load_cpus(self, placement):
        if placement == "one":
            return {self.one_cpu}
        if placement == "split" and self.other_cpu is not None:
            return {self.other_cpu}
        return None

    def serve(self, placement):
        """(Re)starts the servers behind the peers for a placement."""
        if self.server:
            self.stable.stop(self.server)
        if not self.servers:
            self.servers = {n: self.stable.ports.take() for n in SERVERS}
        command = [self.fwbench, "serve", "--seconds_ms", "3600000"]
        for name, port in self.servers.items():
            command += [f"--{name}", str(port)]
        self.server = self.stable.start(
            "serve", command, cpus=self.load_cpus(placement))
        self.server.wait_listening(self.servers.values())
        self.serve_datagrams(placement)

    def serve_datagrams(self, placement):
        """(Re)starts the server that sends datagrams back."""
        if self.datagram_server:
            self.stable.stop(self.datagram_server)
        if not self.datagrams:
            self.datagrams = self.stable.ports.take()
        self.datagram_server = self.stable.start(
            "udp_echo", [self.fwbench, "udp_echo", "--port",
                         str(self.datagrams), "--seconds_ms", "3600000"],
            cpus=self.load_cpus(placement))
        self.datagram_server.wait_listening([self.datagrams])

    def load(self, placement, mode, **options):
        """Runs the load generator and returns what it measured."""
        command = [self.fwbench, mode]
        for name, value in options.items():
            command += [f"--{name}", str(int(value))]
        process = self.stable.start("load", command, pipes=True,
                                    cpus=self.load_cpus(placement))
        try:
            out = process.child.communicate(timeout=180)[0]
            if process.child.returncode != 0:
                raise Failure(process.complaint())
            return json.loads(out)
        except subprocess.TimeoutExpired as error:
            raise Failure("the load took too long") from error
        finally:
            self.stable.stop(process)

    def timed(self, running, placement, mode, **options):
        """As load(), with the peer's CPU time. The time measured has a
        warm-up before it, which costs CPU alike: shared out by time."""
        warm_ms = 200 if self.quick else 300
        ms = int(self.seconds * 1000)
        before = running.cpu_s()
        result = self.load(placement, mode, warm_ms=warm_ms, seconds_ms=ms,
                           **options)
        result["cpu_s"] = (running.cpu_s() - before) * ms / (ms + warm_ms)
        return result

    def h2load(self, placement, port, conns, streams):
        """Runs h2load and returns what it measured."""
        warm = 0.2 if self.quick else 0.3
        command = ["h2load", "-D", f"{self.seconds * 1000:.0f}ms",
                   "--warm-up-time", f"{warm * 1000:.0f}ms",
                   "-c", str(conns), "-m", str(streams),
                   "-t", "1", f"http://127.0.0.1:{port}/"]
        process = self.stable.start("load", command, pipes=True,
                                    cpus=self.load_cpus(placement))
        try:
            out = process.child.communicate(timeout=180)[0]
        except subprocess.TimeoutExpired as error:
            raise Failure("the load took too long") from error
        finally:
            self.stable.stop(process)
        out = out if isinstance(out, str) else out.decode()
        done = re.search(r"status codes: (\d+) 2xx, (.*)", out)
        if not done or re.search(r"[1-9]\d* [345]xx", done.group(2)):
            raise Failure(f"h2load: {out[-300:]}")
        count = int(done.group(1))
        return {"count": count, "rate": count / self.seconds,
                "share": self.seconds / (self.seconds + warm)}

    def routes(self, workload):
        """The routes that the peers of a workload get."""
        routes = [Route(n, self.servers[n], http=n == "web") for n in SERVERS]
        if workload == "bandwidth":
            return [Route(f"rate{mb}", self.servers["source"],
                          rate=mb * 1000000, faults=bandwidth(mb * 1000000))
                    for mb in RATES_MB]
        if workload == "udp":
            return [Route("datagrams", self.datagrams, udp=True)]
        if workload == "latency":
            own = {n: self.stable.ports.take() for n in ("serve", "busy")}
            return [Route("base", own["serve"]), Route("busy", own["busy"])] \
                + [Route(f"late{ms}", own["serve"], faults=latency(f"{ms}ms"))
                   for ms in DELAYS_MS]
        return routes


def throughput(placement, mode, route, scale=1.0, **options):
    """A measurement of so many things per second."""
    def measure(bench, running):
        got = bench.timed(running, placement, mode,
                          port=running.ports[route], **options)
        count = got.get("count", got.get("bytes"))
        if not count:
            raise Failure("nothing came through")
        got["value"] = got["rate"] * scale
        per = got["cpu_s"] / count
        if running.process:
            got["cpu"] = per * 1e9 if "bytes" in got else per * 1e6
        return got
    return measure


def streams_of_http2(placement, conns, streams):
    """A measurement of requests per second on streams of HTTP/2."""
    def measure(bench, running):
        before = running.cpu_s()
        got = bench.h2load(placement, running.ports["web"], conns, streams)
        if not got["count"]:
            raise Failure("nothing came through")
        got["value"] = got["rate"]
        got["cpu"] = ((running.cpu_s() - before) * got["share"] /
                      got["count"] * 1e6)
        return got
    return measure


def add_latency(running, options, delay_ms, late_port=None):
    """The options of a probe for one delay."""
    by_name = {route.name: route for route in running.routes}
    ports = running.ports
    options.update(
        port=late_port or ports[f"late{delay_ms}"],
        serve=by_name["base"].upstream, base_port=ports["base"],
        gap_us=2000, base_gap_us=delay_ms * 1000 + 2000)
    if late_port:
        options.update(serve_late=late_port, late_us=delay_ms * 1000)
    if options.pop("is_busy"):
        options.update(serve_busy=by_name["busy"].upstream,
                       busy_port=ports["busy"], busy=BUSY)


def added_latency(delay_ms, busy=False, together=False):
    """A measurement of the error of the added latency, in µs: how much later
    than asked an answer of the server is at the client (value, p99_us,
    min_us); and beyond what the undelayed way takes (over_us)."""
    def measure(bench, running):
        late_port = None
        if running.process is None:
            late_port = bench.stable.ports.take()
        options = {"conns": TOGETHER if together else PROBES,
                   "warm_ms": 2 * delay_ms + 200, "is_busy": busy,
                   "seconds_ms": 1000 if bench.quick else 3000}
        add_latency(running, options, delay_ms, late_port)
        if together:
            options["together"] = 1
            options["base_gap_us"] = 50000
        before = running.cpu_s()
        got = bench.load("split", "probe", **options)
        got["cpu_s"] = running.cpu_s() - before
        if min(got["late"]["samples"], got["base"]["samples"]) < 10:
            raise Failure("too few samples")
        late, base = got["late"]["way"], got["base"]["way"]
        asked = delay_ms * 1000
        got["value"] = late["p50_us"] - asked
        got["p99_us"] = late["p99_us"] - asked
        got["min_us"] = late["min_us"] - asked
        got["base_us"] = base["p50_us"]
        got["over_us"] = got["value"] - base["p50_us"]
        return got
    return measure


def rate_error(rate_mb):
    """A measurement of a limited rate: error in %, and how even it is in
    windows of 10 ms."""
    def measure(bench, running):
        ms = 1000 if bench.quick else 5000
        got = bench.load("split", "bulk", port=running.ports[f"rate{rate_mb}"],
                         seconds_ms=ms, warm_ms=500, window_ms=WINDOW_MS)
        asked = rate_mb * 1e6
        windows = got.pop("windows")
        mean = sum(windows) / len(windows)
        if mean == 0:
            raise Failure("nothing came through")
        spread = (sum((w - mean) ** 2 for w in windows) / len(windows)) ** 0.5
        got["value"] = (got["rate"] / asked - 1) * 100
        got["spread"] = spread / mean
        got["empty"] = windows.count(0) / len(windows) * 100
        got["peak"] = max(windows) / (asked * WINDOW_MS / 1000)
        return got
    return measure


def memory_per_session(sessions, http):
    """A measurement of the peer's memory for each idle session, in KiB, in
    a process that was just started."""
    def hold(bench, port, count):
        return bench.stable.start(
            "idle", [bench.fwbench, "idle", "--port", str(port), "--conns",
                     str(count), "--http", str(int(http))], pipes=True)

    def wait_open(process):
        if not process.child.stdout.readline():
            raise Failure(process.complaint())

    def measure(bench, running):
        running.stop()
        running.start()
        port = running.ports["web" if http else "echo"]
        first = hold(bench, port, 10)
        wait_open(first)
        before = running.process.memory_kib()
        process = hold(bench, port, sessions)
        wait_open(process)
        time.sleep(0.2)
        during = running.process.memory_kib()
        process.child.communicate()
        bench.stable.stop(process)
        time.sleep(0.5 if bench.quick else 6)
        after = running.process.memory_kib()
        bench.stable.stop(first)
        return {"value": (during - before) / sessions, "before_kib": before,
                "during_kib": during,
                "kept": (after - before) / max(during - before, 1) * 100}
    return measure


def cases_of_throughput():
    """Round trips, bulk, churn, HTTP: how much a second."""
    rows = []

    def add(workload, name, unit, placement, measure, cpu_unit):
        rows.append(Case(workload, name, unit, placement, measure,
                         WORKLOADS[workload], cpu_unit))

    for placement, conns in (("one", 1), ("one", 64), ("free", 64)):
        add("pingpong", f"{conns} conn, 64 B", "rt/s", placement,
            throughput(placement, "pingpong", "echo", conns=conns, size=64),
            "µs/rt")
    for placement, streams, up in (("one", 1, 0), ("one", 32, 0),
                                   ("one", 1, 1), ("free", 1, 0),
                                   ("free", 32, 0)):
        add("bulk", f"{streams} stream {'up' if up else 'down'}", "GB/s",
            placement,
            throughput(placement, "bulk", "sink" if up else "source", 1e-9,
                       conns=streams, up=up), "s/GB")
    for placement in ("one", "free"):
        add("churn", "32 at once", "conn/s", placement,
            throughput(placement, "churn", "reply", conns=32), "µs/conn")
    for placement in ("one", "free"):
        add("http", "64 conn, 1 KiB", "req/s", placement,
            throughput(placement, "http", "web", conns=64), "µs/req")
    if shutil.which("h2load"):
        for placement in ("one", "free"):
            add("http2", "8 conn, 16 streams, 1 KiB", "req/s", placement,
                streams_of_http2(placement, 8, 16), "µs/req")
    return rows


def cases_of_datagrams():
    """Datagrams there and back: each passes the peer twice."""
    return [Case("udp", f"{conns} clients, {window} under way, 200 B", "rt/s",
                 placement,
                 throughput(placement, "udp", "datagrams", conns=conns,
                            window=window), WORKLOADS["udp"], "µs/rt")
            for placement in ("one", "free")
            for conns, window in ((64, 1), (8, 8))]


def cases_of_active():
    """A chain with a fault in it."""
    rows = []
    passing = [p for p in WORKLOADS["active"] if p != "faultwire-20ms"]
    delaying = [p for p in WORKLOADS["active"] if p != "faultwire-observed"]
    rows.append(Case("active", "64 conn, 64 B, latency 0", "rt/s", "one",
                     throughput("one", "pingpong", "echo", conns=64, size=64),
                     passing, "µs/rt"))
    rows.append(Case("active", "1 stream down, latency 0", "GB/s", "one",
                     throughput("one", "bulk", "source", 1e-9, conns=1),
                     passing, "s/GB"))
    for streams in (1, 8):
        rows.append(Case("active", f"{streams} stream down, 20 ms", "GB/s",
                         "one", throughput("one", "bulk", "source", 1e-9,
                                           conns=streams), delaying, "s/GB"))
    return rows


def cases_of_accuracy(quick):
    """Added latency, limited rate, memory."""
    rows = []
    for busy in (False, True):
        peers = [p for p in WORKLOADS["latency"]
                 if not (busy and p == "faultwire-precise")]
        for delay in DELAYS_MS:
            rows.append(Case(
                "latency", f"{delay} ms, {'beside 64 busy' if busy else 'quiet'}",
                "µs", "split", added_latency(delay, busy), peers))
    rows.append(Case("latency", "20 ms, 64 at once", "µs", "split",
                     added_latency(20, together=True),
                     ["direct", "faultwire"]))
    for rate in RATES_MB:
        rows.append(Case("bandwidth", f"{rate} MB/s", "%", "split",
                         rate_error(rate), WORKLOADS["bandwidth"]))
    for sessions in [1000] if quick else [1000, 5000, 9500]:
        for http in (False, True):
            peers = [p for p in WORKLOADS["idle"]
                     if p.endswith("-http") == http]
            rows.append(Case(
                "idle", f"{sessions} {'HTTP' if http else 'TCP'}", "KiB",
                "free", memory_per_session(sessions, http), peers))
    return rows


def all_cases(quick):
    """Every case there is, in the order of the report."""
    return cases_of_throughput() + cases_of_datagrams() + \
        cases_of_active() + cases_of_accuracy(quick)


def start_peers(bench, workload, peers, placement):
    """The peers of a workload, running; and why others could not start."""
    routes = bench.routes(workload)
    running, failed = {}, {}
    for peer in peers:
        wanted = routes
        if peer.name.endswith(("-http", "-http2")):
            wanted = [r for r in routes if r.name == "web"]
        try:
            running[peer.name] = Running(peer, bench.stable, wanted,
                                         bench.setting(placement))
        except Failure as error:
            failed[peer.name] = str(error)
    return running, failed
