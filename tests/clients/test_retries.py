# SPDX-License-Identifier: Apache-2.0
"""Libraries from npm that retry, and that do not."""

import unittest

from expect import (Between, Near, Verdict, doubling, no_retries, retries,
                    steady)
from libraries_base import Libraries, failing, lanes_as_tests, retrying


@lanes_as_tests
class Retries(Libraries):
    table = [
        retrying("retries", "fetch", *no_retries()),
        retrying("retries", "p-retry", *retries(3, **doubling(0.3))),
        retrying("retries", "p-retry 0", *no_retries()),
        retrying("retries", "async-retry", *retries(
            3, **doubling(0.2, first_s=Between(0.2, 0.45),
                          jitter=("equal", "bounded")))),
        retrying("retries", "axios-retry", *retries(3, shape="immediate")),
        retrying("retries", "axios-retry exponential", *retries(
            3, **doubling(0.3, jitter=("bounded", "none")))),
        retrying("retries", "axios", *no_retries()),
        retrying("retries", "got", *retries(
            2, first_s=Near(1), shape="increasing"), fault=failing(12)),
        # They are told to come back after a second.
        retrying("retries", "got told", *retries(2, first_s=Near(1)),
                 Verdict("retry_after", "abort"),
                 fault=failing(headers=["Retry-After: 1"])),
        retrying("retries", "p-retry told",
                 Verdict("retry_after", "abort", "ABSENT"),
                 fault=failing(headers=["Retry-After: 1"])),
        retrying("retries", "got 0", *no_retries()),
        retrying("retries", "ky", *retries(3, **doubling(0.3))),
        retrying("retries", "ky 0", *no_retries()),
        retrying("retries", "undici", *retries(3, **doubling(0.3))),
        retrying("retries", "undici 0", *no_retries()),
        retrying("retries", "cockatiel", *retries(
            3, shape="increasing", jitter=("equal", "full", "bounded"))),
        retrying("retries", "cockatiel exponential",
                 *retries(3, **doubling(0.3))),
        retrying("retries", "cockatiel constant", *retries(3, **steady(0.3))),
    ]


if __name__ == "__main__":
    unittest.main()
