# SPDX-License-Identifier: Apache-2.0
"""What the configuration and the command line say of destinations, and which
firewall rules come of it; no permission is needed."""

import unittest

from harness import Scenario, conf, free_port, route, run


class Configuration(Scenario):
    def refused(self, *lines, **fields):
        text = conf.text([route("r", free_port(), fields.pop(
            "upstream", "destination"), **fields)])
        done = run("check", "-c", "{}", text=text)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        for line in lines:
            self.assertIn(line, done.stdout + done.stderr)

    def test_what_does_not_fit_together(self):
        self.refused("expected an address, or accept")
        self.refused("expected accept beside", upstream=1,
                     match={"destination": ["x:1"]})
        self.refused("expected protocol", accept="connect", protocol="udp")
        self.refused("is a name", accept="redirect",
                     match={"destination": ["db:1"]})
        self.refused("no valid port", accept="connect",
                     match={"destination": ["db:x"]})
        self.refused("tproxy", accept="redirect", keep_source=True)
        self.refused("one of plain, redirect, tproxy", accept="socks4")


    def test_routes_of_a_listener_accept_alike(self):
        text = conf.text([
            route("r", ":1", "destination", accept="socks5",
                  match={"destination": ["x"]}),
            route("s", ":1", "destination", accept="connect")])
        done = run("check", "-c", "{}", text=text)
        self.assertEqual(done.returncode, 1)
        self.assertIn('with accept = "connect", route "r" with accept = '
                      '"socks5"; expected the same', done.stderr)


class Rules(Scenario):
    """What can be said of firewall rules without making any."""

    def up(self, *args, code=0, text=None):
        done = run("intercept", "up", *args, text=text)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout if code == 0 else done.stderr

    def test_rules_are_printed_for_options_and_for_a_file(self):
        rule = "ip daddr 10.0.0.0/8 tcp dport 5432 redirect to :15001"
        self.assertIn(rule, self.up("--listen", ":15001", "--destination",
                                    "10.0.0.0/8:5432", "--dry-run"))
        text = conf.text([route("r", ":15001", "destination",
                                accept="redirect", match={
                                    "destination": ["10.0.0.0/8:5432"]})])
        self.assertIn(rule, self.up("-c", "{}", "--dry-run", text=text))
        self.assertIn("tproxy to :15001", self.up(
            "--listen", ":15001", "--accept", "tproxy", "--dry-run"))

    def test_what_is_wrong_is_told(self):
        self.up(code=2)
        self.up("-c", "x", "--listen", ":1", code=2)
        self.up("--listen", ":1", "extra", code=2)
        for words, says in (
                (("--hook", "input"), "expected output"),
                (("--skip", "db:1"), "is a name"),
                (("--skip-user", "no-such-user"), "there is no user"),
                (("--cgroup", "/x"), "expected a path below")):
            self.assertIn(says, self.up("--listen", ":1", *words, code=2))
        for words, says in (
                (("--listen", "nowhere"), "has no port"),
                (("--listen", ":1", "--accept", "connect"), "wants rules"),
                (("--listen", ":1", "--destination", "db:1"), "is a name"),
                (("--listen", ":0"), "any free port"),
                (("--listen", "127.0.0.1:1", "--hook", "both"),
                 "expected :1")):
            self.assertIn(says, self.up(*words, "--dry-run", code=1))
        plain = conf.text([route("r", ":1", 2)])
        self.assertIn("wants rules", self.up("-c", "{}", text=plain, code=1))
        done = run("run", "-c", "{}", "--intercept", "output", "--user", "x",
                   text=plain)
        self.assertEqual(done.returncode, 2)
        self.assertIn("do not go together", done.stderr)


if __name__ == "__main__":
    unittest.main()
