# SPDX-License-Identifier: Apache-2.0
"""So much of Grafana's HTTP API as annotations need, and as strict."""

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

from .net import wait_until

TOKEN = "glsa_secret"
KEYS = {"time": int, "timeEnd": int, "text": str, "tags": list,
        "dashboardUID": str, "panelId": int}


class Grafana:
    """Keeps annotations. `answers`: statuses for the next requests; None: the
    connection breaks. `role`: what the token may do."""

    def __init__(self, answers=(), role="Editor", kept=(), port=0):
        self.annotations = {a["id"]: dict(a) for a in kept}
        self.calls, self.answers, self.role = [], list(answers), role
        self.dashboards = {}  # by uid: what a GET answers
        self.wrong = []
        self.lock = threading.Lock()
        grafana = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self):
                grafana.handle(self)

            do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = handle_any

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.thread = threading.Thread(target=self.server.serve_forever,
                                       kwargs={"poll_interval": 0.05},
                                       daemon=True)
        self.thread.start()

    def handle(self, handler):
        body = handler.rfile.read(int(handler.headers.get("Content-Length")
                                      or 0))
        with self.lock:
            answer = self.answers.pop(0) if self.answers else 200
            if answer == 200:
                status, reply = self.answer(handler, body)
            else:
                status, reply = answer, {"message": "as told"}
            self.calls.append((handler.command, handler.path, status))
        if status is None:
            handler.close_connection = True
            handler.connection.close()
            return
        data = json.dumps(reply).encode()
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    def answer(self, handler, body):
        url = urlsplit(handler.path)
        match = re.fullmatch(r"/api/annotations(?:/(\d+))?", url.path)
        board = re.fullmatch(r"/api/dashboards/(?:uid/(.+)|db)", url.path)
        if handler.headers.get("Authorization") != f"Bearer {TOKEN}":
            return 401, {"message": "Unauthorized"}
        if board:
            return self.dashboard(
                handler.command, board.group(1), body)
        if not match:
            self.wrong.append(handler.path)
            return 404, {"message": "Not found"}
        if handler.command == "GET":
            return 200, self.found(parse_qs(url.query))
        if self.role == "Viewer":
            return 403, {"message": "You'll need additional permissions"}
        if handler.headers.get("Content-Type") != "application/json":
            return 415, {"message": "no JSON"}
        return self.change(handler.command, match.group(1), json.loads(body))

    def dashboard(self, method, uid, body):
        if method == "GET" and uid is not None:
            made = self.dashboards.get(unquote(uid))
            return (200, made) if made else \
                (404, {"message": "Dashboard not found"})
        if method != "POST" or uid is not None:
            self.wrong.append((method, uid))
            return 405, {}
        if self.role == "Viewer":
            return 403, {"message": "You'll need additional permissions"}
        given = json.loads(body)
        there = self.dashboards[given["dashboard"]["uid"]]
        if there["meta"].get("file"):
            return 400, {"message": "Cannot save provisioned dashboard"}
        if given.get("overwrite") or \
                given.get("folderUid") != there["meta"].get("folderUid"):
            self.wrong.append(given)
        there["dashboard"] = {**given["dashboard"], "version":
                              given["dashboard"]["version"] + 1}
        return 200, {"status": "success"}

    def found(self, query):
        wanted = set(query.get("tags", []))
        return [a for a in self.annotations.values()
                if wanted <= set(a["tags"])]

    def change(self, method, number, given):
        for key, value in given.items():
            if not isinstance(value, KEYS.get(key, ())):
                self.wrong.append(given)
                return 400, {"message": f"bad request data: {key}"}
        if method == "POST" and number is None:
            if not given.get("text"):
                return 400, {"message": "text field should not be empty"}
            if given["timeEnd"] < given["time"]:
                self.wrong.append(given)
                return 400, {"message": "ends before it begins"}
            made = max(self.annotations, default=40) + 1
            self.annotations[made] = {"id": made, **given}
            return 200, {"message": "Annotation added", "id": made}
        if method == "PATCH" and number is not None:
            if int(number) not in self.annotations:
                return 404, {"message": "Could not find annotation"}
            self.annotations[int(number)].update(given)
            return 200, {"message": "Annotation patched"}
        self.wrong.append((method, number))
        return 405, {}

    def all(self):
        with self.lock:
            assert not self.wrong, self.wrong
            return [dict(a) for a in self.annotations.values()]

    def wait(self, condition=bool, what="annotations"):
        """All of them, once they are so."""
        def found():
            now = self.all()
            return now if condition(now) else None

        return wait_until(found, what=what)

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
