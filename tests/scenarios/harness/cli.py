# SPDX-License-Identifier: Apache-2.0
"""A running faultwire with an API, and its commands against it."""

import json
import os
import re
import subprocess

from . import conf
from .case import Scenario
from .proxy import BIN, REPORT, environment, prefix, run

UNREACHABLE = "http://127.0.0.1:1"


class CliScenario(Scenario):
    def serve(self, routes=(), control=None, options=None, **groups):
        """Starts it; commands go to it from now on."""
        control = {"listen": "127.0.0.1:0", **(control or {})}
        self.proxy = self.start(conf.text(routes, control=control, **groups),
                                **(options or {}))
        line = self.proxy.wait_log("control_listening")[0]
        self.url = line["listen"]
        return self.proxy

    def environment(self):
        return {"FAULTWIRE_CONTROL": self.url}

    def cli(self, *args, code=0, env=None, within=60):
        """What the command prints; its exit code must be `code`."""
        done = run(*args, env={**self.environment(), **(env or {})},
                   within=within)
        self.assertEqual(done.returncode, code,
                         f"{args}: {done.stdout}{done.stderr}")
        return done.stdout

    def json(self, *args):
        return json.loads(self.cli(*args, "--json"))

    def refused(self, *args, code=1, env=None):
        """What the command says on stderr, and nothing on stdout."""
        done = run(*args, env={**self.environment(), **(env or {})})
        self.assertEqual(done.returncode, code, f"{args}: {done.stderr}")
        self.assertEqual(done.stdout, "", args)
        self.assertTrue(done.stderr.startswith(
            f"faultwire {args[0]}"), done.stderr)
        return done.stderr

    def table(self, *args):
        """A table's rows as dictionaries."""
        return read_table(self.cli(*args).splitlines())

    def popen(self, *args, **options):
        """A command that stays."""
        env = {**environment(), **self.environment(),
               **options.pop("env", {})}
        made = subprocess.Popen(
            prefix() + [BIN, *args], env=env, text=True,
            **{"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE,
               "stderr": subprocess.PIPE, **options})
        self.addCleanup(self.end, made)
        return made

    @staticmethod
    def end(process):
        if process.poll() is None:
            process.kill()
        process.wait()
        for stream in (process.stdout, process.stderr):
            if stream and not stream.closed:
                stream.close()

    def finish(self, process, code=0, within=20):
        """Waits for its end; both outputs."""
        try:
            out, err = process.communicate(timeout=within)
        except subprocess.TimeoutExpired:
            process.kill()
            self.fail(f"it does not end: {process.communicate()}")
        self.assertIsNone(REPORT.search(err or ""), err)
        self.assertEqual(process.returncode, code, err)
        return out, err

    def bin_path(self):
        """An environment in which `faultwire` is the program."""
        folder = os.path.dirname(os.path.abspath(BIN))
        return {**os.environ, **environment(), **self.environment(),
                "PATH": folder + ":" + os.environ["PATH"]}


def read_table(lines):
    """Cells are divided by two blanks or more."""
    rows = [re.split(r" {2,}", line.strip()) for line in lines]
    end = rows.index([""]) if [""] in rows else len(rows)
    return [dict(zip(rows[0], row)) for row in rows[1:end]]
