# SPDX-License-Identifier: Apache-2.0
"""The real client for Node.js from npm, driven through all that it can do; it
measures the effects itself. Skipped where there is no npm, or no registry."""

import json
import os
import shutil
import subprocess
import unittest

from harness import BIN, ROOT, ToxScenario

SOURCES = os.path.join(ROOT, "tests", "clients", "node")
PACKAGE = "toxiproxy-node-client"


def version_wanted():
    with open(os.path.join(SOURCES, "package.json"), encoding="utf-8") as f:
        return json.load(f)["dependencies"][PACKAGE]


def version_installed(folder):
    try:
        with open(os.path.join(folder, "node_modules", PACKAGE,
                               "package.json"), encoding="utf-8") as f:
            return json.load(f)["version"]
    except OSError:
        return None


def installed():
    """The folder that holds the client, beside the program."""
    if not shutil.which("node") or not shutil.which("npm"):
        raise unittest.SkipTest("node and npm are not installed")
    folder = os.path.join(os.path.dirname(os.path.abspath(BIN)),
                          "clients-node")
    os.makedirs(folder, exist_ok=True)
    if version_installed(folder) == version_wanted():
        return folder
    shutil.copy(os.path.join(SOURCES, "package.json"), folder)
    try:
        done = subprocess.run(
            ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts",
             "--no-package-lock", "--no-progress"], cwd=folder, timeout=120,
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            check=False)
        said = (done.stdout + done.stderr).strip().replace("\n", "; ")
    except subprocess.TimeoutExpired:
        said = "npm took too long"
    if version_installed(folder) != version_wanted():
        raise unittest.SkipTest(f"npm cannot install it: {said[-200:]}")
    return folder


class NodeClient(ToxScenario):
    limit = 180

    @classmethod
    def setUpClass(cls):
        cls.folder = installed()
        super().setUpClass()

    def test_every_call_of_the_client_and_its_effect(self):
        done = subprocess.run(
            ["node", os.path.join(SOURCES, "client.js"), self.folder,
             f"http://127.0.0.1:{self.api.port}"], timeout=120,
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            check=False)
        steps = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for step in steps:
            with self.subTest(step=step["name"]):
                self.assertIsNone(step["error"])
        self.assertEqual(len(steps), 16)
