# SPDX-License-Identifier: Apache-2.0
"""The commands against a running proxy: what they print, what they change on
the wire, what they say when they are refused, and their exit codes."""

import json
import os
import subprocess
import tempfile
import unittest

from harness import Backend, Watch, ask, fault, route, run
from harness.cli import UNREACHABLE, CliScenario
from harness.proxy import BIN, environment, prefix

READS = (("status",), ("routes",), ("routes", "w*"), ("route", "show", "web"),
         ("fault", "list"), ("fault", "list", "web"),
         ("fault", "show", "web", "slow"), ("partition", "list"),
         ("sessions",), ("sessions", "web"), ("config",))
CHANGES = (("route", "set", "web", "idle_timeout=9s"),
           ("route", "disable", "web"), ("route", "enable", "web"),
           ("fault", "add", "web", "noop"),
           ("fault", "set", "web", "slow", "jitter=1ms"),
           ("fault", "disable", "web", "slow"),
           ("fault", "enable", "web", "slow"),
           ("fault", "remove", "web", "slow"),
           ("partition", "start", "split"), ("partition", "heal", "split"),
           ("partition", "add", "p", "groups=a,b"),
           ("partition", "remove", "split"), ("route", "remove", "raw"),
           ("route", "add", "new", "--listen", "127.0.0.1:0", "--upstream",
            "127.0.0.1:1"), ("reload",), ("reset",))


class Commands(CliScenario):
    def serve_two(self, **options):
        web, raw = self.web(), self.serving()
        self.serve(
            [route("web", "127.0.0.1:0", web.port,
                   fault("latency", name="slow", latency="1ms",
                         when={"path": "/slow*"}),
                   fault("abort", name="away", enabled=False),
                   protocol="http", to="a"),
             route("raw", "127.0.0.1:0", raw.port, from_="a", to="b")],
            services=[{"name": "a"}, {"name": "b"}],
            partitions=[{"name": "split", "groups": [["a"], ["b"]],
                         "enabled": False}], **options)

    def port(self, name):
        return int(self.json("route", "show", name)["state"]["listening"]
                   .rsplit(":", 1)[1])

    # --- every command at once

    def test_every_read_prints_for_people_and_as_json(self):
        self.serve_two()
        for words in READS:
            self.assertGreater(len(self.cli(*words)), 10, words)
            self.assertIsInstance(self.json(*words), dict, words)

    def test_every_change_works_and_tells_what_it_did(self):
        self.serve_two()
        for words in CHANGES:
            self.assertRegex(self.cli(*words), r"\A\S[^\n]+\n\Z", words)

    def test_a_dry_run_changes_nothing(self):
        self.serve_two()
        before = self.json("status")["generation"]
        for words in CHANGES:
            text = self.cli(*words, "--dry-run")
            self.assertRegex(text, r"WOULD CHANGE|Nothing would change",
                             words)
            answer = self.json(*words, "--dry-run")
            self.assertIs(answer["dry_run"], True, words)
        self.assertEqual(self.json("status")["generation"], before)

    def test_without_an_api_every_command_is_code_3(self):
        self.url = UNREACHABLE
        for words in READS + CHANGES + (
                ("explain", "1"), ("events",), ("events", "--follow"),
                ("top",), ("top", "--once")):
            text = self.refused(*words, code=3)
            self.assertIn("no control API at 127.0.0.1:1", text)
            self.assertIn("--control", text)

    def test_every_command_has_a_help(self):
        for words in READS + CHANGES + (("completion",), ("explain",)):
            verb = words[:2] if words[0] in ("route", "fault",
                                             "partition") else words[:1]
            done = run(*verb, "--help")
            self.assertEqual(done.returncode, 0)
            self.assertIn("Usage: faultwire " + " ".join(verb), done.stdout)
            self.assertEqual(run("help", *verb).stdout, done.stdout)

    # --- what they print

    def test_routes_are_a_table(self):
        self.serve_two()
        self.cli("route", "disable", "raw")
        web, raw = self.table("routes")
        self.assertEqual((web["NAME"], web["PROTOCOL"], web["STATE"],
                          web["FAULTS"]),
                         ("web", "http", "up", "1 of 2 in force"))
        self.assertEqual((raw["NAME"], raw["STATE"], raw["FAULTS"]),
                         ("raw", "disabled", "0"))
        self.assertEqual(web["LISTEN"], f"127.0.0.1:{self.port('web')}")
        self.assertEqual([r["NAME"] for r in self.table("routes", "r*")],
                         ["raw"])

    def test_wide_names_stand_in_columns(self):
        self.serve([route("plain", "127.0.0.1:0", 1)])
        self.cli("route", "add", "東京", "--listen", "127.0.0.1:0",
                 "--upstream", "127.0.0.1:1")
        lines = self.cli("routes").splitlines()
        self.assertEqual(lines[2].index("127"), lines[1].index("127") - 2)
        self.assertEqual(self.json("route", "show", "東京")["name"], "東京")

    def test_faults_are_told_with_state_and_parameters(self):
        self.serve_two()
        slow, away = self.table("fault", "list", "web")
        self.assertEqual((slow["FAULT"], slow["STREAM"], slow["STATE"],
                          slow["SHARE"], slow["PARAMETERS"]),
                         ("slow", "downstream", "in force", "100%",
                          "latency=1ms when.path=/slow*"))
        self.assertEqual(away["STATE"], "disabled")

    def test_status_names_the_file_and_a_rejected_reload(self):
        self.serve_two()
        self.assertIn(self.proxy.conf, self.cli("status"))
        self.proxy.reload_refused("sead = 1;")
        text = self.cli("status")
        self.assertRegex(text, r"last reload +rejected")
        self.assertIn("sead", text)

    def test_a_session_is_listed_and_explained(self):
        self.serve_two()
        client = self.client(self.port("web"))
        ask(client, target="/slow")
        other = self.client(self.port("raw"))
        other.send(b"hello")
        other.recv(5)
        row, = self.table("sessions", "raw")
        self.assertEqual((row["ROUTE"], row["PROTOCOL"], row["UP"],
                          row["DOWN"]), ("raw", "tcp", "5 B", "5 B"))
        self.assertEqual(self.json("sessions")["total"], 2)
        text = self.cli("explain", "web/0")
        self.assertIn('Flow 0 of route "web"', text)
        self.assertRegex(text, r"\d\. slow \(latency\)")
        self.assertRegex(text, r"away \(abort\).* would not act.*not enabled")
        self.assertIn("faults", self.json("explain", "web/0"))

    def test_a_live_flow_is_explained_with_its_draw(self):
        self.serve([route("raw", "127.0.0.1:0", self.serving().port,
                          fault("noop", name="yes"),
                          fault("noop", name="no", probability=0.0))])
        client = self.client(self.port("raw"))
        client.send(b"x")
        client.recv(1)
        number = self.json("sessions")["sessions"][0]["session"]
        text = self.cli("explain", str(number))
        self.assertRegex(text, r"session \d+, is live")
        self.assertIn("yes (noop) acts on it: every condition holds", text)
        self.assertRegex(text, r"no \(noop\) does not act on it")
        self.assertRegex(text, r"draw: +0\.\d+ is not below the "
                               r"probability 0\n")

    def test_the_config_is_a_file_that_check_accepts(self):
        self.serve_two()
        self.cli("fault", "add", "raw", "bandwidth,rate=1MB/s")
        text = self.cli("config")
        self.assertEqual(run("check", "-c", "{}", text=text).returncode, 0)
        self.assertIn("bandwidth", text)

    # --- what they change

    def test_a_fault_comes_acts_and_goes(self):
        self.serve_two()
        client = self.client(self.port("raw"))
        self.assertIn('Fault "late" (latency) added to route "raw": in force',
                      self.cli("fault", "add", "raw", "latency,name=late",
                               "latency=200ms"))
        watch = Watch()
        client.send(b"x")
        client.recv(1)
        self.assert_took(watch.seconds(), 0.2, 10)
        self.cli("fault", "set", "raw", "late", "--set", "latency=0",
                 "--unset", "jitter")
        self.assertEqual(self.json("fault", "show", "raw", "late")
                         .get("latency", "0ms"), "0ms")
        self.cli("fault", "remove", "raw", "late")
        self.assertEqual(self.json("fault", "list", "raw"), {"faults": []})

    def test_every_spelling_of_values_arrives(self):
        self.serve_two()
        self.cli("fault", "add", "web", "--at", "0", "abort,status=503",
                 "name=odd", "when.header=A: 1\\+1+B", "when.client=10.0.0.0/8",
                 "probability=20%", "first=3", "--for", "1h", "body=a,b=c")
        first = self.json("fault", "list", "web")["faults"][0]
        self.assertEqual(first["name"], "odd")
        self.assertEqual(first["when"], {"client": ["10.0.0.0/8"],
                                         "header": ["A: 1+1", "B"]})
        self.assertEqual((first["probability"], first["first"], first["for"],
                          first["body"]), (0.2, 3, "1h", "a,b=c"))

    def test_a_route_is_made_with_its_faults(self):
        self.serve()
        echo = self.serving()
        text = self.cli("route", "add", "new", "--listen", "127.0.0.1:0",
                        "--upstream", f"127.0.0.1:{echo.port}", "--fault",
                        "noop,name=n", "--set", "connect_timeout=2s")
        self.assertRegex(text, r'Route "new" added: up, 127.0.0.1:\d+ -> ')
        client = self.client(self.port("new"))
        client.send(b"hello")
        self.assertEqual(client.recv(5), b"hello")
        made = self.json("route", "show", "new")
        self.assertEqual(made["connect_timeout"], "2s")
        self.assertEqual(made["faults"][0]["name"], "n")
        self.cli("route", "remove", "new", "--close")
        client.recv_end()
        self.assertEqual(self.json("routes"), {"routes": []})

    def test_a_partition_is_started_for_a_while_and_healed(self):
        self.serve_two()
        self.cli("partition", "start", "split", "--for", "1h")
        row, = self.table("partition", "list")
        self.assertRegex(row["STATE"], r"active, (1h00m|59m\d\ds) left")
        self.cli("partition", "heal", "split")
        row, = self.table("partition", "list")
        self.assertEqual((row["STATE"], row["BETWEEN"]),
                         ("healed", "[a], [b]"))

    def test_reset_takes_back_what_was_made(self):
        self.serve_two()
        self.cli("fault", "add", "web", "noop,name=n")
        self.cli("fault", "disable", "web", "slow")
        self.cli("reset")
        self.assertEqual([f["name"] for f in
                          self.json("fault", "list", "web")["faults"]],
                         ["slow", "away"])
        self.assertEqual(self.table("fault", "list")[0]["STATE"], "in force")

    def test_a_bad_file_is_refused_with_every_error(self):
        self.serve_two()
        self.proxy.write("sead = 1;\nworkers = -1;\n")
        text = self.refused("reload")
        self.assertRegex(text, r"faultwire\.conf:1: .*seed")
        self.assertRegex(text, r"faultwire\.conf:2: .*workers")
        self.assertEqual(len(self.table("routes")), 2)

    # --- what is refused

    def test_what_is_not_there_is_told_with_what_was_meant(self):
        self.serve_two()
        for words, says in (
                (("route", "show", "wbe"), 'no route "wbe".*"web"'),
                (("fault", "show", "web", "slwo"), 'no fault "slwo".*"slow"'),
                (("fault", "set", "web", "slwo", "jitter=1"), '"slow"'),
                (("partition", "heal", "splti"), '"split"'),
                (("fault", "add", "web", "latencey"), '"latency"'),
                (("fault", "add", "web", "latency", "jiter=1ms"), '"jitter"'),
                (("fault", "add", "web", "latency", "when.pth=/"),
                 '"when.path"'),
                (("fault", "add", "wbe", "noop"), '"web"'),
                (("route", "set", "web", "lisen=:1"), '"listen"'),
                (("explain", "999999"), "no session"),
                (("events", "--type", "decison"), "decision")):
            self.assertRegex(self.refused(*words), says, words)

    def test_a_name_that_is_taken_is_told_with_what_to_type(self):
        self.serve_two()
        for words, says in (
                (("fault", "add", "web", "latency", "name=slow"),
                 'fault "slow" already.*\n.*faultwire fault set'),
                (("route", "add", "web", "--listen", "127.0.0.1:0",
                  "--upstream", "h:1"),
                 'route "web" already.*\n.*faultwire route set'),
                (("partition", "add", "split", "groups=a,b"),
                 'partition "split" already.*\n.*faultwire partition rem')):
            self.assertRegex(self.refused(*words), says, words)

    def test_what_the_server_finds_wrong_names_the_field(self):
        self.serve_two()
        for words, says in (
                (("fault", "add", "web", "latency", "latency=80bananas"),
                 "latency: .*80bananas"),
                (("fault", "add", "web", "noop", "probability=7"),
                 "probability"),
                (("fault", "add", "raw", "abort"), "http"),
                (("route", "add", "web", "--listen", ":0", "--upstream",
                  "h:1"), '"web"'),
                (("route", "add", "n", "--upstream", "h:1"), "listen"),
                (("fault", "add", "web", "noop", "--lease", "none"),
                 "lease")):
            self.assertRegex(self.refused(*words), says, words)
        both = self.refused("route", "set", "web", "listen=foo",
                            "idle_timeout=bar")
        self.assertEqual(len(both.splitlines()), 2, both)

    def test_a_wrong_line_is_code_2(self):
        self.serve_two()
        for words in (("status", "--nonsense"), ("status", "word"),
                      ("fault", "add", "web"), ("fault", "nonsense"),
                      ("fault", "add", "web", "noop", "word"),
                      ("route", "set", "web"), ("explain",),
                      ("explain", "web"), ("top", "--interval", "x"),
                      ("events", "--count", "x")):
            done = run(*words, env=self.environment())
            self.assertEqual((done.returncode, done.stdout), (2, ""), words)
            self.assertIn("faultwire", done.stderr)

    # --- where the API is

    def test_options_may_stand_anywhere(self):
        self.serve_two()
        env = {"FAULTWIRE_CONTROL": UNREACHABLE}
        for words in (
                ("--control", self.url, "fault", "list", "web", "--json"),
                ("fault", "--control", self.url, "--json", "list", "web"),
                ("fault", "list", "--json", "web", "--control=" + self.url)):
            answer = json.loads(self.cli(*words, env=env))
            self.assertEqual(len(answer["faults"]), 2, words)

    def test_a_unix_socket_serves_as_well(self):
        folder = tempfile.mkdtemp(prefix="faultwire-test-")
        self.addCleanup(os.rmdir, folder)
        self.serve_two(control={"listen": f"unix:{folder}/s"})
        self.assertEqual(self.url, f"unix:{folder}/s")
        self.assertEqual(len(self.table("routes")), 2)
        self.assertEqual(run("healthcheck", env=self.environment())
                         .returncode, 0)

    def test_a_token_opens_the_api(self):
        with tempfile.NamedTemporaryFile("w", suffix=".token") as file:
            file.write("open-sesame-1234567890\n")
            file.flush()
            self.serve_two(control={"token_file": file.name})
            said = self.refused("status")
            self.assertIn("--token-file", said)
            self.assertNotIn("\ufffd", said)
            self.cli("status", "--token-file", file.name)
            self.cli("status", env={"FAULTWIRE_TOKEN_FILE": file.name})
            with tempfile.NamedTemporaryFile("w") as wrong:
                wrong.write("guess")
                wrong.flush()
                self.assertIn("not the one", self.refused(
                    "status", "--token-file", wrong.name))

    def test_what_is_no_api_is_code_3(self):
        silent = Backend()
        self.addCleanup(silent.close)
        other = self.serving(lambda conn: conn.send(b"220 mail ESMTP\r\n"))
        self.url = f"127.0.0.1:{other.port}"
        self.assertIn("no HTTP", self.refused("status", code=3))
        self.url = "no-such-host.invalid:1"
        self.refused("status", code=3)

    # --- where the output goes

    def test_output_that_cannot_be_written_is_code_1(self):
        self.serve_two()
        for words in (("status",), ("routes", "--json"), ("config",),
                      ("top", "--once", "--interval", "100ms"), ("--help",),
                      ("completion", "bash"), ("faults",)):
            with open("/dev/full", "wb") as full:
                self.ends_with(words, full)
            reader, writer = os.pipe()
            os.close(reader)
            self.ends_with(words, writer)
            os.close(writer)

    def ends_with(self, words, stdout):
        done = subprocess.run(
            prefix() + [BIN, *words], stdin=subprocess.DEVNULL,
            stdout=stdout, stderr=subprocess.PIPE, timeout=60, check=False,
            env={**environment(), **self.environment()})
        self.assertEqual(done.returncode, 1, words)
        self.assertRegex(done.stderr.decode(),
                         r"standard output took not all: .")

    def test_a_closed_output_is_no_socket(self):
        self.serve_two()
        done = subprocess.run(
            ["sh", "-c", '"$0" status >&-', BIN], env={
                **environment(), **self.environment()}, timeout=60,
            stderr=subprocess.PIPE, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("Bad file descriptor", done.stderr.decode())

    def test_names_do_not_turn_the_direction_of_a_line(self):
        self.serve()
        self.cli("route", "add", "a\u202eb", "--listen", "127.0.0.1:0",
                 "--upstream", "127.0.0.1:1")
        self.assertEqual(self.table("routes")[0]["NAME"], "a\ufffdb")


if __name__ == "__main__":
    unittest.main()
