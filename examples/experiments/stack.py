# SPDX-License-Identifier: Apache-2.0
"""Runs the application of the examples: PostgreSQL, Redis, an api and an edge
before it, each on a free port of 127.0.0.1, each behind a route. The ports are
in the environment, as the experiment files name them:

    EDGE, API, DB, CACHE              where the services are
    EDGE_IN, API_IN, DB_IN, CACHE_IN  the routes that lead to them

Edge and api call through the routes. All ends with the `with` block."""

import contextlib
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).parent
NAMES = ("EDGE", "API", "DB", "CACHE")
SCHEMA = """
create table rows (id text);
create table tables (n int primary key, item text);
insert into tables select n, 'table ' || n from generate_series(0, 99) n;
"""


class Missing(Exception):
    """A program that the example needs is not installed."""


def free_ports(count):
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in held]
    for s in held:
        s.close()
    return ports


def wait_port(port, what, within=30):
    end = time.monotonic() + within
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if time.monotonic() > end:
                raise RuntimeError(f"{what} does not start") from None
            time.sleep(0.05)


def postgres_programs():
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        raise Missing("PostgreSQL (package postgresql)")
    return found[-1].parent


class Stack:
    def __init__(self, without=()):
        self.without = {"edge": [], "api": []}
        for text in without:
            service, _, word = text.rpartition(".")
            for name in [service] if service else self.without:
                self.without[name].append(word)
        self.env = dict(os.environ)
        self.stop = contextlib.ExitStack()
        self.folder = None

    def __enter__(self):
        try:
            self._start()
        except BaseException:
            self.stop.close()
            raise
        return self

    def __exit__(self, *_):
        self.stop.close()

    def _start(self):
        ports = free_ports(2 * len(NAMES))
        for i, name in enumerate(NAMES):
            self.env[name] = f"127.0.0.1:{ports[2 * i]}"
            self.env[name + "_IN"] = f"127.0.0.1:{ports[2 * i + 1]}"
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="faultwire-"))
        self.folder.chmod(0o755)
        self.stop.callback(shutil.rmtree, self.folder, ignore_errors=True)
        self._postgres()
        self._redis()
        self.service("api", "DB_IN", "CACHE_IN")
        self.service("edge", "API_IN")

    def port(self, name):
        return int(self.env[name].rpartition(":")[2])

    def _spawn(self, argv, name, **options):
        log = open(self.folder / f"{name}.log", "wb")
        p = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log,
                             stderr=log, **options)
        log.close()

        def end():
            p.terminate()
            try:
                p.wait(5)
            except subprocess.TimeoutExpired:
                p.kill()
                p.wait()
        self.stop.callback(end)
        return p

    def _postgres(self):
        programs = postgres_programs()
        data = self.folder / "pg"
        data.mkdir()
        options = {}
        if os.getuid() == 0:  # it refuses to run as root
            shutil.chown(data, "postgres", "postgres")
            options = {"user": "postgres", "group": "postgres",
                       "extra_groups": []}
        made = subprocess.run(
            [programs / "initdb", "-D", data / "d", "-A", "trust", "-U",
             "demo", "--no-sync", "--locale=C", "-E", "UTF8"], cwd=data,
            stdin=subprocess.DEVNULL, capture_output=True, **options)
        if made.returncode:
            raise RuntimeError(made.stderr.decode())
        self._spawn([programs / "postgres", "-D", data / "d", "-p",
                     str(self.port("DB")), "-k", data, "-h", "127.0.0.1",
                     "-c", "fsync=off"], "postgres", cwd=data, **options)
        wait_port(self.port("DB"), "PostgreSQL")
        end = time.monotonic() + 30
        while subprocess.run(
                [programs / "psql", "-h", "127.0.0.1", "-p",
                 str(self.port("DB")), "-U", "demo", "-d", "postgres", "-X",
                 "-q", "-v", "ON_ERROR_STOP=1", "-1"], input=SCHEMA.encode(),
                capture_output=True).returncode:
            if time.monotonic() > end:
                raise RuntimeError("PostgreSQL takes no schema")
            time.sleep(0.1)

    def _redis(self):
        if shutil.which("redis-server") is None:
            raise Missing("Redis (package redis-server)")
        self._spawn(["redis-server", "--port", str(self.port("CACHE")),
                     "--bind", "127.0.0.1", "--save", "", "--dir",
                     self.folder], "redis")
        wait_port(self.port("CACHE"), "Redis")

    def service(self, name, *needs):
        """Starts edge or api."""
        argv = [sys.executable, HERE / "app" / f"{name}.py",
                str(self.port(name.upper()))]
        argv += [self.env[n] for n in needs]
        for word in self.without[name]:
            argv += ["--without", word]
        p = self._spawn(argv, name)
        wait_port(self.port(name.upper()), f"the {name}")
        return p
