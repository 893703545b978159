# SPDX-License-Identifier: Apache-2.0
"""Clients of Redis from npm that come back after their connection was cut,
and one that does not."""

import unittest

from expect import Between, Near, Verdict
from libraries_base import Libraries, coming_back, lanes_as_tests


@lanes_as_tests
class Reconnects(Libraries):
    table = [
        coming_back("ioredis", Verdict(
            "reconnect", "down", shape="increasing",
            first_s=Between(0.05, 0.35))),
        coming_back("ioredis linear", Verdict(
            "reconnect", "down", shape="linear",
            first_s=Near(0.05, slack=0.02),
            step_s=Near(0.05, slack=0.02))),
        coming_back("ioredis slow", Verdict(
            "reconnect", "down", shape="linear", first_s=Near(0.3),
            step_s=Near(0.3))),
        coming_back("ioredis never", Verdict(
            "reconnect", "down", ("ABSENT", "INCONCLUSIVE"))),
        # 50 ms doubled each time, and up to 200 ms of chance.
        coming_back("redis", Verdict(
            "reconnect", "down", shape=("increasing", "exponential"),
            first_s=Between(0.05, 0.35))),
    ]


if __name__ == "__main__":
    unittest.main()
