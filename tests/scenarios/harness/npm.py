# SPDX-License-Identifier: Apache-2.0
"""Clients from npm, of the versions that tests/clients/NAME/package.json asks
for, installed beside the program. Tests are skipped where there is none."""

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
    wanted, said = _wanted(name), ""
    if _installed(folder, wanted):
        return folder
    shutil.copy(os.path.join(sources(name), "package.json"), folder)
    try:
        done = subprocess.run(
            ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts",
             "--no-package-lock", "--no-progress"], cwd=folder, timeout=120,
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            check=False)
        said = (done.stdout + done.stderr).strip().replace("\n", "; ")
    except subprocess.TimeoutExpired:
        said = "npm took too long"
    if not _installed(folder, wanted):
        raise unittest.SkipTest(f"npm cannot install it: {said[-200:]}")
    return folder
