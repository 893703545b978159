# SPDX-License-Identifier: Apache-2.0
"""toxiproxy-cli as it is called by scripts: outputs and codes to the byte."""

import os
import pty
import subprocess
import tempfile

from harness import ToxScenario, free_port, program, quoted

GREEN, RED, YELLOW, BLUE, PURPLE, NONE = (
    "\x1b[32m", "\x1b[31m", "\x1b[33m", "\x1b[34m", "\x1b[35m", "\x1b[0m")


class Cli(ToxScenario):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.dir = tempfile.TemporaryDirectory(prefix="faultwire-cli-")
        cls.program = program(cls.dir.name, "toxiproxy-cli")

    @classmethod
    def tearDownClass(cls):
        cls.dir.cleanup()
        super().tearDownClass()

    def run_cli(self, *args, env=None, **options):
        command = [*self.program, *args]
        return subprocess.run(
            command, capture_output=True, text=True, timeout=30, check=False,
            stdin=subprocess.DEVNULL, env={
                **os.environ, "TOXIPROXY_URL":
                f"http://127.0.0.1:{self.api.port}", **(env or {})},
            **options)

    def says(self, *args, out="", err="", code=0, **options):
        """One call, and all that it says."""
        done = self.run_cli(*args, **options)
        self.assertEqual((done.stdout, done.stderr, done.returncode),
                         (out, err, code))

    def fails(self, *args, err, usage=False, code=1):
        """One call that fails; on standard output is usage or nothing."""
        done = self.run_cli(*args)
        self.assertEqual((done.stderr, done.returncode), (err, code))
        self.assertEqual(done.stdout.startswith("Usage: toxiproxy-cli "),
                         usage, done.stdout)

    def on_terminal(self, *args):
        """What it prints on a terminal."""
        master, slave = pty.openpty()
        done = subprocess.run(
            [*self.program, *args], stdout=slave, stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE, timeout=30, check=True, env={
                **os.environ,
                "TOXIPROXY_URL": f"http://127.0.0.1:{self.api.port}"})
        os.close(slave)
        text = b""
        try:
            while data := os.read(master, 65536):
                text += data
        except OSError:
            pass
        os.close(master)
        self.assertEqual(done.stderr, b"")
        return text.decode().replace("\r\n", "\n")


class Proxies(Cli):
    def test_list(self):
        for verb in ("list", "l", "li", "ls"):
            self.says(verb)
        b = self.create("b", "up:1")
        a = self.create("a", "up:2", enabled=False)
        self.toxic("noop", "b")
        for verb in ("list", "l", "li", "ls"):
            self.says(verb, out=f"a\t{a['listen']}\tup:2\tdisabled\t0\n"
                                f"b\t{b['listen']}\tup:1\tenabled\t1\n")

    def test_list_on_a_terminal(self):
        head = (f"{GREEN}Name\t\t\t{BLUE}Listen\t\t{YELLOW}Upstream\t\t"
                f"{PURPLE}Enabled\t\t{RED}Toxics\n{NONE}{NONE}" + "=" * 86
                + "\n")
        self.assertEqual(
            self.on_terminal("list"),
            f"{head}{RED}no proxies\n{NONE}\n{NONE}Hint: create a proxy with "
            "`toxiproxy-cli create`\n")
        p = self.create("p", "up:1")
        self.create("a-long-name-of-a-proxy", "up:2", enabled=False)
        self.toxic("noop")
        self.assertEqual(
            self.on_terminal("list"), head +
            f"{RED}a-long-name-of-a-proxy{NONE}\t{BLUE}127.0.0.1:0{NONE}\t"
            f"{YELLOW}up:2{NONE}\t\t\t{PURPLE}disabled{NONE}\t{RED}None{NONE}"
            f"\n{GREEN}p{NONE}\t\t\t{BLUE}{p['listen']}{NONE}\t{YELLOW}up:1"
            f"{NONE}\t\t\t{PURPLE}enabled{NONE}\t\t{RED}1{NONE}\n"
            f"\n{NONE}Hint: inspect toxics with `toxiproxy-cli inspect "
            "<proxyName>`\n")

    def test_inspect(self):
        self.create()
        for verb in ("inspect", "i", "ins"):
            self.says(verb, "p")
        self.toxic("latency", name="lag", latency=1000, jitter=50,
                   toxicity=0.25)
        self.toxic("limit_data", stream="upstream", bytes=1048576)
        for verb in ("inspect", "i", "ins"):
            self.says(verb, "p", out=(
                "limit_data_upstream\ttype=limit_data\tstream=upstream\t"
                "toxicity=1.00\tattributes=[\tbytes=1.048576e+06\t]\n"
                "lag\ttype=latency\tstream=downstream\ttoxicity=0.25\t"
                "attributes=[\tjitter=50\tlatency=1000\t]\n"))
        self.fails("inspect", "no", err="Failed to retrieve proxy no: HTTP "
                                        "404: proxy not found\n\n")
        self.fails("inspect", usage=True, err="Proxy name is required as the "
                                              "first argument.\n\n")

    def test_inspect_on_a_terminal(self):
        p = self.create("p", "up:1")
        head = (f"{PURPLE}Name: {NONE}p\t{BLUE}Listen: {NONE}{p['listen']}\t"
                f"{YELLOW}Upstream: {NONE}up:1\n{NONE}" + "=" * 70 + "\n")
        hint = f"\n{NONE}Hint: add a toxic with `toxiproxy-cli toxic add`\n"
        self.assertEqual(
            self.on_terminal("inspect", "p"),
            f"{head}{RED}Proxy has no toxics enabled.\n{NONE}{hint}")
        self.toxic("noop", name="n")
        self.assertEqual(
            self.on_terminal("inspect", "p"),
            f"{head}{GREEN}Upstream toxics:\n{NONE}{RED}Proxy has no "
            f"Upstream toxics enabled.\n{NONE}\n{GREEN}Downstream toxics:\n"
            f"{NONE}{BLUE}n:{NONE}\ttype=noop\tstream=downstream\t"
            f"toxicity=1.00\tattributes=[\t]\n{hint}")

    def test_create(self):
        port = free_port()
        for verb in ("create", "c", "new"):
            self.says(verb, "--listen", f"localhost:{port}", "--upstream",
                      "up:1", "p", out="Created new proxy p\n")
            self.assertEqual(self.api.get("/proxies/p").json(), {
                "name": "p", "listen": f"127.0.0.1:{port}",
                "upstream": "up:1", "enabled": True, "toxics": []})
            self.api.delete("/proxies/p")
        self.create()
        self.fails("create", "-l", ":0", "-u", "up:1", "p",
                   err="Failed to create proxy: create: HTTP 409: proxy "
                       "already exists\n\n")
        self.fails("create", "-l", "bad", "-u", "up:1", "q",
                   err="Failed to create proxy: create: HTTP 500: listen "
                       "tcp: address bad: missing port in address\n\n")
        self.fails("create", "-u", "up:1", "q", usage=True,
                   err="Required argument 'listen' was empty.\n\n")
        self.fails("create", "-l", ":0", "q", usage=True,
                   err="Required argument 'upstream' was empty.\n\n")
        self.fails("create", "-l", ":0", "-u", "x:1", usage=True,
                   err="Proxy name is required as the first argument.\n\n")

    def test_toggle(self):
        self.create()
        for verb in ("toggle", "tog"):
            self.says(verb, "p", out="Proxy p is now disabled\n")
            self.assertIs(self.api.get("/proxies/p").json()["enabled"], False)
            self.says(verb, "p", out="Proxy p is now enabled\n")
            self.assertIs(self.api.get("/proxies/p").json()["enabled"], True)
        self.assertEqual(
            self.on_terminal("toggle", "p"),
            f"Proxy {RED}p{NONE} is now {RED}disabled{NONE}\n")
        self.assertEqual(
            self.on_terminal("toggle", "p"),
            f"Proxy {GREEN}p{NONE} is now {GREEN}enabled{NONE}\n")
        self.fails("toggle", "no", err="Failed to retrieve proxy no: HTTP "
                                       "404: proxy not found\n\n")

    def test_delete(self):
        for verb in ("delete", "d"):
            self.create()
            self.says(verb, "p", out="Deleted proxy p\n")
            self.assert_json(self.api.get("/proxies"), 200, {})
        self.fails("delete", "p", err="Failed to retrieve proxy p: HTTP 404: "
                                      "proxy not found\n\n")
        self.fails("delete", usage=True, err="Proxy name is required as the "
                                             "first argument.\n\n")

    def test_names_are_escaped(self):
        name = "a b/c?d%e:@é"
        self.create(name, "up:1")
        self.says("toxic", "add", "-t", "noop", "-n", "x/y", name,
                  out=f"Added downstream noop toxic 'x/y' on proxy '{name}'\n")
        self.says("toggle", name, out=f"Proxy {name} is now disabled\n")
        self.says("toxic", "remove", "-n", "x/y", name,
                  out=f"Removed toxic 'x/y' on proxy '{name}'\n")
        self.says("delete", name, out=f"Deleted proxy {name}\n")
        self.assertEqual(
            self.api.get("/proxies/" + quoted(name)).status, 404)


class Toxics(Cli):
    def setUp(self):
        super().setUp()
        self.create("p", "up:1")

    def toxics(self):
        return self.api.get("/proxies/p/toxics").json()

    def test_add(self):
        for verbs in (("toxic", "add"), ("t", "a"), ("toxic", "a")):
            self.says(*verbs, "--type", "latency", "--toxicName", "n",
                      "--toxicity", "0.5", "--attribute", "latency=100",
                      "--attribute", "jitter=5", "--upstream", "p",
                      out="Added upstream latency toxic 'n' on proxy 'p'\n")
            self.assertEqual(self.toxics(), [{
                "attributes": {"latency": 100, "jitter": 5}, "name": "n",
                "type": "latency", "stream": "upstream", "toxicity": 0.5}])
            self.remove("n")

    def test_flags_may_stand_anywhere_and_be_written_in_any_way(self):
        port = self.api.port
        elsewhere = {"TOXIPROXY_URL": "http://127.0.0.1:1"}
        for args in (
                ("toxic", "add", "p", "-t", "slicer", "-d", "-a",
                 "average_size=9"),
                ("t", "a", "-t=slicer", "p", "--downstream=true", "-a",
                 "average_size=9", "--tox", "1"),
                ("t", "a", "-type", "slicer", "-attribute=average_size=9",
                 "ignored", "-a", "size_variation=0,delay=0", "-toxicity",
                 "1.0", "--upstream=false", "-d", "--"),
                ("-h", f"localhost:{port}", "t", "a", "p", "-t", "slicer",
                 "-a", "average_size=9e0"),
                ("--host", f"http://127.0.0.1:{port}", "t", "a", "-t",
                 "slicer", "-a", "average_size=9", "p"),
                ("t", f"--host=127.0.0.1:{port}", "a", "-t", "slicer", "-a",
                 "average_size=9", "p"),
                ("t", "a", "-t", "slicer", "p", "-a", "average_size=9",
                 "-h", f"127.0.0.1:{port}", "--attribute", "nothing")):
            with self.subTest(args=args):
                env = elsewhere if any(str(port) in a for a in args) else {}
                args = ["p" if a == "ignored" else a for a in args]
                self.says(*args, env=env,
                          out="Added downstream slicer toxic "
                              "'slicer_downstream' on proxy 'p'\n")
                self.assertEqual(self.toxics()[0]["attributes"], {
                    "average_size": 9, "size_variation": 0, "delay": 0})
                self.remove("slicer_downstream")

    def test_add_fails(self):
        for args, err in (
                (("-t", "x", "p"), "Failed to add toxic: failed to add toxic "
                 "to proxy p: AddToxic: HTTP 400: invalid toxic type\n\n"),
                (("-t", "noop", "no"), "Failed to add toxic: failed to "
                 "retrieve proxy with name `no`: HTTP 404: proxy not "
                 "found\n\n"),
                (("-t", "noop", "-u", "-d", "p"), "Only one should be "
                 "specified: upstream or downstream.\n\n"),
                (("-t", "noop", "--toxicity", "2", "p"), "toxicity should be "
                 "a float between 0 and 1.\n\n"),
                (("-t", "noop", "--toxicity", "x", "p"), "toxicity should be "
                 "a float between 0 and 1.\n\n")):
            with self.subTest(args=args):
                self.fails("toxic", "add", *args, err=err)
        self.fails("toxic", "add", "p", usage=True,
                   err="Required argument 'type' was empty.\n\n")
        self.fails("toxic", "add", "-t", "noop", usage=True,
                   err="Proxy name is missing.\n\n")
        self.toxic("noop", name="n")
        self.fails("toxic", "add", "-t", "noop", "-n", "n", "p",
                   err="Failed to add toxic: failed to add toxic to proxy p: "
                       "AddToxic: HTTP 409: toxic already exists\n\n")
        done = self.run_cli("toxic", "add", "-t", "latency", "-a",
                            "latency=1.5", "p")
        self.assertEqual(done.returncode, 1)
        self.assertIn("HTTP 400: bad request body: ", done.stderr)

    def test_update_keeps_the_toxicity_that_is_not_given(self):
        self.toxic("latency", name="n", latency=100, jitter=1, toxicity=0.25)
        for verbs in (("toxic", "update"), ("t", "u")):
            self.says(*verbs, "-n", "n", "-a", "jitter=25", "p",
                      out="Updated toxic 'n' on proxy 'p'\n")
            self.assertEqual(self.toxics()[0]["attributes"],
                             {"latency": 100, "jitter": 25})
            self.assertEqual(self.toxics()[0]["toxicity"], 0.25)
        self.says("t", "u", "p", "--toxicity", "0.75", "-n", "n",
                  out="Updated toxic 'n' on proxy 'p'\n")
        self.assertEqual(self.toxics()[0]["toxicity"], 0.75)
        self.fails("toxic", "update", "-n", "x", "p",
                   err="Failed to update toxic: failed to update toxic 'x' "
                       "of proxy 'p': HTTP 404: toxic not found\n\n")

    def test_remove(self):
        for verbs in (("toxic", "remove"), ("t", "r"), ("t", "delete"),
                      ("toxic", "d")):
            self.toxic("noop", name="n")
            self.says(*verbs, "--toxicName", "n", "p",
                      out="Removed toxic 'n' on proxy 'p'\n")
            self.assertEqual(self.toxics(), [])
        self.fails("toxic", "remove", "-n", "n", "p",
                   err="Failed to remove toxic: failed to remove toxic 'n' "
                       "from proxy 'p': HTTP 404: toxic not found\n\n")
        self.fails("toxic", "remove", "p", usage=True,
                   err="Required argument 'toxicName' was empty.\n\n")


class Manners(Cli):
    def test_the_version(self):
        for flag in ("--version", "-v", "-version"):
            self.says(flag, out="toxiproxy-cli version 2.12.0\n")

    def test_help_is_on_standard_output(self):
        for args in ((), ("--help",), ("help",), ("toxic",),
                     ("toxic", "--help"), ("list", "--help")):
            done = self.run_cli(*args)
            self.assertEqual((done.stderr, done.returncode), ("", 0))
            self.assertTrue(done.stdout.startswith("Usage: toxiproxy-cli "))

    def test_unknown_words_and_flags(self):
        self.fails("nosuch", err="No help topic for 'nosuch'\n", code=3)
        self.fails("toxic", "nosuch", err="No help topic for 'nosuch'\n",
                   code=3)
        self.fails("list", "-x", usage=True, err="Incorrect Usage: flag "
                   "provided but not defined: -x\n\n")
        self.fails("create", "p", "-l", usage=True, err="Incorrect Usage: "
                   "flag needs an argument: -l\n\n")

    def test_who_is_not_there_is_named(self):
        port = free_port()
        for args in (("-h", f"127.0.0.1:{port}", "list"),
                     ("list", "--host", f"http://127.0.0.1:{port}")):
            done = self.run_cli(*args)
            self.assertEqual((done.stdout, done.returncode), ("", 1))
            self.assertRegex(
                done.stderr, "^Failed to retrieve proxies: fail to request: "
                f".*127.0.0.1:{port}: Connection refused\n$")
        done = self.run_cli("-h", "https://x", "list")
        self.assertEqual((done.stdout, done.returncode), ("", 1))

    def test_it_is_a_command_of_faultwire_as_well(self):
        self.create("p", "up:1")
        done = subprocess.run(
            [*program(self.dir.name), "toxiproxy-cli", "-h",
             f"127.0.0.1:{self.api.port}", "toggle", "p"], check=True,
            capture_output=True, text=True, timeout=30)
        self.assertEqual(done.stdout, "Proxy p is now disabled\n")

    def test_a_full_disk_is_told(self):
        self.create("p", "up:1")
        with open("/dev/full", "wb") as full:
            done = subprocess.run(
                [*self.program, "-h", f"127.0.0.1:{self.api.port}", "list"],
                stdout=full, stderr=subprocess.PIPE, check=False, timeout=30)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"No space left", done.stderr)
