# SPDX-License-Identifier: Apache-2.0
"""The configuration as a user meets it: what is wrong with it is said all at
once and where; the command line, its exit codes, and the log."""

import json
import os
import re
import tempfile
import time
import unittest

from harness import (Scenario, conf, connect_outcome, fault, free_port,
                     route, run, wait_until)

GOOD = conf.text([route("r", "127.0.0.1:0", 1)])


def route_with(faults="", more=""):
    return ('routes = (\n  { name = "r"; listen = "127.0.0.1:0"; '
            f'upstream = "h:1"; {more}\n    faults = (\n{faults}\n    ); }}\n'
            ');\n')


# A file, and for each error it must be told of: line, words in the message.
BROKEN = (
    ("an unknown key of the file", 'sead = 1;\n', ((1, "sead.*seed"),)),
    ("an unknown key of a route", route_with(more='lisen = "a:1";'),
     ((2, "lisen.*listen"),)),
    ("an unknown kind", route_with('{ type = "latencey"; }'),
     ((4, "latencey.*latency"),)),
    ("a fault without a type", route_with('{ latency = "1ms"; }'),
     ((4, "type"),)),
    ("a parameter of another kind", route_with('{ type = "noop"; rate = 1; }'),
     ((4, "rate"),)),
    ("a wrong unit",
     route_with('{ type = "latency"; latency = "80 bananas"; }'),
     ((4, "80 bananas.*duration|duration.*80 bananas"),)),
    ("a size where a duration belongs",
     route_with('{ type = "latency"; latency = "80MB"; }'), ((4, "80MB"),)),
    ("a wrong type of value",
     route_with('{ type = "latency"; latency = true; }'), ((4, "latency"),)),
    ("a negative duration",
     route_with('{ type = "latency"; latency = -1; }'), ((4, "latency"),)),
    ("an absurd duration",
     route_with('{ type = "latency"; latency = "99999999d"; }'),
     ((4, "latency"),)),
    ("a probability above 1",
     route_with('{ type = "noop"; probability = 1.5; }'),
     ((4, "probability"),)),
    ("a negative probability",
     route_with('{ type = "noop"; probability = "-5%"; }'),
     ((4, "probability"),)),
    ("a value that is no choice",
     route_with('{ type = "latency"; distribution = "norml"; }'),
     ((4, "norml.*normal"),)),
    ("a stream that does not exist",
     route_with('{ type = "noop"; stream = "sideways"; }'),
     ((4, "sideways"),)),
    ("a stream on a kind without one",
     route_with('{ type = "refuse"; stream = "upstream"; }'),
     ((4, "stream"),)),
    ("what a kind checks itself",
     route_with('{ type = "loss"; }'),
     ((4, "nothing would be lost"),)),
    ("a kind that needs http",
     route_with('{ type = "abort"; }'), ((4, "http"),)),
    ("two faults of one name",
     route_with('{ type = "noop"; name = "a"; },\n{ type = "noop"; '
                'name = "a"; }'), ((5, '"a"'),)),
    ("a broken regular expression",
     route_with('{ type = "noop"; when = { path = "~("; }; }',
                'protocol = "http";'), ((4, r"~\(|path"),)),
    ("a broken client range",
     route_with('{ type = "noop"; when = { client = "10.0.0.0/99"; }; }'),
     ((4, "10.0.0.0/99"),)),
    ("an unknown condition",
     route_with('{ type = "noop"; when = { pth = "/"; }; }'),
     ((4, "pth.*path"),)),
    ("on without off", route_with('{ type = "noop"; on = "1s"; }'),
     ((4, "off"),)),
    ("an integer that does not fit", 'seed = 5000000000;\n',
     ((1, "5000000000"),)),
    ("a route without its address", 'routes = ( { name = "r"; } );\n',
     ((1, "listen"), (1, "upstream"))),
    ("an address without a port",
     'routes = ( { name = "r"; listen = "127.0.0.1"; upstream = "h:1"; } );',
     ((1, "127.0.0.1"),)),
    ("a port beyond 65535",
     'routes = ( { name = "r"; listen = ":1"; upstream = "h:70000"; } );',
     ((1, "70000"),)),
    ("two routes of one name",
     'routes = (\n{ name = "r"; listen = ":1"; upstream = "h:1"; },\n'
     '{ name = "r"; listen = ":2"; upstream = "h:1"; }\n);',
     ((3, '"r"'),)),
    ("two routes on one address that nothing tells apart",
     'routes = (\n{ name = "a"; listen = ":1"; upstream = "h:1"; },\n'
     '{ name = "b"; listen = ":1"; upstream = "h:1"; }\n);',
     ((3, ":1|listen|match"),)),
    ("a partition of services that do not exist",
     'partitions = (\n{ name = "p"; groups = ( ["nobody"], ["x"] ); }\n);',
     ((2, "nobody"),)),
    ("two services of one name",
     'services = (\n{ name = "a"; },\n{ name = "a"; }\n);', ((3, '"a"'),)),
    ("a missing semicolon and brace", 'routes = ( {\n', ((None, "syntax"),)),
    ("a file that is included and does not exist",
     '@include "nowhere.conf"\n', ((None, "nowhere.conf"),)),
    ("binary garbage", b"\x00\x01\x02\xff\xfe" * 50, ((None, "."),)),
    ("several errors at once",
     'sead = 1;\n' + route_with(
         '{ type = "latencey"; },\n{ type = "latency"; latency = "x"; },\n'
         '{ type = "noop"; probability = 7; }', 'lisen = "a:1";'),
     ((1, "sead"), (3, "lisen"), (5, "latencey"), (6, "latency"),
      (7, "probability"))),
)


class Check(Scenario):
    def test_a_good_file_is_good(self):
        self.assertEqual(run("check", "-c", "{}", text=GOOD).returncode, 0)

    def test_an_empty_file_is_good(self):
        self.assertEqual(run("check", "-c", "{}", text="").returncode, 0)

    def test_every_error_is_told_with_file_and_line(self):
        for name, text, wanted in BROKEN:
            with self.subTest(name):
                done = run("check", "-c", "{}", text=text)
                told = (done.stdout + done.stderr).splitlines()
                self.assertEqual(done.returncode, 1, told)
                for line, words in wanted:
                    place = rf"\.conf:{line}: " if line else ""
                    pattern = re.compile(place + f".*({words})",
                                         re.IGNORECASE)
                    self.assertTrue(
                        any(pattern.search(t) for t in told),
                        f"nothing like {pattern.pattern} in {told}")

    def test_errors_in_an_included_file_name_that_file(self):
        with tempfile.TemporaryDirectory() as d:
            with open(f"{d}/part.conf", "w", encoding="ascii") as f:
                f.write("\nworkrs = 2;\n")
            with open(f"{d}/main.conf", "w", encoding="ascii") as f:
                f.write('@include "part.conf"\nseed = "x";\n')
            done = run("check", "-c", f"{d}/main.conf")
        told = done.stdout + done.stderr
        self.assertEqual(done.returncode, 1)
        self.assertRegex(told, r"part\.conf:2: .*workrs")
        self.assertRegex(told, r"main\.conf:2: .*seed")

    def test_a_file_that_is_not_there_is_told(self):
        done = run("check", "-c", "/nowhere/at-all.conf")
        self.assertEqual(done.returncode, 1)
        self.assertIn("/nowhere/at-all.conf", done.stdout + done.stderr)

    def test_a_directory_in_place_of_a_file_is_told(self):
        self.assertEqual(run("check", "-c", "/tmp").returncode, 1)

    def test_ten_megabytes_are_read_or_refused_in_good_time(self):
        big = "".join(f"# a comment {n:060}\n" for n in range(130_000))
        started = time.monotonic()
        done = run("check", "-c", "{}", text=big + GOOD)
        self.assertIn(done.returncode, (0, 1))
        routes = [route(f"r{n}", f"127.1.{n >> 8}.{n & 255}:7000", 1)
                  for n in range(20_000)]
        done = run("check", "-c", "{}", text=conf.text(routes))
        self.assertEqual(done.returncode, 0, done.stderr[-2000:])
        self.assertLess(time.monotonic() - started, 30)

    def test_ten_thousand_errors_do_not_drown_the_reader(self):
        text = "".join(f"a{n} = 1;\n" for n in range(10_000))
        done = run("check", "-c", "{}", text=text)
        self.assertEqual(done.returncode, 1)
        self.assertLess(len((done.stdout + done.stderr).splitlines()), 2000)

    def test_deep_nesting_is_survived(self):
        for text in ("a = " + "(" * 20_000, "a = " + "{ b = " * 20_000,
                     '@include "self.conf"\n'):
            self.assertEqual(run("check", "-c", "{}", text=text).returncode,
                             1)

    def test_a_file_that_includes_itself_is_refused(self):
        with tempfile.TemporaryDirectory() as d:
            with open(f"{d}/self.conf", "w", encoding="ascii") as f:
                f.write('@include "self.conf"\n')
            self.assertEqual(run("check", "-c", f"{d}/self.conf").returncode,
                             1)

    def test_variables_of_the_environment_are_expanded(self):
        text = ('routes = ( { name = "r"; listen = ":${PORT:-4711}"; '
                'upstream = "${DB_HOST}:5432"; } );')
        done = run("check", "-c", "{}", text=text, env={"DB_HOST": "db"})
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        done = run("check", "-c", "{}", text=text,
                   env={"DB_HOST": "db", "PORT": "x"})
        self.assertEqual(done.returncode, 1)
        done = run("check", "-c", "{}", text=text)
        self.assertEqual(done.returncode, 1)
        self.assertIn("DB_HOST", done.stdout + done.stderr)


class CommandLine(Scenario):
    def test_wrong_usage_gives_exit_code_2(self):
        for args in ((), ("bogus",), ("run", "--nope"), ("check", "--nope"),
                     ("check",), ("run",)):
            with self.subTest(args=args):
                done = run(*args)
                self.assertEqual(done.returncode, 2, done.stdout)
                self.assertTrue(done.stderr)

    def test_help_is_everywhere(self):
        for args in (("--help",), ("run", "--help"), ("check", "--help"),
                     ("faults", "--help")):
            done = run(*args)
            self.assertEqual(done.returncode, 0)
            self.assertIn("faultwire", done.stdout)

    def test_faults_lists_every_kind_and_explains_each(self):
        listed = run("faults")
        self.assertEqual(listed.returncode, 0)
        kinds = [line.split()[0] for line in listed.stdout.splitlines()
                 if re.match(r"\s*[a-z_]+\s{2,}\S", line)]
        wanted = ("abort bandwidth blackhole body conn_limit connect_delay "
                  "connect_timeout corrupt cut down drip half_open hang "
                  "headers latency lifetime limit_data loss malform "
                  "rate_limit refuse reset_peer slicer slow_close "
                  "timeout").split()
        self.assertEqual(set(wanted) - set(kinds), set())
        for kind in wanted:
            done = run("faults", kind)
            self.assertEqual(done.returncode, 0)
            self.assertIn(kind, done.stdout)
        self.assertIn("jitter", run("faults", "latency").stdout)

    def test_an_unknown_kind_is_refused_with_a_hint(self):
        done = run("faults", "latancy")
        self.assertEqual(done.returncode, 1)
        self.assertIn("latency", done.stderr)

    def test_run_says_what_is_wrong_with_its_file_and_exits_1(self):
        done = run("run", "-c", "{}", text="sead = 1;\n")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout + done.stderr,
                         r"\.conf:1:.*sead")

    def test_run_says_that_a_port_is_taken_and_exits_1(self):
        taken = self.backend()
        text = conf.text([route("r", taken.port, 1)])
        done = run("run", "-c", "{}", text=text)
        self.assertEqual(done.returncode, 1)
        told = done.stdout + done.stderr
        self.assertIn(str(taken.port), told)
        self.assertIn("in use", told)

    def test_run_without_a_file(self):
        upstream = self.serving()
        port = free_port()
        self.start(None, args=[
            "--listen", f"127.0.0.1:{port}",
            "--upstream", f"127.0.0.1:{upstream.port}",
            "--fault", "latency,latency=80ms,stream=upstream",
            "--fault", "noop"])
        c = self.client(port)
        started = time.monotonic()
        c.send(b"x").recv(1)
        self.assertGreaterEqual(time.monotonic() - started, 0.078)

    def test_run_without_a_file_explains_a_wrong_fault(self):
        done = run("run", "--listen", ":0", "--upstream", "h:1", "--fault",
                   "latency,latncy=80ms")
        self.assertEqual(done.returncode, 1)
        self.assertIn("latncy", done.stderr + done.stdout)
        self.assertIn("latency", done.stderr + done.stdout)


class Logs(Scenario):
    def lines(self, style):
        port = free_port()
        proxy = self.start(
            conf.text([route("r", port, self.serving().port)]),
            args=["--log-format", style])
        return proxy.raw_log().splitlines()

    def test_json_is_one_flat_object_a_line(self):
        for line in self.lines("json"):
            made = json.loads(line)
            self.assertRegex(made["ts"], r"^\d{4}-\d\d-\d\dT.*Z$")
            self.assertIn(made["level"], ("debug", "info", "warn", "error"))
            self.assertTrue(made["msg"])
            self.assertFalse([v for v in made.values()
                              if isinstance(v, (dict, list))])

    def test_logfmt_is_pairs(self):
        lines = self.lines("logfmt")
        self.assertTrue(lines)
        for line in lines:
            self.assertRegex(
                line, r'^([a-z_]+=("([^"\\]|\\.)*"|[^ "]*)( |$))+$')

    def test_text_tells_what_listens(self):
        self.assertTrue(any("listening" in line
                            for line in self.lines("text")))

    def test_a_reader_of_the_log_that_goes_away_stops_nothing(self):
        upstream = self.serving()
        port = free_port()
        reader, writer = os.pipe()
        proxy = self.start(conf.text([route("r", port, upstream.port)]),
                           stdout=writer, ready=False)
        os.close(writer)
        wait_until(lambda: connect_outcome(port, 1) == "ok")
        os.close(reader)
        proxy.write(conf.text([route("r", port, upstream.port,
                                     fault("limit_data", bytes=1))]))

        def is_cut():
            c = self.client(port).send(b"abc").finish()
            return len(c.recv_end()[0]) == 1

        wait_until(is_cut, what="the reload")


if __name__ == "__main__":
    unittest.main()
