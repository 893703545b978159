# SPDX-License-Identifier: Apache-2.0
"""The image under test, and containers made of it."""

import json
import os
import subprocess
import tempfile
import time
import unittest

from harness import ROOT, WITHIN, Scenario, wait_until

ENGINE = os.path.join(ROOT, "tests/containers/engine")
ENVIRONMENT = dict(os.environ)
IMAGE = f"localhost/faultwire-test:{os.getpid()}"


def engine(*args, check=True, within=120):
    done = subprocess.run([ENGINE, *args], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, check=False,
                          timeout=within, env=ENVIRONMENT)
    if check and done.returncode != 0:
        raise AssertionError(f"{args}: {done.stdout}{done.stderr}")
    return done


def podman(*args, **options):
    return engine("podman", *args, **options)


def hold():
    """Keeps a mount namespace for all calls; returns what ends it."""
    held = subprocess.Popen([ENGINE, "hold"], stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, text=True)
    ENVIRONMENT["NAMESPACE"] = held.stdout.readline().strip()

    def end():
        del ENVIRONMENT["NAMESPACE"]
        held.communicate()

    return end


def available():
    able = engine("available", check=False)
    if able.returncode != 0:
        raise unittest.SkipTest(able.stdout.strip() or "no container engine")


def build():
    """Builds the image of this tree; skips where that cannot be."""
    made = engine("base", check=False, within=600)
    if made.returncode != 0:
        raise unittest.SkipTest("the base cannot be made of packages here: "
                                + made.stderr.strip()[-200:])
    base = made.stdout.strip()
    # Layers would stay behind; the base has all that they would hold.
    podman("build", "--format", "docker", "--layers=false", "--quiet",
           "--network=none", "--build-arg", f"BASE={base}", "-t", IMAGE, ROOT,
           within=900)


def remove():
    podman("image", "rm", "--force", IMAGE, check=False)


class Container:
    """A container as careful people run one: nothing is writable, no
    capability is left."""

    def __init__(self, test, *args, options=(), wait=True):
        self.name = f"faultwire-test-{os.getpid()}-{time.monotonic_ns()}"
        test.addCleanup(podman, "rm", "--force", "--time=0", self.name,
                        check=False)
        podman("run", "--detach", "--name", self.name, "--network=host",
               "--read-only", "--read-only-tmpfs=false", "--cap-drop=all",
               "--security-opt=no-new-privileges", *options, IMAGE, *args)
        if wait:
            self.wait_log("ready")

    def log(self):
        done = podman("logs", self.name)
        return done.stdout + done.stderr

    def wait_log(self, word, count=1):
        def found():
            text = self.log()
            if text.count(f'"event":"{word}"') >= count:
                return text
            assert self.state("Running"), f"it ended: {text}"
            return None

        return wait_until(found, WITHIN, f"{word} in {self.log()[-2000:]}")

    def state(self, field):
        done = podman("container", "inspect", self.name)
        return json.loads(done.stdout)[0]["State"][field]

    def exec(self, *args, **options):
        return podman("exec", self.name, *args, check=False, **options)

    def signal(self, name):
        podman("kill", "--signal", name, self.name)

    def wait(self):
        """Waits for its end; its exit code."""
        return int(podman("wait", self.name).stdout.strip())


class OfImage(Scenario):
    """Tests that need the image."""
    limit = 200

    @classmethod
    def setUpClass(cls):
        available()
        cls.addClassCleanup(hold())
        build()
        cls.addClassCleanup(remove)

    def container(self, *args, **options):
        return Container(self, *args, **options)

    def folder(self, text=None):
        """A folder to be mounted at /etc/faultwire, and its options."""
        made = tempfile.TemporaryDirectory()
        self.addCleanup(made.cleanup)
        os.chmod(made.name, 0o755)
        if text is not None:
            self.write(made.name, text)
        return made.name, ("--volume", f"{made.name}:/etc/faultwire:ro")

    @staticmethod
    def write(folder, text):
        """Replaces the configuration as editors do."""
        path = os.path.join(folder, "faultwire.conf")
        with open(path + ".new", "w", encoding="utf-8") as f:
            f.write(text)
        os.rename(path + ".new", path)

    def configured(self, text, options=(), **more):
        folder, mount = self.folder(text)
        return folder, self.container(
            "run", "-c", "/etc/faultwire/faultwire.conf",
            options=(*mount, *options), **more)
