# SPDX-License-Identifier: Apache-2.0
"""Breakers, fallbacks and bulkheads from npm, and services without."""

import unittest

from expect import Near, Verdict, Within, breaks, no_breaker, no_retries
from libraries_base import Libraries, breaking, failing, lanes_as_tests
from lanes import Fault


@lanes_as_tests
class Breakers(Libraries):
    table = [
        breaking("breakers", "plain", no_breaker(), *no_retries(),
                 Verdict("fallback", "abort", "ABSENT"), fault=failing(32),
                 rate=12),
        breaking("breakers", "opossum", *breaks(2, probes=Within(1, 0))),
        breaking("breakers", "cockatiel consecutive", *breaks(
            2, threshold=Within(5, 0), probes=Within(1, 0))),
        breaking("breakers", "cockatiel sampling", *breaks(2, probes=Within(1, 0))),
        breaking("breakers", "brakes", *breaks(2)),
        breaking("breakers", "cockatiel fallback", no_breaker(), Verdict(
            "fallback", "abort", **{"class": "degraded_graceful"})),
        breaking("breakers", "opossum timeout", Verdict(
            "leaked_calls", "hang", abandoned_after_s=Near(1)),
            rate=4, fault=Fault("hang", 6)),
        breaking("breakers", "cockatiel bulkhead", Verdict(
            "bulkhead", "latency", limit=8, excess="rejected"), Verdict(
            "breaker", "latency", "INCONCLUSIVE"),
            fault=Fault("latency", 8, latency="600ms"), rate=30),
    ]


if __name__ == "__main__":
    unittest.main()
