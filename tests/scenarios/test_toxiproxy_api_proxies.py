# SPDX-License-Identifier: Apache-2.0
"""Toxiproxy's API: the calls about proxies, to the byte."""

import socket

from harness import (ToxScenario, connect, connect_outcome, echo, free_port,
                     port_of, quoted)

KEYS = ["name", "listen", "upstream", "enabled", "toxics"]


class Proxies(ToxScenario):
    def test_the_collection_is_an_object_sorted_bytewise(self):
        self.assertEqual(self.api.get("/proxies").body, b"{}")
        names = ["b", "a", "B", "é", "a-1", "a1", "_"]
        for name in names:
            self.create(name, "localhost:1", enabled=False)
        reply = self.api.get("/proxies")
        self.assert_json(reply, 200)
        self.assertEqual(list(reply.json()),
                         sorted(names, key=lambda n: n.encode()))
        for name, proxy in reply.json().items():
            self.assertEqual(proxy["name"], name)
            self.assertEqual(list(proxy), KEYS)

    def test_a_created_proxy_accepts_at_once(self):
        for _ in range(10):
            proxy = self.create()
            self.assertEqual(list(proxy), KEYS)
            conn = self.client(port_of(proxy))
            conn.send(b"hello")
            self.assertEqual(conn.recv(5), b"hello")
            self.assertEqual(self.api.delete("/proxies/p").status, 204)

    def test_create_answers_with_the_proxy(self):
        upstream = self.serving(echo).address
        port = free_port()
        reply = self.api.post("/proxies", {
            "name": "p", "listen": f"localhost:{port}", "upstream": upstream})
        self.assertEqual(reply.status, 201)
        self.assertEqual(reply.type, "application/json")
        self.assertEqual(reply.text(),
                         f'{{"name":"p","listen":"127.0.0.1:{port}",'
                         f'"upstream":"{upstream}","enabled":true,'
                         '"toxics":[]}')
        self.assertEqual(self.api.get("/proxies/p").text(), reply.text())
        self.assertEqual(self.api.get("/proxies").text(),
                         f'{{"p":{reply.text()}}}')

    def test_checks_come_in_toxiproxys_order(self):
        self.create()
        for body, status, text in (
                ({"listen": "bad"}, 400, "missing required field: name"),
                ({"name": "p", "listen": "bad"}, 400,
                 "missing required field: upstream"),
                ({"name": "p", "upstream": "", "listen": "bad"}, 400,
                 "missing required field: upstream"),
                ({"name": "p", "upstream": "u:1", "listen": "bad"}, 409,
                 "proxy already exists"),
                ({"name": "q", "upstream": "u:1", "listen": "bad"}, 500,
                 "listen tcp: address bad: missing port in address")):
            with self.subTest(body=body):
                self.assert_error(self.api.post("/proxies", body), status,
                                  text)

    def test_bad_addresses_are_named_in_gos_words(self):
        for listen, text in (
                ("nohost", "listen tcp: address nohost: missing port in "
                           "address"),
                ("127.0.0.1:99999", "listen tcp: address 99999: invalid "
                                    "port"),
                ("127.0.0.1:-1", "listen tcp: address -1: invalid port"),
                ("127.0.0.1:nosuch", "listen tcp: lookup tcp/nosuch: unknown "
                                     "port"),
                ("1:2:3", "listen tcp: address 1:2:3: too many colons in "
                          "address"),
                ("[::1:5", "listen tcp: address [::1:5: missing ']' in "
                           "address"),
                ("[::1]", "listen tcp: address [::1]: missing port in "
                          "address")):
            with self.subTest(listen=listen):
                self.assert_error(self.api.post("/proxies", {
                    "name": "q", "upstream": "u:1", "listen": listen}), 500,
                    text)
        self.assert_json(self.api.get("/proxies"), 200, {})

    def test_an_unknown_host_is_an_error_soon(self):
        reply = self.api.post("/proxies", {
            "name": "q", "upstream": "u:1", "listen": "no.such.invalid:0"})
        self.assertEqual(reply.status, 500)
        self.assertRegex(reply.json()["error"],
                         "^listen tcp: lookup no.such.invalid: ")

    def test_a_taken_port_is_an_error_and_registers_nothing(self):
        taken = self.backend()
        body = {"name": "q", "upstream": "u:1", "listen": taken.address}
        text = f"listen tcp {taken.address}: bind: address already in use"
        self.assert_error(self.api.post("/proxies", body), 500, text)
        self.assert_error(self.api.get("/proxies/q"), 404, "proxy not found")
        other = self.create()
        body["listen"] = other["listen"]
        self.assert_error(
            self.api.post("/proxies", body), 500,
            f"listen tcp {other['listen']}: bind: address already in use")
        self.assert_json(self.api.post("/proxies", {**body,
                                                    "enabled": False}), 201)

    def test_an_empty_listen_means_all_addresses(self):
        upstream = self.serving(echo).address
        for fields in ({}, {"listen": ""}):
            reply = self.api.post("/proxies", {
                "name": f"p{len(fields)}", "upstream": upstream, **fields})
            self.assertRegex(reply.json()["listen"],
                             r"^(\[::\]|0\.0\.0\.0):[1-9]\d*$")
            conn = self.client(port_of(reply.json()))
            conn.send(b"x")
            self.assertEqual(conn.recv(1), b"x")

    def test_port_0_becomes_a_real_port(self):
        for listen, shown in (("localhost:0", "127.0.0.1:"),
                              ("127.0.0.1:0", "127.0.0.1:"),
                              ("127.0.0.1:", "127.0.0.1:"),
                              ("127.0.0.2:0", "127.0.0.2:")):
            with self.subTest(listen=listen):
                proxy = self.create("p", "u:1", listen=listen)
                self.assertTrue(proxy["listen"].startswith(shown), proxy)
                self.assertGreater(port_of(proxy), 0)
                self.api.delete("/proxies/p")

    def test_ipv6_is_written_in_brackets(self):
        try:
            self.backend("::1")
        except OSError:
            self.skipTest("no IPv6 here")
        proxy = self.create("p", "u:1", listen="[::1]:0")
        self.assertRegex(proxy["listen"], r"^\[::1\]:\d+$")

    def test_a_disabled_proxy_keeps_its_text_and_refuses(self):
        port = free_port()
        proxy = self.create(enabled=False, listen=f"localhost:{port}")
        self.assertEqual(proxy["listen"], f"localhost:{port}")
        self.assertIs(proxy["enabled"], False)
        self.assertEqual(connect_outcome(port, 2), "refused")
        proxy = self.create("q", enabled=False, listen="")
        self.assertEqual(proxy["listen"], "")

    def test_any_upstream_is_taken_and_connections_to_it_end(self):
        for upstream in ("nothing", "no.such.invalid:80", "127.0.0.1:1",
                         "a:b:c", "127.0.0.1:99999", " "):
            with self.subTest(upstream=upstream):
                proxy = self.create("p", upstream)
                self.assertEqual(proxy["upstream"], upstream)
                conn = self.client(port_of(proxy))
                data, _how = conn.recv_end()
                self.assertEqual(data, b"")
                self.api.delete("/proxies/p")

    def test_an_upstream_that_is_down_ends_connections_with_fin(self):
        proxy = self.create("p", f"127.0.0.1:{free_port()}")
        self.client(port_of(proxy)).expect_end("fin")

    def test_names_are_unique(self):
        self.create()
        reply = self.api.post("/proxies", {"name": "p", "upstream": "u:1",
                                           "listen": "127.0.0.1:0"})
        self.assert_error(reply, 409, "proxy already exists")

    def test_what_is_not_there_is_404(self):
        for method in ("GET", "POST", "PATCH", "DELETE"):
            with self.subTest(method=method):
                # The body is not looked at.
                self.assert_error(self.api.call(method, "/proxies/no", b"{"),
                                  404, "proxy not found")
                self.assert_error(
                    self.api.call(method, "/proxies/no/toxics/t"),
                    404, "proxy not found")
        for method in ("GET", "POST"):
            self.assert_error(
                self.api.call(method, "/proxies/no/toxics", b"{"), 404,
                "proxy not found")

    def test_names_with_signs_are_found_as_clients_write_them(self):
        for name, written in (("a:1@b", "a:1@b"), ("a:1@b", "a%3A1%40b"),
                              ("sp ace", "sp%20ace"), ("a+b", "a+b"),
                              ("100%", "100%25"), ("q?x", "q%3Fx"),
                              ("h#x", "h%23x"), ("ü€", quoted("ü€")),
                              ("sub.host_1-2~", "sub.host_1-2~"),
                              ("a/b", "a%2Fb"), ("/", "%2f"),
                              ("proxies", "proxies"), ("a;b,c=d", "a;b,c=d"),
                              ("line\nfeed", "line%0Afeed")):
            with self.subTest(name=name, written=written):
                self.create(name, "u:1")
                reply = self.api.get(f"/proxies/{written}")
                self.assert_json(reply, 200)
                self.assertEqual(reply.json()["name"], name)
                toxic = self.toxic("noop", written, name=name)
                self.assertEqual(toxic["name"], name)
                self.assert_json(
                    self.api.get(f"/proxies/{written}/toxics/{written}"),
                    200, toxic)
                self.remove(written, written)
                self.assertEqual(
                    self.api.delete(f"/proxies/{written}").status, 204)

    def test_delete_closes_before_it_answers(self):
        for _ in range(10):
            backend = self.backend()
            proxy = self.create("p", backend.address)
            client, server = self.pair(port_of(proxy), backend)
            reply = self.api.delete("/proxies/p")
            self.assertEqual((reply.status, reply.body), (204, b""))
            self.assertEqual(connect_outcome(port_of(proxy), 2), "refused")
            client.expect_end("fin")
            server.expect_end("fin")
        self.assert_error(self.api.delete("/proxies/p"), 404,
                          "proxy not found")


class Updates(ToxScenario):
    def update(self, body, method="POST", status=200):
        reply = self.api.call(method, "/proxies/p", body)
        self.assertEqual(reply.status, status, reply)
        return reply.json()

    def talk(self, proxy):
        conn = self.client(port_of(proxy))
        conn.send(b"x")
        self.assertEqual(conn.recv(1), b"x")
        return conn

    def test_both_methods_change_what_is_given(self):
        before = self.create()
        upstream = self.serving(echo).address
        for method in ("POST", "PATCH"):
            now = self.update({"upstream": upstream}, method)
            self.assertEqual(now, {**before, "upstream": upstream})
            self.talk(now)
            self.update({"upstream": before["upstream"]}, method)

    def test_nothing_given_changes_nothing(self):
        before = self.create()
        conn = self.talk(before)
        for body in (b"{}", b"null", {"name": "other"},
                     {"listen": None, "upstream": None, "enabled": None},
                     {"toxics": [{"type": "noop"}]}, before):
            self.assertEqual(self.update(body), before)
        conn.send(b"y")
        self.assertEqual(conn.recv(1), b"y")

    def test_disabled_refuses_at_once_and_enabled_accepts_at_once(self):
        backend = self.backend()
        proxy = self.create("p", backend.address)
        port = port_of(proxy)
        for _ in range(5):
            client, server = self.pair(port, backend)
            self.assertEqual(self.update({"enabled": False}),
                             {**proxy, "enabled": False})
            self.assertEqual(connect_outcome(port, 2), "refused")
            client.expect_end("fin")
            server.expect_end("fin")
            self.update({"enabled": False})
            self.assertEqual(self.update({"enabled": True}), proxy)
            self.pair(port, backend)

    def test_toxics_outlive_a_disabled_proxy(self):
        self.create()
        toxic = self.toxic("latency", latency=5)
        for enabled in (False, True):
            self.assertEqual(self.update({"enabled": enabled})["toxics"],
                             [toxic])

    def test_another_upstream_closes_connections_and_keeps_toxics(self):
        backend = self.backend()
        proxy = self.create("p", backend.address)
        toxic = self.toxic("noop")
        client, server = self.pair(port_of(proxy), backend)
        now = self.update({"upstream": self.serving(echo).address})
        self.assertEqual(now["listen"], proxy["listen"])
        self.assertEqual(now["toxics"], [toxic])
        client.expect_end("fin")
        server.expect_end("fin")
        self.talk(now)

    def test_another_listen_moves_the_proxy(self):
        proxy = self.create()
        port = free_port()
        conn = self.talk(proxy)
        now = self.update({"listen": f"localhost:{port}"})
        self.assertEqual(now["listen"], f"127.0.0.1:{port}")
        self.assertEqual(connect_outcome(port_of(proxy), 2), "refused")
        conn.expect_end("fin")
        conn = self.talk(now)
        # The same place in other words: nothing happens.
        self.update({"listen": f"localhost:{port}"})
        conn.send(b"y")
        self.assertEqual(conn.recv(1), b"y")

    def test_port_0_always_means_another_port(self):
        proxy = self.create()
        now = self.update({"listen": "127.0.0.1:0"})
        self.assertNotEqual(now["listen"], proxy["listen"])
        self.assertEqual(connect_outcome(port_of(proxy), 2), "refused")
        self.talk(now)

    def test_a_bad_address_changes_nothing(self):
        proxy = self.create()
        conn = self.talk(proxy)
        for listen, text in (("bad", "address bad: missing port in address"),
                             ("127.0.0.1:99999",
                              "address 99999: invalid port")):
            self.assert_error(
                self.api.post("/proxies/p", {"listen": listen,
                                             "upstream": "other:1",
                                             "enabled": False}), 500, text)
        self.assertEqual(self.api.get("/proxies/p").json(), proxy)
        conn.send(b"y")
        self.assertEqual(conn.recv(1), b"y")

    def test_a_taken_port_leaves_it_disabled_with_the_new_listen(self):
        proxy = self.create()
        conn = self.talk(proxy)
        taken = self.backend()
        self.assert_error(
            self.api.post("/proxies/p", {"listen": taken.address}), 500,
            f"listen tcp {taken.address}: bind: address already in use")
        self.assertEqual(self.api.get("/proxies/p").json(), {
            **proxy, "listen": taken.address, "enabled": False})
        self.assertEqual(connect_outcome(port_of(proxy), 2), "refused")
        conn.expect_end("fin")
        taken.close()
        self.talk(self.update({"enabled": True}))

    def test_an_upstream_may_become_empty(self):
        proxy = self.create()
        self.assertEqual(self.update({"upstream": ""}),
                         {**proxy, "upstream": ""})
        data, _how = self.client(port_of(proxy)).recv_end()
        self.assertEqual(data, b"")

    def test_wrong_types_change_nothing(self):
        proxy = self.create()
        for body in ({"enabled": "no"}, {"listen": 1}, {"upstream": []},
                     {"enabled": False, "listen": 1}, b"[]", b"{",
                     {"name": 5}):
            with self.subTest(body=body):
                self.assert_bad_body(self.api.post("/proxies/p", body))
        self.assertEqual(self.api.get("/proxies/p").json(), proxy)

    def test_a_disabled_proxy_may_move_and_stay_disabled(self):
        proxy = self.create(enabled=False)
        port = free_port()
        now = self.update({"listen": f"127.0.0.1:{port}"})
        self.assertEqual(now, {**proxy, "listen": f"127.0.0.1:{port}"})
        self.assertEqual(connect_outcome(port, 2), "refused")
        self.talk(self.update({"enabled": True}))

    def test_a_port_is_free_again_at_once(self):
        first = self.create("a")
        for name in "bcd":
            self.api.delete("/proxies/" + chr(ord(name) - 1))
            self.create(name, listen=first["listen"])
        self.assertEqual(
            self.api.post("/proxies/d", {"enabled": False}).status, 200)
        taken = socket.socket()
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", port_of(first)))
        taken.listen()
        self.addCleanup(taken.close)
        self.assert_error(
            self.api.post("/proxies/d", {"enabled": True}), 500,
            f"listen tcp {first['listen']}: bind: address already in use")
        taken.close()
        self.assertEqual(
            self.api.post("/proxies/d", {"enabled": True}).status, 200)
        connect(port_of(first)).close()
