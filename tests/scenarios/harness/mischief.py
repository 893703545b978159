# SPDX-License-Identifier: Apache-2.0
"""Faults to pick from at random, by what they do to traffic."""

from .conf import fault

# What delays, holds and splits, and loses nothing.
HARMLESS = (
    fault("latency", latency="3ms", jitter="3ms", stream="both"),
    fault("latency", latency="20ms", distribution="normal", jitter="5ms",
          probability=0.5),
    fault("slicer", average_size=300, size_variation=200),
    fault("slicer", average_size=50, stream="upstream"),
    fault("bandwidth", rate="3MB/s", stream="both"),
    fault("bandwidth", rate="8MB/s", shared=True),
    fault("loss", rate="1%", burst=2, rtt="2ms", rto="5ms"),
    fault("loss", rate="3%", variant="segments"),
    fault("blackhole"),
    fault("blackhole", acknowledge=True, stream="upstream"),
    fault("blackhole", stream="both", on="30ms", off="80ms"),
    fault("connect_delay", delay="10ms"),
    fault("conn_limit", max=3, how="queue"),
    fault("connect_timeout", probability=0.3),
    fault("slow_close", delay="10ms", stream="both"),
    fault("noop", every=2),
)
HTTP_HARMLESS = (
    fault("drip", pieces=4, duration="20ms"),
    fault("hang", probability=0.5), fault("hang", after=True),
    fault("headers", add=["X-Added: 1"]),
)
HARMFUL = (
    fault("reset_peer", probability=0.5),
    fault("reset_peer", timeout="5ms", at="open"),
    fault("down", on="10ms", off="30ms"), fault("refuse", probability=0.5),
    fault("cut", bytes=500, how="rst", probability=0.5),
    fault("cut", bytes=100, how="silent", probability=0.1),
    fault("limit_data", bytes=1000, stream="upstream", probability=0.5),
    fault("timeout", timeout="10ms", probability=0.5),
    fault("lifetime", duration="15ms", jitter="10ms"),
    fault("half_open", after="20ms", probability=0.2),
    fault("half_open", after="20ms", variant="vanish", probability=0.2),
    fault("corrupt", rate="1%"), fault("conn_limit", max=2),
    fault("blackhole", held="drop"), fault("refuse", on="10ms", off="40ms"),
)
HTTP_HARMFUL = (
    fault("abort", probability=0.5),
    fault("abort", after=True, probability=0.5),
    fault("malform", flaw="bad_chunk", probability=0.3),
    fault("malform", flaw="empty", how="rst", probability=0.3),
    fault("body", replace="other", probability=0.3),
    fault("body", from_="a", to="bcd", probability=0.3),
    fault("rate_limit", rate=100, burst=5),
)
CUTS = (
    {"name": "p", "groups": [["a"], ["b"]], "mode": "drop"},
    {"name": "p", "groups": [["a"], ["b"]], "mode": "jam"},
    {"name": "p", "groups": [["a"], ["b"]], "direction": "a->b"},
    {"name": "p", "groups": [["a"], ["b"]], "direction": "b->a"},
)
