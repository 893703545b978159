# SPDX-License-Identifier: Apache-2.0
"""Mistakes that everybody makes once: what is said names the place, what was
expected, and what was probably meant."""

import socket
import unittest

from harness import Scenario, run

AT = ("run", "--listen", "127.0.0.1:0", "--upstream", "127.0.0.1:1")
# Words, exit code, what is said.
MISTAKES = (
    (("rnu",), 2, 'no command "rnu"; did you mean "run"'),
    (("--versoin",), 2, 'no option "--versoin"; did you mean "--version"'),
    (("fault", "ad"), 2, 'no command "ad"; did you mean "add"'),
    (("run", "my.conf"), 2, '"my.conf" is too much; a file is given as -c'),
    (("run", "--listn", ":1"), 2, '"--listn"; did you mean "--listen"'),
    (("run", "--listen", ":1"), 2, "--listen ADDR and --upstream ADDR"),
    (("run", "--config"), 2, "expected --config FILE"),
    (("run", "-c", "no.conf"), 1, "no.conf: cannot be read: No such file"),
    (("run", "--listen", "18080", "--upstream", "db"), 1,
     '--listen: "18080" has no port; expected (.|\n)*'
     '--upstream: "db" has no port; expected'),
    (AT + ("--fault", "latncy"), 1, '"latncy"; did you mean "latency"'),
    (AT + ("--fault", "latency=80ms"), 1, "expected the kind first, as in"),
    (AT + ("--fault", "latency,latncy=1s"), 1, 'did you mean "latency"'),
    (AT + ("--fault", "latency,latency=80b"), 1, "such as \"80ms\""),
    (AT + ("--protocol", "http", "--fault", "abort,when.status=5xx"), 1,
     "abort acts on the request here; expected after = true, or when without"),
    (AT + ("--profile", "3gg"), 1, 'did you mean "3g"'),
    (AT + ("--protocol", "htp"), 1, 'did you mean "http"'),
    (AT + ("--seed", "x"), 2, '--seed: "x".* expected 0 … '),
    (AT + ("--workers", "many"), 2, "expected 0 … 256"),
    (AT + ("--log-level", "loud"), 2, "expected one of debug, info"),
    (AT + ("--user", "nobody2"), 2, 'there is no user "nobody2"'),
    (AT + ("--control", "here"), 2, '--control: "here" has no port; expected'),
    (AT + ("--control", "0.0.0.0:0"), 2, "others can reach 0.0.0.0:0; "
     "expected a file with control.token_file, or insecure = true"),
    (AT + ("--control", "off", "--journal", "/no/x"), 1, "/no/x: No such file"),
    (AT + ("--control", "127.0.0.1:0", "--intercept", "sideways"), 1,
     "expected output, prerouting or both"),
    (("check",), 2, "as -c FILE"),
    (("check", "-c", "/tmp"), 1, "/tmp: .*Is a directory"),
    (("faults", "latncy"), 1, 'did you mean "latency"'),
    (("profiles", "3gg"), 1, 'did you mean "3g"'),
    (("status", "--control", "unix:/no/s"), 3,
     "no control API at unix:/no/s: No such file"),
    (("status", "--token-file", "no.token"), 1,
     "--token-file: no.token cannot be read: No such file"),
    (("completion", "bsh"), 2, 'did you mean "bash"'),
    (("top", "--interval", "x"), 2, "expected a duration of at least"),
    (("verdict",), 2, "one journal is needed"),
    (("verdict", "no.jsonl"), 1, "no.jsonl: No such file"),
    (("verdict", "{}"), 1, "line 1: .*as faultwire run --journal writes"),
    (("experiment", "plan", "--runs", "many", "no.conf"), 2,
     "--runs many: expected 0 … 1000"),
    (("experiment", "check", "no.conf"), 2, "no.conf: cannot be read"),
    (("ca", "export", "--dir", "/no/ca"), 1, '"faultwire ca init" makes one'),
    (("intercept", "up"), 2, "expected -c FILE, or --listen ADDR"),
)
# Whole files in another's syntax.
FILES = (('{"routes": []}', 1), ("routes:\n  - name: web\n", 2),
         ('routes = (\n  { name = "a" }\n', 3))


class Mistakes(Scenario):
    def test_each_is_told_with_what_was_expected(self):
        for words, code, said in MISTAKES:
            with self.subTest(words=" ".join(words)):
                done = run(*words, text="no journal\n" if "{}" in words
                           else None)
                self.assertEqual(done.returncode, code, done.stderr)
                self.assertRegex(done.stderr, said)
                self.assertEqual(done.stdout if code == 2 else "", "")

    def test_a_file_of_another_syntax_is_told_what_ours_is(self):
        for text, line in FILES:
            with self.subTest(text=text):
                done = run("check", "-c", "{}", text=text)
                self.assertEqual(done.returncode, 1)
                self.assertRegex(done.stderr, rf":{line}: syntax error; "
                                 "expected NAME = VALUE")

    def test_a_port_that_is_taken_is_named(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            at = f"127.0.0.1:{taken.getsockname()[1]}"
            done = run("run", "--listen", at, "--upstream", "127.0.0.1:1",
                       "--control", "off")
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"--listen: cannot listen on {at}: Address already in "
                      "use", done.stderr)


if __name__ == "__main__":
    unittest.main()
