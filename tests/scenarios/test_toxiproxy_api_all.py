# SPDX-License-Identifier: Apache-2.0
"""Toxiproxy's API: the calls about all proxies at once, populate and reset."""

import json

from harness import ToxScenario, connect_outcome, echo, free_port, port_of


class Populate(ToxScenario):
    def populate(self, proxies, status=201):
        reply = self.api.post("/populate", proxies)
        self.assert_json(reply, status)
        return reply.json()

    def entry(self, name, **fields):
        return {"name": name, "listen": f"127.0.0.1:{free_port()}",
                "upstream": self.serving(echo).address, **fields}

    def refused(self, body, status, text, proxies=None):
        """Errors are application/json here."""
        reply = self.api.post("/populate", body)
        self.assertEqual(reply.status, status, reply)
        self.assertEqual(reply.type, "application/json")
        self.assertFalse(reply.body.endswith(b"\n"))
        self.assert_request_id(reply)
        said = reply.json()
        self.assertEqual(list(said), ["error", "status", "proxies"])
        self.assertEqual(said["status"], status)
        if text is not None:
            self.assertEqual(said["error"], text)
        else:
            self.assertRegex(said["error"], "^bad request body: .")
        self.assertEqual(said["proxies"], proxies)

    def test_the_answer_holds_only_proxies_in_the_order_asked(self):
        entries = [self.entry(name) for name in ("z", "a", "m")]
        reply = self.api.post("/populate", entries)
        made = [{**e, "enabled": True, "toxics": []} for e in entries]
        self.assertEqual(reply.status, 201)
        self.assertEqual(reply.text(), json.dumps(
            {"proxies": made}, separators=(",", ":")))
        for e in entries:
            self.assertEqual(connect_outcome(port_of(e), 2), "ok")

    def test_nothing_to_do_is_null(self):
        for body in (b"[]", b"null"):
            reply = self.api.post("/populate", body)
            self.assert_json(reply, 201)
            self.assertEqual(reply.body, b'{"proxies":null}')

    def test_bad_bodies_are_refused(self):
        self.refused(b"", 400, "bad request body: EOF")
        self.refused(b"[", 400, "bad request body: unexpected EOF")
        self.refused(b'[{"name":"a"', 400, "bad request body: unexpected EOF")
        for body in (b"{}", b"1", b'"x"', b"x", b"[1]", b'["a"]', b"[[]]",
                     b'[{"name":1}]', b'[{"enabled":"x"}]'):
            with self.subTest(body=body):
                self.refused(body, 400, None)

    def test_everything_is_looked_at_before_anything_is_done(self):
        good = self.entry("good")
        for bad, text in (
                ({}, "missing required field: name at proxy 2"),
                (None, "missing required field: name at proxy 2"),
                ({"name": ""}, "missing required field: name at proxy 2"),
                ({"name": "b"}, "missing required field: upstream at proxy 2"),
                ({"name": "b", "upstream": None},
                 "missing required field: upstream at proxy 2")):
            with self.subTest(bad=bad):
                self.refused([good, bad], 400, text)
        # What does not parse comes before what is missing.
        self.refused([{}, {"name": 1}], 400, None)
        self.assert_json(self.api.get("/proxies"), 200, {})

    def test_enabled_defaults_to_true_and_null_is_absent(self):
        made = self.populate([
            self.entry("a"), self.entry("b", enabled=None),
            self.entry("c", enabled=False), self.entry("d", enabled=True)])
        self.assertEqual([p["enabled"] for p in made["proxies"]],
                         [True, True, False, True])
        self.assertEqual(
            connect_outcome(port_of(made["proxies"][2]), 2), "refused")

    def test_keys_match_whatever_their_case_and_toxics_are_ignored(self):
        made = self.populate([{
            "Name": "a", "LISTEN": "127.0.0.1:0", "uPstream": "u:1", "x": 1,
            "toxics": [{"type": "noop"}]}])
        self.assertEqual(made["proxies"][0]["toxics"], [])

    def test_the_same_again_touches_nothing(self):
        entry = self.entry("a")
        self.populate([entry])
        toxic = self.toxic("noop", "a")
        conn = self.client(port_of(entry))
        # The same place in other words, and enabled, which is ignored.
        port = port_of(entry)
        for again in (entry, {**entry, "listen": f"localhost:{port}"},
                      {**entry, "enabled": False}):
            made = self.populate([again])["proxies"][0]
            self.assertEqual(made, {**entry, "enabled": True,
                                    "toxics": [toxic]})
        conn.send(b"x")
        self.assertEqual(conn.recv(1), b"x")

    def test_a_disabled_proxy_stays_disabled_when_nothing_differs(self):
        entry = self.entry("a", enabled=False)
        self.populate([entry])
        made = self.populate([{**entry, "enabled": True}])["proxies"][0]
        self.assertIs(made["enabled"], False)

    def test_another_upstream_replaces_and_loses_toxics(self):
        backend = self.backend()
        entry = self.entry("a", upstream=backend.address)
        self.populate([entry])
        self.toxic("noop", "a")
        client, server = self.pair(port_of(entry), backend)
        entry["upstream"] = self.serving(echo).address
        made = self.populate([entry])["proxies"][0]
        self.assertEqual(made, {**entry, "enabled": True, "toxics": []})
        client.expect_end("fin")
        server.expect_end("fin")
        conn = self.client(port_of(entry))
        conn.send(b"x")
        self.assertEqual(conn.recv(1), b"x")

    def test_another_listen_replaces(self):
        entry = self.entry("a")
        self.populate([entry])
        moved = {**entry, "listen": f"127.0.0.1:{free_port()}"}
        self.populate([moved])
        self.assertEqual(connect_outcome(port_of(entry), 2), "refused")
        self.assertEqual(connect_outcome(port_of(moved), 2), "ok")

    def test_port_0_is_replaced_every_time(self):
        entry = self.entry("a", listen="127.0.0.1:0")
        first = self.populate([entry])["proxies"][0]
        self.toxic("noop", "a")
        second = self.populate([entry])["proxies"][0]
        self.assertNotEqual(first["listen"], second["listen"])
        self.assertEqual(second["toxics"], [])
        self.assertEqual(connect_outcome(port_of(first), 2), "refused")

    def test_proxies_not_listed_stay(self):
        kept = self.create("kept")
        self.populate([self.entry("a")])
        self.assertEqual(list(self.api.get("/proxies").json()), ["a", "kept"])
        self.assertEqual(connect_outcome(port_of(kept), 2), "ok")

    def test_of_the_same_name_the_last_one_wins(self):
        one, two = self.entry("a"), self.entry("a")
        made = self.populate([one, two])["proxies"]
        self.assertEqual(len(made), 2)
        self.assertEqual(made[1]["listen"], two["listen"])
        self.assertEqual(self.api.get("/proxies/a").json()["listen"],
                         two["listen"])
        self.assertEqual(connect_outcome(port_of(one), 2), "refused")
        self.assertEqual(connect_outcome(port_of(two), 2), "ok")

    def test_a_port_that_is_taken_ends_it_and_what_was_done_stays(self):
        taken = self.backend()
        one, three = self.entry("one"), self.entry("three")
        two = self.entry("two", listen=taken.address)
        done = [{**one, "enabled": True, "toxics": []}]
        self.refused(
            [one, two, three], 500,
            f"listen tcp {taken.address}: bind: address already in use", done)
        self.assertEqual(list(self.api.get("/proxies").json()), ["one"])
        self.assertEqual(connect_outcome(port_of(one), 2), "ok")
        self.assertEqual(connect_outcome(port_of(three), 2), "refused")

    def test_two_entries_on_one_port_are_an_error_of_the_second(self):
        one = self.entry("one")
        two = self.entry("two", listen=one["listen"])
        self.refused(
            [one, two], 500,
            f"listen tcp {one['listen']}: bind: address already in use",
            [{**one, "enabled": True, "toxics": []}])

    def test_two_proxies_may_swap_by_one_that_moves_away_first(self):
        one, two = self.entry("one"), self.entry("two")
        self.populate([one, two])
        spare = f"127.0.0.1:{free_port()}"
        self.populate([{**one, "listen": spare},
                       {**two, "listen": one["listen"]},
                       {**one, "listen": two["listen"]}])
        for entry, upstream in ((two, one), (one, two)):
            now = self.api.get("/proxies/" + upstream["name"]).json()
            self.assertEqual(now["listen"], entry["listen"])
            self.assertEqual(connect_outcome(port_of(now), 2), "ok")

    def test_bad_addresses_are_500(self):
        self.refused([self.entry("a", listen="bad")], 500,
                     "listen tcp: address bad: missing port in address")
        self.create("b")
        self.refused([self.entry("b", listen="bad")], 500,
                     "address bad: missing port in address")

    def test_hundreds_of_proxies_are_one_call(self):
        upstream = self.serving(echo).address
        made = self.populate([
            {"name": f"n{i}", "upstream": upstream, "enabled": i % 50 == 0,
             "listen": "127.0.0.1:0"} for i in range(300)])["proxies"]
        self.assertEqual(len(made), 300)
        self.assertEqual(connect_outcome(port_of(made[250]), 2), "ok")
        self.assertEqual(len(self.api.get("/proxies").json()), 300)


class Reset(ToxScenario):
    def test_it_starts_proxies_and_drops_toxics(self):
        on, off = self.create("on"), self.create("off")
        self.toxic("latency", "on", latency=5000)
        self.toxic("latency", "off", "upstream", latency=5000)
        self.api.post("/proxies/off", {"enabled": False})
        reply = self.api.post("/reset")
        self.assertEqual((reply.status, reply.body), (204, b""))
        self.assertEqual(self.api.get("/proxies").json(),
                         {"off": off, "on": on})
        for proxy in (on, off):
            conn = self.client(port_of(proxy))
            conn.send(b"x")
            self.assertEqual(conn.recv(1, 4), b"x")

    def test_connections_live_on(self):
        proxy = self.create()
        conn = self.client(port_of(proxy))
        self.toxic("bandwidth", rate=0)
        conn.send(b"held")
        conn.expect_silence(0.05)
        self.assertEqual(self.api.post("/reset").status, 204)
        self.assertEqual(conn.recv(4), b"held")

    def test_a_body_does_not_matter(self):
        for body in (None, b"", b"{}", b"garbage"):
            self.assertEqual(self.api.post("/reset", body).status, 204)

    def test_a_taken_port_is_an_error(self):
        proxy = self.create()
        self.api.post("/proxies/p", {"enabled": False})
        taken = free_port()
        self.api.post("/proxies/p", {"listen": f"127.0.0.1:{taken}"})
        other = self.create("q", listen=f"127.0.0.1:{taken}")
        self.assert_error(
            self.api.post("/reset"), 500,
            f"listen tcp {other['listen']}: bind: address already in use")
        self.assertIs(self.api.get("/proxies/p").json()["enabled"], False)
        self.assertEqual(connect_outcome(port_of(proxy), 2), "refused")
        self.assertEqual(self.api.delete("/proxies/q").status, 204)
        self.assertEqual(self.api.post("/reset").status, 204)
        self.assertEqual(connect_outcome(taken, 2), "ok")

    def test_a_proxy_created_disabled_on_port_0_gets_a_port(self):
        self.create("p", enabled=False)
        self.assertEqual(self.api.post("/reset").status, 204)
        proxy = self.api.get("/proxies/p").json()
        self.assertIs(proxy["enabled"], True)
        self.assertGreater(port_of(proxy), 0)
        self.assertEqual(connect_outcome(port_of(proxy), 2), "ok")
