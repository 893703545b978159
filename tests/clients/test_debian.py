# SPDX-License-Identifier: Apache-2.0
"""Libraries and programs from Debian."""

import unittest

from expect import (Near, Verdict, Within, breaks, doubling, gives_up, no_breaker,
                    no_retries, retries, steady, waits)
from libraries_base import (Libraries, breaking, failing, lanes_as_tests,
                            retrying, waiting)


@lanes_as_tests
class Debian(Libraries):
    table = [
        retrying("debian", "urllib3", *retries(
            4, first="immediate", **doubling(0.4)), fault=failing(12)),
        retrying("debian", "urllib3 without", *no_retries()),
        retrying("debian", "requests", *no_retries()),
        retrying("debian", "tenacity fixed", *retries(3, **steady(0.3))),
        retrying("debian", "tenacity incrementing", *retries(
            3, shape="linear", first_s=Near(0.3), step_s=Near(0.3))),
        retrying("debian", "tenacity random", *retries(
            3, shape="increasing", jitter=("full", "equal"))),
        retrying("debian", "backoff", *retries(3, **doubling(0.3))),
        retrying("debian", "curl retry", *retries(2, **steady(1))),
        retrying("debian", "wget tries", *retries(
            2, first_s=Near(1), shape="increasing"), fault=failing(14)),
        waiting("debian", "requests without", *waits()),
        waiting("debian", "requests timeout", *gives_up(1, "idle")),
        waiting("debian", "httpx", *gives_up(1, "idle")),
        waiting("debian", "aiohttp total", *gives_up(1, "total")),
        waiting("debian", "aiohttp read", *gives_up(1, "idle")),
        waiting("debian", "curl max-time", *gives_up(1, "total")),
        waiting("debian", "curl speed", *gives_up(2, "low_speed", more=0.6),
                drips=(4, 20)),
        waiting("debian", "wget timeout", *gives_up(1, "idle")),
        breaking("debian", "circuitbreaker", *breaks(
            2, threshold=Within(5, 0), probes=Within(1, 0))),
        breaking("debian", "plain", no_breaker(), *no_retries()),
    ]


if __name__ == "__main__":
    unittest.main()
