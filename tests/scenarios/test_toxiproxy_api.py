# SPDX-License-Identifier: Apache-2.0
"""Toxiproxy's API: the manners of its HTTP server and of its JSON. Texts are
compared to the byte, because clients do."""

from harness import ToxScenario, ask, echo, read_message, request

ROUTES = [("GET", "/proxies"), ("POST", "/proxies"), ("POST", "/populate"),
          ("POST", "/reset"), ("GET", "/version"), ("GET", "/proxies/p"),
          ("POST", "/proxies/p"), ("PATCH", "/proxies/p"),
          ("DELETE", "/proxies/p"), ("GET", "/proxies/p/toxics"),
          ("POST", "/proxies/p/toxics"), ("GET", "/proxies/p/toxics/t"),
          ("POST", "/proxies/p/toxics/t"), ("PATCH", "/proxies/p/toxics/t"),
          ("DELETE", "/proxies/p/toxics/t")]


class Transport(ToxScenario):
    def test_unknown_paths_are_404_in_plain_text(self):
        for path in ("/", "/foo", "/proxies/", "/version/", "/reset/",
                     "/proxies/p/", "/proxies/p/toxic", "/proxies/p/toxics/",
                     "/proxies/p/toxics/t/x", "/populate/x", "/PROXIES"):
            for method in ("GET", "POST", "DELETE"):
                with self.subTest(path=path, method=method):
                    reply = self.api.call(method, path)
                    self.assertEqual(reply.status, 404)
                    self.assertEqual(reply.body, b"404 page not found\n")
                    self.assertEqual(reply.type, "text/plain; charset=utf-8")
                    self.assertIsNone(reply.get("x-toxiproxy-request-id"))

    def test_wrong_methods_are_405_without_a_body(self):
        paths = {}
        for method, path in ROUTES:
            paths.setdefault(path, set()).add(method)
        for path, allowed in paths.items():
            for method in ("GET", "PUT", "POST", "PATCH", "HEAD", "OPTIONS",
                           "DELETE"):
                if method in allowed:
                    continue
                with self.subTest(path=path, method=method):
                    reply = self.api.call(method, path)
                    self.assertEqual((reply.status, reply.body), (405, b""))
                    self.assertIsNone(reply.get("allow"))
                    self.assertIsNone(reply.get("x-toxiproxy-request-id"))

    def test_doubled_slashes_are_redirected(self):
        for path, to in (("//proxies", "/proxies"),
                         ("/proxies//p", "/proxies/p"),
                         ("///version", "/version"),
                         ("/proxies//p?a=1", "/proxies/p?a=1")):
            with self.subTest(path=path):
                reply = self.api.get(path)
                self.assertEqual(reply.status, 301)
                self.assertEqual(reply.get("location"), to)
                self.assertIsNone(reply.get("x-toxiproxy-request-id"))

    def test_browsers_are_turned_away_where_a_route_exists(self):
        agent = ["User-Agent: Mozilla/5.0 (X11)"]
        for method, path in ROUTES:
            with self.subTest(method=method, path=path):
                reply = self.api.call(method, path, headers=agent)
                self.assertEqual(reply.status, 403)
                self.assertEqual(reply.body, b"User agent not allowed\n")
                self.assertEqual(reply.type, "text/plain; charset=utf-8")
                self.assert_request_id(reply)
        self.assertEqual(self.api.get("/x", headers=agent).status, 404)
        self.assertEqual(
            self.api.call("PUT", "/proxies", headers=agent).status, 405)

    def test_only_that_exact_prefix_is_a_browser(self):
        for agent in ("mozilla/5.0", "Mozilla", "xMozilla/5.0",
                      "curl/8 Mozilla/5.0", ""):
            with self.subTest(agent=agent):
                self.assert_json(self.api.get(
                    "/proxies", headers=["User-Agent: " + agent]), 200, {})

    def test_request_headers_do_not_matter(self):
        for headers in (["Content-Type: text/html"],
                        ["Content-Type: application/x-www-form-urlencoded"],
                        ["Accept: image/png"], ["Accept-Encoding: gzip"],
                        ["Connection: Keep-Alive"], ["X-Y: " + "z" * 4000]):
            with self.subTest(headers=headers):
                reply = self.api.post("/populate", [], headers=headers)
                self.assert_json(reply, 201, {"proxies": None})

    def test_a_query_is_ignored(self):
        self.assert_json(self.api.get("/proxies?x=1&y=%zz"), 200, {})

    def test_every_request_has_an_id_of_its_own(self):
        ids = {self.api.get("/proxies").get("x-toxiproxy-request-id")
               for _ in range(5)}
        self.assertEqual(len(ids), 5)

    def test_connections_are_kept_and_requests_pipelined(self):
        conn = self.client(self.api.port)
        one = request("GET", "/version")
        two = request("POST", "/populate", b"[]")
        three = request("GET", "/foo")
        for _ in range(3):
            conn.send(one + two + three)
            self.assertEqual([read_message(conn).status for _ in range(3)],
                             [200, 201, 404])

    def test_many_are_answered_though_the_client_ended_its_direction(self):
        conn = self.client(self.api.port)
        conn.send(request("GET", "/version") * 50).finish()
        for _ in range(50):
            self.assertEqual(read_message(conn).status, 200)
        conn.expect_end("fin")

    def test_a_request_may_come_byte_by_byte(self):
        conn = self.client(self.api.port)
        for byte in request("POST", "/populate", b" [ ] "):
            conn.send(bytes([byte]))
        self.assertEqual(read_message(conn).status, 201)

    def test_bodies_may_be_chunked(self):
        conn = self.client(self.api.port)
        conn.send(b"POST /populate HTTP/1.1\r\nHost: t\r\n"
                  b"Transfer-Encoding: chunked\r\n\r\n"
                  b"1\r\n[\r\n1;x=y\r\n]\r\n0\r\nTrailer: t\r\n\r\n")
        reply = read_message(conn)
        self.assertEqual((reply.status, reply.body),
                         (201, b'{"proxies":null}'))
        self.assertEqual(ask(conn, "GET", "/version").status, 200)

    def test_expect_is_answered_before_the_body(self):
        conn = self.client(self.api.port)
        conn.send(b"POST /populate HTTP/1.1\r\nHost: t\r\n"
                  b"Content-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        self.assertEqual(read_message(conn).status, 100)
        conn.send(b"[]")
        self.assertEqual(read_message(conn).status, 201)

    def test_http_1_0_ends_with_the_reply(self):
        conn = self.client(self.api.port)
        conn.send(b"GET /version HTTP/1.0\r\n\r\n")
        self.assertEqual(read_message(conn).status, 200)
        conn.expect_end("fin")
        conn = self.client(self.api.port)
        for _ in range(2):
            conn.send(b"GET /version HTTP/1.0\r\nConnection: keep-alive"
                      b"\r\n\r\n")
            reply = read_message(conn)
            self.assertEqual(reply.get("connection").lower(), "keep-alive")

    def test_close_is_honoured(self):
        conn = self.client(self.api.port)
        reply = ask(conn, "GET", "/version", headers=["Connection: close"])
        self.assertEqual(reply.get("connection"), "close")
        conn.expect_end("fin")

    def test_deletes_may_have_bodies(self):
        self.create()
        conn = self.client(self.api.port)
        self.assertEqual(
            ask(conn, "DELETE", "/proxies/p", b'{"x":1}').status, 204)
        self.assertEqual(ask(conn, "GET", "/proxies").body, b"{}")

    def test_no_content_has_neither_body_nor_length(self):
        reply = self.api.post("/reset")
        self.assertEqual((reply.status, reply.body), (204, b""))
        self.assertIsNone(reply.get("content-length"))
        self.assertIsNone(reply.get("content-type"))
        self.assert_request_id(reply)

    def test_the_version_is_one_that_clients_accept(self):
        reply = self.api.get("/version")
        self.assertEqual(reply.status, 200)
        self.assertEqual(reply.type, "application/json;charset=utf-8")
        self.assertRegex(reply.text(), r'\A\{"version": "2\.\d+\.\d+"\}\n\Z')
        version = reply.json()["version"].split(".")
        self.assertGreaterEqual(tuple(map(int, version)), (2, 6, 0))


class Bodies(ToxScenario):
    """What encoding/json would read, and what not."""

    def test_an_empty_body_is_eof(self):
        self.create()
        self.toxic("noop", name="t")
        for method, path in (("POST", "/proxies"), ("POST", "/proxies/p"),
                             ("PATCH", "/proxies/p"),
                             ("POST", "/proxies/p/toxics"),
                             ("POST", "/proxies/p/toxics/t"),
                             ("PATCH", "/proxies/p/toxics/t")):
            for body in (None, b"", b" \n\t\r"):
                with self.subTest(method=method, path=path, body=body):
                    self.assert_error(self.api.call(method, path, body), 400,
                                      "bad request body: EOF")

    def test_a_cut_body_is_an_unexpected_eof(self):
        for body in (b"{", b'{"name"', b'{"name":"a', b'{"name":"a",',
                     b'{"name":"a","upstream":"b:1"'):
            with self.subTest(body=body):
                self.assert_error(self.api.post("/proxies", body), 400,
                                  "bad request body: unexpected EOF")

    def test_what_is_no_json_is_refused(self):
        for body in (b"x", b"name=a", b"'a'", b"{'name':1}", b"\xff\xfe",
                     b"{\"name\":\"\xff\"}", b"{name:1}", b"\0", b"}",
                     b"{\"a\":01}", b"[1,]"):
            with self.subTest(body=body):
                self.assert_bad_body(self.api.post("/proxies", body))

    def test_other_values_than_an_object_are_refused(self):
        for body in (b"[]", b"1", b'"a"', b"true"):
            with self.subTest(body=body):
                self.assert_bad_body(self.api.post("/proxies", body))

    def test_null_and_an_empty_object_lack_a_name(self):
        for body in (b"null", b"{}", b'{"name":null}', b'{"name":""}'):
            with self.subTest(body=body):
                self.assert_error(self.api.post("/proxies", body), 400,
                                  "missing required field: name")

    def test_only_the_first_value_is_read(self):
        upstream = self.serving(echo).address.encode()
        reply = self.api.post(
            "/proxies", b'{"name":"p","listen":"127.0.0.1:0","upstream":"'
            + upstream + b'"} trailing {"name":1}')
        self.assert_json(reply, 201)

    def test_keys_match_whatever_their_case(self):
        reply = self.api.post("/proxies", {
            "NAME": "p", "Upstream": "localhost:1", "lISTEN": "127.0.0.1:0",
            "ENABLED": False})
        self.assert_json(reply, 201, {
            "name": "p", "listen": "127.0.0.1:0", "upstream": "localhost:1",
            "enabled": False, "toxics": []})

    def test_unknown_keys_and_toxics_are_ignored(self):
        reply = self.api.post("/proxies", {
            "name": "p", "upstream": "localhost:1", "listen": "127.0.0.1:0",
            "toxics": [{"type": "latency"}], "Logger": {}, "x": [1, {}]})
        self.assert_json(reply, 201)
        self.assertEqual(reply.json()["toxics"], [])

    def test_null_means_absent(self):
        reply = self.api.post("/proxies", {
            "name": "p", "upstream": "localhost:1", "listen": None,
            "enabled": None})
        self.assert_json(reply, 201)
        self.assertIs(reply.json()["enabled"], True)
        self.assertRegex(reply.json()["listen"], r"^(\[::\]|0\.0\.0\.0):\d+$")

    def test_wrong_types_are_refused_and_harm_nothing(self):
        good = {"name": "p", "upstream": "localhost:1",
                "listen": "127.0.0.1:0"}
        for key, wrong in (("name", 1), ("name", ["a"]), ("upstream", 2),
                           ("upstream", {}), ("listen", 8080),
                           ("listen", False), ("enabled", "true"),
                           ("enabled", 1)):
            with self.subTest(key=key, value=wrong):
                self.assert_bad_body(
                    self.api.post("/proxies", {**good, key: wrong}))
        self.assert_json(self.api.get("/proxies"), 200, {})

    def test_html_is_escaped(self):
        reply = self.api.post("/proxies", {
            "name": "<a&b>", "upstream": "x<&>y:1", "listen": "127.0.0.1:0",
            "enabled": False})
        self.assertEqual(
            reply.body, b'{"name":"\\u003ca\\u0026b\\u003e",'
            b'"listen":"127.0.0.1:0","upstream":"x\\u003c\\u0026\\u003ey:1",'
            b'"enabled":false,"toxics":[]}')
        self.assert_error(
            self.api.post("/proxies", {"name": "n", "upstream": "u:1",
                                       "listen": "<&>"}), 500,
            "listen tcp: address <&>: missing port in address")
