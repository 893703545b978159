#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the demo measures with.

probe.py ports N                   N free ports
probe.py wait PORT …               until all of them accept
probe.py http PORT PATH COUNT      one kept connection: median, 95th of times
probe.py effect JOURNAL FAULT      asked and achieved delays of a fault
probe.py errors LOG                what was wrong with the configuration
probe.py matrix FROM-TO=PORT …     who can call whom
probe.py traffic PORT PATH STOP    requests until the file STOP exists
probe.py ledger STOP PSQL …        inserts until STOP exists, over one session
"""

import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import time


def ports(count):
    held = [socket.socket() for _ in range(int(count))]
    for sock in held:
        sock.bind(("127.0.0.1", 0))
    print(*(sock.getsockname()[1] for sock in held))


def wait(*numbers):
    deadline = time.monotonic() + 30
    for port in numbers:
        while True:
            try:
                socket.create_connection(("127.0.0.1", int(port)), 1).close()
                break
            except OSError:
                if time.monotonic() > deadline:
                    sys.exit(f"nobody listens on port {port}")
                time.sleep(0.02)


def get(conn, path):
    start = time.perf_counter()
    conn.request("GET", path)
    reply = conn.getresponse()
    reply.read()
    return reply.status, (time.perf_counter() - start) * 1000


def connect(port, timeout):
    conn = http.client.HTTPConnection("127.0.0.1", int(port), timeout=timeout)
    conn.connect()
    conn.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return conn


def times(port, path, count):
    conn = connect(port, 30)
    for _ in range(3 if "health" in path else 0):
        get(conn, path)
    took = sorted(get(conn, path)[1] for _ in range(int(count)))
    print(f"median {statistics.median(took):8.2f} ms   "
          f"95th {took[int(0.95 * (len(took) - 1))]:8.2f} ms   "
          f"({count} requests)")


def effect(journal, fault):
    deadline = time.monotonic() + 5
    while True:
        with open(journal, encoding="utf-8") as f:
            lines = [json.loads(line) for line in f if line.endswith("}\n")]
        rows = [e for e in lines if e["type"] == "measure" and
                e.get("fault") == fault and e["count"] > 0]
        if rows or time.monotonic() > deadline:
            break
        time.sleep(0.1)
    count = sum(e["count"] for e in rows)
    if count == 0:
        sys.exit("the journal tells of no delay")
    asked = sum(e["asked_us"] * e["count"] for e in rows) / count / 1000
    got = sum(e["achieved_us"] * e["count"] for e in rows) / count / 1000
    worst = max(e["error_max_us"] for e in rows) / 1000
    print(f"{count} delays, asked {asked:.2f} ms, added {got:.2f} ms "
          f"on average, worst {worst:.2f} ms late")


def errors(log):
    with open(log, encoding="utf-8") as f:
        for e in map(json.loads, f):
            if e.get("event") == "config_error":
                print(f"    {os.path.basename(e['where'])}: {e['error']}")


def call(port):
    try:
        conn = connect(port, 0.7)
        return f"{get(conn, '/')[1]:.1f} ms"
    except TimeoutError:
        return "silence"
    except ConnectionRefusedError:
        return "refused"
    except (OSError, http.client.HTTPException):
        return "broken"


def matrix(*routes):
    to = {name: port for name, _, port in (r.partition("=") for r in routes)}
    names = list(dict.fromkeys(n for pair in to for n in pair.split("-")))
    print(f"{'':>14}" + "".join(f"{'→ ' + n:>12}" for n in names))
    for a in names:
        cells = [call(to[f"{a}-{b}"]) if a != b else "·" for b in names]
        print(f"{a:>14}" + "".join(f"{c:>12}" for c in cells))


def traffic(port, path, stop):
    done = failed = 0
    conn = None
    while not os.path.exists(stop):
        try:
            conn = conn or connect(port, 5)
            done += get(conn, path)[0] == 200
        except (OSError, http.client.HTTPException):
            failed, conn = failed + 1, None
        time.sleep(0.005)
    print(f"{done} requests served meanwhile, {failed} failed")


def ledger(stop, *psql):
    proc = subprocess.Popen([*psql, "-X", "-q", "-A", "-t"], text=True,
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    acknowledged, longest = 0, 0.0
    while not os.path.exists(stop):
        start = time.monotonic()
        proc.stdin.write(f"insert into ledger values ({acknowledged}) "
                         "returning n;\n")
        proc.stdin.flush()
        if proc.stdout.readline().strip() != str(acknowledged):
            print(f"the session broke after {acknowledged} rows")
            sys.exit(1)
        longest = max(longest, time.monotonic() - start)
        acknowledged += 1
        time.sleep(0.02)
    proc.stdin.close()
    proc.wait()
    print(f"{acknowledged} {longest:.2f}")


COMMANDS = {"ports": ports, "wait": wait, "http": times, "effect": effect,
            "errors": errors, "matrix": matrix, "traffic": traffic, "ledger": ledger}

if __name__ == "__main__":
    COMMANDS[sys.argv[1]](*sys.argv[2:])
