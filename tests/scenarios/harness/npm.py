# SPDX-License-Identifier: Apache-2.0
"""Clients from npm, of the versions that tests/clients/NAME/package.json and its
lock file ask for, installed beside the program. Tests are skipped where there
is none."""

import fcntl
import json
import os
import shutil
import subprocess
import unittest

from .proxy import BIN, ROOT


def sources(name):
    return os.path.join(ROOT, "tests", "clients", name)


def _wanted(name):
    with open(os.path.join(sources(name), "package.json"),
              encoding="utf-8") as f:
        return json.load(f)["dependencies"]


def _installed(folder, wanted):
    for package, version in wanted.items():
        try:
            with open(os.path.join(folder, "node_modules", package,
                                   "package.json"), encoding="utf-8") as f:
                if json.load(f)["version"] != version:
                    return False
        except OSError:
            return False
    return True


def npm_folder(name):
    """The folder whose node_modules hold the packages."""
    if not shutil.which("node") or not shutil.which("npm"):
        raise unittest.SkipTest("node and npm are not installed")
    folder = os.path.join(os.path.dirname(os.path.abspath(BIN)),
                          f"clients-{name}")
    os.makedirs(folder, exist_ok=True)
    # Tests that run at the same time may want the same.
    with open(os.path.join(folder, "lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _installed(folder, _wanted(name)):
            _install(folder, name)
    return folder


def _install(folder, name):
    locked = os.path.join(sources(name), "package-lock.json")
    command = ["npm", "install", "--no-package-lock"]
    if os.path.exists(locked):
        shutil.copy(locked, folder)
        command = ["npm", "ci"]
    shutil.copy(os.path.join(sources(name), "package.json"), folder)
    try:
        done = subprocess.run(
            command + ["--no-audit", "--no-fund", "--ignore-scripts",
                       "--no-progress"], cwd=folder, timeout=120,
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            check=False)
        said = (done.stdout + done.stderr).strip().replace("\n", "; ")
    except subprocess.TimeoutExpired:
        said = "npm took too long"
    if not _installed(folder, _wanted(name)):
        raise unittest.SkipTest(f"npm cannot install it: {said[-200:]}")
