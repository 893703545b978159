# SPDX-License-Identifier: Apache-2.0
"""The image: built from the Dockerfile, run without a writable file and
without a capability, and mistreated."""

import json
import os
import socket
import subprocess
import tempfile
import time
import unittest

from harness import (WITHIN, ask, conf, connect_outcome, fault, free_port,
                     get, route, wait_until)
from image import ENVIRONMENT, IMAGE, OfImage, podman

CONF = "/etc/faultwire/faultwire.conf"
OFF = {"listen": "off"}


class Image(OfImage):
    def one_route(self, upstream, *faults, control=None, **fields):
        self.port = free_port()
        return conf.text([route("r", self.port, upstream, *faults, **fields)],
                         control=control or OFF)

    # --- what it is

    def test_it_is_small_and_names_its_user_and_health(self):
        seen = json.loads(podman("image", "inspect", IMAGE).stdout)[0]
        self.assertLess(seen["Size"], 30e6)
        self.assertEqual(seen["User"], "65532:65532")
        self.assertEqual(seen["Config"]["StopSignal"], "SIGTERM")
        self.assertIn("/faultwire", seen["HealthCheck" if "HealthCheck" in seen
                                         else "Healthcheck"]["Test"])
        print(f"# size: {seen['Size'] / 1e6:.1f} MB")

    def test_there_is_no_shell_in_it(self):
        done = podman("run", "--rm", "--network=none", "--entrypoint",
                      "/bin/sh", IMAGE, "-c", "true", check=False)
        self.assertNotEqual(done.returncode, 0)

    def test_it_is_ready_at_once(self):
        root = podman("image", "mount", IMAGE).stdout.strip()
        self.addCleanup(podman, "image", "unmount", IMAGE)
        best = min(self.start_seconds(root) for _ in range(5))
        print(f"# start to ready: {best * 1000:.1f} ms")
        self.assertLess(best, 0.05)

    def start_seconds(self, root):
        """From the start of the process to its word that it is ready."""
        name = f"faultwire-test-ready-{os.getpid()}"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind("\0" + name)
            manager.settimeout(WITHIN)
            start = time.monotonic()
            process = subprocess.Popen(
                ["nsenter", "-m", "-t", ENVIRONMENT["NAMESPACE"], "chroot",
                 root, "/faultwire", "run", "--listen", "127.0.0.1:0",
                 "--upstream", "127.0.0.1:1"],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                env={**os.environ, "NOTIFY_SOCKET": "@" + name})
            try:
                self.assertTrue(manager.recv(4096).startswith(b"READY=1"))
                return time.monotonic() - start
            finally:
                process.terminate()
                process.wait()

    # --- how it starts

    def test_it_starts_as_toxiproxys_image_does(self):
        port = free_port()
        api = ("--env", f"TOXIPROXY_URL=http://127.0.0.1:{port}",
               "--env", f"FAULTWIRE_CONTROL=127.0.0.1:{port}")
        made = self.container("-host=0.0.0.0", f"-port={port}", options=api)
        self.assertEqual(json.loads(get(port, "/version").body),
                         {"version": "2.12.0"})
        web, listen = self.web(), free_port()
        done = made.exec("/toxiproxy-cli", "create", "--listen",
                         f"127.0.0.1:{listen}", "--upstream",
                         f"127.0.0.1:{web.port}", "web")
        self.assertEqual(done.stdout, "Created new proxy web\n")
        self.assertEqual(ask(self.client(listen)).status, 200)
        self.assertEqual(made.exec("/faultwire", "healthcheck").returncode, 0)
        made.signal("TERM")
        self.assertEqual(made.wait(), 0)

    def test_health_is_that_of_the_api(self):
        port = free_port()
        _, made = self.configured(
            self.one_route(1, control={"listen": f"127.0.0.1:{port}"}),
            options=("--env", f"FAULTWIRE_CONTROL=127.0.0.1:{port}"))
        self.assertEqual(podman("healthcheck", "run", made.name,
                                check=False).returncode, 0)
        done = made.exec("/faultwire", "healthcheck", "--url",
                         f"http://127.0.0.1:{free_port()}")
        self.assertEqual(done.returncode, 1)

    def test_other_commands_run_in_it(self):
        for args, word in ((["profiles", "3g"], "300 ms"),
                           (["--version"], "toxiproxy-server"),
                           (["faults", "latency"], "jitter")):
            done = podman("run", "--rm", "--network=none", IMAGE, *args)
            self.assertIn(word, done.stdout)

    # --- its configuration

    def test_a_folder_that_is_mounted_read_only_is_reloaded(self):
        upstream = self.serving()
        folder, made = self.configured(self.one_route(upstream.port))
        client = self.client(self.port)
        client.send(b"x").recv(1)
        text = self.one_route(upstream.port, fault("limit_data", bytes=1))
        self.write(folder, text)
        made.wait_log("config_reload")
        self.assertEqual(self.client(self.port).send(b"abc").finish()
                         .recv_end()[0], b"a")
        self.write(folder, "routes = ;")
        self.assertIn(f"{CONF}:1", made.wait_log("config_rejected"))

    def test_what_is_no_configuration_is_told_and_nothing_runs(self):
        folder, mount = self.folder()
        os.mkdir(os.path.join(folder, "faultwire.conf"))
        for options, word in (((), "No such file"), (mount, "directory")):
            made = self.container("run", "-c", CONF, options=options,
                                  wait=False)
            self.assertEqual(made.wait(), 1)
            self.assertIn(CONF, made.log())
            self.assertIn(word, made.log())

    def test_an_unreadable_file_is_told(self):
        folder, mount = self.folder("")
        os.chmod(os.path.join(folder, "faultwire.conf"), 0)
        made = self.container("run", "-c", CONF, options=mount, wait=False)
        self.assertEqual(made.wait(), 1)
        self.assertIn("Permission denied", made.log())

    def test_an_empty_file_is_a_proxy_that_waits_for_its_api(self):
        _, made = self.configured('control = { listen = "off"; };')
        self.assertTrue(made.state("Running"))

    def test_a_file_replaced_by_a_folder_changes_nothing(self):
        upstream = self.serving()
        folder, made = self.configured(self.one_route(upstream.port))
        path = os.path.join(folder, "faultwire.conf")
        os.unlink(path)
        os.mkdir(path)
        made.wait_log("config_rejected")
        self.assertEqual(self.client(self.port).send(b"x").recv(1), b"x")

    # --- its upstream and its end

    def test_an_upstream_whose_name_comes_later_is_reached_then(self):
        upstream = self.serving()
        with tempfile.NamedTemporaryFile("w", encoding="ascii") as hosts:
            hosts.write("127.0.0.1 localhost\n")
            hosts.flush()
            os.chmod(hosts.name, 0o644)
            _, made = self.configured(
                self.one_route(f"db-that-comes-later:{upstream.port}"),
                options=("--volume", f"{hosts.name}:/etc/hosts:ro"))
            self.assertEqual(self.client(self.port).recv_end()[0], b"")
            self.assertTrue(made.state("Running"))
            hosts.write("127.0.0.1 db-that-comes-later\n")
            hosts.flush()
            wait_until(self.echoes, what="the upstream")

    def echoes(self):
        client = self.client(self.port)
        try:
            return client.send(b"x").recv(1) == b"x"
        except (AssertionError, OSError):
            return False
        finally:
            client.close()

    def test_sigterm_lets_sessions_end_by_themselves(self):
        upstream = self.serving()
        _, made = self.configured(self.one_route(upstream.port))
        client = self.client(self.port)
        client.send(b"x").recv(1)
        made.signal("TERM")
        made.wait_log("draining")
        self.assertNotEqual(connect_outcome(self.port, WITHIN), "ok")
        self.assertEqual(client.send(b"y").recv(1), b"y")
        client.close()
        self.assertEqual(made.wait(), 0)

    def test_killed_amid_a_fault_it_starts_again_and_acts_again(self):
        upstream = self.serving()
        _, made = self.configured(self.one_route(
            upstream.port, fault("latency", latency="60ms"),
            fault("blackhole", when={"client": "192.0.2.0/24"})))
        client = self.client(self.port)
        client.send(b"x")
        made.signal("KILL")
        self.assertEqual(made.wait(), 137)
        podman("start", made.name)
        made.wait_log("ready", 2)
        start = time.monotonic()
        self.assertEqual(self.client(self.port).send(b"x").recv(1), b"x")
        self.assert_took(time.monotonic() - start, 0.06, 5)


if __name__ == "__main__":
    unittest.main()
