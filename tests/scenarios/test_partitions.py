# SPDX-License-Identifier: Apache-2.0
"""Partitions between named services: who still reaches whom, what becomes of
open sessions, and that healing gives everything back."""

import unittest

from harness import (Scenario, conf, connect, echo, fault, free_port, route,
                     wait_until)

SHORT = 0.35  # seconds of silence that count as silence


def probe(port, source=None):
    """What a client sees of an echo service: "ok", "refused", "reset" or
    "silent"."""
    try:
        conn = connect(port, SHORT, source)
    except TimeoutError:
        return "silent"
    except ConnectionRefusedError:
        return "refused"
    try:
        conn.send(b"ping")
        return "ok" if conn.recv(4, SHORT) == b"ping" else "wrong"
    except ConnectionError:
        return "reset"
    except AssertionError as e:
        return "closed" if "FIN" in str(e) else "silent"
    finally:
        conn.close()


def cut(name="split", groups=(["a", "c"], ["b"]), **fields):
    made = {"name": name, **{k.rstrip("_"): v for k, v in fields.items()}}
    if groups is not None:
        made["groups"] = list(groups)
    return made


class ByRoute(Scenario):
    """Services a, b and c; a route for every pair that somebody dials."""

    def prepare(self, *partitions):
        self.server = {n: self.backend() for n in "abc"}
        self.ports = {}
        for pair in ("ab", "ba", "ac", "bc"):
            self.ports[pair] = free_port()
        self.proxy = self.start(self.text(*partitions))

    def text(self, *partitions):
        return conf.text(
            [route(p, port, self.server[p[1]].port, from_=p[0], to=p[1])
             for p, port in self.ports.items()],
            services=[{"name": n} for n in "abc"],
            partitions=list(partitions))

    def session(self, pair):
        return self.pair(self.ports[pair], self.server[pair[1]])

    def set(self, *partitions):
        self.proxy.reload(self.text(*partitions))

    def flows(self, session):
        c, s = session
        c.send(b"up")
        self.assertEqual(s.recv(2), b"up")
        s.send(b"down")
        self.assertEqual(c.recv(4), b"down")

    def blocked(self, pair):
        """A new connection gets nowhere and is told nothing."""
        self.assertEqual(probe(self.ports[pair]), "silent")

    def open(self, pair):
        self.flows(self.session(pair))

    def test_drop_freezes_sessions_and_heals_without_losing_a_byte(self):
        self.prepare()
        ab, ac = self.session("ab"), self.session("ac")
        self.flows(ab)
        self.set(cut(mode="drop"))
        ab[0].send(b"one")
        ab[1].send(b"two")
        ab[0].expect_silence(SHORT)
        ab[1].expect_silence(SHORT)
        self.blocked("ab")
        self.blocked("ba")
        self.flows(ac)
        self.open("ac")
        self.set()
        self.assertEqual(ab[1].recv(3), b"one")
        self.assertEqual(ab[0].recv(3), b"two")
        self.flows(ab)

    def test_reject_refuses_and_resets(self):
        self.prepare()
        ab, ac = self.session("ab"), self.session("ac")
        self.set(cut(mode="reject"))
        self.assertEqual(ab[0].recv_end()[1], "rst")
        self.assertEqual(ab[1].recv_end()[1], "rst")
        self.assertIn(probe(self.ports["ab"]), ("refused", "reset"))
        self.flows(ac)
        self.set()
        wait_until(lambda: self.connects("ab"), what="an open port")
        self.server["b"].drop_waiting()
        self.open("ab")

    def connects(self, pair):
        try:
            connect(self.ports[pair], 5).close()
        except OSError:
            return False
        return True

    def test_jam_holds_and_releases_in_order(self):
        self.prepare()
        ab = self.session("ab")
        self.set(cut(mode="jam"))
        for n in range(50):
            ab[0].send(b"%04d" % n)
        ab[1].expect_silence(SHORT)
        self.set()
        self.assertEqual(ab[1].recv(200),
                         b"".join(b"%04d" % n for n in range(50)))
        self.flows(ab)

    def test_one_way_by_packets(self):
        self.prepare()
        ab, ba = self.session("ab"), self.session("ba")
        self.set(cut(direction="a->b"))
        ab[1].send(b"still arrives")
        self.assertEqual(ab[0].recv(13), b"still arrives")
        ab[0].send(b"lost")
        ab[1].expect_silence(SHORT)
        # On ba, b dials: what b sends passes, a's answers do not.
        ba[0].send(b"question")
        self.assertEqual(ba[1].recv(8), b"question")
        ba[1].send(b"answer")
        ba[0].expect_silence(SHORT)
        self.set()
        self.assertEqual(ab[1].recv(4), b"lost")
        self.assertEqual(ba[0].recv(6), b"answer")

    def test_one_way_by_who_dials(self):
        self.prepare()
        ba = self.session("ba")
        self.set(cut(dial="a->b"))
        self.blocked("ab")
        self.flows(ba)
        self.open("ba")
        self.set()
        self.server["b"].drop_waiting()
        self.open("ab")

    def test_existing_sessions_may_be_kept(self):
        self.prepare()
        ab = self.session("ab")
        self.set(cut(existing="keep"))
        self.flows(ab)
        self.blocked("ab")

    def test_existing_sessions_may_be_reset_and_new_ones_dropped(self):
        self.prepare()
        ab = self.session("ab")
        self.set(cut(mode="drop", existing="reset"))
        self.assertEqual(ab[0].recv_end()[1], "rst")
        self.blocked("ab")

    def test_existing_sessions_may_freeze_while_new_ones_are_rejected(self):
        self.prepare()
        ab = self.session("ab")
        self.set(cut(mode="reject", existing="freeze"))
        ab[0].send(b"x")
        ab[1].expect_silence(SHORT)
        self.assertIn(probe(self.ports["ab"]), ("refused", "reset"))
        self.set()
        self.assertEqual(ab[1].recv(1), b"x")

    def test_services_in_no_group_form_one_more(self):
        self.prepare()
        self.set(cut(groups=(["c"],)))
        self.blocked("ac")
        self.blocked("bc")
        self.open("ab")

    def test_a_partition_that_is_not_enabled_waits(self):
        self.prepare(cut(enabled=False))
        self.open("ab")
        self.set(cut(enabled=True))
        self.blocked("ab")

    def test_a_partition_heals_by_itself_after_its_time(self):
        self.prepare()
        ab = self.session("ab")
        self.set(cut(for_="700ms"))
        ab[0].send(b"late")
        ab[1].expect_silence(0.2)
        self.assertEqual(ab[1].recv(4), b"late")
        self.proxy.wait_journal("the end", type="partition_down")

    def test_isolate_cuts_one_service_off(self):
        self.prepare()
        self.set(cut(groups=None, shape="isolate", isolate="c"))
        self.blocked("ac")
        self.blocked("bc")
        self.open("ab")

    def test_a_bridge_leaves_one_service_that_sees_both_halves(self):
        self.prepare()
        self.set(cut(groups=None, shape="bridge", mode="reject"))
        outcomes = {}
        for pair in ("ab", "ac", "bc"):
            try:
                connect(self.ports[pair], SHORT).expect_silence(0.1)
                outcomes[pair] = "ok"
            except (OSError, AssertionError):
                outcomes[pair] = "cut"
        # Of three, one is the bridge: just the other two are parted.
        self.assertEqual(sorted(outcomes.values()), ["cut", "ok", "ok"])

    def cut_pairs(self):
        """Which pairs are refused under a cut that rejects."""
        return {pair for pair, port in self.ports.items()
                if probe(port) in ("refused", "reset")}

    def test_halves_part_a_minority_from_the_rest(self):
        self.prepare()
        self.set(cut(groups=None, shape="halves", mode="reject"))
        # Of three services one stands alone: two of three links are cut.
        parted = {frozenset(pair) for pair in self.cut_pairs()}
        self.assertEqual(len(parted), 2)
        self.set()
        self.assertEqual(self.cut_pairs(), set())

    def test_a_ring_leaves_everybody_a_majority(self):
        names = "abcde"
        upstream = self.serving(echo)
        pairs = [a + b for a in names for b in names if a != b]
        ports = {pair: free_port() for pair in pairs}
        proxy = self.start(conf.text(
            [route(p, port, upstream.port, from_=p[0], to=p[1])
             for p, port in ports.items()],
            services=[{"name": n} for n in names],
            partitions=[cut(groups=None, shape="ring", mode="reject")]))
        sees = {n: {n} for n in names}
        for pair, port in ports.items():
            if probe(port) == "ok":
                sees[pair[0]].add(pair[1])
        for name in names:
            self.assertEqual(len(sees[name]), 3, sees)
        self.assertEqual(len(set(map(frozenset, sees.values()))), 5, sees)
        proxy.check_alive()

    def test_two_partitions_at_once_both_count(self):
        self.prepare()
        self.set(cut("one", (["a"], ["b", "c"]), existing="keep"),
                 cut("two", (["b"], ["a", "c"]), existing="keep"))
        for pair in ("ab", "ac", "bc"):
            self.blocked(pair)
        self.set(cut("two", (["b"], ["a", "c"]), existing="keep"))
        self.server["c"].drop_waiting()
        self.open("ac")
        self.blocked("bc")

    def test_the_journal_tells_when_a_partition_came_and_went(self):
        self.prepare()
        self.set(cut())
        self.proxy.wait_journal("the cut", type="partition_up")
        self.set()
        self.proxy.wait_journal("the healing", type="partition_down")


class ByAddress(Scenario):
    """One listener serves many peers, told apart by where they come from."""

    def prepare(self, protocol="tcp"):
        self.upstream = self.web() if protocol == "http" else self.serving(
            echo)
        self.port, self.protocol = free_port(), protocol
        self.proxy = self.start(self.text())

    def text(self, *partitions, faults=()):
        return conf.text(
            [route("db", self.port, self.upstream.port, *faults, to="db",
                   protocol=self.protocol)],
            services=[{"name": "a", "addresses": ["127.0.0.11"]},
                      {"name": "b", "addresses": ["127.0.0.16/29"]},
                      {"name": "db"}],
            partitions=list(partitions))

    def seen(self):
        return [probe(self.port, source)
                for source in ("127.0.0.11", "127.0.0.17", "127.0.0.99")]

    def test_only_the_parted_client_is_cut_off(self):
        self.prepare()
        self.assertEqual(self.seen(), ["ok", "ok", "ok"])
        self.proxy.reload(self.text(cut(groups=(["a"], ["b", "db"]))))
        self.assertEqual(self.seen(), ["silent", "ok", "ok"])
        self.proxy.reload(self.text(cut(groups=(["b"], ["a", "db"]),
                                        mode="reject")))
        self.assertEqual(self.seen()[0], "ok")
        self.assertIn(self.seen()[1], ("refused", "reset"))
        self.proxy.reload(self.text())
        self.assertEqual(self.seen(), ["ok", "ok", "ok"])

    def test_open_sessions_of_the_parted_client_freeze_and_thaw(self):
        self.prepare()
        a = self.client(self.port, source="127.0.0.11").send(b"1")
        b = self.client(self.port, source="127.0.0.17").send(b"1")
        a.recv(1), b.recv(1)
        self.proxy.reload(self.text(cut(groups=(["a"], ["b", "db"]))))
        a.send(b"x")
        b.send(b"x")
        self.assertEqual(b.recv(1), b"x")
        a.expect_silence(SHORT)
        self.proxy.reload(self.text())
        self.assertEqual(a.recv(1), b"x")

    def test_partitions_hold_on_http_routes_too(self):
        self.prepare("http")
        ask = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
        a = self.client(self.port, source="127.0.0.11").send(ask)
        a.recv_until(b"\r\n\r\n")
        self.proxy.reload(self.text(cut(groups=(["a"], ["b", "db"]))))
        a.send(ask)
        a.expect_silence(SHORT)
        b = self.client(self.port, source="127.0.0.17").send(ask)
        b.recv_until(b"\r\n\r\n")
        self.proxy.reload(self.text())
        a.recv_until(b"\r\n\r\n")

    def test_healing_touches_nothing_but_the_partition(self):
        self.prepare()
        slow = fault("latency", latency="50ms")
        self.proxy.reload(self.text(cut(groups=(["a"], ["b", "db"])),
                                    faults=[slow]))
        self.proxy.reload(self.text(faults=[slow]))
        self.assertEqual(self.seen(), ["ok", "ok", "ok"])
        self.assertTrue(any(e.get("kind") == "latency" for e in
                            self.proxy.wait_journal("a decision",
                                                    type="decision")))


if __name__ == "__main__":
    unittest.main()
