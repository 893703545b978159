# SPDX-License-Identifier: Apache-2.0
"""The api: orders, kept in PostgreSQL, remembered for a while by Redis. It
bears the loss of the cache, and says so when the database is gone.

    GET /orders/N        the order; made up when it is asked for first
    GET /health"""

import json
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psycopg2
import redis

CACHE_SECONDS = 30
DB = os.environ["DB"] + " connect_timeout=2 options='-c statement_timeout=2s'"
HOST, _, PORT = os.environ["CACHE"].rpartition(":")
cache = redis.Redis(host=HOST, port=int(PORT), socket_timeout=0.5,
                    socket_connect_timeout=0.5)
local = threading.local()


def database():
    """This thread's connection, a new one if the last is broken."""
    if getattr(local, "db", None) is None or local.db.closed:
        local.db = psycopg2.connect(DB)
        local.db.autocommit = True
        with local.db.cursor() as c:
            c.execute("create table if not exists orders "
                      "(id int primary key, item text)")
    return local.db


def stored(number):
    """From the database; once more if the connection had broken."""
    for last in (False, True):
        try:
            with database().cursor() as c:
                c.execute("insert into orders values (%s, %s) on conflict "
                          "do nothing", (number, f"item {number}"))
                c.execute("select item from orders where id = %s", (number,))
                return c.fetchone()[0]
        except psycopg2.OperationalError:
            if getattr(local, "db", None) is not None:
                local.db.close()
            if last:
                raise


def order(number):
    key = f"order:{number}"
    try:
        known = cache.get(key)
    except redis.RedisError:
        return {"item": stored(number), "source": "database, cache is gone"}
    if known is not None:
        return {"item": known.decode(), "source": "cache"}
    item = stored(number)
    try:
        cache.setex(key, CACHE_SECONDS, item)
    except redis.RedisError:
        pass
    return {"item": item, "source": "database"}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def reply(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        _, _, number = self.path.partition("/orders/")
        if self.path == "/health":
            self.reply(200, {"status": "well"})
        elif not number.isdigit():
            self.reply(404, {"error": "no such path"})
        else:
            try:
                self.reply(200, order(int(number)))
            except psycopg2.Error as e:
                self.reply(503, {"error": f"database: {e}".strip()})

    def log_message(self, *args):
        pass


ThreadingHTTPServer(("", 8080), Handler).serve_forever()
