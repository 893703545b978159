# SPDX-License-Identifier: Apache-2.0
"""Requests in the very form in which the client libraries of other languages
send them (method, headers, bodies), and what each of them needs of the reply.
"""

import json

from harness import (ToxScenario, connect, connect_outcome, echo, free_port,
                     port_of, read_message)
from harness.tox import Reply

# Headers that each library adds to every request of its own accord.
GO = ["User-Agent: toxiproxy-cli", "Content-Type: application/json",
      "Accept-Encoding: gzip"]
JAVA = ["User-Agent: Java/17.0.9",
        "Accept: text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2",
        "Connection: keep-alive"]
FORM = ["Content-type: application/x-www-form-urlencoded"]
PYTHON = ["User-Agent: python-requests/2.31.0",
          "Accept-Encoding: gzip, deflate", "Accept: */*",
          "Connection: keep-alive"]
RUBY = ["Accept-Encoding: gzip;q=1.0,deflate;q=0.6,identity;q=0.3",
        "Accept: */*", "User-Agent: Ruby", "Content-Type: application/json"]
DOTNET = ["Accept: application/json"]
PHP = ["User-Agent: GuzzleHttp/7"]
ELIXIR = ["content-type: application/json", "user-agent: mint/1.5.1"]
RUST = ["accept: */*"]
HASKELL = ["Accept-Encoding: gzip",
           "Accept: application/json;charset=utf-8,application/json",
           "Content-Type: application/json;charset=utf-8"]
NODE = ["Accept: application/json, text/plain, */*",
        "User-Agent: axios/1.6.2",
        "Accept-Encoding: gzip, compress, deflate, br"]
TYPED = ["Content-Type: application/json"]


class Clients(ToxScenario):
    def setUp(self):
        super().setUp()
        self.upstream = self.serving(echo).address
        self.conn = self.client(self.api.port)

    def send(self, method, path, headers, body=None, status=200,
             chunked=False, expect=False):
        """One request on the kept connection; the reply's JSON, or None."""
        lines = [f"{method} {path} HTTP/1.1",
                 f"Host: localhost:{self.api.port}", *headers]
        data = b""
        if body is not None:
            data = body if isinstance(body, bytes) else json.dumps(
                body).encode()
            lines.append("Transfer-Encoding: chunked" if chunked else
                         f"Content-Length: {len(data)}")
        if chunked:
            data = b"%x\r\n%s\r\n0\r\n\r\n" % (len(data), data)
        if expect:
            lines.append("Expect: 100-continue")
        self.conn.send(("\r\n".join(lines) + "\r\n\r\n").encode())
        if expect:
            self.assertEqual(read_message(self.conn).status, 100)
        self.conn.send(data)
        reply = Reply(read_message(self.conn, method=method))
        self.assertEqual(reply.status, status, reply)
        self.assertIsNone(reply.get("content-encoding"))
        return json.loads(reply.body) if reply.body else None

    def talks(self, proxy):
        conn = connect(port_of(proxy))
        conn.send(b"x")
        self.assertEqual(conn.recv(1), b"x")
        conn.close()

    def test_go(self):
        proxy = {"name": "p", "listen": "localhost:0",
                 "upstream": self.upstream, "enabled": True, "toxics": None}
        made = self.send("POST", "/proxies", GO, proxy, 201)
        self.talks(made)
        self.assertEqual(self.send("GET", "/proxies", GO), {"p": made})
        self.assertEqual(self.send("GET", "/proxies/p", GO), made)
        # The whole object goes back, with POST, to change one field of it.
        off = self.send("POST", "/proxies/p", GO, {**made, "enabled": False})
        self.assertEqual(off, {**made, "enabled": False})
        self.assertEqual(connect_outcome(port_of(made), 2), "refused")
        self.assertEqual(self.send("POST", "/proxies/p", GO, made), made)
        toxic = self.send("POST", "/proxies/p/toxics", GO, {
            "name": "", "type": "latency", "stream": "upstream",
            "toxicity": 1, "attributes": {"latency": 10, "jitter": 10}})
        self.assertEqual(toxic["name"], "latency_upstream")
        self.send("POST", "/proxies/p/toxics", GO, {
            "name": "n", "type": "noop", "stream": "downstream",
            "toxicity": 0.2, "attributes": None})
        now = self.send("PATCH", "/proxies/p/toxics/latency_upstream", GO,
                        {"attributes": {"jitter": 5}})
        self.assertEqual(now["attributes"], {"latency": 10, "jitter": 5})
        now = self.send("PATCH", "/proxies/p/toxics/n", GO, {
            "attributes": None, "toxicity": 0.5})
        self.assertEqual(now["toxicity"], 0.5)
        toxics = self.send("GET", "/proxies/p/toxics", GO)
        self.assertEqual([t["name"] for t in toxics],
                         ["latency_upstream", "n"])
        self.send("DELETE", "/proxies/p/toxics/n", GO, status=204)
        self.send("POST", "/reset", GO, b"", status=204)
        made = self.send("POST", "/populate", GO, [
            {"name": "two", "listen": f"localhost:{free_port()}",
             "upstream": self.upstream, "enabled": True, "toxics": None}],
            201)
        self.talks(made["proxies"][0])
        error = self.send("POST", "/proxies", GO, proxy, 409)
        self.assertEqual(error, {"error": "proxy already exists",
                                 "status": 409})
        self.send("DELETE", "/proxies/p", GO, status=204)

    def test_java(self):
        post = JAVA + FORM
        made = self.send("POST", "/proxies", post, {
            "name": "p", "listen": "127.0.0.1:0", "upstream": self.upstream},
            201)
        self.talks(made)
        self.send("POST", "/proxies/p", post, {"enabled": False})
        self.send("POST", "/proxies/p", post, {"enabled": True})
        toxic = self.send(
            "POST", "/proxies/p/toxics", post,
            b'{"name":"my-toxic","stream":"upstream","toxicity":1.0,'
            b'"type":"slicer","attributes":{"average_size":100,"delay":10}}')
        self.assertEqual(toxic["attributes"]["average_size"], 100)
        toxic = self.send("POST", "/proxies/p/toxics/my-toxic", post,
                          {"attributes": {"size_variation": 50}})
        self.assertEqual(toxic["attributes"]["size_variation"], 50)
        toxic = self.send("POST", "/proxies/p/toxics/my-toxic", post,
                          b'{"toxicity":0.2}')
        self.assertEqual(toxic["toxicity"], 0.2)
        # DELETE after setDoOutput, POST without a body or its length.
        self.send("DELETE", "/proxies/p/toxics/my-toxic", post, status=204)
        self.send("POST", "/reset", post, status=204)
        error = self.send("POST", "/proxies", post, {"name": "p"}, 400)
        self.assertEqual(error["error"], "missing required field: upstream")
        self.assertEqual(list(self.send("GET", "/proxies", JAVA)), ["p"])

    def test_python(self):
        post = PYTHON + TYPED
        made = self.send("POST", "/proxies", post, {
            "upstream": self.upstream, "name": "p", "listen": "127.0.0.1:0",
            "enabled": True}, 201)
        self.talks(made)
        self.send("POST", "/proxies/p/toxics", post, {
            "name": "latency_downstream", "type": "latency",
            "stream": "downstream", "toxicity": 1.0,
            "attributes": {"latency": 123}})
        self.send("POST", "/proxies/p", post, {"enabled": False})
        self.send("POST", "/reset", PYTHON, b"", status=204)
        self.talks(self.send("GET", "/proxies", PYTHON)["p"])
        error = self.send("POST", "/proxies/p/toxics", post, {
            "name": "x", "type": "latency", "stream": "lolstream",
            "toxicity": 1.0, "attributes": {"latency": 123}}, 400)
        self.assertIn("stream was invalid", error["error"])
        self.send("DELETE", "/proxies/p", PYTHON + ["Content-Length: 0"],
                  status=204)

    def test_ruby(self):
        made = self.send("POST", "/proxies", RUBY, {
            "upstream": self.upstream, "name": "p", "listen": "localhost:0",
            "enabled": None}, 201)
        self.assertIs(made["enabled"], True)
        version = self.send("GET", "/version", RUBY)["version"]
        self.assertGreaterEqual(
            tuple(map(int, version.split("."))), (2, 6, 0))
        for enabled in (False, True):
            self.send("PATCH", "/proxies/p", RUBY, {"enabled": enabled})
        toxic = {"name": "latency_downstream", "type": "latency",
                 "stream": "downstream", "toxicity": 1.0,
                 "attributes": {"latency": 100}}
        self.send("POST", "/proxies/p/toxics", RUBY, toxic)
        self.send("POST", "/proxies/p/toxics", RUBY, toxic, 409)
        self.assertEqual(
            self.send("GET", "/proxies/p/toxics", RUBY)[0]["attributes"],
            {"latency": 100, "jitter": 0})
        self.send("DELETE", "/proxies/p/toxics/latency_downstream", RUBY,
                  status=204)
        self.send("POST", "/reset", RUBY + ["Content-Length: 0"], status=204)
        made = self.send("POST", "/populate", RUBY, [
            {"name": "p", "listen": made["listen"],
             "upstream": self.upstream}], 201)
        self.assertEqual(list(made), ["proxies"])
        self.send("DELETE", "/proxies/p", RUBY, status=204)
        self.send("DELETE", "/proxies/p", RUBY, status=404)

    def test_dotnet(self):
        """Chunked bodies that wait for 100 Continue."""
        post = DOTNET + ["Content-Type: application/json; charset=utf-8"]
        made = self.send("POST", "/proxies", post, {
            "name": "p", "listen": "localhost:0", "upstream": self.upstream,
            "enabled": True}, 201, chunked=True, expect=True)
        self.talks(made)
        self.send("POST", "/proxies/p", post, {**made, "enabled": False},
                  chunked=True)
        self.send("POST", "/proxies/p", post, made, chunked=True)
        self.send("POST", "/proxies/p/toxics", post, {
            "attributes": {"average_size": 10, "size_variation": 1,
                           "delay": 5}, "name": "SlicerToxicTest",
            "type": "slicer", "stream": "upstream", "toxicity": 1.0})
        now = self.send("POST", "/proxies/p/toxics/SlicerToxicTest", post, {
            "attributes": {"average_size": 20, "size_variation": 1,
                           "delay": 5}, "name": "SlicerToxicTest",
            "type": "slicer", "stream": "upstream", "toxicity": 0.5})
        self.assertEqual(now["attributes"]["average_size"], 20)
        self.send("POST", "/reset", DOTNET + ["Content-Length: 0"],
                  status=204)
        self.send("DELETE", "/proxies/p", DOTNET, status=204)

    def test_php(self):
        """No content type, and listen: null."""
        made = self.send("POST", "/proxies", PHP, {
            "name": "p", "upstream": self.upstream, "listen": None}, 201)
        self.talks(made)
        self.assertEqual(made["toxics"], [])
        toxic = self.send("POST", "/proxies/p/toxics", PHP, {
            "type": "latency", "stream": "upstream", "toxicity": 1.0,
            "attributes": {"latency": 1000, "jitter": 50}, "name": None})
        self.assertEqual(toxic["name"], "latency_upstream")
        self.send("POST", "/proxies/p/toxics/latency_upstream", PHP, {
            "type": "latency", "stream": "upstream", "toxicity": 0.5,
            "attributes": {"latency": 2000, "jitter": 1000},
            "name": "latency_upstream"})
        # An empty array of PHP is no object.
        self.send("POST", "/proxies/p/toxics", PHP, {
            "type": "noop", "stream": "upstream", "attributes": []}, 400)
        self.send("POST", "/reset", PHP + ["Content-Length: 0"], status=204)
        self.send("DELETE", "/proxies/p", PHP, status=204)
        self.send("GET", "/proxies/p", PHP, status=404)

    def test_elixir(self):
        made = self.send("POST", "/proxies", ELIXIR, {
            "enabled": None, "listen": "localhost:0", "name": "p",
            "upstream": self.upstream}, 201)
        self.assertEqual(len(made["listen"].split(":")), 2)
        self.send("POST", "/proxies/p", ELIXIR, {"enabled": False})
        self.send("POST", "/proxies/p", ELIXIR, {"enabled": True})
        self.send("POST", "/proxies/p/toxics", ELIXIR, {
            "attributes": {"latency": 123}, "name": "latency_downstream",
            "stream": "downstream", "toxicity": 1.0, "type": "latency"})
        self.send("POST", "/reset", ELIXIR + ["content-length: 0"],
                  status=204)
        self.talks(made)

    def test_rust_and_haskell(self):
        """Strict decoders: maps of arrays, unsigned integers, floats."""
        for headers in (RUST + TYPED, HASKELL):
            made = self.send("POST", "/populate", headers, [
                {"name": "p", "listen": "localhost:0",
                 "upstream": self.upstream, "enabled": True, "toxics": []}],
                201)
            self.assertEqual(list(made), ["proxies"])
            proxy = made["proxies"][0]
            for key, kind in (("name", str), ("listen", str),
                              ("upstream", str), ("enabled", bool),
                              ("toxics", list)):
                self.assertIsInstance(proxy[key], kind)
            toxic = self.send("POST", "/proxies/p/toxics", headers, {
                "name": "t", "type": "bandwidth", "stream": "downstream",
                "toxicity": 1.0, "attributes": {"rate": 0}})
            self.assertEqual(list(toxic["attributes"]), ["rate"])
            self.assertIsInstance(toxic["attributes"]["rate"], int)
            self.send("DELETE", "/proxies/p/toxics/t", headers, status=204)
            self.send("POST", "/reset", headers, b"", status=204)
            self.send("DELETE", "/proxies/p", headers, status=204)

    def test_node(self):
        made = self.send("POST", "/proxies", NODE + TYPED, {
            "listen": "localhost:0", "name": "p",
            "upstream": self.upstream}, 201)
        toxic = self.send("POST", "/proxies/p/toxics", NODE + TYPED, {
            "attributes": {"average_size": 1000, "delay": 1000,
                           "size_variation": 1000}, "type": "slicer"})
        self.assertEqual(toxic["name"], "slicer_downstream")
        self.send("POST", "/reset", NODE + FORM, b"", status=204)
        self.talks(made)

    def test_testcontainers_cut(self):
        """Named as its container proxies do it; the version is its probe."""
        self.assertIn("version", self.send("GET", "/version", JAVA))
        name = "redis:6379"
        made = self.send("POST", "/proxies", JAVA + FORM, {
            "name": name, "listen": f"0.0.0.0:{free_port()}",
            "upstream": self.upstream}, 201)
        self.talks(made)
        path = f"/proxies/{name}/toxics"
        for toxic, stream in (("CUT_CONNECTION_DOWNSTREAM", "downstream"),
                              ("CUT_CONNECTION_UPSTREAM", "upstream")):
            self.send("POST", path, JAVA + FORM, {
                "name": toxic, "stream": stream, "toxicity": 1.0,
                "type": "bandwidth", "attributes": {"rate": 0}})
        held = self.client(port_of(made))
        held.send(b"held")
        held.expect_silence(0.05)
        for toxic in ("CUT_CONNECTION_DOWNSTREAM", "CUT_CONNECTION_UPSTREAM"):
            self.send("GET", f"{path}/{toxic}", JAVA)
            self.send("DELETE", f"{path}/{toxic}", JAVA + FORM, status=204)
        self.assertEqual(held.recv(4), b"held")
