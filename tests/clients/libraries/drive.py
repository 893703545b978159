#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Drives clients of Debian's packages, each over routes of its own.

    drive.py MODULE LANES

MODULE has `clients`: by name, a function that takes the address of the
dependency and gives one that asks it for a path. LANES is JSON: a list of
{client, api, rate}, and of {edge, listen} beside it for a service that callers
on the edge reach. Clients whose library is missing are named; then it prints
"ready", and drives the others until its input ends."""

import http.client
import http.server
import importlib
import json
import os
import sys
import threading
import time
import urllib.parse

sys.dont_write_bytecode = True


def caller(edge):
    """Asks the edge."""
    at = urllib.parse.urlsplit(edge)

    def ask(path):
        conn = http.client.HTTPConnection(at.hostname, at.port, timeout=30)
        try:
            conn.request("GET", path)
            conn.getresponse().read()
        finally:
            conn.close()

    return ask


def serve(ask, port):
    """A service that answers its callers by asking the dependency."""
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            try:
                status, body = 200, ask(self.path)
            except Exception:
                status, body = 503, b"failed"
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args):
            pass

    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

        def handle_error(self, _request, _client):
            pass

    server = Server(("127.0.0.1", port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def quietly(ask, path):
    try:
        ask(path)
    except Exception:
        pass


def drive(ask, rate):
    """Open loop: nobody waits for the call before. Not on a lattice: brackets
    could not narrow."""
    number = 0
    while True:
        threading.Thread(target=quietly, args=(ask, f"/row/{number}"),
                         daemon=True).start()
        time.sleep((0.5 + (number * 0.618) % 1) / rate)
        number += 1


def main():
    module = importlib.import_module(sys.argv[1])
    for lane in json.loads(sys.argv[2]):
        try:
            ask = module.clients[lane["client"]](lane["api"])
        except ImportError as e:
            print("missing", lane["client"], e.name, flush=True)
            continue
        if "listen" in lane:
            serve(ask, lane["listen"])
        if "edge" in lane:
            ask = caller(lane["edge"])
        threading.Thread(target=drive, args=(ask, lane["rate"]),
                         daemon=True).start()
    print("ready", flush=True)
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
