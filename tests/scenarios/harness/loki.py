# SPDX-License-Identifier: Apache-2.0
"""So much of Loki's push API as the log needs, and stricter: it takes JSON
alone, knows every member that may be there, and wants lines in order."""

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from .net import WITHIN, wait_until
from .tls import server_context

LEVELS = ("debug", "info", "warn", "error")


class Line:
    """A line that was found good: its labels, time, text, metadata."""

    def __init__(self, labels, value):
        self.labels = labels
        self.ns, self.text, *more = value
        assert re.fullmatch(r"[1-9]\d{18}", self.ns), value
        assert len(more) <= 1, value
        self.metadata = more[0] if more else None
        for k, v in (self.metadata or {"event": ""}).items():
            assert k in ("event", "trace_id") and isinstance(v, str), value
        assert "\n" not in self.text and len(self.text) < 16384, value
        self.said = json.loads(self.text)
        assert self.said["level"] == labels["level"], (labels, value)
        self.event = self.said.get("event")

    def __repr__(self):
        return self.text


def read(body):
    """The lines of a request, stream by stream."""
    root = json.loads(body)
    assert list(root) == ["streams"] and root["streams"], root
    lines = []
    seen = []
    for stream in root["streams"]:
        assert sorted(stream) == ["stream", "values"], stream
        labels = stream["stream"]
        assert all(isinstance(v, str) for v in labels.values()), labels
        assert labels["service_name"] and labels["level"] in LEVELS, labels
        assert labels not in seen, f"{labels} twice"
        seen.append(labels)
        assert stream["values"], stream
        made = [Line(labels, v) for v in stream["values"]]
        times = [int(line.ns) for line in made]
        # One behind the other: equal lines at one time would be one.
        assert all(a < b for a, b in zip(times, times[1:])), times
        lines += made
    return lines


class Loki:
    """Keeps lines. `answers`: statuses for the first requests, perhaps with
    headers: (status, {…}); None: the connection breaks. The last one stays
    if `stays`."""

    def __init__(self, answers=(), stays=False, tls=False, port=0):
        self.lines, self.requests, self.wrong = [], [], []
        self.answers, self.stays = list(answers), stays
        self.lock = threading.Lock()
        loki = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                loki.take(self)

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        if tls:
            self.server.socket = server_context().wrap_socket(
                self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self.thread = threading.Thread(target=self.server.serve_forever,
                                       kwargs={"poll_interval": 0.05},
                                       daemon=True)
        self.thread.start()

    def next_answer(self):
        if not self.answers:
            return 204, {}
        answer = self.answers[0] if self.stays and len(self.answers) == 1 \
            else self.answers.pop(0)
        return answer if isinstance(answer, (tuple, type(None))) \
            else (answer, {})

    def take(self, handler):
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        with self.lock:
            answer = self.next_answer()
            try:
                lines = self.check(handler, body)
            except (AssertionError, KeyError, ValueError) as e:
                self.wrong.append(repr(e))
                answer, lines = (400, {}), []
            self.requests.append((answer and answer[0],
                                  dict(handler.headers), lines))
            if answer and answer[0] == 204:
                self.lines += lines
        if answer is None:
            handler.close_connection = True
            handler.connection.close()
            return
        reply = b"" if answer[0] == 204 else b"as told\n"
        handler.send_response(answer[0])
        for name, value in answer[1].items():
            handler.send_header(name, value)
        if reply:
            handler.send_header("Content-Length", str(len(reply)))
        handler.end_headers()
        handler.wfile.write(reply)

    @staticmethod
    def check(handler, body):
        assert handler.path == "/loki/api/v1/push", handler.path
        assert handler.headers["Content-Type"] == "application/json", \
            handler.headers
        assert len(body) < 1 << 20, len(body)
        return read(body)

    def all(self):
        """Every line that was taken; all that came must be good."""
        with self.lock:
            assert not self.wrong, self.wrong
            return list(self.lines)

    def asked(self):
        """(status, headers, lines) of every request."""
        with self.lock:
            return list(self.requests)

    def wait(self, event, count=1, within=WITHIN):
        """At least so many lines of that event, once they came."""
        def found():
            lines = [line for line in self.all() if line.event == event]
            return lines if len(lines) >= count else None

        return wait_until(found, within, f"{count} lines {event}")

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
