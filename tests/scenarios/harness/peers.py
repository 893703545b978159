# SPDX-License-Identifier: Apache-2.0
"""Programs from packages, each in a directory and on a port of its own."""

import glob
import os
import pwd
import shutil
import subprocess
import tempfile
import time
import unittest

from .net import connect_outcome, free_port, is_root, wait_until
from .scrape import get


class ForAll:
    """What a peer asks of its test, for all tests of a class."""

    def __init__(self, cls):
        self.addCleanup = cls.addClassCleanup

    def skipTest(self, reason):
        raise unittest.SkipTest(reason)


class Peer:
    """A server process that ends with the test."""

    def __init__(self, test, prefix):
        self.dir = tempfile.mkdtemp(prefix=prefix)
        test.addCleanup(shutil.rmtree, self.dir, True)
        self.port = free_port()
        self.process = None
        test.addCleanup(self.stop)

    def launch(self, command, **options):
        self.output = open(os.path.join(self.dir, "output"), "wb")
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=self.output,
            stderr=self.output, cwd=self.dir, **options)
        wait_until(lambda: connect_outcome(self.port, 1) == "ok",
                   what=f"{command[0]} on port {self.port}")

    def stop(self):
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.output.close()
        self.process = None


def find(test, name, *places):
    """The program's path; the test is skipped where it is not installed."""
    found = [path for pattern in places
             for path in sorted(glob.glob(pattern), reverse=True)]
    path = found[0] if found else shutil.which(name)
    if path is None:
        test.skipTest(f"{name} is not installed")
    return path


def self_signed(folder):
    """The files of a key and its certificate."""
    key, certificate = (os.path.join(folder, name)
                        for name in ("server.key", "server.crt"))
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=peer", "-keyout",
         key, "-out", certificate], check=True, capture_output=True)
    return key, certificate


def redis(test):
    peer = Peer(test, "faultwire-redis-")
    peer.launch([find(test, "redis-server"), "--port", str(peer.port),
                 "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
                 "--dir", peer.dir])
    return peer


def postgres(test):
    """A cluster of its own, run by somebody who is not root."""
    initdb = find(test, "initdb", "/usr/lib/postgresql/*/bin/initdb")
    tools = os.path.dirname(initdb)
    peer = Peer(test, "faultwire-postgres-")
    who = {}
    if is_root():
        user = pwd.getpwnam("postgres")
        who = {"user": user.pw_uid, "group": user.pw_gid,
               "extra_groups": []}
        os.chown(peer.dir, user.pw_uid, user.pw_gid)
    data = os.path.join(peer.dir, "data")
    subprocess.run([initdb, "-D", data, "-A", "trust", "-U", "postgres",
                    "--no-sync", "-E", "UTF8", "--locale=C"],
                   stdin=subprocess.DEVNULL, check=True, cwd=peer.dir,
                   stdout=subprocess.DEVNULL, **who)
    peer.launch([os.path.join(tools, "postgres"), "-D", data, "-p",
                 str(peer.port), "-k", peer.dir, "-h", "127.0.0.1",
                 "-c", "fsync=off"], **who)
    peer.tools = tools
    # The port answers before the cluster does.
    deadline = time.monotonic() + 30
    while psql(peer, peer.port, "select 1").returncode != 0:
        assert time.monotonic() < deadline, "PostgreSQL does not start"
        time.sleep(0.05)
    return peer


def mariadb(test):
    """A server of its own, with a root without a password."""
    program = find(test, "mariadbd", "/usr/sbin/mariadbd")
    install = find(test, "mariadb-install-db")
    peer = Peer(test, "faultwire-mariadb-")
    options = ["--no-defaults", f"--datadir={peer.dir}/data"]
    who = []
    if is_root():
        user = pwd.getpwnam("mysql")
        who = ["--user=mysql"]
        os.chown(peer.dir, user.pw_uid, user.pw_gid)
    subprocess.run([install, *options, *who, "--skip-test-db",
                    "--auth-root-authentication-method=normal",
                    "--innodb-log-file-size=8M"], stdin=subprocess.DEVNULL,
                   check=True, cwd=peer.dir, stdout=subprocess.DEVNULL)
    key, certificate = self_signed(peer.dir)
    os.chmod(key, 0o644)
    peer.launch([program, *options, *who, "--bind-address=127.0.0.1",
                 f"--port={peer.port}", f"--socket={peer.dir}/socket",
                 f"--pid-file={peer.dir}/pid", "--skip-name-resolve",
                 f"--ssl-key={key}", f"--ssl-cert={certificate}",
                 "--max-allowed-packet=64M", "--local-infile=1",
                 "--innodb-flush-log-at-trx-commit=0",
                 "--innodb-log-file-size=8M"])
    return peer


def psql(peer, port, sql, within=30):
    return subprocess.run(
        [os.path.join(peer.tools, "psql"), "-X", "-A", "-t", "-h",
         "127.0.0.1", "-p", str(port), "-U", "postgres", "-c", sql],
        stdin=subprocess.DEVNULL, capture_output=True, timeout=within,
        check=False, text=True, env={**os.environ, "PGCONNECT_TIMEOUT": "10",
                                     "PGSSLMODE": "disable"})


def nginx(test, files):
    peer = Peer(test, "faultwire-nginx-")
    program = find(test, "nginx", "/usr/sbin/nginx")
    www = os.path.join(peer.dir, "www")
    os.mkdir(www)
    for name, data in files.items():
        with open(os.path.join(www, name), "wb") as f:
            f.write(data)
    temporary = "".join(
        f"{kind}_temp_path {peer.dir}/{kind};" for kind in
        ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    user = "user root;" if is_root() else ""
    with open(os.path.join(peer.dir, "nginx.conf"), "w",
              encoding="ascii") as f:
        f.write(f"""
daemon off; master_process off; {user}
pid {peer.dir}/pid; error_log {peer.dir}/error.log;
events {{ }}
http {{ {temporary} access_log off; client_max_body_size 100m;
  server {{ listen 127.0.0.1:{peer.port}; root {www}; gzip on;
    location /up {{ client_body_buffer_size 64k; return 204; }} }} }}
""")
    peer.launch([program, "-p", peer.dir, "-c", f"{peer.dir}/nginx.conf"])
    return peer


def alertmanager(test, url):
    """Hands every alert to that webhook at once."""
    program = find(test, "prometheus-alertmanager", "/usr/bin/alertmanager")
    peer = Peer(test, "faultwire-alertmanager-")
    with open(os.path.join(peer.dir, "alertmanager.yml"), "w",
              encoding="utf-8") as f:
        f.write("route: {receiver: hook, group_wait: 0s, "
                "group_interval: 1s, group_by: ['...']}\n"
                f"receivers: [{{name: hook, webhook_configs: "
                f"[{{url: '{url}', send_resolved: true}}]}}]\n")
    peer.launch([program, "--config.file=alertmanager.yml",
                 f"--web.listen-address=127.0.0.1:{peer.port}",
                 "--storage.path=data", "--cluster.listen-address="])
    wait_until(lambda: get(peer.port, "/-/ready").status == 200,
               what="Alertmanager being ready")
    return peer


def prometheus(test, config, files=()):
    """A server with that configuration; `files` are copied beside it."""
    program = find(test, "prometheus")
    peer = Peer(test, "faultwire-prometheus-")
    for path in files:
        shutil.copy(path, peer.dir)
    with open(os.path.join(peer.dir, "prometheus.yml"), "w",
              encoding="utf-8") as f:
        f.write(config)
    peer.launch([program, "--config.file=prometheus.yml",
                 f"--web.listen-address=127.0.0.1:{peer.port}",
                 "--storage.tsdb.path=data", "--log.level=debug",
                 "--enable-feature=exemplar-storage"])
    # The port answers before the server does.
    wait_until(lambda: get(peer.port, "/-/ready").status == 200,
               what="Prometheus being ready")
    return peer
