# SPDX-License-Identifier: Apache-2.0
"""The commands that stay: top in a terminal and out of one, events, and what
shells complete while somebody types."""

import json
import os
import select
import shutil
import signal
import subprocess
import time
import unittest

from harness import ask, fault, route, run, wait_until
from harness.cli import CliScenario
from harness.proxy import BIN, environment, prefix
from harness.screen import ENTER, Screen


class Live(CliScenario):
    def serve_web(self):
        self.backend_web = self.web()
        self.serve([route("web", "127.0.0.1:0", self.backend_web.port,
                          fault("latency", name="slow", latency="1ms"),
                          fault("noop", name="odd", probability=0.5),
                          protocol="http"),
                    route("aaa", "127.0.0.1:0", 1)])
        self.port = int(self.json("route", "show", "web")
                        ["state"]["listening"].rsplit(":", 1)[1])

    def requests(self, n=1):
        client = self.client(self.port)
        for _ in range(n):
            ask(client)


class Top(Live):
    def top(self, *args, **options):
        made = Screen(prefix() + [BIN, "top", "--interval", "100ms", *args],
                      {**environment(), **self.environment()}, **options)
        self.addCleanup(made.close)
        return made

    def test_it_draws_rates_and_faults_and_q_ends_it(self):
        self.serve_web()
        screen = self.top()
        screen.wait_text("req/s")
        client = self.client(self.port)
        deadline = time.monotonic() + 20
        while " 0 req/s" in screen.frame() or "req/s" not in screen.frame():
            self.assertLess(time.monotonic(), deadline, screen.frame())
            ask(client)
            screen.pump(0.01)
        screen.wait_text("slow")
        self.assertIn("INJECTED/S", screen.frame())
        screen.press("q")
        self.assertEqual(screen.end(), 0)
        self.assertTrue(screen.restored(), screen.text)

    def test_keys_sort_the_routes(self):
        self.serve_web()
        screen = self.top()
        screen.wait(lambda f: 0 < f.find("\nweb") < f.find("\naaa"))
        screen.press("n")
        screen.wait(lambda f: 0 < f.find("\naaa") < f.find("\nweb"))
        screen.press("f")
        screen.wait(lambda f: 0 < f.find("\nweb") < f.find("\naaa"))

    def test_a_new_size_is_drawn_within_its_bounds(self):
        self.serve_web()
        screen = self.top("--interval", "60s")
        screen.wait_text("sort by")
        for rows, columns in ((12, 30), (40, 120)):
            screen.resize(rows, columns)
            screen.wait(lambda f: len(f.splitlines()) <= rows and
                        max(map(len, f.splitlines())) <= columns and
                        (columns < 100 or "INJECTED/S" in f))

    def test_every_signal_gives_the_terminal_back(self):
        self.serve_web()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP,
                       signal.SIGQUIT):
            screen = self.top()
            screen.wait_text("sort by")
            screen.process.send_signal(number)
            self.assertEqual(screen.end(), 0)
            self.assertTrue(screen.restored(), screen.text)

    def test_control_c_and_control_z_work(self):
        self.serve_web()
        screen = self.top()
        screen.wait_text("sort by")
        screen.press("\x1a")
        wait_until(lambda: os.waitid(
            os.P_PID, screen.process.pid,
            os.WSTOPPED | os.WNOHANG | os.WNOWAIT), what="the stop")
        screen.pump(0.2)
        self.assertTrue(screen.restored(), screen.text)
        screen.text = ""
        screen.process.send_signal(signal.SIGCONT)
        screen.wait_text("sort by")
        self.assertIn(ENTER, screen.text)
        screen.press("\x03")
        self.assertEqual(screen.end(), 0)
        self.assertTrue(screen.text.endswith("\x1b[?1049l"), screen.text)

    def test_a_proxy_that_vanishes_is_told_on_the_usual_screen(self):
        self.serve_web()
        screen = self.top()
        screen.wait_text("sort by")
        self.proxy.stop()
        self.assertEqual(screen.end(), 3)
        self.assertTrue(screen.restored(), screen.text)
        self.assertIn("no control API", screen.text.rsplit("\x1b[?1049l")[-1])

    def test_out_of_a_terminal_it_is_plain(self):
        self.serve_web()
        process = self.popen("top", "--interval", "100ms")
        lines = [process.stdout.readline() for _ in range(12)]
        process.send_signal(signal.SIGINT)
        out, _err = self.finish(process)
        text = "".join(lines) + out
        self.assertNotIn("\x1b", text)
        self.assertGreaterEqual(text.count("faultwire 0."), 2)

    def test_once_is_one_look_with_rates(self):
        self.serve_web()
        process = self.popen("top", "--once", "--interval", "500ms")
        self.requests(3)
        out, _err = self.finish(process)
        self.assertEqual(out.count("ROUTE  STATE"), 1)
        self.assertRegex(out, r"\nweb +up .* 1 of|\nweb +up .* 2")

    def test_colour_is_for_terminals_that_want_it(self):
        self.serve_web()
        self.assertNotIn("\x1b", self.cli("routes"))
        for env, coloured in (({}, True), ({"NO_COLOR": "1"}, False),
                              ({"NO_COLOR": ""}, True)):
            screen = Screen(prefix() + [BIN, "routes"],
                            {**environment(), **self.environment(), **env})
            self.addCleanup(screen.close)
            self.assertEqual(screen.end(), 0)
            self.assertEqual("\x1b[1m" in screen.text, coloured, env)


class Events(Live):
    def listeners(self):
        return self.json("status")["events"]["listeners"]

    def serve_web(self):
        super().serve_web()
        self.others = self.listeners()

    def follow(self, *args):
        """`events --follow`, once it listens, and none from before."""
        wait_until(lambda: self.listeners() == self.others)
        process = self.popen("events", "--follow", *args)
        wait_until(lambda: self.listeners() > self.others)
        return process

    def test_every_event_is_a_line(self):
        self.serve_web()
        process = self.follow("--count", "3", "--type", "decision",
                              "--route", "web")
        self.requests(3)
        out, _err = self.finish(process)
        lines = out.splitlines()
        self.assertEqual(len(lines), 3)
        for line in lines:
            self.assertRegex(
                line, r"^\d\d:\d\d:\d\d\.\d{3}  decision +web/\d s\d+ +"
                      r"(slow \(latency\)|odd \(noop\)) .*verdict=\w+ ")

    def test_as_json_it_is_what_the_api_says(self):
        self.serve_web()
        process = self.follow("--json", "--count", "2", "--fault", "slow",
                              "--type", "decision")
        self.requests(2)
        out, _err = self.finish(process)
        events = [json.loads(line) for line in out.splitlines()]
        self.assertEqual([e["fault"] for e in events], ["slow", "slow"])
        self.assertEqual(events[0]["type"], "decision")

    def test_interrupting_it_is_no_failure(self):
        self.serve_web()
        for number in (signal.SIGINT, signal.SIGTERM):
            process = self.follow()
            process.send_signal(number)
            self.finish(process, 0)

    def test_it_connects_again_and_says_so(self):
        self.serve_web()
        text = open(self.proxy.conf, encoding="utf-8").read().replace(
            'listen = "127.0.0.1:0"', f'listen = "{self.url}"', 1)
        process = self.follow("--type", "fault_armed")
        self.proxy.stop()
        wait_until(lambda: select.select([process.stderr], [], [], 0)[0],
                   what="a word about it")
        self.assertIn("the connection is lost", process.stderr.readline())
        self.start(text)
        self.assertIn("connected again", process.stderr.readline())
        self.cli("fault", "add", "web", "noop,name=new")
        self.assertIn("new (noop)", process.stdout.readline())
        process.send_signal(signal.SIGINT)
        self.finish(process, 0)

    def test_without_follow_it_ends_by_itself(self):
        self.serve_web()
        done = run("events", "--for", "200ms", env=self.environment())
        self.assertEqual((done.returncode, done.stdout), (0, ""))
        self.assertIn("nothing happened", done.stderr)

    def test_nobody_reads_any_more(self):
        self.serve_web()
        process = self.follow("--json")
        process.stdout.close()
        process.stdout = None
        client = self.client(self.port)
        deadline = time.monotonic() + 20
        while process.poll() is None:
            self.assertLess(time.monotonic(), deadline)
            ask(client)
        self.finish(process, 1)


class Shells(Live):
    """Each shell loads its script and completes."""

    def need(self, shell):
        if shutil.which(shell) is None:
            raise unittest.SkipTest(f"{shell} is not installed")

    def ask_shell(self, *command, within=60):
        done = subprocess.run(command, env=self.bin_path(), text=True,
                              timeout=within, check=False,
                              stdin=subprocess.DEVNULL, capture_output=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""), command)
        return done.stdout.splitlines()

    def test_bash(self):
        self.need("bash")
        self.serve_web()
        script = """
            source <(faultwire completion bash) || exit 1
            COMP_LINE=$1 COMP_POINT=${#1}
            read -ra COMP_WORDS <<<"$1"
            _faultwire
            printf '%s\\n' "${COMPREPLY[@]}"
        """
        for line, expected in (
                ("faultwire sta", ["status"]),
                ("faultwire fault ", ["add", "disable", "enable", "list",
                                      "remove", "set", "show"]),
                ("faultwire route show ", ["web", "aaa"]),
                ("faultwire fault set web s", ["slow"]),
                ("faultwire fault add web latency distribution=norm",
                 ["normal"]),
                ("faultwire fault set web slow jit", ["jitter="]),
                ("faultwire status --jso", ["--json"]),
                ("faultwire check -c /etc/passw", ["/etc/passwd"])):
            got = self.ask_shell("bash", "-c", script, "bash", line)
            self.assertEqual([g for g in got if not g.startswith(
                "/etc/passwd-")], expected, line)

    def test_bash_on_a_keyboard(self):
        self.need("bash")
        self.serve_web()
        screen = Screen(["bash", "--norc", "--noprofile", "-i"],
                        {**self.bin_path(), "PS1": "ready> "})
        self.addCleanup(screen.close)
        self.type(screen, "source <(faultwire completion bash)\r", "ready> ")
        self.type(screen, "faultwire route sh\t", "route show ")
        self.type(screen, "w\t", "web ")
        self.type(screen, "\x15faultwire fault set web slow distribution=nor"
                  "\t", "distribution=normal ")

    def type(self, screen, keys, shown):
        screen.text = ""
        screen.press(keys)
        deadline = time.monotonic() + 20
        while shown not in screen.text:
            if time.monotonic() > deadline:
                raise AssertionError(f"{shown!r} not in {screen.text!r}")
            screen.pump(0.1)

    def test_fish(self):
        self.need("fish")
        self.serve_web()
        script = ("faultwire completion fish | source; "
                  "complete -C $argv[1] | cut -f 1")
        for line, expected in (
                ("faultwire sta", ["status"]),
                ("faultwire route show ", ["aaa", "web"]),
                ("faultwire fault set web s", ["slow"]),
                ("faultwire fault add web latency jit", ["jitter="]),
                ("faultwire check -c /etc/hostn", ["/etc/hostname"])):
            got = self.ask_shell("fish", "--no-config", "-c", script, line)
            self.assertEqual(sorted(got), expected, line)

    def test_zsh(self):
        self.need("zsh")
        self.serve_web()
        screen = Screen(["zsh", "-f", "-i"], {
            **self.bin_path(), "PS1": "ready> ", "PROMPT": "ready> "})
        self.addCleanup(screen.close)
        self.type(screen, "autoload -Uz compinit; compinit -u -D\r",
                  "ready> ")
        self.type(screen, "source <(faultwire completion zsh); echo load''ed"
                  "\r", "loaded")
        self.type(screen, "faultwire route sh\t", "ow")
        self.type(screen, "w\t", "eb")
        self.type(screen, "\x15faultwire fault add web latency jit", "jit")
        self.type(screen, "\t", "ter=")

    def test_without_a_proxy_completion_is_quick_and_silent(self):
        self.url = "127.0.0.1:1"
        started = time.monotonic()
        self.assertEqual(self.cli("__complete", "route", "show", ""), "")
        self.assertEqual(self.cli("__complete", "route", "sh"),
                         "show\tShows a route, what passed through it, and "
                         "its faults\n")
        listener = self.backend()
        self.url = f"127.0.0.1:{listener.port}"
        self.assertEqual(self.cli("__complete", "route", "show", ""), "")
        self.assertLess(time.monotonic() - started, 5)


if __name__ == "__main__":
    unittest.main()
