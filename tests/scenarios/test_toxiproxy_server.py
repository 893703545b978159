# SPDX-License-Identifier: Apache-2.0
"""faultwire started as toxiproxy-server, and Toxiproxy's configuration file
under `faultwire run`."""

import json
import os
import shutil
import signal
import subprocess
import tempfile

from harness import (Faultwire, Scenario, api_of, conf, connect_outcome, echo,
                     environment, free_port, port_of, program, run,
                     wait_until)


class Front:
    """toxiproxy-server with these flags, its log and its end."""

    def __init__(self, test, *flags, env=None, name="toxiproxy-server"):
        self.dir = tempfile.mkdtemp(prefix="faultwire-front-")
        test.addCleanup(shutil.rmtree, self.dir, True)
        self.log_path = os.path.join(self.dir, "log")
        command = program(self.dir, name)
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [*command, *flags], stdout=log, stderr=subprocess.PIPE,
                stdin=subprocess.DEVNULL, env={**environment(), **(env or {})})
        self.test = test
        test.addCleanup(self.stop)

    def log(self):
        with open(self.log_path, encoding="utf-8") as f:
            return [json.loads(line) for line in f.read().split("\n")[:-1]]

    def events(self, event):
        return [line for line in self.log() if line.get("event") == event]

    def wait_log(self, event):
        return wait_until(lambda: self.events(event), what=event)

    def stop(self, sig=signal.SIGTERM):
        """Its end by a signal; what it said on standard error."""
        if self.process.poll() is None:
            self.process.send_signal(sig)
        said = self.process.communicate(timeout=20)[1].decode()
        self.test.assertEqual(self.process.returncode, 0, said)
        self.test.assertEqual(said, "")


class Server(Scenario):
    def file(self, value):
        fd, path = tempfile.mkstemp(suffix=".json")
        self.addCleanup(os.unlink, path)
        with os.fdopen(fd, "w", encoding="utf-8") as f:
            f.write(value if isinstance(value, str) else json.dumps(value))
        return path

    def entry(self, name, **fields):
        return {"name": name, "listen": f"127.0.0.1:{free_port()}",
                "upstream": self.serving(echo).address, **fields}

    def front(self, *flags, **options):
        return Front(self, *flags, **options)

    def says(self, *flags, name="toxiproxy-server"):
        """A run that ends by itself."""
        with tempfile.TemporaryDirectory() as folder:
            return subprocess.run(
                [*program(folder, name), *flags], capture_output=True,
                text=True, timeout=30, check=False, stdin=subprocess.DEVNULL)


class Flags(Server):
    def test_the_version(self):
        for flags in (("-version",), ("--version",), ("-version=true",)):
            done = self.says(*flags)
            self.assertEqual(
                (done.stdout, done.stderr, done.returncode),
                ("toxiproxy-server version 2.12.0\n", "", 0))

    def test_a_bad_flag_is_usage_on_standard_error_and_2(self):
        for flags, complaint in (
                (("-nosuch",), "flag provided but not defined: -nosuch"),
                (("--nosuch=1",), "flag provided but not defined: -nosuch"),
                (("-port",), "flag needs an argument: -port"),
                (("-seed", "x"), 'invalid value "x" for flag -seed: parse '
                                 "error"),
                (("-version=x",), 'invalid boolean value "x" for -version: '
                                  "parse error"),
                (("---port",), "bad flag syntax: ---port"),
                (("-vers",), "flag provided but not defined: -vers")):
            with self.subTest(flags=flags):
                done = self.says(*flags)
                self.assertEqual((done.stdout, done.returncode), ("", 2))
                first, second = done.stderr.split("\n")[:2]
                self.assertEqual(first, complaint)
                self.assertRegex(second, "^Usage of .*toxiproxy-server:$")

    def test_help_lists_every_flag(self):
        for flag in ("-help", "--help", "-h"):
            done = self.says(flag)
            self.assertEqual((done.stdout, done.returncode), ("", 0))
            for name in ("config string", "host string", "port string",
                         "proxy-metrics", "runtime-metrics", "seed int",
                         "version"):
                self.assertIn(f"\n  -{name}\n", done.stderr)

    def test_all_of_them_in_either_form(self):
        entry = self.entry("p")
        path = self.file([entry])
        for flags in (
                ("-host", "127.0.0.1", "-port", "0", "-config", path,
                 "-seed", "42", "-proxy-metrics", "-runtime-metrics"),
                ("--host=127.0.0.1", "--port=0", f"--config={path}",
                 "--seed=42", "--proxy-metrics=true", "--runtime-metrics",
                 "what", "follows", "-is", "ignored")):
            with self.subTest(flags=flags):
                front = self.front(*flags)
                api = api_of(front)
                self.assertEqual(api.get("/proxies").json(), {
                    "p": {**entry, "enabled": True, "toxics": []}})
                self.assertEqual(connect_outcome(port_of(entry), 2), "ok")
                self.assertEqual(front.wait_log("start")[0]["seed"], 42)
                front.stop()

    def test_the_api_listens_on_localhost_8474(self):
        front = self.front()
        line = wait_until(lambda: front.events("control_listening") or
                          front.events("control_unavailable"))[0]
        if line["event"] == "control_listening":
            self.assertEqual(line["listen"], "127.0.0.1:8474")

    def test_any_host_may_be_reached_without_a_token(self):
        front = self.front("-host", "0.0.0.0", "-port", "0")
        self.assertEqual(api_of(front).get("/version").status, 200)

    def test_an_ipv6_host_needs_no_brackets(self):
        try:
            self.backend("::1")
        except OSError:
            self.skipTest("no IPv6 here")
        front = self.front("-host", "::1", "-port", "0")
        self.assertRegex(front.wait_log("control_listening")[0]["listen"],
                         r"^\[::1\]:\d+$")

    def test_it_is_a_command_of_faultwire_as_well(self):
        front = self.front("toxiproxy-server", "-port=0", name="faultwire")
        self.assertEqual(api_of(front).get("/version").status, 200)

    def test_proxy_metrics_are_there_when_asked_for(self):
        entry = self.entry("p")
        for flags, there in ((["-proxy-metrics"], True), ([], False)):
            front = self.front("-port=0", "-config", self.file([entry]),
                               *flags)
            api = api_of(front)
            client = self.client(port_of(entry))
            client.send(b"12345")
            client.recv(5)
            reply = api.get("/metrics")
            self.assertEqual(reply.status, 200)
            for name in ("received", "sent"):
                self.assertEqual(
                    f"\ntoxiproxy_proxy_{name}_bytes_total{{" in
                    reply.text(), there)
            front.stop()

    def test_a_taken_port_is_logged_and_proxies_run_on(self):
        taken = self.backend()
        entry = self.entry("p")
        front = self.front("-host=127.0.0.1", f"-port={taken.port}",
                           "-config", self.file([entry]),
                           env={"LOG_LEVEL": "error"})
        line = front.wait_log("control_unavailable")[0]
        self.assertEqual(line["level"], "error")
        self.assertEqual(connect_outcome(port_of(entry), 2), "ok")

    def test_log_levels(self):
        for level, least in (("trace", "info"), ("debug", "info"),
                             ("INFO", "info"), ("warn", "warn"),
                             ("warning", "warn"), ("error", "error"),
                             ("fatal", "error"), ("panic", "error")):
            with self.subTest(level=level):
                front = self.front("-port=0", "-config=/nonexistent",
                                   env={"LOG_LEVEL": level})
                front.wait_log("toxiproxy_config_failed")
                self.assertEqual(bool(front.events("start")), least == "info")
                front.stop()
        front = self.front("-port=0", env={"LOG_LEVEL": "loud"})
        self.assertEqual(front.wait_log("log_level")[0]["error"], "loud")
        front.wait_log("start")

    def test_it_ends_at_once_with_0(self):
        entry = self.entry("p")
        for sig in (signal.SIGTERM, signal.SIGINT):
            front = self.front("-port=0", "-config", self.file([entry]))
            front.wait_log("ready")
            client = self.client(port_of(entry))
            client.send(b"x")
            self.assertEqual(client.recv(1), b"x")
            front.stop(sig)
            client.recv_end()


class ConfigOfTheFront(Server):
    """What is wrong is logged, and it goes on: as Toxiproxy does."""

    def test_what_is_wrong_is_logged_and_it_runs(self):
        for path, part in (
                ("/nonexistent.json", "No such file"),
                (self.file(""), "bad request body: EOF"),
                (self.file("{}"), "bad request body: "),
                (self.file([{"name": "a"}]),
                 "missing required field: upstream at proxy 1")):
            with self.subTest(path=path):
                front = self.front("-port=0", "-config", path)
                line = front.wait_log("toxiproxy_config_failed")[0]
                self.assertEqual(line["level"], "error")
                self.assertIn(part, line["error"])
                self.assertEqual(api_of(front).get("/proxies").json(), {})
                front.stop()

    def test_what_was_good_before_it_stays(self):
        good, after = self.entry("good"), self.entry("after")
        taken = self.backend()
        bad = self.entry("bad", listen=taken.address)
        front = self.front("-port=0", "-config",
                           self.file([good, bad, after]))
        line = front.wait_log("toxiproxy_config_failed")[0]
        self.assertEqual(line["proxies"], 1)
        self.assertIn("bind: address already in use", line["error"])
        self.assertEqual(list(api_of(front).get("/proxies").json()), ["good"])


class Config(Server):
    """--toxiproxy-config of faultwire run: what is wrong ends it."""

    def test_alone(self):
        entries = [self.entry("a"), self.entry("b", enabled=False),
                   self.entry("c", toxics=[{"type": "noop"}])]
        server = Faultwire(None, ["--toxiproxy-config", self.file(entries)])
        self.addCleanup(server.stop)
        line = server.wait_log("toxiproxy_config")[0]
        self.assertEqual(line["proxies"], 3)
        for entry, outcome in zip(entries, ("ok", "refused", "ok")):
            self.assertEqual(connect_outcome(port_of(entry), 2), outcome)

    def test_beside_a_file_and_over_its_reloads(self):
        entry, port = self.entry("tox"), free_port()
        route = conf.route("mine", port, self.serving(echo).address)
        control = {"listen": "127.0.0.1:0"}
        text = conf.text([route], control=control)
        server = self.start(
            text, args=["--toxiproxy-config", self.file([entry])])
        api = api_of(server)
        self.assertEqual(list(api.get("/proxies").json()), ["mine", "tox"])
        server.reload(text)
        self.assertEqual(list(api.get("/proxies").json()), ["mine", "tox"])
        self.assertEqual(connect_outcome(port_of(entry), 2), "ok")
        self.assertEqual(connect_outcome(port, 2), "ok")

    def test_beside_a_route_of_the_command_line(self):
        entry, port = self.entry("tox"), free_port()
        server = Faultwire(None, [
            "--listen", f"127.0.0.1:{port}", "--upstream", entry["upstream"],
            "--toxiproxy-config", self.file([entry])])
        self.addCleanup(server.stop)
        self.assertEqual(connect_outcome(port, 2), "ok")
        self.assertEqual(connect_outcome(port_of(entry), 2), "ok")

    def test_what_is_wrong_ends_the_start(self):
        taken = self.backend()
        for value, part in (
                ("", "bad request body: EOF"), ("[", "unexpected EOF"),
                ("{}", "bad request body"),
                ([{"upstream": "u:1"}],
                 "missing required field: name at proxy 1"),
                ([{"name": "n", "upstream": "u:1", "listen": "x"}],
                 "proxy 1: listen tcp: address x: missing port in address"),
                ([self.entry("a"), self.entry("b", listen=taken.address)],
                 f"proxy 2: listen tcp {taken.address}: bind: address "
                 "already in use")):
            with self.subTest(value=value):
                path = self.file(value)
                done = run("run", "--toxiproxy-config", path)
                self.assertEqual(done.returncode, 1)
                self.assertIn(f"{path}: ", done.stderr)
                self.assertIn(part, done.stderr)
        done = run("run", "--toxiproxy-config", "/nonexistent.json")
        self.assertEqual(done.returncode, 1)
        self.assertIn("/nonexistent.json", done.stderr)

    def test_without_anything_to_run_it_is_usage(self):
        for args in ((), ("--listen", ":0"), ("-c", "x", "--listen", ":0"),
                     ("--toxiproxy-config", "x", "--listen", ":0")):
            done = run("run", *args)
            self.assertEqual(done.returncode, 2)
            self.assertIn("--toxiproxy-config FILE", done.stderr)
