# SPDX-License-Identifier: Apache-2.0
"""A faultwire process of one test: started, reloaded, watched, stopped."""

import json
import os
import re
import resource
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from .net import WITHIN, wait_until

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../.."))
BIN = os.environ.get("FAULTWIRE_BIN",
                     os.path.join(ROOT, "build", "faultwire"))
REPORT = re.compile(r"ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|"
                    r"runtime error:|Assertion .* failed")


def _sanitizer():
    try:
        with open(BIN, "rb") as f:
            data = f.read()
    except OSError:
        return ""
    for mark, name in ((b"__tsan_init", "thread"), (b"__asan_init", "address")):
        if mark in data:
            return name
    return ""


SANITIZER = _sanitizer()
SUPPRESS = os.path.join(os.path.dirname(__file__), "lsan.supp")


def environment():
    """Settings under which a sanitizer's finding cannot be overlooked."""
    env = dict(os.environ)
    env["ASAN_OPTIONS"] = "detect_leaks=1:halt_on_error=1:exitcode=99"
    env["UBSAN_OPTIONS"] = "print_stacktrace=1:halt_on_error=1:exitcode=98"
    env["TSAN_OPTIONS"] = "halt_on_error=0:exitcode=97"
    env["LSAN_OPTIONS"] = f"suppressions={SUPPRESS}:print_suppressions=0"
    return env


def prefix():
    """TSan cannot place its shadow where addresses are too random."""
    if SANITIZER != "thread":
        return []
    try:
        with open("/proc/sys/vm/mmap_rnd_bits", encoding="ascii") as f:
            return ["setarch", "-R"] if int(f.read()) > 28 else []
    except OSError:
        return []


def run(*args, text=None, within=60, env=None, suffix=".conf"):
    """Runs the program to its end. `text` becomes a file named by `{}`."""
    made = None
    if text is not None:
        fd, made = tempfile.mkstemp(suffix=suffix)
        with os.fdopen(fd, "wb") as f:
            f.write(text if isinstance(text, bytes) else text.encode())
        args = [made if a == "{}" else a for a in args]
    try:
        done = subprocess.run(
            prefix() + [BIN, *args], stdin=subprocess.DEVNULL,
            capture_output=True, timeout=within, check=False,
            env={**environment(), **(env or {})})
    finally:
        if made:
            os.unlink(made)
    done.stdout = done.stdout.decode(errors="replace")
    done.stderr = done.stderr.decode(errors="replace")
    assert not REPORT.search(done.stderr), done.stderr
    return done


class Faultwire:
    """`faultwire run`, over a file of its own directory that holds `text`,
    over the file `path`, or (with neither) over `args` alone."""

    def __init__(self, text, args=(), env=None, journal=None, nofile=None,
                 path=None, hosts=None, bind=None, stdout=None, ready=True):
        self.dir = tempfile.mkdtemp(prefix="faultwire-test-")
        self.conf = path or os.path.join(self.dir, "faultwire.conf")
        if text is not None:
            self.write(text)
        if text is not None or path:
            args = ["-c", self.conf, *args]
        self.journal_path = journal or os.path.join(self.dir, "journal")
        self._out = open(os.path.join(self.dir, "log"), "wb")
        self._err = open(os.path.join(self.dir, "err"), "wb")
        self.stopped = False

        def limit():
            if nofile:
                resource.setrlimit(resource.RLIMIT_NOFILE, (nofile, nofile))

        self.process = subprocess.Popen(
            self._with_hosts(hosts) +
            (self._with_mount(*bind) if bind else []) + prefix() +
            [BIN, "run", "--journal", self.journal_path, *args],
            stdin=subprocess.DEVNULL, stdout=stdout or self._out,
            stderr=self._err,
            env={**environment(), **(env or {})}, preexec_fn=limit)
        try:
            if ready:
                self.wait_ready()
        except BaseException:
            self.discard()
            raise

    def _with_hosts(self, hosts):
        """A command that gives what follows an /etc/hosts of its own."""
        if hosts is None:
            return []
        file = os.path.join(self.dir, "hosts")
        with open(file, "w", encoding="ascii") as f:
            f.write(hosts)
        return self._with_mount(file, "/etc/hosts")

    @staticmethod
    def _with_mount(source, target):
        """A command that gives what follows a mount of its own."""
        command = ["unshare", "-m", "sh", "-c",
                   'mount --bind "$0" "$1" && shift && exec "$@"', source,
                   target]
        if subprocess.run(command + ["true"], stdin=subprocess.DEVNULL,
                          capture_output=True, check=False).returncode:
            raise unittest.SkipTest("no mount namespaces here")
        return command

    # --- what it says

    def errors(self):
        with open(os.path.join(self.dir, "err"), errors="replace",
                  encoding="utf-8") as f:
            return f.read()

    def raw_log(self):
        with open(os.path.join(self.dir, "log"), errors="replace",
                  encoding="utf-8") as f:
            return f.read()

    def log(self):
        """All complete log lines, as dictionaries."""
        lines = self.raw_log().split("\n")[:-1]
        return [json.loads(line) for line in lines if line.startswith("{")]

    def log_events(self, event):
        return [e for e in self.log() if e.get("event") == event]

    def journal(self):
        """All complete journal lines, as dictionaries."""
        try:
            with open(self.journal_path, encoding="utf-8") as f:
                lines = f.read().split("\n")[:-1]
        except FileNotFoundError:
            return []
        return [json.loads(line) for line in lines]

    def wait_journal(self, what, within=WITHIN, **fields):
        """The journal's entries with those fields, once there is one."""
        def found():
            return [e for e in self.journal()
                    if all(e.get(k) == v for k, v in fields.items())]

        try:
            return wait_until(found, within, what)
        except AssertionError as e:
            raise AssertionError(f"{e}: {self.journal()[-20:]}") from None

    def wait_log(self, event, count=1, within=WITHIN):
        """At least `count` log lines of that event."""
        def found():
            lines = self.log_events(event)
            if len(lines) < count:
                self.check_alive()
            return lines if len(lines) >= count else None

        try:
            return wait_until(found, within, f"log event {event}")
        except AssertionError as e:
            text = "" if "ended with" in str(e) else self.story()
            raise AssertionError(f"{e}\n{text}") from None

    def wait_ready(self):
        """The word stands in the line, whatever its format."""
        def ready():
            if "ready" in self.raw_log():
                return True
            self.check_alive()
            return False

        wait_until(ready, what="the start")

    def story(self):
        lines = [json.dumps(e) for e in self.log()[-30:]]
        return "\n".join(lines) + "\n" + self.errors()[-6000:]

    def check_alive(self):
        if self.process.poll() is not None:
            raise AssertionError(
                f"faultwire ended with {self.process.returncode}\n"
                f"{self.story()}")

    # --- its configuration

    def write(self, text):
        """Replaces the file by rename, as editors do."""
        data = text if isinstance(text, bytes) else text.encode()
        with open(self.conf + ".new", "wb") as f:
            f.write(data)
        os.rename(self.conf + ".new", self.conf)

    def write_in_place(self, text):
        with open(self.conf, "r+b") as f:
            f.truncate(0)
            f.write(text.encode())

    def reloads(self):
        """The log lines that tell how reloads went."""
        return [e for e in self.log() if e.get("event") in
                ("config_reload", "config_rejected")]

    def reload(self, text, write=None):
        """Replaces the configuration and waits until it is in force."""
        before = len(self.reloads())
        if write is None:
            # A file that does not change is not loaded again.
            text += f"# change {before + 1}\n"
        (write or self.write)(text)
        return self.reloaded(before)

    def reloaded(self, before, event="config_reload"):
        """Waits for the end of a reload that began after `before` others."""
        def found():
            self.check_alive()
            return self.reloads()[before:]

        try:
            line = wait_until(found, what="the reload")[0]
        except AssertionError as e:
            raise AssertionError(f"{e}\n{self.story()}") from None
        assert line["event"] == event, f"{line}\n{self.story()}"
        return line

    def reload_refused(self, text):
        """Replaces the configuration by one that must be refused."""
        before = len(self.reloads())
        self.write(text)
        return self.reloaded(before, "config_rejected")

    # --- its resources

    def rss(self):
        """Resident memory in bytes."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as f:
            for line in f:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1]) * 1024
        return 0

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def busy_seconds(self):
        """How long each thread had a processor or waited for one: a thread
        that spins does one or the other all the time, whatever else the
        machine does."""
        busy = {}
        folder = f"/proc/{self.process.pid}/task"
        for thread in os.listdir(folder):
            with open(f"{folder}/{thread}/schedstat", encoding="ascii") as f:
                ran, waited = map(int, f.read().split()[:2])
            busy[thread] = (ran + waited) / 1e9
        return busy

    def rests(self):
        """Did every thread sleep for more than half of the next second?"""
        before, start = self.busy_seconds(), time.monotonic()
        time.sleep(1)
        limit = (time.monotonic() - start) / 2
        return all(seconds - before.get(thread, 0) < limit
                   for thread, seconds in self.busy_seconds().items())

    # --- its end

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self, within=WITHIN):
        try:
            return self.process.wait(within)
        except subprocess.TimeoutExpired:
            raise AssertionError(
                f"faultwire did not end\n{self.story()}") from None

    def stop(self):
        """Ends it; whatever it left behind that it should not have is an
        error: a sanitizer's report, an exit code, a hang."""
        if self.stopped:
            return
        self.stopped = True
        try:
            if self.process.poll() is None:
                self.signal(signal.SIGTERM)
                time.sleep(0.01)
                try:
                    self.process.wait(0.5)
                except subprocess.TimeoutExpired:
                    self.signal(signal.SIGTERM)
            code = self.wait()
            errors = self.errors()
            assert not REPORT.search(errors), errors
            assert code == 0, f"exit code {code}\n{self.story()}"
        finally:
            self.discard()

    def discard(self):
        """Removes what it left behind, however it ended."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._out.close()
        self._err.close()
        if not os.environ.get("FAULTWIRE_KEEP"):
            shutil.rmtree(self.dir, ignore_errors=True)
