# SPDX-License-Identifier: Apache-2.0
"""What edge and api share: an HTTP server, and calls to another service."""

import http.client
import json
import select
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PASSED_ON = ("x-request-id", "traceparent", "idempotency-key")


class Failed(OSError):
    """The other service gave no good answer."""

    def __init__(self, status, why):
        super().__init__(f"{status}: {why}")
        self.status = status


class Caller:
    """Calls over kept connections. `within` is for the whole of a call."""

    def __init__(self, address, within):
        self.address, self.within = address, within
        self.lock = threading.Lock()
        self.idle = []

    def _take(self):
        """A kept connection, unless the other side has closed it."""
        with self.lock:
            while self.idle:
                conn = self.idle.pop()
                if conn.sock is not None and not select.select(
                        [conn.sock], [], [], 0)[0]:
                    return conn
                conn.close()
        return None

    def call(self, method, path, body=None, headers=None):
        """(status, headers, body) of an answer below 500, or Failed."""
        host, port = self.address
        conn = self._take() or http.client.HTTPConnection(host, port)
        conn.timeout = self.within
        if conn.sock is not None:
            conn.sock.settimeout(self.within)
        try:
            conn.request(method, path, body, headers or {})
            reply = conn.getresponse()
            data = reply.read()
        except TimeoutError:
            conn.close()
            raise Failed(504, "no answer in time") from None
        except (OSError, http.client.HTTPException) as e:
            conn.close()
            raise Failed(502, f"no connection: {e}") from None
        with self.lock:
            self.idle.append(conn)
        if reply.status >= 500:
            raise Failed(reply.status, data.decode(errors="replace")[:200])
        return reply.status, dict(reply.getheaders()), data


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    routes = None  # (method, path, body, headers) -> (status, headers, value)

    def _passed_on(self):
        return {k: self.headers[k] for k in PASSED_ON if k in self.headers}

    def _serve(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        status, headers, value = type(self).routes(
            self.command, self.path, body, self._passed_on())
        data = value if isinstance(value, bytes) else \
            json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        for k, v in headers.items():
            self.send_header(k, v)
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = _serve

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request, client_address):
        pass  # a client that left


def serve(port, routes):
    handler = type("Routes", (Handler,), {"routes": staticmethod(routes)})
    Server(("127.0.0.1", port), handler).serve_forever()


def address(text):
    host, _, port = text.rpartition(":")
    return host, int(port)
