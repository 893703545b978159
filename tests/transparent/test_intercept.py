# SPDX-License-Identifier: Apache-2.0
"""Transparent mode in a network of its own: clients that know nothing of a
proxy, REDIRECT and TPROXY rules, and what becomes of the rules."""

import os
import signal
import subprocess
import sys
import tempfile
import unittest

import namespace
from harness import (BIN, ROOT, Scenario, Watch, conf, connect_outcome, environment, fault,
                     free_port, route, run, wait_until)
from harness.peers import find, redis

PORT = 15001
NOBODY = 65534
V4, OTHER, V6 = "10.99.0.2", "10.99.0.3", "fd99::2"

# Tells every client its own address, and ends.
TELLER = """
import socket, sys
s = socket.create_server((sys.argv[1], int(sys.argv[2])), family=socket.AF_INET6
                         if ":" in sys.argv[1] else socket.AF_INET)
print(flush=True)
while True:
    c, a = s.accept()
    c.sendall(a[0].encode())
    c.close()
"""


HTTP_TELLER = """
import http.server, sys
class Teller(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        text = self.client_address[0].encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
    def log_message(self, *_):
        pass
s = http.server.ThreadingHTTPServer((sys.argv[1], int(sys.argv[2])), Teller)
print(flush=True)
s.serve_forever()
"""


def setUpModule():
    namespace.enter()
    namespace.address(f"{V4}/32", f"{OTHER}/32", f"{V6}/128")


def curl(*args):
    done = subprocess.run(
        ("curl", "-sS", "--max-time", "20", "--noproxy", "*", *args),
        capture_output=True, text=True, timeout=40, check=False)
    return done.stdout, done.returncode, done.stderr


class Intercept(Scenario):
    def tearDown(self):
        run("intercept", "down")

    def text(self, *faults, destination=("10.99.0.0/24:80", "[fd99::/64]:80"),
             accept="redirect", **fields):
        return conf.text(
            [route("r", f":{PORT}", "destination", *faults, accept=accept,
                   match={"destination": list(destination)}, **fields)],
            control={"listen": "off"})

    def up(self, text, *options):
        done = run("intercept", "up", "-c", "{}", *options, text=text)
        self.assertEqual(done.returncode, 0, done.stderr)

    def got(self, url):
        out, status, why = curl("-i", url)
        self.assertEqual(status, 0, why)
        return out


class Redirect(Intercept):
    def test_an_unmodified_client_meets_the_faults(self):
        one, two = self.serve(V4), self.serve(OTHER)
        six = self.serve(V6)
        text = self.text(fault("headers", set=["X-Fault: yes"]),
                         protocol="http")
        self.start(text, args=("--intercept", "output"))
        for host, server in ((V4, one), (OTHER, two), (f"[{V6}]", six)):
            out = self.got(f"http://{host}/x")
            self.assertIn(f"X-Server: {server}", out)
            self.assertIn("X-Fault: yes", out)

    def serve(self, address):
        self.web(name=address, address=address, port=80)
        return address

    def test_routes_are_told_apart_by_original_destination(self):
        self.serve(V4)
        self.serve(OTHER)
        port = free_port()
        text = conf.text([
            route("one", f":{port}", "destination",
                  fault("abort", status=418), accept="redirect",
                  protocol="http", match={"destination": [f"{V4}:80"]}),
            route("two", f":{port}", "destination", accept="redirect",
                  protocol="http",
                  match={"destination": ["10.99.0.0/24:80"]})],
            control={"listen": "off"})
        self.start(text, args=("--intercept", "output"))
        self.assertIn(" 418 ", self.got(f"http://{V4}/"))
        self.assertIn(" 200 ", self.got(f"http://{OTHER}/"))

    def test_open_sessions_go_on_while_it_drains(self):
        self.serving(address=V4, port=83)
        proxy = self.start(self.text(destination=["10.99.0.0/24:83"]),
                           args=("--intercept", "output"))
        conn = self.client((V4, 83))
        self.assertEqual(conn.send(b"one").recv(3), b"one")
        proxy.signal(signal.SIGTERM)
        wait_until(lambda: connect_outcome(PORT, 5) == "refused",
                   what="a listener that is closed")
        self.assertEqual(conn.send(b"two").recv(3), b"two")
        conn.close()
        proxy.wait()
        self.assertNotIn("faultwire", namespace.rules())

    def test_redis_cli_waits_for_the_latency(self):
        peer = redis(self)
        cli = find(self, "redis-cli")
        text = self.text(fault("latency", latency="300ms"),
                         destination=[f"127.0.0.1:{peer.port}"])
        self.start(text, args=("--intercept", "output"))
        watch = Watch()
        done = namespace.tool(cli, "-p", str(peer.port), "ping")
        self.assertEqual(done.stdout.strip(), "PONG")
        self.assert_took(watch.seconds(), 0.3, 10)

    def test_refuse_closes_the_port_of_the_destination(self):
        self.serve(V4)
        self.start(self.text(fault("refuse")), args=("--intercept", "output"))
        _, status, why = curl(f"http://{V4}/")
        self.assertEqual(status, 7, why)

    def test_a_connection_without_a_rule_is_refused(self):
        proxy = self.start(self.text(destination=["*"]))
        self.client(PORT).expect_end("fin")
        self.assertEqual(proxy.wait_log("destination_loop")[0]["destination"],
                         f"127.0.0.1:{PORT}")

    def test_our_own_traffic_that_comes_back_is_refused(self):
        self.serve(V4)
        proxy = self.start(self.text())
        namespace.tool("nft", "-f", "-", text=(
            "table inet bad { chain o { type nat hook output priority -100;\n"
            f"tcp dport 80 redirect to :{PORT}\n}}\n}}\n"))
        self.addCleanup(namespace.tool, "nft", "delete table inet bad")
        _, status, _ = curl(f"http://{V4}/")
        self.assertNotEqual(status, 0)
        proxy.wait_log("destination_loop")
        opened = [e for e in proxy.journal() if e["type"] == "flow_open"]
        self.assertLess(len(opened), 10)

    def test_another_user_without_capabilities_is_left_out_by_name(self):
        self.serve(V4)
        text = self.text(fault("headers", set=["X-Fault: yes"]),
                         protocol="http")
        self.up(text, "--skip-user", str(NOBODY))
        proxy = self.start(text, args=("--user", f"{NOBODY}:{NOBODY}"))
        self.assertIn("X-Fault: yes", self.got(f"http://{V4}/"))
        self.assertEqual(proxy.log_events("destination_loop"), [])


class Kubernetes(Intercept):
    """What examples/kubernetes/transparent does in a pod."""

    folder = os.path.join(ROOT, "examples", "kubernetes", "transparent")
    conf = os.path.join(folder, "faultwire.conf")

    def test_rules_by_one_capability_and_a_sidecar_without_any(self):
        setpriv = find(self, "setpriv")
        server = self.serving(address=V4, port=5432)
        namespace.tool(
            setpriv, "--inh-caps=-all", "--bounding-set=-all,+net_admin",
            BIN, "intercept", "up", "-c", self.conf, "--skip-user", "65532")
        with open(self.conf, encoding="utf-8") as f:
            text = f.read() + 'control = { listen = "off"; };'
        proxy = self.start(text, args=("--user", "65532:65532"))
        # An address of this host is not meant by "*:5432".
        self.echoed((V4, 5432))
        self.assertEqual(proxy.log_events("destination_loop"), [])
        far = namespace.Host(self, "pod", ["10.3.0.1/24"], ["10.3.0.2/24"])
        teller = self.piped(*far.command(sys.executable, "-c", TELLER,
                                         "10.3.0.2", "5432"))
        self.addCleanup(teller.kill)
        teller.stdout.readline()
        self.assertEqual(self.client(("10.3.0.2", 5432)).recv_end()[0],
                         b"10.3.0.1")
        proxy.wait_journal("the flow", type="flow_open", route="app-db")
        self.assertEqual(server.count, 1)

    def echoed(self, to):
        self.assertEqual(self.client(to).send(b"hello").recv(5), b"hello")

    def test_the_image_holds_what_rules_take(self):
        with tempfile.TemporaryDirectory() as root:
            namespace.tool("sh", os.path.join(ROOT, "packaging/image-root"),
                           BIN, root, "nft", "ip")
            with open(os.path.join(root, "t.conf"), "w",
                      encoding="ascii") as f:
                f.write(self.text(accept="tproxy"))
            os.mkdir(os.path.join(root, "proc"))
            chroot = ("unshare", "-m", "sh", "-c",
                      'mount -t proc proc "$0/proc" && '
                      'exec chroot "$0" /faultwire intercept "$@"', root)
            namespace.tool(*chroot, "up", "-c", "/t.conf")
            self.assertIn("hook prerouting", namespace.rules())
            self.assertIn("0x4658", namespace.routing())
            namespace.tool(*chroot, "down")
            self.assertNotIn("faultwire", namespace.rules())


class Rules(Intercept):
    def test_up_is_idempotent_and_down_leaves_other_tables_alone(self):
        namespace.tool("nft", "add table inet other")
        self.addCleanup(namespace.tool, "nft", "delete table inet other")
        before = namespace.rules(), namespace.routing()
        text = self.text()
        self.up(text)
        once = namespace.rules()
        self.up(text)
        self.assertEqual(namespace.rules(), once)
        shown = run("intercept", "show")
        self.assertIn(f"redirect to :{PORT}", shown.stdout)
        self.assertIn('"redirect"', run("intercept", "show", "--json").stdout)
        for _ in range(2):
            self.assertEqual(run("intercept", "down").returncode, 0)
            self.assertEqual((namespace.rules(), namespace.routing()), before)
        self.assertEqual(run("intercept", "show").returncode, 1)

    def test_a_table_that_cannot_be_made_leaves_the_old_one(self):
        self.up(self.text())
        before = namespace.rules(), namespace.routing()
        done = run("intercept", "up", "-c", "{}", "--cgroup", "no/such",
                   text=self.text(accept="tproxy"))
        self.assertEqual(done.returncode, 0, done.stderr)
        run("intercept", "up", "-c", "{}", text=self.text())
        done = run("intercept", "up", "-c", "{}", "--cgroup", "no/such",
                   text=self.text())
        self.assertEqual(done.returncode, 1)
        self.assertIn("there is no such control group", done.stderr)
        self.assertEqual((namespace.rules(), namespace.routing()), before)

    def test_rules_live_as_long_as_the_proxy(self):
        before = namespace.rules()
        proxy = self.start(self.text(), args=("--intercept", "both"))
        self.assertIn("hook prerouting", namespace.rules())
        proxy.reload(self.text(destination=["10.99.0.0/24:81"]))
        wait_until(lambda: "dport 81" in namespace.rules(),
                   what="rules that follow the routes")
        self.assertNotIn("dport 80", namespace.rules())
        proxy.stop()
        self.assertEqual(namespace.rules(), before)

    def test_a_killed_predecessor_leaves_no_rule_behind_the_next_start(self):
        proxy = self.start(self.text(destination=["10.99.0.0/24:82"]),
                           args=("--intercept", "output"))
        proxy.signal(signal.SIGKILL)
        proxy.wait()
        proxy.stopped = True
        self.assertIn("dport 82", namespace.rules())
        proxy = self.start(self.text(), args=("--intercept", "output"))
        self.assertNotIn("dport 82", namespace.rules())
        proxy.stop()
        self.assertNotIn("faultwire", namespace.rules())

    def test_no_permission_names_the_capability(self):
        for command in (("up", "-c", "{}"), ("down",), ("show",)):
            done = self.as_nobody("intercept", *command)
            self.assertEqual(done.returncode, 1)
            self.assertIn("CAP_NET_ADMIN is missing", done.stderr)
        done = self.as_nobody("run", "-c", "{}", "--intercept", "output")
        self.assertEqual(done.returncode, 1)
        self.assertIn("CAP_NET_ADMIN is missing", done.stderr)
        done = self.as_nobody("run", "-c", "{}", accept="tproxy")
        self.assertEqual(done.returncode, 1)
        self.assertIn("CAP_NET_ADMIN is missing", done.stderr)

    def test_an_ordinary_user_with_the_capability_may(self):
        """As a unit of systemd with AmbientCapabilities gives it."""
        self.as_nobody("intercept", "up", "-c", "{}", caps=(
            "--inh-caps=+net_admin", "--ambient-caps=+net_admin"))
        self.assertIn(f"redirect to :{PORT}", namespace.rules())
        self.as_nobody("intercept", "down", caps=(
            "--inh-caps=+net_admin", "--ambient-caps=+net_admin"))
        self.assertNotIn("faultwire", namespace.rules())

    def as_nobody(self, *command, caps=(), **fields):
        setpriv = find(self, "setpriv")
        with tempfile.NamedTemporaryFile("w", suffix=".conf") as f:
            f.write(self.text(**fields))
            f.flush()
            os.chmod(f.name, 0o644)
            return subprocess.run(
                [setpriv, f"--reuid={NOBODY}", f"--regid={NOBODY}",
                 "--clear-groups", *caps, BIN,
                 *(f.name if word == "{}" else word for word in command)],
                capture_output=True, text=True, timeout=30, check=False,
                env=environment(), cwd="/")


class Tproxy(Intercept):
    """client ── this host ── server"""

    def setUp(self):
        for name in ("net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"):
            with open("/proc/sys/" + name.replace(".", "/"), "w",
                      encoding="ascii") as f:
                f.write("1")
        self.near = namespace.Host(self, "near", ["10.1.0.1/24", "fd01::1/64"],
                                   ["10.1.0.2/24", "fd01::2/64"])
        self.far = namespace.Host(self, "far", ["10.2.0.1/24", "fd02::1/64"],
                                  ["10.2.0.2/24", "fd02::2/64"])
        for address in ("10.2.0.2", "fd02::2"):
            server = self.piped(*self.far.command(sys.executable, "-c",
                                                  TELLER, address, "7"))
            self.addCleanup(server.kill)
            server.stdout.readline()

    def told(self, address):
        """As whom the server sees a client from the near host."""
        return self.near.run(
            sys.executable, "-c", "import socket, sys\n"
            f"s = socket.create_connection(('{address}', 7), 10)\n"
            "print(s.recv(100).decode())\n", check=False).stdout.strip()

    def test_the_source_is_kept_where_the_route_asks_for_it(self):
        for keep, four, six in ((True, "10.1.0.2", "fd01::2"),
                                (False, "10.2.0.1", "fd02::1")):
            with self.subTest(keep):
                proxy = self.start(
                    self.text(fault("latency", latency="200ms"),
                              accept="tproxy", keep_source=keep,
                              destination=["*:7"]),
                    args=("--intercept", "output"))
                watch = Watch()
                self.assertEqual(self.told("10.2.0.2"), four)
                self.assert_took(watch.seconds(), 0.2, 10)
                self.assertEqual(self.told("fd02::2"), six)
                self.assertEqual(
                    len([e for e in proxy.journal()
                         if e["type"] == "flow_open"]), 2)
                proxy.stop()
                self.assertNotIn("faultwire", namespace.rules())
                self.assertNotIn("0x4658", namespace.routing())
                self.assertEqual(self.told("10.2.0.2"), "10.1.0.2")

    def test_a_listener_that_becomes_one_of_tproxy(self):
        proxy = self.start(self.text(destination=["*:9"]),
                           args=("--intercept", "output"))
        self.assertEqual(self.told("10.2.0.2"), "10.1.0.2")
        proxy.reload(self.text(accept="tproxy", destination=["*:7"],
                               keep_source=True))
        wait_until(lambda: "tproxy" in namespace.rules(),
                   what="rules that follow")
        self.assertEqual(self.told("10.2.0.2"), "10.1.0.2")
        proxy.wait_journal("the flow", type="flow_open")

    def test_connections_for_one_client_serve_no_other(self):
        """With HTTP, where upstream connections are kept."""
        web = self.piped(*self.far.command(
            sys.executable, "-uc", HTTP_TELLER, "10.2.0.2", "8"))
        self.addCleanup(web.kill)
        web.stdout.readline()
        self.start(self.text(accept="tproxy", destination=["*:8"],
                             keep_source=True, protocol="http")
                   .replace("workers = 2", "workers = 1"),
                   args=("--intercept", "output"))
        self.near.run("ip", "addr", "add", "10.1.0.3/24", "dev", "eth0")
        for source in ("10.1.0.2", "10.1.0.3", "10.1.0.2"):
            self.assertEqual(self.near.run(
                "curl", "-sS", "--interface", source, "--max-time", "10",
                "http://10.2.0.2:8/").stdout, source)

    def test_redirect_for_others(self):
        self.start(self.text(destination=["*:7"]),
                   args=("--intercept", "prerouting"))
        self.assertEqual(self.told("10.2.0.2"), "10.2.0.1")
        self.assertEqual(self.told("fd02::2"), "fd02::1")

    def test_open_sessions_go_on_while_it_drains(self):
        proxy = self.start(self.text(accept="tproxy", keep_source=True,
                                     destination=["*:8"]),
                           args=("--intercept", "output"))
        echo = self.piped(*self.far.command(
            sys.executable, "-c", "import socket\n"
            "s = socket.create_server(('10.2.0.2', 8))\nprint(flush=True)\n"
            "c, _ = s.accept()\n"
            "while True:\n d = c.recv(100)\n if not d: break\n"
            " c.sendall(d)\n"))
        echo.stdout.readline()
        client = self.piped(*self.near.command(
            sys.executable, "-uc", "import socket\n"
            "s = socket.create_connection(('10.2.0.2', 8), 10)\n"
            "while True:\n"
            " try: line = input()\n"
            " except EOFError: break\n"
            " s.sendall(line.encode())\n print(s.recv(100).decode())\n"))

        def say(word):
            client.stdin.write(word + "\n")
            client.stdin.flush()
            return client.stdout.readline().strip()

        self.assertEqual(say("one"), "one")
        proxy.signal(signal.SIGTERM)
        proxy.wait_log("draining")
        self.assertEqual(say("two"), "two")
        client.stdin.close()
        proxy.wait()
        self.assertNotIn("faultwire", namespace.rules())


del Intercept

if __name__ == "__main__":
    unittest.main()
