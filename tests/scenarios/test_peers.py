# SPDX-License-Identifier: Apache-2.0
"""Real programs through it: they work as without it, see the faults they
should see, and recover once these are gone."""

import hashlib
import os
import subprocess
import tempfile
import unittest

from harness import Scenario, Watch, conf, fault, free_port, noise, route
from harness.peers import find, nginx, postgres, psql, redis


class Redis(Scenario):
    def setUp(self):
        self.peer = redis(self)
        self.port, self.proxy, self.text = self.proxied(self.peer.port)

    def cli(self, *words, within=30):
        return subprocess.run(
            [find(self, "redis-cli"), "-p", str(self.port), *words],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=within,
            check=False, text=True).stdout.strip()

    def test_commands_work_delayed_cut_and_again(self):
        self.assertEqual(self.cli("SET", "k", "v"), "OK")
        self.assertEqual(self.cli("GET", "k"), "v")
        self.proxy.reload(self.text(fault("latency", latency="100ms")))
        watch = Watch()
        self.assertEqual(self.cli("GET", "k"), "v")
        self.assertGreaterEqual(watch.seconds(), 0.1)
        self.proxy.reload(self.text(fault("down")))
        self.assertNotEqual(self.cli("GET", "k"), "v")
        self.proxy.reload(self.text())
        self.assertEqual(self.cli("GET", "k"), "v")

    def test_its_own_benchmark_runs_through(self):
        done = subprocess.run(
            [find(self, "redis-benchmark"), "-p", str(self.port), "-n",
             "4000", "-c", "20", "-P", "4", "-d", "200", "-q", "-t",
             "set,get,lrange_100"], stdin=subprocess.DEVNULL,
            capture_output=True, timeout=60, check=False, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("requests per second", done.stdout)


class Postgres(Scenario):
    limit = 90

    def setUp(self):
        self.peer = postgres(self)
        self.port, self.proxy, self.text = self.proxied(self.peer.port)

    def sql(self, text, **options):
        return psql(self.peer, self.port, text, **options)

    def test_queries_work_hang_while_cut_and_recover(self):
        self.assertEqual(self.sql("select 6*7").stdout.strip(), "42")
        # A query whose way is cut in its midst, and healed.
        query = subprocess.Popen(
            [os.path.join(self.peer.tools, "psql"), "-X", "-A", "-t", "-h",
             "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-c",
             "select pg_sleep(0.5), 'late'"], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, env={**os.environ,
                                         "PGSSLMODE": "disable"})
        self.addCleanup(query.stdout.close)
        self.addCleanup(query.wait)
        self.addCleanup(query.kill)
        self.proxy.wait_journal("the session", type="flow_open", flow=1)
        self.proxy.reload(self.text(fault("blackhole", stream="both")))
        with self.assertRaises(subprocess.TimeoutExpired):
            query.wait(1.2)
        self.proxy.reload(self.text())
        self.assertEqual(query.stdout.read().strip(), b"|late")
        self.assertEqual(query.wait(30), 0)
        self.assertEqual(self.sql("select 1").stdout.strip(), "1")

    def test_a_reset_amid_a_result_is_an_error_and_the_next_query_works(self):
        self.proxy.reload(self.text(
            fault("cut", bytes=20_000, how="rst", first=1)))
        done = self.sql("select repeat('x', 1000) from "
                        "generate_series(1, 1000)")
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(self.sql("select 1").stdout.strip(), "1")

    def test_a_large_result_through_stacked_faults_is_the_same(self):
        query = ("select md5(i::text) from generate_series(1, 40000) i")
        direct = psql(self.peer, self.peer.port, query).stdout
        self.proxy.reload(self.text(
            fault("latency", latency="2ms", jitter="1ms"),
            fault("slicer", average_size=5000, size_variation=4000),
            fault("bandwidth", rate="20MB/s")))
        self.assertEqual(self.sql(query).stdout, direct)

    def test_its_own_benchmark_runs_through(self):
        bench = os.path.join(self.peer.tools, "pgbench")
        base = [bench, "-h", "127.0.0.1", "-p", str(self.port), "-U",
                "postgres"]
        env = {**os.environ, "PGSSLMODE": "disable"}
        for args in (["-i", "-q", "postgres"],
                     ["-c", "4", "-T", "2", "postgres"]):
            done = subprocess.run(base + args, stdin=subprocess.DEVNULL,
                                  capture_output=True, timeout=60, env=env,
                                  check=False, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("number of failed transactions: 0", done.stdout)


class Nginx(Scenario):
    BIG = noise(20_000_000)

    def setUp(self):
        self.curl_path = find(self, "curl")
        self.peer = nginx(self, {"small": b"hello\n", "big": self.BIG,
                                 "text.html": b"<p>text</p>" * 10_000})
        self.port, self.proxy, self.text = self.proxied(
            self.peer.port, protocol="http")

    def curl(self, *args, path="/small"):
        return subprocess.run(
            [self.curl_path, "-sS", "--max-time", "30", *args,
             f"http://127.0.0.1:{self.port}{path}"],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=40,
            check=False)

    def test_curl_gets_what_nginx_serves(self):
        self.assertEqual(self.curl().stdout, b"hello\n")
        got = self.curl(path="/big").stdout
        self.assertTrue(got == self.BIG)
        self.assertEqual(self.curl("--compressed", path="/text.html").stdout,
                         b"<p>text</p>" * 10_000)
        part = self.curl("-r", "1000-1999", path="/big").stdout
        self.assertEqual(part, self.BIG[1000:2000])
        self.assertIn(b"404", self.curl("-i", path="/nothing").stdout[:20])
        self.assertIn(b"200", self.curl("-I").stdout[:20])

    def test_curl_uploads(self):
        with tempfile.NamedTemporaryFile() as f:
            f.write(self.BIG)
            f.flush()
            done = self.curl("-i", "-T", f.name, path="/up/x")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(b"HTTP/1.1 204 ", done.stdout)

    def test_curl_sees_each_fault_as_the_error_it_is(self):
        # The fault, curl's exit codes for it: a reset may come so soon that
        # connect() already fails.
        for armed, *codes in (
                (fault("down"), 7, 56),
                (fault("refuse"), 7),
                (fault("reset_peer"), 56),
                (fault("malform", flaw="empty"), 52),
                (fault("malform", flaw="garbage"), 1),
                (fault("malform", flaw="bad_chunk"), 56),
                (fault("malform", flaw="wrong_length"), 18),
                (fault("limit_data", bytes=3), 18)):
            with self.subTest(fault=armed):
                self.proxy.reload(self.text(armed))
                self.assertIn(self.curl().returncode, codes)
        self.proxy.reload(self.text(fault("hang")))
        self.assertEqual(self.curl("--max-time", "0.5").returncode, 28)
        self.proxy.reload(self.text(fault("abort", status=503)))
        self.assertEqual(self.curl("-o", "/dev/null", "-w",
                                   "%{http_code}").stdout, b"503")
        self.proxy.reload(self.text())
        self.assertEqual(self.curl().stdout, b"hello\n")

    def test_curl_retries_until_it_is_served(self):
        self.proxy.reload(self.text(fault("abort", status=503, first=2)))
        done = self.curl("--retry", "5", "--retry-delay", "1", "-f")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout, b"hello\n")

    def test_a_big_file_through_stacked_faults_is_the_same(self):
        self.proxy.reload(self.text(
            fault("latency", latency="3ms", jitter="2ms"),
            fault("slicer", average_size=20_000, size_variation=15_000),
            fault("bandwidth", rate="40MB/s"),
            fault("loss", rate="0.1%", rtt="2ms", rto="5ms")))
        got = hashlib.sha256(self.curl(path="/big").stdout).hexdigest()
        self.assertEqual(got, hashlib.sha256(self.BIG).hexdigest())

    def test_keep_alive_of_curl_is_kept(self):
        url = f"http://127.0.0.1:{self.port}/small"
        done = subprocess.run(
            [self.curl_path, "-sS", "-w", "%{num_connects} ", url, url, url],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=40,
            check=False)
        self.assertEqual(done.stdout.count(b"0 "), 2, done.stdout)


class ProxyProtocol(Scenario):
    def test_nginx_accepts_the_header_it_is_sent(self):
        peer = nginx(self, {"small": b"hello\n"})
        conf_path = os.path.join(peer.dir, "nginx.conf")
        with open(conf_path, encoding="ascii") as f:
            text = f.read()
        peer.stop()
        text = text.replace(
            f"listen 127.0.0.1:{peer.port};",
            f"listen 127.0.0.1:{peer.port} proxy_protocol; "
            "add_header X-Client $proxy_protocol_addr;")
        with open(conf_path, "w", encoding="ascii") as f:
            f.write(text)
        peer.launch([find(self, "nginx", "/usr/sbin/nginx"), "-p", peer.dir,
                     "-c", conf_path])
        for version in ("v1", "v2"):
            for protocol in ("tcp", "http"):
                with self.subTest(version=version, protocol=protocol):
                    port = free_port()
                    self.start(conf.text([route(
                        "r", port, peer.port, send_proxy=version,
                        protocol=protocol)]))
                    done = subprocess.run(
                        [find(self, "curl"), "-sSi", "--interface",
                         "127.0.0.77", f"http://127.0.0.1:{port}/small"],
                        stdin=subprocess.DEVNULL, capture_output=True,
                        timeout=30, check=False)
                    self.assertIn(b"X-Client: 127.0.0.77", done.stdout)
                    self.assertTrue(done.stdout.endswith(b"hello\n"))


if __name__ == "__main__":
    unittest.main()
