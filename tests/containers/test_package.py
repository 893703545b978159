# SPDX-License-Identifier: Apache-2.0
"""The Debian package: built, installed below a folder, run from there,
updated, removed, purged; and its unit for systemd."""

import glob
import os
import re
import shutil
import socket
import subprocess
import tempfile
import unittest

from harness import (BIN, ROOT, WITHIN, Scenario, conf, free_port, is_root,
                     route, sanitized)

NEEDED = ("dpkg-deb", "dpkg-shlibdeps", "meson", "strip", "update-alternatives")
ALTERNATIVES = ("toxiproxy-server", "toxiproxy-cli")
CONF = "etc/faultwire/faultwire.conf"
UNIT = "lib/systemd/system/faultwire.service"


def output(*command, check=True, **options):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, text=True,
                          capture_output=True, check=False, **options)
    if check and done.returncode != 0:
        raise AssertionError(f"{command}: {done.stdout}{done.stderr}")
    return done.stdout + done.stderr


class Package(Scenario):
    limit = 200

    @classmethod
    def setUpClass(cls):
        for program in NEEDED:
            if shutil.which(program) is None:
                raise unittest.SkipTest(f"{program} is not installed")
        if not is_root():
            raise unittest.SkipTest("dpkg needs root")
        cls.work = tempfile.mkdtemp(prefix="faultwire-test-package-")
        cls.addClassCleanup(shutil.rmtree, cls.work, True)
        program = [] if sanitized() else ["-p", BIN]
        cls.package = output(os.path.join(ROOT, "packaging/deb"), *program,
                             cls.work).splitlines()[-1]

    def setUp(self):
        """A root without a package, which dpkg may fill."""
        self.root = tempfile.mkdtemp(dir=self.work)
        for folder in ("var/lib/dpkg/updates", "var/lib/dpkg/info",
                       "var/lib/dpkg/alternatives", "etc/alternatives",
                       "var/log", "usr/bin", "usr/share/man/man1"):
            os.makedirs(os.path.join(self.root, folder))
        for file in ("status", "available"):
            open(self.path("var/lib/dpkg", file), "w").close()

    def path(self, *parts):
        return os.path.join(self.root, *parts)

    def dpkg(self, *args):
        return output("dpkg", f"--root={self.root}", "--force-depends",
                      "--force-script-chrootless", "--log=/dev/null", *args)

    def installed(self):
        self.dpkg("-i", self.package)
        return self

    def test_its_version_is_that_of_the_program(self):
        version = output("dpkg-deb", "-f", self.package, "Version").strip()
        self.assertEqual(output(BIN, "--version").strip(),
                         f"faultwire {version}")
        with open(os.path.join(ROOT, "meson.build"), encoding="utf-8") as f:
            self.assertIn(f"version: '{version}'", f.read())

    def test_it_depends_on_what_the_program_loads(self):
        depends = output("dpkg-deb", "-f", self.package, "Depends")
        for library in ("libc6", "libevent-core", "libconfig", "libjansson",
                        "libssl"):
            self.assertIn(library, depends)

    def test_it_brings_everything_to_its_place(self):
        self.installed()
        for file in ("usr/bin/faultwire", CONF, UNIT,
                     "usr/share/man/man1/faultwire.1.gz",
                     "usr/share/man/man5/faultwire.conf.5.gz",
                     "usr/share/bash-completion/completions/faultwire",
                     "usr/share/fish/vendor_completions.d/faultwire.fish",
                     "usr/share/zsh/vendor-completions/_faultwire",
                     "usr/share/doc/faultwire/copyright",
                     "usr/share/doc/faultwire/NEWS.md",
                     "usr/share/doc/faultwire/examples/profiles.conf"):
            self.assertGreater(os.path.getsize(self.path(file)), 0, file)
        said = output(self.path("usr/bin/faultwire"), "check", "-c",
                      self.path(CONF))
        self.assertIn("good", said)

    def test_the_programs_of_toxiproxy_are_alternatives(self):
        self.installed()
        for name in ALTERNATIVES:
            link = self.path("usr/bin", name)
            self.assertEqual(os.readlink(link), f"/etc/alternatives/{name}")
            self.assertEqual(os.readlink(self.path("etc/alternatives", name)),
                             f"/usr/lib/faultwire/{name}")
        said = output(self.path("usr/lib/faultwire/toxiproxy-server"),
                      "-version")
        self.assertIn("toxiproxy-server version", said)
        said = output(self.path("usr/lib/faultwire/toxiproxy-cli"), "--help")
        self.assertIn("toxiproxy-cli", said)

    def commands(self, key):
        """What the unit has there, as words that run below the root."""
        with open(self.path(UNIT), encoding="utf-8") as f:
            text = f.read()
        self.assertIn("Type=notify\n", text)
        return [[self.path(word[1:]) if word[0] == "/" else word
                 for word in line.split()] for line in
                re.findall(rf"^{key}=(/usr/bin/faultwire .*)", text, re.M)]

    def test_what_the_unit_runs_works_and_tells_its_manager(self):
        self.installed()
        port, upstream = free_port(), self.serving()
        with open(self.path(CONF), "w", encoding="utf-8") as f:
            f.write(conf.text([route("r", port, upstream.port)],
                              control={"listen": "off"}))
        name = f"faultwire-test-package-{os.getpid()}"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind("\0" + name)
            manager.settimeout(WITHIN)
            process = subprocess.Popen(
                *self.commands("ExecStart"), stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env={**os.environ, "NOTIFY_SOCKET": "@" + name})
            try:
                self.assertTrue(manager.recv(4096).startswith(b"READY=1"))
                client = self.client(port)
                self.assertEqual(client.send(b"x").recv(1), b"x")
                client.close()
                for command in self.commands("ExecReload"):
                    output(*command)
            finally:
                process.terminate()
            self.assertTrue(manager.recv(4096).startswith(b"STOPPING=1"))
            self.assertEqual(process.wait(WITHIN), 0)

    def test_an_update_keeps_the_configuration_of_the_user(self):
        self.installed()
        with open(self.path(CONF), "w", encoding="ascii") as f:
            f.write("seed = 4;\n")
        self.dpkg("--force-confold", "-i", self.package)
        with open(self.path(CONF), encoding="ascii") as f:
            self.assertEqual(f.read(), "seed = 4;\n")

    def test_removed_it_leaves_its_configuration_purged_nothing(self):
        self.installed()
        self.dpkg("-r", "faultwire")
        self.assertTrue(os.path.exists(self.path(CONF)))
        for name in ALTERNATIVES:
            self.assertFalse(os.path.lexists(self.path("usr/bin", name)))
        self.dpkg("-P", "faultwire")
        left = [path for path in glob.glob(self.path("**"), recursive=True)
                if "faultwire" in path.removeprefix(self.root)]
        self.assertEqual(left, [])

    # --- the unit

    def unit(self):
        """The unit, as if the package were installed here."""
        self.installed()
        with open(self.path(UNIT), encoding="utf-8") as f:
            text = f.read()
        made = os.path.join(self.root, "faultwire.service")
        with open(made, "w", encoding="utf-8") as f:
            f.write(text.replace("/usr/bin/", self.path("usr/bin/")))
        return text, made

    def systemd_analyze(self, *args):
        if shutil.which("systemd-analyze") is None:
            self.skipTest("systemd-analyze is not installed")
        return output("systemd-analyze", *args)

    def test_systemd_finds_nothing_wrong_with_the_unit(self):
        _, made = self.unit()
        said = self.systemd_analyze("verify", "--man=no", made)
        self.assertNotIn("faultwire.service:", said)

    def test_the_unit_is_hardened(self):
        _, made = self.unit()
        said = self.systemd_analyze("security", "--offline=true", made)
        level = float(re.search(r"Overall exposure level.*: ([0-9.]+)",
                                said)[1])
        print(f"# exposure {level}")
        self.assertLessEqual(level, 2.0, said)


if __name__ == "__main__":
    unittest.main()
