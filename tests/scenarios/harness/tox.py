# SPDX-License-Identifier: Apache-2.0
"""Toxiproxy's API, spoken as its clients do and looked at closely."""

import json
import os

from . import conf
from .case import Scenario
from .net import connect, echo
from .proxy import BIN, Faultwire, prefix
from .web import read_message, request


class Reply:
    """What came back: the head as it was, the body as bytes."""

    def __init__(self, message):
        self.status, self.body = message.status, message.body
        self.get, self.head = message.get, message

    @property
    def type(self):
        return self.get("content-type")

    def json(self):
        return json.loads(self.body)

    def text(self):
        return self.body.decode()

    def __repr__(self):
        return f"<{self.status} {self.body!r}>"


class Api:
    """The control API on that port of the loopback; a connection a call."""

    def __init__(self, port):
        self.port = port

    def call(self, method, path, body=None, headers=()):
        """`body`: None, bytes as they are, or a value to send as JSON."""
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        conn = connect(self.port)
        try:
            conn.send(request(method, path, body, headers))
            return Reply(read_message(conn, method=method))
        finally:
            conn.close()

    def get(self, path, **options):
        return self.call("GET", path, **options)

    def post(self, path, body=None, **options):
        return self.call("POST", path, body, **options)

    def patch(self, path, body=None, **options):
        return self.call("PATCH", path, body, **options)

    def delete(self, path, **options):
        return self.call("DELETE", path, **options)


def api_of(server):
    """The API of a faultwire that listens on a port of its own."""
    line = server.wait_log("control_listening")[0]
    return Api(int(line["listen"].rsplit(":", 1)[1]))


def port_of(proxy):
    """The port where a proxy (as the API prints it) listens."""
    return int(proxy["listen"].rsplit(":", 1)[1])


class ToxScenario(Scenario):
    """One faultwire serves all tests of a class; each begins with no proxy."""

    @classmethod
    def setUpClass(cls):
        cls.server = Faultwire(conf.text(control={"listen": "127.0.0.1:0"}))
        cls.api = api_of(cls.server)

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def setUp(self):
        for name in self.api.get("/proxies").json():
            self.assertEqual(
                self.api.delete(f"/proxies/{quoted(name)}").status, 204)

    # --- what tests do all the time

    def create(self, name="p", upstream=None, **fields):
        """A proxy to an echo server unless told otherwise; as printed."""
        if upstream is None:
            upstream = self.serving(echo).address
        reply = self.api.post("/proxies", {
            "name": name, "upstream": upstream, "listen": "127.0.0.1:0",
            **fields})
        self.assertEqual(reply.status, 201, reply)
        return reply.json()

    def toxic(self, kind, proxy="p", stream="downstream", **fields):
        """Adds a toxic; attributes are what is no field of a toxic."""
        body = {"type": kind, "stream": stream}
        for key in ("name", "toxicity"):
            if key in fields:
                body[key] = fields.pop(key)
        body["attributes"] = fields
        reply = self.api.post(f"/proxies/{proxy}/toxics", body)
        self.assertEqual(reply.status, 200, reply)
        return reply.json()

    def remove(self, toxic, proxy="p"):
        reply = self.api.delete(f"/proxies/{proxy}/toxics/{toxic}")
        self.assertEqual((reply.status, reply.body), (204, b""))

    def change(self, toxic, proxy="p", toxicity=None, **attributes):
        body = {"attributes": attributes}
        if toxicity is not None:
            body["toxicity"] = toxicity
        reply = self.api.patch(f"/proxies/{proxy}/toxics/{toxic}", body)
        self.assertEqual(reply.status, 200, reply)
        return reply.json()

    # --- what they look at

    def assert_error(self, reply, status, text):
        """The error as Toxiproxy sends it, to the byte."""
        wanted = json.dumps({"error": text, "status": status},
                            separators=(",", ":"), ensure_ascii=False)
        for char, escape in (("<", r"\u003c"), (">", r"\u003e"),
                             ("&", r"\u0026")):
            wanted = wanted.replace(char, escape)
        self.assertEqual(reply.body.decode(), wanted + "\n")
        self.assertEqual(reply.status, status)
        self.assertEqual(reply.type, "text/plain; charset=utf-8")
        self.assertEqual(reply.get("x-content-type-options"), "nosniff")
        self.assert_request_id(reply)

    def assert_bad_body(self, reply):
        """400 of the parser, whose words are its own."""
        self.assertEqual(reply.status, 400, reply)
        error = reply.json()
        self.assertEqual(list(error), ["error", "status"])
        self.assertRegex(error["error"], "^bad request body: .")
        self.assert_error(reply, 400, error["error"])

    def assert_request_id(self, reply):
        self.assertRegex(reply.get("x-toxiproxy-request-id") or "",
                         "^[0-9a-v]{20}$")

    def assert_json(self, reply, status, value=None):
        """Good news: JSON without a line feed."""
        self.assertEqual(reply.status, status, reply)
        self.assertEqual(reply.type, "application/json")
        self.assertFalse(reply.body.endswith(b"\n"))
        self.assert_request_id(reply)
        if value is not None:
            self.assertEqual(reply.json(), value)


def quoted(name):
    """A name as one segment of a path, everything escaped."""
    return "".join(f"%{b:02X}" for b in name.encode())


def program(folder, name=None):
    """A command that starts the program, under another name if one is given,
    by way of a link in that folder."""
    if name is None:
        return [*prefix(), BIN]
    link = os.path.join(folder, name)
    if not os.path.islink(link):
        os.symlink(os.path.abspath(BIN), link)
    return [*prefix(), link]
