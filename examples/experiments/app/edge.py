#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The edge: hands requests to the api.

    edge.py PORT API [--without WORD]…

    GET  /api/tables/N   repeated twice after exponential pauses; the last good
                         answer, marked, if the api fails; a breaker before it
    POST /api/rows       never repeated
    GET  /about          needs nobody
    GET  /health         does it live?"""

import argparse

import resilience
from service import Caller, Failed, address, serve

WITHIN = 2.0  # seconds: more than the api needs to give up


class Edge:
    def __init__(self, options):
        lacks = options.without
        self.api = Caller(address(options.api),
                          3600.0 if "timeout" in lacks else WITHIN)
        self.fallback = "fallback" not in lacks
        self.retry = resilience.Retry(attempts=1 if "retry" in lacks else
                                      resilience.ATTEMPTS)
        self.breaker = (resilience.NoBreaker() if "breaker" in lacks else
                        resilience.Breaker())
        self.bulkhead = (resilience.NoBreaker() if "bulkhead" in lacks else
                         resilience.Bulkhead())
        self.last = b"null"

    def ask(self, *call):
        return self.breaker.call(self.api.call, *call)

    def read(self, path, headers):
        try:
            status, marks, body = self.bulkhead.call(
                self.retry.call,
                lambda: self.ask("GET", path, None, headers), Failed)
        except (Failed, resilience.Open) as e:
            if not self.fallback:
                return getattr(e, "status", 503), {}, {"error": str(e)}
            return 200, {"X-Degraded": "last"}, self.last
        except resilience.Full:
            return 503, {}, {"error": "too many at once"}
        degraded = marks.get("X-Degraded")
        if degraded is None:
            self.last = body
        return status, {"X-Degraded": degraded} if degraded else {}, body

    def write(self, path, body, headers):
        try:
            status, _, body = self.bulkhead.call(
                lambda: self.ask("POST", path, body, headers))
        except (Failed, resilience.Open) as e:
            return getattr(e, "status", 503), {}, {"error": str(e)}
        except resilience.Full:
            return 503, {}, {"error": "too many at once"}
        return status, {}, body

    def routes(self, method, path, body, headers):
        if path == "/health":
            return 200, {}, {"status": "well"}
        if path == "/about":
            return 200, {}, {"name": "tables", "version": 2}
        if not path.startswith("/api/"):
            return 404, {}, {"error": "no such path"}
        if method == "POST":
            return self.write(path[4:], body, headers)
        return self.read(path[4:], headers)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("port", type=int)
    p.add_argument("api")
    p.add_argument("--without", action="append", default=[])
    options = p.parse_args()
    serve(options.port, Edge(options).routes)


main()
