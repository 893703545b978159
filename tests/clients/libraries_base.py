# SPDX-License-Identifier: Apache-2.0
"""Tests of client libraries: a table of lanes, each of which is a test. All of
a table run beside each other."""

import unittest

from expect import Undecided
from harness.peers import redis
from lanes import Backend, Fault, Lane, Lanes


def failing(seconds=10, **params):
    return Fault("abort", seconds, status=503, **params)


def retrying(program, client, *verdicts, rate=5, fault=None):
    """Its rate gives 35 requests before the fault, which tell that requests
    do not repeat by themselves, and 50 chains of retries in it. More would
    keep a small machine so busy that pauses stray."""
    return Lane(program, client, rate, fault or failing()), verdicts


def waiting(program, client, *verdicts, rate=4, drips=(4,)):
    """`drips`: seconds that a thousand bytes take, one after the other."""
    return Lane(program, client, rate, Fault("hang", 5), *[
        Fault("drip", 5, pieces=3 * seconds, duration=f"{seconds}s")
        for seconds in drips]), verdicts


def breaking(program, client, *verdicts, rate=20, fault=None):
    return Lane(program, client, rate, fault or failing(12),
                edge=True), verdicts


def coming_back(client, *verdicts):
    """Five outages."""
    return Lane("reconnects", client, 0,
                *[Fault("down", 4, 1.5) for _ in range(5)]), verdicts


class Peers:
    """What a server of the harness takes for a test, for a whole class."""

    def __init__(self, cls):
        self.addCleanup = cls.addClassCleanup

    @staticmethod
    def skipTest(why):
        raise unittest.SkipTest(why)


class Libraries(unittest.TestCase):
    table = []

    @classmethod
    def setUpClass(cls):
        lanes = [lane for lane, _ in cls.table]
        backend = Backend()
        cls.addClassCleanup(backend.server_close)
        cls.addClassCleanup(backend.shutdown)
        backends = {"http": backend.server_address[1]}
        if any(lane.program == "reconnects" for lane in lanes):
            backends["tcp"] = redis(Peers(cls)).port
        cls.lanes = Lanes(lanes, backends)

    def look_at(self, lane, verdicts):
        if lane.missing:
            self.skipTest(lane.missing)
        wrong, undecided = [], []
        for want in verdicts:
            found = self.lanes.found.get((lane.route, want.mech, want.fault))
            try:
                wrong += want.check(found)
            except Undecided as e:
                undecided.append(str(e))
        self.assertEqual(wrong, [])
        if undecided:
            self.skipTest("undecided: " + "; ".join(undecided))


def lanes_as_tests(cls):
    """Gives the class a test for every lane of its table."""
    for lane, verdicts in cls.table:
        def test(self, lane=lane, verdicts=verdicts):
            self.look_at(lane, verdicts)
        words = f"{lane.program}_{lane.client}"
        setattr(cls, "test_" + words.replace(" ", "_"), test)
    return cls
