# SPDX-License-Identifier: Apache-2.0
"""A client of the control API, and a validator for what it describes."""

import http.client
import json

from .net import WITHIN

JSON = "application/json"


class Reply:
    def __init__(self, response):
        self.status = response.status
        self.headers = {k.lower(): v for k, v in response.getheaders()}
        self.raw = response.read()

    @property
    def json(self):
        return json.loads(self.raw)

    @property
    def generation(self):
        return int(self.headers["etag"].strip('"'))


class Client:
    """Calls, each over a connection of its own unless `keep` is given."""

    def __init__(self, address):
        self.host, port = address.rsplit(":", 1)
        self.port = int(port)

    def __call__(self, method, path, body=None, headers=(), raw=None,
                 content=JSON):
        conn = http.client.HTTPConnection(self.host, self.port, WITHIN)
        send = dict(headers)
        data = raw
        if body is not None:
            data = json.dumps(body).encode()
        if data is not None and content:
            send["Content-Type"] = content
        try:
            conn.request(method, path, data, send)
            return Reply(conn.getresponse())
        finally:
            conn.close()

    def get(self, path, **kw):
        return self("GET", path, **kw)

    def post(self, path, body=None, **kw):
        return self("POST", path, body, **kw)

    def put(self, path, body, **kw):
        return self("PUT", path, body, **kw)

    def patch(self, path, body, **kw):
        return self("PATCH", path, body, **kw)

    def delete(self, path, **kw):
        return self("DELETE", path, **kw)


def control(proxy):
    """The API of a process that has one."""
    return Client(proxy.wait_log("control_listening")[0]["listen"])


class Events:
    """A stream of server-sent events: an iterator of (event, data)."""

    def __init__(self, api, query="", headers=()):
        self.conn = http.client.HTTPConnection(api.host, api.port, WITHIN)
        self.conn.request("GET", "/v1/events" + query, headers=dict(headers))
        self.response = self.conn.getresponse()
        self.lines = []

    def __iter__(self):
        return self

    def __next__(self):
        fields = {}
        while True:
            line = self.response.readline()
            if not line:
                raise StopIteration
            line = line.decode().rstrip("\n")
            self.lines.append(line)
            if not line and "data" in fields:
                return fields.get("event"), json.loads(fields["data"])
            if line and not line.startswith(":"):
                key, _, value = line.partition(": ")
                fields[key] = value

    def until(self, event, **wanted):
        for name, data in self:
            if name == event and all(data.get(k) == v
                                     for k, v in wanted.items()):
                return data
        raise AssertionError(f"no event {event}")

    def close(self):
        self.response.close()
        self.conn.close()


# --- schemas ------------------------------------------------------------------

KINDS = {"object": dict, "array": list, "string": str, "boolean": bool,
         "integer": int, "number": (int, float)}


class Schema:
    """So much of OpenAPI 3.0 as our description speaks."""

    def __init__(self, document):
        self.document = document

    def resolve(self, schema):
        while "$ref" in schema:
            at = self.document
            for part in schema["$ref"].removeprefix("#/").split("/"):
                at = at[part]
            schema = at
        return schema

    def problems(self, value, schema, path="$"):
        """What does not fit, as texts."""
        schema = self.resolve(schema)
        if value is None and schema.get("nullable"):
            return []
        for part in schema.get("allOf", ()):
            found = self.problems(value, part, path)
            if found:
                return found
        for key, enough in (("anyOf", lambda n: n >= 1),
                            ("oneOf", lambda n: n == 1)):
            if key in schema:
                each = [self.problems(value, s, path) for s in schema[key]]
                if not enough(sum(not found for found in each)):
                    return min(each, key=len) or [f"{path}: several fit"]
        return self.by_type(value, schema, path)

    def by_type(self, value, schema, path):
        kind = schema.get("type")
        if kind is None:
            return []
        fits = isinstance(value, KINDS[kind])
        if isinstance(value, bool) and kind != "boolean":
            fits = False
        if not fits:
            return [f"{path}: {value!r} is no {kind}"]
        if "enum" in schema and value not in schema["enum"]:
            return [f"{path}: {value!r} is none of {schema['enum']}"]
        found = []
        if kind == "array" and "items" in schema:
            for n, item in enumerate(value):
                found += self.problems(item, schema["items"], f"{path}[{n}]")
        if kind == "object":
            found += self.in_object(value, schema, path)
        return found

    def in_object(self, value, schema, path):
        known = schema.get("properties", {})
        found = [f"{path}: lacks {name}" for name in
                 schema.get("required", ()) if name not in value]
        for name, member in value.items():
            if name in known:
                found += self.problems(member, known[name], f"{path}.{name}")
            elif schema.get("additionalProperties") is False:
                found.append(f"{path}: has {name}")
        return found
