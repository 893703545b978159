# SPDX-License-Identifier: Apache-2.0
"""A collector for traces that forgives nothing: it reads protobuf by hand, or
JSON, knows every field that may be there, and says which one is wrong."""

import gzip
import json
import re
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from .net import wait_until
from .tls import server_context

PROTOBUF, JSON = "application/x-protobuf", "application/json"
HEX = re.compile(r"[0-9a-f]+\Z")


class Malformed(AssertionError):
    pass


def need(condition, what):
    if not condition:
        raise Malformed(what)


# --- protobuf: fields by number, (name, how, more) ---------------------------

VALUE = {1: ("stringValue", "text"), 2: ("boolValue", "bool"),
         3: ("intValue", "int64"), 4: ("doubleValue", "double")}
PAIR = {1: ("key", "text"), 2: ("value", VALUE)}
RESOURCE = {1: ("attributes", [PAIR])}
SCOPE = {1: ("name", "text"), 2: ("version", "text")}
EVENT = {1: ("timeUnixNano", "fixed64"), 2: ("name", "text"),
         3: ("attributes", [PAIR])}
LINK = {1: ("traceId", "bytes"), 2: ("spanId", "bytes")}
STATUS = {2: ("message", "text"), 3: ("code", "int")}
SPAN = {1: ("traceId", "bytes"), 2: ("spanId", "bytes"),
        3: ("traceState", "text"), 4: ("parentSpanId", "bytes"),
        5: ("name", "text"), 6: ("kind", "int"),
        7: ("startTimeUnixNano", "fixed64"),
        8: ("endTimeUnixNano", "fixed64"), 9: ("attributes", [PAIR]),
        11: ("events", [EVENT]), 12: ("droppedEventsCount", "int"),
        13: ("links", [LINK]), 15: ("status", STATUS),
        16: ("flags", "fixed32")}
SCOPE_SPANS = {1: ("scope", SCOPE), 2: ("spans", [SPAN])}
RESOURCE_SPANS = {1: ("resource", RESOURCE), 2: ("scopeSpans", [SCOPE_SPANS])}
REQUEST = {1: ("resourceSpans", [RESOURCE_SPANS])}
WIRES = {"text": 2, "bytes": 2, "bool": 0, "int": 0, "int64": 0, "double": 1,
         "fixed64": 1, "fixed32": 5}


def varint(data, at):
    value = shift = 0
    while True:
        need(at < len(data) and shift < 64, "a varint without an end")
        byte = data[at]
        value |= (byte & 0x7f) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            # Only zero itself may end in a zero byte.
            need(byte or shift == 7, "an overlong varint")
            return value, at


def scalar(data, at, how):
    """A value that is no length of bytes."""
    if how in ("bool", "int", "int64"):
        value, at = varint(data, at)
        if how == "bool":
            need(value < 2, f"a bool of {value}")
            return bool(value), at
        return (value - (1 << 64) if value >> 63 else value), at
    form, size = {"double": ("<d", 8), "fixed64": ("<Q", 8),
                  "fixed32": ("<I", 4)}[how]
    need(at + size <= len(data), "a number that is cut")
    return struct.unpack(form, data[at:at + size])[0], at + size


def decode(data, fields, where="$"):
    """A message as a dictionary, in the names of the JSON form."""
    made, at, last = {}, 0, 0
    while at < len(data):
        tag, at = varint(data, at)
        number, wire = tag >> 3, tag & 7
        need(number in fields, f"{where}: there is no field {number}")
        need(number >= last, f"{where}: {number} behind {last}")
        last = number
        name, how = fields[number]
        many = isinstance(how, list)
        how = how[0] if many else how
        need(wire == (WIRES[how] if isinstance(how, str) else 2),
             f"{where}.{name}: wire type {wire}")
        if wire == 2:
            size, at = varint(data, at)
            need(at + size <= len(data), f"{where}.{name}: is cut")
            value, at = data[at:at + size], at + size
            if how == "text":
                value = value.decode()
            elif how == "bytes":
                value = value.hex()
            else:
                value = decode(value, how, f"{where}.{name}")
        else:
            value, at = scalar(data, at, how)
        if many:
            made.setdefault(name, []).append(value)
        else:
            need(name not in made, f"{where}: two of {name}")
            made[name] = value
    return made


# --- JSON: only the names above, each as the mapping has it -------------------

def from_json(value, fields, where="$"):
    need(isinstance(value, dict), f"{where}: no object")
    known = {name: how for name, how in fields.values()}
    made = {}
    for name, member in value.items():
        need(name in known, f"{where}: there is no {name}")
        how, place = known[name], f"{where}.{name}"
        if isinstance(how, list):
            need(isinstance(member, list), f"{place}: no array")
            made[name] = [from_json(m, how[0], place) for m in member]
        elif isinstance(how, dict):
            made[name] = from_json(member, how, place)
        else:
            made[name] = json_scalar(member, how, place)
    return made


def json_scalar(value, how, where):
    kinds = {"text": str, "bytes": str, "bool": bool, "int": int,
             "int64": str, "fixed64": str, "fixed32": int,
             "double": (int, float)}
    need(isinstance(value, kinds[how]) and
         (how == "bool") == isinstance(value, bool), f"{where}: {value!r}")
    if how in ("int64", "fixed64"):
        need(re.fullmatch(r"-?\d+", value), f"{where}: {value!r}")
        return int(value)
    if how == "bytes":
        need(HEX.match(value), f"{where}: {value!r} is not hexadecimal")
    return value


# --- what both must keep ---------------------------------------------------------

class Span:
    """A span whose fields were found good."""

    def __init__(self, raw, resource):
        self.raw, self.resource = raw, resource
        self.name, self.kind = raw.get("name"), raw.get("kind")
        self.trace, self.id = raw.get("traceId"), raw.get("spanId")
        self.parent = raw.get("parentSpanId")
        self.state = raw.get("traceState")
        self.start = raw.get("startTimeUnixNano")
        self.end = raw.get("endTimeUnixNano")
        self.attributes = attributes(raw, self.name)
        self.events = raw.get("events", [])
        self.links = raw.get("links", [])
        self.status = raw.get("status", {}).get("code", 0)
        self.flags = raw.get("flags", 0)
        self.check()

    def check(self):
        name = self.name
        need(name, "a span without a name")
        need(len(self.trace) == 32 and set(self.trace) != {"0"},
             f"{name}: trace id {self.trace}")
        need(len(self.id) == 16 and set(self.id) != {"0"},
             f"{name}: span id {self.id}")
        if self.parent is not None:
            need(len(self.parent) == 16 and set(self.parent) != {"0"},
                 f"{name}: parent {self.parent}")
            need(self.parent != self.id, f"{name}: its own parent")
        need(self.kind in (2, 3), f"{name}: kind {self.kind}")
        # Since 2020, and before 2100.
        need(1577836800 * 10**9 < self.start <= self.end < 4102444800 * 10**9,
             f"{name}: from {self.start} to {self.end}")
        need(self.status in (0, 2), f"{name}: status {self.status}")
        need("message" not in self.raw.get("status", {}),
             f"{name}: a description")
        need(("error.type" in self.attributes) == (self.status == 2),
             f"{name}: status {self.status}, {self.attributes}")
        need(self.flags & 0x100 and not self.flags & ~0x303,
             f"{name}: flags {self.flags:#x}")
        need(self.flags & 1, f"{name}: is not sampled")
        for event in self.events:
            need(event["name"] == "faultwire.fault.injected", event)
            need(self.start - 10**7 <= event["timeUnixNano"] <=
                 self.end + 10**7,
                 f"{name}: {event} outside {self.start} {self.end}")
            event["attributes"] = attributes(event, name)
        for link in self.links:
            need(len(link["traceId"]) == 32 and len(link["spanId"]) == 16,
                 f"{name}: {link}")

    def __repr__(self):
        return f"<{self.name} {self.attributes}>"


TYPES = {
    "http.request.method": str, "http.response.status_code": int,
    "http.route": str, "http.request.resend_count": int,
    "url.path": str, "url.query": str, "url.scheme": str, "url.full": str,
    "server.address": str, "server.port": int, "client.address": str,
    "client.port": int,
    "network.peer.address": str, "network.peer.port": int,
    "network.protocol.version": str, "network.transport": str,
    "error.type": str, "faultwire.route": str, "faultwire.faulted": bool,
    "faultwire.fault.type": str, "faultwire.fault.id": str,
    "faultwire.fault.delay": float, "faultwire.fault.bytes": int,
    "faultwire.experiment": str, "faultwire.run.id": str,
    "faultwire.fault.effect": str, "faultwire.flow": int,
    "faultwire.session": int, "faultwire.bytes.upstream": int,
    "faultwire.bytes.downstream": int, "faultwire.close.reason": str,
}


def attributes(holder, where, types=None):
    types = TYPES if types is None else types
    made = {}
    for pair in holder.get("attributes", ()):
        key, value = pair["key"], pair["value"]
        need(len(value) == 1, f"{where}: {key} has {value}")
        need(key not in made, f"{where}: {key} twice")
        (value,) = value.values()
        if types:
            need(key in types, f"{where}: nobody knows {key}")
            if types[key] is float:
                value = float(value) if isinstance(value, int) else value
            need(type(value) is types[key], f"{where}: {key} is {value!r}")
        made[key] = value
    return made


def read(body, content_type):
    """The spans of a request."""
    if content_type == PROTOBUF:
        request = decode(body, REQUEST)
    else:
        need(content_type == JSON, f"content type {content_type}")
        request = from_json(json.loads(body), REQUEST)
    (of_resource,) = request["resourceSpans"]
    resource = attributes(of_resource["resource"], "resource", {})
    for key in ("service.name", "service.version", "service.instance.id",
                "host.name"):
        need(resource.get(key), f"the resource lacks {key}")
    (of_scope,) = of_resource["scopeSpans"]
    need(of_scope["scope"]["name"] == "faultwire", of_scope["scope"])
    need(of_scope["spans"], "a request without spans")
    return [Span(raw, resource) for raw in of_scope["spans"]]


class Collector:
    """Takes what is POSTed to /v1/traces. `answers` are tried first, one a
    request: (status, headers, body), or None: the connection breaks."""

    def __init__(self, tls=False, answers=(), path="/v1/traces"):
        self.spans, self.requests, self.wrong = [], [], []
        self.answers, self.path = list(answers), path
        self.lock = threading.Lock()
        collector = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                collector.take(self)

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        if tls:
            self.server.socket = server_context().wrap_socket(
                self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        scheme = "https" if tls else "http"
        self.url = f"{scheme}://127.0.0.1:{self.port}"
        self.thread = threading.Thread(target=self.server.serve_forever,
                                       kwargs={"poll_interval": 0.05},
                                       daemon=True)
        self.thread.start()

    def take(self, handler):
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        with self.lock:
            answer = self.answers.pop(0) if self.answers else (200, {}, b"")
            self.requests.append((handler.path, dict(handler.headers), body))
        if answer is None:
            handler.close_connection = True
            handler.connection.close()
            return
        status, headers, reply = answer
        if status == 200:
            self.keep(handler, body)
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(reply)))
        handler.end_headers()
        handler.wfile.write(reply)

    def keep(self, handler, body):
        try:
            need(handler.path == self.path, handler.path)
            if handler.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            spans = read(body, handler.headers["Content-Type"])
        except (Malformed, KeyError, ValueError, UnicodeDecodeError) as e:
            with self.lock:
                self.wrong.append(repr(e))
            return
        with self.lock:
            self.spans += spans

    def all(self):
        """Every span so far; all of them must be good."""
        with self.lock:
            assert not self.wrong, self.wrong
            return list(self.spans)

    def wait(self, count=1, **wanted):
        """At least so many spans, once they came."""
        def found():
            spans = [s for s in self.all()
                     if all(getattr(s, k) == v for k, v in wanted.items())]
            return spans if len(spans) >= count else None

        return wait_until(found, what=f"{count} spans {wanted}")

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
