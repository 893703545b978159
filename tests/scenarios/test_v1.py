# SPDX-License-Identifier: Apache-2.0
"""The /v1 API: every call answers as it is described, and what is wrong with a
call is told with its place; nothing of it is done then."""

import http.client
import json
import os
import re
import unittest

from harness import ROOT, Scenario, conf, fault, free_port, pki, route
from harness.api import JSON, Events, Schema, control

TCP = dict(listen="127.0.0.1:0", upstream="127.0.0.1:9")


class V1(Scenario):
    """One process of a few routes, for all tests of a class."""

    routes = (route("a", "127.0.0.1:0", 9, fault("latency", latency="80ms"),
                    from_="x", to="y"),
              route("web", "127.0.0.1:0", 9, protocol="http"))
    groups = dict(services=[{"name": n} for n in ("x", "y")],
                  partitions=[{"name": "split", "groups": [["x"], ["y"]],
                               "enabled": False}],
                  control={"listen": "127.0.0.1:0"})

    def setUp(self):
        self.proxy = self.start(conf.text(self.routes, **self.groups))
        self.api = control(self.proxy)

    def expect(self, status, *call, **kw):
        reply = self.api(*call, **kw)
        self.assertEqual(reply.status, status, reply.raw)
        return reply

    def refused(self, status, text, *call, field=None, **kw):
        """Refused with such a text, and nothing has changed."""
        before = self.api.get("/v1/config").raw
        reply = self.expect(status, *call, **kw)
        self.assertRegex(reply.json["error"], text)
        self.assertEqual(reply.json.get("field"), field, reply.raw)
        self.assertEqual(self.api.get("/v1/config").raw, before)
        return reply.json


class Described(V1):
    """The description is of what is served."""

    def setUp(self):
        super().setUp()
        self.document = self.expect(200, "GET", "/v1/openapi.json").json
        self.schema = Schema(self.document)
        self.called = set()

    def operation(self, method, path):
        for template, methods in self.document["paths"].items():
            pattern = re.sub(r"\{\w+\}", "[^/]+", template)
            if re.fullmatch(pattern, path) and method.lower() in methods:
                return template, methods[method.lower()]
        raise AssertionError(f"{method} {path} is not described")

    def call(self, method, path, body=None, status=200, **kw):
        """Calls, and holds body and reply against the description."""
        template, op = self.operation(method, path.partition("?")[0])
        self.called.add((method, template))
        if body is not None and "requestBody" in op:
            self.fits(body, op["requestBody"]["content"][JSON]["schema"],
                      f"body of {method} {path}")
        reply = self.expect(status, method, path, body, **kw)
        self.assertRegex(reply.headers["etag"], r'^"\d+"$')
        described = op["responses"].get(str(status), op["responses"]["default"])
        if reply.raw and JSON in reply.headers["content-type"]:
            self.fits(reply.json, described["content"][JSON]["schema"],
                      f"reply of {method} {path}")
        elif reply.raw:
            self.assertIn(reply.headers["content-type"].split(";")[0],
                          " ".join(described.get("content", ())) +
                          " text/plain")
        return reply

    def fits(self, value, schema, what):
        found = self.schema.problems(value, schema)
        self.assertFalse(found, f"{what}: {found[:3]}")

    def test_every_call_is_as_described(self):
        call = self.call
        for path in ("", "/openapi.json", "/status", "/kinds", "/kinds/latency",
                     "/services?defaults=true", "/routes?defaults=true",
                     "/routes?name=w*", "/config", "/config?format=json",
                     "/partitions", "/leases", "/sessions"):
            call("GET", "/v1" + path)
        call("POST", "/v1/routes", {"name": "b", **TCP, "faults": [
            {"type": "latency", "latency": 5}]}, 201)
        call("PUT", "/v1/routes/b", {"name": "b", **TCP})
        call("PATCH", "/v1/routes/b", {"connect_timeout": "1s"})
        for word in ("disable", "enable"):
            call("POST", f"/v1/routes/b/{word}")
        self.faults("/v1/routes/b/faults")
        call("GET", "/v1/routes/b")
        call("GET", "/v1/routes/b/flows/0/explain", status=404)
        call("DELETE", "/v1/routes/b?dry_run", status=200)
        call("DELETE", "/v1/routes/b", status=204)
        self.partitions()
        self.leases()
        live = self.live()
        call("POST", "/v1/apply", {"changes": [
            {"method": "DELETE", "path": "/v1/routes/a"}]})
        call("POST", "/v1/reload")
        call("POST", "/v1/reset", status=204)
        del live
        self.every_one_was_called()

    def faults(self, path):
        self.call("POST", path, {"type": "noop", "name": "n"}, 201)
        self.call("GET", path)
        self.call("GET", path + "/n?defaults=true")
        self.call("PUT", path + "/n", {"type": "reset_peer"})
        self.call("PATCH", path + "/n", {"timeout": "1s", "when": None})
        for word in ("disable", "enable"):
            self.call("POST", f"{path}/n/{word}")
        self.call("DELETE", path + "/n", status=204)

    def partitions(self):
        path = "/v1/partitions"
        made = {"name": "p", "groups": [["x"], ["y"]], "enabled": False}
        self.call("POST", path, made, 201)
        self.call("GET", path + "/p?defaults=true")
        self.call("PUT", path + "/p", made)
        self.call("PATCH", path + "/p", {"mode": "reject"})
        self.call("POST", path + "/p/start", {"for": "30s"})
        self.call("GET", "/v1/status")
        self.call("POST", path + "/p/heal")
        self.call("DELETE", path + "/p", status=204)

    def leases(self):
        lease = self.call("POST", "/v1/leases", {"ttl": "10s", "name": "n"},
                          201).json["lease"]
        self.call("GET", f"/v1/leases/{lease}")
        self.call("POST", f"/v1/leases/{lease}/renew", {"ttl": "5s"})
        self.call("GET", "/v1/leases")
        self.call("DELETE", f"/v1/leases/{lease}", status=204)

    def live(self):
        server = self.serving()
        made = self.call("POST", "/v1/routes", {
            **TCP, "name": "live", "upstream": f"127.0.0.1:{server.port}"}, 201)
        port = int(made.json["state"]["listening"].rsplit(":", 1)[1])
        client = self.client(port)
        client.send(b"hello")
        self.assertEqual(client.recv(5), b"hello")
        session = self.call("GET", "/v1/sessions").json["sessions"][0]
        number = session["session"]
        self.call("GET", f"/v1/sessions/{number}/explain")
        self.call("GET", "/v1/routes/live/flows/0/explain")
        self.call("GET", "/v1/reactions?route=live")
        self.call("DELETE", f"/v1/sessions/{number}?dry_run=1")
        self.call("DELETE", f"/v1/sessions/{number}", status=204)
        events = Events(self.api)
        self.assertEqual(events.response.status, 200)
        events.close()
        self.called.add(("GET", "/v1/events"))
        return client

    def every_one_was_called(self):
        described = {(m.upper(), path)
                     for path, methods in self.document["paths"].items()
                     for m in methods}
        self.assertEqual(described - self.called, set())

    def test_parameters_of_every_kind_are_described(self):
        kinds = self.expect(200, "GET", "/v1/kinds").json["kinds"]
        self.assertGreater(len(kinds), 20)
        for kind in kinds:
            schema = self.document["components"]["schemas"][
                "Fault_" + kind["name"]]
            for p in kind["parameters"]:
                self.assertIn(p["name"], schema["properties"])
                self.assertEqual(p["required"],
                                 p["name"] in schema["required"])

    def test_the_manual_lists_exactly_these_calls(self):
        with open(os.path.join(ROOT, "docs", "api.md"),
                  encoding="utf-8") as f:
            listed = set(re.findall(r"^\| `([A-Z]+ /v1[^`?]*)` \|", f.read(),
                                    re.M))
        described = {f"{method.upper()} {path}"
                     for path, methods in self.document["paths"].items()
                     for method in methods}
        self.assertEqual(listed, described)

    def test_head_and_options_are_answered_everywhere(self):
        for template, methods in self.document["paths"].items():
            path = template.replace("{route}", "a").replace(
                "{fault}", "latency_downstream").replace(
                "{partition}", "split").replace("{kind}", "latency")
            if "{" in path:
                continue
            allow = self.expect(204, "OPTIONS", path).headers["allow"]
            for method in methods:
                self.assertIn(method.upper(), allow.split(", "))
            if "get" in methods:
                reply = self.expect(200, "HEAD", path)
                self.assertEqual(reply.raw, b"")


class Refusals(V1):
    def test_wrong_paths_methods_and_parameters(self):
        say = self.refused
        say(404, r"did you mean /v1/routes\?", "GET", "/v1/rutes")
        say(404, "nothing at this path", "GET", "/v1/routes/a/b/c")
        say(404, r'no route "aa"; did you mean "a"\?', "GET", "/v1/routes/aa")
        say(404, "no fault", "DELETE", "/v1/routes/a/faults/none")
        say(404, "no partition", "POST", "/v1/partitions/none/start")
        say(404, "no session", "DELETE", "/v1/sessions/77")
        say(404, "is no number", "DELETE", "/v1/sessions/x")
        say(404, 'did you mean "latency"', "GET", "/v1/kinds/latncy")
        say(404, "no lease", "POST", "/v1/leases/1-0/renew")
        say(404, "has had no flow yet", "GET", "/v1/routes/a/flows/0/explain")
        reply = self.expect(405, "PATCH", "/v1/routes")
        self.assertEqual(reply.headers["allow"], "GET, HEAD, POST, OPTIONS")
        say(400, "escape", "GET", "/v1/routes/%zz")
        say(400, "escape", "DELETE", "/v1/routes/a%00b")
        say(400, 'did you mean "limit"', "GET", "/v1/sessions?limt=1",
            field="limt")
        say(400, "0 … 20000", "GET", "/v1/sessions?limit=20001", field="limit")
        say(400, "neither true nor false", "DELETE",
            "/v1/routes/a?dry_run=maybe", field="dry_run")
        say(400, "close", "DELETE", "/v1/routes/a?sessions=x", field="sessions")
        say(400, "fin or rst", "DELETE", "/v1/sessions/1?how=x", field="how")
        say(400, 'did you mean "effect"', "GET", "/v1/events?type=efect",
            field="type")
        say(400, "too many parameters", "GET", "/v1/routes?" + "a&" * 20)

    def test_bodies_that_are_none(self):
        path = "/v1/routes/a/faults"
        good = b'{"type": "noop"}'
        self.refused(415, "application/json", "POST", path, raw=good,
                     content=None)
        self.refused(415, "text/plain", "POST", path, raw=good,
                     content="text/plain")
        for raw in (b"{", b'{"type": "noop"} x', b'{"type": "noop"}{}',
                    b'{"type":"noop","type":"down"}', b"\xff", b"nul",
                    b'{"type": "\\u0000"}', b"[" * 100000,
                    b'{"type": "noop", "max_active": 1e999}'):
            self.refused(400, "no JSON", "POST", path, raw=raw)
        for raw in (b"[]", b"3", b'"x"', b"null"):
            self.refused(400, "expected a fault, an object", "POST", path,
                         raw=raw)
        self.refused(400, "expected a fault, an object", "POST", path)
        self.refused(400, "no body", "POST", "/v1/reset", {"x": 1})
        self.expect(201, "POST", path, raw=good,
                    content="Application/JSON; charset=utf-8")
        conn = http.client.HTTPConnection(self.api.host, self.api.port)
        conn.putrequest("POST", path)
        conn.putheader("Content-Length", str(64 << 20))
        conn.endheaders()
        self.assertEqual(conn.getresponse().status, 413)
        conn.close()

    def test_wrong_values_are_all_told_with_their_place(self):
        said = self.expect(400, "POST", "/v1/routes", {
            "name": "b", "listen": "nowhere", "upstream": 9, "enabled": 3,
            "colour": 1, "match": {"path": "/"}, "faults": [
                {"type": "latncy"},
                {"type": "latency", "latency": True, "jiter": 1,
                 "when": {"path": "/x", "verb": 1}, "on": "1s"},
                {"type": "abort", "status": 503}, 7]}).json
        fields = [e["field"] for e in said["errors"]]
        for wanted in ("listen", "upstream", "enabled", "colour", "match.path",
                       "faults[0].type", "faults[1].latency",
                       "faults[1].jiter", "faults[1].when.verb",
                       "faults[1].when.path", "faults[1].on",
                       "faults[2].type", "faults[3]"):
            self.assertIn(wanted, fields)
        self.assertEqual(said["error"], said["errors"][0]["error"])

    def test_what_is_missing_clashes_or_cannot_be(self):
        say = self.refused
        f = "/v1/routes/a/faults"
        say(400, 'lacks "listen"', "POST", "/v1/routes",
            {"name": "b", "upstream": "h:1"}, field="listen")
        say(400, 'lacks "type"', "POST", f, {"name": "x"}, field="type")
        say(400, "no text", "POST", f, {"type": 3}, field="type")
        say(409, "already", "POST", "/v1/routes", {"name": "a", **TCP},
            field="name")
        say(409, "already", "POST", f,
            {"type": "noop", "name": "latency_downstream"}, field="name")
        say(409, "already", "POST", "/v1/partitions",
            {"name": "split", "groups": [["x"], ["y"]]}, field="name")
        say(400, "names stay", "PUT", "/v1/routes/a", {"name": "b", **TCP},
            field="name")
        say(400, "keeps its type", "PATCH", f + "/latency_downstream",
            {"type": "noop"}, field="type")
        say(400, "has no direction", "POST", f,
            {"type": "down", "stream": "both"}, field="stream")
        say(400, "no service", "POST", "/v1/routes",
            {"name": "b", **TCP, "from": "z"})
        say(400, "no list of groups", "POST", "/v1/partitions",
            {"name": "p", "groups": "x"}, field="groups")
        say(400, "is no text|is integer|text", "POST", "/v1/partitions",
            {"name": "p", "groups": [["x", 3]]}, field="groups[0]")
        say(400, "0 … 1", "PATCH", f + "/latency_downstream",
            {"probability": 7}, field="probability")
        say(400, "0 … 1", "POST", f + "?at=2", {"type": "noop"}, field="at")
        say(400, "unknown key", "POST", "/v1/partitions/split/start",
            {"mode": "drop"}, field="mode")
        say(400, "100ms … 24h|out of bounds", "POST", "/v1/leases",
            {"ttl": "1ms"}, field="ttl")
        say(409, "no lease", "POST", f, {"type": "noop"},
            headers={"Faultwire-Lease": "1-00000000"})

    def test_an_address_that_is_taken_is_a_conflict(self):
        server = self.serving()
        taken = f"127.0.0.1:{server.port}"
        self.refused(409, "cannot listen", "POST", "/v1/routes",
                     {"name": "b", "listen": taken, "upstream": "h:1"})
        at = f"127.0.0.1:{free_port()}"
        self.expect(201, "POST", "/v1/routes",
                    {"name": "c", "listen": at, "upstream": "h:1"})
        self.refused(409, "never reached|takes everything", "POST",
                     "/v1/routes", {"name": "d", "listen": at,
                                    "upstream": "h:1"})


class Values(V1):
    # What a kind's check asks for beside its required parameters.
    needed = {"body": {"replace": "x"}, "headers": {"set": ["x: y"]},
              "loss": {"rate": "1%"}, "corrupt": {"rate": "1%"},
              "cut": {"bytes": 10}, "trailers": {"lost": True}}

    def test_what_was_read_can_be_sent_back(self):
        """GET → PUT changes nothing, with and without what is default."""
        for query in ("", "?defaults=true"):
            for path in ("/v1/routes/a", "/v1/routes/web",
                         "/v1/routes/a/faults/latency_downstream",
                         "/v1/partitions/split"):
                got = self.expect(200, "GET", path + query).json
                put = self.expect(200, "PUT", path + query, got).json
                got.pop("state")
                for f in got.get("faults", ()):
                    f.pop("state")
                put.pop("state")
                for f in put.get("faults", ()):
                    f.pop("state")
                self.assertEqual(got, put)

    def test_every_kind_survives_its_defaults(self):
        # Some kinds are about TLS.
        made = self.expect(200, "PATCH", "/v1/routes/web",
                           {"tls": pki().tls()}).json
        self.assertIs(made["tls"]["enabled"], True)
        for kind in self.expect(200, "GET", "/v1/kinds").json["kinds"]:
            name = kind["name"]
            example = self.expect(200, "GET", f"/v1/kinds/{name}").json
            route = self.route_for(kind["protocols"])
            made = self.api.post(f"/v1/routes/{route}/faults", {
                "type": name, "name": "f",
                **self.required(name, example["parameters"])})
            self.assertEqual(made.status, 201, (name, made.raw))
            path = f"/v1/routes/{route}/faults/f"
            full = self.expect(200, "GET", path + "?defaults=true").json
            self.expect(200, "PUT", path, full)
            self.expect(204, "DELETE", path)

    def route_for(self, protocols):
        """A route of one of them; web, or one that is made for it."""
        if "http" in protocols:
            return "web"
        name = protocols[0]
        made = self.api("PUT", f"/v1/routes/{name}", {
            "listen": f"127.0.0.1:{free_port()}", "upstream": "127.0.0.1:9",
            "protocol": name})
        self.assertIn(made.status, (200, 201), made.raw)
        return name

    def required(self, kind, parameters):
        typed = {"duration": "1s", "size": "1KiB", "rate": "1KB/s",
                 "int": 200, "string": "x", "fraction": 0.5, "float": 1.0,
                 "strings": ["x: y"], "durations": ["1ms"]}
        made = {p["name"]: p.get("choices", [typed.get(p["type"])])[0]
                for p in parameters if p["required"]}
        return {**made, **self.needed.get(kind, {})}

    def test_a_patch_merges_and_null_is_the_default(self):
        path = "/v1/routes/web/faults"
        self.expect(201, "POST", path, {
            "type": "latency", "name": "f", "latency": 5, "jitter": "1ms",
            "when": {"path": "/a", "method": "GET"}})
        path += "/f"
        got = self.expect(200, "PATCH", path, {
            "jitter": None, "probability": "20%",
            "when": {"method": None, "host": "h"}}).json
        self.assertEqual(got["latency"], "5ms")
        self.assertEqual(got["when"], {"path": "/a", "host": "h"})
        self.assertEqual(got["probability"], 0.2)
        self.assertNotIn("jitter", got)
        got = self.expect(200, "PATCH", path, {"when": None}).json
        self.assertNotIn("when", got)
        # A route that speaks tcp cannot keep what only http knows.
        self.expect(200, "PATCH", path, {"when": {"path": "/"}})
        self.refused(400, "tcp route", "PATCH", "/v1/routes/web",
                     {"protocol": "tcp"}, field="faults[0].when.path")
        self.expect(200, "PATCH", "/v1/routes/web",
                    {"protocol": "tcp", "faults": []})

    def test_names_with_every_letter_have_a_path(self):
        name = "a/b ü?#%"
        reply = self.expect(201, "POST", "/v1/routes", {"name": name, **TCP})
        at = reply.headers["location"]
        self.assertEqual(self.expect(200, "GET", at).json["name"], name)
        reply = self.expect(201, "POST", at + "/faults",
                            {"type": "noop", "name": name})
        self.assertEqual(self.expect(
            200, "GET", reply.headers["location"]).json["name"], name)
        self.expect(204, "DELETE", at)

    def test_faults_go_where_they_are_told(self):
        path = "/v1/routes/a/faults"
        for at, name in ((0, "first"), (1, "second"), (3, "last")):
            self.expect(201, "POST", f"{path}?at={at}",
                        {"type": "noop", "name": name})
        names = [f["name"] for f in
                 self.expect(200, "GET", path).json["faults"]]
        self.assertEqual(names, ["first", "second", "latency_downstream",
                                 "last"])
        self.expect(200, "PUT", path + "/second", {"type": "latency"})
        self.assertEqual([f["name"] for f in self.expect(
            200, "GET", path).json["faults"]], names)

    def test_replies_are_json_to_the_letter(self):
        for path in ("/v1/routes?defaults=true", "/v1/kinds", "/v1/status"):
            json.loads(self.expect(200, "GET", path).raw)


if __name__ == "__main__":
    unittest.main()
