# SPDX-License-Identifier: Apache-2.0
"""The load driver against PostgreSQL, and against servers that seem to be."""

import os
import shutil

from harness import wait_until
from harness.load import Load
from harness.peers import postgres, psql
from harness.tls import Pki


class Postgres(Load):
    limit = 120

    def hba(self, peer, method, kind="host"):
        path = os.path.join(peer.dir, "data", "pg_hba.conf")
        with open(path, "w", encoding="ascii") as f:
            f.write("host all postgres 127.0.0.1/32 trust\n"
                    f"{kind} all all 127.0.0.1/32 {method}\n")
        psql(peer, peer.port, "select pg_reload_conf()")

    def test_queries_passwords_and_errors(self):
        peer = postgres(self)
        psql(peer, peer.port, "create table t (id uuid primary key, n int)")
        got = self.drive(peer.port, [
            {"send": "insert into t values ('{uuid}', {seq})"},
            {"send": "select 'degraded' from generate_series(1, 100)"},
            {"send": "select nothing"},
            {"send": "begin; select 1"},
            {"send": "copy t from stdin"},
            {"send": "copy (select 'copied') to stdout"}],
            protocol="postgres", seconds=1,
            degraded_when=[{"body_contains": "degraded"}])
        outcomes = {0: "ok", 1: "ok", 2: "failed", 3: "ok", 4: "failed",
                    5: "ok"}
        sizes = {0: 0, 1: 800, 2: 0, 3: 1, 4: 0, 5: 7}
        for s in got["samples"]:
            self.assertEqual(s["outcome"], outcomes[s["request"]], s)
            self.assertEqual(s["bytes"], sizes[s["request"]], s)
            self.assertEqual(s["degraded"], s["request"] == 1)
        rows = psql(peer, peer.port, "select count(*) from t").stdout.strip()
        self.assertEqual(int(rows),
                         sum(s["request"] == 0 for s in got["samples"]))
        psql(peer, peer.port, "grant all on t to public")
        for method, encryption in (("password", "scram-sha-256"),
                                   ("md5", "md5"),
                                   ("scram-sha-256", "scram-sha-256")):
            self.check_password(peer, method, encryption)

    def test_a_database_that_stops_fails_and_comes_back(self):
        peer = postgres(self)
        got = self.drive(peer.port, [
            {"send": "select 1"},
            {"send": "select pg_terminate_backend(pg_backend_pid())"}],
            protocol="postgres", rate=40, seconds=1)
        for s in got["samples"]:
            self.assertEqual(s["outcome"], "failed" if s["request"] else "ok",
                             s)
        self.assertEqual(got["resent"], 0)
        port = peer.port
        peer.stop()
        got = self.drive(port, {"send": "select 1"}, protocol="postgres")
        self.assert_all(got, "broken")

    def test_queries_go_by_tls(self):
        peer = postgres(self)
        query = {"send": "select ssl from pg_stat_ssl where pid = "
                         "pg_backend_pid()", "expect": "t"}
        target = f"tls://127.0.0.1:{peer.port}"
        got = self.drive(0, query, target=target, protocol="postgres",
                         any_certificate=True)
        self.assert_all(got, "broken")
        self.assertEqual("the server takes no TLS", got["why"])
        pki = self.serve_tls(peer)
        got = self.drive(0, query, target=target, protocol="postgres",
                         ca_file=pki.path("ca.pem"))
        self.assert_all(got)
        got = self.drive(0, query, target=target, protocol="postgres",
                         ca_file=pki.path("other.pem"))
        self.assert_all(got, "broken")
        self.assertIn("unable to get local issuer certificate", got["why"])
        # A password by TLS: no channel is bound, and none is asked for.
        psql(peer, peer.port, "create role anna login password 'pencil'")
        self.hba(peer, "scram-sha-256", "hostssl")
        got = self.drive(0, {"send": "select current_user", "expect": "anna"},
                         target=target, protocol="postgres", user="anna",
                         database="postgres", any_certificate=True,
                         password_file=self.secret("pencil"))
        self.assert_all(got)
        got = self.drive(peer.port, query, protocol="postgres", user="anna",
                         database="postgres", rate=20)
        self.assert_all(got, "failed")

    def serve_tls(self, peer):
        pki = Pki()
        owner = os.stat(os.path.join(peer.dir, "data"))
        for name in ("server.pem", "server.key"):
            path = os.path.join(peer.dir, "data", name[:-3] + (
                "crt" if name.endswith("pem") else "key"))
            shutil.copy(pki.path(name), path)
            os.chown(path, owner.st_uid, owner.st_gid)
            os.chmod(path, 0o600)
        psql(peer, peer.port, "alter system set ssl = on")
        psql(peer, peer.port, "select pg_reload_conf()")
        wait_until(lambda: psql(peer, peer.port, "show ssl")
                   .stdout.strip() == "on", what="TLS of PostgreSQL")
        return pki

    def test_more_than_an_answer_to_the_question_is_no_tls(self):
        """What somebody put behind it in clear is not taken for the server's
        word; nor is silence, or a close."""
        for said, outcome in ((b"N", "broken"), (b"E", "broken"),
                              (b"S" + b"R\0\0\0\x08\0\0\0\0", "broken"),
                              (b"", "timeout")):
            with self.subTest(said):
                server = self.serving(lambda conn, s=said: (
                    conn.recv(8), conn.send(s), conn.recv(1 << 16)))
                got = self.drive(0, {"send": "select 1"}, rate=20,
                                 target=f"tls://127.0.0.1:{server.port}",
                                 protocol="postgres", timeout_us=300000,
                                 any_certificate=True)
                self.assert_all(got, outcome)

    def check_password(self, peer, method, encryption):
        with self.subTest(method):
            psql(peer, peer.port, f"set password_encryption = '{encryption}';"
                 "drop role if exists anna")
            psql(peer, peer.port, f"set password_encryption = '{encryption}';"
                 " create role anna login password 'pencil, \"sharp\"'")
            self.hba(peer, method)
            good = self.secret('pencil, "sharp"')
            query = {"send": "select current_user", "expect": "anna"}
            got = self.drive(peer.port, query, protocol="postgres",
                             user="anna", database="postgres",
                             password_file=good)
            self.assert_all(got)
            got = self.drive(peer.port, query, protocol="postgres", rate=20,
                             user="anna", database="postgres",
                             password_file=self.secret("wrong"))
            self.assert_all(got, "failed")


del Load
