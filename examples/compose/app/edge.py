# SPDX-License-Identifier: Apache-2.0
"""The edge: hands requests to the api, waits a second, tries once more, and
then says what it knows: 502 if it was refused or reset, 504 if silent."""

import http.client
import json
import os
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

API = urllib.parse.urlsplit(os.environ["API"]).netloc
WAIT = 1  # seconds
local = threading.local()


def ask(path):
    """(status, body) over this thread's connection."""
    if getattr(local, "api", None) is None:
        local.api = http.client.HTTPConnection(API, timeout=WAIT)
    try:
        local.api.request("GET", path)
        reply = local.api.getresponse()
        return reply.status, reply.read()
    except (OSError, http.client.HTTPException):
        local.api.close()
        local.api = None
        raise


def answer(path):
    for _ in range(2):
        try:
            return ask(path)
        except TimeoutError:
            failure = 504, "no answer from the api"
        except (OSError, http.client.HTTPException) as e:
            failure = 502, f"no api: {e}"
    status, text = failure
    return status, json.dumps({"error": text}).encode()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        status, body = answer(self.path)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


ThreadingHTTPServer(("", 8080), Handler).serve_forever()
