#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The api: tables in PostgreSQL, remembered by Redis.

    api.py PORT DB[,DB]… CACHE [--without WORD]…

    GET  /tables/N    one table; a remembered one, marked, if the database fails
    POST /rows        {"id": …}: written in a transaction
    GET  /rows/ids    what is stored, one id a line
    GET  /health      does it live?

Of several databases the first is the one; the others serve while it fails."""

import argparse
import json

import resilience
import wire
from service import address, serve

WITHIN = 1.0     # seconds for a statement
CACHE_WITHIN = 0.2


class Api:
    def __init__(self, options):
        lacks = options.without
        cache = address(options.cache)
        within = 3600.0 if "timeout" in lacks else WITHIN
        self.fallback = "fallback" not in lacks
        self.breaker = (resilience.NoBreaker() if "breaker" in lacks else
                        resilience.Breaker())
        self.databases = resilience.Failover([
            resilience.Pool(lambda at=address(db): wire.Postgres(at, within),
                            backoff=False)  # that is the breaker's part
            for db in options.db.split(",")])
        self.cache = resilience.Pool(lambda: wire.Redis(cache, CACHE_WITHIN),
                                     backoff="backoff" not in lacks)
        self.known = {}

    def query(self, *statements, repeat=True):
        """All on one connection; the last one's rows."""
        def act(line):
            rows = None
            for sql in statements:
                rows = line.ask(sql)
            return rows
        return self.breaker.call(self.databases.use, act, repeat)

    def remembered(self, key):
        try:
            return self.cache.use(lambda line: line.ask("GET", key))
        except OSError:
            return None

    def remember(self, key, value):
        try:
            self.cache.use(lambda line: line.ask("SET", key, value, "EX", 1))
        except OSError:
            pass

    def table(self, n):
        key = f"table:{n}"
        item = self.remembered(key)
        if item is not None:
            return 200, {}, {"n": n, "item": item.decode()}
        try:
            # The comment carries the request's number to whom it may concern.
            rows = self.query(f"select item from tables where n = {n % 100} "
                              f"/* table {n} */")
        except (OSError, resilience.Open) as e:
            if not self.fallback:
                return 503, {}, {"error": f"no database: {e}"}
            return (200, {"X-Degraded": "stale"},
                    {"n": n, "stale": True, "item": self.known.get(n % 100)})
        item = rows[0][0]
        self.known[n % 100] = item
        self.remember(key, item)
        return 200, {}, {"n": n, "item": item}

    def write(self, body):
        try:
            row = wire.quote(str(json.loads(body)["id"]))
        except (ValueError, KeyError, TypeError):
            return 400, {}, {"error": "expected {\"id\": …}"}
        try:
            self.query("begin", f"insert into rows values ({row})", "commit",
                       repeat=False)
        except (OSError, resilience.Open) as e:
            return 503, {}, {"error": f"not written, or not known: {e}"}
        return 201, {}, {"written": True}

    def ids(self):
        rows = [row for pool in self.databases.pools for row in
                pool.use(lambda line: line.ask("select id from rows"))]
        return 200, {}, "".join(f"{r[0]}\n" for r in rows).encode()

    def routes(self, method, path, body, _headers):
        if path == "/health":
            return 200, {}, {"status": "well"}
        if method == "GET" and path.startswith("/tables/") and \
                path[8:].isdigit():
            return self.table(int(path[8:]))
        if method == "POST" and path == "/rows":
            return self.write(body)
        if method == "GET" and path == "/rows/ids":
            return self.ids()
        return 404, {}, {"error": "no such path"}


def main():
    p = argparse.ArgumentParser()
    p.add_argument("port", type=int)
    p.add_argument("db")
    p.add_argument("cache")
    p.add_argument("--without", action="append", default=[])
    options = p.parse_args()
    serve(options.port, Api(options).routes)


main()
