# SPDX-License-Identifier: Apache-2.0
"""The conditions that every fault takes, seen from outside: which flows are
hit, and which are not."""

import time
import unittest

from harness import (Scenario, Watch, ask, conf, exchange_both_ways, fault,
                     free_port, request, route, wait_until)


class Http(Scenario):
    """`abort` shows at once whether a fault acted."""

    def prepare(self, *faults, **fields):
        self.server = self.web()
        self.port, self.proxy, self.text = self.proxied(
            self.server.port, *faults, protocol="http", **fields)
        self.c = self.client(self.port)

    def hits(self, count, **options):
        """For so many requests: which ones were aborted."""
        return [ask(self.c, **options).status == 503 for _ in range(count)]

    def test_probability_hits_its_share(self):
        self.prepare(fault("abort", probability=0.3))
        share = sum(self.hits(400)) / 400
        self.assertTrue(0.2 < share < 0.4, share)

    def test_probability_may_be_written_as_a_percentage(self):
        self.prepare(fault("abort", probability="50%"))
        share = sum(self.hits(200)) / 200
        self.assertTrue(0.35 < share < 0.65, share)

    def test_probability_0_never_hits_and_1_always(self):
        self.prepare(fault("abort", probability=0))
        self.assertNotIn(True, self.hits(50))
        self.proxy.reload(self.text(fault("abort", probability=1)))
        self.assertNotIn(False, self.hits(50))

    def test_first_skip_and_every_count_flows(self):
        # What they ask for, and which of ten requests that is.
        for number, (fields, wanted) in enumerate((
                ({"first": 3}, {0, 1, 2}),
                ({"skip": 7}, {7, 8, 9}),
                ({"every": 3}, {0, 3, 6, 9}),
                ({"skip": 2, "first": 2}, {2, 3}),
                ({"skip": 1, "every": 4, "first": 2}, {1, 5}))):
            with self.subTest(**fields):
                # A name of its own: counting begins anew.
                armed = fault("abort", name=f"f{number}", **fields)
                if number == 0:
                    self.prepare(armed)
                else:
                    self.proxy.reload(self.text(armed))
                got = self.hits(10)
                self.assertEqual({i for i in range(10) if got[i]}, wanted)

    def test_counting_looks_only_at_flows_that_match(self):
        self.prepare(fault("abort", first=2, when={"path": "/x"}))
        self.assertEqual(self.hits(3, target="/y"), [False] * 3)
        self.assertEqual(self.hits(4, target="/x"),
                         [True, True, False, False])

    def test_counting_goes_on_over_a_reload_that_changes_nothing(self):
        armed = fault("abort", first=3)
        self.prepare(armed)
        self.assertEqual(self.hits(2), [True, True])
        self.proxy.reload(self.text(armed, fault("noop")))
        self.assertEqual(self.hits(2), [True, False])

    def test_for_ends_a_fault_by_itself(self):
        self.prepare(fault("abort", for_="600ms"))
        watch = Watch()
        self.assertEqual(self.hits(1), [True])
        wait_until(lambda: self.hits(1) == [False], what="the end")
        self.assert_took(watch.seconds(), 0.3, 10)
        self.proxy.wait_journal("its end", type="fault_cleared")

    def test_on_and_off_flap(self):
        self.prepare(fault("abort", on="150ms", off="150ms"))
        seen, watch = [], Watch()
        while watch.seconds() < 20 and len(seen) < 6:
            hit = self.hits(1)[0]
            if not seen or seen[-1] != hit:
                seen.append(hit)
            time.sleep(0.01)
        self.assertEqual(len(seen), 6, "it did not flap")
        self.assertGreater(watch.seconds(), 0.5)

    def test_max_active_bounds_how_many_are_hit_at_a_time(self):
        self.prepare(fault("hang", max_active=2))
        held = [self.client(self.port).send(request()) for _ in range(2)]
        for conn in held:
            conn.expect_silence(0.1)
        self.assertEqual(self.hits(5), [False] * 5)
        held[0].reset()
        wait_until(self.hangs, what="a free place")

    def hangs(self):
        conn = self.client(self.port).send(request())
        try:
            conn.recv(1, 0.2)
        except AssertionError:
            return True
        return False

    def test_a_client_that_gives_up_frees_its_place(self):
        self.prepare(fault("hang", max_active=1))
        held = self.client(self.port).send(request())
        held.expect_silence(0.1)
        self.assertFalse(self.hangs())
        held.close()
        wait_until(self.hangs, what="a free place")

    def test_a_fault_that_is_not_enabled_does_nothing(self):
        self.prepare(fault("abort", enabled=False))
        self.assertEqual(self.hits(3), [False] * 3)
        self.proxy.reload(self.text(fault("abort", enabled=True)))
        self.assertEqual(self.hits(3), [True] * 3)

    def test_when_looks_at_every_part_of_a_request(self):
        # A condition, a request that meets it, one that does not.
        cases = (
            ({"method": "POST"}, {"method": "POST"}, {"method": "PUT"}),
            ({"method": "!GET"}, {"method": "PUT"}, {"method": "GET"}),
            ({"path": "/orders/*"}, {"target": "/orders/7?x=1"},
             {"target": "/order/7"}),
            ({"path": "/a?c"}, {"target": "/abc"}, {"target": "/abbc"}),
            ({"path": "~^/v[12]/"}, {"target": "/v2/x"},
             {"target": "/v3/x"}),
            ({"path": "!/health"}, {"target": "/x"}, {"target": "/health"}),
            ({"host": "api.test"}, {"host": "API.test:8080"},
             {"host": "web.test"}),
            ({"host": "*.test"}, {"host": "a.b.test"}, {"host": "test"}),
            ({"query": "*debug=1*"}, {"target": "/?a=2&debug=1"},
             {"target": "/debug=1"}),
            ({"header": ["X-Tenant"]}, {"headers": ["x-tenant: 1"]}, {}),
            ({"header": ["X-Tenant: a*"]}, {"headers": ["x-tenant: ab"]},
             {"headers": ["x-tenant: ba"]}),
            ({"header": ["A: 1", "B: 2"]}, {"headers": ["A: 1", "B: 2"]},
             {"headers": ["A: 1", "B: 3"]}),
            ({"header": ["A: 2"]}, {"headers": ["A: 1", "A: 2"]},
             {"headers": ["A: 1", "A: 3"]}),
            ({"client": ["127.0.0.0/8"]}, {}, None),
            ({"client": ["10.0.0.0/8", "::1"]}, None, {}),
            ({"method": "POST", "path": "/x"},
             {"method": "POST", "target": "/x"},
             {"method": "POST", "target": "/y"}),
        )
        self.prepare()
        for when, meets, fails in cases:
            with self.subTest(when=when):
                self.proxy.reload(self.text(fault("abort", when=when)))
                if meets is not None:
                    self.assertEqual(self.hits(1, **meets), [True])
                if fails is not None:
                    self.assertEqual(self.hits(1, **fails), [False])

    def test_when_client_may_name_a_service(self):
        server = self.web()
        port = free_port()
        self.start(conf.text(
            [route("r", port, server.port,
                   fault("abort", when={"client": ["mobile"]}),
                   protocol="http")],
            services=[{"name": "mobile", "addresses": ["127.0.0.33"]}]))
        self.assertEqual(ask(self.client(port)).status, 200)
        self.assertEqual(
            ask(self.client(port, source="127.0.0.33")).status, 503)

    def test_conditions_of_several_faults_are_independent(self):
        self.prepare(fault("abort", status=500, when={"path": "/a"}),
                     fault("abort", name="b", status=501,
                           when={"path": "/b"}))
        got = [ask(self.c, target=t).status for t in ("/a", "/b", "/c")]
        self.assertEqual(got, [500, 501, 200])


class Tcp(Scenario):
    def test_a_draw_is_stable_whatever_the_neighbours_do(self):
        upstream = self.backend()
        coin = fault("latency", latency="60ms", probability=0.5)
        port, proxy, text = self.proxied(upstream.port, coin)
        pairs = [self.pair(port, upstream) for _ in range(8)]

        def slow():
            got = []
            for c, s in pairs:
                watch = Watch()
                s.send(b"x")
                c.recv(1)
                got.append(watch.seconds() >= 0.055)
            return got

        first = slow()
        self.assertEqual(set(first), {True, False})
        for neighbours in ((fault("noop", name="a"), coin),
                           (coin, fault("noop", name="z")), (coin,)):
            proxy.reload(text(*neighbours))
            self.assertEqual(slow(), first)

    def test_flows_may_be_picked_by_age(self):
        upstream = self.backend()
        port, proxy, text = self.proxied(upstream.port)
        old = self.pair(port, upstream)
        proxy.reload(text(fault("blackhole", acknowledge=True,
                                flows="existing")))
        new = self.pair(port, upstream)
        exchange_both_ways(*new, 1000)
        old[1].send(b"x")
        old[0].expect_silence(0.2)
        proxy.reload(text(fault("blackhole", name="other", acknowledge=True,
                                flows="new")))
        self.assertEqual(old[0].recv(1), b"x")
        exchange_both_ways(*old, 1000)
        exchange_both_ways(*new, 1000)
        newer = self.pair(port, upstream)
        newer[1].send(b"x")
        newer[0].expect_silence(0.2)

    def test_first_hits_the_first_connections_only(self):
        upstream = self.serving()
        port, _, _ = self.proxied(upstream.port,
                                  fault("limit_data", bytes=1, first=2))
        got = []
        for _ in range(4):
            c = self.client(port).send(b"ab")
            got.append(len(c.finish().recv_end()[0]))
        self.assertEqual(got, [1, 1, 2, 2])


if __name__ == "__main__":
    unittest.main()
